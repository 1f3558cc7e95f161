"""What all reports say alike, and that they count alike."""

from __future__ import annotations

import csv
import io
import json
import re

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from scanner.config import Config, Environment
from scanner.engine.parameters import Settings
from scanner.engine.result import CarriedForward, Evidence, Exemption, Severity, Verdict
from scanner.report import csv as rows_as_csv
from scanner.report import html, junit, sarif
from scanner.report import json as full
from scanner.report.gaps import UNLISTED, gap_groups
from scanner.report.markdown import render as markdown
from scanner.report.summary import CARRIED, environments, telling, verdict_sentence
from scanner.report.tally import TALLIES
from scanner.report.terminal import render as terminal
from scanner.snapshot.manifest import Gap

NAMES = ("fail", "exempt", "unknown", "error", "pass", "not_applicable")


def from_json(scan):
    document = json.loads(b"".join(full.render(scan.result)))
    counted = [row for row in document["results"] if not row["preview"]]
    for severity, counts in document["summary"]["bySeverity"].items():
        rows = [
            "exempt" if row["verdict"] == "fail" and row["exemption"] else row["verdict"]
            for row in counted
            if row["severity"] == severity
        ]
        assert counts == {name: rows.count(name) for name in counts}
    return document["summary"]["bySeverity"], document["summary"]["totals"]


def from_sarif(scan):
    run = json.loads(b"".join(sarif.render(scan.result, scan.fetch)))["runs"][0]
    assert len(run["results"]) == run["properties"]["totals"]["fail"]
    for severity, counts in run["properties"]["bySeverity"].items():
        shown = [r for r in run["results"] if r["properties"]["severity"] == severity]
        assert len(shown) == counts["fail"]
    return run["properties"]["bySeverity"], run["properties"]["totals"]


KINDS = {"pass": "pass", "fail": "fail", "open": "unknown", "notApplicable": "not_applicable"}


def from_audit(scan):
    chunks = sarif.render(scan.result, scan.fetch, profile="audit")
    run = json.loads(b"".join(chunks))["runs"][0]
    for severity, counts in run["properties"]["bySeverity"].items():
        kinds = [
            "exempt"
            if r["kind"] == "fail" and r.get("suppressions")
            else r["properties"].get("verdict", KINDS[r["kind"]])
            for r in run["results"]
            if r["properties"]["severity"] == severity and not r["properties"].get("preview")
        ]
        assert counts == {name: kinds.count(name) for name in counts}
    return run["properties"]["bySeverity"], run["properties"]["totals"]


def from_csv(scan):
    text = b"".join(rows_as_csv.render(scan.result)).decode()
    found = {severity.value: dict.fromkeys(NAMES, 0) for severity in Severity}
    for row in csv.DictReader(io.StringIO(text, newline="")):
        if row["preview"] == "false":
            exempt = row["verdict"] == "fail" and row["exemptionCategory"]
            found[row["severity"]]["exempt" if exempt else row["verdict"]] += 1
    return found, {name: sum(counts[name] for counts in found.values()) for name in NAMES}


def from_markdown(scan):
    section = markdown(scan.result).split("## Checks by severity")[1].split("\n## ")[0]
    return _table(re.findall(r"^\| \**([a-z]+)\** \| (.*) \|$", section, re.MULTILINE), " | ")


def from_terminal(scan):
    file = io.StringIO()
    terminal(scan.result, Console(file=file, width=80))
    section = file.getvalue().split("\nChecks by severity\n")[1].split("\n\n")[0]
    return _table(re.findall(r"^ +([a-z]+) +([0-9].*)$", section, re.MULTILINE), r" +")


def from_html(scan):
    page = b"".join(html.render(scan.result, Settings(Config(), []))).decode()
    section = page.split('id="by-severity"')[1].split("</table>")[0]
    rows = {}
    for label, cells in re.findall(r'<tr data-row="([a-z]+)">(.*)</tr>', section):
        numbers = re.findall(r'data-c="([a-z_]+)">([0-9,]+)<', cells)
        rows[label] = {name: int(number.replace(",", "")) for name, number in numbers}
    totals = rows.pop("all")
    return rows, totals


def _table(lines, separator):
    rows = {}
    for label, cells in lines:
        numbers = re.split(separator.replace("|", r"\|"), cells.strip())[: len(NAMES)]
        rows[label] = {n: int(c.replace(",", "")) for n, c in zip(NAMES, numbers, strict=True)}
    totals = rows.pop("all")
    return rows, totals


ACCEPTED = Exemption("e.yaml:1", "Waiver", "Agreed.", "team", "2026-12-31", "file")


@st.composite
def exempted(draw, scans):
    """Scans with some of their findings exempted, failures and others."""
    scan = draw(scans)
    findings = [
        msgspec.structs.replace(row, exemption=ACCEPTED if draw(st.booleans()) else None)
        for row in scan.result.findings
    ]
    return scan._replace(result=scan.result.replaced(findings=findings))


@settings(max_examples=50)
@given(data=st.data())
def test_all_formats_show_the_same_counts(scans, tmp_path_factory, data):
    scan = data.draw(exempted(scans))
    expected = (
        {s.value: msgspec.to_builtins(scan.result.by_severity[s]) for s in Severity},
        msgspec.to_builtins(scan.result.totals),
    )
    sarifs = (from_sarif, from_audit)
    for read in (from_json, *sarifs, from_csv, from_markdown, from_terminal, from_html):
        assert read(scan) == expected, read.__name__
    file = tmp_path_factory.getbasetemp() / "counted"
    for format_, chunks in written(scan).items():
        file.write_bytes(b"".join(chunks))
        assert TALLIES[format_](file)._asdict() == msgspec.structs.asdict(scan.result.totals)


def written(scan):
    """Return the formats that can be read back whole, JUnit among them."""
    return {
        "json": full.render(scan.result),
        "sarif": sarif.render(scan.result, scan.fetch),
        "audit": sarif.render(scan.result, scan.fetch, profile="audit"),
        "csv": rows_as_csv.render(scan.result),
        "markdown": [markdown(scan.result).encode()],
        "junit": junit.render(scan.result),
        "html": html.render(scan.result, Settings(Config(), [])),
    }


@pytest.mark.parametrize(
    ("verdicts", "gaps", "sentence"),
    [
        ([], (), "Nothing was checked: no rule applies to what is in the snapshot."),
        (
            [Verdict.NOT_APPLICABLE],
            (Gap("computes", "/", "list"),),
            (
                "Nothing was checked: no rule applies to what could be read, "
                "and the snapshot has 1 gap."
            ),
        ),
        ([Verdict.PASS], (), "No failures: 1 check passed."),
        (
            [Verdict.PASS],
            (Gap("computes", "/", "list"),),
            "No failures: 1 check passed. The scan is incomplete: the snapshot has 1 gap.",
        ),
        (
            [Verdict.UNKNOWN],
            (),
            ("Nothing could be assessed. The scan is incomplete: 1 check could not be assessed."),
        ),
        (
            [Verdict.FAIL, Verdict.UNKNOWN],
            (Gap("computes", "/", "list"),),
            (
                "1 failure: 1 medium. The scan is incomplete: "
                "1 check could not be assessed and the snapshot has 1 gap."
            ),
        ),
        ([Verdict.FAIL], (), "1 failure: 1 medium."),
    ],
)
def test_verdict_in_a_sentence(scan_of, verdicts, gaps, sentence):
    assert verdict_sentence(scan_of(verdicts, gaps).result) == sentence


@pytest.fixture
def scan_of(make_scan, make_rule, answer, sample):
    """Give the function that makes a scan of one rule with these verdicts and gaps."""
    records = sample.records["computes"]

    def scan(verdicts, gaps):
        said = [answer(r["id"], v) for r, v in zip(records, verdicts, strict=False)]
        return make_scan({"computes": records}, [(make_rule(), said)], gaps=gaps)

    return scan


def test_gaps_are_grouped_and_count_rules_below_their_scopes(scan_of):
    elsewhere = "/subscriptions/99999999-2222-3333-4444-555555555555"
    group = "/providers/Microsoft.Management/managementGroups/mg"
    gaps = [
        Gap("computes", elsewhere, "list", 403, "AuthorizationFailed"),
        Gap("computes", f"{elsewhere}/resourceGroups/x", "list", 403, "AuthorizationFailed"),
        Gap("*", group, "list"),
    ]
    groups = gap_groups(scan_of([Verdict.UNKNOWN], gaps).result)
    found = [(g.names, g.cause, len(g.scopes), g.rules) for g in groups]
    assert found == [("all tables", "list", 1, 1), ("computes", "403 AuthorizationFailed", 2, 0)]


def test_gaps_of_one_cause_in_the_same_scopes_are_one_group(scan_of):
    tables = ("connections", "datastores", "keyVaults", "subscriptions", "workspaces")
    gaps = [Gap(table, "/", "import", code="NotExported") for table in tables]
    [group] = gap_groups(scan_of([Verdict.UNKNOWN], gaps).result)
    assert group.names == "connections, datastores, keyVaults, subscriptions and 1 more"
    assert group.cost == "1 rule with unknown results there"


def test_a_gap_without_unknown_results_never_sounds_as_if_it_cost_nothing(scan_of):
    elsewhere = "/subscriptions/99999999-2222-3333-4444-555555555555"
    scan = scan_of([Verdict.PASS], [Gap("*", elsewhere, "list", 403, "AccessDenied")])
    [group] = gap_groups(scan.result)
    assert group.cost == "what was not listed there has no checks"
    for text in shown(scan):
        assert UNLISTED in text
        assert "0 rules" not in text


def test_an_environment_of_the_config_without_checks_is_shown(scan_of):
    result = scan_of([Verdict.PASS], ()).result
    named = (Environment("prod"), Environment("qa"))
    result.estate.config = Config(environments=named)
    found = [(name, counts.total) for name, counts in environments(result)]
    assert found == [("prod", 1), ("qa", 0)]


def test_what_was_carried_forward_was_not_assessed(scan_of):
    scan = scan_of([Verdict.FAIL, Verdict.FAIL, Verdict.PASS], ())
    why = CarriedForward(Verdict.UNKNOWN, "It could not be read.", "2026-11-19T01:00:00Z")
    first, second = scan.result.findings
    findings = [msgspec.structs.replace(first, carried_forward=why), second]
    scan = scan._replace(result=scan.result.replaced(findings=findings))
    sentence = verdict_sentence(scan.result)
    assert "1 failure of the baseline could not be looked at again" in sentence
    for text in shown(scan):
        assert CARRIED in text
        assert "2 of 3" in text
        assert "3 of 3" not in text


def test_who_it_is_comes_before_what_was_compared(scan_of):
    scan = scan_of([Verdict.FAIL, Verdict.UNKNOWN], ())
    count = Evidence("count of access[*] that match", 1, "equals 0")
    compared = [Evidence(f"access[0].{n}", True, "does not equal true") for n in "abcd"]
    who = Evidence("access[0].principal", "ml-on-call", "does not exist")
    every = (count, *compared, who)
    failed, unknown = (msgspec.structs.replace(r, evidence=every) for r in scan.result.findings)
    assert telling(failed, 3) == [count, who, compared[0]]
    assert tuple(telling(failed, 6)) == every
    assert tuple(telling(unknown, 3)) == every[:3]
    scan = scan._replace(result=scan.result.replaced(findings=[failed, unknown]))
    alert = b"".join(sarif.render(scan.result, scan.fetch)).decode()
    for text in (markdown(scan.result), alert, shown(scan)[2]):
        assert "ml-on-call" in text


def shown(scan):
    """Return the reports for people as text, without line breaks."""
    file = io.StringIO()
    terminal(scan.result, Console(file=file, width=80))
    page = b"".join(html.render(scan.result, Settings(Config(), []))).decode()
    return [" ".join(text.split()) for text in (file.getvalue(), markdown(scan.result), page)]
