from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.schemas.problems import Problem, first_problem, nearest


def text(data, schema) -> str:
    problem = first_problem(data, schema)
    assert problem is not None
    return problem.text


def test_nothing_wrong():
    assert first_problem({"a": 1}, {"type": "object"}) is None


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("publicNetworkAcess", "Did you mean 'publicNetworkAccess'?"),
        ("PUBLICNETWORKACCESS", "Did you mean 'publicNetworkAccess'?"),
        ("zzz", ""),
        ("", ""),
    ],
)
def test_nearest(name, hint):
    assert nearest(name, ["publicNetworkAccess", "privateEndpoints"]) == hint


@given(st.permutations(["ab1", "ab2", "AB3", "ab4"]))
def test_nearest_does_not_depend_on_order(names):
    assert nearest("ab", names) == nearest("ab", sorted(names))


def test_a_misspelt_key_goes_before_the_key_it_leaves_missing():
    schema = {
        "required": ["severity"],
        "properties": {"severity": {}},
        "additionalProperties": False,
    }
    problem = first_problem({"severty": 1}, schema)
    assert problem == Problem(("severty",), "unknown key 'severty'", "Did you mean 'severity'?")


def test_keys_that_a_pattern_allows_are_known():
    schema = {
        "patternProperties": {"^x-": {}},
        "properties": {"a": {}},
        "additionalProperties": False,
    }
    assert text({"x-1": 1, "b": 2}, schema) == "unknown key 'b'"


@pytest.mark.parametrize(
    ("data", "schema", "shown"),
    [
        ("x", {"type": ["integer", "null"]}, "must be a whole number or empty, not 'x'"),
        (True, {"type": "string"}, "must be text, not true"),
        (None, {"type": "array"}, "must be a list, not empty"),
        ([], {"type": "boolean"}, "must be true or false, not a list"),
        (3, {"enum": [1, 2]}, "3 is none of the allowed values"),
        ("x" * 100, {"pattern": "y"}, f"'{'x' * 59}…' is not of the required form"),
        (3, {"minimum": 5}, "3 is less than the minimum of 5"),
        ({}, {"minProperties": 1}, "must not be empty"),
        (1.5, {"anyOf": [{"type": "string"}, {"type": "array"}]}, "must be text or a list, not 1.5"),
        ({}, {"oneOf": [{"required": ["b"]}, {"required": ["a"]}]}, "needs one of the keys a, b"),
        ({}, {"anyOf": [{"required": ["a"]}]}, "needs the key a"),
        ([1], {"anyOf": [{"items": {"type": "string"}}]}, "must be text, not 1"),
        ({"a": 1, "b": 1}, {"oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
         "{'a': 1, 'b': 1} is valid under each of {'required': ['b']}, {'required': ['a']}"),
    ],
)  # fmt: skip
def test_texts(data, schema, shown):
    assert text(data, schema) == shown


def test_description_of_the_schema_is_the_hint():
    schema = {"pattern": "^[0-9]+$", "description": "Digits only."}
    assert first_problem("x", schema) == Problem(
        (), "'x' is not of the required form", "Digits only."
    )
