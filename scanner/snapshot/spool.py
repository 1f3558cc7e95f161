"""Sorts the lines of all tables within a bounded amount of memory.

Lines are held until they and what Python keeps beside them reach the limit; then every table's are
sorted and written to a file, and the files are merged when the table is read. An estate below the
limit never touches the disk here.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Final

from scanner.snapshot.lines import key_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

Entry = tuple[str, int, bytes]
"""Key of the id, minus the length (of records with one id the longest comes first), line."""

_OVERHEAD: Final = 250
"""Bytes that CPython adds to one line: tuple, key, headers."""
MEMORY: Final = 512 * 2**20
"""Bytes of lines held in memory, by default."""


class Spool:
    """Takes lines in any order and gives each table's back sorted. Duplicates are kept."""

    def __init__(self, folder: Path, *, memory: int = MEMORY) -> None:
        self._folder = folder
        self._memory = memory
        self._held = 0
        self._entries: dict[str, list[Entry]] = {}
        self._runs: dict[str, list[Path]] = {}

    def add(self, table: str, key: str, line: bytes) -> None:
        """Take one line; it must not contain a line break."""
        self._entries.setdefault(table, []).append((key, -len(line), line))
        self._held += len(line) + len(key) + _OVERHEAD
        if self._held > self._memory:
            self._spill()

    def tables(self) -> set[str]:
        """Return the tables that have lines."""
        return self._entries.keys() | self._runs.keys()

    def read(self, table: str) -> Iterator[Entry]:
        """Yield the lines of a table sorted by key, then longest first, then by their bytes."""
        entries = self._entries.pop(table, [])
        entries.sort()
        yield from heapq.merge(entries, *map(_read_run, self._runs.pop(table, [])))

    def _spill(self) -> None:
        for table, entries in self._entries.items():
            runs = self._runs.setdefault(table, [])
            run = self._folder / f"{table}.{len(runs)}"
            entries.sort()
            with run.open("wb") as file:
                file.writelines(line + b"\n" for _, _, line in entries)
            runs.append(run)
        self._entries.clear()
        self._held = 0


def _read_run(run: Path) -> Iterator[Entry]:
    with run.open("rb") as file:
        yield from _entries_of(file)


def _entries_of(lines: Iterable[bytes]) -> Iterator[Entry]:
    for text in lines:
        line = text.removesuffix(b"\n")
        yield key_of(line, "spooled line"), -len(line), line
