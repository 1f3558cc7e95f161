"""Raw records as people read them: one property a line, and the line that a property stands on."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from scanner import armid

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Steps: TypeAlias = tuple[str | int, ...]
Record: TypeAlias = dict[str, Any]

_INDENT: Final = "  "
_SNIPPET_LIMIT: Final = 200
_INDEX: Final = re.compile(r"\[(\d{1,9})\]")
# Characters at which some viewers break a line, or that they do not show as they are.
_INVISIBLE: Final = re.compile(
    "[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)


class Region(NamedTuple):
    """A part of one line of an evidence file: lines and columns count from 1, in characters."""

    start_line: int
    start_column: int
    end_line: int
    end_column: int
    snippet: str
    """The text of the region, the redacted values of the record as they were recorded."""


TOP: Final = Region(1, 1, 1, 2, "{")
"""Where a finding points that no single property is to blame for."""


def lines(record: Any) -> Iterator[tuple[Steps, str]]:
    """Yield the lines of a pretty-printed record, each with the way to the value it begins.

    Keys are sorted, two spaces a level, no line ends with a line feed. A line that only closes
    a structure has the way to that structure.
    """
    yield from _value((), "", record, "", "")


def pretty(record: Any) -> str:
    """Return a record as the text of its evidence file."""
    return "".join(f"{line}\n" for _, line in lines(record))


def _value(
    steps: Steps, indent: str, value: Any, label: str, comma: str
) -> Iterator[tuple[Steps, str]]:
    members = _members(value)
    if not members:
        yield steps, f"{indent}{label}{_scalar(value)}{comma}"
        return
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    yield steps, f"{indent}{label}{opening}"
    for number, (step, name, member) in enumerate(members, start=1):
        more = "," if number < len(members) else ""
        yield from _value((*steps, step), indent + _INDENT, member, name, more)
    yield steps, f"{indent}{closing}{comma}"


def _members(value: Any) -> list[tuple[str | int, str, Any]]:
    if isinstance(value, dict):
        return [(key, f"{_scalar(key)}: ", value[key]) for key in sorted(value)]
    if isinstance(value, list):
        return [(index, "", item) for index, item in enumerate(value)]
    return []


def _scalar(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return _INVISIBLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def regions(record: Record, properties: Iterable[str]) -> dict[str, Region]:
    """Return where each of the dotted property paths stands in the pretty-printed record.

    For a property that the record does not have, it is the line of the nearest structure
    around it that is there; `TOP` where nothing of the path is.
    """
    wanted: dict[Steps, list[str]] = {}
    for path in properties:
        wanted.setdefault(locate(record, path), []).append(path)
    found = dict.fromkeys(wanted.pop((), ()), TOP)
    for number, (steps, line) in enumerate(lines(record), start=1):
        if not wanted:
            break
        for path in wanted.pop(steps, ()):
            found[path] = _region(number, line)
    return found


def _region(number: int, line: str) -> Region:
    start = len(line) - len(line.lstrip(" "))
    text = line[start:].removesuffix(",")[:_SNIPPET_LIMIT]
    return Region(number, start + 1, number, start + 1 + len(text), text)


def locate(record: Any, path: str) -> Steps:
    """Return the steps along a dotted path as far as the record has them.

    Names are found without regard to case, as Azure does, and may hold dots themselves: of
    several that fit, the longest is taken.
    """
    steps: list[str | int] = []
    value, rest = record, path
    while rest:
        step, rest = _step(value, rest)
        if step is None:
            break
        value = value[step]
        steps.append(step)
    return tuple(steps)


def _step(value: Any, rest: str) -> tuple[str | int | None, str]:
    if isinstance(value, list):
        match = _INDEX.match(rest)
        if match is None or int(match[1]) >= len(value):
            return None, ""
        return int(match[1]), rest[match.end() :].removeprefix(".")
    if not isinstance(value, dict):
        return None, ""
    fitting = [key for key in value if key and _begins(rest, key)]
    if not fitting:
        return None, ""
    name = max(fitting, key=lambda key: (len(key), rest.startswith(key), key))
    return name, rest[len(name) :].removeprefix(".")


def _begins(rest: str, key: str) -> bool:
    head, tail = rest[: len(key)], rest[len(key) :]
    return head.lower() == key.lower() and (not tail or tail[0] in ".[")


def of_resource(record: Record, resource_id: str) -> Record:
    """Return the part of a record that describes a resource: mostly the record itself.

    Azure sends some resources inside others (a network's subnets), with or without their id.
    """
    wanted, own = armid.key(resource_id), record.get("id")
    if not isinstance(own, str) or armid.key(own) == wanted:
        return record
    return _embedded(record, wanted, tuple(wanted.rsplit("/", 2)[-2:])) or record


def _embedded(value: Any, wanted: str, ending: tuple[str, ...]) -> Record | None:
    if not isinstance(value, dict):
        return None
    for key, member in value.items():
        if isinstance(member, list):
            for item in member:
                if _is_item(item, key, wanted, ending):
                    return item  # type: ignore[no-any-return]
        found = _embedded(member, wanted, ending)
        if found is not None:
            return found
    return None


def _is_item(item: Any, collection: str, wanted: str, ending: tuple[str, ...]) -> bool:
    if not isinstance(item, dict):
        return False
    own, name = item.get("id"), item.get("name")
    if isinstance(own, str):
        return armid.key(own) == wanted
    return isinstance(name, str) and (collection.lower(), name.lower()) == ending
