from datetime import UTC, datetime

import polars as pl

from pipeline.__main__ import main
from pipeline.dataset.curated import Curated, empty_curated, write_curated

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def test_export_writes_both_files_and_says_how_much(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("LIKEWISE_DATA", str(tmp_path))
    person = "0" * 32
    likes = empty_curated(Curated.LIKES)
    rows = [(person, "x", None, NOW, NOW, None, "k"), (person, "y", None, NOW, NOW, NOW, "k")]
    there_and_gone = pl.DataFrame(rows, schema=likes.schema, orient="row")
    write_curated(tmp_path, "shop", Curated.LIKES, there_and_gone)
    write_curated(tmp_path, "shop", Curated.ITEMS, empty_curated(Curated.ITEMS))
    out = tmp_path / "out"
    assert main(["export", "--site", "shop", "--out", str(out)]) == 0
    assert capsys.readouterr().out == (
        f"{out / 'likes.parquet'}: 1 likes\n{out / 'items.parquet'}: 0 items\n"
    )
    assert pl.read_parquet(out / "likes.parquet").rows() == [(person, "x", None, 1.0)]
    assert main(["export", "--site", "shop", "--out", str(out)]) == 2
