"""Azure Policy exemptions of a snapshot: for which rules, where, and how long they count."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from scanner.engine.exempt import apply_exemptions
from scanner.engine.exemptions import ExemptionFile
from scanner.engine.packs import built_in_pack, load_packs
from scanner.engine.policy_exemptions import definitions_of, policy_acceptances
from scanner.engine.result import Verdict, fingerprint
from tests.engine.estates import GROUP, SUBSCRIPTION, WORKSPACE, estate, workspace
from tests.engine.history import public, scan
from tests.engine.test_exempt import entry

DAY = dt.date(2026, 11, 1)
GUID = "438c38d2-3772-465a-a9cc-7a6666a275ce"
NAME = "Workspace_PublicNetworkAccessDisabled_Audit"
DEFINITIONS = "/providers/Microsoft.Authorization/policyDefinitions"
ASSIGNMENT = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/policyAssignments/a"
INITIATIVE = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/policySetDefinitions/i"


def assignment(definition: str = f"{DEFINITIONS}/{GUID.upper()}") -> dict[str, Any]:
    return {
        "id": ASSIGNMENT,
        "name": "a",
        "type": "Microsoft.Authorization/policyAssignments",
        "properties": {"policyDefinitionId": definition, "scope": SUBSCRIPTION},
    }


def initiative() -> dict[str, Any]:
    return {
        "id": INITIATIVE,
        "name": "i",
        "type": "Microsoft.Authorization/policySetDefinitions",
        "properties": {
            "policyDefinitions": [
                {
                    "policyDefinitionId": f"{DEFINITIONS}/{GUID}",
                    "policyDefinitionReferenceId": "pna",
                },
                {"policyDefinitionId": f"{DEFINITIONS}/other", "policyDefinitionReferenceId": "o"},
            ]
        },
    }


def exemption(scope: str = WORKSPACE, **properties: Any) -> dict[str, Any]:
    return {
        "id": f"{scope}/providers/Microsoft.Authorization/policyExemptions/e",
        "name": "e",
        "type": "Microsoft.Authorization/policyExemptions",
        "properties": {
            "policyAssignmentId": ASSIGNMENT,
            "exemptionCategory": "Mitigated",
            "description": "Board decision.",
            **properties,
        },
    }


def accepted(*records: dict[str, Any], **options: Any) -> list[Any]:
    return policy_acceptances(estate(workspace(), *records, **options), DAY)


def test_an_exemption_of_a_built_in_definition() -> None:
    [found] = accepted(assignment(), exemption(expiresOn="2026-12-31T00:00:00Z"))
    assert found.definitions == {GUID}
    shown = found.shown
    assert (shown.category, shown.justification, shown.expires_on, shown.source) == (
        "Mitigated",
        "Board decision.",
        "2026-12-31",
        "azure-policy",
    )
    assert shown.place.endswith("/policyExemptions/e")


@pytest.mark.parametrize(
    ("ends", "holds"),
    [
        (None, True),
        ("2026-10-31T23:59:59Z", False),
        ("2026-11-01T00:00:00Z", False),
        ("2026-11-01T12:00:00Z", True),
        ("2026-11-02", True),
        ("soon", False),
        ("", True),  # empty is absent, as everywhere in a record
        (20261231, False),
    ],
)
def test_expiry_is_respected(ends: Any, holds: bool) -> None:
    assert bool(accepted(assignment(), exemption(expiresOn=ends))) is holds


@pytest.mark.parametrize(
    ("references", "names"),
    [([], {GUID, "other"}), (None, {GUID, "other"}), (["PNA"], {GUID}), (["gone"], None)],
)
def test_an_exemption_of_parts_of_an_initiative(references: Any, names: set[str] | None) -> None:
    one = exemption(policyDefinitionReferenceIds=references)
    found = accepted(assignment(INITIATIVE), initiative(), one)
    assert [each.definitions for each in found] == ([names] if names else [])


@pytest.mark.parametrize("unread", ["policyAssignments", "policySetDefinitions"])
def test_what_was_not_collected_exempts_nothing(unread: str) -> None:
    records = [assignment(INITIATIVE), initiative(), exemption()]
    assert accepted(*records)
    assert not accepted(*records, unread=[unread])


@pytest.mark.parametrize(
    ("scope", "resource", "covered"),
    [
        (WORKSPACE, WORKSPACE.upper(), True),
        (WORKSPACE, f"{WORKSPACE}/computes/c", True),
        (GROUP, WORKSPACE, True),
        (SUBSCRIPTION, WORKSPACE, True),
        (f"{WORKSPACE}2", WORKSPACE, False),
    ],
)
def test_it_covers_its_scope_and_what_lies_below(scope: str, resource: str, covered: bool) -> None:
    [found] = accepted(assignment(), exemption(scope))
    assert found.covers(resource, estate(workspace())) is covered


@pytest.mark.parametrize(
    ("selector", "covered"),
    [
        ({"kind": "resourceLocation", "in": ["WestEurope"]}, True),
        ({"kind": "resourceLocation", "notIn": ["westeurope"]}, False),
        ({"kind": "resourceType", "in": ["microsoft.machinelearningservices/workspaces"]}, True),
        ({"kind": "resourceType", "notIn": ["Microsoft.Storage/storageAccounts"]}, True),
        ({"kind": "resourceType", "in": []}, False),
        ({"kind": "resourceType"}, False),
        ({"kind": "resourceWithoutLocation", "in": ["true"]}, False),
        ({"kind": "somethingNew", "in": ["x"]}, False),
    ],
)
def test_selectors_limit_it(selector: dict[str, Any], covered: bool) -> None:
    one = exemption(resourceSelectors=[{"name": "s", "selectors": [selector]}])
    records = (workspace(), assignment(), one)
    [found] = accepted(assignment(), one)
    assert found.covers(WORKSPACE, estate(*records)) is covered


def test_rules_name_definitions_by_file_by_name_and_by_id() -> None:
    rules = [loaded.rule for loaded in load_packs([built_in_pack()])]
    [rule] = [each for each in rules if f"azure-policy/{NAME}" in each.controls]
    assert {NAME.lower(), GUID} <= definitions_of(rule)
    named = [each for each in rules if any("azure-policy/" in one for one in each.controls)]
    assert all(definitions_of(each) for each in named)
    assert not any(definitions_of(each) for each in rules if each not in named)


def test_a_failure_shows_the_policy_exemption_and_a_file_goes_first(tmp_path: Any) -> None:
    arm = "/subscriptions/27d3be81-b75a-5eb9-a374-eb5717f1baac"

    def edit(records: Any) -> None:
        public("mlw-churn-prod")(records)
        records["policyAssignments"].append(assignment())
        records["policyExemptions"].append(exemption(arm))

    result = scan(tmp_path, 1, [edit]).result
    [row] = [each for each in result.findings if each.exemption is not None]
    assert (row.resource_name, row.verdict) == ("mlw-churn-prod", Verdict.FAIL)
    assert row.fingerprint == fingerprint("AML-NET-002", row.resource_id)
    assert row.exemption is not None
    assert (row.exemption.source, row.exemption.expires_on) == ("azure-policy", None)
    assert result.exemptions is not None
    assert result.exemptions.policy_exemptions == 1
    file = ExemptionFile(name="f", sha256="", exemptions=(entry(),))
    again = apply_exemptions(result, [file], DAY)
    [row] = [each for each in again.findings if each.exemption is not None]
    assert row.exemption is not None
    assert row.exemption.source == "file"
