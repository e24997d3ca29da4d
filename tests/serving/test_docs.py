"""The examples of docs/api.md, asked."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from serving.tokens import add_token
from tests.factories import SITE

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")
EXAMPLE = re.compile(
    r"^    curl -s(?P<post> -X POST)?(?: --json '(?P<json>[^']*)')?(?: -H \"(?P<header>[^\"]*)\")?"
    r' "http://127\.0\.0\.1:8000(?P<path>/[^"]*)"$',
    re.MULTILINE,
)
EXAMPLES = [match.groupdict() for match in EXAMPLE.finditer(PAGE)]
GETS = [example["path"] for example in EXAMPLES if not example["json"] and not example["header"]]


@pytest.fixture(scope="module")
def token_file(tmp_path_factory):
    return tmp_path_factory.mktemp("keys") / "tokens.json"


@pytest.fixture(scope="module")
def token(token_file):
    return add_token(token_file, days=1, now=datetime.now(UTC))


@pytest.fixture(scope="module")
def whole(client, serve, token_file):
    """A client of an application with everything switched on."""
    data = client.catalog.settings.data
    with serve(data, feedback=True, admin=True, admin_tokens=token_file) as switched_on:
        yield switched_on


def ask(client, odd_site, example, token=""):
    """Answer to an example, sent as curl would send it."""
    path = example["path"].replace("$ITEM_ID", "item-003")
    url = f"http://127.0.0.1:8000{path.replace('$USER_ID', odd_site.user_ids[0])}"
    headers = {}
    if example["header"]:
        name, _, value = example["header"].partition(": ")
        headers[name] = value.replace("$TOKEN", token)
    if example["json"]:
        headers["Content-Type"] = "application/json"
        body = example["json"].replace("$ITEM_ID", "item-003")
        return client.request("POST", url, content=body, headers=headers)
    return client.request("POST" if example["post"] else "GET", url, headers=headers)


def test_every_curl_is_an_example():
    assert len(EXAMPLES) == PAGE.count("curl ") > 6


def test_examples_answer_as_the_page_says(whole, odd_site, token):
    for example in EXAMPLES:
        status = 422 if "limit" in example["path"] else 200
        answer = ask(whole, odd_site, example, token)
        assert answer.status_code == status, (example, answer.text)


def test_the_page_shows_the_members_of_a_list(client, odd_site):
    similar = next(example for example in EXAMPLES if "/similar" in example["path"])
    answer = ask(client, odd_site, similar).json()
    section = PAGE[PAGE.index("## Read") :].split("\n## ")[0]
    shown = set(re.findall(r'"(\w+)": ', section))
    item = answer.pop("items")[0]
    assert shown == {*answer, "items", *item, *item["thumbnails"][0]}


def test_the_page_shows_the_members_of_an_answer_to_feedback(whole, odd_site):
    sent = next(example for example in EXAMPLES if example["path"].endswith("/feedback"))
    shown = PAGE[PAGE.index("## Feedback") :]
    shown = shown[shown.index('    {"site"') :].splitlines()[0]
    assert set(re.findall(r'"(\w+)": ', shown)) == set(ask(whole, odd_site, sent).json())


def test_the_table_names_every_route(whole):
    assert set(re.findall(r"^\| `(/[^`]*)`", PAGE, re.MULTILINE)) == set(
        whole.app.openapi()["paths"]
    )
    assert f"/v1/{SITE}/models" in GETS
