"""How machines meet networks: interfaces, public addresses, load balancers, machines."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from scanner.inventory.fields import Link, Links, Many, Maybe, Reference, prop
from scanner.inventory.model import shapes
from scanner.inventory.model.tracked import TrackedResource


class PublicIpAddress(TrackedResource, frozen=True, kw_only=True):
    """A public IP address."""

    KIND: ClassVar[str] = "publicIpAddress"
    TABLE: ClassVar[str] = "publicIpAddresses"
    LINKS: ClassVar[dict[str, Reference]] = {
        "networkInterface": Link(
            "networkInterface", "network_interface_id", "The interface that has the address."
        ),
        "loadBalancer": Link(
            "loadBalancer", "load_balancer_id", "The load balancer that has the address."
        ),
    }

    ip_address: Annotated[
        Maybe[str], prop("properties.ipAddress", "The address; absent until it is given out.")
    ] = None
    public_ip_allocation_method: Annotated[
        Maybe[str],
        prop(
            "properties.publicIPAllocationMethod",
            "Whether the address stays the same.",
            values=("Static", "Dynamic"),
        ),
    ] = msgspec.field(default=None, name="publicIPAllocationMethod")
    fqdn: Annotated[
        Maybe[str], prop("properties.dnsSettings.fqdn", "Name of the address; absent: none.")
    ] = None
    ip_configuration_id: Annotated[
        Maybe[str],
        prop("properties.ipConfiguration.id", "ARM id of what has the address; absent: unused."),
    ] = None
    network_interface_id: Annotated[
        Maybe[str],
        prop(
            "properties.ipConfiguration.id",
            "ARM id of the interface that has the address, where it is one.",
            parse=shapes.before("ipConfigurations"),
        ),
    ] = None
    load_balancer_id: Annotated[
        Maybe[str],
        prop(
            "properties.ipConfiguration.id",
            "ARM id of the load balancer that has the address, where it is one.",
            parse=shapes.before("frontendIPConfigurations"),
        ),
    ] = None
    nat_gateway_id: Annotated[
        Maybe[str],
        prop("properties.natGateway.id", "ARM id of the NAT gateway that has the address."),
    ] = None


class NetworkInterface(TrackedResource, frozen=True, kw_only=True):
    """A network interface of a machine or of a private endpoint."""

    KIND: ClassVar[str] = "networkInterface"
    TABLE: ClassVar[str] = "networkInterfaces"
    LINKS: ClassVar[dict[str, Reference]] = {
        "publicIpAddresses": Links(
            "publicIpAddress", "public_ip_address_ids", "The interface's public addresses."
        ),
        "subnets": Links("subnet", "subnet_ids", "The subnets that the interface is in."),
        "networkSecurityGroup": Link(
            "networkSecurityGroup", "network_security_group_id", "The group that guards it."
        ),
        "virtualMachine": Link("virtualMachine", "virtual_machine_id", "The machine it is in."),
        "privateEndpoint": Link(
            "privateEndpoint", "private_endpoint_id", "The private endpoint that it is of."
        ),
        "loadBalancers": Many(
            "loadBalancer", "network_interface_ids", "The load balancers that lead to it."
        ),
    }

    public_ip_address_ids: Annotated[
        Maybe[tuple[str, ...]],
        prop(
            "properties.ipConfigurations",
            "ARM ids of the public addresses; empty means none.",
            parse=shapes.collect("properties.publicIPAddress.id"),
        ),
    ] = None
    subnet_ids: Annotated[
        Maybe[tuple[str, ...]],
        prop(
            "properties.ipConfigurations",
            "ARM ids of the subnets.",
            parse=shapes.collect("properties.subnet.id"),
        ),
    ] = None
    private_ip_addresses: Annotated[
        Maybe[tuple[str, ...]],
        prop(
            "properties.ipConfigurations",
            "Addresses in its subnets.",
            parse=shapes.collect("properties.privateIPAddress"),
        ),
    ] = msgspec.field(default=None, name="privateIPAddresses")
    network_security_group_id: Annotated[
        Maybe[str],
        prop("properties.networkSecurityGroup.id", "ARM id of the security group; absent: none."),
    ] = None
    virtual_machine_id: Annotated[
        Maybe[str],
        prop("properties.virtualMachine.id", "ARM id of the machine; absent: none."),
    ] = None
    private_endpoint_id: Annotated[
        Maybe[str],
        prop("properties.privateEndpoint.id", "ARM id of the private endpoint; absent: none."),
    ] = None


class LoadBalancer(TrackedResource, frozen=True, kw_only=True):
    """A load balancer."""

    KIND: ClassVar[str] = "loadBalancer"
    TABLE: ClassVar[str] = "loadBalancers"
    LINKS: ClassVar[dict[str, Reference]] = {
        "publicIpAddresses": Links(
            "publicIpAddress", "public_ip_address_ids", "Its public addresses."
        ),
        "networkInterfaces": Links(
            "networkInterface", "network_interface_ids", "The interfaces it leads to."
        ),
    }

    public_ip_address_ids: Annotated[
        Maybe[tuple[str, ...]],
        prop(
            "properties.frontendIPConfigurations",
            "ARM ids of the public addresses; empty means an internal load balancer.",
            parse=shapes.collect("properties.publicIPAddress.id"),
        ),
    ] = None
    network_interface_ids: Annotated[
        Maybe[tuple[str, ...]],
        prop(
            "properties",
            "ARM ids of the interfaces behind it, in backend pools and inbound NAT rules.",
            parse=shapes.balanced_interfaces,
        ),
    ] = None


class VirtualMachine(TrackedResource, frozen=True, kw_only=True):
    """A virtual machine."""

    KIND: ClassVar[str] = "virtualMachine"
    TABLE: ClassVar[str] = "virtualMachines"
    LINKS: ClassVar[dict[str, Reference]] = {
        "networkInterfaces": Links(
            "networkInterface", "network_interface_ids", "The machine's network interfaces."
        ),
        "computes": Many(
            "compute", "virtual_machine_id", "The computes that it is attached to a workspace as."
        ),
    }

    vm_size: Annotated[
        Maybe[str], prop("properties.hardwareProfile.vmSize", "VM size of the machine.")
    ] = None
    network_interface_ids: Annotated[
        Maybe[tuple[str, ...]],
        prop(
            "properties.networkProfile.networkInterfaces",
            "ARM ids of its network interfaces.",
            parse=shapes.collect("id"),
        ),
    ] = None
    os_type: Annotated[
        Maybe[str],
        prop(
            "properties.storageProfile.osDisk.osType",
            "Operating system.",
            values=("Linux", "Windows"),
        ),
    ] = None
