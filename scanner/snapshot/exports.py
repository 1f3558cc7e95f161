"""Makes a snapshot's records and header from JSON that people already have.

Every file is read twice: once to see what is in it, once to hand out the records. So no record
is held in memory, and none is put on disk before it is redacted. Memory is the bytes of the largest
file and about 80 bytes per element; standard input and pipes are held as well.
"""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from scanner import __version__, armid
from scanner.errors import SnapshotError, UsageError
from scanner.schemas.problems import nearest
from scanner.snapshot.jsontext import STDIN, documents, name_of, read_bytes
from scanner.snapshot.manifest import ANY_TABLE, NOT_EXPORTED, Gap, Identity, Manifest, Table
from scanner.snapshot.pages import Element, PageEnd, elements
from scanner.snapshot.shapes import Recognized, Refused, recognize
from scanner.snapshot.tables import TABLES
from scanner.snapshot.write import sorted_gaps

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

ALL: Final = "all"
_OPERATION: Final = "import"
_SUFFIXES: Final = frozenset({".json", ".jsonl", ".ndjson"})


class Imported(NamedTuple):
    """What an import is made of; `records` and `header` are what `write_snapshot` takes."""

    records: Iterator[tuple[str, dict[str, Any]]]
    header: Manifest
    skipped: list[str]
    """What was found and is no record: file, place and why."""


class _File(NamedTuple):
    source: Path | str
    name: str
    """Below the folder that was given, so that a manifest does not say where its author works."""
    held: bytes | None = None

    def read(self) -> bytes:
        return read_bytes(self.source) if self.held is None else self.held


def import_exports(
    sources: Sequence[Path | str],
    *,
    complete: Collection[str] = (),
    estate: str = "",
    now: datetime,
) -> Imported:
    """Return the records that exports hold and the header that says what they do not hold.

    Understood are the outputs of `az graph query`, `az rest`, `az resource list|show`, `az account
    list`, `az role …`, `az policy …`: pages, arrays, single objects, NDJSON, in any mixture. A
    table's records are `complete` only where the caller promises it; a table without records is
    a gap, and so is one whose page says that there are more.

    Args:
        sources: files, folders (searched for `*.json`, `*.jsonl`, `*.ndjson`), or "-" for stdin.
        complete: tables that the exports hold all records of the seen subscriptions of, or "all".
        estate: the name of the estate.
        now: the time to record, with a time zone.

    Raises:
        UsageError: `complete` names no table.
        SnapshotError: a file cannot be read, is broken JSON, or nothing at all can be imported.
    """
    promised = _promised(complete)
    survey = _Survey(promised)
    files = [file for source in sources for file in _files(source)]
    for file in files:
        survey.look_at(file)
    if not survey.tables:
        told = "; ".join(survey.skipped[:3])
        raise SnapshotError(
            "nothing was imported" + (f": {told}" if told else ""),
            hint="Expected are resources with their ARM ids, as `az graph query`, `az rest` and"
            " `az resource show` print them.",
        )
    return Imported(_records(files), _header(survey, estate, now), survey.skipped)


@dataclasses.dataclass
class _Query:
    """The pages that tell the same total: one query's, or several whole copies of it."""

    rows: int = 0
    ends: int = 0
    """Pages that tell of no further one; each whole copy has one."""
    names: list[str] = dataclasses.field(default_factory=list)


class _Survey:
    """What the first reading finds out."""

    def __init__(self, promised: frozenset[str]) -> None:
        self.promised = promised
        self.tables: set[str] = set()
        self.subscriptions: set[str] = set()
        self.tenants: set[str] = set()
        self.skipped: list[str] = []
        self._gaps: list[Gap] = []
        self._queries: dict[int, _Query] = {}
        self._page_tables: set[str] = set()

    def look_at(self, file: _File) -> None:
        nothing = True
        for document in documents(file.read(), name_of(file.source)):
            nothing = False
            self._page_tables.clear()
            for found in elements(document):
                if isinstance(found, PageEnd):
                    self._end_page(found, file)
                else:
                    self._look_at_element(found)
        if nothing:
            self.skipped.append(f"{name_of(file.source)}: empty")

    def gaps(self) -> Iterator[Gap]:
        yield from self._gaps
        for total, query in self._queries.items():
            if query.rows != query.ends * total or not query.ends:
                yield from (_truncated(ANY_TABLE, name) for name in query.names)
        for table in sorted(TABLES.keys() - self.tables - self.promised):
            yield Gap(
                table,
                "/",
                _OPERATION,
                code=NOT_EXPORTED,
                message="No imported file holds records of this table.",
            )

    def _look_at_element(self, element: Element) -> None:
        found = recognize(element.value)
        if isinstance(found, Refused):
            self._refuse(element.place, found)
            return
        self.tables.add(found.table)
        self._page_tables.add(found.table)
        subscription = armid.parse(found.record["id"]).subscription_id
        if subscription:
            self.subscriptions.add(f"/subscriptions/{subscription.lower()}")
        tenant = found.record.get("tenantId")
        if isinstance(tenant, str) and tenant:
            self.tenants.add(tenant.lower())

    def _refuse(self, place: str, found: Refused) -> None:
        self.skipped.append(f"{place}: {found.reason}")
        if found.table in self.promised:
            self._gaps.append(
                Gap(found.table, found.scope, _OPERATION, code="Skipped", message=found.reason)
            )

    def _end_page(self, page: PageEnd, file: _File) -> None:
        name = page.place.replace(name_of(file.source), file.name, 1)
        if not page.rows:
            self.skipped.append(f"{page.place}: an empty list")
        if page.total is not None:
            query = self._queries.setdefault(page.total, _Query())
            query.rows += page.rows
            query.ends += not page.more
            query.names.append(name)
        elif page.more:
            # A page of which nothing could be used says nothing about the other tables.
            tables = sorted(self._page_tables) or ([] if page.rows else [ANY_TABLE])
            self._gaps.extend(_truncated(table, name) for table in tables)
        self._page_tables.clear()


def _truncated(table: str, name: str) -> Gap:
    message = f"{name} is one of several pages, and the others are not all there."
    return Gap(table, "/", _OPERATION, code="Truncated", message=message)


def _header(survey: _Survey, estate: str, now: datetime) -> Manifest:
    time = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    promised = survey.promised
    return Manifest(
        tool_version=__version__,
        estate=estate,
        tenant_id=next(iter(survey.tenants)) if len(survey.tenants) == 1 else "",
        scopes_asked=tuple(sorted(survey.subscriptions)),
        scopes_read=tuple(sorted(survey.subscriptions)),
        started=time,
        finished=time,
        identity=Identity(type=_OPERATION),
        tables={
            name: Table(0, 0, "", complete=name in promised)
            for name in sorted(survey.tables | promised)
        },
        promised_complete=tuple(sorted(promised)),
        gaps=sorted_gaps(survey.gaps()),
    )


def _records(files: Sequence[_File]) -> Iterator[tuple[str, dict[str, Any]]]:
    for file in files:
        for document in documents(file.read(), name_of(file.source)):
            for element in elements(document):
                if isinstance(element, Element):
                    found = recognize(element.value)
                    if isinstance(found, Recognized):
                        yield found.table, found.record


def _promised(names: Collection[str]) -> frozenset[str]:
    for name in names:
        if name != ALL and name not in TABLES:
            hint = nearest(name, TABLES) or f"Tables are {', '.join(TABLES)}."
            raise UsageError(f"there is no table {name!r}", hint=hint)
    return frozenset(TABLES if ALL in names else names)


def _files(source: Path | str) -> Iterator[_File]:
    if source == STDIN:
        yield _File(STDIN, "stdin", read_bytes(STDIN))
        return
    path = Path(source)
    if not path.is_dir():
        # A pipe (`<(az …)`) gives its bytes once, and the file is read twice.
        yield _File(
            path, path.name, read_bytes(path) if path.exists() and not path.is_file() else None
        )
        return
    if (path / "manifest.json").is_file() and (path / "records").is_dir():
        raise SnapshotError(
            f"{path} is a snapshot already",
            hint="Join snapshots with `azmlscan snapshot merge`.",
        )
    found = sorted(file for file in path.rglob("*") if file.suffix.lower() in _SUFFIXES)
    if not found:
        raise SnapshotError(f"{path} holds no *.json, *.jsonl or *.ndjson file")
    for file in found:
        yield _File(file, file.relative_to(path).as_posix())
