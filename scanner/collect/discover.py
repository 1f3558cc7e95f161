"""Finds out which subscriptions a run is about, and which of them can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from scanner import armid
from scanner.collect.graph import Question, rows
from scanner.collect.journal import Count, Done
from scanner.collect.manager import pages
from scanner.collect.operations import (
    API_VERSIONS,
    DESCENDANTS,
    GRAPH,
    GRAPH_PERMISSIONS,
    LIST_SUBSCRIPTIONS,
    query,
)
from scanner.collect.reads import Read
from scanner.collect.refusal import RefusalError
from scanner.collect.scopes import (
    BATCH,
    GROUPS,
    SUBSCRIPTIONS,
    Asked,
    NothingReadError,
    Scope,
    Shard,
)
from scanner.errors import CollectError
from scanner.snapshot import manifest
from scanner.snapshot.manifest import ANY_TABLE, Gap
from scanner.snapshot.shards import subscriptions_digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scanner.collect.journal import Sink
    from scanner.collect.reads import Collector

_FORBIDDEN: Final = 403
Json = dict[str, Any]


async def find_scope(collector: Collector, asked: Asked, shard: Shard) -> Scope:
    """Read subscriptions and management groups; what cannot be read becomes gaps.

    Raises:
        NothingReadError: no subscription can be read.
        CollectError: Azure does not answer.
    """
    finder = _Finder(collector, asked, shard)
    return await finder.find()


class _Finder:
    def __init__(self, collector: Collector, asked: Asked, shard: Shard) -> None:
        self._collector = collector
        self._asked = asked
        self._shard = shard
        self._rows: dict[str, Json] = {}
        self._expected: set[str] = set()
        self._whole = True
        """Whether `_expected` is known to be everything that was asked for."""

    async def find(self) -> Scope:
        await self._expect()
        await self._read_subscriptions()
        if not self._rows:
            raise self._nothing()
        groups = await self._read_groups()
        mine = tuple(sorted(key for key in self._rows if self._shard.has(key)))
        self._note_missing()
        whole = self._whole and self._expected <= self._rows.keys()
        everything = whole and await self._is_everything(groups)
        read = [f"{SUBSCRIPTIONS}{each}" for each in mine]
        read += sorted(_above(self._rows[key] for key in mine).values())
        if self._shard.count == 1:
            if everything:
                read.insert(0, "/")
            return Scope(mine, self._asked.ids(), tuple(read))
        part = manifest.Shard(
            self._shard.index,
            self._shard.count,
            self._asked.ids(),
            subscriptions_digest(self._rows),
            everything,
        )
        return Scope(mine, self._scopes_asked(mine), tuple(read), part)

    def _scopes_asked(self, mine: tuple[str, ...]) -> tuple[str, ...]:
        missing = {each for each in self._expected - self._rows.keys() if self._shard.has(each)}
        return tuple(f"{SUBSCRIPTIONS}{each}" for each in sorted(missing.union(mine)))

    async def _expect(self) -> None:
        """Find out by Resource Manager which subscriptions there should be."""
        self._expected.update(self._asked.subscriptions)
        for group in self._asked.groups:
            below = await self._list_below(f"{GROUPS}/{group}")
            self._whole = self._whole and below is not None
            self._expected.update(below or ())
        if self._asked.everything:
            try:
                async for page in pages(self._collector.clients, LIST_SUBSCRIPTIONS, ""):
                    self._expected.update(str(each["subscriptionId"]).lower() for each in page)
            except (RefusalError, KeyError, TypeError) as error:
                raise CollectError(f"the subscriptions cannot be listed: {error}") from error
        self._expected.difference_update(self._asked.excluded)

    async def _list_below(self, group: str) -> set[str] | None:
        """Return the subscriptions below a management group, None where they cannot be listed."""
        found: set[str] = set()
        what = Read.of(DESCENDANTS, group, f"descendants/{armid.key(group)}", live=True)

        async def into(sink: Sink) -> None:
            found.clear()
            async for page in pages(self._collector.clients, DESCENDANTS, group):
                sink.pages += 1
                ids = (str(each.get("id", "")) for each in page if isinstance(each, dict))
                found.update(armid.parse(arm_id).subscription_id.lower() for arm_id in ids)

        listed = await self._collector.read(what, into)
        found.discard("")
        return found if listed else None

    async def _read_subscriptions(self) -> None:
        """Find out by Resource Graph which of them can be read."""
        for number, question in enumerate(self._questions()):
            what = self._graph_read("subscriptions", f"subscriptions/{number}")

            async def into(sink: Sink, question: Question = question) -> None:
                async for row in rows(self._collector.clients.graph, question, sink):
                    subscription = _last_part(row)
                    if subscription in self._asked.excluded:
                        continue
                    self._rows[subscription] = row
                    if self._shard.has(subscription):
                        sink.add("subscriptions", row)

            await self._collector.read(what, into)

    def _questions(self) -> Iterator[Question]:
        text = query("subscriptions")
        if self._asked.groups:
            yield Question(text, groups=self._asked.groups)
        named = sorted(self._asked.subscriptions)
        for start in range(0, len(named), BATCH):
            yield Question(text, subscriptions=tuple(named[start : start + BATCH]))
        if self._asked.everything:
            yield Question(text)

    def _graph_read(self, table: str, unit: str) -> Read:
        return Read(
            unit,
            table,
            self._asked.ids(),
            f"query {table}",
            GRAPH_PERMISSIONS[table],
            API_VERSIONS[GRAPH],
            live=True,
        )

    async def _read_groups(self) -> dict[str, Json]:
        """Record the management groups that were asked for, and those around the subscriptions."""
        found: dict[str, Json] = {}
        what = self._graph_read("managementGroups", "managementGroups")
        needed = _above(self._rows.values())

        async def into(sink: Sink) -> None:
            found.clear()
            question = Question(query("managementGroups"))
            async for row in rows(self._collector.clients.graph, question, sink):
                if self._concerns(row, needed):
                    found[_last_part(row)] = row
                    sink.add("managementGroups", row)

        await self._collector.read(what, into)
        for name in sorted(needed.keys() - found.keys()):
            self._note(
                Gap(
                    "managementGroups",
                    needed[name],
                    what.operation,
                    code="NotReturned",
                    message="Resource Graph does not show this management group.",
                    permission=what.permission,
                )
            )
        return found

    def _concerns(self, group: Json, needed: dict[str, str]) -> bool:
        asked = {each.lower() for each in self._asked.groups}
        above = {name.lower() for name in _chain(group)} | {_last_part(group)}
        return self._asked.everything or _last_part(group) in needed or bool(asked & above)

    def _note_missing(self) -> None:
        """Make gaps of the subscriptions that should be there and are not."""
        for each in sorted(self._expected - self._rows.keys()):
            if self._shard.has(each):
                self._note(
                    Gap(
                        ANY_TABLE,
                        f"{SUBSCRIPTIONS}{each}",
                        "query subscriptions",
                        status=_FORBIDDEN,
                        code="NotReturned",
                        message="Resource Graph does not show this subscription to the identity.",
                        permission="*/read",
                    )
                )

    def _note(self, gap: Gap) -> None:
        journal = self._collector.journal
        unit = f"missing/{gap.table}/{armid.key(gap.scope)}"
        journal.claim(unit)
        count = Count(gap.table, "/", API_VERSIONS[GRAPH])
        journal.end(Done(journal.begin().number, unit, count, (gap,), again=True))

    async def _is_everything(self, groups: dict[str, Json]) -> bool:
        """Tell whether all subscriptions of the tenant were read."""
        roots = [row["id"] for row in groups.values() if not _chain(row)]
        if len(roots) != 1:
            return False
        asked = {each.lower() for each in self._asked.groups}
        if not self._asked.everything and str(roots[0]).rpartition("/")[2].lower() not in asked:
            return False
        below = await self._list_below(str(roots[0]))
        return below is not None and below <= self._rows.keys()

    def _nothing(self) -> CollectError:
        """Return why there is no subscription: Azure did not answer, or the identity sees none."""
        for done in self._collector.journal.ended():
            for gap in done.gaps:
                if gap.operation == "query subscriptions" and gap.status != _FORBIDDEN:
                    return CollectError(
                        f"Resource Graph does not answer: {gap.code}: {gap.message}",
                        hint="Check network, proxy and --cloud.",
                    )
        asked = ", ".join(self._asked.ids())
        about = "anything" if asked == "/" else f"anything of {asked}"
        if self._asked.excluded:
            about += " but what is excluded"
        return NothingReadError(
            f"the identity cannot read {about}: Resource Graph shows it no subscription",
            hint="Assign it the role Reader at the management group or subscription, and wait"
            " some minutes until the assignment is in effect.",
        )


def _last_part(row: Json) -> str:
    return str(row["id"]).rstrip("/").rpartition("/")[2].lower()


def _chain(row: Json) -> list[str]:
    """Return the names of the management groups above a subscription or management group."""
    properties = row.get("properties") or {}
    details = properties.get("details") or {}
    chain = properties.get("managementGroupAncestorsChain") or []
    chain = chain or details.get("managementGroupAncestorsChain") or []
    return [str(each["name"]) for each in chain if isinstance(each, dict) and "name" in each]


def _above(subscriptions: Iterable[Json]) -> dict[str, str]:
    """Return the ids of the management groups above subscriptions, by lower-cased name."""
    names = {name.lower(): name for row in subscriptions for name in _chain(row)}
    return {key: f"{GROUPS}/{names[key]}" for key in sorted(names)}
