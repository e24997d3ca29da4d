from serving.pages.reasons import reason_of


def part(value, *, item=None, tag=None):
    return {
        "kind": "item" if item else "tag" if tag else "rest",
        "item_id": item,
        "title": item and f"Title of {item}",
        "tag": tag,
        "part": value,
        "n": 1,
    }


def test_the_strongest_come_first_and_faint_ones_go_unsaid():
    because = [part(0.1, item="c"), part(1.0, item="a"), part(0.5, tag="cat"), part(0.6, item="b")]
    reason = reason_of(because, is_filled=False)
    assert reason.items == ["Title of a", "Title of b"]
    assert reason.groups == ["cat"]
    assert reason.items_first


def test_tags_may_be_the_stronger_reason():
    reason = reason_of([part(1.0, tag="cat"), part(0.9, item="a")], is_filled=False)
    assert not reason.items_first
    assert reason.is_told


def test_what_speaks_against_an_item_is_no_reason_for_it():
    reason = reason_of([part(-2.0, item="a"), part(1.0)], is_filled=False)
    assert not reason.items
    assert not reason.is_told


def test_an_algorithm_that_cannot_tell_is_not_made_to():
    assert not reason_of(None, is_filled=False).is_told
    assert reason_of(None, is_filled=True).is_filled
