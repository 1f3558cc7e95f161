"""Exemptions as the HTML report shows them: what is accepted, by whom, why, until when."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from scanner.engine.exemption_notes import NoteKind
from scanner.engine.policy_exemptions import policy_acceptances
from scanner.engine.values import as_moment
from scanner.inventory.fields import UNREAD
from scanner.inventory.model.policy import PolicyExemption
from scanner.report.html.templating import exemption_anchor
from scanner.report.text import plural, truncate

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from scanner.engine.exempt import ExemptionReport
    from scanner.engine.exemption_notes import JudgedEntry, Note
    from scanner.engine.result import ScanResult

SHOWN: Final = 1_000
"""How many exemptions are shown of each source, the most urgent first; the others are counted."""
_ACTIVE: Final = "active"
_WORDS: Final = {
    NoteKind.EXPIRED: "expired",
    NoteKind.ORPHANED: "orphaned",
    NoteKind.BROAD: "too broad",
    NoteKind.UNUSED: "unused",
    NoteKind.UNKNOWN: "names something unknown",
    NoteKind.EXPIRING: "expires within 30 days",
}
_NAMED: Final = 5
_TEXT: Final = 1_000


class EntryView(NamedTuple):
    """An exemption of a file."""

    anchor: str
    entry: JudgedEntry
    states: Sequence[str]
    """`active` where there is nothing to say, else what there is."""
    notes: Sequence[str]
    about: Sequence[str]
    """What it covers, a line each."""
    places: Sequence[str]
    """The resources that it names, or the scope of its gaps."""
    uses: str


class PolicyView(NamedTuple):
    """An Azure Policy exemption of the snapshot."""

    anchor: str
    name: str
    scope: str
    state: str
    category: str
    justification: str
    until: str
    failures: int


class ExemptionsView(NamedTuple):
    """All exemptions."""

    report: ExemptionReport | None
    numbers: Sequence[tuple[str, int]]
    """How many are in which state, every state named; one may be in several."""
    entries: Sequence[EntryView]
    entries_left_out: int
    policies: Sequence[PolicyView]
    policies_left_out: int
    other_notes: Sequence[str]
    """Notes that are about no exemption of these files."""
    anchors: frozenset[str]
    policies_whole: bool
    """All Azure Policy exemptions of what was scanned were read."""

    @property
    def total(self) -> int:
        """How many exemptions the files have."""
        return len(self.entries) + self.entries_left_out


def exemptions_view(result: ScanResult) -> ExemptionsView:
    """Return the exemptions that the result was made with, the most urgent first."""
    report = result.exemptions
    if report is None:
        return ExemptionsView(None, [], [], 0, [], 0, [], frozenset(), policies_whole=False)
    notes: dict[str, list[Note]] = {}
    for note in report.notes:
        notes.setdefault(note.place, []).append(note)
    own = {entry.terms.place for entry in report.entries}
    views = [_entry(entry, notes.get(entry.terms.place, ())) for entry in report.entries]
    numbers = Counter(state for view in views for state in view.states)
    order = list(_WORDS.values())
    views = _once(views)
    views.sort(key=lambda view: min(map(order.index, view.states)) if view.notes else len(order))
    policies = _policies(result, report.as_of)
    anchors = [view.anchor for view in views[:SHOWN]] + [view.anchor for view in policies[:SHOWN]]
    return ExemptionsView(
        report,
        [(word, numbers[word]) for word in (_ACTIVE, *reversed(order))],
        views[:SHOWN],
        len(views[SHOWN:]),
        policies[:SHOWN],
        len(policies[SHOWN:]),
        [f"{note.place} ({note.id}) {note.text}" for note in report.notes if note.place not in own],
        frozenset(anchors),
        result.estate.coverage.has_everything(PolicyExemption.TABLE),
    )


def _once(views: Iterable[EntryView]) -> list[EntryView]:
    """Return the views with each anchor only once: files of one name have places in common."""
    seen: set[str] = set()
    found = []
    for view in views:
        found.append(view._replace(anchor="") if view.anchor in seen else view)
        seen.add(view.anchor)
    return found


def _entry(entry: JudgedEntry, notes: Sequence[Note]) -> EntryView:
    states = list(dict.fromkeys(_WORDS[note.kind] for note in notes if note.kind in _WORDS))
    what = "failure" if entry.subject == "findings" else "gap"
    uses = plural(entry.findings, what)
    return EntryView(
        exemption_anchor(entry.terms.place),
        entry,
        states or [_ACTIVE],
        [note.text for note in notes],
        _about(entry),
        _some(entry.scope.resources) if entry.subject == "findings" else [entry.gap_scope],
        uses if entry.in_force else f"{uses}, none of them exempt any more",
    )


def _about(entry: JudgedEntry) -> list[str]:
    if entry.subject == "gaps":
        return [f"gaps of {entry.table}", f"code {entry.code}"]
    scope = entry.scope
    parts = (
        ("", entry.rules),
        ("in ", scope.environments),
        ("in resource group ", scope.resource_groups),
    )
    return [f"{word}{', '.join(_some(names))}" for word, names in parts if names]


def _some(names: Sequence[str]) -> list[str]:
    rest = len(names) - _NAMED
    return [*names[:_NAMED], *([f"and {rest} more"] if rest > 0 else [])]


def _policies(result: ScanResult, day: dt.date) -> list[PolicyView]:
    failures = Counter(
        row.exemption.place
        for row in result.findings
        if row.exemption is not None and row.exemption.source == "azure-policy"
    )
    held = {one.shown.place: one for one in policy_acceptances(result.estate, day)}
    start = dt.datetime.combine(day, dt.time(), dt.UTC)
    views = [_policy(one, failures, held, start) for one in result.estate.all_of(PolicyExemption)]
    return sorted(views, key=lambda view: (-view.failures, view.name.lower(), view.anchor))


def _policy(
    exemption: PolicyExemption,
    failures: Mapping[str, int],
    held: Container[str],
    start: dt.datetime,
) -> PolicyView:
    covered = failures.get(exemption.id, 0)
    if covered:
        state = "counts here"
    elif exemption.id in held:
        state = "covers no failure of the rules that ran"
    elif (ends := as_moment(_said(exemption.expires_on))) is not None and ends <= start:
        state = "expired"
    else:
        state = "has no effect here: what it names could not all be read"
    said = (exemption.description, exemption.display_name)
    return PolicyView(
        exemption_anchor(exemption.id),
        _said(exemption.name),
        _said(exemption.scope) or exemption.id,
        state,
        _said(exemption.exemption_category),
        truncate(next((text for text in map(_said, said) if text), ""), _TEXT),
        _said(exemption.expires_on)[:10],
        covered,
    )


def _said(value: object) -> str:
    if value is UNREAD:
        return "not readable"
    return "" if value is None else str(value)
