"""The short way of a route answers what FastAPI's own would, and validates a query once."""

import asyncio
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request
from fastapi.routing import APIRoute
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from serving.catalog import Catalog
from serving.pages.faults import add_fault_pages
from serving.pages.website import build_website
from serving.routing import QueryRoute
from serving.settings import ServingSettings

checked = []


def _noted(value):
    checked.append(value)
    return value


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    k: Annotated[int, AfterValidator(_noted)] = Field(5, ge=1, le=9)
    tag: tuple[str, ...] = Field((), max_length=2)
    q: str | None = Field(None, max_length=200)


def refuse_evil(x_who: Annotated[str, Header()] = "") -> None:
    assert x_who != "evil"


def app_of(route_class):
    router = APIRouter(route_class=route_class)

    @router.get("/asked/{number}")
    async def asked(request: Request, number: int, query: Annotated[Asked, Query()]):
        return JSONResponse({"number": number, "path": request.url.path, **query.model_dump()})

    @router.get("/guarded", dependencies=[Depends(refuse_evil)])
    async def guarded(query: Annotated[Asked, Query()]):
        return JSONResponse(query.model_dump())

    @router.get("/headed")
    async def headed(query: Annotated[Asked, Query()], x_who: Annotated[str, Header()]):
        return JSONResponse({"who": x_who, **query.model_dump()})

    app = FastAPI()
    add_fault_pages(app, build_website(Catalog(ServingSettings())))
    app.include_router(router)
    return app


SHORT, WHOLE = app_of(QueryRoute), app_of(APIRoute)


def ask(app, *paths, **headers):
    async def asking():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://likewise") as client:
            return [await client.get(path, headers=headers) for path in paths]

    return asyncio.run(asking())


def told(app, *paths):
    return [(answer.status_code, answer.json()) for answer in ask(app, *paths)]


@pytest.fixture(autouse=True)
def _nothing_noted():
    checked.clear()


def test_an_equal_query_is_validated_once_for_any_path():
    answers = told(SHORT, "/asked/1?k=7&tag=a", "/asked/2?k=7&tag=a", "/asked/1?k=7&tag=a")
    assert [(answer["number"], answer["k"]) for _, answer in answers] == [(1, 7), (2, 7), (1, 7)]
    assert checked == [7]
    assert told(WHOLE, *["/asked/1?k=7&tag=a"] * 3) == [answers[0]] * 3
    assert checked == [7] * 4


def test_a_long_query_is_validated_each_time_and_never_kept():
    path = f"/asked/1?k=8&q={'x' * 100}"
    assert [status for status, _ in told(SHORT, path, path)] == [200, 200]
    assert checked == [8, 8]


def test_a_fault_stays_one_however_often_it_is_asked():
    paths = ["/asked/1?k=0&other=x"] * 2 + ["/asked/one?k=3", "/asked/one?k=0"]
    faults = told(SHORT, *paths)
    assert faults == told(WHOLE, *paths)
    assert [status for status, _ in faults] == [422] * 4
    assert [len(answer["errors"]) for _, answer in faults] == [2, 2, 1, 2]


def test_a_fault_hides_no_good_query_after_it():
    assert [status for status, _ in told(SHORT, "/asked/1?k=0", "/asked/1?k=1")] == [422, 200]


@pytest.mark.parametrize("path", ["/guarded?k=3", "/headed?k=3"])
def test_what_hangs_on_more_than_path_and_query_goes_the_whole_way(path):
    for app in (SHORT, WHOLE):
        good, again = ask(app, path, path, **{"X-Who": "me"})
        assert good.status_code == again.status_code == 200
        assert good.content == again.content
    assert checked == [3] * 4


def test_a_guard_is_asked_for_a_known_query_too():
    ask(SHORT, "/guarded?k=3")
    with pytest.raises(AssertionError):
        ask(SHORT, "/guarded?k=3", **{"X-Who": "evil"})


_NAMES = st.sampled_from(["k", "tag", "q", "other", "%6B", ""])
_VALUES = st.one_of(
    st.sampled_from(["", "1", "9", "10", "5.0", "+3", "%FF", "%00", "a+b", "%2B", "1;k=2"]),
    st.text(
        st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="#&"), max_size=9
    ),
)


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(_NAMES, _VALUES), max_size=5))
def test_both_ways_give_one_answer(pairs):
    path = "/asked/1?" + "&".join(f"{name}={value}" for name, value in pairs)
    first, again, whole = *told(SHORT, path, path), *told(WHOLE, path)
    assert first == again == whole
