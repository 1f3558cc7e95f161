"""The file of an earlier result: its rows are read one at a time, as there may be millions."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, BinaryIO, Final

from scanner.errors import ScannerError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ROWS: Final = (b'"results": [', b'"results":[')
_LONG: Final = (*_ROWS, b'"logicalLocations":[')
"""What stands at the end of a line where members follow, each on a line of its own."""


class ResultFile:
    """A JSON document that azmlscan wrote: what is in it beside its rows, and the rows.

    Reports have one row a line, so this keeps none of them. A file that something else has laid
    out anew, or a pipe, is kept whole.
    """

    def __init__(self, path: Path) -> None:
        """Raises ScannerError for a file that cannot be read."""
        self.path = path
        try:
            with path.open("rb") as file:
                found = _without_members(file) if file.seekable() else None
                self.in_lines = found is not None
                """Tells whether the rows are in `lines()` and not in the document."""
                self.document: bytes = file.read() if found is None else found
                self._version = _version(file)
        except OSError as error:
            raise ScannerError(f"{path} cannot be read: {error.strerror or error}") from error

    def lines(self) -> Iterator[bytes]:
        """Yield the rows as they stand in the file.

        Raises:
            ScannerError: the file is another one than when it was opened.
        """
        try:
            with self.path.open("rb") as file:
                if _version(file) != self._version:
                    raise ScannerError(f"{self.path} has changed while it was read")
                yield from _members(file)
        except OSError as error:
            raise ScannerError(f"{self.path} cannot be read: {error.strerror or error}") from error


def _version(file: BinaryIO) -> tuple[int, int, int]:
    status = os.fstat(file.fileno())
    return status.st_ino, status.st_size, status.st_mtime_ns


def _without_members(file: BinaryIO) -> bytes | None:
    """Return the document with its long arrays empty, `None` where they are laid out otherwise.

    The file stands at its start again in that case.
    """
    kept: list[bytes] = []
    inside = rows = False
    for line in file:
        if inside and not line.startswith(b"]"):
            if not (line.startswith(b"{") and line.endswith((b"},\n", b"}\n"))):
                break
            continue
        kept.append(line)
        inside = line.rstrip().endswith(_LONG)
        rows = rows or line.rstrip().endswith(_ROWS)
    else:
        if rows and not inside:
            return b"".join(kept)
    file.seek(0)
    return None


def _members(file: BinaryIO) -> Iterator[bytes]:
    inside = False
    for line in file:
        if inside and line.startswith(b"]"):
            return
        if inside:
            yield line.rstrip().removesuffix(b",")
        else:
            inside = line.rstrip().endswith(_ROWS)
