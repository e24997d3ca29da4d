"""The deny list: one path a line, under a group with its reason."""

import pytest

from scrapers.replica.drawings.deny_list import read_deny_list
from scrapers.replica.drawings.errors import DrawingsError

DUE = {"hate", "weapon", "nudity", "drugs", "trademark", "propaganda", "gore", "flag", "sign"}


def test_the_shipped_list_is_sound_and_has_every_group():
    denied = read_deny_list()
    assert set(denied.values()) >= DUE
    assert denied["decorations/celtic_triskell_01.svg"] == "sign"


def test_every_fault_is_named(tmp_path):
    file = tmp_path / "denied.txt"
    file.write_text("a/early.svg\n# a remark\n\n[flag] flags\na/b.svg\na/b.svg\na/picture.png\n")
    with pytest.raises(DrawingsError) as caught:
        read_deny_list(file)
    assert [fault.split(":")[0] for fault in caught.value.faults] == [
        "line 1, 'a/early.svg'",
        "line 6, 'a/b.svg'",
        "line 7, 'a/picture.png'",
    ]
    file.write_text("# a remark\n\n[flag] flags\na/b.svg\n[look-alike] twins\na/c.svg\n")
    assert read_deny_list(file) == {"a/b.svg": "flag", "a/c.svg": "look-alike"}
