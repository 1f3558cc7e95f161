"""The coverage ledger: what was read of each table, and what was not and why."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from scanner.inventory.kinds import TABLE_KINDS
from scanner.snapshot.manifest import ANY_TABLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scanner.engine.result import ScanResult
    from scanner.snapshot.manifest import Gap, Table

GAPS_SHOWN: Final = 1_000


class TableView(NamedTuple):
    """What the snapshot has of a table."""

    name: str
    rows: int | None
    """`None` where the snapshot does not have the table."""
    bytes: int
    sha256: str
    state: str
    complete: bool
    gaps: int


class Ledger(NamedTuple):
    """What was read and what was not."""

    tables: Sequence[TableView]
    gaps: Sequence[Gap]
    gaps_left_out: int


def ledger(result: ScanResult) -> Ledger:
    """Return every table that a snapshot may have, and the gaps, by table and scope."""
    manifest = result.manifest
    gaps = sorted(manifest.gaps, key=lambda gap: (gap.table, gap.scope, gap.operation, gap.code))
    numbers = Counter(gap.table for gap in gaps)
    names = sorted({*manifest.tables, *TABLE_KINDS})
    promised = set(manifest.promised_complete)
    tables = [
        _table(
            name, manifest.tables.get(name), numbers[name] + numbers[ANY_TABLE], name in promised
        )
        for name in names
    ]
    return Ledger(tables, gaps[:GAPS_SHOWN], len(gaps[GAPS_SHOWN:]))


def _table(name: str, table: Table | None, gaps: int, promised: bool) -> TableView:  # noqa: FBT001
    if table is None:
        return TableView(name, None, 0, "", "not in the snapshot", complete=False, gaps=gaps)
    if not table.complete:
        state = "not known to be complete"
    elif gaps:
        state = "complete but for its gaps"
    else:
        state = "complete, as promised at import" if promised else "complete"
    whole = table.complete and not gaps
    return TableView(name, table.rows, table.bytes, table.sha256, state, whole, gaps)
