from __future__ import annotations

import pytest

from tests.engine.estates import estate
from tests.inventory.records import (
    OTHER_SUB,
    SUB,
    UNREAD,
    facts,
    group,
    project,
    record,
    subscription,
    with_gap,
    workspace,
)

AROUND = (group(), subscription(), group(subscription=OTHER_SUB), subscription(OTHER_SUB))
ELSEWHERE = f"{OTHER_SUB}/resourceGroups/rg-ml"


def ws(name="ws", environment="dev", project="churn", place=None, **top):
    tags = {"environment": environment, "project": project}
    tags = {key: value for key, value in tags.items() if value}
    return workspace(name, **({"group": place} if place else {}), top={"tags": tags, **top})


def names(fact, mine, *others, unread=()):
    found = facts(estate(mine, *others, *AROUND, unread=unread), mine, fact)
    return [one if one == UNREAD else one.rpartition("/")[2] for one in found]


def same(*records, **options):
    return names("sameSlotWorkspaces", *records, **options)


class TestSameSlot:
    def test_same_in_another_subscription(self):
        assert same(ws(), ws("other", project="CHURN", place=ELSEWHERE)) == ["other"]

    @pytest.mark.parametrize(
        "change",
        [
            {"environment": "prod"},
            {"project": "fraud"},
            {"location": "northeurope"},
            {"environment": None},
            {"project": None},
        ],
    )
    def test_not_the_same(self, change):
        assert same(ws(), ws("other", **change)) == []
        assert same(ws(**change), ws("other")) == []

    def test_unknown_is_not_the_same_as_unknown(self):
        assert same(ws(project=None), ws("other", project=None)) == []
        assert same(ws(environment=None), ws("other", environment=None)) == []

    def test_regions_are_compared_by_name(self):
        assert same(ws(location="West Europe"), ws("other", location="westeurope")) == ["other"]

    def test_a_hub_is_no_second_workspace_of_its_project(self):
        hub = ws("hub", kind="Hub")
        top = {"kind": "Project", "properties": {"hubResourceId": hub["id"].upper()}}
        one, two = ws("one", **top), ws("two", **top)
        assert same(hub, one) == []
        assert same(one, hub) == []
        assert same(one, hub, two) == ["two"]

    def test_unread(self):
        blind = ws("other")
        blind["tags"] = UNREAD
        assert same(ws(), blind) == [UNREAD]
        assert same(blind, ws()) == [UNREAD]
        assert same(ws(), ws("other", location=UNREAD)) == [UNREAD]
        assert same(ws(), ws("other", project="fraud", location=UNREAD)) == []
        assert same(ws(), ws("other"), {**blind, "id": blind["id"] + "2"}) == ["other", UNREAD]


def test_workspaces_missing_elsewhere_could_be_the_same():
    of = with_gap(estate(ws(), ws("other"), *AROUND), "workspaces", OTHER_SUB)
    assert facts(of, ws(), "sameSlotWorkspaces") == [ws("other")["id"], UNREAD]


def near(*records, **options):
    return names("groupNeighbours", *records, **options)


def vault(environment=None, **top):
    tags = {"environment": environment} if environment else {}
    return record("Microsoft.KeyVault/vaults", "kv", **{"tags": tags, **top})


class TestGroupNeighbours:
    def test_other_workspaces(self):
        assert near(ws(), ws("other"), ws("far", place=ELSEWHERE)) == ["other"]

    def test_resources_of_another_environment(self):
        assert near(ws(), vault("prod")) == ["kv"]
        assert near(ws(), vault("dev")) == []
        assert near(ws(), vault()) == []
        assert near(ws(environment=None), vault("prod")) == []

    def test_group_in_another_casing(self):
        shouted = ws("other", place=f"{SUB}/resourcegroups/RG-ML")
        assert near(ws(), shouted) == ["other"]

    def test_a_hub_and_its_projects(self):
        hub = ws("hub", kind="Hub")
        top = {"kind": "Project", "properties": {"hubResourceId": hub["id"]}}
        one, two = ws("one", **top), ws("two", **top)
        assert near(hub, one, two) == []
        assert near(one, hub) == []
        assert near(one, hub, two) == ["two"]

    def test_unread(self):
        assert near(ws(), vault(tags=UNREAD)) == [UNREAD]
        assert near(ws(tags=UNREAD), vault("prod")) == [UNREAD]
        assert near(ws(), ws("other"), unread=["keyVaults"]) == ["other", UNREAD]
        blind = ws("other", kind="Project", properties={"hubResourceId": UNREAD})
        assert near(ws(), blind) == [UNREAD]


class TestEnvironmentWorkspaces:
    def test_are_those_of_the_environment_without_hub_projects(self):
        hub = workspace("hub", top={"kind": "Hub", "tags": {"environment": "sandbox"}})
        mine = workspace("mine", top={"tags": {"environment": "exploration"}})
        others = (
            project(hub),
            workspace("dev", top={"tags": {"environment": "dev"}}),
            workspace("none"),
        )
        of = estate(hub, mine, *others, group(), subscription())
        assert facts(of, mine, "environmentWorkspaces") == [hub["id"], mine["id"]]

    def test_are_open_where_one_is_not_known(self):
        mine = workspace("mine", top={"tags": {"environment": "exploration"}})
        other = workspace("other", top={"tags": UNREAD})
        around = (group(), subscription())
        assert facts(estate(mine, other, *around), mine, "environmentWorkspaces") == [
            mine["id"],
            UNREAD,
        ]
        assert facts(estate(mine, other, *around), other, "environmentWorkspaces") == [UNREAD]
