"""What passed, by rule, in a form that stays small: names under the resource or group they are in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from scanner.engine.result import VERDICTS, Verdict
from scanner.report.html.lineage import lineage
from scanner.report.html.templating import rule_anchor
from scanner.report.summary import applicable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scanner.engine.result import Assessment, ScanResult
    from scanner.engine.rules import Rule
    from scanner.inventory.fields import Resource

LISTED: Final = 50_000
"""How many passes are listed by name; beyond, rules have their number only."""
_PASS: Final = VERDICTS.index(Verdict.PASS)


class PassView(NamedTuple):
    """A rule and the resources that passed it."""

    rule: Rule
    anchor: str
    number: int
    checks: int
    """How many resources the rule applies to."""
    listed: Sequence[tuple[str, str]]
    """Where the resources are, and their names; empty where they are not listed."""


def pass_views(result: ScanResult) -> Iterator[PassView]:
    """Yield the rules that something passed, sorted by id."""
    left = LISTED
    for assessment in result.assessments:
        number = assessment.codes.count(_PASS)
        if number:
            fits = number <= left
            left -= number if fits else 0
            listed = _grouped(assessment) if fits else []
            rule = assessment.rule
            checks = applicable(result.by_rule[rule.id])
            yield PassView(rule, rule_anchor(rule.id), number, checks, listed)


def _grouped(assessment: Assessment) -> list[tuple[str, str]]:
    groups: dict[str, list[str]] = {}
    for resource, code in zip(assessment.resources, assessment.codes, strict=True):
        if code == _PASS:
            groups.setdefault(_place(resource), []).append(resource.name)
    return [(place, ", ".join(names)) for place, names in groups.items()]


def _place(resource: Resource) -> str:
    """Return what a resource lies in, its subscription first."""
    parts = [resource.subscription_id, *lineage(resource.id)]
    return " / ".join(part for part in parts if part) or "tenant"
