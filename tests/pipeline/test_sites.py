import pytest
from pydantic import ValidationError

from pipeline.sites import SITES, Site, by_name, site_settings
from scrapers.records import CatalogueSource, Side

SHOP = Site("art-shop", "Art shop", "https://shop.example")


def test_sketchfab_is_a_site_with_a_polite_default():
    settings = site_settings(SITES["sketchfab"])
    assert (settings.like_floor, settings.catalogue, settings.side) == (
        5,
        CatalogueSource.BROWSER,
        Side.ITEM,
    )


def test_settings_of_a_site_are_named_after_it(monkeypatch):
    monkeypatch.setenv("LIKEWISE_ART_SHOP_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("LIKEWISE_ART_SHOP_SIDE", "user")
    monkeypatch.setenv("LIKEWISE_ART_SHOP_NOTICE", "")
    settings = site_settings(SHOP)
    assert (settings.url, settings.side, settings.notice) == ("http://127.0.0.1:1", Side.USER, None)
    assert site_settings(SITES["sketchfab"]).url is None


def test_wrong_values_are_all_named(monkeypatch):
    monkeypatch.setenv("LIKEWISE_ART_SHOP_SIDE", "both")
    monkeypatch.setenv("LIKEWISE_ART_SHOP_LIKE_FLOOR", "-1")
    with pytest.raises(ValidationError) as caught:
        site_settings(SHOP)
    assert {fault["loc"][0] for fault in caught.value.errors()} == {"side", "like_floor"}


@pytest.mark.parametrize("name", ["", "Sketchfab", "a/b", "1st", "é"])
def test_name_must_be_of_the_form_of_a_site(name):
    with pytest.raises(ValueError, match="does not match"):
        Site(name, "x", "http://x.example")


@pytest.mark.parametrize("name", ["about", "static", "v1"])
def test_name_must_not_be_an_address_of_the_website(name):
    with pytest.raises(ValueError, match="is an address of the website"):
        Site(name, "x", "http://x.example")


def test_names_that_differ_by_a_hyphen_alone_are_refused():
    with pytest.raises(ValueError, match="art_shop"):
        by_name([SHOP, Site("art_shop", "Other", "https://other.example")])
    assert list(by_name([SHOP])) == ["art-shop"]
