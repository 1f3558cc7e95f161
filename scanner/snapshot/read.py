"""Opens a snapshot and streams its records, checking on the way that they are what was written."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import zipfile
import zlib
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Self, cast

from scanner.errors import SnapshotError
from scanner.snapshot.check import parse_manifest
from scanner.snapshot.limits import LIMITS, Limits
from scanner.snapshot.lines import parse_line, too_deep
from scanner.snapshot.source import Source, open_source
from scanner.snapshot.write import MANIFEST_NAME, RECORDS, table_file

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from scanner.snapshot.manifest import Manifest, Table

_CHUNK: Final = 1 << 20
VERIFY: Final = "`azmlscan snapshot verify` says what else is wrong with it."
"""What to do about a snapshot that is damaged."""
_BROKEN: Final = (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, KeyError)


def open_snapshot(path: Path, limits: Limits = LIMITS) -> Snapshot:
    """Open a snapshot folder or zip for reading.

    Raises:
        SnapshotError: there is none; its manifest is broken, of a newer version, or lists other
            tables than there are; or it is larger than the limits.
    """
    source = open_source(path, limits)
    try:
        return _open(source, path, limits)
    except BaseException:
        source.close()
        raise


def _open(source: Source, path: Path, limits: Limits) -> Snapshot:
    manifest = _read_manifest(source, path, limits)
    files, problems = table_files(source.names(), manifest.tables)
    if sum(table.bytes for table in manifest.tables.values()) > limits.total:
        problems.append(f"its tables are larger than {limits.total} bytes")
    if problems:
        raise SnapshotError(f"{path}: {'; '.join(problems)}")
    return Snapshot(path, manifest, source, files, limits)


class Snapshot:
    """An open snapshot. Use it in a `with` block, or call `close`."""

    def __init__(
        self, path: Path, manifest: Manifest, source: Source, files: dict[str, str], limits: Limits
    ) -> None:
        self.path = path
        self.manifest = manifest
        self._source = source
        self._files = files
        self._limits = limits

    @property
    def tables(self) -> dict[str, Table]:
        """The recorded tables by name, as the manifest has them."""
        return self.manifest.tables

    def lines(self, table: str) -> Iterator[bytes]:
        """Yield the records of a table as canonical JSON without line break; row 0 first.

        Raises:
            SnapshotError: no such table; a line beyond the limits; or, at the latest after the
                last line, bytes other than those the manifest has the digest of.
        """
        expected = self._table(table)
        digest = hashlib.sha256()
        rows = 0
        for data, lines in self._chunks(table, expected.bytes):
            digest.update(data)
            for line in lines:
                rows += 1
                if too_deep(line, self._limits.depth) or len(line) >= self._limits.record:
                    raise self._error(table, f"line {rows} is nested too deeply or too long")
                yield line
        if rows != expected.rows or digest.hexdigest() != expected.sha256:
            raise self._error(table, "is not what its manifest has the digest of", VERIFY)

    def records(self, table: str) -> Iterator[dict[str, Any]]:
        """Yield the records of a table as raw JSON objects; row 0 first."""
        for row, line in enumerate(self.lines(table)):
            yield parse_line(line, f"{self.path}: table {table}, line {row + 1}")

    def fetch(self, table: str, rows: Collection[int]) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield chosen records with their rows, ascending, in one pass over the table.

        Raises:
            SnapshotError: as `lines` does, or the table has no such row.
        """
        wanted = set(rows)
        last = max(wanted, default=-1)
        if wanted and not 0 <= min(wanted) <= last < self._table(table).rows:
            raise self._error(table, f"has no row {last if min(wanted) >= 0 else min(wanted)}")
        if not wanted:
            return
        for row, line in enumerate(self.lines(table)):
            if row in wanted:
                yield row, parse_line(line, f"{self.path}: table {table}, line {row + 1}")
            if row == last:
                return

    def close(self) -> None:
        """Close the files that are open."""
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def _table(self, table: str) -> Table:
        try:
            return self.manifest.tables[table]
        except KeyError:
            raise self._error(table, "is not in this snapshot") from None

    def _error(self, table: str, problem: str, hint: str = "") -> SnapshotError:
        return SnapshotError(f"{self.path}: table {table} {problem}", hint=hint)

    def _chunks(self, table: str, size: int) -> Iterator[tuple[bytes, list[bytes]]]:
        """Yield the bytes of a table, about a megabyte at a time, and the lines that end there."""
        rest = b""
        with self._open(table) as file:
            while data := self._read(table, file):
                size -= len(data)
                if size < 0:
                    raise self._error(table, "holds more than its manifest says", VERIFY)
                lines = (rest + data).split(b"\n")
                rest = lines.pop()
                if len(rest) >= self._limits.record:
                    raise self._error(table, f"has a line above {self._limits.record} bytes")
                yield data, lines
        if rest or size:
            raise self._error(table, "is cut off", VERIFY)

    def _read(self, table: str, file: BinaryIO) -> bytes:
        try:
            return file.read(_CHUNK)
        except _BROKEN as error:
            raise self._error(table, f"is damaged: {error}", VERIFY) from error

    @contextlib.contextmanager
    def _open(self, table: str) -> Iterator[BinaryIO]:
        name = self._files[table]
        with contextlib.ExitStack() as stack:
            try:
                file = stack.enter_context(self._source.open(name))
                if name.endswith(".gz"):
                    packed = stack.enter_context(gzip.GzipFile(fileobj=file))
                    file = cast("BinaryIO", packed)
            except _BROKEN as error:
                raise self._error(table, f"cannot be read: {error}") from error
            yield file


def table_files(names: list[str], tables: Collection[str]) -> tuple[dict[str, str], list[str]]:
    """Return the file of each table, and what is wrong: missing, unlisted or doubled files."""
    present = set(names)
    files: dict[str, str] = {}
    problems: list[str] = []
    for table in sorted(tables):
        found = [
            file
            for packed in (True, False)
            if (file := table_file(table, compressed=packed)) in present
        ]
        present.difference_update(found)
        if len(found) > 1:
            problems.append(f"table {table} is there twice, packed and plain")
        elif found:
            files[table] = found[0]
        else:
            problems.append(f"table {table} is missing, its manifest lists it")
    extra = sorted(name for name in present if name.startswith(f"{RECORDS}/"))
    problems.extend(f"{name} is a file that its manifest does not list" for name in extra)
    return files, problems


def _read_manifest(source: Source, path: Path, limits: Limits) -> Manifest:
    if MANIFEST_NAME not in source.names():
        raise SnapshotError(
            f"{path} is not a snapshot: it has no {MANIFEST_NAME} at its top",
            hint="Make a snapshot of exported JSON with `azmlscan snapshot import`.",
        )
    try:
        with source.open(MANIFEST_NAME) as file:
            text = file.read(limits.manifest + 1)
    except _BROKEN as error:
        raise SnapshotError(f"{path}: {MANIFEST_NAME} cannot be read: {error}") from error
    if len(text) > limits.manifest:
        raise SnapshotError(f"{path}: {MANIFEST_NAME} is larger than {limits.manifest} bytes")
    return parse_manifest(text, f"{path}: {MANIFEST_NAME}")
