from __future__ import annotations

import copy

import pytest

from tests.inventory.access.world import (
    BLOB_CONTRIBUTOR,
    BLOB_READER,
    CONTRIBUTOR,
    GROUP,
    MG,
    READER,
    STORAGE,
    SUB,
    WORKSPACE,
    WS,
    configured,
    given,
    world,
)
from tests.inventory.records import UNREAD, compute, facts, record

IDENTITY = record(
    "Microsoft.ManagedIdentity/userAssignedIdentities", "id", properties={"principalId": "P-UAI"}
)
BY_USER = {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY["id"]: {}}}
BY_SYSTEM = {"type": "SystemAssigned", "principalId": "p-sys"}
CLUSTER = compute(WORKSPACE, "cluster", identity=BY_USER)
PROD = record(
    "Microsoft.Storage/storageAccounts",
    "stprod",
    f"{SUB}/resourceGroups/rg-prod",
    tags={"environment": "prod"},
)
ALONE = record("Microsoft.Storage/storageAccounts", "stdev", tags={"environment": "dev"})


def machine(scope, guid, principal):
    return given(scope, guid, principal, "ServicePrincipal")


class TestIdentityAccess:
    def access(self, of, arm):
        return [
            one if one == UNREAD else (one["roleName"], one["scopeLevel"], one["ownerId"][-4:])
            for one in facts(of, arm, "identityAccess")
        ]

    def test_of_a_compute(self):
        of = world(CLUSTER, IDENTITY, machine(GROUP, CONTRIBUTOR, "p-uai"))
        assert self.access(of, CLUSTER) == [("Contributor", "resourceGroup", "s/id")]

    def test_at_any_scope(self):
        elsewhere = f"{STORAGE['id']}-other"
        of = world(
            CLUSTER, IDENTITY, machine(MG, READER, "p-uai"), machine(elsewhere, READER, "p-uai")
        )
        levels = [level for _, level, _ in self.access(of, CLUSTER)]
        assert sorted(levels) == ["managementGroup", "storageAccount"]

    def test_container(self):
        container = f"{STORAGE['id']}/blobServices/default/containers/c"
        of = world(CLUSTER, IDENTITY, machine(container, BLOB_READER, "p-uai"))
        [grant] = facts(of, CLUSTER, "identityAccess")
        assert grant["can"] == ["readData"]

    def test_of_a_workspace(self):
        mine = {**copy.deepcopy(WORKSPACE), "identity": BY_SYSTEM}
        of = world(mine, machine(GROUP, CONTRIBUTOR, "P-SYS"))
        [grant] = facts(of, mine, "identityAccess")
        assert grant["ownerId"] == WS
        assert "createWorkspace" in grant["can"]
        assert facts(of, mine, "access")[0]["ownerId"] == WS

    def test_none(self):
        assert facts(world(), WORKSPACE, "identityAccess") == []

    @pytest.mark.parametrize(
        "table",
        ["roleAssignments", "roleEligibilityScheduleInstances", "userAssignedIdentities"],
    )
    def test_unread(self, table):
        assert self.access(world(CLUSTER, IDENTITY, unread=[table]), CLUSTER) == [UNREAD]

    def test_identity_not_readable(self):
        blind = {**copy.deepcopy(CLUSTER), "identity": UNREAD}
        assert self.access(world(blind), CLUSTER) == [UNREAD]


class TestOwners:
    def test_applications_and_people_have_none(self):
        of = world(machine(WS, READER, "app"), given(GROUP, READER, "u", "User"))
        assert [one.get("ownerId") for one in facts(of, WORKSPACE, "access")] == [None, None]

    def test_unread(self):
        of = world(machine(WS, READER, "app"), unread=["userAssignedIdentities"])
        assert facts(of, WORKSPACE, "access")[0]["ownerId"] == UNREAD


class TestProductionData:
    def ways(self, *records, unread=(), **config):
        of = world(PROD, *records, unread=unread, config=configured(**config))
        found = facts(of, WORKSPACE, "productionDataAccess")
        if not isinstance(found, list):
            return found
        return [
            one if one == UNREAD else (one["storageAccount"], one["usedBy"], one["can"])
            for one in found
        ]

    def test_identity_of_a_compute(self):
        found = self.ways(CLUSTER, IDENTITY, machine(PROD["id"], BLOB_CONTRIBUTOR, "p-uai"))
        assert found == [("stprod", ["cluster"], ["readData", "writeData"])]

    def test_through_a_role_on_the_group(self):
        group = f"{SUB}/resourceGroups/rg-prod"
        found = self.ways(CLUSTER, IDENTITY, machine(group, CONTRIBUTOR, "p-uai"))
        assert found == [("stprod", ["cluster"], ["readData", "writeData"])]

    def test_development_storage_is_another_matter(self):
        assert self.ways(CLUSTER, IDENTITY, ALONE, machine(GROUP, BLOB_READER, "p-uai")) == []

    def test_personas_with_access_here(self):
        personas = {"dataScientist": {"groups": ["g"]}, "platform": {"groups": ["p"]}}
        writes = given(PROD["id"], BLOB_CONTRIBUTOR, "g")
        both = (given(WS, READER, "g"), writes)
        assert self.ways(*both, personas=personas) == [("stprod", [], ["readData", "writeData"])]
        assert self.ways(writes, personas=personas) == []
        allowed = (given(WS, READER, "p"), given(PROD["id"], BLOB_CONTRIBUTOR, "p"))
        assert self.ways(*allowed, personas=personas) == []

    def test_matrix_may_allow_reading(self):
        personas = {"dataScientist": {"groups": ["g"]}}
        matrix = {"prod": {"dataScientist": {"allowed": ["read", "readData"]}}}
        both = (given(WS, READER, "g"), given(PROD["id"], BLOB_CONTRIBUTOR, "g"))
        found = self.ways(*both, personas=personas, access={"matrix": matrix})
        assert found == [("stprod", [], ["writeData"])]

    def test_not_for_production_itself(self):
        mine = {**copy.deepcopy(WORKSPACE), "tags": {"environment": "prod"}}
        assert self.ways(mine) is None

    @pytest.mark.parametrize(
        "table", ["computes", "storageAccounts", "roleAssignments", "userAssignedIdentities"]
    )
    def test_unread(self, table):
        records = (CLUSTER, IDENTITY, machine(PROD["id"], BLOB_CONTRIBUTOR, "p-uai"))
        assert self.ways(*records, unread=[table]) == [UNREAD]
