"""Messages: placeholders, and values as they read in a sentence."""

from __future__ import annotations

import pytest

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
        (Members.partial(("a",)), "a, (not readable)"),
    ],
)
def test_shown(value, text):
    assert shown(value) == text


def message(text, **parameters):
    estate = estates.estate(estates.workspace(), estates.compute("c"))
    context = Context(InventoryResolver(KINDS["compute"], estate), parameters, estate)
    made = Message(text, context)
    made.check_prose()
    return made.render(estate.of_kind("compute")[0])


def test_placeholders():
    text = "{name} of {workspace.name} has {scaleSettings.minNodeCount} of {parameters.max}. "
    assert message(text, max=2) == "c of ws1 has not set of 2."


@pytest.mark.parametrize(
    ("text", "problem", "hint"),
    [
        ("{nmae} is", "unknown field 'nmae'", "'name'"),
        ("{parameters.mx} is", "unknown parameter 'mx'", "'max'"),
        ("{name is", "a brace that belongs to no placeholder: '{name is'", "{name}"),
        ("name} is", "a brace that belongs to no placeholder", "{name}"),
        ("{} is", "a brace that belongs to no placeholder", "{name}"),
    ],
)
def test_placeholders_that_are_wrong(text, problem, hint):
    with pytest.raises(PathError, match=problem) as caught:
        message(text, max=2)
    assert hint in caught.value.hint
