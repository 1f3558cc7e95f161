"""CSV: a row a rule and resource, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv as reader
import io

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.engine.result import Exemption, Verdict
from scanner.report import csv


def load(result) -> list[dict[str, str]]:
    text = b"".join(csv.render(result)).decode()
    return list(reader.DictReader(io.StringIO(text, newline=""), strict=True))


@given(data=st.data())
def test_a_line_a_row_and_no_formula(scans, data):
    result = data.draw(scans).result
    text = b"".join(csv.render(result)).decode()
    lines = list(reader.reader(io.StringIO(text, newline=""), strict=True))
    assert tuple(lines[0]) == csv.COLUMNS
    assert text.count("\r\n") == len(lines) == sum(1 for _ in result.rows()) + 1
    for line in lines[1:]:
        assert len(line) == len(csv.COLUMNS)
        for cell in line:
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
            assert cell.isprintable() or not cell.isascii()


def test_the_columns_stay_where_they_are():
    """Spreadsheets and queries name columns by position: add new ones at the end."""
    assert csv.COLUMNS[:8] == (
        "ruleId",
        "ruleTitle",
        "severity",
        "verdict",
        "environment",
        "resourceName",
        "resourceType",
        "resourceId",
    )
    assert csv.COLUMNS[-1] == "fingerprint"
    assert len(set(csv.COLUMNS)) == len(csv.COLUMNS) == 22


def test_what_a_row_says(sample):
    row = next(row for row in load(sample.result) if row["resourceName"] == "ws-risk")
    assert row["ruleId"] == "AML-IDN-008"
    assert row["resourceGroup"] == "rg-ml-prod"
    assert row["subscriptionId"] == "11111111-2222-3333-4444-555555555555"
    assert row["evidence"] == "storageAccount.allowSharedKeyAccess is true; required: equals false"
    assert (row["preview"], row["baselineState"], row["exemptionOwner"]) == ("false", "", "")


def test_an_exemption_and_its_end_are_in_the_row(sample):
    exemption = Exemption("e.yaml:1", "Waiver", "Agreed.", "=cmd()", "2026-12-31", "file")
    rows = [msgspec.structs.replace(r, exemption=exemption) for r in sample.result.findings]
    result = sample.result.replaced(findings=rows)
    found = [row for row in load(result) if row["exemptionCategory"]]
    assert len(found) == len(rows)
    assert {row["exemptionOwner"] for row in found} == {"'=cmd()"}
    assert {row["exemptionExpiresOn"] for row in found} == {"2026-12-31"}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\x00=1"])
def test_formulas_become_text(make_scan, make_rule, answer, sample, text):
    records = sample.records["computes"]
    scan = make_scan(
        {"computes": records},
        [(make_rule(title=text), [answer(records[0]["id"], Verdict.FAIL, "prod", text)])],
    )
    [row] = load(scan.result)
    assert row["ruleTitle"][0] == row["message"][0] == "'"
