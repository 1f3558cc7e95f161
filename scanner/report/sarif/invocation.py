"""What SARIF says of the run itself: when the estate was read, and what went wrong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import sarif_om

from scanner.engine.exemption_notes import NoteKind
from scanner.engine.result import Result, Verdict
from scanner.report.sarif.descriptors import CRASH, CUT, EXPIRED, GAP, notification_index
from scanner.report.sarif.findings import plain_message
from scanner.report.text import one_line, plural, truncate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scanner.engine.exemption_notes import Note
    from scanner.engine.result import ScanResult
    from scanner.snapshot.manifest import Gap

_GAPS_LIMIT: Final = 1_000
_TEXT_LIMIT: Final = 1_000
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def invocation(result: ScanResult) -> Any:
    """Return the invocation but for its notifications; it failed if a rule ended in an error."""
    manifest = result.manifest
    return sarif_om.Invocation(
        execution_successful=not any(_crashed(row) for row in result.findings),
        start_time_utc=_moment(manifest.started),
        end_time_utc=_moment(manifest.finished),
    )


def _crashed(row: Result) -> bool:
    return row.verdict is Verdict.ERROR and not row.preview


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
    for gap in gaps[:_GAPS_LIMIT]:
        yield _gap(gap)
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
        if row.verdict is Verdict.ERROR:
            crashed.setdefault(row.rule_id, []).append(row)
    for rule_id, rows in crashed.items():
        text = (
            f"{rule_id} ended in an error on {plural(len(rows), 'resource')}, first on "
            f"{rows[0].resource_id}: {rows[0].message}"
        )
        level = "error" if _crashed(rows[0]) else "warning"
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


def _gap(gap: Gap) -> Any:
    status = " ".join(part for part in (str(gap.status or ""), gap.code) if part)
    text = f"{gap.table} not read at {gap.scope}: {gap.operation}"
    text += f" ended with {status}." if status else "."
    if gap.permission:
        text += f" Missing permission: {gap.permission}."
    if gap.message:
        text += f" {gap.message}"
    notification = _notification(GAP, text)
    notification.properties = {
        name: value
        for name, value in (
            ("table", gap.table),
            ("scope", gap.scope),
            ("missingAction", gap.permission),
        )
        if value
    }
    return notification
