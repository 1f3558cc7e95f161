"""`make live-demo`: from the emulator to reports, by the commands that people type."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys

import pytest

from fixtures.emulator.demo import _wrapped
from scanner.snapshot import open_snapshot, verify
from tests.emulator.conftest import CONTOSO

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


def demo(root, estate, folder, *options):
    command = [sys.executable, "-m", "fixtures.emulator.demo", *options, str(estate), str(folder)]
    return subprocess.run(
        command, cwd=root, capture_output=True, text=True, check=False, timeout=300
    )


def test_the_demo_leaves_a_snapshot_and_reports(tmp_path, root):
    done = demo(root, CONTOSO, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "$ azmlscan collect " in done.stderr
    assert "$ azmlscan scan" in done.stderr
    assert "findings on purpose (exit code 10)" in done.stderr
    assert verify(tmp_path / "snapshot") == []
    with open_snapshot(tmp_path / "snapshot") as snapshot:
        assert snapshot.manifest.gaps == ()
        assert snapshot.manifest.cloud == "public"
        assert snapshot.manifest.estate == "contoso"
    result = json.loads((tmp_path / "reports" / "result.json").read_text())
    assert result["summary"]
    assert {row["verdict"] for row in result["results"]} == {"pass", "fail", "not_applicable"}
    assert (tmp_path / "reports" / "report.html").is_file()
    assert "Traceback" not in done.stderr


def test_the_commands_can_be_typed_again():
    words = ["azmlscan", "collect", "--cloud", "a folder/cloud.json", "-o", "x" * 70, "--resume"]
    told = _wrapped(words)
    assert shlex.split(told.replace("\\\n", "")) == words
    assert "--cloud 'a folder/cloud.json'" in told


def test_a_second_demo_replaces_what_the_first_left_and_nothing_else(tmp_path, root):
    (tmp_path / "snapshot").mkdir()
    (tmp_path / "snapshot" / "old").write_text("old")
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "estate").mkdir()
    for name in ("subscriptions", "managementGroups"):
        records = (CONTOSO / "records" / f"{name}.ndjson").read_bytes()
        (tmp_path / "estate" / f"{name}.ndjson").write_bytes(records)
    done = demo(root, tmp_path / "estate", tmp_path, "--no-quotas")
    assert done.returncode in {0, 3}, done.stderr
    assert "--config" not in done.stderr
    assert not (tmp_path / "snapshot" / "old").exists()
    assert (tmp_path / "mine").read_text() == "mine"


def test_a_collection_that_fails_ends_the_demo(tmp_path, root):
    (tmp_path / "estate").mkdir()
    (tmp_path / "estate" / "computes.ndjson").write_text('{"id": "/subscriptions/x/computes/c"}')
    done = demo(root, tmp_path / "estate", tmp_path / "build", "--no-quotas")
    assert done.returncode == 3
    assert "$ azmlscan scan" not in done.stderr
    assert "reports are in" not in done.stderr
