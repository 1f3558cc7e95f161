"""Which projects use an AI services account, and whether it stands in one of their groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scanner import armid
from scanner.inventory.facts import Facts, per_estate, whole
from scanner.inventory.fields import UNREAD, Derived, Maybe, Members
from scanner.inventory.model.data import Connection
from scanner.inventory.model.organization import ResourceGroup
from scanner.inventory.model.services import CognitiveServicesAccount
from scanner.inventory.model.workspace import Workspace
from scanner.inventory.organization import project_of
from scanner.inventory.truth import Verdict, either
from scanner.snapshot.redact import MARK

if TYPE_CHECKING:
    from scanner.inventory.estate import Estate

_SUFFIXES = (
    ".openai.azure.com",
    ".cognitiveservices.azure.com",
    ".services.ai.azure.com",
    ".openai.azure.us",
    ".cognitiveservices.azure.us",
    ".openai.azure.cn",
    ".cognitiveservices.azure.cn",
)
_GROUP = CognitiveServicesAccount.LINKS["group"]


class _Uses:
    """Connections by the account they lead to: by its id, or by the host name they call."""

    def __init__(self, estate: Estate) -> None:
        self.by_place: dict[str, list[Connection]] = {}
        self.complete = whole(estate, Connection.TABLE)
        for connection in estate.all_of(Connection):
            place = _place(connection)
            if place is UNREAD:
                self.complete = False
            elif place is not None:
                self.by_place.setdefault(place, []).append(connection)


_uses = per_estate(_Uses)


def _place(connection: Connection) -> Maybe[str]:
    if isinstance(connection.resource_id, str):
        return armid.key(connection.resource_id)
    target = connection.target
    if target is UNREAD or target == MARK or connection.resource_id is UNREAD:
        return UNREAD
    return None if target is None else _host(target)


def _host(address: str) -> str | None:
    try:
        return urlsplit(address if "://" in address else f"https://{address}").hostname
    except ValueError:
        return None


def using_projects(account: CognitiveServicesAccount, estate: Estate) -> Members:
    """Return the projects of the workspaces that have a connection to an account."""
    index = _uses(estate)
    own = account.custom_sub_domain_name
    places: set[str | None] = {armid.key(account.id)}
    if isinstance(own, str):
        places.update(f"{own.lower()}{suffix}" for suffix in _SUFFIXES)
    found: set[str] = set()
    complete = index.complete and own is not UNREAD
    for place in places:
        for connection in index.by_place.get(place or "", ()):
            workspace: Any = estate.target(Workspace.KIND, connection.workspace_id)
            project = project_of(workspace, estate) if isinstance(workspace, Workspace) else UNREAD
            if isinstance(project, str):
                found.add(project)
            complete = complete and project is not UNREAD
    names = tuple(sorted(found))
    return Members(names) if complete else Members.partial(names)


@per_estate
def _projects_of_groups(estate: Estate) -> dict[str, set[Maybe[str]]]:
    """Return the projects of the workspaces in each resource group."""
    found: dict[str, set[Maybe[str]]] = {}
    for workspace in estate.all_of(Workspace):
        if isinstance(workspace.resource_group_id, str):
            projects = found.setdefault(armid.key(workspace.resource_group_id), set())
            projects.add(project_of(workspace, estate))
    return found


def in_project_group(account: CognitiveServicesAccount, estate: Estate) -> Maybe[bool]:
    """Tell whether an account stands in a group of its project, `None` where it has no project.

    Its project is that of the workspaces that use it, else the one that it is tagged with.
    """
    using: Members = estate.fact("usingProjects", account, using_projects)
    wanted: set[Maybe[str]] = set(using)
    if not wanted:
        wanted = {project_of(account, estate) if using.complete else UNREAD}
    if wanted == {None}:
        return None
    here, complete = _projects_here(account, estate)
    return either(
        (
            either(_same(project, other) for project in wanted for other in here),
            UNREAD if not complete or not using.complete else False,
        )
    )


def _same(one: Maybe[str], other: Maybe[str]) -> Verdict:
    if one is None or other is None:
        return False
    return UNREAD if one is UNREAD or other is UNREAD else one == other


def _projects_here(
    account: CognitiveServicesAccount, estate: Estate
) -> tuple[set[Maybe[str]], bool]:
    """Return the projects that an account's resource group belongs to, and if those are all."""
    place = str(account.resource_group_id)
    here = set(_projects_of_groups(estate).get(armid.key(place), ()))
    group: Any = estate.follow(account, _GROUP)
    if isinstance(group, ResourceGroup):
        here.add(project_of(group, estate))
    complete = group is not UNREAD and estate.coverage.has_all(Workspace.TABLE, place)
    return here, complete


FACTS: Facts = {
    "cognitiveServicesAccount": {
        "usingProjects": Derived(
            tuple[str, ...],
            using_projects,
            "Projects, in lower case, of the workspaces with a connection to the account, told by "
            "its id or by its own host name.",
            ("customSubDomainName",),
        ),
        "inProjectGroup": Derived(
            bool,
            in_project_group,
            "Whether its resource group has the project's tag or a workspace of the project: the "
            "one that uses it, else the one of its tags; null where it is of no project.",
            ("resourceGroup", "tags"),
        ),
    }
}
