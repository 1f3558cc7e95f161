from __future__ import annotations

import pytest

from tests.engine.estates import estate
from tests.inventory.records import GROUP, SUB, UNREAD, facts, subscription, workspace

AUTH = "Microsoft.Authorization"
ROOT = "/providers/Microsoft.Management/managementGroups/root"
TEAM = "/providers/Microsoft.Management/managementGroups/team"
GUID = "45e05259-1eb5-4f70-9574-baf73e9d219b"
BUILT_IN = f"/providers/{AUTH}/policyDefinitions/{GUID}"
CUSTOM = f"{ROOT}/providers/{AUTH}/policyDefinitions/Deny-Hbi"
SET = f"{ROOT}/providers/{AUTH}/policySetDefinitions/landing-zone"
WS = workspace()
ABOVE = subscription(chain=("team", "root"))


def policy(at, collection, name, **properties):
    return {
        "id": f"{at}/providers/{AUTH}/{collection}/{name}",
        "name": name,
        "type": f"{AUTH}/{collection}",
        "properties": properties,
    }


def assigned(scope=ROOT, definition=BUILT_IN, name="a", **properties):
    return policy(
        scope, "policyAssignments", name, policyDefinitionId=definition, scope=scope, **properties
    )


def defined(effect="[parameters('effect')]", default="Deny"):
    return policy(
        ROOT,
        "policyDefinitions",
        "Deny-Hbi",
        policyType="Custom",
        policyRule={"if": {}, "then": {"effect": effect}},
        parameters={"effect": {"type": "String", "defaultValue": default}},
    )


def initiative(*members, **parameters):
    return policy(
        ROOT,
        "policySetDefinitions",
        "landing-zone",
        policyDefinitions=list(members),
        parameters=parameters,
    )


def member(definition=CUSTOM, reference="hbi", **parameters):
    return {
        "policyDefinitionId": definition,
        "policyDefinitionReferenceId": reference,
        "parameters": {name: {"value": value} for name, value in parameters.items()},
    }


def exempted(scope=WS["id"], assignment=None, **properties):
    target = (assignment or assigned())["id"]
    return policy(scope, "policyExemptions", "e", policyAssignmentId=target.upper(), **properties)


def enforced(*records, unread=()):
    return facts(estate(WS, *records, unread=unread), WS, "enforcedPolicies")


def effective(*records, unread=()):
    return facts(estate(WS, *records, unread=unread), WS, "effectivePolicies")


@pytest.mark.parametrize("scope", [ROOT, TEAM.upper(), SUB, GROUP, WS["id"]])
def test_holds_from_every_scope_above(scope):
    assert enforced(ABOVE, assigned(scope)) == [GUID]


@pytest.mark.parametrize(
    "scope",
    [
        "/providers/Microsoft.Management/managementGroups/other",
        "/subscriptions/22222222-0000-0000-0000-000000000002",
        f"{SUB}/resourceGroups/rg-ml-2",
        f"{WS['id']}-2",
    ],
)
def test_holds_nowhere_else(scope):
    assert enforced(ABOVE, assigned(scope)) == []


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({}, [GUID]),
        ({"enforcementMode": "default"}, [GUID]),
        ({"enforcementMode": "DoNotEnforce"}, []),
        ({"enforcementMode": "Enroll"}, [UNREAD]),
        ({"enforcementMode": UNREAD}, [UNREAD]),
        ({"parameters": {"Effect": {"value": "disabled"}}}, []),
        ({"parameters": {"effects": {"value": "Disabled"}}}, []),
        ({"parameters": {"effect": {"value": "Audit"}}}, [GUID]),
        ({"parameters": UNREAD}, [UNREAD]),
        ({"notScopes": []}, [GUID]),
        ({"notScopes": [GROUP.upper()]}, []),
        ({"notScopes": [TEAM]}, []),
        ({"notScopes": [f"{GROUP}-2", f"{WS['id']}/computes/c"]}, [GUID]),
        ({"notScopes": UNREAD}, [UNREAD]),
        ({"overrides": [{"kind": "policyEffect", "value": "Disabled"}]}, []),
        ({"overrides": [{"kind": "definitionVersion", "value": "2.*"}]}, [GUID]),
        ({"overrides": UNREAD}, [UNREAD]),
    ],
)
def test_what_an_assignment_says(properties, expected):
    assert enforced(ABOVE, assigned(**properties)) == expected


def selecting(kind, **values):
    return {"resourceSelectors": [{"name": "s", "selectors": [{"kind": kind, **values}]}]}


@pytest.mark.parametrize(
    ("selectors", "expected"),
    [
        (selecting("resourceLocation", **{"in": ["WestEurope"]}), [GUID]),
        (selecting("resourceLocation", **{"in": ["northeurope"]}), []),
        (selecting("resourceLocation", notIn=["westeurope"]), []),
        (selecting("resourceType", **{"in": ["Microsoft.Storage/storageAccounts"]}), []),
        (
            selecting(
                "resourceType", **{"in": ["Microsoft.MachineLearningServices/workspaces/computes"]}
            ),
            [UNREAD],
        ),
        (selecting("resourceType", notIn=["Microsoft.Storage/storageAccounts"]), [GUID]),
        (selecting("resourceWithoutLocation", **{"in": ["subscriptionLevelResources"]}), []),
        (selecting("groupPrincipalId", **{"in": ["x"]}), [UNREAD]),
        ({"resourceSelectors": UNREAD}, [UNREAD]),
    ],
)
def test_resource_selectors(selectors, expected):
    assert enforced(ABOVE, assigned(**selectors)) == expected


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ((defined(),), ["deny-hbi"]),
        ((defined(default="Disabled"),), []),
        ((defined(effect="disabled"),), []),
        ((defined(effect="[concat('De', 'ny')]"),), [UNREAD]),
        ((), []),
    ],
)
def test_a_custom_definition(records, expected):
    assert enforced(ABOVE, assigned(definition=CUSTOM), *records) == expected


def test_a_definition_that_was_not_read():
    given = {"effect": {"value": "Deny"}}
    for unread, parameters, expected in (
        (["policyDefinitions"], {}, [UNREAD]),
        (["policyDefinitions"], given, ["deny-hbi"]),
    ):
        record = assigned(definition=CUSTOM, parameters=parameters)
        assert enforced(ABOVE, record, unread=unread) == expected


class TestInitiatives:
    def test_count_one_by_one(self):
        both = initiative(member(), member(BUILT_IN, "link"))
        found = effective(ABOVE, assigned(definition=SET), both, defined())
        assert [p["definitionName"] for p in found] == ["Deny-Hbi", GUID]
        assert [p["referenceId"] for p in found] == ["hbi", "link"]
        assert {p["initiative"] for p in found} == {SET}

    @pytest.mark.parametrize(
        ("given", "default", "expected"),
        [
            ({}, "Deny", ["deny-hbi"]),
            ({}, "Disabled", []),
            ({"HBIEFFECT": {"value": "Disabled"}}, "Deny", []),
            ({"hbiEffect": {"value": "Audit"}}, "Disabled", ["deny-hbi"]),
            (UNREAD, "Deny", [UNREAD]),
        ],
    )
    def test_pass_parameters_on(self, given, default, expected):
        one = initiative(
            member(effect="[parameters('hbiEffect')]"), hbiEffect={"defaultValue": default}
        )
        record = assigned(definition=SET, parameters=given)
        assert enforced(ABOVE, record, one, defined()) == expected

    def test_an_expression_is_not_known(self):
        one = initiative(member(effect="[if(true(), 'Deny', 'Disabled')]"))
        assert enforced(ABOVE, assigned(definition=SET), one, defined()) == [UNREAD]

    @pytest.mark.parametrize(("meant", "expected"), [("HBI", []), ("other", ["deny-hbi"])])
    def test_overrides_by_reference(self, meant, expected):
        selectors = [{"kind": "policyDefinitionReferenceId", "in": [meant]}]
        override = {"kind": "policyEffect", "value": "Disabled", "selectors": selectors}
        record = assigned(definition=SET, overrides=[override])
        assert enforced(ABOVE, record, initiative(member()), defined()) == expected

    def test_one_of_azure_that_is_not_recorded_may_hold_anything(self):
        azure = f"/providers/{AUTH}/policySetDefinitions/1f3afdf9-d0c9-4c3d-847f-89da613e70a8"
        assert enforced(ABOVE, assigned(definition=azure), assigned(name="b")) == [GUID, UNREAD]

    def test_one_that_is_gone_holds_nothing(self):
        assert enforced(ABOVE, assigned(definition=SET)) == []
        assert enforced(ABOVE, assigned(definition=SET), unread=["policySetDefinitions"]) == [
            UNREAD
        ]


class TestExemptions:
    @pytest.mark.parametrize(
        ("exemption", "expected"),
        [
            (exempted(), []),
            (exempted(SUB), []),
            (exempted(ROOT), []),
            (exempted(f"{GROUP}-2"), [GUID]),
            (exempted(expiresOn="2026-10-31T23:59:59Z"), [GUID]),
            (exempted(expiresOn="2026-11-01T02:00:00+01:00"), []),
            (exempted(expiresOn="soon"), [UNREAD]),
            (exempted(expiresOn=UNREAD), [UNREAD]),
            (exempted(assignment=assigned(SUB)), [GUID]),
            (exempted(policyDefinitionReferenceIds=["link"]), [GUID]),
            (exempted(**selecting("resourceLocation", **{"in": ["northeurope"]})), [GUID]),
        ],
    )
    def test_take_a_workspace_out(self, exemption, expected):
        assert enforced(ABOVE, assigned(), exemption) == expected

    def test_of_one_definition_of_an_initiative(self):
        of_set = assigned(definition=SET)
        one = initiative(member(), member(BUILT_IN, "link"))
        exemption = exempted(assignment=of_set, policyDefinitionReferenceIds=["HBI"])
        assert enforced(ABOVE, of_set, one, defined(), exemption) == [GUID]

    def test_that_were_not_read_leave_everything_open(self):
        assert enforced(ABOVE, assigned(), unread=["policyExemptions"]) == [UNREAD]

    def test_are_listed_with_what_has_ended(self):
        exemption = exempted(expiresOn="2026-06-30T00:00:00.0000000Z", exemptionCategory="waiver")
        [found] = facts(estate(WS, ABOVE, exemption), WS, "policyExemptions")
        assert found["expired"] is True
        assert found["scope"] == WS["id"]
        assert found["exemptionCategory"] == "Waiver"
        [found] = facts(estate(WS, ABOVE, exempted()), WS, "policyExemptions")
        assert "expired" not in found


class TestWhatIsKnown:
    def test_management_groups_matter_where_something_is_assigned_on_one(self):
        without = subscription(properties={})
        assert enforced(without, assigned(SUB)) == [GUID]
        assert enforced(without, assigned(SUB, name="b"), assigned(TEAM)) == [GUID, UNREAD]

    def test_assignments_that_were_not_read(self):
        assert enforced(ABOVE, unread=["policyAssignments"]) == [UNREAD]

    def test_one_wins_over_another_that_does_not_count(self):
        off = assigned(SUB, name="off", enforcementMode="DoNotEnforce")
        open_ = assigned(GROUP, name="open", enforcementMode=UNREAD)
        assert enforced(ABOVE, off, open_, assigned()) == [GUID]

    def test_an_exemption_is_the_own_affair_of_a_workspace(self):
        other = workspace("other")
        of = estate(WS, other, ABOVE, assigned(), exempted())
        assert facts(of, WS, "enforcedPolicies") == []
        assert facts(of, other, "enforcedPolicies") == [GUID]
