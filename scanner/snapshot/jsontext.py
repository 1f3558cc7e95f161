"""Takes JSON files apart without decoding them whole: one document, one element at a time.

A file is held as its bytes; elements are slices of them until somebody decodes one. Understood are
one document, documents one after another (NDJSON, or several outputs in one file), a byte order
mark, and the UTF-16 that Windows PowerShell writes.
"""

from __future__ import annotations

import contextlib
import re
import sys
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn, TypeAlias

import msgspec

from scanner.errors import SnapshotError
from scanner.files import as_utf8
from scanner.snapshot.limits import LIMITS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STDIN: Final = "-"
_GZIP: Final = b"\x1f\x8b"
_BYTE: Final = re.compile(r"\(byte (\d+)\)")
_SPACE: Final = re.compile(rb"[\s\x1e]*")
_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ARRAY: Final = msgspec.json.Decoder(list[msgspec.Raw])


Members: TypeAlias = dict[str, msgspec.Raw] | list[msgspec.Raw]
"""An object or array whose members are not decoded."""


_NOT_UTF8: Final = "Export it again, or save the file as UTF-8."


class Document(NamedTuple):
    """A JSON value at the top of a file: an object or array whose members are not decoded."""

    place: str
    """For messages: the file, and the line where it is not the first document."""
    value: Members


def read_bytes(source: Path | str) -> bytes:
    """Return a file's JSON text, or that of stdin ("-"), as UTF-8 without byte order mark.

    Raises:
        SnapshotError: it cannot be read, or is larger than the limit.
    """
    try:
        if isinstance(source, str):
            data = sys.stdin.buffer.read(LIMITS.export + 1)
        else:
            with source.open("rb") as file:
                data = file.read(LIMITS.export + 1)
    except OSError as error:
        raise SnapshotError(f"{source} cannot be read: {error.strerror or error}") from error
    if len(data) > LIMITS.export:
        raise SnapshotError(
            f"{name_of(source)} is larger than {LIMITS.export} bytes",
            hint="Export in pages, one file each, and import the folder.",
        )
    if data.startswith(_GZIP):
        raise SnapshotError(
            f"{name_of(source)} is compressed",
            hint="Unpack it first: gunzip --keep FILE, or gunzip --stdout FILE | azmlscan … -",
        )
    try:
        return as_utf8(data)
    except ValueError as error:
        raise SnapshotError(
            f"{name_of(source)}: neither UTF-8 nor UTF-16 text", hint=_NOT_UTF8
        ) from error


def name_of(source: Path | str) -> str:
    """Return how messages call a source."""
    return "stdin" if source == STDIN else str(source)


def documents(data: bytes, name: str) -> Iterator[Document]:
    """Yield the documents of a file.

    Raises:
        SnapshotError: broken JSON, with file, line and column.
    """
    view = memoryview(data)
    start = _skip_space(data, 0)
    previous, line, first = 0, 1, True
    while start < len(data):
        value, end = _first(view, start, name)
        line += data.count(b"\n", previous, start)
        yield Document(name if first else f"{name}, line {line}", value)
        previous, first = start, False
        start = _skip_space(data, end)


def decode(raw: msgspec.Raw, place: str) -> Any:
    """Return the value of an element.

    Raises:
        SnapshotError: it is nested too deeply, or not UTF-8.
    """
    try:
        return msgspec.json.decode(raw)
    except RecursionError as error:
        raise SnapshotError(f"{place}: nested too deeply") from error
    except UnicodeDecodeError as error:
        raise SnapshotError(f"{place}: not UTF-8", hint=_NOT_UTF8) from error
    except (msgspec.DecodeError, ValueError) as error:
        raise SnapshotError(f"{place}: broken JSON: {error}") from error


def members(raw: msgspec.Raw) -> list[msgspec.Raw] | None:
    """Return the elements of an array without decoding them, None where it is no array."""
    return _ARRAY.decode(raw) if bytes(memoryview(raw)[:1]) == b"[" else None


def fields(raw: msgspec.Raw) -> dict[str, msgspec.Raw] | None:
    """Return the members of an object without decoding them, None where it is no object."""
    return _OBJECT.decode(raw) if bytes(memoryview(raw)[:1]) == b"{" else None


def _decode(view: memoryview) -> Members:
    return _ARRAY.decode(view) if bytes(view[:1]) == b"[" else _OBJECT.decode(view)


def _first(view: memoryview, start: int, name: str) -> tuple[Members, int]:
    """Return the document that begins at `start`, and where it ends."""
    try:
        return _decode(view[start:]), len(view)
    except RecursionError as error:
        raise SnapshotError(f"{name}: nested too deeply") from error
    except msgspec.DecodeError as error:
        found = _BYTE.search(str(error))
        if found and "trailing characters" in str(error):
            # The place named is the other document's first byte, or the byte after that.
            for end in (start + int(found[1]) - 1, start + int(found[1])):
                with contextlib.suppress(msgspec.DecodeError):
                    return _decode(view[start:end]), end
        _fail(view.tobytes(), name, start, error)


def _fail(data: bytes, name: str, start: int, error: msgspec.DecodeError) -> NoReturn:
    found = _BYTE.search(str(error))
    position = min(start + int(found[1]), len(data)) if found else len(data)
    if isinstance(error, msgspec.ValidationError):
        position = start
    line = data.count(b"\n", 0, position) + 1
    column = position - (data.rfind(b"\n", 0, position) + 1) + 1
    problem = (
        "broken JSON: " + _BYTE.sub("", str(error).removeprefix("JSON is malformed: ")).strip()
    )
    if isinstance(error, msgspec.ValidationError):
        problem = "neither a JSON object nor an array"
    raise SnapshotError(
        f"{name}, line {line}, column {column}: {problem}",
        hint="Expected is the output of `az … --output json`, whole.",
    ) from error


def _skip_space(data: bytes, start: int) -> int:
    found = _SPACE.match(data, start)
    return found.end() if found else start
