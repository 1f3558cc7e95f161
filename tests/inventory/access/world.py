"""A small estate with one workspace, for tests of who can do what there."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from tests.engine.estates import estate
from tests.inventory.records import GROUP, SUB, configured, group, record, subscription, workspace

if TYPE_CHECKING:
    from scanner.inventory.estate import Estate

AUTH = "Microsoft.Authorization"
ROOT = "/"
MG = "/providers/Microsoft.Management/managementGroups/contoso"
OTHER_MG = f"{MG}-labs"
ML = "Microsoft.MachineLearningServices"
STORAGE = record("Microsoft.Storage/storageAccounts", "st")
VAULT = record("Microsoft.KeyVault/vaults", "kv", properties={"enableRbacAuthorization": True})
REGISTRY = record(
    "Microsoft.ContainerRegistry/registries", "cr", properties={"adminUserEnabled": True}
)
WORKSPACE = workspace(
    "ws",
    top={"tags": {"environment": "dev", "project": "churn"}},
    storageAccount=STORAGE["id"],
    keyVault=VAULT["id"],
    containerRegistry=REGISTRY["id"],
)
WS = WORKSPACE["id"]
AROUND = (group(), subscription(chain=("contoso", "tenant")), WORKSPACE, STORAGE, VAULT, REGISTRY)
SOMEBODY = "aaaaaaaa-0000-0000-0000-000000000001"

OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
USER_ACCESS = "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"
RBAC_ADMIN = "f58310d9-a9f6-439a-9e8d-f62e7b41a168"
DATA_SCIENTIST = "f6c7c914-8db3-469d-8ca1-694a8f32e121"
COMPUTE_OPERATOR = "e503ece1-11d0-4e8e-8e2c-7a6c3bf38815"
BLOB_OWNER = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"
BLOB_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
BLOB_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
BLOB_DELEGATOR = "db58b8e5-c6ad-4a2a-8342-4190687cbf4a"

__all__ = ["GROUP", "SUB", "configured"]


def role_guid(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def role(name: str, *actions: str, but: Any = (), data: Any = (), **block: Any) -> dict[str, Any]:
    """A custom role of one permission block."""
    return role_of(
        name,
        {"actions": list(actions), "notActions": list(but), "dataActions": list(data), **block},
    )


def role_of(name: str, *blocks: dict[str, Any], **properties: Any) -> dict[str, Any]:
    guid = role_guid(name)
    return {
        "id": f"/providers/{AUTH}/roleDefinitions/{guid}",
        "name": guid,
        "type": f"{AUTH}/roleDefinitions",
        "properties": {
            "roleName": name,
            "type": "CustomRole",
            "permissions": list(blocks),
            "assignableScopes": [MG],
            **properties,
        },
    }


def _given(table: str, scope: str, **properties: Any) -> dict[str, Any]:
    seed = f"{table} {scope} {properties}"
    name = str(uuid.uuid5(uuid.NAMESPACE_URL, seed))
    return {
        "id": f"{'' if scope == ROOT else scope}/providers/{AUTH}/{table}/{name}",
        "name": name,
        "type": f"{AUTH}/{table}",
        "properties": {"scope": scope, **properties},
    }


def _role(guid: str) -> str:
    return f"{SUB}/providers/{AUTH}/roleDefinitions/{guid}"


def given(
    scope: str, guid: str, principal: str = SOMEBODY, kind: str = "Group", **more: Any
) -> dict[str, Any]:
    """An active role assignment."""
    who = {"principalId": principal, "principalType": kind, **more}
    return _given("roleAssignments", scope, roleDefinitionId=_role(guid), **who)


def eligible(
    scope: str, guid: str, principal: str = SOMEBODY, kind: str = "User", **more: Any
) -> dict[str, Any]:
    """A role that can be activated."""
    who = {"principalId": principal, "principalType": kind, **more}
    table = "roleEligibilityScheduleInstances"
    return _given(table, scope, roleDefinitionId=_role(guid), **who)


def denied(scope: str, *actions: str, but: Any = (), **more: Any) -> dict[str, Any]:
    """A deny assignment for everybody, unless `principals` says otherwise."""
    everybody = {"id": "00000000-0000-0000-0000-000000000000", "type": "SystemDefined"}
    return {
        "id": f"{scope}/providers/{AUTH}/denyAssignments/{len(actions)}{len(scope)}",
        "name": "deny",
        "type": f"{AUTH}/denyAssignments",
        "properties": {
            "denyAssignmentName": "deny",
            "scope": scope,
            "permissions": [{"actions": list(actions), "notActions": list(but)}],
            "principals": [everybody],
            **more,
        },
    }


def world(*records: dict[str, Any], unread: Any = (), config: Any = None) -> Estate:
    """The estate with some records more; one with an id that is there already replaces it."""
    new = {one["id"].lower() for one in records}
    old = [one for one in AROUND if one["id"].lower() not in new]
    return estate(*old, *records, unread=unread, config=config)
