"""The full result: every row, as the schema says."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema
import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.report import json as report


@cache
def validator():
    schema = json.loads(files("scanner").joinpath("schemas/result.schema.json").read_bytes())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def load(scan) -> dict[str, Any]:
    found = json.loads(b"".join(report.render(scan.result)))
    assert isinstance(found, dict)
    return found


@settings(max_examples=50)
@given(data=st.data())
def test_every_result_meets_its_schema(scans, data):
    scan = data.draw(scans)
    document = load(scan)
    validator().validate(document)
    assert len(document["results"]) == sum(1 for _ in scan.result.rows())


def test_the_schema_refuses_what_is_not_in_it(sample):
    document = load(sample)
    validator().validate(document)
    document["results"][0]["more"] = 1
    assert not validator().is_valid(document)


def test_passes_and_not_applicable_rows_are_in_it(sample):
    verdicts = [row["verdict"] for row in load(sample)["results"] if row["ruleId"] == "AML-CMP-001"]
    assert verdicts == ["fail", "fail", "pass", "not_applicable"]


def test_a_failure_has_the_command_that_mends_it(sample):
    rows = [row for row in load(sample)["results"] if row["ruleId"] == "AML-CMP-001"]
    commands = [row["remediation"] and row["remediation"]["cli"] for row in rows]
    fixed = "az ml compute update --name {} --min-instances 0"
    assert commands == [fixed.format("cpu"), fixed.format("gpu"), None, None]


def test_an_unread_value_is_told_from_an_absent_one(sample):
    rows = load(sample)["results"]
    evidence = [e for row in rows for e in row["evidence"]]
    actual = {e["path"]: e["actual"] for e in evidence}
    assert actual["subnet.networkSecurityGroup"] == {"$unread": True}
    assert actual["scaleSettings.minNodeCount"] == 2


def test_the_head_ties_it_to_the_snapshot(sample):
    document = load(sample)
    assert list(document) == [
        "schemaVersion",
        "tool",
        "snapshot",
        "configDigest",
        "rules",
        "summary",
        "exemptions",
        "baseline",
        "results",
    ]
    assert document["snapshot"]["digest"] == sample.result.manifest.digest
    assert document["snapshot"]["tables"] == {
        "computes": 4,
        "storageAccounts": 1,
        "workspaces": 1,
    }
    assert [gap["table"] for gap in document["snapshot"]["gaps"]] == [
        "networkSecurityGroups",
        "datastores",
    ]
    assert document["rules"][0]["counts"] == msgspec.to_builtins(
        sample.result.by_rule["AML-CMP-001"]
    )


def test_one_row_a_line_in_order(sample):
    lines = b"".join(report.render(sample.result)).decode().splitlines()
    rows = [json.loads(line.removesuffix(",")) for line in lines if line.startswith('{"ruleId"')]
    keys = [(row["ruleId"], row["resourceId"].lower()) for row in rows]
    assert keys == sorted(keys)
    assert len(keys) == len(load(sample)["results"])


def test_same_input_same_bytes(sample):
    assert list(report.render(sample.result)) == list(report.render(sample.result))
