"""What SARIF says of the run itself: when the estate was read, and what went wrong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import sarif_om

from scanner.engine.exemption_notes import NoteKind
from scanner.engine.result import Verdict
from scanner.report.sarif.descriptors import CRASH, CUT, EXPIRED, GAP, notification_index
from scanner.report.sarif.findings import plain_message
from scanner.report.text import one_line, plural, truncate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scanner.engine.exemption_notes import Note
    from scanner.engine.result import Exemption, Result, ScanResult
    from scanner.snapshot.manifest import Gap

_GAPS_LIMIT: Final = 1_000
_TEXT_LIMIT: Final = 1_000
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def invocation(result: ScanResult) -> Any:
    """Return the invocation but for its notifications; it failed if a rule ended in an error."""
    manifest = result.manifest
    return sarif_om.Invocation(
        execution_successful=not any(_stopped(row) for row in result.findings),
        start_time_utc=_moment(manifest.started),
        end_time_utc=_moment(manifest.finished),
    )


def _crashed(row: Result) -> bool:
    """Tell whether a row's rule ended in an error, be its last failure carried forward or not."""
    last = row.carried_forward
    return Verdict.ERROR in {row.verdict, last.verdict if last is not None else None}


def _stopped(row: Result) -> bool:
    return _crashed(row) and not row.preview


def _moment(text: str) -> str | None:
    return text if _MOMENT.fullmatch(text) else None


def notifications(result: ScanResult, indexes: Mapping[str, int], cut: str = "") -> Iterator[Any]:
    """Yield a notification for what was cut, each crashed rule, each gap, each expired exemption.

    `indexes` has the position of each rule in the tool component, `cut` is "" if nothing was.
    """
    if cut:
        yield _notification(CUT, cut)
    yield from _crashes(result, indexes)
    gaps = result.manifest.gaps
    accepted = _accepted(result)
    for gap in gaps[:_GAPS_LIMIT]:
        yield _gap(gap, accepted.get((gap.table, gap.scope, gap.code or str(gap.status))))
    if len(gaps) > _GAPS_LIMIT:
        more = plural(len(gaps) - _GAPS_LIMIT, "more gap")
        yield _notification(CUT, f"{more} in the full result.")
    for note in result.exemptions.notes if result.exemptions is not None else ():
        if note.kind is NoteKind.EXPIRED:
            yield _expired(note)


def _notification(name: str, text: str, *, level: str = "warning") -> Any:
    return sarif_om.Notification(
        message=sarif_om.Message(text=plain_message(truncate(one_line(text), _TEXT_LIMIT))),
        level=level,
        descriptor=sarif_om.ReportingDescriptorReference(id=name, index=notification_index(name)),
    )


def _crashes(result: ScanResult, indexes: Mapping[str, int]) -> Iterator[Any]:
    crashed: dict[str, list[Result]] = {}
    for row in result.findings:
        if _crashed(row):
            crashed.setdefault(row.rule_id, []).append(row)
    for rule_id, rows in crashed.items():
        first = rows[0]
        problem = first.message if first.carried_forward is None else first.carried_forward.reason
        text = (
            f"{rule_id} ended in an error on {plural(len(rows), 'resource')}, first on "
            f"{first.resource_id}: {problem}"
        )
        level = "error" if _stopped(first) else "warning"
        notification = _notification(CRASH, text, level=level)
        # A rule in preview is not in the tool component and has no index there.
        index = indexes.get(rule_id, -1)
        notification.properties = {"resources": len(rows)}
        notification.associated_rule = sarif_om.ReportingDescriptorReference(
            id=rule_id, index=index
        )
        yield notification


def _expired(note: Note) -> Any:
    notification = _notification(EXPIRED, f"{note.place}: {note.text}")
    notification.properties = {"place": note.place, "id": note.id, "findings": note.findings}
    return notification


def _accepted(result: ScanResult) -> dict[tuple[str, str, str], Exemption]:
    """Return what accepts which gap, by its table, scope and code."""
    if result.exemptions is None:
        return {}
    return {(each.table, each.scope, each.code): each.exemption for each in result.exemptions.gaps}


def _gap(gap: Gap, accepted: Exemption | None) -> Any:
    status = " ".join(part for part in (str(gap.status or ""), gap.code) if part)
    text = f"{gap.table} not read at {gap.scope}: {gap.operation}"
    text += f" ended with {status}." if status else "."
    if gap.permission:
        text += f" Missing permission: {gap.permission}."
    if accepted is not None:
        text += f" Accepted until {accepted.expires_on} by {accepted.place} ({accepted.owner})."
    if gap.message:
        text += f" {gap.message}"
    notification = _notification(GAP, text)
    notification.properties = {
        name: value
        for name, value in (
            ("table", gap.table),
            ("scope", gap.scope),
            ("missingAction", gap.permission),
            ("acceptedBy", accepted.place if accepted is not None else ""),
        )
        if value
    }
    return notification
