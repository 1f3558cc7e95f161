"""Open, new and fixed failures over any number of results, and how old the open ones are."""

from __future__ import annotations

import datetime as dt
import statistics
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from scanner.engine.diff import State, diff_results
from scanner.engine.result import Severity, Verdict
from scanner.engine.values import as_moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from scanner.engine.recorded import Recorded
    from scanner.engine.result import Result

Dimension = Literal["severity", "environment", "framework", "control"]
NONE: Final = "(none)"


class Numbers(msgspec.Struct, rename="camel"):
    """Failures at one point in time, those of preview rules left out."""

    open: int = 0
    """Failures that nothing exempts, carried forward ones included."""
    exempt: int = 0
    not_assessed: int = 0
    """Of the open and exempted ones: carried forward."""
    new: int = 0
    """Not a failure at the point before."""
    fixed: int = 0
    gone: int = 0
    """Gone with their resource."""


class Point(msgspec.Struct, frozen=True):
    """One result."""

    finished: str
    """When its snapshot was finished."""
    digest: str
    estate: str
    totals: Numbers
    groups: dict[str, Numbers]
    """By the values of the dimension. A failure counts once in each framework and control that its
    rule gives evidence for, so these groups add up to more than the totals."""


class Age(msgspec.Struct, frozen=True, rename="camel"):
    """How many days ago the failures that are open at the last point were first seen."""

    open: int
    median_days: float
    oldest_days: int


class Trend(msgspec.Struct, frozen=True, rename="camel"):
    """Points in time, the earliest first, and the ages at the last one."""

    dimension: Dimension
    points: tuple[Point, ...]
    age: Age | None
    """`None` where nothing is open."""
    ages: dict[str, Age]
    framework: str = ""
    """The framework that the groups are limited to, "" for all of them."""


def trend_of(
    results: Iterable[Recorded], dimension: Dimension = "severity", framework: str = ""
) -> Trend:
    """Return the trend over some results, in whatever order they come.

    `framework` limits the groups of the dimension `control` to the controls of one framework.
    A failure counts as first seen in the earliest result of an unbroken row of them that has it,
    or earlier where a result says so. The first result has no new and no fixed ones.
    """
    ordered = sorted(results, key=lambda each: (each.snapshot.finished, each.snapshot.digest))
    points: list[Point] = []
    first_seen: dict[str, str] = {}
    open_rows: list[Result] = []
    for before, result in zip((None, *ordered), ordered, strict=False):
        point = _Tally(result, dimension, framework)
        open_rows = [row for row in _failures(result) if point.add(row)]
        first_seen = {
            row.fingerprint: _first_seen(row, first_seen, result) for row in _failures(result)
        }
        if before is not None:
            point.compare(before)
        points.append(point.point())
    if not ordered:
        return Trend(dimension, (), None, {}, framework)
    last = _Tally(ordered[-1], dimension, framework)
    end = ordered[-1].snapshot.finished
    days: dict[str, list[int]] = {}
    for row in open_rows:
        for group in last.groups_of(row):
            days.setdefault(group, []).append(_days(first_seen[row.fingerprint], end))
    every = [_days(first_seen[row.fingerprint], end) for row in open_rows]
    ages = {group: _age(days[group]) for group in sorted(days, key=group_order)}
    return Trend(dimension, tuple(points), _age(every) if every else None, ages, framework)


def group_order(group: str) -> tuple[int, str]:
    """Return the key that sorts severities by rank, other groups by name, what has none last."""
    severities = [severity.value for severity in Severity]
    if group in severities:
        return severities.index(group), ""
    return len(severities) + (group == NONE), group


class _Tally:
    """The numbers of one result."""

    def __init__(self, result: Recorded, dimension: Dimension, framework: str) -> None:
        self._result = result
        self._dimension = dimension
        self._framework = framework
        self._totals = Numbers()
        self._groups: dict[str, Numbers] = {}

    def add(self, row: Result) -> bool:
        """Count a failure, and tell whether it is open."""
        for numbers in self._numbers(row):
            numbers.open += row.is_live
            numbers.exempt += not row.is_live
            numbers.not_assessed += row.carried_forward is not None
        return row.is_live

    def compare(self, before: Recorded) -> None:
        """Count what is new, fixed and gone since another result."""
        for change in diff_results(before, self._result):
            for numbers in self._numbers(change.row):
                numbers.new += change.state is State.NEW
                numbers.fixed += change.state is State.FIXED
                numbers.gone += change.state is State.RESOURCE_GONE

    def _numbers(self, row: Result) -> Iterator[Numbers]:
        yield self._totals
        for group in self.groups_of(row):
            yield self._groups.setdefault(group, Numbers())

    def groups_of(self, row: Result) -> Sequence[str]:
        """Return the groups of the dimension that a row counts in."""
        if self._dimension == "severity":
            return (row.severity.value,)
        if self._dimension == "environment":
            return (NONE if row.environment is None else row.environment,)
        rule = self._result.rules.get(row.rule_id)
        controls = rule.controls if rule is not None else ()
        if self._framework:
            return [name for name in controls if name.startswith(f"{self._framework}/")]
        if self._dimension == "framework":
            controls = tuple(dict.fromkeys(name.partition("/")[0] for name in controls))
        return controls or (NONE,)

    def point(self) -> Point:
        """Return the point in time with its groups sorted."""
        snapshot = self._result.snapshot
        groups = {name: self._groups[name] for name in sorted(self._groups, key=group_order)}
        return Point(snapshot.finished, snapshot.digest, snapshot.estate, self._totals, groups)


def _failures(result: Recorded) -> Iterator[Result]:
    for row in result.rows():
        if row.verdict is Verdict.FAIL and not row.preview:
            yield row


def _first_seen(row: Result, known: dict[str, str], result: Recorded) -> str:
    return min(
        row.first_seen or result.snapshot.finished,
        known.get(row.fingerprint, result.snapshot.finished),
    )


def _days(first: str, last: str) -> int:
    begin, end = as_moment(first), as_moment(last)
    if begin is None or end is None:
        return 0
    return max(0, (end - begin) // dt.timedelta(days=1))


def _age(days: Sequence[int]) -> Age:
    return Age(len(days), float(statistics.median(days)), max(days))
