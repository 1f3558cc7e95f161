"""An estate with everything that access is made of: less evidence never turns an answer round."""

from __future__ import annotations

import copy
import functools
from typing import TYPE_CHECKING

import pytest

from scanner.inventory.kinds import KINDS
from tests.inventory.access.world import (
    BLOB_CONTRIBUTOR,
    CONTRIBUTOR,
    DATA_SCIENTIST,
    GROUP,
    MG,
    ML,
    OWNER,
    RBAC_ADMIN,
    READER,
    STORAGE,
    SUB,
    WORKSPACE,
    WS,
    configured,
    denied,
    eligible,
    given,
    role,
    role_guid,
    world,
)
from tests.inventory.records import blinded, changed, compute, group, record, with_gap
from tests.inventory.test_derived import PLACES, assert_consistent, without_table

if TYPE_CHECKING:
    from scanner.inventory.estate import Estate

GROUP_PROD = f"{SUB}/resourceGroups/rg-prod"
PRODUCTION = {"environment": "prod", "project": "churn"}
IDENTITY = record(
    "Microsoft.ManagedIdentity/userAssignedIdentities", "id", properties={"principalId": "p-uai"}
)
BY_USER = {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY["id"]: {}}}
KINDS_HERE = {
    "compute",
    "denyAssignment",
    "roleAssignment",
    "roleDefinition",
    "roleEligibility",
    "storageAccount",
    "subscription",
    "userAssignedIdentity",
    "workspace",
}


@functools.cache
def rich() -> Estate:
    storage = record("Microsoft.Storage/storageAccounts", "stp", GROUP_PROD, tags=PRODUCTION)
    prod = copy.deepcopy(WORKSPACE) | {"id": WS.replace("rg-ml", "rg-prod"), "tags": PRODUCTION}
    prod["properties"] = {"storageAccount": storage["id"]}
    prod["identity"] = {"type": "SystemAssigned", "principalId": "p-sys"}
    config = configured(
        personas={
            "platform": {"principals": ["p-platform"]},
            "devOpsEngineer": {"groups": ["g-ops"], "roles": ["ML operations"]},
            "dataScientist": {"groups": ["g-ds"], "roles": ["AzureML Data Scientist"]},
        },
    )
    nobody = [{"id": "p-platform", "type": "ServicePrincipal"}]
    return world(
        group("rg-prod"),
        storage,
        prod,
        IDENTITY,
        compute(WORKSPACE, "cluster", identity=BY_USER),
        role("ML operations", f"{ML}/workspaces/*", but=[f"{ML}/workspaces/delete"]),
        given(MG, OWNER, "p-platform", "ServicePrincipal"),
        given(SUB, RBAC_ADMIN, "u-admin", "User", condition="!(ActionMatches{'*/delete'}) OR x"),
        given(GROUP, CONTRIBUTOR, "g-ops"),
        given(WS, DATA_SCIENTIST, "g-ds"),
        given(WS, READER, "gone", "Unknown"),
        given(prod["id"], role_guid("ML operations"), "g-other"),
        given(prod["id"], CONTRIBUTOR, "g-ops"),
        given(STORAGE["id"], BLOB_CONTRIBUTOR, "p-uai", "ServicePrincipal"),
        given(GROUP_PROD, BLOB_CONTRIBUTOR, "p-uai", "ServicePrincipal"),
        given(GROUP_PROD, CONTRIBUTOR, "p-sys", "ServicePrincipal"),
        eligible(GROUP_PROD, OWNER, "u-admin"),
        eligible(GROUP_PROD, DATA_SCIENTIST, "g-ds", "Group"),
        denied(GROUP_PROD, f"{ML}/workspaces/delete", "*/delete", excludePrincipals=nobody),
        config=config,
    )


@pytest.mark.parametrize("table", sorted({KINDS[kind].TABLE for kind in KINDS_HERE}))
def test_a_table(table):
    assert_consistent(rich, without_table(rich(), table))


@pytest.mark.parametrize(
    "scope", ["/", MG, SUB, GROUP, GROUP_PROD, WS, STORAGE["id"]], ids=lambda one: one[-12:]
)
@pytest.mark.parametrize(
    "table", ["roleAssignments", "roleEligibilityScheduleInstances", "denyAssignments"]
)
def test_a_gap(table, scope):
    blind = with_gap(rich(), table, scope)

    def keep(one):
        gone = table == KINDS[one.KIND].TABLE and one.id.lower().startswith(scope.lower())
        return None if gone else one

    assert_consistent(rich, changed(blind, keep))


@pytest.mark.parametrize(
    ("kind", "place"),
    [(kind, place) for kind, place in PLACES if kind in KINDS_HERE],
    ids=[f"{kind}.{'.'.join(place)}" for kind, place in PLACES if kind in KINDS_HERE],
)
@pytest.mark.parametrize("rest", [0, 1], ids=["even", "odd"])
def test_a_property(kind, place, rest):
    def change(old):
        return blinded(old, place) if kind == old.KIND and len(old.id) % 2 == rest else old

    assert_consistent(rich, changed(rich(), change))
