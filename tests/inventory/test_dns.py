from __future__ import annotations

import msgspec
import pytest

from scanner.inventory.dns import zones_of
from scanner.inventory.estate import Estate
from scanner.inventory.kinds import KINDS
from tests.engine.estates import estate
from tests.inventory.records import (
    GROUP,
    NET,
    UNREAD,
    child,
    connection,
    endpoint,
    facts,
    record,
    workspace,
)

API, NOTEBOOKS = ZONES = ("privatelink.api.azureml.ms", "privatelink.notebooks.azure.net")
PE = endpoint("pe", workspace()["id"], "amlworkspace")
WS = workspace(privateEndpointConnections=[connection(PE["id"])])
VNET = f"{GROUP}/providers/{NET}/virtualNetworks/VNET"


def zone(name):
    return record(f"{NET}/privateDnsZones", name)


def link(name, network=VNET):
    body = {"virtualNetwork": {"id": network}}
    return child(zone(name), "virtualNetworkLinks", "l", properties=body)


def zone_group(*names):
    configs = [{"properties": {"privateDnsZoneId": zone(name)["id"]}} for name in names]
    return child(
        PE, "privateDnsZoneGroups", "default", properties={"privateDnsZoneConfigs": configs}
    )


WHOLE = [zone_group(*ZONES), *(make(name) for name in ZONES for make in (zone, link))]


def dns(*records, unread=(), ws=WS):
    found = facts(estate(ws, *records, unread=unread), ws, "privateDns")
    return [one if one == UNREAD else (one["missingZones"], one["unlinkedZones"]) for one in found]


def test_all_there():
    assert dns(PE, *WHOLE) == [([], [])]


def test_no_zone_group():
    assert dns(PE) == [(list(ZONES), [])]


def test_one_zone_missing():
    assert dns(PE, zone_group(API), zone(API), link(API)) == [([NOTEBOOKS], [])]


def test_zones_in_two_groups():
    second = {**zone_group(NOTEBOOKS), "id": f"{PE['id']}/privateDnsZoneGroups/second"}
    assert dns(PE, zone_group(API), second, *WHOLE[1:]) == [([], [])]


def test_link_to_another_network():
    records = [
        zone_group(*ZONES),
        zone(API),
        link(API),
        zone(NOTEBOOKS),
        link(NOTEBOOKS, VNET + "2"),
    ]
    assert dns(PE, *records) == [([], [NOTEBOOKS])]


def test_link_whose_network_is_not_readable():
    records = [zone_group(*ZONES), zone(API), link(API), zone(NOTEBOOKS), link(NOTEBOOKS, UNREAD)]
    assert dns(PE, *records) == [([], [UNREAD])]
    nowhere = {**link(NOTEBOOKS), "properties": {}}
    assert dns(PE, *records[:-1], nowhere) == [([], [NOTEBOOKS])]


def test_zone_that_is_gone():
    assert dns(PE, zone_group(*ZONES), zone(API), link(API)) == [([], [NOTEBOOKS])]


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("privateEndpoints", ([UNREAD], [UNREAD])),
        ("privateDnsZoneGroups", ([UNREAD], [UNREAD])),
        ("privateDnsZones", ([], [UNREAD])),
        ("virtualNetworkLinks", ([], [UNREAD])),
    ],
)
def test_table_not_read(table, expected):
    assert dns(PE, *WHOLE, unread=[table]) == [expected]


def test_only_approved_connections():
    pending = workspace(privateEndpointConnections=[connection(PE["id"], "Pending")])
    assert dns(PE, ws=pending) == []
    blind = workspace(privateEndpointConnections=[connection(PE["id"], UNREAD)])
    assert dns(PE, ws=blind) == [UNREAD]
    assert dns(PE, ws=workspace(privateEndpointConnections=UNREAD)) == [UNREAD]


def test_endpoint_that_is_gone_needs_no_names():
    assert dns() == []


def test_connection_without_endpoint():
    unnamed = workspace(privateEndpointConnections=[connection(None)])
    assert dns(ws=unnamed) == [([UNREAD], [UNREAD])]


def in_cloud(cloud, *records):
    of = estate(*records)
    manifest = msgspec.structs.replace(of.manifest, cloud=cloud)
    return Estate({kind: of.of_kind(kind) for kind in KINDS}, manifest, of.config)


def test_zones_of_other_clouds():
    [found] = facts(in_cloud("AzureUSGovernment", WS, PE), WS, "privateDns")
    assert found["missingZones"] == [
        "privatelink.api.ml.azure.us",
        "privatelink.notebooks.usgovcloudapi.net",
    ]
    assert zones_of("china") == (
        "privatelink.api.ml.azure.cn",
        "privatelink.notebooks.chinacloudapi.cn",
    )


def test_a_cloud_of_its_own_is_not_known():
    [found] = facts(in_cloud("stack", WS, PE, *WHOLE), WS, "privateDns")
    assert found["missingZones"] == [UNREAD]
