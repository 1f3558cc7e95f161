"""The counts of the first screen: by severity and by environment, with their denominators."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from scanner.engine.result import Counts, Severity
from scanner.report.summary import applicable, assessed, carried_by, environments

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scanner.engine.result import ScanResult

NO_ENVIRONMENT: Final = "(none)"


def environment_label(name: str | None) -> str:
    """Return an environment's name, and for none something that can be read."""
    return NO_ENVIRONMENT if name is None else name


class Column(NamedTuple):
    """A number that the tables of counts show."""

    field: str
    """Attribute of `Counts`."""
    name: str
    """The name in the JSON result."""
    label: str


COLUMNS: Final = (
    Column("fail", "fail", "Fail"),
    Column("unknown", "unknown", "Unknown"),
    Column("exempt", "exempt", "Exempt"),
    Column("error", "error", "Error"),
    Column("passed", "pass", "Pass"),
    Column("not_applicable", "not_applicable", "N/A"),
)
_BAR: Final = ("fail", "unknown", "error", "exempt", "pass")


class CountRow(NamedTuple):
    """One line of a table of counts."""

    label: str
    value: str
    """What the filter calls it, "" where it can't be filtered by."""
    cells: Sequence[tuple[str, int]]
    """Name and number of each column."""
    assessed: str
    """`812 of 900`."""
    bar: Sequence[tuple[str, float, float]]
    """Verdict, start and width of the pieces of a bar, in percent of what is applicable."""
    failures: Sequence[tuple[str, int]]
    """Live failures by severity, in the table by environment only."""


def minor_columns(result: ScanResult) -> frozenset[str]:
    """Return the columns that a narrow screen leaves out: what does not apply, and all zeros."""
    empty = {column.name for column in COLUMNS if not getattr(result.totals, column.field)}
    return frozenset({"not_applicable", *(empty - {"fail", "unknown", "pass"})})


def by_severity(result: ScanResult) -> list[CountRow]:
    """Return a row for every severity, and one for all."""
    carried = carried_by(result, lambda row: row.severity)
    rows = [
        _row((severity.value, severity.value), counts, carried[severity])
        for severity, counts in result.by_severity.items()
    ]
    return [*rows, _row(("all", ""), result.totals, carried.total())]


def by_environment(result: ScanResult) -> list[CountRow]:
    """Return a row for every environment, with its failures by severity."""
    failures = Counter(
        (row.environment, row.severity) for row in result.counted_findings if row.is_live
    )
    carried = carried_by(result, lambda row: row.environment)
    return [
        _row(
            (environment_label(name), "" if name is None else name),
            counts,
            carried[name],
            {severity: failures[name, severity] for severity in Severity},
        )
        for name, counts in environments(result)
    ]


def _row(
    labels: tuple[str, str],
    counts: Counts,
    carried: int,
    failures: Mapping[Severity, int] | None = None,
) -> CountRow:
    cells = [(column.name, int(getattr(counts, column.field))) for column in COLUMNS]
    shown = [(severity.value, number) for severity, number in (failures or {}).items()]
    bar = _bar(dict(cells), applicable(counts))
    return CountRow(*labels, cells, assessed(counts, carried), bar, shown)


def _bar(numbers: Mapping[str, int], whole: int) -> list[tuple[str, float, float]]:
    pieces, start = [], 0.0
    for name in _BAR:
        if numbers[name]:
            width = 100 * numbers[name] / whole
            pieces.append((name, round(start, 2), round(width, 2)))
            start += width
    return pieces
