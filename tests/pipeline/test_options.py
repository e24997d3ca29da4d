from __future__ import annotations

from pathlib import Path

from pipeline.options import listed, model_faults, output_faults, range_faults, seconds_faults


def test_names_are_separated_by_commas():
    assert listed("popular, tag_profile") == ["popular", "tag_profile"]


def test_models_are_known_and_stand_once():
    assert list(model_faults(["popular", "tag_profile"])) == []
    twice, unknown = model_faults(["popular", "magic", "popular"])
    assert "'popular' stands 2 times" in twice
    assert "'magic' is no model; models are popular, " in unknown


def test_numbers_out_of_range_are_told_with_their_limits():
    assert list(range_faults([("--k", 1, 1, 9), ("--k", None, 1, 9), ("--n", 99, 1, None)])) == []
    low, high = range_faults([("--k", 0, 1, 9), ("--k", 10, 1, 9)])
    assert low == "--k is 0; it must be at least 1 and at most 9"
    assert high == "--k is 10; it must be at least 1 and at most 9"


def test_seconds_are_above_zero_and_finite():
    assert list(seconds_faults("--budget-s", None)) == list(seconds_faults("--budget-s", 0.1)) == []
    for value in (0, -1, float("inf"), float("nan")):
        assert len(list(seconds_faults("--budget-s", value))) == 1


def test_outputs_are_files_that_can_be_written_and_replace_no_input(tmp_path):
    likes = tmp_path / "likes.parquet"
    likes.touch()
    assert list(output_faults({"out": tmp_path / "new" / "recs.csv"}, {"likes": likes})) == []
    found = "\n".join(
        output_faults({"out": likes, "similar": tmp_path, "a": likes / "b.csv"}, {"likes": likes})
    )
    assert "is the file of --likes too" in found
    assert f"--similar {tmp_path}: is a folder" in found
    assert "is a file; name another folder" in found
    assert list(output_faults({"out": Path("recs.txt")}, {})) == [
        "--out recs.txt: must end in .parquet or .csv"
    ]
