"""Field names of Azure Policy lead to the places in raw records that Azure says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.azurepolicy.fields import AliasResolver, RawRecord
from scanner.engine.selection import Binding
from scanner.inventory.fields import UNREAD, UNREAD_MARK, Members
from scanner.inventory.paths import PathError

ROOT = Path(__file__).resolve().parents[2]
ALIASES = ROOT.parent / "shared" / "reference" / "azure-policy" / "aliases.json"
ML = "Microsoft.MachineLearningServices/workspaces"
ID = f"/subscriptions/s1/resourceGroups/rg/providers/{ML}/ws"
UNRULED = "linkedWorkspaces."
"""Two aliases of workspaces that name a property of another type."""


def read(path: str, raw: dict[str, Any]) -> Any:
    return AliasResolver().resolve(path, ()).get(RawRecord(raw), ())


def workspace(**properties: Any) -> dict[str, Any]:
    return {"id": ID, "type": ML.lower(), "properties": properties}


def record_at(arm_type: str, place: str, value: Any) -> dict[str, Any]:
    """Return a record that has a value at a place such as `properties.logs[*].enabled`."""
    for step in reversed(place.split(".")):
        name, stars = step.replace("[*]", ""), step.count("[*]")
        for _ in range(stars):
            value = [value]
        value = {name: value}
    namespace, *types = arm_type.split("/")
    names = "/".join(f"{name}/x" for name in types)
    arm_id = f"/subscriptions/s1/resourceGroups/rg/providers/{namespace}/{names}"
    return {"properties": {}, **value, "id": arm_id, "type": arm_type}


def test_every_known_alias_leads_where_azure_says() -> None:
    if not ALIASES.is_file():
        pytest.skip("no list of aliases beside the checkout")
    known = json.loads(ALIASES.read_text(encoding="utf-8"))
    wrong = {}
    for alias, place in known.items():
        if UNRULED in alias:
            continue
        found = read(alias, record_at(alias.rpartition("/")[0], place, "here"))
        wanted = Members(["here"]) if "[*]" in place else "here"
        if place.endswith("[*]") and not isinstance(found, Members):
            wanted = "here"
        if found != wanted:
            wrong[alias] = (place, found)
    assert wrong == {}
    assert len(known) > 300


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("type", ML),
        ("NAME", "c1"),
        ("fullName", "ws/c1"),
        ("id", f"{ID}/computes/c1"),
        ("location", "westeurope"),
        ("kind", "Default"),
        ("tags", {"Cost-Center": "42", "a/b": "c"}),
        ("tags.cost-center", "42"),
        ("tags['cost-center']", "42"),
        ("tags[Cost-Center]", "42"),
        ("tags['a/b']", "c"),
        ("tags.none", None),
        ("identity.type", "SystemAssigned"),
        (f"{ML}/publicNetworkAccess", None),
    ],
)
def test_field_that_every_type_has(field: str, value: Any) -> None:
    raw = {
        "id": f"{ID}/computes/c1",
        "type": ML if field == "type" else f"{ML}/computes",
        "location": "West Europe",
        "kind": "Default",
        "identity": {"type": "SystemAssigned"},
        "tags": {"Cost-Center": "42", "a/b": "c"},
        "properties": {"publicNetworkAccess": "of another type"},
    }
    assert read(field, raw) == value


def test_type_of_a_resource_group_is_the_one_that_policies_name() -> None:
    raw = {
        "id": "/subscriptions/s1/resourceGroups/rg",
        "type": "Microsoft.Resources/resourceGroups",
    }
    assert read("type", raw) == "Microsoft.Resources/subscriptions/resourceGroups"
    assert read("name", raw) == "rg"


@pytest.mark.parametrize("field", ["colour", "name.first", f"{ML}/[*]", f"{ML}/a[b", "tipe"])
def test_what_is_no_field_is_refused(field: str) -> None:
    with pytest.raises(PathError):
        AliasResolver().resolve(field, ())


def test_property_names_are_compared_without_case() -> None:
    raw = workspace(PublicNetworkAccess="Disabled")
    assert read(f"{ML.upper()}/publicnetworkaccess", raw) == "Disabled"


@pytest.mark.parametrize(
    ("properties", "value"),
    [
        ({}, None),
        ({"encryption": None}, None),
        ({"encryption": {}}, None),
        ({"encryption": {"status": None}}, None),
        ({"encryption": {"status": ""}}, ""),
        ({"encryption": UNREAD_MARK}, UNREAD),
        ({"encryption": {"status": UNREAD_MARK}}, UNREAD),
        ({"encryption": "odd"}, UNREAD),
        ({"encryption": {"status": {"$redacted": f"sha256:{'0' * 64}"}}}, "$redacted"),
    ],
)
def test_absent_is_not_unread(properties: dict[str, Any], value: Any) -> None:
    assert read(f"{ML}/encryption.status", workspace(**properties)) == value


@pytest.mark.parametrize("body", [{}, {"properties": None}, {"properties": UNREAD_MARK}])
def test_record_without_properties_is_unread(body: dict[str, Any]) -> None:
    raw = {"id": ID, "type": ML, **body}
    assert read(f"{ML}/publicNetworkAccess", raw) is UNREAD
    assert not read(f"{ML}/privateEndpointConnections[*]", raw).complete


@pytest.mark.parametrize(
    ("value", "members", "complete"),
    [
        (None, [], True),
        ([], [], True),
        ([{"name": "a"}, {"name": None}, {}], ["a", None, None], True),
        ([{"name": "a"}, UNREAD_MARK], ["a"], False),
        ([{"name": UNREAD_MARK}], [UNREAD], True),
        (UNREAD_MARK, [], False),
        ("odd", [], False),
    ],
)
def test_missing_array_is_empty_and_unread_one_is_open(
    value: Any, members: list[Any], complete: bool
) -> None:
    found = read(f"{ML}/items[*].name", workspace(items=value))
    assert list(found) == members
    assert found.complete is complete


def test_members_that_are_resources_have_their_body_in_properties() -> None:
    items = [{"id": "i", "properties": {"groupIds": ["a", "b"]}}, {"groupIds": ["c"]}]
    assert read(f"{ML}/items[*].groupIds[*]", workspace(items=items)) == ("a", "b", "c")
    assert read(f"{ML}/items[*].id", workspace(items=items)) == ("i", None)


def test_path_through_a_counted_member_means_that_member() -> None:
    resolver = AliasResolver()
    counted = resolver.resolve(f"{ML}/items[*]", ())
    binding = Binding(resolver.tokens(f"{ML}/items[*]"), counted.element, is_field=True)
    inner = resolver.resolve(f"{ML.lower()}/Items[*].tags[*].key", (binding,))
    outer = resolver.resolve(f"{ML}/other", (binding,))
    raw = RawRecord(workspace(items=[{"tags": [{"key": 1}]}, {"tags": UNREAD_MARK}], other=7))
    first, second = counted.get(raw, ())
    assert inner.get(raw, (first,)) == (1,)
    assert not inner.get(raw, (second,)).complete
    assert not inner.get(raw, (UNREAD,)).complete
    assert outer.get(raw, (first,)) == 7


def test_list_alias_without_star_is_that_of_each_member() -> None:
    settings = "Microsoft.Insights/diagnosticSettings"
    raw = {
        "id": f"{ID}/providers/{settings}/d",
        "type": settings,
        "properties": {"logs": [{"enabled": True}, {"enabled": False}]},
    }
    assert read(f"{settings}/logs.enabled", raw) == (True, False)
    assert read(f"{settings}/logs", raw) == ({"enabled": True}, {"enabled": False})


names = st.sampled_from(["properties", "a", "b", "B", "$unread"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.just(UNREAD_MARK),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=12,
)


@given(body=json_values, path=st.sampled_from(["a", "a.b", "a[*]", "a[*].b", "a[*].b[*]", "sku.a"]))
def test_any_json_gives_a_value_and_its_evidence(body: Any, path: str) -> None:
    from scanner.engine.selection import Place  # noqa: PLC0415

    record = RawRecord({"id": ID, "type": ML, "properties": body})
    selection = AliasResolver().resolve(f"{ML}/{path}", ())
    found = selection.get(record, ())
    leaves = list(selection.leaves(Place(record, (), ())))
    if not selection.many:
        assert [leaf.value for leaf in leaves] == [found]
        return
    hidden = 0 if found.complete else 1
    assert len(leaves) >= len(found) + hidden
    assert all(leaf.path.startswith(f"{ML}/") for leaf in leaves)
