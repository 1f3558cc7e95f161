"""Synthetic estates of any size: the shapes of real records, about one setting in twenty wrong.

How many records of each kind come with a workspace follows the Contoso fixture estate, as does
what it shares with others: roles, policies, DNS zones and logs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.benchmarks import landing_zone as above
from tests.benchmarks.landing_zone import record as _record

if TYPE_CHECKING:
    from collections.abc import Iterator

Record = tuple[str, dict[str, Any]]
RECORDS_PER_WORKSPACE = 45
_WORKSPACES_PER_NETWORK = 3
_ML = "Microsoft.MachineLearningServices/workspaces"
_ENVIRONMENTS = ("dev", "qa", "prod")
_SIZES = ("Standard_D4s_v5", "Standard_E8s_v5", "Standard_F16s_v2")
_RETIRED = "STANDARD_NC6"


def _right(index: int, number: int = 0) -> bool:
    """Tell whether a setting is right: all but one in twenty, spread over the estate."""
    return (index * 7 + number * 3) % 20 != 0


def records(number: int) -> Iterator[Record]:
    """Yield about `number` records: workspaces with what belongs to them, in many subscriptions."""
    workspaces = max(1, number // RECORDS_PER_WORKSPACE)
    yield from above.landing_zone(1 + (workspaces - 1) // _WORKSPACES_PER_NETWORK)
    for index in range(workspaces):
        yield from _workspace(index)


def _workspace(index: int) -> Iterator[Record]:
    environment = _ENVIRONMENTS[index % 3]
    subscription = f"/subscriptions/00000000-0000-0000-0000-{index // 100:012d}"
    group = f"{subscription}/resourceGroups/rg-{index}"
    tags = {
        "environment": environment,
        "project": f"p{index // 3}",
        "owner": "team@example.com",
        "costCenter": "CC-1000",
    }
    place = {"location": "westeurope", "tags": tags}
    workspace = f"{group}/providers/{_ML}/ws-{index}"
    if index % 100 == 0:
        yield from above.subscription(subscription, index // 100)
    yield "resourceGroups", _record(group, "Microsoft.Resources/resourceGroups", place, {})
    dependents = _dependents(group, index)
    for table, kind, arm_id, properties in dependents:
        yield table, _record(arm_id, kind, place, properties)
    ids = [arm_id for _, _, arm_id, _ in dependents]
    yield "workspaces", _record(workspace, _ML, place, _workspace_properties(index, group, ids))
    yield from _networking(group, index, [workspace, *ids], place)
    yield from _access(group, index, [workspace, *ids], place)
    yield from _contents(workspace, group, index, place)


def _contents(workspace: str, group: str, index: int, place: dict[str, Any]) -> Iterator[Record]:
    """Yield what a workspace consists of: computes, datastores, an endpoint, rules, logs."""
    identity = {"type": "UserAssigned", "userAssignedIdentities": {_identity(group, index): {}}}
    for number in range(3):
        compute = f"{workspace}/computes/c{number}"
        own = place | {"identity": identity}
        yield "computes", _record(compute, f"{_ML}/computes", own, _compute(index, number))
    for number in range(4):
        datastore = f"{workspace}/datastores/d{number}"
        yield (
            "datastores",
            _record(datastore, f"{_ML}/datastores", {}, _datastore(index, number)),
        )
    endpoint = f"{workspace}/onlineEndpoints/score"
    body = {"authMode": "AADToken", "publicNetworkAccess": "Disabled"}
    yield "onlineEndpoints", _record(endpoint, f"{_ML}/onlineEndpoints", place, body)
    kind = "Microsoft.Insights/diagnosticSettings"
    for holder in (workspace, endpoint):
        logs = [{"categoryGroup": "allLogs", "enabled": _right(index)}]
        setting = f"{holder}/providers/{kind}/central"
        told: dict[str, Any] = {"logs": logs, "workspaceId": above.LOGS}
        yield "diagnosticSettings", _record(setting, kind, {}, told)
    for name in ("packages.contoso.com", "images.contoso.com"):
        rule = f"{workspace}/outboundRules/{name.partition('.')[0]}"
        body = {"type": "FQDN", "destination": name, "category": "UserDefined", "status": "Active"}
        yield "outboundRules", _record(rule, f"{_ML}/outboundRules", {}, body)


def _networking(
    group: str, index: int, targets: list[str], place: dict[str, Any]
) -> Iterator[Record]:
    """Yield a private endpoint, its interface and its zone group for each sub-resource in use."""
    network = f"{group}/providers/Microsoft.Network"
    number, first = divmod(index, _WORKSPACES_PER_NETWORK)
    subnet = f"{above.vnet_id(number)}/subnets/endpoints"
    if first == 0:
        guard = f"{network}/networkSecurityGroups/nsg-{index}"
        body = {"addressPrefix": "10.0.0.0/24", "networkSecurityGroup": {"id": guard}}
        subnets = {"subnets": [{"id": subnet, "name": "endpoints", "properties": body}]}
        kind = "Microsoft.Network/virtualNetworks"
        yield "virtualNetworks", _record(above.vnet_id(number), kind, place, subnets)
        kind = "Microsoft.Network/networkSecurityGroups"
        yield "networkSecurityGroups", _record(guard, kind, place, {"securityRules": []})
    workspace, storage, vault, registry, _ = targets
    linked = {
        "amlworkspace": workspace,
        "blob": storage,
        "file": storage,
        "vault": vault,
        "registry": registry,
    }
    for service, target in linked.items():
        yield from _endpoint(network, service, target, (subnet, place))


def _endpoint(
    network: str, service: str, target: str, where: tuple[str, dict[str, Any]]
) -> Iterator[Record]:
    subnet, place = where
    endpoint = f"{network}/privateEndpoints/pe-{service}"
    connection = {
        "privateLinkServiceId": target,
        "groupIds": [service],
        "privateLinkServiceConnectionState": {"status": "Approved"},
    }
    properties = {
        "subnet": {"id": subnet},
        "privateLinkServiceConnections": [{"properties": connection}],
    }
    kind = "Microsoft.Network/privateEndpoints"
    yield "privateEndpoints", _record(endpoint, kind, place, properties)
    zones = [
        {"name": zone, "properties": {"privateDnsZoneId": above.zone_id(zone)}}
        for zone in above.ZONES[service]
    ]
    group = f"{endpoint}/privateDnsZoneGroups/default"
    body = {"privateDnsZoneConfigs": zones}
    yield "privateDnsZoneGroups", _record(group, f"{kind}/privateDnsZoneGroups", {}, body)
    interface = f"{network}/networkInterfaces/nic-{service}"
    addresses = {"ipConfigurations": [{"name": "a", "properties": {"subnet": {"id": subnet}}}]}
    kind = "Microsoft.Network/networkInterfaces"
    yield "networkInterfaces", _record(interface, kind, place, addresses)


def _identity(group: str, index: int) -> str:
    return f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-{index}"


def _access(group: str, index: int, targets: list[str], place: dict[str, Any]) -> Iterator[Record]:
    """Yield the workspace's identity with its three roles, and who works in the workspace."""
    workspace, storage, vault, registry, _ = targets
    identity = _identity(group, index)
    kind = "Microsoft.ManagedIdentity/userAssignedIdentities"
    yield "userAssignedIdentities", _record(identity, kind, place, {"principalId": f"mi-{index}"})
    itself = (f"mi-{index}", "ServicePrincipal")
    own = {
        storage: above.BLOB_CONTRIBUTOR,
        vault: above.VAULT_SECRETS_USER,
        registry: above.ACR_PULL,
    }
    for scope, role in own.items():
        yield above.assignment(scope, f"{index:08d}-{role[:8]}", role, itself)
    team = index if _right(index, 14) else index // 3
    admins, scientists = (f"admins-{team}", "Group"), (f"scientists-{team}", "Group")
    work = above.SCIENTIST if index % 3 == 0 else above.READER
    yield above.assignment(workspace, f"{index:08d}-admins", above.ADMIN, admins)
    yield above.assignment(workspace, f"{index:08d}-scientists", work, scientists)
    if not _right(index, 15):
        somebody = (f"user-{index}", "User")
        yield above.assignment(group, f"{index:08d}-owner", above.OWNER, somebody)
    if not _right(index, 16):
        yield above.exemption(workspace)


def _dependents(group: str, index: int) -> list[tuple[str, str, str, dict[str, Any]]]:
    closed = {
        "publicNetworkAccess": "Disabled" if _right(index, 1) else "Enabled",
    }
    storage = {
        "allowSharedKeyAccess": not _right(index, 2),
        "allowBlobPublicAccess": False,
        "minimumTlsVersion": "TLS1_2",
    }
    vault = {
        "enableRbacAuthorization": _right(index, 3),
        "enablePurgeProtection": True,
        "enableSoftDelete": True,
    }
    services = {"st": ("blob", "file"), "kv": ("vault",), "cr": ("registry",), "ai": ()}
    kinds: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
        ("storageAccounts", "Microsoft.Storage/storageAccounts", f"st{index}", storage),
        ("keyVaults", "Microsoft.KeyVault/vaults", f"kv{index}", vault),
        ("containerRegistries", "Microsoft.ContainerRegistry/registries", f"cr{index}", {}),
        ("applicationInsights", "Microsoft.Insights/components", f"ai{index}", {}),
    )
    return [
        (
            table,
            kind,
            f"{group}/providers/{kind}/{name}",
            closed | own | {"privateEndpointConnections": _connections(group, services[name[:2]])},
        )
        for table, kind, name, own in kinds
    ]


def _connections(group: str, services: tuple[str, ...]) -> list[dict[str, Any]]:
    return [_connection(group, service) for service in services]


def _connection(group: str, name: str) -> dict[str, Any]:
    endpoint = f"{group}/providers/Microsoft.Network/privateEndpoints/pe-{name}"
    return {
        "name": name,
        "properties": {
            "privateEndpoint": {"id": endpoint},
            "privateLinkServiceConnectionState": {"status": "Approved"},
        },
    }


def _workspace_properties(index: int, group: str, ids: list[str]) -> dict[str, Any]:
    storage, vault, registry, insights = ids
    return {
        "storageAccount": storage,
        "keyVault": vault,
        "containerRegistry": registry,
        "applicationInsights": insights,
        "primaryUserAssignedIdentity": _identity(group, index) if _right(index, 4) else None,
        "publicNetworkAccess": "Disabled" if _right(index, 5) else "Enabled",
        "allowPublicAccessWhenBehindVnet": False,
        "privateEndpointConnections": _connections(
            group, ("amlworkspace",) if _right(index, 5) else ()
        ),
        "managedNetwork": {
            "isolationMode": "AllowOnlyApprovedOutbound" if _right(index, 6) else "Disabled"
        },
        "hbiWorkspace": True,
        "encryption": {"status": "Enabled"},
        "imageBuildCompute": "c2",
        "systemDatastoresAuthMode": "Identity" if _right(index, 7) else "AccessKey",
    }


def _compute(index: int, number: int) -> dict[str, Any]:
    common: dict[str, Any] = {
        "vmSize": _SIZES[number % 3] if _right(index, 8 + number) else _RETIRED,
        "enableNodePublicIp": not _right(index, 9 + number),
    }
    if number == 0:
        return {
            "computeType": "ComputeInstance",
            "disableLocalAuth": True,
            "properties": common | _instance(index),
        }
    scale = {
        "minNodeCount": 0 if _right(index, 10 + number) else 1,
        "maxNodeCount": 4,
        "nodeIdleTimeBeforeScaleDown": "PT5M",
    }
    cluster = {
        "vmPriority": "Dedicated",
        "scaleSettings": scale,
        "remoteLoginPortPublicAccess": "Disabled",
    }
    return {
        "computeType": "AmlCompute",
        "disableLocalAuth": _right(index, 11 + number),
        "properties": common | cluster,
    }


def _instance(index: int) -> dict[str, Any]:
    return {
        "applicationSharingPolicy": "Personal",
        "enableRootAccess": False,
        "personalComputeInstanceSettings": {
            "assignedUser": {"objectId": f"user-{index}", "tenantId": "t"}
        },
        "setupScripts": {
            "scripts": {"creationScript": {"scriptSource": "inline", "scriptData": "ZWNobw=="}}
        },
        "sshSettings": {"sshPublicAccess": "Disabled"},
        "osImageMetadata": {"isLatestOsImageVersion": True},
        "idleTimeBeforeShutdown": "PT30M" if _right(index, 12) else None,
    }


def _datastore(index: int, number: int) -> dict[str, Any]:
    credentials = {"credentialsType": "None" if _right(index, 13 + number) else "AccountKey"}
    return {
        "datastoreType": "AzureBlob",
        "accountName": f"st{index}",
        "containerName": f"data{number}",
        "credentials": credentials,
    }
