from pipeline.dataset import columns
from pipeline.tables import CURATED_TABLES, SNAPSHOT_TABLES
from scrapers.records import RAW_SCHEMAS


def test_every_name_is_a_column_of_a_door():
    declared = {name for schema in RAW_SCHEMAS.values() for name in schema.names}
    declared |= {name for t in (*CURATED_TABLES, *SNAPSHOT_TABLES) for name in t.column_names}
    names = {value for name, value in vars(columns).items() if name.isupper() and name != "PAIR"}
    assert len(names) > 10
    assert names <= declared


def test_pair_is_the_key_of_likes():
    assert next(t for t in CURATED_TABLES if t.name == "likes").key == columns.PAIR
