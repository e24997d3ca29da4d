import pytest

from serving.pages.about import contact_url
from tests.factories import SITE


def test_the_page_says_where_from_when_and_what_is_simulated(client):
    page = client.get("/about")
    assert page.status_code == 200
    site = client.get(f"/v1/{SITE}").json()
    assert site["notice"] in page.text
    assert site["snapshot_id"] in page.text
    assert "21 November 2026" in page.text
    assert "the operator has switched on pages about single people" in page.text


@pytest.mark.parametrize(
    ("contact", "said"),
    [
        ("", "ask whoever runs this service"),
        ("me@example.org", 'href="mailto:me@example.org"'),
        ("https://example.org/ask?a=1&b", 'href="https://example.org/ask?a=1&amp;b"'),
        ("javascript:alert(1)", "<bdi>javascript:alert(1)</bdi>"),
    ],
)
def test_who_wants_something_removed_learns_whom_to_ask(odd_snapshot, serve, contact, said):
    data, _ = odd_snapshot
    with serve(data, contact=contact, user_routes=False) as client:
        page = client.get("/about").text
    assert said in page
    assert 'href="javascript' not in page
    assert "pages about single people are switched off" in page


@pytest.mark.parametrize(
    ("contact", "url"),
    [
        ("a.b+c@example.org", "mailto:a.b+c@example.org"),
        ("mailto:a@example.org", "mailto:a@example.org"),
        ("http://example.org", "http://example.org"),
        ("Jo, room 7", None),
        ("a@example.org?cc=b@c.de", None),
        ("https://", None),
        ("data:text/html,x", None),
        ("", None),
    ],
)
def test_only_mail_and_the_web_are_linked_to(contact, url):
    assert contact_url(contact) == url
