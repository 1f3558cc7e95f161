from __future__ import annotations

import pytest

from tests.engine.estates import estate
from tests.inventory.records import GROUP, ML, UNREAD, child, facts, workspace

WS = workspace()
ENDPOINT = child(WS, "onlineEndpoints", "e")
ENVIRONMENT = child(WS, "environments", "scoring")
VERSION = child(ENVIRONMENT, "versions", "1", properties={"image": "cr.example.com/a/b:1"})


def deployed(environment):
    properties = {} if environment is None else {"environmentId": environment}
    return child(ENDPOINT, "deployments", "blue", properties=properties)


def images(environment, *records, unread=()):
    mine = deployed(environment)
    of = estate(WS, ENDPOINT, mine, *records, unread=unread)
    return facts(of, mine, "image", "imageRegistry")


def test_of_the_environment():
    assert images(VERSION["id"].upper(), VERSION) == ["cr.example.com/a/b:1", "cr.example.com"]


def test_of_a_machine_learning_registry():
    registry = "azureml://registries/shared"
    arm_id = f"{GROUP}/providers/{ML}/registries/shared/environments/llm/versions/3"
    for named in ("azureml://registries/Shared/environments/llm/versions/3", arm_id):
        assert images(named) == [registry, registry]


@pytest.mark.parametrize(
    ("environment", "records", "expected"),
    [
        (None, (), None),
        (VERSION["id"], ({**VERSION, "properties": {"build": {}}},), None),
        (VERSION["id"], (), UNREAD),
        (VERSION["id"], ({**VERSION, "properties": {"image": UNREAD}},), UNREAD),
        ("azureml:scoring:1", (VERSION,), UNREAD),
        (UNREAD, (VERSION,), UNREAD),
    ],
)
def test_without_an_answer(environment, records, expected):
    assert images(environment, *records) == [expected, expected]


def test_environments_that_were_not_read():
    assert images(VERSION["id"], VERSION, unread=["environmentVersions"]) == [UNREAD, UNREAD]
