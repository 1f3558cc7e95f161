"""Rows that Resource Graph keeps to itself, and how that is found out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.emulator import Fault, Principal, Role, Settings
from scanner.collect.credential import identity_of
from scanner.collect.operations import GRAPH_PERMISSIONS, LISTED_PER, SCOPED
from scanner.collect.permissions import CHECKED, DENIED, NOT_ALLOWED, Permission, lacking
from scanner.inventory.coverage import Coverage
from scanner.snapshot import open_snapshot
from tests.collect.conftest import collected, small_estate
from tests.collect.test_resume import interrupted

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

PROD = "/subscriptions/27d3be81-b75a-5eb9-a374-eb5717f1baac"
DEV = "/subscriptions/5f58b8d8-32ab-5313-91c7-01fe79c292b2"
EXPLORATION = "/subscriptions/ce384e7d-4637-5ad6-998c-4011581ebbe5"
STORAGE = "Microsoft.Storage/storageAccounts/read"
ASKED = "*/providers/microsoft.authorization/permissions"
NEVER_ASKED = {table for tables in LISTED_PER.values() for table in tables}
EVERYBODY = {"id": "00000000-0000-0000-0000-000000000000", "type": "SystemDefined"}
ME = Principal()


def collect_as(runs, source, *roles, **more):
    reader = Principal(roles=roles, **more)
    with runs.emulator(source, settings=Settings(principals=(reader,))) as azure:
        path, found = runs.collect(azure)
        asked = [entry.path.lower() for entry in azure.ledger.select(ASKED)]
        assert not azure.ledger.violations
    return path, found.manifest, asked


def scopes_of(manifest, table):
    return {gap.scope.lower() for gap in manifest.gaps if gap.table == table}


def groups_of(source, subscription):
    ids = {record["id"].lower() for table, record in source if table == "resourceGroups"}
    return {each for each in ids if each.startswith(f"{subscription}/")}


def names(path, table):
    return b" ".join(collected(path)[table]).decode().lower()


def test_a_reader_of_everything_is_asked_about_once_per_subscription(runs, small):
    _, found = runs.collect(small)
    assert found.manifest.gaps == ()
    subscriptions = found.manifest.tables["subscriptions"].rows
    assert len(small.ledger.select(ASKED)) == subscriptions


def test_a_reader_of_one_group_does_not_know_what_else_there_is(runs):
    group = f"{PROD}/resourcegroups/rg-fraud-prod"
    path, manifest, asked = collect_as(runs, small_estate(), Role(scope=group.upper()))
    assert "mlw-fraud-prod" in names(path, "workspaces")
    openly = {"denyAssignments", "roleEligibilityScheduleInstances"}
    assert {gap.table for gap in manifest.gaps if gap.scope == PROD} == openly | set(CHECKED)
    assert {gap.code for gap in manifest.gaps if gap.scope == PROD} == {"AuthorizationFailed"}
    assert asked == [f"{PROD}/providers/microsoft.authorization/permissions"]
    assert "/" not in manifest.scopes_read


def test_a_read_that_no_role_allows_costs_no_more_requests(runs):
    reader = Role(not_actions=("microsoft.STORAGE/*",))
    path, manifest, asked = collect_as(runs, small_estate(), reader)
    assert collected(path)["storageAccounts"] == []
    assert {(gap.table, gap.code, gap.permission) for gap in manifest.gaps} == {
        ("storageAccounts", NOT_ALLOWED, STORAGE)
    }
    assert len(asked) == len(manifest.gaps) == manifest.tables["subscriptions"].rows


def test_a_read_that_is_allowed_in_some_groups_is_a_gap_in_the_others(runs):
    source = small_estate()
    most = Role(not_actions=(STORAGE, "Microsoft.Authorization/roleAssignments/read"))
    group = f"{PROD}/resourcegroups/rg-fraud-prod"
    path, manifest, asked = collect_as(runs, source, most, Role(scope=group))
    assert collected(path)["storageAccounts"]
    others = groups_of(source, PROD) - {group}
    assert scopes_of(manifest, "storageAccounts") == others | {DEV, EXPLORATION, *rest(manifest)}
    # What is assigned above the group counts in it, so that is missing in all of the subscription.
    assert PROD in scopes_of(manifest, "roleAssignments")
    subscriptions = manifest.tables["subscriptions"].rows
    assert len(asked) == subscriptions + len(groups_of(source, PROD))


def rest(manifest):
    known = {scope for scope in manifest.scopes_read if scope.startswith("/subscriptions/")}
    return known - {PROD, DEV, EXPLORATION}


def test_lists_of_workspaces_that_are_not_seen_are_gaps_and_those_of_others_are_not(runs):
    workspaces = GRAPH_PERMISSIONS["workspaces"]
    reader = (Role(not_actions=(workspaces,)), Role(scope=DEV))
    path, _, _ = collect_as(runs, small_estate(), *reader)
    with open_snapshot(path) as snapshot:
        coverage = Coverage(snapshot.manifest)
    assert "mlw-churn-dev" in names(path, "workspaces")
    seen = f"{DEV}/resourceGroups/rg-churn-dev/providers/{workspaces[:-5]}/mlw-churn-dev"
    assert coverage.has_all("computes", seen)
    assert coverage.has_all("computes", DEV)
    assert not coverage.has_all("computes", PROD)
    assert not coverage.has_everything("computes")
    assert coverage.has_everything("storageAccounts")


def test_roles_add_up(runs):
    one = Role(not_actions=(STORAGE,))
    other = Role(scope=DEV, actions=("microsoft.storage/*/READ",))
    _, manifest, _ = collect_as(runs, small_estate(), one, other)
    assert DEV not in scopes_of(manifest, "storageAccounts")
    assert PROD in scopes_of(manifest, "storageAccounts")


@pytest.mark.parametrize("status", [403, 500])
def test_permissions_that_cannot_be_read_are_gaps_of_all_that_may_be_hidden(runs, small, status):
    small.inject(Fault(effect="status", status=status, path=f"{PROD}{ASKED[1:]}"))
    _, found = runs.collect(small)
    at = {(gap.table, gap.scope, gap.status) for gap in found.manifest.gaps}
    assert {each for each in at if each[1] == PROD} == {(table, PROD, status) for table in CHECKED}
    never = {(table, scope) for table, scope, _ in at if scope != PROD}
    assert {table for table, _ in never} == NEVER_ASKED
    assert {scope for _, scope in never} == {
        f"{PROD}/providers/Microsoft.MachineLearningServices/workspaces",
        f"{PROD}/providers/Microsoft.Network/privateEndpoints",
    }
    assert ("computes", f"{PROD}/providers/Microsoft.MachineLearningServices/workspaces") in never


@pytest.mark.parametrize(
    "body", [[{"actions": "*/read"}], [{"actions": None}], ["*/read"], [{}], []]
)
def test_what_is_no_permission_allows_nothing(runs, small, body, monkeypatch):
    monkeypatch.setattr("fixtures.emulator.access.Access.permissions", lambda *_: body)
    _, found = runs.collect(small)
    assert {gap.table for gap in found.manifest.gaps} == {*CHECKED, *NEVER_ASKED}


def test_groups_whose_permissions_cannot_be_read_are_gaps(runs):
    source = small_estate()
    group = f"{PROD}/resourcegroups/rg-fraud-prod"
    reader = Principal(roles=(Role(not_actions=(STORAGE,)), Role(scope=group)))
    failing = Fault(effect="status", status=503, path=f"{group}/providers/*permissions")
    with runs.emulator(source, settings=Settings(principals=(reader,)), faults=[failing]) as azure:
        output = interrupted(runs, azure, 110)
        azure.inject()
        _, found = runs.collect(azure, output=output, resume=True)
        assert group not in scopes_of(found.manifest, "storageAccounts")
        azure.inject(failing)
        _, found = runs.collect(azure)
        assert group in scopes_of(found.manifest, "storageAccounts")


def denial(scope, principals, *, excluded=(), actions=("*",), not_actions=()):
    arm_id = f"{scope}/providers/Microsoft.Authorization/denyAssignments/d"
    properties = {
        "denyAssignmentName": "d",
        "scope": scope,
        "principals": list(principals),
        "excludePrincipals": list(excluded),
        "permissions": [{"actions": list(actions), "notActions": list(not_actions)}],
    }
    kind = "Microsoft.Authorization/denyAssignments"
    return "denyAssignments", {"id": arm_id, "name": "d", "type": kind, "properties": properties}


MYSELF = {"id": ME.object_id.upper(), "type": "ServicePrincipal"}
OTHERS = {"id": "0b1f6f43-44f7-4a8e-8b3b-6d7f1c9a2e55", "type": "ServicePrincipal"}
GROUP = {"id": "0b1f6f43-44f7-4a8e-8b3b-6d7f1c9a2e56", "type": "Group"}


@pytest.mark.parametrize(
    ("principals", "more", "hides"),
    [
        ([EVERYBODY], {}, True),
        ([MYSELF], {}, True),
        ([GROUP], {}, True),
        ([OTHERS], {}, False),
        ([EVERYBODY], {"excluded": [MYSELF]}, False),
        ([EVERYBODY], {"excluded": [OTHERS]}, True),
        ([EVERYBODY], {"not_actions": ["*/read"]}, False),
        ([EVERYBODY], {"actions": ["Microsoft.Storage/*/write"]}, False),
    ],
)
def test_a_deny_assignment_may_hide_rows(runs, principals, more, hides):
    group = f"{PROD}/resourceGroups/rg-fraud-prod"
    source = [*small_estate(), denial(group, principals, **more)]
    denied = (f"{STORAGE}@{group.lower()}/*",) if hides else ()
    _, manifest, _ = collect_as(runs, source, Role(), denied=denied)
    # Where it hides the only row of a subscription, Resource Manager tells of it as well.
    found = {gap.table for gap in manifest.gaps if gap.code != "NotIndexed"}
    assert found == ({*CHECKED, *NEVER_ASKED} if hides else set())
    assert all(gap.scope.startswith(group) for gap in manifest.gaps if gap.code == DENIED)
    assert {gap.code for gap in manifest.gaps} <= {DENIED, "NotIndexed"}


@pytest.mark.parametrize(
    "properties", [None, {}, {"permissions": None, "principals": []}, {"principals": ["x"]}, "x"]
)
def test_a_deny_assignment_that_cannot_be_understood_may_hide_all(runs, properties):
    group = f"{PROD}/resourceGroups/rg-fraud-prod"
    table, record = denial(group, [OTHERS])
    source = [*small_estate(), (table, {**record, "properties": properties})]
    _, manifest, _ = collect_as(runs, source, Role())
    assert {gap.table for gap in manifest.gaps if gap.scope == group} == set(CHECKED)


def test_an_empty_list_may_be_null(runs, small, monkeypatch):
    body = [{"actions": ["*/read"], "notActions": None, "dataActions": None, "condition": None}]
    monkeypatch.setattr("fixtures.emulator.access.Access.permissions", lambda *_: body)
    _, found = runs.collect(small)
    assert found.manifest.gaps == ()


def test_a_deny_assignment_above_subscriptions_holds_in_all_of_them(runs):
    group = "/providers/Microsoft.Management/managementGroups/contoso"
    source = [*small_estate(), denial(group, [EVERYBODY], actions=[STORAGE])]
    _, manifest, _ = collect_as(runs, source, Role())
    assert {(gap.table, gap.code) for gap in manifest.gaps} == {("storageAccounts", DENIED)}
    read = {scope for scope in manifest.scopes_read if scope.startswith("/subscriptions/")}
    assert scopes_of(manifest, "storageAccounts") == read


def collect_with(runs, source, roles, *faults):
    settings = Settings(principals=(Principal(roles=roles),))
    with runs.emulator(source, settings=settings, faults=faults) as azure:
        path, found = runs.collect(azure)
    return path, found.manifest


@pytest.mark.parametrize("status", [200, 400, 500])
def test_groups_that_are_not_all_known_settle_nothing(runs, status):
    group = f"{PROD}/resourcegroups/rg-fraud-prod"
    source = [*small_estate()]
    faults = [Fault(effect="status", status=status, query="*subscriptions/resourcegroups*")]
    if status == 200:
        hidden = GRAPH_PERMISSIONS["resourceGroups"]
        source.append(denial(f"{PROD}/resourceGroups/rg-hub-prod", [EVERYBODY], actions=[hidden]))
        faults = []
    roles = (Role(not_actions=(STORAGE,)), Role(scope=group))
    path, manifest = collect_with(runs, source, roles, *faults)
    assert collected(path)["storageAccounts"]
    assert PROD in scopes_of(manifest, "storageAccounts")


@pytest.mark.parametrize("status", [403, 500])
def test_deny_assignments_that_cannot_be_listed_may_hide_anything(runs, status):
    listed = f"{PROD}/providers/microsoft.authorization/denyassignments"
    fault = Fault(effect="status", status=status, path=listed)
    _, manifest = collect_with(runs, small_estate(), (Role(),), fault)
    at = [gap for gap in manifest.gaps if gap.scope == PROD and gap.code == DENIED]
    assert [gap.table for gap in at] == list(CHECKED)
    assert {gap.permission for gap in at} == {"Microsoft.Authorization/denyAssignments/read"}
    assert DEV not in {gap.scope for gap in manifest.gaps}


@pytest.mark.parametrize("token", ["opaque", "a.e30.c"])
def test_a_deny_assignment_may_be_about_an_identity_that_is_not_known(runs, token, monkeypatch):
    group = f"{PROD}/resourceGroups/rg-fraud-prod"
    monkeypatch.setattr("scanner.collect.run.identity_of", lambda _: identity_of(token))
    source = [*small_estate(), denial(group, [MYSELF], actions=[STORAGE])]
    _, manifest = collect_with(runs, source, (Role(),))
    assert manifest.identity.object_id == ""
    assert scopes_of(manifest, "storageAccounts") == {group.lower()}


def test_what_was_short_is_looked_into_again_when_a_run_goes_on(runs):
    group = f"{PROD}/resourceGroups/rg-fraud-prod"
    listed = f"{PROD}/providers/microsoft.authorization/denyassignments"
    source = [*small_estate(), denial(group, [EVERYBODY], actions=[STORAGE])]
    failing = Fault(effect="status", status=503, path=listed)
    with runs.emulator(source, faults=[failing]) as azure:
        output = interrupted(runs, azure, 110)
        azure.inject()
        _, found = runs.collect(azure, output=output, resume=True)
    assert {(gap.table, gap.scope) for gap in found.manifest.gaps} == {("storageAccounts", group)}


def test_every_table_that_lies_in_subscriptions_is_checked():
    assert set(CHECKED) == GRAPH_PERMISSIONS.keys() - {"subscriptions", "managementGroups"}
    assert set(CHECKED) > SCOPED


@given(st.text("abAB*./-", max_size=8), st.text("abAB./-", max_size=8))
def test_wildcards_are_the_only_patterns(pattern, operation):
    covered = Permission((pattern,)).covers(operation)
    assert Permission((pattern.swapcase(),)).covers(operation) == covered
    if "*" not in pattern:
        assert covered == (pattern.lower() == operation.lower())
    assert Permission(("*",)).covers(operation)
    assert not Permission(("*",), (pattern, "*")).covers(operation)


def test_no_permission_lacks_everything():
    assert lacking([], CHECKED) == list(CHECKED)
    assert lacking([Permission(("*/read",))], CHECKED) == []
