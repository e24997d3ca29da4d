import polars as pl
import pytest

from pipeline.dataset.curated import Curated, write_curated
from pipeline.dataset.split_file import read_split, write_split
from pipeline.dataset.splits import Split, SplitKind
from pipeline.errors import CuratedZoneError

PARTS = pl.DataFrame({"user_id": ["a", "a"], "item_id": ["x", "y"], "part": ["train", "test"]})


@pytest.mark.parametrize("kind", list(SplitKind))
def test_split_survives_the_disk(tmp_path, kind):
    write_split(tmp_path, "shop", Split(PARTS, kind, 7))
    found = read_split(tmp_path, "shop")
    assert (found.kind, found.seed, found.n_users_judged) == (kind, 7, 1)
    assert found.parts.equals(PARTS)


def test_split_that_does_not_say_how_it_was_made_is_refused(tmp_path):
    write_curated(tmp_path, "shop", Curated.SPLIT, PARTS)
    with pytest.raises(CuratedZoneError, match="split the interactions again"):
        read_split(tmp_path, "shop")


def test_missing_split_is_refused(tmp_path):
    with pytest.raises(CuratedZoneError, match="does not exist"):
        read_split(tmp_path, "shop")
