from __future__ import annotations

import pytest

from tests.engine.estates import estate
from tests.inventory.records import (
    GROUP,
    OTHER_SUB,
    UNREAD,
    child,
    configured,
    facts,
    group,
    project,
    record,
    subscription,
    workspace,
)

WS = workspace(top={"tags": {"environment": "dev"}})
AROUND = (group(), subscription())


def datastore(name="data", account: object = "ACCOUNT", kind="AzureBlob", of=WS, **properties):
    body = {"datastoreType": kind, "accountName": account, **properties}
    return child(of, "datastores", name, properties=body)


def account(name="account", environment=None, **properties):
    top = {"tags": {"environment": environment}} if environment else {}
    return record("Microsoft.Storage/storageAccounts", name, properties=properties, **top)


class TestStorageAccount:
    def fact(self, store, *records, unread=()):
        return facts(estate(WS, store, *records, unread=unread), store, "storageAccount")

    def test_by_name(self):
        assert self.fact(datastore(), account("other"), account()) == account()["id"]

    def test_gone(self):
        assert self.fact(datastore(), account("other")) is None

    def test_not_read(self):
        assert self.fact(datastore(), account(), unread=["storageAccounts"]) == UNREAD
        place = {"subscriptionId": "s", "resourceGroup": "g"}
        assert self.fact(datastore(**place), unread=["storageAccounts"]) == UNREAD
        assert self.fact(datastore(account=UNREAD), account()) == UNREAD

    def test_place_that_was_read(self):
        assert self.fact(datastore(subscriptionId="s", resourceGroup="g")) is None

    @pytest.mark.parametrize("kind", ["OneLake", "Hdfs", "AzureDataLakeGen1"])
    def test_of_something_else(self, kind):
        assert self.fact(datastore(kind=kind), unread=["storageAccounts"]) is None

    def test_in_another_cloud(self):
        here = account(primaryEndpoints={"blob": "https://account.blob.core.windows.net/"})
        assert self.fact(datastore(endpoint="core.windows.net"), here) == here["id"]
        assert self.fact(datastore(endpoint="core.chinacloudapi.cn"), here) == UNREAD


class TestProductionDatastores:
    def fact(self, *records, unread=(), ws=WS):
        of = estate(ws, *AROUND, *records, unread=unread)
        found = facts(of, ws, "productionDatastores")
        return [one if one == UNREAD else (one["datastore"], one["environment"]) for one in found]

    PROD = workspace(
        "prod", top={"tags": {"environment": "prod"}}, storageAccount=account()["id"].upper()
    )

    def test_by_the_accounts_environment(self):
        assert self.fact(datastore(), account(environment="prod")) == [("data", "prod")]
        assert self.fact(datastore(), account(environment="dev")) == []
        assert self.fact(datastore(), account()) == []

    def test_by_a_production_workspace_that_uses_it(self):
        assert self.fact(datastore(), account(), self.PROD) == [("data", "prod")]
        assert self.fact(datastore(), self.PROD, unread=["storageAccounts"]) == [("data", "prod")]

    def test_production_may_read_production(self):
        mine = datastore(of=self.PROD)
        assert self.fact(mine, account(environment="prod"), ws=self.PROD) == []

    def test_unread(self):
        assert self.fact(datastore(), unread=["storageAccounts"]) == [UNREAD]
        assert self.fact(datastore(), unread=["datastores"]) == [UNREAD]
        assert self.fact(datastore(account=UNREAD), account()) == [UNREAD]
        blind = account()
        blind["tags"] = UNREAD
        assert self.fact(datastore(), blind) == [UNREAD]
        unknown = workspace("prod", top={"tags": UNREAD}, storageAccount=account()["id"])
        assert self.fact(datastore(), account(), unknown) == [UNREAD]

    def test_own_environment_unread(self):
        blind = workspace(top={"tags": UNREAD})
        assert self.fact(datastore(), account(environment="prod"), ws=blind) == [UNREAD]

    def test_own_environment_unknown(self):
        unknown = workspace()
        found = self.fact(datastore(), account(environment="prod"), ws=unknown)
        assert found == [("data", "prod")]


LAKE = account("lake")
SETTINGS = {"landingZoneStorageAccounts": [LAKE["id"].lower()]}


class TestLandingZones:
    def fact(self, name, *records, unread=(), ws=WS, settings=SETTINGS):
        config = configured(settings=settings)
        return facts(estate(ws, *AROUND, *records, unread=unread, config=config), ws, name)

    def test_registered(self):
        assert self.fact("landingZoneMissing", datastore(account="LAKE"), LAKE) == []

    def test_missing(self):
        assert self.fact("landingZoneMissing", datastore(), LAKE) == [LAKE["id"].lower()]

    def test_of_another_environment_is_not_missed(self):
        assert self.fact("landingZoneMissing", account("lake", "prod")) == []
        assert len(self.fact("landingZoneMissing", account("lake", "dev"))) == 1

    def test_missing_is_not_known(self):
        for records, unread in (
            ([], ["datastores"]),
            ([datastore(account=UNREAD)], []),
            ([], ["storageAccounts"]),
        ):
            assert self.fact("landingZoneMissing", *records, unread=unread) == [UNREAD]

    def outside(self, *records, **options):
        found = self.fact("datastoresOutside", *records, **options)
        return [one if one == UNREAD else one["account"] for one in found]

    def test_outside(self):
        own = workspace(storageAccount=account("own")["id"])
        stores = [
            datastore("a", "own"),
            datastore("b", "Lake"),
            datastore("c", "Elsewhere"),
            datastore("d", None, "OneLake"),
        ]
        assert self.outside(*stores, ws=own) == ["elsewhere"]

    def test_of_a_project_the_hubs_storage_is_its_own(self):
        hub = workspace("hub", top={"kind": "Hub"}, storageAccount=account("own")["id"])
        mine = project(hub)
        assert self.outside(hub, datastore(account="own", of=mine), ws=mine) == []

    def test_outside_is_not_known(self):
        blind = workspace(storageAccount=UNREAD)
        assert self.outside(datastore(), ws=blind) == [UNREAD]
        assert self.outside(datastore(account="lake"), ws=blind) == []
        assert self.outside(datastore(account=UNREAD)) == [UNREAD]
        assert self.outside(unread=["datastores"]) == [UNREAD]

    def test_without_the_setting(self):
        for name in ("landingZoneMissing", "datastoresOutside"):
            assert self.fact(name, datastore(), settings={}, unread=["datastores"]) is None


def test_landing_zone_known_by_its_id_alone():
    lake = f"{OTHER_SUB}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/lake"
    config = configured(
        environments={
            "dev": {"match": {"subscriptions": [GROUP.split("/")[2]]}},
            "prod": {"match": {"subscriptions": [OTHER_SUB.rpartition("/")[2]]}},
        },
        settings={"landingZoneStorageAccounts": [lake]},
    )
    of = estate(WS, unread=["storageAccounts", "subscriptions", "resourceGroups"], config=config)
    assert facts(of, WS, "landingZoneMissing") == [UNREAD]
    of = estate(WS, *AROUND, subscription(OTHER_SUB), config=config)
    assert facts(of, WS, "landingZoneMissing") == []
