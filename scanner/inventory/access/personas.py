"""Which persona a principal is: by the config's groups, ids and roles, and by group membership.

Memberships are known from the principals file only. Without it a principal is of a persona where
the config names it, or where it has one of the persona's roles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from scanner.inventory.access.roles import built_in_guids, gathered, role_of
from scanner.inventory.facts import per_estate
from scanner.inventory.fields import UNREAD
from scanner.personas import Persona

if TYPE_CHECKING:
    from collections.abc import Collection

    from scanner.inventory.estate import Estate
    from scanner.inventory.fields import Maybe, Members
    from scanner.inventory.truth import Verdict

DEFAULT: Final = (
    Persona("dataScientist", roles=("AzureML Data Scientist",)),
    Persona("securityReader", roles=("Security Reader",)),
)
"""The personas of a config that names none: people go by the built-in role made for them."""


class Group(NamedTuple):
    """A persona with the principals that are of it wherever they are."""

    name: str
    members: frozenset[str]
    """Those that the config names, and all in them."""
    reach: frozenset[str]
    """Those whose roles the members have: the members, and every group that one of them is in."""
    roles: frozenset[str]
    """Names in lower case, or GUIDs."""


@per_estate
def groups(estate: Estate) -> tuple[Group, ...]:
    """Return the personas in the order in which they count."""
    known = estate.config.principals
    found = []
    for persona in estate.config.personas or DEFAULT:
        named = (*persona.groups, *persona.principals)
        members = known.below(named)
        roles = frozenset(map(str.lower, persona.roles))
        # A built-in role is found by its name though its definition was not collected.
        guids = (built_in_guids().get(role) for role in roles)
        roles |= {guid for guid in guids if guid is not None}
        found.append(Group(persona.name, members, known.above(members), roles))
    return tuple(found)


class Here(NamedTuple):
    """Who is of which persona at one resource, where roles count as well as names."""

    members: dict[str, frozenset[str]]
    """Persona to those who are of it here."""
    reach: dict[str, frozenset[str]]
    """Persona to those whose roles it has here."""
    uncertain: dict[str, frozenset[str]]
    """Persona to those who may be of it, since a role of theirs is not known."""
    anybody: frozenset[str]
    """Personas that anybody may be of: an assignment of the role may not have been read."""

    def of(self, principal: Maybe[str]) -> Members:
        """Return the personas of a principal, in the order in which they count."""
        verdicts = [
            (name, self._is(principal, name, members)) for name, members in self.members.items()
        ]
        sure = tuple(name for name, verdict in verdicts if verdict is True)
        return gathered(sure, complete=all(verdict is not UNREAD for _, verdict in verdicts))

    def first(self, principal: Maybe[str]) -> Maybe[str]:
        """Return the first persona of a principal, `None` where it is of none."""
        for name, members in self.members.items():
            verdict = self._is(principal, name, members)
            if verdict is not False:
                return name if verdict is True else UNREAD
        return None

    def _is(self, principal: Maybe[str], name: str, members: frozenset[str]) -> Verdict:
        if not isinstance(principal, str):
            return UNREAD
        if principal in members:
            return True
        return UNREAD if self.may_be(principal, name) else False

    def may_be(self, principal: Maybe[str], persona: str) -> bool:
        """Tell whether a principal may be of a persona by something that was not read."""
        known = isinstance(principal, str) and persona not in self.anybody
        return not known or principal in self.uncertain[persona]


def here(
    held: Collection[tuple[Maybe[str], Maybe[str]]], estate: Estate, *, complete: bool
) -> Here:
    """Return who is of which persona where these principals have these roles (by GUID).

    `complete` says whether nobody else can have a role there.
    """
    pairs = tuple((principal, guid) for principal, guid in held if isinstance(principal, str))
    known = estate.config.principals
    everybody = groups(estate)
    by_role = frozenset(group.name for group in everybody if group.roles)
    closed = complete and len(pairs) == len(held)
    found = Here({}, {}, {}, frozenset() if closed else by_role)
    for group in everybody:
        sure, maybe = _by_role(pairs, group, estate) if group.roles else ((), ())
        members, reach = group.members, group.reach
        if sure:
            members |= known.below(sure)
            reach |= known.above(known.below(sure))
        found.members[group.name] = members
        found.reach[group.name] = reach
        found.uncertain[group.name] = known.below(maybe) if maybe else frozenset()
    return found


def _by_role(
    pairs: tuple[tuple[str, Maybe[str]], ...], group: Group, estate: Estate
) -> tuple[set[str], set[str]]:
    sure: set[str] = set()
    maybe: set[str] = set()
    for principal, guid in pairs:
        verdict = has_role(guid, group, estate)
        if verdict is True:
            sure.add(principal)
        elif verdict is UNREAD:
            maybe.add(principal)
    return sure, maybe


def has_role(guid: Maybe[str], group: Group, estate: Estate) -> Verdict:
    """Tell whether a role is one of those that the config names for a persona."""
    if isinstance(guid, str) and guid in group.roles:
        return True
    name = role_of(guid, estate).name
    if name is UNREAD:
        return UNREAD
    return isinstance(name, str) and name.lower() in group.roles
