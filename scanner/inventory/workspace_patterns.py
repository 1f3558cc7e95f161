"""What workspaces are made for: one per project, one per team, or one for everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scanner.inventory.connectivity import network_of
from scanner.inventory.fields import UNREAD, Derived, Maybe, Members
from scanner.inventory.neighbours import stands_alone
from scanner.inventory.truth import Found

if TYPE_CHECKING:
    from scanner.inventory.estate import Estate
    from scanner.inventory.facts import Facts
    from scanner.inventory.model.workspace import Workspace
    from scanner.inventory.truth import Verdict

_UNITS: Final = {
    "workspacePerProject": "project",
    "workspacePerTeam": "team",
    "singleWorkspace": "everybody",
}
"""The patterns that a config may declare, and what a workspace is made for in each."""


def workspace_patterns(workspace: Workspace, estate: Estate) -> Members:
    """Return the patterns that a workspace follows; several where it is the only one at all."""
    found = Found()
    for pattern, unit in _UNITS.items():
        found.add(_follows(workspace, unit, estate), pattern)
    return found.members()


def _follows(workspace: Workspace, unit: str, estate: Estate) -> Verdict:
    """Tell whether a workspace is the only one of its project, its team, or of all.

    The projects of a hub share it, so that the hub is what there may be one of for everybody.
    """
    of: Maybe[Workspace] = network_of(workspace, estate) if unit == "everybody" else workspace
    if of is None or of is UNREAD:
        return UNREAD if of is UNREAD else False
    return stands_alone(of, unit, estate)


def demanded_workspace_patterns(workspace: Workspace, estate: Estate) -> Maybe[tuple[str, ...]]:
    """Return the patterns that the config declares for a workspace's environment.

    Gives `None` without environment, and where the config declares none.
    """
    name = estate.environment(workspace)
    if not isinstance(name, str):
        return name
    general = estate.config.settings.workspace_patterns
    own = {one.name: one.workspace_patterns for one in estate.config.environments}
    return general if own[name] is None else own[name]


FACTS: Facts = {
    "workspace": {
        "workspacePatterns": Derived(
            tuple[str, ...],
            workspace_patterns,
            "Those of workspacePerProject, workspacePerTeam and singleWorkspace that it follows: "
            "there is no other of its project, its team, or at all in its environment and region.",
            ("tags", "location", "kind"),
        ),
        "demandedWorkspacePatterns": Derived(
            tuple[str, ...],
            demanded_workspace_patterns,
            "The patterns of which the config declares that a workspace of the environment "
            "follows one; absent where it declares none, and without environment.",
            ("environment",),
        ),
    }
}
