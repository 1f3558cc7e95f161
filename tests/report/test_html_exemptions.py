"""Exemptions in the HTML page: who accepted what, until when, and what is wrong with it."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from scanner.engine.exempt import apply_exemptions
from scanner.engine.exemptions import ExemptionFile, Scope
from scanner.engine.result import Exemption, ScanResult, Verdict
from scanner.report.html import exemptions
from scanner.report.html.exemptions import exemptions_view
from tests.engine.estates import SUBSCRIPTION, WORKSPACE, estate, workspace
from tests.engine.history import public, scan
from tests.engine.test_exempt import DAY, entry, gap_entry
from tests.engine.test_policy_exemptions import assignment, exemption
from tests.report.pages import TAGS, Page, source

HOSTILE = '"><script>alert(1)</script><b>\x1b[31m\u202e'
KEPT = '"><script>alert(1)</script><b>[31m'


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return scan(tmp_path_factory.mktemp("one"), 1, [public("mlw-churn-prod")]).result


def judged(result: ScanResult, *entries, gaps=(), name="exemptions.yaml") -> ScanResult:
    file = ExemptionFile(name=name, sha256="ab" * 32, exemptions=entries, gaps=gaps)
    return apply_exemptions(result, [file], DAY)


def states(result: ScanResult) -> dict[str, list[str]]:
    return {view.entry.terms.id: list(view.states) for view in exemptions_view(result).entries}


def every_state(result: ScanResult) -> ScanResult:
    days = dt.timedelta(days=10)
    gone = Scope(resources=(WORKSPACE,))
    return judged(
        result,
        entry(id="fine", place="e:1"),
        entry(id="soon", place="e:2", expires_on=DAY + days),
        entry(id="late", place="e:3", expires_on=DAY - days),
        entry(id="gone", place="e:4", scope=gone),
        entry(id="idle", place="e:5", rules=("AML-NET-011",)),
        entry(id="wide", place="e:6", rules=("*",), scope=Scope(environments=("dev", "prod"))),
    )


def test_each_state_has_its_word(result):
    found = states(every_state(result))
    assert found["fine"] == ["active"]
    assert found["soon"] == ["expires within 30 days"]
    assert found["late"] == ["expired"]
    assert found["gone"] == ["orphaned"]
    assert found["idle"] == ["unused"]
    assert found["wide"] == ["too broad"]
    assert next(iter(found)) == "late"
    assert list(found)[-1] == "fine"


def test_states_are_counted_with_their_denominator(result):
    page = Page(source(every_state(result)))
    counts = {
        cell.attributes["data-state"]: "".join(cell.text)
        for cell in page.all("dd")
        if "data-state" in cell.attributes
    }
    assert counts == {
        "active": "1",
        "expires within 30 days": "1",
        "names something unknown": "0",
        "unused": "1",
        "too broad": "1",
        "orphaned": "1",
        "expired": "1",
    }
    [section] = page.words("section", id="exemptions")
    assert "Of 6 exemptions in exemptions.yaml" in section
    assert f"as they stood on {DAY}" in section


def test_an_entry_says_who_why_and_until_when(result):
    one = entry(
        justification="Until the move.",
        owner="owner@contoso.com",
        approved_by="ciso@contoso.com",
        ticket="ARB-1",
        expires_on=DAY + dt.timedelta(days=60),
    )
    [section] = Page(source(judged(result, one))).words("section", id="exemptions")
    for fact in ("Until the move.", "owner@contoso.com", "ciso@contoso.com", "ARB-1", "2026-12-31"):
        assert fact in section
    assert "1 failure" in section


def test_a_finding_leads_to_its_exemption(result):
    page = Page(source(judged(result, entry())))
    [target] = [
        e.attributes["href"]
        for e in page.all(
            "a",
        )
        if (e.attributes["href"] or "").startswith("#x-")
    ]
    assert page.all("tr", id=target[1:])


def test_exemptions_of_gaps_name_their_table_and_scope(result):
    [section] = Page(source(judged(result, gaps=(gap_entry(),)))).words("section", id="exemptions")
    assert "gaps of diagnosticSettings" in section
    assert gap_entry().scope in section


def test_strings_of_a_file_stay_text(result):
    one = entry(
        id=HOSTILE,
        justification=HOSTILE,
        owner=HOSTILE,
        approved_by=HOSTILE,
        ticket=HOSTILE,
        category=HOSTILE,
        rules=("AML-NET-002", HOSTILE),
        scope=Scope(
            environments=("prod",), resource_groups=("*", HOSTILE), resources=("*", HOSTILE)
        ),
        place=HOSTILE,
    )
    text = source(judged(result, one, name=HOSTILE))
    page = Page(text)
    assert {element.tag for element in page.elements} <= TAGS
    assert len(page.all("script")) == 1
    assert "\x1b" not in text
    assert "\u202e" not in text
    [section] = page.words("section", id="exemptions")
    assert section.count(KEPT) >= 8


def test_files_of_one_name_have_no_anchor_twice(result):
    page = Page(source(judged(result, entry(id="a"), entry(id="b"))))
    ids = [e.attributes["id"] for e in page.elements if "id" in e.attributes]
    assert len(ids) == len(set(ids))


def test_azure_policy_exemptions_are_shown_as_such(sample):
    records = [
        exemption(),
        exemption(f"{SUBSCRIPTION}/resourceGroups/rg", expiresOn="2020-01-01T00:00:00Z"),
    ]
    blind = exemption(SUBSCRIPTION, policyAssignmentId=f"{SUBSCRIPTION}/no")
    found = estate(workspace(), assignment(), *records, blind)
    view = exemptions_view(apply_exemptions(ScanResult(found, "", [], []), [], DAY))
    assert {one.state.partition(":")[0] for one in view.policies} == {
        "covers no failure of the rules that ran",
        "expired",
        "has no effect here",
    }
    counted = ScanResult(found, "", [], [])
    row = next(row for row in sample.result.findings if row.verdict is Verdict.FAIL)
    shown = Exemption(records[0]["id"], "Waiver", "Why.", "", None, "azure-policy")
    whole = sample.result.replaced(
        findings=[
            msgspec.structs.replace(each, exemption=shown) if each is row else each
            for each in sample.result.findings
        ],
        exemptions=apply_exemptions(counted, [], DAY).exemptions,
    )
    page = Page(source(whole))
    [words] = page.words("p", class_="exemption")
    assert "by Azure Policy: Why." in words
    assert "without end" in words


def test_unread_azure_policy_exemptions_are_not_none():
    found = ScanResult(estate(workspace(), unread={"policyExemptions"}), "", [], [])
    [section] = Page(source(apply_exemptions(found, [], DAY))).words("section", id="exemptions")
    assert "but not all were read" in section
    found = ScanResult(estate(workspace()), "", [], [])
    [section] = Page(source(apply_exemptions(found, [], DAY))).words("section", id="exemptions")
    assert "has no Azure Policy exemptions." in section


def test_more_exemptions_than_fit_are_counted(result, monkeypatch):
    monkeypatch.setattr(exemptions, "SHOWN", 2)
    [section] = Page(source(every_state(result))).words("section", id="exemptions")
    assert "and 4 exemptions more, the least urgent" in section
    assert "Of 6 exemptions" in section


def test_files_are_named_with_their_digests(result):
    [words] = Page(source(judged(result, entry()))).words("section", id="integrity")
    assert "Exemptions exemptions.yaml" in words
    assert "ab" * 32 in words


def test_without_a_day_nothing_is_judged(sample):
    [section] = Page(source(sample.result)).words("section", id="exemptions")
    assert "without judging exemptions" in section
