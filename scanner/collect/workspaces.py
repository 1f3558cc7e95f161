"""Reads what only Resource Manager knows of workspaces and private endpoints."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from scanner import armid
from scanner.collect.manager import get, pages, read_list
from scanner.collect.operations import (
    COMPUTES,
    ENVIRONMENT_VERSIONS,
    ENVIRONMENTS,
    GET_ENVIRONMENT_VERSION,
    GET_WORKSPACE,
    MANAGED_NETWORK,
    SETTINGS,
    SUBSCRIPTION_LISTS,
    V2_RULES,
    WORKSPACE_LISTS,
    ZONE_GROUPS,
)
from scanner.collect.reads import Read
from scanner.collect.refusal import RefusalError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scanner.collect.crew import Job
    from scanner.collect.journal import Sink
    from scanner.collect.operations import Operation
    from scanner.collect.reads import Collector

CANDIDATES: Final = "workspaces@graph"
"""Where the journal keeps Resource Graph's rows of workspaces: none is a record yet."""
_UNREAD: Final = {"$unread": True}
_NOT_FOUND: Final = 404
_VERSION: Final = re.compile(
    r"(/subscriptions/.+/workspaces/[^/]+)/environments/[^/]+/versions/[^/]+"
)
_BODY_ONLY: Final = (
    "allowPublicAccessWhenBehindVnet",
    "enableDataIsolation",
    "encryption",
    "hbiWorkspace",
    "imageBuildCompute",
    "ipAllowlist",
    "managedNetwork",
    "networkAcls",
    "primaryUserAssignedIdentity",
    "privateEndpointConnections",
    "publicNetworkAccess",
    "serverlessComputeSettings",
    "sharedPrivateLinkResources",
    "systemDatastoresAuthMode",
    "v1LegacyMode",
)
"""Properties that a Resource Graph row may lack although the workspace has them."""
Json = dict[str, Any]


class Workspaces:
    """The jobs of all workspaces, worked out from what Resource Graph said."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector
        self._rows = {_key(row): row for row in self._of(CANDIDATES)}
        self._named: dict[str, set[str]] = defaultdict(set)
        self._endpoints: dict[str, list[str]] = defaultdict(list)
        for table in ("onlineDeployments", "batchDeployments"):
            for row in self._of(table):
                match = _VERSION.fullmatch(str((row.get("properties") or {}).get("environmentId")))
                if match is not None:
                    self._named[armid.key(match[1])].add(match[0])
        for row in self._of("onlineEndpoints"):
            self._endpoints[armid.key(armid.parent(row["id"]))].append(row["id"])

    def _of(self, table: str) -> Iterator[Json]:
        return (row for _, row in self._collector.journal.rows(table))

    def jobs(self) -> Iterator[Job]:
        """Yield one job per workspace, in the lane of its subscription."""
        for key in sorted(self._rows):
            row = self._rows[key]

            async def job(row: Json = row) -> None:
                await self._read(row)

            yield armid.parse(key).subscription_id, job

    async def _read(self, row: Json) -> None:
        workspace = row["id"]
        body: Json = {}

        async def into(sink: Sink) -> None:
            try:
                found = await self._whole(workspace)
            except RefusalError:
                sink.add("workspaces", _marked(row))
                raise
            body.update(found)
            sink.add("workspaces", found)

        await self._one(GET_WORKSPACE, workspace, into)
        for operation in (COMPUTES, *WORKSPACE_LISTS, SETTINGS):
            await self._list(operation, workspace)
        for endpoint in self._endpoints.get(_key(row), ()):
            await self._list(SETTINGS, endpoint)
        await self._network(body or row, workspace)
        await self._environments(workspace)

    async def _whole(self, workspace: str) -> Json:
        found = await get(self._collector.clients, GET_WORKSPACE, workspace)
        if found is None:
            raise RefusalError(
                "ResourceNotFound",
                "Resource Graph lists the workspace, Resource Manager does not know it.",
                status=_NOT_FOUND,
            )
        return found

    async def _list(self, operation: Operation, owner: str) -> None:
        async def into(sink: Sink) -> None:
            await read_list(self._collector.clients, operation, owner, sink)

        await self._one(operation, owner, into)

    async def _network(self, body: Json, workspace: str) -> None:
        """Read the managed network of the second kind, whose settings are a resource of its own."""
        network = (body.get("properties") or {}).get("managedNetwork") or {}
        if str(network.get("managedNetworkKind")).upper() != "V2":
            return

        async def into(sink: Sink) -> None:
            found = await get(self._collector.clients, MANAGED_NETWORK, workspace)
            if found is not None:
                sink.add("managedNetworks", found)

        await self._one(MANAGED_NETWORK, workspace, into)
        await self._list(V2_RULES, workspace)

    async def _environments(self, workspace: str) -> None:
        """Read the versions that deployments name, and the latest of each environment."""
        clients = self._collector.clients

        async def into(sink: Sink) -> None:
            for version in sorted(self._named.get(armid.key(workspace), ())):
                found = await get(clients, GET_ENVIRONMENT_VERSION, version)
                if found is not None:
                    sink.add("environmentVersions", found)
            async for page in pages(clients, ENVIRONMENTS, workspace):
                sink.pages += 1
                for environment in page:
                    latest = await self._latest(environment)
                    if latest is not None:
                        sink.add("environmentVersions", latest)
            # A latest version that a deployment names is read twice, which is no change.
            sink.duplicates = 0

        await self._one(ENVIRONMENTS, workspace, into)

    async def _latest(self, environment: Any) -> Json | None:
        if not isinstance(environment, dict) or not isinstance(environment.get("id"), str):
            raise RefusalError("RowWithoutId", "Azure sent an environment without an id.")
        clients, arm_id = self._collector.clients, environment["id"]
        latest = (environment.get("properties") or {}).get("latestVersion")
        if latest:
            return await get(clients, GET_ENVIRONMENT_VERSION, f"{arm_id}/versions/{latest}")
        order = {"$orderBy": "createdtime desc", "$top": "1"}
        async for page in pages(clients, ENVIRONMENT_VERSIONS, arm_id, **order):
            for version in page:
                found: Json = version
                return found
        return None

    async def _one(self, operation: Operation, owner: str, into: Any) -> None:
        await self._collector.read(read_of(operation, owner), into)


def subscription_jobs(collector: Collector, subscriptions: tuple[str, ...]) -> Iterator[Job]:
    """Yield the jobs that are done once per subscription."""
    for each in subscriptions:
        for operation in SUBSCRIPTION_LISTS:
            yield each, _listing(collector, operation, f"/subscriptions/{each}")


def endpoint_jobs(collector: Collector) -> Iterator[Job]:
    """Yield one job per private endpoint."""
    for _, row in collector.journal.rows("privateEndpoints"):
        lane = armid.parse(row["id"]).subscription_id.lower()
        yield lane, _listing(collector, ZONE_GROUPS, row["id"])


def _listing(collector: Collector, operation: Operation, owner: str) -> Any:
    async def job() -> None:
        async def into(sink: Sink) -> None:
            await read_list(collector.clients, operation, owner, sink)

        await collector.read(read_of(operation, owner), into)

    return job


def read_of(operation: Operation, owner: str) -> Read:
    """Return the read that an operation on a resource is."""
    subscription = armid.parse(owner).subscription_id.lower()
    unit = f"{operation.name}/{armid.key(owner)}"
    return Read.of(operation, owner, unit, counted=f"/subscriptions/{subscription}")


def _marked(row: Json) -> Json:
    """Return a row that stands in for a workspace: what it lacks is not absent but unread."""
    properties = row.get("properties") or {}
    lacking = {name: _UNREAD for name in _BODY_ONLY if properties.get(name) is None}
    return {**row, "properties": {**properties, **lacking}}


def _key(row: Json) -> str:
    return armid.key(row["id"])
