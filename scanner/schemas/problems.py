"""What is wrong with a document, said of the one thing that its author most likely got wrong.

A schema with alternatives reports a misspelt key once per alternative, and as a missing key
besides. Here one problem is picked: an unknown key before a wrong value before a missing key,
and of alternatives the one that the author evidently meant.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from jsonschema.validators import validator_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from jsonschema.exceptions import ValidationError

_TYPES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "empty",
    "number": "a number",
    "object": "a mapping",
    "string": "text",
}
_LONGEST = 60
_UNKNOWN = "unknown key '{}'"


class Problem(NamedTuple):
    """One thing that is wrong: where (keys and indexes from the top), what, and what to do."""

    place: tuple[str | int, ...]
    text: str
    hint: str = ""


def first_problem(data: Any, schema: Mapping[str, Any]) -> Problem | None:
    """Return the problem to tell of, or None where the data is as the schema says."""
    validator = validator_for(schema)(schema)
    errors = list(validator.iter_errors(data))
    return min(map(_problem, errors), key=_urgency)[1] if errors else None


def nearest(name: str, names: Iterable[str]) -> str:
    """Return the hint `Did you mean 'x'?` for a misspelt name, "" where nothing comes close."""
    by_lower = {known.lower(): known for known in sorted(names)}
    found = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return f"Did you mean '{by_lower[found[0]]}'?" if found else ""


_Ranked = tuple[int, Problem]
_UNKNOWN_KEY, _WRONG_VALUE, _MISSING_KEY = range(3)


def _urgency(ranked: _Ranked) -> int:
    return ranked[0]


class _Error(NamedTuple):
    """What is used of a validation error; the library types every part of it as perhaps unset."""

    keyword: str
    wanted: Any
    """The keyword's value in the schema."""
    instance: Any
    schema: Any
    place: tuple[str | int, ...]
    message: str


def _read(error: ValidationError) -> _Error:
    place = tuple(error.absolute_path)
    keyword, wanted = str(error.validator), error.validator_value
    return _Error(keyword, wanted, error.instance, error.schema, place, error.message)


def _problem(error: ValidationError) -> _Ranked:
    found = _read(error)
    if found.keyword in {"oneOf", "anyOf"} and error.context:
        return _of_alternatives(found, error.context)
    if found.keyword == "additionalProperties" and found.wanted is False:
        return _unknown_key(found)
    if "propertyNames" in error.relative_schema_path and isinstance(found.instance, str):
        return _bad_key(found)
    if found.keyword == "required":
        missing = next(key for key in found.wanted if key not in found.instance)
        return _MISSING_KEY, Problem(found.place, f"the key '{missing}' is missing")
    return _WRONG_VALUE, Problem(found.place, _wrong_value(found), _value_hint(found))


def _unknown_key(error: _Error) -> _Ranked:
    known = error.schema.get("properties", {})
    patterns = error.schema.get("patternProperties", {})
    unknown = next(
        key
        for key in error.instance
        if key not in known and not any(re.search(pattern, key) for pattern in patterns)
    )
    hint = nearest(unknown, known) or _list(known)
    return _UNKNOWN_KEY, Problem((*error.place, unknown), _UNKNOWN.format(_short(unknown)), hint)


def _bad_key(error: _Error) -> _Ranked:
    key = error.instance
    if error.keyword == "pattern":
        problem = f"the key '{_short(key)}' is not of the required form"
        return _UNKNOWN_KEY, Problem((*error.place, key), problem, _description(error))
    known = error.wanted if error.keyword == "enum" else ()
    hint = nearest(key, known) or _list(known) or _description(error)
    return _UNKNOWN_KEY, Problem((*error.place, key), _UNKNOWN.format(_short(key)), hint)


def _wrong_value(error: _Error) -> str:
    found, wanted = shown(error.instance), error.wanted
    if error.keyword in {"minLength", "minItems", "minProperties"} and wanted == 1:
        return "must not be empty"
    if error.keyword == "minLength":
        return f"{found} is too short; at least {wanted} characters are needed"
    texts = {
        "type": f"must be {_type_names(wanted) if error.keyword == 'type' else ''}, not {found}",
        "enum": f"{found} is none of the allowed values",
        "pattern": f"{found} is not of the required form",
        "uniqueItems": "names something twice",
        "minProperties": "has too few keys",
        "maxProperties": "has too many keys",
    }
    return texts.get(error.keyword) or _short(error.message, 200)


def _value_hint(error: _Error) -> str:
    if error.keyword == "type" and (meant := _rewritten(error.wanted, error.instance)):
        return meant
    if error.keyword != "enum":
        return _description(error)
    values = [value for value in error.wanted if isinstance(value, str)]
    near = nearest(error.instance, values) if isinstance(error.instance, str) else ""
    return near or _list(values)


def _rewritten(wanted: str | list[str], value: Any) -> str:
    """Return how a value of the wrong type is written as the right one, "" where it may not be."""
    if wanted == "array" and isinstance(value, str):
        return f"Write a list: [{_short(value)}]."
    if wanted == "string" and isinstance(value, bool | int | float):
        return f"Put it in quotes: '{shown(value)}'."
    return ""


def _of_alternatives(error: _Error, context: Iterable[ValidationError]) -> _Ranked:
    """Pick the alternative whose required keys are there, or say which keys would do."""
    branches: dict[Any, list[ValidationError]] = {}
    for nested in context:
        branches.setdefault(nested.relative_schema_path[0], []).append(nested)
    meant = [errors for errors in branches.values() if not any(map(_rules_out, errors))]
    if meant:
        return min(map(_problem, sorted(meant, key=len)[0]), key=_urgency)
    wanted = sorted({key for errors in branches.values() for key in _missing(errors)})
    if not wanted:
        kinds = [str(one.validator_value) for errors in branches.values() for one in errors]
        text = f"must be {_type_names(kinds)}, not {shown(error.instance)}"
        return _WRONG_VALUE, Problem(error.place, text, _description(error))
    hints = (nearest(key, wanted) for key in error.instance)
    text = f"needs {'one of the keys' if len(wanted) > 1 else 'the key'} {', '.join(wanted)}"
    return _MISSING_KEY, Problem(error.place, text, next(filter(None, hints), ""))


def _rules_out(error: ValidationError) -> bool:
    """Tell whether an error shows that its alternative was not the one meant."""
    return not error.relative_path and error.validator in {"required", "type"}


def _missing(errors: list[ValidationError]) -> Iterator[str]:
    for error in map(_read, errors):
        if error.keyword == "required" and isinstance(error.instance, dict):
            yield from (key for key in error.wanted if key not in error.instance)


def _description(error: _Error) -> str:
    return str(error.schema.get("description", "")) if isinstance(error.schema, dict) else ""


def _type_names(wanted: str | list[str]) -> str:
    names = [wanted] if isinstance(wanted, str) else wanted
    return " or ".join(_TYPES.get(name, name) for name in names)


def shown(value: Any) -> str:
    """Return how messages call a value that a document holds, in one line."""
    match value:
        case dict() | list():
            return "a mapping" if isinstance(value, dict) else "a list"
        case None:
            return "empty"
        case bool():
            return "true" if value else "false"
        case str():
            return f"'{_short(value)}'"
        case _:
            return _short(str(value))


def _short(text: str, longest: int = _LONGEST) -> str:
    """Return a text cut to a length, with what cannot be seen written as escapes."""
    text = "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _list(names: Iterable[str]) -> str:
    return f"Allowed: {', '.join(sorted(names))}." if names else ""
