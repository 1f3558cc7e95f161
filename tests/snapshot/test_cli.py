from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from click_type_test import check_param_annotations

from scanner.cli import cli
from scanner.cli.snapshot import import_, info, merge, verify
from scanner.snapshot import Manifest, write_snapshot
from scanner.snapshot.manifest import Shard
from scanner.snapshot.shards import subscriptions_digest

RECORD = {"id": "/subscriptions/s/providers/x.y/z/\u202ename", "tags": {"password": "hunter2"}}


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def invoke(*args, stdin=None):
        return CliRunner().invoke(cli, ["snapshot", *args], input=stdin, catch_exceptions=False)

    return invoke


def test_a_merge_says_which_shards_are_missing(run, tmp_path):
    now = "2026-01-01T00:00:00Z"
    for index in (1, 3):
        shard = Shard(index, 3, ("/",), subscriptions_digest("abc"), everything=True)
        scopes = (f"/subscriptions/{'abc'[index - 1]}",)
        header = Manifest(
            tool_version="1", started=now, finished=now, scopes_read=scopes, shard=shard
        )
        write_snapshot(tmp_path / str(index), [], header)
    done = run("merge", "1", "3", "-o", "both")
    assert done.exit_code == 0
    assert done.stderr.startswith("note: of 3 shards, 2 is not there: rules that need all of ")
    assert "shard     3 of 3\n" in run("info", "3").stdout
    assert "shard " not in run("info", "both").stdout


@pytest.mark.parametrize("command", [import_, verify, info, merge])
def test_options_fit_the_functions(command):
    check_param_annotations(command)


def test_import_verify_info_merge(run, tmp_path):
    done = run("import", "-", "-o", "one", "--estate", "e\x1b[31m", stdin=json.dumps([RECORD, {}]))
    assert done.exit_code == 0
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "skipped: stdin: [1]: no ARM id",
        "one: 1 records in 1 tables, 44 gaps, 1 secrets redacted",
    ]
    assert run("verify", "one").stdout.startswith("one is sound, digest ")
    told = run("info", "one").stdout
    assert "\x1b" not in told
    assert "\u202e" not in told
    assert "otherResources" in told
    assert "tags.password: 1" in told
    manifest = json.loads(run("info", "one", "--format", "json").stdout)
    assert manifest == json.loads((tmp_path / "one" / "manifest.json").read_text())
    twice = run("merge", "one", "one", "-o", "both.zip")
    assert twice.exit_code == 1
    assert "one and one are both the same snapshot" in twice.stderr
    assert not (tmp_path / "both.zip").exists()
    other = {**RECORD, "id": "/subscriptions/t/providers/x.y/z/name"}
    assert run("import", "-", "-o", "two", stdin=json.dumps([other])).exit_code == 0
    assert run("merge", "one", "two", "-o", "both.zip").exit_code == 0
    both = json.loads(run("info", "both.zip", "--format", "json").stdout)
    assert both["tables"]["otherResources"]["rows"] == 2


def test_plain_and_promise(run, tmp_path):
    (tmp_path / "x.json").write_text(json.dumps(RECORD))
    done = run("import", "x.json", "-o", "s", "--plain", "--complete", "computes")
    assert done.exit_code == 0
    assert (tmp_path / "s" / "records" / "computes.ndjson").read_bytes() == b""
    assert "complete as promised" in run("info", "s").stdout


def test_problems_are_printed_and_fail(run, tmp_path):
    (tmp_path / "x.json").write_text(json.dumps(RECORD))
    run("import", "x.json", "-o", "s", "--plain")
    with (tmp_path / "s" / "records" / "otherResources.ndjson").open("ab") as file:
        file.write(b"x")
    done = run("verify", "s")
    assert done.exit_code == 1
    assert "holds more than its manifest says" in done.stdout


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (("import", "no.json", "-o", "s"), 1, "no.json cannot be read"),
        (("import", "x.json", "-o", "s", "--complete", "workspace"), 2, "no table 'workspace'"),
        (("import", "x.json"), 2, "Missing option"),
        (("import", "x.json", "-o", "no/s"), 1, "there is no folder"),
        (("verify", "x.json"), 1, ""),
        (("info", "x.json"), 1, "neither a snapshot folder nor a zip"),
        (("merge", "x.json", "-o", "s"), 1, "neither a snapshot folder nor a zip"),
    ],
)
def test_errors_are_one_message(run, tmp_path, args, code, message):
    (tmp_path / "x.json").write_text(json.dumps(RECORD))
    done = run(*args)
    assert done.exit_code == code
    assert message in done.stderr
    assert "Traceback" not in done.output
    assert [file.name for file in tmp_path.iterdir()] == ["x.json"]


def test_long_lists_of_skipped_things_are_cut(run):
    done = run("import", "-", "-o", "s", stdin=json.dumps([RECORD] + [{}] * 30))
    assert "skipped: 10 more" in done.stderr
    assert done.stderr.count("\n") == 22
