"""The gate: which exit code a scan ends with."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

import msgspec

from scanner.engine.result import Assessment, ScanResult, Severity, Verdict
from scanner.inventory.kinds import KINDS
from scanner.snapshot.manifest import ANY_TABLE

if TYPE_CHECKING:
    from collections.abc import Iterator


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


def decide(result: ScanResult, fail_on: Severity, *, allow_unknown: bool = False) -> GateAnswer:
    """Return the exit code for a scan with a severity threshold.

    An incomplete scan is not a clean one: without findings at the threshold, a rule of that
    severity that is unknown on some resource, or resources that nobody could list, give 4.
    """
    failed = _number(result, fail_on, Verdict.FAIL)
    if failed:
        return GateAnswer(ExitCode.FINDINGS, f"{_rows(failed)} at severity {fail_on} or above")
    counts = result.totals
    if counts.assessed + counts.unknown + counts.error == 0:
        return GateAnswer(ExitCode.NOTHING_TO_CHECK, "no rule applied to any resource")
    if allow_unknown:
        return GateAnswer(ExitCode.CLEAN, f"no finding at severity {fail_on} or above")
    unknown = _number(result, fail_on, Verdict.UNKNOWN, Verdict.ERROR)
    if unknown:
        reason = f"{unknown} checks of severity {fail_on} or above could not be assessed"
        return GateAnswer(ExitCode.INCOMPLETE, reason)
    blind = sorted(set(_blind_tables(result, fail_on)))
    if blind:
        reason = f"not everything was read: {', '.join(blind)}"
        return GateAnswer(ExitCode.INCOMPLETE, reason)
    return GateAnswer(ExitCode.CLEAN, f"no finding at severity {fail_on} or above")


def _rows(number: int) -> str:
    return "1 finding" if number == 1 else f"{number} findings"


def _number(result: ScanResult, fail_on: Severity, *verdicts: Verdict) -> int:
    return sum(
        finding.verdict in verdicts and finding.severity.rank <= fail_on.rank
        for finding in result.counted_findings
    )


def _blind_tables(result: ScanResult, fail_on: Severity) -> Iterator[str]:
    """Yield the tables in which resources may be missing that a rule at the threshold is about."""
    tables = result.manifest.tables
    short = {gap.table for gap in result.manifest.gaps if gap.hides_records}
    for assessment in result.assessments:
        if assessment.rule.preview or _worst(assessment) > fail_on.rank:
            continue
        table = KINDS[assessment.rule.resource].TABLE
        complete = table in tables and tables[table].complete
        if not complete or table in short or ANY_TABLE in short:
            yield table


def _worst(assessment: Assessment) -> int:
    return min(severity.rank for severity in assessment.severities.values())
