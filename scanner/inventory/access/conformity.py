"""How access at a workspace compares with the access matrix: what is too much, what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from scanner.inventory.access.capabilities import HOLDS, NEEDS, TARGETS, names, operations_of
from scanner.inventory.access.grants import workspace_access
from scanner.inventory.access.matrix import matrix
from scanner.inventory.access.shown import shown_grant
from scanner.inventory.facts import computed
from scanner.inventory.fields import UNREAD, Maybe, Members, Part
from scanner.inventory.truth import Found, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from scanner.inventory.access.grants import Access, Grant
    from scanner.inventory.estate import Estate
    from scanner.inventory.model.workspace import Workspace
    from scanner.personas import Cell


class PersonaExcess(Part, frozen=True, kw_only=True):
    """A capability that a persona has in an environment where the matrix does not allow it."""

    persona: Annotated[str, computed("The persona.")]
    capability: Annotated[str, computed("The capability.")]
    principal_id: Annotated[Maybe[str], computed("Object id of who has the role.")] = None
    principal_name: Annotated[
        Maybe[str], computed("Name of who has the role, by the principals file.")
    ] = None
    principal: Annotated[
        Maybe[str],
        computed("Who has the role: the name by the principals file, or the object id."),
    ] = None
    role_name: Annotated[Maybe[str], computed("Name of the role that gives it.")] = None
    scope: Annotated[str, computed("ARM id of the scope of the assignment.")]
    assignment_id: Annotated[str, computed("ARM id of the assignment.")]
    member: Annotated[
        bool, computed("Whether who has the role is of the persona; else a group around it has it.")
    ]
    eligible: Annotated[bool, computed("Whether the role must be activated first.")]
    conditional: Annotated[Maybe[bool], computed("Whether a condition limits the assignment.")] = (
        None
    )


class PersonaLack(Part, frozen=True, kw_only=True):
    """A capability that the matrix promises a persona, and that nobody of it has."""

    persona: Annotated[str, computed("The persona.")]
    capability: Annotated[str, computed("The capability.")]
    missing: Annotated[
        tuple[str, ...], computed("Operations that none of its roles allows at the workspace.")
    ]


class PersonaCan(NamedTuple):
    """What a persona can do at a workspace, next to what the matrix says of it."""

    persona: str
    can: Members
    allowed: tuple[str, ...]
    promised: tuple[str, ...]


def row_of(workspace: Workspace, estate: Estate) -> Maybe[Mapping[str, Cell]]:
    """Return the row of the matrix for a workspace, `None` where it says nothing of it."""
    environment = estate.environment(workspace)
    if environment is UNREAD:
        return UNREAD
    return matrix(estate).get(environment) if environment is not None else None


def persona_excess(workspace: Workspace, estate: Estate) -> Maybe[Members]:
    """Return what personas can do at a workspace beyond the matrix, `None` without a row of it."""
    row = row_of(workspace, estate)
    if row is UNREAD:
        return UNREAD
    if row is None:
        return None
    access = workspace_access(workspace, estate)
    found = Found(complete=all(access.complete.values()))
    for grant in access.grants:
        for persona, verdict in _reach(grant, access):
            cell = row.get(persona)
            if cell is not None and verdict is not False:
                _add_excess(found, grant, (persona, verdict, cell), access, estate)
    return found.members()


def _reach(grant: Grant, access: Access) -> Iterator[tuple[str, Verdict]]:
    """Yield each persona with whether a grant gives its members anything."""
    principal = grant.assignment.principal
    for persona, reach in access.here.reach.items():
        if principal in reach:
            yield persona, True
        else:
            maybe = access.here.may_be(principal, persona)
            yield persona, UNREAD if maybe else False


def _add_excess(
    found: Found, grant: Grant, of: tuple[str, Verdict, Cell], access: Access, estate: Estate
) -> None:
    persona, verdict, cell = of
    sure = [name for name in names(grant.effect.sure) if name not in cell.allowed]
    maybe = [name for name in names(grant.effect.maybe) if name not in cell.allowed]
    if verdict is UNREAD or sure != maybe:
        found.complete = found.complete and not maybe
    if verdict is not True:
        return
    shown = shown_grant(grant, access.here, estate)
    member = grant.assignment.principal in access.here.members[persona]
    found.items += [_excess(persona, name, shown, member=member) for name in sure]


def _excess(persona: str, capability: str, shown: Any, *, member: bool) -> PersonaExcess:
    return PersonaExcess(
        persona=persona,
        capability=capability,
        principal_id=shown.principal_id,
        principal_name=shown.principal_name,
        principal=shown.principal,
        role_name=shown.role_name,
        scope=shown.scope,
        assignment_id=shown.assignment_id,
        member=member,
        eligible=shown.eligible,
        conditional=shown.conditional,
    )


def persona_lack(workspace: Workspace, estate: Estate) -> Maybe[Members]:
    """Return what the matrix promises to personas of the config and they cannot do.

    Gives `None` where the config names no personas, or the matrix has no row for the workspace.
    """
    if not estate.config.personas:
        return None
    row = row_of(workspace, estate)
    if row is UNREAD:
        return UNREAD
    if row is None:
        return None
    access = workspace_access(workspace, estate)
    found = Found()
    for persona in (one.name for one in estate.config.personas):
        cell = row.get(persona)
        if cell is not None and cell.promised:
            sure, maybe = _operations(persona, access)
            _add_lack(found, persona, cell.promised, (sure, maybe))
    return found.members()


def _operations(persona: str, access: Access) -> tuple[int, int]:
    """Return the operations that the members of a persona have together, and may have."""
    sure = maybe = 0
    for grant in access.grants:
        if grant.assignment.principal in access.here.reach[persona]:
            sure |= grant.effect.sure
        elif not access.here.may_be(grant.assignment.principal, persona):
            continue
        maybe |= grant.effect.maybe
    return sure, maybe if all(access.complete.values()) else -1


def _add_lack(found: Found, persona: str, promised: Iterable[str], have: tuple[int, int]) -> None:
    for capability in promised:
        if HOLDS[capability] & TARGETS["subscription"]:
            continue  # counts at subscriptions, not at workspaces
        needs = NEEDS[capability] or (HOLDS[capability],)
        missing = [need for need in needs if not have[1] & need]
        if missing:
            operations = tuple(name for need in missing for name in operations_of(need))
            unsure = [need for need in needs if not have[0] & need and have[1] & need]
            members = Members.partial(operations) if unsure else Members(operations)
            lack = PersonaLack(persona=persona, capability=capability, missing=members)
            found.add(True, lack)  # noqa: FBT003
        elif not all(have[0] & need for need in needs):
            found.complete = False


def persona_access(workspace: Workspace, estate: Estate) -> tuple[PersonaCan, ...]:
    """Return what each persona can do at a workspace, in the order of the config."""
    row = row_of(workspace, estate)
    cells = row if row is not UNREAD and row is not None else {}
    access = workspace_access(workspace, estate)
    found = []
    for persona in access.here.members:
        sure, maybe = _operations(persona, access)
        held = names(sure)
        can = Members(held) if held == names(maybe) else Members.partial(held)
        cell = cells.get(persona)
        allowed, promised = (cell.allowed, cell.promised) if cell else ((), ())
        found.append(PersonaCan(persona, can, allowed, promised))
    return tuple(found)
