"""Raw records and the facts of what they become, for tests of derived facts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from scanner import documents
from scanner.config import config_of
from scanner.errors import ConfigError
from scanner.inventory.derived import DERIVED
from scanner.inventory.estate import Estate
from scanner.inventory.fields import UNREAD as NOT_READ
from scanner.inventory.kinds import KINDS
from scanner.inventory.plain import plain
from scanner.snapshot.manifest import Gap

if TYPE_CHECKING:
    from scanner.config import Config

SUB = "/subscriptions/11111111-0000-0000-0000-000000000001"
OTHER_SUB = "/subscriptions/22222222-0000-0000-0000-000000000002"
GROUP = f"{SUB}/resourceGroups/rg-ml"
UNREAD = {"$unread": True}
ML = "Microsoft.MachineLearningServices"
NET = "Microsoft.Network"

Record = dict[str, Any]


def record(arm_type: str, name: str, group: Any = GROUP, **top: Any) -> Record:
    """A record of a top-level resource; what is no property of the body is given by `top`."""
    arm_id = f"{group}/providers/{arm_type}/{name}"
    return {
        "id": arm_id,
        "name": name,
        "type": arm_type,
        "location": "westeurope",
        "properties": {},
        **top,
    }


def child(parent: Record, collection: str, name: str, **top: Any) -> Record:
    return {
        "id": f"{parent['id']}/{collection}/{name}",
        "name": name,
        "type": f"{parent['type']}/{collection}",
        "location": "westeurope",
        "properties": {},
        **top,
    }


def workspace(name: str = "ws", group: str = GROUP, top: Any = None, **properties: Any) -> Record:
    return record(f"{ML}/workspaces", name, group, **{"properties": properties, **(top or {})})


def workspace_in(name: str, **top: Any) -> Record:
    """A workspace in a resource group of its own, `rg-` and its name."""
    return workspace(name, f"{SUB}/resourceGroups/rg-{name}", top=top)


def project(hub: Record, name: str = "project", **properties: Any) -> Record:
    top = {"kind": "Project"}
    return workspace(name, top=top, hubResourceId=hub["id"], **properties)


def compute(of: Record, name: str, compute_type: Any = "AmlCompute", **top: Any) -> Record:
    """A compute; `inner` has the properties of its type, `body` those of every compute."""
    body = {"computeType": compute_type, **top.pop("body", {})}
    return child(
        of, "computes", name, properties={**body, "properties": top.pop("inner", {})}, **top
    )


def group(name: str = "rg-ml", subscription: str = SUB, **top: Any) -> Record:
    return {
        "id": f"{subscription}/resourceGroups/{name}",
        "name": name,
        "type": "Microsoft.Resources/resourceGroups",
        **top,
    }


def subscription(arm_id: str = SUB, chain: Any = (), **top: Any) -> Record:
    ancestors = [{"name": name} for name in chain]
    return {
        "id": arm_id,
        "name": "a subscription",
        "type": "Microsoft.Resources/subscriptions",
        "properties": {"managementGroupAncestorsChain": ancestors},
        **top,
    }


def connection(endpoint_id: str | None, status: Any = "Approved", **properties: Any) -> Record:
    endpoint = {"id": endpoint_id} if endpoint_id else {}
    return {
        "name": "connection",
        "properties": {
            "privateEndpoint": endpoint,
            "privateLinkServiceConnectionState": {"status": status},
            **properties,
        },
    }


def endpoint(name: str, target: str, *groups: str, status: str = "Approved", **top: Any) -> Record:
    """A private endpoint; its subnet is `snet` of the network `vnet`."""
    link = {
        "privateLinkServiceId": target,
        "groupIds": list(groups),
        "privateLinkServiceConnectionState": {"status": status},
    }
    subnet = f"{GROUP}/providers/{NET}/virtualNetworks/vnet/subnets/snet"
    body = {
        "privateLinkServiceConnections": [{"name": name, "properties": link}],
        "subnet": {"id": subnet},
    }
    return record(f"{NET}/privateEndpoints", name, properties=body, **top)


def configured(**data: Any) -> Config:
    content = json.dumps(data).encode()
    return config_of(documents.parse(content, "azmlscan.yaml", error=ConfigError))


def facts(of: Estate, arm: Record, *names: str) -> Any:
    """Facts of a record's resource as JSON: one value for one name, else a list."""
    resource = of.find(arm["id"])
    assert resource is not None
    found = [plain(of.fact(name, resource, DERIVED[resource.KIND][name].compute)) for name in names]
    return found[0] if len(found) == 1 else found


def changed(of: Estate, change: Any) -> Estate:
    """The estate with each resource put through a change; what becomes None was not read."""
    resources = {
        kind: [new for old in of.of_kind(kind) if (new := change(old)) is not None]
        for kind in KINDS
    }
    return Estate(resources, of.manifest, of.config)


def blinded(value: Any, path: tuple[str, ...]) -> Any:
    """The struct with what stands at a path of attributes made UNREAD."""
    if not path:
        return NOT_READ
    if isinstance(value, tuple):
        return tuple(blinded(item, path) for item in value)
    if not isinstance(value, msgspec.Struct):
        return value
    inner = getattr(value, path[0])
    if inner is NOT_READ:
        return value
    return msgspec.structs.replace(value, **{path[0]: blinded(inner, path[1:])})


def with_gap(of: Estate, table: str, scope: str) -> Estate:
    """The estate as it is, with records of a table missing somewhere."""
    gaps = (*of.manifest.gaps, Gap(table, scope, "GET", 403))
    manifest = msgspec.structs.replace(of.manifest, gaps=gaps)
    return Estate({kind: of.of_kind(kind) for kind in KINDS}, manifest, of.config)
