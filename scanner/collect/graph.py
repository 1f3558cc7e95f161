"""Reads a table from Resource Graph: all pages, each row once, and counted."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any, Final, cast

import msgspec

from scanner import armid
from scanner.collect.operations import API_VERSIONS, GRAPH
from scanner.collect.refusal import FAILURES, TOO_LARGE, RefusalError, body_of, of_error

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from azure.mgmt.resourcegraph.aio import ResourceGraphClient

    from scanner.collect.journal import Sink

_PAGE: Final = 1000
"""Rows of the largest page that the service gives."""
ABOVE_AND_BELOW: Final = "AtScopeAboveAndBelow"
Json = dict[str, Any]


class Question(msgspec.Struct, frozen=True):
    """A query and what it is asked about; neither subscriptions nor groups: all that is readable."""

    text: str
    subscriptions: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    inherited: bool = False
    """Also what is assigned above the subscriptions."""

    def body(self, top: int, skip: int, token: str) -> bytes:
        """Return the request for a page."""
        options: dict[str, Any] = {"resultFormat": "objectArray", "$top": top}
        if self.inherited:
            options["authorizationScopeFilter"] = ABOVE_AND_BELOW
        if token:
            options["$skipToken"] = token
        elif skip:
            options["$skip"] = skip
        body: dict[str, Any] = {"query": self.text, "options": options}
        if self.subscriptions:
            body["subscriptions"] = self.subscriptions
        if self.groups:
            body["managementGroups"] = self.groups
        return msgspec.json.encode(body)


class _Page(msgspec.Struct, rename="camel"):
    data: list[Any]
    total_records: int | None = None
    result_truncated: str | bool = False
    token: str = msgspec.field(name="$skipToken", default="")

    @property
    def cut(self) -> bool:
        """Whether there is more without a way to get it."""
        return not self.token and str(self.result_truncated).lower() == "true"


async def rows(client: ResourceGraphClient, question: Question, sink: Sink) -> AsyncIterator[Json]:
    """Yield every row once, and count pages and rows for the sink.

    Raises:
        RefusalError: it was refused, or the pages do not add up to one state of the estate.
            Rows that came until then have been yielded.
    """
    pages = _Pages(client, question, sink)
    seen: set[str] = set()
    while (page := await pages.next()) is not None:
        for row in page.data:
            key = _key(row)
            if key in seen:
                sink.duplicates += 1
            else:
                seen.add(key)
                yield row
    pages.check(len(seen))


def _key(row: Any) -> str:
    arm_id = row.get("id") if isinstance(row, dict) else None
    if not isinstance(arm_id, str) or not arm_id:
        raise RefusalError("RowWithoutId", "Resource Graph sent a row without an id.")
    return armid.key(arm_id)


class _Pages:
    """Walks through the pages of one question, and watches that they belong together."""

    def __init__(self, client: ResourceGraphClient, question: Question, sink: Sink) -> None:
        self._client = client
        self._question = question
        self._sink = sink
        self._top = _PAGE
        self._received = 0
        self._token = ""
        self._tokens: set[str] = set()
        self._totals: set[int] = set()
        self._last: _Page | None = None

    async def next(self) -> _Page | None:
        if self._last is not None and not self._token:
            return None
        page = await self._halving()
        self._sink.pages += 1
        self._received += len(page.data)
        if page.total_records is not None:
            self._totals.add(page.total_records)
        if page.token in self._tokens:
            raise _inconsistent("RepeatedToken", "Resource Graph sent the same page token twice.")
        if page.token and not page.data:
            raise _inconsistent("EmptyPage", "Resource Graph sent an empty page and another token.")
        self._tokens.add(page.token)
        self._token = page.token
        self._last = page
        return page

    async def _halving(self) -> _Page:
        """Return the next page, with fewer rows where so many are too large for one response."""
        while True:
            try:
                return await self._ask()
            except RefusalError as refusal:
                if refusal.code != TOO_LARGE or self._top == 1:
                    raise
            self._top = max(1, self._top // 2)
            # The size of the page is part of a token, so the smaller page starts from a number.
            self._token = ""

    async def _ask(self) -> _Page:
        seen: list[bytes] = []
        skip = 0 if self._token else self._received
        try:
            await self._client.resources(
                # Not QueryRequest: its version of the service knows no authorizationScopeFilter.
                # Not a stream either: it could not be sent again.
                cast("IO[bytes]", self._question.body(self._top, skip, self._token)),
                api_version=API_VERSIONS[GRAPH],
                raw_response_hook=lambda answer: seen.append(body_of(answer.http_response)),
            )
        except FAILURES as error:
            raise of_error(error) from error
        return _page(seen[0])

    def check(self, rows: int) -> None:
        """Raise where the pages are not all rows of one state."""
        if self._last is not None and self._last.cut:
            raise _inconsistent(
                "ResultTruncated", "Resource Graph has more rows, but gave no token to get them."
            )
        total = self._last.total_records if self._last is not None else None
        self._sink.total = total
        if total is None:
            raise _inconsistent("NoTotal", "Resource Graph did not say how many rows there are.")
        if len(self._totals) > 1 or self._sink.duplicates:
            raise _inconsistent("ChangedWhileRead", "Rows came and went between the pages.")
        if rows != total:
            raise _inconsistent("CountMismatch", f"Resource Graph has {total} rows, {rows} came.")


def _page(body: bytes) -> _Page:
    try:
        return msgspec.json.decode(body, type=_Page)
    except msgspec.DecodeError as error:
        raise RefusalError(
            "UnexpectedBody", f"The response is not a page of Resource Graph: {error}"
        ) from error


def _inconsistent(code: str, message: str) -> RefusalError:
    return RefusalError(code, message, reread=True)
