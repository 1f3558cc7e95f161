"""Rules as they are written: one YAML file each, loaded by path and checked against the schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from scanner import documents
from scanner.engine.result import Severity
from scanner.errors import RuleError
from scanner.schemas.problems import shown

if TYPE_CHECKING:
    from pathlib import Path

ParameterType = Literal["string", "integer", "number", "boolean", "array", "object"]

PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


class Parameter(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A value of a rule that a config may set, for all environments or for one."""

    type: ParameterType
    description: str
    default: Any = None
    setting: str = ""
    """Name of the estate-wide setting in the config that gives the value where it is set."""
    allowed_values: tuple[Any, ...] = ()


class Remediation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to mend a failure. The snippets may hold placeholders, as the message does."""

    text: str
    cli: str = ""
    bicep: str = ""
    terraform: str = ""


class Change(msgspec.Struct, frozen=True):
    """A version in which the meaning of a rule tightened, and how."""

    version: str
    note: str


class Rule(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One rule, as its file says it. `domain` is the folder the file lies in."""

    id: str
    name: str
    title: str
    severity: Severity
    since: str
    resource: str
    require: Any
    message: str
    rationale: str
    remediation: Remediation
    controls: tuple[str, ...]
    references: tuple[str, ...]
    when: Any = None
    parameters: dict[str, Parameter] = {}
    changed: tuple[Change, ...] = ()
    domain: str = ""
    path: str = ""
    preview: bool = False
    """True where the pinned rule set is older than the rule: shown, but not counted at the gate."""


class RuleFile(msgspec.Struct, frozen=True):
    """A rule with the document it came from, to name lines in messages."""

    rule: Rule
    document: documents.Document

    def error(self, place: tuple[str | int, ...], problem: str, hint: str = "") -> RuleError:
        """Return an error that names the file, the line and the place in it."""
        return RuleError(
            self.rule.path,
            problem,
            line=self.document.line(place),
            place=documents.show(place),
            hint=hint,
        )


def load_rule(path: Path) -> RuleFile:
    """Read and check one rule file.

    Raises RuleError where the file is not a rule: file, line, place and the nearest valid name.
    """
    document = documents.load(path, error=RuleError)
    documents.check(document, "rule", error=RuleError)
    data = dict(document.data)
    data["domain"] = path.parent.name
    data["path"] = str(path)
    loaded = RuleFile(msgspec.convert(data, Rule), document)
    if loaded.rule.name != path.stem:
        raise loaded.error(("name",), f"the file is {path.name}, so the name must be {path.stem}")
    for name, parameter in loaded.rule.parameters.items():
        check_value(loaded.rule.id, name, parameter, parameter.default, loaded)
    return loaded


def check_value(
    rule_id: str, name: str, parameter: Parameter, value: Any, loaded: RuleFile | None = None
) -> Any:
    """Return a parameter's value if it has the declared type and is allowed.

    Raises RuleError for a default in a rule file, ValueError for a value from elsewhere.
    """
    problem = _problem(parameter, value)
    if not problem:
        return value
    text = f"parameter {name} of {rule_id} {problem}"
    if loaded is not None:
        raise loaded.error(("parameters", name), text)
    raise ValueError(text)


def _problem(parameter: Parameter, value: Any) -> str:
    types = PYTHON_TYPES[parameter.type]
    is_bool = isinstance(value, bool)
    if not isinstance(value, types) or (is_bool and bool not in types):
        return f"must be of type {parameter.type}, not {shown(value)}"
    if parameter.allowed_values and value not in parameter.allowed_values:
        return f"must be one of {', '.join(map(str, parameter.allowed_values))}"
    return ""
