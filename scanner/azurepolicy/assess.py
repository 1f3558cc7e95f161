"""Runs Azure Policy definitions over a snapshot, as rules beside the project's own."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING, Any, Final

from scanner import armid
from scanner.azurepolicy.compiled import CompiledDefinition
from scanner.azurepolicy.definitions import NotEvaluated
from scanner.azurepolicy.fields import RawRecord
from scanner.engine.evaluate import not_assessed
from scanner.engine.result import VERDICTS, Assessment, ScanResult, Severity, Verdict, row
from scanner.engine.rules import Remediation, Rule
from scanner.errors import UsageError
from scanner.inventory.fields import UNREAD
from scanner.inventory.kinds import TABLE_KINDS
from scanner.inventory.model.tracked import TrackedResource
from scanner.snapshot.tables import TABLE_OF_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from scanner.azurepolicy.definitions import Definition
    from scanner.engine.result import Evidence, Result
    from scanner.inventory.estate import Estate
    from scanner.inventory.fields import Resource

    Records = Callable[[str], Iterable[Mapping[str, Any]]]

DOMAIN: Final = "azure-policy"
_EVIDENCE_LIMIT: Final = 50
_CODES: Final = {verdict: code for code, verdict in enumerate(VERDICTS)}
_ANSWERS: Final = {True: Verdict.FAIL, False: Verdict.PASS, None: Verdict.UNKNOWN}
_FIX: Final = "Change the resource so that the policy's condition is no longer true of it."
_FIX_RELATED: Final = "Create the related resource that the policy looks for."


@dataclasses.dataclass(frozen=True)
class PolicyRun:
    """What Azure Policy definitions say of an estate."""

    assessments: Sequence[Assessment]
    """One for each definition that was evaluated, sorted by id."""
    findings: Sequence[Result]
    """Rows with verdict fail, unknown or error, sorted by definition, then resource."""
    not_evaluated: Sequence[tuple[Definition, str]]
    """Definitions that no snapshot can answer, each with the reason."""


def policy_assessments(
    definitions: Sequence[Definition],
    estate: Estate,
    records: Records,
    severity: Severity = Severity.MEDIUM,
) -> PolicyRun:
    """Return the verdict of every definition on every resource that it is about.

    `records` gives the raw records of a table, row 0 first, as `Snapshot.records` does.

    Raises RuleError for a definition that is wrong, before anything is evaluated.
    """
    columns: dict[tuple[type[Resource], ...], _Column] = {}
    runs: list[_Run] = []
    refused: list[tuple[Definition, str]] = []
    for definition in sorted(definitions, key=lambda each: each.id):
        try:
            compiled = CompiledDefinition(definition, estate)
            kinds = _kinds(compiled)
            if kinds not in columns:
                columns[kinds] = _Column(kinds, estate)
            runs.append(_Run(compiled, columns[kinds], _rule(compiled, kinds, severity)))
        except NotEvaluated as reason:
            refused.append((definition, str(reason)))
    _look_for_related(runs, estate, records)
    for table in sorted({table for run in runs for table in run.column.positions}):
        concerned = [run for run in runs if table in run.column.positions]
        for number, raw in enumerate(records(table)):
            record = RawRecord(raw)
            for run in concerned:
                run.judge(table, number, record)
    findings = itertools.chain.from_iterable(run.findings() for run in runs)
    return PolicyRun([run.assessment for run in runs], list(findings), refused)


def with_policies(result: ScanResult, run: PolicyRun) -> ScanResult:
    """Return a scan's result with the definitions among its rules.

    Raises UsageError where a definition has the id of a rule.
    """
    taken = {assessment.rule.id for assessment in result.assessments}
    for assessment in run.assessments:
        if assessment.rule.id in taken:
            raise UsageError(
                f"the policy {assessment.rule.id} has the id of a rule",
                hint="Rename the definition, or leave it out.",
            )
    return ScanResult(
        result.estate,
        result.config_digest,
        sorted((*result.assessments, *run.assessments), key=lambda each: each.rule.id),
        # Both are sorted by resource within a rule, and sorting keeps that order.
        sorted((*result.findings, *run.findings), key=lambda each: each.rule_id),
    )


def _look_for_related(runs: Sequence[_Run], estate: Estate, records: Records) -> None:
    wanted = [run.compiled.related for run in runs if run.compiled.related is not None]
    for table in sorted({related.table for related in wanted} & set(estate.manifest.tables)):
        for raw in records(table):
            record = RawRecord(raw)
            for related in wanted:
                if related.table == table:
                    related.offer(record)


class _Column:
    """The resources of some kinds in the order of results, shared by the definitions about them."""

    def __init__(self, kinds: Sequence[type[Resource]], estate: Estate) -> None:
        self.resources: Sequence[Resource] = estate.of_kind(kinds[0].KIND)
        if len(kinds) > 1:
            found = [resource for kind in kinds for resource in estate.of_kind(kind.KIND)]
            self.resources = sorted(found, key=lambda resource: armid.key(resource.id))
        named = (estate.environment(resource) for resource in self.resources)
        self.environments = [None if name is UNREAD else name for name in named]
        read = {kind.TABLE for kind in kinds} & set(estate.manifest.tables)
        self.positions: dict[str, dict[int, int]] = {table: {} for table in read}
        """Of each record, by table and row, the position of its resource."""
        for position, resource in enumerate(self.resources):
            self.positions[resource.TABLE][resource.row] = position


class _Run:
    """One definition on its way through the tables."""

    def __init__(self, compiled: CompiledDefinition, column: _Column, rule: Rule) -> None:
        self.compiled = compiled
        self.column = column
        self.assessment = Assessment(
            rule,
            column.resources,
            bytearray([_CODES[Verdict.NOT_APPLICABLE]]) * len(column.resources),
            column.environments,
            {None: rule.severity},
        )
        self._findings: dict[int, Result] = {}

    def judge(self, table: str, number: int, record: RawRecord) -> None:
        """Decide on one record; what is no pass gets its evidence while the record is at hand."""
        index = self.column.positions[table][number]
        try:
            verdict = self._verdict(record)
            evidence = self._evidence(record, verdict)
            problem = ""
        except Exception as crash:  # noqa: BLE001  (a crash becomes a verdict, as for rules)
            verdict, evidence, problem = Verdict.ERROR, (), f"{type(crash).__name__}: {crash}"
        self.assessment.codes[index] = _CODES[verdict]
        if verdict not in {Verdict.PASS, Verdict.NOT_APPLICABLE}:
            resource = self.assessment.resources[index]
            details = (self._message(resource, verdict, evidence, problem), evidence)
            environment = self.assessment.environments[index]
            self._findings[index] = row(
                self.assessment, resource, verdict, environment, details=details
            )

    def _verdict(self, record: RawRecord) -> Verdict:
        applies = self.compiled.applies(record)
        if applies is not True:
            return Verdict.UNKNOWN if applies is None else Verdict.NOT_APPLICABLE
        return _ANSWERS[self.compiled.violated_by(record)]

    def _evidence(self, record: RawRecord, verdict: Verdict) -> tuple[Evidence, ...]:
        if verdict in {Verdict.PASS, Verdict.NOT_APPLICABLE}:
            return ()
        found: list[Evidence] = []
        for item in self.compiled.evidence(record):
            if item not in found:
                found.append(item)
            if len(found) == _EVIDENCE_LIMIT:
                break
        return tuple(found)

    def _message(
        self, resource: Resource, verdict: Verdict, evidence: tuple[Evidence, ...], problem: str
    ) -> str:
        if problem:
            return f"The policy could not be evaluated on {resource.name}: {problem}"
        if verdict is Verdict.UNKNOWN:
            return not_assessed(resource, evidence)
        return f"{resource.name} does not comply with the policy: {self.assessment.rule.title}"

    def findings(self) -> list[Result]:
        """Return the findings in the order of the resources."""
        return [self._findings[index] for index in sorted(self._findings)]


def _kinds(compiled: CompiledDefinition) -> tuple[type[Resource], ...]:
    """Return the kinds of resource that a definition is about."""
    every = [kind for kinds in TABLE_KINDS.values() for kind in kinds]
    if compiled.types is None:
        indexed = compiled.definition.mode.lower() == "indexed"
        return tuple(kind for kind in every if not indexed or issubclass(kind, TrackedResource))
    tables = {TABLE_OF_TYPE.get(arm_type) for arm_type in compiled.types}
    found = [kind for kind in every if kind.TABLE in tables]
    if not found:
        raise NotEvaluated(f"no snapshot has resources of type {', '.join(sorted(compiled.types))}")
    return tuple(found)


def _rule(
    compiled: CompiledDefinition, kinds: Sequence[type[Resource]], severity: Severity
) -> Rule:
    definition = compiled.definition
    return Rule(
        id=definition.id,
        name=definition.name,
        title=definition.title,
        severity=severity,
        since="",
        resource=kinds[0].KIND if len(kinds) == 1 else "resource",
        require={"not": definition.condition},
        message="",
        rationale=definition.description or definition.title,
        remediation=Remediation(_FIX if compiled.related is None else _FIX_RELATED),
        controls=(),
        references=(),
        domain=DOMAIN,
        path=str(definition.document.path),
    )
