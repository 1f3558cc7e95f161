"""Messages with placeholders, such as `{name} keeps {scaleSettings.minNodeCount} node(s).`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from scanner.engine.values import as_text
from scanner.inventory.fields import UNREAD_MARK
from scanner.inventory.paths import PathError
from scanner.inventory.plain import plain
from scanner.schemas.problems import nearest

if TYPE_CHECKING:
    from scanner.engine.context import Context

_PLACEHOLDER = re.compile(r"\{([A-Za-z][A-Za-z0-9_.'\[\]*$-]*)\}")
_PARAMETER = "parameters."
_SHOWN = 5
_BRACE = re.compile(r"[{}]")


class Message:
    """A text whose placeholders are field paths or `parameters.name`, checked when it is made."""

    def __init__(self, text: str, context: Context) -> None:
        self._parts: list[Any] = []
        position = 0
        for match in _PLACEHOLDER.finditer(text):
            self._parts += [text[position : match.start()], self._getter(match, context)]
            position = match.end()
        self._parts.append(text[position:])

    @staticmethod
    def _getter(match: re.Match[str], context: Context) -> Any:
        path = match[1]
        if path.startswith(_PARAMETER):
            name = path.removeprefix(_PARAMETER)
            if name not in context.parameters:
                hint = nearest(name, context.parameters)
                raise PathError(f"unknown parameter '{name}' in placeholder {match[0]}", hint)
            value = context.parameters[name]
            return lambda _resource: value
        get = context.resolver.resolve(path, ()).get
        return lambda resource: get(resource, ())

    def check_prose(self) -> None:
        """Raise PathError for a brace that is no placeholder, where the text is prose."""
        for part in self._parts:
            found = isinstance(part, str) and _BRACE.search(part)
            if found:
                near = part[found.start() : found.start() + 20]
                hint = "A placeholder is a field path or parameters.name in braces: {name}."
                raise PathError(f"a brace that belongs to no placeholder: '{near}'", hint)

    def render(self, resource: Any) -> str:
        """Return the text with the resource's values; what is absent or unread is said so."""
        parts = [part if isinstance(part, str) else shown(part(resource)) for part in self._parts]
        return "".join(parts).strip()


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
        texts = [shown(item) for item in value[:_SHOWN]]
        more = len(value) - _SHOWN
        return ", ".join(texts) + (f" and {more} more" if more > 0 else "")
    if isinstance(value, dict):
        return str(value.get("name") or ", ".join(f"{k}: {shown(v)}" for k, v in value.items()))
    return as_text(value) or str(value)
