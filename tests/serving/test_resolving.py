import time
from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving import resolving
from serving.errors import ApiProblemError
from serving.resolving import BARE_ID, resolve
from tests.factories import SITE
from tests.serving.conftest import ODD_IDS

PAGE, EMBED = (
    "https://www.shop.example/3d-models/{slug}-{item_id}",
    "https://shop.example/m/{item_id}/embed",
)
SHORT, ASKED = "https://shop.example/i/{item_id}", "https://shop.example/show?v=2&id={item_id}"
SLUGS = ("a-red-boat", "ünïcode", "x")


@pytest.fixture(scope="session")
def snapshot(client):
    served = client.catalog.snapshots[SITE]
    site = served.site.model_copy(
        update={
            "hosts": ["shop.example", "shop.test"],
            "page_url_forms": [PAGE, SHORT, ASKED],
            "embed_template": EMBED,
        }
    )
    return replace(served, site=site)


def found(snapshot, link):
    return snapshot.items.ids[resolve(snapshot, link).item_idx]


def outcome(snapshot, link):
    try:
        resolve(snapshot, link)
    except ApiProblemError as err:
        return err.status


def refusal(snapshot, link):
    with pytest.raises(ApiProblemError) as raised:
        resolve(snapshot, link)
    return raised.value


@pytest.mark.parametrize("form", [PAGE, SHORT, ASKED, EMBED])
@pytest.mark.parametrize("item_id", ["item-003", *ODD_IDS])
def test_every_form_names_every_id_however_odd(snapshot, form, item_id):
    for slug in SLUGS:
        link = form.replace("{slug}", quote(slug)).replace("{item_id}", quote(item_id, safe=""))
        resolved = resolve(snapshot, link)
        assert snapshot.items.ids[resolved.item_idx] == item_id
        assert resolved.form == form


@pytest.mark.parametrize("item_id", ["item-003", *ODD_IDS])
def test_a_bare_id_names_its_item(snapshot, item_id):
    assert found(snapshot, item_id) == item_id
    assert found(snapshot, f" {item_id}\n") == item_id
    assert resolve(snapshot, item_id).form == BARE_ID


@pytest.mark.parametrize("item_id", [each for each in ODD_IDS if "%" not in each])
def test_an_encoded_id_names_its_item(snapshot, item_id):
    assert found(snapshot, quote(item_id, safe="")) == item_id


@pytest.mark.parametrize(
    "link",
    [
        "https://www.shop.example/3d-models/red-boat-item-003",
        "http://www.shop.example/3d-models/red-boat-item-003",
        "shop.example/3d-models/red-boat-item-003",
        "//shop.example/3d-models/red-boat-item-003",
        "HTTPS://WWW.SHOP.EXAMPLE/3d-models/red-boat-item-003",
        "https://shop.example:443/3d-models/red-boat-item-003",
        "https://shop.example./3d-models/red-boat-item-003",
        "https://shop.example/3d-models/red-boat-item-003/",
        "https://shop.example/3d-models/red-boat-item-003?utm_source=mail&x=%F0",
        "https://shop.example/3d-models/red-boat-item-003#comments",
        "https://shop.example/3d-models/red-boat-%69tem%2D003",
        "  https://shop.example/3d-models/red-boat-item-003  ",
        "https://shop.test/3d-models/red-boat-item-003",
        "https://shop.example/show?id=item-003&v=2&more=1",
        "https://shop.example/m/item-003/embed?autostart=1",
    ],
)
def test_a_link_is_understood_however_it_is_written(snapshot, link):
    assert found(snapshot, link) == "item-003"


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/3d-models/red-boat-item-003",
        "https://shop.example.evil.example/3d-models/red-boat-item-003",
        "https://evilshop.example/3d-models/red-boat-item-003",
        "https://evil.example/https://shop.example/3d-models/red-boat-item-003",
        "https://evil.example#@shop.example/3d-models/red-boat-item-003",
        "https://evil.example\\@shop.example/3d-models/x-item-003",
        "https://shop.example:8443/3d-models/red-boat-item-003",
        "https://shop.example:0/i/item-003",
        "https://shop.example:99999/i/item-003",
        "ftp://shop.example/3d-models/red-boat-item-003",
        "javascript://shop.example/i/item-003",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://shop.example/3d-models/red-boat-nothing",
        "https://shop.example/other/red-boat-item-003",
        "https://shop.example/m/item-003",
        "https://shop.example/show?v=3&id=item-003",
        "https://shop.example/",
        "https://[::1/i/item-003",
        "https://shop.example/i/%FF",
        "https:///i/item-003",
        "",
        "item-999",
    ],
)
def test_what_is_unknown_says_what_would_be_accepted(snapshot, link):
    error = refusal(snapshot, link)
    assert error.status in ({422} if "\\@" in link else {404})
    if error.status == 404:
        assert error.kind == "unknown-link"
        assert error.more["known"] == [BARE_ID, PAGE, SHORT, ASKED, EMBED]
        assert PAGE in error.detail


def test_another_host_is_said_to_be_another(snapshot):
    assert "is not on shop.example" in refusal(snapshot, "https://evil.example/i/item-003").detail
    assert "is not on" not in refusal(snapshot, "https://shop.example/i/nothing").detail


@pytest.mark.parametrize(
    "link",
    [
        "https://user@shop.example/i/item-003",
        "https://user:pass@shop.example/i/item-003",
        "https://@shop.example/i/item-003",
        "https://shop.example/i/item\0-003",
        "https://shop.example/i/item\n-003",
        "https://shop.example/i/\u202eitem-003",
    ],
)
def test_what_no_honest_link_holds_is_refused(snapshot, link):
    error = refusal(snapshot, link)
    assert (error.status, error.kind) == (422, "invalid-request")
    assert error.more["errors"][0]["name"] == "url"


def test_a_separator_in_an_id_is_part_of_it_where_that_is_known(snapshot):
    """`item-003` is an item, `003` is none; with both, the longer is meant, or whose page it is."""
    items = replace(snapshot.items, index={**snapshot.items.index, "003": 7})
    both = replace(snapshot, items=items)
    link = "https://shop.example/3d-models/item-003"
    assert resolve(both, link).item_idx == 7
    longer = resolve(both, "https://shop.example/3d-models/boat-item-003").item_idx
    assert longer == items.index["item-003"]


def test_of_two_items_the_one_whose_page_it_is_is_meant(snapshot):
    own = snapshot.items.ids.index("item-005")
    items = replace(snapshot.items, index={"x-item-005": 3, "item-005": own})
    cards = [*snapshot.items.cards]
    cards[own] = b'"url":"https://shop.example/3d-models/x-item-005"}'
    both = replace(snapshot, items=replace(items, cards=cards))
    assert resolve(both, "https://shop.example/3d-models/x-item-005").item_idx == own


@given(st.text(max_size=300))
def test_any_text_gives_an_item_or_a_problem(snapshot, text):
    for link in (text, f"https://shop.example/{text}", f"https://shop.example/show?v=2&id={text}"):
        assert outcome(snapshot, link) in {None, 404, 422}


def test_a_long_hostile_link_is_quick(snapshot):
    began_s = time.process_time()
    for part in ("-" * 2000, "a-" * 1000, "a" * 2000, "/" * 2000, "%2D" * 600):
        assert refusal(snapshot, f"https://shop.example/3d-models/{part}").status == 404
    assert time.process_time() - began_s < 1


def test_a_host_that_no_name_can_have_is_not_encoded(snapshot):
    host = "é." * 900 + "example"
    assert resolving._host(host) == host
    assert resolving._host("é.example") == "xn--9ca.example"
    assert refusal(snapshot, f"http://{host}/3d-models/a-item-003").status == 404
