"""Where the values of a field path stand: paths followed once more, for evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from scanner.inventory.fields import UNREAD, Resource
from scanner.inventory.paths import Getter, Step, hop

if TYPE_CHECKING:
    from scanner.inventory.estate import Estate

Trail = tuple[tuple[Step, Getter | None], ...]
"""Steps with what follows them; a star has nothing, as it is followed member by member."""


class Leaf(NamedTuple):
    """One value that a path selects, with the place it stands at."""

    path: str
    value: Any
    owner: Resource | None
    """The resource that holds the value."""
    property: str
    """Dotted path in the owner's raw record, "" where the value is derived."""


Tracer = Callable[[Leaf], Iterator[Leaf]]
"""Yields each value that a path selects from a place, with its own place."""


def tracer(steps: tuple[Step, ...], estate: Estate) -> Tracer:
    """Return what follows checked steps for evidence. Slower than `getter`: not for deciding."""
    trail = tuple((step, hop(step, estate) if step.kind != "star" else None) for step in steps)
    return lambda start: _walk(trail, start)


def at_root(resource: Resource) -> Leaf:
    """Return the place that paths of a resource start from."""
    return Leaf("", resource, resource, "")


def _walk(trail: Trail, at: Leaf) -> Iterator[Leaf]:
    for position, (step, follow) in enumerate(trail):
        if at.value is None or at.value is UNREAD:
            rest = "".join("[*]" if s.kind == "star" else f".{s.text}" for s, _ in trail[position:])
            yield Leaf((at.path + rest).lstrip("."), at.value, at.owner, at.property)
            return
        if follow is None:
            for index, member in enumerate(at.value):
                yield from _walk(trail[position + 1 :], _member(at, index, member))
            return
        at = _next(step, at, follow(at.value))
    yield at


def _member(at: Leaf, index: int, member: Any) -> Leaf:
    if isinstance(member, Resource):
        return Leaf(f"{at.path}[{index}]", member, member, "")
    return Leaf(f"{at.path}[{index}]", member, at.owner, at.property and f"{at.property}[{index}]")


def _next(step: Step, at: Leaf, value: Any) -> Leaf:
    path = f"{at.path}.{step.text}" if at.path else step.text
    if isinstance(value, Resource):
        return Leaf(path, value, value, "")
    if isinstance(at.value, Resource):
        return Leaf(path, value, at.owner, step.source)
    # Inside a derived fact nothing stands in the record: the property stays empty.
    below = f"{at.property}.{step.source}" if at.property and step.source else ""
    return Leaf(path, value, at.owner, below)
