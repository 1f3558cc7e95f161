"""Keeps below Azure's quotas, so that requests wait here instead of being refused there.

There is one limiter per bucket that Azure counts in: Resource Graph counts a principal's queries in
windows, Resource Manager a principal's reads on each subscription in a token bucket. Each starts
from the published numbers and is corrected downwards by what the responses say is left, as other
tools may use up the same quota.
"""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from scanner.collect.guard import GRAPH_PATH

if TYPE_CHECKING:
    from collections.abc import Mapping

_TENANT: Final = "tenant"
_GRAPH: Final = "graph"
_SUBSCRIPTION: Final = re.compile(r"/subscriptions/([^/?]+)", re.IGNORECASE)
_SPAN: Final = re.compile(r"(?:(\d+)\.)?(\d+):(\d+):(\d+(?:\.\d+)?)")
_ROUNDING: Final = 1e-6
_LOOKS: Final = 100
"""How often per window a waiting request looks whether the window has ended."""


class Quotas(msgspec.Struct, frozen=True):
    """The published quotas of one principal."""

    queries: int = 15
    """Resource Graph queries per window."""
    window: float = 5.0
    """Seconds."""
    reads: int = 250
    """Size of the bucket of reads of one subscription."""
    refill: float = 25.0
    """Reads that come back per second."""


class Clock(Protocol):
    """Time as the limiters see it."""

    def now(self) -> float:
        """Return seconds from any start, never going back."""

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""


class WallClock:
    """The time of this machine."""

    def now(self) -> float:
        """Return seconds since some start."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Let other requests work meanwhile."""
        await asyncio.sleep(seconds)


class Limiter(Protocol):
    """One bucket."""

    async def acquire(self) -> int:
        """Wait until a request may be sent; return the ticket to give back with its answer."""

    def answered(self, ticket: int, headers: Mapping[str, str] | None) -> None:
        """Take note of what a response says is left; None where there was no response."""

    def throttled(self, seconds: float | None) -> None:
        """Stop for a while, as Azure has refused a request."""


class GraphWindow:
    """Resource Graph: some queries per window, which starts with its first query.

    `x-ms-user-quota-resets-after` comes rounded up, so each response bounds the end of the window
    from above, and the earliest bound counts. Queries still running when a window ends may be
    counted in the next, and are.
    """

    def __init__(self, quotas: Quotas, clock: Clock) -> None:
        self._quotas = quotas
        self._clock = clock
        self._turn = asyncio.Lock()
        self._left = quotas.queries
        self._ends: float | None = None
        self._number = 0
        self._running = 0
        self.waited = 0.0

    async def acquire(self) -> int:
        """Wait for a free place in a window."""
        async with self._turn:
            while True:
                if self._ends is not None and self._clock.now() >= self._ends:
                    self._renew()
                if self._left > 0:
                    break
                await self._wait()
            self._left -= 1
            self._running += 1
            return self._number

    async def _wait(self) -> None:
        step = self._quotas.window / _LOOKS
        if self._ends is not None:
            step = max(0.0, min(step, self._ends - self._clock.now()))
        self.waited += step
        await self._clock.sleep(step)

    def _renew(self) -> None:
        self._number += 1
        self._left = max(0, self._quotas.queries - self._running)
        self._ends = None if self._left else self._clock.now() + self._quotas.window

    def answered(self, ticket: int, headers: Mapping[str, str] | None) -> None:
        """Take note of the quota headers."""
        self._running -= 1
        if ticket != self._number:
            return
        left, after = _number((headers or {}).get("x-ms-user-quota-remaining")), None
        if headers is not None:
            after = span(headers.get("x-ms-user-quota-resets-after"))
        if left is not None:
            self._left = min(self._left, int(left))
        bound = self._clock.now() + (self._quotas.window if after is None else after)
        self._ends = bound if self._ends is None else min(self._ends, bound)

    def throttled(self, seconds: float | None) -> None:
        """Send nothing before the window that Azure is in has ended."""
        self._left = 0
        self._ends = self._clock.now() + (self._quotas.window if seconds is None else seconds)


class ReadBucket:
    """Resource Manager: a bucket of reads that fills up steadily."""

    def __init__(self, quotas: Quotas, clock: Clock) -> None:
        self._quotas = quotas
        self._clock = clock
        self._turn = asyncio.Lock()
        self._level = float(quotas.reads)
        self._filled = clock.now()
        self._blocked = self._filled
        self._running = 0
        self.waited = 0.0

    async def acquire(self) -> int:
        """Wait for a read to come back."""
        async with self._turn:
            while (wait := self._missing()) > 0:
                self.waited += wait
                await self._clock.sleep(wait)
            self._level -= 1
            self._running += 1
            return 0

    def _missing(self) -> float:
        self._fill()
        blocked = self._blocked - self._filled
        # Less than this is the rounding of floating-point numbers.
        missing = 1 - self._level if self._level < 1 - _ROUNDING else 0.0
        return max(blocked, missing / self._quotas.refill)

    def _fill(self) -> None:
        now = self._clock.now()
        gained = (now - self._filled) * self._quotas.refill
        self._level = min(float(self._quotas.reads), self._level + gained)
        self._filled = now

    def answered(self, _ticket: int, headers: Mapping[str, str] | None) -> None:
        """Take note of the reads that are left, for those under way as well."""
        self._running -= 1
        if headers is None:
            return
        for kind in ("subscription", _TENANT):
            left = _number(headers.get(f"x-ms-ratelimit-remaining-{kind}-reads"))
            if left is not None:
                self._fill()
                # The header is cut to a whole number, so the level may be almost one above it.
                self._level = min(self._level, left + 1 - self._running)

    def throttled(self, seconds: float | None) -> None:
        """Send nothing for as long as Azure says, one second where it does not."""
        self._fill()
        self._level = 0.0
        self._blocked = max(self._blocked, self._filled + (1.0 if seconds is None else seconds))


class Pacer:
    """The limiters of all buckets of one principal."""

    def __init__(self, quotas: Quotas | None = None, clock: Clock | None = None) -> None:
        self.quotas = quotas or Quotas()
        self.clock = clock or WallClock()
        self._limiters: dict[str, GraphWindow | ReadBucket] = {}

    def limiter(self, path: str) -> Limiter:
        """Return the limiter of the bucket that a request to this path or URL counts in."""
        if path.lower().partition("?")[0].rstrip("/").endswith(GRAPH_PATH):
            bucket = _GRAPH
        else:
            match = _SUBSCRIPTION.search(path)
            bucket = match[1].lower() if match else _TENANT
        if bucket not in self._limiters:
            make = GraphWindow if bucket == _GRAPH else ReadBucket
            self._limiters[bucket] = make(self.quotas, self.clock)
        return self._limiters[bucket]

    @property
    def waited(self) -> float:
        """Seconds that requests have waited for quota, one bucket's after the other's."""
        return sum(limiter.waited for limiter in self._limiters.values())


def pause_of(headers: Mapping[str, str]) -> float | None:
    """Return how many seconds a refusal says to wait, None where it does not say."""
    after = span(headers.get("x-ms-user-quota-resets-after"))
    return after if after is not None else _number(headers.get("Retry-After"))


def span(text: str | None) -> float | None:
    """Return the seconds of a time span as Azure writes it: `00:00:05`."""
    match = _SPAN.fullmatch(text or "")
    if match is None:
        return None
    days, hours, minutes, seconds = match.groups()
    return int(days or 0) * 86400 + int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else max(0.0, float(text))
    except ValueError:
        return None
