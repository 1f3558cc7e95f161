"""Exemptions files: what is accepted or attested, by whom, why, and until which day."""

from __future__ import annotations

import datetime as dt
import fnmatch
import hashlib
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

import msgspec

from scanner import armid, documents
from scanner.engine.attestations import Attestation
from scanner.engine.result import Exemption
from scanner.errors import ExemptionError
from scanner.schemas.problems import nearest
from scanner.snapshot.manifest import ANY_TABLE
from scanner.snapshot.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

MAX_DAYS: Final = 366
"""The longest that an exemption may hold from the day it was made, by default."""
_WILD: Final = frozenset("*?[")
_DAY: Final = "A day is written YYYY-MM-DD."


class Scope(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What an exemption is about: a resource has to meet every key that is given."""

    resources: tuple[str, ...] = ()
    """ARM ids, each with all below it, or globs over whole ids."""
    resource_groups: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()


class Terms(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What every exemption says: why, who, and until when."""

    category: str
    justification: str
    owner: str
    created_on: dt.date
    expires_on: dt.date
    """The last day on which it holds."""
    approved_by: str = ""
    ticket: str = ""
    id: str = ""
    place: str = ""
    """File name and line."""

    def shown(self) -> Exemption:
        """Return what a row shows of it."""
        return Exemption(
            self.place,
            self.category,
            self.justification,
            self.owner,
            self.expires_on.isoformat(),
            "file",
            id=self.id,
            approved_by=self.approved_by,
            ticket=self.ticket,
        )

    def holds(self, day: dt.date) -> bool:
        """Tell whether it has not expired on a day."""
        return day <= self.expires_on

    @property
    def label(self) -> str:
        """How messages name it."""
        return f"{self.id} ({self.place})" if self.id else self.place


class Entry(Terms, frozen=True, kw_only=True):
    """An exemption of findings."""

    rules: tuple[str, ...]
    scope: Scope

    def names(self, rule_id: str) -> bool:
        """Tell whether it is about a rule."""
        return any(fnmatch.fnmatchcase(rule_id.lower(), rule.lower()) for rule in self.rules)


class GapEntry(Terms, frozen=True, kw_only=True):
    """An exemption of gaps."""

    table: str
    scope: str
    code: str


class ExemptionFile(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What one file holds."""

    name: str
    """Without its folder, so that reports are the same wherever the file lies."""
    sha256: str
    exemptions: tuple[Entry, ...] = ()
    gaps: tuple[GapEntry, ...] = ()
    attestations: tuple[Attestation, ...] = ()

    def terms(self) -> Iterator[Terms]:
        """Yield every exemption, of findings and of gaps."""
        yield from self.exemptions
        yield from self.gaps


class Area:
    """A scope made ready for asking."""

    def __init__(self, scope: Scope) -> None:
        self.ids = tuple(armid.key(text) for text in scope.resources if not is_glob(text))
        self.globs = tuple(text.lower() for text in scope.resources if is_glob(text))
        self.groups = tuple(text.lower() for text in scope.resource_groups)
        self.environments = frozenset(scope.environments)

    def covers(self, resource_id: str, environment: str | None) -> bool:
        """Tell whether a resource is in the scope; without environment it is in none."""
        if self.environments and environment not in self.environments:
            return False
        if self.groups and not _like(armid.parse(resource_id).resource_group.lower(), self.groups):
            return False
        if not self.ids and not self.globs:
            return True
        key = armid.key(resource_id)
        return lies_in(key, self.ids) or _like(key, self.globs)


def is_glob(text: str) -> bool:
    """Tell whether a scope is a pattern and not an id."""
    return not _WILD.isdisjoint(text)


def lies_in(key: str, scopes: Iterable[str]) -> bool:
    """Tell whether an id's key is one of some scopes, or lies below one."""
    return any(key == scope or key.startswith(f"{scope}/") for scope in scopes)


def _like(text: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(text, pattern) for pattern in patterns)


def load_exemptions(paths: Iterable[Path], max_days: int = MAX_DAYS) -> tuple[ExemptionFile, ...]:
    """Read exemptions files.

    `max_days` is the longest that an exemption may hold, counted from `createdOn`, and an
    attestation, from `attestedOn`.

    Raises:
        ExemptionError: a file is missing, cannot be understood, says something unknown, has a
            date that is none or out of order, an id that is used twice, or two answers of one day
            to one question. Nothing is guessed: an exemption with a broken date is an error,
            never one without end.
    """
    files, seen, attested = [], dict[str, str](), list[Attestation]()
    for path in paths:
        document = documents.load(path, error=ExemptionError)
        file = read_exemptions(document, _sha256(path), max_days)
        for part in ("exemptions", "gaps"):
            for index, terms in enumerate(getattr(file, part)):
                if terms.id in seen:
                    problem = f"'{terms.id}' is already the id of {seen[terms.id]}"
                    raise document.error((part, index, "id"), problem)
                if terms.id:
                    seen[terms.id] = terms.place
        for index, attestation in enumerate(file.attestations):
            _check_clash(document, index, attestation, attested)
            attested.append(attestation)
        files.append(file)
    return tuple(files)


def _check_clash(
    document: documents.Document,
    index: int,
    attestation: Attestation,
    others: Iterable[Attestation],
) -> None:
    for other in others:
        if attestation.clashes(other):
            problem = f"'{attestation.control}' is answered on the same day by {other.place}"
            hint = "The later answer counts, so give them different days, or remove one."
            raise document.error(("attestations", index, "attestedOn"), problem, hint)


def read_exemptions(document: documents.Document, sha256: str, max_days: int) -> ExemptionFile:
    """Return what a document loaded with ExemptionError holds, given the digest of its bytes.

    Raises:
        ExemptionError: as for `load_exemptions`.
    """
    documents.check(document, "exemptions")
    data: dict[str, Any] = {"name": _name(document), "sha256": sha256}
    for part, begin in _BEGINS.items():
        data[part] = [
            _entry(document, (part, index), begin, max_days)
            for index in range(len(document.data.get(part) or ()))
        ]
    file = msgspec.convert(data, ExemptionFile)
    for index, gap in enumerate(file.gaps):
        if gap.table not in {*TABLES, ANY_TABLE}:
            problem = f"there is no table '{gap.table}'"
            raise document.error(("gaps", index, "table"), problem, nearest(gap.table, TABLES))
    return file


_BEGINS: Final = {"exemptions": "createdOn", "gaps": "createdOn", "attestations": "attestedOn"}
"""The key of each part from which its days count; `expiresOn` is where they end."""


def _name(document: documents.Document) -> str:
    return PurePath(document.path).name


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as cause:
        raise ExemptionError(path, f"cannot be read: {cause.strerror or cause}") from cause


def _entry(
    document: documents.Document, place: documents.Place, begin: str, max_days: int
) -> dict[str, Any]:
    part, index = place
    at = f"{_name(document)}:{document.line(place)}"
    data = {**document.data[part][index], "place": at}
    for key in (begin, "expiresOn"):
        data[key] = _day(document, (*place, key), data[key])
    _check_span(document, (*place, "expiresOn"), (data[begin], data["expiresOn"]), begin, max_days)
    return data


def _day(document: documents.Document, place: documents.Place, text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as cause:
        raise document.error(place, f"there is no day {text}", _DAY) from cause


def _check_span(
    document: documents.Document,
    place: documents.Place,
    span: tuple[dt.date, dt.date],
    begin: str,
    max_days: int,
) -> None:
    first, last = span
    days = (last - first).days
    if days < 0:
        raise document.error(place, f"expires before it was made, on {first}")
    if days > max_days:
        latest = first + dt.timedelta(days=max_days)
        raise document.error(
            place,
            f"is {days} days after {begin}, {max_days} are allowed",
            f"Name a day up to {latest} and renew it then.",
        )
