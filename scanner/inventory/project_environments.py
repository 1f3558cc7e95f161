"""In which environments a project has workspaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scanner.inventory.facts import Facts, per_estate, whole
from scanner.inventory.fields import UNREAD, Derived, Members
from scanner.inventory.model.workspace import Workspace
from scanner.inventory.organization import project_of
from scanner.inventory.truth import Found, equal

if TYPE_CHECKING:
    from scanner.inventory.estate import Estate
    from scanner.inventory.fields import Maybe

_HUB = "Hub"


class _Projects:
    """The environments that each project was seen in, and where there may be more of them."""

    def __init__(self, estate: Estate) -> None:
        self.seen: dict[str, set[str]] = {}
        self.uncertain: set[str] = set()
        self.complete = whole(estate, Workspace.TABLE)
        for workspace in estate.all_of(Workspace):
            # A hub serves projects, which have tags of their own; it is no project's workspace.
            if equal(workspace.kind, _HUB) is True:
                continue
            self._add(workspace, estate)

    def _add(self, workspace: Workspace, estate: Estate) -> None:
        project = project_of(workspace, estate)
        environment = estate.environment(workspace)
        may_count = equal(workspace.kind, _HUB) is UNREAD or environment is UNREAD
        if project is UNREAD:
            self.complete = False
        elif isinstance(project, str):
            if may_count:
                self.uncertain.add(project)
            elif isinstance(environment, str):
                self.seen.setdefault(project, set()).add(environment)


@per_estate
def _projects(estate: Estate) -> _Projects:
    return _Projects(estate)


def project_environments(workspace: Workspace, estate: Estate) -> Maybe[Members]:
    """Return the environments in which a workspace's project has workspaces, in config order.

    Gives `None` without a project. The members are complete only if every workspace was read
    and its project and environment could be told.
    """
    project: Any = project_of(workspace, estate)
    if not isinstance(project, str):
        return project  # type: ignore[no-any-return]
    known = _projects(estate)
    found = Found(complete=known.complete and project not in known.uncertain)
    for environment in estate.config.environments:
        seen = environment.name in known.seen.get(project, ())
        found.add(seen, environment.name)
    return found.members()


FACTS: Facts = {
    "workspace": {
        "projectEnvironments": Derived(
            tuple[str, ...],
            project_environments,
            "Environments in which the project has workspaces, hubs not counted, in the order of "
            "the config; null without a project.",
            ("tags",),
        )
    }
}
