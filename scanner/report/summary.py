"""What every report says alike: the verdict in a sentence, what was not read, findings by rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from scanner import armid
from scanner.engine.message import shown
from scanner.engine.result import Counts, Evidence, Result, Severity, Verdict
from scanner.report.text import plural
from scanner.snapshot.manifest import NOT_EXPORTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from scanner.engine.result import ScanResult
    from scanner.engine.rules import Rule
    from scanner.snapshot.manifest import Gap

TOOL = "azmlscan"
_DIGEST_SHOWN = 12
_REFUSED = frozenset({401, 403})
_MANAGEMENT_GROUPS = "/providers/microsoft.management/managementgroups/"


class GapGroup(NamedTuple):
    """Gaps of one table with one cause."""

    table: str
    cause: str
    """`403 AuthorizationFailed`, or the operation where Azure gave no code."""
    permission: str
    scopes: tuple[str, ...]
    rule_ids: tuple[str, ...]
    """The rules that have an unknown result in these scopes, sorted."""

    @property
    def rules(self) -> int:
        """How many rules have an unknown result in these scopes."""
        return len(self.rule_ids)


class RuleFindings(NamedTuple):
    """The findings of one rule, the worst first."""

    rule: Rule
    severity: Severity
    """The worst that its findings have."""
    rows: Sequence[Result]

    def count(self, verdict: Verdict) -> int:
        """Return how many of the findings have a verdict."""
        return sum(row.verdict is verdict for row in self.rows)

    @property
    def is_accepted(self) -> bool:
        """Tell whether every finding is exempted."""
        return all(row.exemption is not None for row in self.rows)

    @property
    def live(self) -> int:
        """How many of the findings are failures that nothing exempts."""
        return sum(row.is_live for row in self.rows)

    @property
    def exempt(self) -> int:
        """How many of the findings are failures that an exemption accepts."""
        return self.count(Verdict.FAIL) - self.live


def estate_name(result: ScanResult) -> str:
    """Return the name of the estate for a heading."""
    return result.manifest.estate or "unnamed estate"


def short_digest(result: ScanResult) -> str:
    """Return the first characters of the snapshot's digest, as people compare them."""
    return result.manifest.digest.removeprefix("sha256:")[:_DIGEST_SHOWN] or "none"


def applicable(counts: Counts) -> int:
    """Return how many rows a rule had something to say about: the denominator of `assessed`."""
    return counts.total - counts.not_applicable


def assessed(counts: Counts) -> str:
    """Return `812 of 900`: never a share without what it is a share of."""
    return f"{counts.assessed:,} of {applicable(counts):,}"


def verdict_sentence(result: ScanResult) -> str:
    """Return what the scan found, so that nothing checked or not read never sounds clean."""
    totals = result.totals
    if not applicable(totals):
        return "Nothing was checked: " + _why_nothing(result)
    if totals.fail:
        severities = (f"{c.fail:,} {s}" for s, c in result.by_severity.items() if c.fail)
        found = f"{plural(totals.fail, 'failure')}: {', '.join(severities)}."
    elif totals.passed or totals.exempt:
        found = f"No failures: {plural(totals.passed, 'check')} passed."
    else:
        found = "Nothing could be assessed."
    if totals.exempt:
        found += f" {plural(totals.exempt, 'failure')} exempted."
    open_ends = _open_ends(result)
    if not open_ends:
        return found
    return f"{found} The scan is incomplete: {' and '.join(open_ends)}."


def _why_nothing(result: ScanResult) -> str:
    if not result.rules:
        return "no rules ran."
    if result.manifest.gaps:
        gaps = plural(len(result.manifest.gaps), "gap")
        return f"no rule applies to what could be read, and the snapshot has {gaps}."
    return "no rule applies to what is in the snapshot."


def _open_ends(result: ScanResult) -> list[str]:
    totals, gaps = result.totals, len(result.manifest.gaps)
    found = []
    if totals.unknown:
        found.append(f"{plural(totals.unknown, 'check')} could not be assessed")
    if totals.error:
        found.append(f"{plural(totals.error, 'check')} ended in an error of the rule")
    if gaps and not totals.unknown:
        found.append(f"the snapshot has {plural(gaps, 'gap')}")
    return found


def findings_by_rule(result: ScanResult) -> list[RuleFindings]:
    """Return the findings by rule: worst severity first, then rule id.

    Rules all of whose findings are exempted come after the others, preview rules last.
    """
    rows: dict[str, list[Result]] = {}
    for row in result.findings:
        rows.setdefault(row.rule_id, []).append(row)
    groups = [
        RuleFindings(rule, _worst(rows[rule.id]), sorted(rows[rule.id], key=_order))
        for rule in result.rules
        if rule.id in rows
    ]
    return sorted(groups, key=lambda g: (g.rule.preview, g.is_accepted, g.severity.rank, g.rule.id))


def _worst(rows: Iterable[Result]) -> Severity:
    return min((row.severity for row in rows), key=lambda severity: severity.rank)


_VERDICT_ORDER = (Verdict.FAIL, Verdict.ERROR, Verdict.UNKNOWN)


def _order(row: Result) -> tuple[bool, int, int, str]:
    exempt = row.exemption is not None
    key = armid.key(row.resource_id)
    return exempt, _VERDICT_ORDER.index(row.verdict), row.severity.rank, key


def verdict_word(row: Result) -> str:
    """Return a row's verdict for people: a failure that is exempted is not called one."""
    return "exempt" if row.exemption and row.verdict is Verdict.FAIL else row.verdict.value


def remarks(row: Result) -> Iterator[str]:
    """Yield what there is to say of a finding's past and of its exemption."""
    if row.carried_forward is not None:
        yield (
            f"Carried forward, last assessed {row.carried_forward.last_assessed}: "
            f"{row.carried_forward.reason}"
        )
    if row.exemption is not None:
        end = f" until {row.exemption.expires_on}" if row.exemption.expires_on else " without end"
        owner = f" ({row.exemption.owner})" if row.exemption.owner else ""
        name = row.exemption.id or row.exemption.place
        yield f"Exempted{end} by {name}{owner}: {row.exemption.justification}"


def changes_sentence(result: ScanResult) -> str:
    """Return what changed since the baseline, "" without one."""
    if result.baseline is None:
        return ""
    changes = result.baseline.changes
    parts = [f"{changes.new:,} new", f"{changes.fixed:,} fixed"]
    parts.append(f"{changes.unchanged + changes.updated:,} persisting")
    if changes.carried_forward:
        parts[-1] += f" ({changes.carried_forward:,} of them not assessed this time)"
    if changes.resource_gone:
        parts.append(f"{changes.resource_gone:,} gone with their resource")
    if changes.rule_not_run:
        parts.append(f"{changes.rule_not_run:,} whose rule was not run")
    return f"Failures since {result.baseline.snapshot.finished}: {', '.join(parts)}."


def exemption_lines(result: ScanResult) -> list[str]:
    """Return what there is to say about the exemptions themselves, a sentence each."""
    report = result.exemptions
    if report is None:
        return []
    lines = []
    if report.gaps:
        lines.append(f"{plural(len(report.gaps), 'gap')} accepted by exemptions.")
    if report.policy_exemptions:
        number = plural(report.policy_exemptions, "failure")
        lines.append(f"{number} exempted by Azure Policy exemptions.")
    for note in report.notes:
        name = f"{note.place} ({note.id})" if note.id else note.place
        lines.append(f"{note.kind.value}: {name} {note.text}")
    return lines


def environments(result: ScanResult) -> list[tuple[str | None, Counts]]:
    """Return the counts by environment, sorted by name, resources without one last."""
    return sorted(result.by_environment.items(), key=lambda item: (item[0] is None, item[0] or ""))


def gap_groups(result: ScanResult) -> list[GapGroup]:
    """Return what could not be read, grouped by table and cause."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for gap in result.manifest.gaps:
        groups.setdefault((gap.table, _cause(gap), gap.permission), []).append(gap.scope)
    rules = _rules_unknown_in(result, {s for scopes in groups.values() for s in scopes})
    return [
        GapGroup(
            *group,
            scopes=tuple(sorted(set(scopes))),
            rule_ids=tuple(sorted(set().union(*(rules[scope] for scope in scopes)))),
        )
        for group, scopes in sorted(groups.items())
    ]


def _cause(gap: Gap) -> str:
    status = str(gap.status) if gap.status else ""
    return " ".join(part for part in (status, gap.code) if part) or gap.operation


def _rules_unknown_in(result: ScanResult, scopes: set[str]) -> dict[str, set[str]]:
    below: dict[str, set[str]] = {_scope_key(scope): set() for scope in scopes}
    for row in result.findings:
        if row.verdict is Verdict.UNKNOWN:
            for ancestor in armid.ancestors(row.resource_id):
                if ancestor in below:
                    below[ancestor].add(row.rule_id)
    return {scope: below[_scope_key(scope)] for scope in scopes}


def _scope_key(scope: str) -> str:
    """Return a scope as `armid.ancestors` names it; no id tells what a management group holds."""
    key = armid.key(scope)
    return "/" if not key or key.startswith(_MANAGEMENT_GROUPS) else key


def evidence_text(evidence: Evidence) -> str:
    """Return a piece of evidence as a sentence: what was found, and what is required."""
    found = shown(evidence.actual) if evidence.readable else "(not readable)"
    return f"{evidence.path} is {found}; required: {evidence.expected}"


def _steps_for_gaps(gaps: Sequence[Gap]) -> Iterator[str]:
    if any(gap.code == NOT_EXPORTED for gap in gaps):
        yield (
            "Import exports of what is missing as well, with `azmlscan snapshot import`; "
            "--complete TABLE promises that there is no more."
        )
    if any(gap.permission or gap.status in _REFUSED for gap in gaps):
        yield "Give the reader the missing permissions and collect again."
    elif any(gap.hides_records and gap.code != NOT_EXPORTED for gap in gaps):
        yield "Read again what was not read; the section on gaps says why each was not."


def next_steps(result: ScanResult) -> list[str]:
    """Return what to do now, the most urgent first."""
    steps = []
    if result.totals.fail:
        steps.append(
            "Mend the failures; the fix of each rule is in the Markdown and SARIF reports."
        )
    steps.extend(_steps_for_gaps(result.manifest.gaps))
    if result.totals.error:
        steps.append("Report the rules that ended in an error to their author.")
    return steps
