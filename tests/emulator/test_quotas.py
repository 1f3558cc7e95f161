from __future__ import annotations

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.resourcegraph import ResourceGraphClient
from azure.mgmt.resourcegraph.models import QueryRequest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.emulator import Emulator, Quotas
from fixtures.emulator.quotas import Meter, quota_headers
from fixtures.emulator.wire import RefusedError
from tests.emulator.conftest import CONTOSO, Clients

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def refused(call):
    with pytest.raises(RefusedError) as raised:
        call()
    return raised.value.reply


def test_fifteen_queries_in_five_seconds():
    clock = Clock()
    meter = Meter(Quotas(), clock)
    left = [meter.query("a")["x-ms-user-quota-remaining"] for _ in range(15)]
    assert left == [str(each) for each in range(14, -1, -1)]
    clock.now += 3
    reply = refused(lambda: meter.query("a"))
    assert reply.status == 429
    assert b"RateLimiting" in reply.body
    assert reply.headers["x-ms-user-quota-resets-after"] == "00:00:02"
    assert reply.headers["Retry-After"] == "2"
    assert meter.query("b")
    clock.now += 2
    assert meter.query("a")["x-ms-user-quota-remaining"] == "14"


def test_reads_fill_a_bucket_again():
    clock = Clock()
    meter = Meter(Quotas(), clock)
    first = meter.read("a", "s")
    assert first == {
        "x-ms-ratelimit-remaining-subscription-reads": "249",
        "x-ms-ratelimit-remaining-subscription-global-reads": "3749",
    }
    for _ in range(249):
        meter.read("a", "s")
    reply = refused(lambda: meter.read("a", "s"))
    assert (reply.status, reply.headers["Retry-After"]) == (429, "1")
    assert meter.read("a", "other")
    assert meter.read("b", "s")
    clock.now += 1
    for _ in range(25):
        meter.read("a", "s")
    refused(lambda: meter.read("a", "s"))


def test_all_principals_share_the_global_bucket():
    meter = Meter(Quotas(), Clock())
    for principal in range(15):
        for _ in range(250):
            meter.read(str(principal), "s")
    refused(lambda: meter.read("late", "s"))


def test_a_faster_clock_keeps_the_arithmetic():
    clock = Clock()
    meter = Meter(Quotas(speed=10), clock)
    for _ in range(15):
        meter.query("a")
    reply = refused(lambda: meter.query("a"))
    assert reply.headers["x-ms-user-quota-resets-after"] == "00:00:00.5000000"
    clock.now += 0.5
    assert meter.query("a")


def test_without_quotas_nothing_is_refused():
    meter = Meter(None)
    for _ in range(5000):
        assert meter.read("a", "s")
        assert meter.query("a")


@given(st.floats(0, 10_000))
def test_the_time_to_wait_is_never_told_too_short(seconds):
    hours, minutes, rest = quota_headers(0, seconds)["x-ms-user-quota-resets-after"].split(":")
    told = int(hours) * 3600 + int(minutes) * 60 + float(rest)
    assert told >= seconds - 1e-6


def test_the_sdk_waits_where_it_is_told_to_and_only_there(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    for told, tries in ((True, 3), (False, 1)):
        with Emulator(CONTOSO, quotas=Quotas(queries=1, window=600, retry_after=told)) as running:
            clients = Clients(running)
            assert clients.query("resources | count")
            options = clients._options() | {"retry_total": 2}
            with (
                ResourceGraphClient(clients.credential, **options) as graph,
                pytest.raises(HttpResponseError) as raised,
            ):
                graph.resources(QueryRequest(query="resources | count"))
            assert raised.value.status_code == 429
            assert len(running.ledger.select("*/resources", status=429)) == tries
            clients.close()


def test_reads_over_the_wire_are_counted_per_subscription(subscription):
    with Emulator(CONTOSO, quotas=Quotas(reads=2, refill=0.01)) as running:
        clients = Clients(running)
        path = f"/subscriptions/{subscription}/resourcegroups"
        first = clients.get(path, "2021-04-01")
        assert first.headers["x-ms-ratelimit-remaining-subscription-reads"] == "1"
        clients.get(path, "2021-04-01")
        last = clients.get(path, "2021-04-01")
        assert last.status_code == 429
        assert last.headers["Retry-After"] == "100"
        assert clients.get("/subscriptions", "2022-12-01").status_code == 200
        assert running.ledger.statuses()[429] == 1
        clients.close()
