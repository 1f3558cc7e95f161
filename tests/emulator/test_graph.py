from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.resourcegraph.models import QueryRequest, QueryRequestOptions, ResultFormat

from fixtures.emulator import Emulator, Principal, Settings
from fixtures.emulator.builtin_roles import builtin_roles
from tests.emulator.conftest import CONTOSO, Clients, records

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

WORKSPACES = (
    "Resources\n| where type =~ 'Microsoft.MachineLearningServices/workspaces' // all of them\n"
    "| project id, name, type, kind, properties | order by id asc"
)
OTHER = "99999999-9999-4999-8999-999999999999"


def details(raised):
    return json.loads(raised.value.response.text())["error"]["details"]


def refusal(clients: Any, query: str, **options: Any) -> Any:
    with pytest.raises(HttpResponseError) as raised:
        clients.query(query, **options)
    assert raised.value.status_code == 400
    return details(raised)


def test_the_sdk_pages_through_all_rows(emulator, clients):
    found, token, sizes = [], None, []
    while True:
        answer = clients.graph.resources(
            QueryRequest(
                query=WORKSPACES,
                options=QueryRequestOptions(
                    top=4, skip_token=token, result_format=ResultFormat.OBJECT_ARRAY
                ),
            )
        )
        found += answer.data
        sizes.append(answer.count)
        assert (answer.total_records, answer.result_truncated) == (15, "false")
        token = answer.skip_token
        if not token:
            break
    expected = {each["id"]: each for each in records("workspaces")}
    assert sizes == [4, 4, 4, 3]
    assert {each["id"] for each in found} == expected.keys()
    assert all(each["properties"] == expected[each["id"]]["properties"] for each in found)
    assert [each["id"].lower() for each in found] == sorted(each["id"].lower() for each in found)
    assert {each["kind"] for each in found} >= {"Default", "Hub", "Project"}


def test_the_skip_token_carries_the_page_size(clients):
    first = clients.query(WORKSPACES, **{"$top": 4})
    token = json.loads(base64.b64decode(first["$skipToken"]))
    assert (token["MaxRows"], token["RowsToSkip"]) == (4, 4)
    assert clients.query(WORKSPACES, **{"$skipToken": first["$skipToken"]})["count"] == 4


def test_rows_have_the_shape_of_resource_graph(clients):
    row = clients.query("resources | where type =~ 'microsoft.network/privateEndpoints'")["data"][0]
    assert row["type"] == "microsoft.network/privateendpoints"
    assert row["resourceGroup"]
    assert row["subscriptionId"] == row["id"].split("/")[2]
    assert row["tenantId"]
    assert (row["kind"], row["plan"]) == ("", None)


@pytest.mark.parametrize(
    ("table", "recorded"),
    [
        ("resourcecontainers", ("managementGroups", "subscriptions", "resourceGroups")),
        ("authorizationresources", ("roleAssignments", "roleDefinitions")),
    ],
)
def test_every_table_has_its_records(clients, table, recorded):
    ids = {role["id"].lower() for role in builtin_roles()} if "role" in recorded[0] else set()
    for name in recorded:
        lines = (CONTOSO / "records" / f"{name}.ndjson").read_text().splitlines()
        ids.update(json.loads(line)["id"].lower() for line in lines)
    count = len(ids)
    assert clients.query(f"{table} | project id")["totalRecords"] == count


def test_what_resource_graph_does_not_index_is_not_there(clients):
    found = clients.query("resources | distinct type")["data"]
    types = {each["type"] for each in found}
    assert "microsoft.machinelearningservices/workspaces/onlineendpoints" in types
    assert not {each for each in types if each.endswith(("/computes", "/datastores"))}


HUB_OF_PROJECT = """
resources | where kind =~ 'Project'
| project hub = tostring(split(properties.hubResourceId, '/')[8]) | distinct hub
"""
JOINED = """
resourcecontainers | where type =~ 'microsoft.resources/subscriptions'
| join kind=leftouter (
    resources | where kind == 'Hub' | project subscriptionId, hub = name) on subscriptionId
| where isnotempty(hub) | project name, hub
"""
EXPANDED = """
resources | where type =~ 'microsoft.network/virtualnetworks' | take 1
| mv-expand subnet = properties.subnets | summarize n = count() by id | project n > 0
"""


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("where type =~ 'Microsoft.Network/virtualNetworks' | count", [{"Count": 4}]),
        ("resources | where kind =~ 'hub' | project kind", [{"kind": "Hub"}]),
        (HUB_OF_PROJECT, [{"hub": "mlhub-assist-hub-dev"}]),
        (JOINED, [{"name": "sub-contoso-dev", "hub": "mlhub-assist-hub-dev"}]),
        (EXPANDED, [{"Column1": True}]),
    ],
)
def test_kql_runs(clients, query, expected):
    assert clients.query(query)["data"] == expected


def test_a_table_result(clients):
    found = clients.query(
        "resources | where kind == 'Hub' | project id, kind", resultFormat="table"
    )
    assert [each["name"] for each in found["data"]["columns"]] == ["id", "kind"]
    assert found["data"]["rows"][0][1] == "Hub"


@pytest.mark.parametrize(
    "query",
    [
        "resources | project name",
        "resources | project id | limit 500",
        "resources | summarize count() by id",
    ],
)
def test_a_result_that_cannot_be_paged_is_truncated_without_token(clients, query):
    found = clients.query(query, **{"$top": 2})
    assert found["resultTruncated"] == "true"
    assert "$skipToken" not in found


def test_mv_expand_stops_at_128_rows_of_a_record():
    subscription = "/subscriptions/11111111-2222-4333-8444-555555555555"
    store = f"{subscription}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/st"
    made: list[tuple[str, dict[str, Any]]] = [
        ("subscriptions", {"id": subscription, "type": "microsoft.resources/subscriptions"}),
        (
            "storageAccounts",
            {"id": store, "type": "x", "properties": {"many": list(range(500))}},
        ),
    ]
    with Emulator(made) as running:
        clients = Clients(running)
        expand = "resources | mv-expand each = properties.many"
        assert clients.query(f"{expand} | project id")["totalRecords"] == 128
        assert clients.query(f"{expand} limit 400 | project id")["totalRecords"] == 400
        assert refusal(clients, f"{expand} limit 401 | project id")[0]["code"] == "InvalidQuery"
        clients.close()


def test_a_parser_error_names_the_place(clients):
    first, second = refusal(clients, "resources\n| where where")
    assert first["code"] == "InvalidQuery"
    assert second["code"] == "ParserFailure"
    assert second["line"] == 2
    assert {"characterPositionInLine", "token", "expectedToken"} <= second.keys()


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("nosuch | project id", "DisallowedLogicalTableName"),
        ("resources | join (nosuch | project id) on id", "DisallowedLogicalTableName"),
        ("resources | project nosuch", "SemanticError"),
        ("resources | join kind=leftsemi (resources) on id", "UnsupportedJoinFlavor"),
        ("resources" + " | join (resources | project id) on id" * 4, "DisallowedOperatorCount"),
        ("resources" + " | mv-expand x = tags" * 4, "DisallowedOperatorCount"),
        ("resources | union a, b, c, d", "DisallowedOperatorCount"),
        ("resources | render piechart", "UnsupportedOperator"),
        ("let x = 1; resources", "UnsupportedOperator"),
        ("resources | project pack_all()", "EmulatorCannotRun"),
        ("", "InvalidQuery"),
    ],
)
def test_a_query_that_resource_graph_refuses(clients, query, code):
    assert refusal(clients, query)[-1]["code"] == code


@pytest.mark.parametrize("top", [0, 1001])
def test_a_page_size_out_of_bounds(clients, top):
    assert refusal(clients, WORKSPACES, **{"$top": top})[0]["code"] == "InvalidPagingOptions"


def test_a_skip_token_of_another_make(clients):
    assert (
        refusal(clients, WORKSPACES, **{"$skipToken": "nonsense"})[0]["code"] == "InvalidSkipToken"
    )


def test_no_subscriptions_at_all(clients):
    [found] = refusal(clients, WORKSPACES, subscriptions=[])
    assert found["code"] == "NoValidSubscriptionsInQueryRequest"


def test_an_unknown_api_version(clients):
    with pytest.raises(HttpResponseError, match="NoRegisteredProviderFound"):
        clients.query(WORKSPACES, version="2031-01-01")


def test_a_response_that_is_too_large():
    with Emulator(CONTOSO, settings=Settings(payload_limit=20_000)) as running:
        clients = Clients(running)
        [found] = refusal(clients, WORKSPACES)
        assert found["code"] == "ResponsePayloadTooLarge"
        small: dict[str, Any] = {"$top": 2}
        assert clients.query(WORKSPACES, **small)["count"] == 2
        clients.close()


def test_management_group_scope(clients):
    every = clients.query(WORKSPACES)["totalRecords"]
    under = clients.query(WORKSPACES, managementGroups=["contoso"])["totalRecords"]
    platform = clients.query(WORKSPACES, managementGroups=["contoso-platform"])["totalRecords"]
    assert (under, platform < every) == (every, True)


@pytest.mark.parametrize(
    ("version", "scope_filter", "inherited", "builtin", "below"),
    [
        ("2024-04-01", None, False, False, True),
        ("2024-04-01", "AtScopeAndBelow", False, False, True),
        ("2024-04-01", "AtScopeAboveAndBelow", True, True, True),
        ("2024-04-01", "AtScopeAndAbove", True, True, False),
        ("2024-04-01", "AtScopeExact", False, False, False),
        ("2021-03-01", "AtScopeAboveAndBelow", False, False, True),
    ],
)
def test_authorization_scope_filter(  # noqa: PLR0913, PLR0917
    clients, subscription, version, scope_filter, inherited, builtin, below
):
    options = {"authorizationScopeFilter": scope_filter} if scope_filter else {}
    found = clients.query(
        "authorizationresources | project id, type, properties",
        version=version,
        subscriptions=[subscription],
        **options,
    )["data"]
    assigned = [each["id"].lower() for each in found if each["type"].endswith("roleassignments")]
    roles = [each["properties"]["type"] for each in found if each["type"].endswith("definitions")]
    assert any("managementgroups" in each for each in assigned) is inherited
    assert ("BuiltInRole" in roles) is builtin
    assert any("/resourcegroups/" in each for each in assigned) is below


def test_what_an_identity_cannot_read_is_left_out_in_silence(subscription):
    others = {each["subscriptionId"] for each in records("subscriptions")} - {subscription}
    principals = (
        Principal(subscriptions=frozenset({subscription})),
        Principal(OTHER, subscriptions=frozenset(), management_groups=False),
    )
    with Emulator(CONTOSO, settings=Settings(principals=principals)) as running:
        one, none = Clients(running), Clients(running, principals[1])
        found = one.query(WORKSPACES, subscriptions=[subscription, *others])["data"]
        assert {each["id"].split("/")[2] for each in found} == {subscription}
        for client, asked in ((one, sorted(others)), (none, [subscription])):
            with pytest.raises(HttpResponseError) as raised:
                client.query(WORKSPACES, subscriptions=asked)
            assert raised.value.status_code == 403
            assert details(raised)[0]["code"] == "AccessDenied"
        one.close()
        none.close()
