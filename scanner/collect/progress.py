"""Shows how far a run is: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column

from scanner.collect import reads

if TYPE_CHECKING:
    from collections.abc import Callable

    from scanner.collect.quota import Pacer

_EVERY: Final = 10.0
"""Seconds between two plain lines."""


class Display(reads.Progress, Protocol):
    """Progress that is shown between entering and leaving it."""

    def __enter__(self) -> Self:
        """Start to show."""

    def __exit__(self, *_exc: object) -> None:
        """Stop."""


class _Counted:
    def __init__(self) -> None:
        self.ended = 0
        self.expected = 0
        self.rows = 0
        self.gaps = 0
        self._pacer: Pacer | None = None

    def watch(self, pacer: Pacer) -> None:
        """Show its waits for quota as well."""
        self._pacer = pacer

    def expect(self, number: int) -> None:
        """Take note of reads that are to come."""
        self.expected += number

    def count(self, rows: int, gaps: int) -> None:
        self.ended += 1
        self.rows += rows
        self.gaps += gaps

    def told(self) -> str:
        waited = self._pacer.waited if self._pacer is not None else 0.0
        quota = f", {waited:.0f} s for quota" if waited >= 1 else ""
        return f"{self.rows} rows, {self.gaps} gaps{quota}"


class PlainLines(_Counted):
    """A line now and then."""

    def __init__(self, write: Callable[[str], None]) -> None:
        super().__init__()
        self._write = write
        self._next = time.monotonic() + _EVERY

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        if self.ended:
            self._write(f"{self.ended} reads: {self.told()}")

    def done(self, table: str, rows: int, gaps: int) -> None:
        """Count a read, and write a line when the last is some time ago."""
        self.count(rows, gaps)
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _EVERY
            self._write(f"{self.ended} reads: {self.told()} (last: {table})")

    def say(self, text: str) -> None:
        """Write a line."""
        self._write(text)


class Bar(_Counted):
    """A bar that grows."""

    def __init__(self) -> None:
        super().__init__()
        self._progress = Progress(
            TextColumn("{task.description}", table_column=_named()),
            BarColumn(bar_width=None, table_column=Column(ratio=1)),
            MofNCompleteColumn(table_column=Column(no_wrap=True)),
            TimeElapsedColumn(table_column=Column(no_wrap=True)),
            TextColumn("{task.fields[told]}", table_column=Column(no_wrap=True)),
            console=Console(stderr=True),
            expand=True,
        )
        self._task = self._progress.add_task("collecting", total=None, told="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._progress.stop()

    def expect(self, number: int) -> None:
        """Lengthen the bar."""
        super().expect(number)
        self._progress.update(self._task, total=max(self.expected, self.ended))

    def done(self, table: str, rows: int, gaps: int) -> None:
        """Count a read."""
        self.count(rows, gaps)
        self._progress.update(
            self._task,
            completed=self.ended,
            total=max(self.expected, self.ended),
            description=table,
            told=self.told(),
        )

    def say(self, text: str) -> None:
        """Write a line above the bar."""
        self._progress.console.print(text, markup=False, highlight=False)


def _named() -> Column:
    """Return the column of what was read last, always as wide, so that the bar does not jump."""
    return Column(width=18, no_wrap=True, overflow="ellipsis")


def make_display(*, terminal: bool, write: Callable[[str], None]) -> Display:
    """Return a bar for a terminal, lines for anything else."""
    return Bar() if terminal else PlainLines(write)
