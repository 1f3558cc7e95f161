"""Measures time and memory of a scan at growing sizes, and compares with the budgets.

    python -m tests.benchmarks.run [SIZE …]

Each size runs in a process of its own, so that its peak memory is its own. What counts are
ratios within one run: the cost per record must stay flat.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scanner.snapshot import Manifest

ROOT = Path(__file__).parents[2]
SIZES = (10_000, 100_000)
FLAT = 1.1
"""Ten times the records may cost at most eleven times the time."""
CORE_SECONDS = 60.0
MEMORY = 3 * 1024**3
"""The budget of a scan of a million records."""


def main(arguments: list[str]) -> int:
    """Run every size and print the table; return 1 where the cost per record is not flat."""
    sizes = tuple(map(int, arguments)) or SIZES
    rows = [measured("tests.benchmarks.run", size) for size in sizes]
    print(
        f"{'records':>9} {'rows':>10} {'load s':>8} {'scan s':>8} {'µs/record':>10} {'peak MB':>8}"
    )
    for row in rows:
        print(
            f"{row['records']:>9} {row['rows']:>10} {row['load']:>8.2f} {row['scan']:>8.2f} "
            f"{_cost(row):>10.1f} {row['peak'] / 1024**2:>8.0f}"
        )
    last = rows[-1]
    ratio = _cost(last) / _cost(rows[0])
    scale = 1_000_000 / last["records"]
    seconds, memory = (last["load"] + last["scan"]) * scale, last["peak"] * scale
    print(f"cost per record, last to first: {ratio:.2f} (budget {FLAT})")
    print(
        f"a million records at this cost: {seconds:.0f} core-seconds (budget {CORE_SECONDS:.0f}), "
        f"{memory / 1024**3:.1f} GiB (budget {MEMORY / 1024**3:.0f})"
    )
    return int(ratio > FLAT)


def _cost(row: dict[str, float]) -> float:
    return (row["load"] + row["scan"]) / row["records"] * 1e6


def measured(module: str, size: int) -> dict[str, float]:
    """Run one size of a benchmark in a process of its own, and return what it prints."""
    command = [sys.executable, "-m", module, "--one", str(size)]
    output = subprocess.run(command, check=True, capture_output=True, cwd=ROOT, text=True).stdout
    found: dict[str, float] = json.loads(output)
    return found


def header() -> Manifest:
    """Return the manifest of a synthetic snapshot of which everything was read."""
    from scanner.snapshot import Manifest
    from scanner.snapshot.manifest import Table
    from scanner.snapshot.tables import TABLES

    moment = "2026-11-01T00:00:00Z"
    return Manifest(
        tool_version="0",
        scopes_read=("/",),
        started=moment,
        finished=moment,
        tables=dict.fromkeys(TABLES, Table(0, 0, "")),
    )


def _one(size: int) -> None:
    """Write a synthetic snapshot, then load and scan it; print the measures as JSON."""
    from scanner.config import load_config
    from scanner.engine.evaluate import evaluate
    from scanner.engine.packs import built_in_pack, load_packs
    from scanner.engine.parameters import Settings
    from scanner.inventory.estate import load_estate
    from scanner.snapshot import open_snapshot, write_snapshot
    from tests.benchmarks import synthetic

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "estate"
        write_snapshot(path, synthetic.records(size), header(), memory=32 * 1024**2)
        loaded = load_packs([built_in_pack()])
        config = load_config(None)
        with open_snapshot(path) as snapshot:
            started = time.process_time()
            estate = load_estate(snapshot, config)
            between = time.process_time()
            result = evaluate(loaded, Settings(config, loaded), estate)
            ended = time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    measures = {
        "records": len(estate),
        "rows": result.totals.total,
        "load": between - started,
        "scan": ended - between,
        "peak": peak,
    }
    print(json.dumps(measures))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        _one(int(sys.argv[2]))
    else:
        sys.exit(main(sys.argv[1:]))
