"""Who may reach a resource: network rules and private endpoint connections."""

from __future__ import annotations

from typing import Annotated, ClassVar, TypeAlias

from scanner.inventory.fields import Link, Maybe, Part, Reference, Resource, prop
from scanner.inventory.model import shapes
from scanner.inventory.model.recurring import InWorkspace

PUBLIC_NETWORK_ACCESS = ("Enabled", "Disabled", "SecuredByPerimeter")
ALLOW_OR_DENY = ("Allow", "Deny")


class IpRule(Part, frozen=True, kw_only=True):
    """An address range that is let in over the public network."""

    value: Annotated[Maybe[str], prop("value", "IPv4 address or range in CIDR notation.")] = None
    action: Annotated[
        Maybe[str],
        prop("action", "What happens to the range; absent means Allow.", values=ALLOW_OR_DENY),
    ] = None


class VirtualNetworkRule(Part, frozen=True, kw_only=True):
    """A subnet that is let in through a service endpoint."""

    LINKS: ClassVar[dict[str, Reference]] = {
        "subnet": Link("subnet", "subnet_id", "The subnet that is let in.")
    }

    subnet_id: Annotated[Maybe[str], prop("id", "ARM id of the subnet.")] = None
    action: Annotated[
        Maybe[str],
        prop("action", "What happens to the subnet; absent means Allow.", values=ALLOW_OR_DENY),
    ] = None


class ResourceAccessRule(Part, frozen=True, kw_only=True):
    """An Azure resource that is let in by its identity."""

    tenant_id: Annotated[Maybe[str], prop("tenantId", "Tenant of the resource.")] = None
    resource_id: Annotated[
        Maybe[str], prop("resourceId", "ARM id of the resource; may contain wildcards.")
    ] = None


class NetworkRules(Part, frozen=True, kw_only=True):
    """The firewall of a resource: what applies where public network access is enabled."""

    default_action: Annotated[
        Maybe[str],
        prop(
            "defaultAction",
            "What happens to traffic that no rule names; absent means Allow.",
            values=ALLOW_OR_DENY,
        ),
    ] = None
    bypass: Annotated[
        Maybe[str],
        prop(
            "bypass",
            "Azure traffic that passes regardless: None, AzureServices, Logging, Metrics.",
        ),
    ] = None
    ip_rules: Annotated[
        Maybe[tuple[IpRule, ...]],
        prop("ipRules", "Address ranges that are let in.", parse=shapes.ip_rules),
    ] = None
    virtual_network_rules: Annotated[
        Maybe[tuple[VirtualNetworkRule, ...]],
        prop("virtualNetworkRules", "Subnets that are let in."),
    ] = None
    resource_access_rules: Annotated[
        Maybe[tuple[ResourceAccessRule, ...]],
        prop("resourceAccessRules", "Azure resources that are let in."),
    ] = None


Status = Annotated[
    Maybe[str],
    prop(
        "properties.privateLinkServiceConnectionState.status"
        "|properties.registryPrivateLinkServiceConnectionState.status",
        "Whether the owner of the resource let the private endpoint in; only Approved carries traffic.",
        values=("Approved", "Pending", "Rejected", "Disconnected", "Timeout"),
    ),
]
PrivateEndpointId = Annotated[
    Maybe[str],
    prop(
        "properties.privateEndpoint.id",
        "ARM id of the private endpoint; absent where it was deleted.",
    ),
]
PrivateEndpointSubscriptionId = Annotated[
    Maybe[str],
    prop(
        "properties.privateEndpoint.id",
        "Subscription of the private endpoint, in lower case.",
        parse=shapes.subscription_of,
    ),
]
GroupIds = Annotated[
    Maybe[tuple[str, ...]],
    prop(
        "properties.groupIds",
        "Sub-resources connected to, such as amlworkspace; not every service sends them.",
    ),
]
ProvisioningState = Annotated[
    Maybe[str],
    prop("properties.provisioningState", "Provisioning state of the connection."),
]
_TO_ENDPOINT = Link("privateEndpoint", "private_endpoint_id", "The private endpoint.")


class PrivateEndpointConnection(Part, frozen=True, kw_only=True):
    """A private endpoint connection as it stands in the resource that it leads to."""

    LINKS: ClassVar[dict[str, Reference]] = {"privateEndpoint": _TO_ENDPOINT}

    id: Annotated[Maybe[str], prop("id", "ARM id of the connection.")] = None
    name: Annotated[Maybe[str], prop("name", "Name of the connection.")] = None
    status: Status = None
    private_endpoint_id: PrivateEndpointId = None
    private_endpoint_subscription_id: PrivateEndpointSubscriptionId = None
    group_ids: GroupIds = None
    provisioning_state: ProvisioningState = None


class PrivateEndpointConnectionRecord(Resource, frozen=True, kw_only=True):
    """A workspace's private endpoint connection, recorded on its own."""

    KIND: ClassVar[str] = "privateEndpointConnection"
    TABLE: ClassVar[str] = "privateEndpointConnections"
    LINKS: ClassVar[dict[str, Reference]] = {
        "privateEndpoint": _TO_ENDPOINT,
        "workspace": Link("workspace", "workspace_id", "The workspace that it leads to."),
    }

    workspace_id: InWorkspace = None
    status: Status = None
    private_endpoint_id: PrivateEndpointId = None
    private_endpoint_subscription_id: PrivateEndpointSubscriptionId = None
    group_ids: GroupIds = None
    provisioning_state: ProvisioningState = None


PublicNetworkAccess: TypeAlias = Annotated[
    Maybe[str],
    prop(
        "properties.publicNetworkAccess",
        "Whether the public network reaches it; absent means Enabled.",
        values=PUBLIC_NETWORK_ACCESS,
    ),
]
Firewall: TypeAlias = Annotated[
    Maybe[NetworkRules],
    prop("properties.networkAcls", "The firewall; absent lets every network in."),
]
PrivateEndpointConnections: TypeAlias = Annotated[
    Maybe[tuple[PrivateEndpointConnection, ...]],
    prop(
        "properties.privateEndpointConnections",
        "Private endpoint connections; absent where there are none.",
    ),
]
