from __future__ import annotations

import pytest

from tests.engine.estates import estate
from tests.inventory.records import GROUP, UNREAD, child, facts, group, record, workspace

OTHER = f"{GROUP}-other"


def account(project=None, **properties):
    properties.setdefault("customSubDomainName", "Mine")
    tags = {"project": project} if project else {}
    return record("Microsoft.CognitiveServices/accounts", "ai", properties=properties, tags=tags)


def ws(project, at=OTHER, name="ws"):
    return workspace(name, at, {"tags": {"project": project} if project else {}})


def connected(of, target, name="c", **metadata):
    return child(of, "connections", name, properties={"target": target, "metadata": metadata})


def using(*records, mine=None, unread=()):
    mine = mine or account()
    return facts(estate(mine, *records, unread=unread), mine, "usingProjects")


def stands(mine, *records, unread=()):
    return facts(estate(mine, *records, unread=unread), mine, "inProjectGroup")


@pytest.mark.parametrize(
    ("target", "metadata", "expected"),
    [
        ("https://mine.openai.azure.com/", {}, ["churn"]),
        ("https://MINE.cognitiveservices.azure.com/openai", {}, ["churn"]),
        ("mine.services.ai.azure.com", {}, ["churn"]),
        ("https://other.openai.azure.com/", {}, []),
        ("https://mine.openai.azure.com.evil.example/", {}, []),
        ("https://westeurope.api.cognitive.microsoft.com/", {}, []),
        ("https://x.example", {"ResourceId": account()["id"].upper()}, ["churn"]),
        ("https://mine.openai.azure.com/", {"ResourceId": f"{account()['id']}-2"}, []),
        (None, {}, []),
        ("https://[", {}, []),
        (UNREAD, {}, [UNREAD]),
    ],
)
def test_projects_that_are_connected(target, metadata, expected):
    one = ws("Churn")
    assert using(one, group(), connected(one, target, **metadata)) == expected


def test_several_projects_and_none():
    workspaces = [ws("b", name="1"), ws("a", name="2"), ws(None, name="3"), ws("B", name="4")]
    links = [connected(one, "https://mine.openai.azure.com") for one in workspaces]
    around = (group(), group("rg-ml-other"))
    assert using(*workspaces, *links, *around) == ["a", "b"]


def test_connections_that_were_not_read():
    assert using(unread=["connections"]) == [UNREAD]
    assert using(mine=account(customSubDomainName=UNREAD)) == [UNREAD]


@pytest.mark.parametrize(
    ("project", "records", "expected"),
    [
        ("churn", (group(tags={"project": "CHURN"}),), True),
        ("churn", (group(tags={"project": "fraud"}),), False),
        ("churn", (group(), ws("churn", GROUP)), True),
        ("churn", (group(), ws("churn", OTHER)), False),
        ("churn", (group(), ws("fraud", GROUP)), False),
        (None, (group(tags={"project": "churn"}),), True),
        (None, (group(),), None),
    ],
)
def test_stands_in_its_project(project, records, expected):
    assert stands(account(project), *records) is expected


def test_the_project_that_uses_it_counts():
    theirs = ws("fraud", OTHER)
    link = connected(theirs, "https://mine.openai.azure.com")
    around = (group(tags={"project": "churn"}), group("rg-ml-other", tags={"project": "fraud"}))
    assert stands(account("churn"), *around, theirs, link) is False


def test_what_was_not_read_leaves_it_open():
    churn, here = account("churn"), group(tags={"project": "fraud"})
    assert stands(churn, here, unread=["workspaces"]) == UNREAD
    assert stands(churn, here, unread=["connections"]) == UNREAD
    assert stands(churn, unread=["resourceGroups"]) == UNREAD
    assert stands(churn, group(tags={"project": "churn"}), unread=["workspaces"]) is True
