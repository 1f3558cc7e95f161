"""Private endpoints and the private DNS zones that give their names addresses."""

from __future__ import annotations

from typing import Annotated, ClassVar

from scanner.inventory.fields import Link, Links, Many, Maybe, Part, Reference, Resource, prop
from scanner.inventory.model import shapes
from scanner.inventory.model.tracked import TrackedResource


class PrivateLinkServiceConnection(Part, frozen=True, kw_only=True):
    """What a private endpoint leads to."""

    name: Annotated[Maybe[str], prop("name", "Name of the connection.")] = None
    target_id: Annotated[
        Maybe[str],
        prop("properties.privateLinkServiceId", "ARM id of the resource that it leads to."),
    ] = None
    group_ids: Annotated[
        Maybe[tuple[str, ...]],
        prop("properties.groupIds", "Sub-resources that it leads to, such as blob."),
    ] = None
    status: Annotated[
        Maybe[str],
        prop(
            "properties.privateLinkServiceConnectionState.status",
            "Whether the target's owner let it in.",
            values=("Approved", "Pending", "Rejected", "Disconnected", "Timeout"),
        ),
    ] = None
    manual: Annotated[
        Maybe[bool],
        prop("manual", "Whether the target's owner has to approve it by hand."),
    ] = None


class CustomDnsConfig(Part, frozen=True, kw_only=True):
    """A name that a private endpoint serves."""

    fqdn: Annotated[Maybe[str], prop("fqdn", "The name.")] = None
    ip_addresses: Annotated[
        Maybe[tuple[str, ...]], prop("ipAddresses", "Private addresses of the name.")
    ] = None


class PrivateEndpoint(TrackedResource, frozen=True, kw_only=True):
    """A private endpoint: an address in a network that leads to one resource."""

    KIND: ClassVar[str] = "privateEndpoint"
    TABLE: ClassVar[str] = "privateEndpoints"
    LINKS: ClassVar[dict[str, Reference]] = {
        "subnet": Link("subnet", "subnet_id", "The subnet that it is in."),
        "networkInterfaces": Links(
            "networkInterface", "network_interface_ids", "Its network interfaces."
        ),
        "privateDnsZoneGroups": Many(
            "privateDnsZoneGroup", "private_endpoint_id", "Its groups of private DNS zones."
        ),
    }

    connections: Annotated[
        Maybe[tuple[PrivateLinkServiceConnection, ...]],
        prop(
            "properties",
            "What it leads to: `privateLinkServiceConnections` and the manually approved ones.",
            parse=shapes.private_link_connections,
        ),
    ] = None
    target_ids: Annotated[
        Maybe[tuple[str, ...]],
        prop(
            "properties",
            "ARM ids of the resources that it leads to.",
            parse=shapes.private_link_targets,
        ),
    ] = None
    subnet_id: Annotated[
        Maybe[str], prop("properties.subnet.id", "ARM id of the subnet that it is in.")
    ] = None
    network_interface_ids: Annotated[
        Maybe[tuple[str, ...]],
        prop(
            "properties.networkInterfaces",
            "ARM ids of its network interfaces.",
            parse=shapes.collect("id"),
        ),
    ] = None
    custom_dns_configs: Annotated[
        Maybe[tuple[CustomDnsConfig, ...]],
        prop(
            "properties.customDnsConfigs",
            "Names and addresses; empty where a group of private DNS zones has them.",
        ),
    ] = None
    provisioning_state: Annotated[
        Maybe[str], prop("properties.provisioningState", "Provisioning state.")
    ] = None


class PrivateDnsZone(TrackedResource, frozen=True, kw_only=True):
    """A private DNS zone; its name is the domain."""

    KIND: ClassVar[str] = "privateDnsZone"
    TABLE: ClassVar[str] = "privateDnsZones"
    LINKS: ClassVar[dict[str, Reference]] = {
        "virtualNetworkLinks": Many(
            "virtualNetworkLink", "private_dns_zone_id", "The networks that resolve its names."
        ),
        "privateDnsZoneGroups": Many(
            "privateDnsZoneGroup", "private_dns_zone_ids", "The groups that keep records in it."
        ),
    }

    number_of_record_sets: Annotated[
        Maybe[int], prop("properties.numberOfRecordSets", "Number of record sets in it.")
    ] = None
    provisioning_state: Annotated[
        Maybe[str], prop("properties.provisioningState", "Provisioning state.")
    ] = None


class VirtualNetworkLink(TrackedResource, frozen=True, kw_only=True):
    """A link that lets a virtual network resolve names of a private DNS zone."""

    KIND: ClassVar[str] = "virtualNetworkLink"
    TABLE: ClassVar[str] = "virtualNetworkLinks"
    LINKS: ClassVar[dict[str, Reference]] = {
        "privateDnsZone": Link("privateDnsZone", "private_dns_zone_id", "The zone."),
        "virtualNetwork": Link("virtualNetwork", "virtual_network_id", "The network."),
    }

    private_dns_zone_id: Annotated[Maybe[str], prop("^", "ARM id of the zone.")] = None
    virtual_network_id: Annotated[
        Maybe[str], prop("properties.virtualNetwork.id", "ARM id of the network.")
    ] = None
    registration_enabled: Annotated[
        Maybe[bool],
        prop(
            "properties.registrationEnabled",
            "Whether machines of the network get records in the zone by themselves.",
        ),
    ] = None
    virtual_network_link_state: Annotated[
        Maybe[str],
        prop(
            "properties.virtualNetworkLinkState",
            "Whether the link works yet.",
            values=("InProgress", "Completed"),
        ),
    ] = None


class PrivateDnsZoneGroup(Resource, frozen=True, kw_only=True):
    """The private DNS zones that a private endpoint's names are kept in."""

    KIND: ClassVar[str] = "privateDnsZoneGroup"
    TABLE: ClassVar[str] = "privateDnsZoneGroups"
    LINKS: ClassVar[dict[str, Reference]] = {
        "privateEndpoint": Link("privateEndpoint", "private_endpoint_id", "The endpoint."),
        "privateDnsZones": Links("privateDnsZone", "private_dns_zone_ids", "The zones."),
    }

    private_endpoint_id: Annotated[Maybe[str], prop("^", "ARM id of the private endpoint.")] = None
    private_dns_zone_ids: Annotated[
        Maybe[tuple[str, ...]],
        prop(
            "properties.privateDnsZoneConfigs",
            "ARM ids of the zones.",
            parse=shapes.collect("properties.privateDnsZoneId"),
        ),
    ] = None
    private_dns_zone_names: Annotated[
        Maybe[tuple[str, ...]],
        prop(
            "properties.privateDnsZoneConfigs",
            "Names of the zones, known even where the zones themselves were not read.",
            parse=shapes.zone_names,
        ),
    ] = None
