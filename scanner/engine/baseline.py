"""Compares a scan with an earlier result: what is new, what stayed, what nobody could look at.

A failure of the baseline never ends because somebody could not look. It ends when its rule says
something else of the resource, when the resource is really gone, or when its rule is not run.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import msgspec

from scanner import armid
from scanner.engine.recorded import evidence_key, table_of
from scanner.engine.result import (
    QUIET,
    VERDICTS,
    BaselineState,
    CarriedForward,
    Result,
    ScanResult,
    Severity,
    Verdict,
)
from scanner.errors import UsageError
from scanner.inventory.fields import UNREAD
from scanner.inventory.kinds import KINDS
from scanner.snapshot.manifest import ANY_TABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from scanner.engine.recorded import Recorded, RecordedSnapshot
    from scanner.engine.result import Assessment
    from scanner.inventory.fields import Maybe, Resource

Reason = Literal["resourceGone", "ruleNotRun"]
_FAIL: Final = VERDICTS.index(Verdict.FAIL)


class Known(NamedTuple):
    """What is kept of each row of a baseline."""

    verdict: Verdict
    severity: Severity
    evidence: bytes
    """Digest; empty for passes, which have none."""


class Absent(msgspec.Struct, frozen=True):
    """A failure of the baseline that has no row in this scan, and why."""

    row: Result
    reason: Reason


class Changes(msgspec.Struct, rename="camel"):
    """How many failures are in which state."""

    new: int = 0
    unchanged: int = 0
    updated: int = 0
    fixed: int = 0
    """The rule now passes, or no longer applies."""
    resource_gone: int = 0
    rule_not_run: int = 0
    carried_forward: int = 0
    """Of the unchanged and updated ones: not assessed this time."""


class Comparison:
    """A baseline, and what became of its failures."""

    def __init__(self, baseline: Recorded, finished: str) -> None:
        self.snapshot: RecordedSnapshot = baseline.snapshot
        self.finished = finished
        """When the snapshot of this scan was finished."""
        self.known: dict[str, Known] = {}
        self.failed: dict[str, Result] = {}
        """The failures of the baseline by fingerprint, exempted ones included."""
        self.absent: Sequence[Absent] = ()
        self.changes = Changes()
        quiet: dict[Known, Known] = {}
        for row in baseline.rows():
            evidence = b"" if row.verdict in QUIET else _digest(row)
            known = Known(row.verdict, row.severity, evidence)
            # Most rows are passes, and there may be millions of them.
            self.known[row.fingerprint] = known if evidence else quiet.setdefault(known, known)
            if row.verdict is Verdict.FAIL:
                self.failed[row.fingerprint] = row

    def marked(self, row: Result) -> Result:
        """Return a row with its state against the baseline."""
        before = self.known.get(row.fingerprint)
        verdict = before.verdict if before is not None else None
        return msgspec.structs.replace(
            row,
            baseline_state=_state(row, before),
            previous_verdict=verdict,
            first_seen=self._first_seen(row),
        )

    def _first_seen(self, row: Result) -> str | None:
        if row.verdict is not Verdict.FAIL:
            return None
        before = self.failed.get(row.fingerprint)
        return self.finished if before is None else before.first_seen or self.snapshot.finished

    def is_new(self, row: Result) -> bool:
        """Tell whether a row says what the baseline did not; an exemption that ended counts."""
        before = self.failed.get(row.fingerprint)
        if row.verdict is Verdict.FAIL:
            return before is None or (before.exemption is not None and row.exemption is None)
        return row.previous_verdict is not row.verdict

    def was_blind(self, table: str) -> bool:
        """Tell whether the baseline was short of records of a table."""
        short = {gap.table for gap in self.snapshot.gaps if gap.hides_records}
        unread = table not in self.snapshot.tables or table in self.snapshot.incomplete_tables
        return unread or table in short or ANY_TABLE in short

    def carried(self, row: Result, verdict: Verdict | None, reason: str) -> Result:
        """Return a failure of the baseline as one that still stands."""
        before = self.failed[row.fingerprint]
        last = before.carried_forward
        since = last.last_assessed if last is not None else self.snapshot.finished
        still = msgspec.structs.replace(
            row,
            verdict=Verdict.FAIL,
            message=before.message,
            evidence=before.evidence,
            remediation=before.remediation,
            exemption=None,
            carried_forward=CarriedForward(verdict, reason, since),
        )
        return self.marked(still)


def apply_baseline(result: ScanResult, baseline: Recorded) -> ScanResult:
    """Return the result with every row compared with the baseline.

    What failed in the baseline and is unknown or in error now is a failure, carried forward with
    the reason; so is what failed on a resource that could not be listed now.

    Raises:
        UsageError: the baseline is of another tenant.
    """
    _check_same_tenant(result, baseline)
    comparison = Comparison(baseline, result.manifest.finished)
    findings = iter(result.listed_findings)
    assessments, rows = [], []
    for assessment in result.assessments:
        codes, own = _compared(assessment, findings, comparison)
        assessments.append(_with_codes(assessment, codes))
        rows += own
    unlisted, comparison.absent = _missing(result, comparison)
    _count(comparison, [*rows, *unlisted])
    return result.replaced(
        assessments=assessments, findings=rows, unlisted=unlisted, baseline=comparison
    )


def _check_same_tenant(result: ScanResult, baseline: Recorded) -> None:
    own, other = result.manifest.tenant_id, baseline.snapshot.tenant_id
    if own and other and own.lower() != other.lower():
        raise UsageError(
            f"{baseline.path} is a result of tenant {other}, the snapshot is of {own}",
            hint="Name an earlier result of the same estate.",
        )


def _state(row: Result, before: Known | None) -> BaselineState:
    if before is None or (row.verdict is Verdict.FAIL and before.verdict is not Verdict.FAIL):
        return BaselineState.NEW
    evidence = b"" if row.verdict in QUIET else _digest(row)
    same = before == Known(row.verdict, row.severity, evidence)
    return BaselineState.UNCHANGED if same else BaselineState.UPDATED


def _digest(row: Result) -> bytes:
    return hashlib.sha256(evidence_key(row)).digest()[:8]


def _compared(
    assessment: Assessment, findings: Iterator[Result], comparison: Comparison
) -> tuple[bytearray, list[Result]]:
    """Return an assessment's verdicts and findings with failures carried forward."""
    codes, rows = bytearray(assessment.codes), []
    for index, code in enumerate(assessment.codes):
        verdict = VERDICTS[code]
        if verdict in QUIET:
            continue
        row = next(findings)
        if verdict is not Verdict.FAIL and row.fingerprint in comparison.failed:
            codes[index] = _FAIL
            rows.append(comparison.carried(row, verdict, row.message))
        else:
            rows.append(comparison.marked(row))
    return codes, rows


def _with_codes(assessment: Assessment, codes: bytearray) -> Assessment:
    if codes == assessment.codes:
        return assessment
    return type(assessment)(
        assessment.rule,
        assessment.resources,
        codes,
        assessment.environments,
        assessment.severities,
    )


def _missing(result: ScanResult, comparison: Comparison) -> tuple[list[Result], tuple[Absent, ...]]:
    """Return what is carried forward though its resource was not listed, and what is absent."""
    by_rule = {assessment.rule.id: assessment for assessment in result.assessments}
    unlisted: list[Result] = []
    absent: list[Absent] = []
    for row in comparison.failed.values():
        assessment = by_rule.get(row.rule_id)
        if assessment is None:
            absent.append(_absent(row, "ruleNotRun"))
            continue
        found = _look_up(result, assessment, row)
        if found is None:
            absent.append(_absent(row, "resourceGone"))
        elif found is UNREAD:
            unlisted.append(_unlisted(row, assessment, comparison))
    return sorted(unlisted, key=_order), tuple(sorted(absent, key=lambda each: _order(each.row)))


def _look_up(result: ScanResult, assessment: Assessment, row: Result) -> Maybe[Resource]:
    """Return a row's resource, `None` if it is gone, UNREAD if nobody could look."""
    kind = assessment.rule.resource
    if kind in KINDS:
        return result.estate.target(kind, row.resource_id)
    found = result.estate.find(row.resource_id)
    if found is not None:
        return found
    table = table_of(kind, row.resource_type)
    return None if result.estate.coverage.has_record(table, row.resource_id) else UNREAD


def _order(row: Result) -> tuple[str, str]:
    return row.rule_id, armid.key(row.resource_id)


def _absent(row: Result, reason: Reason) -> Absent:
    state = BaselineState.ABSENT
    return Absent(
        msgspec.structs.replace(row, baseline_state=state, previous_verdict=row.verdict), reason
    )


def _unlisted(row: Result, assessment: Assessment, comparison: Comparison) -> Result:
    table = table_of(assessment.rule.resource, row.resource_type)
    tonight = msgspec.structs.replace(
        row, severity=assessment.severity(row.environment), preview=assessment.rule.preview
    )
    reason = f"{row.resource_name} could not be listed: its records ({table}) were not all read."
    return comparison.carried(tonight, None, reason)


def _count(comparison: Comparison, rows: Iterable[Result]) -> None:
    """Count what became of failures. Rows of preview rules are not in it, as in all counts."""
    changes, seen = comparison.changes, set()
    for row in rows:
        if row.verdict is Verdict.FAIL:
            seen.add(row.fingerprint)
            if not row.preview and row.baseline_state is not None:
                name = row.baseline_state.value
                setattr(changes, name, getattr(changes, name) + 1)
                changes.carried_forward += row.carried_forward is not None
    reasons: Mapping[str, Reason] = {
        each.row.fingerprint: each.reason for each in comparison.absent
    }
    for row in comparison.failed.values():
        if row.fingerprint in seen or row.preview:
            continue
        reason = reasons.get(row.fingerprint)
        changes.resource_gone += reason == "resourceGone"
        changes.rule_not_run += reason == "ruleNotRun"
        changes.fixed += reason is None
