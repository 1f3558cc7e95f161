"""Managed virtual networks of workspaces, and their outbound rules."""

from __future__ import annotations

from typing import Annotated, ClassVar

from scanner.inventory.fields import Link, Maybe, Part, Reference, Resource, prop
from scanner.inventory.model import shapes
from scanner.inventory.model.recurring import InWorkspace

_ISOLATION_MODES = ("Disabled", "AllowInternetOutbound", "AllowOnlyApprovedOutbound")
_RULE_TYPES = ("FQDN", "PrivateEndpoint", "ServiceTag")
_CATEGORIES = ("Required", "Recommended", "UserDefined", "Dependency")
_RULE_STATES = ("Inactive", "Active", "Provisioning", "Deleting", "Failed")
_MODE_DOC = (
    "How outbound traffic is limited; Disabled, like an absent managed network, means not at all."
)


class Destination(Part, frozen=True, kw_only=True):
    """Where an outbound rule leads; which fields are there depends on the rule's type."""

    fqdn: Annotated[
        Maybe[str],
        prop("fqdn", "Host name of an FQDN rule (Azure sends it as the destination itself)."),
    ] = None
    service_tag: Annotated[Maybe[str], prop("serviceTag", "Tag of a ServiceTag rule.")] = None
    protocol: Annotated[
        Maybe[str], prop("protocol", "Protocol of a ServiceTag rule: TCP, UDP, ICMP or *.")
    ] = None
    port_ranges: Annotated[
        Maybe[str],
        prop("portRanges", "Ports of a ServiceTag rule, such as `80, 8080-8089` or `*`."),
    ] = None
    address_prefixes: Annotated[
        Maybe[tuple[str, ...]],
        prop("addressPrefixes", "Address ranges of a ServiceTag rule, where it lists its own."),
    ] = None
    action: Annotated[
        Maybe[str],
        prop(
            "action", "Action of a ServiceTag rule; absent means Allow.", values=("Allow", "Deny")
        ),
    ] = None
    service_resource_id: Annotated[
        Maybe[str],
        prop("serviceResourceId", "ARM id that a PrivateEndpoint rule leads to."),
    ] = None
    subresource_target: Annotated[
        Maybe[str],
        prop("subresourceTarget", "Sub-resource of a PrivateEndpoint rule, such as blob."),
    ] = None
    spark_enabled: Annotated[
        Maybe[bool], prop("sparkEnabled", "Whether Spark jobs use a PrivateEndpoint rule.")
    ] = None


class EmbeddedOutboundRule(Part, frozen=True, kw_only=True):
    """An outbound rule as it stands in its workspace's record."""

    name: Annotated[Maybe[str], prop("name", "Name of the rule.")] = None
    rule_type: Annotated[
        Maybe[str], prop("type", "What the rule lets traffic to.", values=_RULE_TYPES)
    ] = None
    category: Annotated[
        Maybe[str],
        prop("category", "Who made the rule: Azure, or a user (UserDefined).", values=_CATEGORIES),
    ] = None
    status: Annotated[
        Maybe[str], prop("status", "Whether the rule is in force.", values=_RULE_STATES)
    ] = None
    destination: Annotated[
        Maybe[Destination],
        prop("destination", "Where the rule leads.", parse=shapes.destination),
    ] = None


class OutboundRule(Resource, frozen=True, kw_only=True):
    """An outbound rule of a workspace's managed network, listed on its own."""

    KIND: ClassVar[str] = "outboundRule"
    TABLE: ClassVar[str] = "outboundRules"
    LINKS: ClassVar[dict[str, Reference]] = {
        "workspace": Link("workspace", "workspace_id", "The workspace that the rule belongs to.")
    }

    workspace_id: Annotated[
        Maybe[str],
        prop(
            "id",
            "ARM id of the workspace, taken from the rule's own id.",
            parse=shapes.workspace_of,
        ),
    ] = None
    rule_type: Annotated[
        Maybe[str],
        prop(
            "properties.type",
            "What the rule lets traffic to (`type` in Azure).",
            values=_RULE_TYPES,
        ),
    ] = None
    category: Annotated[
        Maybe[str],
        prop(
            "properties.category",
            "Who made the rule: Azure, or a user (UserDefined).",
            values=_CATEGORIES,
        ),
    ] = None
    status: Annotated[
        Maybe[str], prop("properties.status", "Whether the rule is in force.", values=_RULE_STATES)
    ] = None
    destination: Annotated[
        Maybe[Destination],
        prop("properties.destination", "Where the rule leads.", parse=shapes.destination),
    ] = None
    fqdns: Annotated[
        Maybe[tuple[str, ...]],
        prop("properties.fqdns", "Host names that a PrivateEndpoint rule serves."),
    ] = None


class ManagedNetworkStatus(Part, frozen=True, kw_only=True):
    """How far a managed network has been set up."""

    status: Annotated[
        Maybe[str],
        prop(
            "status",
            "Active once provisioned, which Azure may put off until the first compute.",
            values=("Inactive", "Active"),
        ),
    ] = None
    spark_ready: Annotated[
        Maybe[bool], prop("sparkReady", "Whether it was provisioned for Spark jobs too.")
    ] = None


class ManagedNetworkSettings(Part, frozen=True, kw_only=True):
    """The managed virtual network in a workspace's record."""

    isolation_mode: Annotated[
        Maybe[str], prop("isolationMode", _MODE_DOC, values=_ISOLATION_MODES)
    ] = None
    network_id: Annotated[Maybe[str], prop("networkId", "Id (a GUID) of the network.")] = None
    firewall_sku: Annotated[
        Maybe[str],
        prop(
            "firewallSku",
            "SKU of the firewall that serves FQDN rules; absent means Standard.",
            values=("Standard", "Basic"),
        ),
    ] = None
    firewall_public_ip_address: Annotated[
        Maybe[str],
        prop("firewallPublicIpAddress", "Public address that outbound traffic comes from."),
    ] = None
    managed_network_kind: Annotated[
        Maybe[str], prop("managedNetworkKind", "Generation of the network.", values=("V1", "V2"))
    ] = None
    status: Annotated[
        Maybe[ManagedNetworkStatus], prop("status", "How far the network has been set up.")
    ] = None
    outbound_rules: Annotated[
        Maybe[tuple[EmbeddedOutboundRule, ...]],
        prop(
            "outboundRules",
            "Outbound rules by what the workspace's own record says of them.",
            parse=shapes.named,
        ),
    ] = None


class ManagedNetwork(Resource, frozen=True, kw_only=True):
    """A workspace's managed virtual network, recorded on its own."""

    KIND: ClassVar[str] = "managedNetwork"
    TABLE: ClassVar[str] = "managedNetworks"
    LINKS: ClassVar[dict[str, Reference]] = {
        "workspace": Link("workspace", "workspace_id", "The workspace that the network belongs to.")
    }

    workspace_id: InWorkspace = None
    managed_network: Annotated[
        Maybe[ManagedNetworkSettings],
        prop("properties.managedNetwork", "The network's settings."),
    ] = None
    provisioning_state: Annotated[
        Maybe[str], prop("properties.provisioningState", "Provisioning state of the network.")
    ] = None
