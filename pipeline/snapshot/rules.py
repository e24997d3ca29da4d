"""Rules that the rows of a snapshot keep, as SQL conditions that find offenders.

Grouped by what is read, so that the long lists are scanned once.
"""

# ruff: noqa: S608 - the queries are made of constants of this module and of the door

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pipeline.tables import SCHEMA_VERSION, SNAPSHOT_TABLES, USER_ID_PATTERN

__all__ = ["GONE_RULES", "RULES", "Rules"]

_HTTP: Final = "'https?://.+'"


@dataclass(frozen=True, slots=True)
class Rules:
    """Conditions over the rows of one source; a row that meets one is an offender.

    Attributes
    ----------
    source : what stands after FROM.
    offenders : (what an offender is, for people; SQL condition).
    """

    source: str
    offenders: tuple[tuple[str, str], ...]

    @property
    def sql(self) -> str:
        """One query that counts the offenders of each rule, in order."""
        counts = ", ".join(f"count_if({condition})" for _, condition in self.offenders)
        return f"SELECT {counts} FROM {self.source}"


def _key_rules() -> Iterator[Rules]:
    for table in SNAPSHOT_TABLES:
        if table.key:
            key = ", ".join(table.key)
            yield Rules(
                f"(SELECT count(*) AS n FROM {table.name} GROUP BY {key})",
                ((f"keys ({key}) that stand twice in {table.name}", "n > 1"),),
            )


def _list_rules(table: str, source: str, *own: tuple[str, str]) -> Rules:
    shared = (
        ("lists with another number of scores than items", "len(item_idxs) <> len(scores)"),
        (
            "lists with a null",
            "list_count(item_idxs) <> len(item_idxs) OR list_count(scores) <> len(scores)",
        ),
        (
            "lists with an item that does not exist",
            "list_min(item_idxs) < 0 OR list_max(item_idxs) >= n_items",
        ),
        ("lists with an item twice", "len(list_distinct(item_idxs)) <> len(item_idxs)"),
        (
            "lists with a score that is no finite number",
            "NOT isfinite(list_max(scores)) OR NOT isfinite(list_min(scores))",
        ),
        ("lists that are not in order of score", "list_reverse_sort(scores) <> scores"),
        ("lists of an unknown model", "NOT known_model"),
    )
    return Rules(source, tuple((f"{what} in {table}", sql) for what, sql in (*shared, *own)))


_N_ITEMS: Final = "(SELECT count(*) FROM items) AS n_items"
_N_FEATURES: Final = "(SELECT count(*) FROM features) AS n_features"
_KNOWN_MODEL: Final = "l.model IN (SELECT model FROM models) AS known_model"

_NO_MODEL: Final = "model NOT IN (SELECT model FROM models)"


def _composing_rules(table: str, unknown: tuple[str, str]) -> Rules:
    """Rules of a table of factors that an item's or a score is composed of."""
    what, condition = unknown
    of_model = "min(len(factors)) OVER (PARTITION BY model) AS shortest"
    offenders = (
        ("factors of an unknown model", "NOT known_model"),
        (f"factors of {what}", condition),
        (
            "rows of another length than the model's others",
            "len(factors) <> shortest OR len(factors) = 0",
        ),
        ("rows with a null", "list_count(factors) <> len(factors)"),
        (
            "rows with a factor or bias that is no finite number",
            """NOT isfinite(list_max(factors)) OR NOT isfinite(list_min(factors))
               OR NOT isfinite(bias)""",
        ),
    )
    return Rules(
        f"(SELECT l.*, {_N_ITEMS}, {_N_FEATURES}, {_KNOWN_MODEL}, {of_model} FROM {table} AS l)",
        tuple((f"{offender} in {table}", sql) for offender, sql in offenders),
    )


def _unknown(table: str) -> str:
    """Figures of no model; history knows models that are gone."""
    return "model = ''" if table == "evaluation_history" else _NO_MODEL


RULES: Final[tuple[Rules, ...]] = (
    *_key_rules(),
    Rules(
        "(SELECT (SELECT count(*) FROM snapshot_info) AS info, (SELECT count(*) FROM site) AS "
        "site, (SELECT count(*) FROM models) AS models, "
        "(SELECT count(*) FROM user_lists) AS lists)",
        (
            ("tables snapshot_info without exactly one row", "info <> 1"),
            ("tables site without exactly one row", "site <> 1"),
            ("tables models without a row", "models = 0"),
            ("tables user_lists without a row", "lists = 0"),
        ),
    ),
    Rules(
        """(SELECT *, (SELECT count(*) FROM user_items) AS users,
               (SELECT count(*) FROM items) AS items,
               (SELECT coalesce(sum(len(item_idxs)), 0) FROM user_items) AS likes,
               (SELECT coalesce(sum(like_count), 0) FROM items) AS item_likes,
               (SELECT any_value(site) FROM site) AS site_name
           FROM snapshot_info)""",
        (
            (f"schema versions other than {SCHEMA_VERSION}", f"schema_version <> {SCHEMA_VERSION}"),
            ("counts n_users that are not the users of user_items", "n_users <> users"),
            ("counts n_items that are not the rows of items", "n_items <> items"),
            ("counts n_likes that are not the likes of user_items", "n_likes <> likes"),
            ("counts n_likes that are not the sum of like_count", "n_likes <> item_likes"),
            ("sites that are not the snapshot's", "site <> site_name"),
        ),
    ),
    Rules(
        f"(SELECT *, {_N_ITEMS}, row_number() OVER (ORDER BY item_idx) - 1 AS place FROM items)",
        (
            ("gaps or repeats in items.item_idx", "item_idx <> place"),
            ("items with an empty item_id", "item_id = ''"),
            ("items with a negative like_count", "like_count < 0"),
            (
                "items with a trend_score that is not 0 to like_count",
                "NOT trend_score BETWEEN 0 AND like_count + 1e-6",
            ),
            ("items whose url is not http", f"url NOT SIMILAR TO {_HTTP}"),
            ("items whose embed_url is not http", f"embed_url NOT SIMILAR TO {_HTTP}"),
        ),
    ),
    Rules(
        "(SELECT unnest(thumbnails) AS picture FROM items)",
        (
            ("thumbnails without an http url", f"picture.url NOT SIMILAR TO {_HTTP} IS NOT FALSE"),
            (
                "thumbnails without a size",
                "coalesce(picture.width, 0) < 1 OR coalesce(picture.height, 0) < 1",
            ),
        ),
    ),
    Rules("site", (("sites whose base_url is not http", f"base_url NOT SIMILAR TO {_HTTP}"),)),
    Rules(
        f"(SELECT *, {_N_ITEMS} FROM user_items)",
        (
            (
                "user ids in user_items that are not pseudonyms",
                f"NOT regexp_full_match(user_id, '{USER_ID_PATTERN}')",
            ),
            ("users in user_items without a like", "len(item_idxs) = 0"),
            ("users in user_items with a null", "list_count(item_idxs) <> len(item_idxs)"),
            (
                "users in user_items with an item that does not exist",
                "list_min(item_idxs) < 0 OR list_max(item_idxs) >= n_items",
            ),
            (
                "users in user_items with an item twice",
                "len(list_distinct(item_idxs)) <> len(item_idxs)",
            ),
            (
                "users in user_items whose items are not ascending",
                "list_sort(item_idxs) <> item_idxs",
            ),
        ),
    ),
    *(
        Rules(
            f"(SELECT *, {_N_ITEMS} FROM {group})",
            (
                (f"rows of {group} with an empty slug", "slug = ''"),
                (
                    f"rows of {group} with another number of items",
                    "item_count <> len(item_idxs) OR item_count = 0",
                ),
                (
                    f"rows of {group} with an item that does not exist",
                    "list_min(item_idxs) < 0 OR list_max(item_idxs) >= n_items",
                ),
            ),
        )
        for group in ("tags", "categories", "creators")
    ),
    _list_rules(
        "user_lists",
        f"""(SELECT l.*, {_N_ITEMS}, {_KNOWN_MODEL}, u.item_idxs AS seen
             FROM user_lists AS l LEFT JOIN user_items AS u USING (user_id))""",
        ("lists of an unknown user", "seen IS NULL"),
        ("lists with an item that the user likes already", "list_has_any(item_idxs, seen)"),
    ),
    _list_rules(
        "item_lists",
        f"(SELECT l.*, {_N_ITEMS}, {_KNOWN_MODEL} FROM item_lists AS l)",
        ("lists of an item that does not exist", "NOT (item_idx >= 0 AND item_idx < n_items)"),
        ("lists with the item itself", "list_contains(item_idxs, item_idx)"),
    ),
    Rules(
        f"(SELECT l.*, {_N_ITEMS}, {_KNOWN_MODEL} FROM item_weights AS l)",
        (
            ("weights of an unknown model in item_weights", "NOT known_model"),
            (
                "weights of an item that does not exist in item_weights",
                "NOT (item_idx >= 0 AND item_idx < n_items)",
            ),
            (
                "rows with another number of weights than items in item_weights",
                "len(item_idxs) <> len(weights) OR len(weights) = 0",
            ),
            (
                "rows with a null in item_weights",
                "list_count(item_idxs) <> len(item_idxs) OR list_count(weights) <> len(weights)",
            ),
            (
                "rows with an item that does not exist in item_weights",
                "list_min(item_idxs) < 0 OR list_max(item_idxs) >= n_items",
            ),
            (
                "rows with an item twice in item_weights",
                "len(list_distinct(item_idxs)) <> len(item_idxs)",
            ),
            ("rows with the item itself in item_weights", "list_contains(item_idxs, item_idx)"),
            (
                "rows with a weight that is no finite number in item_weights",
                "NOT isfinite(list_max(weights)) OR NOT isfinite(list_min(weights))",
            ),
        ),
    ),
    Rules(
        f"(SELECT l.*, {_N_ITEMS}, {_KNOWN_MODEL}, min(len(factors)) OVER (PARTITION BY model) "
        "AS shortest FROM item_factors AS l)",
        (
            ("factors of an unknown model in item_factors", "NOT known_model"),
            (
                "factors of an item that does not exist in item_factors",
                "NOT (item_idx >= 0 AND item_idx < n_items)",
            ),
            (
                "rows of another length than the model's others in item_factors",
                "len(factors) <> shortest OR len(factors) = 0",
            ),
            ("rows with a null in item_factors", "list_count(factors) <> len(factors)"),
            (
                "rows with a factor that is no finite number in item_factors",
                "NOT isfinite(list_max(factors)) OR NOT isfinite(list_min(factors))",
            ),
        ),
    ),
    Rules(
        "(SELECT *, row_number() OVER (ORDER BY feature_idx) - 1 AS place FROM features)",
        (
            ("gaps or repeats in features.feature_idx", "feature_idx <> place"),
            ("features of an unknown kind", "kind NOT IN ('tag', 'category', 'creator')"),
            ("features without a name or slug", "name = '' OR slug = ''"),
        ),
    ),
    Rules(
        f"(SELECT l.*, {_N_ITEMS}, {_N_FEATURES}, {_KNOWN_MODEL} FROM item_vectors AS l)",
        (
            ("vectors of an unknown model in item_vectors", "NOT known_model"),
            (
                "vectors of an item that does not exist in item_vectors",
                "NOT (item_idx >= 0 AND item_idx < n_items)",
            ),
            (
                "rows with another number of weights than features in item_vectors",
                "len(feature_idxs) <> len(weights) OR len(weights) = 0",
            ),
            (
                "rows with a null in item_vectors",
                """list_count(feature_idxs) <> len(feature_idxs)
                   OR list_count(weights) <> len(weights)""",
            ),
            (
                "rows with a feature that does not exist in item_vectors",
                "list_min(feature_idxs) < 0 OR list_max(feature_idxs) >= n_features",
            ),
            (
                "rows with a feature twice in item_vectors",
                "len(list_distinct(feature_idxs)) <> len(feature_idxs)",
            ),
            (
                "rows with a weight that is no finite number in item_vectors",
                "NOT isfinite(list_max(weights)) OR NOT isfinite(list_min(weights))",
            ),
            (
                "rows whose like counts nothing or no finite number in item_vectors",
                "NOT (like_weight > 0 AND isfinite(like_weight))",
            ),
        ),
    ),
    _composing_rules(
        "feature_factors",
        ("a feature that does not exist", "NOT (feature_idx >= 0 AND feature_idx < n_features)"),
    ),
    _composing_rules(
        "own_factors", ("an item that does not exist", "NOT (item_idx >= 0 AND item_idx < n_items)")
    ),
    _composing_rules(
        "user_factors",
        ("an unknown person", "user_id NOT IN (SELECT user_id FROM user_items)"),
    ),
    Rules(
        """(SELECT model, bool_or(like_weight IS NULL) AS takes_factors,
               bool_or(like_weight IS NOT NULL) AS takes_likes,
               model IN (SELECT model FROM feature_factors) AS has_features,
               model IN (SELECT model FROM user_factors) AS has_people
           FROM item_vectors GROUP BY model)""",
        (
            (
                "models in item_vectors with both or neither of profiles and factors of people",
                """takes_factors = takes_likes OR takes_factors <> has_features
                   OR takes_factors <> has_people""",
            ),
        ),
    ),
    Rules(
        """(SELECT *, part IN (SELECT model FROM item_weights) AS has_weights,
               part IN (SELECT model FROM item_factors) AS has_factors,
               part IN (SELECT model FROM item_vectors) AS has_vectors,
               model IN (SELECT model FROM item_shares) AS has_shares FROM visitor_parts)""",
        (
            ("parts of an unknown model in visitor_parts", _NO_MODEL),
            (
                "parts in visitor_parts without one of weights, vectors and factors",
                "has_weights::INT + has_vectors::INT + has_factors::INT <> 1",
            ),
            (
                "parts in visitor_parts of a side that there is not, or without shares of it",
                "side NOT IN ('likes', 'features') OR (side IS NOT NULL) <> has_shares",
            ),
            (
                "parts in visitor_parts that weigh nothing or no finite number",
                "NOT (weight > 0 AND isfinite(weight))",
            ),
            (
                "parts in visitor_parts of factors without all of their solve, or of weights with",
                """(alpha0 IS NOT NULL) <> has_factors OR (nu IS NOT NULL) <> has_factors
                   OR (regularization IS NOT NULL) <> has_factors""",
            ),
            (
                "parts in visitor_parts whose solve has no finite number of 0 or more",
                """NOT (alpha0 >= 0 AND isfinite(alpha0) AND isfinite(nu)
                   AND regularization >= 0 AND isfinite(regularization))""",
            ),
        ),
    ),
    Rules(
        f"""(SELECT l.*, {_N_ITEMS}, {_KNOWN_MODEL}, count(*) OVER (PARTITION BY model) AS n
             FROM item_shares AS l)""",
        (
            ("shares of an unknown model in item_shares", "NOT known_model"),
            (
                "shares in item_shares of some items or of one that does not exist",
                "n <> n_items OR NOT (item_idx >= 0 AND item_idx < n_items)",
            ),
            (
                "shares in item_shares that are no finite number of 0 or more",
                """NOT (of_likes >= 0 AND isfinite(of_likes) AND of_features >= 0
                       AND isfinite(of_features))""",
            ),
        ),
    ),
    Rules(
        """(SELECT model FROM item_weights UNION SELECT model FROM item_factors
           UNION SELECT model FROM item_vectors WHERE like_weight IS NOT NULL
           EXCEPT SELECT model FROM visitor_parts WHERE model = part)""",
        (("models with weights, vectors or factors that are no part of themselves", "true"),),
    ),
    Rules(
        "(SELECT count(*) AS n, (SELECT count(*) FROM user_items) AS users "
        "FROM user_lists GROUP BY model)",
        (("models that have not one list a user", "n <> users"),),
    ),
    *(
        Rules(
            table,
            (
                (f"figures of an unknown model in {table}", _unknown(table)),
                (f"figures that are no finite number in {table}", "NOT isfinite(mean)"),
                (
                    f"intervals in {table} that miss their mean",
                    "NOT (low <= mean AND mean <= high)",
                ),
            ),
        )
        for table in (
            "evaluation",
            "evaluation_history",
            "evaluation_slices",
            "evaluation_differences",
        )
    ),
    Rules(
        "model_overlap",
        (
            (
                "pairs of an unknown model in model_overlap",
                f"{_NO_MODEL} OR other NOT IN (SELECT model FROM models) OR model = other",
            ),
            ("shares in model_overlap that are not from 0 to 1", "NOT (share BETWEEN 0 AND 1)"),
        ),
    ),
    Rules(
        "charts",
        (
            ("charts that are not SVG", "NOT starts_with(svg, '<svg')"),
            ("charts without a title or words", "title = '' OR alternative = ''"),
        ),
    ),
)
"""Every rule that a snapshot must keep to be published."""

GONE_RULES: Final[tuple[Rules, ...]] = (
    Rules(
        "items JOIN gone_items USING (item_id)",
        (("items that are gone", "true"),),
    ),
    Rules(
        """(SELECT user_id, unnest(item_idxs) AS item_idx FROM user_items)
           JOIN items USING (item_idx) JOIN gone_likes USING (user_id, item_id)""",
        (("likes in user_items that are gone", "true"),),
    ),
)
"""Rules beside the relations ``gone_items`` (item_id) and ``gone_likes`` (user_id, item_id)."""
