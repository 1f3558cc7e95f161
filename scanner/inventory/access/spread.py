"""Groups that work in more than one environment of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NamedTuple

from scanner.inventory.access.grants import workspace_access
from scanner.inventory.access.shown import called, more_than_read
from scanner.inventory.facts import computed, per_estate
from scanner.inventory.fields import UNREAD, Maybe, Members, Part
from scanner.inventory.organization import project_of
from scanner.inventory.projects import grouped
from scanner.inventory.truth import Found

if TYPE_CHECKING:
    from scanner.inventory.access.grants import Access, Grant
    from scanner.inventory.estate import Estate
    from scanner.inventory.model.workspace import Workspace


class SharedGroup(Part, frozen=True, kw_only=True):
    """A group that can do more than read here and in another environment of the project."""

    principal_id: Annotated[str, computed("Object id of the group.")]
    principal_name: Annotated[
        Maybe[str], computed("Name of the group, by the principals file.")
    ] = None
    principal: Annotated[
        Maybe[str], computed("The group: its name by the principals file, or the object id.")
    ] = None
    persona: Annotated[Maybe[str], computed("The first persona of the group here.")] = None
    environments: Annotated[
        tuple[str, ...], computed("Other environments in which it can do more than read.")
    ]
    workspaces: Annotated[tuple[str, ...], computed("Names of the workspaces there.")]


class _Seen(NamedTuple):
    """The workspaces of a project in which each group can do more than read."""

    sure: dict[str, list[tuple[str, str]]]
    """Group to pairs of environment and workspace name."""
    complete: bool


@per_estate
def _known(_: Estate) -> dict[str, _Seen]:
    return {}


def _seen(project: str, estate: Estate) -> _Seen:
    known = _known(estate)
    if project not in known:
        known[project] = _look(project, estate)
    return known[project]


def _look(project: str, estate: Estate) -> _Seen:
    index = grouped(estate)
    sure: dict[str, list[tuple[str, str]]] = {}
    complete = index.complete
    for workspace in index.members.get(project, ()):
        environment = estate.environment(workspace)
        if not isinstance(environment, str):
            complete = complete and environment is None
            continue
        groups, all_read = _groups(workspace, estate)
        complete = complete and all_read
        for group in groups:
            sure.setdefault(group, []).append((environment, workspace.name))
    return _Seen(sure, complete)


def _groups(workspace: Workspace, estate: Estate) -> tuple[dict[str, Grant], bool]:
    """Return the groups that can do more than read, each with a grant that lets it."""
    access = workspace_access(workspace, estate)
    complete = all(access.complete.values())
    found: dict[str, Grant] = {}
    for grant in access.grants:
        principal, kind = grant.assignment.principal, grant.assignment.record.principal_type
        writes = more_than_read(grant.effect)
        if writes is False or (isinstance(kind, str) and kind != "Group"):
            continue
        if writes is True and kind == "Group" and isinstance(principal, str):
            found.setdefault(principal, grant)
        else:
            complete = False
    return found, complete


def shared_groups(workspace: Workspace, estate: Estate) -> Maybe[Members]:
    """Return the groups that also work in another environment of a workspace's project.

    Gives `None` where the workspace is of no project or in no environment.
    """
    project, environment = project_of(workspace, estate), estate.environment(workspace)
    if project is None or environment is None:
        return None
    if not isinstance(project, str) or not isinstance(environment, str):
        return UNREAD
    seen = _seen(project, estate)
    found = Found(complete=seen.complete)
    access = workspace_access(workspace, estate)
    for group, grant in sorted(_groups(workspace, estate)[0].items()):
        others = [pair for pair in seen.sure.get(group, ()) if pair[0] != environment]
        if others:
            found.items.append(_shared(grant, others, access, estate, complete=seen.complete))
    return found.members()


def _shared(
    grant: Grant,
    others: list[tuple[str, str]],
    access: Access,
    estate: Estate,
    *,
    complete: bool,
) -> SharedGroup:
    principal = str(grant.assignment.record.principal_id)
    parts = [tuple(sorted({pair[index] for pair in others})) for index in (0, 1)]
    environments, workspaces = (
        Members(part) if complete else Members.partial(part) for part in parts
    )
    return SharedGroup(
        principal_id=principal,
        principal_name=estate.config.principals.name(principal),
        principal=called(principal, estate),
        persona=access.here.first(grant.assignment.principal),
        environments=environments,
        workspaces=workspaces,
    )
