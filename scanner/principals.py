"""The principals file: names and group memberships, exported from Microsoft Entra ID.

A snapshot has object ids only. `docs/access.md` has the commands that write this file; all of it
is optional, and members may be objects as Microsoft Graph sends them, or plain ids.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from scanner.errors import ConfigError
from scanner.files import as_utf8

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from scanner import documents

_GUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
MAX_BYTES: Final = 256 << 20
_TYPES: Final = {
    "#microsoft.graph.user": "User",
    "#microsoft.graph.group": "Group",
    "#microsoft.graph.serviceprincipal": "ServicePrincipal",
    "#microsoft.graph.device": "Device",
}


class Entry(msgspec.Struct, frozen=True, rename="camel"):
    """A user, group or service principal as Microsoft Graph shows it; other properties are not read."""

    id: str
    display_name: str | None = None
    user_principal_name: str | None = None
    odata_type: str | None = msgspec.field(default=None, name="@odata.type")
    members: tuple[Entry | str, ...] | None = None


class _File(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    groups: tuple[Entry, ...] = ()
    users: tuple[Entry, ...] = ()
    service_principals: tuple[Entry, ...] = ()


class Principals:
    """Who is who, and who is in which group; nobody at all without a file. Ids in any casing."""

    def __init__(self, digest: str = "") -> None:
        self.digest = digest
        """SHA-256 of the file, "" without one."""
        self._names: dict[str, str] = {}
        self._types: dict[str, str] = {}
        self._members: dict[str, set[str]] = {}
        self._groups: dict[str, set[str]] = {}

    def add(self, entry: Entry, kind: str | None) -> None:
        """Take in an entry, and those that it has as members."""
        key = entry.id.lower()
        name = entry.display_name or entry.user_principal_name
        if name:
            self._names.setdefault(key, name)
        kind = kind or _TYPES.get((entry.odata_type or "").lower())
        if kind:
            self._types.setdefault(key, kind)
        if entry.members is not None:
            self._members.setdefault(key, set())
        for member in entry.members or ():
            self._join(key, member)

    def _join(self, group: str, member: Entry | str) -> None:
        if isinstance(member, Entry):
            self.add(member, None)
        inner = member.id.lower() if isinstance(member, Entry) else member.lower()
        self._members.setdefault(group, set()).add(inner)
        self._groups.setdefault(inner, set()).add(group)

    def name(self, principal: str) -> str | None:
        """Return the name of a principal."""
        return self._names.get(principal.lower())

    def type(self, principal: str) -> str | None:
        """Return User, Group, ServicePrincipal or Device, where the file says which."""
        return self._types.get(principal.lower())

    def knows(self, principal: str) -> bool:
        """Tell whether the file has a principal, by its id."""
        key = principal.lower()
        return key in self._names or key in self._types or key in self._groups

    def knows_members(self, group: str) -> bool:
        """Tell whether the file lists members of a group."""
        return group.lower() in self._members

    def named(self, name: str) -> tuple[str, ...]:
        """Return the ids of those that have a name, without regard to case."""
        wanted = name.lower()
        return tuple(sorted(key for key, found in self._names.items() if found.lower() == wanted))

    def names(self) -> tuple[str, ...]:
        """Return all names, in their order."""
        return tuple(sorted(set(self._names.values())))

    def below(self, principals: Iterable[str]) -> frozenset[str]:
        """Return principals and all that are in them, at any depth."""
        return _closure(principals, self._members)

    def above(self, principals: Iterable[str]) -> frozenset[str]:
        """Return principals and all groups that they are in, at any depth."""
        return _closure(principals, self._groups)


def _closure(start: Iterable[str], steps: dict[str, set[str]]) -> frozenset[str]:
    """Follow memberships; groups that contain each other end the walk like any others."""
    found: set[str] = set()
    waiting = [principal.lower() for principal in start]
    while waiting:
        principal = waiting.pop()
        if principal not in found:
            found.add(principal)
            waiting.extend(steps.get(principal, ()))
    return frozenset(found)


def load_principals(path: Path) -> Principals:
    """Read a principals file.

    Raises:
        ConfigError: it cannot be read, is larger than 256 MiB, or is not of the form that
            `docs/access.md` describes; names the file and the place.
    """
    content = _content(path)
    try:
        data = msgspec.json.decode(content, type=_File)
    except msgspec.ValidationError as problem:
        text, _, place = str(problem).partition(" - at `$")
        hint = "docs/access.md has the form, and the commands that write it."
        raise ConfigError(path, text, place=place.strip(".`"), hint=hint) from problem
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise ConfigError(path, f"is not readable as JSON: {problem}") from problem
    found = Principals(hashlib.sha256(content).hexdigest())
    for entry, kind in _entries(data):
        found.add(entry, kind)
    return found


def check_ids(document: documents.Document, principals: Principals) -> None:
    """Check that the personas of a config name groups and people by their object ids.

    A group by its name would be a group of nobody, and no rule would see what its members can do.

    Raises:
        DocumentError: of the type the document was loaded with; names the place.
    """
    for persona, one in document.data.get("personas", {}).items():
        for part in ("groups", "principals"):
            for index, principal in enumerate(one.get(part, ())):
                if not _GUID.fullmatch(principal) and not principals.knows(principal):
                    place = ("personas", persona, part, index)
                    hint = _id_hint(principal, principals)
                    raise document.error(place, f"'{principal}' is no object id", hint)


def _id_hint(name: str, principals: Principals) -> str:
    ids = principals.named(name)
    if len(ids) == 1:
        return f"The principals file has it as {ids[0]}."
    return "A GUID: `az ad group show --group NAME --query id`, or the object id in the portal."


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as cause:
        raise ConfigError(path, f"cannot be read: {cause.strerror or cause}") from cause
    if len(content) > MAX_BYTES:
        raise ConfigError(path, f"is larger than {MAX_BYTES >> 20} MiB")
    try:
        return as_utf8(content)
    except ValueError as cause:
        raise ConfigError(path, "is neither UTF-8 nor UTF-16 text") from cause


def _entries(data: Any) -> Iterator[tuple[Entry, str]]:
    kinds = (("Group", data.groups), ("User", data.users))
    for kind, entries in (*kinds, ("ServicePrincipal", data.service_principals)):
        yield from ((entry, kind) for entry in entries)
