"""Files and folders that appear whole or not at all.

Everything is written under a temporary name beside its place, synced to disk and renamed, so
that a full disk, an exception or a killed process never leaves half a report under the name
that somebody reads. What fails here is a `ScannerError`; what the caller's own code raises
passes through, after the temporary file is gone.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import os
import secrets
import shutil
from typing import TYPE_CHECKING, BinaryIO

from scanner.errors import ScannerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


def as_utf8(data: bytes) -> bytes:
    """Return a text as UTF-8 without byte order mark, also out of the UTF-16 of Windows PowerShell.

    Raises:
        ValueError: the byte order mark says UTF-16, and it is none.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16").encode()
    return data.removeprefix(codecs.BOM_UTF8)


def write_atomic(path: Path, chunks: Iterable[bytes]) -> None:
    """Write the chunks to a file, replacing what is there; a device or pipe is written to."""
    with atomic_file(path) as file:
        for chunk in chunks:
            file.write(chunk)


@contextlib.contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that takes its name only when the block ends without exception."""
    with _as_scanner_error(path):
        if path.exists() and not path.is_file():
            with _open_special(path) as file:
                yield file
            return
        target = path.resolve()
        part = beside(target)
        try:
            with part.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        _sync_folder(target.parent)


@contextlib.contextmanager
def atomic_folder(path: Path, *, replace: bool = False) -> Iterator[Path]:
    """Give a new folder that takes the name `path` only when the block ends without exception.

    Raises:
        ScannerError: `path` is a file, or a folder that is not empty and `replace` is not set;
            found out before the block runs.
    """
    with _as_scanner_error(path):
        target = path.resolve()
        refuse_existing(target, replace=replace)
        part = beside(target)
        part.mkdir()
        try:
            yield part
            _sync_tree(part)
            refuse_existing(target, replace=replace)
            _put_in_place(part, target)
        finally:
            shutil.rmtree(part, ignore_errors=True)
        _sync_folder(target.parent)


@contextlib.contextmanager
def scratch_folder(path: Path) -> Iterator[Path]:
    """Give a folder beside `path`, on the same disk, that is gone when the block ends."""
    with _as_scanner_error(path):
        folder = beside(path.resolve())
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def refuse_existing(path: Path, *, replace: bool = False) -> None:
    """Raise where writing a folder to `path` would destroy something."""
    if path.is_dir():
        if not replace and any(path.iterdir()):
            raise ScannerError(
                f"{path} exists already and is not empty",
                hint="Name a new folder, or remove that one first.",
            )
    elif path.exists():
        raise ScannerError(f"{path} exists already and is a file", hint="Name a new folder.")


def make_folder(path: Path) -> None:
    """Make a folder, and those above it, where they are not there."""
    with _as_scanner_error(path):
        path.mkdir(parents=True, exist_ok=True)


def check_writable(path: Path) -> None:
    """Raise what writing a file to `path` would raise, before there is anything to write."""
    with _as_scanner_error(path):
        if path.exists():
            if path.is_dir():
                raise IsADirectoryError(errno.EISDIR, "it is a folder")
            return
        part = beside(path.resolve())
        part.touch(exist_ok=False)
        part.unlink()


def beside(path: Path) -> Path:
    """Return an unused hidden name in the folder of `path`."""
    return path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")


def _open_special(path: Path) -> BinaryIO:
    if path.is_dir():
        raise ScannerError(f"{path} is a folder", hint="Name a file.")
    return path.open("wb")


def _put_in_place(part: Path, target: Path) -> None:
    if not target.is_dir():
        part.rename(target)
        return
    old = beside(target)
    target.rename(old)
    try:
        part.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old)


def _sync_tree(folder: Path) -> None:
    for place, _, names in os.walk(folder, topdown=False):
        for name in names:
            with open(os.path.join(place, name), "rb+") as file:  # noqa: PTH118, PTH123
                os.fsync(file.fileno())
        _sync_folder(place)


def _sync_folder(folder: Path | str) -> None:
    """Make renames in the folder last; Windows has no handle for this and needs none."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _as_scanner_error(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        if not path.parent.is_dir():
            raise ScannerError(
                f"{path} cannot be written: there is no folder {path.parent}",
                hint="Create the folder first.",
            ) from error
        raise ScannerError(f"{path} cannot be written: {_why(error)}") from error
    except OSError as error:
        raise ScannerError(f"{path} cannot be written: {_why(error)}") from error


def _why(error: OSError) -> str:
    """Return the system's reason, without the temporary name that nobody has asked for."""
    return error.strerror or str(error)
