"""Recomputes everything a manifest says about its records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanner.errors import SnapshotError
from scanner.snapshot.lines import canonical, key_of, parse_line
from scanner.snapshot.read import Snapshot, open_snapshot
from scanner.snapshot.write import digest_of

if TYPE_CHECKING:
    from pathlib import Path


def verify(path: Path) -> list[str]:
    """Return what is wrong with a snapshot, in the order found; nothing when it is sound.

    Checked are the manifest, the set of files, and per table: size, rows, SHA-256, canonical
    JSON, order, and that no id is there twice; then the digest over all tables. What cannot be
    opened at all is one problem.
    """
    try:
        snapshot = open_snapshot(path)
    except SnapshotError as error:
        return [str(error)]
    with snapshot:
        problems = [
            problem
            for table in sorted(snapshot.tables)
            for problem in _check_table(snapshot, table)
        ]
        digest = digest_of(snapshot.tables)
        if digest != snapshot.manifest.digest:
            problems.append(f"{path}: the digest of its tables is {digest}, not the manifest's")
        return problems


def _check_table(snapshot: Snapshot, table: str) -> list[str]:
    """Return the first few problems of a table: after a broken line, all others would follow."""
    last = ""
    try:
        for row, line in enumerate(snapshot.lines(table), start=1):
            place = f"{snapshot.path}: table {table}, line {row}"
            if canonical(parse_line(line, place)) != line:
                return [f"{place}: not canonical JSON", *_rest(snapshot, table)]
            key = key_of(line, place)
            if key <= last:
                order = "twice" if key == last else "out of order"
                return [f"{place}: {key} is there {order}", *_rest(snapshot, table)]
            last = key
    except SnapshotError as error:
        return [str(error)]
    return []


def _rest(snapshot: Snapshot, table: str) -> list[str]:
    """Return what else is wrong with the bytes of a table that has a wrong line."""
    try:
        for _ in snapshot.lines(table):
            pass
    except SnapshotError as error:
        return [str(error)]
    return []
