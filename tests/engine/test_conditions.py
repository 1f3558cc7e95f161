"""The condition language over the inventory: three-valued logic, collections, counts, evidence."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.engine.compiler import ConditionError, compile_condition
from scanner.engine.context import Context
from scanner.engine.selection import InventoryResolver, Place
from scanner.inventory.kinds import KINDS
from tests.engine import estates


def node(spec: Any, estate: Any, kind: str = "workspace", **parameters: Any) -> Any:
    return compile_condition(
        spec, Context(InventoryResolver(KINDS[kind], estate), parameters, estate)
    )


def answer(spec: Any, estate: Any, kind: str = "workspace", **parameters: Any) -> bool | None:
    [resource] = [r for r in estate.of_kind(kind) if kind != "workspace" or r.name == "ws1"]
    result: bool | None = node(spec, estate, kind, **parameters).test(resource, ())
    return result


PRIVATE = {"field": "publicNetworkAccess", "equals": "Disabled"}
UNREADABLE = {"field": "storageAccount.publicNetworkAccess", "equals": "Disabled"}


def test_a_field_is_compared_without_regard_to_case() -> None:
    assert answer(PRIVATE, estates.estate(estates.workspace(publicNetworkAccess="disabled")))
    assert answer(PRIVATE, estates.estate(estates.workspace())) is False


TRUTHS: dict[bool | None, dict[str, Any]] = {
    True: PRIVATE,
    False: {"not": PRIVATE},
    None: UNREADABLE,
}


def truth(value: bool | None) -> dict[str, Any]:
    return TRUTHS[value]


@pytest.mark.parametrize(
    "values", list(itertools.product((True, False, None), repeat=2)), ids=lambda v: f"{v}"
)
def test_three_valued_logic(values: tuple[bool | None, bool | None]) -> None:
    estate = estates.estate(
        estates.workspace(publicNetworkAccess="Disabled", storageAccount=estates.STORAGE),
        unread={"storageAccounts"},
    )
    both = False if False in values else None if None in values else True
    either = True if True in values else None if None in values else False
    assert answer({"allOf": [truth(v) for v in values]}, estate) is both
    assert answer({"anyOf": [truth(v) for v in values]}, estate) is either
    opposite = None if values[0] is None else not values[0]
    assert answer({"not": truth(values[0])}, estate) is opposite


def test_a_link_is_null_where_the_target_does_not_exist_and_unread_where_nobody_looked() -> None:
    record = estates.workspace(storageAccount=estates.STORAGE)
    exists = {"field": "storageAccount", "exists": True}
    assert answer(exists, estates.estate(record)) is False
    assert answer(exists, estates.estate(record, unread={"storageAccounts"})) is None
    assert answer(exists, estates.estate(record, estates.storage())) is True
    shouted = estates.storage(estates.STORAGE.upper())
    assert answer(exists, estates.estate(record, shouted)) is True


def test_star_outside_count_asks_every_member() -> None:
    small = {"field": "computes[*].vmSize", "in": ["Standard_DS2_v2", "Standard_DS3_v2"]}
    one, two = estates.compute("a", vmSize="Standard_DS2_v2"), estates.compute("b", vmSize="X")
    assert answer(small, estates.estate(estates.workspace(), one)) is True
    assert answer(small, estates.estate(estates.workspace(), one, two)) is False
    assert answer(small, estates.estate(estates.workspace())) is True, "an empty collection"
    assert answer(small, estates.estate(estates.workspace(), unread={"computes"})) is None


COUNT_BIG: dict[str, Any] = {
    "field": "computes[*]",
    "where": {"field": "computes[*].vmSize", "equals": "Big"},
}


@pytest.mark.parametrize(
    ("comparison", "sizes", "expected"),
    [
        ({"equals": 0}, [], True),
        ({"equals": 1}, ["Big", "Small"], True),
        ({"greater": 1}, ["Big", "Small"], False),
        ({"less": 2}, ["big", "BIG"], False),
        ({"in": [1, 2]}, ["Big", "Big"], True),
    ],
)
def test_count_where(comparison: dict[str, Any], sizes: list[str], expected: bool) -> None:
    computes = [estates.compute(f"c{n}", vmSize=size) for n, size in enumerate(sizes)]
    estate = estates.estate(estates.workspace(), *computes)
    assert answer({"count": COUNT_BIG, **comparison}, estate) is expected


def test_a_count_over_members_with_unread_values_is_a_range() -> None:
    hidden = estates.compute("b")
    hidden["properties"] = None
    estate = estates.estate(estates.workspace(), estates.compute("a", vmSize="Big"), hidden)
    assert answer({"count": COUNT_BIG, "greaterOrEquals": 1}, estate) is True
    assert answer({"count": COUNT_BIG, "less": 1}, estate) is False
    assert answer({"count": COUNT_BIG, "equals": 1}, estate) is None
    assert answer({"count": COUNT_BIG, "equals": 3}, estate) is False
    assert answer({"count": COUNT_BIG, "lessOrEquals": 2}, estate) is True


def test_a_count_over_what_nobody_could_list_is_open_above() -> None:
    estate = estates.estate(estates.workspace(), unread={"computes"})
    assert answer({"count": {"field": "computes[*]"}, "equals": 0}, estate) is None
    assert answer({"count": {"field": "computes[*]"}, "greaterOrEquals": 0}, estate) is True
    assert answer({"count": {"field": "computes[*]"}, "less": 1000}, estate) is None


def test_counts_nest_and_current_names_the_member() -> None:
    spec = {
        "count": {
            "value": "[parameters('sizes')]",
            "name": "size",
            "where": {
                "count": {
                    "field": "computes[*]",
                    "where": {"field": "computes[*].vmSize", "equals": "[current('size')]"},
                },
                "greater": 1,
            },
        },
        "equals": 1,
    }
    computes = [estates.compute(f"c{n}", vmSize=size) for n, size in enumerate(["A", "a", "B"])]
    assert answer(spec, estates.estate(estates.workspace(), *computes), sizes=["A", "B"]) is True


def test_evidence_names_what_kept_a_condition_from_being_true() -> None:
    estate = estates.estate(
        estates.workspace(storageAccount=estates.STORAGE, publicNetworkAccess="Enabled"),
        estates.storage(publicNetworkAccess="Enabled", minimumTlsVersion="TLS1_2"),
    )
    spec = {
        "allOf": [
            PRIVATE,
            {"field": "storageAccount.publicNetworkAccess", "equals": "Disabled"},
            {"field": "storageAccount.minimumTlsVersion", "equals": "TLS1_2"},
        ]
    }
    [resource] = estate.of_kind("workspace")
    found = list(node(spec, estate).explain(Place(resource, (), ()), want=True))
    assert [(e.path, e.actual, e.resource_id, e.property) for e in found] == [
        ("publicNetworkAccess", "Enabled", "", "properties.publicNetworkAccess"),
        (
            "storageAccount.publicNetworkAccess",
            "Enabled",
            estates.STORAGE,
            "properties.publicNetworkAccess",
        ),
    ]


def test_evidence_of_a_count_names_the_members_at_fault() -> None:
    estate = estates.estate(
        estates.workspace(), estates.compute("a", vmSize="Big"), estates.compute("b", vmSize="S")
    )
    [resource] = estate.of_kind("workspace")
    found = list(
        node({"count": COUNT_BIG, "equals": 0}, estate).explain(Place(resource, (), ()), want=True)
    )
    assert [(e.path, e.actual) for e in found] == [
        ("count of computes[*] that match", 1),
        ("computes[0].vmSize", "Big"),
    ]
    assert found[1].resource_id.endswith("/computes/a")
    assert found[1].property == "properties.properties.vmSize"


@pytest.mark.parametrize(
    ("spec", "place", "problem", "hint"),
    [
        (
            {"field": "publicNetworkAcess", "equals": "x"},
            ("field",),
            "unknown field",
            "publicNetworkAccess",
        ),
        ({"field": "name", "equal": "x"}, ("equal",), "unknown operator", "equals"),
        ({"allOf": [{"field": "name", "in": "x"}]}, ("allOf", 0, "in"), "list", ""),
        ({"field": "name", "equals": "[parameters('b')]"}, ("equals",), "unknown parameter", ""),
        ({"value": "[lenght('x')]", "equals": 1}, ("value",), "unknown function", ""),
        (
            {"count": {"field": "computes"}, "equals": 1},
            ("count", "field"),
            "no [*]",
            "computes[*]",
        ),
        ({"field": "computes.vmSize", "equals": "x"}, ("field",), "collection", ""),
        ({"field": "name", "equals": "x", "like": "y"}, (), "one operator", ""),
        ({"not": PRIVATE, "field": "name"}, (), "stands alone", ""),
        ("name", (), "mapping", ""),
        ({"allOf": []}, ("allOf",), "at least one", ""),
        (
            {"field": "publicNetworkAccess", "equals": "Disable"},
            ("equals",),
            "'Disable' is no value that the field can have",
            "Did you mean 'Disabled'?",
        ),
        (
            {"field": "computes[*].computeType", "notIn": ["AKS", True]},
            ("notIn",),
            "'true' is no value that the field can have",
            "It has: AKS, Kubernetes, AmlCompute",
        ),
        (
            {
                "count": {
                    "field": "computes[*]",
                    "where": {"field": "computes[*].osType", "equals": "linus"},
                },
                "equals": 0,
            },
            ("count", "where", "equals"),
            "'linus' is no value",
            "'Linux'",
        ),
    ],
)
def test_a_wrong_condition_says_where_and_what(
    spec: Any, place: tuple[Any, ...], problem: str, hint: str
) -> None:
    with pytest.raises(ConditionError) as caught:
        node(spec, estates.estate())
    assert caught.value.place == place
    assert problem in str(caught.value)
    assert hint in f"{caught.value.hint} {caught.value}"


@pytest.mark.parametrize(
    "comparison",
    [
        {"equals": "DISABLED"},
        {"equals": ""},
        {"in": [None, "securedbyperimeter"]},
        {"equals": "[parameters('wanted')]"},
        {"in": ["[parameters('wanted')]", "Enabled"]},
        {"like": "Brand new"},
    ],
)
def test_values_that_a_field_may_be_compared_with(comparison: dict[str, Any]) -> None:
    assert node({"field": "publicNetworkAccess", **comparison}, estates.estate(), wanted="New")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(json_values)
def test_no_condition_raises_on_any_value(value: Any) -> None:
    record = estates.workspace(publicNetworkAccess=value, computes=value, managedNetwork=value)
    record["tags"] = value
    estate = estates.estate(record)
    for spec in (
        PRIVATE,
        {"field": "managedNetwork.isolationMode", "notEquals": "Disabled"},
        {"field": "tags['env']", "exists": True},
        {"field": "networkAcls.ipRules[*]", "like": "10.*"},
    ):
        compiled = node(spec, estate)
        [resource] = estate.of_kind("workspace")
        assert compiled.test(resource, ()) in {True, False, None}
        list(compiled.explain(Place(resource, (), ()), want=True))


def test_field_of_a_counted_member_is_an_array_of_one_as_in_azure() -> None:
    estate = estates.estate(estates.workspace(), estates.compute("a", vmSize="Big"))
    spec = {
        "count": {
            "field": "computes[*]",
            "where": {"value": "[first(field('computes[*].vmSize'))]", "equals": "big"},
        },
        "equals": 1,
    }
    assert answer(spec, estate) is True


def test_a_count_over_a_constant_list_is_remembered_by_the_values_it_reads() -> None:
    spec = {
        "count": {
            "value": ["Standard_NC#", "Standard_ND#"],
            "where": {"field": "vmSize", "matchInsensitively": "[current()]"},
        },
        "equals": 0,
    }
    sizes = ["standard_nc6", "Standard_D2", "standard_nc6", None]
    computes = [estates.compute(f"c{n}", vmSize=size) for n, size in enumerate(sizes)]
    estate = estates.estate(estates.workspace(), *computes)
    compiled = node(spec, estate, "compute")
    answers = [compiled.test(resource, ()) for resource in estate.of_kind("compute")]
    assert answers == [False, True, False, True]


def test_a_remembered_count_tells_part_of_a_list_from_all_of_it() -> None:
    spec = {
        "count": {
            "value": ["a"],
            "where": {"field": "sharedDependents", "contains": "[current()]"},
        },
        "equals": 0,
    }
    part = estates.workspace(storageAccount={"$unread": True})
    part |= {"id": f"{part['id']}-2", "name": "ws2"}
    estate = estates.estate(estates.workspace(), part)
    compiled = node(spec, estate)
    assert [compiled.test(one, ()) for one in estate.of_kind("workspace")] == [True, None]


def test_evidence_of_a_bare_count_shows_what_was_counted() -> None:
    estate = estates.estate(estates.workspace(ipAllowlist=["10.0.0.0/8", "0.0.0.0/0"]))
    [resource] = estate.of_kind("workspace")
    spec = {"count": {"field": "ipAllowlist[*]"}, "equals": 0}
    found = list(node(spec, estate).explain(Place(resource, (), ()), want=True))
    assert [(e.path, e.actual, e.property) for e in found] == [
        ("count of ipAllowlist[*]", 2, "properties.ipAllowlist"),
        ("ipAllowlist[0]", "10.0.0.0/8", "properties.ipAllowlist[0]"),
        ("ipAllowlist[1]", "0.0.0.0/0", "properties.ipAllowlist[1]"),
    ]
