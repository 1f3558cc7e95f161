from __future__ import annotations

import json

import pytest
from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpRequest

from fixtures.emulator import Emulator, Fault, Principal, Settings
from tests.emulator.conftest import CONTOSO, ML_VERSION, Clients, records

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

ROLES = "2022-04-01"
GROUPS = "/providers/Microsoft.Management/managementGroups"


@pytest.fixture(scope="module")
def emulator():
    with Emulator(CONTOSO, settings=Settings(page_size=2)) as running:
        yield running


def ids(rows):
    return {each["id"].lower() for each in rows}


def below(table, parent):
    return {
        each["id"].lower()
        for each in records(table)
        if each["id"].lower().startswith(parent.lower() + "/")
    }


def test_subscriptions_and_resource_groups(clients, subscription):
    found = clients.rows("/subscriptions", "2022-12-01")
    assert ids(found) == ids(records("subscriptions"))
    assert {"displayName", "state", "tenantId", "subscriptionId"} <= found[0].keys()
    one = clients.get(f"/subscriptions/{subscription}", "2022-12-01").json()
    assert one["subscriptionId"] == subscription
    groups = clients.rows(f"/subscriptions/{subscription}/resourcegroups", "2021-04-01")
    assert ids(groups) == below("resourceGroups", f"/subscriptions/{subscription}")
    assert {each["type"] for each in groups} == {"Microsoft.Resources/resourceGroups"}


def test_the_ml_client_lists_and_pages(clients, subscription, workspace):
    ml = clients.ml(subscription)
    raw = []
    found = list(
        ml.workspaces.list_by_subscription(
            raw_response_hook=lambda answer: raw.append(json.loads(answer.http_response.text()))
        )
    )
    assert len(found) == 3
    assert len(raw) == 2
    _, _, _, _, group, *_, name = workspace.split("/")
    one = ml.workspaces.get(group, name)
    assert (one.id, one.type) == (workspace, "Microsoft.MachineLearningServices/workspaces")
    computes = list(ml.machine_learning_compute.list_by_workspace(group, name))
    assert {each.id.lower() for each in computes} == below("computes", workspace)


@pytest.mark.parametrize(
    ("segment", "table"),
    [
        ("computes", "computes"),
        ("datastores", "datastores"),
        ("connections", "connections"),
        ("onlineEndpoints", "onlineEndpoints"),
        ("batchEndpoints", "batchEndpoints"),
        ("serverlessEndpoints", "serverlessEndpoints"),
        ("privateEndpointConnections", "privateEndpointConnections"),
    ],
)
def test_every_list_of_every_workspace(clients, segment, table):
    found = []
    for each in records("workspaces"):
        found += clients.rows(f"{each['id']}/{segment}")
    assert ids(found) == ids(records(table))


def test_outbound_rules_of_both_kinds_of_managed_network(clients):
    found = []
    for each in records("workspaces"):
        found += clients.rows(f"{each['id']}/outboundRules")
    for network in records("managedNetworks"):
        found += clients.rows(f"{network['id']}/outboundRules")
    assert ids(found) == ids(records("outboundRules"))


def test_lists_below_children(clients):
    deployments, versions, zones = [], [], []
    for endpoint in records("onlineEndpoints"):
        deployments += clients.rows(f"{endpoint['id']}/deployments")
    for each in records("workspaces"):
        for environment in clients.rows(f"{each['id']}/environments"):
            versions += clients.rows(f"{environment['id']}/versions")
    for endpoint in records("privateEndpoints"):
        zones += clients.rows(f"{endpoint['id']}/privateDnsZoneGroups", "2024-05-01")
    assert ids(deployments) == ids(records("onlineDeployments"))
    assert ids(versions) == ids(records("environmentVersions"))
    assert ids(zones) == ids(records("privateDnsZoneGroups"))


def test_diagnostic_settings_and_managed_network(clients):
    [network] = records("managedNetworks")
    assert clients.get(network["id"]).json() == network
    scope = (
        records("diagnosticSettings")[0]["id"].lower().partition("/providers/microsoft.insights")
    )
    found = clients.rows(
        f"{scope[0]}/providers/Microsoft.Insights/diagnosticSettings", "2021-05-01-preview"
    )
    assert ids(found) == below("diagnosticSettings", scope[0] + scope[1])


def test_datastores_are_paged_by_offset(clients, workspace):
    pages = clients.pages(f"{workspace}/datastores", count="1")
    assert [len(each["value"]) for each in pages] == [1] * len(below("datastores", workspace))
    assert "skip=1" in pages[0]["nextLink"]
    assert f"api-version={ML_VERSION}" in pages[0]["nextLink"]


def test_role_assignments_include_what_is_inherited(clients, workspace):
    found = ids(
        clients.rows(f"{workspace}/providers/Microsoft.Authorization/roleAssignments", ROLES)
    )
    above = {each for each in found if not each.startswith(workspace.lower())}
    assert below("roleAssignments", workspace) == found - above
    assert any("managementgroups" in each for each in above)


def test_a_filter_leaves_out_what_is_below(clients, subscription):
    path = f"/subscriptions/{subscription}/providers/Microsoft.Authorization/roleAssignments"
    every = ids(clients.rows(path, ROLES))
    exact = ids(clients.rows(path, ROLES, **{"$filter": "atScope()"}))
    assert exact < every
    assert not {each for each in exact if "/resourcegroups/" in each}
    someone = records("roleAssignments")[0]["properties"]["principalId"]
    mine = clients.rows(path, ROLES, **{"$filter": f"principalId eq '{someone}'"})
    assert {each["properties"]["principalId"] for each in mine} == {someone}
    assert clients.get(path, ROLES, **{"$filter": "cleverness"}).status_code == 400


def test_built_in_roles_can_be_left_out(clients, subscription):
    path = f"/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions"
    every = clients.rows(path, ROLES)
    custom = clients.rows(path, ROLES, **{"$filter": "type eq 'CustomRole'"})
    assert ids(custom) == ids(records("roleDefinitions"))
    builtin = ids(every) - ids(custom)
    assert all(each.startswith(f"/subscriptions/{subscription}/providers") for each in builtin)


@pytest.mark.parametrize(
    ("kind", "version", "table"),
    [
        ("policyAssignments", "2023-04-01", "policyAssignments"),
        ("policyExemptions", "2022-07-01-preview", "policyExemptions"),
        ("denyAssignments", "2022-04-01", "denyAssignments"),
        ("roleEligibilityScheduleInstances", "2020-10-01", "roleEligibilityScheduleInstances"),
        ("policyDefinitions", "2023-04-01", "policyDefinitions"),
        ("policySetDefinitions", "2023-04-01", "policySetDefinitions"),
    ],
)
def test_what_holds_in_all_subscriptions_together(clients, kind, version, table):
    found = set()
    for each in records("subscriptions"):
        path = f"{each['id']}/providers/Microsoft.Authorization/{kind}"
        found |= ids(clients.rows(path, version))
    assert found == ids(records(table))


def test_a_management_group_expands(clients):
    assert ids(clients.rows(GROUPS, "2020-05-01")) == ids(records("managementGroups"))
    flat = clients.rows(f"{GROUPS}/contoso/descendants", "2020-05-01")
    subscriptions = {each["name"] for each in flat if each["type"] == "/subscriptions"}
    assert subscriptions == {each["subscriptionId"] for each in records("subscriptions")}
    tree = clients.get(
        f"{GROUPS}/contoso", "2020-05-01", **{"$expand": "children", "$recurse": "true"}
    ).json()
    deep = [child for each in tree["properties"]["children"] for child in each["children"]]
    assert {each["name"] for each in deep} == subscriptions
    below_zones = clients.rows(f"{GROUPS}/contoso-landing-zones/subscriptions", "2020-05-01")
    assert {each["name"] for each in below_zones} < subscriptions


@pytest.mark.parametrize(
    ("path", "version", "expected"),
    [
        ("{ws}/computes", "", (400, "MissingApiVersionParameter")),
        ("{ws}/computes", "2031-01-01", (400, "NoRegisteredProviderFound")),
        ("{ws}/computes", "latest", (400, "InvalidApiVersionParameter")),
        ("/subscriptions", "2031-01-01", (400, "InvalidApiVersionParameter")),
        ("{ws}-gone/computes", ML_VERSION, (404, "ResourceNotFound")),
        ("{ws}/computes/gone", ML_VERSION, (404, "ResourceNotFound")),
        ("{ws}/inventions", ML_VERSION, (404, "InvalidResourceType")),
        ("/subscriptions/gone/resourcegroups", "2021-04-01", (404, "SubscriptionNotFound")),
        ("/nowhere", "2021-04-01", (404, "ResourceNotFound")),
        ("{ws}/onlineEndpoints?$skipToken=x", ML_VERSION, (400, "InvalidSkipToken")),
    ],
)
def test_a_read_that_azure_refuses(clients, workspace, path, version, expected):
    plain, _, token = path.format(ws=workspace).partition("?$skipToken=")
    answer = clients.get(plain, version, **({"$skipToken": token} if token else {}))
    assert (answer.status_code, answer.json()["error"]["code"]) == expected


def test_permissions_of_an_identity(subscription, workspace):
    limited = Principal(
        subscriptions=frozenset({subscription}),
        management_groups=False,
        denied=("*/workspaces/computes/read@*",),
    )
    other = next(
        each["id"] for each in records("workspaces") if each["subscriptionId"] != subscription
    )
    with Emulator(CONTOSO, settings=Settings(principals=(limited,))) as running:
        clients = Clients(running)
        assert ids(clients.rows("/subscriptions", "2022-12-01")) == {
            f"/subscriptions/{subscription}"
        }
        assert clients.rows(GROUPS, "2020-05-01") == []
        refused = clients.get(f"{workspace}/computes")
        assert refused.status_code == 403
        assert "Microsoft.MachineLearningServices/workspaces/computes/read" in refused.text()
        assert clients.get(f"{workspace}/datastores").status_code == 200
        assert clients.get(other).json()["error"]["code"] == "AuthorizationFailed"
        assert clients.get(f"{GROUPS}/contoso", "2020-05-01").status_code == 403
        clients.close()


def test_anything_but_a_read_is_a_violation(emulator, clients, subscription):
    emulator.ledger.clear()
    path = f"/subscriptions/{subscription}/providers/Microsoft.Storage/register"
    url = f"{emulator.base_url}{path}?api-version=2021-04-01"
    assert clients.arm.send_request(HttpRequest("POST", url)).status_code == 403
    assert emulator.ledger.violations == (f"POST {path} is not a read",)


def test_the_generated_client_registers_a_provider_unless_it_is_kept_from_it(
    emulator, clients, subscription, workspace
):
    emulator.ledger.clear()
    message = (
        "The subscription is not registered to use namespace 'Microsoft.MachineLearningServices'. "
        "See https://aka.ms/rps-not-found for how to register subscriptions."
    )
    emulator.inject(Fault(effect="status", status=409, path="*/workspaces/*", message=message))
    with pytest.raises(HttpResponseError):
        clients.ml(subscription).workspaces.get("rg", workspace.rpartition("/")[2])
    assert [each for each in emulator.ledger.violations if each.endswith("/register is not a read")]
