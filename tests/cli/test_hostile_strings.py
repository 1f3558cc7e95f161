"""Names, tags and ids that try to style, repaint, link or calculate, in everything that is printed."""

from __future__ import annotations

import json
import re

import pytest

from scanner.snapshot.tables import TABLE_OF_TYPE
from tests.cli.commands import run

HOSTILE = "a\x1b[2J<img src=x>|`x`*b*[l](http://e)\u202e\r\n::error::@user #1\x9b2J\u2028z"
FORMULA = "=cmd|' /C calc'!A0"
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000001"


@pytest.fixture
def export(tmp_path):
    records = []
    for arm_type in sorted(TABLE_OF_TYPE):
        namespace, *types = arm_type.split("/")
        path = "".join(f"/{step}/{HOSTILE}" for step in types)
        records.append(
            {
                "id": f"{SUBSCRIPTION}/resourceGroups/r{HOSTILE}/providers/{namespace}{path}",
                "name": HOSTILE,
                "type": arm_type,
                "kind": HOSTILE,
                "location": HOSTILE,
                "tags": {HOSTILE: HOSTILE, "environment": HOSTILE, "project": FORMULA},
                "properties": {},
            }
        )
    file = tmp_path / "export.json"
    file.write_text(json.dumps(records), encoding="utf-8")
    return file


@pytest.mark.parametrize("format_", ["terminal", "markdown", "json", "sarif"])
def test_reports(export, format_):
    code, out, err = run("scan", export, "-f", format_)
    assert code == 10
    assert not STEERING.search(out)
    assert not STEERING.search(err)


def test_markdown_shows_what_is_there(export):
    out = run("scan", export, "-f", "markdown")[1]
    rows = [line for line in out.splitlines() if line.startswith(("| fail", "| unknown"))]
    assert rows
    for row in rows:
        prose = re.sub(r"(?<![\\`])(`+)(?!`).+?(?<!`)\1(?!`)", "", row)
        assert "<img" not in prose
        assert not re.search(r"(?<!\\)\]\(", prose)
        assert "@user" not in prose
        assert len(re.findall(r"(?<!\\)\|", prose)) == 5


@pytest.mark.parametrize("format_", ["table", "json", "csv"])
def test_inventory(export, format_):
    code, out, _ = run("inventory", export, "-f", format_)
    assert code == 0
    assert not STEERING.search(out)


def test_json_means_what_azure_sent(export):
    rows = json.loads(run("inventory", export, "-f", "json")[1])
    assert {row["name"] for row in rows} == {HOSTILE}


def test_csv_has_no_formulas(export):
    out = run("inventory", export, "-f", "csv")[1]
    assert FORMULA in out
    assert not re.search(r"(^|,)[=+@-]", out, re.MULTILINE)


def test_what_could_not_be_read_is_said_in_words(export):
    assert "$unread" not in run("inventory", export, "-f", "csv")[1]
    assert "$unread" not in run("scan", export)[1]


def test_snapshot_info_and_skipped(export, tmp_path):
    odd = tmp_path / f"odd{HOSTILE[:4]}.json"
    odd.write_text(json.dumps([{"id": 1}] * 30), encoding="utf-8")
    code, _, err = run("snapshot", "import", export, odd, "-o", tmp_path / "s")
    assert code == 0
    assert not STEERING.search(err)
    assert err.count("skipped: ") == 21
    assert "skipped: 10 more" in err
    for format_ in ("text", "json"):
        assert not STEERING.search(run("snapshot", "info", tmp_path / "s", "--format", format_)[1])


def test_proposed_config_can_be_read(export, tmp_path):
    config = tmp_path / "azmlscan.yaml"
    assert run("init", export, "-o", config)[0] == 0
    assert run("scan", export, "--config", config)[0] == 10
