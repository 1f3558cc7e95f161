"""A whole run: from scopes and credential to a snapshot."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from scanner.collect import permissions, probes, workspaces
from scanner.collect.clients import Clients
from scanner.collect.cloud import Cloud
from scanner.collect.credential import DEFAULT, identity_of, make_credential
from scanner.collect.crew import run_all
from scanner.collect.discover import find_scope
from scanner.collect.graph import Question, rows
from scanner.collect.journal import Journal, Run
from scanner.collect.manifest import header_of
from scanner.collect.operations import API_VERSIONS, GRAPH, GRAPH_PERMISSIONS, SCOPED, query
from scanner.collect.quota import Pacer, Quotas
from scanner.collect.reads import Collector, Progress, Read
from scanner.collect.retry import Deadline, Patience
from scanner.collect.scopes import Asked, Shard
from scanner.errors import ScannerError
from scanner.files import refuse_existing
from scanner.snapshot.manifest import Manifest
from scanner.snapshot.write import write_snapshot

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator
    from datetime import datetime

    from scanner.collect.crew import Job
    from scanner.collect.journal import Sink
    from scanner.collect.scopes import Scope
    from scanner.snapshot.manifest import Identity

CONCURRENCY: Final = 16
"""Requests at the same time, by default."""
_NAMED: Final = 5
"""Scopes that are told by name."""
_BEFORE: Final = ("subscriptions", "managementGroups")
"""Tables that are read to find out the scope."""
_FIRST: Final = (
    "workspaces",
    "onlineEndpoints",
    "onlineDeployments",
    "batchDeployments",
    "privateEndpoints",
)
"""Tables that say what to ask Resource Manager for, which then goes on beside the others."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What a run is told."""

    output: Path
    cloud: Cloud
    asked: Asked = Asked()
    shard: Shard = Shard()
    credential: str = DEFAULT
    concurrency: int = CONCURRENCY
    deadline: float | None = None
    """Seconds after which nothing more is read; what is missing then are gaps."""
    resume: bool = False
    estate: str = ""
    quotas: Quotas = Quotas()
    patience: Patience = Patience()


class Collected(msgspec.Struct, frozen=True):
    """What a run came to."""

    manifest: Manifest
    resumed: int
    """Reads that an earlier, interrupted run had made."""
    waited: float
    """Seconds that requests waited for quota, one bucket's after the other's."""


def collect(options: Options, progress: Progress, now: Callable[[], datetime]) -> Collected:
    """Read an estate and write its snapshot.

    When it ends early, by an error or by Ctrl-C, what was read stays in `state_folder`.

    Raises:
        NothingReadError: the identity can read no subscription.
        CollectError: Azure cannot be reached, or signing in fails.
        ScannerError: there is something at the output, or it cannot be written.
    """
    _refuse(options.output)
    return asyncio.run(_collect(options, progress, now))


def state_folder(output: Path) -> Path:
    """Return where an interrupted run leaves what it has read."""
    return output.with_name(f".{output.name}.collect")


async def _collect(options: Options, progress: Progress, now: Callable[[], datetime]) -> Collected:
    pacer = Pacer(options.quotas)
    progress.watch(pacer)
    credential = make_credential(options.credential, options.cloud)
    clients = Clients(options.cloud, credential, pacer, options.patience)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(clients.close)
        await clients.open(options.concurrency, Deadline(options.deadline))
        identity, tenant = identity_of(await credential.sign_in(options.cloud.scope))
        run = Run(
            options.cloud.name,
            tenant,
            identity.object_id,
            options.asked.ids(),
            str(options.shard),
            _time(now()),
            options.asked.excluded,
        )
        journal = stack.enter_context(
            Journal(state_folder(options.output), run, resume=options.resume)
        )
        if journal.resumed:
            progress.say(f"Going on: {journal.resumed} reads were made before.")
        collector = Collector(clients, journal, progress, options.concurrency)
        scope = await _read_all(collector, options, identity.object_id)
        manifest = _write(options, journal, identity, scope, _time(now()))
        return Collected(manifest, journal.resumed, pacer.waited)


async def _read_all(collector: Collector, options: Options, identity: str) -> Scope:
    scope = await find_scope(collector, options.asked, options.shard)
    collector.progress.say(_found(scope, options))
    others = sorted(GRAPH_PERMISSIONS.keys() - {*_BEFORE, *_FIRST})
    await _run(collector, [*_graph_jobs(collector, scope, _FIRST)])
    jobs = [
        *_graph_jobs(collector, scope, others),
        *workspaces.subscription_jobs(collector, scope.subscriptions),
        *workspaces.Workspaces(collector).jobs(),
        *workspaces.endpoint_jobs(collector),
    ]
    await _run(collector, jobs)
    await _run(collector, [*permissions.jobs(collector, scope.subscriptions, identity)])
    await _run(collector, [*probes.jobs(collector, scope.subscriptions)])
    return scope


def _found(scope: Scope, options: Options) -> str:
    """Say what the run is about."""
    number, asked = len(scope.subscriptions), options.asked
    names = [f"management group {name}" for name in asked.groups]
    names += [f"subscription {each}" for each in asked.subscriptions]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    about = ", ".join(names[:_NAMED]) + more or "all that the identity can read"
    if options.shard.count > 1:
        about = f"shard {options.shard} of {about}"
    if asked.excluded:
        about += f", without {len(asked.excluded)} that the config excludes"
    return f"{number} subscription{'' if number == 1 else 's'} to read: {about}."


async def _run(collector: Collector, jobs: list[Job]) -> None:
    collector.progress.expect(len(jobs))
    await run_all(jobs, collector.width)


def _graph_jobs(collector: Collector, scope: Scope, tables: Iterable[str]) -> Iterator[Job]:
    for batch in scope.batches():
        for table in tables:
            yield GRAPH, _graph_job(collector, table, batch)


def _graph_job(
    collector: Collector, table: str, batch: tuple[str, ...]
) -> Callable[[], Awaitable[None]]:
    """Return the job that reads a table of some subscriptions."""
    inherited = table in SCOPED
    question = Question(query(table), subscriptions=batch, inherited=inherited)
    what = Read(
        f"{table}/{batch[0]}-{batch[-1]}-{len(batch)}",
        table,
        # What is assigned above the subscriptions is missing as well, and that holds for all.
        ("/",) if inherited else tuple(f"/subscriptions/{each}" for each in batch),
        f"query {table}",
        GRAPH_PERMISSIONS[table],
        API_VERSIONS[GRAPH],
    )
    target = workspaces.CANDIDATES if table == "workspaces" else table

    async def into(sink: Sink) -> None:
        async for row in rows(collector.clients.graph, question, sink):
            sink.add(target, row)

    async def job() -> None:
        await collector.read(what, into)

    return job


def _write(
    options: Options, journal: Journal, identity: Identity, scope: Scope, finished: str
) -> Manifest:
    header = header_of(journal, identity, scope, finished, options.estate)
    manifest = write_snapshot(options.output, _records(journal), header)
    journal.remove()
    return manifest


def _records(journal: Journal) -> Iterator[tuple[str, dict[str, Any]]]:
    return (entry for entry in journal.rows() if entry[0] != workspaces.CANDIDATES)


def _refuse(output: Path) -> None:
    """Raise at once where the snapshot could not be written after hours of reading."""
    if output.suffix.lower() != ".zip":
        refuse_existing(output)
    elif output.exists():
        raise ScannerError(f"{output} exists already", hint="Name a new file.")
    if not output.resolve().parent.is_dir():
        raise ScannerError(
            f"{output} cannot be written: there is no folder {output.parent}",
            hint="Create the folder first.",
        )


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
