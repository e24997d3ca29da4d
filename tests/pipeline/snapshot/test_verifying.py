# ruff: noqa: E501 - a line a fault reads best

import re
import shutil

import duckdb
import pytest

from pipeline.snapshot import verify
from pipeline.snapshot.rules import RULES
from pipeline.snapshot.verifying import row_faults, schema_faults
from tests.factories import build_small_snapshot

UNKNOWN = "f" * 32

_FEATURES = "INSERT INTO features VALUES (0, 'tag', 'cat', 'cat'), (1, 'tag', 'dog', 'dog')"
# SQL that plants a fault -> the start of what must be said of it.
_PLANTED = {
    "INSERT INTO site FROM site": "keys (site) that stand twice in site",
    "UPDATE items SET item_id = 'item-001'": "keys (item_id) that stand twice in items",
    "INSERT INTO tags FROM tags LIMIT 1": "keys (slug) that stand twice in tags",
    "INSERT INTO categories FROM categories LIMIT 1": "keys (slug) that stand twice in categories",
    "INSERT INTO creators FROM creators LIMIT 1": "keys (slug) that stand twice in creators",
    "INSERT INTO user_items FROM user_items LIMIT 1": "keys (user_id) that stand twice",
    "INSERT INTO user_lists FROM user_lists LIMIT 1": "keys (user_id, model) that stand twice",
    "INSERT INTO item_lists FROM item_lists LIMIT 1": "keys (item_idx, model) that stand twice",
    "INSERT INTO models FROM models LIMIT 1": "keys (model) that stand twice in models",
    "INSERT INTO evaluation FROM evaluation LIMIT 1": "keys (model, metric, k) that stand twice",
    "INSERT INTO evaluation_history FROM evaluation_history LIMIT 1": "keys (snapshot_id, model",
    "INSERT INTO evaluation_slices FROM evaluation_slices LIMIT 1": "keys (model, slice, metric, k)",
    "INSERT INTO evaluation_differences FROM evaluation_differences LIMIT 1": "keys (model, against",
    "INSERT INTO model_overlap FROM model_overlap LIMIT 1": "keys (model, other, k)",
    "INSERT INTO charts FROM charts LIMIT 1": "keys (chart) that stand twice in charts",
    "DELETE FROM snapshot_info": "tables snapshot_info without exactly one row",
    "DELETE FROM site": "tables site without exactly one row",
    "DELETE FROM models": "tables models without a row",
    "DELETE FROM user_lists": "tables user_lists without a row",
    "UPDATE snapshot_info SET schema_version = 99": "schema versions other than 3",
    "UPDATE snapshot_info SET n_users = n_users - 1": "counts n_users that are not the users",
    "UPDATE snapshot_info SET n_items = n_items + 1": "counts n_items that are not the rows",
    "UPDATE snapshot_info SET n_likes = 0": "counts n_likes that are not the likes of user_items",
    "UPDATE items SET like_count = like_count + 1": "counts n_likes that are not the sum",
    "UPDATE snapshot_info SET site = 'other'": "sites that are not the snapshot's",
    "UPDATE snapshot_info SET snapshot_id = 'other'": "snapshot_info names other",
    "UPDATE items SET item_idx = 99 WHERE item_idx = 3": "gaps or repeats in items.item_idx",
    "UPDATE items SET item_idx = 4 WHERE item_idx = 3": "gaps or repeats in items.item_idx",
    "UPDATE items SET item_id = '' WHERE item_idx = 3": "items with an empty item_id",
    "UPDATE items SET like_count = -1 WHERE item_idx = 3": "items with a negative like_count",
    "UPDATE items SET trend_score = -1 WHERE item_idx = 3": "items with a trend_score that is not",
    "UPDATE items SET trend_score = 'nan' WHERE item_idx = 3": "items with a trend_score that is",
    "UPDATE items SET trend_score = 99 WHERE item_idx = 39": "items with a trend_score that is no",
    "UPDATE items SET url = 'javascript:x' WHERE item_idx = 3": "items whose url is not http",
    "UPDATE items SET embed_url = 'data:x' WHERE item_idx = 3": "items whose embed_url is not http",
    "UPDATE items SET thumbnails = [{url: 'file:///x', width: 1, height: 1}]": "thumbnails without an",
    "UPDATE items SET thumbnails = [{url: NULL, width: 1, height: 1}]": "thumbnails without an",
    "UPDATE items SET thumbnails = [{url: 'http://x', width: 0, height: 1}]": "thumbnails without a s",
    "UPDATE items SET thumbnails = [{url: 'http://x', width: 1, height: NULL}]": "thumbnails without",
    "UPDATE site SET base_url = 'ftp://x'": "sites whose base_url is not http",
    "UPDATE user_items SET user_id = 'a-handle' WHERE rowid = 0": "user ids in user_items that are no",
    f"UPDATE user_items SET user_id = '{UNKNOWN}0' WHERE rowid = 0": "user ids in user_items that are",
    f"UPDATE user_items SET user_id = '{'F' * 32}' WHERE rowid = 0": "user ids in user_items that are",
    "UPDATE user_items SET item_idxs = [] WHERE rowid = 0": "users in user_items without a like",
    "UPDATE user_items SET item_idxs = [1, NULL]": "users in user_items with a null",
    "UPDATE user_items SET item_idxs = [1, 40]": "users in user_items with an item that does not",
    "UPDATE user_items SET item_idxs = [-1, 4]": "users in user_items with an item that does not",
    "UPDATE user_items SET item_idxs = [4, 4]": "users in user_items with an item twice",
    "UPDATE user_items SET item_idxs = [4, 3]": "users in user_items whose items are not ascending",
    **{
        statement.format(group): what.format(group)
        for group in ("tags", "categories", "creators")
        for statement, what in (
            ("UPDATE {} SET slug = '' WHERE rowid = 0", "rows of {} with an empty slug"),
            ("UPDATE {} SET item_count = 99", "rows of {} with another number of items"),
            ("UPDATE {} SET item_idxs = [40]", "rows of {} with an item that does not exist"),
        )
    },
    **{
        statement.format(table): what.format(table)
        for table in ("user_lists", "item_lists")
        for statement, what in (
            ("UPDATE {} SET scores = [1]", "lists with another number of scores than items in {}"),
            ("UPDATE {} SET item_idxs = [39, NULL], scores = [2, 1]", "lists with a null in {}"),
            (
                "UPDATE {} SET scores = list_transform(scores, lambda s: NULL)",
                "lists with a null in {}",
            ),
            (
                "UPDATE {} SET item_idxs = [40], scores = [1]",
                "lists with an item that does not exist",
            ),
            (
                "UPDATE {} SET item_idxs = [-1], scores = [1]",
                "lists with an item that does not exist",
            ),
            (
                "UPDATE {} SET item_idxs = [39, 39], scores = [1, 1]",
                "lists with an item twice in {}",
            ),
            ("UPDATE {} SET item_idxs = [39], scores = ['NaN']", "lists with a score that is no"),
            ("UPDATE {} SET item_idxs = [39], scores = ['inf']", "lists with a score that is no"),
            ("UPDATE {} SET item_idxs = [39], scores = ['-inf']", "lists with a score that is no"),
            ("UPDATE {} SET item_idxs = [38, 39], scores = [1, 2]", "lists that are not in order"),
            (
                "UPDATE {} SET model = 'gone' WHERE model = 'lightfm_cf'",
                "lists of an unknown model",
            ),
        )
    },
    f"UPDATE user_lists SET user_id = '{UNKNOWN}' WHERE rowid = 0": "lists of an unknown user",
    "UPDATE user_lists l SET item_idxs = u.item_idxs[:1], scores = [1] FROM user_items u "
    "WHERE u.user_id = l.user_id": "lists with an item that the user likes already",
    "UPDATE item_lists SET item_idx = 40 WHERE rowid = 0": "lists of an item that does not exist",
    "UPDATE item_lists SET item_idxs = [item_idx], scores = [1]": "lists with the item itself",
    "INSERT INTO item_weights FROM item_weights LIMIT 1": "keys (model, item_idx) that stand twice in item_weights",
    "UPDATE item_weights SET model = 'gone'": "weights of an unknown model",
    "UPDATE item_weights SET item_idx = 40 WHERE rowid = 0": "weights of an item that does not exist",
    "UPDATE item_weights SET weights = [1] WHERE len(weights) > 1": "rows with another number of weights",
    "UPDATE item_weights SET item_idxs = [39], weights = [NULL]": "rows with a null in item_weights",
    "UPDATE item_weights SET item_idxs = [40], weights = [1]": "rows with an item that does not exist in item_weights",
    "UPDATE item_weights SET item_idxs = [39, 39], weights = [1, 2]": "rows with an item twice in item_w",
    "UPDATE item_weights SET item_idxs = [item_idx], weights = [1]": "rows with the item itself in item_w",
    "UPDATE item_weights SET item_idxs = [39], weights = ['inf']": "rows with a weight that is no finite",
    "INSERT INTO item_factors FROM item_factors LIMIT 1": "keys (model, item_idx) that stand twice in item_factors",
    "UPDATE item_factors SET model = 'gone'": "factors of an unknown model",
    "UPDATE item_factors SET item_idx = -1 WHERE rowid = 0": "factors of an item that does not exist",
    "UPDATE item_factors SET factors = [1, 2, 3, 4] WHERE rowid = 0": "rows of another length",
    "UPDATE item_factors SET factors = [1, 2, NULL]": "rows with a null in item_factors",
    "UPDATE item_factors SET factors = ['1', '2', 'NaN']": "rows with a factor that is no finite number",
    "INSERT INTO visitor_parts FROM visitor_parts LIMIT 1": "keys (model, part) that stand twice in visitor_parts",
    "UPDATE visitor_parts SET model = 'gone'": "parts of an unknown model in visitor_parts",
    "INSERT INTO visitor_parts SELECT 'popular', 'popular', 1, NULL, NULL, NULL, NULL": "parts in visitor_parts without one of weights, vectors and factors",
    "UPDATE visitor_parts SET side = 'likes'": "parts in visitor_parts of a side that there is not, or without",
    **{
        f"INSERT INTO item_shares SELECT {row} FROM items": what
        for row, what in (
            (
                "'popular', item_idx, -1, 1",
                "shares in item_shares that are no finite number of 0 or more",
            ),
            (
                "'popular', item_idx, 1, 'nan'",
                "shares in item_shares that are no finite number of 0 or more",
            ),
            ("'popular', item_idx + 1, 1, 1", "shares in item_shares of some items or of one that"),
            ("'popular', 0, 1, 1", "keys (model, item_idx) that stand twice in item_shares"),
            ("'gone', item_idx, 1, 1", "shares of an unknown model in item_shares"),
        )
    },
    "INSERT INTO features VALUES (0, 'tag', 'cat', 'cat'), (0, 'tag', 'dog', 'dog')": "keys (feature_idx) that stand twice in features",
    "INSERT INTO features VALUES (1, 'tag', 'cat', 'cat')": "gaps or repeats in features.feature_idx",
    "INSERT INTO features VALUES (0, 'licence', 'cc0', 'cc0')": "features of an unknown kind",
    "INSERT INTO features VALUES (0, 'tag', 'cat', '')": "features without a name or slug",
    **{
        f"{_FEATURES}; INSERT INTO item_vectors VALUES {rows}": what
        for rows, what in (
            (
                "('popular', 1, [0], [1], 1), ('popular', 1, [1], [1], 1)",
                "keys (model, item_idx) that stand twice in item_vectors",
            ),
            ("('gone', 1, [0], [1], 1)", "vectors of an unknown model in item_vectors"),
            (
                "('popular', 40, [0], [1], 1)",
                "vectors of an item that does not exist in item_vectors",
            ),
            ("('popular', 1, [0, 1], [1], 1)", "rows with another number of weights than features"),
            ("('popular', 1, [], [], 1)", "rows with another number of weights than features"),
            ("('popular', 1, [0, NULL], [1, 1], 1)", "rows with a null in item_vectors"),
            (
                "('popular', 1, [2], [1], 1)",
                "rows with a feature that does not exist in item_vectors",
            ),
            ("('popular', 1, [1, 1], [1, 1], 1)", "rows with a feature twice in item_vectors"),
            (
                "('popular', 1, [1], ['nan'], 1)",
                "rows with a weight that is no finite number in item_vectors",
            ),
            ("('popular', 1, [1], [1], 0)", "rows whose like counts nothing or no finite number"),
            (
                "('popular', 1, [1], [1], 1)",
                "models with weights, vectors or factors that are no part",
            ),
            (
                "('popular', 1, [1], [1], NULL)",
                "models in item_vectors with both or neither of profiles",
            ),
        )
    },
    **{
        f"{_FEATURES}; INSERT INTO {table} VALUES {rows.format(key)}": what.format(table)
        for table, key, unknown, fault in (
            ("feature_factors", "1", "2", "factors of a feature that does not exist"),
            ("own_factors", "1", "40", "factors of an item that does not exist"),
            ("user_factors", f"'{UNKNOWN}'", f"'{UNKNOWN}'", "factors of an unknown person"),
        )
        for rows, what in (
            ("('gone', {}, [1], 1)", "factors of an unknown model in {}"),
            (f"('popular', {unknown}, [1], 1)", fault + " in {}"),
            (
                "('popular', {}, [1], 1), ('popular', 0, [1, 2], 1)",
                "rows of another length than the model's others in {}",
            ),
            ("('popular', {}, [NULL], 1)", "rows with a null in {}"),
            (
                "('popular', {}, ['inf'], 1)",
                "rows with a factor or bias that is no finite number in {}",
            ),
            (
                "('popular', {}, [1], 'nan')",
                "rows with a factor or bias that is no finite number in {}",
            ),
            ("('popular', {0}, [1], 1), ('popular', {0}, [1], 1)", "keys (model, "),
        )
    },
    "UPDATE visitor_parts SET weight = 0": "parts in visitor_parts that weigh nothing",
    "UPDATE visitor_parts SET weight = 'nan'": "parts in visitor_parts that weigh nothing",
    "UPDATE visitor_parts SET nu = NULL": "parts in visitor_parts of factors without all of their solve",
    "UPDATE visitor_parts SET alpha0 = 1": "parts in visitor_parts of factors without all of their solve",
    "UPDATE visitor_parts SET regularization = 'inf'": "parts in visitor_parts whose solve",
    "UPDATE visitor_parts SET alpha0 = -1": "parts in visitor_parts whose solve",
    "DELETE FROM visitor_parts": "models with weights, vectors or factors that are no part of themselves",
    "DELETE FROM user_lists WHERE rowid = 0": "models that have not one list a user",
    "UPDATE evaluation SET model = 'gone' WHERE rowid = 0": "figures of an unknown model in evaluation",
    "UPDATE evaluation_history SET model = '' WHERE rowid = 0": "figures of an unknown model in evalu",
    "UPDATE evaluation SET mean = 'NaN'": "figures that are no finite number in evaluation",
    "UPDATE evaluation_history SET mean = 'inf'": "figures that are no finite number in evaluation_h",
    "UPDATE evaluation SET low = mean + 1": "intervals in evaluation that miss their mean",
    "UPDATE evaluation_history SET high = mean - 1": "intervals in evaluation_history that miss",
    **{
        change.format(table): f"{what} in {table}"
        for table in ("evaluation_slices", "evaluation_differences")
        for change, what in (
            ("UPDATE {} SET model = 'gone' WHERE rowid = 0", "figures of an unknown model"),
            ("UPDATE {} SET mean = 'inf'", "figures that are no finite number"),
            ("UPDATE {} SET high = mean - 1", "intervals"),
        )
    },
    "UPDATE model_overlap SET other = model WHERE rowid = 0": "pairs of an unknown model in model",
    "UPDATE model_overlap SET share = 1.1": "shares in model_overlap that are not from 0 to 1",
    "UPDATE charts SET svg = '<script/>' WHERE rowid = 0": "charts that are not SVG",
    "UPDATE charts SET alternative = '' WHERE rowid = 0": "charts without a title or words",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return build_small_snapshot(tmp_path_factory.mktemp("data"))


@pytest.fixture
def copy(built, tmp_path):
    path = tmp_path / built.path.name
    shutil.copyfile(built.path, path)
    return path


@pytest.fixture(scope="module")
def writable(built, tmp_path_factory):
    path = tmp_path_factory.mktemp("copy") / built.path.name
    shutil.copyfile(built.path, path)
    with duckdb.connect(path) as connection:
        yield connection


def _faults_after(connection, statement, snapshot_id):
    connection.execute("BEGIN")
    try:
        connection.execute(statement)
        return list(row_faults(connection, snapshot_id))
    finally:
        connection.execute("ROLLBACK")


def test_the_good_twin_has_no_fault(writable, built):
    assert _faults_after(writable, "SELECT 1", built.snapshot_id) == []
    assert list(schema_faults(writable)) == []


@pytest.mark.parametrize(("statement", "expected"), _PLANTED.items())
def test_a_planted_fault_is_found(writable, built, statement, expected):
    faults = _faults_after(writable, statement, built.snapshot_id)
    assert any(re.match(r"(\d+ )?" + re.escape(expected), fault) for fault in faults), faults


def test_every_rule_has_a_planted_fault():
    rules = {what for rules in RULES for what, _ in rules.offenders}
    assert {what for what in rules if not any(map(what.startswith, _PLANTED.values()))} == set()


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("DROP TABLE charts", "lacks table charts"),
        ("CREATE TABLE handles (user_handle VARCHAR)", "should not have table handles"),
        ("CREATE VIEW other AS SELECT 1 AS one", "should not have view other"),
        ("DROP VIEW similar_items", "lacks view similar_items"),
        ("ALTER TABLE models ADD COLUMN extra INTEGER", "should not have column models.extra"),
        ("ALTER TABLE models DROP COLUMN label", "lacks column models.label"),
        ("ALTER TABLE models ALTER fit_s TYPE FLOAT", "lacks column models.fit_s (DOUBLE NOT NULL"),
        ("ALTER TABLE models ALTER label DROP NOT NULL", "should not have column models.label"),
        ("COMMENT ON COLUMN models.label IS 'other'", "lacks column models.label"),
        ("COMMENT ON TABLE models IS NULL", "lacks table models"),
    ],
)
def test_tables_that_are_not_those_of_the_door_are_found(copy, built, statement, expected):
    with duckdb.connect(copy) as connection:
        connection.execute(statement)
    faults = verify(copy, snapshot_id=built.snapshot_id)
    assert any(f"the file {expected}" in fault for fault in faults), faults


def test_every_fault_is_named_at_once(copy, built):
    with duckdb.connect(copy) as connection:
        connection.execute("UPDATE items SET url = 'x', embed_url = 'y' WHERE item_idx < 2")
    assert verify(copy, snapshot_id=built.snapshot_id) == [
        "2 items whose url is not http",
        "2 items whose embed_url is not http",
    ]


@pytest.mark.parametrize("damage", ["truncate", "text", "missing"])
def test_a_file_that_is_no_database_is_a_fault(copy, built, damage):
    if damage == "truncate":
        copy.write_bytes(copy.read_bytes()[:20_000])
    elif damage == "text":
        copy.write_text("not a database")
    else:
        copy.unlink()
    (fault,) = verify(copy, snapshot_id=built.snapshot_id)
    assert fault.startswith(f"{copy.name} cannot be read")
