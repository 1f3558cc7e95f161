"""The SDK's clients, each with the same pipeline: paced, guarded, and without any policy that writes."""

from __future__ import annotations

import asyncio
import logging
import ssl
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Final, Self

import aiohttp
from azure.core.pipeline.policies import (
    ContentDecodePolicy,
    CustomHookPolicy,
    HeadersPolicy,
    RequestIdPolicy,
    UserAgentPolicy,
)
from azure.core.pipeline.transport import AioHttpTransport
from azure.mgmt.core import AsyncARMPipelineClient
from azure.mgmt.core.policies import AsyncARMChallengeAuthenticationPolicy
from azure.mgmt.machinelearningservices.aio import MachineLearningServicesMgmtClient
from azure.mgmt.resourcegraph.aio import ResourceGraphClient

from scanner import __version__
from scanner.collect.guard import ReadOnlyGuard
from scanner.collect.operations import API_VERSIONS, ML
from scanner.collect.retry import Deadline, PacedRetry, Patience

if TYPE_CHECKING:
    from scanner.collect.cloud import Cloud
    from scanner.collect.credential import KeptCredential
    from scanner.collect.quota import Pacer

_CONNECT: Final = 30.0
_READ: Final = 120.0
"""Seconds without a sign of life after which a request has failed."""

_GOODBYE: Final = 0.05

# The SDK warns of every compute that its old model has no class for; raw records need none.
logging.getLogger("azure").addHandler(logging.NullHandler())


class Clients:
    """The clients of one run; an async context."""

    arm: AsyncARMPipelineClient[Any, Any]
    graph: ResourceGraphClient

    def __init__(
        self, cloud: Cloud, credential: KeptCredential, pacer: Pacer, patience: Patience
    ) -> None:
        self.cloud = cloud
        self.credential = credential
        self.pacer = pacer
        self._patience = patience
        self._ml: dict[str, MachineLearningServicesMgmtClient] = {}
        self._stack = AsyncExitStack()

    async def open(self, concurrency: int, deadline: Deadline) -> Self:
        """Open the connections. `concurrency` is how many requests run at the same time."""
        self._slots = asyncio.Semaphore(concurrency)
        self._deadline = deadline
        # One TLS context for all: given a file, the SDK reads it anew for each request.
        trust = ssl.create_default_context(cafile=self.cloud.ca_bundle or None)
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=trust, limit=concurrency),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=True,
        )
        await self._stack.enter_async_context(session)
        self._stack.push_async_callback(self.credential.close)
        self._transport = AioHttpTransport(
            session=session, session_owner=False, connection_timeout=_CONNECT, read_timeout=_READ
        )
        self.arm = AsyncARMPipelineClient(
            self.cloud.resource_manager, policies=self._policies(), transport=self._transport
        )
        self.graph = ResourceGraphClient(
            self.credential, self.cloud.resource_manager, **self._options()
        )
        return self

    def ml(self, subscription: str) -> MachineLearningServicesMgmtClient:
        """Return the Machine Learning client of a subscription."""
        key = subscription.lower()
        if key not in self._ml:
            self._ml[key] = MachineLearningServicesMgmtClient(
                self.credential,
                subscription,
                self.cloud.resource_manager,
                # Given per call, it would count for the first page only.
                api_version=API_VERSIONS[ML],
                **self._options(),
            )
        return self._ml[key]

    async def close(self) -> None:
        """Close the connections."""
        await self._stack.aclose()
        # TLS connections say goodbye in the background, and the loop ends with the run.
        await asyncio.sleep(_GOODBYE)

    def _options(self) -> dict[str, Any]:
        return {
            "credential_scopes": [self.cloud.scope],
            "policies": self._policies(),
            "transport": self._transport,
        }

    def _policies(self) -> list[Any]:
        return [
            RequestIdPolicy(),
            HeadersPolicy(),
            UserAgentPolicy(f"azmlscan/{__version__}"),
            ContentDecodePolicy(),
            CustomHookPolicy(),
            PacedRetry(self.pacer, self._slots, self._patience, self._deadline),
            AsyncARMChallengeAuthenticationPolicy(self.credential, self.cloud.scope),
            ReadOnlyGuard(self.cloud.resource_manager),
        ]
