from __future__ import annotations

import pytest

from tests.engine.estates import estate
from tests.inventory.records import UNREAD, child, compute, facts, project, record, workspace

FAR = "North Europe"
STORAGE = record("Microsoft.Storage/storageAccounts", "st", location=FAR)
WS = workspace(storageAccount=STORAGE["id"])


def foreign(mine, *records, unread=()):
    found = facts(estate(mine, *records, unread=unread), mine, "foreignRegionResources")
    return [one if one == UNREAD else (one["name"], one["role"]) for one in found]


def test_everything_at_home():
    near = record("Microsoft.Storage/storageAccounts", "st", location="West Europe")
    endpoint = child(WS, "onlineEndpoints", "e")
    assert foreign(WS, near, compute(WS, "cpu"), endpoint) == []


def test_each_role():
    endpoints = [child(WS, f"{kind}Endpoints", kind, location=FAR) for kind in ("online", "batch")]
    ws = workspace(storageAccount=STORAGE["id"], keyVault=f"{STORAGE['id']}-kv")
    insights = record("Microsoft.Insights/components", "appi", location=FAR)
    ws["properties"]["keyVault"] = None
    ws["properties"]["applicationInsights"] = insights["id"]
    found = foreign(ws, compute(WS, "cpu", location=FAR), *endpoints, STORAGE, insights)
    assert found == [
        ("cpu", "compute"),
        ("online", "endpoint"),
        ("batch", "endpoint"),
        ("st", "storage"),
        ("appi", "dependent"),
    ]


def datastore(name, account="lake"):
    body = {"datastoreType": "AzureBlob", "accountName": account}
    return child(WS, "datastores", name, properties=body)


LAKE = record("Microsoft.Storage/storageAccounts", "lake", location=FAR)


def test_data_of_datastores_once_for_each_account():
    stores = (datastore("one"), datastore("two"), datastore("own", "st"))
    assert foreign(WS, STORAGE, LAKE, *stores) == [("st", "storage"), ("lake", "data")]


def test_data_whose_place_is_not_known():
    assert foreign(workspace(), datastore("one"), unread=["storageAccounts"]) == [UNREAD]
    assert foreign(workspace(), datastore("one", UNREAD), LAKE) == [UNREAD]
    blind = workspace(storageAccount=UNREAD)
    assert foreign(blind, datastore("one"), LAKE) == [UNREAD], "it may be the workspace's own one"


def test_a_compute_is_where_its_machines_are():
    far = compute(WS, "far", body={"computeLocation": FAR})
    near = compute(WS, "near", location=FAR, body={"computeLocation": "westeurope"})
    assert foreign(workspace(), far, near) == [("far", "compute")]


def test_a_project_is_compared_with_its_hubs_dependents():
    hub = workspace("hub", top={"kind": "Hub"}, storageAccount=STORAGE["id"])
    assert foreign(project(hub), hub, STORAGE) == [("st", "storage")]


def test_global_and_placeless_resources_are_nowhere_else():
    insights = record("Microsoft.Insights/components", "appi", location="Global")
    placeless = compute(WS, "cpu", location=None)
    assert foreign(workspace(applicationInsights=insights["id"]), insights, placeless) == []


@pytest.mark.parametrize(
    "table", ["computes", "onlineEndpoints", "batchEndpoints", "serverlessEndpoints", "datastores"]
)
def test_table_not_read(table):
    assert foreign(workspace(), unread=[table]) == [UNREAD]


def test_unread():
    assert foreign(WS, unread=["storageAccounts"]) == [UNREAD]
    assert foreign(workspace(top={"location": UNREAD}), compute(WS, "cpu")) == [UNREAD]
    assert foreign(workspace(), compute(WS, "cpu", location=UNREAD)) == [UNREAD]
    blind = workspace("project", top={"kind": "Project"}, hubResourceId=UNREAD)
    assert foreign(blind) == [UNREAD]
