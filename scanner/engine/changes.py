"""What changed from one snapshot to another: which property of which resource."""

from __future__ import annotations

import enum
import fnmatch
from typing import TYPE_CHECKING, Any, Final

import msgspec

from scanner import armid
from scanner.errors import SnapshotError
from scanner.inventory.coverage import Coverage
from scanner.inventory.fields import UNREAD_MARK
from scanner.snapshot.lines import key_of, parse_line
from scanner.snapshot.redact import is_redacted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from scanner.snapshot import Snapshot

IGNORED: Final = ("etag", "*.etag", "systemData", "*.systemData")
"""Properties, as globs over their paths, that change without anybody changing the resource."""
ABSENT: Final = msgspec.UNSET
"""Stands for a property that a record does not have."""


class ChangeKind(enum.StrEnum):
    """What became of a resource, in the order in which people want to read it."""

    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"
    NO_LONGER_READ = "noLongerRead"
    """Not in the new snapshot, which does not promise that it would be."""
    NOT_READ_BEFORE = "notReadBefore"
    """Not in the old snapshot, which does not promise that it would be."""


class PropertyChange(msgspec.Struct, frozen=True):
    """One property that differs. A redacted value is a digest; `ABSENT` where there is none."""

    path: str
    before: Any = ABSENT
    after: Any = ABSENT


class ResourceChange(msgspec.Struct, frozen=True, rename="camel"):
    """One resource that differs."""

    kind: ChangeKind
    table: str
    resource_id: str
    properties: tuple[PropertyChange, ...] = ()
    """Of a changed resource, sorted by path."""


def diff_snapshots(
    old: Snapshot, new: Snapshot, ignored: Sequence[str] = IGNORED
) -> Iterator[ResourceChange]:
    """Yield the resources that differ, by table, then id. Reads both snapshots in one pass.

    Raises:
        SnapshotError: a snapshot is damaged, or a table is not sorted by id.
    """
    then, now = Coverage(old.manifest), Coverage(new.manifest)
    for table in sorted(old.tables.keys() | new.tables.keys()):
        for before, after in _pairs(_entries(old, table), _entries(new, table)):
            if before is None and after is not None:
                known = then.has_record(table, after.id)
                kind = ChangeKind.ADDED if known else ChangeKind.NOT_READ_BEFORE
                yield ResourceChange(kind, table, after.id)
            elif after is None and before is not None:
                known = now.has_record(table, before.id)
                kind = ChangeKind.REMOVED if known else ChangeKind.NO_LONGER_READ
                yield ResourceChange(kind, table, before.id)
            elif before is not None and after is not None and before.line != after.line:
                found = tuple(differences(before.record(), after.record(), ignored))
                if found:
                    yield ResourceChange(ChangeKind.CHANGED, table, after.id, found)


class _Entry(msgspec.Struct):
    """One record on its way, not decoded until somebody has to look into it."""

    key: str
    line: bytes

    def record(self) -> dict[str, Any]:
        return parse_line(self.line, self.key)

    @property
    def id(self) -> str:
        return str(self.record()["id"])


def _entries(snapshot: Snapshot, table: str) -> Iterator[_Entry]:
    if table not in snapshot.tables:
        return
    last = ""
    for number, line in enumerate(snapshot.lines(table), start=1):
        place = f"{snapshot.path}: table {table}, line {number}"
        key = key_of(line, place)
        if key < last:
            raise SnapshotError(f"{place}: the table is not sorted by id")
        last = key
        yield _Entry(key, line)


def _pairs(
    old: Iterator[_Entry], new: Iterator[_Entry]
) -> Iterator[tuple[_Entry | None, _Entry | None]]:
    """Yield the records of two sorted streams side by side, `None` where one has no such id."""
    before, after = next(old, None), next(new, None)
    while before is not None or after is not None:
        if after is None or (before is not None and before.key < after.key):
            yield before, None
            before = next(old, None)
        elif before is None or after.key < before.key:
            yield None, after
            after = next(new, None)
        else:
            yield before, after
            before, after = next(old, None), next(new, None)


def differences(
    before: Any, after: Any, ignored: Sequence[str] = (), path: str = ""
) -> Iterator[PropertyChange]:
    """Yield the properties in which two JSON values differ, sorted by path.

    Members of a list are matched by their id or name where each has one that no other has; a
    list of plain values is one property. Ids that differ only in case are equal.
    """
    if _is_ignored(path, ignored) or before == after or _is_same_id(before, after):
        return
    if _is_branch(before) and _is_branch(after):
        for key in sorted(before.keys() | after.keys()):
            place = f"{path}.{key}" if path else key
            yield from differences(before.get(key, ABSENT), after.get(key, ABSENT), ignored, place)
        return
    old, new = _by_name(before), _by_name(after)
    if old is not None and new is not None:
        for name in sorted(old.keys() | new.keys()):
            place = f"{path}[{name}]"
            yield from differences(old.get(name, ABSENT), new.get(name, ABSENT), ignored, place)
        return
    yield PropertyChange(path, before, after)


def _is_ignored(path: str, ignored: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(path.lower(), pattern.lower()) for pattern in ignored)


def _is_same_id(before: Any, after: Any) -> bool:
    return (
        armid.is_arm_id(before) and armid.is_arm_id(after) and armid.key(before) == armid.key(after)
    )


def _is_branch(value: Any) -> bool:
    return isinstance(value, dict) and not is_redacted(value) and value != UNREAD_MARK


def _by_name(value: Any) -> dict[str, Any] | None:
    """Return the members of a list by what names each of them, `None` where something does not."""
    if not isinstance(value, list) or not value:
        return None
    for key in ("id", "name"):
        names = [item.get(key) if isinstance(item, dict) else None for item in value]
        if all(isinstance(name, str) for name in names):
            by_name = dict(zip(map(_short, map(str, names)), value, strict=True))
            if len(by_name) == len(value):
                return by_name
    return None


def _short(name: str) -> str:
    """Return a name as it is, and of an ARM id what tells it from its siblings."""
    return armid.key(name).rpartition("/")[2] if armid.is_arm_id(name) else name
