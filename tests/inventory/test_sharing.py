from __future__ import annotations

import pytest

from tests.engine.estates import estate
from tests.inventory.records import GROUP, UNREAD, facts, group, record, subscription, workspace

STORAGE = record("Microsoft.Storage/storageAccounts", "st")["id"]
IDENTITY = record("Microsoft.ManagedIdentity/userAssignedIdentities", "id")["id"]
AROUND = (group(), subscription())


def tags(environment=None, project=None):
    found = {"environment": environment, "project": project}
    return {"tags": {name: value for name, value in found.items() if value}}


def ws(name, environment=None, project=None, **properties):
    properties.setdefault("storageAccount", STORAGE.upper())
    return workspace(name, top=tags(environment, project), **properties)


def shared(mine, *others, unread=()):
    found = facts(estate(mine, *others, *AROUND, unread=unread), mine, "sharedDependents")
    return [one if one == UNREAD else (one["kind"], one["sharedWith"]) for one in found]


MINE = ws("mine", "dev", "churn")
SHARED = [("storageAccount", ["other"])]


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (("dev", "churn"), []),
        (("dev", "CHURN"), []),
        (("prod", "churn"), SHARED),
        (("dev", "fraud"), SHARED),
        ((None, "churn"), []),
        (("dev", None), []),
        ((None, None), []),
        ((None, "fraud"), SHARED),
    ],
)
def test_with_another_environment_or_project(other, expected):
    assert shared(MINE, ws("other", *other)) == expected
    theirs = ws("other", *other)
    assert [kind for kind, _ in shared(theirs, MINE)] == [kind for kind, _ in expected]


def test_says_which():
    of = estate(MINE, ws("a", "prod", "fraud"), ws("b", "prod"), *AROUND)
    [found] = facts(of, MINE, "sharedDependents")
    assert found["sharedWith"] == ["a", "b"]
    assert found["environments"] == ["prod"]
    assert found["projects"] == ["fraud"]
    assert found["name"] == "ST"


def test_another_account_is_not_shared():
    assert shared(MINE, ws("other", "prod", storageAccount=STORAGE + "2")) == []


def test_identities():
    own = ws("mine", "dev", primaryUserAssignedIdentity=IDENTITY, storageAccount=None)
    identity = {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY.lower(): {}}}
    other = ws("other", "prod", storageAccount=None)
    other["identity"] = identity
    assert shared(own, other) == [("userAssignedIdentity", ["other"])]


class TestHubs:
    HUB = workspace("hub", top={"kind": "Hub", **tags("dev", "platform")}, storageAccount=STORAGE)

    def project(self, name, environment, project, **properties):
        top = {"kind": "Project", **tags(environment, project)}
        return workspace(name, top=top, hubResourceId=self.HUB["id"], **properties)

    def test_and_their_projects_are_one(self):
        one = self.project("one", "dev", "churn", storageAccount=STORAGE)
        two = self.project("two", "prod", "fraud", storageAccount=STORAGE)
        for mine in (self.HUB, one, two):
            assert (
                shared(mine, *(other for other in (self.HUB, one, two) if other is not mine)) == []
            )

    def test_what_the_hub_shares_is_the_hubs(self):
        one = self.project("one", "dev", "churn", storageAccount=STORAGE)
        other = ws("other", "prod")
        assert shared(one, self.HUB, other) == []
        assert [kind for kind, _ in shared(self.HUB, one, other)] == ["storageAccount"]

    def test_hub_not_read(self):
        blind = self.project("one", "dev", "churn", storageAccount=STORAGE)
        blind["properties"]["hubResourceId"] = UNREAD
        assert shared(blind, ws("other", "prod")) == [UNREAD]


class TestUnread:
    def test_environment_of_the_other(self):
        other = ws("other", "dev", "churn")
        other["tags"] = UNREAD
        assert shared(MINE, other) == [UNREAD]

    def test_id_of_the_other(self):
        assert shared(MINE, ws("other", "prod", storageAccount=UNREAD)) == [UNREAD]

    def test_own_id(self):
        mine = ws("mine", "dev", storageAccount=UNREAD)
        assert shared(mine) == [UNREAD]

    def test_what_is_known_stays_known(self):
        found = shared(MINE, ws("other", "prod"), ws("third", "qa", storageAccount=UNREAD))
        assert found == [("storageAccount", ["other", UNREAD])]

    def test_identity(self):
        mine = ws("mine", "dev", storageAccount=None)
        mine["identity"] = UNREAD
        assert shared(mine) == [UNREAD]


def test_place_of_the_group_does_not_matter():
    assert GROUP in STORAGE
    assert shared(MINE, ws("other", "prod"), unread=["storageAccounts"]) == SHARED
