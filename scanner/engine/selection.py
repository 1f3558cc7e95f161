"""What a field path of a condition selects: from the resource, or from a counted member."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from scanner.inventory import paths, traces
from scanner.inventory.fields import UNREAD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scanner.inventory.estate import Estate
    from scanner.inventory.fields import Resource
    from scanner.inventory.traces import Leaf

Frame = tuple[Any, ...]
"""The members that the surrounding counts are looking at, outermost first."""


class Place(NamedTuple):
    """Where an explanation stands: the resource, and each counted member with its own place."""

    resource: Any
    frame: Frame
    leaves: tuple[Leaf, ...]


class Binding(NamedTuple):
    """A name that a surrounding `count` gives to the member it looks at."""

    tokens: tuple[str, ...]
    """The counted path for a field count, the index name for a value count."""
    element: Any
    """Type of the member, as the resolver understands types."""
    is_field: bool


class Selection(NamedTuple):
    """A path made ready: `get` decides, `leaves` explains."""

    many: bool
    get: Callable[[Any, Frame], Any]
    leaves: Callable[[Place], Iterator[Leaf]]
    element: Any
    of_member: bool = False
    """Read from a counted member, not from the resource."""
    values: tuple[str, ...] = ()
    """Azure's documented values of the field, where it has no others."""
    own: bool = False
    """Certain to stand in the resource itself, and not in one that the path leads to."""


class Resolver(Protocol):
    """Makes field paths ready: over the inventory, or over raw records by Azure Policy aliases."""

    def resolve(self, path: str, bindings: tuple[Binding, ...]) -> Selection:
        """Return what a path selects; raises PathError where there is no such path."""
        ...

    def tokens(self, path: str) -> tuple[str, ...]:
        """Split a path, to compare it with a counted one."""
        ...


class InventoryResolver:
    """Resolves field paths against one kind of resource of the inventory."""

    def __init__(self, root: type[Resource], estate: Estate) -> None:
        self.root = root
        self.estate = estate

    def tokens(self, path: str) -> tuple[str, ...]:
        """Split a path into names, keys and stars."""
        return tuple(paths.tokens(path))

    def resolve(self, path: str, bindings: tuple[Binding, ...]) -> Selection:
        """Return what a path selects, from the innermost counted member that it goes through."""
        names = self.tokens(path)
        for slot in range(len(bindings) - 1, -1, -1):
            bound = bindings[slot]
            if bound.is_field and names[: len(bound.tokens)] == bound.tokens:
                return self._from_member(names[len(bound.tokens) :], path, slot, bound)
        steps = paths.check(names, self.root, path)
        get, trace = paths.getter(steps, self.estate), traces.tracer(steps, self.estate)
        return Selection(
            paths.is_many(steps),
            lambda resource, _frame: get(resource),
            lambda place: trace(traces.at_root(place.resource)),
            _element(steps, self.root),
            values=_values(steps),
            own=not paths.leads_away(steps),
        )

    def _from_member(
        self, names: tuple[str, ...], path: str, slot: int, bound: Binding
    ) -> Selection:
        steps = paths.check(names, bound.element, path)
        get, trace = paths.getter(steps, self.estate), traces.tracer(steps, self.estate)

        def value(_resource: Any, frame: Frame) -> Any:
            member = frame[slot]
            return member if member is None or member is UNREAD else get(member)

        return Selection(
            paths.is_many(steps),
            value,
            lambda place: trace(place.leaves[slot]),
            _element(steps, bound.element),
            of_member=True,
            values=_values(steps),
        )


def _element(steps: tuple[paths.Step, ...], root: Any) -> Any:
    return steps[-1].result if steps else root


def _values(steps: tuple[paths.Step, ...]) -> tuple[str, ...]:
    return steps[-1].values if steps else ()
