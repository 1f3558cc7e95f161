"""What exemptions files hold and how it stands on a day, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanner.engine.attestations import reviews
from scanner.engine.exemptions import GapEntry
from scanner.report.columns import aligned

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from scanner.engine.attestations import JudgedAttestation
    from scanner.engine.exemptions import Entry, ExemptionFile

_HEAD = ("state", "expires", "entry", "category", "about", "scope", "owner")
_Row = tuple[str, ...]


def exemption_list(files: Sequence[ExemptionFile], day: dt.date) -> list[str]:
    """Return the lines of a table with every exemption, then every attestation."""
    rows: list[_Row] = [_HEAD]
    for file in files:
        entries: tuple[Entry | GapEntry, ...] = (*file.exemptions, *file.gaps)
        rows += [_entry(entry, day) for entry in entries]
    rows += _attestations(files, day)
    return aligned(rows)


def _entry(entry: Entry | GapEntry, day: dt.date) -> _Row:
    state = "in force" if entry.holds(day) else "expired"
    expires = entry.expires_on.isoformat()
    return (state, expires, entry.label, entry.category, *_about(entry), entry.owner)


def _about(entry: Entry | GapEntry) -> tuple[str, str]:
    if isinstance(entry, GapEntry):
        return f"gap {entry.table} {entry.code}", entry.scope
    scope = entry.scope
    parts = (
        ", ".join(scope.resources),
        ", ".join(f"group {name}" for name in scope.resource_groups),
        _environments(scope.environments),
    )
    return ", ".join(entry.rules), "; ".join(filter(None, parts))


def _attestations(files: Sequence[ExemptionFile], day: dt.date) -> Iterator[_Row]:
    every = [each for file in files for each in file.attestations]
    # Which later answer replaces which does not hang on the other environments of the config.
    environments = sorted({name for each in every for name in each.scope.environments})
    for review in reviews(every, day, environments).values():
        yield from (_attestation(judged) for judged in review.attestations)


def _attestation(judged: JudgedAttestation) -> _Row:
    each = judged.attestation
    return (
        judged.standing.value.replace("_", " "),
        each.expires_on.isoformat(),
        each.place,
        each.answer.value.replace("_", " "),
        each.control,
        _environments(each.scope.environments) or "all",
        each.attested_by,
    )


def _environments(names: Sequence[str]) -> str:
    return ", ".join(f"environment {name}" for name in names)
