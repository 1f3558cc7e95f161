"""Open, new and fixed failures over time: as a table, JSON, or Markdown."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

import msgspec

from scanner.engine.diff import State, diff_results
from scanner.engine.result import Verdict
from scanner.report.columns import aligned
from scanner.report.page import Page, table_line, table_row
from scanner.report.summary import TOOL
from scanner.report.text import json_escaped, markdown, plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from scanner.engine.recorded import Recorded
    from scanner.engine.trend import Age, Numbers, Trend

_HEAD: Final = ("open", "new", "fixed", "gone", "exempt", "not assessed")
_AGES: Final = ("open", "median days", "oldest days")
_SHARED: Final = {
    "framework": "A failure counts in each source or framework that its rule answers.",
    "control": "A failure counts in each control that its rule answers.",
}
"""Why the groups of a dimension add up to more than the totals."""
SCHEMA_VERSION: Final = 1
_NOTES_SHOWN: Final = 5


def dropped(results: Iterable[Recorded]) -> list[str]:
    """Return a sentence for each result in which failures are missing that nobody mended.

    Where a scan had a baseline they are carried forward, and none is missing.
    """
    ordered = sorted(results, key=lambda each: (each.snapshot.finished, each.snapshot.digest))
    sentences = []
    for old, new in itertools.pairwise(ordered):
        lost = _lost(old, new)
        if lost:
            sentences.append(
                f"{new.snapshot.finished}: {plural(lost, 'failure')} of the snapshot before could "
                "not be looked at again or had no rule run on them. The scan had no baseline with "
                "them, so they are in no column; they were not fixed."
            )
    return sentences


def _lost(old: Recorded, new: Recorded) -> int:
    failing = {row.fingerprint for row in new.rows() if row.verdict is Verdict.FAIL}
    states = {State.NOT_ASSESSABLE, State.RULE_NOT_RUN}
    changes = (change for change in diff_results(old, new) if change.state in states)
    return sum(change.row.fingerprint not in failing for change in changes)


def as_json(trend: Trend) -> bytes:
    """Return the whole trend as JSON."""
    head = {"schemaVersion": SCHEMA_VERSION, "tool": TOOL, **msgspec.to_builtins(trend)}
    return json_escaped(msgspec.json.format(msgspec.json.encode(head), indent=1) + b"\n")


def as_table(trend: Trend, notes: Sequence[str] = ()) -> str:
    """Return a table of the points, one of each group at the last point, the ages, and notes."""
    parts = [aligned([("snapshot", *_HEAD), *_point_rows(trend)], numbers_from=1)]
    if trend.points:
        rows = [*_group_rows(trend)]
        parts.append(aligned([(f"last, by {trend.dimension}", *_HEAD), *rows], numbers_from=1))
    if trend.ages:
        head = (f"age, by {trend.dimension}", *_AGES)
        parts.append(aligned([head, *_age_rows(trend)], numbers_from=1))
    if trend.dimension in _SHARED:
        parts.append([_SHARED[trend.dimension]])
    if notes:
        parts.append(list(notes))
    return "\n".join("".join(f"{line}\n" for line in lines) for lines in parts)


def as_markdown(trend: Trend, budget: int, notes: Sequence[str] = ()) -> str:
    """Return Markdown of at most `budget` bytes; the earliest points are left out first."""
    page = Page(budget)
    page.add("# Failures over time")
    if trend.dimension in _SHARED:
        page.add(_SHARED[trend.dimension])
    for note in notes[-_NOTES_SHOWN:]:
        page.add(note)
    if trend.points:
        rows = [*_group_rows(trend)]
        _add(page, f"## Last, by {trend.dimension}", (trend.dimension, *_HEAD), rows)
    if trend.ages:
        _add(page, f"## Age, by {trend.dimension}", (trend.dimension, *_AGES), _age_rows(trend))
    _add(
        page, "## By snapshot, the latest first", ("snapshot", *_HEAD), [*_point_rows(trend)][::-1]
    )
    return page.text(last="")


def _add(page: Page, title: str, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    labels = f"{table_row([word.capitalize() for word in head])}\n{table_line(len(head), 1)}"
    # What follows the first cell are numbers, which need no escaping.
    cells = [(markdown(name, 120), *numbers) for name, *numbers in rows]
    page.add_table(title, labels, [table_row(row) for row in cells])


def _point_rows(trend: Trend) -> Iterator[tuple[str, ...]]:
    for number, point in enumerate(trend.points):
        yield (point.finished, *_cells(point.totals, is_first=number == 0))


def _group_rows(trend: Trend) -> Iterator[tuple[str, ...]]:
    is_first = len(trend.points) == 1
    for name, numbers in trend.points[-1].groups.items():
        yield (name, *_cells(numbers, is_first=is_first))


def _cells(numbers: Numbers, *, is_first: bool) -> tuple[str, ...]:
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
        yield ("all failures", *_age(trend.age))


def _age(age: Age) -> tuple[str, ...]:
    return f"{age.open:,}", f"{age.median_days:,.1f}", f"{age.oldest_days:,}"
