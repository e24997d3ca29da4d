import polars as pl
import pytest

from pipeline.dataset.world import read_world
from pipeline.errors import InputError

LIKES = "user_handle,item_id\nann,x\nbob,x\nann,y\n"


@pytest.fixture
def file(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.write_text(content)
        return path

    return write


def test_likes_alone_are_a_world(file):
    world = read_world(file("likes.csv", LIKES))
    assert world.likes.rows() == [
        ("ann", "x", None, 1.0),
        ("bob", "x", None, 1.0),
        ("ann", "y", None, 1.0),
    ]
    assert world.likes.columns == ["user_id", "item_id", "liked_at", "weight"]
    assert (world.items, world.validation, world.candidates, world.notes) == (None, None, None, ())


def test_items_have_every_column_of_the_world_form(file):
    items = file("items.csv", "item_id,tags,price\nx,a|b,3\nonly-here,,4\n")
    world = read_world(file("likes.csv", LIKES), items=items)
    assert world.items is not None
    assert world.items["tags"].to_list() == [["a", "b"], []]
    assert world.items.select("creator", "published_at", "categories").row(0) == (None, None, [])
    assert world.notes == (f"{items}: ignored column 'price'",)


def test_weights_count_only_when_asked_for(file):
    likes = file("likes.csv", "user_handle,item_id,weight\nann,x,-5\n")
    world = read_world(likes)
    assert world.likes["weight"].to_list() == [1.0]
    assert world.notes == (f"{likes}: ignored column 'weight'",)
    with pytest.raises(InputError, match="'weight' is negative"):
        read_world(likes, weights=True)
    good = file("good.csv", "user_handle,item_id,weight\nann,x,5\n")
    assert read_world(good, weights=True).likes["weight"].to_list() == [5.0]
    with pytest.raises(InputError, match="misses column 'weight'"):
        read_world(file("without.csv", LIKES), weights=True)


def test_validation_pairs_may_stand_in_likes_too(file):
    world = read_world(
        file("likes.csv", LIKES), validation=file("v.csv", "item_id,user_handle\nx,ann\nz,cid\n")
    )
    assert world.validation is not None
    assert world.validation.select("user_id", "item_id").rows() == [("ann", "x"), ("cid", "z")]


def test_unknown_candidates_are_counted_in_a_note(file):
    likes, stock = file("likes.csv", LIKES), file("stock.csv", "item_id\ny\nnew\ncold\n")
    world = read_world(likes, candidates=stock)
    assert world.candidates is not None
    assert world.candidates.to_list() == ["y", "new", "cold"]
    assert world.notes == ("2 of 3 candidates stand in neither likes nor items",)
    items = file("items.csv", "item_id\nnew\ncold\n")
    assert read_world(likes, items=items, candidates=stock).notes == ()


def test_every_fault_of_every_file_is_named_at_once(file, tmp_path):
    pl.DataFrame({"user_handle": ["ann"], "item_id": [1]}).write_parquet(tmp_path / "v.parquet")
    with pytest.raises(InputError) as caught:
        read_world(
            file("likes.csv", "user_handle,item_id,liked_at\nann,x,soon\nann,x,\n,y,\n"),
            items=file("items.csv", "id,title\n1,Lamp\n"),
            validation=tmp_path / "v.parquet",
            candidates=tmp_path / "none.csv",
            weights=True,
        )
    message = str(caught.value)
    assert len(caught.value.faults) == 7
    assert message.startswith("7 faults:")
    for part in (
        "likes.csv: misses column 'weight'",
        "likes.csv: column 'user_handle' is empty in row 3",
        "likes.csv: column 'liked_at' is not a timestamp in row 1",
        "likes.csv: user_handle and item_id stand a second time in row 2",
        "items.csv: misses column 'item_id'",
        "v.parquet: column 'item_id' is Int64",
        "none.csv: does not exist",
    ):
        assert part in message


def test_faults_name_rows_never_people(file):
    likes = file("likes.csv", "user_handle,item_id\nplanted,x\nplanted,x\n")
    with pytest.raises(InputError) as caught:
        read_world(likes)
    assert "planted" not in str(caught.value)
