"""Keeps what a run has read on disk, so that it can end at any moment and go on later.

Each read (a table of some subscriptions, a list of one resource) writes its records as they come,
without their secrets, and one line when it has ended. What has no such line never counts.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any, Final, Self

import msgspec

from scanner import armid
from scanner.collect.refusal import RefusalError
from scanner.errors import CollectError, SnapshotError, UsageError
from scanner.snapshot.limits import LIMITS
from scanner.snapshot.lines import canonical
from scanner.snapshot.manifest import Gap
from scanner.snapshot.redact import redact

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_RUN: Final = "run.json"
_READS: Final = "reads.ndjson"


class Run(msgspec.Struct, frozen=True, rename="camel"):
    """What a run was started with; a run that is resumed must have been the same."""

    cloud: str
    tenant: str
    identity: str
    asked: tuple[str, ...]
    shard: str
    started: str
    excluded: tuple[str, ...] = ()


class Count(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What one read saw."""

    table: str
    scope: str
    """Where the ledger counts it: a subscription, or "/"."""
    api_version: str
    pages: int = 0
    rows: int = 0
    total: int | None = None
    duplicates: int = 0


class Done(msgspec.Struct, frozen=True, omit_defaults=True):
    """The end of a read."""

    n: int
    unit: str
    count: Count
    gaps: tuple[Gap, ...] = ()
    seen: tuple[str, ...] = ()
    """Subscriptions that Resource Graph had rows of."""
    again: bool = False
    """It failed on something that passes: a resumed run reads it again."""


class _Line(msgspec.Struct):
    n: int
    t: str = ""
    r: msgspec.Raw = msgspec.Raw(b"")
    unit: str = ""


class Sink:
    """Takes the records of one read."""

    def __init__(self, journal: Journal, number: int) -> None:
        self._journal = journal
        self.number = number
        self.pages = 0
        self.rows = 0
        self.duplicates = 0
        self.total: int | None = None
        self.subscriptions: set[str] = set()
        self.gaps: list[Gap] = []
        """What a read that succeeds found to be missing."""
        self.again = False
        """Some of that failed on something that passes."""
        self._seen: set[str] = set()

    def add(self, table: str, record: Any) -> bool:
        """Take a record unless its id was there already; tell whether it is new.

        Raises:
            RefusalError: it is no record, or beyond what a snapshot holds.
        """
        arm_id = record.get("id") if isinstance(record, dict) else None
        if not isinstance(arm_id, str) or not arm_id:
            raise RefusalError("RowWithoutId", "Azure sent an element without an id.")
        key = f"{table} {armid.key(arm_id)}"
        if key in self._seen:
            self.duplicates += 1
            return False
        try:
            line = canonical(redact(record, table)[0])
        except SnapshotError as error:
            raise RefusalError("RecordRefused", f"{arm_id}: {error}") from error
        if len(line) >= LIMITS.record:
            raise RefusalError("RecordRefused", f"{arm_id}: larger than {LIMITS.record} bytes")
        self._seen.add(key)
        self.subscriptions.add(armid.parse(arm_id).subscription_id.lower())
        self.rows += 1
        self._journal.write(self.number, table, line)
        return True


class Journal:
    """The state of one run, in a folder beside the snapshot that it will become."""

    def __init__(self, folder: Path, run: Run, *, resume: bool) -> None:
        """Open the state.

        Raises:
            UsageError: `resume`, and what is there is the state of another run.
            CollectError: the folder cannot be written.
        """
        self.folder = folder
        self._file = folder / _READS
        self._done: dict[str, Done] = {}
        self._claimed: set[str] = set()
        self._next = 0
        self.resumed = 0
        self.run = run
        try:
            if resume and (folder / _RUN).is_file():
                self._take_over(run)
            else:
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir(mode=0o700)
                (folder / _RUN).write_bytes(msgspec.json.encode(run))
            self._out = self._file.open("ab")
        except OSError as error:
            raise CollectError(f"{folder} cannot be written: {error}") from error

    def _take_over(self, run: Run) -> None:
        try:
            earlier = msgspec.json.decode((self.folder / _RUN).read_bytes(), type=Run)
        except msgspec.DecodeError as error:
            raise UsageError(
                f"{self.folder} is no state of a run", hint="Remove it, or leave out --resume."
            ) from error
        if msgspec.structs.replace(earlier, started="") != msgspec.structs.replace(run, started=""):
            raise UsageError(
                f"{self.folder} is the state of a run with other options or another identity",
                hint="Repeat the options of that run, or leave out --resume to start anew.",
            )
        self.run = earlier
        whole = 0
        for raw, line in self._lines():
            whole += len(raw)
            self._next = max(self._next, line.n + 1)
            if line.unit:
                done = msgspec.json.decode(raw, type=Done)
                self._done[done.unit] = done
        with self._file.open("ab") as file:
            file.truncate(whole)
        self._done = {unit: done for unit, done in self._done.items() if not done.again}
        self.resumed = len(self._done)

    def _lines(self) -> Iterator[tuple[bytes, _Line]]:
        """Yield the whole lines; one that was cut off ends the file."""
        if not self._file.exists():
            return
        decoder = msgspec.json.Decoder(_Line)
        with self._file.open("rb") as file:
            for raw in file:
                if not raw.endswith(b"\n"):
                    return
                yield raw, decoder.decode(raw)

    def claim(self, unit: str) -> bool:
        """Count a read in for this run; tell whether an earlier run has ended it already."""
        self._claimed.add(unit)
        return unit in self._done

    def begin(self) -> Sink:
        """Start a read."""
        self._next += 1
        return Sink(self, self._next)

    def write(self, number: int, table: str, line: bytes) -> None:
        """Write one record of a read."""
        self._out.write(b'{"n":%d,"t":"%b","r":%b}\n' % (number, table.encode(), line))

    def end(self, done: Done) -> None:
        """End a read: its records count from now on."""
        self._done[done.unit] = done
        self._out.write(msgspec.json.encode(done) + b"\n")

    def ended(self) -> list[Done]:
        """Return the reads of this run, in a fixed order."""
        return [self._done[unit] for unit in sorted(self._claimed & self._done.keys())]

    def rows(self, table: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield table and record of all that was read so far, or of one table."""
        self._out.flush()
        numbers = {done.n for done in self.ended()}
        mark = f'"t":"{table}"'.encode()
        for raw, line in self._lines():
            if line.n in numbers and line.t and (not table or mark in raw[:80]):
                yield line.t, msgspec.json.decode(line.r)

    def close(self) -> None:
        """Write out everything; the folder stays."""
        self._out.close()

    def remove(self) -> None:
        """Remove the state: the snapshot is written."""
        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()
