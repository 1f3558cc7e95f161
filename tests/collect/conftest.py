"""Runs of the collector against the emulator, by the SDK's own clients over HTTPS."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from fixtures.emulator import Emulator, Settings
from fixtures.emulator import Quotas as EmulatedQuotas
from fixtures.emulator.estate import Estate, load_records
from fixtures.emulator.graph_store import graph_table
from fixtures.emulator.shapes import arm_body, graph_row
from scanner import armid
from scanner.collect.cloud import find_cloud
from scanner.collect.operations import COLLECTED
from scanner.collect.quota import Quotas
from scanner.collect.retry import Patience
from scanner.collect.run import Collected, Options, collect
from scanner.snapshot import open_snapshot, redact
from scanner.snapshot.lines import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scanner.collect.quota import Pacer

ROOT = Path(__file__).resolve().parents[2]
CONTOSO = ROOT / "fixtures" / "estates" / "contoso"
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
QUICK = Patience(attempts=12, first=0.002, most=0.02)
UNLIMITED = Quotas(queries=100_000, reads=1_000_000)


@dataclass
class Told:
    """Progress that only remembers."""

    lines: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)

    def watch(self, pacer: Pacer) -> None:
        pass

    def expect(self, number: int) -> None:
        pass

    def done(self, table: str, _rows: int, _gaps: int) -> None:
        self.tables.append(table)

    def say(self, text: str) -> None:
        self.lines.append(text)


class Runs:
    """Collects from an emulator into folders of a test."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._patch = patch
        self._count = 0
        self.told = Told()

    @contextmanager
    def emulator(self, *args: Any, **kwargs: Any) -> Iterator[Emulator]:
        """Run an emulator and sign in to it; its quotas are out of reach unless given."""
        kwargs.setdefault("quotas", EmulatedQuotas(queries=100_000, reads=100_000))
        with Emulator(*args, **kwargs) as azure:
            self.sign_in(azure.environment)
            yield azure

    def sign_in(self, environment: Mapping[str, str]) -> None:
        for name, value in environment.items():
            self._patch.setenv(name, value)

    def output(self) -> Path:
        self._count += 1
        return self._folder / f"snapshot-{self._count}.zip"

    def collect(self, azure: Emulator, **options: Any) -> tuple[Path, Collected]:
        """Collect everything from the emulator; return the snapshot and what was told of it."""
        given: dict[str, Any] = {
            "output": self.output(),
            "cloud": find_cloud(str(azure.cloud_file)),
            "credential": "environment",
            "quotas": UNLIMITED,
            "patience": QUICK,
        }
        given |= options
        found = collect(Options(**given), self.told, lambda: NOW)
        return given["output"], found


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    return Runs(tmp_path, monkeypatch)


@pytest.fixture(scope="session")
def small_azure() -> Iterator[Emulator]:
    """Serve the small estate in small pages to all tests that only differ in faults."""
    quotas = EmulatedQuotas(queries=100_000, reads=1_000_000)
    with Emulator(small_estate(), quotas=quotas, settings=Settings(page_size=2)) as azure:
        yield azure


@pytest.fixture
def small(small_azure: Emulator, runs: Runs) -> Iterator[Emulator]:
    """The emulator of the small estate, signed in to, without faults."""
    small_azure.inject()
    small_azure.ledger.clear()
    runs.sign_in(small_azure.environment)
    yield small_azure
    small_azure.inject()


def served(source: Any, tenant: str) -> dict[str, list[bytes]]:
    """Return the lines that a snapshot of all records of the source must have, by table."""
    expected: dict[str, dict[str, bytes]] = {table: {} for table in COLLECTED}
    for record in Estate(load_records(source)).records:
        if record.table not in expected:
            continue
        if graph_table(record) and record.table != "workspaces":
            body = graph_row(record, tenant)
        else:
            body = msgspec.json.decode(arm_body(record))
        line = canonical(redact(body, record.table)[0])
        expected[record.table][armid.key(record.id)] = line
    return {
        table: [lines[key] for key in sorted(lines)] for table, lines in sorted(expected.items())
    }


def collected(path: Path) -> dict[str, list[bytes]]:
    """Return the lines of a snapshot by table."""
    with open_snapshot(path) as snapshot:
        return {table: list(snapshot.lines(table)) for table in sorted(snapshot.tables)}


def differences(one: dict[str, list[bytes]], other: dict[str, list[bytes]]) -> list[str]:
    """Return what is not the same, short enough to read."""
    found = [f"table {name}" for name in sorted(one.keys() ^ other.keys())]
    for table in sorted(one.keys() & other.keys()):
        left, right = set(one[table]), set(other[table])
        found += [f"{table}: only one has {line[:300]!r}" for line in sorted(left - right)[:3]]
        found += [f"{table}: only other has {line[:300]!r}" for line in sorted(right - left)[:3]]
        if not left ^ right and one[table] != other[table]:
            found.append(f"{table}: another order or number")
    return found


def small_estate() -> list[tuple[str, dict[str, Any]]]:
    """Return the records of two subscriptions of Contoso with all that is above them."""
    wanted = ("rg-churn-dev", "rg-exploration", "rg-fraud-prod")
    above = ("subscriptions", "managementGroups")
    found = []
    for file in sorted((CONTOSO / "records").glob("*.ndjson")):
        table = file.name.partition(".")[0]
        for line in file.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            scope = record["id"].lower()
            inside = any(f"/resourcegroups/{group}" in scope for group in wanted)
            if table in above or inside or "/resourcegroups/" not in scope:
                found.append((table, record))
    return found
