"""The JSON that commands write is as its schema says."""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from click.testing import CliRunner

from scanner import schemas
from scanner.cli import cli

if TYPE_CHECKING:
    from pathlib import Path

ATTESTATIONS = """attestations:
  - control: caf-ml-setup/automated-tests
    answer: met
    statement: The test pipeline runs on every change.
    attestedBy: j.doe
    attestedOn: 2026-11-01
    expiresOn: 2027-10-31
    evidence: [https://contoso.example/builds/1]
    scope: {environments: [dev]}
  - control: caf-ml-setup/private-link
    answer: met
    statement: It is private.
    attestedBy: j.doe
    attestedOn: 2026-11-01
    expiresOn: 2027-10-31
"""


@cache
def validator(name: str) -> jsonschema.Draft202012Validator:
    schema = schemas.load(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def written(name: str, *args: object) -> Any:
    """What a command writes as JSON, once it is known to be as the schema says."""
    command = [*map(str, args), "--format", "json"]
    result = CliRunner().invoke(cli, command, catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    validator(name).validate(document)
    return document


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory, estates: Path) -> list[Path]:
    folder = tmp_path_factory.mktemp("results")
    paths = []
    for name in ("contoso", "refused"):
        estate, path = estates / name, folder / f"{name}.json"
        rules = ("--only", "AML-NET-*", "--only", "AML-ORG-*")
        args = ("scan", estate, "--config", estate / "azmlscan.yaml", *rules, "-o", path)
        CliRunner().invoke(cli, [*map(str, args)], catch_exceptions=False)
        paths.append(path)
    return paths


@pytest.mark.parametrize("name", ["contoso", "refused", "pristine"])
def test_controls(estates: Path, tmp_path: Path, name: str) -> None:
    estate, file = estates / name, tmp_path / "exemptions.yaml"
    file.write_text(ATTESTATIONS, encoding="utf-8")
    config = ("--config", estate / "azmlscan.yaml")
    written("control-results", "controls", estate, *config)
    document = written("control-results", "controls", estate, *config, "--exemptions", file)
    wrong = copy.deepcopy(document)
    reviewed = next(
        one
        for framework in wrong["frameworks"]
        for one in framework["controls"]
        if one["kind"] == "review"
    )
    reviewed["status"] = "pass"
    assert not validator("control-results").is_valid(wrong)


@pytest.mark.parametrize("by", ["severity", "environment", "framework", "control"])
def test_trend(results: list[Path], by: str) -> None:
    document = written("trend", "trend", *results, "--by", by)
    document["points"][0]["more"] = 1
    assert not validator("trend").is_valid(document)


def test_diff_of_results(results: list[Path]) -> None:
    document = written("diff", "diff", *results)
    assert document["changes"]
    document["kind"] = "snapshots"
    assert not validator("diff").is_valid(document)


def test_diff_of_snapshots(estates: Path) -> None:
    document = written("diff", "diff", estates / "contoso", estates / "pristine")
    assert document["changes"]
    document["changes"][0]["kind"] = "new"
    assert not validator("diff").is_valid(document)


@pytest.mark.parametrize("name", ["contoso", "refused"])
def test_access(estates: Path, name: str) -> None:
    estate = estates / name
    args = ("access", estate, "--config", estate / "azmlscan.yaml")
    grants = written("access", *args)
    assert grants
    assert written("access", *args, "--matrix")
    principal = next(row["principalId"] for row in grants if row["principalId"])
    workspace = grants[0]["workspace"]
    assert written("access", *args, "--why", principal, "read", workspace)
    assert not validator("access").is_valid([{**grants[0], "more": 1}])
