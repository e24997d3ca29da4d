import gzip
import os
import zlib

import pytest

from scrapers.bodies import inflate
from scrapers.errors import BadAnswerError

PLAIN = os.urandom(5_000) + b"a" * 50_000
RAW = zlib.compressobj(wbits=-15)
RAW_DEFLATE = RAW.compress(PLAIN) + RAW.flush()
FORMS = {
    "gzip": gzip.compress(PLAIN), "zlib": zlib.compress(PLAIN), "raw": RAW_DEFLATE,
    "two members": gzip.compress(PLAIN[:7]) + gzip.compress(PLAIN[7:]),
    "rubbish after": gzip.compress(PLAIN) + b"rubbish",
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_compressed_bodies_are_opened(form):
    assert inflate(FORMS[form], len(PLAIN)) == PLAIN


@pytest.mark.parametrize("form", ["gzip", "zlib", "raw"])
def test_bodies_that_are_cut_off_are_bad(form):
    with pytest.raises(BadAnswerError, match="cut off"):
        inflate(FORMS[form][:-200], len(PLAIN))


def test_bodies_that_hold_too_much_are_bad():
    with pytest.raises(BadAnswerError, match="more than 54999 bytes"):
        inflate(FORMS["gzip"], len(PLAIN) - 1)


def test_bodies_that_are_none_are_bad():
    with pytest.raises(BadAnswerError, match="cannot be opened"):
        inflate(b"<html>no gzip at all", 1000)
    broken = bytearray(gzip.compress(PLAIN))
    broken[-6] ^= 1  # of the checksum
    with pytest.raises(BadAnswerError, match="cannot be opened"):
        inflate(bytes(broken), len(PLAIN))
