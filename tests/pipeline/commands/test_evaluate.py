from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from pipeline.__main__ import main
from pipeline.evaluation.rows import empty_rows
from pipeline.recommenders.ease import Ease
from pipeline.recommenders.ials import Ials
from pipeline.tuning.choosing import choose

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def files(tmp_path):
    """Likes of two tastes with times, tags that tell the taste, and quick settings."""
    random = np.random.default_rng(0)
    likes = [
        (f"{group}{user:02}", f"{group}-{item}", START + timedelta(hours=int(random.integers(999))))
        for group in "ab"
        for user in range(20)
        for item in random.choice(30, 12, replace=False)
    ]
    names = ["user_handle", "item_id", "liked_at"]
    pl.DataFrame(likes, schema=names, orient="row").write_parquet(tmp_path / "likes.parquet")
    pl.DataFrame(likes, schema=names, orient="row").drop("liked_at").write_csv(
        tmp_path / "untimed.csv"
    )
    items = [(f"{g}-{item}", [g]) for g in "ab" for item in range(31)]
    pl.DataFrame(items, schema=["item_id", "tags"], orient="row").write_parquet(
        tmp_path / "items.parquet"
    )
    (tmp_path / "params.toml").write_text("[popular]\n[tag_profile]\n")
    return tmp_path


def call(folder, *extra, likes="likes.parquet", model="popular,tag_profile") -> int:
    paths = ("--likes", folder / likes, "--items", folder / "items.parquet")
    options = ("--params", folder / "params.toml", "--threads", 1, "--model", model)
    return main(["evaluate", *map(str, (*paths, *options, *extra))])


def test_the_report_is_printed_and_the_rows_are_written(files, capsys):
    assert call(files, "--out", files / "rows.parquet") == 0
    said = capsys.readouterr().out
    assert said.startswith("temporal split, seed 0: ")
    assert "### Paired differences" in said
    header = next(line for line in said.splitlines() if "| NDCG@10" in line)
    assert "| Precision@5 " in header
    rows = pl.read_parquet(files / "rows.parquet")
    assert rows.schema == empty_rows("evaluation").schema
    assert rows["model"].unique(maintain_order=True).to_list() == ["popular", "tag_profile"]
    assert f"rows.parquet: {len(rows)} rows" in said


def test_the_split_can_be_chosen_and_the_seed_decides_it(files, capsys):
    means = []
    for out, *options in (
        ("a.csv", "--split", "random", "--seed", 3),
        ("b.csv", "--split", "random", "--seed", 3),
        ("c.csv", "--split", "random", "--seed", 4),
        ("d.csv", "--split", "temporal"),
    ):
        assert call(files, *options, "--out", files / out) == 0
        frame = pl.read_csv(files / out)
        means.append(frame.filter(model="tag_profile", metric="NDCG", k=10)["mean"].item())
        assert frame["split"].unique().to_list() == [options[1]]
    assert means[0] == means[1]
    assert len(set(means)) == 3
    assert "random split, seed 3: 40 users judged" in capsys.readouterr().out


def test_likes_without_times_are_split_at_random(files, capsys):
    assert call(files, likes="untimed.csv") == 0
    assert capsys.readouterr().out.startswith("random split")
    assert call(files, "--split", "temporal", likes="untimed.csv") == 2
    assert "--split temporal: the likes allow no temporal split" in capsys.readouterr().err


def test_the_protocol_of_old_posts_is_labelled_and_never_the_default(files, capsys):
    assert call(files, "--protocol", "rec-a-sketch", "--out", files / "old.csv") == 0
    said = capsys.readouterr().out
    assert said.startswith("rec-a-sketch split, seed 0: 8 users judged")  # a fifth of 40
    assert "known likes are LEFT IN the lists" in said
    rows = pl.read_csv(files / "old.csv")
    assert rows["split"].unique().to_list() == ["rec-a-sketch"]
    assert rows.filter(metric="Precision", k=5).height == 2
    assert call(files) == 0
    assert "known likes left out" in capsys.readouterr().out


def test_models_without_a_table_have_their_parameters_chosen(files, capsys):
    assert call(files, "--budget-s", 1, "--split", "random", model="popular,item_graph") == 0
    assert "`item_graph`" in capsys.readouterr().out


def test_every_fault_is_named_at_once_and_nothing_is_written(files, capsys):
    wrong = ("--seed", -1, "--threads", 0, "--budget-s", 0, "--out", files / "rows.txt")
    protocol = ("--protocol", "rec-a-sketch", "--split", "temporal")
    (files / "params.toml").write_text("[popular]\nfactors = 3\n")
    assert call(files, *wrong, *protocol, likes="gone.csv", model="popular,magic,popular") == 2
    said = capsys.readouterr().err
    for fault in (
        "'magic' is no model",
        "'popular' stands 2 times",
        "--seed is -1",
        "--threads is 0",
        "--budget-s is 0.0",
        "rows.txt: must end in .parquet or .csv",
        "has a split of its own",
        "popular has no parameter 'factors'",
        "gone.csv",
    ):
        assert fault in said
    assert not (files / "rows.txt").exists()


def test_the_rows_do_not_replace_what_was_read(files, capsys):
    before = (files / "likes.parquet").read_bytes()
    assert call(files, "--out", files / "likes.parquet") == 2
    assert "is the file of --likes too" in capsys.readouterr().err
    assert (files / "likes.parquet").read_bytes() == before


def test_parts_of_a_blend_keep_the_parameters_of_the_file(files, monkeypatch):
    given = {}

    def noting(names, *likes, fixed, **more):
        given.update(fixed)
        return choose(names, *likes, fixed=fixed, **more)

    monkeypatch.setattr("pipeline.evaluation.protocol.choose", noting)
    (files / "params.toml").write_text("[ials]\nfactors = 3\niterations = 2\n[ease]\n")
    assert call(files, "--budget-s", 2, model="blend") == 0
    assert given == {"ials": Ials(factors=3, iterations=2), "ease": Ease()}
