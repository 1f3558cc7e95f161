from __future__ import annotations

import pytest

from tests.engine.estates import estate
from tests.inventory.records import UNREAD, facts, project, record, workspace

DENY = {"defaultAction": "Deny"}


def storage(**properties):
    return record("Microsoft.Storage/storageAccounts", "st", properties=properties)


def vault(**properties):
    return record("Microsoft.KeyVault/vaults", "kv", properties=properties)


def registry(**properties):
    return record("Microsoft.ContainerRegistry/registries", "cr", properties=properties)


INSIGHTS = record("Microsoft.Insights/components", "appi")
CLOSED = {"publicNetworkAccess": "Disabled"}
IDS = {
    "storageAccount": storage()["id"],
    "keyVault": vault()["id"],
    "containerRegistry": registry()["id"],
    "applicationInsights": INSIGHTS["id"],
}
WS = workspace(**IDS)
ALL = (storage(**CLOSED), vault(**CLOSED), registry(**CLOSED), INSIGHTS)


def fact(name, *records, unread=(), ws=WS):
    return facts(estate(ws, *records, unread=unread), ws, name)


def kinds(name, *records, **options):
    return [one if one == UNREAD else one["kind"] for one in fact(name, *records, **options)]


class TestPresence:
    def test_all_there(self):
        assert fact("missingDependents", *ALL) == []
        assert fact("danglingDependents", *ALL) == []

    def test_missing(self):
        ws = workspace(**{**IDS, "containerRegistry": None, "keyVault": ""})
        assert fact("missingDependents", *ALL, ws=ws) == ["keyVault", "containerRegistry"]
        assert fact("danglingDependents", *ALL, ws=ws) == []

    def test_dangling(self):
        assert fact("danglingDependents", *ALL[1:]) == ["storageAccount"]
        assert fact("missingDependents", *ALL[1:]) == []

    def test_table_not_read(self):
        assert fact("danglingDependents", *ALL, unread=["keyVaults"]) == [UNREAD]
        assert fact("missingDependents", *ALL, unread=["keyVaults"]) == []

    def test_id_not_readable(self):
        ws = workspace(**{**IDS, "keyVault": UNREAD})
        assert fact("missingDependents", *ALL, ws=ws) == [UNREAD]

    def test_of_a_project_are_its_hubs(self):
        hub = workspace("hub", top={"kind": "Hub"}, **IDS)
        mine = project(hub)
        of = estate(hub, mine, *ALL)
        assert facts(of, mine, "missingDependents", "danglingDependents") == [[], []]

    def test_of_a_hub_that_was_not_read(self):
        blind = workspace("project", top={"kind": "Project"}, hubResourceId=UNREAD)
        of = estate(blind, *ALL)
        names = ("missingDependents", "danglingDependents", "dependentsOpen")
        assert facts(of, blind, *names) == [[UNREAD]] * 3
        assert facts(of, blind, "registryPrivate") == UNREAD


class TestDependentsOpen:
    @pytest.mark.parametrize(
        ("body", "is_open"),
        [
            ({}, True),
            ({"publicNetworkAccess": "enabled"}, True),
            ({"publicNetworkAccess": "Enabled", "networkAcls": {"bypass": "None"}}, True),
            ({"networkAcls": {"defaultAction": "Allow"}}, True),
            ({"networkAcls": DENY}, False),
            ({"publicNetworkAccess": "disabled"}, False),
            ({"publicNetworkAccess": "SecuredByPerimeter"}, False),
            ({"publicNetworkAccess": "Disabled", "networkAcls": UNREAD}, False),
            ({"publicNetworkAccess": UNREAD, "networkAcls": DENY}, False),
        ],
    )
    def test_storage_and_vault(self, body, is_open):
        expected = ["storageAccount", "keyVault"] if is_open else []
        assert kinds("dependentsOpen", storage(**body), vault(**body), *ALL[2:]) == expected

    @pytest.mark.parametrize(
        "body", [{"publicNetworkAccess": UNREAD}, {"networkAcls": UNREAD}, UNREAD]
    )
    def test_unread(self, body):
        blind = storage()
        blind["properties"] = body
        assert kinds("dependentsOpen", blind, *ALL[1:]) == [UNREAD]

    def test_registry_has_a_rule_set(self):
        assert kinds("dependentsOpen", *ALL[:2], registry(networkRuleSet=DENY)) == []
        assert kinds("dependentsOpen", *ALL[:2], registry(networkAcls=DENY)) == [
            "containerRegistry"
        ]

    def test_reason(self):
        [found] = fact("dependentsOpen", storage(), *ALL[1:])
        assert found["name"] == "st"
        assert "absent (Enabled)" in found["reason"]

    def test_what_is_known_stays_known(self):
        assert kinds("dependentsOpen", storage(), unread=["keyVaults"]) == [
            "storageAccount",
            UNREAD,
        ]


class TestRegistryPrivate:
    def test_by_access(self):
        assert fact("registryPrivate", registry(**CLOSED)) is True
        assert fact("registryPrivate", registry(networkRuleSet=DENY)) is True
        assert fact("registryPrivate", registry()) is False

    def test_without_registry(self):
        assert fact("registryPrivate", ws=workspace()) is None
        assert fact("registryPrivate") is None

    def test_unread(self):
        assert fact("registryPrivate", unread=["containerRegistries"]) == UNREAD
        assert fact("registryPrivate", registry(networkRuleSet=UNREAD)) == UNREAD
