"""Counts over collections whose members may be unread: a range, not a number."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from scanner.engine.conditions import evidence
from scanner.engine.result import Evidence
from scanner.engine.selection import Frame, Place, Selection
from scanner.engine.template import TemplateError
from scanner.engine.values import as_number
from scanner.inventory.fields import UNREAD, Members
from scanner.inventory.traces import Leaf

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scanner.engine.conditions import Node, Operand, Test
    from scanner.engine.context import Value

COUNT_OF = "count of "
THAT_MATCH = " that match"
"""How evidence names what was counted, before and after the collection's path."""
_SHOWN = 20
"""Members that evidence shows, each with all that is said of it."""
_REMEMBERED = 10_000
T = TypeVar("T")
Getter = Callable[[Any, Frame], Any]
Explanation = Callable[[Any, Frame], tuple[Evidence, ...]]


class Inputs(NamedTuple):
    """The single values of a resource that a count over a fixed list depends on."""

    getters: tuple[Getter, ...]
    own: bool
    """All stand in the resource itself: equal values then make equal evidence, too."""


class Count:
    """How many members meet a condition, compared with a number.

    Members whose condition is not known, and members that nobody could read, make the count a
    range; the comparison is known only where every number of the range gives the same answer.
    """

    def __init__(
        self,
        members: CountedMembers,
        where: Node | None,
        operand: Operand,
        *,
        inputs: Inputs | None = None,
    ) -> None:
        """`inputs` are the only values of a resource that the count depends on, where known."""
        self.members = members
        self.where = where
        self.operand = operand
        condition = where.test if where is not None else None
        select = members.get

        def bounds(resource: Any, frame: Frame) -> tuple[float, float]:
            selected = select(resource, frame)
            low = high = 0
            for member in selected:
                met = _met(condition, resource, (*frame, member))
                low += met is True
                high += met is not False
            return low, high if selected.complete else math.inf

        def test(resource: Any, frame: Frame) -> bool | None:
            return within(operand, resource, frame, *bounds(resource, frame))

        self.bounds = bounds
        self.test: Test = test if inputs is None else _remembered(test, inputs.getters)
        self._known = self._explanations(inputs) if inputs is not None and inputs.own else None

    def _explanations(self, inputs: Inputs) -> dict[bool, Explanation]:
        """Return what explains the count, kept like its answers, by what is wanted."""

        def explanation(*, want: bool) -> Explanation:
            return lambda resource, frame: tuple(
                self._explain(Place(resource, frame, ()), want=want)
            )

        return {want: _remembered(explanation(want=want), inputs.getters) for want in (True, False)}

    def explain(self, place: Place, *, want: bool) -> Iterator[Evidence]:
        """Yield the count, and where members are at fault for being there, those members."""
        if self._known is not None:
            yield from self._known[want](place.resource, place.frame)
        else:
            yield from self._explain(place, want=want)

    def _explain(self, place: Place, *, want: bool) -> Iterator[Evidence]:
        low, high = self.bounds(place.resource, place.frame)
        words = self.operand.words(place, want=want)
        label = self.members.text + (THAT_MATCH if self.where is not None else "")
        yield Evidence(
            path=f"{COUNT_OF}{label}",
            actual=int(low) if low == high else f"{int(low)} or more",
            expected=words,
            property=self.members.property(place),
            readable=low == high,
        )
        if low == 0 and high == 0:
            return
        for found in itertools.islice(self._matching(place), _SHOWN):
            yield from found

    def _matching(self, place: Place) -> Iterator[Iterable[Evidence]]:
        """Yield what each counted member holds: one that matches, or any one without `where`."""
        for leaf in self.members.leaves(place):
            if leaf.value is UNREAD:
                continue
            if self.where is None:
                yield (evidence(leaf, "is counted", place),)
                continue
            inner = Place(place.resource, (*place.frame, leaf.value), (*place.leaves, leaf))
            if self.where.test(inner.resource, inner.frame) is not False:
                yield self.where.explain(inner, want=False)


def _remembered(
    compute: Callable[[Any, Frame], T], inputs: tuple[Getter, ...]
) -> Callable[[Any, Frame], T]:
    """Return the function with its results kept by the values it depends on.

    A list of a hundred patterns is then gone through once for each VM size of an estate, and
    not for each of its computes.
    """
    known: dict[tuple[Any, ...], T] = {}

    def recall(resource: Any, frame: Frame) -> T:
        values = [get(resource, frame) for get in inputs]
        # With their types, as true and 1 are one key otherwise, and with whether members are all.
        key = tuple((type(value), getattr(value, "complete", True), value) for value in values)
        try:
            return known[key]
        except KeyError:
            if len(known) >= _REMEMBERED:
                known.clear()
            result = known[key] = compute(resource, frame)
            return result
        except TypeError:
            return compute(resource, frame)

    return recall


def _met(condition: Test | None, resource: Any, frame: Frame) -> bool | None:
    if frame[-1] is UNREAD:
        return None
    return True if condition is None else condition(resource, frame)


def counts_member(where: Node | None) -> Test:
    """Return what tells of the innermost member of a frame whether a count counts it."""
    condition = where.test if where is not None else None
    return lambda resource, frame: _met(condition, resource, frame)


def within(operand: Operand, resource: Any, frame: Frame, low: float, high: float) -> bool | None:
    """Return the answer that a comparison gives for every number of a range, if it is one."""
    predicate = operand.predicate(resource, frame)
    if predicate is None:
        return None
    if low == high:
        return predicate(int(low))
    if operand.operator not in _RANGED:
        return None
    expected = operand.target(resource, frame)
    answers = {predicate(number) for number in _candidates(expected, low, high)}
    return answers.pop() if len(answers) == 1 else None


_RANGED = {
    *("equals", "notEquals", "in", "notIn"),
    *("less", "lessOrEquals", "greater", "greaterOrEquals"),
}
"""Operators whose answer over the whole numbers changes only next to what they compare to."""


def _candidates(expected: Any, low: float, high: float) -> set[float]:
    """Return the numbers of a range at which a comparison can change its answer."""
    found = {low, high, low + 1}
    for target in expected if isinstance(expected, list | tuple) else [expected]:
        number = as_number(target)
        if number is not None:
            near = (math.floor(number), math.ceil(number))
            found.update(n for whole in near for n in (whole - 1, whole, whole + 1))
    return {number for number in found if low <= number <= high}


class CountedMembers:
    """The members that a count looks at: of a field, or of a value."""

    def __init__(
        self,
        text: str,
        get: Callable[[Any, Frame], Members],
        leaves: Callable[[Place], Iterator[Leaf]],
        *,
        is_constant: bool = False,
    ) -> None:
        self.text = text
        self.is_constant = is_constant
        self.get = get
        self.leaves = leaves

    def property(self, place: Place) -> str:
        """Return the raw property that holds the members, "" where they are other resources."""
        for leaf in self.leaves(place):
            return leaf.property.partition("[")[0] if leaf.owner is place.resource else ""
        return ""


def field_members(selection: Selection, text: str) -> CountedMembers:
    """Count what a field path selects."""
    return CountedMembers(text, selection.get, selection.leaves)


def value_members(value: Value, text: str) -> CountedMembers:
    """Count the members of a literal array, a parameter or a computed array."""

    def get(resource: Any, frame: Frame) -> Members:
        try:
            found = value.get(resource, frame)
        except TemplateError:
            return Members.partial()
        if found is UNREAD:
            return Members.partial()
        if found is None or isinstance(found, Members):
            return found or Members()
        # A count of something that is no array has no answer, neither yes nor no.
        return Members(found) if isinstance(found, list | tuple) else Members.partial()

    def leaves(place: Place) -> Iterator[Leaf]:
        for index, member in enumerate(get(place.resource, place.frame)):
            yield Leaf(f"{text}[{index}]", member, None, "")

    return CountedMembers(text, get, leaves, is_constant=value.is_constant)
