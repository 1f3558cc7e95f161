from __future__ import annotations

from typing import Any

import pytest

from scanner.inventory import neighbours
from tests.engine.estates import estate
from tests.inventory.records import UNREAD, configured, facts, project, workspace_in

PROJECT, TEAM, SINGLE = "workspacePerProject", "workspacePerTeam", "singleWorkspace"


def of(project_tag: str | None = None, team: str | None = None, environment: str = "dev") -> Any:
    tags = {"project": project_tag, "team": team, "environment": environment}
    return {name: value for name, value in tags.items() if value}


ONE = workspace_in("one", tags=of("churn", "insight"))


def followed(*others: Any, one: Any = ONE, **how: Any) -> Any:
    return facts(estate(one, *others, **how), one, "workspacePatterns")


class TestFollowed:
    def test_alone_at_all(self) -> None:
        assert followed() == [PROJECT, TEAM, SINGLE]
        assert followed(one=workspace_in("one", tags=of())) == [SINGLE]

    @pytest.mark.parametrize(
        ("other", "expected"),
        [
            (of("churn", "insight"), []),
            (of("CHURN", " Insight"), []),
            (of("churn", "other"), [TEAM]),
            (of("fraud", "insight"), [PROJECT]),
            (of("fraud", "other"), [PROJECT, TEAM]),
            (of(), [PROJECT, TEAM]),
            (of("churn", "insight", "prod"), [PROJECT, TEAM, SINGLE]),
        ],
    )
    def test_beside_another(self, other: Any, expected: list[str]) -> None:
        assert followed(workspace_in("two", tags=other)) == expected

    def test_another_region(self) -> None:
        other = workspace_in("two", tags=of("churn", "insight"), location="eastus2")
        assert followed(other) == [PROJECT, TEAM, SINGLE]

    def test_without_environment_there_is_nothing_to_compare(self) -> None:
        one = workspace_in("one", tags={"project": "churn"})
        other = workspace_in("two", tags={"project": "churn"})
        assert followed(other, one=one) == [PROJECT, SINGLE]


HUB = workspace_in("hub", kind="Hub", tags=of(team="insight"))
CHURN: Any = {**project(HUB, "churn"), "tags": of("churn", "insight")}
FRAUD: Any = {**project(HUB, "fraud"), "tags": of("fraud", "insight")}


class TestHubs:
    def test_a_team_shares_its_hub(self) -> None:
        assert followed(CHURN, FRAUD, one=HUB) == [TEAM, SINGLE]
        assert followed(HUB, FRAUD, one=CHURN) == [PROJECT, TEAM, SINGLE]

    def test_a_workspace_beside_a_teams_hub(self) -> None:
        assert followed(CHURN, ONE, one=HUB) == []
        assert followed(HUB, ONE, one=FRAUD) == [PROJECT]

    def test_two_hub_projects_of_one_project(self) -> None:
        twin = {**project(HUB, "churn2"), "tags": of("churn", "insight")}
        assert followed(HUB, twin, one=CHURN) == [TEAM, SINGLE]

    def test_hub_that_does_not_exist(self) -> None:
        assert followed(one=CHURN) == [PROJECT, TEAM]

    def test_hub_that_was_not_read(self) -> None:
        blind = {**CHURN, "properties": {"hubResourceId": UNREAD}}
        assert followed(HUB, one=blind) == [PROJECT, UNREAD]
        alone = {**blind, "tags": of("churn")}
        assert followed(HUB, one=alone) == [PROJECT, UNREAD]

    def test_hub_in_another_spelling(self) -> None:
        other = {**FRAUD, "properties": {"hubResourceId": HUB["id"].upper()}}
        assert followed(HUB, other, one=CHURN) == [PROJECT, TEAM, SINGLE]


class TestUnread:
    def test_tags_of_the_workspace(self) -> None:
        assert followed(one=workspace_in("one", tags=UNREAD)) == [UNREAD]

    def test_tags_of_another(self) -> None:
        assert followed(workspace_in("two", tags=UNREAD)) == [UNREAD]

    @pytest.mark.parametrize("part", ["location", "kind"])
    def test_part_of_another(self, part: str) -> None:
        other = workspace_in("two", tags=of("fraud", "insight"), **{part: UNREAD})
        assert followed(other) == [PROJECT, UNREAD]

    def test_workspaces_of_other_scopes(self) -> None:
        known = estate(ONE, unread=["resourceGroups"])
        assert facts(known, ONE, "workspacePatterns") == [PROJECT, TEAM, SINGLE]


class TestDemanded:
    def demanded(self, one: Any = ONE, **config: Any) -> Any:
        return facts(estate(one, config=configured(**config)), one, "demandedWorkspacePatterns")

    def test_nothing_by_default(self) -> None:
        assert self.demanded() is None

    def test_of_the_estate_and_of_an_environment(self) -> None:
        general = {"workspacePatterns": [PROJECT, TEAM]}
        own = {
            "dev": {"match": {"tags": {"environment": ["dev"]}}},
            "exploration": {
                "match": {"tags": {"environment": ["exploration"]}},
                "workspacePatterns": [SINGLE],
            },
        }
        assert self.demanded(settings=general, environments=own) == [PROJECT, TEAM]
        explored = workspace_in("one", tags=of(environment="exploration"))
        assert self.demanded(explored, settings=general, environments=own) == [SINGLE]
        assert self.demanded(environments=own) is None

    def test_without_environment(self) -> None:
        settings = {"workspacePatterns": [PROJECT]}
        assert self.demanded(workspace_in("one", tags={}), settings=settings) is None
        assert self.demanded(workspace_in("one", tags=UNREAD), settings=settings) == UNREAD


def test_the_first_other_workspace_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, not timed: an environment of thousands is not looked through for each of them."""

    def comparisons(number: int) -> int:
        calls = 0
        everybody = neighbours.UNITS["everybody"]

        def apart(one: Any, other: Any) -> Any:
            nonlocal calls
            calls += 1
            return everybody.apart(one, other)

        monkeypatch.setitem(neighbours.UNITS, "everybody", everybody._replace(apart=apart))
        records = [workspace_in(f"w{index}", tags=of(f"p{index}")) for index in range(number)]
        known = estate(*records)
        for record in records:
            facts(known, record, "workspacePatterns")
        monkeypatch.setitem(neighbours.UNITS, "everybody", everybody)
        return calls

    assert comparisons(200) <= 11 * comparisons(20)
