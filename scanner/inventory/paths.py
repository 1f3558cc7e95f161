"""Field paths: checked against the inventory's types once, then followed as closures.

`scaleSettings.minNodeCount`, `workspace.storageAccount.publicNetworkAccess`,
`workspace.computes[*].vmSize`, `tags['cost-center']`. A path with `[*]` selects a collection.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from scanner.inventory.build import declared, part_of
from scanner.inventory.derived import DERIVED
from scanner.inventory.fields import UNREAD, Derived, Link, Members, Part, Reference, Resource
from scanner.inventory.kinds import KINDS
from scanner.schemas.problems import nearest

if TYPE_CHECKING:
    import msgspec

    from scanner.inventory.estate import Estate

Getter = Callable[[Any], Any]
STAR = "[*]"
EMPTY = Members()
_TOKEN = re.compile(r"\.?([A-Za-z_$][\w$-]*)|(\[\*\])|\['((?:[^']|'')*)'\]|\[([^\]*']+)\]")


_NO_ALIAS = "Fields are paths of the inventory (docs/fields.md), no aliases of Azure Policy."
_BODY = "properties"
_NO_BODY = "Fields are named without 'properties.', as docs/fields.md has them."


class PathError(ValueError):
    """A field path that the inventory does not have; `hint` names the nearest that it has."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Step(NamedTuple):
    """One step of a checked path: how to get from a value to the next one."""

    text: str
    kind: str
    """`field`, `reference`, `derived`, `key` or `star`."""
    attribute: str
    reference: Reference | Derived | None
    result: Any
    """Type of what the step leads to: a struct class, or a plain type."""
    source: str
    """Raw property path of a field, relative to the struct that holds it."""
    values: tuple[str, ...] = ()
    """Azure's documented values of a field that has no others."""


def tokens(path: str) -> list[str]:
    """Split a path into names, keys and stars; keys come as they are, stars as `[*]`."""
    found, position = [], 0
    while position < len(path):
        match = _TOKEN.match(path, position)
        if match is None:
            problem = f"'{path}' is not a field path: unexpected '{path[position:]}'"
            raise PathError(problem, _NO_ALIAS if "/" in path else "")
        name, star, quoted, bare = match.groups()
        found.append(name or star or bare or quoted.replace("''", "'"))
        position = match.end()
    if not found:
        raise PathError("a field path is empty")
    return found


def names_of(cls: type[msgspec.Struct]) -> Mapping[str, Any]:
    """Return everything a path may go on with after a struct: fields, references, facts."""
    names: dict[str, Any] = dict(declared(cls))
    names.update(getattr(cls, "LINKS", {}))
    if issubclass(cls, Resource):
        names.update({name: name for name in _OWN})
        names.update(DERIVED.get(cls.KIND, {}))
    return names


_OWN = {"id": "id", "name": "name", "type": "type", "subscriptionId": "subscription_id"}
_OWN["resourceGroup"] = "resource_group"
_OWN_SOURCE = {"id": "id", "name": "name", "type": "type"}


def check(names: Sequence[str], root: Any, path: str) -> tuple[Step, ...]:
    """Return the steps that the names of a path make from a struct class.

    `path` is the whole text, for messages. Raises PathError where the inventory has no such path.
    """
    steps: list[Step] = []
    current = root
    for token in names:
        step = _step(token, current, path)
        steps.append(step)
        current = step.result
    return tuple(steps)


def _step(token: str, current: Any, path: str) -> Step:
    struct, several = _struct(current)
    if token == STAR:
        element = element_type(current)
        if element is None:
            raise PathError(f"'{path}': [*] stands after something that is not a collection")
        return Step(STAR, "star", "", None, element, "")
    if struct is None or several:
        if _is_map(current):
            return Step(token, "key", token, None, Any, token)
        problem = "a collection: write [*] before" if several else "a plain value: nothing follows"
        raise PathError(f"'{path}': before '{token}' stands {problem} it")
    return _named(token, struct, path)


def _named(token: str, struct: type[msgspec.Struct], path: str) -> Step:
    names = names_of(struct)
    if token not in names:
        near = _NO_BODY if token == _BODY else nearest(token, names)
        hint = near or f"It has: {', '.join(sorted(names))}"
        owner = struct.KIND if issubclass(struct, Resource) else struct.__name__
        raise PathError(f"unknown field '{token}' of {owner} in '{path}'", hint)
    known = names[token]
    if isinstance(known, str):
        return Step(token, "field", _OWN[known], None, str, _OWN_SOURCE.get(known, ""))
    if isinstance(known, Derived):
        return Step(token, "derived", token, known, known.type, "")
    if isinstance(known, Reference):
        target: Any = KINDS[known.to]
        result = target if isinstance(known, Link) else tuple[target, ...]
        via = known.via
        source = _via_source(struct, via)
        return Step(token, "reference", via, known, result, source)
    result, source = known.annotation, known.source
    return Step(token, "field", known.attribute, None, result, _raw(source), source.values)


def _raw(source: Any) -> str:
    first: str = source.path.split("|")[0]
    return "" if first[0] in "^@" else first


def _via_source(struct: type[msgspec.Struct], via: str) -> str:
    for info in declared(struct).values():
        if info.attribute == via:
            return _raw(info.source)
    return ""


def _struct(annotation: Any) -> tuple[type[msgspec.Struct] | None, bool]:
    if isinstance(annotation, type) and issubclass(annotation, Part | Resource):
        return annotation, False
    found, several = part_of(annotation)
    return found, several or _is_tuple(annotation) is not None


def _is_tuple(annotation: Any) -> Any:
    for member in (annotation, *typing.get_args(annotation)):
        if typing.get_origin(member) is tuple:
            return typing.get_args(member)[0]
    return None


def _is_map(annotation: Any) -> bool:
    return annotation is Any or any(
        typing.get_origin(member) is dict or member is dict
        for member in (annotation, *typing.get_args(annotation))
    )


def element_type(annotation: Any) -> Any:
    """Return what a collection type holds, `None` where it is no collection."""
    return Any if annotation is Any else _is_tuple(annotation)


def is_many(steps: tuple[Step, ...]) -> bool:
    """Tell whether a path selects a collection of values."""
    return any(step.kind == "star" for step in steps)


def leads_away(steps: tuple[Step, ...]) -> bool:
    """Tell whether a path goes through, or ends at, a resource other than the one it starts from."""
    ends = (_struct(step.result)[0] for step in steps)
    return any(end is not None and issubclass(end, Resource) for end in ends)


def getter(steps: tuple[Step, ...], estate: Estate) -> Getter:
    """Return the closure that follows checked steps: a value, or Members for a path with `[*]`."""
    for position, step in enumerate(steps):
        if step.kind == "star":
            rest = steps[position + 1 :]
            return _each(
                getter(steps[:position], estate), getter(rest, estate), nested=is_many(rest)
            )
    hops = [hop(step, estate) for step in steps]
    if not hops:
        return lambda value: value
    if len(hops) == 1:
        return hops[0]

    def follow(value: Any) -> Any:
        for one in hops:
            if value is None or value is UNREAD:
                return value
            value = one(value)
        return value

    return follow


def _each(collection: Getter, rest: Getter, *, nested: bool) -> Getter:
    def select(value: Any) -> Members:
        members = collection(value)
        if members is UNREAD:
            return Members.partial()
        if members is None:
            return EMPTY
        complete = getattr(members, "complete", True)
        found: list[Any] = []
        for member in members:
            selected = member if member is UNREAD or member is None else rest(member)
            if nested and selected is UNREAD:
                complete = False
            elif nested:
                complete = complete and getattr(selected, "complete", True)
                found.extend(selected or ())
            else:
                found.append(selected)
        return Members(found) if complete else Members.partial(tuple(found))

    return select


def hop(step: Step, estate: Estate) -> Getter:
    """Return the closure that follows one step; a star has none: it selects several values."""
    if step.kind == "field":
        attribute = step.attribute
        return lambda holder: getattr(holder, attribute)
    if step.kind == "key":
        return lambda holder: _lookup(holder, step.attribute)
    reference = step.reference
    if isinstance(reference, Derived):
        compute, name = reference.compute, step.text
        return lambda holder: estate.fact(name, holder, compute)
    return lambda holder: estate.follow(holder, typing.cast("Reference", reference))


def _lookup(holder: Any, key: str) -> Any:
    """Return a map's value; Azure treats tag names and property names without regard to case."""
    if not isinstance(holder, Mapping):
        return None
    if key in holder:
        return holder[key]
    lowered = key.lower()
    return next((value for name, value in holder.items() if name.lower() == lowered), None)
