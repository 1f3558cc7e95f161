from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.emulator.quotas import Meter
from fixtures.emulator.quotas import Quotas as EmulatedQuotas
from fixtures.emulator.wire import RefusedError
from scanner.collect.quota import GraphWindow, Pacer, Quotas, ReadBucket, pause_of, span

QUOTAS = Quotas()


class FakeClock:
    """A clock on which only sleeping takes time."""

    def __init__(self) -> None:
        self.time = 100.0

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds
        await asyncio.sleep(0)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def ask(limiter, clock, server, count, latency=0.05):
    """Send requests one after the other; return how many the server refused."""

    async def run() -> int:
        refused = 0
        for _ in range(count):
            ticket = await limiter.acquire()
            clock.time += latency
            try:
                headers = server()
            except RefusedError as error:
                refused += 1
                headers = error.reply.headers
                limiter.answered(ticket, headers)
                limiter.throttled(pause_of(headers))
                continue
            limiter.answered(ticket, headers)
        return refused

    return asyncio.run(run())


def test_queries_keep_to_the_window_and_use_it(clock):
    meter = Meter(EmulatedQuotas(), clock.now)
    start = clock.time
    assert ask(GraphWindow(QUOTAS, clock), clock, lambda: meter.query("me"), 150) == 0
    # Ten windows, of which the last is not waited for.
    assert clock.time - start < 1.05 * 9 * 5 + 15 * 0.05


def test_reads_keep_to_the_bucket_and_use_it(clock):
    meter = Meter(EmulatedQuotas(), clock.now)
    start = clock.time
    bucket = ReadBucket(QUOTAS, clock)
    assert ask(bucket, clock, lambda: meter.read("me", "s"), 1250, latency=0.001) == 0
    assert clock.time - start < 1.05 * (1250 - 250) / 25


def test_a_quota_that_others_use_up_is_respected(clock):
    meter = Meter(EmulatedQuotas(), clock.now)
    others = iter([meter.query("me") for _ in range(10)])

    def serve():
        next(others, None)
        return meter.query("me")

    assert ask(GraphWindow(QUOTAS, clock), clock, serve, 60) <= 1


def test_concurrent_queries_stay_in_the_window(clock):
    window = GraphWindow(QUOTAS, clock)
    sent = []

    async def one():
        ticket = await window.acquire()
        sent.append(clock.now())
        await asyncio.sleep(0)
        window.answered(ticket, {"x-ms-user-quota-remaining": "0",
                                 "x-ms-user-quota-resets-after": "00:00:05"})  # fmt: skip

    async def run():
        await asyncio.gather(*(one() for _ in range(40)))

    asyncio.run(run())
    for start in sent:
        assert sum(start <= moment < start + 4.9 for moment in sent) <= 15


def test_a_window_without_answers_ends_as_well(clock):
    window = GraphWindow(QUOTAS, clock)

    async def run():
        tickets = [await window.acquire() for _ in range(15)]
        for ticket in tickets:
            window.answered(ticket, None)
        await window.acquire()

    asyncio.run(run())
    assert clock.time >= 105


def test_queries_still_running_count_in_the_next_window(clock):
    window = GraphWindow(QUOTAS, clock)

    async def run():
        tickets = [await window.acquire() for _ in range(15)]
        window.answered(tickets[0], {"x-ms-user-quota-resets-after": "00:00:01"})
        clock.time += 2
        assert await window.acquire() != tickets[1]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(window.acquire(), 0.05)
        for ticket in tickets[1:]:
            window.answered(ticket, None)

    asyncio.run(run())


def test_throttling_stops_the_whole_bucket(clock):
    bucket = ReadBucket(QUOTAS, clock)
    bucket.throttled(7.0)
    asyncio.run(bucket.acquire())
    assert clock.time >= 107
    assert bucket.waited >= 7


@given(st.integers(0, 400), st.integers(1, 400))
def test_a_bucket_never_gives_more_than_is_there(left, count):
    clock = FakeClock()
    bucket = ReadBucket(QUOTAS, clock)

    async def run():
        ticket = await bucket.acquire()
        bucket.answered(ticket, {"x-ms-ratelimit-remaining-subscription-reads": str(left)})
        for _ in range(count):
            await bucket.acquire()

    asyncio.run(run())
    assert count <= min(left + 1, 250) + (clock.time - 100) * 25 + 1e-6


def test_buckets_are_those_that_azure_counts_in(clock):
    pacer = Pacer(QUOTAS, clock)
    home = "https://management.azure.com"
    one = pacer.limiter(f"{home}/subscriptions/A/resourceGroups/x?api-version=1")
    assert one is pacer.limiter(f"{home}/subscriptions/a/providers/y")
    assert one is not pacer.limiter(f"{home}/subscriptions/b")
    graph = pacer.limiter(f"{home}/providers/Microsoft.ResourceGraph/resources?api-version=1")
    assert isinstance(graph, GraphWindow)
    assert pacer.limiter(f"{home}/subscriptions?api-version=1") is pacer.limiter("/providers/x")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("00:00:05", 5), ("00:01:00", 60), ("1.00:00:00", 86400), ("00:00:00.5000000", 0.5),
     ("5", None), ("", None), (None, None), ("-00:00:05", None)],
)  # fmt: skip
def test_spans(text, seconds):
    assert span(text) == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "17"}, 17),
        ({"Retry-After": "17", "x-ms-user-quota-resets-after": "00:00:02"}, 2),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"Retry-After": "-3"}, 0),
        ({}, None),
    ],
)
def test_pauses(headers, seconds):
    assert pause_of(headers) == seconds
