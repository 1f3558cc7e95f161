"""The functions of template expressions that depend on their arguments only.

What a function of Azure does is Azure's documented behaviour, its case sensitivity included.
`None` and `""` are both the absent value: where Azure passes on `''` for a property that is
not there, a function here may get either and treats them alike.
"""

from __future__ import annotations

import base64
import binascii
import operator
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec

from scanner import armid
from scanner.engine import quantities
from scanner.engine import sequences as seq
from scanner.engine.quantities import as_whole
from scanner.engine.template import Function, TemplateError
from scanner.engine.values import get_property, is_known, is_number, kind_of, unexpected
from scanner.inventory.fields import UNREAD

Thunk: TypeAlias = Callable[[], Any]


def _to_bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if is_number(value):
        return bool(value != 0)
    known = {"true": True, "false": False, "1": True, "0": False}
    if seq.text(value).lower() not in known:
        raise ValueError(f"{value!r} is neither true nor false")
    return known[seq.text(value).lower()]


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def call(left: Any, right: Any) -> bool:
        if is_number(left) and is_number(right):
            return compare(left, right)
        return compare(_collation(seq.text(left)), _collation(seq.text(right)))

    return call


def _collation(text: str) -> tuple[str, str]:
    """Sort as the invariant culture does: by letter first, lower case before upper."""
    return text.lower(), text.swapcase()


def _base64_to_string(value: Any) -> str:
    try:
        return base64.b64decode(seq.text(value), validate=True).decode()
    except binascii.Error as error:
        raise ValueError(f"not base64: {error}") from error


def _json(value: Any) -> Any:
    try:
        return msgspec.json.decode(seq.text(value) or "null")
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(f"not JSON: {error}") from error


def _try_get(value: Any, *keys: Any) -> Any:
    for key in keys:
        if isinstance(value, (list, tuple)) and is_number(key):
            inside = 0 <= as_whole(key) < len(value)
            value = value[as_whole(key)] if inside else None
        elif isinstance(value, (Mapping, msgspec.Struct)) and isinstance(key, str):
            value = get_property(value, key)
        else:
            return None
    return value


def _arm_part(resource_id: Any, part: Any) -> str:
    if resource_id is None or resource_id == "":
        return ""
    if not armid.is_arm_id(resource_id):
        raise ValueError(f"{kind_of(resource_id)} {resource_id!r} is no resource id")
    found = armid.parse(resource_id)
    parts = {
        "subscription": found.subscription_id,
        "resourcegroup": found.resource_group,
        "type": found.type,
        "name": found.name,
    }
    if seq.text(part).lower() not in parts:
        raise ValueError(f"a part is subscription, resourceGroup, type or name, not {part!r}")
    return parts[seq.text(part).lower()]


def _truth(value: Any) -> Any:
    if value is UNREAD or isinstance(value, bool):
        return value
    raise unexpected("true or false", value)


def _if(condition: Thunk, yes: Thunk, no: Thunk) -> Any:
    chosen = _truth(condition())
    if chosen is not UNREAD:
        return yes() if chosen else no()
    try:
        first, second = yes(), no()
    except TemplateError:
        return UNREAD
    return first if is_known(first) and is_known(second) and seq.same(first, second) else UNREAD


def _decided_by(*, decisive: bool) -> Callable[..., Any]:
    """Make `and`, decided by false, or `or`, decided by true; three-valued."""

    def call(*thunks: Thunk) -> Any:
        answer: Any = not decisive
        for thunk in thunks:
            value = _truth(thunk())
            if value is decisive:
                return decisive
            answer = UNREAD if value is UNREAD else answer
        return answer

    return call


def _coalesce(*thunks: Thunk) -> Any:
    for thunk in thunks:
        value = thunk()
        if value is not None:
            return value
    return None


_TABLE: tuple[Function, ...] = (
    Function("concat", seq.concat, 1, None),
    Function("length", seq.length, 1, 1, sees_parts=True),
    Function("empty", seq.empty, 1, 1, sees_parts=True),
    Function("contains", seq.contains, 2, 2, sees_parts=True),
    Function("split", seq.split, 2, 2),
    Function("join", seq.join, 2, 2),
    Function("replace", seq.replace, 3, 3),
    Function("toLower", lambda text: seq.text(text).lower(), 1, 1),
    Function("toUpper", lambda text: seq.text(text).upper(), 1, 1),
    Function("trim", lambda text: seq.text(text).strip(), 1, 1),
    Function("substring", seq.substring, 2, 3),
    Function(
        "indexOf", lambda text, part: seq.text(text).lower().find(seq.text(part).lower()), 2, 2
    ),
    Function(
        "lastIndexOf", lambda text, part: seq.text(text).lower().rfind(seq.text(part).lower()), 2, 2
    ),
    Function(
        "startsWith",
        lambda text, part: seq.text(text).lower().startswith(seq.text(part).lower()),
        2,
        2,
    ),
    Function(
        "endsWith", lambda text, part: seq.text(text).lower().endswith(seq.text(part).lower()), 2, 2
    ),
    Function("first", seq.first, 1, 1),
    Function("last", seq.last, 1, 1),
    Function("skip", seq.skip, 2, 2),
    Function("take", seq.take, 2, 2),
    Function("union", seq.union, 2, None),
    Function("intersection", seq.intersection, 2, None),
    Function("array", lambda value: value if isinstance(value, (list, tuple)) else [value], 1, 1),
    Function("createArray", lambda *values: list(values), 0, None),
    Function("range", seq.number_range, 2, 2),
    Function("min", quantities.extreme(min), 1, None),
    Function("max", quantities.extreme(max), 1, None),
    Function("add", quantities.add, 2, 2),
    Function("sub", quantities.subtract, 2, 2),
    Function("mul", quantities.multiply, 2, 2),
    Function("div", quantities.divide, 2, 2),
    Function("mod", quantities.remainder, 2, 2),
    Function("int", quantities.to_int, 1, 1),
    Function("float", quantities.to_float, 1, 1),
    Function("string", seq.to_string, 1, 1),
    Function("bool", _to_bool, 1, 1),
    Function("equals", seq.same, 2, 2),
    Function("less", _ordered(operator.lt), 2, 2),
    Function("lessOrEquals", _ordered(operator.le), 2, 2),
    Function("greater", _ordered(operator.gt), 2, 2),
    Function("greaterOrEquals", _ordered(operator.ge), 2, 2),
    Function("not", lambda value: not _truth(value), 1, 1),
    Function("and", _decided_by(decisive=False), 2, None, lazy=True),
    Function("or", _decided_by(decisive=True), 2, None, lazy=True),
    Function("if", _if, 3, 3, lazy=True),
    Function("coalesce", _coalesce, 1, None, lazy=True),
    Function("tryGet", _try_get, 2, None),
    Function("padLeft", seq.pad_left, 2, 3),
    Function("format", seq.format_text, 1, None),
    Function("base64", lambda text: base64.b64encode(seq.text(text).encode()).decode(), 1, 1),
    Function("base64ToString", _base64_to_string, 1, 1),
    Function("json", _json, 1, 1),
    Function("null", lambda: None, 0, 0),
    Function("true", lambda: True, 0, 0),
    Function("false", lambda: False, 0, 0),
    Function("addDays", quantities.add_days, 2, 2),
    Function("dateTimeAdd", quantities.date_time_add, 2, 2, origin="template"),
    Function("ipRangeContains", quantities.ip_range_contains, 2, 2),
    Function("durationSeconds", quantities.duration_seconds, 1, 1, origin="own"),
    Function("cidrPrefix", quantities.cidr_prefix, 1, 1, origin="own"),
    Function("distinct", seq.distinct, 1, 1, origin="own"),
    Function("armPart", _arm_part, 2, 2, origin="own"),
)

FUNCTIONS: dict[str, Function] = {function.name.lower(): function for function in _TABLE}
"""Every function of the language that needs no context, by its name in lower case."""
