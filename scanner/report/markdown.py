"""The result as GitHub-flavoured Markdown, for a job summary or a pull-request comment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from scanner import __version__
from scanner.engine.result import Counts, Result, Verdict
from scanner.report.gaps import UNLISTED, GapGroup, gap_groups, hides_resources
from scanner.report.page import Page, table_line, table_row
from scanner.report.summary import (
    CARRIED,
    TOOL,
    RuleFindings,
    assessed,
    carried_by,
    changes_sentence,
    environments,
    estate_name,
    evidence_text,
    exemption_lines,
    findings_by_rule,
    remarks,
    short_digest,
    size,
    telling,
    verdict_sentence,
    verdict_word,
)
from scanner.report.text import code, fence, html, markdown, plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scanner.engine.result import ScanResult
    from scanner.engine.rules import Rule

DEFAULT_BUDGET: Final = 900_000
_GAPS_SHOWN: Final = 20
_NOTES_SHOWN: Final = 20
_ENVIRONMENTS_SHOWN: Final = 20
_EVIDENCE_SHOWN: Final = 3
_COMMANDS_SHOWN: Final = 10
_ROWS_SHOWN: Final = (100, 20, 5, 1)
"""How many resources of a rule are listed: the first of these numbers that fits the budget."""
_COUNT_HEAD: Final = ("Fail", "Exempt", "Unknown", "Error", "Pass", "Not applicable", "Assessed")


class Command(NamedTuple):
    """Shell commands, with what stands above them."""

    label: str
    text: str


def render(result: ScanResult, *, budget: int = DEFAULT_BUDGET) -> str:
    """Return the result as Markdown of at most `budget` bytes of UTF-8 (2,000 at least).

    What does not fit is left out from the end, whole rules at a time, and counted.
    """
    page = Page(budget)
    page.add(_head(result))
    page.add_table("## Checks by severity", _count_head("Severity"), _severities(result))
    if any(name is not None for name, _ in environments(result)):
        page.add_table(
            "## Checks by environment", _count_head("Environment"), _environments(result)
        )
    left_out = len(environments(result)) - _ENVIRONMENTS_SHOWN
    if left_out > 0:
        page.add(f"*{plural(left_out, 'more environment')} in the full result.*")
    if carried_by(result):
        page.add(CARRIED)
    _add_gaps(page, result)
    _add_exemptions(page, result)
    groups = findings_by_rule(result)
    page.add_table(
        "## Findings", table_row(_FINDINGS_HEAD) + "\n" + table_line(8, 3), map(_finding, groups)
    )
    left_out = len(result.findings) - _add_details(page, groups)
    more = f"*{plural(left_out, 'more finding')} in the full result.*" if left_out else ""
    return page.text(last=more)


def _head(result: ScanResult) -> str:
    manifest = result.manifest
    facts = (
        f"Snapshot {code(short_digest(result))}, collected {markdown(manifest.started, 40)} to "
        f"{markdown(manifest.finished, 40)}. {size(result)}, "
        f"{TOOL} {__version__}."
    )
    title = f"# Azure Machine Learning compliance: {markdown(estate_name(result), 80)}"
    changes = changes_sentence(result)
    blocks = (title, f"**{verdict_sentence(result)}**", markdown(changes), facts)
    return "\n\n".join(filter(None, blocks))


def _count_head(label: str) -> str:
    return f"{table_row((label, *_COUNT_HEAD))}\n{table_line(len(_COUNT_HEAD) + 1, 1)}"


def _count_row(label: str, counts: Counts, carried: int) -> str:
    numbers = (
        counts.fail,
        counts.exempt,
        counts.unknown,
        counts.error,
        counts.passed,
        counts.not_applicable,
    )
    return table_row((label, *(f"{number:,}" for number in numbers), assessed(counts, carried)))


def _severities(result: ScanResult) -> Iterator[str]:
    carried = carried_by(result, lambda row: row.severity)
    for severity, counts in result.by_severity.items():
        yield _count_row(severity.value, counts, carried[severity])
    yield _count_row("**all**", result.totals, carried.total())


def _environments(result: ScanResult) -> Iterator[str]:
    carried = carried_by(result, lambda row: row.environment)
    named = environments(result)
    for name, counts in named[:_ENVIRONMENTS_SHOWN]:
        label = "(none)" if name is None else markdown(name, 60)
        yield _count_row(label, counts, carried[name])


def _add_gaps(page: Page, result: ScanResult) -> None:
    groups = gap_groups(result)
    if not groups:
        return
    column = "The last column counts the rules with unknown results in these scopes."
    heading = f"## Not read\n\n{f'{UNLISTED} ' if hides_resources(result) else ''}{column}"
    head = (
        table_row(("Tables", "Cause", "Missing permission", "Scopes", "Rules"))
        + "\n"
        + table_line(5, 4)
    )
    left_out = page.add_table(heading, head, map(_gap, groups[:_GAPS_SHOWN]))
    left_out += len(groups[_GAPS_SHOWN:])
    if left_out:
        page.add(f"*{plural(left_out, 'more kind')} of gaps in the full result.*")


def _add_exemptions(page: Page, result: ScanResult) -> None:
    found = exemption_lines(result)
    if found:
        shown = [f"- {markdown(text, 400)}" for text in found[:_NOTES_SHOWN]]
        if len(found) > _NOTES_SHOWN:
            shown.append(f"- and {len(found) - _NOTES_SHOWN:,} more in the full result")
        page.add("## Exemptions\n\n" + "\n".join(shown))


def _gap(group: GapGroup) -> str:
    scopes = code(group.scopes[0], 160)
    if len(group.scopes) > 1:
        scopes += f" and {len(group.scopes) - 1:,} more"
    permission = code(group.permission, 120) or "-"
    return table_row(
        (
            markdown(group.names, 200),
            markdown(group.cause, 120),
            permission,
            scopes,
            f"{group.rules:,}",
        )
    )


_FINDINGS_HEAD: Final = (
    *("Severity", "Rule", "What is wrong"),
    *("Fail", "Exempt", "Unknown", "Error", "Of checks"),
)


def _finding(group: RuleFindings) -> str:
    title = markdown(group.rule.title, 160)
    if group.rule.preview:
        title += " (preview, not counted)"
    open_ends = (group.count(verdict) for verdict in (Verdict.UNKNOWN, Verdict.ERROR))
    numbers = (group.live, group.exempt, *open_ends, group.checks)
    return table_row(
        (group.severity.value, markdown(group.rule.id), title, *(f"{n:,}" for n in numbers))
    )


def _add_details(page: Page, groups: Sequence[RuleFindings]) -> int:
    """Add the resources and the fix of each rule; return how many findings are shown."""
    if not groups or not page.add("## Details"):
        return 0
    shown = 0
    for group in groups:
        for limit in _ROWS_SHOWN:
            if page.add(_details(group, limit)):
                shown += min(limit, len(group.rows))
                break
        else:
            break
    return shown


def _details(group: RuleFindings, limit: int) -> str:
    rule = group.rule
    head = table_row(("Verdict", "Resource", "Environment", "What was found"))
    blocks = [
        (
            "<details>\n<summary>"
            f"{html(rule.id)} ({group.severity.value}): {html(rule.title, 160)}, "
            f"{plural(len(group.rows), 'finding')} of {plural(group.checks, 'check')}</summary>"
        ),
        markdown(rule.rationale, 2_000),
        "\n".join((head, table_line(4, 4), *map(_resource, group.rows[:limit]))),
    ]
    if len(group.rows) > limit:
        blocks.append(f"*{plural(len(group.rows) - limit, 'more finding')} of this rule.*")
    return "\n\n".join((*blocks, *fix(rule, _commands(group, limit)), "</details>"))


def _commands(group: RuleFindings, limit: int) -> Command | None:
    """Return the commands that mend a rule's failures; several failures may share one."""
    every = [row.remediation.cli for row in group.rows if row.remediation is not None]
    found = list(dict.fromkeys(every))
    shown = found[: min(limit, _COMMANDS_SHOWN)]
    if not shown:
        return None
    if len(shown) == len(found):
        return Command("Azure CLI", "\n".join(shown))
    rest = f"first {len(shown)} of {len(found):,}, the others in the JSON result"
    return Command(f"Azure CLI ({rest})", "\n".join(shown))


def _resource(row: Result) -> str:
    lines = [markdown(row.message, 400)]
    lines += [markdown(evidence_text(e), 300) for e in telling(row, _EVIDENCE_SHOWN)]
    if len(row.evidence) > _EVIDENCE_SHOWN:
        lines.append(f"and {len(row.evidence) - _EVIDENCE_SHOWN} more")
    lines += [markdown(text, 400) for text in remarks(row)]
    environment = "(none)" if row.environment is None else markdown(row.environment, 60)
    return table_row((verdict_word(row), code(row.resource_id), environment, "<br>".join(lines)))


def fix(rule: Rule, command: Command | None = None) -> Iterator[str]:
    """Yield the Markdown blocks that say how to mend a rule's failures.

    `command` mends the failures that are shown; without one the rule's template is given.
    """
    yield f"**Fix.** {markdown(rule.remediation.text, 2_000)}"
    label, cli = command or Command("Azure CLI", rule.remediation.cli)
    snippets = (
        (label, "shell", cli),
        ("Bicep", "bicep", rule.remediation.bicep),
        ("Terraform", "terraform", rule.remediation.terraform),
    )
    for label, language, snippet in snippets:
        if snippet:
            yield f"{label}:\n\n{fence(snippet, language)}"
    if rule.controls:
        yield f"Controls: {', '.join(code(control) for control in rule.controls)}"
    links = [f"<{url}>" for url in rule.references if is_link(url)]
    if links:
        yield f"References: {', '.join(links)}"


def is_link(url: str) -> bool:
    """Tell whether a reference can stand between angle brackets as a link."""
    return url.startswith("https://") and url.isprintable() and not set(url) & set(" <>\\|")
