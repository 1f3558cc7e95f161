"""Compiles a written condition into nodes, checking every path, operator and expression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scanner.engine import template
from scanner.engine.conditions import AllOf, AnyOf, FieldTest, Node, Not, Operand, ValueTest
from scanner.engine.context import Context, Counted, Value, compile_value
from scanner.engine.counts import (
    Count,
    CountedMembers,
    Inputs,
    counts_member,
    field_members,
    value_members,
)
from scanner.engine.operators import OPERATORS
from scanner.engine.selection import Binding, Selection
from scanner.engine.values import as_text
from scanner.inventory.paths import PathError
from scanner.schemas.problems import nearest

Place = tuple[str | int, ...]
_SUBJECTS = ("field", "value", "count")
_LOGICAL = ("allOf", "anyOf", "not")
_DEFAULT_NAME = "default"
_EXACT = ("equals", "notEquals", "in", "notIn")


class ConditionError(ValueError):
    """A condition that cannot be compiled; `place` is the key path inside the condition."""

    def __init__(self, place: Place, problem: str, hint: str = "") -> None:
        super().__init__(problem)
        self.place = place
        self.problem = problem
        self.hint = hint


def compile_condition(spec: Any, context: Context, place: Place = ()) -> Node:
    """Return the compiled condition.

    Raises ConditionError for an unknown path, operator, function or parameter, with the place.
    """
    if not isinstance(spec, Mapping) or not spec:
        raise ConditionError(place, "a condition must be a mapping such as {field: …, equals: …}")
    if "allOf" in spec or "anyOf" in spec:
        return _several(spec, context, place)
    if "not" in spec:
        _only(spec, "not", place)
        return Not(compile_condition(spec["not"], context, (*place, "not")))
    return _comparison(spec, context, place)


def _several(spec: Mapping[str, Any], context: Context, place: Place) -> Node:
    key = "allOf" if "allOf" in spec else "anyOf"
    _only(spec, key, place)
    items = spec[key]
    if not isinstance(items, list) or not items:
        raise ConditionError((*place, key), f"{key} needs a list of at least one condition")
    nodes = [
        compile_condition(item, context, (*place, key, index)) for index, item in enumerate(items)
    ]
    return AllOf(nodes) if key == "allOf" else AnyOf(nodes)


def _only(spec: Mapping[str, Any], key: str, place: Place) -> None:
    extra = sorted(set(spec) - {key})
    if extra:
        raise ConditionError(place, f"{key} stands alone; '{extra[0]}' does not belong beside it")


def _comparison(spec: Mapping[str, Any], context: Context, place: Place) -> Node:
    subjects = [key for key in spec if key in _SUBJECTS]
    others = [key for key in spec if key not in _SUBJECTS]
    unknown = [key for key in others if key not in OPERATORS]
    if unknown:
        known = (*OPERATORS, *_SUBJECTS, *_LOGICAL)
        hint = nearest(unknown[0], known)
        raise ConditionError((*place, unknown[0]), f"unknown operator '{unknown[0]}'", hint)
    if len(subjects) != 1 or len(others) != 1:
        raise ConditionError(
            place, "a condition has one of field, value or count, and one operator"
        )
    operand = _operand(others[0], spec[others[0]], context, (*place, others[0]))
    subject = subjects[0]
    if subject == "field":
        test = _field(spec["field"], operand, context, (*place, "field"))
        _check_values(test.selection, others[0], spec[others[0]], (*place, others[0]))
        return test
    if subject == "value":
        value = _value(spec["value"], context, (*place, "value"))
        return ValueTest(value, str(spec["value"]), operand)
    return _count(spec["count"], operand, context, (*place, "count"))


def _check_values(selection: Selection, operator: str, expected: Any, place: Place) -> None:
    """Refuse a written value that Azure does not have for the field: it would never be equal."""
    if operator not in _EXACT or not selection.values:
        return
    known = {value.lower() for value in selection.values}
    for written in expected if isinstance(expected, list) else [expected]:
        if isinstance(written, str) and template.is_expression(written):
            continue
        text = template.unescape(as_text(written) or "")
        if text and text.lower() not in known:
            hint = nearest(text, selection.values) or f"It has: {', '.join(selection.values)}."
            raise ConditionError(place, f"'{text}' is no value that the field can have", hint)


def _operand(operator: str, raw: Any, context: Context, place: Place) -> Operand:
    expected = _value(raw, context, place)
    try:
        return Operand(operator, expected)
    except ValueError as problem:
        raise ConditionError(place, str(problem)) from problem


def _value(raw: Any, context: Context, place: Place) -> Value:
    try:
        return compile_value(raw, context)
    except PathError as problem:
        raise ConditionError(place, str(problem), problem.hint) from problem
    except ValueError as problem:
        raise ConditionError(place, str(problem)) from problem


def _path(raw: Any, context: Context, place: Place) -> str:
    path = _value(raw, context, place)
    if not path.is_constant or not isinstance(path.constant, str):
        raise ConditionError(place, "a field must be a path that is known before the scan")
    return path.constant


def _field(raw: Any, operand: Operand, context: Context, place: Place) -> FieldTest:
    path = _path(raw, context, place)
    try:
        selection = context.select(path)
    except PathError as problem:
        raise ConditionError(place, str(problem), problem.hint) from problem
    return FieldTest(selection, operand)


def _count(spec: Any, operand: Operand, context: Context, place: Place) -> Node:
    if not isinstance(spec, Mapping) or ("field" in spec) == ("value" in spec):
        raise ConditionError(place, "a count has either a field or a value to count")
    extra = sorted(set(spec) - {"field", "value", "name", "where"})
    if extra:
        raise ConditionError((*place, extra[0]), f"'{extra[0]}' does not belong into a count")
    if "field" in spec:
        members, binding = _field_members(spec["field"], context, (*place, "field"))
    else:
        text = str(spec["value"])
        members = value_members(_value(spec["value"], context, (*place, "value")), text)
        binding = Binding((str(spec.get("name", _DEFAULT_NAME)),), Any, is_field=False)
    where = None
    inner = context.bound(binding)
    if "where" in spec:
        where = compile_condition(spec["where"], inner, (*place, "where"))
        context.reads.extend(inner.reads)
    if binding.is_field and not context.bindings:
        context.counts.append(Counted(binding, members.get, counts_member(where)))
    if where is None:
        return Count(members, None, operand)
    is_fixed = members.is_constant and not context.bindings and operand.constant is not None
    return Count(members, where, operand, inputs=_inputs(inner.reads) if is_fixed else None)


def _field_members(raw: Any, context: Context, place: Place) -> tuple[CountedMembers, Binding]:
    path = _path(raw, context, place)
    try:
        selection = context.counted(path)
    except PathError as problem:
        raise ConditionError(place, str(problem), problem.hint) from problem
    tokens = context.resolver.tokens(path)
    return field_members(selection, path), Binding(tokens, selection.element, is_field=True)


def _inputs(reads: Sequence[Selection | None]) -> Inputs | None:
    """Return what a condition reads of the resource, if that is nothing but single values."""
    found = [read for read in reads if read is None or not read.of_member]
    if any(read is None or read.many for read in found):
        return None
    single = [read for read in found if read is not None]
    return Inputs(tuple(read.get for read in single), all(read.own for read in single))
