"""Changes in the HTML page: the same numbers as the comparison, and a list behind each."""

from __future__ import annotations

import copy

import msgspec
import pytest

from scanner.report.html import changes
from scanner.report.html.changes import changes_view
from tests.engine.history import deleted, public, refused, scan
from tests.report.pages import TAGS, Page, source

HOSTILE = '"><script>alert(1)</script><b>\x1b[31m\u202e'
RULE = "AML-NET-002"
QA = "/subscriptions/d0131912-77ec-5223-bcba-a2d9b939c15f"


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """A night on which something is new, fixed, gone, exempted, and not to be looked at again."""
    folder = tmp_path_factory.mktemp("nights")
    edit, gap = refused("workspaces", QA)
    early = [public("mlw-fraud-dev"), public("mlw-forecasting-prod"), public("mlw-fraud-qa")]
    before = scan(folder, 1, early)
    late = [public("mlw-churn-prod"), deleted("mlw-forecasting-prod"), edit]
    return scan(folder, 12, late, gaps=[gap], baseline=before.path).result


def listed(result, name: str) -> set[tuple[str, str]]:
    [kind] = [kind for kind in changes_view(result, result.findings).kinds if kind.name == name]
    return {(row.rule_id, row.resource) for row in kind.rows}


def test_each_change_is_listed_under_its_name(night):
    assert (RULE, "mlw-churn-prod") in listed(night, "new")
    assert (RULE, "mlw-fraud-dev") in listed(night, "fixed")
    assert (RULE, "mlw-forecasting-prod") in listed(night, "resourceGone")
    assert (RULE, "mlw-fraud-qa") in listed(night, "carried")
    assert (RULE, "mlw-fraud-qa") not in listed(night, "fixed")


def test_numbers_are_those_of_the_comparison(night):
    view = changes_view(night, night.findings)
    totals = {kind.name: kind.total for kind in view.kinds}
    counts = night.baseline.changes
    assert totals["new"] == counts.new
    assert totals["fixed"] == counts.fixed
    assert totals["carried"] == counts.carried_forward
    assert totals["resourceGone"] == counts.resource_gone
    assert totals["ruleNotRun"] == counts.rule_not_run
    assert totals["updated"] == counts.updated
    *rows, whole = view.by_age
    assert whole.total == night.totals.fail
    assert [sum(row.numbers[age] for row in rows) for age in range(len(view.ages))] == whole.numbers
    new = view.ages.index("new")
    assert whole.numbers[new] == sum(
        row.is_live and row.first_seen == night.manifest.finished for row in night.findings
    )


def test_the_page_lists_what_the_head_counts(night):
    page = Page(source(night))
    for name in ("new", "fixed", "carried", "resourceGone"):
        assert len(page.all("tr", data_change=name)) == len(listed(night, name))
    head = " ".join(page.words("header"))
    assert "New since the baseline" in head
    assert "Could not be assessed" in head
    [section] = page.words("section", id="changes")
    assert "could not be listed" in section
    ids = {e.attributes["id"] for e in page.elements if "id" in e.attributes}
    targets = {e.attributes["href"][1:] for e in page.all("a") if e.attributes["href"][0] == "#"}
    assert targets <= ids


def test_without_a_baseline_it_says_how_to_get_one(sample):
    page = Page(source(sample.result))
    [section] = page.words("section", id="changes")
    assert "--baseline" in section
    assert "not compared with an earlier result" in " ".join(page.words("header"))


def test_more_changes_than_fit_are_counted(night, monkeypatch):
    monkeypatch.setattr(changes, "SHOWN", 0)
    view = changes_view(night, night.findings)
    assert {kind.name: kind.total for kind in view.kinds}["fixed"] == night.baseline.changes.fixed
    assert all(not kind.rows for kind in view.kinds)


def test_names_of_then_stay_text(night):
    baseline = copy.copy(night.baseline)
    baseline.failed = {
        name: msgspec.structs.replace(row, resource_name=HOSTILE)
        for name, row in baseline.failed.items()
    }
    text = source(night.replaced(baseline=baseline))
    page = Page(text)
    assert {element.tag for element in page.elements} <= TAGS
    assert len(page.all("script")) == 1
    assert "\x1b" not in text
    [section] = page.words("section", id="changes")
    assert "<script>alert(1)</script>" in section
