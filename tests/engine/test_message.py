"""Messages: placeholders, and values as they read in a sentence."""

from __future__ import annotations

import pytest

from scanner.engine.compiler import compile_condition
from scanner.engine.context import Context
from scanner.engine.message import Message, shown
from scanner.engine.selection import InventoryResolver
from scanner.inventory.fields import UNREAD, Members
from scanner.inventory.kinds import KINDS
from scanner.inventory.paths import PathError
from tests.engine import estates


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "not set"),
        ("", "not set"),
        (UNREAD, "(not readable)"),
        (True, "true"),
        (3, "3"),
        ([], "none"),
        ({}, "none"),
        (["a", None], "a, not set"),
        (list("abcdefg"), "a, b, c, d, e and 2 more"),
        ({"name": "n", "x": 1}, "n"),
        ({"a": 1, "b": UNREAD}, "a: 1, b: (not readable)"),
        (Members.partial(("a",)), "a and perhaps more"),
        (Members.partial(tuple("abcdefg")), "a, b, c, d, e and at least 2 more"),
        (Members.partial(), "(not readable)"),
        (["a", UNREAD, "b"], "a, (not readable), b"),
    ],
)
def test_shown(value, text):
    assert shown(value) == text


def message(text, unread=(), **parameters):
    records = estates.workspace(), estates.compute("c", vmSize="Big", subnet={"id": ""})
    estate = estates.estate(*records, unread=unread)
    context = Context(InventoryResolver(KINDS["compute"], estate), parameters, estate)
    made = Message(text, context)
    made.check_prose()
    return made.render(estate.of_kind("compute")[0])


def test_placeholders():
    text = "{name} of {workspace.name} has {scaleSettings.minNodeCount} of {parameters.max}. "
    assert message(text, max=2) == "c of ws1 has not set of 2."


@pytest.mark.parametrize(
    ("text", "unread", "expected"),
    [
        ("{name}[ of size {vmSize}] is", (), "c of size Big is"),
        ("{name}[ in {subnetId}] is", (), "c is"),
        ("{name}[ of {vmSize} in {subnetId}] is", (), "c is"),
        (
            "{name} is [in {subnetId}|of {workspace.name}, in no subnet].",
            (),
            "c is of ws1, in no subnet.",
        ),
        ("{name}[ in the group {workspace.resourceGroup}]", ("workspaces",), "c"),
        (
            "{name}[ has {workspace.computes[*].name}|has none].",
            ("workspaces",),
            "c has (not readable).",
        ),
        ("{name} is [{subnetId}|].", (), "c is ."),
        ("[{workspace.computes[*].name}]", (), "c"),
        ("{name}[ by {workspace.computes[*].createdBy.userId}]", (), "c"),
        ("{id} of {workspace.computes[*].workspaceId}", (), "c of ws1"),
    ],
)
def test_clauses(text, unread, expected):
    assert message(text, unread) == expected


@pytest.mark.parametrize(
    ("text", "problem", "hint"),
    [
        ("{nmae} is", "unknown field 'nmae'", "'name'"),
        ("{parameters.mx} is", "unknown parameter 'mx'", "'max'"),
        ("{name is", "a brace that belongs to no placeholder: '{name is'", "{name}"),
        ("name} is", "a brace that belongs to no placeholder", "{name}"),
        ("{} is", "a brace that belongs to no placeholder", "{name}"),
        ("[{name} is", "a bracket that belongs to no placeholder", "[ of size {vmSize}]"),
        ("{name}] is", "a bracket that belongs to no placeholder", "[ of size {vmSize}]"),
        ("[{name}[ is]]", "a bracket that belongs to no placeholder", "[ of size {vmSize}]"),
        ("[is] {name}", "a clause in square brackets without a placeholder", "in it"),
        ("[is {nmae}|not]", "unknown field 'nmae'", "'name'"),
    ],
)
def test_placeholders_that_are_wrong(text, problem, hint):
    with pytest.raises(PathError, match=problem) as caught:
        message(text, max=2)
    assert hint in caught.value.hint


def counted(text, unread=(), condition=None):
    """Return the message of a rule that counts the large machines of a workspace."""
    machines = [estates.compute(f"c{n}", vmSize="Big" if n % 2 else "Small") for n in range(4)]
    estate = estates.estate(estates.workspace(), *machines, unread=unread)
    context = Context(InventoryResolver(KINDS["workspace"], estate), {}, estate)
    where = {"field": "computes[*].vmSize", "equals": "Big"}
    counts = {"count": {"field": "computes[*]", "where": where}, "equals": 0}
    compile_condition(condition or counts, context)
    return Message(text, context).render(estate.of_kind("workspace")[0])


def test_what_a_count_counts_is_named():
    assert counted("{name}: {counted.computes[*].name}") == "ws1: c1, c3"
    every = {"count": {"field": "computes[*]"}, "equals": 0}
    assert counted("{counted.computes[*].name}", condition=every) == "c0, c1, c2, c3"


def test_what_may_be_counted_is_not_named_but_said():
    assert counted("{counted.computes[*].name}", unread=["computes"]) == "(not readable)"


def test_only_what_a_count_goes_over_is_counted():
    with pytest.raises(PathError, match=r"no count goes over what 'datastores\[\*\].name' is in"):
        counted("{counted.datastores[*].name}")
