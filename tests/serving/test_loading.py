"""Only a snapshot that agrees with itself is served."""

import shutil

import duckdb
import numpy as np
import pytest

from pipeline import pointer
from pipeline.tables import SCHEMA_VERSION
from serving.errors import SnapshotRefusedError
from serving.loading import load
from serving.settings import ServingSettings
from tests.factories import MODELS, SITE, SmallSite


@pytest.fixture
def tampered(data, built, tmp_path):
    """Published snapshot after some SQL, with the hash of what came out of it."""

    def tamper(*statements):
        path = pointer.snapshot_path(data, SITE, "tampered")
        shutil.copyfile(built[0].path, path)
        path.chmod(0o600)
        with duckdb.connect(path) as con:
            con.execute("UPDATE snapshot_info SET snapshot_id = 'tampered'")
            for statement in statements:
                con.execute(statement)
            con.execute("CHECKPOINT")
        return pointer.Pointer("tampered", pointer.file_sha256(path), SCHEMA_VERSION, "2026-11-21")

    return lambda *statements: load(
        ServingSettings(data=data, load_apart=False), SITE, tamper(*statements)
    )


def test_an_untampered_copy_is_loaded(tampered):
    snapshot = tampered()
    assert snapshot.snapshot_id == "tampered"
    assert len(snapshot.items.ids) == 40


ONE_FEATURE = (
    "INSERT INTO features VALUES (0, 'tag', 'a', 'a'); "
    "INSERT INTO feature_factors VALUES ('lightfm_cf', 0, [1, 2], 0)"
)
LOPSIDED = "CASE item_idx WHEN 3 THEN factors[3:] WHEN 4 THEN factors || [1, 2] ELSE factors END"
OWN_FACTORS = (
    "INSERT INTO own_factors SELECT 'lightfm_cf', idx, factors, 0 "
    "FROM (VALUES {}) AS given (idx, factors)"
)
SOMEBODY = "('lightfm_cf', (SELECT min(user_id) FROM user_items), [1, 2], 'nan')"


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("UPDATE snapshot_info SET schema_version = 9", "schema_version is 9, expected 3"),
        ("UPDATE snapshot_info SET snapshot_id = 'x'", "snapshot_id is 'x'"),
        ("UPDATE items SET item_idx = 99 WHERE item_idx = 39", "item_idx has gaps"),
        ("UPDATE items SET item_id = 'item-000' WHERE item_idx = 1", "stands twice"),
        ("UPDATE item_lists SET item_idxs = [40], scores = [1]", "an unknown item_idx"),
        ("UPDATE item_lists SET item_idxs = [-1], scores = [1]", "an unknown item_idx"),
        ("UPDATE item_lists SET item_idx = 40 WHERE item_idx = 1", "a list of an unknown subject"),
        ("UPDATE item_lists SET item_idx = 2 WHERE item_idx = 1", "a subject with two lists"),
        ("UPDATE user_lists SET scores = scores[:2]", "differ in length"),
        ("UPDATE user_lists SET item_idxs = [1], scores = ['nan']", "not finite"),
        ("UPDATE user_lists SET user_id = 'x' || user_id", "a list of an unknown subject"),
        ("UPDATE tags SET item_idxs = [40]", "tags: an unknown item_idx"),
        ("UPDATE user_items SET item_idxs = [0, 40]", "user_items: an unknown item_idx"),
        ("UPDATE item_weights SET item_idx = 40 - item_idx", "item_weights: an unknown item_idx"),
        ("UPDATE item_weights SET item_idxs = [-1], weights = [1]", "unknown item_idx"),
        ("UPDATE item_weights SET weights = weights[:1]", "item_weights: item_idxs and weights"),
        ("UPDATE item_factors SET item_idx = 40", "item_factors: an unknown item_idx"),
        (
            "UPDATE item_factors SET factors = [1] WHERE item_idx = 3",
            "item_factors: factors differ in length",
        ),
        (f"UPDATE item_factors SET factors = {LOPSIDED}", "item_factors: factors differ in length"),
        (
            "UPDATE item_factors SET factors = ['nan'::FLOAT] || factors[2:]",
            "item_factors: factors holds a value that is not finite",
        ),
        (
            "UPDATE item_weights SET weights = ['inf'::FLOAT] || weights[2:]",
            "item_weights: weights holds a value that is not finite",
        ),
        *(
            (
                f"UPDATE visitor_parts SET {column} = 'nan' WHERE {column} IS NOT NULL",
                f"visitor_parts: {column} holds a value that is not finite",
            )
            for column in ("weight", "alpha0", "regularization", "nu")
        ),
        ("INSERT INTO features VALUES (1, 'tag', 'a', 'a')", "features: feature_idx has gaps"),
        (
            f"{ONE_FEATURE}; INSERT INTO item_vectors VALUES ('lightfm_cf', 0, [0], ['nan'], 1)",
            "item_vectors: weights holds a value that is not finite",
        ),
        (
            "INSERT INTO item_vectors VALUES ('lightfm_cf', 0, [], [], 'inf')",
            "item_vectors: like_weight holds a value that is not finite",
        ),
        (
            "INSERT INTO item_shares VALUES ('lightfm_cf', 0, 'nan', 1)",
            "item_shares: of_likes holds a value that is not finite",
        ),
        (
            "INSERT INTO item_shares VALUES ('lightfm_cf', 0, 1, 'nan')",
            "item_shares: of_features holds a value that is not finite",
        ),
        (
            f"{ONE_FEATURE}; {OWN_FACTORS.format('(1, [1, 2, 3]), (2, [1])')}",
            "own_factors: factors differ in length",
        ),
        (
            f"{ONE_FEATURE}; {OWN_FACTORS.format('(1, [1, 2, 3, 4])')}",
            "own_factors: factors differ in length",
        ),
        (
            f"{ONE_FEATURE}; UPDATE feature_factors SET factors = [1, 'nan'::FLOAT]",
            "feature_factors: factors holds a value that is not finite",
        ),
        (
            f"{ONE_FEATURE}; INSERT INTO user_factors VALUES {SOMEBODY}",
            "user_factors: bias holds a value that is not finite",
        ),
        (
            "INSERT INTO item_vectors VALUES ('lightfm_cf', 40, [], [], 1)",
            "item_vectors: an unknown item_idx",
        ),
        (
            "INSERT INTO item_vectors VALUES ('lightfm_cf', 0, [0], [1], 1)",
            "item_vectors: an unknown feature_idx",
        ),
        (
            "INSERT INTO item_vectors VALUES ('lightfm_cf', 0, [0], [], 1)",
            "item_vectors: feature_idxs and weights differ in length",
        ),
        (
            "INSERT INTO item_shares VALUES ('lightfm_cf', -1, 1, 1)",
            "item_shares: an unknown item_idx",
        ),
        (
            "INSERT INTO feature_factors VALUES ('lightfm_cf', 0, [1, 2], 0)",
            "feature_factors: an unknown feature_idx",
        ),
        (
            f"{ONE_FEATURE}; INSERT INTO own_factors VALUES ('lightfm_cf', 40, [1, 2], 0)",
            "own_factors: an unknown item_idx",
        ),
        (
            f"{ONE_FEATURE}; INSERT INTO user_factors VALUES ('lightfm_cf', 'nobody', [1, 2], 0)",
            "cannot be read",
        ),
        ("DELETE FROM snapshot_info", "cannot be read"),
        ("DELETE FROM site", "cannot be read"),
        ("DROP TABLE models", "models does not exist"),
        ("ALTER TABLE items DROP COLUMN tags", "cannot be read"),
        ("UPDATE models SET parameters = '{'", "cannot be read"),
    ],
)
def test_a_contradiction_is_refused_and_named(tampered, statement, reason):
    with pytest.raises(SnapshotRefusedError, match=reason):
        tampered(statement)


def test_every_fault_of_the_file_is_named_at_once(data, built):
    wrong = pointer.Pointer(built[0].snapshot_id, "0" * 64, 7, "2026-11-21")
    with pytest.raises(SnapshotRefusedError) as raised:
        load(ServingSettings(data=data, load_apart=False), SITE, wrong)
    assert len(raised.value.faults) == 2


def test_a_figure_that_is_not_finite_is_null(tampered):
    snapshot = tampered("UPDATE evaluation SET mean = 'nan', low = 'inf' WHERE metric = 'MAP'")
    lines = [line for line in snapshot.models[0].evaluation if line.metric == "MAP"]
    assert lines
    assert all(line.mean is None and line.low is None for line in lines)


def test_lists_lie_flat_in_the_types_of_the_table(tampered):
    lists = tampered().lists["recommendations"]["lightfm_cf"]
    assert lists.item_idxs.dtype == np.int32
    assert lists.scores.dtype == np.float32
    assert len(lists.item_idxs) == len(lists.scores) == 30 * 10


def test_lists_in_any_order_are_found_by_subject(tampered):
    expected = SmallSite().lists("lightfm_cf")
    snapshot = tampered(
        "CREATE TABLE shuffled AS SELECT * FROM user_lists ORDER BY hash(user_id)",
        "DELETE FROM user_lists",
        "INSERT INTO user_lists SELECT * FROM shuffled",
    )
    lists = snapshot.lists["recommendations"]["lightfm_cf"]
    for row, user_id in enumerate(expected.user_ids):
        item_idxs, scores = lists.top(snapshot.users[str(user_id)], 10)
        assert np.array_equal(item_idxs, expected.user_item_idxs[row])
        assert np.array_equal(scores, expected.user_scores[row])


def test_a_snapshot_without_models_is_loaded(tampered):
    snapshot = tampered(*(f"DELETE FROM {name}" for name in ("models", "item_lists", "user_lists")))
    assert snapshot.lists == {"similar": {}, "recommendations": {}}
    assert snapshot.default_model("similar", 0) is None


def test_a_subject_without_a_list_falls_to_the_next_model(tampered):
    snapshot = tampered("DELETE FROM item_lists WHERE model = 'lightfm_cf' AND item_idx = 3")
    assert snapshot.default_model("similar", 3) == "tag_profile"
    assert snapshot.default_model("similar", 4) == "lightfm_cf"
    assert len(snapshot.lists["similar"]["lightfm_cf"].top(3, 10)[0]) == 0


def test_popular_items_come_most_liked_first(tampered):
    snapshot = tampered("UPDATE items SET like_count = item_idx")
    assert list(snapshot.popular) == list(range(39, -1, -1))
    assert [model.model for model in snapshot.models] == list(MODELS)


def test_the_file_is_closed_again(data, built):
    published = pointer.read_pointer(data, SITE)
    load(ServingSettings(data=data, load_apart=False), SITE, published)
    path = pointer.snapshot_path(data, SITE, published.snapshot_id)
    with duckdb.connect(path, read_only=True) as con:  # another configuration: refused if open
        assert con.sql("SELECT count(*) FROM items").fetchall() == [(40,)]


def test_every_fault_of_a_list_is_named_at_once(tampered):
    with pytest.raises(SnapshotRefusedError) as raised:
        tampered("UPDATE item_lists SET item_idxs = [40], scores = ['nan']")
    named = " ".join(raised.value.faults)
    assert "an unknown item_idx" in named
    assert "not finite" in named
