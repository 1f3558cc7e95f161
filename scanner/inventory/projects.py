"""Projects: workspaces that belong together by their project tag, as resources of their own.

Azure has no such resource, so a project has an id that azmlscan makes from its name: the name in
lower case, percent-encoded, below a provider of its own. It stays the same as long as the tag does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote

from scanner import armid
from scanner.inventory.facts import Facts, per_estate, whole
from scanner.inventory.fields import UNREAD, Derived, Members
from scanner.inventory.model.organization import Project
from scanner.inventory.model.workspace import Workspace
from scanner.inventory.organization import FACTS as TAG_FACTS
from scanner.inventory.organization import project_of
from scanner.inventory.plain import plain
from scanner.inventory.truth import Found, equal, negation

if TYPE_CHECKING:
    from collections.abc import Callable

    from scanner.inventory.estate import Estate
    from scanner.inventory.fields import Maybe

PREFIX: Final = "/providers/azmlscan/projects/"
TYPE: Final = "azmlscan/projects"
UNREADABLE: Final = f"{PREFIX}?"
"""Id of what stands for the projects of workspaces whose tags were not readable.

A rule about projects is unknown there: without it, a project would be gone as soon as nobody could
read its tags, and a failure with it. No name is encoded as `?`.
"""
_UNREADABLE_NAME: Final = "(not readable)"


def project_id(name: str) -> str:
    """Return the id of the project that has a name in lower case."""
    return PREFIX + quote(name, safe="", errors="surrogatepass")


class Grouped(NamedTuple):
    """The workspaces of each project, by its name in lower case, hubs included."""

    members: dict[str, list[Workspace]]
    unplaced: bool
    """Whether some workspace that was read may belong to any project."""
    complete: bool
    """False where any project may have more workspaces than are here."""


@per_estate
def grouped(estate: Estate) -> Grouped:
    """Return which workspaces belong to which project."""
    members: dict[str, list[Workspace]] = {}
    unplaced = False
    for workspace in estate.all_of(Workspace):
        project = project_of(workspace, estate)
        if project is UNREAD:
            unplaced = True
        elif isinstance(project, str):
            members.setdefault(project, []).append(workspace)
    return Grouped(members, unplaced, whole(estate, Workspace.TABLE) and not unplaced)


def gather(estate: Estate) -> tuple[Project, ...]:
    """Return the projects of an estate, sorted by id.

    A project's name is spelled as on the first of its workspaces.
    """
    index = grouped(estate)
    found = [
        _project(project_id(name), _spelled(members[0], estate))
        for name, members in index.members.items()
    ]
    if index.unplaced:
        found.append(_project(UNREADABLE, _UNREADABLE_NAME, unread=("name",)))
    return tuple(sorted(found, key=lambda project: armid.key(project.id)))


def _project(arm_id: str, name: str, unread: tuple[str, ...] = ()) -> Project:
    return Project(
        id=arm_id,
        name=name,
        type=TYPE,
        subscription_id="",
        resource_group="",
        row=0,
        unread=unread,
    )


def _tag(name: str, workspace: Workspace, estate: Estate) -> Maybe[str]:
    value: Maybe[str] = estate.fact(name, workspace, TAG_FACTS[Workspace.KIND][name].compute)
    return value.strip() if isinstance(value, str) else value


def _spelled(workspace: Workspace, estate: Estate) -> str:
    return str(_tag("project", workspace, estate))


def all_known(estate: Estate) -> bool:
    """Tell whether a project that is not among those gathered does not exist."""
    return grouped(estate).complete


def workspaces(project: Project, estate: Estate) -> Members:
    """Return the workspaces of a project, hubs included."""
    index = grouped(estate)
    found = tuple(index.members.get(_key(project), ()))
    return Members(found) if index.complete else Members.partial(found)


def _key(project: Project) -> Any:
    return UNREAD if project.unread else project.name.lower()


def environments(project: Project, estate: Estate) -> Members:
    """Return the environments in which a project has workspaces, in the order of the config.

    A hub serves projects, which have tags of their own: where it is, no project is by that.
    """
    members = workspaces(project, estate)
    found = Found(complete=members.complete)
    seen = set()
    for workspace in members:
        serves = negation(equal(workspace.kind, "Hub"))
        environment = estate.environment(workspace)
        if serves is False or environment is None:
            continue
        if serves is UNREAD or environment is UNREAD:
            found.complete = False
        else:
            seen.add(environment)
    found.items = [one.name for one in estate.config.environments if one.name in seen]
    return found.members()


def project_environments(workspace: Workspace, estate: Estate) -> Maybe[Members]:
    """Return the environments in which a workspace's project has workspaces.

    Gives `None` without a project.
    """
    name: Any = project_of(workspace, estate)
    project = estate.find(project_id(name)) if isinstance(name, str) else None
    if project is None:
        return name  # type: ignore[no-any-return]
    known: Members = estate.fact("environments", project, environments)
    return known


def _distinct(read: Callable[[Workspace, Estate], Maybe[str]]) -> Callable[..., Members]:
    """Return the function that gathers a value of a project's workspaces, each once, sorted."""

    def compute(project: Project, estate: Estate) -> Members:
        members = workspaces(project, estate)
        found = Found(complete=members.complete)
        known: dict[str, str] = {}
        for workspace in members:
            value = read(workspace, estate)
            if isinstance(value, str):
                known.setdefault(value.lower(), value)
            found.complete = found.complete and value is not UNREAD
        found.items = [known[key] for key in sorted(known)]
        return found.members()

    return compute


def _tagged(name: str) -> Callable[..., Members]:
    return _distinct(lambda workspace, estate: _tag(name, workspace, estate))


def nowhere(_project: Project, _estate: Estate) -> None:
    """Return no environment: a project has workspaces in several."""


def own_name(project: Project, _: Estate) -> Maybe[str]:
    """Return the name of a project."""
    return UNREAD if project.unread else project.name


def as_record(project: Project, estate: Estate) -> dict[str, Any]:
    """Return a project as its evidence file shows it; there is no raw record of it."""
    facts = {
        name: plain(estate.fact(name, project, fact.compute))
        for name, fact in FACTS[Project.KIND].items()
    }
    return {"id": project.id, "name": project.name, "type": project.type, "derived": facts}


_PLACED: Final = "Complete only where all workspaces and their tags were read."

FACTS: Facts = {
    Project.KIND: {
        "environment": Derived(str, nowhere, "Always null: a project spans environments."),
        "production": Derived(bool, nowhere, "Always null: a project spans environments."),
        "project": Derived(str, own_name, "Name of the project."),
        "workspaces": Derived(
            tuple[Workspace, ...],
            workspaces,
            f"The workspaces with the project's tag in any casing, hubs included. {_PLACED}",
        ),
        "environments": Derived(
            tuple[str, ...],
            environments,
            "Environments in which the project has workspaces, hubs not counted, in the order of "
            f"the config. {_PLACED}",
        ),
        "regions": Derived(
            tuple[str, ...],
            _distinct(lambda workspace, _: workspace.location),
            "Regions of its workspaces, each once, sorted.",
        ),
        "teams": Derived(tuple[str, ...], _tagged("team"), "Teams of its workspaces, sorted."),
        "owners": Derived(tuple[str, ...], _tagged("owner"), "Owners of its workspaces, sorted."),
        "costCenters": Derived(
            tuple[str, ...], _tagged("costCenter"), "Cost centers of its workspaces, sorted."
        ),
    },
    Workspace.KIND: {
        "projectEnvironments": Derived(
            tuple[str, ...],
            project_environments,
            "Environments in which the project has workspaces, hubs not counted, in the order of "
            "the config; null without a project.",
            ("tags",),
        )
    },
}
