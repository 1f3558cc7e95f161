"""Small estates made from raw records, for tests of the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scanner.config import load_config
from scanner.inventory.build import build
from scanner.inventory.estate import Estate
from scanner.inventory.kinds import TABLE_KINDS
from scanner.snapshot.manifest import Gap, Manifest, Table
from scanner.snapshot.tables import TABLE_OF_TYPE, TABLES

if TYPE_CHECKING:
    from collections.abc import Collection

    from scanner.config import Config
    from scanner.inventory.fields import Resource

SUBSCRIPTION = "/subscriptions/11111111-0000-0000-0000-000000000001"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg-ml"
WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/ws1"
STORAGE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/st1"
TIME = "2026-11-01T00:00:00Z"


def workspace(arm_id: str = WORKSPACE, **properties: Any) -> dict[str, Any]:
    return {
        "id": arm_id,
        "name": arm_id.rpartition("/")[2],
        "type": "Microsoft.MachineLearningServices/workspaces",
        "location": "westeurope",
        "properties": properties,
    }


def compute(name: str, compute_type: str = "AmlCompute", **inner: Any) -> dict[str, Any]:
    return {
        "id": f"{WORKSPACE}/computes/{name}",
        "name": name,
        "type": "Microsoft.MachineLearningServices/workspaces/computes",
        "location": "westeurope",
        "properties": {"computeType": compute_type, "properties": inner},
    }


def storage(arm_id: str = STORAGE, **properties: Any) -> dict[str, Any]:
    return {
        "id": arm_id,
        "name": arm_id.rpartition("/")[2],
        "type": "Microsoft.Storage/storageAccounts",
        "location": "westeurope",
        "properties": properties,
    }


def estate(
    *records: dict[str, Any], unread: Collection[str] = (), config: Config | None = None
) -> Estate:
    """Return the estate of some records, all tables complete but those named in `unread`."""
    resources: dict[str, list[Resource]] = {}
    rows = {name: 0 for name in TABLES if name not in unread}
    for raw in records:
        table = TABLE_OF_TYPE[raw["type"].lower()]
        if table in unread:
            continue
        for cls in TABLE_KINDS[table]:
            for resource in build(cls, raw, rows[table]):
                resources.setdefault(resource.KIND, []).append(resource)
        rows[table] += 1
    manifest = Manifest(
        tool_version="0",
        started=TIME,
        finished=TIME,
        scopes_asked=("/",),
        scopes_read=("/",),
        tables={name: Table(number, 0, "") for name, number in rows.items()},
        gaps=tuple(Gap(name, "/", "GET", 403) for name in sorted(unread)),
    )
    return Estate(resources, manifest, config or load_config(None))
