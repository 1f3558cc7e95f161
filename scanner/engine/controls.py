"""Controls: what source documents and frameworks ask for, and what the rules' results say of it."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from scanner.engine.attestations import Attested, Review
from scanner.engine.result import VERDICTS, Counts, Verdict
from scanner.engine.rules import Rule
from scanner.inventory.access.matrix import meaning
from scanner.inventory.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scanner.engine.result import Result, ScanResult

POLICIES: Final = "azure-policy"
"""The framework whose controls are the definitions that other controls name as `policies`."""

Kind = Literal["rule", "review", "none"]
Stage = Literal["", "development", "test", "production"]
_STAGES: Final = {
    "development": {"dev"},
    "test": {"test", "qa", "staging"},
    "production": {"prod"},
}
"""Which of the default environments are meant by a stage."""


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
    stage: Stage = ""
    """Of which environments the statement speaks, "" where it is all of them."""


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
    """A rule fails; of a review, that somebody attests that the control is not met."""
    UNKNOWN = "unknown"
    """Nothing fails but for what is exempted, and something could not be read or a rule broke."""
    EXEMPT = "exempt"
    """Nothing else fails, and every failure is exempted."""
    PASS = "pass"  # noqa: S105  (a status, not a password)
    """Something passes, nothing fails, and nothing is open."""
    ATTESTED = "attested"
    """A person answers it, and attests that it is met."""
    NOT_APPLICABLE = "not_applicable"
    """A person answers it, and attests that it does not apply."""
    NOT_ASSESSED = "not_assessed"
    """The rules that answer it did not all run, or found nothing that they apply to."""
    NOT_COVERED = "not_covered"
    """No rule answers it."""
    REVIEW = "review"
    """A person has to answer it, and nobody has, or the answer has expired."""


_ATTESTED: Final = {
    None: Status.REVIEW,
    Attested.MET: Status.ATTESTED,
    Attested.NOT_MET: Status.FAIL,
    Attested.NOT_APPLICABLE: Status.NOT_APPLICABLE,
}


class RuleAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What one rule says of a control. A preview rule's counts are shown, but do not count."""

    rule_id: str
    provenance: Provenance
    ran: bool
    preview: bool
    all_read: bool
    """Every resource that the rule is about could be listed: there is none without a row."""
    counts: Counts


class ControlResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a scan says of one control.

    `counts` are rows, one per rule and resource: `counts.total` is the denominator of each.
    """

    control: Control
    status: Status
    answers: tuple[RuleAnswer, ...]
    counts: Counts
    review: Review | None = None
    """Who answered a control that people review, when and how; `None` where nobody did."""


def assess(result: ScanResult, controls: Controls) -> list[ControlResult]:
    """Return what the result says of every control, in the order of the frameworks' files.

    Statements that are not controls are left out. Reviews are answered by the attestations that
    were applied to the result together with its exemptions; no attestation answers a control
    that is for rules to answer, whatever it says.
    """
    return [
        _assessed(control, controls.answers.get(control.id, ()), result)
        for framework in controls.frameworks
        for control in framework.controls
        if control.kind != "none"
    ]


def slug(control_id: str) -> str:
    """Return the part of a control's id after the framework."""
    return control_id.partition("/")[2]


def _assessed(control: Control, answers: Sequence[Answer], result: ScanResult) -> ControlResult:
    if control.kind == "review":
        review = result.exemptions.reviews.get(control.id) if result.exemptions else None
        status = _ATTESTED[review.answer if review is not None else None]
        return ControlResult(
            control=control, status=status, answers=(), counts=Counts(), review=review
        )
    said = tuple(_rule_answer(answer, result, control.stage) for answer in answers)
    total = Counts()
    for answer in said:
        if not answer.preview:
            _add(total, answer.counts)
    return ControlResult(control=control, status=_status(said, total), answers=said, counts=total)


def _rule_answer(answer: Answer, result: ScanResult, stage: Stage) -> RuleAnswer:
    ran = next((rule for rule in result.rules if rule.id == answer.rule.id), None)
    return RuleAnswer(
        rule_id=answer.rule.id,
        provenance=answer.provenance,
        ran=ran is not None,
        preview=ran is not None and ran.preview,
        all_read=result.estate.coverage.has_everything(KINDS[answer.rule.resource].TABLE),
        counts=_counts(answer.rule.id, result, stage) if ran is not None else Counts(),
    )


def _counts(rule_id: str, result: ScanResult, stage: Stage) -> Counts:
    """Return a rule's counts, those of a stage's environments only.

    What is in no environment, in one that nobody knows, or in one whose name says no stage, may
    belong to any stage, so it counts in each of them.
    """
    if not stage:
        return result.by_rule[rule_id]
    others = _environments_of_other_stages(result, stage)
    found = Counts()
    [assessment] = (each for each in result.assessments if each.rule.id == rule_id)
    for code, environment in zip(assessment.codes, assessment.environments, strict=True):
        if environment not in others:
            found.add(VERDICTS[code])
    for row in result.unlisted:
        if row.rule_id == rule_id and row.environment not in others:
            found.add(row.verdict)
    for row in result.findings:
        if row.rule_id == rule_id and row.environment not in others and _is_exempt(row):
            found.move_exempt()
    return found


def _environments_of_other_stages(result: ScanResult, stage: Stage) -> set[str]:
    environments = {each.name: meaning(each) for each in result.estate.config.environments}
    return {name for name, word in environments.items() if word and word not in _STAGES[stage]}


def _is_exempt(row: Result) -> bool:
    return row.verdict is Verdict.FAIL and row.exemption is not None


def _add(total: Counts, more: Counts) -> None:
    for name in Counts.__struct_fields__:
        setattr(total, name, getattr(total, name) + getattr(more, name))


def _status(answers: Sequence[RuleAnswer], counts: Counts) -> Status:
    if not answers:
        return Status.NOT_COVERED
    if counts.fail:
        return Status.FAIL
    blind = any(answer.ran and not answer.preview and not answer.all_read for answer in answers)
    if counts.unknown or counts.error or blind:
        return Status.UNKNOWN
    if counts.exempt:
        return Status.EXEMPT
    open_rules = any(not answer.ran or answer.preview for answer in answers)
    return Status.PASS if counts.passed and not open_rules else Status.NOT_ASSESSED
