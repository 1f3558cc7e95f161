"""The network that a workspace really uses, and what its managed network lets out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from scanner.inventory.facts import Facts, computed
from scanner.inventory.fields import UNREAD, Derived, Maybe, Members, Part
from scanner.inventory.model.compute import Compute
from scanner.inventory.model.managed_network import Destination
from scanner.inventory.model.workspace import Workspace
from scanner.inventory.truth import each, known

if TYPE_CHECKING:
    from scanner.inventory.estate import Estate

_RULES = Workspace.LINKS["outboundRules"]


class EffectiveOutboundRule(Part, frozen=True, kw_only=True):
    """An outbound rule of a managed network, wherever it was recorded."""

    name: Annotated[str, computed("Name of the rule.")]
    rule_type: Annotated[
        Maybe[str], computed("What it lets traffic to: FQDN, PrivateEndpoint or ServiceTag.")
    ] = None
    category: Annotated[
        Maybe[str], computed("Who made it: Required, Recommended, Dependency or UserDefined.")
    ] = None
    status: Annotated[Maybe[str], computed("Whether it is in force, such as Active.")] = None
    destination: Annotated[Maybe[Destination], computed("Where it leads.")] = None


def network(workspace: Workspace, estate: Estate) -> Maybe[Workspace]:
    """Return the hub of a hub project, and any other workspace itself."""
    if workspace.kind is UNREAD:
        return UNREAD
    if workspace.kind != "Project":
        return workspace
    hub: Any = estate.target(Workspace.KIND, workspace.hub_resource_id)
    return hub  # type: ignore[no-any-return]


def network_of(workspace: Workspace, estate: Estate) -> Maybe[Workspace]:
    """Return the fact `network` of a workspace, computed once."""
    used: Maybe[Workspace] = estate.fact("network", workspace, network)
    return used


def managed(workspace: Workspace) -> Maybe[bool]:
    """Tell whether a workspace has a managed network that limits or carries its traffic."""
    settings = workspace.managed_network
    if settings is None or settings is UNREAD:
        return False if settings is None else UNREAD
    mode = settings.isolation_mode
    return UNREAD if mode is UNREAD else mode not in {None, "Disabled"}


def effective_outbound_rules(workspace: Workspace, estate: Estate) -> Members:
    """Return the outbound rules of the used managed network, merged by name."""
    used = network_of(workspace, estate)
    if used is UNREAD:
        return Members.partial()
    if used is None or managed(used) is False:
        return Members()
    listed, all_listed = each(estate.follow(used, _RULES))
    settings = used.managed_network
    embedded, all_embedded = each(UNREAD if settings is UNREAD else settings.outbound_rules)  # type: ignore[union-attr]
    present = settings is not UNREAD and known(settings.outbound_rules)  # type: ignore[union-attr]
    rules: dict[str, EffectiveOutboundRule] = {}
    for rule in (*listed, *embedded):
        if known(rule.name):
            rules.setdefault(rule.name.lower(), _effective(rule))
        else:
            all_embedded = False
    merged = tuple(rules[name] for name in sorted(rules))
    readable = managed(used) is True and all_embedded and (all_listed or present)
    return Members(merged) if readable else Members.partial(_certain(merged, used))


def _certain(rules: tuple[Any, ...], used: Workspace) -> tuple[Any, ...]:
    return rules if managed(used) is True else ()


def _effective(rule: Any) -> EffectiveOutboundRule:
    return EffectiveOutboundRule(
        name=rule.name,
        rule_type=rule.rule_type,
        category=rule.category,
        status=rule.status,
        destination=rule.destination,
    )


def outbound_rules_of(workspace: Workspace, estate: Estate) -> Members:
    """Return the fact `effectiveOutboundRules` of a workspace, computed once."""
    rules: Members = estate.fact("effectiveOutboundRules", workspace, effective_outbound_rules)
    return rules


def image_build_cluster(workspace: Workspace, estate: Estate) -> Maybe[Compute]:
    """Return the cluster that builds images, `None` where none is named or the name is no cluster's."""
    name = workspace.image_build_compute
    if not isinstance(name, str):
        return name
    found: Any = estate.target(Compute.KIND, f"{workspace.id}/computes/{name}")
    if not isinstance(found, Compute):
        return found  # type: ignore[no-any-return]
    if found.compute_type is UNREAD:
        return UNREAD
    return found if found.compute_type == "AmlCompute" else None


def workspace_has_managed_network(resource: Any, estate: Estate) -> Maybe[bool]:
    """Tell whether the workspace of an endpoint or deployment is in a managed network."""
    workspace: Any = estate.target(Workspace.KIND, resource.workspace_id)
    if not isinstance(workspace, Workspace):
        return workspace  # type: ignore[no-any-return]
    used = network_of(workspace, estate)
    return managed(used) if isinstance(used, Workspace) else used


_HAS_MANAGED_NETWORK = Derived(
    bool,
    workspace_has_managed_network,
    "Whether the workspace (the hub of a project) has a managed network, not Disabled.",
    ("workspace.managedNetwork.isolationMode",),
)

FACTS: Facts = {
    "workspace": {
        "network": Derived(
            Workspace,
            network,
            "The workspace whose network, encryption and dependent resources it uses: the hub of a "
            "project, any other workspace itself; null where the hub does not exist.",
            ("kind", "hubResourceId"),
        ),
        "effectiveOutboundRules": Derived(
            tuple[EffectiveOutboundRule, ...],
            effective_outbound_rules,
            "Outbound rules of the used managed network, from the workspace's record and the list "
            "of rules; empty without managed network.",
            ("managedNetwork.isolationMode", "managedNetwork.outboundRules", "outboundRules"),
        ),
        "imageBuildCluster": Derived(
            Compute,
            image_build_cluster,
            "The cluster (AmlCompute) that imageBuildCompute names; null where there is none.",
            ("imageBuildCompute",),
        ),
    },
    "onlineEndpoint": {"workspaceHasManagedNetwork": _HAS_MANAGED_NETWORK},
    "onlineDeployment": {"workspaceHasManagedNetwork": _HAS_MANAGED_NETWORK},
}
