"""The operators that order values: `less`, `lessOrEquals`, `greater`, `greaterOrEquals`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from scanner.engine.values import as_moment, as_number, is_number, unexpected

Predicate: TypeAlias = Callable[[Any], bool | None]
"""Says whether an actual value is as expected; `None` where that has no answer."""
Compare: TypeAlias = Callable[[Any, Any], bool]


def ordered(compare: Compare) -> Callable[[Any], Predicate]:
    """Build an ordering operator.

    Values that cannot be ordered (a number and a word, a list) make Azure's evaluation fail.
    The answer here is `None`, unknown: false would let `not` and the fail/pass of a rule turn
    a comparison that never took place into a statement about the resource.
    """

    def build(expected: Any) -> Predicate:
        if isinstance(expected, str):
            return _ordered_text(compare, expected)
        if not is_number(expected):
            raise unexpected("a number, a date or a text", expected)

        def predicate(actual: Any) -> bool | None:
            if actual is None:
                return False
            number = as_number(actual)
            return None if number is None else compare(number, expected)

        return predicate

    return build


def _ordered_text(compare: Compare, expected: str) -> Predicate:
    lowered, number, moment = expected.lower(), as_number(expected), as_moment(expected)

    def predicate(actual: Any) -> bool | None:
        if actual is None:
            return False
        if isinstance(actual, str):
            actual_moment = as_moment(actual) if moment else None
            if actual_moment:
                return compare(actual_moment, moment)
            return compare(actual.lower(), lowered)
        if number is None or not is_number(actual):
            return None
        return compare(actual, number)

    return predicate
