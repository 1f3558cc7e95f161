"""Exports, snapshots and outputs that are wrong: one clear error, and nothing half-written."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys

import pytest

from scanner.snapshot.tables import TABLE_OF_TYPE
from tests.cli.commands import refused, run

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000001"
WORKSPACE = (
    f"{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/w"
)
TYPE = "Microsoft.MachineLearningServices/workspaces"


def record(arm_id: str = WORKSPACE, **more: object) -> dict[str, object]:
    return {"id": arm_id, "name": "w", "type": TYPE, "properties": {}} | more


EXPORTS = {
    "broken": (b'{"value": [ {"id": "/subscriptions/x", }]}', "line 1, column 40: broken JSON"),
    "cut-off": (b'[\n{"id": "/x/y",\n"name":', "line 3, column 8: broken JSON"),
    "not-json": (b"nonsense", "line 1, column"),
    "empty": (b"", "nothing was imported: {file}: empty"),
    "empty-list": (b"[]", "nothing was imported: {file}: an empty list"),
    "text": (b'"hello"', "line 1, column 1: neither a JSON object nor an array"),
    "null": (b"null", "line 1, column 1: neither a JSON object nor an array"),
    "nan": (b'[{"id": "/x/y", "properties": NaN}]', "broken JSON"),
    "huge-number": (b'[{"id": "/x/y", "properties": {"a": ' + b"9" * 6000 + b"}}]", "[0]: broken"),
    "deep": (b"[" * 100_000 + b"]" * 100_000, "{file}: nested too deeply"),
    "deep-object": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "{file}: nested too deeply"),
    "deep-record": (
        b'[{"id": "/x/y", "properties": ' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"}]",
        "nested too deeply",
    ),
    "latin-1": (b'[{"id": "/x/y", "name": "caf\xe9"}]', "{file}: [0]: not UTF-8"),
    "no-arm-id": (b'[{"id": "foo", "properties": {}}, {"id": 5}]', "[0]: no ARM id"),
    "an-error": (b'{"error": {"code": "AuthorizationFailed"}}', "an error that the service sent"),
    "gzip": (gzip.compress(b"[]"), "{file} is compressed"),
}


@pytest.mark.parametrize("command", ["scan", "inventory", "import"])
@pytest.mark.parametrize("name", EXPORTS)
def test_export_that_is_wrong(tmp_path, name, command):
    data, problem = EXPORTS[name]
    file = tmp_path / f"{name}.json"
    file.write_bytes(data)
    target = tmp_path / "snapshot"
    args = ("snapshot", "import", file, "-o", target) if command == "import" else (command, file)
    err = refused(*args)
    assert problem.format(file=file) in err
    assert str(file) in err
    assert sorted(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("name", ["empty", "broken", "latin-1"])
@pytest.mark.parametrize("args", [("scan", "-"), ("inventory", "-"), ("snapshot", "import", "-")])
def test_standard_input_that_is_wrong(tmp_path, args, name):
    output = ("-o", tmp_path / "snapshot") if "import" in args else ()
    assert "stdin" in refused(*args, *output, stdin=EXPORTS[name][0])
    assert not list(tmp_path.iterdir())


def test_standard_input(tmp_path):
    data = json.dumps([record()]).encode()
    assert run("scan", "-", "--fail-on", "critical", stdin=data)[0] == 4
    assert run("snapshot", "import", "-", "-o", tmp_path / "s", stdin=data)[0] == 0
    assert run("inventory", "-", stdin=data)[1].splitlines()[-1] == "1 resource"


def test_folder_of_junk(tmp_path):
    (tmp_path / "a.txt").write_text("x", encoding="utf-8")
    assert "holds no *.json, *.jsonl or *.ndjson file" in refused("scan", tmp_path)
    (tmp_path / "b.json").write_bytes(os.urandom(3000))
    assert f"{tmp_path / 'b.json'}, line" in refused("scan", tmp_path)


def test_byte_order_mark_carriage_returns_and_utf_16(tmp_path):
    text = json.dumps([record()], indent=1).replace("\n", "\r\n")
    outputs = set()
    for name, data in (
        ("plain.json", text.encode()),
        ("bom.json", text.encode("utf-8-sig")),
        ("utf16.json", text.encode("utf-16")),
    ):
        (tmp_path / name).write_bytes(data)
        code, out, _ = run("inventory", tmp_path / name, "-f", "json")
        assert code == 0
        outputs.add(out)
    assert len(outputs) == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_is_read_once(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "scanner", "snapshot", "import", pipe, "-o", tmp_path / "s"]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        pipe.write_text(json.dumps([record()]), encoding="utf-8")
        err = process.communicate(timeout=60)[1]
    assert b": 1 records in 1 tables" in err


def test_ids_that_differ_in_case_only_are_one_record_and_a_gap(tmp_path):
    file = tmp_path / "two.json"
    file.write_text(json.dumps([record(), record(WORKSPACE.upper(), name="other")]), "utf-8")
    assert run("snapshot", "import", file, "-o", tmp_path / "s")[0] == 0
    out = run("snapshot", "info", tmp_path / "s")[1]
    assert "tables (1 records)" in out
    assert "DuplicateId" in out


def test_a_large_file_is_read_with_bounded_memory(tmp_path):
    resource = pytest.importorskip("resource")
    file = tmp_path / "large.json"
    padding = "x" * 100_000
    with file.open("w", encoding="utf-8") as stream:
        stream.write("[")
        for number in range(2000):
            separator = "," if number else ""
            row = record(f"{WORKSPACE}{number}", properties={"description": padding})
            stream.write(separator + json.dumps(row))
        stream.write("]")
    assert file.stat().st_size > 200_000_000
    command = [sys.executable, "-m", "scanner", "snapshot", "import", file, "-o", tmp_path / "s"]
    limit = 1_500_000_000
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )
    assert done.returncode == 0, done.stderr
    assert "2000 records" in done.stderr


def test_a_record_of_every_kind_without_properties(tmp_path):
    records = []
    for arm_type in sorted(TABLE_OF_TYPE):
        namespace, *types = arm_type.split("/")
        for name, properties in (("n", None), ("e", {}), ("s", "text")):
            path = "".join(f"/{step}/{name}" for step in types)
            arm_id = f"{SUBSCRIPTION}/resourceGroups/rg/providers/{namespace}{path}"
            records.append(
                {"id": arm_id, "name": name, "type": arm_type, "properties": properties}
                | dict.fromkeys(("location", "tags", "sku", "identity", "kind"))
            )
    file = tmp_path / "nulls.json"
    file.write_text(json.dumps(records), encoding="utf-8")
    code, out, _ = run("scan", file, "-f", "json")
    assert code == 10
    assert json.loads(out)["summary"]["totals"]["error"] == 0


@pytest.mark.parametrize("odd", [["a"], {"a": 1}, 5, True, None])
def test_a_record_whose_name_or_type_is_no_text(tmp_path, odd):
    file = tmp_path / "odd.json"
    file.write_text(json.dumps([record(name=odd), record(f"{WORKSPACE}2", type=odd)]), "utf-8")
    code, out, _ = run("inventory", file, "-f", "json")
    assert code == 0
    assert [(one["name"], one["kind"]) for one in json.loads(out)] == [("w", "workspace")] * 2


def test_nothing_to_check_is_3(tmp_path):
    file = tmp_path / "only.json"
    identity = "Microsoft.Network/privateEndpoints"
    arm_id = f"{SUBSCRIPTION}/resourceGroups/rg/providers/{identity}/p"
    file.write_text(json.dumps([record(arm_id, type=identity)]), encoding="utf-8")
    code, out, _ = run("scan", file)
    assert code == 3
    assert "Nothing was checked" in out


OUTPUTS = {
    "no-folder/report.md": (1, "there is no folder"),
    "report.xyz": (2, "cannot tell the format"),
    "a-file/report.md": (1, "cannot be written"),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_output_that_cannot_be_is_found_before_anything_is_written(tmp_path, estates, name):
    (tmp_path / "a-file").touch()
    code, problem = OUTPUTS[name]
    outputs = ("-o", tmp_path / "good.md", "-o", tmp_path / name)
    err = refused("scan", estates / "pristine", *outputs, code=code)
    assert problem in err
    assert ".part" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["a-file"]


@pytest.mark.parametrize(
    "args",
    [
        ("scan", "--evidence", "{tmp}/a-file/evidence"),
        ("inventory", "-o", "{tmp}/a-file/x"),
        ("init", "-o", "{tmp}/a-file/x"),
        ("snapshot", "merge", "-o", "{tmp}/a-file/x"),
    ],
)
def test_output_below_a_file(tmp_path, estates, args):
    (tmp_path / "a-file").touch()
    named = [arg.format(tmp=tmp_path) for arg in args]
    err = refused(*named, estates / "contoso")
    assert "cannot be written" in err
    assert "Errno" not in err


def test_output_that_is_a_folder_or_an_unknown_format(tmp_path, estates):
    (tmp_path / "f.md").mkdir()
    assert "is a directory" in refused(
        "scan", estates / "pristine", "-o", tmp_path / "f.md", code=2
    )
    assert "'xml' is not one of" in refused("scan", estates / "pristine", "-f", "xml", code=2)


@pytest.mark.skipif(os.name == "nt", reason="signals differ on Windows")
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_leaves_nothing_behind(tmp_path, sent, code):
    command = [sys.executable, "-m", "scanner", "snapshot", "import", "-", "-o", tmp_path / "out"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin
        # More than a pipe holds: when it is written, the command is reading, and waits for more.
        process.stdin.write(b"[" + b" " * 1_000_000)
        process.stdin.flush()
        process.send_signal(sent)
        err = process.communicate(timeout=60)[1]
    assert process.returncode == code
    assert b"Traceback" not in err
    assert not list(tmp_path.iterdir())
