"""`azmlscan inventory`: tables, JSON and CSV of what a snapshot holds."""

from __future__ import annotations

import csv
import json

import pytest

from tests.cli.commands import refused, run


@pytest.fixture
def contoso(estates):
    return estates / "contoso"


def test_every_format_lists_the_same_resources(contoso):
    table = run("inventory", contoso)[1].splitlines()
    rows = json.loads(run("inventory", contoso, "-f", "json")[1])
    cells = list(csv.DictReader(run("inventory", contoso, "-f", "csv")[1].splitlines()))
    assert table[-1] == f"{len(rows)} resources"
    assert len(table) == len(rows) + 2
    assert [row["id"] for row in rows] == [cell["id"] for cell in cells]


def test_one_kind_with_all_its_fields(contoso, tmp_path):
    output = tmp_path / "computes.json"
    config = contoso / "azmlscan.yaml"
    args = ("--resource", "compute", "-f", "json", "--config", config)
    assert run("inventory", contoso, *args, "-o", output)[:2] == (0, "")
    rows = json.loads(output.read_text("utf-8"))
    assert {row["kind"] for row in rows} == {"compute"}
    assert all(row["fields"]["computeType"] for row in rows)
    assert {"dev", "prod"} <= {row["environment"] for row in rows}


def test_projects_are_listed_where_they_are_asked_for(contoso):
    config = ("--config", contoso / "azmlscan.yaml")
    rows = json.loads(run("inventory", contoso, "--resource", "project", "-f", "json", *config)[1])
    churn = next(row for row in rows if row["name"] == "churn")
    assert churn["id"] == "/providers/azmlscan/projects/churn"
    assert {"dev", "prod"} <= set(churn["facts"]["environments"])
    assert churn["facts"]["workspaces"]
    everything = json.loads(run("inventory", contoso, "-f", "json", *config)[1])
    assert "project" not in {row["kind"] for row in everything}


def test_what_could_not_be_listed_is_said(contoso, estates):
    assert run("inventory", contoso)[2] == ""
    _, out, err = run("inventory", estates / "refused", "--resource", "workspace")
    assert out.endswith("\n12 resources\n")
    assert err == "note: there may be others that could not be listed: workspace\n"
    _, _, err = run("inventory", estates / "refused")
    assert err.endswith(" more kinds\n")


def test_fields_need_no_snapshot():
    code, out, _ = run("inventory", "--fields")
    assert code == 0
    assert "scaleSettings" in out


def test_wrong_usage(contoso):
    assert "which snapshot?" in refused("inventory", code=2)
    err = refused("inventory", contoso, "--resource", "worksapce", code=2)
    assert "Did you mean 'workspace'?" in err
    assert "Kinds: " in refused("inventory", contoso, "--resource", "zzzzzz", code=2)
