"""Measures how close a collection comes to the time that the quotas alone impose.

    python tests/benchmarks/collect.py [WORKSPACES [SUBSCRIPTIONS [SPEED]]]

The emulator runs in a process of its own, with the published quotas. SPEED is how fast the clock
of the quotas runs: below 1 it runs slower than Azure's, for machines on which the emulator cannot
answer as many requests as the quotas let through. Both sides use the same clock, so that what
counts, the ratio of elapsed and imposed time, means the same at any speed.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

if TYPE_CHECKING:
    from collections.abc import Iterator

WORKSPACES, SUBSCRIPTIONS, SPEED = 2_000, 20, 0.25
BUDGET = 1.2
"""How much longer a collection may take than the quotas alone impose."""
_ML = "Microsoft.MachineLearningServices/workspaces"


def records(workspaces: int, subscriptions: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield an estate: workspaces of one compute, four datastores and an online endpoint each."""
    tenant = str(uuid5(NAMESPACE_URL, "tenant"))
    ids = [str(uuid5(NAMESPACE_URL, f"subscription-{n}")) for n in range(subscriptions)]
    for each in ids:
        yield (
            "subscriptions",
            {
                "id": f"/subscriptions/{each}",
                "name": f"sub-{each[:8]}",
                "type": "microsoft.resources/subscriptions",
                "subscriptionId": each,
                "tenantId": tenant,
                "properties": {"state": "Enabled"},
            },
        )
    for number in range(workspaces):
        group = f"/subscriptions/{ids[number % subscriptions]}/resourceGroups/rg-{number:05}"
        workspace = f"{group}/providers/{_ML}/mlw-{number:05}"
        yield "resourceGroups", _record(group, "Microsoft.Resources/resourceGroups", {})
        yield "workspaces", _record(workspace, _ML, {"publicNetworkAccess": "Disabled"})
        body = {"computeType": "AmlCompute", "properties": {"vmSize": "STANDARD_DS3_V2"}}
        yield "computes", _record(f"{workspace}/computes/cpu", f"{_ML}/computes", body)
        endpoint = f"{workspace}/onlineEndpoints/score"
        yield "onlineEndpoints", _record(endpoint, f"{_ML}/onlineEndpoints", {"authMode": "Key"})
        for name in ("blob", "file", "artifacts", "share"):
            kind = {"datastoreType": "AzureBlob", "credentials": {"credentialsType": "None"}}
            yield "datastores", _record(f"{workspace}/datastores/{name}", f"{_ML}/datastores", kind)


def _record(arm_id: str, kind: str, properties: dict[str, Any]) -> dict[str, Any]:
    name = arm_id.rpartition("/")[2]
    return {
        "id": arm_id,
        "name": name,
        "type": kind,
        "location": "westeurope",
        "properties": properties,
    }


def serve(folder: Path, workspaces: int, subscriptions: int, speed: float) -> None:
    """Run the emulator until standard input ends, then print what it was asked."""
    from fixtures.emulator import Emulator, Quotas, Settings

    settings = Settings(folder=folder, page_size=100)
    estate = records(workspaces, subscriptions)
    with Emulator(estate, quotas=Quotas(speed=speed), settings=settings) as azure:
        print(json.dumps(azure.environment), flush=True)
        sys.stdin.read()
        reads: Counter[str] = Counter()
        for entry in azure.ledger.select("/subscriptions/*", method="GET", status=200):
            reads[entry.path.split("/")[2].lower()] += 1
        queries = azure.ledger.select("/providers/microsoft.resourcegraph/*", status=200)
        told = {
            "requests": len(azure.ledger.entries),
            "most reads": max(reads.values()),
            "queries": len(queries),
            "throttled": azure.ledger.statuses()[429],
        }
        print(json.dumps(told), flush=True)


def main(workspaces: int, subscriptions: int, speed: float) -> int:
    """Collect the estate, print the measures, and return 1 where the budget is exceeded."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        arguments = [str(each) for each in (workspaces, subscriptions, speed)]
        command = [sys.executable, __file__, "--serve", name, *arguments]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as server:
            assert server.stdin is not None
            assert server.stdout is not None
            os.environ.update(json.loads(server.stdout.readline()))
            elapsed, rows, gaps = _collect(folder, speed)
            server.stdin.close()
            told = json.loads(server.stdout.readline())
    imposed = _imposed(told, speed)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{workspaces} workspaces in {subscriptions} subscriptions, quotas at {speed} x speed")
    print(f"{told['requests']} requests, {rows} records, {gaps} gaps, 429: {told['throttled']}")
    print(
        f"elapsed {elapsed:.1f} s, the quotas alone {imposed:.1f} s:"
        f" ratio {elapsed / imposed:.2f} (budget {BUDGET}), peak memory {memory:.0f} MB"
    )
    return int(elapsed / imposed > BUDGET or gaps > 0)


def _collect(folder: Path, speed: float) -> tuple[float, int, int]:
    from scanner.collect.cloud import find_cloud
    from scanner.collect.progress import PlainLines
    from scanner.collect.quota import Quotas
    from scanner.collect.run import Options, collect

    options = Options(
        output=folder / "estate.zip",
        cloud=find_cloud(str(folder / "cloud.json")),
        credential="environment",
        quotas=Quotas(window=5 / speed, refill=25 * speed),
    )
    with PlainLines(lambda text: print(text, file=sys.stderr)) as progress:
        started = time.monotonic()
        manifest = collect(options, progress, lambda: datetime.now(UTC)).manifest
        elapsed = time.monotonic() - started
    gaps = [gap for gap in manifest.gaps if gap.table != "managementGroups"]
    return elapsed, sum(table.rows for table in manifest.tables.values()), len(gaps)


def _imposed(told: dict[str, int], speed: float) -> float:
    """Return the seconds below which no client could make these requests."""
    windows = (told["queries"] - 1) // 15
    refill = max(0, told["most reads"] - 250) / 25
    return max(windows * 5, refill) / speed


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))
    else:
        given = sys.argv[1:]
        sys.exit(
            main(
                int(given[0]) if given else WORKSPACES,
                int(given[1]) if given[1:] else SUBSCRIPTIONS,
                float(given[2]) if given[2:] else SPEED,
            )
        )
