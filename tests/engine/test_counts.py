"""Counts over a fixed list: their answers and their evidence are kept by the values they read."""

from __future__ import annotations

from typing import Any

from scanner.engine.compiler import compile_condition
from scanner.engine.context import Context
from scanner.engine.selection import InventoryResolver, Place
from scanner.inventory.kinds import KINDS
from tests.engine import estates


def _explained(spec: Any, estate: Any) -> list[list[tuple[str, Any, str]]]:
    context = Context(InventoryResolver(KINDS["workspace"], estate), {}, estate)
    compiled = compile_condition(spec, context)
    return [
        [
            (item.path, item.actual, item.resource_id)
            for item in compiled.explain(Place(one, (), ()), want=True)
        ]
        for one in estate.of_kind("workspace")
    ]


def test_evidence_of_a_remembered_count_follows_the_values_it_reads() -> None:
    spec = {
        "count": {
            "value": ["dev", "prod"],
            "where": {"field": "tags.stage", "equals": "[current()]"},
        },
        "equals": 0,
    }
    stages = ["dev", "prod", "dev", "qa"]
    tagged = [
        estates.workspace(f"{estates.WORKSPACE}-{n}") | {"tags": {"stage": stage}}
        for n, stage in enumerate(stages)
    ]
    first, second, third, none = _explained(spec, estates.estate(*tagged))
    assert (
        first
        == third
        == [("count of ['dev', 'prod'] that match", 1, ""), ("tags.stage", "dev", "")]
    )
    assert second == [("count of ['dev', 'prod'] that match", 1, ""), ("tags.stage", "prod", "")]
    assert none == [("count of ['dev', 'prod'] that match", 0, "")]


def test_evidence_of_a_remembered_count_names_the_resource_that_a_link_leads_to() -> None:
    spec = {
        "count": {
            "value": ["Enabled"],
            "where": {"field": "storageAccount.publicNetworkAccess", "equals": "[current()]"},
        },
        "equals": 0,
    }
    names = ["a", "b"]
    accounts = [
        estates.storage(f"{estates.STORAGE}{name}", publicNetworkAccess="Enabled") for name in names
    ]
    workspaces = [
        estates.workspace(f"{estates.WORKSPACE}-{name}", storageAccount=f"{estates.STORAGE}{name}")
        for name in names
    ]
    found = _explained(spec, estates.estate(*accounts, *workspaces))
    assert [rows[-1][2] for rows in found] == [f"{estates.STORAGE}{name}" for name in names]
