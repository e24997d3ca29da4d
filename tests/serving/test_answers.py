"""The bytes of every route against the types that its documentation names."""

import re

import pytest
from pydantic import ValidationError

from pipeline.tables import SNAPSHOT_TABLES
from serving.answers.browse import (
    BrowseAnswer,
    CompletionsAnswer,
    GroupAnswer,
    GroupItemsAnswer,
    GroupsAnswer,
    ItemsAnswer,
    RandomAnswer,
    ResolveAnswer,
    SearchAnswer,
)
from serving.answers.compare import CompareAnswer
from serving.answers.health import LiveAnswer, ReadyAnswer
from serving.answers.items import (
    Card,
    ItemAnswer,
    ItemDetails,
    RecommendationsAnswer,
    SimilarAnswer,
)
from serving.answers.models import ModelAnswer, ModelsAnswer
from serving.answers.sites import SiteAnswer, SitesAnswer
from tests.factories import MODELS, SITE, SmallSite

USER = SmallSite().user_ids[0]
ROUTES = [
    ("/v1/sites", SitesAnswer),
    (f"/v1/{SITE}", SiteAnswer),
    (f"/v1/{SITE}/models", ModelsAnswer),
    (f"/v1/{SITE}/items/item-003", ItemAnswer),
    (f"/v1/{SITE}/items/item-003/similar", SimilarAnswer),
    (f"/v1/{SITE}/users/{USER}/recommendations", RecommendationsAnswer),
    ("/health/live", LiveAnswer),
    ("/health/ready", ReadyAnswer),
    (f"/v1/{SITE}/models/lightfm_cf", ModelAnswer),
    (f"/v1/{SITE}/compare?models=lightfm_cf,tag_profile&item_id=item-003", CompareAnswer),
    (f"/v1/{SITE}/popular", BrowseAnswer),
    (f"/v1/{SITE}/trending?k=3&tag=cat", BrowseAnswer),
    (f"/v1/{SITE}/latest", BrowseAnswer),
    (f"/v1/{SITE}/random?seed=1", RandomAnswer),
    (f"/v1/{SITE}/search?q=model", SearchAnswer),
    (f"/v1/{SITE}/autocomplete?q=ca", CompletionsAnswer),
    (f"/v1/{SITE}/tags", GroupsAnswer),
    (f"/v1/{SITE}/tags/cat", GroupAnswer),
    (f"/v1/{SITE}/tags/cat/items", GroupItemsAnswer),
    (f"/v1/{SITE}/categories", GroupsAnswer),
    (f"/v1/{SITE}/categories/animals", GroupAnswer),
    (f"/v1/{SITE}/categories/animals/items", GroupItemsAnswer),
    (f"/v1/{SITE}/creators", GroupsAnswer),
    (f"/v1/{SITE}/creators/artist-1", GroupAnswer),
    (f"/v1/{SITE}/creators/artist-1/items", GroupItemsAnswer),
    (f"/v1/{SITE}/items?ids=item-003&ids=none", ItemsAnswer),
    (f"/v1/{SITE}/resolve?url=item-003", ResolveAnswer),
]


def template_of(document, path):
    """The path of the documentation that a path is of: the one with the fewest variables."""
    bare = path.split("?")[0]
    patterns = {template: re.sub(r"\{\w+\}", "[^/]+", template) for template in document}
    of_it = [template for template, found in patterns.items() if re.fullmatch(found, bare)]
    return min(of_it, key=lambda template: template.count("{"))


@pytest.mark.parametrize(("path", "answer"), ROUTES)
def test_bytes_keep_to_the_documented_type(client, path, answer):
    response = client.get(path)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    answer.model_validate_json(response.content, strict=True)


@pytest.mark.parametrize(("path", "answer"), ROUTES)
def test_one_more_member_would_be_seen(client, path, answer):
    body = b'{"surplus":1,' + client.get(path).content[1:]
    with pytest.raises(ValidationError, match="surplus"):
        answer.model_validate_json(body, strict=True)


def test_every_item_keeps_to_the_documented_type(client, odd_site):
    items = client.catalog.snapshots[SITE].items
    for card, details in zip(items.cards, items.details, strict=True):
        Card.model_validate_json(b"{" + card, strict=True)
        ItemDetails.model_validate_json(b"{" + details, strict=True)
    assert len(items.cards) == len(odd_site.item_ids)


def test_the_documentation_names_these_types(client):
    document = client.app.openapi()["paths"]
    for path, answer in ROUTES:
        responses = document[template_of(document, path)]["get"]["responses"]
        schema = responses["200"]["content"]["application/json"]["schema"]
        assert schema["$ref"].rsplit("/", 1)[1] == answer.__name__
    assert {path for path, methods in document.items() if "get" in methods} == {
        template_of(document, path) for path, _ in ROUTES
    }


def test_item_members_are_columns_of_the_door():
    (items,) = (table for table in SNAPSHOT_TABLES if table.name == "items")
    assert set(ItemDetails.model_fields) == set(items.column_names) - {"item_idx", "trend_score"}


def test_every_answer_about_a_site_names_its_snapshot(client):
    snapshot = client.catalog.snapshots[SITE]
    for path, _ in ROUTES[1:6]:
        answer = client.get(path).json()
        assert answer["snapshot_id"] == snapshot.snapshot_id
        assert answer["generated_at"] == "2026-11-21T03:55:01Z"
    for path, _ in ROUTES[4:6]:
        assert client.get(path).json()["model"] in MODELS
