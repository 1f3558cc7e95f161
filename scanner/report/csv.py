"""The result as CSV: one row a rule and resource, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from scanner import armid
from scanner.report.summary import evidence_text
from scanner.report.text import csv_cell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scanner.engine.result import Result, ScanResult

COLUMNS: Final = (
    "ruleId",
    "ruleTitle",
    "severity",
    "verdict",
    "environment",
    "resourceName",
    "resourceType",
    "resourceId",
    "subscriptionId",
    "resourceGroup",
    "message",
    "evidence",
    "preview",
    "exemptionCategory",
    "exemptionOwner",
    "exemptionTicket",
    "exemptionExpiresOn",
    "exemptionJustification",
    "baselineState",
    "firstSeen",
    "lastAssessed",
    "fingerprint",
)
"""The columns in their order; new ones are added at the end only."""


def render(result: ScanResult) -> Iterator[bytes]:
    """Yield the header and then a line a row, passes included: UTF-8, lines end with CR LF.

    A cell is one line of text and never a formula; what begins like one has a `'` before it.
    """
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(COLUMNS)
    titles = {rule.id: rule.title for rule in result.rules}
    for row in result.rows():
        writer.writerow(map(csv_cell, _cells(row, titles[row.rule_id])))
        yield stream.getvalue().encode()
        stream.seek(0)
        stream.truncate()
    yield stream.getvalue().encode()


def _cells(row: Result, title: str) -> tuple[object, ...]:
    place = armid.parse(row.resource_id)
    return (
        row.rule_id,
        title,
        row.severity.value,
        row.verdict.value,
        row.environment,
        row.resource_name,
        row.resource_type,
        row.resource_id,
        place.subscription_id,
        place.resource_group,
        row.message,
        "; ".join(evidence_text(evidence) for evidence in row.evidence),
        "true" if row.preview else "false",
        *_exemption(row),
        row.baseline_state.value if row.baseline_state is not None else None,
        row.first_seen,
        row.carried_forward.last_assessed if row.carried_forward is not None else None,
        row.fingerprint,
    )


def _exemption(row: Result) -> tuple[str | None, ...]:
    found = row.exemption
    if found is None:
        return (None,) * 5
    return found.category, found.owner, found.ticket, found.expires_on, found.justification
