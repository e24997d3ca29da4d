"""Search on the drawings that are shipped: real titles, tags and creators."""

import random

import numpy as np
import polars as pl
import pytest

from serving.search.building import GroupText, SearchText, search_arrays
from serving.search.index import MAX_FOUND, SearchIndex
from serving.search.words import normalised
from tests.benchmarks.report import ROOT
from tests.benchmarks.serving.search import DAMAGES, found_share, one_edit

WORLD = ROOT / "scrapers" / "replica" / "worlds" / "openclipart" / "items.parquet"


@pytest.fixture(scope="module")
def texts():
    rows = pl.read_parquet(WORLD).select("title", "tags", "creator").rows()
    return [
        SearchText(title, tuple(tags or ()), creator, (7 * n) % 101)
        for n, (title, tags, creator) in enumerate(rows)
    ]


@pytest.fixture(scope="module")
def index(texts):
    return SearchIndex.from_arrays(search_arrays(texts))


def index_of(*texts, groups=None):
    return SearchIndex.from_arrays(search_arrays(texts, groups))


def text(title, *, tags=(), creator=None, likes=0, allowed=True):
    return SearchText(title, tags, creator, likes, allowed)


@pytest.mark.parametrize("damage", [*DAMAGES.values(), one_edit])
def test_a_damaged_title_finds_its_item(index, texts, damage):
    titles = [text.title or "" for text in texts]
    share, _ = found_share(index, titles, damage, seed=1, n=300)
    assert share >= 0.95


def test_damage_beyond_recognition_finds_nothing_of_the_kind(index, texts):
    titles = [text.title or "" for text in texts]
    share, _ = found_share(index, titles, lambda title, _: title[::-1] + "zq", seed=1, n=100)
    assert share < 0.5


@pytest.mark.parametrize(
    "query", ["café crème", "CREME CAFE", "cafe creme", "caffe creme", "ｃａｆé crème"]
)
def test_accents_case_order_and_width_do_not_matter(query):
    found, _ = index_of(text("Tea"), text("Café Crème"), text("Cream")).search(query, 1)
    assert found.tolist() == [1]


@pytest.mark.parametrize(
    ("title", "query"),
    [("黒猫の夢", "猫"), ("Медведь в лесу", "медвед"), ("고양이 그림", "고양이"), ("🙂", "🙂"),
     ("बिल्ली का चित्र", "बिल्ली"), ("قِطّة", "قطة"), ("???", "???"), ("Straße", "STRASSE")],
)  # fmt: skip
def test_any_script_is_found(title, query):
    index = index_of(text("dog"), text(title), text("cat"))
    assert index.search(query, 5)[0].tolist() == [1]


def test_tags_and_creators_are_found_after_titles():
    index = index_of(
        text("Boat", tags=["castle"]), text("Tower", creator="Castle"), text("Castle"), text("Owl")
    )
    found, scores = index.search("castle", 10)
    assert found[0] == 2
    assert sorted(found.tolist()) == [0, 1, 2]
    assert scores.tolist() == sorted(scores, reverse=True)
    assert 0 < scores.min() <= scores.max() <= 1


def test_of_equal_titles_the_most_liked_comes_first():
    likes = [3, 500, 0, 40]
    index = index_of(*(text("Red boat", likes=n) for n in likes))
    assert index.search("red boat", 10)[0].tolist() == [1, 3, 0, 2]
    assert index_of(*(text("Red boat") for _ in likes)).search("red boat", 9)[0].tolist() == [
        0, 1, 2, 3,
    ]  # fmt: skip


def test_what_is_denied_is_never_found_nor_completed():
    index = index_of(text("Red boat", allowed=False, tags=["sea"]), text("Red barn"))
    for query in ("red boat", "red", "sea", "Red boat"):
        assert 0 not in index.search(query, 10)[0]
    assert [found.row for found in index.complete("re", 10)] == [1]
    assert [found.row for found in index.complete("red boot", 10)] == [1]
    assert 0 in index_of(text("Red boat")).search("sea boat", 10)[0]


def test_pages_are_parts_of_one_ranking(index):
    whole, _ = index.search("tree", MAX_FOUND)
    pages = [index.search("tree", 7, offset)[0] for offset in range(0, MAX_FOUND, 7)]
    assert np.concatenate(pages).tolist() == whole.tolist()
    assert len(set(whole.tolist())) == len(whole) > 14


def test_only_marked_items_are_found(index, texts):
    only = np.zeros(len(texts), bool)
    only[::3] = True
    found, _ = index.search("tree", MAX_FOUND, only=only)
    assert len(found)
    assert not (found % 3).any()
    assert (index.search("tree", MAX_FOUND)[0] % 3).any()


def test_hostile_queries_are_answered(index):
    chance = random.Random(0)
    for query in ("", " ", "\0", "a\0b", "x" * 5000, ".*(?:", "%", "'; --", "\u202etree\u202c",
                  "\ud7ff\U0010ffff", "\u0301" * 200, " ".join("ab" * 99),
                  "".join(chr(chance.randrange(1, 0xD7FF)) for _ in range(200))):  # fmt: skip
        item_idxs, scores = index.search(query, 5)
        assert len(item_idxs) == len(scores) <= 5
        assert len(index.complete(query, 5)) <= 5


@pytest.mark.parametrize("texts", [(), (text(None),), (text("", tags=[""]),)])
def test_nothing_is_found_where_nothing_is(texts):
    index = index_of(*texts)
    assert index.search("tree", 5)[0].tolist() == []
    assert index.complete("t", 5) == []


def test_completions_begin_at_any_word_and_the_most_liked_come_first():
    index = index_of(
        text("Old castle", likes=9),
        text("Castle", likes=2),
        text("Cat", likes=3),
        groups={"tag": [GroupText("Castles", 40)], "creator": [GroupText("Ann Cast", 1)]},
    )
    found = [(one.kind, one.row, one.text) for one in index.complete("CÀST", 10)]
    assert found[0] == ("tag", 0, "Castles")
    assert sorted(found[1:]) == [
        ("creator", 0, "Ann Cast"), ("item", 0, "Old castle"), ("item", 1, "Castle"),
    ]  # fmt: skip
    assert index.complete("CÀST", 1) == index.complete("CÀST", 10)[:1]


def test_a_misspelt_beginning_completes_to_titles():
    index = index_of(text("Old castle"), text("Boat"))
    assert [one.text for one in index.complete("old csatle", 5)] == ["Old castle"]


def test_a_long_beginning_completes():
    long = "The very long title of a castle in the deepest forest"
    index = index_of(text(long), text(long[:40] + " sea"))
    assert [one.row for one in index.complete(long[:-3], 5)] == [0]


@pytest.mark.parametrize(
    ("given", "expected"),
    [("  Ünïcode—TEXT ", "unicode text"), ("ﬁne", "fine"), ("Øre", "ore"), ("夢a", "夢 a"),
     ("a\u200db", "ab"), ("がぎ", "が ぎ"), ("...", "..."), ("\0", "")],
)  # fmt: skip
def test_normalised(given, expected):
    assert normalised(given) == expected
    assert normalised(expected) == expected


def test_a_tag_is_found_beside_an_exact_title_however_many_tags_there_are():
    tags = ["castle", *(f"label{n} word{n}" for n in range(30))]
    index = index_of(text("Castle"), text("Boat", tags=tags), text("Owl"))
    assert index.search("castle", 10)[0].tolist() == [0, 1]


def test_a_query_that_grows_when_it_is_normalised_is_cut(index, texts, monkeypatch):
    seen, real = [], SearchIndex._ranked
    monkeypatch.setattr(
        SearchIndex, "_ranked", lambda self, q, only: seen.append(len(q)) or real(self, q, only)
    )
    index.search("\ufdfa" * 200, 20)
    index.search("漢" * 200, 20)  # each a word of its own: whole
    assert seen == [400, 399]
