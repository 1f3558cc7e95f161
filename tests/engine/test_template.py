from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scanner.engine.expression import Call, Index, LiteralValue, Property
from scanner.engine.functions import FUNCTIONS
from scanner.engine.template import (
    Constant,
    TemplateError,
    compile_expression,
    is_expression,
    parse,
    unescape,
)
from scanner.inventory.fields import UNREAD, Members

POLICIES = Path(__file__).parents[3] / "shared" / "reference" / "azure-policy"


def field(nodes):
    [node] = nodes
    return lambda resource, _frame: resource.get(node.value)


def current(nodes):
    assert not nodes
    return lambda _resource, frame: frame[-1]


PARAMETERS = {"limit": 3, "names": ["a", "b"], "unread": UNREAD}
CONTEXT = {
    "field": field,
    "current": current,
    "parameters": lambda nodes: Constant(PARAMETERS[nodes[0].value]),
}


def compiled(text):
    return compile_expression(parse(text), FUNCTIONS, CONTEXT)


def evaluate(text, resource: Any = None, frame: tuple[Any, ...] = ()):
    return compiled(text)(resource or {}, frame)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("[a()]", True),
        ("[[a]", False),
        ("[a", False),
        ("a]", False),
        ("", False),
        ("[Preview]: a title", False),
        (5, False),
        (None, False),
    ],
)
def test_what_is_an_expression(text, answer):
    assert is_expression(text) is answer


@pytest.mark.parametrize(
    ("text", "meaning"), [("[[a]", "[a]"), ("[[a", "[[a"), ("[a] b", "[a] b"), ("a", "a")]
)
def test_unescape(text, meaning):
    assert unescape(text) == meaning


def test_parse_nests_calls_and_accessors():
    text = "[ concat('it''s', field('a').b[0]['x'],\n -1.5, TRUE, null()) ]"
    inner = Call("field", (LiteralValue("a"),), text.index("field"))
    chain = Index(Index(Property(inner, "b"), LiteralValue(0)), LiteralValue("x"))
    values = (LiteralValue("it's"), chain, LiteralValue(-1.5), LiteralValue(value=True))
    null = Call("null", (), text.index("null"))
    assert parse(text) == Call("concat", (*values, null), text.index("concat"))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[", "character 2: expected a function, a text in single quotes or a number"),
        ("[]", "character 2: .* found ']'"),
        ("[a]", "character 3: expected '\\(', found '\\]'"),
        ("[a(1,)]", "character 6: expected a function"),
        ("[a(1 2)]", "character 6: expected ',' or '\\)', found '2'"),
        ("[a('x)]", "character 4: unclosed text"),
        ("[a()] b", "character 7: expected the end of the expression, found 'b'"),
        ("[a().1]", "character 6: expected a property name"),
        ("[a()[0]", "character 8: expected '\\]', found the end"),
        ("[a(§)]", "character 4: unexpected character '§'"),
        ("[12345678901234567890]", "too long"),
        ("[" + "a(" * 65 + ")" * 65 + "]", "nested more than 64 deep"),
        ("[a(" + ",".join("1" * 129) + ")]", "at most 128 arguments"),
        ("[" + " " * 81_920 + "a()]", "at most 81920 characters"),
    ],
)
def test_a_syntax_error_says_where_and_what(text, problem):
    with pytest.raises(ValueError, match=problem):
        parse(text)


@given(st.text(st.sampled_from("[]()'.,ab01-_ \n$é\x00") | st.characters()).map("[{}]".format))
@example("[" * 100_000)
@example("[a" + "[0]" * 20_000 + "]")
@example("[a(" + "9" * 5_000 + ")]")
def test_parse_raises_nothing_but_value_error(text):
    with contextlib.suppress(ValueError):
        parse(text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[lenght('a')]", "character 2: unknown function 'lenght'. Did you mean 'length'"),
        ("[not(feild('a'))]", "character 6: unknown function 'feild'. Did you mean 'field'"),
        ("[uniqueString('a')]", "unknown function 'uniqueString'"),
        ("[guid('a')]", "unknown function 'guid'"),
        ("[length()]", r"length\(\) takes 1 argument, not 0"),
        ("[substring('a')]", r"substring\(\) takes 2 to 3 arguments, not 1"),
        ("[concat()]", r"concat\(\) takes at least 1 argument, not 0"),
        ("[if(true, 1, length('a', 'b'))]", r"length\(\) takes 1 argument, not 2"),
    ],
)
def test_an_unknown_function_or_a_wrong_count_is_refused_before_the_scan(text, problem):
    with pytest.raises(ValueError, match=problem):
        compiled(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[parameters('limit')]", 3),
        ("[ADD(Parameters('limit'), 1)]", 4),
        ("[parameters('names')[1]]", "b"),
        ("[parameters('names')[add(0, 1)]]", "b"),
        ("['x']", "x"),
        ("[json('{\"A\": {\"b\": [1]}}').a['B'][0]]", 1),
        ("[json('{\"a\": 1}').missing]", None),
        ("[null().anything]", None),
        ("[parameters('unread')]", UNREAD),
    ],
)
def test_what_does_not_depend_on_the_resource_is_a_constant(text, value):
    found = compiled(text)
    assert isinstance(found, Constant)
    assert found.value is value if value is UNREAD else found.value == value


def test_a_context_function_wins_and_sees_resource_and_frame():
    resource = {"a": "x"}
    assert evaluate("[concat(field('a'), current())]", resource, ("outer", "-y")) == "x-y"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[substring('abc', 2, 5)]", r"substring\(\): there is no such part in a text of 3"),
        ("[int('x')]", r"int\(\): invalid literal"),
        ("[div(1, 0)]", r"div\(\): "),
        ("[createArray(1)[1]]", "index 1 is outside an array of 1"),
        ("[createArray(1)[-1]]", "index -1 is outside an array of 1"),
        ("[createArray(1)[true]]", "an index is a whole number or a text, not a boolean"),
        ("['abc'[0]]", r"a string has no member \[0\]"),
        ("['abc'.name]", "expected an object with property 'name', not a string"),
        ("[and(true, 'yes')]", r"and\(\): expected true or false, not a string"),
        ("[padLeft('x', 200000)]", "at most 131072"),
        ("[concat(padLeft('x', 131072), 'y')]", "more than 131072"),
    ],
)
def test_what_fails_on_its_values_raises_template_error_when_evaluated(text, problem):
    found = compiled(text)
    with pytest.raises(TemplateError, match=problem):
        found({}, ())


SEEN = {"yes": True, "no": False, "text": "abc", "hidden": UNREAD}
PART = {"part": Members.partial(("a", "b")), "none": Members.partial(), "mixed": ["a", UNREAD]}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[field('hidden')]", UNREAD),
        ("[toUpper(field('hidden'))]", UNREAD),
        ("[field('hidden').name]", UNREAD),
        ("[field('hidden')[0]]", UNREAD),
        ("[createArray(1)[field('hidden')]]", UNREAD),
        ("[not(field('hidden'))]", UNREAD),
        ("[and(field('hidden'), field('no'))]", False),
        ("[and(field('no'), int('x'))]", False),
        ("[and(field('hidden'), field('yes'))]", UNREAD),
        ("[or(field('hidden'), field('yes'))]", True),
        ("[or(field('hidden'), field('no'))]", UNREAD),
        ("[or(field('no'), field('no'))]", False),
        ("[if(field('yes'), 1, field('hidden'))]", 1),
        ("[if(field('no'), int('x'), 2)]", 2),
        ("[if(field('hidden'), 1, 2)]", UNREAD),
        ("[if(field('hidden'), 1, 1)]", 1),
        ("[if(field('hidden'), int('x'), 1)]", UNREAD),
        ("[coalesce(field('absent'), field('text'), field('hidden'))]", "abc"),
        ("[coalesce(field('absent'), field('hidden'), 'x')]", UNREAD),
        ("[length(field('part'))]", UNREAD),
        ("[length(field('mixed'))]", 2),
        ("[empty(field('part'))]", False),
        ("[empty(field('none'))]", UNREAD),
        ("[contains(field('part'), 'a')]", True),
        ("[contains(field('part'), 'c')]", UNREAD),
        ("[contains(field('mixed'), 'a')]", True),
        ("[contains(field('mixed'), 'c')]", UNREAD),
        ("[first(field('part'))]", UNREAD),
        ("[field('part')[0]]", UNREAD),
        ("[join(field('mixed'), ',')]", UNREAD),
    ],
)
def test_unread_spreads_except_where_the_rest_decides(text, value):
    found = evaluate(text, SEEN | PART)
    assert found is value if value is UNREAD else found == value


LOGIC = st.recursive(
    st.sampled_from(["true", "false", "field('p')", "field('q')"]),
    lambda inner: (
        st.builds("and({}, {})".format, inner, inner)
        | st.builds("or({}, {})".format, inner, inner)
        | st.builds("not({})".format, inner)
        | st.builds("if({}, {}, {})".format, inner, inner, inner)
    ),
    max_leaves=8,
)


@given(LOGIC, st.booleans())
def test_an_answer_in_spite_of_unread_is_the_answer_for_every_value(text, q):
    found = evaluate(f"[{text}]", {"p": UNREAD, "q": q})
    if found is not UNREAD:
        assert {evaluate(f"[{text}]", {"p": p, "q": q}) for p in (True, False)} == {found}


class Identity(msgspec.Struct, rename="camel"):
    principal_id: Any = None
    tenant_id: Any = None


def test_properties_of_structures_are_read_by_azures_names():
    resource = {"identity": Identity(principal_id="p", tenant_id=UNREAD)}
    assert evaluate("[field('identity').principalId]", resource) == "p"
    assert evaluate("[field('identity')['PRINCIPALID']]", resource) == "p"
    assert evaluate("[field('identity').tenantId]", resource) is UNREAD
    assert evaluate("[field('identity').other]", resource) is None


def test_a_constant_that_fails_in_a_branch_not_taken_does_no_harm():
    assert evaluate("[if(equals(parameters('limit'), 3), 'ok', int('x'))]") == "ok"


def expressions(value):
    if is_expression(value):
        yield value
    elif isinstance(value, dict):
        for member in value.values():
            yield from expressions(member)
    elif isinstance(value, list):
        for member in value:
            yield from expressions(member)


@pytest.mark.skipif(not POLICIES.is_dir(), reason="Azure's own definitions are not here")
def test_the_expressions_of_azures_definitions_parse():
    definitions = [
        json.loads(path.read_text("utf-8-sig")) for path in sorted(POLICIES.rglob("*.json"))
    ]
    found = {text for definition in definitions for text in expressions(definition)}
    assert len(found) > 30
    for text in found:
        parse(text)
