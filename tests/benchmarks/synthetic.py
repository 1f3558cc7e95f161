"""Synthetic estates of any size: the same shapes as real records, with values that vary."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Record = tuple[str, dict[str, Any]]
RECORDS_PER_WORKSPACE = 20
_ML = "Microsoft.MachineLearningServices/workspaces"
_ENVIRONMENTS = ("dev", "qa", "prod")
_SIZES = ("Standard_DS3_v2", "Standard_F16s_v2", "STANDARD_NC6")


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
    yield "workspaces", _record(workspace, _ML, place, _workspace_properties(index, ids))
    for number in range(6):
        properties = _compute(index, number)
        yield "computes", _record(f"{workspace}/computes/c{number}", f"{_ML}/computes", place, properties)
    for number in range(4):
        yield "datastores", _record(
            f"{workspace}/datastores/d{number}", f"{_ML}/datastores", {}, _datastore(index, number)
        )
    setting = f"{workspace}/providers/Microsoft.Insights/diagnosticSettings/central"
    logs = [{"categoryGroup": "allLogs", "enabled": index % 5 != 0}]
    yield "diagnosticSettings", _record(setting, "Microsoft.Insights/diagnosticSettings", {}, {"logs": logs})
    endpoint = f"{workspace}/onlineEndpoints/score"
    yield "onlineEndpoints", _record(
        endpoint, f"{_ML}/onlineEndpoints", place, {"authMode": "AADToken", "publicNetworkAccess": "Disabled"}
    )


def _record(arm_id: str, kind: str, place: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    name = arm_id.rpartition("/")[2]
    return {"id": arm_id, "name": name, "type": kind, **place, "properties": properties}


def _dependents(group: str, index: int) -> list[tuple[str, str, str, dict[str, Any]]]:
    closed = {"publicNetworkAccess": "Disabled" if index % 4 else "Enabled"}
    kinds = (
        ("storageAccounts", "Microsoft.Storage/storageAccounts", f"st{index}", {"allowSharedKeyAccess": False}),
        ("keyVaults", "Microsoft.KeyVault/vaults", f"kv{index}", {"enableRbacAuthorization": True}),
        ("containerRegistries", "Microsoft.ContainerRegistry/registries", f"cr{index}", {}),
        ("applicationInsights", "Microsoft.Insights/components", f"ai{index}", {}),
    )
    return [
        (table, kind, f"{group}/providers/{kind}/{name}", {**closed, **own})
        for table, kind, name, own in kinds
    ]


def _workspace_properties(index: int, ids: list[str]) -> dict[str, Any]:
    storage, vault, registry, insights = ids
    connection = {
        "name": "pe",
        "properties": {"privateLinkServiceConnectionState": {"status": "Approved"}},
    }
    return {
        "storageAccount": storage,
        "keyVault": vault,
        "containerRegistry": registry,
        "applicationInsights": insights,
        "publicNetworkAccess": "Disabled" if index % 4 else "Enabled",
        "privateEndpointConnections": [connection] if index % 4 else [],
        "managedNetwork": {"isolationMode": "AllowOnlyApprovedOutbound"} if index % 2 else None,
        "hbiWorkspace": bool(index % 2),
        "systemDatastoresAuthMode": "Identity",
    }


def _compute(index: int, number: int) -> dict[str, Any]:
    if number < 2:
        user = {"assignedUser": {"objectId": f"user-{number}", "tenantId": "t"}}
        inner: dict[str, Any] = {
            "vmSize": _SIZES[(index + number) % 3],
            "applicationSharingPolicy": "Personal",
            "personalComputeInstanceSettings": user,
            "idleTimeBeforeShutdown": "PT30M" if index % 3 else None,
        }
        return {"computeType": "ComputeInstance", "disableLocalAuth": True, "properties": inner}
    inner = {
        "vmSize": _SIZES[number % 3],
        "vmPriority": "Dedicated",
        "scaleSettings": {
            "minNodeCount": int(index % 7 == 0),
            "maxNodeCount": 4,
            "nodeIdleTimeBeforeScaleDown": "PT5M",
        },
        "remoteLoginPortPublicAccess": "Disabled",
        "enableNodePublicIp": bool(index % 2),
    }
    return {"computeType": "AmlCompute", "disableLocalAuth": bool(number % 2), "properties": inner}


def _datastore(index: int, number: int) -> dict[str, Any]:
    credentials = {"credentialsType": "None" if number else "AccountKey"}
    return {
        "datastoreType": "AzureBlob",
        "accountName": f"st{index}",
        "containerName": f"data{number}",
        "credentials": credentials,
    }
