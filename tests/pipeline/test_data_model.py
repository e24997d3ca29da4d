from pathlib import Path

from pipeline import data_model
from pipeline.data_model import PAGE, data_model_page
from pipeline.tables import CURATED_TABLES, SNAPSHOT_TABLES
from scrapers.records import RAW_SCHEMAS

ROOT = Path(__file__).parents[2]


def test_the_page_is_that_of_the_doors():
    assert (ROOT / PAGE).read_text("utf-8") == data_model_page(), (
        "the doors have changed: run python -m pipeline.data_model"
    )


def test_the_page_names_every_column():
    page = data_model_page()
    for table in (*SNAPSHOT_TABLES, *CURATED_TABLES):
        assert f"### `{table.name}`" in page
        for column in table.columns:
            assert f"| `{column.name}` | `{column.type}` |" in page
    for schema in RAW_SCHEMAS.values():
        for name in schema.names:
            assert f"| `{name}` |" in page


def test_a_changed_door_changes_the_page(monkeypatch):
    before = data_model_page()
    monkeypatch.setattr(data_model, "SNAPSHOT_TABLES", SNAPSHOT_TABLES[1:])
    assert data_model_page() != before


def test_it_is_written_where_it_belongs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data_model.main()
    assert (tmp_path / PAGE).read_text("utf-8") == data_model_page()
