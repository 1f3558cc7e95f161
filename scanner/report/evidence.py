"""Evidence files, and the lines in them that findings point at."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

from scanner import armid
from scanner.files import atomic_folder, make_folder
from scanner.inventory.model.organization import Project
from scanner.inventory.projects import as_record
from scanner.report.location import ROOT, artifact_path
from scanner.report.record import TOP, Record, Region, of_resource, pretty, regions

if TYPE_CHECKING:
    from pathlib import Path

    from scanner.engine.result import Evidence, Result, ScanResult
    from scanner.inventory.estate import Estate

Fetch: TypeAlias = Callable[[str, Collection[int]], Iterator[tuple[int, Record]]]
"""Gives the raw records at some rows of a table, in one pass over the table."""

Place: TypeAlias = tuple[str, str]
"""A resource's key and a property in its record."""


def owner(result: Result, evidence: Evidence) -> str:
    """Return the id of the resource that holds a piece of evidence."""
    return evidence.resource_id or result.resource_id


def main_property(result: Result) -> str:
    """Return the property of the resource itself that a finding is about, "" if there is none."""
    own = armid.key(result.resource_id)
    for evidence in result.evidence:
        if evidence.property and armid.key(owner(result, evidence)) == own:
            return evidence.property
    return ""


def find_regions(estate: Estate, fetch: Fetch, places: Iterable[Place]) -> Mapping[Place, Region]:
    """Return where in their evidence files the properties of resources stand.

    Tables are read once each, and only a small tuple is kept of a place. What has no record
    gets `TOP`, as does the property "".
    """
    found: dict[Place, Region] = {}
    wanted: dict[str, list[str]] = {}
    for key, path in dict.fromkeys(places):
        found[key, path] = TOP
        if path:
            wanted.setdefault(key, []).append(path)
    for key, record in _records(estate, fetch, wanted):
        for path, region in regions(record, wanted[key]).items():
            found[key, path] = region
    return found


def write_evidence(result: ScanResult, fetch: Fetch, directory: Path) -> int:
    """Write the raw record of every resource that a finding is about or rests on.

    The files lie in `directory` under the relative paths that SARIF names. Returns how many
    there are.

    Raises:
        ScannerError: the folder cannot be written, or holds evidence files already. Nothing
            is left half-written.
    """
    keys = sorted({key for row in result.findings for key in _resources(row)})
    make_folder(directory)
    number = 0
    with atomic_folder(directory / ROOT) as folder:
        for key, record in _records(result.estate, fetch, keys):
            path = folder / artifact_path(key).removeprefix(f"{ROOT}/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(pretty(record).encode())
            number += 1
    return number


def _resources(row: Result) -> Iterator[str]:
    yield armid.key(row.resource_id)
    for evidence in row.evidence:
        yield armid.key(owner(row, evidence))


def _records(estate: Estate, fetch: Fetch, keys: Iterable[str]) -> Iterator[tuple[str, Record]]:
    """Yield the raw records of resources, table by table; first what is made of several."""
    tables: dict[str, dict[int, list[str]]] = {}
    for key in keys:
        resource = estate.find(key)
        if isinstance(resource, Project):
            yield key, as_record(resource, estate)
        elif resource is not None:
            rows = tables.setdefault(resource.TABLE, {})
            rows.setdefault(resource.row, []).append(key)
    for table in sorted(tables):
        for row, record in fetch(table, tables[table].keys()):
            for key in tables[table][row]:
                yield key, of_resource(record, key)
