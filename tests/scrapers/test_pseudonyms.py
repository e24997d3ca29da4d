import hashlib
import hmac
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.tables import USER_ID_PATTERN
from scrapers.pseudonyms import Key, KeyFault, load_or_create_key, pseudonym

KEY = Key(bytes(range(32)))


def test_golden_pseudonym():
    # printf 'v1:sketchfab:some-handle' | openssl dgst -sha256 -mac HMAC -macopt hexkey:000102..1f
    assert pseudonym("sketchfab", "some-handle", KEY) == "45aad177985d7b76d3de83e96696aba8"


@given(st.text(min_size=1), st.binary(min_size=32, max_size=80))
def test_pseudonym_is_the_keyed_hash_of_site_and_handle(handle, secret):
    message = f"v1:shop:{unicodedata.normalize('NFC', handle)}".encode()
    digest = hmac.new(secret, message, hashlib.sha256).hexdigest()
    found = pseudonym("shop", handle, Key(secret))
    assert found == digest[:32]
    assert re.fullmatch(USER_ID_PATTERN, found)


def test_site_key_and_handle_each_change_the_pseudonym():
    ids = {
        pseudonym("shop", "ann", KEY),
        pseudonym("store", "ann", KEY),
        pseudonym("shop", "bob", KEY),
        pseudonym("shop", "ann", Key(bytes(32))),
    }
    assert len(ids) == 4


def test_one_handle_in_two_unicode_forms_is_one_person():
    assert pseudonym("shop", "Zoe\u0308", KEY) == pseudonym("shop", "Zo\u00eb", KEY)


def test_key_that_cannot_be_written_is_told_with_a_remedy(tmp_path):
    (tmp_path / "keys").write_text("a file where the folder should be")
    with pytest.raises(KeyFault, match=r"cannot be written.*LIKEWISE_KEY_FILE"):
        load_or_create_key(tmp_path / "keys" / "pseudonym.key", tmp_path)
