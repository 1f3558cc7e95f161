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


def stated(text):
    """The text as one line, wherever a terminal would have broken it."""
    return " ".join(text.split())


def test_every_workspace():
    assert len({row["workspace"] for row in rows()}) > 5


def test_one_workspace_by_name_or_id():
    by_name = rows("--workspace", WORKSPACE.upper())
    assert {row["workspace"] for row in by_name} == {WORKSPACE}
    scopes = [row["scope"] for row in by_name if row["scope"].endswith(WORKSPACE)]
    assert rows("--workspace", scopes[0]) == by_name


def test_one_principal():
    by_id = rows("--principal", person()["principalId"].upper())
    assert by_id == rows("--principal", "LEILA haddad")
    own = [row for row in by_id if row["principalId"] == person()["principalId"]]
    assert "deployModels" in own[0]["can"]
    groups = {row["principal"] for row in by_id} - {"Leila Haddad"}
    assert groups == {f"ml-fraud-data-scientists-{name}" for name in ("dev", "qa", "prod")}


def test_one_principal_is_told_with_its_groups():
    result = invoke("--principal", "Jonas Okafor")
    assert "ml-churn-devops-prod" in result.stderr
    assert "Contoso ML operations at the workspace" in result.stdout


def test_a_managed_identity_goes_by_the_name_of_its_resource():
    [row] = rows("--principal", "id-fraud-prod")
    assert (row["type"], row["at"]) == ("ServicePrincipal", "storage account stfraudprod")


def test_names_and_groups_from_a_file(tmp_path):
    file = tmp_path / "principals.json"
    group = {"id": "g", "displayName": "=HYPERLINK(1) | <b>", "members": [person()["principalId"]]}
    users = [{"id": person()["principalId"], "displayName": "Ada\x1b[31m"}]
    file.write_text(json.dumps({"groups": [group], "users": users}))
    result = invoke("--principals", str(file), "--workspace", WORKSPACE)
    assert "Ada[31m" in result.stdout
    assert "\x1b" not in result.stdout
    asked = invoke("--principals", str(file), "--principal", "Ada\x1b[31m")
    assert asked.exit_code == 0
    assert "\x1b" not in asked.stdout + asked.stderr


def test_a_name_that_two_have(tmp_path):
    file = tmp_path / "principals.json"
    users = [{"id": f"{number}", "displayName": "Ada"} for number in range(2)]
    file.write_text(json.dumps({"users": users}))
    result = invoke("--principals", str(file), "--principal", "Ada")
    assert result.exit_code == 2
    assert "Use an id: 0, 1" in result.stderr


@pytest.mark.parametrize("format_", ["table", "markdown"])
def test_for_people(format_):
    result = invoke("--workspace", WORKSPACE, "--format", format_)
    assert result.exit_code == 0
    assert "Contributor" in result.stdout
    assert result.stdout.endswith(" grants\n")
    assert "Leila Haddad" in result.stdout
    assert "subscription sub-contoso-prod" in result.stdout


@pytest.mark.parametrize("args", [(), ("--matrix",), ("--principal", "Jonas Okafor")])
def test_fits_a_terminal(args):
    lines = invoke(*args).stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert all(line == line.rstrip() for line in lines)


def test_matrix():
    found = rows("--workspace", WORKSPACE, "--matrix")
    assert {row["environment"] for row in found} == {"prod"}
    [scientist] = [row for row in found if row["persona"] == "dataScientist"]
    assert scientist["allowed"] == ["read"]
    assert set(scientist["excess"]) == set(scientist["can"]) - {"read"}
    [way] = scientist["excessThrough"]
    assert (way["principal"], way["role"]) == ("Leila Haddad", "Contributor")
    assert way["capabilities"] == scientist["excess"]


def test_matrix_in_words():
    text = stated(invoke("--matrix").stdout)
    assert "mlw-churn-prod (prod): dataScientist can manageNetwork" in text
    assert "by Contoso ML operations of ml-churn-devops-prod at the workspace" in text
    assert "mlw-churn-dev-2 (dev): dataEngineer cannot read" in text
    assert text.endswith("1 that it says nothing of, or not of everybody.")


def test_matrix_says_nothing_of_what_it_does_not_name():
    found = rows("--workspace", "ML-PoC-2", "--matrix")
    assert {(row["environment"], row["allowed"], row["promised"]) for row in found} == {
        (None, None, None)
    }
    assert not any(row["excess"] or row["lack"] for row in found)


def test_matrix_as_markdown():
    text = invoke("--matrix", "--format", "markdown").stdout
    [line] = [line for line in text.splitlines() if line.startswith("| mlw-forecasting-qa ")]
    assert "**beyond: manageAccess**" in line
    [table] = [part for part in text.split("### ") if part.startswith("prod\n")]
    columns = {line.count("|") for line in table.splitlines() if line.startswith("|")}
    assert len(columns) == 1


@pytest.mark.parametrize(
    ("capability", "verb"), [("deployModels", "has deploy"), ("manageAccess", "does not have")]
)
def test_why(capability, verb):
    asked = ("--why", person()["principalId"], capability.upper(), WORKSPACE)
    result = invoke(*asked)
    assert result.exit_code == 0
    assert verb in result.stdout
    assert "Contributor at the workspace" in result.stdout
    [answer] = rows(*asked)
    assert any(one["steps"] for one in answer["assignments"])
    assert invoke(*asked, "--format", "markdown").stdout.startswith("```")


def test_why_of_a_stranger():
    result = invoke("--why", "00000000-0000-0000-0000-00000000beef", "read", WORKSPACE)
    assert "no assignment of the principal holds there" in result.stdout


def test_why_through_a_group():
    result = invoke("--why", "Jonas Okafor", "deployModels", "mlw-churn-prod")
    assert "through: group ml-churn-devops-prod (" in result.stdout


def test_why_of_what_must_be_activated():
    result = invoke("--why", "Bram Verhoeven", "manageAccess", "mlw-churn-prod")
    assert "limits: must be activated first" in result.stdout


def test_output_of_a_table(tmp_path):
    file = tmp_path / "matrix.txt"
    assert invoke("--matrix", "-o", str(file)).stdout == ""
    assert "\x1b" not in file.read_text()
    assert "mlw-churn-prod" in file.read_text()


def test_output(tmp_path):
    file = tmp_path / "access.md"
    result = invoke("--format", "markdown", "-o", str(file))
    assert (result.exit_code, result.stdout) == (0, "")
    assert file.read_text().startswith("| workspace |")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--workspace", "none"), "there is no workspace 'none'"),
        (("--why", "Ruth Adeyemi", "fly", WORKSPACE), "there is no capability 'fly'"),
        (("--principals", "/none.json"), "cannot be read"),
        (("--workspace", "mlw-churn-prd"), "Did you mean 'mlw-churn-prod'?"),
        (("--principal", "Jonas Okfor"), "Did you mean 'Jonas Okafor'?"),
        (("--principal", "nobody"), "Use an object id, or a name from the principals file"),
        (("--matrix", "--principal", "Jonas Okafor"), "--matrix is about personas"),
        (("--why", "x", "read", WORKSPACE, "--matrix"), "--why asks a question of its own"),
    ],
)
def test_mistakes(args, said):
    result = invoke(*args)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_a_workspace_that_may_only_not_have_been_listed():
    refused = str(ROOT / "fixtures" / "estates" / "refused")
    result = CliRunner().invoke(cli, ["access", refused, "--workspace", "mlw-fraud-qa"])
    assert result.exit_code == 2
    assert "not all workspaces could be listed" in result.stderr
    assert "there is no workspace" not in result.stderr


def test_what_was_not_read_is_said():
    refused = ROOT / "fixtures" / "estates" / "refused"
    result = CliRunner().invoke(cli, ["access", str(refused), "--workspace", "mlw-exploration"])
    assert "not all was read" in result.stdout


@pytest.mark.parametrize("format_", ["table", "markdown", "json"])
def test_workspaces_that_could_not_be_listed_are_said(format_):
    whole = invoke("--principal", "Leila Haddad", "--format", format_).output
    assert "The snapshot has 15 workspaces, and all were listed." in whole
    refused = ROOT / "fixtures" / "estates" / "refused"
    args = ["access", str(refused), "--config", str(refused / "azmlscan.yaml")]
    result = CliRunner().invoke(cli, [*args, "--principal", "Leila Haddad", "-f", format_])
    said = " ".join(result.output.split())
    assert "The snapshot has 12 workspaces. Others could not be listed" in said
