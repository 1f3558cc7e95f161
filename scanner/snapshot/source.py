"""Where a snapshot's files lie: a folder, or a zip that is not trusted."""

from __future__ import annotations

import re
import stat
import zipfile
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol, cast

from scanner.errors import SnapshotError

if TYPE_CHECKING:
    from pathlib import Path

    from scanner.snapshot.limits import Limits

_RECORDS: Final = "records"
_STORABLE: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED: Final = 0x1
_OUTSIDE: Final = re.compile(r"^/|^[A-Za-z]:|\\|\0|(?:^|/)\.\.(?:/|$)")


class Source(Protocol):
    """Files by their name inside the snapshot, `/` between folders."""

    def names(self) -> list[str]:
        """Return the names of all files."""

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading; KeyError or OSError where there is none."""

    def close(self) -> None:
        """Give back what is held open."""


def open_source(path: Path, limits: Limits) -> Source:
    """Return the files of the snapshot at `path`.

    Raises:
        SnapshotError: there is no snapshot, or a zip with entries that no snapshot has.
    """
    try:
        if path.is_dir():
            return FolderSource(path, limits)
        if not path.exists():
            raise SnapshotError(f"{path} does not exist")
        if not zipfile.is_zipfile(path):
            raise SnapshotError(
                f"{path} is neither a snapshot folder nor a zip of one",
                hint="Make a snapshot of exported JSON with `azmlscan snapshot import`.",
            )
        return ZipSource(path, limits)
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise SnapshotError(f"{path} cannot be read: {error}") from error


class FolderSource:
    """A snapshot folder. Links are refused, since they may lead anywhere."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path = path
        records = path / _RECORDS
        files = [*path.iterdir(), *(records.iterdir() if records.is_dir() else ())]
        if len(files) > limits.entries:
            raise SnapshotError(f"{path} holds more than {limits.entries} files")
        for file in files:
            inside = file.relative_to(path).as_posix()
            if file.is_symlink() and (inside == "manifest.json" or inside.startswith(_RECORDS)):
                raise SnapshotError(f"{path}: {inside} is a link", hint="Copy the file itself.")
        self._names = [file.relative_to(path).as_posix() for file in files if file.is_file()]

    def names(self) -> list[str]:
        """Return the files at the top and those in `records`."""
        return self._names

    def open(self, name: str) -> BinaryIO:
        """Open a file of the folder."""
        return (self._path / name).open("rb")

    def close(self) -> None:
        """Hold nothing, so give back nothing."""


class ZipSource:
    """A zip of a snapshot folder."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._archive = zipfile.ZipFile(path)
        try:
            self._check(path, limits)
        except SnapshotError:
            self._archive.close()
            raise

    def _check(self, path: Path, limits: Limits) -> None:
        entries = self._archive.infolist()
        if len(entries) > limits.entries:
            raise SnapshotError(f"{path} holds more than {limits.entries} files")
        seen: set[str] = set()
        for entry in entries:
            problem = _problem(entry, seen)
            if problem:
                raise SnapshotError(f"{path}: the entry {entry.orig_filename!r} {problem}")
            seen.add(entry.filename)

    def names(self) -> list[str]:
        """Return the names of all entries that are files."""
        return [entry.filename for entry in self._archive.infolist() if not entry.is_dir()]

    def open(self, name: str) -> BinaryIO:
        """Open an entry; its checksum is checked when it is read to the end."""
        return cast("BinaryIO", self._archive.open(name))

    def close(self) -> None:
        """Close the zip file."""
        self._archive.close()


def _problem(entry: zipfile.ZipInfo, seen: set[str]) -> str:
    if _OUTSIDE.search(entry.orig_filename) or _OUTSIDE.search(entry.filename):
        return "lies outside the snapshot"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "is a link"
    if entry.filename in seen:
        return "is there twice"
    if entry.flag_bits & _ENCRYPTED:
        return "is encrypted"
    if entry.compress_type not in _STORABLE:
        return "is compressed in a way that snapshots do not use"
    return ""
