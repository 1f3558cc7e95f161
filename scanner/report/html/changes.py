"""What became of failures since the baseline, and for how long the open ones have been known."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from scanner.engine.result import BaselineState, Severity, Verdict
from scanner.engine.values import as_moment
from scanner.report.html.lineage import lineage
from scanner.report.html.matrix import environment_label
from scanner.report.html.templating import finding_anchor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from scanner.engine.baseline import Comparison
    from scanner.engine.result import Result, ScanResult

SHOWN: Final = 500
"""How many failures of a kind are listed, the worst first; the others are counted."""
_FIRST: Final = 10
"""How many new ones stand on the first screen."""
_AGES: Final = ((0, "new"), (7, "up to 7 days"), (30, "8 to 30 days"), (90, "31 to 90 days"))
_OLDER: Final = "over 90 days"
_UNKNOWN: Final = "not known"
_GONE: Final = {
    "resourceGone": "Gone with their resource",
    "ruleNotRun": "Not looked at, since their rule was not run",
}
_Told: TypeAlias = "tuple[Result, str]"
"""A failure, and a remark on it."""


class ChangeView(NamedTuple):
    """A failure, and what became of it."""

    anchor: str
    """"" where it does not stand in this report."""
    rule_id: str
    severity: str
    resource: str
    place: str
    environment: str
    remark: str


class KindView(NamedTuple):
    """The failures of which the same became."""

    name: str
    title: str
    rows: Sequence[ChangeView]
    left_out: int

    @property
    def total(self) -> int:
        """How many there are."""
        return len(self.rows) + self.left_out


class AgeRow(NamedTuple):
    """The open failures of a severity by how long they have been known."""

    severity: str
    numbers: Sequence[int]
    total: int


class ChangesView(NamedTuple):
    """The comparison with the baseline; no kinds without one."""

    baseline: Comparison | None
    kinds: Sequence[KindView]
    ages: Sequence[str]
    by_age: Sequence[AgeRow]
    first: KindView | None
    """The worst of the live failures that are new or live again."""


def changes_view(result: ScanResult, shown: Iterable[Result]) -> ChangesView:
    """Return what changed; `shown` are the findings that stand in the report."""
    baseline = result.baseline
    if baseline is None:
        return ChangesView(None, [], [], [], None)
    known = {row.fingerprint for row in shown}
    kinds = [_kind(*kind, known, SHOWN) for kind in _kinds(result, baseline)]
    ages = [*(name for _, name in _AGES), _OLDER, _UNKNOWN]
    live = [row for row in result.counted_findings if row.is_live and baseline.is_new(row)]
    first = _kind("live", "", map(_told, live), known, _FIRST)
    return ChangesView(baseline, kinds, ages, list(_by_age(result, ages)), first)


def _kinds(result: ScanResult, baseline: Comparison) -> Iterator[tuple[str, str, Iterable[_Told]]]:
    """Yield every kind of change with its failures, each with what there is to say of it."""
    failures = [row for row in result.counted_findings if row.verdict is Verdict.FAIL]
    before = baseline.failed
    old = [row for row in failures if row.baseline_state is not BaselineState.NEW]
    again = [row for row in old if row.is_live and baseline.is_new(row)]
    since = [row for row in old if not row.is_live and _was_live(row, before)]
    updated = [row for row in old if row.baseline_state is BaselineState.UPDATED]
    new = [row for row in failures if row.baseline_state is BaselineState.NEW]
    yield "new", "New", [(row, "" if row.is_live else "exempt") for row in new]
    yield "again", "Live again, since their exemption ended", map(_told, again)
    yield "fixed", "Fixed", map(_told, _fixed(result, baseline))
    yield "exempted", "Exempted since", map(_told, since)
    yield "updated", "Failing with other evidence or severity", map(_told, updated)
    carried = [(row, row.carried_forward) for row in old]
    yield (
        "carried",
        "Not assessed this time, so still standing",
        [(row, mark.reason) for row, mark in carried if mark is not None],
    )
    gone = [each for each in baseline.absent if not each.row.preview]
    for reason, title in _GONE.items():
        yield reason, title, [_told(each.row) for each in gone if each.reason == reason]


def _was_live(row: Result, before: Mapping[str, Result]) -> bool:
    known = before.get(row.fingerprint)
    return known is not None and known.exemption is None


def _fixed(result: ScanResult, baseline: Comparison) -> Iterator[Result]:
    """Yield the failures of then that their rules no longer see, as the counts have them."""
    still = {row.fingerprint for row in result.findings if row.verdict is Verdict.FAIL}
    still.update(each.row.fingerprint for each in baseline.absent)
    for row in baseline.failed.values():
        if row.fingerprint not in still and not row.preview:
            yield row


def _told(row: Result) -> _Told:
    return row, f"first seen {row.first_seen}" if row.first_seen else ""


def _kind(name: str, title: str, rows: Iterable[_Told], known: set[str], limit: int) -> KindView:
    ordered = sorted(rows, key=lambda pair: (pair[0].severity.rank, pair[0].rule_id))
    views = [_change(row, remark, known) for row, remark in ordered[:limit]]
    return KindView(name, title, views, len(ordered[limit:]))


def _change(row: Result, remark: str, known: set[str]) -> ChangeView:
    is_shown = row.fingerprint in known
    return ChangeView(
        finding_anchor(row.fingerprint) if is_shown else "",
        row.rule_id,
        row.severity.value,
        row.resource_name,
        " / ".join(lineage(row.resource_id)),
        environment_label(row.environment),
        remark,
    )


def _by_age(result: ScanResult, ages: Sequence[str]) -> Iterator[AgeRow]:
    """Yield the open failures of each severity by age, and of all."""
    end = as_moment(result.manifest.finished)
    found = Counter(
        (row.severity.value, _age(row.first_seen, end))
        for row in result.counted_findings
        if row.is_live
    )
    for severity in Severity:
        numbers = [found[severity.value, age] for age in ages]
        yield AgeRow(severity.value, numbers, sum(numbers))
    sums = [sum(found[severity.value, age] for severity in Severity) for age in ages]
    yield AgeRow("all", sums, sum(sums))


def _age(first_seen: str | None, end: dt.datetime | None) -> str:
    begin = as_moment(first_seen) if first_seen else None
    if begin is None or end is None:
        return _UNKNOWN
    days = (end - begin) / dt.timedelta(days=1)
    return next((name for most, name in _AGES if days <= most), _OLDER)
