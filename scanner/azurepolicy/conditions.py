"""Prepares the conditions of Azure Policy for the engine, which knows one spelling of each word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from scanner.engine.operators import OPERATORS
from scanner.inventory.model.shapes import region

_WORDS: Final = {
    word.lower(): word
    for word in ("allOf", "anyOf", "not", "field", "value", "count", "where", "name", *OPERATORS)
}
_SEVERAL: Final = ("allOf", "anyOf")
_DECIDE_APPLICABILITY: Final = frozenset({"type", "name", "kind"})
_TYPE: Final = "type"


def prepared(condition: Any) -> Any:
    """Return a condition with its keys in the engine's spelling; to Azure any casing is fine."""
    if not isinstance(condition, Mapping):
        return condition
    spelled = {_WORDS.get(str(key).lower(), key): value for key, value in condition.items()}
    for key in _SEVERAL:
        if isinstance(spelled.get(key), list):
            spelled[key] = [prepared(item) for item in spelled[key]]
    if "not" in spelled:
        spelled["not"] = prepared(spelled["not"])
    if isinstance(spelled.get("count"), Mapping):
        count = {_WORDS.get(str(key).lower(), key): item for key, item in spelled["count"].items()}
        spelled["count"] = {
            key: prepared(item) if key == "where" else item for key, item in count.items()
        }
    if str(spelled.get("field")).lower() == "location":
        spelled = {
            key: value if key == "field" else regions(value) for key, value in spelled.items()
        }
    return spelled


def regions(value: Any) -> Any:
    """Return regions in the spelling that records are compared in: `West Europe` is westeurope."""
    if isinstance(value, list):
        return [regions(item) for item in value]
    is_expression = isinstance(value, str) and value.startswith("[")
    return value if is_expression else region(value)


def applicability(condition: Any, *, inverted: bool = False) -> Any:
    """Return what decides whether a definition applies to a resource at all.

    To Azure these are the conditions on type, name and kind; every other one counts as met.
    """
    if not isinstance(condition, Mapping):
        return condition
    for key in _SEVERAL:
        if isinstance(condition.get(key), list):
            return {key: [applicability(item, inverted=inverted) for item in condition[key]]}
    if "not" in condition:
        return {"not": applicability(condition["not"], inverted=not inverted)}
    if str(condition.get("field")).lower() in _DECIDE_APPLICABILITY:
        return condition
    return {"value": not inverted, "equals": True}


def types_of(condition: Any) -> frozenset[str] | None:
    """Return the lower-cased resource types that can meet a condition, `None` where any can."""
    if not isinstance(condition, Mapping):
        return None
    if isinstance(condition.get("allOf"), list):
        sets = [found for item in condition["allOf"] if (found := types_of(item)) is not None]
        return frozenset.intersection(*sets) if sets else None
    if isinstance(condition.get("anyOf"), list):
        each = [types_of(item) for item in condition["anyOf"]]
        known = [types for types in each if types is not None]
        return frozenset[str]().union(*known) if each and len(known) == len(each) else None
    return frozenset(_named(condition)) or None


def _named(condition: Mapping[str, Any]) -> Iterator[str]:
    if str(condition.get("field")).lower() != _TYPE:
        return
    wanted = condition.get("in", [condition.get("equals")])
    for item in wanted if isinstance(wanted, list) else ():
        if isinstance(item, str) and not item.startswith("["):
            yield item.lower()
