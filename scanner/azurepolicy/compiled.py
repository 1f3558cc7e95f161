"""A definition made ready for an estate: whether it applies to a record, and is violated by it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from scanner.azurepolicy.conditions import applicability, prepared, regions, types_of
from scanner.azurepolicy.definitions import NotEvaluated, parameters_in
from scanner.azurepolicy.fields import AliasResolver, RawRecord
from scanner.azurepolicy.related import Related
from scanner.engine.compiler import ConditionError, compile_condition
from scanner.engine.context import Context, compile_value
from scanner.engine.selection import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scanner.azurepolicy.definitions import Definition
    from scanner.engine.conditions import Node
    from scanner.engine.result import Evidence
    from scanner.inventory.estate import Estate

ON_MATCH: Final = frozenset({"audit", "deny", "append", "modify"})
"""Effects under which a resource that meets the `if` is non-compliant."""
ON_ABSENCE: Final = frozenset({"auditifnotexists", "deployifnotexists"})
"""Effects under which it is so unless there is a related resource as the details ask for."""
_MODES: Final = frozenset({"all", "indexed"})
_ABOUT: Final = frozenset({"kind", "computeType"})
_REQUEST: Final = ("requestcontext(", "policy(")
"""Functions about the request or the assignment, which a snapshot does not have."""


class CompiledDefinition:
    """A definition bound to an estate and to parameter values.

    Raises NotEvaluated for one that is disabled or asks for what no snapshot has, RuleError for
    one that is wrong.
    """

    def __init__(self, definition: Definition, estate: Estate) -> None:
        self.definition = definition
        self.values = _values(definition)
        self.context = Context(AliasResolver(), self.values, estate)
        self.effect = self._effect()
        self._refuse()
        condition = prepared(definition.condition)
        self.types = types_of(condition)
        self.matches = self.node(condition, ("if",))
        self._applies = self.node(applicability(condition), ("if",))
        self.related: Related | None = None
        if self.effect in ON_ABSENCE:
            self.related = Related(self, estate)

    def applies(self, record: RawRecord) -> bool | None:
        """Tell whether the definition is about a record at all; `None` where that is not known."""
        node = self._applies if self.related is None else self.matches
        return node.test(record, ())

    def violated_by(self, record: RawRecord) -> bool | None:
        """Tell whether a record is non-compliant; `None` where it was not read far enough."""
        matched = self.matches.test(record, ())
        if self.related is None or matched is False:
            return matched
        exists = self.related.exists(record)
        if exists is True:
            return False
        return None if exists is None or matched is None else True

    def evidence(self, record: RawRecord) -> Iterator[Evidence]:
        """Yield the values that make a record non-compliant, or that were not readable.

        What says which resources the definition is about comes last, as it is not at fault.
        """
        about: list[Evidence] = []
        for item in self.matches.explain(Place(record, (), ()), want=False):
            if item.path.rpartition("/")[2] in _ABOUT:
                about.append(item)
            elif item.path != "type":
                yield item
        if self.related is not None:
            yield self.related.evidence(record)
        yield from about

    def node(self, condition: Any, place: tuple[str | int, ...]) -> Node:
        """Compile a condition that stands at a place of the rule."""
        try:
            return compile_condition(condition, self.context)
        except ConditionError as problem:
            where = (*place, *problem.place)
            raise self.definition.error(where, problem.problem, problem.hint) from problem

    def constant(self, written: Any, place: tuple[str | int, ...]) -> Any:
        """Return a value that is the same for every resource: the effect, a scope."""
        try:
            return compile_value(written, self.context).constant
        except ValueError as problem:
            raise self.definition.error(place, str(problem)) from problem

    def _effect(self) -> str:
        lacking = sorted(set(parameters_in(self.definition.effect)) - set(self.values))
        if lacking:
            raise NotEvaluated(f"its parameter '{lacking[0]}' has no value")
        effect = self.constant(self.definition.effect, ("then", "effect"))
        if not isinstance(effect, str):
            raise self.definition.error(("then", "effect"), "the effect must be a text")
        return effect.lower()

    def _refuse(self) -> None:
        """Stop at a definition whose answer no snapshot holds."""
        definition = self.definition
        if definition.mode.lower() not in _MODES:
            raise NotEvaluated(f"mode {definition.mode} is about requests or data, not resources")
        if self.effect == "disabled":
            raise NotEvaluated("its effect is Disabled")
        if self.effect not in ON_MATCH | ON_ABSENCE:
            raise NotEvaluated(f"no compliance follows from the effect '{self.effect}'")
        details = definition.details if isinstance(definition.details, Mapping) else {}
        asked = (definition.condition, details.get("existenceCondition"), details.get("name"))
        lacking = sorted(set(parameters_in(asked)) - set(self.values))
        if lacking:
            declared = {name.lower() for name in definition.declared}
            if lacking[0].lower() not in declared:
                raise definition.error((), f"unknown parameter '{lacking[0]}'")
            raise NotEvaluated(f"its parameter '{lacking[0]}' has no value")
        if any(word in text for text in _texts(asked) for word in _REQUEST):
            raise NotEvaluated("it asks about the request or the assignment")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value.startswith("["):
        yield value.lower().replace(" ", "")
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


def _values(definition: Definition) -> dict[str, Any]:
    """Return the parameter values; regions in the spelling that records are compared in."""
    values = definition.values()
    for name, declaration in definition.declared.items():
        metadata = declaration.get("metadata") if isinstance(declaration, Mapping) else None
        kind = metadata.get("strongType") if isinstance(metadata, Mapping) else None
        if kind == "location" and name in values:
            values[name] = regions(values[name])
    return values
