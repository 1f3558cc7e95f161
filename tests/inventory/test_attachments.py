from __future__ import annotations

import pytest

from tests.engine.estates import estate
from tests.inventory.records import (
    GROUP,
    NET,
    UNREAD,
    compute,
    endpoint,
    facts,
    record,
    workspace,
)

AKS = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks"
WS, OTHER = workspace("ws"), workspace("other")


class TestAttachedWorkspaces:
    MINE = compute(WS, "k8s", "Kubernetes", body={"resourceId": AKS})

    def fact(self, *others, unread=(), mine=MINE):
        return facts(estate(mine, *others, unread=unread), mine, "attachedWorkspaces")

    def test_one(self):
        assert self.fact() == [WS["id"]]

    def test_several_each_once(self):
        theirs = compute(OTHER, "aks", "AKS", body={"resourceId": AKS.upper()})
        again = compute(WS, "again", "Kubernetes", body={"resourceId": AKS})
        assert sorted(self.fact(theirs, again)) == sorted([WS["id"], OTHER["id"]])

    def test_other_computes(self):
        machine = compute(OTHER, "vm", "VirtualMachine", body={"resourceId": AKS})
        assert self.fact(machine) == [WS["id"]]
        assert self.fact(mine=machine) == []
        assert self.fact(mine=compute(WS, "own", "AKS")) == []

    def test_unread(self):
        blind = compute(OTHER, "k8s", "Kubernetes", body={"resourceId": UNREAD})
        assert self.fact(blind) == [WS["id"], UNREAD]
        assert self.fact(mine=blind) == [UNREAD]


VM = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/vm"


def nic(name="nic", address=None):
    inner = {"publicIPAddress": {"id": address}} if address else {}
    body = {"ipConfigurations": [{"properties": inner}]}
    return record(f"{NET}/networkInterfaces", name, properties=body)


def machine(*interfaces):
    profile = {"networkInterfaces": [{"id": one["id"]} for one in interfaces]}
    body = {"networkProfile": profile}
    return record("Microsoft.Compute/virtualMachines", "vm", properties=body)


def address(name):
    return record(f"{NET}/publicIPAddresses", name)


def balancer(name, front, back):
    body = {
        "frontendIPConfigurations": [{"properties": {"publicIPAddress": {"id": front["id"]}}}],
        "backendAddressPools": [
            {
                "properties": {
                    "backendIPConfigurations": [{"id": f"{back['id']}/ipConfigurations/a"}]
                }
            }
        ],
    }
    return record(f"{NET}/loadBalancers", name, properties=body)


class TestPublicIpAddresses:
    ATTACHED = compute(WS, "vm", "VirtualMachine", body={"resourceId": VM})

    def fact(self, *records, unread=(), mine=ATTACHED):
        found = facts(estate(mine, *records, unread=unread), mine, "publicIpAddresses")
        return [one if one == UNREAD else one.rpartition("/")[2] for one in found]

    def test_of_interfaces(self):
        card = nic(address=address("ip")["id"])
        assert self.fact(machine(card), card, address("ip"), address("unused")) == ["ip"]

    def test_of_load_balancers(self):
        card = nic()
        found = self.fact(machine(card), card, balancer("lb", address("ip"), card), address("ip"))
        assert found == ["ip"]

    def test_each_once(self):
        card = nic(address=address("ip")["id"])
        around = (balancer("lb", address("ip"), card), address("ip"))
        assert self.fact(machine(card), card, *around) == ["ip"]

    def test_none(self):
        assert self.fact(machine(nic()), nic()) == []
        assert self.fact(mine=compute(WS, "cpu")) == []

    @pytest.mark.parametrize(
        "table", ["virtualMachines", "networkInterfaces", "publicIpAddresses", "loadBalancers"]
    )
    def test_table_not_read(self, table):
        card = nic(address=address("ip")["id"])
        found = self.fact(machine(card), card, address("ip"), unread=[table])
        assert found[-1] == UNREAD


STORAGE = record("Microsoft.Storage/storageAccounts", "st")
NETWORK = record(f"{NET}/virtualNetworks", "vnet", properties={"subnets": [{"name": "snet"}]})
SUBNET = {"id": f"{NETWORK['id']}/subnets/snet"}


class TestUsedByMachineLearning:
    def fact(self, *records, unread=()):
        of = estate(NETWORK, *records, unread=unread)
        return facts(of, SUBNET, "usedByMachineLearning")

    def test_by_a_compute(self):
        inside = compute(WS, "cpu", inner={"subnet": {"id": SUBNET["id"].upper()}})
        assert self.fact(inside, unread=["privateEndpoints", "workspaces"]) is True

    def test_by_a_private_endpoint_of_a_workspace(self):
        assert self.fact(endpoint("pe", WS["id"], "amlworkspace"), unread=["workspaces"]) is True

    def test_by_a_private_endpoint_of_a_dependent(self):
        inside = endpoint("pe", STORAGE["id"], "blob")
        assert self.fact(inside, WS) is False
        assert self.fact(inside, workspace(storageAccount=STORAGE["id"].lower())) is True

    def test_not(self):
        assert self.fact(WS, compute(WS, "cpu")) is False

    def test_unread(self):
        assert self.fact(unread=["computes"]) == UNREAD
        assert self.fact(unread=["privateEndpoints"]) == UNREAD
        assert self.fact(compute(WS, "cpu", inner={"subnet": {"id": UNREAD}})) == UNREAD
        inside = endpoint("pe", STORAGE["id"], "blob")
        assert self.fact(inside, unread=["workspaces"]) == UNREAD
        assert self.fact(inside, workspace(storageAccount=UNREAD)) == UNREAD
