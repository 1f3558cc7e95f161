"""Measures what working out access costs, at growing numbers of workspaces and role assignments.

    python -m tests.benchmarks.access [WORKSPACES …]

Every workspace comes with 40 role assignments: 200,000 over 5,000 workspaces. Each size runs in a
process of its own, so that its peak memory is its own. What counts are ratios within one run: the
cost per assignment must stay flat.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.benchmarks.run import FLAT, header, measured

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZES: Final = (500, 5_000)
PER_WORKSPACE: Final = 40
_WORKSPACES_PER_SUBSCRIPTION: Final = 50
_ABOVE: Final = 20
"""Assignments at the management group, and at each subscription."""
_CUSTOM_ROLES: Final = 200
_PEOPLE: Final = 20_000
_AUTH: Final = "Microsoft.Authorization"
_ML: Final = "Microsoft.MachineLearningServices"
_TOP: Final = "/providers/Microsoft.Management/managementGroups/mg"
_ENVIRONMENTS: Final = ("dev", "qa", "prod")
_KINDS: Final = ("Group", "User", "ServicePrincipal")
_ROLES: Final = (
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "f6c7c914-8db3-469d-8ca1-694a8f32e121",
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    *(f"c0000000-0000-0000-0000-{number:012d}" for number in range(_CUSTOM_ROLES)),
)
_FACTS: Final = {
    "workspace": (
        "access",
        "activeAccess",
        "personaExcess",
        "personaLack",
        "personaRoles",
        "sharedGroups",
        "identityAccess",
        "productionDataAccess",
    ),
    "storageAccount": ("access",),
    "subscription": ("access",),
    "roleAssignment": ("roleName", "personas", "can"),
}

Record = tuple[str, dict[str, Any]]


def records(workspaces: int) -> Iterator[Record]:
    """Yield an estate of workspaces with exactly 40 role assignments for each."""
    for number, guid in enumerate(_ROLES[-_CUSTOM_ROLES:]):
        yield "roleDefinitions", _role(number, guid)
    subscriptions = -(-workspaces // _WORKSPACES_PER_SUBSCRIPTION)
    left = workspaces * PER_WORKSPACE - _ABOVE * (subscriptions + 1)
    for number in range(_ABOVE):
        yield _assignment(_TOP, f"m{number}", number, f"p-top-{number}")
    for index in range(workspaces):
        number, first = divmod(index, _WORKSPACES_PER_SUBSCRIPTION)
        subscription = f"/subscriptions/00000000-0000-0000-0000-{number:012d}"
        if first == 0:
            yield from _subscription(subscription)
        own = left // workspaces + (index < left % workspaces)
        yield from _workspace(subscription, index, own)


def _role(number: int, guid: str) -> dict[str, Any]:
    actions = [f"{_ML}/workspaces/*/read", f"{_ML}/workspaces/jobs/*", f"Microsoft.X/{number}/*"]
    permission = {"actions": actions, "notActions": [f"{_ML}/workspaces/*/delete"]}
    properties = {"roleName": f"role {number}", "type": "CustomRole", "permissions": [permission]}
    return _record(f"/providers/{_AUTH}/roleDefinitions/{guid}", properties)


def _subscription(arm_id: str) -> Iterator[Record]:
    properties = {"managementGroupAncestorsChain": [{"name": "mg"}]}
    yield "subscriptions", _record(arm_id, properties, kind="Microsoft.Resources/subscriptions")
    for number in range(_ABOVE):
        yield _assignment(arm_id, f"s{number}", number, f"p-{arm_id[-6:]}-{number}")


def _workspace(subscription: str, index: int, assignments: int) -> Iterator[Record]:
    group = f"{subscription}/resourceGroups/rg-{index}"
    storage = f"{group}/providers/Microsoft.Storage/storageAccounts/st{index}"
    workspace = f"{group}/providers/{_ML}/workspaces/ws-{index}"
    tags = {"environment": _ENVIRONMENTS[index % 3], "project": f"p{index // 3}"}
    identity = {"type": "SystemAssigned", "principalId": f"mi-{index}"}
    yield "storageAccounts", _record(storage, {}, tags=tags)
    body = {"storageAccount": storage}
    yield "workspaces", _record(workspace, body, tags=tags, identity=identity)
    for number in range(assignments):
        scope = (group, workspace, storage, workspace)[number % 4]
        who = f"p-{(index * 7 + number) % _PEOPLE}"
        yield _assignment(scope, f"{index}-{number}", index + number, who)


def _assignment(scope: str, name: str, number: int, principal: str) -> Record:
    role = f"/providers/{_AUTH}/roleDefinitions/{_ROLES[number % len(_ROLES)]}"
    who = {"principalId": principal, "principalType": _KINDS[number % len(_KINDS)]}
    properties = {"roleDefinitionId": role, "scope": scope, **who}
    arm_id = f"{scope}/providers/{_AUTH}/roleAssignments/{name}"
    return "roleAssignments", _record(arm_id, properties)


def _record(arm_id: str, properties: dict[str, Any], kind: str = "", **top: Any) -> dict[str, Any]:
    parts = arm_id.rsplit("/providers/", 1)[-1].split("/")
    own = kind or f"{parts[0]}/{parts[1]}"
    return {"id": arm_id, "name": parts[-1], "type": own, "properties": properties, **top}


def main(arguments: list[str]) -> int:
    """Run every size and print the table; return 1 where the cost per assignment is not flat."""
    sizes = tuple(map(int, arguments)) or SIZES
    rows = [measured("tests.benchmarks.access", size) for size in sizes]
    print(f"{'workspaces':>10} {'assignments':>11} {'load s':>8} {'access s':>8} {'peak MB':>8}")
    for row in rows:
        print(
            f"{row['workspaces']:>10} {row['assignments']:>11} {row['load']:>8.2f} "
            f"{row['access']:>8.2f} {row['peak'] / 1024**2:>8.0f}"
        )
    first, last = (row["access"] / row["assignments"] for row in (rows[0], rows[-1]))
    print(f"cost per assignment, last to first: {last / first:.2f} (budget {FLAT})")
    return int(last / first > FLAT)


def _config(folder: Path) -> Path:
    """Write a config whose personas go by groups, with a principals file that has their members."""
    groups = [{"id": f"p-{n}", "members": [f"u-{n}", f"v-{n}"]} for n in range(_PEOPLE)]
    (folder / "principals.json").write_text(json.dumps({"groups": groups}))
    personas = {
        "dataScientist": {"groups": [f"p-{n}" for n in range(0, _PEOPLE, 3)]},
        "devOpsEngineer": {"groups": [f"p-{n}" for n in range(1, _PEOPLE, 3)]},
    }
    path = folder / "azmlscan.yaml"
    path.write_text(json.dumps({"principals": "principals.json", "personas": personas}))
    return path


def _one(size: int) -> None:
    """Write a synthetic snapshot, load it and work out all facts about access; print the measures."""
    from scanner.config import load_config
    from scanner.inventory.derived import DERIVED
    from scanner.inventory.estate import load_estate
    from scanner.snapshot import open_snapshot, write_snapshot

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_snapshot(folder / "estate", records(size), header(), memory=32 * 1024**2)
        config = load_config(_config(folder))
        with open_snapshot(folder / "estate") as snapshot:
            started = time.process_time()
            estate = load_estate(snapshot, config)
    between = time.process_time()
    for kind, facts in _FACTS.items():
        for fact in facts:
            compute = DERIVED[kind][fact].compute
            for resource_ in estate.of_kind(kind):
                estate.fact(fact, resource_, compute)
    ended = time.process_time()
    measures = {
        "workspaces": size,
        "assignments": sum(1 for _ in estate.of_kind("roleAssignment")),
        "load": between - started,
        "access": ended - between,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }
    print(json.dumps(measures))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        _one(int(sys.argv[2]))
    else:
        sys.exit(main(sys.argv[1:]))
