from __future__ import annotations

from tests.engine.estates import estate
from tests.inventory.records import (
    UNREAD,
    compute,
    configured,
    facts,
    group,
    subscription,
    workspace,
)

NAMES = ("project", "team", "owner", "costCenter")


def test_own_tags_in_any_casing():
    tags = {"PROJECT": "Churn", "Team": "ds", "owner": "ann", "cost-center": "7"}
    assert facts(estate(workspace(top={"tags": tags})), workspace(), *NAMES) == [
        "Churn",
        "ds",
        "ann",
        "7",
    ]


def test_first_key_present_counts():
    config = configured(tags={"project": ["Application", "project"]})
    tagged = workspace(top={"tags": {"project": "b", "application": "a"}})
    assert facts(estate(tagged, config=config), tagged, "project") == "a"


def test_inherited_from_workspace_then_group_but_not_from_subscription():
    ws = workspace(top={"tags": {"project": "churn"}})
    cpu = compute(ws, "cpu", tags={"owner": "ann"})
    around = (group(tags={"team": "ds"}), subscription(tags={"costCenter": "7"}))
    assert facts(estate(cpu, ws, *around), cpu, *NAMES) == ["churn", "ds", "ann", None]
    assert facts(estate(cpu, ws, *around), around[1], "costCenter") == "7"


def test_unread_tags_are_not_absent_ones():
    blind = workspace(top={"tags": UNREAD})
    tagged = group(tags={"project": "churn"})
    assert facts(estate(blind, tagged), blind, "project") == UNREAD


def test_group_that_was_not_read():
    ws = workspace(top={"tags": {"project": "churn"}})
    assert facts(estate(ws, unread=["resourceGroups"]), ws, "project", "team") == ["churn", UNREAD]


def test_redacted_tag():
    secret = workspace(top={"tags": {"owner": {"$redacted": "sha256:" + "0" * 64}}})
    assert facts(estate(secret, group()), secret, "owner") == UNREAD
