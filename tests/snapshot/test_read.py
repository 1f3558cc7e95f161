from __future__ import annotations

import gzip
import json
import stat
import zipfile

import pytest

from scanner.errors import SnapshotError
from scanner.snapshot import Limits, Manifest, open_snapshot, verify, write_snapshot

HEADER = Manifest(tool_version="1", started="2026-01-01T00:00:00Z", finished="2026-01-01T00:01:00Z")
RECORDS = [
    ("workspaces", {"id": f"/subscriptions/s/x/{name}", "properties": {"a": name}})
    for name in "abcde"
]


@pytest.fixture
def folder(tmp_path):
    write_snapshot(tmp_path / "s", RECORDS, HEADER, compress=False)
    return tmp_path / "s"


@pytest.fixture
def archive(tmp_path):
    write_snapshot(tmp_path / "s.zip", RECORDS, HEADER)
    return tmp_path / "s.zip"


def edit(folder, **changes):
    file = folder / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def expect(path, message, **limits):
    with pytest.raises(SnapshotError, match=message):
        read_all(path, Limits(**limits))


def read_all(path, limits):
    with open_snapshot(path, limits) as snapshot:
        for table in snapshot.tables:
            list(snapshot.lines(table))


def test_lines_and_rows(folder):
    with open_snapshot(folder) as snapshot:
        lines = list(snapshot.lines("workspaces"))
        assert lines[1] == b'{"id":"/subscriptions/s/x/b","properties":{"a":"b"}}'
        assert snapshot.manifest.tables["workspaces"].rows == len(lines) == 5
        fetched = list(snapshot.fetch("workspaces", [3, 0, 3]))
        assert [(row, record["properties"]["a"]) for row, record in fetched] == [(0, "a"), (3, "d")]
        assert list(snapshot.fetch("workspaces", [])) == []


@pytest.mark.parametrize("rows", [[5], [-1], [0, 99]])
def test_fetching_a_row_that_is_not_there(archive, rows):
    with open_snapshot(archive) as snapshot, pytest.raises(SnapshotError, match="has no row"):
        list(snapshot.fetch("workspaces", rows))


def test_table_that_is_not_there(archive):
    with open_snapshot(archive) as snapshot, pytest.raises(SnapshotError, match="not in this"):
        list(snapshot.lines("computes"))


def test_two_tables_can_be_read_at_once(tmp_path):
    path = tmp_path / "s.zip"
    write_snapshot(path, [*RECORDS, ("computes", {"id": "/c/d"})], HEADER)
    with open_snapshot(path) as snapshot:
        both = list(zip(snapshot.lines("workspaces"), snapshot.lines("workspaces"), strict=True))
        assert len(both) == 5
        assert len(list(snapshot.lines("computes"))) == 1


def test_not_a_snapshot(tmp_path):
    expect(tmp_path / "nothing", "does not exist")
    expect(tmp_path, r"has no manifest\.json")
    (tmp_path / "f").write_text("x")
    expect(tmp_path / "f", "neither a snapshot folder nor a zip")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schemaVersion": 2}, "schema version 2 is newer than 1"),
        ({"schemaVersion": 0}, "no schema version 0"),
        ({"schemaVersion": "1"}, "has no schemaVersion"),
        ({"tables": {"../x": {}}}, "manifest.json: tables: .*does not match"),
        ({"tables": {"x": {"rows": -1, "bytes": 0, "sha256": "0" * 64}}}, "tables.x.rows"),
        ({"surprise": 1}, "'surprise' was unexpected"),
        ({"started": "yesterday"}, "started"),
        ({"gaps": [{"table": "x"}]}, r"gaps\[0\]"),
    ],
)
def test_manifest_is_checked(folder, changes, message):
    edit(folder, **changes)
    expect(folder, message)


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, '"\\ud800"'])
def test_manifest_that_is_no_manifest(folder, text):
    (folder / "manifest.json").write_text(text)
    expect(folder, r"manifest\.json: not")


def test_tables_and_files_must_agree(folder):
    file = folder / "records" / "workspaces.ndjson"
    (folder / "records" / "extra.ndjson").write_bytes(b"")
    expect(folder, r"records/extra\.ndjson is a file that its manifest does not list")
    (folder / "records" / "extra.ndjson").unlink()
    (folder / "records" / "workspaces.ndjson.gz").write_bytes(gzip.compress(file.read_bytes()))
    expect(folder, "is there twice")
    file.unlink()
    with open_snapshot(folder) as snapshot:
        assert len(list(snapshot.lines("workspaces"))) == 5
    (folder / "records" / "workspaces.ndjson.gz").unlink()
    expect(folder, "table workspaces is missing")


def test_other_files_beside_the_manifest_do_not_matter(folder):
    (folder / "README.md").write_text("an estate")
    with open_snapshot(folder) as snapshot:
        assert len(snapshot.tables) == 1


def test_limits(folder):
    expect(folder, "nested too deeply or too long", record=30)
    expect(folder, "nested too deeply", depth=1)
    expect(folder, "larger than 10 bytes", total=10)
    expect(folder, "more than 1 files", entries=1)
    expect(folder, "manifest.json is larger", manifest=10)


def test_line_without_end_is_cut_off_before_it_fills_memory(folder):
    huge = b"x" * 3_000_000
    (folder / "records" / "workspaces.ndjson").write_bytes(huge)
    expect(folder, "more than its manifest says")
    edit(folder, tables={"workspaces": {"rows": 1, "bytes": len(huge), "sha256": "0" * 64}})
    expect(folder, "has a line above 1000000 bytes", record=1_000_000)


def test_brackets_in_strings_are_not_nesting(tmp_path):
    record = {"id": "/a/b", "text": '[{"\\"' * 500}
    write_snapshot(tmp_path / "s", [("workspaces", record)], HEADER)
    with open_snapshot(tmp_path / "s") as snapshot:
        assert list(snapshot.records("workspaces")) == [record]


DAMAGED = {
    "empty": b"",
    "no gzip": b"x",
    "other content": gzip.compress(b"x\n", mtime=0),
    "cut end": gzip.compress(b"x\n" * 5, mtime=0)[:-9],
    "cut header": gzip.compress(b"x\n", mtime=0)[:5],
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_damaged_gzip(tmp_path, content):
    write_snapshot(tmp_path / "s", RECORDS, HEADER)
    (tmp_path / "s" / "records" / "workspaces.ndjson.gz").write_bytes(content)
    expect(tmp_path / "s", "table workspaces")


def test_bomb_stops_at_what_the_manifest_says(tmp_path):
    write_snapshot(tmp_path / "s", RECORDS, HEADER)
    bomb = gzip.compress(b"\n" * 50_000_000)
    (tmp_path / "s" / "records" / "workspaces.ndjson.gz").write_bytes(bomb)
    expect(tmp_path / "s", "holds more than its manifest says")


def test_links_in_a_folder_are_refused(folder, tmp_path):
    file = folder / "records" / "workspaces.ndjson"
    file.rename(tmp_path / "outside")
    file.symlink_to(tmp_path / "outside")
    expect(folder, r"records/workspaces\.ndjson is a link")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("../evil", "outside"),
        ("records/../../evil", "outside"),
        ("/etc/passwd", "outside"),
        ("C:/evil", "outside"),
        ("records\\evil", "outside"),
        ("manifest.json", "twice"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_zip_entries_that_no_snapshot_has(archive, name, message):
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr(name, b"x")
    expect(archive, message)
    assert len(verify(archive)) == 1


def test_zip_with_a_link(archive):
    entry = zipfile.ZipInfo("records/link")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr(entry, b"/etc/passwd")
    expect(archive, "is a link")


def test_zip_in_another_compression_or_too_many_entries(archive):
    expect(archive, "more than 1 files", entries=1)
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr("note", b"x", compress_type=zipfile.ZIP_BZIP2)
    expect(archive, "compressed in a way")


def test_deflated_zip_is_read(folder, tmp_path):
    with zipfile.ZipFile(tmp_path / "d.zip", "w", zipfile.ZIP_DEFLATED) as file:
        for name in ("manifest.json", "records/workspaces.ndjson"):
            file.write(folder / name, name)
    assert verify(tmp_path / "d.zip") == []


def test_folder_zipped_with_its_own_name_is_explained(folder, tmp_path):
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as file:
        file.write(folder / "manifest.json", "s/manifest.json")
    expect(tmp_path / "d.zip", r"no manifest\.json at its top")
