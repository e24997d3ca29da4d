"""Each picture is fetched once, a few at a time, and a slow one holds nobody up."""

import asyncio
import threading

import pytest

from pipeline.hints import read_hints
from serving.settings import ServingSettings
from serving.thumbs import keeper
from serving.thumbs.decoding import is_webp
from serving.thumbs.keeper import Thumbs, Wanted
from tests.serving.thumbs.conftest import picture, replying

pytestmark = pytest.mark.usefixtures("no_hurry")
SITE = "sketchfab"


@pytest.fixture
def settings(tmp_path):
    return ServingSettings(data=tmp_path / "data", cache=tmp_path / "cache", feedback=True)


def wanted(host, path="/a", size=64):
    return Wanted(SITE, f"item{path}", host.url(path), ("127.0.0.1",), size)


def held_until(event):
    """What sends a picture once something has happened."""

    def reply(handler):
        event.wait(60)
        replying(picture())(handler)

    return reply


def test_a_picture_is_fetched_once_however_many_want_it(host, settings):
    host.replies["/a"] = replying(picture())

    async def ask():
        thumbs = Thumbs(lambda: settings)
        together = await asyncio.gather(*(thumbs.picture(wanted(host)) for _ in range(8)))
        return [*together, await thumbs.picture(wanted(host))]

    made = asyncio.run(ask())
    assert len(set(made)) == 1
    assert is_webp(made[0])
    assert host.asked["/a"] == 1
    assert asyncio.run(Thumbs(lambda: settings).picture(wanted(host))) == made[0]
    assert host.asked["/a"] == 1
    assert read_hints(settings.data, SITE) == []


def test_what_cannot_be_had_is_asked_for_once_and_hinted_at(host, settings):
    thumbs = Thumbs(lambda: settings)
    assert asyncio.run(thumbs.picture(wanted(host, "/gone"))) is None
    assert asyncio.run(thumbs.picture(wanted(host, "/gone"))) is None
    assert host.asked["/gone"] == 1
    assert read_hints(settings.data, SITE) == ["item/gone"]


def test_without_feedback_nothing_is_written_to_the_data_folder(host, settings):
    silent = settings.model_copy(update={"feedback": False})
    assert asyncio.run(Thumbs(lambda: silent).picture(wanted(host, "/gone"))) is None
    assert not settings.data.exists()


def test_a_slow_host_holds_nobody_up(host, settings, monkeypatch):
    monkeypatch.setattr(keeper, "_PATIENCE_S", 0.05)
    monkeypatch.setattr(keeper, "_MOST_UNDER_WAY", 3)
    open_up = threading.Event()

    host.replies |= {f"/{n}": held_until(open_up) for n in range(4)} | {
        "/kept": replying(picture())
    }

    async def ask():
        thumbs = Thumbs(lambda: settings)
        while await thumbs.picture(wanted(host, "/kept")) is None:
            pass
        slow_ones = await asyncio.gather(*(thumbs.picture(wanted(host, f"/{n}")) for n in range(3)))
        one_too_many = await thumbs.picture(wanted(host, "/3"))
        kept = await thumbs.picture(wanted(host, "/kept"))
        open_up.set()
        while await thumbs.picture(wanted(host, "/0")) is None:
            pass
        thumbs._pool.shutdown(wait=True)
        return [*slow_ones, one_too_many], kept

    first, kept = asyncio.run(ask())
    assert first == [None] * 4
    assert is_webp(kept)
    assert [host.asked[f"/{n}"] for n in range(4)] == [1, 1, 1, 0]


def test_a_disk_that_is_full_does_not_keep_a_picture_from_who_asks(host, settings, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("serving.thumbs.store.PictureStore.put", full)
    host.replies["/a"] = replying(picture())
    assert is_webp(asyncio.run(Thumbs(lambda: settings).picture(wanted(host))))


def test_a_disk_that_is_full_has_no_host_asked_again_and_again(host, settings, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("serving.thumbs.store.tempfile.mkstemp", full)
    thumbs = Thumbs(lambda: settings)
    for _ in range(3):
        assert asyncio.run(thumbs.picture(wanted(host, "/gone"))) is None
    assert host.asked["/gone"] == 1
    assert read_hints(settings.data, SITE) == []


def test_a_disk_that_takes_no_note_of_a_refusal_still_takes_a_hint(host, settings, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("serving.thumbs.store.PictureStore._write", full)
    assert asyncio.run(Thumbs(lambda: settings).picture(wanted(host, "/gone"))) is None
    assert read_hints(settings.data, SITE) == ["item/gone"]


def test_whatever_goes_wrong_inside_is_a_picture_less(host, settings, monkeypatch, caplog):
    def broken(*_):
        raise RuntimeError("bug")

    monkeypatch.setattr(keeper, "webp_of", broken)
    host.replies["/a"] = replying(picture())
    assert asyncio.run(Thumbs(lambda: settings).picture(wanted(host))) is None
    assert "picture not made" in caplog.text


def test_what_waits_at_the_end_is_given_up(host, settings, monkeypatch):
    monkeypatch.setattr(keeper, "_PATIENCE_S", 0.05)
    open_up = threading.Event()

    host.replies = {f"/{n}": held_until(open_up) for n in range(9)}
    thumbs = Thumbs(lambda: settings)

    async def ask():
        await asyncio.gather(*(thumbs.picture(wanted(host, f"/{n}")) for n in range(9)))
        thumbs.close()
        open_up.set()
        thumbs._pool.shutdown(wait=True)

    asyncio.run(ask())
    assert sum(host.asked.values()) <= 4


def test_once_closed_there_is_what_is_kept_and_no_more(host, settings):
    host.replies["/a"] = replying(picture())
    thumbs = Thumbs(lambda: settings)
    made = asyncio.run(thumbs.picture(wanted(host)))
    thumbs.close()
    assert asyncio.run(thumbs.picture(wanted(host))) == made
    assert asyncio.run(thumbs.picture(wanted(host, "/b"))) is None
    assert host.asked["/b"] == 0


def test_who_waits_for_what_is_given_up_is_told_so(host, settings):
    open_up = threading.Event()

    host.replies = {f"/{n}": held_until(open_up) for n in range(6)}
    thumbs = Thumbs(lambda: settings)

    async def ask():
        waiting = [asyncio.create_task(thumbs.picture(wanted(host, f"/{n}"))) for n in range(6)]
        async with asyncio.timeout(60):
            while len(thumbs._under_way) < 6 or sum(host.asked.values()) < 4:
                await asyncio.sleep(0.01)
        thumbs.close()
        open_up.set()
        return await asyncio.gather(*waiting)

    made = asyncio.run(ask())
    assert sum(map(is_webp, filter(None, made))) == 4
    assert made.count(None) == 2
