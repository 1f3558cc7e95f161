from __future__ import annotations

import json

import pytest
from azure.core.exceptions import (
    DecodeError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)
from hypothesis import given
from hypothesis import strategies as st

from fixtures.emulator import Emulator, Fault, Settings
from fixtures.emulator.faults import EFFECTS, Asked, Injector, load_faults
from tests.emulator.conftest import CONTOSO, Clients, records

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

WORKSPACES = "resources | where type endswith '/workspaces' | project id | order by id asc"
ASKED = Asked("GET", "/subscriptions/s/x/computes", "client")


@pytest.fixture(scope="module")
def emulator():
    with Emulator(CONTOSO, settings=Settings(page_size=2)) as running:
        yield running


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (403, "AuthorizationFailed"),
        (404, "ResourceNotFound"),
        (409, "MissingSubscriptionRegistration"),
        (429, "TooManyRequests"),
        (500, "InternalServerError"),
        (503, "ServiceUnavailable"),
    ],
)
def test_a_status_hits_what_matches_and_nothing_else(emulator, clients, workspace, status, code):
    emulator.inject(
        Fault(effect="status", status=status, path="*/computes", times=1, retry_after=7)
    )
    hit = clients.get(f"{workspace}/computes")
    assert (hit.status_code, hit.json()["error"]["code"]) == (status, code)
    assert hit.headers["Retry-After"] == "7"
    assert clients.get(f"{workspace}/computes").status_code == 200
    assert clients.get(f"{workspace}/datastores").status_code == 200
    assert [each.status for each in emulator.ledger.select("*/computes")][-2:] == [status, 200]


def test_a_fault_of_one_table(emulator, clients):
    emulator.inject(Fault(effect="status", status=403, table="ResourceContainers"))
    with pytest.raises(HttpResponseError) as raised:
        clients.query("resourcecontainers | project id")
    assert raised.value.status_code == 403
    assert clients.query(WORKSPACES)["count"]


def test_a_login_can_fail(emulator):
    emulator.inject(Fault(effect="status", status=500, path="*/oauth2/v2.0/token"))
    fresh = Clients(emulator)
    with pytest.raises(HttpResponseError):
        fresh.query(WORKSPACES)
    emulator.inject()
    fresh.close()


def test_a_dropped_connection(emulator, clients, workspace):
    emulator.inject(Fault(effect="reset", path="*/computes"))
    with pytest.raises((ServiceRequestError, ServiceResponseError)):
        clients.get(f"{workspace}/computes")
    assert emulator.ledger.select("*/computes")[-1].status == 0


def test_a_slow_answer_runs_into_the_timeout(emulator, clients, workspace):
    emulator.inject(Fault(effect="slow", seconds=0.6, path="*/computes"))
    url = f"{emulator.base_url}{workspace}/computes?api-version=2025-06-01"
    request = clients.arm.get(url)
    with pytest.raises((ServiceRequestError, ServiceResponseError)):
        clients.arm._pipeline.run(request, read_timeout=0.1)


@pytest.mark.parametrize("effect", ["truncate", "garbage"])
def test_text_that_is_no_json(emulator, clients, workspace, effect):
    emulator.inject(Fault(effect=effect, path="*/computes"))
    with pytest.raises((DecodeError, json.JSONDecodeError)):
        json.loads(clients.get(f"{workspace}/computes").text())


def test_a_next_link_to_a_foreign_host_lures_a_token(emulator, clients, workspace):
    emulator.ledger.clear()
    emulator.inject(Fault(effect="foreignNextLink", path="*/computes"))
    link = clients.get(f"{workspace}/computes").json()["nextLink"]
    assert link.startswith(emulator.foreign_url)
    assert not emulator.ledger.violations
    assert clients.get(link).status_code == 200
    [violation] = emulator.ledger.violations
    assert "foreign host" in violation
    assert [each.listener for each in emulator.ledger.entries if each.listener == "foreign"]


def later(clients, token, **options):
    return clients.query(WORKSPACES, **{"$top": 5, "$skipToken": token} | options)


@pytest.fixture
def second(emulator, clients):
    """The second page of three, and the first one's rows."""
    first = clients.query(WORKSPACES, **{"$top": 5})
    assert first["totalRecords"] > 10

    def ask(effect):
        emulator.inject(Fault(effect=effect))
        return first, later(clients, first["$skipToken"])

    return ask


def test_a_repeated_skip_token(second):
    first, page = second("repeatToken")
    assert page["$skipToken"] == first["$skipToken"]


def test_a_short_page(second):
    _, page = second("shortPage")
    assert (page["count"], len(page["data"])) == (4, 4)


def test_rows_that_come_and_go_between_pages(second, clients, emulator):
    first, page = second("inserted")
    assert page["data"][0] == first["data"][-1]
    assert page["totalRecords"] == first["totalRecords"] + 1
    first, page = second("removed")
    emulator.inject()
    honest = later(clients, first["$skipToken"])
    assert page["data"][0] == honest["data"][1]
    assert page["totalRecords"] == first["totalRecords"] - 1


def test_truncated_without_a_token(second):
    _, page = second("lostToken")
    assert page["resultTruncated"] == "true"
    assert "$skipToken" not in page


def test_lists_of_resource_manager_page_wrongly_as_well(emulator, clients, workspace):
    path, everything = f"{workspace}/datastores", []
    emulator.inject(Fault(effect="removed", path="*/datastores"))
    everything = clients.rows(path)
    emulator.inject(Fault(effect="lostToken", path="*/datastores"))
    cut = clients.rows(path)
    emulator.inject()
    every = clients.rows(path)
    assert len(cut) == 2
    assert len(everything) < len(every)


def test_after_and_times():
    injector = Injector([Fault(effect="reset", after=2, times=2)])
    assert [bool(injector.choose(ASKED)) for _ in range(6)] == [False, False, True, True] + [
        False
    ] * 2


@given(st.integers(), st.floats(0, 1), st.permutations(range(20)))
def test_chance_does_not_depend_on_the_order(seed, probability, order):
    def hit(indices):
        injector = Injector([Fault(effect="reset", probability=probability)], seed)
        asked = {index: Asked("GET", "/x", "", key=str(index)) for index in indices}
        return {index: bool(injector.choose(asked[index])) for index in indices}

    assert hit(order) == hit(range(20))


def test_first_and_later_pages():
    page = Asked("GET", "/x", "", later=True)
    for fault, hits in (
        (Fault(effect="reset", page="first"), (True, False)),
        (Fault(effect="reset", page="later"), (False, True)),
        (Fault(effect="repeatToken"), (False, True)),
    ):
        assert (fault.matches(ASKED), fault.matches(page)) == hits


def test_a_file_of_faults(tmp_path):
    file = tmp_path / "faults.yaml"
    file.write_text(
        "seed: 7\nfaults:\n  - {effect: status, status: 429, retryAfter: 3, path: '*/computes'}\n"
    )
    loaded = load_faults(file)
    assert loaded.seed == 7
    assert loaded.faults == (Fault(effect="status", status=429, retry_after=3, path="*/computes"),)


@pytest.mark.parametrize(
    "text", ["faults: [{effect: explode}]", "faults: [{effects: reset}]", "faults: {", "[]"]
)
def test_a_file_with_a_mistake_is_named(tmp_path, text):
    file = tmp_path / "faults.yaml"
    file.write_text(text)
    with pytest.raises(ValueError, match=r"faults\.yaml"):
        load_faults(file)


def test_every_effect_is_documented(root):
    page = (root / "docs" / "emulator.md").read_text(encoding="utf-8")
    assert not [effect for effect in EFFECTS if f"`{effect}`" not in page]
    assert records("workspaces")
