"""Which other workspaces serve the same purpose, or stand in the same group or environment."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from scanner import armid
from scanner.inventory.facts import Facts, per_estate, whole
from scanner.inventory.fields import UNREAD, Derived, Maybe, Members, Resource
from scanner.inventory.kinds import KINDS
from scanner.inventory.model.workspace import Workspace
from scanner.inventory.organization import project_of, team_of
from scanner.inventory.truth import Found, Verdict, either, negation

if TYPE_CHECKING:
    from collections.abc import Callable

    from scanner.inventory.estate import Estate

Slot: TypeAlias = tuple[Any, Any, Any]
"""What a workspace is for (a project, a team, everybody), its environment and its region."""

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


def _everybody(workspace: Workspace, _: Estate) -> Maybe[str]:
    """Return the same for all workspaces; a hub's projects come with it."""
    kind = workspace.kind
    return UNREAD if kind is UNREAD else None if kind == "Project" else ""


def _apart(one: Workspace, other: Workspace) -> Verdict:
    """Tell whether two are neither the same, nor a hub and its project."""
    if one is other:
        return False
    return negation(either((_is_hub_of(one, other), _is_hub_of(other, one))))


def _is_hub_of(hub: Workspace, project: Workspace) -> Verdict:
    named = project.hub_resource_id
    if isinstance(named, str):
        return armid.key(named) == armid.key(hub.id)
    return UNREAD if named is UNREAD else False


def _families_apart(one: Workspace, other: Workspace) -> Verdict:
    """Tell whether two are neither the same, nor of the same hub."""
    hubs = one.hub_resource_id, other.hub_resource_id
    if isinstance(hubs[0], str) and isinstance(hubs[1], str):
        return armid.key(hubs[0]) != armid.key(hubs[1])
    return _apart(one, other)


class _Unit(NamedTuple):
    """What workspaces are made for: which one of these, and which others do not stand beside it."""

    of: Callable[[Workspace, Estate], Maybe[str]]
    apart: Callable[[Workspace, Workspace], Verdict]


UNITS: Final = {
    "project": _Unit(project_of, _apart),
    # A team shares its hub: the projects in it have that in common.
    "team": _Unit(team_of, _families_apart),
    "everybody": _Unit(_everybody, _apart),
}
"""What a workspace may be made for."""


def _slot(workspace: Workspace, unit: str, estate: Estate) -> Slot:
    of = UNITS[unit].of
    return of(workspace, estate), estate.environment(workspace), workspace.location


@per_estate
def _slots(estate: Estate) -> dict[str, dict[Slot, list[Workspace]]]:
    """Return the workspaces of each slot, by unit; slots not wholly read contain UNREAD."""
    found: dict[str, dict[Slot, list[Workspace]]] = {unit: {} for unit in UNITS}
    for unit, slots in found.items():
        for workspace in estate.all_of(Workspace):
            slot = _slot(workspace, unit, estate)
            if None not in slot:
                slots.setdefault(slot, []).append(workspace)
    return found


def _whole_slot(slot: Slot, unit: str, estate: Estate) -> bool:
    """Tell whether no other workspace may be in a slot than those that are known to be."""
    slots = _slots(estate)[unit]
    possible = itertools.product(*((part, UNREAD) for part in slot))
    unsure = any(UNREAD in other and other in slots for other in possible)
    return whole(estate, Workspace.TABLE) and not unsure


def stands_alone(workspace: Workspace, unit: str, estate: Estate) -> Verdict:
    """Tell whether no other workspace is made for the same, in the same environment and region.

    It is false of a workspace that is made for nothing of the kind.
    """
    slot = _slot(workspace, unit, estate)
    if slot[0] is None:
        return False
    if UNREAD in slot or None in slot:
        return UNREAD if UNREAD in slot else True
    # The first one decides: an environment may have thousands.
    apart = UNITS[unit].apart
    beside = either(apart(workspace, other) for other in _slots(estate)[unit][slot])
    if beside is False and not _whole_slot(slot, unit, estate):
        return UNREAD
    return negation(beside)


def same_slot_workspaces(workspace: Workspace, estate: Estate) -> Members:
    """Return the ids of other workspaces for the same project, environment and region."""
    slot = _slot(workspace, "project", estate)
    if None in slot:
        return Members()
    if UNREAD in slot:
        return Members.partial()
    found = Found(complete=_whole_slot(slot, "project", estate))
    for other in _slots(estate)["project"][slot]:
        found.add(_apart(workspace, other), other.id)
    return found.members()


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
            found.add(_apart(workspace, other), other.id)
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
