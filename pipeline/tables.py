"""Door 2: every table of the snapshot and of the curated zone, column by column.

The one source of the DuckDB DDL (with ``COMMENT ON``) and of the data-model page of the docs.
Types are DuckDB's.  Lists of items hold ``item_idx``: a position in ``items``, valid within
one snapshot only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

__all__ = [
    "CURATED_TABLES",
    "FEEDBACK_TABLES",
    "FEEDBACK_VERSION",
    "SCHEMA_VERSION",
    "SNAPSHOT_TABLES",
    "SNAPSHOT_VIEWS",
    "USER_ID_PATTERN",
    "Column",
    "Table",
    "View",
    "ddl",
    "quoted",
    "sqlite_ddl",
]

SCHEMA_VERSION: Final = 3
FEEDBACK_VERSION: Final = 2
USER_ID_PATTERN: Final = r"[0-9a-f]{32}"

_THUMBNAILS: Final = "STRUCT(url VARCHAR, width INTEGER, height INTEGER)[]"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its DuckDB type, what it holds, and whether it may be null."""

    name: str
    type: str
    comment: str
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table: what one row is, its columns in order and its unique key."""

    name: str
    comment: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the columns in order."""
        return tuple(column.name for column in self.columns)


@dataclass(frozen=True, slots=True)
class View:
    """A view over snapshot tables, for people who write SQL; ``sql`` gives its columns."""

    name: str
    comment: str
    columns: tuple[Column, ...]
    sql: str


_ITEM_ID = Column("item_id", "VARCHAR", "The site's opaque id of the item.")
_USER_ID = Column("user_id", "VARCHAR", "Pseudonym of a person: 32 hex digits, keyed hash.")
_MODEL = Column("model", "VARCHAR", "Name of the model, as in models.model.")
_LISTED = Column("item_idxs", "INTEGER[]", "Items (items.item_idx), best first.")
_SCORES = Column("scores", "FLOAT[]", "Score of each listed item; comparable within a list.")
_RANK = Column("rank", "BIGINT", "Place in the list, from 1.")
_SCORE = Column("score", "FLOAT", "Score of the listed item; comparable within a list.")
_TITLE = Column("title", "VARCHAR", "Title for people.", nullable=True)
_CREATOR = Column("creator", "VARCHAR", "Name of the creator.", nullable=True)
_LICENSE = Column("license", "VARCHAR", "Licence label.", nullable=True)
_PUBLISHED = Column("published_at", "TIMESTAMPTZ", "When the site published it.", nullable=True)
_FIRST_SEEN = Column("first_seen_at", "TIMESTAMPTZ", "When a crawl first saw it.")
_LAST_SEEN = Column("last_seen_at", "TIMESTAMPTZ", "When a crawl last saw it.")
_GONE = Column(
    "gone_at", "TIMESTAMPTZ", "When a crawl first missed it; null while it is there.", nullable=True
)
_URL = Column("url", "VARCHAR", "Page on the site.", nullable=True)
_EMBED = Column("embed_url", "VARCHAR", "Player on the site.", nullable=True)
_PICTURES = Column("thumbnails", _THUMBNAILS, "Pictures; width and height in pixels.")
_TAGS = Column("tags", "VARCHAR[]", "Free tags, as the site shows them.")
_CATEGORIES = Column("categories", "VARCHAR[]", "The site's own categories.")
_LIKED_AT = Column("liked_at", "TIMESTAMPTZ", "When it was liked, if known.", nullable=True)

_FACTORS = Column("factors", "FLOAT[]", "Of one length within a model.")
_BIAS = Column("bias", "FLOAT", "Added to the product of factors.")
_K = Column("k", "INTEGER", "Length of the lists that were judged.")
_LOW = Column(
    "low", "DOUBLE", "Lower end of the 95 % bootstrap interval over users.", nullable=True
)
_HIGH = Column("high", "DOUBLE", "Upper end of the interval.", nullable=True)


def _item_group(name: str, one: str, many: str) -> Table:
    return Table(
        name,
        f"One row a {one}: its items, most liked first.",
        (
            Column("slug", "VARCHAR", f"The {one} as it stands in urls."),
            Column("name", "VARCHAR", f"The {one} as most items write it."),
            Column("item_count", "INTEGER", f"Items of the {one}."),
            Column("like_count", "INTEGER", f"Likes of all its items: how {many} are ranked."),
            Column("item_idxs", "INTEGER[]", "Its items (items.item_idx), most liked first."),
        ),
        key=("slug",),
    )


_EVALUATION_COLUMNS: Final = (
    _MODEL,
    Column(
        "metric",
        "VARCHAR",
        "Recall, NDCG, MAP, Precision; of all lists coverage, popular_share, gini or novelty.",
    ),
    _K,
    Column("mean", "DOUBLE", "Mean over the judged users, or the value of a list-wide metric."),
    _LOW,
    _HIGH,
    Column("n_users", "INTEGER", "Users that were judged."),
    Column("n_users_skipped", "INTEGER", "Users with too few likes to be judged."),
    Column("split", "VARCHAR", "How the test likes were held out: temporal or random."),
    Column("seed", "BIGINT", "Seed of the split and of the bootstrap."),
    Column("evaluated_at", "TIMESTAMPTZ", "When the figure was computed."),
)

SNAPSHOT_TABLES: Final[tuple[Table, ...]] = (
    Table(
        "snapshot_info",
        "One row: what this snapshot is.",
        (
            Column("snapshot_id", "VARCHAR", "Name of the snapshot, also of its file."),
            Column("site", "VARCHAR", "Name of the site in paths and urls."),
            Column("schema_version", "INTEGER", "Version of these tables."),
            Column("created_at", "TIMESTAMPTZ", "When the snapshot was built."),
            Column("key_id", "VARCHAR", "Which secret made the pseudonyms; not the secret."),
            Column("run_ids", "VARCHAR[]", "Crawl runs whose likes are in it."),
            Column("likewise_version", "VARCHAR", "Version of the software that built it."),
            Column("n_users", "INTEGER", "People with at least one like."),
            Column("n_items", "INTEGER", "Items of the catalogue."),
            Column("n_likes", "BIGINT", "Distinct likes."),
            Column("data_sha256", "VARCHAR", "Hash of the interactions that models learned from."),
        ),
    ),
    Table(
        "site",
        "One row: the site, as its spider describes it.",
        (
            Column("site", "VARCHAR", "Name of the site in paths and urls."),
            Column("title", "VARCHAR", "Name for people."),
            Column("base_url", "VARCHAR", "Root that was crawled.", nullable=True),
            Column("hosts", "VARCHAR[]", "Hosts of item pages."),
            Column("page_url_forms", "VARCHAR[]", "Forms of item page urls."),
            Column("embed_template", "VARCHAR", "Player url with {item_id}.", nullable=True),
            Column("picture_hosts", "VARCHAR[]", "Hosts that serve pictures."),
            Column("notice", "VARCHAR", "What a reader must know of the data.", nullable=True),
        ),
        key=("site",),
    ),
    Table(
        "items",
        "One row an item of the catalogue.",
        (
            Column("item_idx", "INTEGER", "Position in this snapshot, from 0 without gaps."),
            _ITEM_ID,
            _TITLE,
            _CREATOR,
            _LICENSE,
            Column("like_count", "INTEGER", "Distinct likes that were crawled."),
            Column(
                "trend_score",
                "DOUBLE",
                "Likes, each worth half for every 30 days that it is older than the newest one.",
            ),
            _PUBLISHED,
            _FIRST_SEEN,
            _URL,
            _EMBED,
            _PICTURES,
            _TAGS,
            _CATEGORIES,
        ),
        key=("item_id",),
    ),
    _item_group("tags", "tag", "tags"),
    _item_group("categories", "category", "categories"),
    _item_group("creators", "creator", "creators"),
    Table(
        "user_items",
        "One row a person: what they like.",
        (_USER_ID, Column("item_idxs", "INTEGER[]", "Liked items (items.item_idx), ascending.")),
        key=("user_id",),
    ),
    Table(
        "user_lists",
        "One row a person and a model: what is recommended to them, nothing they like already.",
        (_USER_ID, _MODEL, _LISTED, _SCORES),
        key=("user_id", "model"),
    ),
    Table(
        "item_lists",
        "One row an item and a model: items like it, never itself.",
        (
            Column("item_idx", "INTEGER", "The item (items.item_idx)."),
            _MODEL,
            _LISTED,
            _SCORES,
        ),
        key=("item_idx", "model"),
    ),
    Table(
        "item_weights",
        "One row a model and an item that speaks for others: scores of visitors are sums of these.",
        (
            _MODEL,
            Column("item_idx", "INTEGER", "The liked item (items.item_idx)."),
            Column("item_idxs", "INTEGER[]", "Items that it speaks for or against."),
            Column("weights", "FLOAT[]", "What a like of it adds to the score of each of them."),
        ),
        key=("model", "item_idx"),
    ),
    Table(
        "item_factors",
        "One row a model and an item with factors: a visitor's are solved against these.",
        (
            _MODEL,
            Column("item_idx", "INTEGER", "The item (items.item_idx)."),
            Column("factors", "FLOAT[]", "Its factors; of one length within a model."),
        ),
        key=("model", "item_idx"),
    ),
    Table(
        "features",
        "One row a tag, category or creator that models know items by.",
        (
            Column("feature_idx", "INTEGER", "Position in this snapshot, from 0 without gaps."),
            Column("kind", "VARCHAR", "tag, category or creator."),
            Column("name", "VARCHAR", "Its name as models compare it: lower case, NFKC."),
            Column("slug", "VARCHAR", "As in tags, categories or creators; some names share one."),
        ),
        key=("feature_idx",),
    ),
    Table(
        "item_vectors",
        "One row a model and an item that it knows by features: the weight of each of them.",
        (
            _MODEL,
            Column("item_idx", "INTEGER", "The item (items.item_idx)."),
            Column("feature_idxs", "INTEGER[]", "Its features (features.feature_idx)."),
            Column("weights", "FLOAT[]", "Weight of each of them in the item."),
            Column(
                "like_weight",
                "FLOAT",
                "What a like of it counts in a profile; null where factors stand for people.",
                nullable=True,
            ),
        ),
        key=("model", "item_idx"),
    ),
    Table(
        "feature_factors",
        "One row a model and a feature: what it adds to the factors of its items, by its weight.",
        (
            _MODEL,
            Column("feature_idx", "INTEGER", "The feature (features.feature_idx)."),
            _FACTORS,
            _BIAS,
        ),
        key=("model", "feature_idx"),
    ),
    Table(
        "own_factors",
        "One row a model and an item: what was learned of it beside its features, to be added.",
        (_MODEL, Column("item_idx", "INTEGER", "The item (items.item_idx)."), _FACTORS, _BIAS),
        key=("model", "item_idx"),
    ),
    Table(
        "user_factors",
        "One row a model and a person: their score of an item is the product of both's factors.",
        (_MODEL, _USER_ID, _FACTORS, _BIAS),
        key=("model", "user_id"),
    ),
    Table(
        "visitor_parts",
        "One row a model and a part of its score of visitors: weights, vectors or factors.",
        (
            _MODEL,
            Column(
                "part",
                "VARCHAR",
                "Model whose item_weights, item_vectors or item_factors they are.",
            ),
            Column(
                "weight", "DOUBLE", "Of its z-scores in the sum; the only part scores by itself."
            ),
            Column(
                "side",
                "VARCHAR",
                "likes or features where both are summed, each as z-scores by its item_shares.",
                nullable=True,
            ),
            Column(
                "alpha0", "DOUBLE", "Of factors: weight of all items in the solve.", nullable=True
            ),
            Column("regularization", "DOUBLE", "Of factors: at a frequency of 1.", nullable=True),
            Column("nu", "DOUBLE", "Of factors: how it grows with frequency.", nullable=True),
        ),
        key=("model", "part"),
    ),
    Table(
        "item_shares",
        "One row a model with two sides and an item: what each side weighs in its score.",
        (
            _MODEL,
            Column("item_idx", "INTEGER", "The item (items.item_idx)."),
            Column("of_likes", "FLOAT", "Weight of what likes say."),
            Column("of_features", "FLOAT", "Weight of what tags, categories and creators say."),
        ),
        key=("model", "item_idx"),
    ),
    Table(
        "models",
        "One row a model.",
        (
            _MODEL,
            Column("position", "INTEGER", "Order in which models are shown, from 0."),
            Column("label", "VARCHAR", "Name that a person understands."),
            Column("sentence", "VARCHAR", "One sentence on how it works."),
            Column("parameters", "VARCHAR", "Parameters as JSON."),
            Column("seed", "BIGINT", "Seed of the fit."),
            Column("threads", "INTEGER", "Threads of the fit: more than one may not repeat bytes."),
            Column("fitted_at", "TIMESTAMPTZ", "When it was fitted."),
            Column("fit_s", "DOUBLE", "Seconds of the fit."),
            Column("data_sha256", "VARCHAR", "Hash of the interactions that it learned from."),
            Column("model_sha256", "VARCHAR", "Hash of its file."),
        ),
        key=("model",),
    ),
    Table(
        "evaluation",
        "One row a model, metric and k, on held-out likes.",
        _EVALUATION_COLUMNS,
        key=("model", "metric", "k"),
    ),
    Table(
        "evaluation_history",
        "The evaluation of this snapshot and of those before it.",
        (Column("snapshot_id", "VARCHAR", "Snapshot that was evaluated."), *_EVALUATION_COLUMNS),
        key=("snapshot_id", "model", "metric", "k"),
    ),
    Table(
        "evaluation_slices",
        "One row a model, slice, metric and k: held-out likes of some items or of some people.",
        (
            _MODEL,
            Column(
                "slice",
                "VARCHAR",
                "Items: cold (no known like), head (the most liked tenth), tail (other liked "
                "ones). People: light, heavy (the thirds with fewest and most known likes).",
            ),
            Column("metric", "VARCHAR", "NDCG or Recall, of lists over all items."),
            _K,
            Column("mean", "DOUBLE", "Mean over the users of the slice."),
            _LOW,
            _HIGH,
            Column("n_users", "INTEGER", "Users with a held-out like in the slice."),
        ),
        key=("model", "slice", "metric", "k"),
    ),
    Table(
        "evaluation_differences",
        "One row a model, a model it is held against, metric and k: over the same users.",
        (
            _MODEL,
            Column(
                "against",
                "VARCHAR",
                "Name of a baseline, or published: the model that was published before.",
            ),
            Column("metric", "VARCHAR", "NDCG or Recall."),
            _K,
            Column("mean", "DOUBLE", "Mean over users of the model's value less the other's."),
            Column("low", "DOUBLE", "Lower end of the paired 95 % interval.", nullable=True),
            Column("high", "DOUBLE", "Upper end; both above 0 say better.", nullable=True),
            Column("n_users", "INTEGER", "Users that were judged."),
        ),
        key=("model", "against", "metric", "k"),
    ),
    Table(
        "model_overlap",
        "One row an ordered pair of models and k: how alike their lists are.",
        (
            _MODEL,
            Column("other", "VARCHAR", "Name of the other model."),
            Column("k", "INTEGER", "Length of the lists that were compared."),
            Column("share", "DOUBLE", "Mean over users of the share of items in both lists."),
        ),
        key=("model", "other", "k"),
    ),
    Table(
        "charts",
        "One row a chart, drawn when the snapshot was built.",
        (
            Column("chart", "VARCHAR", "Name of the chart in urls."),
            Column("title", "VARCHAR", "Title for people."),
            Column("alternative", "VARCHAR", "What the chart shows, in words."),
            Column("svg", "VARCHAR", "The chart as SVG text."),
        ),
        key=("chart",),
    ),
)

SNAPSHOT_VIEWS: Final[tuple[View, ...]] = (
    View(
        "recommendations",
        "user_lists, one row a recommended item, with ids and titles.",
        (_USER_ID, _MODEL, _RANK, _ITEM_ID, _TITLE, _SCORE),
        """
        SELECT l.user_id, l.model, l.rank, i.item_id, i.title, l.score
        FROM (SELECT user_id, model, generate_subscripts(item_idxs, 1) AS rank,
                     unnest(item_idxs) AS item_idx, unnest(scores) AS score
              FROM user_lists) AS l
        JOIN items AS i USING (item_idx)
        """,
    ),
    View(
        "similar_items",
        "item_lists, one row a similar item, with ids and titles.",
        (
            _ITEM_ID,
            _TITLE,
            _MODEL,
            _RANK,
            Column("similar_item_id", "VARCHAR", "The site's opaque id of the similar item."),
            Column("similar_title", "VARCHAR", "Its title for people.", nullable=True),
            _SCORE,
        ),
        """
        SELECT s.item_id, s.title, l.model, l.rank, i.item_id AS similar_item_id,
               i.title AS similar_title, l.score
        FROM (SELECT item_idx AS subject_idx, model, generate_subscripts(item_idxs, 1) AS rank,
                     unnest(item_idxs) AS item_idx, unnest(scores) AS score
              FROM item_lists) AS l
        JOIN items AS i USING (item_idx)
        JOIN items AS s ON s.item_idx = l.subject_idx
        """,
    ),
)

CURATED_TABLES: Final[tuple[Table, ...]] = (
    Table(
        "likes",
        "One row a person and an item they like, over all runs.",
        (
            _USER_ID,
            _ITEM_ID,
            _LIKED_AT,
            _FIRST_SEEN,
            _LAST_SEEN,
            _GONE,
            Column("key_id", "VARCHAR", "Which secret made the pseudonym."),
        ),
        key=("user_id", "item_id"),
    ),
    Table(
        "items",
        "One row an item that a crawl has seen.",
        (
            _ITEM_ID,
            _TITLE,
            _CREATOR,
            _LICENSE,
            Column("announced_like_count", "BIGINT", "Likes as the site counts.", nullable=True),
            _PUBLISHED,
            _FIRST_SEEN,
            _LAST_SEEN,
            _GONE,
            _URL,
            _EMBED,
            _PICTURES,
            _TAGS,
            _CATEGORIES,
        ),
        key=("item_id",),
    ),
    Table(
        "readings",
        "One row a list that a crawl read whole: what was not seen since it began is gone.",
        (
            Column("kind", "VARCHAR", "item_likes, user_likes, item_features or catalogue."),
            Column("key", "VARCHAR", "The item or the person whose list it is; else empty."),
            Column("crawl_id", "VARCHAR", "The crawl that read it."),
            Column("began_at", "TIMESTAMPTZ", "When that crawl began."),
            Column("ended_at", "TIMESTAMPTZ", "When it was read to its end."),
            Column("why", "VARCHAR", "gone where the site says it is not there.", nullable=True),
        ),
        key=("kind", "key", "crawl_id", "ended_at"),
    ),
    Table(
        "item_features",
        "One row an item and a feature; the weights of an item have length 1.",
        (
            _ITEM_ID,
            Column("feature", "VARCHAR", "tag:, category: or creator:, then its name."),
            Column("weight", "FLOAT", "Share of the feature in its item's unit vector."),
        ),
        key=("item_id", "feature"),
    ),
    Table(
        "interactions",
        "One row a person and an item, after the k-core: what models learn from.",
        (
            _USER_ID,
            _ITEM_ID,
            Column("weight", "FLOAT", "1 for a like, less for a visitor's."),
            _LIKED_AT,
        ),
        key=("user_id", "item_id"),
    ),
    Table(
        "split",
        "One row an interaction and the part of the split it belongs to.",
        (_USER_ID, _ITEM_ID, Column("part", "VARCHAR", "train, validation or test.")),
        key=("user_id", "item_id"),
    ),
    Table(
        "visitor_likes",
        "One row a visitor of the operator's pages and an item they liked there, by feedback.",
        (
            Column(
                "user_id", "VARCHAR", "Pseudonym of a visitor: 32 hex digits of their token's hash."
            ),
            _ITEM_ID,
            Column("liked_at", "TIMESTAMPTZ", "When they last said so."),
        ),
        key=("user_id", "item_id"),
    ),
)

FEEDBACK_TABLES: Final[tuple[Table, ...]] = (
    Table(
        "feedback",
        "One row a request with feedback and an item in it.",
        (
            Column("request_key", "TEXT", "BLAKE2b of the request's idempotency key, in hex."),
            Column("item_id", "TEXT", "The site's opaque id of the item."),
            Column("kind", "TEXT", "like, dismiss, impression, click or vote."),
            Column("vote", "INTEGER", "1 or -1 of a vote.", nullable=True),
            Column("visitor", "TEXT", "Random token that a visitor's browser made.", nullable=True),
            Column("snapshot_id", "TEXT", "Snapshot that was served then."),
            Column("received_at", "INTEGER", "When it came in, in seconds of Unix time."),
            Column("model", "TEXT", "Model whose list it is about, if it was told.", nullable=True),
        ),
        key=("request_key", "item_id"),
    ),
)
"""Tables of ``feedback/<site>.sqlite``; their types are SQLite's."""


def sqlite_ddl(table: Table) -> str:
    """Statement that creates a table of `FEEDBACK_TABLES` where it is not there yet."""
    columns = ", ".join(
        f'"{column.name}" {column.type}{"" if column.nullable else " NOT NULL"}'
        for column in table.columns
    )
    key = ", ".join(table.key)
    return (
        f"CREATE TABLE IF NOT EXISTS {table.name} ({columns}, PRIMARY KEY ({key})) "
        "STRICT, WITHOUT ROWID"
    )


def ddl() -> Iterator[str]:
    """Statements that create and comment every table and view of a snapshot, in order."""
    for table in SNAPSHOT_TABLES:
        yield from _table_ddl(table)
    for view in SNAPSHOT_VIEWS:
        yield f"CREATE VIEW {view.name} AS {view.sql}"
        yield f"COMMENT ON VIEW {view.name} IS {quoted(view.comment)}"
        yield from _column_comments(view)


def _table_ddl(table: Table) -> Iterator[str]:
    columns = ", ".join(
        f'"{column.name}" {column.type}{"" if column.nullable else " NOT NULL"}'
        for column in table.columns
    )
    yield f"CREATE TABLE {table.name} ({columns})"
    yield f"COMMENT ON TABLE {table.name} IS {quoted(table.comment)}"
    yield from _column_comments(table)


def _column_comments(source: Table | View) -> Iterator[str]:
    for column in source.columns:
        yield f'COMMENT ON COLUMN {source.name}."{column.name}" IS {quoted(column.comment)}'


def quoted(text: str) -> str:
    """The text as a SQL literal."""
    return "'" + text.replace("'", "''") + "'"
