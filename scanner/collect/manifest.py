"""The header of a collected snapshot, worked out from what the journal says."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

import msgspec

from scanner import __version__, armid
from scanner.collect.operations import API_VERSIONS, COLLECTED, GRAPH_PERMISSIONS, LISTED_PER
from scanner.snapshot.manifest import LedgerEntry, Manifest, Table
from scanner.snapshot.tables import TABLES
from scanner.snapshot.write import sorted_gaps

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scanner.collect.journal import Done, Journal
    from scanner.collect.scopes import Scope
    from scanner.snapshot.manifest import Gap, Identity

_EMPTY: Final = Table(0, 0, "")


def header_of(
    journal: Journal, identity: Identity, scope: Scope, finished: str, estate: str
) -> Manifest:
    """Return the manifest but for what writing the records counts."""
    ended = journal.ended()
    return Manifest(
        tool_version=__version__,
        estate=estate,
        tenant_id=journal.run.tenant,
        cloud=journal.run.cloud,
        scopes_asked=scope.asked,
        scopes_read=scope.read,
        shard=scope.shard,
        started=journal.run.started,
        finished=finished,
        identity=identity,
        api_versions=dict(API_VERSIONS),
        tables=dict.fromkeys(COLLECTED, _EMPTY),
        gaps=sorted_gaps(with_never_asked(gap for done in ended for gap in done.gaps)),
        ledger=ledger_of(ended),
    )


def with_never_asked(gaps: Iterable[Gap]) -> Iterator[Gap]:
    """Yield the gaps, and those of the lists that were never asked for, as their owner is missing.

    They are bounded to the collection of the owners, as Resource Manager writes it: the lists of
    those owners that are known have been read.
    """
    for gap in gaps:
        yield gap
        if gap.table not in LISTED_PER or armid.parse(gap.scope).type.lower() in TABLES[gap.table]:
            continue
        namespace, kind, _ = GRAPH_PERMISSIONS[gap.table].split("/", 2)
        scope = f"{gap.scope.rstrip('/')}/providers/{namespace}/{kind}"
        for table in LISTED_PER[gap.table]:
            yield msgspec.structs.replace(
                gap, table=table, scope=scope, message=f"Some of {gap.table} may not be known."
            )


def ledger_of(ended: Iterable[Done]) -> tuple[LedgerEntry, ...]:
    """Return the sums per table and scope."""
    groups: dict[tuple[str, str, str], list[Done]] = defaultdict(list)
    for done in ended:
        count = done.count
        groups[count.table, count.scope, count.api_version].append(done)
    return tuple(_sum(*key, groups[key]) for key in sorted(groups))


def _sum(table: str, scope: str, api_version: str, ended: list[Done]) -> LedgerEntry:
    counts = [done.count for done in ended]
    totals = [count.total for count in counts if count.total is not None]
    return LedgerEntry(
        table,
        scope,
        api_version,
        asked=len(ended),
        pages=sum(count.pages for count in counts),
        rows=sum(count.rows for count in counts),
        total_records=sum(totals) if totals else None,
        duplicates=sum(count.duplicates for count in counts),
        short=sum(bool(done.gaps) for done in ended),
    )
