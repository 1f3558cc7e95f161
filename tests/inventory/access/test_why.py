from __future__ import annotations

import json

import pytest

from scanner.inventory.access.why import explain
from scanner.inventory.fields import UNREAD
from tests.inventory.access.world import (
    CONTRIBUTOR,
    GROUP,
    MG,
    ML,
    OWNER,
    SOMEBODY,
    SUB,
    WS,
    configured,
    denied,
    given,
    role,
    role_guid,
    world,
)


def why(of, capability, principal=SOMEBODY):
    return explain(principal, capability, of.find(WS), of)


def reasons(of, capability):
    [chain] = why(of, capability).chains
    return {step.operation.rpartition("/workspaces/")[2]: step.reason for step in chain.steps}


def test_yes_by_an_action():
    answer = why(world(given(MG, OWNER)), "deleteWorkspace")
    assert answer.verdict is True
    [chain] = answer.chains
    assert chain.grant.assignment.level == "managementGroup"
    assert {step.reason for step in chain.steps} == {"action *"}


@pytest.mark.parametrize(
    ("records", "capability", "reason"),
    [
        (
            (given(GROUP, CONTRIBUTOR),),
            "manageAccess",
            "action *, but taken away by notAction Microsoft.Authorization/*/Write",
        ),
        (
            (given(GROUP, CONTRIBUTOR), denied(GROUP, f"{ML}/workspaces/*", "*/delete")),
            "deleteWorkspace",
            "action *, but a deny assignment refuses it",
        ),
        (
            (given(WS, OWNER, kind="Unknown"),),
            "read",
            "action *, but the principal does not exist any more",
        ),
        (
            (given(WS, OWNER),),
            "createWorkspace",
            "action *, but it does not count there (resourceGroup: scope or setting)",
        ),
    ],
)
def test_no(records, capability, reason):
    of = world(*records)
    assert why(of, capability).verdict is False
    assert reason in reasons(of, capability).values()


def test_nothing_at_all():
    answer = why(world(), "read")
    assert (answer.verdict, answer.chains) == (False, ())


@pytest.mark.parametrize(
    ("records", "unread"),
    [
        ((), ["roleAssignments"]),
        ((given(WS, role_guid("?")),), []),
        ((given(WS, OWNER),), ["denyAssignments"]),
    ],
)
def test_not_known(records, unread):
    assert why(world(*records, unread=unread), "read").verdict is UNREAD


def test_certain_though_not_all_was_read():
    assert why(world(given(WS, OWNER), unread=["subscriptions"]), "read").verdict is True


def test_through_a_group(tmp_path):
    file = tmp_path / "people.json"
    file.write_text(json.dumps({"groups": [{"id": SOMEBODY, "members": ["u-1"]}]}))
    of = world(given(WS, OWNER), config=configured(principals=str(file)))
    answer = why(of, "read", "U-1")
    assert answer.verdict is True
    assert answer.chains[0].through == SOMEBODY


def test_groups_are_made_in_the_subscription():
    assert why(world(given(SUB, CONTRIBUTOR)), "createResourceGroup").verdict is True
    assert why(world(given(GROUP, CONTRIBUTOR)), "createResourceGroup").verdict is False


def test_custom_role_without_the_operation():
    definition = role("jobs", f"{ML}/workspaces/jobs/write")
    answer = why(world(definition, given(WS, role_guid("jobs"))), "deployModels")
    assert answer.verdict is False
    assert answer.chains[0].steps == ()
