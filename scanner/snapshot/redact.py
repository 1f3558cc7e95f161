"""Keeps secrets out of a snapshot: replaces them by a digest, so that their presence stays visible.

A string is replaced where the name of its property says that it is a secret, where it stands in a
place that holds secrets (credentials, environment variables, headers), or where its text is one (a
SAS token, a connection string). `secretnames` has the names and `secretvalues` the texts. Null, "",
booleans and numbers stay: whether a value is set is what rules ask, and neither is a secret.
"""

from __future__ import annotations

import enum
import functools
import hashlib
import re
from collections import Counter
from typing import Any, Final

import msgspec

from scanner.errors import SnapshotError
from scanner.snapshot.limits import LIMITS
from scanner.snapshot.secretnames import (
    DECLARING_TABLES,
    DEFINING_TABLES,
    holds_only_secrets,
    is_blatant,
    is_reference,
    is_secret,
    normalized,
)
from scanner.snapshot.secretvalues import is_secret_text, looks_opaque, may_hold_secret

MARK: Final = "$redacted"
_DEPTH: Final = LIMITS.depth - 1
"""One level is left for what stands for a secret."""
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_KEY_VAULT_OBJECT = re.compile(
    r"https://[\w-]+\.[\w.-]*vault[\w.-]*/(?:keys|secrets|certificates)/[\w/-]+"
)
_KEPT_AT_TOP: Final = frozenset({"id", "name", "type"})


class _Place(enum.IntEnum):
    """What the surroundings of a property say about the strings below it."""

    PLAIN = 0
    """A configuration: every rule about names applies."""
    DECLARED = 1
    """Names made up by users (tags, policy parameters): only blatant ones count, `costKey` does not."""
    DEFINED = 2
    """A text about configurations (a policy definition): names say nothing."""
    METADATA = 3
    """Like PLAIN, and long opaque strings count as well."""
    NAMED = 4
    """Below a name that means a secret: every string is one, but for references to Key Vault."""
    SECRET = 5
    """Every string is a secret, but for references such as ids and URLs."""
    MAP = 6
    """Names made up by users, each with a secret value."""

    __hash__ = int.__hash__


def redact(record: dict[str, Any], table: str) -> tuple[dict[str, Any], Counter[str]]:
    """Return the record without its secrets, and how many there are at which path.

    What is redacted already stays and is counted, so that the counts tell the same of a record
    however often it has been written.

    Args:
        record: a raw record; it is not changed.
        table: the table it belongs to; a policy definition is read in another way than a resource.

    Raises:
        SnapshotError: the record is nested deeper than the limit, or no JSON.
    """
    try:
        text = msgspec.json.encode(record)
    except (RecursionError, ValueError, OverflowError) as error:
        raise SnapshotError(f"a record of {table} cannot be written as JSON: {error}") from error
    walk = _Walk(scan=may_hold_secret(text), connections=table == "connections")
    place = _Place.PLAIN
    if table in DEFINING_TABLES:
        place = _Place.DEFINED
    elif table in DECLARING_TABLES:
        place = _Place.DECLARED
    kept = {name: record[name] for name in _KEPT_AT_TOP if isinstance(record.get(name), str)}
    rest = {name: value for name, value in record.items() if name not in kept}
    return kept | walk.members(rest, "", place, 1), walk.found


def is_redacted(value: object) -> bool:
    """Tell whether a value stands for a secret that was replaced."""
    return (
        isinstance(value, dict)
        and len(value) == 1
        and isinstance(digest := value.get(MARK), str)
        and _DIGEST.fullmatch(digest) is not None
    )


class _Walk:
    """One pass over a record."""

    __slots__ = ("_connections", "_scan", "found")

    def __init__(self, *, scan: bool, connections: bool) -> None:
        self._scan = scan
        self._connections = connections
        self.found: Counter[str] = Counter()

    def members(self, value: dict[str, Any], path: str, place: _Place, depth: int) -> Any:
        if MARK in value and is_redacted(value):
            self.found[path] += 1
            return value
        prefix = f"{path}." if path else ""
        members = {}
        for name, member in value.items():
            if isinstance(member, (str, dict, list)):
                below = _below(name, place, type(member), self._connections)
                if below >= _Place.METADATA or self._scan or not isinstance(member, str):
                    inner = prefix + ("*" if place is _Place.MAP else name)
                    members[name] = self._value(member, inner, below, depth)
                    continue
            members[name] = member
        return members

    def _value(self, value: Any, path: str, place: _Place, depth: int) -> Any:
        if isinstance(value, str):
            return self._text(value, path, place)
        if not isinstance(value, (dict, list)):
            return value
        if depth >= _DEPTH:
            raise SnapshotError(f"the record is nested deeper than {_DEPTH} levels")
        if isinstance(value, dict):
            return self.members(value, path, place, depth + 1)
        # A list of {name, value} pairs has its names in `name`, not in the property names.
        inner = _Place.SECRET if place is _Place.MAP else place
        return [self._value(item, f"{path}[*]", inner, depth + 1) for item in value]

    def _text(self, value: str, path: str, place: _Place) -> Any:
        if not value or not self._is_secret(value, place):
            return value
        self.found[path] += 1
        digest = hashlib.sha256(msgspec.json.encode(value)).hexdigest()
        return {MARK: f"sha256:{digest}"}

    def _is_secret(self, value: str, place: _Place) -> bool:
        if place is _Place.NAMED:
            return _KEY_VAULT_OBJECT.fullmatch(value) is None
        return (
            place >= _Place.SECRET
            or (place is _Place.METADATA and looks_opaque(value))
            or (self._scan and is_secret_text(value))
        )


@functools.lru_cache(maxsize=65_536)
def _below(name: str, place: _Place, kind: type, connections: bool) -> _Place:  # noqa: FBT001
    """Return what holds for the value, of a kind (str, dict, list), of a property in a place."""
    plain = normalized(name)
    if place is _Place.MAP:
        return _Place.SECRET
    if place >= _Place.NAMED:
        if kind is str:
            return _Place.PLAIN if is_reference(plain) else place
        return _Place.MAP if plain in _MAPS else _Place.SECRET
    if place is _Place.DEFINED:
        return place
    if place is _Place.DECLARED:
        return _Place.NAMED if is_blatant(plain) else place
    return _below_plain(plain, place, connections=connections)


def _below_plain(plain: str, place: _Place, *, connections: bool) -> _Place:
    if plain == "tags":
        return _Place.DECLARED
    if holds_only_secrets(plain):
        return _Place.MAP if plain in _MAPS else _Place.SECRET
    if is_secret(plain):
        return _Place.NAMED
    return _Place.METADATA if connections and plain == "metadata" else place


_MAPS: Final = frozenset({"environmentvariables", "headers", "keys", "customkeys"})
