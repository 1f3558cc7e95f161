"""Azure Policy definitions give verdicts and evidence like the project's own rules."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from scanner.azurepolicy import PolicyRun, load_definitions, policy_assessments, with_policies
from scanner.config import load_config
from scanner.engine.evaluate import evaluate
from scanner.engine.packs import built_in_pack, load_packs, select
from scanner.engine.parameters import Settings
from scanner.engine.result import Severity, Verdict
from scanner.errors import RuleError, UsageError
from scanner.inventory.estate import load_estate
from scanner.snapshot.read import open_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
OWN = Path(__file__).parent / "definitions"
REFERENCE = ROOT.parent / "shared" / "reference" / "azure-policy"
ML = "Microsoft.MachineLearningServices/workspaces"
DIAGNOSTICS = "Microsoft.Insights/diagnosticSettings"
GROUP = "/subscriptions/11111111-0000-0000-0000-000000000001/resourceGroups/rg"
ID = f"{GROUP}/providers/{ML}/ws"
PNA = {"field": f"{ML}/publicNetworkAccess", "notEquals": "Disabled"}
IS_WORKSPACE = {"field": "type", "equals": ML}


def workspace(arm_id: str = ID, **properties: Any) -> dict[str, Any]:
    return {
        "id": arm_id,
        "name": arm_id.rpartition("/")[2],
        "type": ML,
        "location": "westeurope",
        "tags": {"env": "prod"},
        "properties": properties,
    }


def setting(name: str, holder: str = ID, **properties: Any) -> dict[str, Any]:
    arm_id = f"{holder}/providers/{DIAGNOSTICS}/{name}"
    return {"id": arm_id, "name": name, "type": DIAGNOSTICS, "properties": properties}


@pytest.fixture
def run(world: Callable[..., Any], tmp_path: Path) -> Callable[..., PolicyRun]:
    """A function that evaluates one rule over records."""

    def evaluated(
        condition: Any, *raws: dict[str, Any], unread: tuple[str, ...] = (), **extra: Any
    ) -> PolicyRun:
        then = {"effect": extra.pop("effect", "audit"), "details": extra.pop("details", None)}
        body = {"name": "p", "policyRule": {"if": condition, "then": then}, **extra}
        path = tmp_path / "p.json"
        path.write_text(json.dumps(body), encoding="utf-8")
        estate, records = world(raws, unread)
        return policy_assessments(load_definitions(path), estate, records)

    return evaluated


def verdicts(run: PolicyRun) -> list[str]:
    [assessment] = run.assessments
    return [list(Verdict)[code].value for code in assessment.codes]


@pytest.mark.parametrize("effect", ["audit", "Deny", "APPEND", "Modify"])
def test_match_is_a_failure(run: Any, effect: str) -> None:
    closed = workspace(f"{ID}1", publicNetworkAccess="disabled")
    opened = workspace(f"{ID}2", publicNetworkAccess="Enabled")
    hidden = workspace(f"{ID}3", publicNetworkAccess={"$unread": True})
    bare = {**workspace(f"{ID}4"), "properties": None}
    found = run({"allOf": [IS_WORKSPACE, PNA]}, closed, opened, hidden, bare, effect=effect)
    assert verdicts(found) == ["pass", "fail", "unknown", "unknown"]
    assert [each.resource_name for each in found.findings] == ["ws2", "ws3", "ws4"]
    failed = found.findings[0]
    assert failed.message == "ws2 does not comply with the policy: p"
    [evidence] = failed.evidence
    assert evidence.path == f"{ML}/publicNetworkAccess"
    assert (evidence.actual, evidence.expected) == ("Enabled", "equals Disabled")
    assert evidence.property == "properties.publicNetworkAccess"
    assert evidence.resource_id == ""
    assert "was not readable" in found.findings[1].message
    assert [each.readable for each in found.findings[1].evidence] == [False]


def test_definition_may_name_a_value_that_is_not_documented(run: Any) -> None:
    condition = {"allOf": [IS_WORKSPACE, {**PNA, "notEquals": "NotYetKnown"}]}
    assert verdicts(run(condition, workspace(publicNetworkAccess="Enabled"))) == ["fail"]


def test_evidence_of_a_count_names_the_members_at_fault(run: Any) -> None:
    field = f"{ML}/privateEndpointConnections[*].privateLinkServiceConnectionState.status"
    condition = {
        "count": {
            "field": f"{ML}/privateEndpointConnections[*]",
            "where": {"field": field, "notEquals": "Approved"},
        },
        "greater": 0,
    }
    states = [
        {"id": name, "properties": {"privateLinkServiceConnectionState": {"status": name}}}
        for name in ("Approved", "Pending")
    ]
    raw = workspace(privateEndpointConnections=states)
    found = run({"allOf": [IS_WORKSPACE, condition]}, raw)
    [finding] = found.findings
    [member] = [each for each in finding.evidence if each.actual == "Pending"]
    assert member.path == field.replace("[*]", "[1]")
    place = "properties.privateEndpointConnections[1].properties"
    assert member.property == f"{place}.privateLinkServiceConnectionState.status"


def test_evidence_begins_with_what_is_at_fault(run: Any) -> None:
    computes = f"{ML}/computes"
    condition = {
        "allOf": [
            {"field": "type", "equals": computes},
            {"field": f"{computes}/computeType", "equals": "AKS"},
            {"field": f"{computes}/resourceId", "exists": False},
        ]
    }
    raw = {"id": f"{ID}/computes/c", "type": computes, "properties": {"computeType": "AKS"}}
    [finding] = run(condition, raw).findings
    assert [each.property for each in finding.evidence] == [
        "properties.resourceId",
        "properties.computeType",
    ]


def test_words_of_conditions_are_read_without_case(run: Any) -> None:
    condition = {
        "ALLOF": [
            {"Field": "TYPE", "Equals": ML},
            {"Not": {"field": f"{ML}/publicNetworkAccess", "IN": ["Disabled"]}},
            {
                "COUNT": {"VALUE": [1, 2], "WHERE": {"value": "[current()]", "GREATER": 1}},
                "equals": 1,
            },
        ]
    }
    assert verdicts(run(condition, workspace())) == ["fail"]


def test_type_name_and_kind_decide_whether_a_definition_applies(run: Any) -> None:
    condition = {
        "allOf": [
            IS_WORKSPACE,
            {"not": {"field": "kind", "equals": "project"}},
            {"not": {"field": f"{ML}/publicNetworkAccess", "equals": "Disabled"}},
        ]
    }
    project = {**workspace(f"{ID}1"), "kind": "Project"}
    hub = {**workspace(f"{ID}2", publicNetworkAccess="Disabled"), "kind": "Hub"}
    other = {**workspace(f"{ID}3"), "kind": "Default"}
    assert verdicts(run(condition, project, hub, other)) == ["not_applicable", "pass", "fail"]


def test_definition_without_a_type_is_about_every_kind_that_has_a_location(run: Any) -> None:
    storage = "Microsoft.Storage/storageAccounts"
    account = {
        "id": f"{GROUP}/providers/{storage}/st",
        "type": storage,
        "location": "eastus",
        "properties": {},
    }
    assignment = {
        "id": f"{ID}/providers/Microsoft.Authorization/roleAssignments/a",
        "type": "Microsoft.Authorization/roleAssignments",
        "properties": {},
    }
    condition = {"field": "location", "notIn": ["West Europe"]}
    found = run(condition, workspace(), account, assignment, mode="Indexed")
    assert verdicts(found) == ["pass", "fail"]
    assert [each.id for each in found.assessments[0].resources] == [ID, account["id"]]
    assert len(verdicts(run(condition, workspace(), account, assignment, mode="All"))) == 3


def test_region_parameter_may_be_written_in_any_way(run: Any) -> None:
    declared = {"r": {"defaultValue": ["West Europe"], "metadata": {"strongType": "location"}}}
    condition = {"allOf": [IS_WORKSPACE, {"field": "location", "notIn": "[parameters('r')]"}]}
    assert verdicts(run(condition, workspace(), parameters=declared)) == ["pass"]


def test_tag_named_by_a_parameter(run: Any) -> None:
    declared = {"tag": {"defaultValue": "owner"}}
    field = "[concat('tags[', parameters('tag'), ']')]"
    condition = {"allOf": [IS_WORKSPACE, {"field": field, "exists": "false"}]}
    assert verdicts(run(condition, workspace(), parameters=declared)) == ["fail"]
    declared = {"tag": {"defaultValue": "ENV"}}
    assert verdicts(run(condition, workspace(), parameters=declared)) == ["pass"]


EXISTENCE = {
    "type": DIAGNOSTICS,
    "existenceCondition": {"field": f"{DIAGNOSTICS}/workspaceId", "equals": "/central"},
}


@pytest.mark.parametrize(
    ("settings", "unread", "verdict"),
    [
        ([], (), "fail"),
        ([setting("a", workspaceId="/other")], (), "fail"),
        ([setting("a", workspaceId="/central")], (), "pass"),
        ([setting("a", holder=f"{ID}/computes/c", workspaceId="/central")], (), "fail"),
        ([setting("a", workspaceId={"$unread": True})], (), "unknown"),
        (
            [setting("a", workspaceId={"$unread": True}), setting("b", workspaceId="/CENTRAL")],
            (),
            "pass",
        ),
        ([], ("diagnosticSettings",), "unknown"),
    ],
)
@pytest.mark.parametrize("effect", ["auditIfNotExists", "DeployIfNotExists"])
def test_existence_of_a_related_resource_decides(
    run: Any, settings: list[dict[str, Any]], unread: tuple[str, ...], verdict: str, effect: str
) -> None:
    found = run(
        IS_WORKSPACE, workspace(), *settings, unread=unread, effect=effect, details=EXISTENCE
    )
    assert verdicts(found) == [verdict]
    if verdict != "pass":
        evidence = found.findings[0].evidence[-1]
        assert evidence.path == DIAGNOSTICS
        assert evidence.readable is (verdict == "fail")


@pytest.mark.parametrize(
    ("details", "verdict"),
    [
        ({"name": "to-central"}, "pass"),
        ({"name": "[concat('to-', 'nowhere')]"}, "fail"),
        ({"name": "[substring(field('name'), 0, 99)]"}, "unknown"),
        ({"name": "to-central", "existenceCondition": {"field": "name", "equals": "x"}}, "fail"),
    ],
)
def test_related_resource_may_be_named(run: Any, details: dict[str, Any], verdict: str) -> None:
    wanted = {"type": DIAGNOSTICS, **details}
    raws = (workspace(), setting("to-central"))
    found = run(IS_WORKSPACE, *raws, effect="auditIfNotExists", details=wanted)
    assert verdicts(found) == [verdict]


def test_named_resource_that_was_read_is_known_though_others_were_not(
    run: Any, world: Callable[..., Any]
) -> None:
    details = {
        "type": ML,
        "name": "[field('name')]",
        "existenceCondition": {"field": f"{ML}/encryption.status", "equals": "Enabled"},
    }
    enabled = workspace(f"{ID}1", encryption={"status": "Enabled"})
    found = run(
        IS_WORKSPACE, enabled, workspace(f"{ID}2"), effect="auditIfNotExists", details=details
    )
    assert verdicts(found) == ["pass", "fail"]


@pytest.mark.parametrize(
    ("details", "verdict"),
    [
        ({}, "fail"),
        ({"existenceScope": "subscription"}, "pass"),
        ({"resourceGroupName": "other"}, "pass"),
        ({"resourceGroupName": "[concat(resourceGroup().name, '2')]"}, "fail"),
    ],
)
def test_scope_in_which_a_related_resource_is_looked_for(
    run: Any, details: dict[str, Any], verdict: str
) -> None:
    storage = "Microsoft.Storage/storageAccounts"
    account = {
        "id": f"{GROUP.removesuffix('rg')}other/providers/{storage}/st",
        "type": storage,
        "properties": {},
    }
    wanted = {"type": storage, **details}
    found = run(IS_WORKSPACE, workspace(), account, effect="auditIfNotExists", details=wanted)
    assert verdicts(found) == [verdict]


def test_child_resource_is_looked_for_below_its_parent(run: Any) -> None:
    wanted = {"type": f"{ML}/privateEndpointConnections"}
    child = {"id": f"{ID}1/privateEndpointConnections/c", "type": wanted["type"], "properties": {}}
    raws = (workspace(f"{ID}1"), workspace(f"{ID}2"), child)
    found = run(IS_WORKSPACE, *raws, effect="auditIfNotExists", details=wanted)
    assert verdicts(found) == ["pass", "fail"]


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        ({"effect": "Disabled"}, "its effect is Disabled"),
        ({"effect": "manual"}, "no compliance follows"),
        ({"mode": "Microsoft.MachineLearningServices.Data"}, "is about requests or data"),
        ({"effect": "[parameters('e')]", "parameters": {"e": {}}}, "'e' has no value"),
        ({"effect": "auditIfNotExists", "details": {"type": "Microsoft.X/y"}}, "no snapshot has"),
    ],
)
def test_what_no_snapshot_can_answer_is_said_and_not_passed(
    run: Any, extra: dict[str, Any], reason: str
) -> None:
    found = run(IS_WORKSPACE, workspace(), **extra)
    assert found.assessments == []
    [(definition, why)] = found.not_evaluated
    assert definition.id == "p"
    assert reason in why


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ({"field": "type", "equals": "Microsoft.Web/sites"}, "no snapshot has resources of type"),
        ({"value": "[requestContext().apiVersion]", "equals": "x"}, "asks about the request"),
        ({"field": "name", "equals": "[parameters('n')]"}, "parameter 'n' has no value"),
    ],
)
def test_condition_that_no_snapshot_can_answer(run: Any, condition: Any, reason: str) -> None:
    found = run(condition, workspace(), parameters={"n": {"type": "String"}})
    assert reason in found.not_evaluated[0][1]


@pytest.mark.parametrize(
    ("extra", "problem"),
    [
        ({"condition": {"field": "colour", "equals": 1}}, "unknown field 'colour'"),
        ({"condition": {"field": "name", "equal": 1}}, "unknown operator 'equal'"),
        ({"condition": {"value": "[nonsense()]", "equals": 1}}, "unknown function"),
        ({"condition": {"field": "name", "equals": "[parameters('x')]"}}, "unknown parameter 'x'"),
        ({"effect": ["audit"]}, "the effect must be a text"),
        ({"effect": "auditIfNotExists", "details": {}}, "must name a type"),
        (
            {"effect": "auditIfNotExists", "details": {"type": DIAGNOSTICS, "name": "[x()]"}},
            "unknown",
        ),
        (
            {
                "effect": "auditIfNotExists",
                "details": {"type": DIAGNOSTICS, "existenceCondition": {"field": "x", "equals": 1}},
            },
            "unknown field 'x'",
        ),
    ],
)
def test_wrong_definition_is_an_error_with_its_place(
    run: Any, extra: dict[str, Any], problem: str
) -> None:
    with pytest.raises(RuleError, match=problem) as caught:
        run(extra.pop("condition", IS_WORKSPACE), workspace(), **extra)
    assert "p.json:1" in str(caught.value)


def test_crash_of_a_definition_is_an_error_and_no_pass(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scanner.azurepolicy.compiled import CompiledDefinition  # noqa: PLC0415

    def crash(*_: Any) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(CompiledDefinition, "violated_by", crash)
    found = run({"allOf": [IS_WORKSPACE, PNA]}, workspace())
    assert verdicts(found) == ["error"]
    assert "ZeroDivisionError: by nothing" in found.findings[0].message


def hidden(raw: Any) -> list[Any]:
    """Return copies of a record, each with one value that was not read."""
    copies = []

    def walk(value: Any, place: tuple[Any, ...]) -> None:
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            if place or key == "properties":
                changed = copy.deepcopy(raw)
                at = changed
                for step in place:
                    at = at[step]
                at[key] = {"$unread": True}
                copies.append(changed)
                if isinstance(item, dict | list):
                    walk(item, (*place, key))

    walk(raw, ())
    return copies


@pytest.mark.parametrize("path", sorted(OWN.glob("*.json")), ids=lambda path: path.stem)
def test_unread_evidence_never_turns_a_verdict_into_pass(
    world: Callable[..., Any], path: Path
) -> None:
    given = {"allowedVmSizes": ["Standard_DS3_v2"]}
    [definition] = load_definitions(path)
    names = given.keys() & definition.declared.keys()
    definition = definition.with_parameters({name: given[name] for name in names})
    for file in ("workspace", "compute_amlcompute", "compute_instance", "compute_aks"):
        raw = json.loads((ROOT / "fixtures" / "arm" / f"{file}.json").read_text(encoding="utf-8"))
        answers = []
        for each in (raw, *hidden(raw)):
            estate, records = world([each])
            found = policy_assessments([definition], estate, records)
            answers.append(verdicts(found))
        for answer in answers[1:]:
            assert answer == answers[0] or "pass" not in answer


def test_policies_stand_among_the_rules_of_a_result(estates: Path) -> None:
    definitions = load_definitions(OWN / "AML-NET-002.json")
    rules = select(load_packs([built_in_pack()]), ["AML-NET-002", "AML-DAT-001"], [])
    config = load_config(estates / "contoso" / "azmlscan.yaml")
    with open_snapshot(estates / "contoso") as snapshot:
        estate = load_estate(snapshot, config)
        plain = evaluate(rules, Settings(config, rules), estate)
        ran = policy_assessments(definitions, estate, snapshot.records, Severity.LOW)
        with pytest.raises(UsageError, match="has the id of a rule"):
            with_policies(plain, ran)
        renamed = [_renamed(each, "AML-GONE") for each in definitions]
        joined = with_policies(plain, policy_assessments(renamed, estate, snapshot.records))
    assert [rule.id for rule in joined.rules] == ["AML-DAT-001", "AML-GONE", "AML-NET-002"]
    rows = list(joined.rows())
    order = [(row.rule_id, row.resource_id.lower()) for row in rows]
    assert order == sorted(order)
    assert joined.totals.total == len(rows)
    assert joined.by_rule["AML-GONE"].total == len(estate.of_kind("workspace"))


def _renamed(definition: Any, name: str) -> Any:
    import msgspec  # noqa: PLC0415

    return msgspec.structs.replace(definition, id=name)


@pytest.mark.parametrize("name", ["contoso", "pristine", "refused"])
def test_real_definitions_run_over_the_fixture_estates(estates: Path, name: str) -> None:
    if not REFERENCE.is_dir():
        pytest.skip("no Azure Policy definitions beside the checkout")
    definitions = load_definitions(REFERENCE / "builtin") + load_definitions(REFERENCE / "caf")
    with open_snapshot(estates / name) as snapshot:
        estate = load_estate(snapshot, load_config(None))
        found = policy_assessments(definitions, estate, snapshot.records)
    evaluated = {each.rule.id for each in found.assessments}
    skipped = {each.id: why for each, why in found.not_evaluated}
    assert evaluated | set(skipped) == {each.id for each in definitions}
    reasons = (
        "is about requests or data",
        "parameter 'effect' has",
        "parameter 'logAnalytics' has",
    )
    assert all(any(known in why for known in reasons) for why in skipped.values()), skipped
    assert len(evaluated) == 27
    assert all(each.verdict is not Verdict.ERROR for each in found.findings)
