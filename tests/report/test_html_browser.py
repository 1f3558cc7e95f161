"""The HTML page in a real browser, where there is one: its script, its links, its print."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from collections import Counter

import pytest

from scanner.config import load_config
from scanner.engine.control_files import load_controls
from scanner.engine.evaluate import evaluate
from scanner.engine.exempt import apply_exemptions
from scanner.engine.packs import built_in_pack, load_packs
from scanner.engine.parameters import Settings
from scanner.inventory.estate import load_estate
from scanner.report.html import render, resource_anchor
from scanner.snapshot import open_snapshot

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--virtual-time-budget=2000",
)


@pytest.fixture(scope="module")
def browser():
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("no chromium on this machine")
    return found


@pytest.fixture(scope="module")
def scan(estates):
    folder = estates / "refused"
    config = load_config(folder / "azmlscan.yaml")
    loaded = load_packs([built_in_pack()])
    chosen = Settings(config, loaded)
    with open_snapshot(folder) as snapshot:
        result = evaluate(loaded, chosen, load_estate(snapshot, config))
    result = apply_exemptions(result, [])
    controls = load_controls([built_in_pack()], loaded)
    return result, b"".join(render(result, chosen, controls=controls)).decode()


@pytest.fixture(scope="module")
def report(scan, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(scan[1], encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def run(browser, tmp_path_factory):
    """Give the function that runs the browser once and returns what it wrote."""

    def start(*arguments):
        profile = tmp_path_factory.mktemp("profile")
        done = subprocess.run(
            [browser, *FLAGS, f"--user-data-dir={profile}", *arguments],
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        console = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
        return done.stdout, console

    return start


def test_the_script_runs_and_the_policy_has_nothing_to_complain_of(run, report, scan):
    dom, console = run("--dump-dom", report.as_uri())
    assert console == []
    number = f"{len(scan[0].findings):,}"
    [shown] = re.findall(r'<p role="status" id="shown">(.*?)</p>', dom)
    assert shown.startswith(f"{number} of {number} findings")
    assert not re.search(r"<form[^>]* hidden", dom)


def test_another_script_does_not_run(run, report):
    changed = report.with_name("changed.html")
    text = report.read_text(encoding="utf-8")
    changed.write_text(text.replace("</body>", "<script>document.title='x'</script></body>"))
    dom, console = run("--dump-dom", changed.as_uri())
    assert "<title>x" not in dom
    assert any("Content Security Policy" in line for line in console)


def test_links_to_rules_findings_and_resources_open_what_they_are_in(run, report, scan):
    result, _ = scan
    row = result.findings[0]
    anchors = (f"rule-{row.rule_id}", f"f-{row.fingerprint[:16]}", resource_anchor(row.resource_id))
    for anchor in anchors:
        dom, _ = run("--dump-dom", f"{report.as_uri()}#{anchor}")
        opened = re.findall(r"<details[^>]* open=[^>]*>", dom)
        assert opened, anchor
    assert (
        f'id="rule-{row.rule_id}" open=""'
        in run("--dump-dom", f"{report.as_uri()}#{anchors[1]}")[0]
    )


def test_links_to_controls_and_access_open_what_they_are_in(run, report):
    for anchor, around in (
        ("control-mcsb:NS-1", "framework-mcsb"),
        ("access-1-1", "access-1"),
    ):
        dom, console = run("--dump-dom", f"{report.as_uri()}#{anchor}")
        assert console == []
        assert re.search(rf'<details[^>]* id="{around}"[^>]* open=""', dom), anchor


def test_long_tables_come_fifty_rows_at_a_time(run, report, scan):
    result, text = scan
    alone = Counter(finding.rule_id for finding in result.findings)
    row = next(finding for finding in result.findings if alone[finding.rule_id] == 1)
    [line] = re.findall(rf'<tr id="f-{row.fingerprint[:16]}".*?</tr>', text, re.DOTALL)
    many = "".join(line.replace(' id="f-', f' id="g{number}-', 1) for number in range(120))
    long = report.with_name("long.html")
    long.write_text(text.replace(line, many), encoding="utf-8")
    dom, _ = run("--dump-dom", long.as_uri())
    assert len(re.findall(r'<tr id="g\d+-[^>]* class="off"', dom)) == 70
    assert "1 to 50 of 120" in dom
    dom, _ = run("--dump-dom", f"{long.as_uri()}#g119-{row.fingerprint[:16]}")
    assert "101 to 120 of 120" in dom


def test_it_prints_with_what_was_closed(run, report, tmp_path, scan):
    converter = shutil.which("pdftotext")
    if converter is None:
        pytest.skip("no pdftotext on this machine")
    path = tmp_path / "report.pdf"
    run(f"--print-to-pdf={path}", "--no-pdf-header-footer", report.as_uri())
    printed = subprocess.run(
        [converter, "-layout", path, "-"], capture_output=True, text=True, check=True
    ).stdout
    words = " ".join(printed.split())
    assert "Sign-off" in words
    for row in scan[0].findings:
        assert row.rule_id in words
    first = scan[0].findings[0]
    assert html.unescape(first.message).split()[0] in words
    assert "Filter" not in words
