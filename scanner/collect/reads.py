"""One read: from asking Azure to records and gaps in the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from scanner.collect.journal import Count, Done
from scanner.collect.refusal import FAILURES, of_error
from scanner.snapshot.manifest import ANY_TABLE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from scanner.collect.clients import Clients
    from scanner.collect.journal import Journal, Sink
    from scanner.collect.operations import Operation
    from scanner.collect.quota import Pacer
    from scanner.collect.refusal import RefusalError

_ATTEMPTS: Final = 2
"""How often a read whose pages do not add up is made."""


class Read(msgspec.Struct, frozen=True):
    """What is read, and what is said when it cannot be."""

    unit: str
    """Names the read within a run, and in a run that resumes it."""
    table: str
    scopes: tuple[str, ...]
    """Where records are missing when it fails."""
    operation: str
    permission: str
    api_version: str
    counted: str = "/"
    """Where the ledger counts it."""
    live: bool = False
    """It is made again when a run is resumed: what else is read depends on it."""

    @classmethod
    def of(
        cls, operation: Operation, scope: str, unit: str, *, counted: str = "/", live: bool = False
    ) -> Read:
        """Return the read that an operation on a resource or scope is."""
        return cls(
            unit,
            operation.table,
            (scope,),
            operation.name,
            operation.permission,
            operation.api_version,
            counted=counted,
            live=live,
        )

    @property
    def shown(self) -> str:
        """What people are told is being read."""
        return self.operation if self.table == ANY_TABLE else self.table


class Progress(Protocol):
    """Is told what happens."""

    def watch(self, pacer: Pacer) -> None:
        """Take note of who knows about waits for quota."""

    def expect(self, number: int) -> None:
        """Take note of reads that are to come."""

    def done(self, table: str, rows: int, gaps: int) -> None:
        """Take note of a read that has ended."""

    def say(self, text: str) -> None:
        """Tell people something at once."""


class Collector:
    """What all reads of a run share."""

    def __init__(self, clients: Clients, journal: Journal, progress: Progress, width: int) -> None:
        self.clients = clients
        self.journal = journal
        self.progress = progress
        self.width = width
        """Reads of one subscription at the same time."""

    async def read(self, what: Read, into: Callable[[Sink], Awaitable[None]]) -> bool:
        """Make a read unless an earlier run has; tell whether it succeeded. A failure is gaps.

        What does not add up is read a second time.

        Raises:
            CollectError: nothing can be read any more, as signing in fails.
        """
        if self.journal.claim(what.unit) and not what.live:
            self.progress.done(what.shown, 0, 0)
            return True
        for attempt in range(1, _ATTEMPTS + 1):
            sink = self.journal.begin()
            refusal: RefusalError | None = None
            try:
                await into(sink)
            except FAILURES as error:
                refusal = of_error(error)
            if refusal is None or not refusal.reread or attempt == _ATTEMPTS:
                break
        self._end(what, sink, refusal)
        return refusal is None

    def _end(self, what: Read, sink: Sink, refusal: RefusalError | None) -> None:
        gaps = sink.gaps
        if refusal is not None:
            gaps = [
                refusal.gap(what.table, scope, what.operation, what.permission)
                for scope in what.scopes
            ]
        count = Count(
            what.table,
            what.counted,
            what.api_version,
            pages=sink.pages,
            rows=sink.rows,
            total=sink.total,
            duplicates=sink.duplicates,
        )
        again = sink.again if refusal is None else refusal.transient
        seen = tuple(sorted(sink.subscriptions)) if what.counted == "/" else ()
        self.journal.end(Done(sink.number, what.unit, count, tuple(gaps), seen, again))
        self.progress.done(what.shown, sink.rows, len(gaps))
