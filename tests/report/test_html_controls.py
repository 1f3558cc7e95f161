"""Controls in the HTML page: every one with its status, its denominators and its rules."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter

import msgspec
import pytest

from scanner.engine.attestations import Attestation, Attested
from scanner.engine.control_files import load_controls
from scanner.engine.controls import Answer, Control, Controls, Framework, Provenance, assess
from scanner.engine.exempt import apply_exemptions
from scanner.engine.exemptions import ExemptionFile
from scanner.engine.packs import built_in_pack, load_packs
from scanner.engine.result import Verdict
from scanner.report.control_results import WORDS, numbers
from scanner.report.html.templating import control_anchor
from tests.engine.history import scan
from tests.report.pages import TAGS, Page, source

HOSTILE = '"><script>alert(1)</script>`<b>`\x1b[31m\u202e'
DAY = dt.date(2026, 11, 20)


@pytest.fixture(scope="module")
def controls():
    return load_controls([built_in_pack()], load_packs([built_in_pack()]))


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return scan(tmp_path_factory.mktemp("one"), 1).result


@pytest.fixture(scope="module")
def shown(result, controls):
    return Page(source(result, controls=controls))


def framework(*found: Control) -> Framework:
    return Framework(
        framework="f",
        title="Title",
        publisher="p",
        publishes="statements",
        scope="All of it, sentence by sentence.",
        controls=found,
    )


def test_every_control_has_its_status_and_its_numbers(shown, result, controls):
    for one in assess(result, controls):
        [row] = shown.all("tr", id=control_anchor(one.control.id))
        assert row.attributes["data-status"] == one.status.value
        words = "".join(row.text)
        assert WORDS[one.status] in words
        for answer in one.answers:
            assert answer.rule_id in words
        cells = [number for number in numbers(one) if number]
        assert all(number in words for number in cells)


def test_frameworks_count_all_their_controls(shown, result, controls):
    found = Counter(
        (one.control.id.partition("/")[0], one.status.value) for one in assess(result, controls)
    )
    text = source(result, controls=controls)
    for each in controls.frameworks:
        [row] = re.findall(rf'<tr data-framework="{each.framework}">(.*?)</tr>', text)
        cells = dict(re.findall(r'data-c="([a-z_]+)">([0-9,]+)<', row))
        counts = {status: n for (name, status), n in found.items() if name == each.framework}
        assert {name: int(n) for name, n in cells.items() if n != "0"} == counts
        assert row.endswith(f'<td class="n">{sum(counts.values()):,}</td>')
        assert shown.all("details", id=f"framework-{each.framework}")


def test_rules_that_ran_are_linked_and_those_that_did_not_say_so(shown, result):
    ran = {rule.id for rule in result.rules}
    [section] = shown.all("section", id="controls")
    assert "not run" in "".join(section.text)
    linked = {
        element.attributes["href"]
        for element in shown.all("a")
        if (element.attributes["href"] or "").startswith("#rule-")
    }
    assert linked <= {f"#rule-{name}" for name in ran}
    ids = {e.attributes["id"] for e in shown.elements if "id" in e.attributes}
    targets = {e.attributes["href"][1:] for e in shown.all("a") if e.attributes["href"][0] == "#"}
    assert targets <= ids


def test_rules_lead_to_their_controls(shown, result):
    row = next(row for row in result.findings if row.verdict is Verdict.FAIL)
    rule = next(rule for rule in result.rules if rule.id == row.rule_id)
    [box] = [e for e in shown.all("details") if e.attributes.get("id") == f"rule-{rule.id}"]
    assert box.attributes["class"] == "rule"
    targets = {e.attributes["href"] for e in shown.all("a")}
    for name in rule.controls:
        assert f"#{control_anchor(name)}" in targets


def test_what_a_person_attests_is_shown_with_who_says_so(result, controls):
    [wanted] = [
        control
        for framework in controls.frameworks
        for control in framework.controls
        if control.id == "caf-ml-setup/champion-challenger-tests"
    ]
    said = Attestation(
        control=wanted.id,
        answer=Attested.MET,
        statement=f"Seen in the pipeline. {HOSTILE}",
        attested_by="j.doe@contoso.com",
        attested_on=dt.date(2026, 10, 1),
        expires_on=dt.date(2027, 10, 1),
    )
    file = ExemptionFile(name="f.yaml", sha256="", attestations=(said,))
    page = Page(source(apply_exemptions(result, [file], DAY), controls=controls))
    [row] = page.all("tr", id=control_anchor(wanted.id))
    assert row.attributes["data-status"] == "attested"
    words = "".join(row.text)
    assert "Attested as met by j.doe@contoso.com on 2026-10-01, until 2027-10-01" in words
    assert "<script>alert(1)</script>" in words
    assert len(page.all("script")) == 1


def test_texts_of_a_pack_stay_text(sample):
    rule = sample.result.rules[0]
    hostile = Control(
        id=f"f/{HOSTILE}",
        kind="rule",
        place=HOSTILE,
        statement=HOSTILE,
        question=HOSTILE,
        evidence=(HOSTILE,),
        definition=HOSTILE,
    )
    other = Control(id="f/none", kind="rule")
    answers: dict[str, tuple[Answer, ...]] = {hostile.id: (Answer(rule, Provenance.VENDOR),)}
    found = msgspec.structs.replace(
        framework(hostile, other), title=HOSTILE, publisher=HOSTILE, scope=HOSTILE
    )
    text = source(sample.result, controls=Controls((found,), answers))
    page = Page(text)
    assert {element.tag for element in page.elements} <= TAGS
    assert len(page.all("script")) == 1
    assert "\x1b" not in text
    assert "\u202e" not in text
    [row] = page.all("tr", id="control-f:none")
    assert row.attributes["data-status"] == "not_covered"
    assert "<b>" in page.words("code")


def test_without_lists_of_controls_the_page_says_so(sample):
    [section] = Page(source(sample.result)).words("section", id="controls")
    assert "without lists of controls" in section
