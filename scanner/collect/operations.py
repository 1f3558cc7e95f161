"""What the collector reads: one table of operations, and one of api-versions.

Everything that asks Azure for something takes the path, the version and the permission from here,
and so does the documentation.
"""

from __future__ import annotations

import importlib.resources
from typing import Final

import msgspec

from scanner.snapshot.manifest import ANY_TABLE
from scanner.snapshot.tables import OTHER, TABLES

ML: Final = "Microsoft.MachineLearningServices"
GRAPH: Final = "Microsoft.ResourceGraph"
_AUTHORIZATION: Final = "Microsoft.Authorization"
_SETTINGS: Final = "Microsoft.Insights/diagnosticSettings"
_GROUPS: Final = "Microsoft.Management/managementGroups"
_SUBSCRIPTIONS: Final = "Microsoft.Resources/subscriptions"

API_VERSIONS: Final[dict[str, str]] = {
    f"{_AUTHORIZATION}/denyAssignments": "2022-04-01",
    f"{_AUTHORIZATION}/permissions": "2022-04-01",
    f"{_AUTHORIZATION}/policyAssignments": "2024-04-01",
    f"{_AUTHORIZATION}/roleAssignments": "2022-04-01",
    f"{_AUTHORIZATION}/roleEligibilityScheduleInstances": "2020-10-01",
    "Microsoft.CognitiveServices/accounts": "2024-10-01",
    "Microsoft.Compute/virtualMachines": "2024-07-01",
    "Microsoft.ContainerRegistry/registries": "2023-07-01",
    "Microsoft.ContainerService/managedClusters": "2024-09-01",
    "Microsoft.Insights/components": "2020-02-02",
    _SETTINGS: "2021-05-01-preview",
    "Microsoft.KeyVault/vaults": "2023-07-01",
    ML: "2025-06-01",
    "Microsoft.ManagedIdentity/userAssignedIdentities": "2023-01-31",
    _GROUPS: "2020-05-01",
    "Microsoft.Network": "2024-05-01",
    "Microsoft.Network/privateDnsZones": "2020-06-01",
    "Microsoft.OperationalInsights/workspaces": "2023-09-01",
    GRAPH: "2024-04-01",
    _SUBSCRIPTIONS: "2022-12-01",
    "Microsoft.Storage/storageAccounts": "2023-05-01",
}
"""Namespace or type to the api-version it is read with."""


class Operation(msgspec.Struct, frozen=True):
    """One way to read records of a table from Resource Manager."""

    table: str
    name: str
    """What a gap says was tried."""
    path: str
    """Below the resource that it is asked of; "" is the resource itself."""
    service: str
    """Key of `API_VERSIONS`."""
    permission: str
    per: str
    """What it is asked once for."""
    single: bool = False
    """It is one resource and no list."""

    @property
    def api_version(self) -> str:
        """The api-version of the request."""
        return API_VERSIONS[self.service]


def _of_workspace(table: str, path: str = "", *, name: str = "", single: bool = False) -> Operation:
    kind = path.lstrip("/")
    operation = kind.replace("/default", "")
    return Operation(
        table,
        name or f"list {kind}",
        path,
        ML,
        f"{ML}/workspaces/{operation}/read",
        "workspace",
        single=single,
    )


LIST_SUBSCRIPTIONS: Final = Operation(
    "subscriptions",
    "list subscriptions",
    "/subscriptions",
    _SUBSCRIPTIONS,
    f"{_SUBSCRIPTIONS}/read",
    "run",
)
DESCENDANTS: Final = Operation(
    "subscriptions",
    "list descendants",
    "/descendants",
    _GROUPS,
    f"{_GROUPS}/descendants/read",
    "management group asked for",
)
GET_WORKSPACE: Final = Operation(
    "workspaces", "get workspace", "", ML, f"{ML}/workspaces/read", "workspace", single=True
)
COMPUTES: Final = _of_workspace("computes", "/computes")
MANAGED_NETWORK: Final = _of_workspace(
    "managedNetworks", "/managedNetworks/default", name="get managed network", single=True
)
V2_RULES: Final = _of_workspace("outboundRules", "/managedNetworks/default/outboundRules")
ENVIRONMENTS: Final = _of_workspace("environmentVersions", "/environments")
ENVIRONMENT_VERSIONS: Final = Operation(
    "environmentVersions",
    "list environment versions",
    "/versions",
    ML,
    f"{ML}/workspaces/environments/versions/read",
    "environment of a workspace",
)
GET_ENVIRONMENT_VERSION: Final = Operation(
    "environmentVersions",
    "get environment version",
    "",
    ML,
    f"{ML}/workspaces/environments/versions/read",
    "environment of a deployment",
    single=True,
)
WORKSPACE_LISTS: Final = (
    _of_workspace("datastores", "/datastores"),
    _of_workspace("connections", "/connections"),
    _of_workspace("outboundRules", "/outboundRules"),
    _of_workspace("privateEndpointConnections", "/privateEndpointConnections"),
)
SETTINGS: Final = Operation(
    "diagnosticSettings",
    "list diagnosticSettings",
    f"/providers/{_SETTINGS}",
    _SETTINGS,
    f"{_SETTINGS}/read",
    "workspace and online endpoint",
)
ZONE_GROUPS: Final = Operation(
    "privateDnsZoneGroups",
    "list privateDnsZoneGroups",
    "/privateDnsZoneGroups",
    "Microsoft.Network",
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups/read",
    "private endpoint",
)
SUBSCRIPTION_LISTS: Final = tuple(
    Operation(
        table,
        f"list {table}",
        f"/providers/{_AUTHORIZATION}/{table}",
        f"{_AUTHORIZATION}/{table}",
        f"{_AUTHORIZATION}/{table}/read",
        "subscription",
    )
    for table in ("denyAssignments", "roleEligibilityScheduleInstances")
)

LISTED_PER: Final[dict[str, tuple[str, ...]]] = {
    "workspaces": (
        *(each.table for each in WORKSPACE_LISTS),
        "computes",
        "diagnosticSettings",
        "environmentVersions",
        "managedNetworks",
    ),
    "onlineEndpoints": ("diagnosticSettings",),
    "privateEndpoints": ("privateDnsZoneGroups",),
}
"""Table to those that are asked of each of its records."""
LIST_PERMISSIONS: Final = Operation(
    ANY_TABLE,
    "list permissions",
    f"/providers/{_AUTHORIZATION}/permissions",
    f"{_AUTHORIZATION}/permissions",
    f"{_AUTHORIZATION}/permissions/read",
    "subscription, and resource group where its subscription does not allow all",
)

GRAPH_PERMISSIONS: Final[dict[str, str]] = {
    "managementGroups": f"{_GROUPS}/read",
    "subscriptions": f"{_SUBSCRIPTIONS}/read",
    "resourceGroups": f"{_SUBSCRIPTIONS}/resourceGroups/read",
    "workspaces": f"{ML}/workspaces/read",
    "onlineEndpoints": f"{ML}/workspaces/onlineEndpoints/read",
    "onlineDeployments": f"{ML}/workspaces/onlineEndpoints/deployments/read",
    "batchEndpoints": f"{ML}/workspaces/batchEndpoints/read",
    "batchDeployments": f"{ML}/workspaces/batchEndpoints/deployments/read",
    "serverlessEndpoints": f"{ML}/workspaces/serverlessEndpoints/read",
    "machineLearningRegistries": f"{ML}/registries/read",
    "storageAccounts": "Microsoft.Storage/storageAccounts/read",
    "keyVaults": "Microsoft.KeyVault/vaults/read",
    "containerRegistries": "Microsoft.ContainerRegistry/registries/read",
    "applicationInsights": "Microsoft.Insights/components/read",
    "logAnalyticsWorkspaces": "Microsoft.OperationalInsights/workspaces/read",
    "virtualNetworks": "Microsoft.Network/virtualNetworks/read",
    "networkSecurityGroups": "Microsoft.Network/networkSecurityGroups/read",
    "publicIpAddresses": "Microsoft.Network/publicIPAddresses/read",
    "networkInterfaces": "Microsoft.Network/networkInterfaces/read",
    "loadBalancers": "Microsoft.Network/loadBalancers/read",
    "virtualMachines": "Microsoft.Compute/virtualMachines/read",
    "privateEndpoints": "Microsoft.Network/privateEndpoints/read",
    "privateDnsZones": "Microsoft.Network/privateDnsZones/read",
    "virtualNetworkLinks": "Microsoft.Network/privateDnsZones/virtualNetworkLinks/read",
    "userAssignedIdentities": "Microsoft.ManagedIdentity/userAssignedIdentities/read",
    "managedClusters": "Microsoft.ContainerService/managedClusters/read",
    "cognitiveServicesAccounts": "Microsoft.CognitiveServices/accounts/read",
    **{
        table: f"{_AUTHORIZATION}/{table}/read"
        for table in (
            "roleAssignments",
            "roleDefinitions",
            "policyAssignments",
            "policyDefinitions",
            "policySetDefinitions",
            "policyExemptions",
        )
    },
}
"""Table that Resource Graph is asked for, with the operation that makes its rows visible."""


_TOP_LEVEL: Final = 2
"""Slashes in the read of a resource that lies in no other."""


def _probe(table: str) -> Operation:
    resource_type = GRAPH_PERMISSIONS[table].removesuffix("/read")
    namespace = resource_type.partition("/")[0]
    service = resource_type if resource_type in API_VERSIONS else namespace
    return Operation(
        table,
        f"list {table} of the subscription",
        f"/providers/{resource_type}",
        service,
        GRAPH_PERMISSIONS[table],
        "subscription without a row in Resource Graph",
    )


_NEVER_EMPTY: Final = frozenset({"managementGroups", "subscriptions", "roleDefinitions"})
_SELDOM: Final = frozenset({"policyDefinitions", "policySetDefinitions", "policyExemptions"})
PROBES: Final = tuple(
    _probe(table)
    for table, permission in sorted(GRAPH_PERMISSIONS.items())
    # What lies in other resources is not listed by subscription.
    if permission.count("/") == _TOP_LEVEL and table not in _NEVER_EMPTY | _SELDOM
)
"""Lists that tell an empty table from one that the identity may not read: Resource Graph leaves
out what it may not show, and says nothing."""

OPERATIONS: Final = (
    LIST_SUBSCRIPTIONS,
    DESCENDANTS,
    *SUBSCRIPTION_LISTS,
    GET_WORKSPACE,
    COMPUTES,
    *WORKSPACE_LISTS,
    MANAGED_NETWORK,
    V2_RULES,
    ENVIRONMENTS,
    ENVIRONMENT_VERSIONS,
    GET_ENVIRONMENT_VERSION,
    SETTINGS,
    ZONE_GROUPS,
    LIST_PERMISSIONS,
    *PROBES,
)
"""Everything that is asked of Resource Manager."""

SCOPED: Final = frozenset(
    table
    for table, permission in GRAPH_PERMISSIONS.items()
    if permission.startswith(f"{_AUTHORIZATION}/")
)
"""Tables of what also holds from above: asked for with what is assigned over the subscriptions."""

COLLECTED: Final = tuple(sorted(TABLES.keys() - {OTHER}))
"""The tables that a collected snapshot holds, even where there is no record for one."""


def query(table: str) -> str:
    """Return the Resource Graph query of a table."""
    file = importlib.resources.files("scanner.collect") / "queries" / f"{table}.kql"
    return file.read_text(encoding="utf-8")
