"""Applies exemptions to a result: a failure that one covers is exempt, its verdict stays."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from scanner import armid
from scanner.engine.attestation_notes import control_notes, standing_notes
from scanner.engine.attestations import Review, reviews
from scanner.engine.exemption_notes import (
    JudgedEntry,
    Note,
    by_urgency,
    entry_notes,
    judged,
    name_notes,
)
from scanner.engine.exemptions import Area, Entry, ExemptionFile, GapEntry
from scanner.engine.gap_exemptions import AcceptedGap, GapAcceptance
from scanner.engine.policy_exemptions import definitions_of, policy_acceptances
from scanner.engine.result import Exemption, Result, ScanResult, Verdict
from scanner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from scanner.engine.controls import Controls
    from scanner.engine.rules import Rule


class FileDigest(msgspec.Struct, frozen=True):
    """An exemptions file that was read."""

    name: str
    sha256: str


class ExemptionReport(msgspec.Struct, frozen=True, rename="camel"):
    """What was exempted by what, and what there is to say about the exemptions themselves."""

    as_of: dt.date
    """The day that they were judged by."""
    files: tuple[FileDigest, ...]
    entries: tuple[JudgedEntry, ...]
    """The exemptions of the files, of findings and of gaps, in the order of the files."""
    gaps: tuple[AcceptedGap, ...]
    reviews: dict[str, Review]
    """How the controls stand that the files attest, by their ids."""
    notes: tuple[Note, ...]
    policy_exemptions: int
    """How many failures Azure Policy exemptions cover."""


class _Candidates(NamedTuple):
    """The exemptions that are about one rule."""

    by_id: Mapping[str, Sequence[int]]
    """Key of an ARM id in a scope to the positions of the entries."""
    others: Sequence[int]
    """Positions of the entries whose scope has globs, or no resources at all."""
    policies: Sequence[Any]


def apply_exemptions(
    result: ScanResult,
    files: Sequence[ExemptionFile],
    as_of: dt.date | None = None,
    known_rules: Collection[str] = (),
    controls: Controls | None = None,
) -> ScanResult:
    """Return the result with its failures exempted where an exemption in force covers them.

    `as_of` is the day they are judged by, by default the one on which the snapshot was finished.
    An exemption in a file goes before an Azure Policy exemption, an earlier entry before a
    later one. An unknown verdict is marked where all gaps behind it are accepted. `known_rules`
    are the ids of all rules there are, to tell a misspelt one from one that did not run, and
    `controls` all controls, to tell attestations that answer nothing.

    Raises:
        UsageError: there is no `as_of` and the snapshot does not say when it was finished.
    """
    judge = _Judge(result, files, as_of or snapshot_day(result), known_rules)
    findings = [judge.exempted(row) for row in result.listed_findings]
    unlisted = [judge.exempted(row) for row in result.unlisted]
    return result.replaced(findings=findings, unlisted=unlisted, exemptions=judge.report(controls))


def snapshot_day(result: ScanResult) -> dt.date:
    """Return the day on which the snapshot was finished, in UTC."""
    finished = result.manifest.finished
    try:
        return dt.date.fromisoformat(finished[:10])
    except ValueError as cause:
        raise UsageError(
            f"the snapshot was finished at '{finished}', which is no time",
            hint="Name the day that exemptions are judged by: --as-of YYYY-MM-DD.",
        ) from cause


class _Judge:
    """Says which exemption covers a row, and remembers what each of them was good for."""

    def __init__(
        self,
        result: ScanResult,
        files: Sequence[ExemptionFile],
        day: dt.date,
        known_rules: Collection[str],
    ) -> None:
        self._result = result
        self._files = files
        self._day = day
        self._entries: list[Entry] = [entry for file in files for entry in file.exemptions]
        self._gap_entries: list[GapEntry] = [entry for file in files for entry in file.gaps]
        self._areas = [Area(entry.scope) for entry in self._entries]
        self._shown = [entry.shown() for entry in self._entries]
        self._gaps = GapAcceptance(result.manifest, self._gap_entries, day)
        self._policies = policy_acceptances(result.estate, day)
        self._known = {*known_rules, *(rule.id for rule in result.rules)} if known_rules else set()
        self._rules = {rule.id: rule for rule in result.rules}
        self._candidates: dict[str, _Candidates] = {}
        self._matched: Counter[int] = Counter()
        self._by_policy = 0

    def exempted(self, row: Result) -> Result:
        """Return a finding with the exemption that covers it, if there is one."""
        found = None
        if row.verdict is Verdict.FAIL:
            found = self._of_failure(row)
        elif row.verdict is Verdict.UNKNOWN:
            found = self._gaps.exemption(row, self._rules[row.rule_id].resource)
        if found is row.exemption:
            return row
        return msgspec.structs.replace(row, exemption=found)

    def _of_failure(self, row: Result) -> Exemption | None:
        candidates = self._of_rule(self._rules[row.rule_id])
        positions = set(candidates.others)
        if candidates.by_id:
            for scope in armid.ancestors(row.resource_id):
                positions.update(candidates.by_id.get(scope, ()))
        found: Exemption | None = None
        for position in sorted(positions):
            if self._areas[position].covers(row.resource_id, row.environment):
                self._matched[position] += 1
                if found is None and self._entries[position].holds(self._day):
                    found = self._shown[position]
        if found is None and candidates.policies:
            found = self._of_policy(row, candidates.policies)
        return found

    def _of_policy(self, row: Result, policies: Iterable[Any]) -> Exemption | None:
        for policy in policies:
            if policy.covers(row.resource_id, self._result.estate):
                self._by_policy += 1
                shown: Exemption = policy.shown
                return shown
        return None

    def _of_rule(self, rule: Rule) -> _Candidates:
        if rule.id not in self._candidates:
            by_id: dict[str, list[int]] = {}
            others = []
            for position, entry in enumerate(self._entries):
                if entry.names(rule.id):
                    area = self._areas[position]
                    for scope in area.ids:
                        by_id.setdefault(scope, []).append(position)
                    if area.globs or not area.ids:
                        others.append(position)
            names = definitions_of(rule) if self._policies else frozenset[str]()
            policies = [policy for policy in self._policies if names & policy.definitions]
            self._candidates[rule.id] = _Candidates(by_id, others, policies)
        return self._candidates[rule.id]

    def report(self, controls: Controls | None) -> ExemptionReport:
        """Return what there is to say once every finding was asked about."""
        entries = [
            judged(entry, area, self._matched[position], self._result, self._day)
            for position, (entry, area) in enumerate(zip(self._entries, self._areas, strict=True))
        ]
        gap_entries = [
            JudgedEntry.of_gap(entry, self._gaps.matched.get(position, 0), self._day)
            for position, entry in enumerate(self._gap_entries)
        ]
        environments = [each.name for each in self._result.estate.config.environments]
        attestations = [each for file in self._files for each in file.attestations]
        reviewed = reviews(attestations, self._day, environments)
        found = [*entry_notes((*entries, *gap_entries), self._day)]
        found += standing_notes(reviewed.values(), self._day)
        if self._known:
            found += name_notes(self._entries, self._known, environments)
        if controls is not None:
            found += control_notes(attestations, controls, environments)
        return ExemptionReport(
            as_of=self._day,
            files=tuple(FileDigest(file.name, file.sha256) for file in self._files),
            entries=(*entries, *gap_entries),
            gaps=self._gaps.accepted(),
            reviews=reviewed,
            notes=tuple(by_urgency(found)),
            policy_exemptions=self._by_policy,
        )
