"""The pretty-printed form of records and the regions in it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.report.record import TOP, lines, locate, of_resource, pretty, regions

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(), inner, max_size=4)
    ),
    max_leaves=20,
)
records = st.dictionaries(st.text(), values, max_size=6)

CLUSTER: dict[str, Any] = {
    "id": "/subscriptions/s/x/cpu",
    "name": "cpu",
    "properties": {
        "properties": {
            "scaleSettings": {"minNodeCount": 2, "maxNodeCount": 4},
            "list": [{"a": 1}, {"b": {"$redacted": "sha256:ab"}}],
            "nothing": None,
            "empty": {},
        },
    },
    "tags": {"cost.center": "4711", "Cost": "x"},
}


@given(records)
def test_the_text_is_the_record(record):
    assert json.loads(pretty(record)) == record


@given(records)
def test_the_text_is_what_the_standard_library_would_write(record):
    plain = json.dumps(record, indent=2, sort_keys=True)
    assert len(pretty(record).splitlines()) == len(plain.splitlines())


@given(records)
def test_every_value_begins_on_one_line_of_its_own(record):
    seen: dict[Any, int] = {}
    for number, (steps, line) in enumerate(lines(record)):
        assert "\n" not in line
        assert len(line.splitlines()) == 1
        seen.setdefault(steps, number)
    assert len(seen) == _size(record)


def _size(value):
    if isinstance(value, dict):
        return 1 + sum(map(_size, value.values()))
    return 1 + sum(map(_size, value)) if isinstance(value, list) else 1


@pytest.mark.parametrize(
    ("path", "snippet"),
    [
        ("properties.properties.scaleSettings.minNodeCount", '"minNodeCount": 2'),
        ("properties.properties.SCALESETTINGS.minnodecount", '"minNodeCount": 2'),
        ("properties.properties.scaleSettings", '"scaleSettings": {'),
        ("properties.properties.scaleSettings.absent.deeper", '"scaleSettings": {'),
        ("properties.properties.scaleSettings.minNodeCount.no", '"minNodeCount": 2'),
        ("properties.properties.nothing", '"nothing": null'),
        ("properties.properties.empty.x", '"empty": {}'),
        ("properties.properties.list[0].a", '"a": 1'),
        ("properties.properties.list[1].b", '"b": {'),
        ("properties.properties.list[7].b", '"list": ['),
        ("properties.properties.list[*].b", '"list": ['),
        ("properties.properties.list[0]", "{"),
        ("tags.cost.center", '"cost.center": "4711"'),
        ("tags.cost", '"Cost": "x"'),
        ("sku.name", "{"),
        ("", "{"),
    ],
)
def test_region_of_a_property(path, snippet):
    region = regions(CLUSTER, [path])[path]
    line = pretty(CLUSTER).splitlines()[region.start_line - 1]
    assert region.snippet == snippet
    assert line[region.start_column - 1 : region.end_column - 1] == snippet
    assert region.end_line == region.start_line


def test_nothing_of_the_path_is_the_top():
    assert regions(CLUSTER, ["sku.name", "", "ta"]) == dict.fromkeys(["sku.name", "", "ta"], TOP)


@given(records, st.lists(st.text(max_size=10), max_size=5))
def test_regions_lie_in_the_text(record, paths):
    text = pretty(record).splitlines()
    for region in regions(record, paths).values():
        line = text[region.start_line - 1]
        assert line[region.start_column - 1 : region.end_column - 1] == region.snippet or (
            region == TOP and not record
        )
        assert region.end_column > region.start_column
        assert len(region.snippet) <= 200


@given(records)
def test_paths_of_plain_names_are_found(record):
    for key in record:
        if key.isidentifier() and [k.lower() for k in record].count(key.lower()) == 1:
            assert locate(record, key) == (key,)


def test_long_values_are_cut():
    record = {"id": "x" * 10_000}
    region = regions(record, ["id"])["id"]
    assert len(region.snippet) == 200
    assert region.end_column == 203


def test_deep_records_are_written():
    record: dict[str, Any] = {}
    for _ in range(150):
        record = {"a": record}
    assert json.loads(pretty(record)) == record


NETWORK: dict[str, Any] = {
    "id": "/subscriptions/S/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v",
    "properties": {
        "subnets": [
            {"name": "one", "properties": {"x": 1}},
            {
                "id": "/subscriptions/s/resourceGroups/G/providers/Microsoft.Network"
                "/virtualNetworks/v/subnets/Two",
                "name": "Two",
            },
        ]
    },
}


@pytest.mark.parametrize("name", ["one", "TWO"])
def test_an_embedded_resource_is_found_in_its_record(name):
    found = of_resource(NETWORK, f"{NETWORK['id']}/subnets/{name}")
    assert found["name"].lower() == name.lower()


def test_a_resource_that_is_not_in_the_record_gets_the_whole_record():
    assert of_resource(NETWORK, f"{NETWORK['id']}/subnets/three") is NETWORK
    assert of_resource(NETWORK, NETWORK["id"].upper()) is NETWORK
