"""What `parse` functions make of the shapes that Azure sends one fact in.

A value of a shape that Azure does not document is handed back as it is: converting it then
fails, which makes the field UNREAD. None of these functions raises.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from scanner import armid
from scanner.inventory.texts import shared
from scanner.snapshot.redact import MARK, is_redacted

Parse = Callable[[Any], Any]


_IDENTITY_TYPES: Final = {
    "none": "None",
    "systemassigned": "SystemAssigned",
    "userassigned": "UserAssigned",
}
_GROUP: Final = re.compile(r"/subscriptions/[^/]+/resourcegroups/[^/]+(?=/)", re.IGNORECASE)
_DOCKER_HUB: Final = "docker.io"
_CONNECTION_LISTS: Final = (
    ("privateLinkServiceConnections", False),
    ("manualPrivateLinkServiceConnections", True),
)


def region(value: Any) -> Any:
    """Return a region's name: `West Europe` and `westeurope` are the same place."""
    return shared(value.replace(" ", "").lower()) if isinstance(value, str) else value


def tags(value: Any) -> Any:
    """Return tags as text; a tag without a value is as good as none, a redacted one is shown."""
    if not isinstance(value, dict):
        return value
    return {
        name: shared(_text(tag)) for name, tag in value.items() if tag is not None and tag != ""
    }


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    if is_redacted(value):
        return MARK
    return str(value) if isinstance(value, int | float) else value


def present(value: Any) -> bool:
    """Tell that a value is there, redacted or not; an empty map or list is not one."""
    return value not in ({}, [])


def keys(value: Any) -> Any:
    """Return the keys of a JSON map as a list."""
    return list(value) if isinstance(value, dict) else value


def named(value: Any) -> Any:
    """Turn a JSON map of objects into a list of them, each with its key as `name`."""
    if not isinstance(value, dict):
        return value
    return [
        {**item, "name": name} if isinstance(item, dict) else item for name, item in value.items()
    ]


def collect(path: str) -> Parse:
    """Return a parser that takes one value from each object of a list, where it has it."""
    steps = path.split(".")

    def parse(items: Any) -> Any:
        if not isinstance(items, list):
            return items
        found = (_at(item, steps) for item in items)
        return [value for value in found if value is not None and value != ""]

    return parse


def _at(value: Any, steps: list[str]) -> Any:
    """Follow steps into objects; what is no object stays, for the conversion to judge."""
    for step in steps:
        if not isinstance(value, dict):
            return value
        value = value.get(step)
    return value


def one_and_many(singular: str, plural: str) -> Parse:
    """Return a parser that joins a property and its plural, both of which Azure may send."""

    def parse(body: Any) -> Any:
        if not isinstance(body, dict):
            return body
        many = body.get(plural) or []
        if not isinstance(many, list):
            return many
        one = body.get(singular)
        return ([] if one is None or one == "" else [one]) + many

    return parse


def arm_id_of(arm_type: str) -> Parse:
    """Return a parser that keeps an ARM id of the given type and drops any other reference."""
    wanted = arm_type.lower()

    def parse(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        fits = armid.is_arm_id(value) and armid.parse(value).type.lower() == wanted
        return value if fits else None

    return parse


def before(segment: str) -> Parse:
    """Return a parser that cuts an ARM id before a child segment; other ids are dropped."""
    mark = f"/{segment.lower()}/"

    def parse(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        end = value.lower().find(mark)
        return value[:end] if end > 0 else None

    return parse


_of_interface = before("ipConfigurations")


def workspace_of(arm_id: Any) -> Any:
    """Return the id of the workspace that a resource at any depth of it belongs to."""
    if not isinstance(arm_id, str):
        return arm_id
    parts = arm_id.split("/")
    lowered = [part.lower() for part in parts]
    if "workspaces" not in lowered:
        return None
    return "/".join(parts[: lowered.index("workspaces") + 2])


def resource_group_of(arm_id: Any) -> Any:
    """Return the id of the resource group in an ARM id; one string for all of a group."""
    if not isinstance(arm_id, str):
        return arm_id
    found = _GROUP.match(arm_id)
    return shared(found[0]) if found else None


def subscription_of(arm_id: Any) -> Any:
    """Return the lower-cased subscription id (a GUID) in an ARM id."""
    if not isinstance(arm_id, str):
        return arm_id
    return shared(armid.place(arm_id)[0].lower()) or None


def last_segment(arm_id: Any) -> Any:
    """Return the last part of an ARM id in lower case: ids of role definitions differ before it."""
    if not isinstance(arm_id, str):
        return arm_id
    return shared(arm_id.rstrip("/").rpartition("/")[2].lower())


def identity_type(value: Any) -> Any:
    """Return the documented spelling of an identity's type, in one order and without spaces."""
    if not isinstance(value, str):
        return value
    kinds = {kind.strip() for kind in value.split(",")} - {""}
    return shared(",".join(sorted(_IDENTITY_TYPES.get(kind.lower(), kind) for kind in kinds)))


def has_identity(kind: str) -> Parse:
    """Return a parser that tells whether an identity's type includes a kind of identity."""

    def parse(value: Any) -> Any:
        spelled = identity_type(value)
        return kind in spelled.split(",") if isinstance(spelled, str) else value

    return parse


def ip_rules(value: Any) -> Any:
    """Return IP rules as objects; some services list plain addresses."""
    if not isinstance(value, list):
        return value
    return [{"value": item} if isinstance(item, str) else item for item in value]


def destination(value: Any) -> Any:
    """Return an outbound rule's destination as an object; that of an FQDN rule is a string."""
    return {"fqdn": value} if isinstance(value, str) else value


def image_registry(reference: Any) -> Any:
    """Return the registry host of a container image reference, as Docker resolves it."""
    if not isinstance(reference, str):
        return reference
    first, slash, _ = reference.partition("/")
    is_host = slash and ("." in first or ":" in first or first == "localhost")
    return first.lower() if is_host else _DOCKER_HUB


def unless_redacted(value: Any) -> Any:
    """Return a text, or `$redacted` where it held a secret: it is there, but not known."""
    return MARK if is_redacted(value) else value


def private_link_connections(body: Any) -> Any:
    """Return a private endpoint's connections of both lists, each saying if it is `manual`."""
    if not isinstance(body, dict):
        return body
    joined: list[Any] = []
    for name, manual in _CONNECTION_LISTS:
        items = body.get(name) or []
        if not isinstance(items, list):
            return items
        joined += [{**item, "manual": manual} if isinstance(item, dict) else item for item in items]
    return joined


def private_link_targets(body: Any) -> Any:
    """Return the ARM ids that a private endpoint leads to."""
    return collect("properties.privateLinkServiceId")(private_link_connections(body))


def zone_names(items: Any) -> Any:
    """Return the names of the zones that a private DNS zone group names by id."""
    found = collect("properties.privateDnsZoneId")(items)
    return [last_segment(zone) for zone in found] if isinstance(found, list) else found


def balanced_interfaces(body: Any) -> Any:
    """Return the ARM ids of the interfaces that a load balancer leads to, each once."""
    if not isinstance(body, dict):
        return body
    pools = collect("properties.backendIPConfigurations")(body.get("backendAddressPools") or [])
    found = collect("properties.backendIPConfiguration.id")(body.get("inboundNatRules") or [])
    if not isinstance(pools, list) or not isinstance(found, list):
        return body
    for pool in pools:
        members = collect("id")(pool)
        if not isinstance(members, list):
            return body
        found = found + members
    if not all(isinstance(arm_id, str) for arm_id in found):
        return body
    interfaces = (_of_interface(arm_id) for arm_id in found)
    return list(dict.fromkeys(arm_id for arm_id in interfaces if arm_id is not None))


def management_groups(chain: Any) -> Any:
    """Return the ARM ids of the management groups that Resource Graph names in a chain."""
    found = collect("name")(chain)
    if not isinstance(found, list):
        return found
    return [f"/providers/Microsoft.Management/managementGroups/{name}" for name in found]
