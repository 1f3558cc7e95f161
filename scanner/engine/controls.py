"""Controls: what source documents and frameworks ask for, and what the rules' results say of it."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from scanner import documents
from scanner.engine.result import Counts
from scanner.engine.rules import Rule
from scanner.errors import RuleError
from scanner.schemas.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from scanner.engine.result import ScanResult
    from scanner.engine.rules import RuleFile

POLICIES: Final = "azure-policy"
"""The framework whose controls are the definitions that other controls name as `policies`."""

_FOLDER: Final = "controls"

Kind = Literal["rule", "review", "none"]


class Control(msgspec.Struct, frozen=True, kw_only=True):
    """One statement of a source, or one control of a framework."""

    id: str
    """`framework/slug`, as rules name it."""
    kind: Kind
    place: str = ""
    statement: str = ""
    question: str = ""
    evidence: tuple[str, ...] = ()
    reason: str = ""
    policies: tuple[str, ...] = ()
    """Azure Policy definitions: of a source's statement the ones it is about, of a framework's
    control the ones that its vendor maps to it."""
    definition: str = ""


class Framework(msgspec.Struct, frozen=True, kw_only=True):
    """One source document or framework: one file of a pack's folder `controls`."""

    framework: str
    title: str
    publisher: str
    publishes: Literal["statements", "ids"]
    scope: str
    controls: tuple[Control, ...]
    reference: str = ""


class Provenance(enum.StrEnum):
    """Who says that a rule gives evidence for a control."""

    VENDOR = "vendor"
    """Microsoft maps the Azure Policy definition that the rule stands for to the control."""
    OWN = "own"
    """The authors of the rule do."""


class Answer(msgspec.Struct, frozen=True):
    """A rule that gives evidence for a control."""

    rule: Rule
    provenance: Provenance


class Controls(msgspec.Struct, frozen=True):
    """All frameworks, sorted by name, and which rules answer which control."""

    frameworks: tuple[Framework, ...]
    answers: dict[str, tuple[Answer, ...]]
    """Control id to the rules that answer it, sorted by id; no entry where none does."""

    def definition(self, policy: str) -> str:
        """Return the id of a built-in Azure Policy definition, "" for a custom one."""
        wanted = f"{POLICIES}/{policy}"
        every = (control for framework in self.frameworks for control in framework.controls)
        return next((control.definition for control in every if control.id == wanted), "")

    def not_covered(self) -> Iterator[Control]:
        """Yield the controls that rules should answer and none does."""
        for framework in self.frameworks:
            for control in framework.controls:
                if control.kind == "rule" and control.id not in self.answers:
                    yield control


class Status(enum.StrEnum):
    """What is known of a control."""

    FAIL = "fail"
    UNKNOWN = "unknown"
    """Nothing fails but for what is exempted, and something could not be read or a rule broke."""
    EXEMPT = "exempt"
    """Nothing else fails, and every failure is exempted."""
    PASS = "pass"  # noqa: S105  (a status, not a password)
    """Something passes, nothing fails, and nothing is open."""
    NOT_ASSESSED = "not_assessed"
    """The rules that answer it did not all run, or found nothing that they apply to."""
    NOT_COVERED = "not_covered"
    """No rule answers it."""
    REVIEW = "review"
    """A person has to answer it, and nobody has."""


class RuleAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What one rule says of a control. A preview rule's counts are shown, but do not count."""

    rule_id: str
    provenance: Provenance
    ran: bool
    preview: bool
    counts: Counts


class ControlResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a scan says of one control.

    `counts` are rows, one per rule and resource: `counts.total` is the denominator of each.
    """

    control: Control
    status: Status
    answers: tuple[RuleAnswer, ...]
    counts: Counts
    attestation: None = None
    """Who answered a review, when and how; nothing holds such answers yet."""


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


def assess(result: ScanResult, controls: Controls) -> list[ControlResult]:
    """Return what the result says of every control, in the order of the frameworks' files.

    Statements that are not controls are left out.
    """
    return [
        _assessed(control, controls.answers.get(control.id, ()), result)
        for framework in controls.frameworks
        for control in framework.controls
        if control.kind != "none"
    ]


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


def slug(control_id: str) -> str:
    """Return the part of a control's id after the framework."""
    return control_id.partition("/")[2]


def _assessed(control: Control, answers: Sequence[Answer], result: ScanResult) -> ControlResult:
    said = tuple(_rule_answer(answer, result) for answer in answers)
    total = Counts()
    for answer in said:
        if not answer.preview:
            _add(total, answer.counts)
    return ControlResult(
        control=control, status=_status(control, said, total), answers=said, counts=total
    )


def _rule_answer(answer: Answer, result: ScanResult) -> RuleAnswer:
    ran = next((rule for rule in result.rules if rule.id == answer.rule.id), None)
    return RuleAnswer(
        rule_id=answer.rule.id,
        provenance=answer.provenance,
        ran=ran is not None,
        preview=ran is not None and ran.preview,
        counts=result.by_rule[answer.rule.id] if ran is not None else Counts(),
    )


def _add(total: Counts, more: Counts) -> None:
    for name in Counts.__struct_fields__:
        setattr(total, name, getattr(total, name) + getattr(more, name))


def _status(control: Control, answers: Sequence[RuleAnswer], counts: Counts) -> Status:
    if control.kind == "review":
        return Status.REVIEW
    if not answers:
        return Status.NOT_COVERED
    if counts.fail:
        return Status.FAIL
    if counts.unknown or counts.error:
        return Status.UNKNOWN
    if counts.exempt:
        return Status.EXEMPT
    open_rules = any(not answer.ran or answer.preview for answer in answers)
    return Status.PASS if counts.passed and not open_rules else Status.NOT_ASSESSED
