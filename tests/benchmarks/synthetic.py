"""Synthetic estates of any size: the shapes of real records, about one setting in twenty wrong.

How many records of each kind come with a workspace follows the Contoso fixture estate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Record = tuple[str, dict[str, Any]]
RECORDS_PER_WORKSPACE = 45
_ML = "Microsoft.MachineLearningServices/workspaces"
_ENVIRONMENTS = ("dev", "qa", "prod")
_SIZES = ("Standard_D4s_v5", "Standard_E8s_v5", "Standard_F16s_v2")
_RETIRED = "STANDARD_NC6"


def _right(index: int, number: int = 0) -> bool:
    """Tell whether a setting is right: all but one in twenty, spread over the estate."""
    return (index * 7 + number * 3) % 20 != 0


def records(number: int) -> Iterator[Record]:
    """Yield about `number` records: workspaces with what belongs to them, in many subscriptions."""
    for index in range(max(1, number // RECORDS_PER_WORKSPACE)):
        yield from _workspace(index)


def _workspace(index: int) -> Iterator[Record]:
    environment = _ENVIRONMENTS[index % 3]
    subscription = f"/subscriptions/00000000-0000-0000-0000-{index // 100:012d}"
    group = f"{subscription}/resourceGroups/rg-{index}"
    tags = {"environment": environment, "project": f"p{index // 3}", "owner": "team@example.com"}
    place = {"location": "westeurope", "tags": tags}
    workspace = f"{group}/providers/{_ML}/ws-{index}"
    if index % 100 == 0:
        name = subscription.rpartition("/")[2]
        yield (
            "subscriptions",
            {"id": subscription, "subscriptionId": name, "displayName": f"sub-{index // 100}"},
        )
    yield "resourceGroups", _record(group, "Microsoft.Resources/resourceGroups", place, {})
    dependents = _dependents(group, index)
    for table, kind, arm_id, properties in dependents:
        yield table, _record(arm_id, kind, place, properties)
    ids = [arm_id for _, _, arm_id, _ in dependents]
    yield "workspaces", _record(workspace, _ML, place, _workspace_properties(index, group, ids))
    yield from _networking(group, index, [workspace, *ids], place)
    yield from _access(subscription, group, index)
    for number in range(3):
        properties = _compute(index, number)
        identity = {"type": "UserAssigned", "userAssignedIdentities": {f"{group}/id": {}}}
        yield (
            "computes",
            _record(
                f"{workspace}/computes/c{number}",
                f"{_ML}/computes",
                place | {"identity": identity},
                properties,
            ),
        )
    for number in range(4):
        yield (
            "datastores",
            _record(
                f"{workspace}/datastores/d{number}",
                f"{_ML}/datastores",
                {},
                _datastore(index, number),
            ),
        )
    setting = f"{workspace}/providers/Microsoft.Insights/diagnosticSettings/central"
    logs = [{"categoryGroup": "allLogs", "enabled": _right(index)}]
    yield (
        "diagnosticSettings",
        _record(setting, "Microsoft.Insights/diagnosticSettings", {}, {"logs": logs}),
    )
    endpoint = f"{workspace}/onlineEndpoints/score"
    yield (
        "onlineEndpoints",
        _record(
            endpoint,
            f"{_ML}/onlineEndpoints",
            place,
            {"authMode": "AADToken", "publicNetworkAccess": "Disabled"},
        ),
    )


def _networking(
    group: str, index: int, targets: list[str], place: dict[str, Any]
) -> Iterator[Record]:
    """Yield a private endpoint, its interface and its zone group for each target."""
    network = f"{group}/providers/Microsoft.Network"
    subnet = f"{network}/virtualNetworks/vnet-{index}/subnets/endpoints"
    guard = f"{network}/networkSecurityGroups/nsg-{index}"
    body = {"addressPrefix": "10.0.0.0/24", "networkSecurityGroup": {"id": guard}}
    subnets = {"subnets": [{"id": subnet, "name": "endpoints", "properties": body}]}
    kind = "Microsoft.Network/virtualNetworks"
    yield (
        "virtualNetworks",
        _record(f"{network}/virtualNetworks/vnet-{index}", kind, place, subnets),
    )
    kind = "Microsoft.Network/networkSecurityGroups"
    yield "networkSecurityGroups", _record(guard, kind, place, {"securityRules": []})
    for number, target in enumerate(targets):
        endpoint = f"{network}/privateEndpoints/pe-{number}"
        state = {"status": "Approved"}
        connection = {
            "privateLinkServiceId": target,
            "groupIds": ["g"],
            "privateLinkServiceConnectionState": state,
        }
        properties = {
            "subnet": {"id": subnet},
            "privateLinkServiceConnections": [{"properties": connection}],
        }
        kind = "Microsoft.Network/privateEndpoints"
        yield "privateEndpoints", _record(endpoint, kind, place, properties)
        zone = f"{endpoint}/privateDnsZoneGroups/default"
        yield "privateDnsZoneGroups", _record(zone, f"{kind}/privateDnsZoneGroups", {}, {})
        kind = "Microsoft.Network/networkInterfaces"
        interface = f"{network}/networkInterfaces/nic-{number}"
        addresses = {"ipConfigurations": [{"name": "a", "properties": {"subnet": {"id": subnet}}}]}
        yield "networkInterfaces", _record(interface, kind, place, addresses)


def _access(subscription: str, group: str, index: int) -> Iterator[Record]:
    kind = "Microsoft.Authorization/roleAssignments"
    for number in range(6):
        name = f"{group}/providers/{kind}/{index:08d}-{number}"
        definition = (
            f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/role-{number}"
        )
        properties = {
            "roleDefinitionId": definition,
            "principalId": f"group-{index % 50}-{number}",
            "principalType": "Group",
            "scope": group,
        }
        yield "roleAssignments", _record(name, kind, {}, properties)


def _record(
    arm_id: str, kind: str, place: dict[str, Any], properties: dict[str, Any]
) -> dict[str, Any]:
    name = arm_id.rpartition("/")[2]
    return {"id": arm_id, "name": name, "type": kind, **place, "properties": properties}


def _dependents(group: str, index: int) -> list[tuple[str, str, str, dict[str, Any]]]:
    closed = {
        "publicNetworkAccess": "Disabled" if _right(index, 1) else "Enabled",
        "privateEndpointConnections": [_connection(group, kind) for kind in ("blob", "file")],
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
    kinds: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
        ("storageAccounts", "Microsoft.Storage/storageAccounts", f"st{index}", storage),
        ("keyVaults", "Microsoft.KeyVault/vaults", f"kv{index}", vault),
        ("containerRegistries", "Microsoft.ContainerRegistry/registries", f"cr{index}", {}),
        ("applicationInsights", "Microsoft.Insights/components", f"ai{index}", {}),
    )
    return [
        (table, kind, f"{group}/providers/{kind}/{name}", {**closed, **own})
        for table, kind, name, own in kinds
    ]


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
    identity = f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-{index}"
    return {
        "storageAccount": storage,
        "keyVault": vault,
        "containerRegistry": registry,
        "applicationInsights": insights,
        "primaryUserAssignedIdentity": identity if _right(index, 4) else None,
        "publicNetworkAccess": "Disabled" if _right(index, 5) else "Enabled",
        "allowPublicAccessWhenBehindVnet": False,
        "privateEndpointConnections": [_connection(group, "ws")] if _right(index, 5) else [],
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
