from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.engine.operators import OPERATORS, describe
from scanner.inventory.fields import UNREAD, Members

ABSENT = None
TEXT, NUMBER, BOOLEAN = "Enabled", 7, True
ARRAY, OBJECT = ["Enabled", 7], {"Enabled": "x"}

# Operator, right-hand side, and the answers for absent, TEXT, NUMBER, BOOLEAN, ARRAY, OBJECT.
MATRIX: list[tuple[str, Any, tuple[bool | None, ...]]] = [
    ("equals", "enabled", (False, True, False, False, False, False)),
    ("equals", "7", (False, False, True, False, False, False)),
    ("equals", 7, (False, False, True, False, False, False)),
    ("equals", 1, (False, False, False, False, False, False)),
    ("equals", "True", (False, False, False, True, False, False)),
    ("equals", True, (False, False, False, True, False, False)),
    ("equals", "", (True, False, False, False, False, False)),
    ("equals", ["enabled", 7], (False, False, False, False, True, False)),
    ("equals", {"enabled": "X"}, (False, False, False, False, False, True)),
    ("notEquals", "enabled", (True, False, True, True, True, True)),
    ("notEquals", "", (False, True, True, True, True, True)),
    ("like", "ENA*", (False, True, False, False, False, False)),
    ("like", "*", (False, True, True, True, False, False)),
    ("notLike", "ena*", (True, False, True, True, True, True)),
    ("match", "?nable.", (False, True, False, False, False, False)),
    ("match", "enabled", (False, False, False, False, False, False)),
    ("match", "#", (False, False, True, False, False, False)),
    ("notMatch", "?nable.", (True, False, True, True, True, True)),
    ("matchInsensitively", "eNABLE?", (False, True, False, False, False, False)),
    ("notMatchInsensitively", "eNABLE?", (True, False, True, True, True, True)),
    ("contains", "ABLE", (False, True, False, False, False, False)),
    ("contains", "enabled", (False, True, False, False, True, False)),
    ("contains", 7, (False, False, True, False, True, False)),
    ("notContains", "enabled", (True, False, True, True, False, True)),
    ("in", ["x", "ENABLED"], (False, True, False, False, False, False)),
    ("in", ["7", True], (False, False, True, True, False, False)),
    ("in", [], (False, False, False, False, False, False)),
    ("in", ["", "x"], (True, False, False, False, False, False)),
    ("notIn", ["x", "ENABLED"], (True, False, True, True, True, True)),
    ("containsKey", "ENABLED", (False, False, False, False, False, True)),
    ("notContainsKey", "enabled", (True, True, True, True, True, False)),
    ("less", 10, (False, None, True, None, None, None)),
    ("less", "z", (False, True, None, None, None, None)),
    ("less", "10", (False, False, True, None, None, None)),
    ("lessOrEquals", 7, (False, None, True, None, None, None)),
    ("greater", 7, (False, None, False, None, None, None)),
    ("greaterOrEquals", 7, (False, None, True, None, None, None)),
    ("exists", True, (False, True, True, True, True, True)),
    ("exists", "false", (True, False, False, False, False, False)),
]


@pytest.mark.parametrize(("name", "expected", "answers"), MATRIX, ids=repr)
def test_every_operator_on_every_type(name, expected, answers):
    predicate = OPERATORS[name].compile(expected)
    actuals = (ABSENT, TEXT, NUMBER, BOOLEAN, ARRAY, OBJECT)
    assert tuple(predicate(actual) for actual in actuals) == answers


def test_the_matrix_covers_every_operator():
    assert {name for name, _, _ in MATRIX} == set(OPERATORS)


@pytest.mark.parametrize(
    ("name", "expected", "actual", "answer"),
    [
        ("equals", 10, "10", True),
        ("equals", 10, "10.0", True),
        ("equals", "10", "10.0", False),
        ("equals", "10", 10.0, True),
        ("equals", 10, "ten", False),
        ("equals", False, "FALSE", True),
        ("equals", True, "yes", False),
        ("equals", True, 1, False),
        ("equals", 1, True, False),
        ("equals", "MÜNCHEN", "münchen", True),
        ("equals", None, None, True),
        ("equals", None, "x", False),
        ("in", [80, 443], "443", True),
        ("in", ["a", "b"], ["a"], False),
        ("in", (None,), None, True),
        ("contains", "CAFÉ", "my-café-app", True),
        ("contains", "2", 121, True),
        ("like", "a*c*e", "ABCDE", True),
        ("like", "a*c*e", "abde", False),
        ("like", "a*a", "a", False),
        ("like", "*/*/*", "a/b/c/d", True),
        ("like", "no-star", "NO-STAR", True),
        ("like", "a.c", "abc", False),
        ("like", "a?c", "abc", False),
        ("like", "two*lines", "two\nlines", True),
        ("match", "contoso-???-##", "contoso-abc-01", True),
        ("match", "contoso-???-##", "contoso-abc-01x", False),
        ("match", "??", "a1", False),
        ("match", "a*c", "abc", False),
        ("match", "....", "a-1_", True),
        ("match", "(x)", "(x)", True),
        ("less", 100, "80", True),
        ("greater", 1024, "8080", True),
        ("greater", 0.5, 0.75, True),
        ("less", 100, "", None),
        ("less", "2024-06-01", "2024-05-31T23:59:59Z", True),
        ("less", "2024-06-01T02:00:00+02:00", "2024-05-31T23:59:59Z", True),
        ("greater", "2024-06-01T02:00:00+02:00", "2024-06-01T00:00:00.0000001Z", False),
        ("greater", "2024-06-01T02:00:00+02:00", "2024-06-01T00:00:00.1234567Z", True),
        ("greaterOrEquals", "2021-10-01", "2021-10-01-preview", True),
        ("less", "2024-02-31", "2024-02-01", True),
        ("greaterOrEquals", "030", "007", False),
        ("greaterOrEquals", "B", "a", False),
        ("lessOrEquals", "B", "a", True),
    ],
    ids=repr,
)
def test_answer(name, expected, actual, answer):
    assert OPERATORS[name].compile(expected)(actual) is answer


@pytest.mark.parametrize(
    ("name", "expected", "problem"),
    [
        ("in", "x", "in: expected a list of values, not a string"),
        ("notIn", None, "notIn: expected a list of values, not null"),
        ("match", 5, "match: expected a text, not a number"),
        ("like", ["x"], "like: expected a text, not an array"),
        ("contains", "a*", "contains: takes no wildcard"),
        ("contains", None, "contains: expected a text, a number or a boolean, not null"),
        ("containsKey", 1, "containsKey: expected a text"),
        ("exists", "maybe", "exists: expected true or false"),
        ("exists", 1, "exists: expected true or false"),
        ("less", True, "less: expected a number, a date or a text, not a boolean"),
        ("greater", None, "greater: expected a number, a date or a text, not null"),
        ("greater", {}, "greater: expected a number, a date or a text, not an object"),
    ],
)
def test_a_right_hand_side_that_does_not_fit_is_refused(name, expected, problem):
    with pytest.raises(ValueError, match=problem.replace("*", r"\*")):
        OPERATORS[name].compile(expected)


PART = Members.partial(("a", "b"))


@pytest.mark.parametrize(
    ("name", "expected", "actual", "answer"),
    [
        ("contains", "a", PART, True),
        ("contains", "c", PART, None),
        ("notContains", "c", PART, None),
        ("notContains", "a", PART, False),
        ("contains", "c", ["a", UNREAD], None),
        ("contains", "a", [UNREAD, "a"], True),
        ("equals", ["a", "b"], PART, None),
        ("notEquals", ["a", "b"], ["a", UNREAD], None),
        ("equals", {"k": "v"}, {"k": UNREAD}, None),
        ("in", [["a", "b"]], PART, None),
        ("notIn", [["a"], "x"], PART, None),
        ("equals", ["a", "b"], Members(("a", "B")), True),
        ("exists", True, PART, True),
    ],
)
def test_a_collection_read_in_part_only_answers_what_it_shows(name, expected, actual, answer):
    assert OPERATORS[name].compile(expected)(actual) is answer


class Sku(msgspec.Struct, rename="camel"):
    tier_name: Any = None
    family: Any = None


@pytest.mark.parametrize(
    ("key", "answer"), [("TIERNAME", True), ("family", None), ("size", False), ("tier_name", False)]
)
def test_contains_key_reads_the_properties_of_a_structure(key, answer):
    sku = Sku(tier_name="Basic", family=UNREAD)
    assert OPERATORS["containsKey"].compile(key)(sku) is answer


def test_many_wildcards_do_not_take_exponential_time():
    assert OPERATORS["like"].compile("*a" * 30 + "*b")("a" * 5000) is False


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)
NEGATIONS = [
    (positive, negative)
    for positive in OPERATORS
    for negative in [f"not{positive[0].upper()}{positive[1:]}"]
    if negative in OPERATORS
]


@given(st.sampled_from(sorted(OPERATORS)), JSON, JSON)
def test_no_operator_raises_on_any_json(name, expected, actual):
    try:
        predicate = OPERATORS[name].compile(expected)
    except ValueError:
        return
    assert predicate(actual) in {True, False, None}


@given(st.sampled_from(NEGATIONS), JSON, JSON)
def test_a_negation_is_the_opposite_unless_there_is_no_answer(pair, expected, actual):
    try:
        positive, negative = (OPERATORS[name].compile(expected) for name in pair)
    except ValueError:
        return
    answer = positive(actual)
    assert negative(actual) is (None if answer is None else not answer)


@given(JSON.filter(lambda value: value == value))  # noqa: PLR0124  (not a number in itself)
def test_every_value_equals_itself(value):
    if "nan" not in repr(value):
        assert OPERATORS["equals"].compile(value)(value) is True


def test_there_is_a_negation_for_all_but_orderings_and_exists():
    assert len(NEGATIONS) == 7


@pytest.mark.parametrize(
    ("name", "expected", "words"),
    [
        ("equals", "Disabled", "equals Disabled"),
        ("equals", True, "equals true"),
        ("notEquals", "", "does not equal nothing"),
        ("in", ["A", "B", "C"], "is one of A, B, C"),
        ("in", list("ABCDEFGHIJKLMNO"), "is one of A, B, C (+12 more)"),
        ("notIn", [], "is none of (an empty list)"),
        ("exists", "True", "exists"),
        ("exists", False, "does not exist"),
        ("lessOrEquals", 0, "is at most 0"),
        ("greater", 1.0, "is greater than 1"),
        ("equals", ["a", {"b": 1}], 'equals ["a",{"b":1}]'),
        ("contains", "x" * 200, f"contains {'x' * 119}…"),
    ],
)
def test_describe(name, expected, words):
    assert describe(name, expected) == words


def test_the_reference_has_a_row_for_every_operator():
    text = (Path(__file__).parents[2] / "docs" / "conditions.md").read_text("utf-8")
    assert [name for name in OPERATORS if f"| `{name}` |" not in text] == []
