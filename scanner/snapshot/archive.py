"""A snapshot as one zip file: always the same bytes for the same files."""

from __future__ import annotations

import shutil
import zipfile
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    from pathlib import Path

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_UNIX: Final = 3
_MODE: Final = 0o100644 << 16


def pack(folder: Path, out: BinaryIO) -> None:
    """Write every file of a folder into a zip: sorted, stored, all with the same time and mode."""
    files = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*")}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, file in sorted(files.items()):
            if not file.is_file():
                continue
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = _UNIX
            entry.external_attr = _MODE
            entry.file_size = file.stat().st_size
            with file.open("rb") as source, archive.open(entry, "w") as target:
                shutil.copyfileobj(source, target, 1 << 20)
