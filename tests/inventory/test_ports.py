from __future__ import annotations

import msgspec
import pytest

from tests.engine.estates import estate
from tests.inventory.records import GROUP, NET, UNREAD, blinded, changed, facts, record

GROUP_ID = f"{GROUP}/providers/{NET}/networkSecurityGroups/nsg"


def rule(name, priority, access="Allow", **properties):
    body = {
        "direction": "Inbound",
        "access": access,
        "priority": priority,
        "protocol": "Tcp",
        "sourceAddressPrefix": "*",
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": "22",
        **properties,
    }
    return {"name": name, "properties": body}


def opened(*rules, unread=()):
    nsg = record(f"{NET}/networkSecurityGroups", "nsg", properties={"securityRules": list(rules)})
    return of_subnet({"networkSecurityGroup": {"id": GROUP_ID}}, nsg, unread=unread)


def of_subnet(body, *others, unread=()):
    subnets = [{"name": "snet", "properties": body}]
    network = record(f"{NET}/virtualNetworks", "vnet", properties={"subnets": subnets})
    subnet = {"id": f"{network['id']}/subnets/snet"}
    found = facts(estate(network, *others, unread=unread), subnet, "openInboundRules")
    return [one if one == UNREAD else (one["name"], one["ports"]) for one in found]


OPEN = rule("open", 200)


@pytest.mark.parametrize("source", ["*", "Any", "INTERNET", "0.0.0.0/0", "::/0"])
def test_open_to_the_internet(source):
    assert opened(rule("open", 200, sourceAddressPrefix=source)) == [("open", ["22"])]


@pytest.mark.parametrize(
    "change",
    [
        {"sourceAddressPrefix": "VirtualNetwork"},
        {"sourceAddressPrefix": "AzureMachineLearning", "destinationPortRange": "44224"},
        {"sourceAddressPrefix": "10.0.0.0/8"},
        {"direction": "Outbound"},
        {"access": "Deny"},
    ],
)
def test_not_open(change):
    assert opened(rule("closed", 200, **change)) == []


def test_among_several_prefixes_and_ports():
    several = rule(
        "open",
        200,
        sourceAddressPrefix=None,
        sourceAddressPrefixes=["10.0.0.0/8", "Internet"],
        destinationPortRange=None,
        destinationPortRanges=["22", "3389"],
    )
    assert opened(several) == [("open", ["22", "3389"])]


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"protocol": "*"},
        {"destinationPortRange": "*"},
        {"destinationPortRange": "20-25"},
        {"sourceAddressPrefix": "Internet"},
    ],
)
def test_denied_before(change):
    assert opened(OPEN, rule("deny", 100, "Deny", **change)) == []


@pytest.mark.parametrize(
    "change",
    [
        {"priority": 300},
        {"protocol": "Udp"},
        {"destinationPortRange": "23-25"},
        {"sourceAddressPrefix": "0.0.0.0/0"},
        {"sourcePortRange": "1024-65535"},
        {"destinationAddressPrefix": "10.0.0.4"},
        {"direction": "Outbound"},
    ],
)
def test_not_wholly_denied_before(change):
    assert opened(OPEN, rule("deny", **{"priority": 100, "access": "Deny", **change})) == [
        ("open", ["22"])
    ]


def test_only_the_ports_that_are_left():
    several = rule("open", 200, destinationPortRanges=["80", "3389"])
    assert opened(several, rule("deny", 100, "Deny", destinationPortRange="1-80")) == [
        ("open", ["3389"])
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"direction": UNREAD},
        {"access": UNREAD},
        {"sourceAddressPrefix": UNREAD},
        {"destinationPortRange": UNREAD},
    ],
)
def test_allowing_rule_not_readable(change):
    assert opened(rule("open", 200, **change)) == [UNREAD]


@pytest.mark.parametrize("name", ["priority", "access", "protocol", "sourceAddressPrefix"])
def test_denying_rule_not_readable(name):
    deny = rule("deny", 100, "Deny")
    deny["properties"][name] = UNREAD
    assert opened(OPEN, deny)[-1] == UNREAD
    assert ("open", ["22"]) not in opened(OPEN, deny)


def test_without_a_group():
    assert of_subnet({}) == []


def test_group_not_read():
    assert opened(OPEN, unread=["networkSecurityGroups"]) == [UNREAD]
    assert of_subnet({"networkSecurityGroup": UNREAD}) == [UNREAD]


@pytest.mark.parametrize(
    "attribute",
    [
        "priority",
        "access",
        "direction",
        "protocol",
        "source_address_prefixes",
        "destination_port_ranges",
        "source_port_ranges",
        "destination_address_prefixes",
    ],
)
def test_one_property_of_a_denying_rule_not_readable(attribute):
    rules = [OPEN, rule("deny", 100, "Deny")]
    nsg = record(f"{NET}/networkSecurityGroups", "nsg", properties={"securityRules": rules})
    subnets = [{"name": "snet", "properties": {"networkSecurityGroup": {"id": GROUP_ID}}}]
    network = record(f"{NET}/virtualNetworks", "vnet", properties={"subnets": subnets})

    def change(old):
        if old.KIND != "networkSecurityGroup":
            return old
        allow, deny = old.security_rules
        rules = (allow, blinded(deny, (attribute,)))
        return msgspec.structs.replace(old, security_rules=rules)

    of = changed(estate(network, nsg), change)
    assert facts(of, {"id": f"{network['id']}/subnets/snet"}, "openInboundRules") == [UNREAD]
