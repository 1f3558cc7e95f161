"""A record as a line: canonical JSON, so that equal records are equal bytes."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from scanner import armid
from scanner.errors import SnapshotError
from scanner.snapshot.limits import LIMITS

_ENCODER: Final = msgspec.json.Encoder(order="sorted")
_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"')


class _Named(msgspec.Struct):
    id: str


_NAMED: Final = msgspec.json.Decoder(_Named)
_RECORD: Final = msgspec.json.Decoder(dict[str, Any])


def canonical(record: dict[str, Any]) -> bytes:
    """Return the record as canonical JSON: sorted keys, UTF-8, no spaces, no line break."""
    return _ENCODER.encode(record)


def parse_line(line: bytes, place: str) -> dict[str, Any]:
    """Return the record of a line.

    Args:
        line: one line of a table, with or without its line break.
        place: where it stands ("table computes, line 12"), for the message.

    Raises:
        SnapshotError: it is no JSON object, or nested too deeply.
    """
    try:
        return _RECORD.decode(line)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise SnapshotError(f"{place}: not a JSON object: {error}") from error


def key_of(line: bytes, place: str) -> str:
    """Return the key (`armid.key`) of the record on a line, without decoding the rest of it."""
    try:
        return armid.key(_NAMED.decode(line).id)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise SnapshotError(f"{place}: not a record with an id: {error}") from error


def too_deep(line: bytes, depth: int = LIMITS.depth) -> bool:
    """Tell whether JSON text nests deeper than `depth`, without decoding it."""
    if line.count(b"{") + line.count(b"[") <= depth:
        return False
    level = 0
    for char in _STRING.sub(b"", line):
        if char in b"{[":
            level += 1
            if level > depth:
                return True
        elif char in b"}]":
            level -= 1
    return False
