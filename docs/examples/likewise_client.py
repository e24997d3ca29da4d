"""A client of the Likewise API, in one file of the standard library: copy it into your project.

    likewise = Likewise("http://127.0.0.1:8000", "sketchfab")
    for item in likewise.similar("item-003", k=5)["items"]:
        print(item["rank"], item["title"])

Answers are the JSON of the API, typed; what a newer API adds to them is there too.  Lists take
``cursor``; `each` goes through all their pages.  An answer that has not changed is not sent again
(ETag).  Where the API is busy (503, 429) it is asked again when it says so (Retry-After).  Every
other error is a `LikewiseError` with what the API says of it.
"""

import json
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Literal, NotRequired, TypedDict, TypeVar, Unpack, cast
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

__all__ = ["Likewise", "LikewiseError", "StaleCursorError", "each"]

GroupKind = Literal["tags", "categories", "creators"]
FeedbackKind = Literal["like", "dismiss", "impression", "click", "vote"]


_BUSY = frozenset((HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE))


class Thumbnail(TypedDict):
    """A picture; width and height in pixels."""

    url: str
    width: int | None
    height: int | None


class Card(TypedDict):
    """What a list shows of an item."""

    item_id: str
    title: str | None
    creator: str | None
    license: str | None
    like_count: int
    url: str | None
    embed_url: str | None
    thumbnails: list[Thumbnail]
    tags: list[str]


class Because(TypedDict):
    """What gave a part of a score."""

    kind: Literal["item", "tag", "category", "creator", "rest"]
    item_id: str | None
    title: str | None
    tag: str | None
    part: float
    n: int


class ListedItem(Card):
    """An item of a list; ``source`` is the model, or popular where the list was filled."""

    rank: int
    score: float | None
    source: str
    because: NotRequired[list[Because] | None]


class Answer(TypedDict):
    """What all answers about a site say of the snapshot that they are from."""

    site: str
    snapshot_id: str
    generated_at: str


class Page(Answer):
    """One page of a list; ``next_cursor`` is None at its end."""

    items: list[ListedItem]
    next_cursor: str | None


class ModelPage(Page):
    """One page of a model's list."""

    model: str
    explainable: NotRequired[bool | None]


class RandomPage(Page):
    """One page of a random order; the next one needs the same seed."""

    seed: int


class UsedPart(TypedDict):
    """A model that scored a visitor."""

    model: str
    weight: float


class VisitorPage(ModelPage):
    """Items for a visitor, and how they were scored."""

    method: Literal["weights", "profile", "factors", "blend", "lists", "popular"]
    parts: list[UsedPart]
    unknown_ids: list[str]


class ItemDetails(Card):
    """All that is published of an item; times are ISO 8601."""

    categories: list[str]
    published_at: str | None
    first_seen_at: str


class ItemAnswer(Answer, ItemDetails):
    """One item."""


class ItemsAnswer(Answer):
    """Several items, and the ids that the site does not have."""

    items: list[ItemDetails]
    unknown: list[str]


class ResolveAnswer(ItemAnswer):
    """The item that a link names, and the form that the link has."""

    matched: str


class Group(TypedDict):
    """A tag, category or creator."""

    slug: str
    name: str
    item_count: int
    like_count: int


class GroupsPage(Answer):
    """One page of tags, categories or creators."""

    kind: str
    groups: list[Group]
    next_cursor: str | None


class GroupPage(Page):
    """One page of the items of a tag, category or creator."""

    kind: str
    slug: str
    name: str


class Completion(TypedDict):
    """Something that a beginning may become."""

    kind: Literal["tag", "creator", "item"]
    text: str
    slug: str | None
    item_id: str | None


class CompletionsAnswer(Answer):
    """What a beginning may become, the likeliest first."""

    q: str
    completions: list[Completion]


class ModelsAnswer(Answer):
    """Models of a site; `Likewise.model` has all of one."""

    defaults: dict[str, str]
    models: list[dict[str, Any]]


class ComparedItem(Card):
    """An item of one list, and its rank in the other one."""

    score: float
    other_rank: int | None


class ComparedRow(TypedDict):
    """What both models list at a rank."""

    rank: int
    items: list[ComparedItem | None]


class CompareAnswer(Answer):
    """Two models' lists beside each other."""

    models: list[str]
    k: int
    n_common: int
    overlap: float | None
    rows: list[ComparedRow]


class FeedbackAnswer(TypedDict):
    """What was written down."""

    site: str
    kind: str
    stored: int
    received_at: int


class Fault(TypedDict):
    """One thing that is wrong with a request."""

    location: str
    name: str
    detail: str
    value: str | None


class Grouped(TypedDict, total=False):
    """What all lists of items take: length, slugs that items must all be of, the page."""

    k: int
    tag: Sequence[str]
    category: Sequence[str]
    creator: Sequence[str]
    cursor: str | None


class Listed(Grouped, total=False):
    """What lists of models take."""

    model: str
    exclude: Sequence[str]
    diversity: float
    explain: bool


class ForVisitor(TypedDict, total=False):
    """What a list for a visitor takes: one page, at most 100 items."""

    k: int
    tag: Sequence[str]
    category: Sequence[str]
    creator: Sequence[str]
    model: str
    exclude: Sequence[str]
    diversity: float
    explain: bool
    exclude_seen: bool


class LikewiseError(Exception):
    """What the API refused.

    Attributes
    ----------
    status : HTTP status.
    kind : short name of the problem, such as ``unknown-item``; /docs of the API explains each.
    errors : every fault of the request.
    known : names that would have been accepted.
    """

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(
            f"{status}: {problem.get('detail') or problem.get('title') or 'no reason'}"
        )
        self.status = status
        self.kind = str(problem.get("type", "")).rpartition("#")[2]
        self.errors: list[Fault] = problem.get("errors") or []
        self.known: list[str] = problem.get("known") or []


class StaleCursorError(LikewiseError):
    """A newer snapshot is served: begin the list again."""


P = TypeVar("P", bound=Page)


def each(ask: Callable[[str | None], P]) -> Iterator[ListedItem]:
    """Items of all pages of a list.

    >>> each(lambda cursor: likewise.popular(tag=["cat"], k=100, cursor=cursor))

    Raises
    ------
    StaleCursorError : another snapshot was published on the way.
    """
    cursor: str | None = None
    while True:
        page = ask(cursor)
        yield from page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return


class Likewise:
    """One site of an API.

    Parameters
    ----------
    base_url : where the API is, such as ``http://127.0.0.1:8000``.
    site : name of the site; ``/v1/sites`` lists them.
    timeout_s : longest wait for an answer.
    retries : how often a busy API is asked again, by its Retry-After.
    longest_wait_s : a longer Retry-After is not waited for.
    kept : answers that are kept, to be asked for again by their ETag.
    sleep : waits; for tests.
    """

    def __init__(
        self,
        base_url: str,
        site: str,
        *,
        timeout_s: float = 10.0,
        retries: int = 3,
        longest_wait_s: float = 30.0,
        kept: int = 256,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not base_url.startswith(("http://", "https://")):
            raise ValueError(f"base_url is {base_url!r}, must begin with http:// or https://")
        self._base = f"{base_url.rstrip('/')}/v1/{_segment(site)}"
        self._timeout_s = timeout_s
        self._retries = retries
        self._longest_wait_s = longest_wait_s
        self._kept = kept
        self._sleep = sleep
        self._answers: OrderedDict[str, tuple[str, bytes]] = OrderedDict()

    def item(self, item_id: str) -> ItemAnswer:
        """One item."""
        return cast(ItemAnswer, self._get(f"/items/{_segment(item_id)}"))

    def items(self, item_ids: Sequence[str]) -> ItemsAnswer:
        """Several items, at most 100; unknown ids are named in the answer."""
        return cast(ItemsAnswer, self._get("/items", ids=list(item_ids)))

    def similar(self, item_id: str, **asked: Unpack[Listed]) -> ModelPage:
        """Items like one item."""
        return cast(ModelPage, self._get(f"/items/{_segment(item_id)}/similar", **asked))

    def recommendations(self, user_id: str, **asked: Unpack[Listed]) -> ModelPage:
        """Items for a person, by pseudonym; the operator must have switched that on."""
        return cast(ModelPage, self._get(f"/users/{_segment(user_id)}/recommendations", **asked))

    def for_visitor(
        self, likes: Sequence[str] | Mapping[str, float], **asked: Unpack[ForVisitor]
    ) -> VisitorPage:
        """Items for a visitor who likes these, by id, with weights or without; nothing is kept."""
        weights = likes if isinstance(likes, Mapping) else dict.fromkeys(likes, 1.0)
        items = [{"item_id": item_id, "weight": weight} for item_id, weight in weights.items()]
        return cast(VisitorPage, self._post("/recommendations", {"items": items, **asked}))

    def popular(self, **asked: Unpack[Grouped]) -> Page:
        """All items, the most liked first."""
        return cast(Page, self._get("/popular", **asked))

    def latest(self, **asked: Unpack[Grouped]) -> Page:
        """All items, the newest first."""
        return cast(Page, self._get("/latest", **asked))

    def trending(self, **asked: Unpack[Grouped]) -> Page:
        """All items, those liked of late first."""
        return cast(Page, self._get("/trending", **asked))

    def random(self, seed: int | None = None, **asked: Unpack[Grouped]) -> RandomPage:
        """All items in the order that a seed names; give one to go on to further pages."""
        return cast(RandomPage, self._get("/random", seed=seed, **asked))

    def search(self, q: str, **asked: Unpack[Grouped]) -> Page:
        """Items by words of title, tags or creator, misspelt ones too."""
        return cast(Page, self._get("/search", q=q, **asked))

    def autocomplete(self, q: str, *, k: int = 10) -> CompletionsAnswer:
        """Tags, creators and titles that a beginning may become."""
        return cast(CompletionsAnswer, self._get("/autocomplete", q=q, k=k))

    def groups(
        self, kind: GroupKind = "tags", *, k: int = 20, cursor: str | None = None
    ) -> GroupsPage:
        """Tags, categories or creators, the most liked first."""
        return cast(GroupsPage, self._get(f"/{kind}", k=k, cursor=cursor))

    def tags(self, *, k: int = 20, cursor: str | None = None) -> GroupsPage:
        """Tags, the most liked first."""
        return self.groups("tags", k=k, cursor=cursor)

    def group_items(self, kind: GroupKind, slug: str, **asked: Unpack[Grouped]) -> GroupPage:
        """Items of a tag, category or creator, the most liked first."""
        return cast(GroupPage, self._get(f"/{kind}/{_segment(slug)}/items", **asked))

    def models(self) -> ModelsAnswer:
        """Models with parameters, times and evaluation."""
        return cast(ModelsAnswer, self._get("/models"))

    def model(self, model: str) -> dict[str, Any]:
        """One model in full."""
        return cast(dict[str, Any], self._get(f"/models/{_segment(model)}"))

    def compare(
        self,
        model: str,
        other: str,
        *,
        item_id: str | None = None,
        user_id: str | None = None,
        k: int = 20,
    ) -> CompareAnswer:
        """Lists of two models for one item, or one person, beside each other."""
        models = f"{model},{other}"
        found = self._get("/compare", models=models, item_id=item_id, user_id=user_id, k=k)
        return cast(CompareAnswer, found)

    def resolve(self, url: str) -> ResolveAnswer:
        """The item that a link or a bare id names."""
        return cast(ResolveAnswer, self._get("/resolve", url=url))

    def feedback(
        self,
        kind: FeedbackKind,
        item_ids: Sequence[str],
        *,
        visitor: str | None = None,
        vote: Literal[1, -1] | None = None,
        idempotency_key: str | None = None,
    ) -> FeedbackAnswer:
        """Tell what a visitor did; sent again where the API is busy, and written once."""
        said = {
            "kind": kind,
            "item_ids": list(item_ids),
            "visitor": visitor,
            "vote": vote,
            "idempotency_key": idempotency_key or uuid.uuid4().hex,
        }
        given = {name: value for name, value in said.items() if value is not None}
        return cast(FeedbackAnswer, self._post("/feedback", given))

    def _get(self, path: str, **params: object) -> object:
        pairs = [
            (name, _text(one))
            for name, value in params.items()
            if value is not None
            for one in (value if isinstance(value, list | tuple) else [value])
        ]
        url = f"{self._base}{path}" + (f"?{urlencode(pairs)}" if pairs else "")
        etag, body = self._answers.get(url, ("", b""))
        status, new_etag, new = self._sent(Request(url, headers=_if_changed(etag)))  # noqa: S310
        if status != HTTPStatus.NOT_MODIFIED:
            body, etag = new, new_etag
        if etag and self._kept:
            self._answers[url] = (etag, body)
            self._answers.move_to_end(url)
            while len(self._answers) > self._kept:
                self._answers.popitem(last=False)
        return json.loads(body)

    def _post(self, path: str, said: Mapping[str, Any]) -> object:
        headers = {"Content-Type": "application/json"}
        request = Request(f"{self._base}{path}", json.dumps(said).encode(), headers)  # noqa: S310
        return json.loads(self._sent(request)[2])

    def _sent(self, request: Request) -> tuple[int, str, bytes]:
        left = self._retries
        while True:
            try:
                with urlopen(request, timeout=self._timeout_s) as answer:  # noqa: S310
                    return answer.status, answer.headers.get("ETag", ""), answer.read()
            except HTTPError as err:
                with err:
                    if err.code == HTTPStatus.NOT_MODIFIED:
                        return err.code, "", b""
                    wait_s = _retry_after_s(err)
                    if wait_s is None or wait_s > self._longest_wait_s or not left:
                        raise _error(err.code, err.read()) from None
            left -= 1
            self._sleep(wait_s)


def _segment(text: str) -> str:
    return quote(text, safe="")


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _if_changed(etag: str) -> dict[str, str]:
    return {"Accept": "application/json", **({"If-None-Match": etag} if etag else {})}


def _retry_after_s(err: HTTPError) -> float | None:
    """Seconds after which a busy API wants to be asked again; None where it is not that."""
    given = err.headers.get("Retry-After", "")
    return float(given) if err.code in _BUSY and given.isdecimal() else None


def _error(status: int, body: bytes) -> LikewiseError:
    try:
        problem = json.loads(body)
    except ValueError:
        problem = None
    told = problem if isinstance(problem, dict) else {}
    kind = (
        StaleCursorError if str(told.get("type", "")).endswith("#stale-cursor") else LikewiseError
    )
    return kind(status, told)
