from __future__ import annotations

import pytest

from tests.engine.estates import estate
from tests.inventory.records import (
    OTHER_SUB,
    SUB,
    UNREAD,
    blinded,
    changed,
    connection,
    facts,
    project,
    workspace,
)

PE = f"{SUB}/resourceGroups/net/providers/Microsoft.Network/privateEndpoints/pe"
DENY = {"defaultAction": "deny"}
APPROVED = [connection(PE)]


def level(**properties):
    ws = workspace(**properties)
    exposure = facts(estate(ws), ws, "exposure")
    return exposure if exposure == UNREAD else exposure["level"]


CASES = [
    ("private", {"publicNetworkAccess": "disabled", "networkAcls": UNREAD}),
    ("public", {"publicNetworkAccess": "Enabled"}),
    ("public", {}),
    ("public", {"publicNetworkAccess": "Enabled", "privateEndpointConnections": APPROVED}),
    ("public", {"publicNetworkAccess": "Enabled", "ipAllowlist": []}),
    ("public-restricted", {"publicNetworkAccess": "SecuredByPerimeter"}),
    ("public-restricted", {"publicNetworkAccess": "Enabled", "networkAcls": DENY}),
    ("public-restricted", {"publicNetworkAccess": "Enabled", "ipAllowlist": ["192.0.2.0/24"]}),
    ("public", {"publicNetworkAccess": "Enabled", "ipAllowlist": ["0.0.0.0/0"]}),
    ("public", {"networkAcls": {**DENY, "ipRules": [{"value": "0.0.0.0/0"}]}}),
    (
        "public-restricted",
        {"networkAcls": {**DENY, "ipRules": [{"value": "0.0.0.0/0", "action": "Deny"}]}},
    ),
    (
        "private",
        {"allowPublicAccessWhenBehindVnet": False, "privateEndpointConnections": APPROVED},
    ),
    ("public", {"allowPublicAccessWhenBehindVnet": True, "privateEndpointConnections": APPROVED}),
    ("public", {"allowPublicAccessWhenBehindVnet": False}),
    (
        "public",
        {
            "allowPublicAccessWhenBehindVnet": False,
            "privateEndpointConnections": [connection(PE, "Pending")],
        },
    ),
    (UNREAD, {"publicNetworkAccess": UNREAD, "networkAcls": DENY}),
    (UNREAD, {"publicNetworkAccess": "Enabled", "networkAcls": UNREAD}),
    ("public-restricted", {"networkAcls": DENY, "ipAllowlist": UNREAD}),
    (UNREAD, {"networkAcls": {**DENY, "ipRules": [{"value": UNREAD}]}}),
    (UNREAD, {"networkAcls": {**DENY, "ipRules": UNREAD}}),
    (UNREAD, {"allowPublicAccessWhenBehindVnet": False, "privateEndpointConnections": UNREAD}),
]


@pytest.mark.parametrize(("expected", "properties"), CASES)
def test_level(expected, properties):
    assert level(**properties) == expected


def test_of_a_project_is_its_hubs_with_the_reason():
    hub = workspace("hub", top={"kind": "Hub"}, publicNetworkAccess="Disabled")
    mine = project(hub, publicNetworkAccess="Enabled")
    exposure, profile = facts(estate(hub, mine), mine, "exposure", "profile")
    assert exposure["level"] == "private"
    assert exposure["reasons"][:2] == ["network of the hub hub", "publicNetworkAccess is Disabled"]
    assert profile == {"network": "private"}
    assert facts(estate(mine), mine, "exposure", "profile") == [None, {}]


@pytest.mark.parametrize(
    ("properties", "network"),
    [
        ({}, "public"),
        ({"networkAcls": DENY}, "public"),
        ({"publicNetworkAccess": "Disabled"}, "private"),
    ],
)
def test_profile(properties, network):
    ws = workspace(**properties)
    assert facts(estate(ws), ws, "profile") == {"network": network}


class TestForeignPrivateEndpoints:
    OTHER = PE.replace(SUB, OTHER_SUB)

    def fact(self, *connections):
        ws = workspace(privateEndpointConnections=list(connections))
        found = facts(estate(ws), ws, "foreignPrivateEndpoints")
        return [one if one == UNREAD else one.get("subscriptionId") for one in found]

    def test_by_subscription(self):
        assert self.fact(connection(PE.upper()), connection(self.OTHER)) == [OTHER_SUB[15:]]

    def test_without_an_endpoint_counts(self):
        assert self.fact(connection(None)) == [None]

    def test_only_approved(self):
        assert self.fact(connection(self.OTHER, "Rejected")) == []

    def test_unread(self):
        assert self.fact(connection(self.OTHER, UNREAD), connection(PE, UNREAD)) == [UNREAD]
        ws = workspace(privateEndpointConnections=UNREAD)
        assert facts(estate(ws), ws, "foreignPrivateEndpoints") == [UNREAD]


@pytest.mark.parametrize("place", ["value", "action"])
def test_an_ip_rule_that_is_not_readable(place):
    acls = {**DENY, "ipRules": [{"value": "0.0.0.0/0"}]}
    ws = workspace(networkAcls=acls)
    of = changed(estate(ws), lambda old: blinded(old, ("network_acls", "ip_rules", place)))
    assert facts(of, ws, "exposure") == UNREAD


def test_ip_rules_that_are_not_readable():
    ws = workspace(networkAcls={**DENY, "ipRules": [{"value": "192.0.2.1"}]})
    of = changed(estate(ws), lambda old: blinded(old, ("network_acls", "ip_rules")))
    assert facts(of, ws, "exposure") == UNREAD
