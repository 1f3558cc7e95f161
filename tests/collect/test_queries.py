from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from scanner.collect.operations import COLLECTED, GRAPH_PERMISSIONS, OPERATIONS, query
from scanner.snapshot.manifest import ANY_TABLE
from scanner.snapshot.tables import OTHER, TABLES

NODE = shutil.which("node")
PARSER = "@kusto/language-service-next"


def test_each_file_is_the_query_of_a_table(root):
    files = {file.stem for file in (root / "scanner" / "collect" / "queries").iterdir()}
    assert files == set(GRAPH_PERMISSIONS)


@pytest.mark.parametrize("table", sorted(GRAPH_PERMISSIONS))
def test_query_is_of_the_table_and_can_be_paged(table):
    text = query(table)
    assert TABLES[table][-1] in text
    assert text.endswith("\n| order by id asc\n")
    assert "| project id, name, type," in text
    assert not {"limit", "take", "top"} & set(text.split())


def test_every_table_is_read():
    read = GRAPH_PERMISSIONS.keys() | {operation.table for operation in OPERATIONS} - {ANY_TABLE}
    assert read == set(COLLECTED) == TABLES.keys() - {OTHER}


def test_queries_please_the_parser_of_the_service(root, shared):
    checker = shared / "checks" / "kql_check.mjs"
    folders = [Path(each) for each in os.environ.get("NODE_PATH", "").split(os.pathsep) if each]
    modules = next((each for each in folders if (each / PARSER).is_dir()), None)
    if NODE is None or modules is None:
        pytest.skip(f"needs node, and {PARSER} in one of the folders of NODE_PATH")
    files = sorted((root / "scanner" / "collect" / "queries").glob("*.kql"))
    done = subprocess.run(
        [NODE, checker, "--json", *files],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "KQL_MODULES": str(modules)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(files)
    assert [answer["file"] for answer in answers if answer["diagnostics"]] == []
