"""Findings on projects from night to night: no resource of Azure, and yet one that stays the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from scanner.engine.diff import State, diff_results
from scanner.engine.earlier import load_result
from scanner.engine.gate import ExitCode, decide
from scanner.engine.result import Severity
from scanner.inventory.projects import PREFIX, UNREADABLE, project_id
from tests.engine import history
from tests.engine.history import row, scan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RULE, PROJECT = "AML-ORG-003", "assistants"
RULES = (RULE,)
ID = project_id(PROJECT)


def tagged(tags: Any) -> history.Edit:
    """Give the workspaces of the project other tags."""

    def edit(estate: history.Records) -> None:
        for one in estate["workspaces"]:
            if (one.get("tags") or {}).get("project") == PROJECT:
                one["tags"] = tags

    return edit


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> history.Night:
    return scan(tmp_path_factory.mktemp("first"), 1, rules=RULES)


@pytest.fixture
def later(first: history.Night, tmp_path: Path) -> Callable[..., history.Night]:
    def scanned(*edits: history.Edit, **how: Any) -> history.Night:
        return scan(tmp_path, 2, edits, baseline=first.path, rules=RULES, **how)

    return scanned


def found(night: history.Night, name: str = PROJECT) -> dict[str, Any]:
    answer = row(night, RULE, name)
    assert answer is not None
    return answer


def test_a_project_is_the_same_every_night(
    first: history.Night, later: Callable[..., history.Night]
) -> None:
    before, after = found(first), found(later())
    assert (before["verdict"], before["resourceId"]) == ("fail", ID)
    assert after["fingerprint"] == before["fingerprint"]
    assert (after["baselineState"], after["environment"]) == ("unchanged", None)


def test_a_tag_in_another_casing_is_the_same_project(later: Callable[..., history.Night]) -> None:
    night = later(tagged({"project": PROJECT.upper(), "environment": "dev"}))
    assert found(night, PROJECT.upper())["baselineState"] == "unchanged"


def test_tags_that_nobody_could_read_fix_nothing(later: Callable[..., history.Night]) -> None:
    night = later(tagged({"$unread": True}))
    carried = found(night)
    assert (carried["verdict"], carried["resourceId"]) == ("fail", ID)
    assert carried["carriedForward"]["verdict"] is None
    assert found(night, "(not readable)")["verdict"] == "unknown"
    [unknown] = [one for one in night.result.findings if one.resource_id == UNREADABLE]
    assert "not readable" in unknown.message


def test_unreadable_tags_keep_the_gate_closed(tmp_path: Path) -> None:
    night = scan(tmp_path, 2, [tagged({"$unread": True})], rules=RULES)
    others = [one for one in night.result.findings if one.verdict == "unknown"]
    assert {one.resource_id for one in others} >= {UNREADABLE}
    without = night.result.replaced(
        findings=[one for one in night.result.findings if one.verdict != "fail"]
    )
    assert decide(without, Severity.MEDIUM).code is ExitCode.INCOMPLETE


def test_a_project_without_workspaces_is_gone(later: Callable[..., history.Night]) -> None:
    night = later(tagged({"project": "another", "environment": "dev"}))
    assert row(night, RULE, PROJECT) is None
    [gone] = [one for one in history.baseline_of(night)["absent"] if one["resourceId"] == ID]
    assert gone["reason"] == "resourceGone"


@pytest.mark.parametrize(
    ("edit", "state"),
    [
        (tagged({"$unread": True}), State.NOT_ASSESSABLE),
        (tagged({"project": "another", "environment": "dev"}), State.RESOURCE_GONE),
    ],
)
def test_results_side_by_side(
    first: history.Night, tmp_path: Path, edit: history.Edit, state: State
) -> None:
    night = scan(tmp_path, 2, [edit], rules=RULES)
    [change] = [
        one
        for one in diff_results(load_result(first.path), load_result(night.path))
        if one.row.resource_id == ID
    ]
    assert change.state is state


@pytest.mark.parametrize(
    ("scope", "exempt"),
    [
        (f"resources: [{ID.upper()}]", True),
        (f"resources: ['{PREFIX}*']", True),
        (f"resources: [{project_id('another')}]", False),
        ("resources: ['/subscriptions/*']", False),
        ("environments: [dev]", False),
        ("resourceGroups: [rg-*]", False),
    ],
)
def test_exemptions_name_the_project_itself(tmp_path: Path, scope: str, *, exempt: bool) -> None:
    file = tmp_path / "exemptions.yaml"
    file.write_text(
        f"""exemptions:
  - rules: [{RULE}]
    scope: {{ {scope} }}
    category: Waiver
    justification: It serves from development for now, as agreed.
    owner: platform@contoso.com
    createdOn: 2026-10-01
    expiresOn: 2026-12-01
"""
    )
    night = scan(tmp_path, 1, rules=RULES, exemptions=[file])
    assert (found(night)["exemption"] is not None) == exempt
    assert json.loads(night.path.read_bytes())["summary"]
