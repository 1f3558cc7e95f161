"""What holds for any roles, assignments and denials."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from scanner.inventory.access.capabilities import LINES
from tests.inventory.access.world import (
    BLOB_CONTRIBUTOR,
    GROUP,
    MG,
    OWNER,
    READER,
    STORAGE,
    SUB,
    WORKSPACE,
    WS,
    denied,
    eligible,
    given,
    role_guid,
    role_of,
    world,
)
from tests.inventory.records import UNREAD, facts

OPERATIONS = sorted({line.operation for line in LINES})


def _patterns(operation: str) -> list[str]:
    parts = operation.split("/")
    starred = ["/".join([*parts[:end], "*"]) for end in range(1, len(parts))]
    return [operation, "*", f"*/{parts[-1]}", *starred, f"{parts[0]}/*/{parts[-1]}"]


PATTERN = st.sampled_from(OPERATIONS).flatmap(lambda one: st.sampled_from(_patterns(one)))
PATTERNS = st.lists(PATTERN, max_size=3)
BLOCK = st.fixed_dictionaries(
    {
        "actions": PATTERNS,
        "notActions": PATTERNS,
        "dataActions": PATTERNS,
        "notDataActions": PATTERNS,
    }
)
SCOPE = st.sampled_from([WS, GROUP, SUB, MG, STORAGE["id"]])
MADE = st.sampled_from([given, eligible])
ASSIGNMENT = st.builds(
    lambda make, scope, guid: make(scope, guid),
    MADE,
    SCOPE,
    st.sampled_from([OWNER, READER, BLOB_CONTRIBUTOR]),
)


def can(*records: Any, unread: Any = ()) -> tuple[set[str], bool]:
    """All capabilities at the workspace together, and whether there can be no others."""
    grants = facts(world(*records, unread=unread), WORKSPACE, "access")
    known = [one for one in grants if one != UNREAD]
    found = {name for one in known for name in one["can"] if name != UNREAD}
    closed = len(known) == len(grants) and all(UNREAD not in one["can"] for one in known)
    return found, closed


@for_all(BLOCK, SCOPE, PATTERN)
def test_a_not_action_never_adds(block, scope, pattern):
    assignment = given(scope, role_guid("r"))
    less = copy.deepcopy(block)
    less["notActions"].append(pattern)
    less["notDataActions"].append(pattern)
    assert can(assignment, role_of("r", less))[0] <= can(assignment, role_of("r", block))[0]


@for_all(BLOCK, BLOCK, SCOPE)
def test_a_permission_block_never_takes_away(block, other, scope):
    assignment = given(scope, role_guid("r"))
    more = can(assignment, role_of("r", block, other))[0]
    assert can(assignment, role_of("r", block))[0] <= more


@for_all(st.lists(ASSIGNMENT, max_size=3), ASSIGNMENT)
def test_an_assignment_never_takes_away(assignments, another):
    assert can(*assignments)[0] <= can(*assignments, another)[0]


@for_all(st.lists(ASSIGNMENT, max_size=3), PATTERNS, SCOPE)
def test_a_denial_only_takes_away(assignments, patterns, scope):
    assert can(*assignments, denied(scope, *patterns))[0] <= can(*assignments)[0]


@for_all(BLOCK, SCOPE, PATTERNS)
def test_casing_never_matters(block, scope, patterns):
    assignment = given(scope, role_guid("r"))
    shouted = copy.deepcopy(assignment)
    shouted["properties"]["scope"] = scope.upper()
    shouted["properties"]["roleDefinitionId"] = assignment["properties"]["roleDefinitionId"].upper()
    loud = {name: [one.upper() for one in value] for name, value in block.items()}
    plain = can(assignment, role_of("r", block), denied(GROUP, *patterns))
    denial = denied(GROUP.upper(), *(one.upper() for one in patterns))
    assert can(shouted, role_of("r", loud), denial) == plain


TABLES = (
    "roleAssignments",
    "roleEligibilityScheduleInstances",
    "roleDefinitions",
    "denyAssignments",
    "subscriptions",
    "storageAccounts",
)


@settings(max_examples=60)
@for_all(
    st.lists(ASSIGNMENT, max_size=3),
    BLOCK,
    SCOPE,
    st.sets(st.sampled_from(TABLES), min_size=1),
    st.lists(PATTERN, max_size=1),
)
def test_unread_is_never_a_definite_no(assignments, block, scope, unread, patterns):
    """Whatever is held with all evidence is held, or open, with less; nothing new is certain."""
    records = (*assignments, given(scope, role_guid("r")), role_of("r", block))
    denial = denied(GROUP, *patterns)
    truth, closed = can(*records, denial)
    assert closed
    seen, complete = can(*records, denial, unread=unread)
    assert seen <= truth
    if complete:
        assert seen == truth
