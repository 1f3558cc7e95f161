"""Reads Azure Policy definitions and initiatives from the JSON files that people keep them in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from scanner import documents
from scanner.azurepolicy.definitions import Definition, Place, parameters_in
from scanner.azurepolicy.fields import AliasResolver
from scanner.config import Config
from scanner.engine.context import Context, compile_value
from scanner.errors import RuleError
from scanner.inventory.estate import empty_estate

if TYPE_CHECKING:
    from pathlib import Path

_GUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SHAPES: Final = (
    "A definition has a policyRule and an initiative policyDefinitions, at the top, under "
    "properties, or as values of deployment parameters."
)


class Initiative(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """An initiative: definitions under one name, with the parameter values for each."""

    name: str
    declared: dict[str, Any]
    members: list[dict[str, Any]]
    document: documents.Document
    place: Place


def load_definitions(path: Path) -> list[Definition]:
    """Read the definitions of a JSON file, or of all JSON files of a folder, sorted by id.

    Where a folder (or a file that holds a list) has an initiative, its member definitions are
    taken from the same place and evaluated once for each initiative, with its parameter values.

    Raises RuleError: a file is not readable or no definition, an initiative's member is not
    there, or two definitions have the same name.
    """
    loaded = [each for file in _files(path) for each in _load(file)]
    by_name: dict[str, Definition] = {}
    for each in loaded:
        if isinstance(each, Definition) and by_name.setdefault(each.id.lower(), each) is not each:
            other = by_name[each.id.lower()].document.path
            raise each.error((), f"definition {each.id} is there twice, also in {other}")
    members: set[str] = set()
    found: list[Definition] = []
    for each in loaded:
        if isinstance(each, Initiative):
            found += _expanded(each, by_name, members)
    found += [each for name, each in by_name.items() if name not in members]
    return sorted(found, key=lambda definition: definition.id)


def _expanded(
    initiative: Initiative, by_name: Mapping[str, Definition], used: set[str]
) -> Iterator[Definition]:
    values = {
        name: item["defaultValue"]
        for name, item in initiative.declared.items()
        if isinstance(item, Mapping) and "defaultValue" in item
    }
    if not initiative.members:
        problem = f"the initiative {initiative.name} has no definitions"
        raise initiative.document.error(initiative.place, problem, "", RuleError)
    for index, member in enumerate(initiative.members):
        name = str(member.get("policyDefinitionId") or "").rpartition("/")[2]
        definition = by_name.get(name.lower())
        if definition is None:
            raise initiative.document.error(
                (*initiative.place, index),
                f"{initiative.name} has the member '{name}', whose definition is not there",
                f"Save it beside the initiative: az policy definition show --name {name}",
                RuleError,
            )
        used.add(definition.id.lower())
        reference = str(member.get("policyDefinitionReferenceId") or index + 1)
        given = _given(initiative, index, _mapping(member.get("parameters")), values)
        yield msgspec.structs.replace(
            definition.with_parameters(given), id=f"{initiative.name}:{reference}"
        )


def _given(
    initiative: Initiative, index: int, parameters: dict[str, Any], values: dict[str, Any]
) -> dict[str, Any]:
    """Return the values that an initiative gives to a member; its own may be expressions."""
    context = Context(AliasResolver(), values, empty_estate(Config()))
    given = {}
    declared = {name.lower() for name in initiative.declared}
    for name, item in parameters.items():
        written = item.get("value") if isinstance(item, Mapping) else None
        for used in parameters_in(written):
            if used.lower() not in declared:
                place = (*initiative.place, index, "parameters", name)
                problem = f"the initiative has no parameter '{used}'"
                hint = f"It declares: {', '.join(initiative.declared) or 'none'}."
                raise initiative.document.error(place, problem, hint, RuleError)
        if set(parameters_in(written)) - set(values):
            continue  # The assignment has to give it, so the member goes without.
        try:
            value = compile_value(written, context)
        except ValueError as problem:
            place = (*initiative.place, index, "parameters", name)
            raise initiative.document.error(place, str(problem), "", RuleError) from problem
        given[name] = value.constant
    return given


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(file for file in path.rglob("*") if file.suffix.lower() == ".json")
    if not found:
        raise RuleError(path, "holds no Azure Policy definitions", hint="They are .json files.")
    return found


def _load(path: Path) -> Iterator[Definition | Initiative]:
    document = documents.load(path, error=RuleError)
    data = document.data
    place: Place = ()
    if isinstance(data, Mapping) and isinstance(data.get("value"), list):
        data, place = data["value"], ("value",)
    if isinstance(data, list):
        for index, item in enumerate(data):
            yield _one(item, (*place, index), document, f"{path.stem}-{index + 1}")
    else:
        yield _one(data, place, document, path.stem)


def _one(
    data: Any, place: Place, document: documents.Document, stem: str
) -> Definition | Initiative:
    body, inner = _body(data)
    name = _name(data, body, stem)
    if isinstance(body.get("policyDefinitions"), list):
        return Initiative(
            name=name,
            declared=_mapping(body.get("parameters")),
            members=[item for item in body["policyDefinitions"] if isinstance(item, dict)],
            document=document,
            place=(*place, *inner, "policyDefinitions"),
        )
    key = "policyRule" if "policyRule" in body else "policyDefinition"
    rule = body if {"if", "then"} <= set(body) else body.get(key)
    if not isinstance(rule, Mapping) or not isinstance(rule.get("then"), Mapping):
        raise document.error(place, "is no Azure Policy definition", _SHAPES, RuleError)
    then = rule["then"]
    return Definition(
        id=name,
        name=stem if _GUID.fullmatch(name) else name,
        title=str(body.get("displayName") or name),
        description=str(body.get("description") or ""),
        mode=str(body.get("mode") or "All"),
        condition=rule.get("if"),
        effect=then.get("effect"),
        details=then.get("details"),
        declared=_mapping(body.get("parameters")),
        document=document,
        place=(*place, *inner) if rule is body else (*place, *inner, key, *_value_step(inner)),
    )


def _body(data: Any) -> tuple[Mapping[str, Any], Place]:
    """Return what holds the rule, and where; deployment parameters are unwrapped."""
    if not isinstance(data, Mapping):
        return {}, ()
    if isinstance(data.get("properties"), Mapping):
        return data["properties"], ("properties",)
    wrapped = data.get("parameters")
    if "contentVersion" in data and isinstance(wrapped, Mapping):
        return _unwrapped(wrapped), ("parameters",)
    return data, ()


_DEPLOYED: Final = {
    "policyName": "name",
    "policyDescription": "description",
    "policyMode": "mode",
    "policyParameters": "parameters",
    "policySetName": "name",
    "policySetDescription": "description",
    "policySetParameters": "parameters",
    "policySetDefinitions": "policyDefinitions",
}
"""Names of deployment parameters that say what a definition's properties say."""


def _unwrapped(parameters: Mapping[str, Any]) -> dict[str, Any]:
    values = {
        name: item["value"]
        for name, item in parameters.items()
        if isinstance(item, Mapping) and "value" in item
    }
    return {_DEPLOYED.get(name, name): value for name, value in values.items()}


def _value_step(inner: Place) -> Place:
    return ("value",) if inner == ("parameters",) else ()


def _name(data: Any, body: Mapping[str, Any], stem: str) -> str:
    """Return the name that Azure knows the definition by, that of the file where it says none."""
    outer = data if isinstance(data, Mapping) else {}
    for name in (outer.get("name"), body.get("name"), str(outer.get("id") or "").split("/")[-1]):
        if isinstance(name, str) and name:
            return name
    return stem


def _mapping(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}
