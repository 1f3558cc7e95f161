"""An Azure Policy definition: its rule as it is written, and the values of its parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from scanner import documents
from scanner.errors import DocumentError, RuleError

Place = tuple[str | int, ...]

_PARAMETER: Final = re.compile(r"parameters\(\s*'((?:[^']|'')*)'\s*\)", re.IGNORECASE)


class NotEvaluated(Exception):  # noqa: N818  (it says what happened; nothing went wrong)
    """A definition that a snapshot cannot answer, with the reason."""


class Definition(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One Azure Policy definition with the parameter values that it is evaluated with."""

    id: str
    """What findings name it by: its name, a GUID for built-in ones; in an initiative
    `<initiative>:<reference>`."""
    name: str
    title: str
    description: str = ""
    mode: str = "All"
    condition: Any
    """The `if`, as written."""
    effect: Any
    """The effect, as written: mostly `[parameters('effect')]`."""
    details: Any = None
    declared: dict[str, Any] = {}
    """Declarations of the parameters, by name."""
    given: dict[str, Any] = {}
    """Values of parameters that are not the defaults."""
    document: documents.Document
    place: Place = ()
    """Where in the document the rule stands, its `if` and `then`."""

    def error(self, place: Place, problem: str, hint: str = "") -> DocumentError:
        """Return an error that names the file, and the line of a place in the rule."""
        return self.document.error((*self.place, *place), problem, hint, RuleError)

    def with_parameters(self, values: Mapping[str, Any]) -> Definition:
        """Return the definition with other parameter values.

        Raises RuleError for a parameter that it does not declare, and a value it does not allow.
        """
        names = {name.lower(): name for name in self.declared}
        given = dict(self.given)
        for name, value in values.items():
            if name.lower() not in names:
                known = ", ".join(self.declared) or "none"
                raise self.error((), f"there is no parameter '{name}'", f"It declares: {known}.")
            _check_allowed(self, names[name.lower()], value)
            given[names[name.lower()]] = value
        return msgspec.structs.replace(self, given=given)

    def values(self) -> dict[str, Any]:
        """Return the value of every parameter that has one, under each spelling that is used."""
        found = {
            name: declaration["defaultValue"]
            for name, declaration in self.declared.items()
            if isinstance(declaration, Mapping) and "defaultValue" in declaration
        }
        found.update(self.given)
        lowered = {name.lower(): value for name, value in found.items()}
        for used in parameters_in((self.condition, self.effect, self.details)):
            if used.lower() in lowered:
                found.setdefault(used, lowered[used.lower()])
        return found


def _check_allowed(definition: Definition, name: str, value: Any) -> None:
    declaration = definition.declared[name]
    allowed = declaration.get("allowedValues") if isinstance(declaration, Mapping) else None
    if isinstance(allowed, list) and _folded(value) not in [_folded(each) for each in allowed]:
        shown = ", ".join(map(str, allowed))
        raise definition.error((), f"parameter '{name}' cannot be {value!r}", f"Allowed: {shown}.")


def _folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def parameters_in(value: Any) -> Iterator[str]:
    """Yield the names of the parameters that the expressions in a value refer to."""
    if isinstance(value, str):
        if value.startswith("["):
            yield from (name.replace("''", "'") for name in _PARAMETER.findall(value))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from parameters_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from parameters_in(item)
