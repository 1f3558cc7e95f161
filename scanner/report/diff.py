"""What changed between two results, or two snapshots: as a table, JSON, or Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from scanner.engine.changes import ABSENT, ChangeKind, PropertyChange, ResourceChange
from scanner.engine.diff import FindingChange, State, counts
from scanner.inventory.fields import UNREAD_MARK
from scanner.report.columns import aligned
from scanner.report.page import Page, table_line, table_row
from scanner.report.summary import TOOL, remarks
from scanner.report.text import clean, code, json_escaped, markdown, plural, truncate
from scanner.snapshot.redact import is_redacted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from scanner.engine.recorded import RecordedSnapshot
    from scanner.snapshot.manifest import Manifest

SCHEMA_VERSION: Final = 1
COMMENT_BUDGET: Final = 60_000
"""Bytes of Markdown by default: GitHub takes comments of 65,536 characters."""
_VALUE: Final = 120
_DIGEST: Final = 19
STATES: Final = {
    State.NEW: "new",
    State.FIXED: "fixed",
    State.RESOURCE_GONE: "gone with their resource",
    State.NOT_ASSESSABLE: "no longer assessable",
    State.RULE_NOT_RUN: "rule not run",
    State.PERSISTING: "persisting",
}
KINDS: Final = {
    ChangeKind.ADDED: "added",
    ChangeKind.REMOVED: "removed",
    ChangeKind.CHANGED: "changed",
    ChangeKind.NO_LONGER_READ: "no longer read",
    ChangeKind.NOT_READ_BEFORE: "not read before",
}


class Side(msgspec.Struct, frozen=True):
    """One of the two snapshots that a difference is about."""

    digest: str
    estate: str
    finished: str


def side(snapshot: RecordedSnapshot | Manifest) -> Side:
    """Return what names a snapshot."""
    return Side(snapshot.digest, snapshot.estate, snapshot.finished)


class ResultDiff(msgspec.Struct, frozen=True):
    """The difference of two results."""

    old: Side
    new: Side
    changes: list[FindingChange]

    def json(self) -> bytes:
        """Return the whole difference as JSON, persisting failures included."""
        found = counts(self.changes)
        return _json("results", self, found, [_finding(change) for change in self.changes])

    def table(self) -> str:
        """Return the counts, and a line for each failure that does not persist."""
        shown = [change for change in self.changes if change.state is not State.PERSISTING]
        rows = [
            (
                STATES[each.state],
                each.row.severity.value,
                each.row.rule_id,
                each.row.environment or "-",
                each.row.resource_id,
            )
            for each in shown
        ]
        return _text(self, counts(self.changes), STATES, aligned(rows))

    def markdown(self, budget: int = COMMENT_BUDGET) -> str:
        """Return Markdown of at most `budget` bytes; what does not fit is counted."""
        page = Page(budget)
        found = counts(self.changes)
        page.add(_heading("Findings", self, found, STATES))
        left_out = 0
        head = table_row(("Severity", "Rule", "Resource", "Environment", "What was found"))
        for state in State:
            rows = [_finding_row(each) for each in self.changes if each.state is state]
            if rows and state is not State.PERSISTING:
                title = f"## {STATES[state].capitalize()} ({len(rows):,})"
                left_out += page.add_table(title, f"{head}\n{table_line(5, 5)}", rows)
        return page.text(last=_more(left_out, "finding"))


class SnapshotDiff(msgspec.Struct, frozen=True):
    """The difference of two snapshots."""

    old: Side
    new: Side
    changes: list[ResourceChange]

    def json(self) -> bytes:
        """Return the whole difference as JSON; a property that is not there has no key."""
        return _json("snapshots", self, self._counts(), self.changes)

    def table(self) -> str:
        """Return the counts, a line for each resource, and one below for each property."""
        lines: list[str] = []
        rows = [(KINDS[each.kind], each.table, each.resource_id) for each in self.changes]
        for each, line in zip(self.changes, aligned(rows), strict=True):
            lines.append(line)
            lines += [f"    {one.path}: {change_text(one)}" for one in each.properties]
        return _text(self, self._counts(), KINDS, [*map(_plain_line, lines)])

    def markdown(self, budget: int = COMMENT_BUDGET) -> str:
        """Return Markdown of at most `budget` bytes; what does not fit is counted."""
        page = Page(budget)
        page.add(_heading("Resources", self, self._counts(), KINDS))
        left_out = 0
        for kind in ChangeKind:
            changes = [each for each in self.changes if each.kind is kind]
            if changes:
                title = f"## {KINDS[kind].capitalize()} ({len(changes):,})"
                left_out += _add_resources(page, title, changes)
        return page.text(last=_more(left_out, "row"))

    def _counts(self) -> Mapping[ChangeKind, int]:
        kinds = [each.kind for each in self.changes]
        return {kind: kinds.count(kind) for kind in ChangeKind}


def _plain_line(line: str) -> str:
    """Return a line without control characters, its indent kept."""
    text = line.lstrip(" ")
    return " " * (len(line) - len(text)) + clean(text).replace("\n", " ")


def change_text(change: PropertyChange) -> str:
    """Return `before -> after`, each short and on one line."""
    return f"{value_text(change.before)} -> {value_text(change.after)}"


def value_text(value: Any) -> str:
    """Return a property's value for people; a secret shows the beginning of its digest only."""
    if value is ABSENT:
        return "(not set)"
    if value == UNREAD_MARK:
        return "(not readable)"
    if is_redacted(value):
        return f"(redacted, {truncate(str(value['$redacted']), _DIGEST)})"
    text = value if isinstance(value, str) else msgspec.json.encode(value, order="sorted").decode()
    return truncate(text, _VALUE)


def _json(
    kind: str, diff: ResultDiff | SnapshotDiff, found: Mapping[Any, int], changes: Sequence[Any]
) -> bytes:
    head = {
        "schemaVersion": SCHEMA_VERSION,
        "tool": TOOL,
        "kind": kind,
        "old": diff.old,
        "new": diff.new,
        "counts": dict(found),
    }
    text = msgspec.json.encode(head).removesuffix(b"}") + b',"changes":['
    rows = b",\n".join(msgspec.json.encode(each, order="deterministic") for each in changes)
    return json_escaped(text + (b"\n" + rows + b"\n" if rows else b"") + b"]}\n")


def _finding(change: FindingChange) -> dict[str, Any]:
    row = change.row
    return {
        "state": change.state,
        "ruleId": row.rule_id,
        "resourceId": row.resource_id,
        "severity": row.severity,
        "environment": row.environment,
        "verdict": change.verdict,
        "exempt": row.exemption is not None,
        "message": row.message,
        "firstSeen": row.first_seen,
        "fingerprint": row.fingerprint,
    }


def _text(
    diff: ResultDiff | SnapshotDiff,
    found: Mapping[Any, int],
    words: Mapping[Any, str],
    lines: Sequence[str],
) -> str:
    head = [f"old: {_side(diff.old)}", f"new: {_side(diff.new)}", _counted(found, words)]
    return "".join(f"{line}\n" for line in (*head, *([""] if lines else []), *lines))


def _side(each: Side) -> str:
    return " ".join(filter(None, (each.estate, each.finished, each.digest[:12])))


def _counted(found: Mapping[Any, int], words: Mapping[Any, str]) -> str:
    parts = [f"{number:,} {words[state]}" for state, number in found.items() if number]
    return ", ".join(parts) or "no difference"


def _heading(
    what: str, diff: ResultDiff | SnapshotDiff, found: Mapping[Any, int], words: Mapping[Any, str]
) -> str:
    return (
        f"# {what}: what changed\n\n**{_counted(found, words)}**\n\n"
        f"From {markdown(_side(diff.old), 200)} to {markdown(_side(diff.new), 200)}."
    )


def _finding_row(change: FindingChange) -> str:
    row = change.row
    lines = [row.message, *remarks(row)]
    if change.verdict is not None and change.state is State.FIXED:
        lines[0] = f"{row.message} Now: {change.verdict.value}."
    return table_row(
        (
            row.severity.value,
            markdown(row.rule_id),
            code(row.resource_id),
            "(none)" if row.environment is None else markdown(row.environment, 60),
            "<br>".join(markdown(line, 300) for line in lines),
        )
    )


def _add_resources(page: Page, title: str, changes: Sequence[ResourceChange]) -> int:
    if changes[0].kind is ChangeKind.CHANGED:
        head = f"{table_row(('Resource', 'Property', 'Before', 'After'))}\n{table_line(4, 4)}"
        return page.add_table(title, head, _property_rows(changes))
    head = f"{table_row(('Table', 'Resource'))}\n{table_line(2, 2)}"
    rows = [table_row((code(each.table), code(each.resource_id))) for each in changes]
    return page.add_table(title, head, rows)


def _property_rows(changes: Sequence[ResourceChange]) -> Iterator[str]:
    for each in changes:
        for one in each.properties:
            values = (code(value_text(one.before)), code(value_text(one.after)))
            yield table_row((code(each.resource_id), code(one.path), *values))


def _more(left_out: int, noun: str) -> str:
    return f"*{plural(left_out, f'more {noun}')} left out for size.*" if left_out else ""
