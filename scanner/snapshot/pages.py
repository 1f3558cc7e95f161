"""Finds the elements in what Azure's tools print: pages, arrays, tables, single objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import msgspec

from scanner import armid
from scanner.snapshot.jsontext import Document, decode, fields, members

if TYPE_CHECKING:
    from collections.abc import Iterator

_NESTING: Final = 3
"""Pages in arrays (`jq --slurp`) are taken apart to this depth."""


class Element(NamedTuple):
    """One JSON value that may be a record."""

    place: str
    value: Any


class PageEnd(NamedTuple):
    """The end of an array or page whose elements came before."""

    place: str
    rows: int
    more: bool
    """It says that there is another page."""
    total: int | None
    """How many records it says the query has; None where it says nothing."""


Json: TypeAlias = Any
"""A decoded value, or a `msgspec.Raw` that is not decoded yet."""


def elements(document: Document) -> Iterator[Element | PageEnd]:
    """Yield the elements of a document, and after those of a page its end."""
    yield from _walk(document.value, document.place, "", _NESTING)


def _walk(value: Json, place: str, label: str, nesting: int) -> Iterator[Element | PageEnd]:
    where = f"{place}: {label}" if label else place
    if isinstance(value, list):
        yield from _each(value, place, label, nesting)
        yield PageEnd(where, len(value), more=False, total=None)
        return
    page = _page(value) if isinstance(value, dict) and nesting else None
    if page is None:
        yield Element(where, _whole(value, where))
        return
    name, rows = page
    yield from _each(rows, place, f"{label}.{name}" if label else name, nesting)
    yield _end(value, where, len(rows))


def _each(rows: list[Json], place: str, label: str, nesting: int) -> Iterator[Element | PageEnd]:
    for index, row in enumerate(rows):
        inner = f"{label}[{index}]"
        element = decode(row, f"{place}: {inner}") if isinstance(row, msgspec.Raw) else row
        if nesting and isinstance(element, (dict, list)):
            yield from _walk(element, place, inner, nesting - 1)
        else:
            yield Element(f"{place}: {inner}", element)


def _page(value: dict[str, Json]) -> tuple[str, list[Json]] | None:
    """Return the name and the elements of the list that a page wraps, None for no page."""
    if armid.is_arm_id(_plain(value.get("id"))):
        return None
    for name in ("data", "value"):
        rows = _as_list(value.get(name))
        if rows is not None:
            return name, rows
    table = _as_object(value.get("data"))
    if table is not None and {"columns", "rows"} <= table.keys():
        return "data.rows", _table_rows(table)
    return None


def _table_rows(table: dict[str, Json]) -> list[Json]:
    """Return the rows of Resource Graph's table format as objects."""
    names = [_name_of(_plain(column)) for column in _as_list(table["columns"]) or []]
    rows = (_plain(row) for row in _as_list(table["rows"]) or [])
    return [dict(zip(names, row, strict=False)) if isinstance(row, list) else row for row in rows]


def _name_of(column: Json) -> str:
    return str(column.get("name", "")) if isinstance(column, dict) else str(column)


def _end(page: dict[str, Json], place: str, rows: int) -> PageEnd:
    links = ("nextLink", "skip_token", "skipToken", "$skipToken")
    truncated = str(_plain(page.get("resultTruncated"))).lower() == "true"
    total = _plain(page.get("total_records", page.get("totalRecords")))
    return PageEnd(
        place,
        rows,
        more=truncated or any(_plain(page.get(link)) for link in links),
        total=total if isinstance(total, int) else None,
    )


def _whole(value: Json, place: str) -> Json:
    if isinstance(value, dict):
        return {
            name: decode(member, place) if isinstance(member, msgspec.Raw) else member
            for name, member in value.items()
        }
    return value


def _plain(value: Json) -> Json:
    return decode(value, "page") if isinstance(value, msgspec.Raw) else value


def _as_list(value: Json) -> list[Json] | None:
    if isinstance(value, msgspec.Raw):
        return members(value)
    return value if isinstance(value, list) else None


def _as_object(value: Json) -> dict[str, Json] | None:
    if isinstance(value, msgspec.Raw):
        return fields(value)
    return value if isinstance(value, dict) else None
