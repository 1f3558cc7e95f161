"""Earlier results, read back from the JSON that a scan wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

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
    from collections.abc import Iterator
    from pathlib import Path

SCHEMA_VERSION: Final = 1
"""Of the JSON result: changes when a reader of the old form would be wrong."""
_WHAT: Final = "Name a file that `azmlscan scan -o result.json` wrote."


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


class _File(msgspec.Struct, rename="camel"):
    schema_version: int
    config_digest: str
    snapshot: RecordedSnapshot
    rules: list[RecordedRule]
    results: list[msgspec.Raw]


class Recorded:
    """An earlier result. Its rows are decoded one at a time, as most of them are passes."""

    def __init__(self, path: Path, file: _File) -> None:
        self.path = path
        self.snapshot = file.snapshot
        self.rules = {rule.id: rule for rule in file.rules}
        """The rules that ran, by id."""
        self.coverage = file.snapshot.coverage()
        self._rows = file.results

    def rows(self) -> Iterator[Result]:
        """Yield every row, sorted by rule id, then resource id.

        Raises:
            ScannerError: a row is not of the form that the schema says.
        """
        decoder = msgspec.json.Decoder(Result)
        for number, raw in enumerate(self._rows):
            try:
                yield _as_evaluated(decoder.decode(raw))
            except msgspec.ValidationError as error:
                problem = f"{self.path} is no result of azmlscan: results[{number}]: {error}"
                raise ScannerError(problem, hint=_WHAT) from error


def load_result(path: Path) -> Recorded:
    """Read the JSON result of an earlier scan.

    Raises:
        ScannerError: the file cannot be read, is no such result, or was written by a later
            version whose results mean something else.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ScannerError(f"{path} cannot be read: {error.strerror or error}") from error
    try:
        file = msgspec.json.decode(data, type=_File)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ScannerError(f"{path} is no result of azmlscan: {error}", hint=_WHAT) from error
    if file.schema_version != SCHEMA_VERSION:
        raise ScannerError(
            f"{path} has schema version {file.schema_version}, this version reads {SCHEMA_VERSION}",
            hint="Use the version of azmlscan that wrote it, or a later one.",
        )
    return Recorded(path, file)


def is_result(path: Path) -> bool:
    """Tell whether a file is the JSON result of a scan, going by how it begins."""
    try:
        with path.open("rb") as file:
            head = file.read(200)
    except OSError:
        return False
    return head.lstrip()[:1] == b"{" and b'"schemaVersion"' in head and b'"tool"' in head


def table_of(kind: str, resource_type: str) -> str:
    """Return the table that a resource is read from: by its rule's kind, else by its type."""
    if kind in KINDS:
        return KINDS[kind].TABLE
    return TABLE_OF_TYPE.get(resource_type.lower(), OTHER)


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
    """Return a row's evidence as bytes that are equal when the evidence is."""
    return msgspec.json.encode([evidence_json(item) for item in row.evidence])


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
