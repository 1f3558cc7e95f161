"""Which other workspaces serve the same purpose, or stand in the same group or environment."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, TypeAlias

from scanner import armid
from scanner.inventory.facts import Facts, per_estate, whole
from scanner.inventory.fields import UNREAD, Derived, Members, Resource
from scanner.inventory.kinds import KINDS
from scanner.inventory.model.workspace import Workspace
from scanner.inventory.organization import project_of
from scanner.inventory.truth import Found

if TYPE_CHECKING:
    from scanner.inventory.estate import Estate

Slot: TypeAlias = tuple[Any, Any, Any]
"""Project, environment and region."""

_KINDS = (
    "storageAccount",
    "keyVault",
    "containerRegistry",
    "applicationInsights",
    "logAnalyticsWorkspace",
    "userAssignedIdentity",
    "cognitiveServicesAccount",
    "kubernetesCluster",
    "virtualMachine",
    "virtualNetwork",
    "machineLearningRegistry",
)
"""Kinds whose environment counts in a resource group."""


def _slot(workspace: Workspace, estate: Estate) -> Slot:
    return project_of(workspace, estate), estate.environment(workspace), workspace.location


@per_estate
def _slots(estate: Estate) -> dict[Slot, list[Workspace]]:
    """Return the workspaces of each slot; slots not wholly read contain UNREAD."""
    found: dict[Slot, list[Workspace]] = {}
    for workspace in estate.all_of(Workspace):
        slot = _slot(workspace, estate)
        if None not in slot:
            found.setdefault(slot, []).append(workspace)
    return found


def same_slot_workspaces(workspace: Workspace, estate: Estate) -> Members:
    """Return the ids of other workspaces for the same project, environment and region."""
    slot = _slot(workspace, estate)
    if None in slot:
        return Members()
    if UNREAD in slot:
        return Members.partial()
    slots = _slots(estate)
    found = tuple(other.id for other in slots[slot] if not _related(workspace, other))
    unsure = any(
        UNREAD in possible and possible in slots
        for possible in itertools.product(*((part, UNREAD) for part in slot))
    )
    complete = whole(estate, Workspace.TABLE) and not unsure
    return Members(found) if complete else Members.partial(found)


def _related(one: Workspace, other: Workspace) -> bool:
    """Tell whether two are the same, or a hub and its project."""
    return one is other or _is_hub_of(one, other) or _is_hub_of(other, one)


def _is_hub_of(hub: Workspace, project: Workspace) -> bool:
    named = project.hub_resource_id
    return isinstance(named, str) and armid.key(named) == armid.key(hub.id)


@per_estate
def _groups(estate: Estate) -> dict[str, list[Resource]]:
    """Return the resources of each resource group that holds a workspace."""
    found: dict[str, list[Resource]] = {}
    for workspace in estate.all_of(Workspace):
        found.setdefault(_group(workspace), []).append(workspace)
    for kind in _KINDS:
        for resource in estate.of_kind(kind):
            if _group(resource) in found:
                found[_group(resource)].append(resource)
    return found


def _group(resource: Resource) -> str:
    return f"/subscriptions/{resource.subscription_id}/resourcegroups/{resource.resource_group}".lower()


@per_estate
def _read(_: Estate) -> dict[str, bool]:
    """Return where it is kept whether all that counts in a resource group was read."""
    return {}


def _all_read(group: str, estate: Estate) -> bool:
    known = _read(estate)
    if group not in known:
        tables = (Workspace.TABLE, *(KINDS[kind].TABLE for kind in _KINDS))
        known[group] = all(estate.coverage.has_all(table, group) for table in tables)
    return known[group]


def group_neighbours(workspace: Workspace, estate: Estate) -> Members:
    """Return the ids of what should not be in a workspace's resource group."""
    group = _group(workspace)
    own = estate.environment(workspace)
    found = Found(complete=_all_read(group, estate))
    for other in _groups(estate)[group]:
        if isinstance(other, Workspace):
            unsure = other.hub_resource_id is UNREAD or workspace.hub_resource_id is UNREAD
            apart: Any = UNREAD if unsure and other is not workspace else True
            found.add(not _related(workspace, other) and apart, other.id)
        elif own is not None:
            theirs = estate.environment(other)
            if UNREAD in {own, theirs} and theirs is not None:
                found.add(UNREAD, other.id)
            else:
                found.add(theirs not in {None, own}, other.id)
    return found.members()


@per_estate
def _by_environment(estate: Estate) -> tuple[dict[str, tuple[Workspace, ...]], bool]:
    """Return the workspaces of each environment, and whether those are all."""
    found: dict[str, list[Workspace]] = {}
    complete = whole(estate, Workspace.TABLE)
    for workspace in estate.all_of(Workspace):
        name = estate.environment(workspace)
        unsure = name is UNREAD or workspace.kind is UNREAD
        complete = complete and (not unsure or workspace.kind == "Project" or name is None)
        if isinstance(name, str) and not unsure and workspace.kind != "Project":
            found.setdefault(name, []).append(workspace)
    return {name: tuple(members) for name, members in found.items()}, complete


@per_estate
def _peers(_: Estate) -> dict[str, Members]:
    """Return where the members of an environment are kept: one tuple for all workspaces in it."""
    return {}


def environment_workspaces(workspace: Workspace, estate: Estate) -> Members:
    """Return the workspaces of a workspace's environment, itself included, but no hub projects."""
    name = estate.environment(workspace)
    if not isinstance(name, str):
        return Members() if name is None else Members.partial()
    known = _peers(estate)
    if name not in known:
        by_environment, complete = _by_environment(estate)
        found = by_environment.get(name, ())
        known[name] = Members(found) if complete else Members.partial(found)
    return known[name]


FACTS: Facts = {
    "workspace": {
        "environmentWorkspaces": Derived(
            tuple[Workspace, ...],
            environment_workspaces,
            "The workspaces of the same environment, itself included; hub projects do not count, "
            "as their hub does. Empty where the environment is not known.",
            ("environment",),
        ),
        "sameSlotWorkspaces": Derived(
            tuple[str, ...],
            same_slot_workspaces,
            "ARM ids of other workspaces for the same known project, environment and region; a hub "
            "and its own projects do not count.",
            ("project", "environment", "location"),
        ),
        "groupNeighbours": Derived(
            tuple[str, ...],
            group_neighbours,
            "ARM ids of other workspaces in the resource group (but for a hub and its own "
            "projects), and of resources there that belong to another known environment.",
            ("resourceGroupId", "environment"),
        ),
    }
}
