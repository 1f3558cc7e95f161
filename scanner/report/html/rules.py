"""The rules that ran, with the parameter values that were in force."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from scanner.report.html.matrix import COLUMNS
from scanner.report.html.templating import rule_anchor

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scanner.engine.parameters import Settings
    from scanner.engine.result import Assessment, ScanResult
    from scanner.engine.rules import Rule


class ParameterView(NamedTuple):
    """A parameter's value, and in which environments it is another."""

    name: str
    value: str
    changed: bool
    """Another value than the rule's own default."""
    others: Sequence[tuple[str, str]]


class RuleRow(NamedTuple):
    """A rule that ran."""

    rule: Rule
    anchor: str
    has_findings: bool
    severities: Sequence[tuple[str, str]]
    """Environment and severity, the general one first under ""."""
    parameters: Sequence[ParameterView]
    cells: Sequence[tuple[str, int]]


def rule_rows(result: ScanResult, settings: Settings) -> Iterator[RuleRow]:
    """Yield every rule that ran, sorted by id."""
    for assessment in result.assessments:
        rule, counts = assessment.rule, result.by_rule[assessment.rule.id]
        yield RuleRow(
            rule=rule,
            anchor=rule_anchor(rule.id),
            has_findings=bool(counts.fail + counts.exempt + counts.unknown + counts.error),
            severities=_severities(assessment),
            parameters=_parameters(rule, settings),
            cells=[(column.name, getattr(counts, column.field)) for column in COLUMNS],
        )


def _severities(assessment: Assessment) -> list[tuple[str, str]]:
    general = assessment.severities[None]
    others = [
        (name, severity.value)
        for name, severity in assessment.severities.items()
        if name is not None and severity is not general
    ]
    return [("", general.value), *sorted(others)]


def _parameters(rule: Rule, settings: Settings) -> list[ParameterView]:
    general = settings.parameters(rule, None)
    values = {name: settings.parameters(rule, name) for name in settings.environments}
    return [
        ParameterView(
            name=name,
            value=_text(general[name]),
            changed=general[name] != parameter.default,
            others=[(e, _text(v[name])) for e, v in values.items() if v[name] != general[name]],
        )
        for name, parameter in rule.parameters.items()
    ]


def _text(value: Any) -> str:
    encoded = msgspec.json.encode(value, order="deterministic")
    return msgspec.json.format(encoded, indent=0).decode()
