"""The result for people at a terminal: sober, and readable at 80 columns and without colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

from scanner import __version__
from scanner.engine.result import Counts, Result, Severity, Verdict
from scanner.report.gaps import UNLISTED, gap_groups, hides_resources
from scanner.report.summary import (
    CARRIED,
    TOOL,
    RuleFindings,
    assessed,
    carried_by,
    changes_sentence,
    environments,
    estate_name,
    exemption_lines,
    findings_by_rule,
    next_steps,
    short_digest,
    size,
    verdict_sentence,
    verdict_word,
)
from scanner.report.text import one_line, plural, short_ids, truncate

if TYPE_CHECKING:
    from rich.console import Console

    from scanner.engine.result import ScanResult

_RULES_SHOWN: Final = 10
_RESOURCES_SHOWN: Final = 3
_GAPS_SHOWN: Final = 10
_NOTES_SHOWN: Final = 10
_ENVIRONMENTS_SHOWN: Final = 10
_MESSAGE: Final = 300
_LABEL: Final = 20
_STYLES: Final = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
    Severity.INFO: "dim",
}


def render(result: ScanResult, console: Console) -> None:
    """Write a summary of the result to a console.

    Everything that comes from Azure is written as plain text: no markup, no control characters.
    """
    _head(result, console)
    _gaps(result, console)
    _counts(result, console)
    _exemptions(result, console)
    _findings(result, console)
    _heading(console, "Verdict")
    _write(console, verdict_sentence(result))
    if result.baseline is not None:
        _write(console, changes_sentence(result))
    for step in next_steps(result):
        _write(console, f"- {step}")


def _write(console: Console, text: str | Text, *, indent: int = 0) -> None:
    """Write a paragraph, wrapped at the console's width below its own indent."""
    paragraph = Text(one_line(text)) if isinstance(text, str) else text
    for line in paragraph.wrap(console, max(console.width - indent, 20)):
        line.rstrip()
        console.print(Text(" " * indent).append_text(line), highlight=False, soft_wrap=True)


def _heading(console: Console, text: str) -> None:
    console.print()
    console.print(Text(text, style="bold"), highlight=False)


def _head(result: ScanResult, console: Console) -> None:
    manifest = result.manifest
    name = truncate(one_line(estate_name(result)), 60)
    console.print(Text(f"{TOOL} {__version__}: {name}", style="bold"), highlight=False)
    _write(
        console,
        f"Snapshot {short_digest(result)}, collected {manifest.started} to {manifest.finished}",
    )
    _write(console, size(result))


def _gaps(result: ScanResult, console: Console) -> None:
    groups = gap_groups(result)
    if not groups:
        return
    _heading(console, "Not read")
    for group in groups[:_GAPS_SHOWN]:
        scopes = plural(len(group.scopes), "scope")
        _write(console, f"{group.names}: {group.cause}, {scopes}, {group.cost}", indent=2)
        _write(console, truncate(one_line(group.scopes[0]), 200), indent=4)
        if group.permission:
            _write(console, f"missing permission: {group.permission}", indent=4)
    if len(groups) > _GAPS_SHOWN:
        _write(console, f"and {plural(len(groups) - _GAPS_SHOWN, 'more kind')} of gaps", indent=2)
    if hides_resources(result):
        _write(console, UNLISTED, indent=2)


def _counts(result: ScanResult, console: Console) -> None:
    _heading(console, "Checks by severity")
    table = _table()
    carried = carried_by(result, lambda row: row.severity)
    for severity, counts in result.by_severity.items():
        label = Text(severity.value, style=_STYLES[severity])
        table.add_row(label, *_numbers(counts, carried[severity]))
    table.add_row("all", *_numbers(result.totals, carried.total()))
    console.print(table)
    _environments(result, console)
    if carried:
        _write(console, CARRIED, indent=2)


def _environments(result: ScanResult, console: Console) -> None:
    named = environments(result)
    if all(name is None for name, _ in named):
        return
    _heading(console, "Checks by environment")
    table = _table()
    carried = carried_by(result, lambda row: row.environment)
    for name, counts in named[:_ENVIRONMENTS_SHOWN]:
        label = "(none)" if name is None else truncate(one_line(name), _LABEL)
        table.add_row(Text(label), *_numbers(counts, carried[name]))
    console.print(table)
    more = len(named) - _ENVIRONMENTS_SHOWN
    if more > 0:
        _write(console, f"and {plural(more, 'more environment')}", indent=2)


def _table() -> Table:
    table = Table(box=None, padding=(0, 0, 0, 2))
    table.add_column("", min_width=12, max_width=_LABEL, no_wrap=True)
    for label in ("fail", "exempt", "unknown", "error", "pass", "n/a", "assessed"):
        table.add_column(label, justify="right", no_wrap=True)
    return table


def _numbers(counts: Counts, carried: int) -> tuple[str, ...]:
    numbers = (
        counts.fail,
        counts.exempt,
        counts.unknown,
        counts.error,
        counts.passed,
        counts.not_applicable,
    )
    return (*(f"{number:,}" for number in numbers), assessed(counts, carried))


def _exemptions(result: ScanResult, console: Console) -> None:
    found = exemption_lines(result)
    if not found:
        return
    _heading(console, "Exemptions")
    for text in found[:_NOTES_SHOWN]:
        _write(console, f"- {truncate(one_line(text), _MESSAGE)}", indent=2)
    if len(found) > _NOTES_SHOWN:
        _write(console, f"and {len(found) - _NOTES_SHOWN:,} more", indent=2)


def _findings(result: ScanResult, console: Console) -> None:
    groups = findings_by_rule(result)
    if not groups:
        return
    _heading(console, "Findings")
    for group in groups[:_RULES_SHOWN]:
        _rule(group, console)
    if len(groups) > _RULES_SHOWN:
        _write(console, f"and {plural(len(groups) - _RULES_SHOWN, 'more rule')} with findings")


def _rule(group: RuleFindings, console: Console) -> None:
    line = Text()
    line.append(one_line(group.rule.id), style="bold")
    line.append("  ")
    line.append(group.severity.value, style=_STYLES[group.severity])
    line.append(f"  {one_line(group.rule.title)}: {_how_many(group)}")
    _write(console, line, indent=2)
    for row in group.rows[:_RESOURCES_SHOWN]:
        _write(console, f"{verdict_word(row)}: {_what(row)}", indent=4)
    if len(group.rows) > _RESOURCES_SHOWN:
        _write(console, f"and {len(group.rows) - _RESOURCES_SHOWN:,} more", indent=4)


def _how_many(group: RuleFindings) -> str:
    found = {"fail": group.live, "exempt": group.exempt}
    found |= {each.value: group.count(each) for each in (Verdict.UNKNOWN, Verdict.ERROR)}
    text = ", ".join(f"{number:,} {word}" for word, number in found.items() if number)
    text += f" of {plural(group.checks, 'check')}"
    return f"{text} (preview, not counted)" if group.rule.preview else text


def _what(row: Result) -> str:
    """Return the message, led by the resource's name where the message does not say it."""
    message = truncate(short_ids(one_line(row.message)), _MESSAGE)
    name = one_line(row.resource_name)
    return message if name and name in message else f"{name}: {message}"
