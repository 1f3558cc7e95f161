"""Which of the files that a scan wrote is an earlier result, and how it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from scanner.engine.recorded import decoded, read_json
from scanner.engine.recorded_sarif import read_sarif
from scanner.engine.resultfile import ResultFile

if TYPE_CHECKING:
    from pathlib import Path

    from scanner.engine.recorded import Recorded


class _Sign(msgspec.Struct):
    runs: msgspec.Raw = msgspec.Raw()


def load_result(path: Path) -> Recorded:
    """Read an earlier result: the JSON of a scan, or SARIF of the audit profile.

    Raises:
        ScannerError: the file cannot be read, is no such result, or was written by a later
            version whose results mean something else.
    """
    source = ResultFile(path)
    if bytes(decoded(source, _Sign).runs):
        return read_sarif(source)
    return read_json(source)


def is_result(path: Path) -> bool:
    """Tell whether a file is a result and no snapshot, going by how it begins."""
    try:
        with path.open("rb") as file:
            head = file.read(200).lstrip()
    except OSError:
        return False
    own = b'"schemaVersion"' in head and b'"tool"' in head
    sarif = b'"$schema"' in head and b"sarif" in head
    return head[:1] == b"{" and (own or sarif)
