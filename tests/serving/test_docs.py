"""The examples of docs/api.md, asked."""

import re
from pathlib import Path

from tests.factories import SITE

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")
EXAMPLES = re.findall(r'^    curl -s "http://127\.0\.0\.1:8000(/[^"]*)"$', PAGE, re.MULTILINE)


def ask(client, odd_site, example):
    path = example.replace("$ITEM_ID", "item-003").replace("$USER_ID", odd_site.user_ids[0])
    return client.get(path)


def test_every_curl_is_an_example():
    assert len(EXAMPLES) == PAGE.count("curl ") > 6


def test_examples_answer_as_the_page_says(client, odd_site):
    for example in EXAMPLES:
        assert ask(client, odd_site, example).status_code == (422 if "limit" in example else 200)


def test_the_page_shows_the_members_of_a_list(client, odd_site):
    answer = ask(client, odd_site, EXAMPLES[1]).json()
    shown = set(re.findall(r'"(\w+)": ', PAGE[PAGE.index("## Read") : PAGE.index("## Errors")]))
    item = answer.pop("items")[0]
    assert shown == {*answer, "items", *item, *item["thumbnails"][0]}


def test_the_table_names_every_route(client):
    assert set(re.findall(r"^\| `(/[^`]*)`", PAGE, re.MULTILINE)) == set(
        client.app.openapi()["paths"]
    )
    assert f"/v1/{SITE}/models" in EXAMPLES
