"""What of a workspace is in another region than the workspace itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from scanner import armid
from scanner.inventory.datastores import storage_account
from scanner.inventory.dependents import dependents_of
from scanner.inventory.facts import Facts, computed
from scanner.inventory.fields import UNREAD, Derived, Maybe, Members, Part
from scanner.inventory.model.dependents import StorageAccount
from scanner.inventory.model.tracked import TrackedResource
from scanner.inventory.model.workspace import Workspace
from scanner.inventory.truth import Found, Verdict, each

if TYPE_CHECKING:
    from scanner.inventory.estate import Estate

_ENDPOINTS = ("onlineEndpoints", "batchEndpoints", "serverlessEndpoints")
_EVERYWHERE = "global"


class ForeignResource(Part, frozen=True, kw_only=True):
    """A resource in another region than its workspace."""

    kind: Annotated[str, computed("Kind of the resource.")]
    id: Annotated[str, computed("ARM id of the resource.")]
    name: Annotated[str, computed("Name of the resource.")]
    location: Annotated[str, computed("Region of the resource.")]
    role: Annotated[
        str,
        computed(
            "What it is to the workspace: compute, endpoint, storage (its own account), data (an "
            "account that a datastore leads to) or dependent."
        ),
    ]
    compute_type: Annotated[
        Maybe[str], computed("Type of a compute; absent for anything else.")
    ] = None


def foreign_region_resources(workspace: Workspace, estate: Estate) -> Members:
    """Return computes, endpoints, dependents and data in another region than the workspace."""
    home = workspace.location
    if home is None or home is UNREAD:
        return Members() if home is None else Members.partial()
    found = Found()
    for compute in _children(found, workspace, "computes", estate):
        place = compute.location if compute.compute_location is None else compute.compute_location
        _add(found, compute, place, "compute", home)
    for collection in _ENDPOINTS:
        for endpoint in _children(found, workspace, collection, estate):
            _add(found, endpoint, endpoint.location, "endpoint", home)
    _add_dependents(found, workspace, home, estate)
    _add_data(found, workspace, home, estate)
    return found.members()


def _add_dependents(found: Found, workspace: Workspace, home: str, estate: Estate) -> None:
    dependents = dependents_of(workspace, estate)
    found.complete = found.complete and dependents is not None
    for kind, _, resource in dependents or ():
        if resource is UNREAD:
            found.add(UNREAD, None)
        elif isinstance(resource, TrackedResource):
            role = "storage" if kind == StorageAccount.KIND else "dependent"
            _add(found, resource, resource.location, role, home)


def _add_data(found: Found, workspace: Workspace, home: str, estate: Estate) -> None:
    """Add the storage accounts of datastores, each once, without the workspace's own one."""
    dependents = dependents_of(workspace, estate)
    own = [arm_id for kind, arm_id, _ in dependents or () if kind == StorageAccount.KIND]
    if dependents is None or UNREAD in own:
        # Any of them may be the workspace's own one, which counts as storage.
        found.complete = False
        return
    seen = {armid.key(arm_id) for arm_id in own if isinstance(arm_id, str)}
    for datastore in _children(found, workspace, "datastores", estate):
        account = storage_account(datastore, estate)
        if account is UNREAD:
            found.add(UNREAD, None)
        elif account is not None and armid.key(account.id) not in seen:
            seen.add(armid.key(account.id))
            _add(found, account, account.location, "data", home)


def _children(found: Found, workspace: Workspace, name: str, estate: Estate) -> tuple[Any, ...]:
    children, complete = each(estate.follow(workspace, Workspace.LINKS[name]))
    found.complete = found.complete and complete
    return children


def _add(found: Found, resource: Any, place: Maybe[str], role: str, home: str) -> None:
    foreign: Verdict = UNREAD if place is UNREAD else place not in {None, home, _EVERYWHERE}
    part = ForeignResource(
        kind=resource.KIND,
        id=resource.id,
        name=resource.name,
        location=str(place),
        role=role,
        compute_type=getattr(resource, "compute_type", None),
    )
    found.add(foreign, part)


FACTS: Facts = {
    "workspace": {
        "foreignRegionResources": Derived(
            tuple[ForeignResource, ...],
            foreign_region_resources,
            "Computes, endpoints, dependent resources and storage of datastores in another region "
            "than the workspace.",
            (
                "location",
                "computes",
                "onlineEndpoints",
                "batchEndpoints",
                "serverlessEndpoints",
                "datastores",
            ),
        )
    }
}
