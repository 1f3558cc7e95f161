from __future__ import annotations

import pytest

from tests.engine.estates import estate
from tests.inventory.records import (
    GROUP,
    OTHER_SUB,
    SUB,
    UNREAD,
    child,
    compute,
    configured,
    facts,
    group,
    record,
    subscription,
    workspace,
)

CONFIG = configured(
    environments={
        "dev": {"match": {"tags": {"Env": ["dev", "Development"]}, "namePatterns": ["*-dev"]}},
        "live": {
            "production": True,
            "match": {
                "tags": {"env": ["prod"]},
                "resourceGroups": ["rg-live-*"],
                "subscriptions": [SUB.rpartition("/")[2].upper(), "Live subscription"],
                "managementGroups": ["mg-live"],
            },
        },
    }
)
ELSEWHERE = f"{OTHER_SUB}/resourceGroups/rg-ml"
SUBSCRIPTION = subscription(OTHER_SUB)
GROUP_ELSEWHERE = group(subscription=OTHER_SUB)


def environment(*records, of=None, unread=(), config=CONFIG):
    found = facts(
        estate(*records, unread=unread, config=config),
        of or records[0],
        "environment",
        "production",
    )
    return tuple(found)


DEV = ("dev", False)
LIVE = ("live", True)
NONE = (None, None)
OPEN = (UNREAD, UNREAD)


class TestLevels:
    def test_own_tag_in_any_casing(self):
        assert environment(workspace(group=ELSEWHERE, top={"tags": {"ENV": " DEVELOPMENT"}})) == DEV

    def test_first_environment_of_the_config_wins_at_a_level(self):
        both = workspace("ws-dev", ELSEWHERE, top={"tags": {"env": "prod"}})
        assert environment(both) == DEV

    def test_nearest_level_wins(self):
        assert environment(workspace("ws-DEV"), group(), subscription()) == DEV

    def test_group_tag(self):
        tagged = group(subscription=OTHER_SUB, tags={"env": "dev"})
        assert environment(workspace(group=ELSEWHERE), tagged, SUBSCRIPTION) == DEV

    def test_group_name(self):
        place = f"{OTHER_SUB}/resourceGroups/RG-live-1"
        assert environment(workspace(group=place), unread=["resourceGroups"]) == OPEN
        named = group("RG-live-1", OTHER_SUB)
        assert environment(workspace(group=place), named) == LIVE

    def test_subscription_id(self):
        assert environment(workspace(), group(), subscription()) == LIVE

    def test_subscription_name(self):
        named = subscription(OTHER_SUB, displayName="live SUBSCRIPTION")
        assert environment(workspace(group=ELSEWHERE), GROUP_ELSEWHERE, named) == LIVE

    @pytest.mark.parametrize("chain", [["mg-live", "root"], ["inner", "MG-LIVE", "root"]])
    def test_management_group(self, chain):
        managed = subscription(OTHER_SUB, chain)
        assert environment(workspace(group=ELSEWHERE), GROUP_ELSEWHERE, managed) == LIVE

    def test_nothing_matches(self):
        managed = subscription(OTHER_SUB, ["root"])
        assert environment(workspace(group=ELSEWHERE), GROUP_ELSEWHERE, managed) == NONE

    def test_management_groups_in_a_circle(self):
        groups = [
            {
                "id": f"/providers/Microsoft.Management/managementGroups/{name}",
                "name": name,
                "type": "Microsoft.Management/managementGroups",
                "properties": {
                    "details": {
                        "parent": {
                            "id": f"/providers/Microsoft.Management/managementGroups/{other}"
                        }
                    }
                },
            }
            for name, other in (("a", "b"), ("b", "a"))
        ]
        assert environment(*groups) == NONE


class TestChildren:
    WS = workspace(group=ELSEWHERE, top={"tags": {"env": "dev"}})

    def test_have_their_workspaces(self):
        assert environment(compute(self.WS, "cpu"), self.WS) == DEV

    def test_unless_their_own_tags_say_otherwise(self):
        assert environment(compute(self.WS, "cpu", tags={"env": "prod"}), self.WS) == LIVE

    def test_their_names_say_nothing(self):
        live = workspace()
        assert environment(compute(live, "cpu-dev"), live, group(), subscription()) == LIVE

    def test_at_any_depth(self):
        endpoint = child(self.WS, "onlineEndpoints", "e")
        deployment = child(endpoint, "deployments", "d")
        assert environment(deployment, endpoint, self.WS) == DEV

    def test_through_a_level_without_records(self):
        version = child(child(self.WS, "environments", "e"), "versions", "1")
        assert environment(version, self.WS) == DEV

    def test_extensions(self):
        setting = {
            "id": f"{self.WS['id']}/providers/Microsoft.Insights/diagnosticSettings/d",
            "type": "Microsoft.Insights/diagnosticSettings",
            "properties": {},
        }
        assert environment(setting, self.WS) == DEV

    def test_of_a_workspace_that_was_not_read(self):
        cpu = compute(self.WS, "cpu")
        assert environment(cpu, GROUP_ELSEWHERE, SUBSCRIPTION, unread=["workspaces"]) == OPEN


class TestUnread:
    def test_tags(self):
        blind = workspace(group=ELSEWHERE, top={"tags": UNREAD})
        assert environment(blind, GROUP_ELSEWHERE, SUBSCRIPTION) == OPEN

    def test_tags_do_not_matter_where_none_is_asked_for(self):
        config = configured(environments={"live": {"match": {"subscriptions": [SUB[15:]]}}})
        blind = workspace(top={"tags": UNREAD})
        unread = ["resourceGroups", "subscriptions"]
        assert environment(blind, unread=unread, config=config) == ("live", False)

    def test_tags_do_not_matter_where_every_way_leads_to_the_same(self):
        config = configured(
            environments={"dev": {"match": {"tags": {"env": ["dev"]}, "namePatterns": ["ws"]}}}
        )
        assert environment(workspace(top={"tags": UNREAD}), config=config) == DEV

    def test_production_is_known_where_no_possible_environment_is(self):
        config = configured(
            environments={
                "dev": {"match": {"tags": {"env": ["dev"]}}},
                "test": {"match": {"resourceGroups": ["rg-*"]}},
                "live": {"match": {"namePatterns": ["live"]}, "production": True},
            }
        )
        tagged = workspace(top={"tags": UNREAD})
        assert environment(tagged, group(), config=config) == (UNREAD, False)

    def test_redacted_tag(self):
        secret = {"env": {"$redacted": "sha256:" + "0" * 64}}
        assert environment(workspace(group=ELSEWHERE, top={"tags": secret})) == OPEN

    def test_group_not_collected(self):
        assert environment(workspace(), subscription(), unread=["resourceGroups"]) == OPEN

    def test_chain_of_management_groups_not_sent(self):
        plain = subscription(OTHER_SUB, properties={})
        assert environment(workspace(group=ELSEWHERE), GROUP_ELSEWHERE, plain) == OPEN

    def test_own_tag_decides_whatever_is_above(self):
        unread = ["resourceGroups", "subscriptions"]
        assert environment(workspace(top={"tags": {"env": "prod"}}), unread=unread) == LIVE


def test_default_environments_without_a_config():
    tagged = record("Microsoft.KeyVault/vaults", "kv", GROUP, tags={"Environment": "Production"})
    assert environment(tagged, config=None) == ("prod", True)
