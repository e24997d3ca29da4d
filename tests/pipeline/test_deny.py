import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.deny import DenyList, DenyListError, deny_list_path, read_deny_list
from pipeline.errors import InputError
from pipeline.slugs import slug

NAMES = st.frozensets(st.text(min_size=1, max_size=8), max_size=4)


def write(data, text):
    path = deny_list_path(data, "art")
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)


def test_without_a_file_nothing_is_denied(tmp_path):
    denied = read_deny_list(tmp_path, "art")
    assert denied == DenyList()
    assert not denied
    assert not denied.denies("a", "Jane", ["cat"])


def test_a_file_denies_items_creators_and_tags_of_its_own_site(tmp_path):
    write(tmp_path, 'items = ["a", "é/1"]\ncreators = ["Jane  DOE"]\ntags = ["Big Cats"]\n')
    denied = read_deny_list(tmp_path, "art")
    assert denied
    assert denied.denies("a", None, [])
    assert denied.denies("é/1", None, [])
    assert denied.denies("b", "jane doe", [])
    assert denied.denies("b", None, ["boat", "big-cats"])
    assert not denied.denies("A", "Jane", ["cats", "big"])
    assert not read_deny_list(tmp_path, "music")


@given(
    st.tuples(NAMES, NAMES, NAMES),
    st.tuples(st.text(), st.none() | st.text(), st.lists(st.text(), max_size=3)),
)
def test_what_is_denied_is_what_a_plain_look_at_every_name_says(lists, item):
    (items, creators, tags), (item_id, creator, item_tags) = lists, item
    denied = DenyList(items, creators, tags)
    expected = (
        item_id in items
        or (creator is not None and slug(creator) in {slug(name) for name in creators})
        or any(slug(tag) == slug(name) for tag in item_tags for name in tags)
    )
    assert denied.denies(item_id, creator, item_tags) is expected
    for name in creators:
        assert denied.denies("", name, [])
    for name in tags:
        assert denied.denies("", None, [name])


def test_the_digest_tells_content_and_nothing_else(tmp_path):
    write(tmp_path, 'tags = ["Cat", "boat"]\nitems = ["b", "a"]')
    digest = read_deny_list(tmp_path, "art").digest
    write(tmp_path, '# why\nitems = ["a", "b", "a"]\ntags = ["boat", "cat"]\ncreators = []')
    assert read_deny_list(tmp_path, "art").digest == digest
    assert len(digest) == 64
    others = [DenyList(), DenyList(frozenset("ab")), DenyList(frozenset("ab"), frozenset({"cat"}))]
    assert len({digest, *(each.digest for each in others)}) == 4


def test_every_fault_of_a_file_is_named_at_once(tmp_path):
    write(tmp_path, 'itmes = ["a"]\ncreators = "Jane"\ntags = ["cat", 3, " "]')
    with pytest.raises(DenyListError) as caught:
        read_deny_list(tmp_path, "art")
    assert len(caught.value.faults) == 4
    for part in ("'itmes' is unknown", "creators is 'Jane'", "tags[1] is 3", "tags[2] is ' '"):
        assert part in str(caught.value)
    assert isinstance(caught.value, InputError | ValueError)


@pytest.mark.parametrize("text", ["items = [", b"items = ['\xff']", 'items = ["a"]\nitems = []'])
def test_what_is_no_toml_is_refused_not_taken_as_empty(tmp_path, text):
    write(tmp_path, text)
    with pytest.raises(DenyListError, match=r"art\.toml cannot be read"):
        read_deny_list(tmp_path, "art")


def test_a_file_that_cannot_be_opened_is_refused(tmp_path):
    deny_list_path(tmp_path, "art").mkdir(parents=True)
    with pytest.raises(DenyListError, match="cannot be read"):
        read_deny_list(tmp_path, "art")


@pytest.mark.parametrize("name", ["", "..", "../art", "Art", "a\n"])
def test_a_name_that_is_no_site_reaches_no_file(tmp_path, name):
    with pytest.raises(ValueError, match="does not match"):
        read_deny_list(tmp_path, name)
