"""What role assignments come to at a workspace: hand-made grants, each with the reason."""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

import pytest

from scanner.inventory.access.capabilities import CAPABILITIES
from tests.inventory.access.world import (
    BLOB_CONTRIBUTOR,
    BLOB_DELEGATOR,
    BLOB_OWNER,
    BLOB_READER,
    COMPUTE_OPERATOR,
    CONTRIBUTOR,
    DATA_SCIENTIST,
    GROUP,
    MG,
    ML,
    OTHER_MG,
    OWNER,
    RBAC_ADMIN,
    READER,
    REGISTRY,
    ROOT,
    SOMEBODY,
    STORAGE,
    SUB,
    USER_ACCESS,
    VAULT,
    WORKSPACE,
    WS,
    denied,
    eligible,
    given,
    role,
    role_guid,
    role_of,
    world,
)
from tests.inventory.records import UNREAD, facts, subscription

EVERYTHING = [name for name in CAPABILITIES if name != "createResourceGroup"]
NO_ACCESS = [name for name in EVERYTHING if name != "manageAccess"]
DATA = ["readData", "writeData"]
WORK = ["useCompute", "runJobs", "manageAssets", "deployModels", "readSecrets", "read"]
AT_WORKSPACE = ["deleteWorkspace", "manageNetwork", "manageCompute", *WORK]
NONE: list[str] = []


class Case(NamedTuple):
    name: str
    records: tuple[Any, ...]
    """The assignment that is looked at first."""
    can: Any
    reason: str
    more: Any = None
    """Other fields of the grant."""


def custom(name: str, *actions: str, scope: str = WS, **more: Any) -> tuple[Any, Any]:
    return given(scope, role_guid(name)), role(name, *actions, **more)


def blob(name: str) -> str:
    return f"Microsoft.Storage/storageAccounts/blobServices/containers/blobs/{name}"


CONSTRAINED = (
    "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR "
    "(@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] "
    "ForAnyOfAnyValues:GuidEquals {acdd72a7-3385-48ef-bd42-f606fba81ae7}))"
)
KEYS_OFF = {**STORAGE, "properties": {"allowSharedKeyAccess": False}}
BARE = copy.deepcopy(WORKSPACE)
BARE["properties"] = {}
WHOLE = f"{ML}/workspaces/*"

CASES = (
    Case("owner-at-group", (given(GROUP, OWNER),), EVERYTHING, "a wildcard covers every operation"),
    Case(
        "owner-at-workspace",
        (given(WS, OWNER),),
        ["manageAccess", *AT_WORKSPACE],
        "workspaces are made in the group, and its data lies beside the workspace",
        {"inherited": False, "scopeLevel": "workspace", "roleName": "Owner"},
    ),
    Case(
        "contributor",
        (given(GROUP, CONTRIBUTOR),),
        NO_ACCESS,
        "notActions take Microsoft.Authorization/*/Write away",
        {"inherited": True, "scopeLevel": "resourceGroup", "unboundedWildcard": True},
    ),
    Case("reader", (given(SUB, READER),), ["read"], "*/read reaches any depth, and no secrets"),
    Case(
        "data-scientist",
        (given(WS, DATA_SCIENTIST),),
        ["manageNetwork", *WORK],
        "computes/*/write covers computes/write; managed network rules stay allowed",
        {"persona": "dataScientist"},
    ),
    Case(
        "compute-operator",
        (given(WS, COMPUTE_OPERATOR),),
        ["manageCompute", "useCompute", "readSecrets"],
        "computes/* holds listKeys too, and no workspaces/read",
    ),
    Case(
        "user-access-administrator",
        (given(MG, USER_ACCESS),),
        ["manageAccess", "read"],
        "gives access to others and hence to itself",
        {"scopeLevel": "managementGroup"},
    ),
    Case(
        "at-the-root", (given(ROOT, OWNER),), EVERYTHING, "/ is above all", {"scopeLevel": "root"}
    ),
    Case("whole-segment", custom("seg", f"{ML}/workspaces/*/read"), ["read"], "/*/ may be nothing"),
    Case("no-wildcard", custom("plain", f"{ML}/workspaces"), NONE, "no pattern is implied"),
    Case("trailing-slash", custom("slash", f"{ML}/workspaces/"), NONE, "no pattern is implied"),
    Case(
        "casing", custom("case", f"{ML.upper()}/WORKSPACES/COMPUTES/WRITE"), ["manageCompute"], ""
    ),
    Case(
        "not-actions",
        custom("less", WHOLE, but=[f"{ML}/workspaces/jobs/*", f"{ML}/workspaces/*/delete"]),
        [name for name in AT_WORKSPACE if name != "deleteWorkspace"],
        "workspaces/*/delete covers workspaces/delete; schedules still run jobs",
        {"unboundedWildcard": False},
    ),
    Case(
        "not-actions-of-one-block-only",
        (
            given(WS, role_guid("two")),
            role_of(
                "two",
                {"actions": [f"{ML}/workspaces/read"], "notActions": ["*"]},
                {"actions": [f"{ML}/workspaces/computes/write"]},
            ),
        ),
        ["manageCompute"],
        "what one permission block takes away another still gives",
    ),
    Case(
        "actions-are-not-data-actions",
        custom("plane", "Microsoft.Storage/storageAccounts/blobServices/*", scope=GROUP),
        NONE,
        "actions never give a data operation",
    ),
    Case(
        "data-actions-are-not-actions",
        custom("data", scope=GROUP, data=[f"{ML}/*"]),
        NONE,
        "every operation of machine learning is an action",
    ),
    Case(
        "data-actions-of-all",
        custom("all data", scope=GROUP, data=["*"]),
        ["readSecrets", *DATA],
        "* of data actions reads blobs and the vault's secrets",
    ),
    Case(
        "not-data-actions",
        custom("add", scope=GROUP, data=[blob("*")], notDataActions=[blob("read")]),
        ["writeData"],
        "notDataActions take reading away",
    ),
    Case(
        "blob-contributor-at-account",
        (given(STORAGE["id"], BLOB_CONTRIBUTOR),),
        DATA,
        "given beside the workspace, for what it depends on",
        {"covers": False, "inherited": False, "scopeLevel": "storageAccount"},
    ),
    Case(
        "blob-reader-at-container",
        (given(f"{STORAGE['id']}/blobServices/default/containers/c", BLOB_READER),),
        ["readData"],
        "the data of a container is the account's",
        {"covers": False, "scopeLevel": "resource"},
    ),
    Case(
        "keys-of-the-account",
        custom("keys", "Microsoft.Storage/storageAccounts/listKeys/action", scope=GROUP),
        ["readSecrets", *DATA],
        "a key opens all data",
    ),
    Case(
        "keys-switched-off",
        (
            *custom("keys", "Microsoft.Storage/storageAccounts/listKeys/action", scope=GROUP),
            KEYS_OFF,
        ),
        NONE,
        "shared keys are off",
    ),
    Case(
        "no-storage-account",
        (given(GROUP, BLOB_OWNER), BARE),
        NONE,
        "the workspace has no storage account",
    ),
    Case(
        "conditional",
        (given(GROUP, BLOB_READER, condition="@Resource[…] StringEquals 'a'"),),
        ["readData"],
        "a condition without ActionMatches limits everything",
        {"conditional": True, "limited": ["readData"]},
    ),
    Case(
        "constrained-delegation",
        (given(GROUP, OWNER, condition=CONSTRAINED),),
        EVERYTHING,
        "only writing role assignments is limited, but there are other ways to give access",
        {"conditional": True, "limited": []},
    ),
    Case(
        "constrained-administrator",
        (given(GROUP, RBAC_ADMIN, condition=CONSTRAINED),),
        ["manageAccess", "read"],
        "all that it gives access with is limited",
        {"conditional": True, "limited": ["manageAccess"]},
    ),
    Case(
        "eligible",
        (eligible(GROUP, OWNER),),
        EVERYTHING,
        "what it gives once it is activated",
        {"eligible": True, "principalType": "User"},
    ),
    Case(
        "denied",
        (given(GROUP, CONTRIBUTOR), denied(GROUP, f"{ML}/workspaces/delete", "*/delete")),
        [name for name in NO_ACCESS if name != "deleteWorkspace"],
        "deny assignments win over any role",
        {"denied": ["deleteWorkspace"]},
    ),
    Case(
        "denied-at-its-scope-only",
        (
            given(GROUP, CONTRIBUTOR),
            denied(GROUP, "*", doNotApplyToChildScopes=True),
        ),
        [name for name in NO_ACCESS if name != "createWorkspace"],
        "only what is evaluated at the group itself is refused",
    ),
    Case(
        "denied-in-audit",
        (given(WS, READER), denied(GROUP, "*", denyAssignmentEffect="audit")),
        ["read"],
        "an audit deny assignment refuses nothing",
    ),
    Case(
        "excused-from-denial",
        (
            given(WS, READER, kind="ServicePrincipal"),
            denied(GROUP, "*", excludePrincipals=[{"id": SOMEBODY, "type": "ServicePrincipal"}]),
        ),
        ["read"],
        "excludePrincipals takes it out",
    ),
    Case(
        "group-may-hold-the-excused",
        (
            given(WS, READER),
            denied(GROUP, "*", excludePrincipals=[{"id": "other", "type": "User"}]),
        ),
        [UNREAD],
        "nobody knows whether the excused user is in the group",
    ),
    Case(
        "orphaned",
        (given(WS, OWNER, kind="Unknown"),),
        NONE,
        "the principal does not exist any more",
        {"orphaned": True},
    ),
    Case("unknown-role", (given(WS, role_guid("?")),), [UNREAD], "nobody knows what it allows"),
    Case("signs-only", (given(GROUP, BLOB_DELEGATOR),), NONE, "its SAS reaches no further than it"),
    Case(
        "registry-credentials",
        (given(REGISTRY["id"], OWNER),),
        ["readSecrets"],
        "the admin user's password",
        {"covers": False},
    ),
    Case("vault-secrets", custom("s", scope=VAULT["id"], data=["*"]), ["readSecrets"], ""),
)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_case(case):
    [grant, *_] = facts(world(*case.records), WORKSPACE, "access")
    assert grant["can"] == case.can, case.reason
    more = case.more or {}
    assert {name: grant.get(name) for name in more} == more


class TestScopes:
    @pytest.mark.parametrize(
        "scope",
        [
            f"{GROUP}-prod",
            f"{WS}-prod",
            OTHER_MG,
            f"{WS}/onlineEndpoints/score",
            "/subscriptions/22222222-0000-0000-0000-000000000002",
        ],
    )
    def test_beside_or_below_gives_nothing(self, scope):
        assert facts(world(given(scope, OWNER)), WORKSPACE, "access") == []

    @pytest.mark.parametrize("scope", [WS.upper(), f"{GROUP}/", SUB.lower(), MG.upper()])
    def test_casing_and_trailing_slash(self, scope):
        [grant] = facts(world(given(scope, READER)), WORKSPACE, "access")
        assert grant["can"] == ["read"]
        assert grant["scope"] == scope

    def test_of_the_id_where_the_property_is_absent(self):
        assignment = given(GROUP, READER)
        del assignment["properties"]["scope"]
        [grant] = facts(world(assignment), WORKSPACE, "access")
        assert grant["scopeLevel"] == "resourceGroup"


class TestManagementGroups:
    TENANT = MG.replace("contoso", "tenant")

    def group(self, parent):
        details = {"parent": {"id": parent}}
        kind = "Microsoft.Management/managementGroups"
        return {"id": MG, "name": "contoso", "type": kind, "properties": {"details": details}}

    def access(self, *records):
        known = subscription(chain=("contoso",))
        return facts(world(known, given(self.TENANT, READER), *records), WORKSPACE, "access")

    def test_chain_goes_on_by_their_own_records(self):
        [grant] = self.access(self.group(self.TENANT))
        assert grant["scopeLevel"] == "managementGroup"

    def test_that_are_not_above(self):
        assert self.access(self.group(None)) == []
        assert self.access() == []

    def test_parent_not_read(self):
        assert self.access(self.group(UNREAD)) == [UNREAD]

    def test_in_a_circle(self):
        assert self.access(self.group(MG)) == []


class TestUnread:
    @pytest.mark.parametrize(
        ("fact", "table", "found"),
        [
            ("access", "roleAssignments", [UNREAD]),
            ("access", "roleEligibilityScheduleInstances", [UNREAD]),
            ("activeAccess", "roleEligibilityScheduleInstances", []),
            ("activeAccess", "roleAssignments", [UNREAD]),
        ],
    )
    def test_tables(self, fact, table, found):
        assert facts(world(unread=[table]), WORKSPACE, fact) == found

    def test_deny_assignments(self):
        [grant] = facts(world(given(WS, READER), unread=["denyAssignments"]), WORKSPACE, "access")
        assert grant["can"] == [UNREAD]

    def test_chain_matters_only_where_something_is_assigned_above(self):
        blind = subscription()
        blind["properties"] = {}
        assert facts(world(blind), WORKSPACE, "access") == []
        assert facts(world(blind, given(MG, READER)), WORKSPACE, "access") == [UNREAD]

    def test_storage_id(self):
        blind = copy.deepcopy(WORKSPACE)
        blind["properties"]["storageAccount"] = UNREAD
        [grant, rest] = facts(world(blind, given(GROUP, BLOB_READER)), WORKSPACE, "access")
        assert (grant["can"], rest) == ([UNREAD], UNREAD)

    def test_whether_keys_are_off(self):
        blind = {**STORAGE, "properties": {"allowSharedKeyAccess": UNREAD}}
        keys = custom("keys", "Microsoft.Storage/storageAccounts/listKeys/action", scope=GROUP)
        [grant] = facts(world(blind, *keys), WORKSPACE, "access")
        assert grant["can"] == [UNREAD]

    @pytest.mark.parametrize("name", ["actions", "notActions"])
    def test_part_of_a_role(self, name):
        part, definition = custom("part", f"{ML}/workspaces/read")
        definition["properties"]["permissions"][0][name] = UNREAD
        [grant] = facts(world(part, definition), WORKSPACE, "access")
        assert grant["can"] == [UNREAD]


class TestOtherPlaces:
    def test_storage_account(self):
        of = world(given(GROUP, CONTRIBUTOR), given(WS, OWNER), given(STORAGE["id"], BLOB_READER))
        found = [(one["roleName"], one["can"]) for one in facts(of, STORAGE, "access")]
        assert found == [
            ("Storage Blob Data Reader", ["readData"]),
            ("Contributor", ["readSecrets", *DATA]),
        ]

    def test_subscription(self):
        of = world(given(SUB, CONTRIBUTOR), given(GROUP, OWNER))
        [grant] = facts(of, subscription(), "access")
        assert grant["can"] == ["createResourceGroup"]
        assert grant["inherited"] is False
