"""What stands above the workspaces of a synthetic estate: groups, roles, policies, DNS, logs.

It is what an estate that follows the rules has, so that most verdicts are a pass and what is
wrong is wrong in the workspaces. All of it is read completely: every table is in the manifest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Record = tuple[str, dict[str, Any]]
_AUTHORIZATION = "Microsoft.Authorization"
_GROUPS = "/providers/Microsoft.Management/managementGroups"
_ROOT, _LANDING_ZONES = "tenant-root", "landing-zones"
_ABOVE = f"{_GROUPS}/{_LANDING_ZONES}"
_SHARED = "/subscriptions/ffffffff-0000-0000-0000-000000000000/resourceGroups/rg-shared"
LOGS = f"{_SHARED}/providers/Microsoft.OperationalInsights/workspaces/log-central"

ADMIN = "00000000-0000-0000-0001-000000000001"
SCIENTIST = "00000000-0000-0000-0001-000000000002"
"""Custom roles of the estate."""
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
BLOB_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
ACR_PULL = "7f951dda-4ed3-4680-a7ca-43fe172d538d"
VAULT_SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"
_ML = "Microsoft.MachineLearningServices/workspaces"
_ACTIONS = {
    ADMIN: (
        [f"{_ML}/*/read", f"{_ML}/read", f"{_ML}/computes/*"],
        [f"{_ML}/computes/listKeys/action"],
    ),
    SCIENTIST: (
        [f"{_ML}/*/read", f"{_ML}/*/action", f"{_ML}/*/write", f"{_ML}/read"],
        [f"{_ML}/delete", f"{_ML}/write", f"{_ML}/computes/*/write", f"{_ML}/listKeys/action"],
    ),
}

_REGISTRIES = "5853517a-63de-11ea-bc55-0242ac130003"
_IMAGES = ("mcr.microsoft.com", "images.example.azurecr.io")
_BUILT_IN = (
    "45e05259-1eb5-4f70-9574-baf73e9d219b",
    "5f0c7d88-c7de-45b8-ac49-db49e72eaa78",
    _REGISTRIES,
    "7838fd83-5cbb-4b5d-888c-bfa240972597",
    "a6f9a2d0-cff7-4855-83ad-4cd750666512",
)
_CUSTOM = (
    "Append-MachineLearningCompute-SetupScriptsCreationScript",
    "Deny-MachineLearning-HbiWorkspace",
    "Deny-MachineLearning-PublicAccessWhenBehindVnet",
    "Deny-MachineLearning-Aks",
    "Deny-MachineLearningCompute-SubnetId",
    "Deny-MachineLearningCompute-VmSize",
    "Deny-MachineLearningComputeCluster-RemoteLoginPortPublicAccess",
    "Deny-MachineLearningComputeCluster-Scale",
)
ZONES = {
    "amlworkspace": ("privatelink.api.azureml.ms", "privatelink.notebooks.azure.net"),
    "blob": ("privatelink.blob.core.windows.net",),
    "file": ("privatelink.file.core.windows.net",),
    "vault": ("privatelink.vaultcore.azure.net",),
    "registry": ("privatelink.azurecr.io",),
}
"""Sub-resource of a private endpoint to the zones that resolve it."""


def record(
    arm_id: str, kind: str, place: dict[str, Any], properties: dict[str, Any]
) -> dict[str, Any]:
    """Return a record as Azure has it."""
    name = arm_id.rpartition("/")[2]
    return {"id": arm_id, "name": name, "type": kind, **place, "properties": properties}


def landing_zone(vnets: int) -> Iterator[Record]:
    """Yield what all workspaces share, with its DNS zones linked to so many virtual networks."""
    yield from _management_groups()
    yield from _roles()
    yield from _policies()
    kind = "Microsoft.OperationalInsights/workspaces"
    yield "logAnalyticsWorkspaces", record(LOGS, kind, {"location": "westeurope"}, {})
    kind = "Microsoft.Network/privateDnsZones"
    for zone in (zone for zones in ZONES.values() for zone in zones):
        yield "privateDnsZones", record(zone_id(zone), kind, {"location": "global"}, {})
        for number in range(vnets):
            link = f"{zone_id(zone)}/virtualNetworkLinks/link-{number}"
            state = {
                "virtualNetwork": {"id": vnet_id(number)},
                "virtualNetworkLinkState": "Completed",
            }
            yield "virtualNetworkLinks", record(link, f"{kind}/virtualNetworkLinks", {}, state)


def subscription(arm_id: str, number: int) -> Iterator[Record]:
    """Yield a subscription below the landing zones, and who looks after it."""
    chain = [{"name": _LANDING_ZONES}, {"name": _ROOT}]
    body = {"managementGroupAncestorsChain": chain, "state": "Enabled"}
    kind = "microsoft.resources/subscriptions"
    own = {"subscriptionId": arm_id.rpartition("/")[2], "displayName": f"sub-{number}"}
    yield "subscriptions", record(arm_id, kind, own, body)
    yield assignment(arm_id, f"readers-{number}", READER, (f"readers-{number % 7}", "Group"))


def assignment(scope: str, name: str, role: str, to: tuple[str, str]) -> Record:
    """Return a role assignment at a scope, to a principal of some type."""
    arm_id = f"{scope}/providers/{_AUTHORIZATION}/roleAssignments/{name}"
    properties = {
        "roleDefinitionId": f"/providers/{_AUTHORIZATION}/roleDefinitions/{role}",
        "principalId": to[0],
        "principalType": to[1],
        "scope": scope,
    }
    return "roleAssignments", record(arm_id, f"{_AUTHORIZATION}/roleAssignments", {}, properties)


def exemption(scope: str) -> Record:
    """Return an exemption from the assignment of a built-in policy."""
    arm_id = f"{scope}/providers/{_AUTHORIZATION}/policyExemptions/accepted"
    about = f"{_ABOVE}/providers/{_AUTHORIZATION}/policyAssignments/aml-{_BUILT_IN[0][:8]}"
    properties = {"policyAssignmentId": about, "exemptionCategory": "Waiver"}
    return "policyExemptions", record(arm_id, f"{_AUTHORIZATION}/policyExemptions", {}, properties)


def vnet_id(number: int) -> str:
    """Return the id of a virtual network that workspaces have their private endpoints in."""
    return f"{_SHARED}/providers/Microsoft.Network/virtualNetworks/vnet-{number}"


def zone_id(zone: str) -> str:
    """Return the id of a private DNS zone."""
    return f"{_SHARED}/providers/Microsoft.Network/privateDnsZones/{zone}"


def _management_groups() -> Iterator[Record]:
    kind = "microsoft.management/managementgroups"
    yield "managementGroups", record(f"{_GROUPS}/{_ROOT}", kind, {}, {"details": {}})
    parent = {"parent": {"id": f"{_GROUPS}/{_ROOT}"}}
    yield "managementGroups", record(_ABOVE, kind, {}, {"details": parent})


def _roles() -> Iterator[Record]:
    kind = f"{_AUTHORIZATION}/roleDefinitions"
    for guid, (actions, but) in _ACTIONS.items():
        block = {"actions": actions, "notActions": but, "dataActions": [], "notDataActions": []}
        properties = {
            "roleName": f"ML role {guid[-1]}",
            "type": "CustomRole",
            "permissions": [block],
            "assignableScopes": [_ABOVE],
        }
        yield "roleDefinitions", record(f"/providers/{kind}/{guid}", kind, {}, properties)
    yield assignment(_ABOVE, "platform", OWNER, ("platform", "ServicePrincipal"))
    yield assignment(_ABOVE, "auditors", READER, ("auditors", "Group"))


def _policies() -> Iterator[Record]:
    definitions = f"{_ABOVE}/providers/{_AUTHORIZATION}/policyDefinitions"
    kind = f"{_AUTHORIZATION}/policyDefinitions"
    for name in _CUSTOM:
        body = {
            "policyType": "Custom",
            "parameters": {},
            "policyRule": {"then": {"effect": "Deny"}},
        }
        yield "policyDefinitions", record(f"{definitions}/{name}", kind, {}, body)
    initiative = f"{_ABOVE}/providers/{_AUTHORIZATION}/policySetDefinitions/aml"
    listed = [
        {"policyDefinitionId": f"{definitions}/{name}", "policyDefinitionReferenceId": name}
        for name in _CUSTOM
    ]
    kind = f"{_AUTHORIZATION}/policySetDefinitions"
    yield "policySetDefinitions", record(initiative, kind, {}, {"policyDefinitions": listed})
    yield _policy("aml", initiative, {})
    built_in = f"/providers/{_AUTHORIZATION}/policyDefinitions"
    for guid in _BUILT_IN:
        given = {"allowedACRs": {"value": list(_IMAGES)}} if guid == _REGISTRIES else {}
        yield _policy(f"aml-{guid[:8]}", f"{built_in}/{guid}", given)


def _policy(name: str, definition: str, parameters: dict[str, Any]) -> Record:
    kind = f"{_AUTHORIZATION}/policyAssignments"
    properties = {
        "policyDefinitionId": definition,
        "enforcementMode": "Default",
        "scope": _ABOVE,
        "parameters": parameters,
    }
    return "policyAssignments", record(f"{_ABOVE}/providers/{kind}/{name}", kind, {}, properties)
