"""What a scan says: one row per rule and resource, and the counts that every report shows."""

from __future__ import annotations

import dataclasses
import hashlib
import heapq
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from scanner import armid
from scanner.engine.marks import BaselineState, CarriedForward, Exemption, Remedy, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from scanner.engine.baseline import Comparison
    from scanner.engine.exempt import ExemptionReport
    from scanner.engine.rules import Rule
    from scanner.inventory.estate import Estate
    from scanner.inventory.fields import Resource
    from scanner.snapshot.manifest import Manifest

__all__ = [
    "QUIET",
    "VERDICTS",
    "Assessment",
    "BaselineState",
    "CarriedForward",
    "Counts",
    "Evidence",
    "Exemption",
    "Later",
    "Remedy",
    "Result",
    "ScanResult",
    "Severity",
    "Verdict",
    "fingerprint",
    "row",
]


class Evidence(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One value that decided a verdict."""

    path: str
    """Field path as the rule names it, with the indexes of array members filled in."""
    actual: Any
    """The value found; `None` where Azure has none; absent (UNSET) where it was not readable."""
    expected: str
    """What the rule required, in words: `equals Disabled`."""
    resource_id: str = ""
    """The resource that holds the value, where it is not the one the rule was asked about."""
    property: str = ""
    """Dotted path of the value in that resource's raw record, "" for a derived fact."""
    readable: bool = True


class Result(msgspec.Struct, frozen=True, rename="camel", omit_defaults=False):
    """The verdict of one rule on one resource."""

    rule_id: str
    resource_id: str
    resource_type: str
    resource_name: str
    verdict: Verdict
    severity: Severity
    environment: str | None
    message: str
    evidence: tuple[Evidence, ...]
    fingerprint: str
    preview: bool = False
    """The rule is newer than the pinned rule set: shown, but not counted at the gate."""
    exemption: Exemption | None = None
    """Accepts a failure, or the gap that keeps a verdict unknown. The verdict stays as it is."""
    baseline_state: BaselineState | None = None
    """`None` without a baseline. A failure that did not fail in the baseline is `new`."""
    previous_verdict: Verdict | None = None
    """The verdict in the baseline; `None` without one, or where the row is not in it."""
    first_seen: str | None = None
    """Of a failure with a baseline: when the first snapshot that showed it was finished."""
    carried_forward: CarriedForward | None = None
    remediation: Remedy | None = None
    """Of a failure whose rule has a command that mends it."""

    @property
    def is_live(self) -> bool:
        """Tell whether this is a failure that nothing exempts."""
        return self.verdict is Verdict.FAIL and self.exemption is None


def fingerprint(rule_id: str, resource_id: str, discriminator: str = "") -> str:
    """Return the identity of a finding, the same every night as long as the resource is there."""
    text = "\n".join((rule_id, resource_id.rstrip("/").lower(), discriminator))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class Counts(msgspec.Struct, rename="camel"):
    """How many rows have which verdict; failures that are exempted are a column of their own."""

    passed: int = msgspec.field(default=0, name="pass")
    fail: int = 0
    """Live failures only."""
    exempt: int = 0
    unknown: int = 0
    not_applicable: int = msgspec.field(default=0, name="not_applicable")
    error: int = 0

    def add(self, verdict: Verdict, number: int = 1) -> None:
        """Count `number` more rows of this verdict."""
        name = "passed" if verdict is Verdict.PASS else verdict.value
        setattr(self, name, getattr(self, name) + number)

    def move_exempt(self) -> None:
        """Count one failure as exempted."""
        self.fail -= 1
        self.exempt += 1

    @property
    def assessed(self) -> int:
        """Rows with an answer: pass and fail, exempted or not."""
        return self.passed + self.fail + self.exempt

    @property
    def total(self) -> int:
        """All rows."""
        return self.assessed + self.unknown + self.not_applicable + self.error


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class Assessment:
    """What one rule said of every resource of its kind, one byte a resource."""

    rule: Rule
    resources: Sequence[Resource]
    codes: bytearray
    """Index into `VERDICTS` for each resource, in the order of `resources`."""
    environments: Sequence[str | None]
    severities: Mapping[str | None, Severity]
    """Severity by environment; `None` holds for every environment that is not named."""

    def severity(self, environment: str | None) -> Severity:
        """Return the rule's severity in an environment."""
        return self.severities.get(environment, self.severities[None])


VERDICTS: Sequence[Verdict] = tuple(Verdict)
QUIET: Final = frozenset((Verdict.PASS, Verdict.NOT_APPLICABLE))
"""Verdicts of which no findings are kept."""


class Later(NamedTuple):
    """What is found out about a result once its rules have been evaluated."""

    unlisted: Sequence[Result] = ()
    """Failures of the baseline on resources that could not even be listed this time."""
    exemptions: ExemptionReport | None = None
    """What was exempted by what; `None` until exemptions were applied."""
    baseline: Comparison | None = None
    """The comparison with an earlier result; `None` without one."""


_NOTHING_LATER: Final = Later()


class ScanResult:
    """All rows of one scan, kept small: findings as rows, the rest as one byte each.

    Rows with the verdicts `pass` and `not_applicable` are by far the most; they are made into
    `Result` objects only while somebody reads them. Rows of preview rules are in `findings` and
    `rows()` but in none of the counts, which are what the gate and every report go by.
    """

    def __init__(
        self,
        estate: Estate,
        config_digest: str,
        assessments: Sequence[Assessment],
        findings: Sequence[Result],
        later: Later = _NOTHING_LATER,
    ) -> None:
        """`findings` are the rows of the assessments, sorted by rule id, then resource id."""
        self.estate = estate
        self.manifest: Manifest = estate.manifest
        self.config_digest = config_digest
        self.assessments = assessments
        self.rules: Sequence[Rule] = [assessment.rule for assessment in assessments]
        """The rules that ran, sorted by id."""
        self.listed_findings = findings
        """The findings on resources of this snapshot."""
        self.unlisted, self.exemptions, self.baseline = later
        every = sorted((*findings, *self.unlisted), key=_order) if self.unlisted else findings
        self.findings = every
        """Rows with verdict fail, unknown or error, sorted by rule id, then resource id."""
        self.totals = Counts()
        self.by_rule: dict[str, Counts] = {}
        """Counts of every rule that ran, preview rules included."""
        self.by_severity: dict[Severity, Counts] = {severity: Counts() for severity in Severity}
        self.by_environment: dict[str | None, Counts] = {}
        for assessment in assessments:
            self._count(assessment)
        for row in self.unlisted:
            for counts in self._counts_of(row):
                counts.add(row.verdict)
        for row in self.findings:
            if row.exemption is not None and row.verdict is Verdict.FAIL:
                for counts in self._counts_of(row):
                    counts.move_exempt()

    def _count(self, assessment: Assessment) -> None:
        counts = self.by_rule[assessment.rule.id] = Counts()
        pairs = Counter(zip(assessment.environments, assessment.codes, strict=True))
        for (environment, code), number in pairs.items():
            verdict = VERDICTS[code]
            counts.add(verdict, number)
            if not assessment.rule.preview:
                self.totals.add(verdict, number)
                self.by_severity[assessment.severity(environment)].add(verdict, number)
                self.by_environment.setdefault(environment, Counts()).add(verdict, number)

    def _counts_of(self, row: Result) -> Iterator[Counts]:
        yield self.by_rule[row.rule_id]
        if not row.preview:
            yield self.totals
            yield self.by_severity[row.severity]
            yield self.by_environment.setdefault(row.environment, Counts())

    def replaced(self, **changes: Any) -> ScanResult:
        """Return the result with some of its parts replaced, named as in constructor and `Later`."""
        later = Later(self.unlisted, self.exemptions, self.baseline)
        own = {name: changes.pop(name) for name in Later._fields if name in changes}
        parts = {"assessments": self.assessments, "findings": self.listed_findings, **changes}
        return ScanResult(self.estate, self.config_digest, **parts, later=later._replace(**own))

    @property
    def counted_findings(self) -> Iterator[Result]:
        """The findings that count at the gate: those of rules that are not in preview."""
        return (finding for finding in self.findings if not finding.preview)

    def rows(self) -> Iterator[Result]:
        """Yield every row, passes included, sorted by rule id, then resource id."""
        findings = iter(self.listed_findings)
        unlisted: dict[str, list[Result]] = {}
        for finding in self.unlisted:
            unlisted.setdefault(finding.rule_id, []).append(finding)
        for assessment in self.assessments:
            rows: Iterable[Result] = self._rows_of(assessment, findings)
            if assessment.rule.id in unlisted:
                rows = heapq.merge(
                    rows, sorted(unlisted[assessment.rule.id], key=_order), key=_order
                )
            yield from rows

    def _rows_of(self, assessment: Assessment, findings: Iterator[Result]) -> Iterator[Result]:
        columns = zip(assessment.resources, assessment.codes, assessment.environments, strict=True)
        for resource, code, environment in columns:
            verdict = VERDICTS[code]
            if verdict not in QUIET:
                yield next(findings)
                continue
            quiet = row(assessment, resource, verdict, environment)
            yield quiet if self.baseline is None else self.baseline.marked(quiet)


def _order(row: Result) -> tuple[str, str]:
    return row.rule_id, armid.key(row.resource_id)


def row(
    assessment: Assessment,
    resource: Resource,
    verdict: Verdict,
    environment: str | None,
    *,
    details: tuple[str, tuple[Evidence, ...]] = ("", ()),
) -> Result:
    """Return the row for one rule and one resource; `details` are its message and evidence."""
    rule = assessment.rule
    return Result(
        rule_id=rule.id,
        resource_id=resource.id,
        resource_type=resource.type,
        resource_name=resource.name,
        verdict=verdict,
        severity=assessment.severity(environment),
        environment=environment,
        message=details[0],
        evidence=details[1],
        fingerprint=fingerprint(rule.id, resource.id),
        preview=rule.preview,
    )
