from __future__ import annotations

import gzip
import hashlib
import json

import pytest

from scanner.snapshot import Manifest, open_snapshot, verify, write_snapshot

HEADER = Manifest(tool_version="1", started="2026-01-01T00:00:00Z", finished="2026-01-01T00:01:00Z")
RECORDS = [("workspaces", {"id": f"/s/x/{name}", "apiKey": name}) for name in "abc"]


def put(folder, lines, digest=None):
    """Replace the table by lines, with a manifest that fits them."""
    data = b"".join(line + b"\n" for line in lines)
    (folder / "records" / "workspaces.ndjson").write_bytes(data)
    sha = hashlib.sha256(data).hexdigest()
    told = json.loads((folder / "manifest.json").read_text())
    told["tables"] = {"workspaces": {"rows": len(lines), "bytes": len(data), "sha256": sha}}
    told["digest"] = digest or hashlib.sha256(f"workspaces {sha}\n".encode()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(told))


@pytest.fixture
def folder(tmp_path):
    write_snapshot(tmp_path / "s", RECORDS, HEADER, compress=False)
    return tmp_path / "s"


def test_sound(folder):
    put(folder, [b'{"id":"/a/b"}', b'{"id":"/a/c"}'])
    assert verify(folder) == []


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([b'{"id":"/a/c"}', b'{"id":"/a/b"}'], "line 2: /a/b is there out of order"),
        ([b'{"id":"/a/B"}', b'{"id":"/a/b"}'], "line 2: /a/b is there twice"),
        ([b'{"id":"/a/b"}', b"{}"], "line 2: not a record with an id"),
        ([b'{"id":7}'], "line 1: not a record with an id"),
        ([b"[]"], "line 1: not a JSON object"),
        ([b'{"id":"\xff"}'], "line 1: not a JSON object"),
        ([b""], "line 1: not a JSON object"),
        ([b'{"id": "/a/b"}'], "line 1: not canonical JSON"),
        ([b'{"x":1,"id":"/a/b"}'], "line 1: not canonical JSON"),
    ],
)
def test_lines_that_were_not_written_by_us(folder, lines, problem):
    put(folder, lines)
    [found] = verify(folder)
    assert problem in found


def test_digest_of_all_tables(folder):
    put(folder, [b'{"id":"/a/b"}'], digest="0" * 64)
    [found] = verify(folder)
    assert "digest" in found


def test_every_flipped_byte_of_a_plain_table_is_found(folder):
    file = folder / "records" / "workspaces.ndjson"
    data = file.read_bytes()
    for index in range(len(data)):
        for mask in (0x01, 0xFF):
            file.write_bytes(data[:index] + bytes([data[index] ^ mask]) + data[index + 1 :])
            assert verify(folder), f"byte {index}"


def test_every_flipped_byte_of_a_packed_table_is_found_or_changes_no_record(tmp_path):
    write_snapshot(tmp_path / "s", RECORDS, HEADER)
    file = tmp_path / "s" / "records" / "workspaces.ndjson.gz"
    data = file.read_bytes()
    lines = gzip.decompress(data).splitlines()
    found = 0
    for index in range(len(data)):
        file.write_bytes(data[:index] + bytes([data[index] ^ 0xFF]) + data[index + 1 :])
        if verify(tmp_path / "s"):
            found += 1
            continue
        with open_snapshot(tmp_path / "s") as snapshot:
            assert list(snapshot.lines("workspaces")) == lines
    assert found >= len(data) - 6, "only time, flags and system in the gzip header may differ"


def test_every_flipped_byte_of_a_table_in_a_zip_is_found(tmp_path):
    path = tmp_path / "s.zip"
    write_snapshot(path, RECORDS, HEADER)
    packed = path.read_bytes()
    start = packed.index(b"\x1f\x8b\x08")
    for index in range(start, packed.index(b"PK\x01\x02")):
        path.write_bytes(packed[:index] + bytes([packed[index] ^ 0xFF]) + packed[index + 1 :])
        assert verify(path), f"byte {index}"


def test_every_truncation_is_found(tmp_path):
    write_snapshot(tmp_path / "s", RECORDS, HEADER)
    file = tmp_path / "s" / "records" / "workspaces.ndjson.gz"
    data = file.read_bytes()
    for length in range(len(data)):
        file.write_bytes(data[:length])
        assert verify(tmp_path / "s"), f"{length} bytes"


def test_every_table_has_its_say(tmp_path):
    records = [*RECORDS, ("computes", {"id": "/a/b"})]
    write_snapshot(tmp_path / "s", records, HEADER, compress=False)
    for file in (tmp_path / "s" / "records").iterdir():
        file.write_bytes(file.read_bytes()[:-1])
    assert len(verify(tmp_path / "s")) == 2
    (tmp_path / "s" / "records" / "computes.ndjson").unlink()
    [problem] = verify(tmp_path / "s")
    assert "computes is missing" in problem
