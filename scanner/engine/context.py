"""What a condition's expressions may refer to: parameters, fields, counted members, the scan."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from scanner.engine import template
from scanner.engine.functions import FUNCTIONS
from scanner.engine.template import Constant, ContextFunction, Evaluate
from scanner.inventory.fields import UNREAD, Members
from scanner.inventory.paths import STAR, PathError
from scanner.schemas.problems import nearest

if TYPE_CHECKING:
    from scanner.engine.expression import Node
    from scanner.engine.selection import Binding, Frame, Resolver, Selection
    from scanner.inventory.estate import Estate


class Value(msgspec.Struct, frozen=True):
    """The right-hand side of a condition, or a `value`: a constant or something to compute."""

    get: Evaluate
    """Raises TemplateError where the expression fails on the values it meets."""

    @property
    def is_constant(self) -> bool:
        """Tell whether the value is the same for every resource."""
        return isinstance(self.get, Constant)

    @property
    def constant(self) -> Any:
        """The value that is the same for every resource; UNREAD where there is no such value."""
        return self.get.value if isinstance(self.get, Constant) else UNREAD


class Counted(NamedTuple):
    """A count over a collection of the resource, for texts that name what it counts."""

    binding: Binding
    members: Callable[[Any, Frame], Members]
    met: Callable[[Any, Frame], bool | None]
    """Tells whether the innermost member of a frame is counted; `None` where that is not known."""


@dataclasses.dataclass(frozen=True, slots=True)
class Context:
    """Where a condition stands: over which fields, with which parameters, inside which counts."""

    resolver: Resolver
    parameters: Mapping[str, Any]
    estate: Estate
    bindings: tuple[Binding, ...] = ()
    reads: list[Selection | None] = dataclasses.field(default_factory=list)
    """What was compiled here reads: selections, and `None` for anything else of the resource."""
    counts: list[Counted] = dataclasses.field(default_factory=list)
    """The counts over collections that were compiled here, those inside of others left out."""

    def bound(self, binding: Binding) -> Context:
        """Return the context inside one more count, with reads of its own."""
        return dataclasses.replace(self, bindings=(*self.bindings, binding), reads=[], counts=[])

    def apart(self) -> Context:
        """Return the same context for another condition, with reads and counts of its own."""
        return dataclasses.replace(self, reads=[], counts=[])

    def select(self, path: str) -> Selection:
        """Return what a path selects here; raises PathError where there is no such path."""
        selection = self.resolver.resolve(path, self.bindings)
        self.reads.append(selection)
        return selection

    def counted(self, path: str) -> Selection:
        """Return the collection that a field count counts; it must be selected by `[*]`."""
        selection = self.select(path)
        if STAR not in self.resolver.tokens(path) or not selection.many:
            problem = f"a count needs a collection: '{path}' has no [*]"
            raise PathError(problem, f"Write '{path}[*]' to count it.")
        return selection

    def of_counted(self, path: str) -> Callable[[Any], Members]:
        """Return what gives the values of a path of those members that a count counts.

        Members of which that is not known make the values incomplete. Raises PathError where no
        count goes over the collection that the path begins with.
        """
        names = self.resolver.tokens(path)
        chosen = [
            (each, self.resolver.resolve(path, (each.binding,)).get)
            for each in self.counts
            if names[: len(each.binding.tokens)] == each.binding.tokens
        ]
        if not chosen:
            hint = "Begin it with the collection of a count in `require`: access[*].principal."
            raise PathError(f"no count goes over what '{path}' is in", hint)

        def values(resource: Any) -> Members:
            found: list[Any] = []
            is_whole = True
            for counted, get in chosen:
                members = counted.members(resource, ())
                answers = [(member, counted.met(resource, (member,))) for member in members]
                found += [get(resource, (member,)) for member, met in answers if met]
                is_whole &= members.complete and all(met is not None for _, met in answers)
            return Members(found) if is_whole else Members.partial(tuple(found))

        return values

    def functions(self) -> dict[str, ContextFunction]:
        """Return the functions that read this context."""
        return {
            "parameters": self._parameter,
            "field": self._field,
            "current": self._current,
            "utcNow": lambda nodes: _bare(nodes, Constant(self.estate.manifest.finished)),
            "subscription": lambda nodes: self._whole(nodes, self._subscription),
            "resourceGroup": lambda nodes: self._whole(nodes, self._resource_group),
        }

    def _parameter(self, nodes: Sequence[Node]) -> Evaluate:
        name = self._text(nodes, "parameters")
        if name not in self.parameters:
            raise PathError(f"unknown parameter '{name}'", nearest(name, self.parameters))
        return Constant(self.parameters[name])

    def _field(self, nodes: Sequence[Node]) -> Evaluate:
        path = self._text(nodes, "field")
        selection = self.select(path)
        if selection.of_member and not selection.many and STAR in self.resolver.tokens(path):
            # As in Azure: a path with [*] gives an array, of one member inside a count.
            return lambda resource, frame: Members([selection.get(resource, frame)])
        return selection.get

    def _current(self, nodes: Sequence[Node]) -> Evaluate:
        if not self.bindings:
            raise ValueError("current() has a meaning only inside the where of a count")
        slot = len(self.bindings) - 1
        if nodes:
            name = self._text(nodes, "current")
            names = (tuple(self.resolver.tokens(name)), (name,))
            slots = [i for i, bound in enumerate(self.bindings) if bound.tokens in names]
            if not slots:
                # A property of the counted member, written as its full path.
                return self.select(name).get
            slot = slots[-1]
        return lambda _resource, frame: frame[slot]

    def _text(self, nodes: Sequence[Node], function: str) -> str:
        """Return the one argument of a function, which must be a text known before the scan."""
        if len(nodes) == 1:
            value = template.compile_expression(nodes[0], FUNCTIONS, self.functions())
            if isinstance(value, Constant) and isinstance(value.value, str):
                return value.value
        raise ValueError(f"{function}() takes one text that is known before the scan")

    def _whole(self, nodes: Sequence[Node], function: Evaluate) -> Evaluate:
        """Return a function without arguments that reads of the resource what no path names."""
        self.reads.append(None)
        return _bare(nodes, function)

    def _subscription(self, resource: Any, _frame: Frame) -> Any:
        return _container(
            self.estate, f"/subscriptions/{resource.subscription_id}", resource.subscription_id
        )

    def _resource_group(self, resource: Any, _frame: Frame) -> Any:
        group = (
            f"/subscriptions/{resource.subscription_id}/resourceGroups/{resource.resource_group}"
        )
        return _container(self.estate, group, resource.subscription_id)


_CONTAINER_FACTS = {
    "location": "location",
    "tags": "tags",
    "displayName": "display_name",
    "tenantId": "tenant_id",
}


def _container(estate: Estate, arm_id: str, subscription_id: str) -> dict[str, Any]:
    """Return what Azure's subscription() and resourceGroup() give; unread where not collected."""
    found = estate.find(arm_id)
    known: dict[str, Any] = {
        "id": arm_id,
        "name": arm_id.rpartition("/")[2],
        "subscriptionId": subscription_id,
    }
    for name, attribute in _CONTAINER_FACTS.items():
        known[name] = UNREAD if found is None else getattr(found, attribute, None)
    return known


def _bare(nodes: Sequence[Node], function: Evaluate) -> Evaluate:
    """Return a function that takes no arguments."""
    if nodes:
        raise ValueError(f"takes no arguments, not {len(nodes)}")
    return function


def compile_value(raw: Any, context: Context) -> Value:
    """Return a value whose texts may be template expressions, at any depth.

    Raises ValueError for an expression that cannot be compiled, PathError for an unknown field.
    """
    return Value(_compiled(raw, context))


def _compiled(raw: Any, context: Context) -> Evaluate:
    if isinstance(raw, str):
        if template.is_expression(raw):
            node = template.parse(raw)
            return template.compile_expression(node, FUNCTIONS, context.functions())
        return Constant(template.unescape(raw))
    if isinstance(raw, list):
        parts = [_compiled(item, context) for item in raw]
        return _joined(parts, list)
    if isinstance(raw, Mapping):
        keys = list(raw)
        parts = [_compiled(item, context) for item in raw.values()]
        return _joined(parts, lambda values: dict(zip(keys, values, strict=True)))
    return Constant(raw)


def _joined(parts: list[Evaluate], join: Callable[[list[Any]], Any]) -> Evaluate:
    if all(isinstance(part, Constant) for part in parts):
        return Constant(join([part(None, ()) for part in parts]))
    return lambda resource, frame: join([part(resource, frame) for part in parts])
