"""What every report says alike: the verdict in a sentence, what was not read, findings by rule."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from scanner import armid
from scanner.config import default_environments
from scanner.engine.message import shown
from scanner.engine.operators import describe
from scanner.engine.result import Counts, Evidence, Result, Severity, Verdict
from scanner.report.gaps import steps_for_gaps
from scanner.report.text import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

    from scanner.engine.result import ScanResult
    from scanner.engine.rules import Rule

TOOL = "azmlscan"
_DIGEST_SHOWN = 12


class RuleFindings(NamedTuple):
    """The findings of one rule, the worst first."""

    rule: Rule
    severity: Severity
    """The worst that its findings have."""
    rows: Sequence[Result]
    checks: int
    """How many resources the rule applies to: what the numbers of findings are shares of."""

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


def size(result: ScanResult) -> str:
    """Return what was checked: some records hold several resources, as a network its subnets."""
    records = sum(table.rows for table in result.manifest.tables.values())
    resources = plural(len(result.estate), "resource")
    return f"{resources} in {plural(records, 'record')}, {plural(len(result.rules), 'rule')}"


def applicable(counts: Counts) -> int:
    """Return how many rows a rule had something to say about: the denominator of `assessed`."""
    return counts.total - counts.not_applicable


CARRIED: Final = (
    "Failures carried forward from the baseline count as failures, and not as assessed: "
    "nobody could look again."
)
"""What a reader has to know where failures of the baseline stand for what was not assessed."""


def carried_by(
    result: ScanResult, key: Callable[[Result], Hashable] = lambda _: None
) -> Counter[Hashable]:
    """Return how many of the counted failures nobody could look at again, by some key of theirs."""
    rows = (row for row in result.counted_findings if row.carried_forward is not None)
    return Counter(map(key, rows))


def assessed(counts: Counts, carried: int = 0) -> str:
    """Return `812 of 900`: never a share without what it is a share of.

    `carried` of the failures were only carried forward from the baseline, which is no answer.
    """
    return f"{counts.assessed - carried:,} of {applicable(counts):,}"


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
    return f"{found} The scan is incomplete: {_and(open_ends)}."


def _why_nothing(result: ScanResult) -> str:
    if not result.rules:
        return "no rules ran."
    if result.manifest.gaps:
        gaps = plural(len(result.manifest.gaps), "gap")
        return f"no rule applies to what could be read, and the snapshot has {gaps}."
    return "no rule applies to what is in the snapshot."


def _and(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def _open_ends(result: ScanResult) -> list[str]:
    totals, gaps = result.totals, len(result.manifest.gaps)
    carried = sum(carried_by(result).values())
    found = []
    if totals.unknown:
        found.append(f"{plural(totals.unknown, 'check')} could not be assessed")
    if carried:
        found.append(f"{plural(carried, 'failure')} of the baseline could not be looked at again")
    if totals.error:
        found.append(f"{plural(totals.error, 'check')} ended in an error of the rule")
    if gaps:
        found.append(f"the snapshot has {plural(gaps, 'gap')}")
    return found


def findings_by_rule(result: ScanResult) -> list[RuleFindings]:
    """Return the findings by rule: worst severity first, then rule id.

    Rules all of whose findings are exempted come after the others, preview rules last.
    """
    rows: dict[str, list[Result]] = {}
    for row in result.findings:
        rows.setdefault(row.rule_id, []).append(row)
    ran = [rule for rule in result.rules if rule.id in rows]
    groups = [_of_rule(rule, rows[rule.id], result.by_rule[rule.id]) for rule in ran]
    return sorted(groups, key=lambda g: (g.rule.preview, g.is_accepted, g.severity.rank, g.rule.id))


def _of_rule(rule: Rule, rows: Sequence[Result], counts: Counts) -> RuleFindings:
    return RuleFindings(rule, _worst(rows), sorted(rows, key=_order), applicable(counts))


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
    """Return the counts by environment, sorted by name, resources without one last.

    An environment that the config names is there even where nothing in it was checked.
    """
    config = result.estate.config
    usual = config.environments == default_environments(config.tags.environment)
    named = () if usual else config.environments
    counts = {each.name: Counts() for each in named} | result.by_environment
    return sorted(counts.items(), key=lambda item: (item[0] is None, item[0] or ""))


def evidence_text(evidence: Evidence) -> str:
    """Return a piece of evidence as a sentence: what was found, and what is required."""
    found = shown(evidence.actual) if evidence.readable else "(not readable)"
    return f"{evidence.path} is {found}; required: {evidence.expected}"


_NAMED: Final = describe("exists", False)  # noqa: FBT003  (what the condition says)


def telling(row: Result, limit: int) -> Sequence[Evidence]:
    """Return at most `limit` pieces of a row's evidence, for places that have no room for all.

    Of a failure the first one stays, most often how many there are. Then comes what a rule looks
    up only to have it named, such as who holds a role and by which assignment, then the rest.
    """
    evidence = row.evidence
    if len(evidence) <= limit or row.verdict is not Verdict.FAIL:
        return evidence[:limit]
    return [evidence[0], *sorted(evidence[1:], key=lambda item: item.expected != _NAMED)][:limit]


def next_steps(result: ScanResult) -> list[str]:
    """Return what to do now, the most urgent first."""
    steps = []
    if result.totals.fail:
        steps.append(
            "Mend the failures: `azmlscan rules show ID` prints the fix of a rule. Reports "
            "(-o report.html, report.md) have the commands made for each resource."
        )
    steps.extend(steps_for_gaps(result.manifest.gaps))
    if result.totals.error:
        steps.append("Report the rules that ended in an error to their author.")
    return steps
