"""Tells what an element of an export is: a record of which table, or why it is none."""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from scanner import armid
from scanner.snapshot.tables import OTHER, TABLE_OF_TYPE

_GUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_ENVELOPE: Final = frozenset(
    {
        *("changedTime", "createdTime", "etag", "extendedLocation", "id", "identity", "kind"),
        *("location", "managedBy", "name", "plan", "properties", "provisioningState"),
        *("resourceGroup", "scope", "sku", "subscriptionId", "systemData", "tags", "tenantId"),
        *("type", "zones"),
    }
)
"""What ARM and Resource Graph put beside `properties`; `az resource list` shows nothing else."""

_NEVER_NESTED: Final = frozenset({"managementGroups", "resourceGroups", "subscriptions"})
"""Tables whose records have their values at the top, in ARM too."""

_HOISTED: Final = frozenset(
    {
        "denyAssignments",
        "policyAssignments",
        "policyDefinitions",
        "policyExemptions",
        "policySetDefinitions",
        "roleAssignments",
        "roleDefinitions",
    }
)
"""Tables whose values the Azure CLI prints at the top under ARM's own names, so that they can be put
back. Elsewhere it renames some (`networkAcls` of a storage account becomes `networkRuleSet`), and a
value put back under another name would count as absent."""

_ARM_API_VERSION: Final = "2025-06-01"
_ML: Final = "microsoft.machinelearningservices/"


class Recognized(NamedTuple):
    """A record, with the id it will have and the table it belongs to."""

    table: str
    record: dict[str, Any]


class Refused(NamedTuple):
    """An element that is no record."""

    reason: str
    table: str = ""
    """The table that is short of it, "" where that cannot be told."""
    scope: str = "/"


def recognize(element: object) -> Recognized | Refused:
    """Return the record that an element of an export is, or why it cannot be one."""
    if not isinstance(element, dict):
        return Refused("not a JSON object")
    if "error" in element and "id" not in element:
        return Refused("an error that the service sent, not a resource")
    account = _account(element)
    if account is not None:
        return Recognized("subscriptions", account)
    arm_id = element.get("id")
    if not armid.is_arm_id(arm_id):
        return Refused("no ARM id", _table_of(element.get("type"), ""))
    return _with_id(element, str(arm_id))


def _with_id(element: dict[str, Any], arm_id: str) -> Recognized | Refused:
    table = _table_of(element.get("type"), arm_id)
    if table in _NEVER_NESTED or isinstance(element.get("properties"), dict):
        return Recognized(table, element)
    hoisted = element.keys() - _ENVELOPE
    if table in _HOISTED:
        return Recognized(table, _nested(element) if hoisted else element)
    if not hoisted and (_is_arm_type(element.get("type")) or "type" not in element):
        return Recognized(table, element)
    # The CLI has types of its own ("amlcompute"); what the record is about only its id says.
    return Refused(_in_cli_form(arm_id), _table_of(None, arm_id), arm_id)


def _in_cli_form(arm_id: str) -> str:
    if armid.parse(arm_id).type.lower().startswith(_ML):
        url = f"https://management.azure.com{arm_id}?api-version={_ARM_API_VERSION}"
        return (
            "in the form of `az ml`, which leaves out and renames properties;"
            f" `az rest --method get --url '{url}'` gives the ARM form,"
            " the same URL without the name the whole list"
        )
    return (
        "in the Azure CLI's own form, which renames properties; `az resource show --ids …`,"
        " `az rest` and `az graph query` give the ARM form"
    )


def _table_of(arm_type: object, arm_id: str) -> str:
    """Return the table of a type, or of the type that the id says where there is none.

    A type that is there wins over the id: connections may be called `linkedWorkspaces` in their
    id, and outbound rules have the type `workspace/outboundRules`.
    """
    if _is_arm_type(arm_type):
        name = str(arm_type).strip("/").lower().removeprefix("providers/")
        return TABLE_OF_TYPE.get(name, OTHER)
    if not arm_id:
        return ""
    return TABLE_OF_TYPE.get(armid.parse(arm_id).type.lower(), OTHER)


def _is_arm_type(value: object) -> bool:
    return isinstance(value, str) and "/" in value.strip("/")


def _nested(element: dict[str, Any]) -> dict[str, Any]:
    """Put back into `properties` what the Azure CLI prints beside it."""
    outside = {"id", "name", "type", "location", "identity", "systemData", "resourceGroup"}
    properties = {name: value for name, value in element.items() if name not in outside}
    properties.pop("properties", None)
    if "roleType" in properties:
        properties["type"] = properties.pop("roleType")
    kept = {name: value for name, value in element.items() if name in outside}
    return kept | {"properties": properties}


def _account(element: dict[str, Any]) -> dict[str, Any] | None:
    """Return an entry of `az account list` as ARM has it, None for anything else.

    `user` and `isDefault` are about the CLI's own login and are left out.
    """
    guid = element.get("id")
    if not isinstance(guid, str) or not _GUID.fullmatch(guid) or "tenantId" not in element:
        return None
    if not {"cloudName", "isDefault", "state", "homeTenantId"} & element.keys():
        return None
    rest = {k: v for k, v in element.items() if k not in {"user", "isDefault", "cloudName", "name"}}
    return rest | {
        "id": f"/subscriptions/{guid}",
        "subscriptionId": guid,
        "displayName": element.get("name"),
    }
