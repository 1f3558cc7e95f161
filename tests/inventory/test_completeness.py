from __future__ import annotations

import msgspec
import pytest

from scanner.inventory.estate import Estate
from scanner.inventory.kinds import KINDS
from scanner.snapshot.manifest import DUPLICATE_ID, Gap, Table
from scanner.snapshot.tables import TABLES
from tests.engine.estates import estate
from tests.inventory.records import (
    GROUP,
    NET,
    SUB,
    UNREAD,
    compute,
    connection,
    facts,
    project,
    record,
    subscription,
    workspace,
)

STORAGE = record("Microsoft.Storage/storageAccounts", "st", f"{GROUP}-else")["id"]
VNET = record(f"{NET}/virtualNetworks", "vnet", f"{GROUP}-net")["id"]
WS = workspace(storageAccount=STORAGE)
ABOVE = subscription(chain=("team", "root"))
ROOT = "/providers/Microsoft.Management/managementGroups/root"


def gap(table, scope, permission="", status=403, code="AuthorizationFailed"):
    return Gap(table, scope, "list", status, code, "", permission)


def with_gaps(*gaps, records=(), tables=None):
    of = estate(WS, ABOVE, *records)
    changes = {"gaps": gaps, **({} if tables is None else {"tables": tables})}
    manifest = msgspec.structs.replace(of.manifest, **changes)
    return Estate({kind: of.of_kind(kind) for kind in KINDS}, manifest, of.config)


def tables_of(*gaps, **more):
    found = facts(with_gaps(*gaps, **more), WS, "gaps")
    return [item if item == UNREAD else item["tables"] for item in found]


def test_nothing_is_missing():
    assert tables_of() == []


@pytest.mark.parametrize(
    ("table", "scope"),
    [
        ("computes", WS["id"].upper()),
        ("computes", f"{WS['id']}/computes/c"),
        ("onlineDeployments", f"{WS['id']}/onlineEndpoints/e"),
        ("datastores", GROUP),
        ("diagnosticSettings", SUB),
        ("roleAssignments", SUB),
        ("policyAssignments", ROOT),
        ("*", SUB),
        ("*", "/"),
        ("storageAccounts", STORAGE),
        ("storageAccounts", f"{GROUP}-else"),
        ("virtualNetworks", "/"),
    ],
)
def test_a_gap_that_concerns_the_workspace(table, scope):
    assert tables_of(gap(table, scope)) == [[table]]


@pytest.mark.parametrize(
    ("table", "scope"),
    [
        ("computes", f"{WS['id']}-2"),
        ("computes", f"{GROUP}-2"),
        ("storageAccounts", f"{GROUP}-2"),
        ("keyVaults", f"{GROUP}-else"),
        ("policyAssignments", "/providers/Microsoft.Management/managementGroups/other"),
        ("*", "/subscriptions/22222222-0000-0000-0000-000000000002"),
    ],
)
def test_a_gap_that_does_not(table, scope):
    assert tables_of(gap(table, scope)) == []


def test_a_record_read_in_two_versions_is_no_gap():
    assert tables_of(gap("computes", WS["id"], code=DUPLICATE_ID)) == []


def test_networks_and_endpoints_that_it_uses():
    endpoint = record(f"{NET}/privateEndpoints", "pe", f"{GROUP}-net")["id"]
    mine = workspace(storageAccount=STORAGE, privateEndpointConnections=[connection(endpoint)])
    cluster = compute(mine, "c", inner={"subnet": {"id": f"{VNET}/subnets/s"}})
    of = estate(mine, ABOVE, cluster)
    gaps = (gap("virtualNetworks", VNET), gap("privateEndpoints", f"{GROUP}-net"))
    manifest = msgspec.structs.replace(of.manifest, gaps=gaps)
    of = Estate({kind: of.of_kind(kind) for kind in KINDS}, manifest, of.config)
    found = facts(of, mine, "gaps")
    assert [item["tables"] for item in found] == [["privateEndpoints"], ["virtualNetworks"]]


def test_a_project_needs_its_hub():
    mine = project(WS)
    of = with_gaps(gap("workspaces", WS["id"]), records=[mine])
    assert [item["tables"] for item in facts(of, mine, "gaps")] == [["workspaces"]]


@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
def test_the_same_gaps_may_be_all_of_one_workspace_and_not_of_another(names):
    clear, blind = names
    records = [workspace(clear), workspace(blind, storageAccount=UNREAD)]
    of = with_gaps(gap("computes", SUB), records=records)
    missing = {one["name"]: facts(of, one, "gaps")[1:] for one in records}
    assert missing == {clear: [], blind: [UNREAD]}


def test_gaps_of_one_cause_are_one():
    gaps = [gap(table, "/", status=0, code="NotExported") for table in ("keyVaults", "computes")]
    [found] = facts(with_gaps(*gaps), WS, "gaps")
    assert found["tables"] == ["computes", "keyVaults"]
    assert (found["scope"], found["status"], found["code"]) == ("/", 0, "NotExported")
    assert "permission" not in found


def test_tables_that_nobody_promised():
    tables = {name: Table(0, 0, "", complete=name != "computes") for name in TABLES}
    del tables["keyVaults"], tables["otherResources"]
    [found] = facts(with_gaps(tables=tables), WS, "gaps")
    assert found["tables"] == ["computes", "keyVaults"]
    assert found["code"] == "NotRecorded"


def test_what_is_not_known_of_the_workspace_leaves_it_open():
    mine = workspace(storageAccount=UNREAD)
    assert facts(estate(mine, ABOVE), mine, "gaps") == [UNREAD]


def test_permissions_once_each():
    read = "Microsoft.MachineLearningServices/workspaces/computes/read"
    gaps = (
        gap("computes", WS["id"], read),
        gap("computes", SUB, read),
        gap("datastores", SUB, "", 429, "TooManyRequests"),
        gap("*", SUB, "*/read"),
    )
    assert facts(with_gaps(*gaps), WS, "missingPermissions") == ["*/read", read]
