from __future__ import annotations

import json

import pytest

from scanner.inventory.access import capabilities
from scanner.inventory.access.capabilities import ALL, CAPABILITIES, HOLDS, LINES, NEEDS, names
from scanner.inventory.access.roles import built_in, built_in_guids
from tests.conftest import ROOT
from tests.inventory.access.world import ML, configured, given, role, role_guid, role_of, world
from tests.inventory.records import UNREAD, facts

REFERENCE = ROOT.parent / "shared" / "reference"
ALL_BUT_ACCESS = tuple(name for name in CAPABILITIES if name != "manageAccess")


class TestTable:
    def test_every_line_has_a_known_source(self):
        data = capabilities.load("capabilities.json")
        for entry in data["capabilities"].values():
            for line in entry["operations"]:
                assert line["sources"], line
                assert set(line["sources"]) <= set(data["sources"]), line
            assert set(entry.get("needsSources", ())) <= set(data["sources"])

    def test_every_capability_can_be_held(self):
        assert all(HOLDS.values())
        assert names(ALL) == CAPABILITIES

    def test_needs_are_operations_of_the_table(self):
        assert all(need for needs in NEEDS.values() for need in needs)

    def test_the_schema_of_the_config_has_the_same_words(self):
        schema = json.loads((ROOT / "scanner/schemas/config.schema.json").read_text())
        assert schema["$defs"]["capabilities"]["items"]["enum"] == ["*", *CAPABILITIES]

    def test_operations_are_azures(self):
        file = REFERENCE / "rbac-operations.json"
        if not file.exists():
            pytest.skip("the reference is not next to the checkout")
        known = {name.lower() for name in json.loads(file.read_text())["operationList"]}
        known |= {
            name.lower() for name in json.loads(file.read_text())["machineLearningOperations"]
        }
        used = {line.operation.lower() for line in LINES}
        assert {name for name in used if name not in known and f"data:{name}" not in known} == set()


class TestBuiltIn:
    @pytest.mark.parametrize(
        ("name", "can"),
        [
            ("Owner", CAPABILITIES),
            ("Contributor", ALL_BUT_ACCESS),
            ("Reader", ("read",)),
            ("User Access Administrator", ("manageAccess", "read")),
            (
                "AzureML Data Scientist",
                (
                    "manageNetwork",
                    "useCompute",
                    "runJobs",
                    "manageAssets",
                    "deployModels",
                    "readSecrets",
                    "read",
                ),
            ),
            ("AzureML Compute Operator", ("manageCompute", "useCompute", "readSecrets")),
            ("Storage Blob Data Owner", ("readData", "writeData")),
            ("Storage Blob Data Contributor", ("readData", "writeData")),
            ("Storage Blob Data Reader", ("readData",)),
            ("Storage Blob Delegator", ()),
            ("Storage Account Contributor", ("readSecrets", "readData", "writeData")),
            ("Key Vault Secrets User", ("readSecrets",)),
            ("AcrPull", ()),
        ],
    )
    def test_can(self, name, can):
        role = built_in(built_in_guids()[name.lower()])
        assert role is not None
        assert names(role.sure) == can
        assert role.sure == role.maybe
        assert role.name == name

    def test_owner_and_contributor_are_unbounded(self):
        unbounded = {
            role.name
            for guid in built_in_guids().values()
            if (role := built_in(guid)) is not None and role.unbounded
        }
        assert {"Owner", "Contributor"} <= unbounded
        assert "Reader" not in unbounded
        assert "AzureML Data Scientist" not in unbounded

    def test_all_of_azures_are_there_and_allow_the_same(self):
        file = REFERENCE / "role-definitions.json"
        if not file.exists():
            pytest.skip("the reference is not next to the checkout")
        for raw in json.loads(file.read_text())["roles"]:
            role = built_in(raw["name"].lower())
            assert role is not None, raw["roleName"]
            assert role.name == raw["roleName"]
            mask = 0
            for block in raw["permissions"]:
                mask |= capabilities.allowed(
                    block["actions"],
                    block["notActions"],
                    block["dataActions"],
                    block["notDataActions"],
                )
            assert role.maybe == mask, raw["roleName"]

    def test_no_descriptions_are_bundled(self):
        rows = capabilities.load("built_in_roles.json")["roles"].values()
        assert {key for row in rows for key in row} == {"name", "permissions", "source"}


class TestCustom:
    @pytest.mark.parametrize(
        ("actions", "but", "unbounded"),
        [
            (["*"], [], True),
            ([f"{ML}/*"], [], True),
            ([f"{ML.upper()}/*"], [], True),
            ([f"{ML}/workspaces/*"], [], False),
            (["*/read"], [], False),
            (["*"], ["Microsoft.Authorization/*/write"], True),
            (
                ["*"],
                ["Microsoft.Authorization/*/write", f"{ML}/workspaces/write", f"{ML}/*/delete"],
                False,
            ),
            ([f"{ML}/*"], [f"{ML}/workspaces/write", f"{ML}/workspaces/delete"], False),
            ([f"{ML}/*"], UNREAD, UNREAD),
            (UNREAD, [], UNREAD),
        ],
    )
    def test_unbounded_wildcard(self, actions, but, unbounded):
        block = {"actions": actions, "notActions": but}
        definition = role_of("x", block)
        assert facts(world(definition), definition, "unboundedWildcard") == unbounded

    def test_facts(self):
        definition = role("scientist", f"{ML}/workspaces/jobs/write")
        config = configured(personas={"dataScientist": {"roles": ["SCIENTIST"]}})
        of = world(definition, given("/", role_guid("scientist")), config=config)
        found = facts(of, definition, "can", "assigned", "personas")
        assert found == [["runJobs"], True, ["dataScientist"]]
        assert facts(world(definition), definition, "assigned") is False

    def test_without_permissions_allows_nothing(self):
        definition = role_of("empty")
        assert facts(world(definition), definition, "can") == []

    def test_permissions_not_read(self):
        definition = role_of("blind")
        definition["properties"]["permissions"] = UNREAD
        assert facts(world(definition), definition, "can") == [UNREAD]

    def test_snapshot_before_bundle(self):
        guid = built_in_guids()["reader"]
        newer = role("Reader", "*/read", f"{ML}/workspaces/jobs/write")
        newer |= {"id": newer["id"].replace(newer["name"], guid), "name": guid}
        assert facts(world(newer), newer, "can") == ["runJobs", "read"]
