"""Tells empty tables from hidden ones.

Resource Graph lags behind, and leaves out what an identity may not read. Where it has no row of a
table in a subscription, and nothing says yet that some may be missing, Resource Manager is asked
for the first page of the same list, as it refuses openly.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from scanner import armid
from scanner.collect.manager import pages
from scanner.collect.operations import PROBES, SCOPED
from scanner.collect.reads import Read
from scanner.collect.refusal import RefusalError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scanner.collect.crew import Job
    from scanner.collect.journal import Sink
    from scanner.collect.operations import Operation
    from scanner.collect.reads import Collector

_NOT_THERE: Final = frozenset({"MissingSubscriptionRegistration", "SubscriptionNotRegistered"})
"""Codes that say that the subscription cannot have such a resource."""


def jobs(collector: Collector, subscriptions: tuple[str, ...]) -> Iterator[Job]:
    """Yield one job per subscription and table that Resource Graph had no row of."""
    seen: dict[str, set[str]] = defaultdict(set)
    short: set[tuple[str, str]] = set()
    for done in collector.journal.ended():
        if done.count.scope == "/":
            seen[done.count.table].update(done.seen)
        short.update((gap.table, armid.key(gap.scope)) for gap in done.gaps)
    for subscription in subscriptions:
        for operation in PROBES:
            table, scope = operation.table, f"/subscriptions/{subscription}"
            known = {(table, ""), (table, scope)} & short
            if subscription not in seen[table] and not known:
                yield subscription, _job(collector, operation, subscription)


def _job(collector: Collector, operation: Operation, subscription: str) -> Any:
    scope = f"/subscriptions/{subscription}"
    what = Read.of(operation, scope, f"probe/{operation.table}/{subscription}", counted=scope)

    async def into(sink: Sink) -> None:
        try:
            found = await _first_page(collector, operation, scope)
        except RefusalError as refusal:
            if refusal.code in _NOT_THERE:
                return
            raise
        sink.pages += 1
        if found and operation.table not in SCOPED:
            raise RefusalError(
                "NotIndexed", "Resource Manager lists resources that Resource Graph has not."
            )

    async def job() -> None:
        await collector.read(what, into)

    return job


async def _first_page(collector: Collector, operation: Operation, scope: str) -> list[Any]:
    # What is assigned above the subscription is no sign of a missing row.
    params = {"$filter": "atScope()"} if operation.table in SCOPED else {}
    async for page in pages(collector.clients, operation, scope, **params):
        return page
    return []
