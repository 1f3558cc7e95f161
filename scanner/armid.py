"""Azure Resource Manager ids: taking them apart and comparing them the way Azure does.

Azure compares ids without regard to case and sends them in several spellings
(`resourcegroups`, `Microsoft.Keyvault`), so every key in this project is `key(id)`,
while what is shown is the id as Azure wrote it.
"""

from __future__ import annotations

from typing import NamedTuple


class ArmId(NamedTuple):
    """The parts of a resource id; a part that the id does not have is an empty string."""

    subscription_id: str
    resource_group: str
    type: str
    name: str


def key(resource_id: str) -> str:
    """Return the id as a key for comparing: lower case, without trailing slash."""
    return resource_id.rstrip("/").lower()


def is_arm_id(value: object) -> bool:
    """Tell whether a value looks like an ARM id: a rooted path with at least one type/name pair."""
    return isinstance(value, str) and value.startswith("/") and value.count("/") > 1


def place(resource_id: str) -> tuple[str, str]:
    """Return the subscription id and the resource group in an id, "" for what it does not have."""
    parts = resource_id.strip("/").split("/", 4)
    if len(parts) == 1 or parts[0].lower() != "subscriptions":
        return "", ""
    has_group = bool(parts[1]) and parts[2:3] != [] and parts[2].lower() == "resourcegroups"
    return parts[1], parts[3] if has_group and parts[3:] else ""


def parse(resource_id: str) -> ArmId:
    """Split a resource id into subscription, group, full type and name.

    The type joins the last provider's namespace with every type segment after it, so that
    an extension resource (a diagnostic setting, a role assignment) has its own type and not
    that of what it extends.
    """
    parts = resource_id.strip("/").split("/")
    lowered = resource_id.lower().strip("/").split("/")
    subscription, group = place(resource_id)
    if "providers" in lowered:
        start = len(lowered) - 1 - lowered[::-1].index("providers")
        namespace = parts[start + 1 : start + 2]
        types = parts[start + 2 :: 2]
        return ArmId(subscription, group, "/".join(namespace + types), parts[-1])
    if group:
        return ArmId(subscription, group, "Microsoft.Resources/resourceGroups", group)
    if subscription:
        return ArmId(subscription, "", "Microsoft.Resources/subscriptions", subscription)
    return ArmId("", "", "", parts[-1] if parts else "")


def parent(resource_id: str) -> str:
    """Return the id of the resource that holds this child resource, "" for a top-level one."""
    parts = resource_id.rstrip("/").split("/")
    lowered = resource_id.lower().rstrip("/").split("/")
    if "providers" not in lowered:
        return ""
    start = len(lowered) - 1 - lowered[::-1].index("providers")
    namespace_type_name = start + 4
    return "/".join(parts[:-2]) if len(parts) > namespace_type_name else ""


def ancestors(resource_id: str) -> list[str]:
    """Return the keys of the id itself and of every scope above it, nearest first, "/" last."""
    parts = key(resource_id).split("/")
    return ["/".join(parts[:end]) or "/" for end in range(len(parts), 0, -1)]
