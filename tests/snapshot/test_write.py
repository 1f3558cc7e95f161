from __future__ import annotations

import gzip
import hashlib
import json
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.errors import ScannerError, SnapshotError
from scanner.snapshot import Gap, Manifest, Table, open_snapshot, redact, verify, write_snapshot

HEADER = Manifest(tool_version="1", started="2026-01-01T00:00:00Z", finished="2026-01-01T00:01:00Z")
SUB = "/subscriptions/S1"


def thing(name, **properties):
    return {"id": f"{SUB}/providers/Microsoft.X/things/{name}", "properties": properties}


RECORDS = [
    ("workspaces", thing("b", a=1)),
    ("computes", thing("c", password="hunter2")),  # noqa: S106
    ("workspaces", thing("A", b="é\n")),
]


def bytes_of(path):
    return {f.relative_to(path).as_posix(): f.read_bytes() for f in path.rglob("*") if f.is_file()}


def test_what_a_snapshot_looks_like(tmp_path):
    manifest = write_snapshot(tmp_path / "s", RECORDS, HEADER)
    files = bytes_of(tmp_path / "s")
    assert sorted(files) == [
        "manifest.json",
        "records/computes.ndjson.gz",
        "records/workspaces.ndjson.gz",
    ]
    lines = gzip.decompress(files["records/workspaces.ndjson.gz"])
    assert lines == (
        b'{"id":"/subscriptions/S1/providers/Microsoft.X/things/A","properties":{"b":"\xc3\xa9\\n"}}\n'
        b'{"id":"/subscriptions/S1/providers/Microsoft.X/things/b","properties":{"a":1}}\n'
    )
    told = json.loads(files["manifest.json"])
    sha = hashlib.sha256(lines).hexdigest()
    assert told["tables"]["workspaces"] == {"rows": 2, "bytes": len(lines), "sha256": sha}
    other = told["tables"]["computes"]["sha256"]
    expected = hashlib.sha256(f"computes {other}\nworkspaces {sha}\n".encode()).hexdigest()
    assert told["digest"] == manifest.digest == expected
    assert told["redactions"] == [{"table": "computes", "path": "properties.password", "count": 1}]
    assert files["records/workspaces.ndjson.gz"][3:8] == bytes(5), "no file name, no time"


def test_plain_zip_and_packed_have_one_digest(tmp_path):
    written = [
        write_snapshot(tmp_path / "a", RECORDS, HEADER),
        write_snapshot(tmp_path / "b", RECORDS, HEADER, compress=False),
        write_snapshot(tmp_path / "c.zip", RECORDS, HEADER),
        write_snapshot(tmp_path / "d.zip", RECORDS, HEADER, compress=False),
    ]
    assert all(manifest == written[0] for manifest in written)
    assert (tmp_path / "b/records/computes.ndjson").read_bytes().count(b"\n") == 1
    for path in tmp_path.iterdir():
        assert verify(path) == []


def test_zip_is_the_same_bytes_each_time(tmp_path):
    for name in ("a.zip", "b.ZIP"):
        write_snapshot(tmp_path / name, RECORDS, HEADER)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.ZIP").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.namelist() == sorted(archive.namelist())
        assert {entry.date_time[0] for entry in archive.infolist()} == {1980}


def test_tables_of_the_header_are_written_even_when_empty(tmp_path):
    announced = {
        "datastores": Table(0, 0, "", complete=True),
        "computes": Table(0, 0, "", complete=False),
    }
    header = Manifest(tool_version="1", started="s", finished="f", tables=announced)
    manifest = write_snapshot(tmp_path / "s", RECORDS, header)
    assert {name: (t.rows, t.complete) for name, t in manifest.tables.items()} == {
        "computes": (1, False),
        "datastores": (0, True),
        "workspaces": (2, True),
    }


@pytest.mark.parametrize(
    ("table", "record", "message"),
    [
        ("workspace", thing("a"), "no table 'workspace'"),
        ("workspaces", {"name": "a"}, "has no id"),
        ("workspaces", {"id": ""}, "has no id"),
        ("workspaces", {"id": "/x", "a": "x" * (16 << 20)}, "/x: the record is larger"),
        ("workspaces", {"id": "/x", "a": "\ud800"}, "/x: .*cannot be written as JSON"),
    ],
)
def test_bad_record_leaves_nothing(tmp_path, table, record, message):
    for name in ("s", "s.zip"):
        with pytest.raises(SnapshotError, match=message):
            write_snapshot(tmp_path / name, [*RECORDS, (table, record)], HEADER)
    assert list(tmp_path.iterdir()) == []


def test_existing_things_are_not_replaced(tmp_path):
    write_snapshot(tmp_path / "s", RECORDS, HEADER)
    write_snapshot(tmp_path / "s.zip", RECORDS, HEADER)
    for name in ("s", "s.zip"):
        with pytest.raises(ScannerError, match="exists already"):
            write_snapshot(tmp_path / name, [], HEADER)
        write_snapshot(tmp_path / name, [], HEADER, replace=True)
        with open_snapshot(tmp_path / name) as snapshot:
            assert snapshot.tables == {}


def test_only_a_snapshot_is_replaced(tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "precious").write_bytes(b"")
    with pytest.raises(SnapshotError, match="is not a snapshot"):
        write_snapshot(tmp_path / "home", RECORDS, HEADER, replace=True)
    assert (tmp_path / "home" / "precious").exists()


def test_ids_that_differ_in_case_only_are_one_record(tmp_path):
    upper, lower = thing("AA", a=1), thing("aa", a=1)
    for order in ([upper, lower, upper], [lower, upper]):
        path = Path(tempfile.mkdtemp(dir=tmp_path)) / "s"
        manifest = write_snapshot(path, [("workspaces", r) for r in order], HEADER)
        with open_snapshot(path) as snapshot:
            assert list(snapshot.records("workspaces")) == [upper]
        assert manifest.gaps == ()


def test_records_that_differ_are_told(tmp_path):
    short, long = thing("aa", token="1"), thing("AA", token="22", b="2")  # noqa: S106
    stub = {"id": short["id"], "tags": None}
    records = [("workspaces", r) for r in (short, stub, long)]
    manifest = write_snapshot(tmp_path / "s", records, HEADER)
    with open_snapshot(tmp_path / "s") as snapshot:
        assert list(snapshot.records("workspaces")) == [redact(long, "workspaces")[0]]
    assert [(gap.table, gap.scope, gap.code) for gap in manifest.gaps] == [
        ("workspaces", long["id"], "DuplicateId")
    ]
    assert [found.count for found in manifest.redactions] == [1], "dropped ones do not count"


def test_entry_of_a_plain_list_beside_the_whole_record_loses_nothing(tmp_path):
    whole = thing("a", a=1)
    records = [("workspaces", {"id": whole["id"], "location": "x"}), ("workspaces", whole)]
    manifest = write_snapshot(tmp_path / "s", records, HEADER)
    assert manifest.gaps == ()
    assert manifest.tables["workspaces"].rows == 1


def test_gaps_are_sorted_and_unique(tmp_path):
    gaps = (Gap("b", "/", "o"), Gap("a", "/x", "o"), Gap("b", "/", "o"))
    header = Manifest(tool_version="1", started="s", finished="f", gaps=gaps)
    written = write_snapshot(tmp_path / "s", [], header)
    assert written.gaps == (gaps[1], gaps[0])


values = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
bodies = st.dictionaries(st.text(), st.recursive(values, lambda x: st.lists(x, max_size=3)))
records = st.builds(
    lambda table, name, body: (table, thing(name, **body)),
    st.sampled_from(["workspaces", "computes", "connections"]),
    st.text("abAB/é", min_size=1, max_size=3),
    st.fixed_dictionaries({}, optional={"a": bodies, "apiKey": st.text(), "tags": bodies}),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(records, max_size=12), st.randoms(), st.integers(min_value=1, max_value=2000))
def test_order_and_memory_change_no_byte(things, random, memory):
    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder, "a"), Path(folder, "b")
        write_snapshot(first, things, HEADER)
        random.shuffle(things)
        write_snapshot(second, things, HEADER, memory=memory)
        assert bytes_of(first) == bytes_of(second)
        assert verify(first) == []


@settings(max_examples=40, deadline=None)
@given(st.lists(records, max_size=8, unique_by=lambda r: (r[0], r[1]["id"].rstrip("/").lower())))
def test_what_is_read_is_what_was_written(things):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "s.zip")
        write_snapshot(path, things, HEADER)
        with open_snapshot(path) as snapshot:
            read = [(t, record) for t in snapshot.tables for record in snapshot.records(t)]
    expected = [(table, redact(record, table)[0]) for table, record in things]
    order = lambda entry: (entry[0], entry[1]["id"])  # noqa: E731
    assert sorted(read, key=order) == sorted(expected, key=order)
