"""The resources that a workspace depends on: whether they exist and who reaches them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from scanner.inventory.connectivity import network_of
from scanner.inventory.facts import Facts, computed
from scanner.inventory.fields import UNREAD, Derived, Maybe, Members, Part, Resource
from scanner.inventory.truth import Found, Verdict, both, equal, known, negation, one_of

if TYPE_CHECKING:
    from scanner.inventory.estate import Estate
    from scanner.inventory.model.workspace import Workspace

IDS = {
    "storageAccount": "storage_account_id",
    "keyVault": "key_vault_id",
    "containerRegistry": "container_registry_id",
    "applicationInsights": "application_insights_id",
}
"""Kind of a dependent resource to the attribute of the workspace that names it."""
_FIREWALLS = {
    "storageAccount": "network_acls",
    "keyVault": "network_acls",
    "containerRegistry": "network_rule_set",
}
_CLOSED = ("Disabled", "SecuredByPerimeter")
"""A perimeter's access rules decide instead of the public network and the firewall."""


class Dependent(NamedTuple):
    """A dependent resource that a workspace names, or may name."""

    kind: str
    id: Maybe[str]
    resource: Maybe[Resource]


class OpenDependent(Part, frozen=True, kw_only=True):
    """A dependent resource that accepts public traffic."""

    kind: Annotated[str, computed("Kind of the resource.")]
    id: Annotated[str, computed("ARM id of the resource.")]
    name: Annotated[str, computed("Name of the resource.")]
    reason: Annotated[str, computed("The settings that leave it open.")]


def dependents_of(workspace: Workspace, estate: Estate) -> list[Dependent] | None:
    """Return the dependents that a workspace really uses, `None` where its hub was not read."""
    used = network_of(workspace, estate)
    if used is UNREAD:
        return None
    if used is None:
        return []
    ids = ((kind, getattr(used, attribute)) for kind, attribute in IDS.items())
    return [Dependent(kind, arm_id, estate.target(kind, arm_id)) for kind, arm_id in ids]


def missing_dependents(workspace: Workspace, estate: Estate) -> Members:
    """Return the kinds of dependents that a workspace names none of."""
    dependents = dependents_of(workspace, estate)
    found = Found(complete=dependents is not None)
    for dependent in dependents or ():
        found.add(equal(dependent.id, None), dependent.kind)
    return found.members()


def dangling_dependents(workspace: Workspace, estate: Estate) -> Members:
    """Return the kinds of dependents that are named but do not exist."""
    dependents = dependents_of(workspace, estate)
    found = Found(complete=dependents is not None)
    for dependent in dependents or ():
        gone = both(negation(equal(dependent.id, None)), equal(dependent.resource, None))
        found.add(gone, dependent.kind)
    return found.members()


def accepts_public_traffic(resource: Any) -> Verdict:
    """Tell whether a storage account, vault or registry lets the whole public network in."""
    rules = getattr(resource, _FIREWALLS[resource.KIND])
    denied = _denied(rules)
    return both(negation(one_of(resource.public_network_access, _CLOSED)), negation(denied))


def _denied(rules: Any) -> Verdict:
    if rules is None or rules is UNREAD:
        return UNREAD if rules is UNREAD else False
    return equal(rules.default_action, "Deny")


def dependents_open(workspace: Workspace, estate: Estate) -> Members:
    """Return the storage account, vault and registry that accept public traffic."""
    dependents = dependents_of(workspace, estate)
    found = Found(complete=dependents is not None)
    for kind, _, resource in dependents or ():
        if kind not in _FIREWALLS or resource is None:
            continue
        if resource is UNREAD:
            found.add(UNREAD, None)
            continue
        is_open = accepts_public_traffic(resource)
        found.add(is_open, _open(kind, resource) if is_open is True else None)
    return found.members()


def _open(kind: str, resource: Any) -> OpenDependent:
    rules = getattr(resource, _FIREWALLS[kind])
    action = rules.default_action if rules is not None else None
    reason = (
        f"publicNetworkAccess is {resource.public_network_access or 'absent (Enabled)'}, "
        f"the firewall's default action is {action or 'absent (Allow)'}"
    )
    return OpenDependent(kind=kind, id=resource.id, name=resource.name, reason=reason)


def registry_private(workspace: Workspace, estate: Estate) -> Maybe[bool]:
    """Tell whether the container registry refuses public traffic, `None` without a registry."""
    for kind, _, resource in dependents_of(workspace, estate) or ():
        if kind == "containerRegistry":
            return negation(accepts_public_traffic(resource)) if known(resource) else resource  # type: ignore[return-value]
    return UNREAD if network_of(workspace, estate) is UNREAD else None


OPEN_PATHS = ("storageAccountId", "keyVaultId", "containerRegistryId")
_ALL_PATHS = (*OPEN_PATHS, "applicationInsightsId")

FACTS: Facts = {
    "workspace": {
        "missingDependents": Derived(
            tuple[str, ...],
            missing_dependents,
            "Kinds of dependent resources that the workspace (the hub of a project) names none of.",
            _ALL_PATHS,
        ),
        "danglingDependents": Derived(
            tuple[str, ...],
            dangling_dependents,
            "Kinds of dependent resources that the workspace (the hub of a project) names, but "
            "that do not exist.",
            _ALL_PATHS,
        ),
        "dependentsOpen": Derived(
            tuple[OpenDependent, ...],
            dependents_open,
            "Storage account, key vault and container registry in use that accept public traffic: "
            "public network access is on and the firewall does not deny by default.",
            OPEN_PATHS,
        ),
        "registryPrivate": Derived(
            bool,
            registry_private,
            "Whether the container registry in use refuses public traffic; null without registry.",
            ("containerRegistryId",),
        ),
    }
}
