from __future__ import annotations

import pytest

from tests.engine.estates import estate
from tests.inventory.records import (
    GROUP,
    UNREAD,
    connection,
    endpoint,
    facts,
    record,
    workspace,
)

STORAGE = record("Microsoft.Storage/storageAccounts", "st")["id"]
VAULT = record("Microsoft.KeyVault/vaults", "kv")["id"]
BLOB = endpoint("pe-blob", STORAGE.upper(), "Blob")
FILE = endpoint("pe-file", STORAGE, "file")


def storage(*connections, **body):
    body = {"privateEndpointConnections": list(connections), **body}
    return record("Microsoft.Storage/storageAccounts", "st", properties=body)


def vault(*connections):
    body = {"privateEndpointConnections": list(connections)}
    return record("Microsoft.KeyVault/vaults", "kv", properties=body)


def missing(account, *others, unread=(), **properties):
    ws = workspace(storageAccount=STORAGE, **properties)
    found = facts(estate(ws, account, *others, unread=unread), ws, "dependentsWithoutPrivateLink")
    return [one if one == UNREAD else one["missing"] for one in found]


LINKED = storage(connection(BLOB["id"]), connection(FILE["id"]))


class TestStorage:
    def test_linked(self):
        assert missing(LINKED, BLOB, FILE) == []

    def test_linked_by_what_the_endpoint_says_alone(self):
        assert missing(storage(), BLOB, FILE) == []

    def test_one_missing(self):
        assert missing(storage(connection(BLOB["id"])), BLOB) == [["file"]]

    def test_none(self):
        assert missing(storage()) == [["blob", "file"]]

    def test_pending(self):
        pending = endpoint("pe-file", STORAGE, "file", status="Pending")
        account = storage(connection(BLOB["id"]), connection(FILE["id"], "Pending"))
        assert missing(account, BLOB, pending) == [["file"]]

    def test_of_another_account(self):
        other = endpoint("pe-file", STORAGE + "2", "file")
        assert missing(storage(connection(BLOB["id"])), BLOB, other) == [["file"]]

    def test_endpoints_not_read(self):
        assert missing(LINKED, unread=["privateEndpoints"]) == [UNREAD]

    def test_endpoints_not_read_but_no_connections(self):
        assert missing(storage(), unread=["privateEndpoints"]) == [["blob", "file"]]

    def test_endpoint_that_is_gone(self):
        assert missing(LINKED, BLOB) == [["file"]]

    def test_connection_without_endpoint(self):
        assert missing(storage(connection(None))) == [UNREAD]

    def test_sub_resource_not_readable(self):
        blind = endpoint("pe-file", STORAGE, "file")
        blind["properties"]["privateLinkServiceConnections"][0]["properties"]["groupIds"] = UNREAD
        assert missing(LINKED, BLOB, blind) == [UNREAD]

    @pytest.mark.parametrize("body", [{"privateEndpointConnections": UNREAD}])
    def test_connections_not_readable(self, body):
        assert missing(storage(**body)) == [UNREAD]
        assert missing(storage(**body), BLOB, FILE) == []

    def test_partly_known(self):
        account = storage(connection(BLOB["id"]), connection(None))
        assert missing(account, BLOB) == [UNREAD]

    def test_account_not_read(self):
        assert missing(storage(), unread=["storageAccounts"]) == [UNREAD]

    def test_account_that_does_not_exist_is_not_missed_here(self):
        assert missing(vault()) == []


class TestVault:
    def test_any_approved_connection_is_one(self):
        for connections, expected in (
            ([connection(f"{GROUP}/x")], []),
            ([], [["vault"]]),
            ([connection(None, UNREAD)], [UNREAD]),
        ):
            ws = workspace(keyVault=VAULT)
            of = estate(ws, vault(*connections), unread=["privateEndpoints"])
            found = facts(of, ws, "dependentsWithoutPrivateLink")
            assert [one if one == UNREAD else one["missing"] for one in found] == expected


class TestManagedNetwork:
    def rule(self, target, **properties):
        place = {"serviceResourceId": STORAGE.lower(), "subresourceTarget": target}
        return {"type": "PrivateEndpoint", "status": "Active", "destination": place, **properties}

    def network(self, **rules):
        return {"isolationMode": "AllowInternetOutbound", "outboundRules": rules}

    def test_rules_count_as_private_endpoints(self):
        rules = self.network(a=self.rule("blob"), b=self.rule("File"))
        assert missing(storage(), managedNetwork=rules) == []

    def test_failed_rules_do_not(self):
        rules = self.network(a=self.rule("blob"), b=self.rule("file", status="Failed"))
        assert missing(storage(), managedNetwork=rules) == [["file"]]

    def test_rules_not_read(self):
        network = {"isolationMode": "AllowInternetOutbound"}
        assert missing(storage(), managedNetwork=network, unread=["outboundRules"]) == [UNREAD]

    def test_rule_not_readable(self):
        rules = self.network(a=self.rule("blob"), b=self.rule(UNREAD))
        assert missing(storage(), managedNetwork=rules) == [UNREAD]
