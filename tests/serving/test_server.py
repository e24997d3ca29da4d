import resource

import pytest

from serving import server

NONE = resource.RLIM_INFINITY


@pytest.mark.parametrize(
    ("limits", "becomes"),
    [
        ((1024, 4096), (4096, 4096)),
        ((1024, 1_000_000), (65_536, 1_000_000)),
        ((1024, NONE), (65_536, NONE)),
        ((4096, 4096), None),
        ((100_000, 1_000_000), None),
        ((NONE, NONE), None),
    ],
)
def test_as_many_files_may_be_open_as_is_allowed_and_no_fewer_than_before(
    limits, becomes, monkeypatch
):
    told = []
    monkeypatch.setattr(server.resource, "getrlimit", lambda _: limits)
    monkeypatch.setattr(server.resource, "setrlimit", lambda _, new: told.append(new))
    server._allow_many_connections()
    assert told == ([becomes] if becomes else [])


def test_a_limit_that_may_not_be_raised_stays(monkeypatch):
    def refuse(*_):
        raise ValueError("not allowed to raise maximum limit")

    monkeypatch.setattr(server.resource, "getrlimit", lambda _: (10, 20))
    monkeypatch.setattr(server.resource, "setrlimit", refuse)
    server._allow_many_connections()
    assert server.resource.getrlimit(None) == (10, 20)
