"""Reads `manifest.json` and checks it: JSON, schema version, JSON Schema."""

from __future__ import annotations

import functools
import importlib.resources
import json
from typing import Any

import jsonschema
import msgspec

from scanner.errors import SnapshotError
from scanner.snapshot.manifest import SCHEMA_VERSION, Manifest


def parse_manifest(text: bytes, place: str) -> Manifest:
    """Return the manifest that a `manifest.json` holds.

    Raises:
        SnapshotError: it is no JSON, of a newer schema version, or not as the schema says.
    """
    try:
        data = msgspec.json.decode(text)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise SnapshotError(f"{place}: not JSON: {error}") from error
    _check_version(data, place)
    problem = jsonschema.exceptions.best_match(_validator().iter_errors(data))
    if problem is not None:
        at = problem.json_path.removeprefix("$").removeprefix(".")
        raise SnapshotError(f"{place}: {at + ': ' if at else ''}{problem.message[:300]}")
    return msgspec.convert(data, Manifest)


def _check_version(data: Any, place: str) -> None:
    version = data.get("schemaVersion") if isinstance(data, dict) else None
    if type(version) is not int:
        raise SnapshotError(f"{place}: not the manifest of a snapshot: it has no schemaVersion")
    if version > SCHEMA_VERSION:
        raise SnapshotError(
            f"{place}: schema version {version} is newer than {SCHEMA_VERSION},"
            " the newest that this azmlscan reads",
            hint="Upgrade azmlscan.",
        )
    if version < SCHEMA_VERSION:
        raise SnapshotError(f"{place}: there is no schema version {version}")


@functools.cache
def _validator() -> jsonschema.Draft202012Validator:
    file = importlib.resources.files("scanner") / "schemas" / "manifest.schema.json"
    return jsonschema.Draft202012Validator(json.loads(file.read_text(encoding="utf-8")))
