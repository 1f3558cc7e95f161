"""Conditions: Azure Policy's language, compiled once into three-valued closures.

`test` answers True, False or None (not known: evidence was not readable) and is all that
deciding costs. `explain` walks the same tree again, only for findings, and yields the values
that made the answer differ from the wanted one.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

from scanner.engine.operators import OPERATORS, describe
from scanner.engine.result import Evidence
from scanner.engine.selection import Frame, Place, Selection
from scanner.engine.template import TemplateError
from scanner.engine.values import is_known
from scanner.inventory.fields import UNREAD
from scanner.inventory.plain import plain

if TYPE_CHECKING:
    from scanner.engine.context import Value

Test = Callable[[Any, Frame], "bool | None"]
Predicate = Callable[[Any], "bool | None"]

_OPPOSITE = {
    "equals": "notEquals",
    "like": "notLike",
    "match": "notMatch",
    "matchInsensitively": "notMatchInsensitively",
    "contains": "notContains",
    "in": "notIn",
    "containsKey": "notContainsKey",
    "less": "greaterOrEquals",
    "greater": "lessOrEquals",
}
OPPOSITE = _OPPOSITE | {negated: name for name, negated in _OPPOSITE.items()}


class Node(Protocol):
    """One compiled condition."""

    test: Test

    def explain(self, place: Place, *, want: bool) -> Iterator[Evidence]:
        """Yield the values for which the condition is not what was wanted."""
        ...


class AllOf:
    """True when every condition is, false as soon as one is false, else not known."""

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes
        tests = [node.test for node in nodes]

        def test(resource: Any, frame: Frame) -> bool | None:
            answer: bool | None = True
            for each in tests:
                result = each(resource, frame)
                if result is False:
                    return False
                if result is None:
                    answer = None
            return answer

        self.test: Test = test

    def explain(self, place: Place, *, want: bool) -> Iterator[Evidence]:
        """Explain the conditions that keep all of them from being the wanted answer."""
        yield from _explain(self.nodes, place, want=want)


class AnyOf:
    """False when every condition is, true as soon as one is true, else not known."""

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes
        tests = [node.test for node in nodes]

        def test(resource: Any, frame: Frame) -> bool | None:
            answer: bool | None = False
            for each in tests:
                result = each(resource, frame)
                if result is True:
                    return True
                if result is None:
                    answer = None
            return answer

        self.test: Test = test

    def explain(self, place: Place, *, want: bool) -> Iterator[Evidence]:
        """Explain the conditions that keep any of them from being the wanted answer."""
        yield from _explain(self.nodes, place, want=want)


def _explain(nodes: list[Node], place: Place, *, want: bool) -> Iterator[Evidence]:
    for node in nodes:
        if node.test(place.resource, place.frame) is not want:
            yield from node.explain(place, want=want)


class Not:
    """The opposite of a condition; not known stays not known."""

    def __init__(self, node: Node) -> None:
        self.node = node
        inner = node.test

        def test(resource: Any, frame: Frame) -> bool | None:
            result = inner(resource, frame)
            return None if result is None else not result

        self.test: Test = test

    def explain(self, place: Place, *, want: bool) -> Iterator[Evidence]:
        """Explain why the condition inside is what it should not be."""
        yield from self.node.explain(place, want=not want)


@functools.lru_cache(maxsize=4096, typed=True)
def _compiled(operator: str, expected: Any) -> Predicate:
    """Return a comparison with a value that is only known per resource; most values recur."""
    return OPERATORS[operator].compile(expected)


class Operand:
    """The right-hand side of a condition: an operator with what it compares to."""

    def __init__(self, operator: str, expected: Value) -> None:
        self.operator = operator
        self.expected = expected
        self._known_words: dict[bool, str] = {}
        self.constant: Predicate | None = None
        if expected.is_constant:
            self.constant = OPERATORS[operator].compile(expected.constant)

    def target(self, resource: Any, frame: Frame) -> Any:
        """Return what is compared to, UNREAD where it is not wholly known."""
        if self.constant is not None:
            return self.expected.constant
        try:
            expected = self.expected.get(resource, frame)
        except TemplateError:
            return UNREAD
        return expected if is_known(expected) else UNREAD

    def predicate(self, resource: Any, frame: Frame) -> Predicate | None:
        """Return the comparison for a resource, `None` where its right-hand side is not known."""
        if self.constant is not None:
            return self.constant
        expected = self.target(resource, frame)
        if expected is UNREAD:
            return None
        try:
            if isinstance(expected, list | tuple | dict):
                return OPERATORS[self.operator].compile(expected)
            # To an operator that needs a text, a value that Azure does not have is an empty one.
            return _compiled(self.operator, "" if expected is None else expected)
        except ValueError:
            return None

    def words(self, place: Place, *, want: bool) -> str:
        """Return in words what was required of the value."""
        if self.constant is None:
            return self._words(self.target(place.resource, place.frame), want=want)
        if want not in self._known_words:
            self._known_words[want] = self._words(self.expected.constant, want=want)
        return self._known_words[want]

    def _words(self, expected: Any, *, want: bool) -> str:
        if expected is UNREAD:
            return f"{self.operator} a value that was not readable"
        if want:
            return describe(self.operator, expected)
        if self.operator == "exists":
            return describe("exists", str(expected).lower() != "true")
        return describe(OPPOSITE[self.operator], expected)


class FieldTest:
    """A comparison of a field: of one value, or of every member that `[*]` selects."""

    def __init__(self, selection: Selection, operand: Operand) -> None:
        self.selection = selection
        self.operand = operand
        self.test = (
            _all_members(selection, operand) if selection.many else _single(selection.get, operand)
        )

    def explain(self, place: Place, *, want: bool) -> Iterator[Evidence]:
        """Yield each value that is not as wanted, or was not readable."""
        predicate = self.operand.predicate(place.resource, place.frame)
        words = self.operand.words(place, want=want)
        for leaf in self.selection.leaves(place):
            readable = leaf.value is not UNREAD
            if readable and predicate is not None and predicate(leaf.value) is want:
                continue
            yield evidence(leaf, words, place)


def evidence(leaf: Any, words: str, place: Place) -> Evidence:
    """Return a selected value as evidence against what was required of it."""
    owner = leaf.owner
    elsewhere = owner is not None and owner is not place.resource
    return Evidence(
        path=leaf.path,
        actual=plain(leaf.value),
        expected=words,
        resource_id=owner.id if elsewhere else "",
        property=leaf.property,
        readable=leaf.value is not UNREAD,
    )


def _single(get: Callable[[Any, Frame], Any], operand: Operand) -> Test:
    constant = operand.constant
    if constant is not None:

        def test(resource: Any, frame: Frame) -> bool | None:
            value = get(resource, frame)
            return None if value is UNREAD else constant(value)

        return test

    def dynamic(resource: Any, frame: Frame) -> bool | None:
        value = get(resource, frame)
        predicate = operand.predicate(resource, frame)
        return None if value is UNREAD or predicate is None else predicate(value)

    return dynamic


def _all_members(selection: Selection, operand: Operand) -> Test:
    get = selection.get

    def test(resource: Any, frame: Frame) -> bool | None:
        predicate = operand.predicate(resource, frame)
        members = get(resource, frame)
        answer: bool | None = True
        for value in members:
            result = None if value is UNREAD or predicate is None else predicate(value)
            if result is False:
                return False
            if result is None:
                answer = None
        return answer if members.complete else None

    return test


class ValueTest:
    """A comparison of a computed value."""

    def __init__(self, value: Value, text: str, operand: Operand) -> None:
        self.value = value
        self.text = text
        self.operand = operand

        def get(resource: Any, frame: Frame) -> Any:
            try:
                return value.get(resource, frame)
            except TemplateError:
                return UNREAD

        self.get = get
        self.test = _single(get, operand)

    def explain(self, place: Place, *, want: bool) -> Iterator[Evidence]:
        """Yield the computed value, named by its expression."""
        actual = self.get(place.resource, place.frame)
        yield Evidence(
            path=self.text,
            actual=plain(actual),
            expected=self.operand.words(place, want=want),
            readable=actual is not UNREAD,
        )
