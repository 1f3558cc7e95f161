"""The picture of a workspace's network: what was not read is never drawn as closed."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.config import load_config
from scanner.inventory.build import build
from scanner.inventory.estate import Estate, load_estate
from scanner.inventory.kinds import TABLE_KINDS
from scanner.inventory.model.workspace import Workspace
from scanner.report.html.network import Reach, Tone, network_groups, sentences
from scanner.report.html.picture import BORDER, BOX_WIDTH, WIDTH, draw
from scanner.snapshot import open_snapshot
from scanner.snapshot.manifest import Manifest, Table

SUB = "/subscriptions/11111111-2222-3333-4444-555555555555"
GROUP = f"{SUB}/resourceGroups/rg"
WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/ws"
HUB = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/hub"
STORAGE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/st"
SUBNET = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnet/subnets/training"


def record(arm_id, properties, **more):
    parts = arm_id.split("/providers/")[1].split("/")
    kind = "/".join((parts[0], *parts[1::2]))
    return {"id": arm_id, "name": parts[-1], "type": kind, "properties": properties, **more}


def estate_of(read=("*",), **tables):
    """An estate of raw records, in which the named tables (`*`: all) were read completely."""
    found: dict[str, list[Any]] = {}
    for table, raws in tables.items():
        for row, raw in enumerate(raws):
            for cls in TABLE_KINDS[table]:
                for resource in build(cls, raw, row):
                    found.setdefault(resource.KIND, []).append(resource)
    names = TABLE_KINDS if read == ("*",) else read
    manifest = Manifest(
        tool_version="0",
        started="",
        finished="",
        scopes_read=("/",),
        tables={name: Table(0, 0, "") for name in names},
    )
    return Estate(found, manifest, load_config(None))


def groups_of(estate, arm_id=WORKSPACE):
    groups = network_groups(estate.find(arm_id), estate)
    return {group.title: list(group.nodes) for group in groups}


@pytest.mark.parametrize(
    ("properties", "reach"),
    [
        ({"publicNetworkAccess": "Disabled"}, Reach.CLOSED),
        ({"publicNetworkAccess": "Enabled"}, Reach.OPEN),
        ({}, Reach.OPEN),
        (
            {"publicNetworkAccess": "Enabled", "networkAcls": {"defaultAction": "Deny"}},
            Reach.LIMITED,
        ),
        ({"publicNetworkAccess": {"$unread": True}}, Reach.UNKNOWN),
    ],
)
def test_the_internet_reaches_the_workspace_as_its_exposure_says(properties, reach):
    [front] = groups_of(estate_of(workspaces=[record(WORKSPACE, properties)]))["Workspace"]
    assert front.reach is reach
    assert (front.tone is Tone.GOOD) == (reach is Reach.CLOSED)


def test_a_project_is_drawn_with_the_network_of_its_hub():
    project = record(WORKSPACE, {"hubResourceId": HUB}, kind="Project")
    hub = record(HUB, {"publicNetworkAccess": "Disabled"}, kind="Hub")
    [front] = groups_of(estate_of(workspaces=[project, hub]))["Hub, whose network the project uses"]
    assert (front.name, front.reach) == ("hub", Reach.CLOSED)
    blind = groups_of(estate_of(read=(), workspaces=[project]))
    [front] = blind["Hub, whose network the project uses"]
    assert (front.name, front.reach) == ("not readable", Reach.UNKNOWN)
    [dependent] = blind["Dependent resources"]
    assert dependent.tone is Tone.UNKNOWN


def connection(name, status):
    endpoint = f"{GROUP}/providers/Microsoft.Network/privateEndpoints/{name}"
    return {
        "name": name,
        "properties": {
            "privateEndpoint": {"id": endpoint},
            "privateLinkServiceConnectionState": {"status": status},
        },
    }


def test_private_endpoints_show_their_state_and_their_dns():
    connections = [connection("pe-one", "Approved"), connection("pe-two", "Pending")]
    workspace = record(WORKSPACE, {"privateEndpointConnections": connections})
    endpoint = record(
        f"{GROUP}/providers/Microsoft.Network/privateEndpoints/pe-one",
        {"subnet": {"id": SUBNET}},
    )
    estate = estate_of(workspaces=[workspace], privateEndpoints=[endpoint])
    one, two = groups_of(estate)["Private endpoints"]
    assert one.tone is Tone.BAD
    assert "no DNS zone privatelink.api.azureml.ms" in one.detail
    assert two.detail.startswith("Pending")
    assert two.tone is not Tone.GOOD
    blind = estate_of(read=(), workspaces=[workspace])
    [unread, _] = groups_of(blind)["Private endpoints"]
    assert unread.tone is Tone.UNKNOWN
    [none] = groups_of(estate_of(workspaces=[record(WORKSPACE, {})]))["Private endpoints"]
    assert (none.name, none.tone) == ("none", Tone.BAD)


@pytest.mark.parametrize(
    ("properties", "reach", "place"),
    [
        ({"enableNodePublicIp": False, "subnet": {"id": SUBNET}}, Reach.CLOSED, "subnet training"),
        ({"enableNodePublicIp": True}, Reach.OPEN, "no subnet"),
        ({}, Reach.OPEN, "no subnet"),
        ({"enableNodePublicIp": {"$unread": True}}, Reach.UNKNOWN, "no subnet"),
    ],
)
def test_computes_show_their_subnet_and_their_address(properties, reach, place):
    body = {"computeType": "AmlCompute", "properties": properties}
    compute = record(f"{WORKSPACE}/computes/c", body)
    estate = estate_of(workspaces=[record(WORKSPACE, {})], computes=[compute])
    [node] = groups_of(estate)["Computes"]
    assert node.reach is reach
    assert place in node.detail


def test_computes_that_were_not_read_are_said_and_many_are_summed_up():
    blind = estate_of(read=("workspaces",), workspaces=[record(WORKSPACE, {})])
    [node] = groups_of(blind)["Computes"]
    assert node.tone is Tone.UNKNOWN
    body = {"computeType": "AmlCompute", "properties": {}}
    computes = [record(f"{WORKSPACE}/computes/c{number:02}", body) for number in range(30)]
    nodes = groups_of(estate_of(workspaces=[record(WORKSPACE, {})], computes=computes))["Computes"]
    assert len(nodes) == 9
    assert nodes[-1].name == "and 22 more"
    assert nodes[-1].detail == "22 of them open to the internet"


@pytest.mark.parametrize(
    ("properties", "reach"),
    [
        ({"publicNetworkAccess": "Disabled"}, Reach.CLOSED),
        ({"publicNetworkAccess": "Enabled"}, Reach.OPEN),
        (
            {"publicNetworkAccess": "Enabled", "networkAcls": {"defaultAction": "Deny"}},
            Reach.LIMITED,
        ),
        ({"publicNetworkAccess": {"$unread": True}}, Reach.UNKNOWN),
        (None, Reach.NONE),
    ],
)
def test_dependents_show_whether_the_internet_reaches_them(properties, reach):
    workspace = record(WORKSPACE, {"storageAccount": STORAGE})
    accounts = [] if properties is None else [record(STORAGE, properties)]
    estate = estate_of(workspaces=[workspace], storageAccounts=accounts)
    storage = groups_of(estate)["Dependent resources"][0]
    assert storage.reach is reach
    assert ("does not exist" in storage.detail) == (properties is None)
    blind = estate_of(read=("workspaces",), workspaces=[workspace])
    assert groups_of(blind)["Dependent resources"][0].reach is Reach.UNKNOWN


def test_every_workspace_of_the_estates_fits_its_picture_and_has_it_in_words(estates):
    for name in ("contoso", "refused"):
        with open_snapshot(estates / name) as snapshot:
            estate = load_estate(snapshot, load_config(estates / name / "azmlscan.yaml"))
        for workspace in estate.all_of(Workspace):
            groups = network_groups(workspace, estate)
            picture = draw(groups)
            bottom = 0
            for box in picture.boxes:
                assert box.y >= bottom
                bottom = box.y + box.height
                assert all(box.y < y < bottom for y, _ in box.detail)
                assert box.line_end < BORDER or box.node.reach in {Reach.OPEN, Reach.LIMITED}
            assert bottom < picture.height
            assert BORDER + BOX_WIDTH < WIDTH
            words = [line for _, lines in sentences(groups) for line in lines]
            assert len(words) == len(picture.boxes)
            for box, line in zip(picture.boxes, words, strict=True):
                assert box.node.detail in line
                assert box.node.reach in line
