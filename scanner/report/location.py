"""Where a resource's evidence file lies: one relative path per ARM id, in files and in SARIF.

    azure/<subscription>/<group>/<type>/<name>.json

A child's folder holds the names of its parents, and an extension resource lies below what it
extends, after `~providers`. The path is made of `a-z 0-9 - . _ ~` and `/` only, so it is the
same as a file name, as a URI and in a browser's address, and no system treats it specially:
every other byte is written `~` and two hexadecimal digits. Ids that Azure holds equal (they
differ in case) share a path; no two others do.
"""

from __future__ import annotations

import hashlib
import re
import string
from itertools import pairwise
from typing import Final

from scanner import armid

ROOT: Final = "azure"
_PLAIN: Final = frozenset(string.ascii_lowercase + string.digits + "-._")
_IS_PLAIN: Final = re.compile("[-a-z0-9._]*")
_SUFFIX: Final = ".json"
_SEGMENT_LIMIT: Final = 120
_PATH_LIMIT: Final = 800
_HEAD: Final = 60
# After the tilde of an escape stand two hexadecimal digits, so none of these is an escaped name.
_NO_GROUP: Final = "~subscription"
_NO_SUBSCRIPTION: Final = "~tenant"
_EXTENSION: Final = "~providers"
_OTHER: Final = "~other"
_EMPTY: Final = "~"
_CUT: Final = "~h"
_SHORTEST_CHAIN: Final = 4
"""`providers`, namespace, type, name."""
_DEVICES: Final = frozenset(
    ("con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10)))
)
"""Names that Windows keeps for devices, with any extension."""


def artifact_path(resource_id: str) -> str:
    """Return the path of a resource's evidence file, relative, with `/` between its parts."""
    key = armid.key(resource_id)
    segments = _segments(key)
    if segments is None:
        segments = [_OTHER, escape(key) or _EMPTY]
    *folders, name = segments
    # A folder never ends like a file, so that no file and folder want the same place.
    folders = [_bounded(_folder(part)) for part in folders]
    path = "/".join((ROOT, *folders, _bounded(name) + _SUFFIX))
    if len(path) <= _PATH_LIMIT:
        return path
    return f"{ROOT}/{_OTHER}/{name[:_HEAD]}{_CUT}{_digest(key)}{_SUFFIX}"


def _segments(key: str) -> list[str] | None:
    """Return the parts of the path below the root, `None` for what is no well-formed ARM id."""
    first, *parts = key.split("/")
    if first or not parts or "" in parts:
        return None
    if parts[0] == "subscriptions" and len(parts) > 1:
        return _in_subscription(escape(parts[1]), parts[2:])
    chain = _chain(parts)
    return [_NO_SUBSCRIPTION, *chain] if chain else None


def _in_subscription(subscription: str, rest: list[str]) -> list[str] | None:
    if not rest:
        return [subscription, "subscription"]
    group = _NO_GROUP
    if rest[0] == "resourcegroups" and len(rest) > 1:
        group = escape(rest[1])
        rest = rest[2:]
        if not rest:
            return [subscription, group, "resourcegroup"]
    chain = _chain(rest)
    return [subscription, group, *chain] if chain else None


def _chain(parts: list[str]) -> list[str]:
    """Return type and names of each `providers/…` in turn, nothing where the ids do not pair up."""
    found: list[str] = []
    for start, end in pairwise([*_provider_starts(parts), len(parts)]):
        if parts[start] != "providers" or (end - start) % 2:
            return []
        if end - start < _SHORTEST_CHAIN:
            return []
        namespace, *pairs = parts[start + 1 : end]
        if found:
            found.append(_EXTENSION)
        # Dots of a namespace stay; in a type they are escaped, so that the last dots always
        # stand before types, of which there are as many as names.
        types = (escape(name).replace(".", "~2e") for name in pairs[::2])
        found.append(".".join((escape(namespace), *types)))
        found.extend(escape(name) for name in pairs[1::2])
    return found


def _provider_starts(parts: list[str]) -> list[int]:
    """Return where providers begin; a resource may be named `providers`, so only where types do."""
    starts = [0]
    for index, part in enumerate(parts):
        if index and part == "providers" and (index - starts[-1]) % 2 == 0:
            starts.append(index)
    return starts


def escape(text: str) -> str:
    """Return one part of a path, reversibly, in characters that are good everywhere."""
    escaped = text if _IS_PLAIN.fullmatch(text) else _escaped(text)
    if escaped.endswith("."):
        escaped = f"{escaped[:-1]}~2e"
    if escaped.partition(".")[0] in _DEVICES:
        escaped = f"~{ord(escaped[0]):02x}{escaped[1:]}"
    return escaped


def _escaped(text: str) -> str:
    return "".join(
        chr(byte) if chr(byte) in _PLAIN else f"~{byte:02x}"
        for byte in text.encode("utf-8", "surrogatepass")
    )


def _folder(segment: str) -> str:
    return f"{segment}~" if segment.endswith(_SUFFIX) else segment


def _bounded(segment: str) -> str:
    if len(segment) <= _SEGMENT_LIMIT:
        return segment
    return f"{segment[:_HEAD]}{_CUT}{_digest(segment)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
