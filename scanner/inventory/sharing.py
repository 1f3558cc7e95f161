"""Which dependent resources and identities of a workspace other workspaces use too.

Sharing counts between workspaces of two known, different environments or projects. An environment
or project that nothing tells is not known to be another one: a rule of its own reports those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from scanner import armid
from scanner.inventory.connectivity import network_of
from scanner.inventory.facts import Facts, computed, per_estate, whole
from scanner.inventory.fields import UNREAD, Derived, Maybe, Members, Part
from scanner.inventory.model.workspace import Workspace
from scanner.inventory.organization import project_of
from scanner.inventory.truth import Found, Verdict, each, either

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scanner.inventory.estate import Estate

_ATTRIBUTES = {
    "storageAccount": "storage_account_id",
    "keyVault": "key_vault_id",
    "containerRegistry": "container_registry_id",
}
IDENTITY = "userAssignedIdentity"


class SharedDependent(Part, frozen=True, kw_only=True):
    """A dependent resource that workspaces of another environment or project use too."""

    kind: Annotated[str, computed("Kind of the resource.")]
    id: Annotated[str, computed("ARM id of the resource.")]
    name: Annotated[str, computed("Name of the resource.")]
    shared_with: Annotated[tuple[str, ...], computed("Names of the other workspaces.")]
    environments: Annotated[tuple[str, ...], computed("Environments of the other workspaces.")]
    projects: Annotated[tuple[str, ...], computed("Projects of the other workspaces.")]


class Users(NamedTuple):
    """The workspaces that name each resource, by its id, and whether those are all."""

    workspaces: dict[str, list[Workspace]]
    complete: dict[str, bool]


def used_ids(workspace: Workspace) -> Iterator[tuple[str, Maybe[str]]]:
    """Yield kind and id of what a workspace's own record names, UNREAD for what it may name."""
    for kind, attribute in _ATTRIBUTES.items():
        yield kind, getattr(workspace, attribute)
    yield IDENTITY, workspace.primary_user_assigned_identity_id
    identity = workspace.identity
    ids, complete = each(
        identity if identity is UNREAD or identity is None else identity.user_assigned_identity_ids
    )
    yield from ((IDENTITY, arm_id) for arm_id in ids)
    if not complete:
        yield IDENTITY, UNREAD


@per_estate
def users(estate: Estate) -> Users:
    """Return who uses which dependent resources and identities."""
    everyone = whole(estate, Workspace.TABLE)
    index = Users({}, dict.fromkeys((*_ATTRIBUTES, IDENTITY), everyone))
    for workspace in estate.all_of(Workspace):
        for kind, arm_id in used_ids(workspace):
            if arm_id is UNREAD:
                index.complete[kind] = False
            elif isinstance(arm_id, str):
                found = index.workspaces.setdefault(armid.key(arm_id), [])
                if workspace not in found[-1:]:
                    found.append(workspace)
    return index


def shared_dependents(workspace: Workspace, estate: Estate) -> Members:
    """Return what a workspace shares with those of another environment or project.

    What a project has from its hub is the hub's: only what it names itself counts.
    """
    hub = network_of(workspace, estate)
    if hub is UNREAD:
        return Members.partial()
    inherited = dict(used_ids(hub)) if hub is not None and hub is not workspace else {}
    found = Found()
    seen: set[str] = set()
    for kind, arm_id in used_ids(workspace):
        if arm_id is None or arm_id is UNREAD:
            found.complete = found.complete and arm_id is None
            continue
        place = armid.key(arm_id)
        if place in seen or _same(inherited.get(kind), place):
            continue
        seen.add(place)
        if inherited.get(kind) is UNREAD:
            found.complete = False
            continue
        _add(found, workspace, (kind, arm_id), estate)
    return found.members()


def _same(arm_id: Any, place: str) -> bool:
    return isinstance(arm_id, str) and armid.key(arm_id) == place


def _add(found: Found, workspace: Workspace, named: tuple[str, str], estate: Estate) -> None:
    kind, arm_id = named
    index = users(estate)
    others = Found(complete=index.complete[kind])
    for other in index.workspaces[armid.key(arm_id)]:
        if other is not workspace and _family(other) != _family(workspace):
            others.add(_apart(workspace, other, estate), other)
    if others.items:
        found.add(True, _shared(kind, arm_id, others.members(), estate))  # noqa: FBT003
    found.complete = found.complete and (others.complete or bool(others.items))


def _family(workspace: Workspace) -> str:
    """Return what a hub and its projects have in common."""
    hub = workspace.hub_resource_id
    return armid.key(hub if isinstance(hub, str) else workspace.id)


def _apart(one: Workspace, other: Workspace, estate: Estate) -> Verdict:
    return either(
        (
            _differ(estate.environment(one), estate.environment(other)),
            _differ(project_of(one, estate), project_of(other, estate)),
        )
    )


def _differ(one: Maybe[str], other: Maybe[str]) -> Verdict:
    if one is None or other is None:
        return False
    return UNREAD if one is UNREAD or other is UNREAD else one != other


def _shared(kind: str, arm_id: str, others: Members, estate: Estate) -> SharedDependent:
    projects = Found(complete=others.complete)
    environments = Found(complete=others.complete)
    for other in others:
        for values, value in (
            (environments, estate.environment(other)),
            (projects, project_of(other, estate)),
        ):
            if value is UNREAD:
                values.complete = False
            elif value is not None and value not in values.items:
                values.items.append(value)
    environments.items.sort()
    projects.items.sort()
    names = tuple(other.name for other in others)
    return SharedDependent(
        kind=kind,
        id=arm_id,
        name=armid.parse(arm_id).name,
        shared_with=Members(names) if others.complete else Members.partial(names),
        environments=environments.members(),
        projects=projects.members(),
    )


FACTS: Facts = {
    "workspace": {
        "sharedDependents": Derived(
            tuple[SharedDependent, ...],
            shared_dependents,
            "Storage account, key vault, container registry and user-assigned identities that it "
            "shares with workspaces of another known environment or project; what a project has "
            "from its hub does not count.",
            ("storageAccountId", "keyVaultId", "containerRegistryId", "identity"),
        )
    }
}
