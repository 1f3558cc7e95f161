"""The Markdown report: within its budget, whole, and literal about strings from Azure."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from scanner.engine.result import Verdict
from scanner.report.markdown import is_link, render

GFM = MarkdownIt("gfm-like", {"linkify": False, "html": True})
OURS = {"details", "summary", "br"}
STRUCTURE = {"h1", "h2", "p", "strong", "em", "code", "pre", "a"}
TABLES = {"table", "thead", "tbody", "tr", "th", "td"}


@settings(max_examples=50)
@given(data=st.data(), budget=st.integers(2_000, 20_000))
def test_it_fits_the_budget_and_is_whole(scans, data, budget):
    text = render(data.draw(scans).result, budget=budget)
    assert len(text.encode()) <= budget
    assert text.endswith("\n")
    html = GFM.render(text)
    assert html.count("<details>") == html.count("</details>")
    assert set(re.findall(r"<([a-z0-9]+)", html)) <= OURS | STRUCTURE | TABLES


@given(data=st.data())
def test_every_row_of_a_table_has_all_its_cells(scans, data):
    text = render(data.draw(scans).result)
    outside = re.sub(r"^(`{3,})[^\n]*\n.*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    width = 0
    for line in outside.splitlines():
        cells = len(re.findall(r"(?<!\\)(?:\\\\)*\|", line))
        if line.startswith("|"):
            width = width or cells
            assert cells == width, line
        else:
            width = 0


def test_what_does_not_fit_is_counted(make_scan, make_rule, answer, sample):
    record = sample.records["computes"][0]
    records = [{**record, "id": f"{record['id']}{n}", "name": f"cpu{n}"} for n in range(300)]
    said = [answer(r["id"], Verdict.FAIL, "prod", f"{r['name']} is idle.") for r in records]
    result = make_scan({"computes": records}, [(make_rule(), said)]).result
    text = render(result, budget=20_000)
    listed = text.count("is idle")
    assert 0 < listed < 300
    assert f"{300 - listed} more findings in the full result" in text
    assert f"{300 - listed} more findings of this rule" in text


def test_the_fix_is_the_command_of_each_failure_shown(make_scan, make_rule, answer, sample):
    record = sample.records["computes"][0]
    records = [{**record, "id": f"{record['id']}{n}", "name": f"cpu{n}"} for n in range(12)]
    said = [answer(r["id"], Verdict.FAIL, "prod") for r in records]
    text = render(make_scan({"computes": records}, [(make_rule(), said)]).result)
    assert text.count("az ml compute update --name cpu") == 10
    assert "Azure CLI (first 10 of 12, the others in the JSON result):" in text


def test_without_failures_the_fix_is_the_template_of_the_rule(make_scan, make_rule, answer, sample):
    record = sample.records["computes"][0]
    said = [answer(record["id"], Verdict.UNKNOWN, "prod")]
    text = render(make_scan({"computes": [record]}, [(make_rule(), said)]).result)
    assert "az ml compute update --name {name} --min-instances 0" in text


def test_nothing_is_said_of_more_when_all_is_shown(sample):
    assert "more finding" not in render(sample.result)


def test_the_worst_stands_first_and_previews_last(sample):
    table = render(sample.result).split("## Findings")[1].split("## Details")[0]
    assert re.findall(r"AML-\w+-\d+", table) == [
        "AML-IDN-008",
        "AML-NET-016",
        "AML-CMP-001",
        "AML-OPS-001",
        "AML-NEW-001",
    ]


def test_counts_have_denominators(sample):
    assert "| **all** | 3 | 0 | 4 | 1 | 1 | 1 | 4 of 9 |" in render(sample.result)


def test_gaps_name_the_missing_permission_and_the_rules(sample):
    section = render(sample.result).split("## Not read")[1].split("## Findings")[0]
    assert "`Microsoft.Network/networkSecurityGroups/read`" in section
    assert "403 AuthorizationFailed" in section
    assert section.count("| 1 |") == 2


def test_the_smallest_budget_keeps_the_verdict(sample):
    text = render(sample.result, budget=2_000)
    assert "3 failures: 2 high" not in text
    assert "3 failures: 1 high, 1 medium, 1 low." in text
    assert "9 more findings in the full result" in text


def test_same_input_same_text(sample):
    assert render(sample.result) == render(sample.result)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://learn.microsoft.com/a", True),
        ("http://learn.microsoft.com/a", False),
        ("javascript:alert(1)", False),
        ("https://a.example/> <script>", False),
    ],
)
def test_only_plain_https_links(url, expected):
    assert is_link(url) is expected
