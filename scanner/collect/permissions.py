"""Finds out where rows may be hidden from the identity.

Resource Graph leaves out what an identity may not read, and says nothing of it. Resource Manager
tells what the identity may do at a scope. What it may do at a subscription it may do everywhere
below, so one request per subscription settles the matter for a role like Reader. A read that the
subscription does not allow may be allowed in some of its resource groups: they are asked only
where the identity sees all of them and has seen rows of such a table.

What a deny assignment takes away below a subscription shows in no such answer; the deny assignments
are recorded, and those that may concern the identity are looked through. Where they could not be
listed, any row may be hidden.
"""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

import msgspec

from scanner import armid
from scanner.collect.manager import pages
from scanner.collect.operations import (
    GRAPH_PERMISSIONS,
    LIST_PERMISSIONS,
    SCOPED,
    SUBSCRIPTION_LISTS,
)
from scanner.collect.reads import Read
from scanner.collect.refusal import FAILURES, RefusalError, of_error
from scanner.snapshot.manifest import Gap

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator

    from scanner.collect.crew import Job
    from scanner.collect.journal import Sink
    from scanner.collect.reads import Collector

CHECKED: Final = tuple(sorted(GRAPH_PERMISSIONS.keys() - {"subscriptions", "managementGroups"}))
"""Tables of Resource Graph whose rows lie in subscriptions."""
NOT_ALLOWED: Final = "ReadNotAllowed"
DENIED: Final = "DenyAssignment"
_GROUPS: Final = "resourceGroups"
_DENIALS: Final = "denyAssignments"
_LIST_DENIALS: Final = next(each for each in SUBSCRIPTION_LISTS if each.table == _DENIALS)
_ABOVE: Final = ""
"""Stands for the subscription of what is in none."""
_EVERYBODY: Final = "00000000-0000-0000-0000-000000000000"
_SURE: Final = frozenset({"user", "serviceprincipal"})
"""Kinds of principals of which an id tells whether they are the identity; others may hold it."""


class Permission(msgspec.Struct, frozen=True, rename="camel"):
    """What one role allows. Azure writes an empty list as null as well."""

    actions: tuple[str, ...] | None = ()
    not_actions: tuple[str, ...] | None = ()

    def covers(self, operation: str) -> bool:
        """Tell whether an operation is among the actions and not among those excepted."""
        allowed, excepted = self.actions or (), self.not_actions or ()
        return _named(operation, allowed) and not _named(operation, excepted)


class _Principal(msgspec.Struct, frozen=True):
    id: str
    type: str | None = None


class _Denial(msgspec.Struct, frozen=True, rename="camel"):
    permissions: tuple[Permission, ...]
    principals: tuple[_Principal, ...]
    exclude_principals: tuple[_Principal, ...] | None = None
    scope: str = ""


def lacking(permissions: Iterable[Permission], tables: Iterable[str]) -> list[str]:
    """Return the tables whose rows no role lets one read."""
    held = tuple(permissions)
    return [
        table for table in tables if not any(each.covers(GRAPH_PERMISSIONS[table]) for each in held)
    ]


def jobs(collector: Collector, subscriptions: tuple[str, ...], identity: str) -> Iterator[Job]:
    """Yield one job per subscription; all rows and deny assignments must have been read."""
    checks = _Checks(collector, identity)
    for each in subscriptions:
        yield each, checks.job(each)


class _Checks:
    def __init__(self, collector: Collector, identity: str) -> None:
        self._collector = collector
        self._identity = identity.lower()
        self._seen: dict[str, set[str]] = defaultdict(set)
        """Subscription to the tables that have rows of it."""
        self._groups: dict[str, list[str]] = defaultdict(list)
        self._denials: dict[str, list[_Denial]] = defaultdict(list)
        self._short: set[tuple[str, str]] = set()
        """Tables of which rows are known to be missing, with the scopes in which they are."""
        for done in collector.journal.ended():
            for subscription in done.seen:
                self._seen[subscription].add(done.count.table)
            self._short.update((gap.table, armid.key(gap.scope)) for gap in done.gaps)
        for _, row in collector.journal.rows(_GROUPS):
            self._groups[armid.parse(row["id"]).subscription_id.lower()].append(row["id"])
        for _, row in collector.journal.rows(_DENIALS):
            self._add_denial(row)

    def _add_denial(self, row: dict[str, Any]) -> None:
        scope = row["id"].lower().rpartition("/providers/microsoft.authorization/")[0] or "/"
        scope = row["id"][: len(scope)]
        try:
            denial = msgspec.convert(row.get("properties"), _Denial)
        except msgspec.ValidationError:
            # What cannot be understood may forbid everything to everybody.
            denial = _Denial((Permission(("*",)),), (_Principal(_EVERYBODY),))
        denial = msgspec.structs.replace(denial, scope=scope)
        self._denials[armid.parse(scope).subscription_id.lower()].append(denial)

    def job(self, subscription: str) -> Callable[[], Awaitable[None]]:
        """Return the job that finds the gaps of one subscription."""
        scope = f"/subscriptions/{subscription}"
        what = Read.of(LIST_PERMISSIONS, scope, f"permissions/{subscription}", counted=scope)

        async def into(sink: Sink) -> None:
            await self._check(subscription, scope, sink)

        async def job() -> None:
            await self._collector.read(what, into)

        return job

    async def _check(self, subscription: str, scope: str, sink: Sink) -> None:
        gaps = await self._gaps_at(scope, CHECKED, sink)
        denied = list(self._denied_in(subscription, scope))
        hidden = {gap.table for gap in gaps if gap.code == NOT_ALLOWED}
        unsure = {gap.table for gap in denied} | hidden
        somewhere: set[str] = set()
        if _GROUPS not in unsure and not self._is_short(_GROUPS, scope, sink):
            somewhere = (hidden & self._seen[subscription]) - SCOPED
        sink.gaps += [gap for gap in gaps if gap.table not in somewhere]
        if somewhere:
            groups, tables = self._groups[subscription], sorted(somewhere)
            found = await asyncio.gather(*(self._gaps_at(each, tables, sink) for each in groups))
            sink.gaps += [gap for each in found for gap in each]
        sink.gaps += denied
        if self._is_short(_DENIALS, scope, sink):
            known = {gap.table for gap in sink.gaps if gap.scope == scope}
            sink.gaps += [_unlisted(table, scope) for table in CHECKED if table not in known]

    def _is_short(self, table: str, scope: str, sink: Sink) -> bool:
        """Tell whether rows of a table are missing, which a run that goes on may get."""
        short = not self._short.isdisjoint({(table, scope), (table, armid.key("/"))})
        sink.again = sink.again or short
        return short

    def _denied_in(self, subscription: str, scope: str) -> Iterator[Gap]:
        for denial in self._denials[subscription]:
            yield from self._denied(denial, denial.scope)
        for denial in self._denials[_ABOVE]:
            yield from self._denied(denial, scope)

    async def _gaps_at(self, scope: str, tables: Iterable[str], sink: Sink) -> list[Gap]:
        """Return gaps of the tables that the identity may not read there, as far as can be told."""
        name = LIST_PERMISSIONS.name
        try:
            held = await self._permissions(scope, sink)
        except FAILURES as error:
            refusal = of_error(error)
            sink.again = sink.again or refusal.transient
            return [refusal.gap(each, scope, name, LIST_PERMISSIONS.permission) for each in tables]
        return [
            Gap(
                table,
                scope,
                name,
                code=NOT_ALLOWED,
                message="Resource Graph leaves out what the identity may not read.",
                permission=GRAPH_PERMISSIONS[table],
            )
            for table in lacking(held, tables)
        ]

    async def _permissions(self, scope: str, sink: Sink) -> list[Permission]:
        found: list[Permission] = []
        async for page in pages(self._collector.clients, LIST_PERMISSIONS, scope):
            sink.pages += 1
            try:
                found += msgspec.convert(page, list[Permission])
            except msgspec.ValidationError as error:
                raise RefusalError(
                    "UnexpectedBody", f"The response is not a list of permissions: {error}"
                ) from error
        return found

    def _denied(self, denial: _Denial, scope: str) -> list[Gap]:
        """Return the gaps at a scope that a deny assignment there or above may cause."""
        if not self._concerns(denial):
            return []
        return [
            Gap(
                table,
                scope,
                LIST_PERMISSIONS.name,
                code=DENIED,
                message="A deny assignment may keep the identity from reading here.",
                permission=GRAPH_PERMISSIONS[table],
            )
            for table in CHECKED
            if any(each.covers(GRAPH_PERMISSIONS[table]) for each in denial.permissions)
        ]

    def _concerns(self, denial: _Denial) -> bool:
        """Tell whether it may be about the identity, which may be in any group, or not be known."""
        if any(each.id.lower() == self._identity for each in denial.exclude_principals or ()):
            return False
        return any(
            each.id.lower() in {_EVERYBODY, self._identity}
            or (each.type or "").lower() not in _SURE
            or not self._identity
            for each in denial.principals
        )


def _unlisted(table: str, scope: str) -> Gap:
    return Gap(
        table,
        scope,
        LIST_PERMISSIONS.name,
        code=DENIED,
        message="Deny assignments were not listed: one may keep the identity from reading here.",
        permission=_LIST_DENIALS.permission,
    )


def _named(operation: str, patterns: Iterable[str]) -> bool:
    return any(
        re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), operation, re.IGNORECASE)
        for pattern in patterns
    )
