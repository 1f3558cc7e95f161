"""The SARIF file: valid, accepted by code scanning, and right in what no validator checks."""

from __future__ import annotations

import copy
import gzip
import hashlib
import json
import re
import tracemalloc
from typing import Any
from urllib.parse import unquote

import msgspec
import pytest
import sarif_om
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.engine.result import Evidence, Verdict
from scanner.report import sarif
from scanner.report.record import pretty
from scanner.report.sarif.serialize import to_json
from scanner.report.text import clean
from tests.report import validators


def load(scan, **options) -> dict[str, Any]:
    found = json.loads(b"".join(sarif.render(scan.result, scan.fetch, **options)))
    assert isinstance(found, dict)
    return found


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
        # It would be a name for something that no file defines.
        assert text != "uriBaseId"


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
    assert "rank" not in result
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
    validators.schema().validate(load(data.draw(scans)))


def test_the_sample_meets_the_standard(sample):
    validators.schema().validate(load(sample))
    check_invariants(load(sample))


def test_the_schema_check_can_fail(sample):
    log = load(sample)
    log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0
    assert not validators.schema().is_valid(log)


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


def test_the_gate_of_code_scanning_and_the_multitool_accept_the_sample(sample, tmp_path):
    file = tmp_path / "sample.sarif"
    file.write_bytes(b"".join(sarif.render(sample.result, sample.fetch)))
    assert validators.gate(file) == []
    assert validators.multitool(file, tmp_path / "found.sarif") == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda run: run["results"][0].update(locations=[]),
        lambda run: run["results"][0].update(ruleIndex=99),
    ],
    ids=["no location", "ruleIndex"],
)
def test_the_multitool_can_fail(sample, tmp_path, damage):
    log = load(sample)
    damage(log["runs"][0])
    file = tmp_path / "damaged.sarif"
    file.write_text(json.dumps(log))
    assert validators.multitool(file, tmp_path / "found.sarif")


def test_the_gate_can_fail(sample, tmp_path):
    file = tmp_path / "damaged.sarif"
    file.write_text(json.dumps({**load(sample), "version": "2.0.0"}))
    assert validators.gate(file)


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


def test_a_result_has_the_command_that_mends_it(sample):
    [result] = [r for r in load(sample)["runs"][0]["results"] if "cpu" in r["message"]["text"]]
    command = "az ml compute update --name cpu --min-instances 0"
    assert result["properties"]["remediation"] == {"cli": command}


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


@pytest.mark.parametrize(
    ("highest", "levels", "score"),
    [
        ("error", {"error", "warning", "note"}, 10),
        ("warning", {"warning", "note"}, 6.9),
        ("note", {"note"}, 3.9),
    ],
)
def test_no_level_and_no_score_is_above_the_highest_allowed(sample, highest, levels, score):
    for profile in sarif.PROFILES:
        [run] = load(sample, profile=profile, max_level=highest)["runs"]
        rules = run["tool"]["driver"]["rules"]
        found = {rule["defaultConfiguration"]["level"] for rule in rules}
        found |= {result["level"] for result in run["results"]} - {"none"}
        assert found <= levels
        assert highest in found
        scores = [rule["properties"].get("security-severity", "0") for rule in rules]
        assert max(map(float, scores)) <= score
        assert {r["properties"]["severity"] for r in run["results"]} >= {"high", "medium"}


OTHER = "/subscriptions/22222222-2222-3333-4444-555555555555"


@pytest.fixture
def two_subscriptions(make_scan, make_rule, answer, sample):
    """Failures in one subscription, none in another, one on a management group."""
    first = sample.records["computes"][0]
    below = {**first, "id": f"{OTHER}{first['id'][51:]}"}
    rows = [answer(first["id"], Verdict.FAIL), answer(below["id"], Verdict.PASS)]
    return make_scan({"computes": [first, below]}, [(make_rule(), rows)])


def test_shares_are_the_subscriptions_that_were_read(two_subscriptions):
    found = sarif.shares(two_subscriptions.result)
    assert [share.subscription for share in found] == [
        "",
        "11111111-2222-3333-4444-555555555555",
        "22222222-2222-3333-4444-555555555555",
    ]


def test_each_share_has_a_category_of_its_own_and_all_results_are_in_one(two_subscriptions):
    scan = two_subscriptions
    logs = [load(scan, share=share)["runs"][0] for share in sarif.shares(scan.result)]
    categories = [log["automationDetails"]["id"].rpartition("/")[0] for log in logs]
    assert categories == [
        "azmlscan/contoso-ml",
        "azmlscan/contoso-ml/11111111-2222-3333-4444-555555555555",
        "azmlscan/contoso-ml/22222222-2222-3333-4444-555555555555",
    ]
    assert [len(log["results"]) for log in logs] == [0, 1, 0]
    assert {json.dumps(log["properties"]["totals"]) for log in logs} == {
        json.dumps(msgspec.to_builtins(scan.result.totals))
    }


def test_a_full_file_is_below_the_size_that_is_taken(make_scan, make_rule, answer, sample):
    first, evidence = sample.records["computes"][0], sample.result.findings[0].evidence
    elsewhere = [
        Evidence(f"{n}", n, "equals 0", resource_id=f"{first['id']}-{n}", property="x")
        for n in range(20)
    ]
    records, said = [], []
    for number in range(sarif.SHOWN_LIMIT):
        digest = hashlib.sha256(str(number).encode()).hexdigest()
        records.append({**first, "id": f"{first['id']}{digest}"})
        said.append(
            answer(records[-1]["id"], Verdict.FAIL, "prod", digest * 7, (*evidence, *elsewhere))
        )
    scan = make_scan({"computes": records}, [(make_rule(), said)])
    packed = gzip.compress(b"".join(sarif.render(scan.result, scan.fetch)), 6)
    assert len(packed) < 10 * 1024 * 1024
