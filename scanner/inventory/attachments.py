"""What of a network or cluster Azure Machine Learning has put to use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scanner import armid
from scanner.inventory.dependents import IDS
from scanner.inventory.facts import Facts, per_estate, whole
from scanner.inventory.fields import UNREAD, Derived, Maybe, Members
from scanner.inventory.model.compute import Compute
from scanner.inventory.model.interfaces import (
    LoadBalancer,
    NetworkInterface,
    PublicIpAddress,
    VirtualMachine,
)
from scanner.inventory.model.network import Subnet
from scanner.inventory.model.workspace import Workspace
from scanner.inventory.truth import Verdict, each, either, known, one_of

if TYPE_CHECKING:
    from scanner.inventory.estate import Estate

_KUBERNETES = ("AKS", "Kubernetes")
_WORKSPACE_TYPE = "microsoft.machinelearningservices/workspaces"
_BALANCERS = NetworkInterface.LINKS["loadBalancers"]


@per_estate
def _clusters(estate: Estate) -> tuple[dict[str, list[str]], bool]:
    """Return the workspaces that attach each Kubernetes cluster, and whether those are all."""
    workspaces: dict[str, list[str]] = {}
    complete = whole(estate, Compute.TABLE)
    for compute in estate.all_of(Compute):
        attached = one_of(compute.compute_type, _KUBERNETES)
        if attached is False or compute.resource_id is None:
            continue
        if attached is UNREAD or not isinstance(compute.resource_id, str):
            complete = False
        elif isinstance(compute.workspace_id, str):
            found = workspaces.setdefault(armid.key(compute.resource_id), [])
            if compute.workspace_id not in found:
                found.append(compute.workspace_id)
    return workspaces, complete


def attached_workspaces(compute: Compute, estate: Estate) -> Members:
    """Return the ids of all workspaces that attach the Kubernetes cluster of a compute."""
    attached = one_of(compute.compute_type, _KUBERNETES)
    if attached is False or compute.resource_id is None:
        return Members()
    if attached is UNREAD or not isinstance(compute.resource_id, str):
        return Members.partial()
    workspaces, complete = _clusters(estate)
    found = tuple(workspaces.get(armid.key(compute.resource_id), ()))
    return Members(found) if complete else Members.partial(found)


def public_ip_addresses(compute: Compute, estate: Estate) -> Members:
    """Return the public addresses of an attached machine, its load balancers' included."""
    machines, complete = _reached(VirtualMachine.KIND, (compute.virtual_machine_id,), estate)
    found: dict[str, Any] = {}
    for machine in machines:
        interfaces, all_read = _reached(
            NetworkInterface.KIND, machine.network_interface_ids, estate
        )
        complete = complete and all_read
        for interface in interfaces:
            addresses, all_read = _addresses(interface, estate)
            complete = complete and all_read
            found.update({armid.key(address.id): address for address in addresses})
    members = tuple(found[place] for place in sorted(found))
    return Members(members) if complete else Members.partial(members)


def _addresses(interface: NetworkInterface, estate: Estate) -> tuple[list[Any], bool]:
    balancers, complete = each(estate.follow(interface, _BALANCERS))
    found: list[Any] = []
    holders: list[NetworkInterface | LoadBalancer] = [interface, *balancers]
    for holder in holders:
        addresses, all_read = _reached(PublicIpAddress.KIND, holder.public_ip_address_ids, estate)
        found += addresses
        complete = complete and all_read
    return found, complete


def _reached(kind: str, ids: Any, estate: Estate) -> tuple[list[Any], bool]:
    """Return the resources that ids lead to, and whether each of them was read."""
    named, complete = each(ids)
    targets = [estate.target(kind, arm_id) for arm_id in named]
    return [target for target in targets if known(target)], complete and UNREAD not in targets


@per_estate
def _dependents(estate: Estate) -> tuple[frozenset[str], bool]:
    """Return the ids of what workspaces depend on, and whether those are all."""
    ids: set[str] = set()
    complete = whole(estate, Workspace.TABLE)
    for workspace in estate.all_of(Workspace):
        for attribute in IDS.values():
            arm_id = getattr(workspace, attribute)
            if isinstance(arm_id, str):
                ids.add(armid.key(arm_id))
            complete = complete and arm_id is not UNREAD
    return frozenset(ids), complete


def used_by_machine_learning(subnet: Subnet, estate: Estate) -> Maybe[bool]:
    """Tell whether a subnet holds computes, or private endpoints of a workspace or its dependents."""
    computes, all_computes = each(estate.follow(subnet, Subnet.LINKS["computes"]))
    if computes:
        return True
    endpoints, all_endpoints = each(estate.follow(subnet, Subnet.LINKS["privateEndpoints"]))
    verdict = either(_serves(endpoint, estate) for endpoint in endpoints)
    return verdict if verdict is True or (all_computes and all_endpoints) else UNREAD


def _serves(endpoint: Any, estate: Estate) -> Verdict:
    targets, complete = each(endpoint.target_ids)
    verdict = either(_is_used(target, estate) for target in targets)
    return verdict if complete or verdict is True else UNREAD


def _is_used(target: str, estate: Estate) -> Verdict:
    if armid.parse(target).type.lower() == _WORKSPACE_TYPE:
        return True
    ids, complete = _dependents(estate)
    if armid.key(target) in ids:
        return True
    return False if complete else UNREAD


FACTS: Facts = {
    "compute": {
        "attachedWorkspaces": Derived(
            tuple[str, ...],
            attached_workspaces,
            "ARM ids of all workspaces, its own among them, that attach the same Kubernetes "
            "cluster; empty for other computes.",
            ("resourceId",),
        ),
        "publicIpAddresses": Derived(
            tuple[PublicIpAddress, ...],
            public_ip_addresses,
            "Public addresses of an attached virtual machine: of its interfaces and of the load "
            "balancers that lead to them.",
            ("virtualMachineId",),
        ),
    },
    "subnet": {
        "usedByMachineLearning": Derived(
            bool,
            used_by_machine_learning,
            "Whether it holds Azure Machine Learning computes, or private endpoints of a workspace "
            "or of a resource that a workspace depends on.",
            ("computes", "privateEndpoints"),
        )
    },
}
