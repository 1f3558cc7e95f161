"""What there is to say about exemptions: expiring, expired, unused, too broad, orphaned."""

from __future__ import annotations

import bisect
import enum
import fnmatch
from typing import TYPE_CHECKING, Final

import msgspec

from scanner import armid
from scanner.engine.exemptions import Area, Entry, GapEntry, Scope, Terms
from scanner.engine.result import VERDICTS, Assessment, ScanResult, Verdict
from scanner.inventory.kinds import TABLE_KINDS
from scanner.schemas.problems import nearest
from scanner.snapshot.tables import TABLE_OF_TYPE

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable, Iterator, Sequence

EXPIRING_DAYS: Final = 30
BROAD_PASSES: Final = 10
BROAD_SHARE: Final = 5
"""An exemption is broad that covers ten checks or more that pass, and of all the checks that it
covers fewer than one in five fails: whatever starts to fail there would be exempt unseen."""
_SHOWN: Final = 3


class NoteKind(enum.StrEnum):
    """What a note is about, the most urgent first."""

    EXPIRED = "expired"
    ORPHANED = "orphaned"
    BROAD = "broad"
    UNUSED = "unused"
    UNKNOWN = "unknown"
    EXPIRING = "expiring"
    ATTESTATION = "attestation"


PROBLEMS: Final = frozenset(NoteKind) - {NoteKind.EXPIRING}
"""Notes about something that has to be mended."""


class Note(msgspec.Struct, frozen=True, rename="camel"):
    """One thing to say about one exemption, or one attestation."""

    kind: NoteKind
    place: str
    """File and line of the exemption."""
    id: str
    """Of the exemption; of an attestation its control."""
    text: str
    """A sentence for people."""
    findings: int = 0
    """How many findings, or gaps, it is about."""


class Covered(msgspec.Struct, frozen=True, rename="camel"):
    """The checks that lie in an exemption's scope: its rules on its resources."""

    failed: int = 0
    passed: int = 0
    open: int = 0
    """Unknown or in error."""
    rules: int = 0
    """How many rules that ran it names."""


class JudgedEntry(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """An exemption as it stood on the day of judging."""

    terms: Terms
    subject: str
    """`findings` or `gaps`."""
    rules: tuple[str, ...] = ()
    scope: Scope = Scope()
    table: str = ""
    gap_scope: str = ""
    code: str = ""
    in_force: bool
    findings: int
    """Failures, or gaps, that it is about, whether in force or not."""
    covered: Covered = Covered()
    gone: tuple[str, ...] = ()
    """Ids of its scope that do not exist any more."""

    @classmethod
    def of_gap(cls, entry: GapEntry, gaps: int, day: dt.date) -> JudgedEntry:
        """Return the judgement of an exemption of gaps."""
        return cls(
            terms=_terms(entry),
            subject="gaps",
            table=entry.table,
            gap_scope=entry.scope,
            code=entry.code,
            in_force=entry.holds(day),
            findings=gaps,
        )


def judged(
    entry: Entry, area: Area, findings: int, result: ScanResult, day: dt.date
) -> JudgedEntry:
    """Return the judgement of an exemption of findings that covers `findings` failures."""
    return JudgedEntry(
        terms=_terms(entry),
        subject="findings",
        rules=entry.rules,
        scope=entry.scope,
        in_force=entry.holds(day),
        findings=findings,
        covered=_covered(entry, area, result),
        gone=tuple(text for text in area.ids if _is_gone(text, result)),
    )


def entry_notes(entries: Iterable[JudgedEntry], day: dt.date) -> Iterator[Note]:
    """Yield what there is to say of judged exemptions, in the order of the files."""
    for entry in entries:
        yield from _notes(entry, day)


def by_urgency(notes: Iterable[Note]) -> list[Note]:
    """Return notes sorted by kind, the most urgent first; those of a kind keep their order."""
    kinds = list(NoteKind)
    return sorted(notes, key=lambda note: kinds.index(note.kind))


def name_notes(
    entries: Iterable[Entry], rules: Collection[str], environments: Collection[str]
) -> Iterator[Note]:
    """Yield a note for each rule and environment that an exemption names and nobody knows."""
    for entry in entries:
        for pattern in entry.rules:
            if not any(fnmatch.fnmatchcase(rule.lower(), pattern.lower()) for rule in rules):
                yield _unknown(
                    entry, f"names the rule {pattern}, which there is not.", pattern, rules
                )
        for name in entry.scope.environments:
            if name not in environments:
                text = f"names the environment {name}, which the config does not."
                yield _unknown(entry, text, name, environments)


def date_notes(terms: Iterable[Terms], day: dt.date) -> Iterator[Note]:
    """Yield a note for each exemption that has expired on a day, or soon will have."""
    for each in terms:
        left = (each.expires_on - day).days
        if left < 0:
            text = f"expired on {each.expires_on}."
            yield Note(NoteKind.EXPIRED, each.place, each.id, text)
        elif left <= EXPIRING_DAYS:
            text = f"expires on {each.expires_on}, {in_days(each.expires_on, day)}."
            yield Note(NoteKind.EXPIRING, each.place, each.id, text)


def _unknown(entry: Entry, text: str, name: str, known: Collection[str]) -> Note:
    return Note(NoteKind.UNKNOWN, entry.place, entry.id, f"{text} {nearest(name, known)}".strip())


def _notes(entry: JudgedEntry, day: dt.date) -> Iterator[Note]:
    what = _number(entry.findings, "finding" if entry.subject == "findings" else "gap")
    last = entry.terms.expires_on
    if not entry.in_force:
        again = f"{what} live again" if entry.findings else "nothing needs it: remove it"
        yield _note(NoteKind.EXPIRED, entry, f"expired on {last}, {again}.")
        return
    if (last - day).days <= EXPIRING_DAYS:
        left = in_days(last, day)
        yield _note(NoteKind.EXPIRING, entry, f"expires on {last}, {left}; it covers {what}.")
    yield from _use(entry, what)


def _use(entry: JudgedEntry, what: str) -> Iterator[Note]:
    """Yield what is wrong with the fit of an exemption that is in force."""
    covered = entry.covered
    if entry.gone:
        yield _note(NoteKind.ORPHANED, entry, _orphaned(entry))
    elif not entry.findings and entry.subject == "gaps":
        yield _note(NoteKind.UNUSED, entry, "covers no gap of this snapshot: remove it.")
    elif not entry.findings and covered.rules and not covered.open:
        yield _note(NoteKind.UNUSED, entry, _unused(covered))
    checks = covered.failed + covered.passed
    if entry.findings and covered.passed >= BROAD_PASSES and covered.failed * BROAD_SHARE < checks:
        text = f"covers {checks:,} checks, of which {covered.failed:,} fail: narrow it to {what}."
        yield _note(NoteKind.BROAD, entry, text)


def _orphaned(entry: JudgedEntry) -> str:
    named, gone = len(entry.scope.resources), len(entry.gone)
    shown = ", ".join(entry.gone[:_SHOWN])
    if gone > _SHOWN:
        shown += f" and {gone - _SHOWN} more"
    if gone == named:
        return f"names only resources that are gone: {shown}. Remove it."
    return f"names {gone} of {named} resources that are gone: {shown}."


def _unused(covered: Covered) -> str:
    if covered.passed:
        return (
            f"covers no failure: {_number(covered.passed, 'check')} in its scope pass. Remove it."
        )
    return "covers nothing: its rules have no resource in its scope."


def _note(kind: NoteKind, entry: JudgedEntry, text: str) -> Note:
    return Note(kind, entry.terms.place, entry.terms.id, text, entry.findings)


def in_days(last: dt.date, day: dt.date) -> str:
    """Return how far off a last day is: `in 3 days`."""
    return f"in {_number((last - day).days, 'day')}"


def _number(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number:,} {noun}s"


def _terms(entry: Terms) -> Terms:
    return Terms(**{name: getattr(entry, name) for name in Terms.__struct_fields__})


def _is_gone(arm_id: str, result: ScanResult) -> bool:
    """Tell whether an id of a scope names nothing any more, where its table was read."""
    table = TABLE_OF_TYPE.get(armid.parse(arm_id).type.lower())
    if table not in TABLE_KINDS or result.estate.find(arm_id) is not None:
        return False
    return result.estate.coverage.has_record(table, arm_id)


def _covered(entry: Entry, area: Area, result: ScanResult) -> Covered:
    named = [each for each in result.assessments if entry.names(each.rule.id)]
    counts = dict.fromkeys(Verdict, 0)
    positions: dict[int, list[int]] = {}
    for assessment in named:
        # Rules about one kind share their resources, so each kind is searched once.
        key = id(assessment.resources)
        if key not in positions:
            positions[key] = list(_within(area, assessment))
        for position in positions[key]:
            counts[VERDICTS[assessment.codes[position]]] += 1
    return Covered(
        counts[Verdict.FAIL],
        counts[Verdict.PASS],
        counts[Verdict.UNKNOWN] + counts[Verdict.ERROR],
        len(named),
    )


def _within(area: Area, assessment: Assessment) -> Iterator[int]:
    """Yield the positions of an assessment's resources that lie in a scope."""
    resources, environments = assessment.resources, assessment.environments
    for position in _near(area, resources):
        if area.covers(resources[position].id, environments[position]):
            yield position


def _near(area: Area, resources: Sequence[object]) -> Iterable[int]:
    """Return the positions to look at: those below the ids of a scope, as resources are sorted."""
    if area.globs or not area.ids:
        return range(len(resources))
    found: set[int] = set()
    for scope in area.ids:
        start = bisect.bisect_left(resources, scope, key=_key)
        end = bisect.bisect_left(resources, f"{scope}\U0010ffff", key=_key)
        found.update(range(start, end))
    return sorted(found)


def _key(resource: object) -> str:
    return armid.key(resource.id)  # type: ignore[attr-defined]
