"""The HTML page: nothing loaded, nothing unescaped, and the same numbers as the JSON result."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.config import Config, Environment
from scanner.engine.baseline import apply_baseline
from scanner.engine.earlier import load_result
from scanner.engine.parameters import Settings
from scanner.engine.result import Exemption, Verdict
from scanner.engine.rules import Parameter, Remediation
from scanner.report import json as full
from scanner.report.html import page as whole
from scanner.report.html import resource_anchor
from scanner.report.html.templating import asset
from tests.report.pages import TAGS, Page, source


def document(result):
    return json.loads(b"".join(full.render(result)))


@pytest.fixture(scope="module")
def text(sample):
    return source(sample.result)


@pytest.fixture(scope="module")
def shown(text):
    return Page(text)


def test_nothing_is_loaded_and_only_its_own_script_runs(text, shown):
    [policy] = shown.all("meta", http_equiv="Content-Security-Policy")
    [script] = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    directives = dict(
        part.strip().split(" ", 1) for part in policy.attributes["content"].split(";")
    )
    assert directives == {
        "default-src": "'none'",
        "script-src": f"'sha256-{digest}'",
        "style-src": "'unsafe-inline'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert text.index("Content-Security-Policy") < text.index("<style>") < text.index("<script>")
    assert not re.search(r"@import|url\(|expression\(", asset("report.css"))
    for element in shown.elements:
        assert not {"src", "srcset", "style", "action", "data", "ping"} & set(element.attributes)
        assert not [name for name in element.attributes if name.startswith("on")]
        target = element.attributes.get("href", "#")
        assert target.startswith(("#", "https://")), target
        assert element.tag == "a" or "href" not in element.attributes


def test_elements_are_in_order_and_links_lead_somewhere(shown):
    ids = [e.attributes["id"] for e in shown.elements if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    for element in shown.elements:
        target = element.attributes.get("href", "")
        if target.startswith("#"):
            assert target[1:] in ids, target
        for name in ("aria-labelledby", "aria-describedby"):
            assert element.attributes.get(name, ids[0]) in ids


def test_assistive_technology_finds_its_way(shown):
    for landmark in ("header", "nav", "main", "footer", "h1"):
        assert len(shown.all(landmark)) == 1, landmark
    levels = [int(e.tag[1]) for e in shown.elements if re.fullmatch("h[1-6]", e.tag)]
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert len(shown.all("table")) == len([e for e in shown.all("caption") if "".join(e.text)])
    for cell in shown.all("th"):
        assert cell.attributes.get("scope") in {"col", "row"}
    for field in [*shown.all("select"), *shown.all("input")]:
        assert "label" in field.above
    for image in shown.all("svg"):
        hidden = image.attributes.get("aria-hidden") == "true"
        assert hidden or (image.attributes["role"] == "img" and image.attributes["aria-label"])
    assert shown.all("html", lang="en")


def test_the_first_screen_says_what_was_scanned_and_what_was_found(shown, sample):
    facts = " ".join(shown.words("header"))
    manifest = sample.result.manifest
    for fact in ("contoso-ml", manifest.started, manifest.finished, manifest.digest[:12]):
        assert fact in facts
    [verdict] = shown.words("p", id="verdict")
    assert verdict.startswith("3 failures: 1 high, 1 medium, 1 low.")
    assert "The scan is incomplete: 4 checks could not be assessed" in verdict
    assert any("was not compared" in words for words in shown.words("p"))


def rows_of(text, table, attribute):
    body = text.split(f'id="{table}"')[1].split("</table>")[0]
    for label, cells in re.findall(rf'<tr {attribute}="([^"]*)">(.*)</tr>', body):
        numbers = re.findall(r'data-c="([a-z_]+)">([0-9,]+)<', cells)
        yield label, {name: int(number.replace(",", "")) for name, number in numbers}


@settings(max_examples=20)
@given(data=st.data())
def test_every_number_is_that_of_the_json_result(scans, data):
    result = data.draw(scans).result
    text, expected = source(result), document(result)
    severities = dict(rows_of(text, "by-severity", "data-row"))
    assert severities.pop("all") == expected["summary"]["totals"]
    assert severities == expected["summary"]["bySeverity"]
    environments = dict(rows_of(text, "by-environment", "data-environment"))
    assert environments == {
        row["environment"] or "": row["counts"] for row in expected["summary"]["byEnvironment"]
    }
    page = Page(text)
    findings = Counter(
        (element.attributes["id"], element.attributes["data-v"])
        for element in page.all("tr")
        if "data-v" in element.attributes
    )
    assert findings == Counter(
        (f"f-{row['fingerprint'][:16]}", row["verdict"])
        for row in expected["results"]
        if row["verdict"] not in {"pass", "not_applicable"}
    )
    for rule in expected["rules"]:
        [cells] = re.findall(rf'data-rule="{rule["id"]}">(.*?)</tr>', text, re.DOTALL)
        numbers = re.findall(r'data-c="([a-z_]+)">([0-9,]+)<', cells)
        assert {name: int(number) for name, number in numbers} == rule["counts"]


def test_passes_are_listed_under_what_they_lie_in(shown, sample):
    [listed] = shown.all("details", class_="passes")
    words = "".join(listed.text)
    assert "AML-CMP-001" in words
    assert "1 pass" in words
    [place] = shown.words("dd") and [w for w in shown.words("dt") if "/ ws-risk" in w]
    assert place.endswith("rg-ml-prod / ws-risk")
    assert "nightly" in shown.words("dd")
    assert sample.result.totals.passed == 1


@settings(max_examples=20)
@given(data=st.data())
def test_no_string_becomes_markup(scans, data):
    text = source(data.draw(scans).result)
    page = Page(text)
    assert {element.tag for element in page.elements} <= TAGS
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", text
    )
    assert len(page.all("script")) == 1
    for element in page.elements:
        assert not [name for name in element.attributes if name.startswith("on")]


def test_text_from_azure_is_shown_as_it_is(sample, make_scan, make_rule, answer):
    hostile = '"><script>alert(1)</script><img src=x onerror=alert(1)>\x1b[31m\u202e&amp;{{7*7}}'
    records = sample.records["computes"]
    said = [answer(records[0]["id"], Verdict.FAIL, hostile, hostile)]
    rule = make_rule(
        title=hostile,
        rationale=hostile,
        remediation=Remediation(hostile, cli=hostile),
        references=("javascript:alert(1)", "http://plain.example", 'https://x.example/"><b>'),
    )
    scan = make_scan({"computes": records}, [(rule, said)], estate=hostile)
    text = source(scan.result)
    page = Page(text)
    assert "<script>alert" not in text
    assert "<img" not in text
    assert "49" not in page.words("h1")[0]
    kept = '"><script>alert(1)</script><img src=x onerror=alert(1)>[31m&amp;{{7*7}}'
    assert page.words("h1") == [kept]
    assert not [e for e in page.all("a") if not e.attributes["href"].startswith("#")]


def test_rules_have_their_reasons_their_fix_and_their_evidence(text, shown):
    [rule] = shown.all("details", id="rule-AML-CMP-001")
    words = "".join(rule.text)
    assert "Set the minimum node count to 0." in words
    assert "{name}" not in words
    for name in ("cpu", "gpu"):
        assert f"az ml compute update --name {name} --min-instances 0" in words
    assert "scaleSettings.minNodeCount is 2; required: lessOrEquals 0" in words
    assert "subnet.networkSecurityGroup is not readable; required: exists true" in words
    [keys] = shown.all("details", id="rule-AML-IDN-008")
    assert "storageAccount.allowSharedKeyAccess of strisk is true" in "".join(keys.text)
    assert 'href="https://learn.microsoft.com/azure/machine-learning/"' in text


def test_what_was_not_read_stands_in_the_ledger_with_what_it_costs(shown):
    [ledger] = shown.words("section", id="coverage")
    assert "403 AuthorizationFailed" in ledger
    assert "Microsoft.Network/networkSecurityGroups/read" in ledger
    assert "AML-NET-016" in ledger
    assert "429" in ledger
    assert "not in the snapshot" in ledger


def test_digests_and_how_to_verify_them_are_there(shown, sample):
    [words] = shown.words("section", id="integrity")
    manifest = sample.result.manifest
    assert manifest.digest in words
    assert sample.result.config_digest in words
    assert "azmlscan snapshot verify SNAPSHOT" in words
    assert "azmlscan scan SNAPSHOT --config CONFIG -o report.html" in words
    for name, table in manifest.tables.items():
        assert name in words
        assert table.sha256 in words


def test_parameters_in_force_are_those_of_the_settings(make_scan, make_rule, sample, answer):
    parameter = Parameter(type="integer", default=0, description="How many.")
    rule = make_rule(parameters={"maxNodes": parameter, "other": parameter})
    dev = Environment(name="dev", parameters={rule.id: {"maxNodes": 4}})
    config = Config(environments=(dev,), parameters={rule.id: {"maxNodes": 1}})
    records = sample.records["computes"]
    scan = make_scan({"computes": records}, [(rule, [answer(records[0]["id"], Verdict.PASS)])])
    chosen = Settings(config, [SimpleNamespace(rule=rule)])  # type: ignore[list-item]
    words = Page(source(scan.result, chosen)).words("div", class_="parameter")
    assert words == ["maxNodes: 1 set by the configdev: 4", "other: 0"]


def exempted(result, verdict):
    exemption = Exemption(
        place="exemptions.yaml:3",
        category="Waiver",
        justification="Accepted <until> the move.",
        owner="risk@example.com",
        expires_on="2027-01-31",
        source="file",
        ticket="SEC-1",
    )
    chosen = next(row for row in result.findings if row.verdict is verdict and not row.preview)
    return [
        msgspec.structs.replace(row, exemption=exemption) if row is chosen else row
        for row in result.findings
    ]


def test_an_exempted_failure_is_not_called_one(sample):
    result = sample.result.replaced(findings=exempted(sample.result, Verdict.FAIL))
    text = source(result)
    page = Page(text)
    assert len(page.all("tr", data_v="exempt")) == 1
    assert dict(rows_of(text, "by-severity", "data-row"))["all"]["exempt"] == 1
    [words] = page.words("p", class_="exemption")
    assert "Exempted (Waiver, until 2027-01-31) by risk@example.com" in words
    assert "Accepted <until> the move. Ticket SEC-1." in words
    assert "exempt" in page.words("option")


def test_what_is_new_since_the_baseline_stands_on_the_first_screen(sample, tmp_path):
    path = tmp_path / "last-night.json"
    path.write_bytes(b"".join(full.render(sample.result)))
    first = sample.result.findings[0]
    assert first.verdict is Verdict.FAIL
    before = json.loads(path.read_bytes())
    before["results"] = [r for r in before["results"] if r["fingerprint"] != first.fingerprint]
    path.write_text(json.dumps(before))
    result = apply_baseline(sample.result, load_result(path))
    page = Page(source(result))
    assert len(page.all("tr", data_n="1")) == 1
    assert page.all("tr", id=f"f-{first.fingerprint[:16]}", data_n="1")
    [new] = [e for e in page.all("section") if e.attributes["aria-labelledby"] == "new-title"]
    assert "1 new" in "".join(new.text)
    assert first.resource_name in "".join(new.text)
    assert page.all("input", name="n", type="checkbox")


def test_more_findings_than_fit_are_counted(sample, monkeypatch):
    monkeypatch.setattr(whole, "FINDINGS", 2)
    text = source(sample.result)
    shown = Page(text)
    assert len([e for e in shown.all("tr") if "data-v" in e.attributes]) == 2
    left = sum(map(int, re.findall(r"(\d+) more findings? of this rule", text)))
    assert left == len(sample.result.findings) - 2
    assert f"{left} findings are not on this page" in " ".join(shown.words("strong"))


def test_resources_keep_their_link_whatever_their_casing(shown, sample):
    for row in sample.result.findings:
        assert resource_anchor(row.resource_id.upper()) == resource_anchor(row.resource_id)
        assert any(
            e.attributes.get("id") == resource_anchor(row.resource_id) for e in shown.elements
        )


def test_the_same_bytes_every_time(sample, root, estates, tmp_path):
    assert source(sample.result) == source(sample.result)
    digests = set()
    for seed in ("1", "2"):
        path = tmp_path / seed / "report.html"
        path.parent.mkdir()
        command = [sys.executable, "-m", "scanner", "scan", estates / "refused", "-o", path]
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(root)}
        subprocess.run(command, env=environment, capture_output=True, check=False)
        digests.add(hashlib.sha256(path.read_bytes()).hexdigest())
    assert len(digests) == 1


def test_colours_are_told_apart_by_everybody():
    style = asset("report.css")
    palettes = re.findall(r":root\{([^}]*)\}", style)
    assert len(palettes) == 2
    for palette in palettes:
        colour = dict(re.findall(r"--([a-z-]+):(#[0-9a-f]+)", palette))
        words = ("fail", "unknown", "error", "exempt", "pass", "medium", "ink", "soft", "link")
        pairs = [(name, ground) for name in words for ground in ("bg", "panel", "inside", "target")]
        pairs += [("ink", f"{name}-bg") for name in ("fail", "less", "unknown", "pass")]
        pairs += [(name, f"{name}-bg") for name in ("fail", "unknown", "pass")]
        pairs.append(("medium", "less-bg"))
        levels = ("critical", "high", "medium", "low", "info")
        pairs += [("badge-ink", name) for name in levels]
        for front, back in pairs:
            assert contrast(colour[front], colour[back]) >= 4.5, (front, back)


def contrast(one: str, other: str) -> float:
    """Contrast as WCAG 2 defines it."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_templates_never_mark_text_as_safe():
    folder = Path(whole.__file__).parent / "templates"
    for path in folder.glob("*.html"):
        assert not re.search(r"\|\s*safe|autoescape", path.read_text()), path.name
