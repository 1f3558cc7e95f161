"""The manifest of a snapshot: what was asked for, what was read, what was not, and digests."""

from __future__ import annotations

from typing import Final

import msgspec

SCHEMA_VERSION: Final = 1
ANY_TABLE: Final = "*"
DUPLICATE_ID: Final = "DuplicateId"
"""Code of a gap that says that a record was read twice with different content."""
NOT_EXPORTED: Final = "NotExported"
"""Code of a gap that says that no imported export holds records of the table."""


class Gap(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Something that could not be read.

    `table` is the table that is short of records ("*": every table), `scope` the ARM id below
    which (and at which) records are missing, "/" for the whole snapshot.
    """

    table: str
    scope: str
    operation: str
    """What was tried: an ARM operation, or `import` for an export that does not hold the table."""
    status: int = 0
    """HTTP status of the refusal, 0 where there was no HTTP."""
    code: str = ""
    message: str = ""
    permission: str = ""
    """The ARM operation that the reader's role lacks, "" where that is not the cause."""

    @property
    def hides_records(self) -> bool:
        """Tell whether records may be missing: not where one was read in two versions."""
        return self.code != DUPLICATE_ID


class Redaction(msgspec.Struct, frozen=True, rename="camel"):
    """How often the values at one property path of a table were replaced by a digest."""

    table: str
    path: str
    count: int


class Table(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One recorded table. `bytes` and `sha256` are those of the uncompressed canonical lines."""

    rows: int
    bytes: int
    sha256: str
    complete: bool = True
    """False where the source cannot promise that no record of the read scopes is missing."""


class LedgerEntry(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What reading one table in one scope came to, gaps aside."""

    table: str
    scope: str
    """A subscription, or "/" for what was asked of several together."""
    api_version: str
    asked: int = 0
    """How many reads: one per query and batch of subscriptions, or per list of one resource."""
    pages: int = 0
    rows: int = 0
    total_records: int | None = None
    """How many rows Resource Graph said that there are."""
    duplicates: int = 0
    """Rows that came twice and were dropped."""
    short: int = 0
    """Reads that left a gap."""


class Identity(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Who read the estate; empty for an import."""

    object_id: str = ""
    type: str = ""


class Shard(msgspec.Struct, frozen=True, rename="camel"):
    """Which part of a collection a snapshot is, where several runs share the subscriptions."""

    index: int
    """From 1 to `count`."""
    count: int
    scopes_asked: tuple[str, ...]
    """What the whole collection is about."""
    subscriptions: str
    """SHA-256 over the sorted lower-cased ids of all subscriptions that its runs share, as this
    one found them, one per line."""
    everything: bool
    """Whether these are all subscriptions that there are."""


class Manifest(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What `manifest.json` says. Times are UTC, ISO 8601, to the second, ending in `Z`."""

    schema_version: int = SCHEMA_VERSION
    tool_version: str
    estate: str = ""
    tenant_id: str = ""
    cloud: str = "public"
    scopes_asked: tuple[str, ...] = ()
    """ARM ids of the management groups and subscriptions that were asked for; "/" is everything."""
    scopes_read: tuple[str, ...] = ()
    """ARM ids below which tables are complete but for their gaps."""
    shard: Shard | msgspec.UnsetType = msgspec.UNSET
    """Only of a snapshot that is one of several parts."""
    started: str
    finished: str
    identity: Identity = Identity()
    api_versions: dict[str, str] = {}
    tables: dict[str, Table] = {}
    promised_complete: tuple[str, ...] = ()
    """Tables that are `complete` on the word of whoever imported an export, not by reading."""
    gaps: tuple[Gap, ...] = ()
    ledger: tuple[LedgerEntry, ...] = ()
    """How a collected snapshot was read; empty for an import."""
    redactions: tuple[Redaction, ...] = ()
    digest: str = ""
    """SHA-256 over the sorted `table sha256` lines: names the records, not how they were got."""
