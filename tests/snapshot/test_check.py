from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec

import scanner
from scanner.snapshot import Gap, Identity, Manifest, Redaction, Table
from scanner.snapshot.check import parse_manifest
from scanner.snapshot.write import manifest_bytes

SCHEMA = json.loads(
    (Path(scanner.__file__).parent / "schemas" / "manifest.schema.json").read_text(encoding="utf-8")
)
FULL = Manifest(
    tool_version="1",
    estate="e",
    tenant_id="t",
    scopes_asked=("/",),
    scopes_read=("/subscriptions/s",),
    started="2026-01-01T00:00:00Z",
    finished="2026-01-01T00:01:00Z",
    identity=Identity("o", "user"),
    api_versions={"x": "1"},
    tables={"computes": Table(1, 2, "0" * 64, complete=False)},
    promised_complete=("computes",),
    gaps=(Gap("computes", "/", "o", 403, "C", "m", "p"),),
    redactions=(Redaction("computes", "a.b", 3),),
    digest="0" * 64,
)


def test_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_a_full_manifest_comes_back():
    assert parse_manifest(manifest_bytes(FULL), "m") == FULL


def test_schema_knows_every_field_of_the_code():
    parts: list[tuple[type[msgspec.Struct], dict[str, Any]]] = [
        (Manifest, SCHEMA),
        (Table, SCHEMA["$defs"]["table"]),
        (Gap, SCHEMA["$defs"]["gap"]),
        (Redaction, SCHEMA["$defs"]["redaction"]),
        (Identity, SCHEMA["properties"]["identity"]),
    ]
    for struct, part in parts:
        assert {f.encode_name for f in msgspec.structs.fields(struct)} == set(part["properties"])
        assert part["additionalProperties"] is False
