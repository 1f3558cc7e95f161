"""Access grants as rules see them: the fact `access` of workspaces, storage and subscriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from scanner.inventory.access.assignments import ACTIVE
from scanner.inventory.access.capabilities import names
from scanner.inventory.access.grants import orphaned
from scanner.inventory.access.owners import owner_of
from scanner.inventory.access.roles import gathered, members
from scanner.inventory.facts import computed, per_estate
from scanner.inventory.fields import UNREAD, Maybe, Members, Part

if TYPE_CHECKING:
    from scanner.inventory.access.assignments import Assignment
    from scanner.inventory.access.grants import Access, Effect, Grant
    from scanner.inventory.access.personas import Here
    from scanner.inventory.estate import Estate
    from scanner.inventory.truth import Verdict

READING: Final = frozenset(("read", "readData"))
"""Capabilities that change nothing and reveal no secrets."""


class AccessGrant(Part, frozen=True, kw_only=True):
    """What a role assignment lets a principal do at a resource."""

    principal_id: Annotated[Maybe[str], computed("Object id of the principal.")] = None
    principal_type: Annotated[
        Maybe[str],
        computed(
            "User, Group, ServicePrincipal, ForeignGroup, Device, or Unknown where it is gone."
        ),
    ] = None
    principal_name: Annotated[
        Maybe[str], computed("Name of the principal, by the principals file; absent without.")
    ] = None
    principal: Annotated[
        Maybe[str],
        computed("The principal for reports: its name by the principals file, or the object id."),
    ] = None
    owner_id: Annotated[
        Maybe[str],
        computed(
            "ARM id of the resource or user-assigned identity that the principal stands for; "
            "absent for people and other applications."
        ),
    ] = None
    persona: Annotated[Maybe[str], computed("The first persona of the principal here.")] = None
    personas: Annotated[tuple[str, ...], computed("All personas of the principal here.")]
    role_name: Annotated[Maybe[str], computed("Name of the role.")] = None
    role_id: Annotated[Maybe[str], computed("GUID of the role in lower case.")] = None
    role_type: Annotated[Maybe[str], computed("BuiltInRole or CustomRole.")] = None
    assignment_id: Annotated[str, computed("ARM id of the assignment.")]
    scope: Annotated[str, computed("ARM id of what the assignment holds for; / is the tenant.")]
    scope_level: Annotated[
        str,
        computed(
            "root, managementGroup, subscription, resourceGroup, workspace, storageAccount, "
            "keyVault, containerRegistry or resource."
        ),
    ]
    covers: Annotated[
        bool,
        computed(
            "Whether the scope is the resource or above it; else it only holds for what the "
            "resource depends on, or for something inside it."
        ),
    ]
    inherited: Annotated[bool, computed("Whether the scope is above the resource.")]
    eligible: Annotated[
        bool, computed("Whether it must be activated first (Privileged Identity Management).")
    ]
    conditional: Annotated[Maybe[bool], computed("Whether a condition limits it.")] = None
    condition: Annotated[Maybe[str], computed("The condition; absent: none.")] = None
    limited: Annotated[
        tuple[str, ...], computed("Those of `can` that hold under a condition only.")
    ]
    orphaned: Annotated[Maybe[bool], computed("Whether the principal does not exist any more.")] = (
        None
    )
    unbounded_wildcard: Annotated[
        Maybe[bool],
        computed("Whether the role allows all of machine learning and nothing bounds it."),
    ] = None
    can: Annotated[tuple[str, ...], computed("Capabilities that it gives here.")]
    more_than_read: Annotated[
        Maybe[bool], computed("Whether it gives any capability but read and readData.")
    ] = None
    denied: Annotated[
        tuple[str, ...], computed("Capabilities of the role that a deny assignment takes away.")
    ]


def members_of(access: Access, estate: Estate) -> Members:
    """Return all grants, complete if the tables of active and eligible ones were read.

    One whose role is not known is among them only where it holds for the resource itself.
    """
    shown = tuple(shown_grant(each, access.here, estate) for each in access.grants if _counts(each))
    complete = all(_complete(table, access) for table in access.complete)
    return Members(shown) if complete else Members.partial(shown)


def active_members(every: Members, access: Access) -> Members:
    """Return those of all grants that are in force: mostly, nothing has to be activated."""
    found = tuple(shown for shown in every if not shown.eligible)
    complete = _complete(ACTIVE, access)
    if complete == every.complete and len(found) == len(every):
        return every
    return Members(found) if complete else Members.partial(found)


def _complete(table: str, access: Access) -> bool:
    made = (each for each in access.grants if table == each.assignment.record.TABLE)
    return access.complete[table] and all(map(_counts, made))


def _counts(grant: Grant) -> bool:
    """Tell whether an assignment holds for the resource itself, or its role is known to give some.

    At a dependent, an unknown role may be none that gives anything there. What a deny assignment
    may take away counts: rules that demand that somebody has no access can rely on the rest.
    """
    return grant.effect.covers or grant.role.sure != 0


def type_of(assignment: Assignment, estate: Estate) -> Maybe[str]:
    """Return the kind of a principal; old exports leave it out, and the principals file has it."""
    kind = assignment.record.principal_type
    if kind is not None or not isinstance(assignment.principal, str):
        return kind if kind is not None else UNREAD
    return estate.config.principals.type(assignment.principal) or UNREAD


@per_estate
def _shown(_: Estate) -> dict[Any, AccessGrant]:
    return {}


def shown_grant(grant: Grant, here_: Here, estate: Estate) -> AccessGrant:
    """Return a grant as rules see it; equal inherited ones at many resources are one and the same."""
    principal = grant.assignment.principal
    first, found = here_.first(principal), here_.of(principal)
    if not grant.effect.inherited:
        return _show(grant, found, first, estate)
    key = (grant.assignment.record.id, grant.effect, first, found, found.complete)
    shown = _shown(estate)
    if key not in shown:
        shown[key] = _show(grant, found, first, estate)
    return shown[key]


def _show(grant: Grant, personas: Members, first: Maybe[str], estate: Estate) -> AccessGrant:
    assignment, role, effect = grant.assignment, grant.role, grant.effect
    record, principal = assignment.record, assignment.principal
    return AccessGrant(
        principal_id=record.principal_id,
        principal_type=type_of(assignment, estate),
        principal_name=_name(principal, estate),
        principal=called(record.principal_id, estate),
        owner_id=_owner(assignment, estate),
        persona=first,
        personas=personas,
        role_name=role.name,
        role_id=role.guid or UNREAD,
        role_type=role.type,
        assignment_id=record.id,
        scope=assignment.shown_scope,
        scope_level=assignment.level,
        covers=effect.covers,
        inherited=effect.inherited,
        eligible=assignment.eligible,
        conditional=_conditional(grant),
        condition=record.condition,
        limited=_limited(grant),
        orphaned=orphaned(assignment),
        unbounded_wildcard=role.unbounded,
        can=members(effect.sure, effect.maybe),
        more_than_read=more_than_read(effect),
        denied=_denied(effect),
    )


def _name(principal: Maybe[str], estate: Estate) -> Maybe[str]:
    if not isinstance(principal, str):
        return UNREAD
    return estate.config.principals.name(principal)


def called(principal: Maybe[str], estate: Estate) -> Maybe[str]:
    """Return the name that the principals file has for an object id, or the id."""
    if not isinstance(principal, str):
        return UNREAD
    return estate.config.principals.name(principal) or principal


def _owner(assignment: Assignment, estate: Estate) -> Maybe[str]:
    kind = type_of(assignment, estate)
    if kind not in {"ServicePrincipal", UNREAD}:
        return None
    return (
        owner_of(assignment.principal, estate) if isinstance(assignment.principal, str) else UNREAD
    )


def _conditional(grant: Grant) -> Verdict:
    condition = grant.assignment.record.condition
    if isinstance(condition, str) or grant.effect.sure & grant.role.limited:
        return True
    certain = condition is None and not grant.effect.maybe & grant.role.limited
    return False if certain else UNREAD


def _limited(grant: Grant) -> Members:
    """Return the capabilities that every operation held of them is limited of."""
    effect = grant.effect
    sure, maybe = grant.limited
    free = set(names(effect.maybe & ~sure))
    held = [name for name in names(effect.sure & sure) if name not in free]
    certain = effect.sure == effect.maybe and sure == maybe
    return gathered(tuple(held), complete=certain)


def more_than_read(effect: Effect) -> Verdict:
    """Tell whether a grant gives any capability but reading."""
    if any(name not in READING for name in names(effect.sure)):
        return True
    return UNREAD if any(name not in READING for name in names(effect.maybe)) else False


def _denied(effect: Effect) -> Members:
    """Return the capabilities that nothing is left of."""
    left = names(effect.maybe)
    taken = tuple(name for name in names(effect.denied) if name not in left)
    return gathered(taken, complete=effect.sure == effect.maybe)
