from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scanner.engine.functions import FUNCTIONS
from scanner.engine.operators import OPERATORS
from scanner.engine.template import TemplateError, compile_expression, is_expression, parse

REFERENCE = Path(__file__).parents[2] / "docs" / "conditions.md"
CASES: list[tuple[str, Any]] = [
    ("concat('a', 1, true)", "a1True"),
    ("concat('a', null())", "a"),
    ("concat(createArray(1), null(), createArray('b'))", [1, "b"]),
    ("length('abc')", 3),
    ("length(createArray(1, 2))", 2),
    ("length(json('{\"a\": 1}'))", 1),
    ("length(null())", 0),
    ("empty(null())", True),
    ("empty('')", True),
    ("empty(createArray())", True),
    ("empty(json('{}'))", True),
    ("empty('x')", False),
    ("contains('OneTwo', 'Two')", True),
    ("contains('OneTwo', 'two')", False),
    ("contains(createArray('a', 1), 1)", True),
    ("contains(createArray('a', 1), '1')", False),
    ("contains(json('{\"One\": 1}'), 'oNE')", True),
    ("contains(null(), 'a')", False),
    ("split('a,b;c', createArray(',', ';'))", ["a", "b", "c"]),
    ("split('a.b', '.')", ["a", "b"]),
    ("split(null(), '/')", [""]),
    ("join(createArray('a', 1), '-')", "a-1"),
    ("replace('a-b-c', '-', '')", "abc"),
    ("replace('aXa', 'x', '')", "aXa"),
    ("toLower('AbC')", "abc"),
    ("toUpper('AbC')", "ABC"),
    ("toLower(null())", ""),
    ("trim('  a b ')", "a b"),
    ("substring('abcdef', 1, 3)", "bcd"),
    ("substring('abcdef', 4)", "ef"),
    ("substring('abc', 3, 0)", ""),
    ("indexOf('test', 'T')", 0),
    ("lastIndexOf('test', 'T')", 3),
    ("indexOf('test', 'x')", -1),
    ("startsWith('AbCdef', 'abc')", True),
    ("endsWith('AbCdef', 'DEF')", True),
    ("startsWith('abc', 'x')", False),
    ("first('abc')", "a"),
    ("first(createArray('x', 'y'))", "x"),
    ("first(createArray())", None),
    ("last(createArray('x', 'y'))", "y"),
    ("last(null())", None),
    ("skip('one two', 4)", "two"),
    ("skip(createArray(1, 2, 3), 9)", []),
    ("skip(createArray(1, 2), -1)", [1, 2]),
    ("take('abc', 2)", "ab"),
    ("take(createArray(1, 2, 3), 0)", []),
    ("union(createArray('a', 'b'), createArray('b', 'B'))", ["a", "b", "B"]),
    ('union(json(\'{"a": {"x": 1}}\'), json(\'{"a": {"y": 2}}\'))', {"a": {"x": 1, "y": 2}}),
    ("intersection(createArray('a', 'b', 'c'), createArray('c', 'b'))", ["b", "c"]),
    ('intersection(json(\'{"a": 1, "b": 2}\'), json(\'{"a": 1, "b": 3}\'))', {"a": 1}),
    ("array('x')", ["x"]),
    ("array(createArray(1))", [1]),
    ("createArray()", []),
    ("range(5, 3)", [5, 6, 7]),
    ("min(createArray(3, 1, 2))", 1),
    ("max(3, 1, 2)", 3),
    ("add(2, -3)", -1),
    ("sub(2, 3)", -1),
    ("mul(2, 3)", 6),
    ("div(8, 3)", 2),
    ("div(-8, 3)", -2),
    ("mod(7, 3)", 1),
    ("mod(-7, 3)", -1),
    ("int('4')", 4),
    ("int(4.9)", 4),
    ("float('3.5')", 3.5),
    ("string(5)", "5"),
    ("string(true)", "True"),
    ("string(null())", ""),
    ("string(createArray('a', json('{\"b\": 1}')))", '["a",{"b":1}]'),
    ("bool('TRUE')", True),
    ("bool(0)", False),
    ("equals('a', 'A')", False),
    ("equals(1, '1')", False),
    ("equals(1, true)", False),
    ("equals(1, 1.0)", True),
    ("equals('', null())", True),
    ("equals(createArray('a'), createArray('a'))", True),
    ("less(1, 2)", True),
    ("less('A', 'a')", False),
    ("greater('A', 'a')", True),
    ("greater('b', 'A')", True),
    ("lessOrEquals(2, 2)", True),
    ("greaterOrEquals('2023-01-01', '2021-10-01')", True),
    ("not(false)", True),
    ("and(true, true, false)", False),
    ("or(false, true)", True),
    ("if(true, 1, 2)", 1),
    ("coalesce(null(), '', 'x')", ""),
    ("coalesce(null(), null())", None),
    ("tryGet(json('{\"a\": [{\"b\": 1}]}'), 'a', 0, 'b')", 1),
    ("tryGet(json('{\"a\": []}'), 'a', 0, 'b')", None),
    ("tryGet('text', 'a')", None),
    ("padLeft(7, 3, '0')", "007"),
    ("padLeft('1234', 3)", "1234"),
    ("format('{0} of {1:N0} {{x}} {2:D4}', 'a', 8175133, -7)", "a of 8,175,133 {x} -0007"),
    ("base64('one, two, three')", "b25lLCB0d28sIHRocmVl"),
    ("base64ToString('b25l')", "one"),
    ("json('[1, null]')", [1, None]),
    ("json('null')", None),
    ("null()", None),
    ("true()", True),
    ("false()", False),
    ("addDays('2024-01-30T00:00:00Z', 5)", "2024-02-04T00:00:00Z"),
    ("addDays('2024-01-01T00:30:00+01:00', 0)", "2023-12-31T23:30:00Z"),
    ("dateTimeAdd('2024-01-15T10:00:00Z', 'P1DT2H30M')", "2024-01-16T12:30:00Z"),
    ("dateTimeAdd('2024-01-31T00:00:00Z', 'P1M')", "2024-02-29T00:00:00Z"),
    ("dateTimeAdd('2024-01-15T12:00:00Z', '-P1D')", "2024-01-14T12:00:00Z"),
    ("ipRangeContains('10.0.0.0/24', '10.0.0.5')", True),
    ("ipRangeContains('10.0.0.0/24', '10.0.0.0/16')", False),
    ("ipRangeContains('10.0.0.5', '10.0.0.5/32')", True),
    ("ipRangeContains('10.0.0.1-10.0.0.9', '10.0.0.9')", True),
    ("ipRangeContains('10.0.0.1-10.0.0.9', '10.0.0.8/31')", True),
    ("ipRangeContains('10.0.0.1-10.0.0.9', '10.0.0.8/30')", False),
    ("ipRangeContains('2001:db8::/32', '2001:DB8::1')", True),
    ("durationSeconds('PT2H30M')", 9000),
    ("durationSeconds('P1DT0.5S')", 86400.5),
    ("cidrPrefix('10.0.0.0/24')", 24),
    ("cidrPrefix('10.0.0.1')", 32),
    ("distinct(createArray('a', 1, 'a', '1', 1))", ["a", 1, "1"]),
    ("armPart(null(), 'name')", ""),
]
FAILING = {
    "add('1', 2)": "expected a number, not a string",
    "add(true, 2)": "expected a number, not a boolean",
    "mul(9000000000000000000, 9)": "does not fit into 64 bits",
    "div(1, 0)": "zero",
    "div(1.5, 1)": "whole number",
    "int('x')": "invalid literal",
    "int(true)": "expected a number, not a boolean",
    "float('inf')": "does not fit",
    "bool('yes')": "neither true nor false",
    "min(createArray())": "empty",
    "range(0, 10001)": "0 to 10000",
    "substring('abc', 1, 5)": "no such part",
    "substring('abc', 0, -1)": "no such part",
    "concat('a', createArray())": "expected an array, not a string",
    "concat('a', json('{}'))": "not an object",
    "toLower(5)": "expected a text, not a number",
    "less('a', 1)": "expected a text, not a number",
    "replace('a', '', 'x')": "empty",
    "format('{1}', 'a')": "no value for '{1}'",
    "format('{0:X}', 1)": "no value for '{'",
    "base64ToString('%')": "base64",
    "json('{')": "not JSON",
    "not('x')": "expected true or false",
    "padLeft('a', 3, 'xy')": "one character",
    "addDays('yesterday', 1)": "ISO 8601 date",
    "addDays('2024-01-01', 9000000)": "date value out of range",
    "dateTimeAdd('2024-01-01', 5)": "ISO 8601 duration",
    "ipRangeContains('10.0.0.0/8', '::1')": "different IP versions",
    "ipRangeContains('10.0.0.0/8', null())": "empty value",
    "ipRangeContains('10.0.0.9-10.0.0.1', '10.0.0.1')": "not a range",
    "durationSeconds('P1Y')": "depends on the calendar",
    "durationSeconds('P1M')": "depends on the calendar",
    "durationSeconds('soon')": "soon",
    "durationSeconds(null())": "expected an ISO 8601 duration, not null",
    "cidrPrefix('*')": "does not appear to be",
    "cidrPrefix('10.0.0.1-10.0.0.9')": "does not appear to be",
    "armPart('not an id', 'name')": "no resource id",
    "armPart('/subscriptions/s', 'location')": "a part is",
}


def compiled(text, **values):
    context = {
        name: lambda _nodes, value=value: lambda _resource, _frame: value
        for name, value in values.items()
    }
    return compile_expression(parse(f"[{text}]"), FUNCTIONS, context)


@pytest.mark.parametrize(("text", "value"), CASES)
def test_function(text, value):
    found = compiled(text)(None, ())
    assert found == value
    assert isinstance(found, bool) == isinstance(value, bool)


@pytest.mark.parametrize(("text", "problem"), FAILING.items())
def test_function_fails_on_values_it_cannot_work_on(text, problem):
    with pytest.raises(TemplateError, match=problem.replace("{", r"\{")):
        compiled(text)(None, ())


def test_every_function_has_a_case():
    assert {text.partition("(")[0].lower() for text, _ in CASES} == set(FUNCTIONS)


def conditions_in(value):
    if isinstance(value, dict):
        yield from value.items()
        for member in value.values():
            yield from conditions_in(member)
    elif isinstance(value, list):
        for member in value:
            yield from conditions_in(member)


def examples():
    """Yield the YAML examples of the reference; a block of alternatives has one per line."""
    for block in re.findall(r"```yaml\n(.*?)```", REFERENCE.read_text("utf-8"), re.DOTALL):
        alternatives = [line for line in block.splitlines() if line.startswith("{")]
        yield from alternatives or [block]


@pytest.mark.parametrize("example", list(examples()), ids=range(len(list(examples()))))
def test_the_examples_of_the_reference_compile(example):
    names = ("field", "current", "parameters", "resourceGroup")
    context = {name: lambda _nodes: lambda _resource, _frame: None for name in names}
    found = list(conditions_in(yaml.safe_load(example)))
    assert found
    for key, value in found:
        if is_expression(value):
            compile_expression(parse(value), FUNCTIONS, context)
        elif key in OPERATORS:
            OPERATORS[key].compile(value)


ID = "/subscriptions/S1/resourceGroups/G1/providers/Microsoft.Network/virtualNetworks/v/subnets/sn1"


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("subscription", "S1"),
        ("resourceGroup", "G1"),
        ("type", "Microsoft.Network/virtualNetworks/subnets"),
        ("NAME", "sn1"),
    ],
)
def test_arm_part(part, value):
    assert compiled(f"armPart('{ID}', '{part}')")(None, ()) == value


def test_deeply_nested_json_is_an_error_and_not_a_crash():
    with pytest.raises(TemplateError):
        compiled("json(x())", x="[" * 100_000)(None, ())


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(["P1D", "P9999999Y", "2024-01-01", "9999-12-31T23:59:59Z", "::1", "{0:N2}"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


@given(st.sampled_from(sorted(FUNCTIONS)), st.lists(JSON, min_size=4, max_size=4))
def test_a_function_raises_nothing_but_template_error(name, values):
    least, most = FUNCTIONS[name].least, FUNCTIONS[name].most
    for number in range(least, min(4 if most is None else most, 4) + 1):
        names = ["w", "x", "y", "z"][:number]
        evaluate = compiled(
            f"{name}({', '.join(f'{one}()' for one in names)})",
            **dict(zip(names, values, strict=False)),
        )
        with contextlib.suppress(TemplateError):
            evaluate(None, ())


def test_the_reference_names_every_function():
    text = REFERENCE.read_text("utf-8")
    assert [one.name for one in FUNCTIONS.values() if f"`{one.name}(" not in text] == []
    own = text.partition("Own additions")[2]
    assert all(f"`{one.name}(" in own for one in FUNCTIONS.values() if one.origin == "own")
