from __future__ import annotations

import copy
import json

import pytest

from tests.inventory.access.world import (
    BLOB_CONTRIBUTOR,
    CONTRIBUTOR,
    DATA_SCIENTIST,
    GROUP,
    ML,
    OWNER,
    READER,
    STORAGE,
    SUB,
    WORKSPACE,
    WS,
    configured,
    eligible,
    given,
    role,
    role_guid,
    role_of,
    world,
)
from tests.inventory.records import UNREAD, facts, subscription, with_gap, workspace

SCIENTISTS, OPERATORS, ADA = "g-scientists", "g-operators", "u-ada"
PERSONAS = {
    "devOpsEngineer": {"groups": [OPERATORS]},
    "dataScientist": {"groups": [SCIENTISTS.upper()], "roles": ["ML scientist"]},
}

ONLY = {"dataScientist": PERSONAS["dataScientist"]}


def in_(environment, **top):
    found = copy.deepcopy(WORKSPACE)
    found["tags"] = {"environment": environment, "project": "churn"} if environment else {}
    return {**found, **top}


def people(tmp_path, *groups):
    file = tmp_path / "principals.json"
    file.write_text(json.dumps({"groups": list(groups)}))
    return str(file)


def excess(environment, *records, unread=(), **config):
    config.setdefault("personas", PERSONAS)
    of = world(in_(environment), *records, unread=unread, config=configured(**config))
    found = facts(of, WORKSPACE, "personaExcess")
    if not isinstance(found, list):
        return found
    return [one if one == UNREAD else (one["persona"], one["capability"]) for one in found]


def test_an_inherited_assignment_may_be_of_more_personas_at_one_workspace_than_at_another():
    """One assignment at both: where another role may be hidden, its holder may be more."""
    config = configured(personas={**ONLY, "itAdmin": {"roles": ["ML admin"]}})
    short = workspace("short", f"{SUB}/resourceGroups/rg-short")
    of = world(short, given(SUB, READER, SCIENTISTS), config=config)
    of = with_gap(of, "roleAssignments", f"{SUB}/resourceGroups/rg-short")
    for first, second in ((WORKSPACE, short), (short, WORKSPACE)):
        known = with_gap(of, "computes", GROUP)
        found = {one["name"]: facts(known, one, "access")[0] for one in (first, second)}
        assert found["ws"]["personas"] == ["dataScientist"]
        assert found["short"]["personas"] == ["dataScientist", UNREAD]


class TestWho:
    def personas(self, *records, **config):
        config.setdefault("personas", PERSONAS)
        of = world(*records, config=configured(**config))
        return [(one.get("persona"), one["personas"]) for one in facts(of, WORKSPACE, "access")]

    def test_by_group_id_in_any_casing(self):
        found = self.personas(given(WS, READER, SCIENTISTS), given(SUB, READER, "g-other"))
        assert found == [("dataScientist", ["dataScientist"]), (None, [])]

    def test_by_role_name(self):
        definition = role("ML Scientist", f"{ML}/workspaces/jobs/write")
        given_role = given(WS, role_guid("ML Scientist"), OPERATORS)
        found = self.personas(definition, given_role, given(SUB, READER, OPERATORS))
        assert found == [("devOpsEngineer", ["devOpsEngineer", "dataScientist"])] * 2

    def test_by_membership(self, tmp_path):
        file = people(
            tmp_path,
            {"id": SCIENTISTS, "members": ["g-inner"]},
            {"id": "g-inner", "displayName": "Inner", "members": [ADA, SCIENTISTS]},
        )
        found = self.personas(given(WS, READER, ADA, "User"), principals=file)
        assert found == [("dataScientist", ["dataScientist"])]

    def test_by_built_in_role_without_a_config(self):
        of = world(given(WS, DATA_SCIENTIST, "g"))
        assert facts(of, WORKSPACE, "access")[0]["persona"] == "dataScientist"

    def test_role_that_nobody_knows(self):
        found = self.personas(given(WS, role_guid("?"), "g"))
        assert found == [(UNREAD, [UNREAD])]

    def test_eligibility_not_read(self):
        of = world(
            given(WS, READER, "g"),
            unread=["roleEligibilityScheduleInstances"],
            config=configured(personas=PERSONAS),
        )
        assert facts(of, WORKSPACE, "activeAccess")[0]["persona"] == UNREAD


class TestConfigured:
    def test_in_the_order_of_the_config(self):
        of = world(
            config=configured(
                personas={"platform": {"groups": ["a"]}, "itAdmin": {"groups": ["b"]}}
            )
        )
        account = subscription(chain=("contoso", "tenant"))
        for place in (WORKSPACE, account):
            assert facts(of, place, "configuredPersonas") == ["platform", "itAdmin"]

    def test_none(self):
        assert facts(world(), WORKSPACE, "configuredPersonas") is None


class TestExcess:
    @pytest.mark.parametrize(
        ("environment", "guid", "capabilities"),
        [
            ("dev", DATA_SCIENTIST, []),
            ("dev", READER, []),
            ("exploration", DATA_SCIENTIST, []),
            ("dev", OWNER, ["manageAccess", "deleteWorkspace"]),
            ("test", READER, []),
            ("prod", READER, []),
            ("production", READER, []),
            (
                "prod",
                DATA_SCIENTIST,
                [
                    "manageNetwork",
                    "useCompute",
                    "runJobs",
                    "manageAssets",
                    "deployModels",
                    "readSecrets",
                ],
            ),
        ],
    )
    def test_of_data_scientists_by_default(self, environment, guid, capabilities):
        expected = [("dataScientist", name) for name in capabilities]
        assert excess(environment, given(WS, guid, SCIENTISTS)) == expected

    def test_operators_have_all_of_production(self):
        assert excess("prod", given(GROUP, CONTRIBUTOR, OPERATORS)) == []

    def test_eligible_counts(self):
        assert excess("dev", eligible(WS, OWNER, SCIENTISTS)) == [
            ("dataScientist", "manageAccess"),
            ("dataScientist", "deleteWorkspace"),
        ]

    def test_data_of_the_workspace(self):
        found = excess("prod", given(STORAGE["id"], BLOB_CONTRIBUTOR, SCIENTISTS))
        assert found == [("dataScientist", "readData"), ("dataScientist", "writeData")]

    def test_restricted_environments_leave_infrastructure_to_others(self):
        profiles = {"dev": {"access": "restricted"}}
        assignment = given(WS, CONTRIBUTOR, SCIENTISTS)
        found = excess("dev", assignment, access={"profiles": profiles})
        assert [name for _, name in found] == ["deleteWorkspace", "manageNetwork", "manageCompute"]

    def test_a_cell_of_the_config_replaces_the_defaults(self):
        matrix = {"dev": {"dataScientist": {"allowed": ["*"]}}}
        assert excess("dev", given(GROUP, OWNER, SCIENTISTS), access={"matrix": matrix}) == []
        matrix = {"dev": {"dataScientist": {}}}
        found = excess("dev", given(WS, READER, SCIENTISTS), access={"matrix": matrix})
        assert found == [("dataScientist", "read")]

    def test_through_a_group_around_the_persona(self, tmp_path):
        file = people(tmp_path, {"id": "g-all", "members": [SCIENTISTS]})
        of = world(
            in_("prod"),
            given(WS, role_guid("deployer"), "g-all"),
            role("deployer", f"{ML}/workspaces/onlineEndpoints/write"),
            config=configured(personas=PERSONAS, principals=file),
        )
        [found] = facts(of, WORKSPACE, "personaExcess")
        assert found["principalId"] == "g-all"
        assert found["member"] is False
        assert found["capability"] == "deployModels"

    def test_a_principal_that_is_gone_can_do_nothing(self):
        gone = given(WS, OWNER, SCIENTISTS, "Unknown")
        assert excess("prod", gone) == []
        of = world(in_("prod"), gone, config=configured(personas=PERSONAS))
        [grant] = facts(of, WORKSPACE, "access")
        assert (grant["orphaned"], grant["can"]) == (True, [])

    def test_a_principal_that_may_be_gone(self):
        maybe = given(WS, OWNER, SCIENTISTS)
        maybe["properties"]["principalType"] = UNREAD
        assert excess("prod", maybe)[-1] == UNREAD

    def test_nothing_is_said_of_other_environments(self):
        assert excess(None, given(WS, OWNER, SCIENTISTS)) is None

    @pytest.mark.parametrize("table", ["roleAssignments", "denyAssignments", "roleDefinitions"])
    def test_unread(self, table):
        assert excess(
            "prod",
            given(WS, role_guid("x"), SCIENTISTS),
            role("x", f"{ML}/workspaces/jobs/write"),
            unread=[table],
        ) == [UNREAD]


class TestLack:
    def lack(self, environment, *records, unread=(), personas=None):
        config = configured(personas=personas) if personas else None
        of = world(in_(environment), *records, unread=unread, config=config)
        found = facts(of, WORKSPACE, "personaLack")
        if found is None:
            return None
        return [one if one == UNREAD else (one["persona"], one["capability"]) for one in found]

    def test_only_personas_of_the_config(self):
        assert self.lack("dev") is None

    def test_nobody_has_anything(self):
        found = self.lack("dev", personas=ONLY)
        assert found == [("dataScientist", name) for name in ("read", "runJobs", "manageAssets")]

    def test_enough(self):
        assert self.lack("dev", given(WS, DATA_SCIENTIST, SCIENTISTS), personas=ONLY) == []

    def test_two_roles_together(self):
        jobs = role("jobs", f"{ML}/workspaces/jobs/write")
        rest = role("rest", f"{ML}/workspaces/*", but=[f"{ML}/workspaces/jobs/write"])
        one = given(WS, role_guid("jobs"), SCIENTISTS)
        both = (one, given(GROUP, role_guid("rest"), SCIENTISTS), jobs, rest)
        assert self.lack("dev", *both, personas=ONLY) == []
        found = self.lack("dev", one, jobs, personas=ONLY)
        assert ("dataScientist", "runJobs") in found, "a job needs more than jobs/write"

    def test_operators_in_production(self):
        of = {"devOpsEngineer": PERSONAS["devOpsEngineer"]}
        found = self.lack("prod", given(WS, READER, OPERATORS), personas=of)
        names = [name for _, name in found]
        assert names == ["runJobs", "manageAssets", "useCompute", "manageCompute", "deployModels"]

    def test_everything_is_everything_at_a_workspace(self):
        config = configured(
            personas=ONLY, access={"matrix": {"dev": {"dataScientist": {"promised": ["*"]}}}}
        )
        of = world(in_("dev"), given(GROUP, OWNER, SCIENTISTS), config=config)
        assert facts(of, WORKSPACE, "personaLack") == []

    @pytest.mark.parametrize(
        "table", ["roleAssignments", "roleEligibilityScheduleInstances", "denyAssignments"]
    )
    def test_unread(self, table):
        found = self.lack(
            "dev", given(WS, DATA_SCIENTIST, SCIENTISTS), unread=[table], personas=ONLY
        )
        assert found == ([] if table == "roleEligibilityScheduleInstances" else [UNREAD])


class TestRoleShapes:
    def test_roles_that_the_config_names(self):
        config = configured(personas={"workspaceAdmin": {"roles": ["ML admin"]}})
        definition = role("ML admin", f"{ML}/workspaces/computes/*")
        [found] = facts(world(definition, config=config), WORKSPACE, "personaRoles")
        assert found["persona"] == "workspaceAdmin"
        assert found["roleType"] == "CustomRole"
        assert found["can"] == ["manageCompute", "useCompute", "readSecrets"]
        assert found["assigned"] is False

    @pytest.mark.parametrize(
        ("action", "can", "fully"),
        [
            ("computes/delete", ["manageCompute"], []),
            ("computes/write", ["manageCompute"], ["manageCompute"]),
            ("onlineEndpoints/write", ["deployModels"], []),
            ("onlineEndpoints/*", ["deployModels", "readSecrets"], ["deployModels", "readSecrets"]),
        ],
    )
    def test_holding_a_capability_and_having_all_that_it_takes(self, action, can, fully):
        config = configured(personas={"workspaceAdmin": {"roles": ["ML admin"]}})
        definition = role("ML admin", f"{ML}/workspaces/{action}")
        [found] = facts(world(definition, config=config), WORKSPACE, "personaRoles")
        assert (found["can"], found["canFully"]) == (can, fully)

    def test_actions_unread(self):
        config = configured(personas={"workspaceAdmin": {"roles": ["ML admin"]}})
        blind = role_of("ML admin", {"actions": UNREAD, "notActions": []})
        [found] = facts(world(blind, config=config), WORKSPACE, "personaRoles")
        assert found["canFully"] == [UNREAD]

    def test_not_assignable_here(self):
        config = configured(personas={"workspaceAdmin": {"roles": ["ML admin"]}})
        definition = role("ML admin", f"{ML}/workspaces/computes/*")
        definition["properties"]["assignableScopes"] = [f"{SUB[:-1]}2"]
        assert facts(world(definition, config=config), WORKSPACE, "personaRoles") == []

    def test_unread(self):
        assert facts(world(unread=["roleDefinitions"]), WORKSPACE, "personaRoles") == [UNREAD]


class TestSharedGroups:
    OTHER = workspace("ws-prod", f"{SUB}/resourceGroups/rg-prod")

    def shared(self, *records, environment="prod", project="churn", unread=()):
        other = {**self.OTHER, "tags": {"environment": environment, "project": project}}
        of = world(in_("dev"), other, *records, unread=unread)
        return facts(of, WORKSPACE, "sharedGroups")

    def test_that_write_in_both(self):
        [found] = self.shared(
            given(WS, CONTRIBUTOR, "g"), given(self.OTHER["id"], CONTRIBUTOR, "g")
        )
        assert (found["principalId"], found["environments"], found["workspaces"]) == (
            "g",
            ["prod"],
            ["ws-prod"],
        )

    @pytest.mark.parametrize(
        "changes", [{"environment": "dev"}, {"project": "fraud"}, {"environment": None}]
    )
    def test_elsewhere(self, changes):
        both = (given(WS, OWNER, "g"), given(self.OTHER["id"], OWNER, "g"))
        assert self.shared(*both, **changes) == []

    def test_reading_is_fine_and_users_are_another_matter(self):
        assert self.shared(given(WS, READER, "g"), given(self.OTHER["id"], OWNER, "g")) == []
        assert self.shared(given(SUB, OWNER, "u", "User")) == []

    def test_unread(self):
        assert self.shared(given(WS, OWNER, "g"), unread=["roleAssignments"]) == [UNREAD]
