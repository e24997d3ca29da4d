"""The client of docs/examples: every question of the API, its errors, its manners."""

import http.server
import importlib.util
import json
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import get_type_hints

import pytest

from tests.factories import MODELS, SITE, SmallSite, publish_small_site
from tests.services import answering, start_service

FILE = Path(__file__).parents[2] / "docs" / "examples" / "likewise_client.py"
DOCUMENT = json.loads((FILE.parents[1] / "openapi.json").read_text("utf-8"))
BUSY = {"type": "/docs#overloaded", "title": "Service Unavailable", "status": 503, "detail": "Wait"}


def load():
    spec = importlib.util.spec_from_file_location("likewise_client", FILE)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


client = load()


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    data = tmp_path_factory.mktemp("client")
    publish_small_site(data)
    settings = {"user_routes": True, "feedback": True, "log_requests": False}
    with start_service(data=data, port=0, **settings) as process:
        try:
            yield process.stdout.readline().split()[-1]
        finally:
            process.terminate()
            process.communicate(timeout=60)


@pytest.fixture
def likewise(url):
    return client.Likewise(url, SITE, timeout_s=60)


@contextmanager
def scripted(*answers):
    """A server that gives these answers in turn: status, headers, JSON; and what was asked."""
    asked, left = [], list(answers)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, dict(self.headers)))
            length = int(self.headers.get("Content-Length", 0))
            self.rfile.read(length)
            status, headers, body = left.pop(0)
            sent = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_):
            pass

    with answering(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as url:
        yield url, asked


def test_every_question_is_answered_as_it_is_typed(likewise):
    person = SmallSite().user_ids[0]
    answers = {
        "ItemAnswer": likewise.item("item-003"),
        "ItemsAnswer": likewise.items(["item-003", "nope"]),
        "ModelPage": likewise.similar("item-003", k=3, explain=True),
        "VisitorPage": likewise.for_visitor(["item-003"], k=3),
        "RandomPage": likewise.random(7, k=3),
        "Page": likewise.search("model", k=3),
        "CompletionsAnswer": likewise.autocomplete("ca"),
        "GroupsPage": likewise.tags(),
        "GroupPage": likewise.group_items("tags", "cat"),
        "ModelsAnswer": likewise.models(),
        "CompareAnswer": likewise.compare(*MODELS[1:], item_id="item-003"),
        "ResolveAnswer": likewise.resolve("item-003"),
        "FeedbackAnswer": likewise.feedback("like", ["item-003"]),
    }
    for name, answer in answers.items():
        kind = getattr(client, name)
        assert kind.__required_keys__ <= set(answer), name
        for item in answer.get("items", ()):
            known = get_type_hints(kind)["items"].__args__[0]
            assert known.__required_keys__ <= set(item) <= set(known.__annotations__), name
    for page in (
        likewise.recommendations(person, exclude=["item-001"]),
        likewise.popular(tag=["cat"], creator=("artist-1",)),
        likewise.latest(),
        likewise.trending(),
    ):
        assert client.ListedItem.__required_keys__ <= set(page["items"][0])
    assert likewise.model("popular")["model"] == "popular"


def test_types_are_those_of_the_document():
    pairs = {
        "Card": "Card",
        "ListedItem": "ListedItem",
        "ItemDetails": "ItemDetails",
        "ItemsAnswer": "ItemsAnswer",
        "ModelPage": "ListAnswer",
        "VisitorPage": "VisitorAnswer",
        "CompareAnswer": "CompareAnswer",
        "Completion": "Completion",
        "Group": "GroupCard",
        "FeedbackAnswer": "FeedbackAnswer",
        "Because": "Because",
        "Fault": "Fault",
    }
    schemas = DOCUMENT["components"]["schemas"]
    for name, schema in pairs.items():
        if schema in schemas:
            typed = set(get_type_hints(getattr(client, name)))
            assert typed <= set(schemas[schema]["properties"]), name
    assert {pairs[name] for name in ("ListedItem", "VisitorPage", "Group")} <= set(schemas)


def test_pages_are_gone_through_to_the_end(likewise):
    found = list(client.each(lambda cursor: likewise.random(7, k=7, cursor=cursor)))
    assert [item["rank"] for item in found] == list(range(1, 41))
    assert len({item["item_id"] for item in found}) == 40


def test_faults_and_known_names_come_with_the_error(likewise):
    with pytest.raises(client.LikewiseError, match="422") as caught:
        likewise.popular(k=500)
    assert caught.value.kind == "invalid-request"
    assert [fault["name"] for fault in caught.value.errors] == ["k"]
    with pytest.raises(client.LikewiseError) as caught:
        likewise.similar("item-003", model="none")
    assert (caught.value.status, caught.value.kind) == (404, "unknown-model")
    assert set(caught.value.known) >= {"tag_profile"}


def test_a_site_and_ids_are_encoded(likewise, url):
    with pytest.raises(client.LikewiseError) as caught:
        likewise.item("a/b?c#d")
    assert caught.value.kind == "unknown-item"
    with pytest.raises(client.LikewiseError) as caught:
        client.Likewise(url, "no/site").models()
    assert caught.value.kind == "unknown-site"


def test_what_has_not_changed_is_not_sent_again():
    page = {"items": [], "next_cursor": None}
    tagged, newer = {"ETag": '"1"'}, {"ETag": '"2"'}
    answers = ((200, tagged, page), (304, tagged, b""), (200, newer, {**page, "new": 1}))
    with scripted(*answers) as (url, asked):
        likewise = client.Likewise(url, SITE)
        found = [likewise.popular(k=2) for _ in answers]
    assert found == [page, page, {**page, "new": 1}]
    sent = [headers.get("If-None-Match") for _, headers in asked]
    assert sent == [None, '"1"', '"1"']


def test_only_so_many_answers_are_kept():
    answers = [(200, {"ETag": '"1"'}, {}) for _ in range(3)]
    with scripted(*answers) as (url, asked):
        likewise = client.Likewise(url, SITE, kept=1)
        for k in (1, 2, 1):
            likewise.popular(k=k)
    assert all("If-None-Match" not in headers for _, headers in asked)


def test_a_busy_api_is_asked_again_when_it_says_so():
    waits = []
    answers = ((503, {"Retry-After": "2"}, BUSY), (429, {"Retry-After": "1"}, BUSY), (200, {}, {}))
    with scripted(*answers) as (url, asked):
        likewise = client.Likewise(url, SITE, sleep=waits.append)
        assert likewise.for_visitor(["a"]) == {}
    assert waits == [2, 1]
    assert len({path for path, _ in asked}) == 1


@pytest.mark.parametrize(
    ("answers", "waits"),
    [
        ([(503, {"Retry-After": "1"}, BUSY)] * 3, [1, 1]),
        ([(503, {"Retry-After": "999"}, BUSY)], []),
        ([(503, {}, BUSY)], []),
        ([(500, {"Retry-After": "1"}, BUSY)], []),
        ([(502, {}, b"<html>a proxy</html>")], []),
    ],
)
def test_it_is_not_asked_for_ever(answers, waits):
    waited = []
    with scripted(*answers) as (url, asked):
        likewise = client.Likewise(url, SITE, retries=2, sleep=waited.append)
        with pytest.raises(client.LikewiseError) as caught:
            likewise.models()
    assert caught.value.status == answers[0][0]
    assert waited == waits
    assert len(asked) == len(answers)


def test_a_stale_cursor_is_an_error_of_its_own():
    problem = {"type": "/docs#stale-cursor", "detail": "Begin again."}
    first = {"items": [{"rank": 1}], "next_cursor": "x"}
    with scripted((200, {}, first), (409, {}, problem)) as (url, _):
        pages = client.each(lambda cursor: client.Likewise(url, SITE).popular(cursor=cursor))
        assert next(pages) == {"rank": 1}
        with pytest.raises(client.StaleCursorError, match="Begin again"):
            next(pages)


def test_feedback_has_a_key_of_its_own_each_time(likewise):
    first, again = (likewise.feedback("like", ["item-004"]) for _ in range(2))
    assert first["stored"] == again["stored"] == 1
    same = [likewise.feedback("vote", ["item-004"], vote=1, idempotency_key="k" * 9) for _ in "ab"]
    assert same[0] == same[1]


def test_no_other_scheme_is_opened():
    with pytest.raises(ValueError, match="http"):
        client.Likewise("file:///etc", SITE)


def test_it_needs_nothing_but_the_standard_library():
    names = {line.split()[1].split(".")[0] for line in FILE.read_text().splitlines()
             if line.startswith(("import ", "from "))}  # fmt: skip
    assert names <= set(sys.stdlib_module_names)
