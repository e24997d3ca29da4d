"""The bytes of every route against the types that its documentation names."""

import pytest
from pydantic import ValidationError

from pipeline.tables import SNAPSHOT_TABLES
from serving.answers.health import LiveAnswer, ReadyAnswer
from serving.answers.items import (
    Card,
    ItemAnswer,
    ItemDetails,
    RecommendationsAnswer,
    SimilarAnswer,
)
from serving.answers.models import ModelsAnswer
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
]


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
        template = path.replace(SITE, "{site}").replace("item-003", "{item_id}")
        responses = document[template.replace(USER, "{user_id}")]["get"]["responses"]
        schema = responses["200"]["content"]["application/json"]["schema"]
        assert schema["$ref"].rsplit("/", 1)[1] == answer.__name__
    assert len(document) == len(ROUTES)


def test_item_members_are_columns_of_the_door():
    (items,) = (table for table in SNAPSHOT_TABLES if table.name == "items")
    assert set(ItemDetails.model_fields) == set(items.column_names) - {"item_idx"}


def test_every_answer_about_a_site_names_its_snapshot(client):
    snapshot = client.catalog.snapshots[SITE]
    for path, _ in ROUTES[1:6]:
        answer = client.get(path).json()
        assert answer["snapshot_id"] == snapshot.snapshot_id
        assert answer["generated_at"] == "2026-11-21T03:55:01Z"
    for path, _ in ROUTES[4:6]:
        assert client.get(path).json()["model"] in MODELS
