"""Open, new and fixed failures over time: as a table, JSON, or Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from scanner.report.columns import aligned
from scanner.report.page import Page, table_line, table_row
from scanner.report.summary import TOOL
from scanner.report.text import json_escaped, markdown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scanner.engine.trend import Age, Numbers, Trend

_HEAD: Final = ("open", "new", "fixed", "gone", "exempt", "not assessed")
_AGES: Final = ("open", "median days", "oldest days")
SCHEMA_VERSION: Final = 1


def as_json(trend: Trend) -> bytes:
    """Return the whole trend as JSON."""
    head = {"schemaVersion": SCHEMA_VERSION, "tool": TOOL, **msgspec.to_builtins(trend)}
    return json_escaped(msgspec.json.format(msgspec.json.encode(head), indent=1) + b"\n")


def as_table(trend: Trend) -> str:
    """Return a table of the points, one of each group at the last point, and the ages."""
    parts = [aligned([("snapshot", *_HEAD), *_point_rows(trend)], numbers_from=1)]
    if trend.points:
        rows = [(name, *_cells(numbers)) for name, numbers in trend.points[-1].groups.items()]
        parts.append(aligned([(f"last, by {trend.dimension}", *_HEAD), *rows], numbers_from=1))
    if trend.ages:
        head = (f"age, by {trend.dimension}", *_AGES)
        parts.append(aligned([head, *_age_rows(trend)], numbers_from=1))
    return "\n".join("".join(f"{line}\n" for line in lines) for lines in parts)


def as_markdown(trend: Trend, budget: int) -> str:
    """Return Markdown of at most `budget` bytes; the earliest points are left out first."""
    page = Page(budget)
    page.add("# Failures over time")
    if trend.points:
        rows = [(name, *_cells(numbers)) for name, numbers in trend.points[-1].groups.items()]
        _add(page, f"## Last, by {trend.dimension}", (trend.dimension, *_HEAD), rows)
    if trend.ages:
        _add(page, f"## Age, by {trend.dimension}", (trend.dimension, *_AGES), _age_rows(trend))
    _add(
        page, "## By snapshot, the latest first", ("snapshot", *_HEAD), [*_point_rows(trend)][::-1]
    )
    return page.text(last="")


def _add(page: Page, title: str, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    labels = f"{table_row([word.capitalize() for word in head])}\n{table_line(len(head), 1)}"
    page.add_table(title, labels, [table_row([markdown(c, 120) for c in row]) for row in rows])


def _point_rows(trend: Trend) -> Iterator[tuple[str, ...]]:
    for number, point in enumerate(trend.points):
        yield (point.finished, *_cells(point.totals, is_first=number == 0))


def _cells(numbers: Numbers, *, is_first: bool = False) -> tuple[str, ...]:
    """Return the cells of a row; the first point has nothing that it could be compared with."""
    compared = (numbers.new, numbers.fixed, numbers.gone)
    return (
        f"{numbers.open:,}",
        *("-" if is_first else f"{number:,}" for number in compared),
        f"{numbers.exempt:,}",
        f"{numbers.not_assessed:,}",
    )


def _age_rows(trend: Trend) -> Iterator[tuple[str, ...]]:
    for name, age in trend.ages.items():
        yield (name, *_age(age))
    if trend.age is not None:
        yield ("all", *_age(trend.age))


def _age(age: Age) -> tuple[str, ...]:
    return f"{age.open:,}", f"{age.median_days:,.1f}", f"{age.oldest_days:,}"
