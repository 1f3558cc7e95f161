"""Roles by their GUID: those of the snapshot, and Azure's built-in ones, which come with the tool.

`data/built_in_roles.json` has every built-in role by name, and the actions of those that can
matter here: the others allow nothing that a capability is made of.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from scanner.inventory.access.actions import matcher
from scanner.inventory.access.capabilities import (
    ALL,
    CONTROL,
    DATA,
    PLANES,
    covered_by,
    load,
    names,
    usable,
)
from scanner.inventory.access.conditions import limited_by
from scanner.inventory.facts import Facts, per_estate, whole
from scanner.inventory.fields import UNREAD, Derived, Maybe, Members
from scanner.inventory.model.authorization import Permission, RoleDefinition

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scanner.inventory.estate import Estate
    from scanner.inventory.truth import Verdict

BUILT_IN: Final = "BuiltInRole"
CUSTOM: Final = "CustomRole"
_EVERY_ML: Final = "microsoft.machinelearningservices/~"
"""No operation has this name: what covers it covers the whole provider."""
_BOUNDS: Final = (
    "Microsoft.Authorization/roleAssignments/write",
    "Microsoft.MachineLearningServices/workspaces/write",
    "Microsoft.MachineLearningServices/workspaces/delete",
)
"""What notActions must take away from a wildcard to bound it."""


class Role(NamedTuple):
    """A role as far as it is known: operations it allows, and those that it may allow."""

    guid: str
    name: Maybe[str]
    type: Maybe[str]
    sure: int
    maybe: int
    limited: int = 0
    """Operations that it allows, or may allow, under a condition of its own only."""
    unbounded: Verdict = False
    """Whether it allows all of the ML provider, without notActions that bound it."""


_UNKNOWN: Final = Role("", UNREAD, UNREAD, 0, ALL, ALL, UNREAD)


class _Block(NamedTuple):
    sure: int
    maybe: int
    limited: int
    unbounded: Verdict


def role_of(guid: Maybe[str], estate: Estate) -> Role:
    """Return the role with a GUID; one that nobody knows may allow everything."""
    if not isinstance(guid, str):
        return _UNKNOWN
    return _roles(estate).get(guid) or built_in(guid) or _unknown(guid)


@functools.lru_cache(maxsize=1 << 16)
def _unknown(guid: str) -> Role:
    return _UNKNOWN._replace(guid=guid)


@per_estate
def _roles(estate: Estate) -> dict[str, Role]:
    return {guid: of_definition(definition) for guid, definition in _by_guid(estate).items()}


@functools.cache
def _built_in_roles() -> dict[str, Any]:
    roles: dict[str, Any] = load("built_in_roles.json")["roles"]
    return roles


@functools.cache
def built_in(guid: str) -> Role | None:
    """Return one of Azure's built-in roles, by GUID in lower case."""
    found = _built_in_roles().get(guid)
    if found is None:
        return None
    return _joined(guid, found["name"], BUILT_IN, [_block(one) for one in _built_in_blocks(guid)])


def _built_in_blocks(guid: str) -> tuple[Permission, ...]:
    return tuple(
        Permission(**{_SPELLED[name]: _frozen(value) for name, value in block.items()})
        for block in _built_in_roles()[guid].get("permissions", ())
    )


def permissions_of(guid: Maybe[str], estate: Estate) -> Maybe[tuple[Permission, ...]]:
    """Return the permission blocks of a role, UNREAD where nobody knows them."""
    if not isinstance(guid, str):
        return UNREAD
    definition = _by_guid(estate).get(guid)
    if definition is not None:
        return UNREAD if definition.permissions is UNREAD else definition.permissions or ()
    return _built_in_blocks(guid) if guid in _built_in_roles() else UNREAD


@per_estate
def _by_guid(estate: Estate) -> dict[str, RoleDefinition]:
    return {definition.name.lower(): definition for definition in estate.all_of(RoleDefinition)}


@functools.cache
def built_in_guids() -> dict[str, str]:
    """Return the GUIDs of the built-in roles by name in lower case."""
    return {role["name"].lower(): guid for guid, role in _built_in_roles().items()}


_SPELLED: Final = dict(
    zip(Permission.__struct_encode_fields__, Permission.__struct_fields__, strict=True)
)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def of_definition(definition: RoleDefinition) -> Role:
    """Return the role that a record describes."""
    guid = definition.name.lower()
    name, kind = definition.role_name, definition.role_type
    if definition.permissions is UNREAD:
        return _UNKNOWN._replace(guid=guid, name=name, type=kind)
    blocks = [_block(permission) for permission in definition.permissions or ()]
    return _joined(guid, name, kind, blocks)


def _joined(guid: str, name: Maybe[str], kind: Maybe[str], blocks: list[_Block]) -> Role:
    """Add up permission blocks: what one takes away the others still give."""
    sure = maybe = free = 0
    unbounded: Verdict = False
    for block in blocks:
        sure |= block.sure
        maybe |= block.maybe
        free |= block.maybe & ~block.limited
        if block.unbounded is True or (block.unbounded is UNREAD and unbounded is False):
            unbounded = block.unbounded
    return Role(guid, name, kind, sure, maybe, maybe & ~free, unbounded)


def _block(permission: Permission) -> _Block:
    sure, maybe = operations(permission)
    _, limited = limited_by(permission.condition)
    if permission.condition is UNREAD:
        sure = 0
    return _Block(sure, maybe, limited, _unbounded(permission))


def operations(permission: Permission) -> tuple[int, int]:
    """Return what a permission block allows for certain, and what it may allow."""
    control = _plane(CONTROL, permission.actions, permission.not_actions)
    data = _plane(DATA, permission.data_actions, permission.not_data_actions)
    return control[0] | data[0], control[1] | data[1]


def _plane(
    plane: str, actions: Maybe[tuple[str, ...]], but: Maybe[tuple[str, ...]]
) -> tuple[int, int]:
    taken = 0 if but is UNREAD else covered_by(but or (), plane)
    given = PLANES[plane] if actions is UNREAD else covered_by(actions or (), plane)
    maybe = given & ~taken
    return (0 if actions is UNREAD or but is UNREAD else maybe), maybe


def _unbounded(permission: Permission) -> Verdict:
    actions, but = permission.actions, permission.not_actions
    if actions is UNREAD:
        return UNREAD
    if not _covers(actions or (), _EVERY_ML):
        return False
    if but is UNREAD:
        return UNREAD
    # An action that the wildcard does not reach needs no notAction to bound it.
    return any(_covers(actions or (), op) and not _covers(but or (), op) for op in _BOUNDS)


def _covers(patterns: Iterable[str], operation: str) -> bool:
    return any(matcher(pattern)(operation) for pattern in patterns)


@functools.lru_cache(maxsize=1 << 16)
def members(sure: int, maybe: int) -> Members:
    """Return the capabilities that are certain, complete where no other is possible."""
    held = names(sure)
    return gathered(held, complete=held == names(maybe))


@functools.lru_cache(maxsize=1 << 12)
def gathered(words: tuple[str, ...], *, complete: bool) -> Members:
    """Return words as members; the same ones are the same object, of which estates have many."""
    return Members(words) if complete else Members.partial(words)


def role_can(definition: RoleDefinition, estate: Estate) -> Members:
    """Return the capabilities that a role gives where it is assigned high enough."""
    role = role_of(definition.name.lower(), estate)
    return members(role.sure, role.maybe)


def role_can_fully(definition: RoleDefinition, estate: Estate) -> Members:
    """Return the capabilities that a role gives with all that it takes to use them."""
    role = role_of(definition.name.lower(), estate)
    sure, maybe = usable(role.sure), usable(role.maybe)
    return gathered(sure, complete=sure == maybe)


def unbounded_wildcard(definition: RoleDefinition, estate: Estate) -> Verdict:
    """Tell whether a role allows the whole ML provider with nothing that bounds it."""
    return role_of(definition.name.lower(), estate).unbounded


def assigned(definition: RoleDefinition, estate: Estate) -> Verdict:
    """Tell whether a role is assigned to anybody, active or eligible, anywhere."""
    used = _used(estate)
    if definition.name.lower() in used:
        return True
    tables = ("roleAssignments", "roleEligibilityScheduleInstances")
    complete = UNREAD not in used and all(whole(estate, table) for table in tables)
    return False if complete else UNREAD


@per_estate
def _used(estate: Estate) -> set[Any]:
    kinds = ("roleAssignment", "roleEligibility")
    return {record.role_definition_guid for kind in kinds for record in estate.of_kind(kind)}  # type: ignore[attr-defined]


FACTS: Facts = {
    "roleDefinition": {
        "can": Derived(
            tuple[str, ...],
            role_can,
            "Capabilities that the role gives: actions without notActions, and the same for data "
            "actions, wildcards resolved.",
            ("permissions",),
        ),
        "unboundedWildcard": Derived(
            bool,
            unbounded_wildcard,
            "Whether it allows `*` or all of Microsoft.MachineLearningServices, and notActions do "
            "not take away role assignments and writing and deleting workspaces.",
            ("permissions",),
        ),
        "assigned": Derived(
            bool,
            assigned,
            "Whether anybody has the role, active or eligible, at any scope.",
            ("roleName",),
        ),
    }
}
