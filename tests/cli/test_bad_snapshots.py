"""Snapshots that are damaged or hostile: one clear error, and nothing written."""

from __future__ import annotations

import gzip
import json
import shutil
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.cli.commands import refused, run

if TYPE_CHECKING:
    from pathlib import Path


def spoil(folder: Path, how: str) -> None:
    manifest, table = folder / "manifest.json", folder / "records" / "workspaces.ndjson"
    data = table.read_bytes()
    if how == "flipped":
        table.write_bytes(data.replace(b"westeurope", b"westeuropf", 1))
    elif how == "flipped-syntax":
        table.write_bytes(data.replace(b":", b";", 1))
    elif how == "no-id":
        table.write_bytes(data.replace(b'"id"', b'"ID"', 1))
    elif how == "missing":
        table.unlink()
    elif how == "extra":
        (folder / "records" / "zzz.ndjson").write_text("{}", encoding="utf-8")
    elif how in {"truncated-gzip", "not-gzip"}:
        table.unlink()
        packed = gzip.compress(data, mtime=0)
        half = packed[: len(packed) // 2] if how == "truncated-gzip" else data
        table.with_name(f"{table.name}.gz").write_bytes(half)
    elif how == "newer":
        text = json.loads(manifest.read_text("utf-8")) | {"schemaVersion": 99}
        manifest.write_text(json.dumps(text), encoding="utf-8")
    else:
        manifest.write_text({"no-manifest-data": "{}", "cut-manifest": '{"a":'}[how], "utf-8")


SPOILT = {
    "flipped": "table workspaces is not what its manifest has the digest of",
    "flipped-syntax": "snapshot: table workspaces, line 1: not ",
    "no-id": "snapshot: table workspaces, line 1: not ",
    "missing": "table workspaces is missing",
    "extra": "records/zzz.ndjson is a file that its manifest does not list",
    "truncated-gzip": "table workspaces is damaged",
    "not-gzip": "table workspaces is damaged",
    "newer": "schema version 99 is newer",
    "no-manifest-data": "it has no schemaVersion",
    "cut-manifest": "manifest.json: not JSON",
}


TABLES_SPOILT = {"flipped", "flipped-syntax", "no-id", "truncated-gzip", "not-gzip"}


@pytest.mark.parametrize("how", SPOILT)
def test_snapshot_that_is_damaged(tmp_path, estates, how):
    folder = tmp_path / "snapshot"
    shutil.copytree(estates / "refused", folder)
    spoil(folder, how)
    err = refused("scan", folder, "-o", tmp_path / "report.md")
    assert SPOILT[how] in err
    assert ("`azmlscan snapshot verify`" in err) is (how in TABLES_SPOILT)
    assert refused("inventory", folder)
    assert refused("snapshot", "merge", folder, "-o", tmp_path / "merged")
    code, out, _ = run("snapshot", "verify", folder)
    assert code == 1
    assert SPOILT[how] in out
    assert sorted(tmp_path.iterdir()) == [folder]


def entries(estate: Path) -> dict[str, bytes]:
    files = (path for path in sorted(estate.rglob("*")) if path.is_file())
    return {path.relative_to(estate).as_posix(): path.read_bytes() for path in files}


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize("name", ["../evil", "records/../../evil", "/etc/evil"])
def test_zip_with_entries_outside_itself(tmp_path, estates, name):
    path = zipped(tmp_path / "s.zip", entries(estates / "refused") | {name: b"x"})
    assert f"the entry '{name}' lies outside the snapshot" in refused("scan", path)
    assert sorted(tmp_path.iterdir()) == [path]


def test_zip_bomb(tmp_path, estates):
    bomb = {"records/workspaces.ndjson": b"0" * 300_000_000}
    path = zipped(tmp_path / "s.zip", entries(estates / "refused") | bomb)
    assert path.stat().st_size < 1_000_000
    assert "holds more than its manifest says" in refused("scan", path)


@pytest.mark.parametrize("keep", [0, 0.5])
def test_zip_that_is_none(tmp_path, estates, keep):
    path = zipped(tmp_path / "s.zip", entries(estates / "refused"))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    assert "is neither a snapshot folder nor a zip of one" in refused("scan", path)
