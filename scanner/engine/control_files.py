"""Reads the controls of rule packs, and which rules answer them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from scanner import documents
from scanner.engine.controls import (
    POLICIES,
    Answer,
    Control,
    Controls,
    Framework,
    Provenance,
    slug,
)
from scanner.errors import RuleError
from scanner.schemas.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from scanner.engine.rules import Rule, RuleFile

_FOLDER: Final = "controls"


def load_controls(packs: Iterable[Path], rules: Sequence[RuleFile]) -> Controls:
    """Return the controls of the packs' folders `controls`, and which of the rules answer them.

    Raises RuleError for a file that is not as the schema says, for an id used twice, for a policy
    that azure-policy.yaml does not list, and for a rule that names a control that does not exist
    or that no rule can answer.
    """
    loaded: dict[str, tuple[Framework, documents.Document]] = {}
    for path in _files(packs):
        framework, document = _load(path)
        if framework.framework in loaded:
            other = loaded[framework.framework][1].path
            raise document.error(("framework",), f"is already the framework of {other}")
        loaded[framework.framework] = framework, document
    definitions = _definitions(loaded)
    for framework, document in loaded.values():
        _check_policies(framework, document, definitions)
    frameworks = tuple(loaded[name][0] for name in sorted(loaded))
    return Controls(frameworks, _answers(frameworks, rules))


def _files(packs: Iterable[Path]) -> Iterator[Path]:
    for pack in packs:
        yield from sorted((pack / _FOLDER).glob("*.yaml"))


def _load(path: Path) -> tuple[Framework, documents.Document]:
    document = documents.load(path, error=RuleError)
    documents.check(document, "controls", error=RuleError)
    data: dict[str, Any] = document.data
    name = data["framework"]
    if name != path.stem:
        problem = f"the file is {path.name}, so the framework must be {path.stem}"
        raise document.error(("framework",), problem)
    seen: dict[str, int] = {}
    for index, control in enumerate(data["controls"]):
        if control["id"] in seen:
            line = document.line(("controls", seen[control["id"]]))
            problem = f"'{control['id']}' is already the id of the control on line {line}"
            raise document.error(("controls", index, "id"), problem)
        seen[control["id"]] = index
    full = [{**control, "id": f"{name}/{control['id']}"} for control in data["controls"]]
    return msgspec.convert({**data, "controls": full}, Framework), document


def _definitions(loaded: Mapping[str, tuple[Framework, documents.Document]]) -> set[str]:
    if POLICIES not in loaded:
        return set()
    return {slug(control.id) for control in loaded[POLICIES][0].controls}


def _check_policies(
    framework: Framework, document: documents.Document, definitions: set[str]
) -> None:
    for index, control in enumerate(framework.controls):
        for number, policy in enumerate(control.policies):
            if policy not in definitions:
                place = ("controls", index, "policies", number)
                problem = f"there is no Azure Policy definition '{policy}'"
                raise document.error(place, problem, nearest(policy, definitions))


def _answers(
    frameworks: Sequence[Framework], rules: Sequence[RuleFile]
) -> dict[str, tuple[Answer, ...]]:
    known = {control.id: control for framework in frameworks for control in framework.controls}
    found: dict[str, list[Answer]] = {}
    for rule_file in sorted(rules, key=lambda loaded: loaded.rule.id):
        rule = rule_file.rule
        for index, name in enumerate(rule.controls):
            control = known.get(name)
            if control is None or control.kind != "rule":
                raise _no_control(rule_file, index, control, known)
            found.setdefault(name, []).append(Answer(rule, _provenance(rule, control)))
    return {name: tuple(answers) for name, answers in found.items()}


def _no_control(
    rule_file: RuleFile, index: int, control: Control | None, known: Mapping[str, Control]
) -> RuleError:
    name, place = rule_file.rule.controls[index], ("controls", index)
    if control is not None:
        kind = "a person answers" if control.kind == "review" else "is not a control"
        return rule_file.error(place, f"no rule can answer '{name}', which {kind}")
    answerable = [other.id for other in known.values() if other.kind == "rule"]
    hint = nearest(name, answerable) or "Controls are listed in the packs' folders `controls`."
    return rule_file.error(place, f"there is no control '{name}'", hint)


def _provenance(rule: Rule, control: Control) -> Provenance:
    """Tell whether the vendor maps a policy that the rule stands for to a framework's control."""
    # A statement names the definitions that it is about itself; that maps nothing.
    if control.statement:
        return Provenance.OWN
    mapped = {f"{POLICIES}/{policy}" for policy in control.policies}
    return Provenance.VENDOR if mapped & set(rule.controls) else Provenance.OWN
