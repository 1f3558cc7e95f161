"""What ends up in a snapshot, with and without faults."""

from __future__ import annotations

import pytest

from fixtures.emulator import Fault, Principal, Settings
from scanner.collect.operations import SUBSCRIPTION_LISTS
from scanner.collect.retry import Patience
from scanner.collect.scopes import Asked, NothingReadError, Shard
from scanner.errors import CollectError, ScannerError
from scanner.snapshot import merge_snapshots, open_snapshot, verify
from tests.collect.conftest import CONTOSO, collected, differences, served, small_estate

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

PER_SUBSCRIPTION = {operation.table for operation in SUBSCRIPTION_LISTS}
PROD = "27d3be81-b75a-5eb9-a374-eb5717f1baac"
DEV = "5f58b8d8-32ab-5313-91c7-01fe79c292b2"
EXPLORATION = "ce384e7d-4637-5ad6-998c-4011581ebbe5"
OTHER = "0b1f6f43-44f7-4a8e-8b3b-6d7f1c9a2e55"
ANY_READ = "/[sp][ur]*"
"""Everything but signing in."""
GRAPH_REQUEST = "/providers/microsoft.resourcegraph/resources"


def gaps(found):
    return {(gap.table, gap.scope.lower().rpartition("/")[2], gap.code) for gap in found.gaps}


def test_snapshot_holds_what_azure_served(runs):
    with runs.emulator(CONTOSO) as azure:
        path, found = runs.collect(azure)
        assert not azure.ledger.violations
        assert {entry.method for entry in azure.ledger.select(GRAPH_REQUEST)} == {"POST"}
        others = {
            entry.method
            for entry in azure.ledger.entries
            if entry.path.lower() != GRAPH_REQUEST and "/oauth2/" not in entry.path
        }
        assert others == {"GET"}
    assert differences(collected(path), served(CONTOSO, found.manifest.tenant_id)) == []
    assert found.manifest.gaps == ()
    assert found.manifest.scopes_asked == ("/",)
    assert found.manifest.scopes_read[0] == "/"
    assert found.manifest.identity.type == "ServicePrincipal"
    assert found.manifest.cloud == "emulator"
    assert verify(path) == []


def test_ledger_adds_up(runs):
    with runs.emulator(CONTOSO, settings=Settings(page_size=3)) as azure:
        _, found = runs.collect(azure)
        asked = len(azure.ledger.select("/subscriptions/*", method="GET")) + len(
            azure.ledger.select(GRAPH_REQUEST)
        )
    manifest = found.manifest
    for table, recorded in manifest.tables.items():
        entries = [entry for entry in manifest.ledger if entry.table == table]
        rows = sum(entry.rows for entry in entries if table != "workspaces" or entry.scope != "/")
        if table in PER_SUBSCRIPTION:
            # What lies above subscriptions is in the list of each.
            assert rows >= recorded.rows, table
        else:
            # Descendants of a management group are counted with the subscriptions they name.
            assert rows == recorded.rows, table
        assert all(entry.total_records in {None, entry.rows} for entry in entries)
    assert sum(entry.pages for entry in manifest.ledger) <= asked


def test_random_faults_lose_nothing(runs):
    faults = [
        Fault(effect="status", status=429, retry_after=0, probability=0.08, path=ANY_READ),
        Fault(effect="status", status=500, probability=0.07, path=ANY_READ),
        Fault(effect="reset", probability=0.07, path=ANY_READ),
    ]
    source = CONTOSO
    with runs.emulator(source, faults=faults, settings=Settings(seed=2, page_size=4)) as azure:
        path, found = runs.collect(azure)
        statuses = azure.ledger.statuses()
        assert min(statuses[429], statuses[500], statuses[0]) > 5
        assert not azure.ledger.violations
    assert found.manifest.gaps == ()
    assert differences(collected(path), served(source, found.manifest.tenant_id)) == []


@pytest.mark.parametrize("effect", ["inserted", "removed"])
def test_rows_that_change_between_pages_are_read_again(runs, small, effect, monkeypatch):
    monkeypatch.setattr("scanner.collect.graph._PAGE", 10)
    source = small_estate()
    once = Fault(effect=effect, times=1, path=GRAPH_REQUEST, query="*networkinterfaces*")
    small.inject(once)
    path, found = runs.collect(small)
    assert found.manifest.gaps == ()
    assert differences(collected(path), served(source, found.manifest.tenant_id)) == []


@pytest.mark.parametrize(
    ("effect", "code"),
    [
        ("inserted", "ChangedWhileRead"),
        ("removed", "ChangedWhileRead"),
        ("shortPage", "CountMismatch"),
        ("repeatToken", "RepeatedToken"),
        ("lostToken", "ResultTruncated"),
    ],
)
def test_rows_that_never_add_up_are_a_gap(runs, small, effect, code, monkeypatch):
    monkeypatch.setattr("scanner.collect.graph._PAGE", 10)
    always = Fault(effect=effect, path=GRAPH_REQUEST, query="*networkinterfaces*")
    small.inject(always)
    _, found = runs.collect(small)
    assert len(small.ledger.select(GRAPH_REQUEST)) < 200
    manifest = found.manifest
    assert {(gap.table, gap.code) for gap in manifest.gaps} == {("networkInterfaces", code)}
    assert {gap.scope for gap in manifest.gaps} == {
        scope for scope in manifest.scopes_read if scope.startswith("/subscriptions/")
    }


def test_too_large_pages_are_halved(runs):
    settings = Settings(payload_limit=60_000)
    with runs.emulator(CONTOSO, settings=settings) as azure:
        path, found = runs.collect(azure)
        assert azure.ledger.select(GRAPH_REQUEST, status=400)
    assert found.manifest.gaps == ()
    assert differences(collected(path), served(CONTOSO, found.manifest.tenant_id)) == []


def test_a_refused_subscription_is_a_gap_of_everything(runs):
    reader = Principal(subscriptions=frozenset({DEV}))
    with runs.emulator(small_estate(), settings=Settings(principals=(reader,))) as azure:
        _, found = runs.collect(azure, asked=Asked(subscriptions=(DEV, PROD)))
    manifest = found.manifest
    assert ("*", PROD, "NotReturned") in gaps(manifest)
    assert f"/subscriptions/{PROD}" not in manifest.scopes_read
    assert "/" not in manifest.scopes_read
    assert manifest.scopes_asked == (f"/subscriptions/{PROD}", f"/subscriptions/{DEV}")


def test_a_refused_list_is_a_gap_with_its_permission(runs):
    reader = Principal(denied=("*/computes/read@*rg-fraud-prod",))
    source = small_estate()
    with runs.emulator(source, settings=Settings(principals=(reader,))) as azure:
        path, found = runs.collect(azure)
    [gap] = found.manifest.gaps
    assert (gap.table, gap.status, gap.code) == ("computes", 403, "AuthorizationFailed")
    assert gap.scope.endswith("/workspaces/mlw-fraud-prod")
    assert gap.permission == "Microsoft.MachineLearningServices/workspaces/computes/read"
    lines = served(source, found.manifest.tenant_id)
    lines["computes"] = [line for line in lines["computes"] if b"mlw-fraud-prod/" not in line]
    assert differences(collected(path), lines) == []


def test_refused_role_assignments_are_a_gap_everywhere(runs, small):
    refused = Fault(
        effect="status", status=403, path=GRAPH_REQUEST, query="*authorization/roleassignments*"
    )
    small.inject(refused)
    path, found = runs.collect(small)
    [gap] = found.manifest.gaps
    assert (gap.table, gap.scope, gap.status) == ("roleAssignments", "/", 403)
    assert gap.permission == "Microsoft.Authorization/roleAssignments/read"
    assert collected(path)["roleAssignments"] == []


@pytest.mark.parametrize(
    ("table", "operation"),
    [
        ("roleAssignments", "microsoft.authorization/roleassignments/read"),
        ("storageAccounts", "microsoft.storage/storageaccounts/read"),
    ],
)
def test_what_resource_graph_leaves_out_is_a_gap(runs, table, operation):
    reader = Principal(denied=(f"{operation}@*",))
    with runs.emulator(small_estate(), settings=Settings(principals=(reader,))) as azure:
        _, found = runs.collect(azure)
    refused = {(gap.table, gap.code, gap.permission.lower()) for gap in found.manifest.gaps}
    assert refused == {(table, "ReadNotAllowed", operation)}
    assert len(found.manifest.gaps) == found.manifest.tables["subscriptions"].rows


@pytest.mark.parametrize("status", [403, 404])
def test_a_refused_workspace_keeps_its_row_and_marks_what_it_lacks(runs, small, status):
    refused = Fault(effect="status", status=status, path="*/workspaces/mlw-exploration")
    small.inject(refused)
    path, found = runs.collect(small)
    [gap] = found.manifest.gaps
    assert (gap.table, gap.status) == ("workspaces", status)
    [row] = [line for line in collected(path)["workspaces"] if b'"mlw-exploration"' in line]
    assert b'{"$unread":true}' in row


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault(effect="foreignNextLink", path="*/datastores"), "ForeignNextLink"),
        (Fault(effect="foreignNextLink", path="*/computes"), "ForeignNextLink"),
        (Fault(effect="repeatToken", path="*/datastores"), "RepeatedNextLink"),
        (Fault(effect="garbage", path="*/datastores"), "BrokenBodyError"),
        (Fault(effect="truncate", path="*/computes"), "BrokenBodyError"),
        (Fault(effect="reset", path="*/computes"), "ServiceRequestError"),
        (Fault(effect="status", status=503, path="*/computes"), "ServiceUnavailable"),
    ],
)
def test_broken_lists_are_gaps(runs, small, fault, code):
    small.inject(fault)
    _, found = runs.collect(small, patience=Patience(attempts=3, first=0.001, most=0.01))
    assert not small.ledger.violations
    assert not [entry for entry in small.ledger.entries if entry.listener == "foreign"]
    table = fault.path.rpartition("/")[2]
    assert {(gap.table, gap.code) for gap in found.manifest.gaps} == {(table, code)}


def test_no_provider_is_registered(runs, small):
    asks = Fault(
        effect="status", status=409, code="MissingSubscriptionRegistration", path="*/computes"
    )
    small.inject(asks)
    _, found = runs.collect(small)
    assert not small.ledger.violations
    assert not small.ledger.select("*/register", method="POST")
    codes = {(gap.table, gap.code) for gap in found.manifest.gaps}
    assert codes == {("computes", "MissingSubscriptionRegistration")}


def test_nothing_to_read_says_why(runs):
    nobody = Principal(subscriptions=frozenset(), management_groups=False)
    with (
        runs.emulator(small_estate(), settings=Settings(principals=(nobody,))) as azure,
        pytest.raises(NothingReadError, match="cannot read anything") as caught,
    ):
        runs.collect(azure)
    assert caught.value.exit_code == 3
    assert "Reader" in caught.value.hint


@pytest.mark.parametrize("asked", [Asked(), Asked(subscriptions=(DEV,))])
def test_an_azure_that_does_not_answer_is_no_missing_permission(runs, small, asked):
    small.inject(Fault(effect="reset", path=ANY_READ))
    with pytest.raises(CollectError, match=r"cannot be listed|does not answer") as caught:
        runs.collect(small, asked=asked, patience=Patience(attempts=2, first=0.001, most=0.01))
    assert caught.value.exit_code == 1


def test_a_management_group_is_all_below_it(runs):
    with runs.emulator(CONTOSO) as azure:
        _, found = runs.collect(azure, asked=Asked(groups=("contoso-landing-zones",)))
    manifest = found.manifest
    assert manifest.gaps == ()
    assert manifest.tables["subscriptions"].rows == 4
    assert manifest.tables["managementGroups"].rows == 3
    assert "/" not in manifest.scopes_read


def test_shards_merge_to_the_records_of_one_run(runs):
    with runs.emulator(CONTOSO) as azure:
        whole, _ = runs.collect(azure)
        parts = [runs.collect(azure, shard=Shard(index, 3))[0] for index in (1, 2, 3)]
        target = runs.output()
        merged = merge_snapshots(parts, target)
    assert differences(collected(target), collected(whole)) == []
    assert merged.gaps == ()
    assert len(merged.ledger) > 50
    with open_snapshot(whole) as one:
        assert merged.scopes_asked == one.manifest.scopes_asked == ("/",)
        assert set(merged.scopes_read) == set(one.manifest.scopes_read)
        assert "/" in merged.scopes_read
    for count in (1, 2):
        assert "/" not in merge_snapshots(parts[:count], runs.output()).scopes_read


def test_shards_without_a_subscription_take_nothing_away(runs, small):
    parts = [runs.collect(small, shard=Shard(index, 7)) for index in range(1, 8)]
    assert any(not found.manifest.tables["subscriptions"].rows for _, found in parts)
    target = runs.output()
    merged = merge_snapshots([path for path, _ in parts], target)
    assert "/" in merged.scopes_read
    assert merged.gaps == ()
    whole, _ = runs.collect(small)
    assert differences(collected(target), collected(whole)) == []


@pytest.mark.parametrize("hidden", [PROD, EXPLORATION])
def test_shards_that_found_other_subscriptions_are_not_everything(runs, hidden):
    """A subscription that came or went between the runs of two shards may be in neither."""
    others = frozenset({PROD, DEV, EXPLORATION} - {hidden})
    some, every = Principal(subscriptions=others), Principal(client_id=OTHER)
    settings = Settings(principals=(some, every))
    with runs.emulator(small_estate(), settings=settings) as azure:
        one, _ = runs.collect(azure, shard=Shard(1, 2))
        runs.sign_in({"AZURE_CLIENT_ID": every.client_id})
        two, _ = runs.collect(azure, shard=Shard(2, 2))
    assert "/" not in merge_snapshots([one, two], runs.output()).scopes_read


def test_an_excluded_subscription_is_not_read_and_nothing_is_said_of_it(runs, small):
    path, found = runs.collect(small, asked=Asked.of([], [], [PROD.upper()]))
    manifest = found.manifest
    assert manifest.gaps == ()
    assert "/" not in manifest.scopes_read
    assert f"/subscriptions/{PROD}" not in manifest.scopes_read
    records = [line for lines in collected(path).values() for line in lines]
    assert records
    ids = b"".join(line.lower() for line in collected(path)["subscriptions"])
    assert PROD.encode() not in ids
    assert not small.ledger.select(f"/subscriptions/{PROD}*")
    assert "without 1 that the config excludes" in runs.told.lines[0]
    with pytest.raises(NothingReadError, match="but what is excluded"):
        runs.collect(small, asked=Asked.of([], [PROD], [PROD]))


def test_the_deadline_ends_in_gaps(runs, small):
    slow = Fault(effect="slow", seconds=30.0, path="*/computes")
    small.inject(slow)
    path, found = runs.collect(small, deadline=4.0)
    codes = {gap.code for gap in found.manifest.gaps}
    assert codes == {"DeadlineExceeded"}
    assert "computes" in {gap.table for gap in found.manifest.gaps}
    assert verify(path) == []


def test_a_wrong_secret_ends_the_run(runs, monkeypatch):
    with runs.emulator(small_estate()) as azure:
        monkeypatch.setenv("AZURE_CLIENT_SECRET", "wrong")
        with pytest.raises(CollectError, match=r"signing in failed: .*Invalid client secret"):
            runs.collect(azure)


def test_an_output_that_is_taken_is_refused_before_anything_is_read(runs, tmp_path):
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").write_text("x")
    with runs.emulator(small_estate()) as azure:
        with pytest.raises(ScannerError, match="not empty"):
            runs.collect(azure, output=tmp_path / "taken")
        assert azure.ledger.entries == ()


def test_managed_identity(runs):
    with runs.emulator(small_estate()) as azure:
        runs.sign_in(azure.managed_identity)
        _, found = runs.collect(azure, credential="managed-identity")
    assert found.manifest.gaps == ()
