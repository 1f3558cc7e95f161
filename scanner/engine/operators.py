"""The operators of a condition: what is on the right of `field`, `value` or `count`.

An operator is compiled once against its right-hand side into a predicate over actual
values. A predicate answers true, false, or `None` where the comparison has no answer; it is
never asked about UNREAD, which the caller turns into unknown.

`None` is the absent value. The inventory makes no difference between absent, null and `""`, so
an empty right-hand side of `equals` or `in` asks for the absent value.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from scanner.engine.ordering import Predicate, ordered
from scanner.engine.values import (
    as_number,
    as_text,
    find_key,
    is_known,
    is_number,
    struct_keys,
    unexpected,
)
from scanner.inventory.fields import UNREAD

_SHOWN_MEMBERS = 3
_SHOWN_LENGTH = 120


class Operator(msgspec.Struct, frozen=True):
    """One operator: its name in conditions, how it is compiled, and how evidence words it."""

    name: str
    build: Callable[[Any], Predicate]
    words: str
    negative: bool = False
    """The predicate gives the opposite of what `build` made; no answer stays no answer."""

    def compile(self, expected: Any) -> Predicate:
        """Return the predicate for this right-hand side.

        Raises:
            ValueError: the operator cannot be asked with this right-hand side.
        """
        try:
            positive = self.build(expected)
        except ValueError as error:
            raise ValueError(f"{self.name}: {error}") from None
        return _opposite(positive) if self.negative else positive


def _opposite(positive: Predicate) -> Predicate:
    def predicate(actual: Any) -> bool | None:
        answer = positive(actual)
        return None if answer is None else not answer

    return predicate


def _equals(expected: Any) -> Predicate:
    if expected is None or expected == "":
        return lambda actual: actual is None or actual == ""
    if isinstance(expected, str):
        return _equals_text(expected)
    if isinstance(expected, bool):
        return _equals_boolean(expected=expected)
    if is_number(expected):
        return lambda actual: as_number(actual) == expected
    return _equals_structure(expected)


def _equals_text(expected: str) -> Predicate:
    lowered = expected.lower()
    number = as_number(expected)

    def predicate(actual: Any) -> bool | None:
        if isinstance(actual, str):
            return actual == expected or actual.lower() == lowered
        if isinstance(actual, bool):
            return lowered == ("true" if actual else "false")
        return number is not None and is_number(actual) and actual == number

    return predicate


def _equals_boolean(*, expected: bool) -> Predicate:
    spelled = "true" if expected else "false"

    def predicate(actual: Any) -> bool | None:
        return actual is expected or (isinstance(actual, str) and actual.lower() == spelled)

    return predicate


def _equals_structure(expected: Any) -> Predicate:
    wanted = _comparable(expected)

    def predicate(actual: Any) -> bool | None:
        if not isinstance(actual, (list, tuple, Mapping)):
            return False
        return _comparable(actual) == wanted if is_known(actual) else None

    return predicate


def _comparable(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_comparable(member) for member in value]
    if isinstance(value, Mapping):
        return {key.lower(): _comparable(member) for key, member in value.items()}
    if isinstance(value, bool):
        return as_text(value)
    return (value.lower() or None) if isinstance(value, str) else value


def _any_of(predicates: list[Predicate], actual: Any) -> bool | None:
    answers = [predicate(actual) for predicate in predicates]
    return True if True in answers else None if None in answers else False


def _in(expected: Any) -> Predicate:
    if not isinstance(expected, (list, tuple)):
        raise unexpected("a list of values", expected)
    texts = frozenset(member.lower() for member in expected if isinstance(member, str))
    every = [_equals(member) for member in expected]
    not_texts = [_equals(member) for member in expected if not isinstance(member, str)]

    def predicate(actual: Any) -> bool | None:
        if isinstance(actual, str):
            return actual.lower() in texts or _any_of(not_texts, actual)
        return _any_of(every, actual)

    return predicate


def _text(expected: Any) -> str:
    if not isinstance(expected, str):
        raise unexpected("a text", expected)
    return expected


def _contains(expected: Any) -> Predicate:
    spelled = as_text(expected)
    if spelled is None:
        raise unexpected("a text, a number or a boolean", expected)
    if "*" in spelled:
        raise ValueError("takes no wildcard '*'; use like for a pattern")
    lowered = spelled.lower()
    is_member = _equals(expected)

    def predicate(actual: Any) -> bool | None:
        if isinstance(actual, (list, tuple)):
            if any(member is not UNREAD and is_member(member) for member in actual):
                return True
            return False if is_known(actual) else None
        text = as_text(actual)
        return text is not None and lowered in text.lower()

    return predicate


def _like(expected: Any) -> Predicate:
    head, *rest = [re.escape(part) for part in _text(expected).lower().split("*")]
    if not rest:
        return _matching(head, ignore_case=True)
    # Atomic groups: each part is found at its first place and never looked for again, so a
    # pattern of many wildcards stays linear in the length of the text.
    middle = "".join(f"(?>.*?{part})" for part in rest[:-1])
    return _matching(f"{head}{middle}.*{rest[-1]}", ignore_case=True)


_WILDCARDS = {"#": "[0-9]", "?": r"[^\W\d_]", ".": "."}


def _match(expected: Any) -> Predicate:
    parts = [_WILDCARDS.get(char) or re.escape(char) for char in _text(expected)]
    return _matching("".join(parts), ignore_case=False)


def _match_insensitively(expected: Any) -> Predicate:
    parts = [_WILDCARDS.get(char) or re.escape(char) for char in _text(expected).lower()]
    return _matching("".join(parts), ignore_case=True)


def _matching(pattern: str, *, ignore_case: bool) -> Predicate:
    matches = re.compile(pattern, re.DOTALL).fullmatch

    def predicate(actual: Any) -> bool | None:
        text = as_text(actual)
        if text is None:
            return False
        return matches(text.lower() if ignore_case else text) is not None

    return predicate


def _contains_key(expected: Any) -> Predicate:
    key = _text(expected)
    lowered = key.lower()

    def predicate(actual: Any) -> bool | None:
        if isinstance(actual, Mapping):
            return find_key(actual, key) is not None
        if not isinstance(actual, msgspec.Struct):
            return False
        attribute = struct_keys(type(actual)).get(lowered)
        value = None if attribute is None else getattr(actual, attribute)
        return None if value is UNREAD else value is not None

    return predicate


def _exists(expected: Any) -> Predicate:
    wanted = {"true": True, "false": False}.get((as_text(expected) or "").lower())
    if wanted is None:
        raise ValueError("expected true or false")
    return lambda actual: (actual is not None) is wanted


OPERATORS: dict[str, Operator] = {
    made.name: made
    for made in (
        Operator("equals", _equals, "equals"),
        Operator("notEquals", _equals, "does not equal", negative=True),
        Operator("like", _like, "is like"),
        Operator("notLike", _like, "is not like", negative=True),
        Operator("match", _match, "matches"),
        Operator("notMatch", _match, "does not match", negative=True),
        Operator("matchInsensitively", _match_insensitively, "matches, in any case,"),
        Operator(
            "notMatchInsensitively",
            _match_insensitively,
            "does not match, in any case,",
            negative=True,
        ),
        Operator("contains", _contains, "contains"),
        Operator("notContains", _contains, "does not contain", negative=True),
        Operator("in", _in, "is one of"),
        Operator("notIn", _in, "is none of", negative=True),
        Operator("containsKey", _contains_key, "has the key"),
        Operator("notContainsKey", _contains_key, "does not have the key", negative=True),
        Operator("less", ordered(operator.lt), "is less than"),
        Operator("lessOrEquals", ordered(operator.le), "is at most"),
        Operator("greater", ordered(operator.gt), "is greater than"),
        Operator("greaterOrEquals", ordered(operator.ge), "is at least"),
        Operator("exists", _exists, "exists"),
    )
}
"""Every operator of a condition, by name."""


def describe(name: str, expected: Any) -> str:
    """Say in words what an operator asks for: `equals Disabled`, `is one of A, B, C (+12 more)`."""
    if name == "exists":
        return "exists" if (as_text(expected) or "").lower() == "true" else "does not exist"
    words = OPERATORS[name].words
    if name in {"in", "notIn"} and isinstance(expected, (list, tuple)):
        shown = ", ".join(map(_shown, expected[:_SHOWN_MEMBERS])) or "(an empty list)"
        more = len(expected) - _SHOWN_MEMBERS
        return f"{words} {shown} (+{more} more)" if more > 0 else f"{words} {shown}"
    return f"{words} {_shown(expected)}"


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "nothing"
    text = as_text(value) or msgspec.json.encode(value, enc_hook=list).decode()
    return text if len(text) <= _SHOWN_LENGTH else text[: _SHOWN_LENGTH - 1] + "…"
