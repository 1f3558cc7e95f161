from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.errors import SnapshotError, UsageError
from scanner.snapshot import (
    TABLES,
    Limits,
    import_exports,
    open_snapshot,
    redact,
    verify,
    write_snapshot,
)

NOW = datetime(2026, 11, 21, 10, 0, 0, 5, tzinfo=UTC)
REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "rest"
SUB = "/subscriptions/11111111-2222-3333-4444-55555555555A"
ML = f"{SUB}/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"
WORKSPACE = {
    "id": ML,
    "type": "Microsoft.MachineLearningServices/Workspaces",
    "properties": {"hbiWorkspace": False},
}
COMPUTE = {
    "id": f"{ML}/computes/c",
    "type": "microsoft.machinelearningservices/workspaces/computes",
    "properties": {"computeType": "AmlCompute"},
}


@pytest.fixture
def put(tmp_path):
    def write(content, name="x.json"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        path.write_bytes(data)
        return path

    return write


def imported(*sources, **options):
    result = import_exports(sources, now=NOW, **options)
    return list(result.records), result.header, result.skipped


def codes(header, code):
    return {(gap.table, gap.scope) for gap in header.gaps if gap.code == code}


SHAPES = {
    "single": WORKSPACE,
    "array": [WORKSPACE],
    "page": {"value": [WORKSPACE], "nextLink": None},
    "graph": {"data": [WORKSPACE], "count": 1, "skip_token": None, "total_records": 1},
    "graph table": {
        "data": {
            "columns": [{"name": "id", "type": "string"}, {"name": "type"}, {"name": "properties"}],
            "rows": [[WORKSPACE["id"], WORKSPACE["type"], WORKSPACE["properties"]]],
        },
        "totalRecords": 1,
    },
    "slurped pages": [{"value": [WORKSPACE]}, {"value": []}],
    "slurped arrays": [[WORKSPACE]],
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_shapes(put, shape):
    records, header, _ = imported(put(shape))
    assert records == [("workspaces", WORKSPACE)]
    assert not codes(header, "Truncated")


TEXT = json.dumps(WORKSPACE, indent=2)


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        b"\xfe\xff" + TEXT.encode("utf-16-be"),
        b"\r\n " + TEXT.encode() + b"\r\n",
        b"\x1e" + TEXT.encode(),
    ],
)
def test_encodings(put, data):
    assert imported(put(data))[0] == [("workspaces", WORKSPACE)]


@pytest.mark.parametrize("between", [b"\n", b"", b"\r\n\r\n"])
def test_documents_one_after_another(put, between):
    parts = [json.dumps(part, indent=i).encode() for i, part in enumerate([WORKSPACE, [COMPUTE]])]
    records, _, skipped = imported(put(between.join([*parts, b'{"a":1}'])))
    assert [table for table, _ in records] == ["workspaces", "computes"]
    assert [note.split(": ", 1)[1] for note in skipped] == ["no ARM id"]


def test_place_of_a_document_is_its_line(put):
    lines = [json.dumps(WORKSPACE), json.dumps(COMPUTE), "", '{"no": 1}']
    _, _, [note] = imported(put("\n".join(lines).encode(), "x.ndjson"))
    assert note.endswith("x.ndjson, line 4: no ARM id")


def test_folder_of_files(put, tmp_path):
    put([WORKSPACE], "in/a.json")
    put([COMPUTE], "in/b.JSON")
    put([], "in/c.jsonl")
    put(b"no json", "in/README.md")
    records, _, skipped = imported(tmp_path / "in")
    assert [table for table, _ in records] == ["workspaces", "computes"]
    assert [note.rsplit("/", 1)[1] for note in skipped] == ["c.jsonl: an empty list"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(SnapshotError, match="holds no"):
        imported(tmp_path / "empty")
    with pytest.raises(SnapshotError, match="cannot be read"):
        imported(tmp_path / "missing.json")


def test_snapshot_is_not_an_export(put, tmp_path):
    result = import_exports([put(WORKSPACE)], now=NOW)
    write_snapshot(tmp_path / "s", result.records, result.header)
    with pytest.raises(SnapshotError, match="is a snapshot already"):
        imported(tmp_path / "s")


def test_stdin(monkeypatch):
    data = json.dumps([WORKSPACE]).encode()
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(data)))
    assert imported("-")[0] == [("workspaces", WORKSPACE)]


def test_header(put):
    _, header, _ = imported(put([WORKSPACE | {"tenantId": "T"}]), estate="e")
    assert header.started == header.finished == "2026-11-21T10:00:00Z"
    assert header.estate == "e"
    assert header.identity.type == "import"
    assert header.scopes_read == (SUB.lower(),)
    assert header.tenant_id == "t"
    assert {name: table.complete for name, table in header.tables.items()} == {"workspaces": False}
    assert codes(header, "NotExported") == {(name, "/") for name in TABLES if name != "workspaces"}
    assert header.promised_complete == ()


def test_promise(put):
    _, header, _ = imported(put([WORKSPACE]), complete=["computes", "workspaces"])
    assert {name: table.complete for name, table in header.tables.items()} == {
        "computes": True,
        "workspaces": True,
    }
    assert header.promised_complete == ("computes", "workspaces")
    assert not {("computes", "/"), ("workspaces", "/")} & codes(header, "NotExported")
    _, header, _ = imported(put([WORKSPACE]), complete=["all"])
    assert set(header.tables) == set(TABLES)
    assert header.gaps == ()
    with pytest.raises(UsageError, match="'compute'") as caught:
        imported(put([WORKSPACE]), complete=["compute"])
    assert caught.value.hint == "Did you mean 'computes'?"


@pytest.mark.parametrize(
    ("page", "tables"),
    [
        ({"value": [COMPUTE], "nextLink": "https://x/?$skip=1"}, {"computes"}),
        ({"value": [], "nextLink": "https://x"}, {"*"}),
        ({"value": [{"id": "string"}], "nextLink": "string"}, set()),
        ({"data": [COMPUTE], "skip_token": "abc"}, {"computes"}),
        ({"data": [COMPUTE], "$skipToken": "abc"}, {"computes"}),
        ({"data": [COMPUTE], "resultTruncated": "true"}, {"computes"}),
        ({"data": [COMPUTE], "resultTruncated": "false", "totalRecords": 1}, set()),
        ({"data": [COMPUTE], "count": 1, "total_records": 2}, {"*"}),
        ({"data": [COMPUTE], "skip_token": "abc", "total_records": 2}, {"*"}),
    ],
)
def test_truncated_pages(put, page, tables):
    _, header, _ = imported(put(WORKSPACE, "w.json"), put(page), complete=["all"])
    assert codes(header, "Truncated") == {(table, "/") for table in tables}
    for gap in header.gaps:
        assert gap.message.startswith("x.json is one of several pages")


def graph(rows, token, total):
    data = [COMPUTE | {"id": f"{ML}/computes/{row}"} for row in rows]
    return {"data": data, "count": len(data), "skip_token": token, "total_records": total}


def test_all_pages_of_a_query_are_not_truncated(put):
    first, last = graph("ab", "t", 3), graph("c", None, 3)
    assert not codes(imported(put(first, "1.json"), put(last, "2.json"))[1], "Truncated")
    assert not codes(imported(put([first, last, first, last]))[1], "Truncated")
    assert codes(imported(put([first, first]))[1], "Truncated")
    assert codes(imported(put([first, graph("d", "t", 3)]))[1], "Truncated")


@pytest.mark.parametrize(
    ("record", "table"),
    [
        ({"id": f"{SUB}", "subscriptionId": "x", "displayName": "n"}, "subscriptions"),
        ({"id": f"{SUB}/resourceGroups/g", "name": "g"}, "resourceGroups"),
        (
            {
                "id": f"{SUB}/resourceGroups/g",
                "type": "Microsoft.Resources/subscriptions/resourceGroups",
                "managedBy": None,
                "odd": 1,
            },
            "resourceGroups",
        ),
        (
            {
                "id": "/providers/Microsoft.Management/managementGroups/m",
                "type": "/providers/Microsoft.Management/managementGroups",
                "displayName": "m",
            },
            "managementGroups",
        ),
        (
            {
                "id": f"{ML}/linkedWorkspaces/c",
                "type": "Microsoft.MachineLearningServices/workspaces/connections",
                "properties": {},
            },
            "connections",
        ),
        (
            {"id": f"{ML}/outboundRules/r", "type": "workspace/outboundRules", "properties": {}},
            "outboundRules",
        ),
        ({"id": f"{ML}/datastores/d", "properties": {}}, "datastores"),
        ({"id": f"{ML}/datastores/d", "type": "string", "properties": {}}, "datastores"),
        ({"id": f"{ML}/jobs/j", "type": "a.b/jobs", "properties": {}}, "otherResources"),
        ({"id": ML, "type": WORKSPACE["type"], "kind": "", "properties": None}, "workspaces"),
        ({"id": ML, "type": WORKSPACE["type"], "location": "x", "tags": {}}, "workspaces"),
    ],
)
def test_tables_and_records_that_stay_as_they_are(put, record, table):
    assert imported(put(record))[0] == [(table, record)]


def test_account_list(put):
    guid = SUB.rsplit("/", 1)[1]
    account = {
        "cloudName": "AzureCloud",
        "homeTenantId": "t",
        "id": guid,
        "isDefault": True,
        "managedByTenants": [],
        "name": "Prod",
        "state": "Enabled",
        "tenantId": "t",
        "user": {"name": "me@example.com", "type": "user"},
    }
    [(table, record)], header, _ = imported(put([account]))
    assert table == "subscriptions"
    assert record == {
        "id": SUB,
        "subscriptionId": guid,
        "displayName": "Prod",
        "state": "Enabled",
        "tenantId": "t",
        "homeTenantId": "t",
        "managedByTenants": [],
    }
    assert header.scopes_read == (SUB.lower(),)


def test_roles_of_the_cli_are_put_back_into_properties(put):
    role = {
        "id": "/providers/Microsoft.Authorization/roleDefinitions/r",
        "name": "r",
        "type": "Microsoft.Authorization/roleDefinitions",
        "roleName": "Reader",
        "roleType": "BuiltInRole",
        "permissions": [{"actions": ["*/read"]}],
    }
    [(table, record)], _, _ = imported(put([role]))
    assert table == "roleDefinitions"
    assert record["properties"] == {
        "roleName": "Reader",
        "type": "BuiltInRole",
        "permissions": [{"actions": ["*/read"]}],
    }
    assert record["type"] == role["type"]


def test_forms_of_the_cli_are_told(put):
    flattened = {
        "id": f"{ML}/computes/c",
        "type": "amlcompute",
        "min_instances": 0,
        "resourceGroup": "g",
    }
    storage = {
        "id": f"{SUB}/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/s",
        "type": "Microsoft.Storage/storageAccounts",
        "allowBlobPublicAccess": True,
    }
    path = put([WORKSPACE, flattened, storage])
    records, header, skipped = imported(path, complete=["computes"])
    assert [table for table, _ in records] == ["workspaces"]
    assert f"{path}: [1]: in the form of `az ml`" in skipped[0]
    assert "az rest --method get --url 'https://management.azure.com/subscriptions/" in skipped[0]
    assert "az resource show" in skipped[1]
    assert codes(header, "Skipped") == {("computes", flattened["id"])}, "a promise hides no loss"


@pytest.mark.parametrize(
    "content",
    [
        {"error": {"code": "AuthorizationFailed", "message": "no"}},
        [],
        [{"id": "string"}],
        {},
        {"value": [1, None, "x", {"id": ""}]},
        b"",
    ],
)
def test_nothing_to_import(put, content):
    with pytest.raises(SnapshotError, match="nothing was imported") as caught:
        imported(put(content))
    assert "az graph query" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"a": [1,\n  nul]}', "line 2, column "),
        ('{"a": 1', "line 1, column 8"),
        ('[{"id": "/a/b"},\n {"id": }]', "line 2, column 9"),
        ("Please run az login", "line 1, column 1"),
        ('{"a":1}\n{"b":2}\n{"c":', "line 3, column 6"),
        ('"text"', "line 1"),
        ("7", "line 1"),
    ],
)
def test_broken_json_is_told_with_its_place(put, text, place):
    with pytest.raises(SnapshotError) as caught:
        imported(put(text.encode()))
    assert f"x.json, {place}" in str(caught.value)


@pytest.mark.parametrize(
    "data", [b'[{"id":"\xff"}]', b'[{"id":"\\ud800"}]', b'[{"id":"/a/b","n":1e999}]', b"\xff\xfea"]
)
def test_text_that_json_cannot_hold(put, data):
    with pytest.raises(SnapshotError, match=r"x\.json"):
        imported(put(data))


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 100_000,
        b'[{"id":"/a/b","properties":' + b"[" * 5_000 + b"]" * 5_000 + b"}]",
        b"[" * 400 + b"]" * 400,
        b'{"value":' * 300 + b"[]" + b"}" * 300,
    ],
)
def test_deep_nesting(put, data, tmp_path):
    with pytest.raises(SnapshotError, match=r"nested|nothing was imported|broken"):
        imported(put(data))
    assert not (tmp_path / "s").exists()


def test_record_nested_deeper_than_a_snapshot_holds(put, tmp_path):
    data = b'{"id":"/a/b","properties":' + b'{"a":' * 150 + b"1" + b"}" * 151
    result = import_exports([put(data)], now=NOW)
    with pytest.raises(SnapshotError, match="/a/b: the record is nested deeper"):
        write_snapshot(tmp_path / "s", result.records, result.header)
    assert not (tmp_path / "s").exists()


def test_file_above_the_limit(put, monkeypatch):
    monkeypatch.setattr("scanner.snapshot.jsontext.LIMITS", Limits(export=100))
    with pytest.raises(SnapshotError, match="is larger than 100 bytes") as caught:
        imported(put(WORKSPACE))
    assert "pages" in caught.value.hint


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda x: (
        st.lists(x, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "type", "value", "data", "properties", "columns", "rows", "error"]
            )
            | st.text(),
            x | st.just(ML),
            max_size=4,
        )
    ),
)


@settings(max_examples=150, deadline=None)
@given(json_values)
def test_any_json_is_imported_or_refused(tmp_path_factory, value):
    path = tmp_path_factory.mktemp("any") / "x.json"
    path.write_bytes(json.dumps([value, WORKSPACE]).encode())
    records, _, _ = imported(path)
    assert ("workspaces", WORKSPACE) in records


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_imported_or_refused(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("any") / "x.json"
    path.write_bytes(data)
    with pytest.raises(SnapshotError):
        imported(path)


@pytest.mark.skipif(
    not REFERENCE.is_dir(), reason="the reference bodies are not beside the checkout"
)
def test_reference_bodies(tmp_path):
    result = import_exports([REFERENCE], now=NOW)
    listed = list(result.records)
    again = import_exports([REFERENCE], now=NOW)
    manifest = write_snapshot(tmp_path / "s", again.records, again.header)
    assert verify(tmp_path / "s") == []
    assert {table for table, _ in listed} == set(manifest.tables)
    assert {"workspaces", "computes", "roleDefinitions", "connections"} <= set(manifest.tables)
    assert any("INDEX.json" in note for note in result.skipped)
    expected = {(t, redact(r, t)[0]["id"]) for t, r in listed}
    with open_snapshot(tmp_path / "s") as snapshot:
        for table in snapshot.tables:
            for record in snapshot.records(table):
                assert (table, record["id"]) in expected
    text = b"".join(f.read_bytes() for f in (tmp_path / "s").rglob("*") if f.is_file())
    assert b"71fa86c2-fe23-49db-bb2e-8537edfb6ead" not in text
