"""Writes a snapshot: redacted, sorted, deduplicated, atomic, and the same bytes for the same records.

The records files are the same bytes wherever the same zlib wrote them; the digests in the manifest
are those of the uncompressed lines and the same everywhere.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
from collections import Counter
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeAlias, cast

import msgspec

from scanner import armid
from scanner.errors import SnapshotError
from scanner.files import atomic_file, atomic_folder, refuse_existing, scratch_folder
from scanner.snapshot.archive import pack
from scanner.snapshot.limits import LIMITS
from scanner.snapshot.lines import canonical, parse_line
from scanner.snapshot.manifest import DUPLICATE_ID, Gap, Manifest, Redaction, Table
from scanner.snapshot.redact import MARK, redact
from scanner.snapshot.spool import MEMORY, Spool
from scanner.snapshot.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

MANIFEST_NAME: Final = "manifest.json"
RECORDS: Final = "records"
_GZIP_LEVEL: Final = 6
_MARK: Final = MARK.encode()
Found: TypeAlias = dict[str, Counter[str]]
"""Number of secrets by table and path."""


def write_snapshot(  # noqa: PLR0913  (the options are keywords)
    path: Path,
    records: Iterable[tuple[str, dict[str, Any]]],
    header: Manifest,
    *,
    compress: bool = True,
    replace: bool = False,
    memory: int = MEMORY,
) -> Manifest:
    """Write records to a snapshot folder, or to one zip file where `path` ends in `.zip`.

    Records are redacted, then sorted by the key of their id. Of several records with one id one
    is kept: the longest, of equally long ones the first by its bytes. Where the others say the
    same but for the letter case of the id, or have no `properties` (an entry of a plain resource
    list), nothing is lost by that; where they say something else, a gap with the code
    `DuplicateId` names the id.

    Memory: about `memory` bytes, whatever the number of records; beyond it lines are sorted on
    disk beside `path`, which costs writing and reading them once more.

    Args:
        path: must not exist, or be an empty folder.
        records: table name and raw record, in any order.
        header: the manifest but for what is counted here: rows, bytes and digests of the tables,
            redactions, digest. The tables it names are written even when they have no record, and
            keep its `complete`; those it does not name are taken as complete.
        compress: gzip the tables; otherwise they are plain text, for readable diffs.
        replace: replace a snapshot that is already there.
        memory: bytes of records that are held at a time.

    Returns:
        The manifest as written.

    Raises:
        SnapshotError: an unknown table, or a record without id or beyond the limits.
        ScannerError: there is something at `path`, or it cannot be written. Nothing is left then.
    """
    zipped = path.suffix.lower() == ".zip"
    _refuse(path, zipped=zipped, replace=replace)
    with contextlib.ExitStack() as stack:
        scratch = stack.enter_context(scratch_folder(path))
        spool = Spool(scratch, memory=memory)
        found = _fill(spool, records)
        if zipped:
            folder = scratch / "snapshot"
            folder.mkdir()
        else:
            folder = stack.enter_context(atomic_folder(path, replace=replace))
        manifest = _write_tables(folder, spool, found, header, compress=compress)
        (folder / MANIFEST_NAME).write_bytes(manifest_bytes(manifest))
        if zipped:
            pack(folder, stack.enter_context(atomic_file(path)))
        return manifest


def manifest_bytes(manifest: Manifest) -> bytes:
    """Return the manifest as it stands in `manifest.json`: indented, maps sorted by key."""
    text = msgspec.json.encode(manifest, order="deterministic")
    return msgspec.json.format(text, indent=2) + b"\n"


def digest_of(tables: dict[str, Table]) -> str:
    """Return the digest of a snapshot: SHA-256 over the sorted lines `<table> <sha256>`."""
    text = "".join(f"{name} {table.sha256}\n" for name, table in sorted(tables.items()))
    return hashlib.sha256(text.encode()).hexdigest()


def table_file(table: str, *, compressed: bool) -> str:
    """Return the name of a table's file in a snapshot."""
    return f"{RECORDS}/{table}.ndjson" + (".gz" if compressed else "")


def _refuse(path: Path, *, zipped: bool, replace: bool) -> None:
    if zipped:
        if path.is_dir() or (path.exists() and not replace):
            raise SnapshotError(f"{path} exists already", hint="Name a new file.")
        return
    refuse_existing(path, replace=replace)
    if replace and path.is_dir() and any(path.iterdir()) and not (path / MANIFEST_NAME).is_file():
        raise SnapshotError(
            f"{path} is not a snapshot, so it is not replaced", hint="Name a new folder."
        )


def _fill(spool: Spool, records: Iterable[tuple[str, dict[str, Any]]]) -> Found:
    found: Found = {}
    for table, record in records:
        if table not in TABLES:
            raise SnapshotError(f"there is no table {table!r}")
        arm_id = record.get("id")
        if not isinstance(arm_id, str) or not arm_id:
            raise SnapshotError(f"a record of {table} has no id")
        try:
            clean, secrets = redact(record, table)
            line = canonical(clean)
        except SnapshotError as error:
            raise SnapshotError(f"{arm_id}: {error}", hint=error.hint) from error
        if len(line) >= LIMITS.record:
            raise SnapshotError(f"{arm_id}: the record is larger than {LIMITS.record} bytes")
        found.setdefault(table, Counter()).update(secrets)
        spool.add(table, armid.key(arm_id), line)
    return found


def _write_tables(
    folder: Path, spool: Spool, found: Found, header: Manifest, *, compress: bool
) -> Manifest:
    (folder / RECORDS).mkdir()
    gaps = set(header.gaps)
    tables: dict[str, Table] = {}
    redactions: list[Redaction] = []
    for name in sorted(spool.tables() | header.tables.keys()):
        secrets = found.get(name, Counter())
        with _table_writer(folder / table_file(name, compressed=compress)) as out:
            table = _write_table(out, _unique(name, spool, secrets, gaps))
        announced = header.tables.get(name, table)
        tables[name] = msgspec.structs.replace(table, complete=announced.complete)
        redactions += (Redaction(name, at, count) for at, count in sorted(secrets.items()) if count)
    return msgspec.structs.replace(
        header,
        tables=tables,
        gaps=sorted_gaps(gaps),
        redactions=tuple(redactions),
        digest=digest_of(tables),
    )


def sorted_gaps(gaps: Iterable[Gap]) -> tuple[Gap, ...]:
    """Return the gaps without repetition, in the order of a manifest."""
    return tuple(sorted(set(gaps), key=msgspec.structs.astuple))


@contextlib.contextmanager
def _table_writer(file: Path) -> Iterator[BinaryIO]:
    with file.open("wb") as raw:
        if file.suffix != ".gz":
            yield raw
            return
        with gzip.GzipFile("", "wb", _GZIP_LEVEL, fileobj=raw, mtime=0) as packed:
            yield cast("BinaryIO", packed)


def _write_table(out: BinaryIO, lines: Iterable[bytes]) -> Table:
    digest = hashlib.sha256()
    rows = size = 0
    for line in lines:
        text = line + b"\n"
        out.write(text)
        digest.update(text)
        rows += 1
        size += len(text)
    return Table(rows, size, digest.hexdigest())


def _unique(table: str, spool: Spool, secrets: Counter[str], gaps: set[Gap]) -> Iterator[bytes]:
    """Yield one line per id; of those dropped, take the secrets off and mention the differing."""
    kept_key, kept = None, b""
    for key, _, line in spool.read(table):
        if key != kept_key:
            kept_key, kept = key, line
            yield line
            continue
        if _MARK in line:
            secrets.subtract(redact(parse_line(line, table), table)[1])
        if line != kept and _says_more(line, kept):
            gaps.add(_duplicate(table, parse_line(kept, table)["id"]))


def _says_more(line: bytes, kept: bytes) -> bool:
    dropped, record = parse_line(line, "record"), parse_line(kept, "record")
    if record.get("properties") is not None and dropped.get("properties") is None:
        return False
    return bool(dropped | {"id": ""} != record | {"id": ""})


def _duplicate(table: str, arm_id: str) -> Gap:
    return Gap(
        table,
        arm_id,
        "write",
        code=DUPLICATE_ID,
        message="Several records have this id and differ; the longest one was kept.",
    )
