"""The gate: which exit code a scan ends with."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

import msgspec

from scanner.engine.result import Assessment, Result, ScanResult, Severity, Verdict
from scanner.errors import UsageError
from scanner.inventory.kinds import KINDS
from scanner.snapshot.manifest import ANY_TABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class ExitCode(enum.IntEnum):
    """What the exit codes of a scan mean. 1 (the tool failed) and 2 (usage) come from errors."""

    CLEAN = 0
    NOTHING_TO_CHECK = 3
    INCOMPLETE = 4
    FINDINGS = 10


class GateAnswer(msgspec.Struct, frozen=True):
    """The exit code of a scan, and the sentence that says why."""

    code: ExitCode
    reason: str


def decide(
    result: ScanResult, fail_on: Severity, *, allow_unknown: bool = False, new_only: bool = False
) -> GateAnswer:
    """Return the exit code for a scan with a severity threshold.

    An incomplete scan is not a clean one: without findings at the threshold, a rule of that
    severity that is unknown on some resource, or resources that nobody could list, give 4.
    Exempted failures do not count, nor do accepted gaps and what is unknown because of them.
    With `new_only`, only what the baseline did not say counts.

    Raises:
        UsageError: `new_only` without a baseline.
    """
    if new_only and result.baseline is None:
        raise UsageError(
            "only new findings are asked for, and there is no baseline",
            hint="Name an earlier result with --baseline.",
        )
    counting = [row for row in _counting(result, fail_on) if not new_only or _is_new(result, row)]
    failed = sum(row.is_live for row in counting)
    noun = "new finding" if new_only else "finding"
    if failed:
        found = f"1 {noun}" if failed == 1 else f"{failed} {noun}s"
        return GateAnswer(ExitCode.FINDINGS, f"{found} at severity {fail_on} or above")
    clean = GateAnswer(ExitCode.CLEAN, f"no {noun} at severity {fail_on} or above")
    counts = result.totals
    if counts.assessed + counts.unknown + counts.error == 0:
        return GateAnswer(ExitCode.NOTHING_TO_CHECK, "no rule applied to any resource")
    if allow_unknown:
        return clean
    return _incomplete(result, fail_on, counting, new_only=new_only) or clean


def _incomplete(
    result: ScanResult, fail_on: Severity, counting: Sequence[Result], *, new_only: bool
) -> GateAnswer | None:
    unknown = sum(row.verdict in {Verdict.UNKNOWN, Verdict.ERROR} for row in counting)
    if unknown:
        checks = "1 check" if unknown == 1 else f"{unknown} checks"
        reason = f"{checks} of severity {fail_on} or above could not be assessed"
        return GateAnswer(ExitCode.INCOMPLETE, reason)
    blind = set(_blind_tables(result, fail_on))
    if new_only and result.baseline is not None:
        blind = {table for table in blind if not result.baseline.was_blind(table)}
    if blind:
        reason = f"not everything was read: {', '.join(sorted(blind))}"
        return GateAnswer(ExitCode.INCOMPLETE, reason)
    return None


def _counting(result: ScanResult, fail_on: Severity) -> Iterator[Result]:
    """Yield the findings at the threshold that nothing accepts."""
    for row in result.counted_findings:
        if row.exemption is None and row.severity.rank <= fail_on.rank:
            yield row


def _is_new(result: ScanResult, row: Result) -> bool:
    return result.baseline is None or result.baseline.is_new(row)


def _blind_tables(result: ScanResult, fail_on: Severity) -> Iterator[str]:
    """Yield the tables in which resources may be missing that a rule at the threshold is about."""
    accepted, short = _gaps(result)
    tables = result.manifest.tables
    for assessment in result.assessments:
        if assessment.rule.preview or _worst(assessment) > fail_on.rank:
            continue
        table = KINDS[assessment.rule.resource].TABLE
        complete = (table in tables and tables[table].complete) or table in accepted
        if not complete or table in short or ANY_TABLE in short:
            yield table


def _gaps(result: ScanResult) -> tuple[set[str], set[str]]:
    """Return the tables all of whose gaps are accepted, and those with gaps that are not."""
    taken = (
        {(g.table, g.scope, g.code) for g in result.exemptions.gaps} if result.exemptions else set()
    )
    gaps = [gap for gap in result.manifest.gaps if gap.hides_records]
    short = {g.table for g in gaps if (g.table, g.scope, g.code or str(g.status)) not in taken}
    return {gap.table for gap in gaps} - short, short


def _worst(assessment: Assessment) -> int:
    return min(severity.rank for severity in assessment.severities.values())
