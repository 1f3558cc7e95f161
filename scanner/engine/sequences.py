"""Template functions over texts, arrays and objects.

`None` and `""` are both the absent value: where Azure passes on `''` for a property that is
not there, a function may get either and treats them alike. `length`, `empty` and `contains`
also get collections of which only a part was read, and return UNREAD where that does not decide.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from scanner.engine import quantities
from scanner.engine.quantities import as_whole
from scanner.engine.values import find_key, get_property, is_known, unexpected
from scanner.inventory.fields import UNREAD

_LONGEST_TEXT = 131_072
_LONGEST_RANGE = 10_000


def same(left: Any, right: Any) -> bool:
    """Tell whether two values are equal the way template functions see it: by type and case."""
    if left in (None, "") or right in (None, ""):
        return left in (None, "") and right in (None, "")
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return bool(left == right)


def text(value: Any) -> str:
    """Return a text, an empty one for the absent value."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise unexpected("a text", value)
    return value


def array(value: Any) -> Sequence[Any]:
    """Return an array, an empty one for the absent value."""
    if value is None or value == "":
        return []
    if not isinstance(value, (list, tuple)):
        raise unexpected("an array", value)
    return value


def _sequence(value: Any) -> Sequence[Any]:
    return value if isinstance(value, (list, tuple)) else text(value)


def to_string(value: Any) -> str:
    """Return any value as text: scalars as .NET writes them, structures as compact JSON."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, (bool, int)):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    return msgspec.json.encode(_plain(value)).decode()


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain(member) for member in value]
    if isinstance(value, Mapping):
        return {key: _plain(member) for key, member in value.items()}
    return value


def concat(*values: Any) -> Any:
    """Return texts and other scalars as one text, or arrays as one array."""
    if any(isinstance(value, (list, tuple)) for value in values):
        return [member for value in values for member in array(value)]
    if any(not isinstance(value, (str, int, float, type(None))) for value in values):
        raise ValueError("expected texts or arrays, not an object")
    return "".join(map(to_string, values))


def length(value: Any) -> Any:
    """Return the number of characters, members or properties; UNREAD of a part of an array."""
    if value is None:
        return 0
    if isinstance(value, (str, list, tuple, Mapping)):
        return len(value) if getattr(value, "complete", True) else UNREAD
    raise unexpected("a text, an array or an object", value)


def empty(value: Any) -> Any:
    """Tell whether nothing is in a text, array or object; a part can only prove that there is."""
    if isinstance(value, msgspec.Struct):
        return False
    found = length(value)
    if found is UNREAD:
        return False if value else UNREAD
    return found == 0


def contains(container: Any, item: Any) -> Any:
    """Tell whether a text has a part, an array a member, an object a key (in any case).

    A part of an array can only prove that the member is there.
    """
    if not is_known(item):
        return UNREAD
    if isinstance(container, (list, tuple)):
        if any(member is not UNREAD and same(member, item) for member in container):
            return True
        return False if is_known(container) else UNREAD
    if isinstance(container, Mapping):
        return find_key(container, to_string(item)) is not None
    if isinstance(container, msgspec.Struct):
        value = get_property(container, to_string(item))
        return UNREAD if value is UNREAD else value is not None
    return to_string(item) in text(container)


def replace(value: Any, old: Any, new: Any) -> str:
    """Return a text with every occurrence of another replaced."""
    whole, wanted, other = text(value), text(old), text(new)
    if not wanted:
        raise ValueError("the text to replace is empty")
    if len(whole) + whole.count(wanted) * (len(other) - len(wanted)) > _LONGEST_TEXT:
        raise ValueError("the result is too long")
    return whole.replace(wanted, other)


def split(value: Any, delimiters: Any) -> list[str]:
    """Return the pieces of a text between one delimiter or several."""
    several = isinstance(delimiters, (list, tuple))
    wanted = [text(one) for one in (delimiters if several else [delimiters])]
    pattern = "|".join(re.escape(one) for one in wanted if one)
    return re.split(pattern, text(value)) if pattern else [text(value)]


def join(members: Any, delimiter: Any) -> str:
    """Return the members of an array as one text."""
    return text(delimiter).join(map(to_string, array(members)))


def substring(value: Any, start: Any, length: Any = None) -> str:
    """Return a part of a text that must lie within it."""
    whole, begin = text(value), as_whole(start)
    end = len(whole) if length is None else begin + as_whole(length)
    if not 0 <= begin <= end <= len(whole):
        raise ValueError(f"there is no such part in a text of {len(whole)} characters")
    return whole[begin:end]


def first(value: Any) -> Any:
    """Return the first member or character, nothing of an empty value."""
    return next(iter(_sequence(value)), None)


def last(value: Any) -> Any:
    """Return the last member or character, nothing of an empty value."""
    return next(reversed(_sequence(value)), None)


def skip(value: Any, number: Any) -> Any:
    """Return what follows so many members or characters."""
    rest = _sequence(value)[max(as_whole(number), 0) :]
    return rest if isinstance(rest, str) else list(rest)


def take(value: Any, number: Any) -> Any:
    """Return so many members or characters from the start."""
    taken = _sequence(value)[: max(as_whole(number), 0)]
    return taken if isinstance(taken, str) else list(taken)


def distinct(members: Any) -> list[Any]:
    """Return the members of an array without repetitions, the first of each kept."""
    found: list[Any] = []
    for member in array(members):
        if not any(same(member, known) for known in found):
            found.append(member)
    return found


def union(*values: Any) -> Any:
    """Return arrays joined without repetitions, or objects merged, the later value winning."""
    if not all(isinstance(value, Mapping) for value in values):
        return distinct(concat([], *values))
    merged: dict[str, Any] = {}
    for value in values:
        for key, member in value.items():
            both = isinstance(member, Mapping) and isinstance(merged.get(key), Mapping)
            merged[key] = union(merged[key], member) if both else member
    return merged


def intersection(initial: Any, *others: Any) -> Any:
    """Return what all arrays, or all objects, have in common."""
    if isinstance(initial, Mapping) and all(isinstance(other, Mapping) for other in others):
        return {
            key: member
            for key, member in initial.items()
            if all(key in other and same(member, other[key]) for other in others)
        }
    arrays = [array(other) for other in others]
    return [
        member
        for member in distinct(initial)
        if all(any(same(member, one) for one in members) for members in arrays)
    ]


def number_range(start: Any, count: Any) -> list[int]:
    """Return an array of so many consecutive whole numbers."""
    begin, number = as_whole(start), as_whole(count)
    if not 0 <= number <= _LONGEST_RANGE:
        raise ValueError(f"a range has 0 to {_LONGEST_RANGE} members, not {number}")
    return list(range(begin, begin + number))


def pad_left(value: Any, length: Any, padding: Any = " ") -> str:
    """Return a text right-aligned in so many characters."""
    number = as_whole(length)
    if len(text(padding)) != 1 or number > _LONGEST_TEXT:
        raise ValueError(f"expected one character to pad with, and at most {_LONGEST_TEXT} in all")
    return to_string(value).rjust(number, padding)


_PLACE = re.compile(r"\{\{|\}\}|\{([0-9]{1,3})(?::([ND])([0-9]?))?\}|[{}]")


def format_text(pattern: Any, *values: Any) -> str:
    """Return a text with `{0}`, `{1:N2}` or `{2:D4}` filled from the values."""

    def fill(found: re.Match[str]) -> str:
        place = found[0]
        if place in {"{{", "}}"}:
            return place[0]
        if found[1] is None or int(found[1]) >= len(values):
            raise ValueError(f"there is no value for {place!r} at character {found.start() + 1}")
        value = values[int(found[1])]
        if found[2] is None:
            return to_string(value)
        return _format_number(value, found[2], int(found[3] or (2 if found[2] == "N" else 0)))

    return _PLACE.sub(fill, text(pattern))


def _format_number(value: Any, kind: str, digits: int) -> str:
    number = quantities.as_operand(value)
    if kind == "N":
        return f"{number:,.{digits}f}"
    whole = as_whole(number)
    return f"{'-' if whole < 0 else ''}{abs(whole):0{digits}d}"
