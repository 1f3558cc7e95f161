"""Joins snapshots of disjoint scopes (the shards of one estate) into one.

The records of the result are byte for byte those of one run over all scopes. What one part could
not read stays bounded to that part's scopes: its gaps at "/", and a table it does not hold or holds
incompletely, become gaps at each of its scopes. Only for tables whose records lie above
subscriptions (roles, policies, management groups) does a gap at "/" stay where it is.

The result holds everything ("/") only where the parts are all shards of one collection, and that
was about everything.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
from typing import TYPE_CHECKING, Any, Final

import msgspec

from scanner import __version__, armid
from scanner.errors import SnapshotError
from scanner.snapshot.lines import key_of, parse_line
from scanner.snapshot.manifest import ANY_TABLE, Gap, Identity, LedgerEntry, Manifest, Table
from scanner.snapshot.read import Snapshot, open_snapshot
from scanner.snapshot.shards import refuse_repeated, whole_collection
from scanner.snapshot.write import sorted_gaps, write_snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

_EVERYTHING: Final = "/"
_OPERATION: Final = "merge"
_ABOVE_SUBSCRIPTIONS: Final = frozenset(
    {
        "denyAssignments",
        "managementGroups",
        "policyAssignments",
        "policyDefinitions",
        "policyExemptions",
        "policySetDefinitions",
        "roleAssignments",
        "roleDefinitions",
        "roleEligibilityScheduleInstances",
    }
)


def merge_snapshots(paths: Sequence[Path], out: Path, *, compress: bool = True) -> Manifest:
    """Write the records of all snapshots to one new snapshot and return its manifest.

    Raises:
        SnapshotError: they are of different clouds or tenants, or hold different records with
            one id; one of them is named twice or damaged.
    """
    with contextlib.ExitStack() as stack:
        parts = [stack.enter_context(open_snapshot(path)) for path in paths]
        refuse_repeated([(part.path, part.manifest) for part in parts])
        header = merged_header(parts)
        return write_snapshot(out, _records(parts), header, compress=compress)


def merged_header(parts: Sequence[Snapshot]) -> Manifest:
    """Return the manifest of the parts together, without what `write_snapshot` counts."""
    if not parts:
        raise SnapshotError("there are no snapshots to merge")
    manifests = [part.manifest for part in parts]
    estates = {manifest.estate for manifest in manifests}
    identities = {manifest.identity for manifest in manifests}
    tables = {
        name: Table(0, 0, "", complete=any(_is_complete(part, name) for part in manifests))
        for name in sorted({name for part in manifests for name in part.tables})
    }
    asked = _scopes(part.scopes_asked for part in manifests)
    read = _scopes(part.scopes_read for part in manifests)
    collection = whole_collection(manifests)
    if collection is not None:
        asked = collection.scopes_asked
        read = (_EVERYTHING, *read) if collection.everything else read
    return Manifest(
        tool_version=__version__,
        estate=estates.pop() if len(estates) == 1 else "",
        tenant_id=_only(parts, "tenant_id", "tenants"),
        cloud=_only(parts, "cloud", "clouds"),
        scopes_asked=asked,
        scopes_read=read,
        started=min(part.started for part in manifests),
        finished=max(part.finished for part in manifests),
        identity=identities.pop() if len(identities) == 1 else Identity(),
        api_versions=_api_versions(manifests),
        tables=tables,
        promised_complete=tuple(sorted({t for part in manifests for t in part.promised_complete})),
        gaps=sorted_gaps(gap for part in manifests for gap in _bounded_gaps(part, tables)),
        ledger=_ledger(manifests),
    )


def _ledger(manifests: Sequence[Manifest]) -> tuple[LedgerEntry, ...]:
    """Return how all parts were read, summed up where they share a table and a scope."""
    found: dict[tuple[str, str, str], LedgerEntry] = {}
    for entry in (entry for part in manifests for entry in part.ledger):
        key = (entry.table, entry.scope, entry.api_version)
        known = found.get(key)
        found[key] = entry if known is None else _sum(known, entry)
    return tuple(found[key] for key in sorted(found))


def _sum(one: LedgerEntry, other: LedgerEntry) -> LedgerEntry:
    totals = [entry.total_records for entry in (one, other) if entry.total_records is not None]
    return msgspec.structs.replace(
        one,
        asked=one.asked + other.asked,
        pages=one.pages + other.pages,
        rows=one.rows + other.rows,
        total_records=sum(totals) if totals else None,
        duplicates=one.duplicates + other.duplicates,
        short=one.short + other.short,
    )


def _is_complete(part: Manifest, table: str) -> bool:
    return table in part.tables and part.tables[table].complete


def _only(parts: Sequence[Snapshot], attribute: str, plural: str) -> str:
    """Return the value all parts agree on; a part that does not know it agrees."""
    values = {value: part.path for part in parts if (value := getattr(part.manifest, attribute))}
    if len(values) > 1:
        told = ", ".join(f"{path} ({value})" for value, path in sorted(values.items()))
        raise SnapshotError(f"snapshots of different {plural} cannot be merged: {told}")
    return next(iter(values), "")


def _scopes(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the scopes sorted, each in one spelling."""
    spellings = sorted((scope for group in groups for scope in group), reverse=True)
    by_key = {armid.key(scope): scope for scope in spellings}
    return tuple(by_key[key] for key in sorted(by_key))


def _api_versions(manifests: Sequence[Manifest]) -> dict[str, str]:
    """Return the api-version of each type; where parts used several, all of them."""
    used: dict[str, set[str]] = {}
    for part in manifests:
        for name, version in part.api_versions.items():
            used.setdefault(name, set()).update(version.split(", "))
    return {name: ", ".join(sorted(versions)) for name, versions in sorted(used.items())}


def _bounded_gaps(part: Manifest, tables: dict[str, Table]) -> Iterator[Gap]:
    """Yield the gaps of a part, bounded to its scopes, and those that its tables amount to."""
    told = {gap.table for gap in part.gaps if not armid.key(gap.scope)}
    for gap in part.gaps:
        if armid.key(gap.scope):
            yield gap
        else:
            yield from _at_scopes(gap, part)
    for name, table in tables.items():
        if not table.complete or _is_complete(part, name) or told & {name, ANY_TABLE}:
            continue
        code = "NotComplete" if name in part.tables else "NotCollected"
        message = "One of the merged snapshots does not hold all records of this table."
        yield from _at_scopes(Gap(name, _EVERYTHING, _OPERATION, code=code, message=message), part)


def _at_scopes(gap: Gap, part: Manifest) -> Iterator[Gap]:
    """Yield a gap of everything as gaps of the subscriptions that the part is about."""
    scopes = [s for s in _scopes((part.scopes_asked, part.scopes_read)) if _is_subscription(s)]
    bounded = scopes and all(_is_subscription(scope) for scope in part.scopes_read)
    if not bounded or gap.table in _ABOVE_SUBSCRIPTIONS:
        yield gap
        return
    for scope in scopes:
        yield msgspec.structs.replace(gap, scope=scope)
    if gap.table == ANY_TABLE:
        for table in sorted(_ABOVE_SUBSCRIPTIONS):
            yield msgspec.structs.replace(gap, table=table)


def _is_subscription(scope: str) -> bool:
    return armid.key(scope).startswith("/subscriptions/")


def _records(parts: Sequence[Snapshot]) -> Iterator[tuple[str, dict[str, Any]]]:
    for table in sorted({name for part in parts for name in part.tables}):
        streams = [_keyed(part, table) for part in parts if table in part.tables]
        for key, group in itertools.groupby(heapq.merge(*streams), key=lambda entry: entry[0]):
            lines = {line: index for _, line, index in group}
            if len(lines) > 1:
                raise _conflict(parts, table, key, lines)
            yield table, parse_line(next(iter(lines)), f"table {table}")


def _keyed(part: Snapshot, table: str) -> Iterator[tuple[str, bytes, str]]:
    for row, line in enumerate(part.lines(table)):
        yield key_of(line, f"{part.path}: table {table}, line {row + 1}"), line, str(part.path)


def _conflict(
    parts: Sequence[Snapshot], table: str, key: str, lines: dict[bytes, str]
) -> SnapshotError:
    where = ", ".join(sorted(set(lines.values()))) or str(parts[0].path)
    return SnapshotError(
        f"the snapshots hold different records of {table} with the id {key}: {where}",
        hint="Merge snapshots of disjoint scopes, taken in one go.",
    )
