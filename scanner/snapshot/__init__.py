"""Snapshots on disk: write, read, verify, merge, and import of foreign exports."""

from scanner.snapshot.exports import Imported, import_exports
from scanner.snapshot.limits import LIMITS, Limits
from scanner.snapshot.manifest import (
    ANY_TABLE,
    SCHEMA_VERSION,
    Gap,
    Identity,
    Manifest,
    Redaction,
    Table,
)
from scanner.snapshot.merge import merge_snapshots
from scanner.snapshot.read import Snapshot, open_snapshot
from scanner.snapshot.redact import is_redacted, redact
from scanner.snapshot.tables import TABLE_OF_TYPE, TABLES
from scanner.snapshot.verify import verify
from scanner.snapshot.write import write_snapshot

__all__ = [
    "ANY_TABLE",
    "LIMITS",
    "SCHEMA_VERSION",
    "TABLES",
    "TABLE_OF_TYPE",
    "Gap",
    "Identity",
    "Imported",
    "Limits",
    "Manifest",
    "Redaction",
    "Snapshot",
    "Table",
    "import_exports",
    "is_redacted",
    "merge_snapshots",
    "open_snapshot",
    "redact",
    "verify",
    "write_snapshot",
]
