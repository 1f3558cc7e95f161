"""Earlier results, read back from the files that a scan wrote."""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import msgspec

from scanner.engine.result import Evidence, Result
from scanner.errors import ScannerError
from scanner.inventory.coverage import Coverage
from scanner.inventory.fields import UNREAD_MARK
from scanner.inventory.kinds import KINDS
from scanner.inventory.plain import plain
from scanner.snapshot.manifest import Gap, Manifest, Table
from scanner.snapshot.tables import OTHER, TABLE_OF_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from scanner.engine.resultfile import ResultFile

_Form = TypeVar("_Form")
SCHEMA_VERSION: Final = 1
"""Of the JSON result: changes when a reader of the old form would be wrong."""
_BROKEN: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
WHAT: Final = "Name a result.json that `azmlscan scan` wrote, or its audit.sarif."


class RecordedSnapshot(msgspec.Struct, frozen=True, rename="camel"):
    """What a result says of the snapshot that it was made from."""

    digest: str
    estate: str
    tenant_id: str
    started: str
    finished: str
    scopes_read: tuple[str, ...]
    gaps: tuple[Gap, ...]
    tables: dict[str, int]
    incomplete_tables: tuple[str, ...] = ()

    def coverage(self) -> Coverage:
        """Return what of the estate was read."""
        tables = {
            name: Table(rows, 0, "", complete=name not in self.incomplete_tables)
            for name, rows in self.tables.items()
        }
        return Coverage(
            Manifest(
                tool_version="",
                started=self.started,
                finished=self.finished,
                scopes_read=self.scopes_read,
                tables=tables,
                gaps=self.gaps,
            )
        )


class RecordedRule(msgspec.Struct, frozen=True, rename="camel"):
    """What a result says of a rule that ran."""

    id: str
    title: str
    resource: str
    controls: tuple[str, ...]


class Head(NamedTuple):
    """What an earlier result says beside its rows."""

    snapshot: RecordedSnapshot
    rules: list[RecordedRule]


class _File(msgspec.Struct, rename="camel"):
    schema_version: int
    config_digest: str
    snapshot: RecordedSnapshot
    rules: list[RecordedRule]
    results: list[msgspec.Raw]


class Recorded:
    """An earlier result. Its rows are decoded one at a time, as most of them are passes."""

    def __init__(self, path: Path, head: Head, rows: Callable[[], Iterator[Result]]) -> None:
        """`rows` yields every row, sorted by rule id, then resource id, as often as it is asked.

        It raises ScannerError for a row that is not of the form that the schema says.
        """
        self.path = path
        self.snapshot = head.snapshot
        self.rules = {rule.id: rule for rule in head.rules}
        """The rules that ran, by id."""
        self.coverage = head.snapshot.coverage()
        self.rows = rows


def read_json(source: ResultFile) -> Recorded:
    """Return the JSON result of an earlier scan.

    Raises:
        ScannerError: it is no such result, or was written by a later version whose results mean
            something else.
    """
    file = decoded(source, _File)
    check_version(source.path, file.schema_version)
    decode = msgspec.json.Decoder(Result).decode
    rows = functools.partial(read_rows, source, file.results, decode)
    return Recorded(source.path, Head(file.snapshot, file.rules), rows)


def read_rows(
    source: ResultFile, results: Sequence[msgspec.Raw], decode: Callable[[bytes], Result | None]
) -> Iterator[Result]:
    """Yield the rows of a file; `results` has those that the document was read with.

    `decode` gives `None` for what is no row of the result.

    Raises:
        ScannerError: a row is not of the form that the schema says.
    """
    lines = source.lines() if source.in_lines else map(bytes, results)
    number = 0
    try:
        for number, line in enumerate(lines):  # noqa: B007  (the handler names it)
            row = decode(line)
            if row is not None:
                yield _as_evaluated(row)
    except _BROKEN as error:
        raise _no_result(source.path, f"results[{number}]: {error}") from error


def decoded(source: ResultFile, form: type[_Form]) -> _Form:
    """Return what a file says beside its rows.

    Raises:
        ScannerError: it does not have the form.
    """
    with explained(source.path):
        return msgspec.json.decode(source.document, type=form)


@contextlib.contextmanager
def explained(path: Path, place: str = "") -> Iterator[None]:
    """Raise what is wrong with the JSON of a result as a ScannerError that names the place."""
    try:
        yield
    except _BROKEN as error:
        raise _no_result(path, f"{place}{error}") from error


def _no_result(path: Path, problem: str) -> ScannerError:
    return ScannerError(f"{path} is no result of azmlscan: {problem}", hint=WHAT)


def check_version(path: Path, version: int) -> None:
    """Raise ScannerError for a result of another version than the one that is read here."""
    if version != SCHEMA_VERSION:
        raise ScannerError(
            f"{path} has schema version {version}, this version reads {SCHEMA_VERSION}",
            hint="Use the version of azmlscan that wrote it, or a later one.",
        )


def table_of(kind: str, resource_type: str) -> str:
    """Return the table that a resource is read from: by its rule's kind, else by its type."""
    if kind in KINDS:
        return KINDS[kind].TABLE
    return TABLE_OF_TYPE.get(resource_type.lower(), OTHER)


def snapshot_json(manifest: Manifest) -> dict[str, Any]:
    """Return what a result says of the snapshot that it is made from."""
    return {
        "digest": manifest.digest,
        "estate": manifest.estate,
        "tenantId": manifest.tenant_id,
        "cloud": manifest.cloud,
        "toolVersion": manifest.tool_version,
        "started": manifest.started,
        "finished": manifest.finished,
        "scopesAsked": manifest.scopes_asked,
        "scopesRead": manifest.scopes_read,
        "gaps": manifest.gaps,
        "tables": {name: table.rows for name, table in sorted(manifest.tables.items())},
        "incompleteTables": sorted(
            name for name, table in manifest.tables.items() if not table.complete
        ),
    }


def evidence_json(evidence: Evidence) -> dict[str, Any]:
    """Return a piece of evidence as the JSON result has it."""
    actual = plain(evidence.actual) if evidence.readable else UNREAD_MARK
    found: dict[str, Any] = {
        "path": evidence.path,
        # Sets and maps of the inventory have no order that means anything.
        "actual": msgspec.Raw(msgspec.json.encode(actual, order="deterministic")),
        "expected": evidence.expected,
    }
    if evidence.resource_id:
        found["resourceId"] = evidence.resource_id
    if evidence.property:
        found["property"] = evidence.property
    return found


def evidence_key(row: Result) -> bytes:
    """Return what was found as bytes that are equal when it is.

    What was required is left out: it may name the day of the snapshot, another one every night.
    """
    found = [evidence_json(item) for item in row.evidence]
    for item in found:
        del item["expected"]
    return msgspec.json.encode(found)


def _as_evaluated(row: Result) -> Result:
    """Return a row whose unread evidence is marked as it was before it was written."""
    if not any(item.actual == UNREAD_MARK for item in row.evidence):
        return row
    evidence = tuple(
        msgspec.structs.replace(item, actual=None, readable=False)
        if item.actual == UNREAD_MARK
        else item
        for item in row.evidence
    )
    return msgspec.structs.replace(row, evidence=evidence)
