"""Findings by rule, as the HTML report shows them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from scanner import armid
from scanner.engine.message import shown
from scanner.report.html.lineage import lineage
from scanner.report.html.matrix import environment_label
from scanner.report.html.templating import (
    exemption_anchor,
    finding_anchor,
    resource_anchor,
    rule_anchor,
)
from scanner.report.markdown import is_link
from scanner.report.summary import findings_by_rule, telling, verdict_word
from scanner.report.text import truncate

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence

    from scanner.engine.result import (
        CarriedForward,
        Evidence,
        Exemption,
        Result,
        ScanResult,
        Severity,
    )
    from scanner.engine.rules import Rule
    from scanner.report.summary import RuleFindings

STATUSES: Final = ("fail", "unknown", "exempt", "error")
_EVIDENCE_SHOWN: Final = 5
_VALUE: Final = 500
_MESSAGE: Final = 1_000


class EvidenceView(NamedTuple):
    """A value that decided a finding."""

    path: str
    actual: str
    readable: bool
    required: str
    resource: str
    """Name of the resource that holds it, "" where it is the finding's own."""
    anchor: str
    """Where that resource stands in the report, "" where it does not."""


class FindingView(NamedTuple):
    """One finding of a rule."""

    anchor: str
    status: str
    """The verdict, or `exempt` for a failure that an exemption accepts."""
    severity: str
    environment: str
    environment_value: str
    resource: str
    place: str
    """The resource group and the resources that it lies in."""
    resource_anchor: str
    message: str
    evidence: Sequence[EvidenceView]
    more_evidence: int
    exemption: Exemption | None
    exemption_anchor: str
    """Where the exemption stands in the report, "" where it does not."""
    is_new: bool
    first_seen: str
    carried_forward: CarriedForward | None
    command: str
    """Shell command that mends it, with the resource's own values; "" without one."""


class RuleView(NamedTuple):
    """A rule with its findings and its fix."""

    rule: Rule
    anchor: str
    severity: Severity
    numbers: Sequence[tuple[str, int]]
    """What its findings are (`fail`, `exempt`, …), and how many of each."""
    checks: int
    """How many resources the rule applies to."""
    rows: Sequence[Result]
    left_out: int
    snippets: Sequence[tuple[str, str]]
    has_commands: bool
    """Findings that are shown have their own commands, so the rule's general one is left out."""
    links: Sequence[str]


def rule_views(result: ScanResult, limit: int) -> list[RuleView]:
    """Return the rules with findings, the worst first, with at most `limit` findings in all."""
    views = []
    for group in findings_by_rule(result):
        rows = group.rows[: max(limit, 0)]
        limit -= len(rows)
        views.append(_rule_view(group, rows))
    return views


def _rule_view(group: RuleFindings, rows: Sequence[Result]) -> RuleView:
    numbers = Counter(map(verdict_word, group.rows))
    has_commands = any(row.remediation for row in rows)
    return RuleView(
        rule=group.rule,
        anchor=rule_anchor(group.rule.id),
        severity=group.severity,
        numbers=[(name, numbers[name]) for name in STATUSES if numbers[name]],
        checks=group.checks,
        rows=rows,
        left_out=len(group.rows) - len(rows),
        snippets=_snippets(group.rule, with_command=not has_commands),
        has_commands=has_commands,
        links=[url for url in group.rule.references if is_link(url)],
    )


def _snippets(rule: Rule, *, with_command: bool) -> list[tuple[str, str]]:
    """Return the code that mends a rule's failures, each with the name of its language."""
    found = (
        ("Azure CLI", rule.remediation.cli if with_command else ""),
        ("Bicep", rule.remediation.bicep),
        ("Terraform", rule.remediation.terraform),
    )
    return [(label, text.strip("\n")) for label, text in found if text]


def finding_views(
    rows: Sequence[Result], known: Container[str], is_new: Callable[[Result], bool]
) -> Iterator[FindingView]:
    """Yield findings one at a time; `known` are the anchors of resources and exemptions."""
    for row in rows:
        evidence = [_evidence(row, item, known) for item in telling(row, _EVIDENCE_SHOWN)]
        yield FindingView(
            anchor=finding_anchor(row.fingerprint),
            status=verdict_word(row),
            severity=row.severity.value,
            environment=environment_label(row.environment),
            environment_value=row.environment or "",
            resource=row.resource_name,
            place=" / ".join(lineage(row.resource_id)),
            resource_anchor=_linked(row.resource_id, known),
            message=truncate(row.message, _MESSAGE),
            evidence=evidence,
            more_evidence=len(row.evidence) - len(evidence),
            exemption=row.exemption,
            exemption_anchor=_exemption(row, known),
            is_new=is_new(row),
            first_seen=row.first_seen or "",
            carried_forward=row.carried_forward,
            command=row.remediation.cli if row.remediation is not None else "",
        )


def _evidence(row: Result, item: Evidence, known: Container[str]) -> EvidenceView:
    elsewhere = bool(item.resource_id) and armid.key(item.resource_id) != armid.key(row.resource_id)
    return EvidenceView(
        path=item.path,
        actual=truncate(shown(item.actual), _VALUE) if item.readable else "not readable",
        readable=item.readable,
        required=truncate(item.expected, _VALUE),
        resource=armid.parse(item.resource_id).name if elsewhere else "",
        anchor=_linked(item.resource_id, known) if elsewhere else "",
    )


def _exemption(row: Result, known: Container[str]) -> str:
    anchor = exemption_anchor(row.exemption.place) if row.exemption is not None else ""
    return anchor if anchor in known else ""


def _linked(resource_id: str, known: Container[str]) -> str:
    anchor = resource_anchor(resource_id)
    return anchor if anchor in known else ""
