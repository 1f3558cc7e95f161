from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from scanner.cli import cli
from tests.conftest import ROOT

CONTOSO = ROOT / "fixtures" / "estates" / "contoso"
WORKSPACE = "mlw-fraud-prod"


def invoke(*args):
    config = ("--config", str(CONTOSO / "azmlscan.yaml"))
    return CliRunner().invoke(cli, ["access", str(CONTOSO), *config, *args])


def rows(*args):
    result = invoke(*args, "--format", "json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def person():
    [found] = [row for row in rows("--workspace", WORKSPACE) if row["type"] == "User"]
    return found


def test_every_workspace():
    assert len({row["workspace"] for row in rows()}) > 5


def test_one_workspace_by_name_or_id():
    by_name = rows("--workspace", WORKSPACE.upper())
    assert {row["workspace"] for row in by_name} == {WORKSPACE}
    scopes = [row["scope"] for row in by_name if row["scope"].endswith(WORKSPACE)]
    assert rows("--workspace", scopes[0]) == by_name


def test_one_principal():
    found = rows("--principal", person()["principalId"].upper())
    assert {row["principalId"] for row in found} == {person()["principalId"]}
    assert "deployModels" in found[0]["can"]


def test_names_and_groups_from_a_file(tmp_path):
    file = tmp_path / "principals.json"
    group = {"id": "g", "displayName": "=HYPERLINK(1) | <b>", "members": [person()["principalId"]]}
    users = [{"id": person()["principalId"], "displayName": "Ada\x1b[31m"}]
    file.write_text(json.dumps({"groups": [group], "users": users}))
    result = invoke("--principals", str(file), "--workspace", WORKSPACE)
    assert "Ada[31m" in result.stdout
    assert "\x1b" not in result.stdout
    assert rows("--principals", str(file), "--principal", "Ada\x1b[31m")


@pytest.mark.parametrize("format_", ["table", "markdown"])
def test_for_people(format_):
    result = invoke("--workspace", WORKSPACE, "--format", format_)
    assert result.exit_code == 0
    assert "Contributor" in result.stdout
    assert result.stdout.endswith(" grants\n")


def test_matrix():
    found = rows("--workspace", WORKSPACE, "--matrix")
    assert {row["environment"] for row in found} == {"prod"}
    [scientist] = [row for row in found if row["persona"] == "dataScientist"]
    assert scientist["allowed"] == ["read"]
    assert set(scientist["excess"]) == set(scientist["can"]) - {"read"}


@pytest.mark.parametrize(
    ("capability", "verb"), [("deployModels", "has deploy"), ("manageAccess", "does not have")]
)
def test_why(capability, verb):
    asked = ("--why", person()["principalId"], capability.upper(), WORKSPACE)
    result = invoke(*asked)
    assert result.exit_code == 0
    assert verb in result.stdout
    assert "role: Contributor" in result.stdout
    [answer] = rows(*asked)
    assert answer["assignments"][0]["steps"]
    assert invoke(*asked, "--format", "markdown").stdout.startswith("```")


def test_why_of_a_stranger():
    result = invoke("--why", "nobody", "read", WORKSPACE)
    assert "no assignment of the principal holds there" in result.stdout


def test_output(tmp_path):
    file = tmp_path / "access.md"
    result = invoke("--format", "markdown", "-o", str(file))
    assert (result.exit_code, result.stdout) == (0, "")
    assert file.read_text().startswith("| workspace |")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--workspace", "none"), "there is no workspace 'none'"),
        (("--why", "x", "fly", WORKSPACE), "there is no capability 'fly'"),
        (("--principals", "/none.json"), "cannot be read"),
    ],
)
def test_mistakes(args, said):
    result = invoke(*args)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_what_was_not_read_is_said():
    refused = ROOT / "fixtures" / "estates" / "refused"
    result = CliRunner().invoke(cli, ["access", str(refused), "--workspace", "mlw-exploration"])
    assert "not all was read" in result.stdout
