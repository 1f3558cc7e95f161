"""The SARIF file: valid, accepted by code scanning, and right in what no validator checks."""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import subprocess
import tracemalloc
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest
import sarif_om
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.engine.result import Verdict
from scanner.report import sarif
from scanner.report.record import pretty
from scanner.report.sarif.serialize import to_json
from scanner.report.text import clean

SHARED = Path(__file__).parents[3] / "shared"
SCHEMA = SHARED / "reference" / "sarif-schema-2.1.0.json"
GATE = SHARED / "checks" / "sarif_gate.js"


def load(scan, **options) -> dict[str, Any]:
    found = json.loads(b"".join(sarif.render(scan.result, scan.fetch, **options)))
    assert isinstance(found, dict)
    return found


@cache
def validator():
    if not SCHEMA.is_file():
        pytest.skip(f"no SARIF schema at {SCHEMA}")
    schema = json.loads(SCHEMA.read_bytes())
    return jsonschema.Draft4Validator(schema)


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def check_invariants(log):
    """Hold what code scanning wants and no public validator looks at."""
    assert log["version"] == "2.1.0"
    assert log["$schema"].startswith("https://")
    [run] = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    for rule in rules:
        check_rule(rule)
    for descriptor in (*rules, *run["tool"]["driver"]["notifications"]):
        for name in ("shortDescription", "fullDescription", "help"):
            assert descriptor[name]["text"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    assert len(run["results"]) <= 5_000
    for result in run["results"]:
        check_result(result, rules)
    identities = [
        (r["ruleId"], uri(r["locations"][0]), r["partialFingerprints"]["primaryLocationLineHash"])
        for r in run["results"]
    ]
    assert len(set(identities)) == len(identities)
    assert run["automationDetails"]["id"].count("/") == 2
    check_invocations(run)
    for text in strings(log):
        assert clean(text) == text


def check_rule(rule):
    assert rule["defaultConfiguration"]["level"] in {"error", "warning", "note"}
    assert 0 < len(rule["shortDescription"]["text"]) <= 1024
    assert 0 < len(rule["fullDescription"]["text"]) <= 1024
    assert rule["help"]["text"]
    assert rule["help"]["markdown"]
    assert len(rule["name"]) <= 255
    tags = rule["properties"]["tags"]
    assert len(set(tags)) == len(tags) <= 10
    assert "security" in tags
    severity = rule["properties"].get("security-severity")
    assert severity is None or (isinstance(severity, str) and 0 < float(severity) <= 10)


def check_result(result, rules):
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert result["kind"] == "fail"
    assert result["level"] in {"error", "warning", "note"}
    assert "suppressions" not in result
    assert "baselineState" not in result
    assert result["message"]["text"].strip()
    assert "](" not in result["message"]["text"]
    assert len(result["locations"]) == 1
    for location in (*result["locations"], *result.get("relatedLocations", [])):
        address = uri(location)
        assert re.fullmatch(r"azure/[-a-z0-9._~/]+\.json", address)
        assert unquote(address) == address
        region = location["physicalLocation"]["region"]
        assert region["startLine"] >= 1
        assert region["endLine"] == region["startLine"]
        assert region["endColumn"] > region["startColumn"] >= 1
        assert location["logicalLocations"][0]["kind"] == "resource"
    assert all(result["partialFingerprints"].values())


def check_invocations(run):
    [invocation] = run["invocations"]
    known = [descriptor["id"] for descriptor in run["tool"]["driver"]["notifications"]]
    rules = run["tool"]["driver"]["rules"]
    for notification in invocation["toolExecutionNotifications"]:
        assert known[notification["descriptor"]["index"]] == notification["descriptor"]["id"]
        if notification["level"] == "error":
            assert not invocation["executionSuccessful"]
        rule = notification.get("associatedRule", {})
        if "index" in rule:
            assert rules[rule["index"]]["id"] == rule["id"]


def uri(location) -> str:
    return str(location["physicalLocation"]["artifactLocation"]["uri"])


@given(data=st.data())
def test_invariants_hold_for_every_result(scans, data):
    scan = data.draw(scans)
    log = load(scan)
    check_invariants(log)
    live = [r for r in scan.result.findings if r.verdict is Verdict.FAIL and not r.preview]
    shown = {r["partialFingerprints"]["primaryLocationLineHash"] for r in log["runs"][0]["results"]}
    assert shown == {r.fingerprint for r in live}


@settings(max_examples=40)
@given(data=st.data())
def test_every_file_meets_the_standard(scans, data):
    validator().validate(load(data.draw(scans)))


def test_the_sample_meets_the_standard(sample):
    validator().validate(load(sample))
    check_invariants(load(sample))


def test_the_schema_check_can_fail(sample):
    log = load(sample)
    log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0
    assert not validator().is_valid(log)


@pytest.mark.parametrize(
    "damage",
    [
        lambda run: run["results"][0].update(kind="pass"),
        lambda run: run["results"][0].update(ruleIndex=2),
        lambda run: run["results"][0].update(locations=[]),
        lambda run: run["results"].append(copy.deepcopy(run["results"][0])),
        lambda run: run["invocations"][0].update(executionSuccessful=True),
        lambda run: run["tool"]["driver"]["rules"][0]["properties"].update(tags=[]),
    ],
    ids=["kind", "ruleIndex", "no location", "twice", "success", "tags"],
)
def test_the_invariants_can_fail(sample, damage):
    log = load(sample)
    damage(log["runs"][0])
    with pytest.raises(AssertionError):
        check_invariants(log)


def test_the_gate_of_code_scanning_accepts_the_sample(sample, tmp_path):
    node = shutil.which("node")
    if node is None or not GATE.is_file():
        pytest.skip("no node or no sarif_gate.js")
    file = tmp_path / "sample.sarif"
    file.write_bytes(b"".join(sarif.render(sample.result, sample.fetch)))
    environment = {"PATH": os.environ["PATH"], "NODE_PATH": os.environ.get("NODE_PATH", "")}
    done = subprocess.run(
        [node, str(GATE), str(file)], capture_output=True, text=True, check=False, env=environment
    )
    if "Cannot find module 'jsonschema'" in done.stderr:
        pytest.skip("node has no jsonschema@1.5.0: install it and name its folder in NODE_PATH")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not done.stdout


def test_only_live_failures_the_worst_first(sample):
    results = load(sample)["runs"][0]["results"]
    assert [(r["ruleId"], r["level"]) for r in results] == [
        ("AML-IDN-008", "error"),
        ("AML-CMP-001", "warning"),
        ("AML-CMP-001", "note"),
    ]


def test_the_rule_has_the_highest_severity_that_its_results_have(sample):
    rules = {rule["id"]: rule for rule in load(sample)["runs"][0]["tool"]["driver"]["rules"]}
    assert rules["AML-CMP-001"]["properties"]["security-severity"] == "5.5"
    assert rules["AML-CMP-001"]["defaultConfiguration"]["level"] == "warning"
    assert rules["AML-CMP-001"]["name"] == "RuleAmlCmp001"
    assert rules["AML-IDN-008"]["properties"]["tags"] == [
        "security",
        "identity",
        "caf-ml-setup",
        "mcsb",
    ]
    assert "AML-NEW-001" not in rules


def test_info_rules_have_no_security_severity(make_scan, make_rule):
    scan = make_scan({"computes": []}, [(make_rule(severity="info"), [])])
    [found] = load(scan)["runs"][0]["tool"]["driver"]["rules"]
    assert "security-severity" not in found["properties"]


def test_a_result_points_at_the_offending_line(sample):
    result = load(sample)["runs"][0]["results"][1]
    [location] = result["locations"]
    region = location["physicalLocation"]["region"]
    line = pretty(sample.records["computes"][0]).splitlines()[region["startLine"] - 1]
    assert line.strip().removesuffix(",") == region["snippet"]["text"] == '"minNodeCount": 2'
    assert location["logicalLocations"][0]["fullyQualifiedName"].endswith("/computes/cpu")


def test_evidence_elsewhere_is_a_related_location(sample):
    [related] = load(sample)["runs"][0]["results"][0]["relatedLocations"]
    assert uri(related).endswith("microsoft.storage.storageaccounts/strisk.json")
    assert (
        related["physicalLocation"]["region"]["snippet"]["text"] == '"allowSharedKeyAccess": true'
    )
    assert related["message"]["text"]


def test_the_first_sentence_names_the_resource(sample):
    for result in load(sample)["runs"][0]["results"]:
        name = result["locations"][0]["logicalLocations"][0]["name"]
        assert name in result["message"]["text"].splitlines()[0]


def test_gaps_and_crashes_are_notifications(sample):
    [invocation] = load(sample)["runs"][0]["invocations"]
    found = [(n["level"], n["descriptor"]["id"]) for n in invocation["toolExecutionNotifications"]]
    assert found == [
        ("error", "AZMLSCAN-RULE-ERROR"),
        ("warning", "AZMLSCAN-GAP"),
        ("warning", "AZMLSCAN-GAP"),
    ]
    assert invocation["executionSuccessful"] is False
    assert invocation["startTimeUtc"] == "2026-11-20T01:00:00Z"


def test_more_than_the_limit_is_cut_with_notice(sample):
    notices: list[sarif.Notice] = []
    [run] = load(sample, limit=1, on_notice=notices.append)["runs"]
    assert [result["ruleId"] for result in run["results"]] == ["AML-IDN-008"]
    assert [notice.kind for notice in notices] == ["cut", "incomplete"]
    assert run["properties"]["notices"] == [notice.text for notice in notices]
    first = run["invocations"][0]["toolExecutionNotifications"][0]
    assert first["descriptor"]["id"] == "AZMLSCAN-CUT"


def test_an_empty_scan_says_that_it_closes_every_alert(make_scan):
    notices: list[sarif.Notice] = []
    scan = make_scan({"computes": []}, [])
    assert load(scan, on_notice=notices.append)["runs"][0]["results"] == []
    assert [notice.kind for notice in notices] == ["empty"]


def test_the_identity_does_not_depend_on_values(sample):
    one, other = load(sample), copy.deepcopy(sample)
    other.records["computes"][0]["properties"]["a new property"] = {"a": 1}
    moved = load(other)
    for before, after in zip(one["runs"][0]["results"], moved["runs"][0]["results"], strict=True):
        assert before["partialFingerprints"] == after["partialFingerprints"]
        assert uri(before["locations"][0]) == uri(after["locations"][0])


def test_same_input_same_bytes(sample):
    one, two = (b"".join(sarif.render(sample.result, sample.fetch)) for _ in range(2))
    assert one == two


def test_memory_does_not_grow_with_the_file(make_scan, make_rule, answer, sample):
    first = sample.records["computes"][0]
    records = [{**copy.deepcopy(first), "id": f"{first['id']}{n}"} for n in range(3_000)]
    evidence = sample.result.findings[0].evidence
    said = [answer(record["id"], Verdict.FAIL, evidence=evidence) for record in records]
    scan = make_scan({"computes": records}, [(make_rule(), said)])
    tracemalloc.start()
    size = sum(len(chunk) for chunk in sarif.render(scan.result, scan.fetch))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 1_000 * len(records)
    assert peak < 900 * len(records)


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        (
            sarif_om.Suppression(kind="external", state="accepted"),
            {"kind": "external", "status": "accepted"},
        ),
        (
            sarif_om.Result(message=sarif_om.Message(text="x"), kind="fail", level="warning"),
            {"message": {"text": "x"}, "kind": "fail", "level": "warning"},
        ),
        (sarif_om.ReportingConfiguration(level="warning"), {"level": "warning"}),
        (sarif_om.Location(id=0), {"id": 0}),
        (sarif_om.Location(), {}),
        (sarif_om.PropertyBag(tags=["a\x1b"]), {"tags": ["a"]}),
        ({"a\x00": [1, None, True]}, {"a": [1, None, True]}),
    ],
)
def test_objects_become_what_the_standard_names(obj, expected):
    assert to_json(obj) == expected
