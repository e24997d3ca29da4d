"""Models that were fitted, published and loaded: visitors and reasons are those of their lists."""

import dataclasses
import shutil

import numpy as np
import polars as pl
import pytest

from pipeline.dataset.features import item_features
from pipeline.dataset.matrix import dataset_from
from pipeline.deny import deny_list_path
from pipeline.listing import model_lists
from pipeline.recommenders.best import Best
from pipeline.recommenders.blend import Blend
from pipeline.recommenders.ease import Ease
from pipeline.recommenders.hybrid import Hybrid
from pipeline.recommenders.ials import Ials
from pipeline.recommenders.item_graph import ItemGraph
from pipeline.recommenders.lightfm import LightfmHybrid
from pipeline.recommenders.model_file import SavedModel
from pipeline.recommenders.popular import Popular
from pipeline.recommenders.spectral import Spectral
from pipeline.recommenders.tag_profile import TagProfile
from pipeline.slugs import slug
from pipeline.snapshot import build
from pipeline.snapshot.fold_ins import fold_in_of
from tests.factories import NOW, SITE, SmallSite

SETTINGS_OF_GRAPH, SETTINGS_OF_ALS = ItemGraph(neighbours=20), Ials(factors=4, iterations=6)
BLEND = Blend.of({"item_graph": 1.0, "ials": 0.6}, [SETTINGS_OF_GRAPH, SETTINGS_OF_ALS])
SETTINGS_OF_TAGS = TagProfile(flatness=0.6, discount=0.2)
FITTED = [
    Popular(),
    SETTINGS_OF_GRAPH,
    SETTINGS_OF_ALS,
    Ease(),
    BLEND,
    LightfmHybrid(factors=4, epochs=5),
    SETTINGS_OF_TAGS,
    Hybrid(
        collaborative=BLEND,
        content=(SETTINGS_OF_TAGS,),
        tag_kernel=0,
        tag_factors=0,
        tag_profile=0.8,
        warm=0.2,
        half_life=3,
    ),
    Spectral(),
    Best(winner=BLEND),
]
EXPLAINED = [
    "item_graph",
    "ials",
    "ease",
    "blend",
    "best",
    "lightfm_hybrid",
    "tag_profile",
    "hybrid",
]
BESIDE = ["item_graph", "ease", "blend", "best", "lightfm_hybrid", "tag_profile", "hybrid"]
ITEMS = SmallSite().items


def models_of(site, saved):
    rows = [
        {
            **site.models.row(0, named=True),
            "model": one.facts.model,
            "position": position,
            "model_sha256": f"{position:064x}",
        }
        for position, one in enumerate(saved)
    ]
    return pl.DataFrame(rows, schema=site.models.schema)


@pytest.fixture(scope="module")
def published(tmp_path_factory, put):
    """A data folder with a snapshot of fitted models."""
    site = SmallSite()
    dataset = dataset_from(
        site.interactions, item_features=item_features(site.items), item_ids=site.item_ids
    )
    saved = [
        SavedModel.of(one, one.fit(dataset), dataset, seed=0, threads=1, fit_s=1.0)
        for one in FITTED
    ]
    contents = dataclasses.replace(
        site.contents(),
        models=models_of(site, saved),
        lists=[model_lists(one, dataset.user_items, 10, threads=1) for one in saved],
        fold_ins=[fold_in_of(one) for one in saved],
        evaluation=site.evaluation.clear(),
        evaluation_details={},
    )
    data = tmp_path_factory.mktemp("real")
    put(data, build(data, SITE, contents, now=NOW))
    return data


@pytest.fixture(scope="module")
def real(published, serve):
    with serve(published) as client:
        yield client


def list_of(client, user_id, model, **more):
    query = "&".join(f"{name}={value}" for name, value in more.items())
    path = f"/v1/{SITE}/users/{user_id}/recommendations?model={model}&k=10&{query}"
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def visit(client, user_id, model):
    site = SmallSite()
    liked = site.likes.filter(pl.col("user_id") == user_id).get_column("item_id").to_list()
    body = {"items": [{"item_id": one} for one in liked], "model": model, "k": 10, "explain": True}
    return client.request("POST", f"/v1/{SITE}/recommendations", json=body).json()


def own(answer):
    return [item for item in answer["items"] if item["score"] is not None]


def assert_told(answer, subject):
    """Reasons add up, and name what is liked or what the listed item is described by."""
    assert answer["explainable"], subject
    for item in own(answer):
        parts = sum(one["part"] for one in item["because"])
        assert item["because"]
        assert parts == pytest.approx(item["score"], rel=1e-3, abs=1e-4)
        details = ITEMS.row(by_predicate=pl.col("item_id") == item["item_id"], named=True)
        known = {"tag": details["tags"], "category": details["categories"]}
        known["creator"] = [details["creator"]]
        for one in item["because"]:
            if one["tag"] is not None:
                assert slug(one["tag"]) in map(slug, known[one["kind"]])


@pytest.mark.parametrize("model", EXPLAINED)
def test_reasons_of_published_lists_add_up(real, model):
    for user_id in SmallSite().user_ids[::3]:
        assert_told(list_of(real, user_id, model, explain="true"), user_id)


@pytest.mark.parametrize("model", BESIDE)
def test_reasons_beside_an_item_add_up(real, model):
    told = 0
    for item_id in SmallSite().item_ids[:-2:4]:
        answer = real.get(
            f"/v1/{SITE}/items/{item_id}/similar?model={model}&k=10&explain=true"
        ).json()
        assert_told(answer, item_id)
        told += len(own(answer))
    assert told > 50


def test_reasons_of_a_visitor_by_tags_add_up(real):
    for user_id in SmallSite().user_ids[::3]:
        assert_told(visit(real, user_id, "tag_profile"), user_id)


def test_a_model_of_tags_names_tags_and_what_is_neither(real):
    user_id = SmallSite().user_ids[0]
    kinds = {}
    for model in ("item_graph", "tag_profile", "lightfm_hybrid", "hybrid"):
        answer = list_of(real, user_id, model, explain="true")
        kinds[model] = {one["kind"] for item in own(answer) for one in item["because"]}
    described = {"tag", "category", "creator"}
    assert kinds == {
        "item_graph": {"item"},
        "tag_profile": described,
        "lightfm_hybrid": {*described, "rest"},
        "hybrid": {*described, "item", "rest"},
    }


def named_by(client):
    """Ids of items and names of features in the reasons of some lists, in lower case."""
    answers = [
        list_of(client, user_id, model, explain="true")
        for model in EXPLAINED
        for user_id in SmallSite().user_ids[:3]
    ]
    assert all(answer["explainable"] for answer in answers)
    told = [one for answer in answers for item in own(answer) for one in item["because"]]
    tags = {one["tag"].lower() for one in told if one["tag"]}
    return {one["item_id"] for one in told if one["item_id"]}, tags


def test_what_is_denied_is_named_in_no_reason(real, published, serve, tmp_path):
    shutil.copytree(published, tmp_path, dirs_exist_ok=True)
    path = deny_list_path(tmp_path, SITE)
    path.parent.mkdir()
    path.write_text('items = ["item-002"]\ncreators = ["Artist 3"]\ntags = ["boat"]\n')
    ids, tags = named_by(real)
    assert "item-002" in ids
    assert {"boat", "artist 3"} <= tags
    with serve(tmp_path) as client:
        ids, tags = named_by(client)
    assert "item-002" not in ids
    assert not {"boat", "artist 3"} & tags
    assert "cat" in tags


def test_the_check_of_reasons_can_fail(real):
    answer = list_of(real, SmallSite().user_ids[0], "tag_profile", explain="true")
    assert_told(answer, "as it is")
    first = answer["items"][0]["because"][0]
    first["part"] += 0.01
    with pytest.raises(AssertionError):
        assert_told(answer, "another part")
    first.update(part=first["part"] - 0.01, tag="no such tag")
    with pytest.raises(AssertionError):
        assert_told(answer, "another name")


@pytest.mark.parametrize("model", ["popular", "spectral"])
def test_models_that_are_no_sums_of_likes_say_so(real, model):
    answer = list_of(real, SmallSite().user_ids[0], model, explain="true")
    assert answer["explainable"] is False
    assert {str(item["because"]) for item in answer["items"]} == {"None"}


@pytest.mark.parametrize("model", ["item_graph", "ials", "blend", "best", "tag_profile", "hybrid"])
def test_a_visitor_with_a_persons_likes_gets_that_persons_list(real, model):
    for user_id in SmallSite().user_ids[::3]:
        wanted, found = own(list_of(real, user_id, model)), own(visit(real, user_id, model))
        assert len(found) >= len(wanted) > 0
        scores = [[item["score"] for item in items[: len(wanted)]] for items in (wanted, found)]
        np.testing.assert_allclose(scores[0], scores[1], rtol=1e-3, atol=1e-4)
        ids = [[item["item_id"] for item in items[: len(wanted)]] for items in (wanted, found)]
        assert ids[0] == ids[1]


def test_methods_and_parts_are_those_that_were_published(real):
    user_id = SmallSite().user_ids[0]
    found = {}
    for settings in FITTED:
        answer = visit(real, user_id, settings.name)
        parts = {part["model"]: part["weight"] for part in answer["parts"]}
        found[settings.name] = (answer["method"], parts)
    both = {"item_graph": 1.0, "ials": 0.6}
    assert found == {
        "popular": ("popular", {}),
        "item_graph": ("weights", {"item_graph": 1.0}),
        "ials": ("factors", {"ials": 1.0}),
        "ease": ("weights", {"ease": 1.0}),
        "blend": ("blend", both),
        "lightfm_hybrid": ("lists", {"lightfm_hybrid": 1.0}),
        "tag_profile": ("profile", {"tag_profile": 1.0}),
        "hybrid": ("blend", {**both, "tag_profile": 0.8}),
        "spectral": ("lists", {"spectral": 1.0}),
        "best": ("blend", both),
    }
