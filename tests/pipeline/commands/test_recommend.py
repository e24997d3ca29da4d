from __future__ import annotations

import hashlib
import os

import numpy as np
import polars as pl
import pytest

from pipeline.__main__ import main


@pytest.fixture
def files(tmp_path):
    """A folder with likes, items and parameters that are small enough for a quick fit."""
    random = np.random.default_rng(0)
    likes = [
        (f"{group}{user:02}", f"{group}-{item}", float(item + 1))
        for group in "ab"
        for user in range(15)
        for item in random.choice(10, 5, replace=False)
    ]
    frame = pl.DataFrame(likes, schema=["user_handle", "item_id", "weight"], orient="row")
    frame.write_parquet(tmp_path / "likes.parquet")
    frame.write_csv(tmp_path / "likes.csv")
    frame.head(9).write_parquet(tmp_path / "validation.parquet")
    items = [(f"{g}-{item}", f"Title {item}", [g, "all"]) for g in "ab" for item in range(12)]
    catalogue = pl.DataFrame(items, schema=["item_id", "title", "tags"], orient="row")
    catalogue.write_parquet(tmp_path / "items.parquet")
    (tmp_path / "candidates.csv").write_text("item_id\na-1\nb-11\nsold out\n")
    (tmp_path / "params.toml").write_text(
        "[lightfm_cf]\nfactors = 4\nepochs = 2\n[lightfm_hybrid]\nfactors = 4\nepochs = 2\n"
    )
    return tmp_path


def call(folder, *extra, likes="likes.parquet", model="popular", out="recs.parquet") -> int:
    paths = ("--likes", str(folder / likes), "--out", str(folder / out))
    return main(["recommend", *paths, "--model", model, *map(str, extra)])


def faults_of(capsys) -> str:
    return capsys.readouterr().err


ALL = "popular,lightfm_cf,lightfm_hybrid,tag_profile"


def test_lists_of_all_models_are_written_and_said(files, capsys):
    similar = files / "similar.csv"
    options = ("--items", files / "items.parquet", "--similar", similar, "--k", "7")
    assert call(files, *options, "--params", files / "params.toml", model=ALL) == 0
    frame = pl.read_parquet(files / "recs.parquet")
    assert frame.columns == ["user_handle", "rank", "item_id", "score", "model"]
    assert frame["model"].unique(maintain_order=True).to_list() == ALL.split(",")
    assert frame["rank"].max() == 7
    assert pl.read_csv(similar).columns == ["item_id", "rank", "similar_item_id", "score", "model"]
    said = capsys.readouterr()
    assert f"recs.parquet: {len(frame)} rows" in said.out
    assert 'lightfm_cf: {"factors": 4, "epochs": 2' in said.out
    assert "ignored column 'weight'" in said.err


def test_csv_in_and_out(files):
    assert call(files, likes="likes.csv", out="recs.csv") == 0
    assert call(files) == 0
    frame, text = pl.read_parquet(files / "recs.parquet"), pl.read_csv(files / "recs.csv")
    assert text.cast(dict(frame.schema)).equals(frame)


def test_one_thread_and_fixed_parameters_give_the_same_bytes(files):
    digests = []
    for run in ("first", "second"):
        assert (
            call(
                files,
                *("--items", files / "items.parquet", "--similar", files / f"{run}-s.parquet"),
                *("--params", files / "params.toml", "--threads", 1, "--seed", 3),
                model=ALL,
                out=f"{run}.parquet",
            )
            == 0
        )
        names = (f"{run}.parquet", f"{run}-s.parquet")
        digests.append([hashlib.sha256((files / name).read_bytes()).hexdigest() for name in names])
    assert digests[0] == digests[1]
    assert call(files, "--params", files / "params.toml", "--seed", 4, model=ALL) == 0
    other = hashlib.sha256((files / "recs.parquet").read_bytes()).hexdigest()
    assert other != digests[0][0]


def test_a_budget_of_trials_alone_gives_the_same_bytes_too(files):
    for out in ("first.csv", "second.csv"):
        options = ("--threads", 1, "--budget-trials", 4)
        assert call(files, *options, model="lightfm_cf", out=out) == 0
    assert (files / "first.csv").read_bytes() == (files / "second.csv").read_bytes()


def test_the_best_by_a_budget_of_trials_gives_the_same_bytes(files, capsys):
    for out in ("first.parquet", "second.parquet"):
        options = ("--items", files / "items.parquet", "--threads", 1, "--budget-trials", 2)
        assert call(files, *options, model="best", out=out) == 0
    assert (files / "first.parquet").read_bytes() == (files / "second.parquet").read_bytes()
    assert 'best: {"winner": "' in capsys.readouterr().out
    assert call(files, *options, "--seed", 5, model="best", out="other.parquet") == 0
    assert (files / "first.parquet").read_bytes() != (files / "other.parquet").read_bytes()


def test_validation_candidates_and_weights(files, capsys):
    options = ("--validation", files / "validation.parquet", "--budget-trials", 2, "--weights")
    restricted = ("--candidates", files / "candidates.csv", "--items", files / "items.parquet")
    assert call(files, *options, *restricted, model="lightfm_cf,tag_profile") == 0
    frame = pl.read_parquet(files / "recs.parquet")
    assert set(frame["item_id"]) == {"a-1", "b-11"}
    assert set(frame.filter(model="lightfm_cf")["item_id"]) == {"a-1"}
    said = faults_of(capsys)
    assert "1 of 3 candidates" in said
    assert "after 2 trials" in said
    assert "ignored column 'weight'" not in said.split("validation.parquet")[0]


def test_no_rows_still_make_a_file(files, capsys):
    assert call(files, model="tag_profile") == 0
    frame = pl.read_parquet(files / "recs.parquet")
    assert frame.is_empty()
    assert frame.columns == ["user_handle", "rank", "item_id", "score", "model"]
    assert "tag_profile: no rows" in faults_of(capsys)


def test_every_fault_is_named_in_one_message_and_nothing_is_written(files, capsys):
    (files / "items.parquet").unlink()
    (files / "bad.toml").write_text("[lightfm_cf]\nepoch = 1\n")
    before = sorted(files.iterdir())
    options = ("--items", files / "items.parquet", "--k", 0, "--threads", 0, "--seed", -1)
    more = ("--budget-s", 0, "--budget-trials", 0, "--params", files / "bad.toml")
    bad_out = ("--similar", files / "likes.csv")
    code = call(files, *options, *more, *bad_out, model="nope,popular,popular", out="recs.txt")
    assert code == 2
    said = faults_of(capsys)
    for part in (
        "'nope' is no model; models are popular, item_graph",
        "'popular' stands 2 times",
        "--k is 0",
        "--threads is 0",
        "--seed is -1",
        "--budget-s is 0",
        "--budget-trials is 0",
        "no parameter 'epoch'",
        "recs.txt: must end in .parquet or .csv",
        "items.parquet: does not exist",
    ):
        assert part in said, part
    assert said.count("error:") == 1
    assert sorted(files.iterdir()) == before


def test_faults_of_the_data_are_named_in_one_message(files, capsys):
    (files / "likes.csv").write_text("user_handle,item_id\nu,x\nu,x\n,y\n")
    (files / "candidates.csv").write_text("id\nx\n")
    assert call(files, "--candidates", files / "candidates.csv", likes="likes.csv") == 2
    said = faults_of(capsys)
    assert "stand a second time in row 2" in said
    assert "'user_handle' is empty in row 3" in said
    assert "misses column 'item_id'" in said
    assert not (files / "recs.parquet").exists()


@pytest.mark.parametrize("k", [1001, -5])
def test_k_out_of_range_is_refused(files, capsys, k):
    assert call(files, "--k", k) == 2
    assert "at least 1 and at most 1000" in faults_of(capsys)


def test_an_option_that_is_no_number_exits_with_2(files):
    with pytest.raises(SystemExit) as caught:
        call(files, "--k", "many")
    assert caught.value.code == 2


def test_an_output_over_an_input_is_refused_by_any_name(files, capsys):
    content = (files / "likes.parquet").read_bytes()
    (files / "link.parquet").symlink_to(files / "likes.parquet")
    os.link(files / "likes.parquet", files / "hard.parquet")
    for out in ("likes.parquet", "link.parquet", "hard.parquet"):
        assert call(files, out=out) == 2
        assert "is the file of --likes too" in faults_of(capsys)
    assert (files / "likes.parquet").read_bytes() == content
    assert call(files, "--similar", files / "sub/../recs.parquet") == 2
    assert "is the file of --out too" in faults_of(capsys)


def test_a_folder_or_an_unwritable_place_is_a_fault(files, capsys):
    (files / "folder.csv").mkdir()
    assert call(files, out="folder.csv") == 2
    assert "is a folder" in faults_of(capsys)
    (files / "file").write_text("")
    assert call(files, "--k", "0", out="file/recs.csv") == 2
    said = faults_of(capsys)  # before any fit, beside the other faults
    assert "cannot be written" in said
    assert "--k is 0" in said


def test_a_failure_of_one_output_leaves_neither(files, capsys):
    (files / "file").write_text("")
    options = ("--similar", files / "file/similar.csv", "--items", files / "items.parquet")
    assert call(files, *options, model="tag_profile") == 2
    assert not (files / "recs.parquet").exists()


def test_missing_folders_of_outputs_are_made(files):
    assert call(files, out="new/deep/recs.csv") == 0
    assert (files / "new/deep/recs.csv").exists()


def test_a_table_that_is_not_used_is_named(files, capsys):
    assert call(files, "--params", files / "params.toml") == 0
    assert "the table of lightfm_cf is not used" in faults_of(capsys)


def test_the_budget_of_seconds_is_kept(files, capsys):
    assert call(files, "--budget-s", 0.00001, model="lightfm_cf") == 0
    said = capsys.readouterr()
    assert "lightfm_cf: the budget pays for no trial" in said.err
    assert "the defaults, cut to what it pays for" in said.err
    assert '"epochs": 1,' in said.out
