"""Virtual networks, their subnets, and the security groups that guard them."""

from __future__ import annotations

from typing import Annotated, ClassVar

from scanner.inventory.fields import Link, Links, Many, Maybe, Part, Reference, Resource, prop
from scanner.inventory.model import shapes
from scanner.inventory.model.tracked import TrackedResource

_ENABLED = ("Enabled", "Disabled")


class Subnet(Resource, frozen=True, kw_only=True):
    """A subnet; it stands in its network's record."""

    KIND: ClassVar[str] = "subnet"
    TABLE: ClassVar[str] = "virtualNetworks"
    LINKS: ClassVar[dict[str, Reference]] = {
        "virtualNetwork": Link("virtualNetwork", "virtual_network_id", "The network it is in."),
        "networkSecurityGroup": Link(
            "networkSecurityGroup",
            "network_security_group_id",
            "The security group that guards it; absent: none.",
        ),
        "computes": Many("compute", "subnet_id", "The computes whose nodes are in it."),
        "privateEndpoints": Many("privateEndpoint", "subnet_id", "The private endpoints in it."),
        "networkInterfaces": Many("networkInterface", "subnet_ids", "The interfaces in it."),
    }

    virtual_network_id: Annotated[Maybe[str], prop("^", "ARM id of the virtual network.")] = None
    address_prefixes: Annotated[
        Maybe[tuple[str, ...]],
        prop(
            "properties",
            "Address ranges, from `addressPrefix` and `addressPrefixes`.",
            parse=shapes.one_and_many("addressPrefix", "addressPrefixes"),
        ),
    ] = None
    network_security_group_id: Annotated[
        Maybe[str],
        prop("properties.networkSecurityGroup.id", "ARM id of the security group; absent: none."),
    ] = None
    route_table_id: Annotated[
        Maybe[str], prop("properties.routeTable.id", "ARM id of the route table; absent: none.")
    ] = None
    nat_gateway_id: Annotated[
        Maybe[str], prop("properties.natGateway.id", "ARM id of the NAT gateway; absent: none.")
    ] = None
    service_endpoints: Annotated[
        Maybe[tuple[str, ...]],
        prop(
            "properties.serviceEndpoints",
            "Services with a service endpoint, such as Microsoft.Storage.",
            parse=shapes.collect("service"),
        ),
    ] = None
    delegations: Annotated[
        Maybe[tuple[str, ...]],
        prop(
            "properties.delegations",
            "Services that the subnet is given over to.",
            parse=shapes.collect("properties.serviceName"),
        ),
    ] = None
    private_endpoint_network_policies: Annotated[
        Maybe[str],
        prop(
            "properties.privateEndpointNetworkPolicies",
            "Which policies hold for private endpoints in it; absent means Disabled.",
            values=(
                "Enabled",
                "Disabled",
                "NetworkSecurityGroupEnabled",
                "RouteTableEnabled",
            ),
        ),
    ] = None
    private_link_service_network_policies: Annotated[
        Maybe[str],
        prop(
            "properties.privateLinkServiceNetworkPolicies",
            "Whether policies hold for private link services in it.",
            values=_ENABLED,
        ),
    ] = None
    default_outbound_access: Annotated[
        Maybe[bool],
        prop(
            "properties.defaultOutboundAccess",
            "Whether machines get an implicit way out; absent means true in older networks.",
        ),
    ] = None


class VirtualNetwork(TrackedResource, frozen=True, kw_only=True):
    """A virtual network."""

    KIND: ClassVar[str] = "virtualNetwork"
    TABLE: ClassVar[str] = "virtualNetworks"
    EMBEDDED: ClassVar[dict[str, tuple[str, type[Resource]]]] = {
        "subnets": ("properties.subnets", Subnet)
    }
    LINKS: ClassVar[dict[str, Reference]] = {
        "subnets": Many("subnet", "virtual_network_id", "The network's subnets."),
        "privateDnsZoneLinks": Many(
            "virtualNetworkLink",
            "virtual_network_id",
            "The links that let the network resolve names of private DNS zones.",
        ),
    }

    address_prefixes: Annotated[
        Maybe[tuple[str, ...]],
        prop("properties.addressSpace.addressPrefixes", "Address ranges of the network."),
    ] = None
    dns_servers: Annotated[
        Maybe[tuple[str, ...]],
        prop("properties.dhcpOptions.dnsServers", "Own DNS servers; absent means Azure's."),
    ] = None
    enable_ddos_protection: Annotated[
        Maybe[bool],
        prop("properties.enableDdosProtection", "Whether DDoS protection is on; absent: no."),
    ] = None


class SecurityRule(Part, frozen=True, kw_only=True):
    """One rule of a network security group."""

    name: Annotated[Maybe[str], prop("name", "Name of the rule.")] = None
    direction: Annotated[
        Maybe[str],
        prop("properties.direction", "Which traffic it is for.", values=("Inbound", "Outbound")),
    ] = None
    access: Annotated[
        Maybe[str],
        prop("properties.access", "What happens to the traffic.", values=("Allow", "Deny")),
    ] = None
    priority: Annotated[
        Maybe[int], prop("properties.priority", "Place among the rules; the lowest comes first.")
    ] = None
    protocol: Annotated[
        Maybe[str],
        prop(
            "properties.protocol",
            "Protocol, or `*` for all.",
            values=("Tcp", "Udp", "Icmp", "Esp", "Ah", "*"),
        ),
    ] = None
    source_address_prefixes: Annotated[
        Maybe[tuple[str, ...]],
        prop(
            "properties",
            "Where traffic comes from: ranges, service tags, `*`; singular and plural joined.",
            parse=shapes.one_and_many("sourceAddressPrefix", "sourceAddressPrefixes"),
        ),
    ] = None
    source_port_ranges: Annotated[
        Maybe[tuple[str, ...]],
        prop(
            "properties",
            "Ports that traffic comes from; singular and plural joined.",
            parse=shapes.one_and_many("sourcePortRange", "sourcePortRanges"),
        ),
    ] = None
    destination_address_prefixes: Annotated[
        Maybe[tuple[str, ...]],
        prop(
            "properties",
            "Where traffic goes to: ranges, service tags, `*`; singular and plural joined.",
            parse=shapes.one_and_many("destinationAddressPrefix", "destinationAddressPrefixes"),
        ),
    ] = None
    destination_port_ranges: Annotated[
        Maybe[tuple[str, ...]],
        prop(
            "properties",
            "Ports that traffic goes to; singular and plural joined.",
            parse=shapes.one_and_many("destinationPortRange", "destinationPortRanges"),
        ),
    ] = None


class NetworkSecurityGroup(TrackedResource, frozen=True, kw_only=True):
    """A network security group: a list of rules for traffic of subnets or interfaces."""

    KIND: ClassVar[str] = "networkSecurityGroup"
    TABLE: ClassVar[str] = "networkSecurityGroups"
    LINKS: ClassVar[dict[str, Reference]] = {
        "subnets": Links("subnet", "subnet_ids", "The subnets that it guards."),
        "networkInterfaces": Links(
            "networkInterface", "network_interface_ids", "The interfaces that it guards."
        ),
    }

    security_rules: Annotated[
        Maybe[tuple[SecurityRule, ...]],
        prop("properties.securityRules", "The rules that people made."),
    ] = None
    default_security_rules: Annotated[
        Maybe[tuple[SecurityRule, ...]],
        prop("properties.defaultSecurityRules", "The rules that Azure adds after them."),
    ] = None
    subnet_ids: Annotated[
        Maybe[tuple[str, ...]],
        prop("properties.subnets", "ARM ids of the subnets.", parse=shapes.collect("id")),
    ] = None
    network_interface_ids: Annotated[
        Maybe[tuple[str, ...]],
        prop(
            "properties.networkInterfaces",
            "ARM ids of the interfaces.",
            parse=shapes.collect("id"),
        ),
    ] = None
