"""Runs many jobs at a time, so that those of one subscription never wait for another's quota."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

Job: TypeAlias = "tuple[str, Callable[[], Awaitable[None]]]"
"""The lane (what is counted in one quota bucket), and what to do."""


async def run_all(jobs: Iterable[Job], width: int) -> None:
    """Run all jobs, at most `width` of each lane at a time; the first failure ends all."""
    lanes: dict[str, deque[Callable[[], Awaitable[None]]]] = {}
    for lane, job in jobs:
        lanes.setdefault(lane, deque()).append(job)
    workers = [
        asyncio.create_task(_work(waiting))
        for waiting in lanes.values()
        for _ in range(min(width, len(waiting)))
    ]
    try:
        await asyncio.gather(*workers)
    except BaseException:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        raise


async def _work(waiting: deque[Callable[[], Awaitable[None]]]) -> None:
    while waiting:
        await waiting.popleft()()
