"""Sends a request when its quota allows, and again when it failed for a passing reason.

The SDK's own retry policy repeats each request for itself: a 429 of one does not hold back the
others of the same bucket, and a POST without `Retry-After` is not repeated at all.
"""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Final

import msgspec
from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.core.pipeline.policies import AsyncHTTPPolicy

from scanner.collect.quota import pause_of
from scanner.collect.refusal import RETRIED, DeadlineError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure.core.pipeline import PipelineRequest, PipelineResponse
    from azure.core.rest import AsyncHttpResponse, HttpRequest

    from scanner.collect.quota import Limiter, Pacer

_THROTTLED: Final = 429
_SUCCESS: Final = 200


class Patience(msgspec.Struct, frozen=True):
    """How often and how long a request is tried. Times are seconds."""

    attempts: int = 8
    first: float = 0.5
    """Wait after the first failure; it doubles with each."""
    most: float = 30.0
    """Longest wait between two attempts, whatever a response asks for."""


class Deadline:
    """The moment at which reading stops, None for never."""

    def __init__(self, seconds: float | None = None) -> None:
        self._at = None if seconds is None else asyncio.get_running_loop().time() + seconds

    def limit(self) -> asyncio.Timeout:
        """Return a context that raises TimeoutError at the deadline."""
        return asyncio.timeout_at(self._at)

    @property
    def passed(self) -> bool:
        """Whether the time is over."""
        return self._at is not None and asyncio.get_running_loop().time() >= self._at


class PacedRetry(AsyncHTTPPolicy["HttpRequest", "AsyncHttpResponse"]):
    """Waits for quota and a free slot, sends, and repeats what failed in passing."""

    def __init__(
        self, pacer: Pacer, slots: asyncio.Semaphore, patience: Patience, deadline: Deadline
    ) -> None:
        super().__init__()
        self._pacer = pacer
        self._slots = slots
        self._patience = patience
        self._deadline = deadline

    async def send(
        self, request: PipelineRequest[HttpRequest]
    ) -> PipelineResponse[HttpRequest, AsyncHttpResponse]:
        """Return the last response, which may be a refusal.

        Raises:
            AzureError: the last attempt had no usable response.
            DeadlineError: the time is over.
        """
        try:
            async with self._deadline.limit():
                return await self._repeat(request)
        except TimeoutError as error:
            raise DeadlineError("The deadline of the run was reached.") from error

    async def _repeat(
        self, request: PipelineRequest[HttpRequest]
    ) -> PipelineResponse[HttpRequest, AsyncHttpResponse]:
        limiter = self._pacer.limiter(request.http_request.url)
        for attempt in range(1, self._patience.attempts + 1):
            last = attempt == self._patience.attempts
            try:
                response = await self._once(request, limiter)
            except ClientAuthenticationError:
                raise
            except AzureError:
                if last:
                    raise
                await self._back_off(attempt, None)
                continue
            status = response.http_response.status_code
            if status not in RETRIED or last:
                break
            if status != _THROTTLED:
                await self._back_off(attempt, pause_of(response.http_response.headers))
        return response

    async def _once(
        self, request: PipelineRequest[HttpRequest], limiter: Limiter
    ) -> PipelineResponse[HttpRequest, AsyncHttpResponse]:
        ticket = await limiter.acquire()
        headers: Mapping[str, str] | None = None
        try:
            async with self._slots:
                response = await self.next.send(request)
                headers = response.http_response.headers
                if response.http_response.status_code == _SUCCESS:
                    _check_body(response.http_response)
        finally:
            limiter.answered(ticket, headers)
        if response.http_response.status_code == _THROTTLED:
            pause = pause_of(response.http_response.headers)
            limiter.throttled(pause if pause is None else min(pause, self._patience.most))
        return response

    async def _back_off(self, attempt: int, told: float | None) -> None:
        wait = min(self._patience.most, self._patience.first * 2 ** (attempt - 1))
        wait *= 0.5 + random.random() / 2  # noqa: S311 (spreads retries, guards nothing)
        await self._pacer.clock.sleep(max(wait, min(told or 0.0, self._patience.most)))


def _check_body(response: AsyncHttpResponse) -> None:
    """Refuse a success whose body was cut off or is the page of some proxy."""
    try:
        msgspec.json.decode(response.content, type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BrokenBodyError(f"The response is not the JSON it should be: {error}") from error


class BrokenBodyError(AzureError):
    """A success with a body that cannot be read."""
