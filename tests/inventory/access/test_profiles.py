from __future__ import annotations

from typing import Any

import pytest

from tests.inventory.access.world import (
    CONTRIBUTOR,
    DATA_SCIENTIST,
    GROUP,
    MG,
    ML,
    OWNER,
    READER,
    STORAGE,
    WORKSPACE,
    WS,
    configured,
    eligible,
    given,
    role,
    role_guid,
    world,
)
from tests.inventory.records import UNREAD, facts

SCIENTISTS = "g-scientists"
CONFIG = configured(personas={"dataScientist": {"groups": [SCIENTISTS]}})


def access(*records: Any, unread: Any = ()) -> Any:
    of = world(*records, unread=unread, config=CONFIG)
    return facts(of, WORKSPACE, "profile").get("access")


@pytest.mark.parametrize(
    ("guid", "scope", "expected"),
    [
        (READER, WS, "restricted"),
        (DATA_SCIENTIST, WS, "restricted"),
        (CONTRIBUTOR, WS, "unrestricted"),
        (CONTRIBUTOR, GROUP, "unrestricted"),
        (OWNER, MG, "unrestricted"),
        (CONTRIBUTOR, STORAGE["id"], None),
    ],
)
def test_by_the_role_of_data_scientists(guid: str, scope: str, expected: str | None) -> None:
    assert access(given(scope, guid, SCIENTISTS)) == expected


def test_one_wide_role_is_enough() -> None:
    both = (given(WS, READER, SCIENTISTS), eligible(GROUP, CONTRIBUTOR, SCIENTISTS))
    assert access(*both) == "unrestricted"


def test_a_custom_role_that_allows_everything() -> None:
    wide, narrow = role("wide", f"{ML}/*"), role("narrow", f"{ML}/workspaces/jobs/*")
    assert access(wide, given(WS, role_guid("wide"), SCIENTISTS)) == "unrestricted"
    assert access(narrow, given(WS, role_guid("narrow"), SCIENTISTS)) == "restricted"


def test_others_and_those_that_are_gone_do_not_count() -> None:
    assert access(given(WS, OWNER, "somebody")) is None
    assert access(given(WS, OWNER, SCIENTISTS, "Unknown")) is None


def test_network_is_told_beside_it() -> None:
    of = world(given(WS, READER, SCIENTISTS), config=CONFIG)
    assert facts(of, WORKSPACE, "profile") == {"network": "public", "access": "restricted"}


@pytest.mark.parametrize(
    "table", ["roleAssignments", "roleEligibilityScheduleInstances", "managementGroups"]
)
def test_what_was_not_read_is_not_restricted(table: str) -> None:
    found = access(given(WS, READER, SCIENTISTS), unread=[table])
    assert found == ("restricted" if table == "managementGroups" else UNREAD)


def test_a_role_that_nobody_knows() -> None:
    assert access(given(WS, role_guid("?"), SCIENTISTS), unread=["roleDefinitions"]) == UNREAD
    wide = given(WS, CONTRIBUTOR, SCIENTISTS)
    assert access(wide, unread=["roleEligibilityScheduleInstances"]) == "unrestricted"
