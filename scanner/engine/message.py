"""Messages with placeholders, such as `{name} keeps {scaleSettings.minNodeCount} node(s).`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from scanner import armid
from scanner.engine.values import as_text
from scanner.inventory.fields import UNREAD_MARK
from scanner.inventory.paths import PathError
from scanner.inventory.plain import plain
from scanner.schemas.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from scanner.engine.context import Context

_PLACEHOLDER = re.compile(r"\{([A-Za-z][A-Za-z0-9_.'\[\]*$-]*)\}")
_PARAMETER = "parameters."
_COUNTED = "counted."
_RESOURCE_ID = re.compile(r"(?i)/subscriptions/[^/]+/(.+/)?providers/[^/]+/[^/]+/[^/]+")
_SHOWN = 5
_BRACE = re.compile(r"[{}\[\]]")
_CLAUSE = re.compile(r"\{[^{}]*\}|\[((?:[^\[\]{}]|\{[^{}]*\})*)\]")
"""A placeholder, whose path may have brackets, or a clause in brackets with its content."""


class Placeholder(NamedTuple):
    """What stands in braces in a text, and how to get its value of a resource."""

    path: str
    get: Callable[[Any], Any]


def parts(text: str, context: Context) -> list[str | Placeholder]:
    """Return the literal parts of a text and its placeholders, in their order.

    Raises PathError for a placeholder that is neither a field path nor `parameters.name`.
    """
    found: list[str | Placeholder] = []
    position = 0
    for match in _PLACEHOLDER.finditer(text):
        found += [text[position : match.start()], _placeholder(match, context)]
        position = match.end()
    return [*found, text[position:]]


def _placeholder(match: re.Match[str], context: Context) -> Placeholder:
    path = match[1]
    if path.startswith(_PARAMETER):
        name = path.removeprefix(_PARAMETER)
        if name not in context.parameters:
            hint = nearest(name, context.parameters)
            raise PathError(f"unknown parameter '{name}' in placeholder {match[0]}", hint)
        value = context.parameters[name]
        return Placeholder(name, lambda _resource: value)
    if path.startswith(_COUNTED):
        return Placeholder(path, context.of_counted(path.removeprefix(_COUNTED)))
    get = context.resolver.resolve(path, ()).get
    return Placeholder(path, lambda resource: get(resource, ()))


class Clause(NamedTuple):
    """A part of a sentence in square brackets, said only where its values are there."""

    said: list[str | Placeholder]
    otherwise: list[str | Placeholder]

    def render(self, resource: Any) -> str:
        """Return the clause, or what is said where Azure has no value for one of its fields.

        Of an unread value nobody can say that it is absent: it drops a clause that has nothing
        else to say, and is shown as unread in one that has.
        """
        values = [plain(part.get(resource)) for part in self.said if isinstance(part, Placeholder)]
        if any(value in (UNREAD_MARK, [UNREAD_MARK]) for value in values):
            return _rendered(self.said, resource) if self.otherwise else ""
        absent = any(_is_nothing(value) for value in values)
        return _rendered(self.otherwise if absent else self.said, resource)


class Message:
    """A text whose placeholders are field paths or `parameters.name`, checked when it is made.

    A clause in square brackets is left out where one of its placeholders has no value; what
    follows a `|` in it is said instead: `{name} is [of size {vmSize}|of no known size].`
    """

    def __init__(self, text: str, context: Context) -> None:
        self._parts: list[str | Placeholder | Clause] = []
        position = 0
        for match in _CLAUSE.finditer(text):
            if match[1] is not None:
                self._parts += parts(text[position : match.start()], context)
                said, bar, otherwise = match[1].partition("|")
                instead = parts(otherwise, context) if bar else []
                self._parts.append(Clause(parts(said, context), instead))
                position = match.end()
        self._parts += parts(text[position:], context)

    def check_prose(self) -> None:
        """Raise PathError for a brace or bracket that belongs to nothing, where the text is prose."""
        for part in self._parts:
            if not isinstance(part, Clause):
                _check_literal(part)
                continue
            if all(isinstance(each, str) for each in part.said):
                hint = "A clause in [ ] hangs on the placeholders in it."
                raise PathError("a clause in square brackets without a placeholder", hint)
            for each in (*part.said, *part.otherwise):
                _check_literal(each)

    def render(self, resource: Any) -> str:
        """Return the text with the resource's values; what is absent or unread is said so."""
        return _rendered(self._parts, resource).strip()


def _check_literal(part: str | Placeholder) -> None:
    found = _BRACE.search(part) if isinstance(part, str) else None
    if found:
        near = found.string[found.start() : found.start() + 20]
        kind = "brace" if found[0] in "{}" else "bracket"
        hint = "A placeholder is a field path or parameters.name in braces: {name}."
        if kind == "bracket":
            hint = "A clause that may be left out stands in brackets: {name}[ of size {vmSize}]."
        raise PathError(f"a {kind} that belongs to no placeholder: '{near}'", hint)


def _rendered(found: Iterable[str | Placeholder | Clause], resource: Any) -> str:
    texts = []
    for part in found:
        if isinstance(part, Placeholder):
            texts.append(shown(_named(plain(part.get(resource)))))
        else:
            texts.append(part if isinstance(part, str) else part.render(resource))
    return "".join(texts)


def _named(value: Any) -> Any:
    """Return a value with resources by name: where they lie is in the evidence."""
    if isinstance(value, str):
        return armid.parse(value).name if _RESOURCE_ID.match(value) else value
    return [_named(item) for item in value] if isinstance(value, list) else value


def _is_nothing(value: Any) -> bool:
    if isinstance(value, list):
        return all(_is_nothing(item) for item in value)
    return value in (None, "", {})


def shown(value: Any) -> str:
    """Return a value as it reads in a sentence."""
    value = plain(value)
    if value == UNREAD_MARK:
        return "(not readable)"
    if value is None or value == "":
        return "not set"
    if value in ([], {}):
        return "none"
    if isinstance(value, list):
        return _listed(value)
    if isinstance(value, dict):
        return str(value.get("name") or ", ".join(f"{k}: {shown(v)}" for k, v in value.items()))
    return as_text(value) or str(value)


def _listed(values: list[Any]) -> str:
    partial = values[-1] == UNREAD_MARK
    texts = list(dict.fromkeys(map(shown, values[:-1] if partial else values)))
    if not texts:
        return shown(UNREAD_MARK)
    more = len(texts) - _SHOWN
    rest = f" and {'at least ' if partial else ''}{more} more" if more > 0 else ""
    return ", ".join(texts[:_SHOWN]) + (rest or (" and perhaps more" if partial else ""))
