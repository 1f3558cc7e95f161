"""The roles that the config names for personas: which there are, and what they can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from scanner.inventory.access.personas import groups, has_role
from scanner.inventory.access.roles import assigned, role_can, role_can_fully
from scanner.inventory.access.scopes import chain_of, place_of, was_read
from scanner.inventory.facts import computed, per_estate, whole
from scanner.inventory.fields import UNREAD, Maybe, Members, Part
from scanner.inventory.model.authorization import RoleDefinition
from scanner.inventory.truth import Found, both, each

if TYPE_CHECKING:
    from scanner.inventory.estate import Estate
    from scanner.inventory.model.workspace import Workspace
    from scanner.inventory.truth import Verdict


class PersonaRole(Part, frozen=True, kw_only=True):
    """A role of the snapshot that the config names for a persona."""

    persona: Annotated[str, computed("The persona.")]
    role_name: Annotated[Maybe[str], computed("Name of the role.")] = None
    role_id: Annotated[str, computed("GUID of the role in lower case.")]
    role_type: Annotated[Maybe[str], computed("BuiltInRole or CustomRole.")] = None
    assigned: Annotated[Maybe[bool], computed("Whether anybody has it anywhere.")] = None
    can: Annotated[tuple[str, ...], computed("Capabilities that the role gives.")]
    can_fully: Annotated[
        tuple[str, ...],
        computed(
            "Those of `can` that it gives all needed operations of: to create, not to delete."
        ),
    ]


def personas_of(definition: RoleDefinition, estate: Estate) -> Members:
    """Return the personas that the config names a role for."""
    found = Found()
    for group in groups(estate):
        found.add(has_role(definition.name.lower(), group, estate), group.name)
    return found.members()


@per_estate
def _definitions(estate: Estate) -> list[tuple[RoleDefinition, Members]]:
    pairs = [(one, personas_of(one, estate)) for one in estate.all_of(RoleDefinition)]
    return [pair for pair in pairs if pair[1] or not pair[1].complete]


def persona_roles(workspace: Workspace, estate: Estate) -> Members:
    """Return the roles of personas that can be assigned at a workspace."""
    chain = chain_of(workspace.id, estate)
    complete = chain.complete and was_read(RoleDefinition.TABLE, chain, estate)
    found = Found(complete=complete or whole(estate, RoleDefinition.TABLE))
    for definition, personas in _definitions(estate):
        assignable = _assignable(definition, chain.scopes, known=chain.complete)
        for persona in personas:
            found.add(assignable, _shape(definition, persona, estate))
        if not personas.complete:
            found.add(both(assignable, UNREAD), None)
    return found.members()


def _assignable(definition: Any, scopes: tuple[str, ...], *, known: bool) -> Verdict:
    listed, complete = each(definition.assignable_scopes)
    places = [place_of(scope) for scope in listed]
    if any(place in scopes for place in places):
        return True
    above = [place for place in places if place.startswith("/providers/")]
    return False if complete and (known or not above) else UNREAD


def _shape(definition: RoleDefinition, persona: str, estate: Estate) -> PersonaRole:
    return PersonaRole(
        persona=persona,
        role_name=definition.role_name,
        role_id=definition.name.lower(),
        role_type=definition.role_type,
        assigned=assigned(definition, estate),
        can=role_can(definition, estate),
        can_fully=role_can_fully(definition, estate),
    )
