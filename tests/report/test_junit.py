"""JUnit XML: well-formed whatever Azure says, and its suites state what their cases are."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from scanner.engine.result import Exemption, Verdict
from scanner.report import junit

WORDS = {"failure": "failures", "error": "errors", "skipped": "skipped"}
ACCEPTED = Exemption("e.yaml:1", "Waiver", "Agreed <&>.", "team", "2026-12-31", "file")


def load(result) -> Any:
    return ET.fromstring(b"".join(junit.render(result)))  # noqa: S314  (our own output)


def check(root, result):
    total: Counter[str] = Counter(tests=0, failures=0, errors=0, skipped=0)
    for suite in root:
        own: Counter[str] = Counter(tests=0, failures=0, errors=0, skipped=0)
        for case in suite.findall("testcase"):
            own["tests"] += 1
            own.update(WORDS[child.tag] for child in case)
        assert {name: int(suite.get(name)) for name in own} == own
        total.update(own)
    assert {name: int(root.get(name)) for name in total} == total
    assert total["tests"] == sum(1 for _ in result.rows())


@given(data=st.data())
def test_suites_state_what_their_cases_are(scans, data):
    scan = data.draw(scans)
    names = [row.fingerprint for row in scan.result.findings]
    marked = data.draw(st.sets(st.sampled_from(names or [""])))
    rows = [
        msgspec.structs.replace(row, exemption=ACCEPTED) if row.fingerprint in marked else row
        for row in scan.result.findings
    ]
    result = scan.result.replaced(findings=rows)
    root = load(result)
    check(root, result)
    counts = result.totals
    assert int(root.get("failures")) == counts.fail
    accepted = sum(
        row.exemption is not None and row.verdict is not Verdict.FAIL and not row.preview
        for row in rows
    )
    assert int(root.get("errors")) == counts.unknown + counts.error - accepted


def outcomes(root):
    found = {}
    for case in root.iter("testcase"):
        child = next(iter(case), None)
        name = case.get("name").rpartition("/")[2]
        found[case.get("classname"), name] = (
            ("pass", "")
            if child is None
            else (
                child.tag,
                child.get("type") or child.get("message"),
            )
        )
    return found


def test_verdicts(sample):
    found = outcomes(load(sample.result))
    assert found["AML-CMP-001", "cpu"] == ("failure", "medium")
    assert found["AML-CMP-001", "nightly"] == ("pass", "")
    assert found["AML-CMP-001", "other"] == ("skipped", "not applicable")
    assert found["AML-NET-016", "cpu"] == ("error", "unknown")
    assert found["AML-OPS-001", "cpu"] == ("error", "error")
    assert found["AML-NEW-001", "cpu"] == ("skipped", "preview: fail: cpu is new.")


def test_a_failure_tells_its_evidence_and_its_resource(sample):
    failure = load(sample.result).find(".//testcase[@classname='AML-IDN-008']/failure")
    assert failure.get("message") == "ws-risk uses keys."
    assert "allowSharedKeyAccess is true" in failure.text
    assert failure.text.endswith("workspaces/ws-risk")


def test_what_is_exempted_is_skipped_with_its_reason(sample):
    rows = [msgspec.structs.replace(r, exemption=ACCEPTED) for r in sample.result.findings]
    found = outcomes(load(sample.result.replaced(findings=rows)))
    assert found["AML-CMP-001", "cpu"] == ("skipped", "exempt: Agreed <&>.")
    assert found["AML-NET-016", "cpu"] == ("skipped", "exempt unknown: Agreed <&>.")


def test_no_rules_is_an_empty_document(make_scan):
    root = load(make_scan({"computes": []}, []).result)
    assert (root.tag, root.get("tests"), len(root)) == ("testsuites", "0", 0)


def test_characters_that_xml_cannot_hold_are_replaced(make_scan, make_rule, answer, sample):
    records = sample.records["computes"]
    text = "a\x00b\ufffe\uffff\ud800 ]]> &amp; \"'"
    scan = make_scan(
        {"computes": records}, [(make_rule(), [answer(records[0]["id"], Verdict.FAIL, "", text)])]
    )
    failure = load(scan.result).find(".//failure")
    assert failure.get("message") == "ab\ufffd\ufffd\ufffd ]]> &amp; \"'"
