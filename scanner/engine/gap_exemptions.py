"""Gaps that are accepted, and the unknown verdicts that rest on nothing else.

An unknown verdict is accepted only where every gap that may have caused it is. A verdict that no
gap explains is never accepted.
"""

from __future__ import annotations

import fnmatch
import re
from typing import TYPE_CHECKING, Final

import msgspec

from scanner import armid
from scanner.engine.exemptions import is_glob, lies_in
from scanner.engine.result import Exemption
from scanner.inventory.fields import Derived
from scanner.inventory.kinds import KINDS
from scanner.inventory.paths import PathError, check, tokens
from scanner.snapshot.manifest import ANY_TABLE, Gap

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    from scanner.engine.exemptions import GapEntry
    from scanner.engine.result import Result
    from scanner.inventory.fields import Resource
    from scanner.snapshot.manifest import Manifest

_COUNT: Final = re.compile(r"count of (.*?)(?: that match)?")
_INDEX: Final = re.compile(r"\[\d+\]")
_MANAGEMENT_GROUPS: Final = "/providers/microsoft.management/managementgroups/"
_ANY: Final = frozenset((ANY_TABLE,))


class AcceptedGap(msgspec.Struct, frozen=True, rename="camel"):
    """A gap of the snapshot, with the exemption that accepts it."""

    table: str
    scope: str
    code: str
    exemption: Exemption


class GapAcceptance:
    """The gaps of a snapshot, told apart into accepted ones and the others."""

    def __init__(self, manifest: Manifest, entries: Sequence[GapEntry], day: dt.date) -> None:
        self.matched: dict[int, int] = {}
        """How many gaps each entry is about, by its position, expired ones included."""
        self._gaps = [gap for gap in manifest.gaps if gap.hides_records]
        named = {gap.table for gap in self._gaps}
        incomplete = {name for name, table in manifest.tables.items() if not table.complete}
        self._unexplained = set() if ANY_TABLE in named else incomplete - named
        self._accepted: dict[Gap, Exemption] = {}
        self._tables: dict[tuple[str, str], frozenset[str]] = {}
        for gap in self._gaps:
            for position, entry in enumerate(entries):
                if _is_about(entry, gap):
                    self.matched[position] = self.matched.get(position, 0) + 1
                    if entry.holds(day):
                        self._accepted.setdefault(gap, entry.shown())

    def accepted(self) -> tuple[AcceptedGap, ...]:
        """Return the accepted gaps, in the order of the manifest."""
        return tuple(
            AcceptedGap(gap.table, gap.scope, gap.code or str(gap.status), self._accepted[gap])
            for gap in self._gaps
            if gap in self._accepted
        )

    def open(self) -> list[Gap]:
        """Return the gaps that hide records and that nothing accepts."""
        return [gap for gap in self._gaps if gap not in self._accepted]

    def exemption(self, row: Result, kind: str) -> Exemption | None:
        """Return what accepts that a row's verdict is unknown, `None` where something does not."""
        if not self._accepted:
            return None
        causes = self._causes(row, kind)
        if not causes or any(gap not in self._accepted for gap in causes):
            return None
        return self._accepted[causes[0]]

    def _causes(self, row: Result, kind: str) -> list[Gap]:
        """Return the gaps that may be why the row is unknown: near its resources, else anywhere."""
        tables: set[str] = set()
        for evidence in row.evidence:
            if not evidence.readable:
                tables |= self._tables_of(kind, evidence.path)
        if not tables or (self._unexplained if ANY_TABLE in tables else self._unexplained & tables):
            return []
        gaps = [
            gap
            for gap in self._gaps
            if ANY_TABLE in tables or gap.table in tables or gap.table == ANY_TABLE
        ]
        ids = {row.resource_id, *(item.resource_id for item in row.evidence if item.resource_id)}
        return [gap for gap in gaps if _is_near(gap, ids)] or gaps

    def _tables_of(self, kind: str, path: str) -> frozenset[str]:
        if (kind, path) not in self._tables:
            self._tables[kind, path] = tables_of(kind, path)
        return self._tables[kind, path]


def tables_of(kind: str, path: str) -> frozenset[str]:
    """Return the tables that a piece of evidence is read from; `*` where that is not known.

    `path` is as evidence has it: with the indexes of members filled in, perhaps a count.
    """
    if kind not in KINDS:
        return _ANY
    counted = _COUNT.fullmatch(path)
    text = _INDEX.sub("[*]", counted[1] if counted else path)
    found, cls = set[str](), KINDS[kind]
    try:
        steps = check(tokens(text), cls, text)
    except PathError:
        return _ANY
    found.add(cls.TABLE)
    for step in steps:
        if isinstance(step.reference, Derived):
            return _ANY
        if step.reference is not None:
            found.add(_target(step.reference.to).TABLE)
    return frozenset(found)


def _target(kind: str) -> type[Resource]:
    return KINDS[kind]


def _is_about(entry: GapEntry, gap: Gap) -> bool:
    if entry.table.lower() != gap.table.lower():
        return False
    codes = {gap.code.lower(), str(gap.status)} - {"", "0"}
    if not any(fnmatch.fnmatchcase(code, entry.code.lower()) for code in codes):
        return False
    scope = armid.key(gap.scope)
    if is_glob(entry.scope):
        return fnmatch.fnmatchcase(scope, entry.scope.lower())
    return lies_in(scope, (armid.key(entry.scope),))


def _is_near(gap: Gap, ids: Iterable[str]) -> bool:
    """Tell whether a gap lies at, above or below one of some resources."""
    scope = armid.key(gap.scope)
    if scope.startswith(_MANAGEMENT_GROUPS):
        return True  # no id tells what a management group holds
    keys = [armid.key(resource_id) for resource_id in ids]
    return any(lies_in(key, (scope,)) or lies_in(scope, (key,)) for key in keys)
