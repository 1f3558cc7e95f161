"""The built-in rules say of a resource what the Azure Policy definition of the same name says.

Each rule is compared with a definition in `definitions/`, written for these tests, and with
Microsoft's own where those lie beside the checkout.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner import armid
from scanner.azurepolicy import load_definitions, policy_assessments
from scanner.config import load_config
from scanner.engine.evaluate import evaluate
from scanner.engine.packs import built_in_pack, load_packs
from scanner.engine.parameters import Settings
from scanner.engine.result import VERDICTS, Verdict
from scanner.inventory.estate import Estate, load_estate
from scanner.snapshot.read import open_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT = Path(__file__).resolve().parents[2]
OWN = Path(__file__).parent / "definitions"
REFERENCE = ROOT.parent / "shared" / "reference" / "azure-policy"
ARM = ROOT / "fixtures" / "arm"
RULES = {loaded.rule.id: loaded for loaded in load_packs([built_in_pack()])}

Raw = dict[str, Any]
ABSENT = object()
NONE = (ABSENT, None, "")


@dataclasses.dataclass(frozen=True)
class Agreement:
    """A rule, the definitions that it agrees with, and what the compared records may hold."""

    rule: str
    theirs: tuple[str, ...]
    """Microsoft's definitions, by file name without prefix and suffix."""
    bases: tuple[str, ...]
    values: Mapping[str, tuple[Any, ...]]
    """Property path to the values it is given."""
    parameters: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """What both definitions are told, as far as they declare it."""
    comparable: Callable[[Any, Estate], bool] = lambda _resource, _estate: True
    """Whether the rule means for a resource what the definition means: where not, they differ."""


def spelled(*values: str) -> tuple[Any, ...]:
    return (*NONE, *values, *(value.upper() for value in values), *(v.lower() for v in values))


BOOLEAN = (*NONE, True, False, "true", "false")
INNER = "properties.properties"
COMPUTES = (
    *("compute_amlcompute", "compute_instance", "compute_aks", "compute_kubernetes"),
    *("compute_databricks", "compute_virtualmachine"),
)
WORKSPACES = ("workspace",)
KINDS = (ABSENT, None, "Default", "default", "Hub", "FeatureStore", "featurestore")
SUBNET = "/subscriptions/s/resourceGroups/n/providers/Microsoft.Network/virtualNetworks/v/subnets/d"
SIZES = ("Standard_DS3_v2", "Standard_NC6", "Standard_D96as_v5", "Standard_DS3")
UNBOUNDED = 2**31


def connections(status: Any, endpoint: Any) -> Raw:
    body: Raw = {"privateLinkServiceConnectionState": {"status": status}}
    if endpoint is not ABSENT:
        body["privateEndpoint"] = endpoint
    return {"id": "/c/1", "name": "c1", "properties": body}


def endpoint_in(subscription: str) -> Raw:
    group = f"/subscriptions/{subscription}/resourceGroups/net"
    return {"id": f"{group}/providers/Microsoft.Network/privateEndpoints/pe"}


FOREIGN = "99999999-0000-4000-8000-000000000099"
HOME = "{home}"
"""Stands for the subscription of the workspace."""
STATES = ("Approved", "APPROVED", "Pending", "Rejected", "Disconnected", "Timeout", None, "")
CONNECTIONS = (
    *(ABSENT, None, []),
    *([connections(state, endpoint_in(HOME))] for state in STATES),
    [connections("Pending", endpoint_in(HOME)), connections("Approved", endpoint_in(HOME))],
)
LOGS = "(diagnostic setting)"
"""Stands in the place of a property for the logs of a diagnostic setting of the workspace."""
LOG_LISTS: tuple[Any, ...] = (
    *(ABSENT, None, []),
    [{"category": "AmlComputeJobEvent", "enabled": False}],
    [{"category": "AmlComputeJobEvent", "enabled": False}, {"category": "B", "enabled": True}],
    [{"categoryGroup": "allLogs", "enabled": True, "retentionPolicy": None}],
    [
        {
            "categoryGroup": "allLogs",
            "enabled": True,
            "retentionPolicy": {"enabled": True, "days": 7},
        }
    ],
)
PLACES: tuple[Any, ...] = (
    ABSENT,
    None,
    {},
    {"id": None},
    {"id": ""},
    endpoint_in(HOME),
    endpoint_in(FOREIGN),
)


def without_managed_network(compute: Any, estate: Estate) -> bool:
    """Tell that a compute's workspace has no managed network, which the rule counts as one."""
    network = _served_by(estate.target("workspace", compute.workspace_id), estate).managed_network
    return network is None or network.isolation_mode in (None, "Disabled")


def _served_by(workspace: Any, estate: Estate) -> Any:
    return estate.target("workspace", workspace.hub_resource_id) or workspace


def without_own_subnets(workspace: Any, estate: Estate) -> bool:
    """Tell that no compute is in a subnet, which to the rule is a limit of traffic as well."""
    computes = [c for c in estate.of_kind("compute") if c.workspace_id == workspace.id]  # type: ignore[attr-defined]
    return all(compute.subnet_id is None for compute in computes)  # type: ignore[attr-defined]


def with_idle_time_in_seconds(compute: Any, _estate: Estate) -> bool:
    """Tell whether the definition's arithmetic can read the duration; the rule reads all."""
    scale = compute.scale_settings
    time = (scale and scale.node_idle_time_before_scale_down) or ""
    is_seconds = time.startswith("PT") and time.endswith("S") and time[2:-1].isdigit()
    return compute.compute_type != "AmlCompute" or is_seconds


def stops_within_the_hour_or_never(compute: Any, _estate: Estate) -> bool:
    """Tell that neither a schedule nor a long idle time is there, of which only the rule knows."""
    time = compute.idle_time_before_shutdown
    return compute.schedules is None and time in (None, "PT15M", "PT30M", "PT60M", "PT1H")


def _theirs(name: str) -> Path:
    """Return one of Microsoft's definitions, whichever folder it is in."""
    deployed = REFERENCE / "caf" / f"params.policyDefinition.{name}.json"
    return deployed if deployed.is_file() else REFERENCE / "builtin" / f"{name}.json"


AGREEMENTS = (
    Agreement(
        "AML-NET-001",
        ("Workspace_PrivateEndpoint_Audit_V2",),
        WORKSPACES,
        {"properties.privateEndpointConnections": CONNECTIONS},
    ),
    Agreement(
        "AML-NET-002",
        (
            "Workspace_PublicNetworkAccessDisabled_Audit",
            "Deny-MachineLearning-PublicNetworkAccess",
        ),
        WORKSPACES,
        {"properties.publicNetworkAccess": spelled("Enabled", "Disabled")},
    ),
    Agreement(
        "AML-NET-003",
        ("Deny-MachineLearning-PublicAccessWhenBehindVnet",),
        WORKSPACES,
        {"properties.allowPublicAccessWhenBehindVnet": BOOLEAN},
    ),
    Agreement(
        "AML-NET-004",
        ("Deny-MachineLearningCompute-SubnetId", "Vnet_Audit"),
        COMPUTES,
        {f"{INNER}.subnet": (ABSENT, None, {}, {"id": None}, {"id": ""}, {"id": SUBNET})},
        comparable=without_managed_network,
    ),
    Agreement(
        "AML-NET-006",
        ("Deny-MachineLearningComputeCluster-RemoteLoginPortPublicAccess",),
        COMPUTES,
        {f"{INNER}.remoteLoginPortPublicAccess": spelled("Enabled", "Disabled", "NotSpecified")},
    ),
    Agreement(
        "AML-NET-010",
        ("ManagedNetworkIsolationMode_Audit",),
        WORKSPACES,
        {
            "properties.managedNetwork": (
                *(ABSENT, None, {}),
                *(
                    {"isolationMode": mode}
                    for mode in (
                        *(None, "", "Disabled", "AllowInternetOutbound"),
                        *("AllowOnlyApprovedOutbound", "allowonlyapprovedoutbound"),
                    )
                ),
            )
        },
        {"isolationMode": "AllowOnlyApprovedOutbound"},
        without_own_subnets,
    ),
    Agreement(
        "AML-NET-015",
        ("Deny-MachineLearning-PrivateEndpointConnections",),
        WORKSPACES,
        {
            "properties.privateEndpointConnections": tuple(
                [connections(state, place)] for state in ("Approved", "Pending") for place in PLACES
            )
        },
    ),
    Agreement(
        "AML-IDN-001",
        ("Workspace_UAIEnabled_Audit",),
        WORKSPACES,
        {"properties.primaryUserAssignedIdentity": (*NONE, "/subscriptions/s/x/y")},
    ),
    Agreement(
        "AML-IDN-003",
        ("DisableLocalAuth_Audit",),
        COMPUTES,
        {"properties.disableLocalAuth": BOOLEAN},
    ),
    Agreement(
        "AML-CMP-001",
        ("Deny-MachineLearningComputeCluster-Scale",),
        COMPUTES,
        {
            f"{INNER}.scaleSettings.minNodeCount": (ABSENT, None, 0, 1, 2, 10),
            f"{INNER}.scaleSettings.nodeIdleTimeBeforeScaleDown": ("PT120S",),
        },
        {"maxNodeCount": UNBOUNDED, "maxNodeIdleTimeInSecondsBeforeScaleDown": UNBOUNDED},
        with_idle_time_in_seconds,
    ),
    Agreement(
        "AML-CMP-002",
        ("Deny-MachineLearningComputeCluster-Scale",),
        COMPUTES,
        {
            f"{INNER}.scaleSettings.maxNodeCount": (ABSENT, None, 0, 1, 10, 11, 100),
            f"{INNER}.scaleSettings.nodeIdleTimeBeforeScaleDown": ("PT120S",),
        },
        {"minNodeCount": UNBOUNDED, "maxNodeIdleTimeInSecondsBeforeScaleDown": UNBOUNDED},
        with_idle_time_in_seconds,
    ),
    Agreement(
        "AML-CMP-003",
        ("Deny-MachineLearningComputeCluster-Scale",),
        COMPUTES,
        {
            f"{INNER}.scaleSettings.nodeIdleTimeBeforeScaleDown": (
                *("PT0S", "PT60S", "PT120S", "PT900S", "PT901S", "PT1800S"),
            ),
        },
        {"minNodeCount": UNBOUNDED, "maxNodeCount": UNBOUNDED},
        with_idle_time_in_seconds,
    ),
    Agreement(
        "AML-CMP-004",
        ("Deny-MachineLearningCompute-VmSize",),
        COMPUTES,
        {f"{INNER}.vmSize": spelled(*SIZES)},
        {
            "allowedVmSizes": RULES["AML-CMP-004"].rule.parameters["allowedVmSizes"].default
            if "AML-CMP-004" in RULES
            else []
        },
    ),
    Agreement(
        "AML-CMP-005",
        ("IdleShutdown_Audit",),
        COMPUTES,
        {
            f"{INNER}.idleTimeBeforeShutdown": (*NONE, "PT15M", "PT30M", "PT60M", "PT1H"),
            f"{INNER}.schedules": (ABSENT, None),
        },
        comparable=stops_within_the_hour_or_never,
    ),
    Agreement(
        "AML-CMP-011",
        ("Deny-MachineLearningAks",),
        COMPUTES,
        {"properties.resourceId": (*NONE, "/subscriptions/s/x/aks")},
    ),
    Agreement(
        "AML-CMP-012",
        ("ComputeInstanceUpdates_Audit",),
        COMPUTES,
        {
            f"{INNER}.osImageMetadata": (
                *(ABSENT, None, {}),
                *({"isLatestOsImageVersion": value} for value in (None, True, False, "false")),
            )
        },
    ),
    Agreement(
        "AML-DAT-001",
        ("Deny-MachineLearning-HbiWorkspace",),
        WORKSPACES,
        {"properties.hbiWorkspace": BOOLEAN},
    ),
    Agreement(
        "AML-DAT-002",
        ("Workspace_CMKEnabled_Audit", "Workspace_CMKEnabled_Audit_V2"),
        WORKSPACES,
        {
            "properties.encryption": (
                *(ABSENT, None, {}),
                *({"status": value} for value in (None, "", "Enabled", "enabled", "Disabled")),
            )
        },
    ),
    Agreement(
        "AML-OBS-001",
        ("AuditDiagnosticLog_Audit",),
        WORKSPACES,
        {LOGS: LOG_LISTS},
    ),
)
BY_RULE = {each.rule: each for each in AGREEMENTS}
PAIRS = [
    *((each.rule, OWN / f"{each.rule}.json") for each in AGREEMENTS),
    *((each.rule, _theirs(name)) for each in AGREEMENTS for name in each.theirs),
]
pairs = pytest.mark.parametrize(
    ("rule_id", "path"), PAIRS, ids=[f"{rule_id}-{path.stem}" for rule_id, path in PAIRS]
)


def definition_of(agreement: Agreement, path: Path) -> Any:
    """Return a definition with the parameter values of the comparison."""
    if not path.is_relative_to(OWN) and not REFERENCE.is_dir():
        pytest.skip("no Azure Policy definitions beside the checkout")
    [definition] = load_definitions(path)
    given = {name: v for name, v in agreement.parameters.items() if name in definition.declared}
    return definition.with_parameters(
        {"effect": _active(definition), **given} if "effect" in definition.declared else given
    )


def _active(definition: Any) -> str:
    allowed = definition.declared["effect"]["allowedValues"]
    return next(str(effect) for effect in allowed if effect.lower() != "disabled")


def put(raw: Raw, path: str, value: Any) -> None:
    """Set a property, or take it away; a part of the path that is not there is made."""
    *above, last = path.split(".")
    for step in above:
        if not isinstance(raw.get(step), dict):
            raw[step] = {}
        raw = raw[step]
    if value is ABSENT:
        raw.pop(last, None)
    else:
        raw[last] = value


def base(name: str) -> Raw:
    found: Raw = json.loads((ARM / f"{name}.json").read_text(encoding="utf-8"))
    return found


def given_value(raw: Raw, path: str, value: Any) -> list[Raw]:
    """Set a value, with the record's subscription filled in; returns records that it adds."""
    if path == LOGS:
        return _setting(raw["id"], value)
    if value is not ABSENT:
        subscription = armid.parse(raw["id"]).subscription_id
        value = json.loads(json.dumps(value).replace(HOME, subscription))
    put(raw, path, value)
    return []


@st.composite
def drawn_records(draw: Any, agreement: Agreement) -> list[Raw]:
    """Draw up to a dozen resources, each with other values, and what belongs to them."""
    holder = base("workspace")
    holder["properties"].pop("managedNetwork", None)
    found = [] if agreement.bases == WORKSPACES else [holder]
    for number in range(draw(st.integers(1, 12))):
        raw = base(draw(st.sampled_from(agreement.bases)))
        raw["id"] = f"{raw['id']}-{number}"
        raw["name"] = raw["id"].rpartition("/")[2]
        found.append(raw)
        if agreement.bases == WORKSPACES:
            put(raw, "kind", draw(st.sampled_from(KINDS)))
        for path, values in agreement.values.items():
            found += given_value(raw, path, draw(st.sampled_from(values)))
    return [*found, *(child for raw in found for child in _connection_records(raw))]


def _setting(holder: str, logs: Any) -> list[Raw]:
    arm_type = "Microsoft.Insights/diagnosticSettings"
    arm_id = f"{holder}/providers/{arm_type}/central"
    body = {"logs": logs, "workspaceId": "/subscriptions/s/x/central"}
    return [] if logs is ABSENT else [{"id": arm_id, "type": arm_type, "properties": body}]


def _connection_records(raw: Raw) -> list[Raw]:
    """Return a workspace's private endpoint connections as Azure lists them on their own."""
    items = raw["properties"].get("privateEndpointConnections") or []
    arm_type = "Microsoft.MachineLearningServices/workspaces/privateEndpointConnections"
    return [
        {
            "id": f"{raw['id']}/privateEndpointConnections/{number}",
            "type": arm_type,
            "properties": item["properties"],
        }
        for number, item in enumerate(items)
    ]


Answers = dict[str, Verdict]


def rule_says(agreement: Agreement, estate: Estate) -> tuple[Answers, dict[str, Any]]:
    """Return the rule's verdicts by resource, and the resources that can be compared."""
    rule = RULES[agreement.rule]
    result = evaluate([rule], Settings(estate.config, [rule]), estate)
    [assessment] = result.assessments
    answers = {
        armid.key(resource.id): VERDICTS[code]
        for resource, code in zip(assessment.resources, assessment.codes, strict=True)
    }
    compared = {
        armid.key(resource.id): resource
        for resource in assessment.resources
        if not _in_a_project(resource, estate) and agreement.comparable(resource, estate)
    }
    return answers, compared


def _in_a_project(resource: Any, estate: Estate) -> bool:
    workspace = resource if resource.KIND == "workspace" else None
    if resource.KIND == "compute":
        workspace = estate.target("workspace", resource.workspace_id)
    return getattr(workspace, "kind", None) == "Project"


def policy_says(definition: Any, estate: Estate, records: Any) -> Answers:
    """Return the definition's verdicts; those on a workspace's connections are the workspace's."""
    ran = policy_assessments([definition], estate, records)
    assert ran.not_evaluated == []
    [assessment] = ran.assessments
    answers: Answers = {}
    for resource, code in zip(assessment.resources, assessment.codes, strict=True):
        is_connection = assessment.rule.resource == "privateEndpointConnection"
        key = armid.key(armid.parent(resource.id) if is_connection else resource.id)
        if answers.get(key) is not Verdict.FAIL:
            answers[key] = VERDICTS[code]
    return answers


def differences(agreement: Agreement, definition: Any, estate: Estate, records: Any) -> list[str]:
    """Return a line for every resource of which rule and definition do not say the same."""
    ours, compared = rule_says(agreement, estate)
    theirs = policy_says(definition, estate, records)
    found = []
    for key in compared:
        mine, other = ours[key], theirs.get(key, Verdict.NOT_APPLICABLE)
        unsure = {mine, other} & {Verdict.UNKNOWN, Verdict.ERROR}
        if unsure or (mine is Verdict.FAIL) is not (other is Verdict.FAIL):
            found.append(f"{key}: the rule says {mine}, the definition {other}")
    return found


@pytest.mark.parametrize("rule_id", sorted(BY_RULE))
def test_rule_is_there(rule_id: str) -> None:
    assert rule_id in RULES, f"{rule_id} is missing, so nothing shows that it agrees"


@pairs
@given(data=st.data())
def test_rule_agrees_on_generated_records(
    world: Callable[..., Any], rule_id: str, path: Path, data: st.DataObject
) -> None:
    if rule_id not in RULES:
        pytest.fail(f"{rule_id} is missing")
    agreement = BY_RULE[rule_id]
    definition = definition_of(agreement, path)
    estate, records = world(data.draw(drawn_records(agreement)))
    assert differences(agreement, definition, estate, records) == []


@pytest.mark.parametrize("name", ["contoso", "pristine"])
@pairs
def test_rule_agrees_on_every_record_of_a_fixture_estate(
    estates: Path, name: str, rule_id: str, path: Path
) -> None:
    if rule_id not in RULES:
        pytest.fail(f"{rule_id} is missing")
    agreement = BY_RULE[rule_id]
    definition = definition_of(agreement, path)
    with open_snapshot(estates / name) as snapshot:
        estate = load_estate(snapshot, load_config(None))
        assert differences(agreement, definition, estate, snapshot.records) == []


@pairs
def test_values_make_a_definition_pass_and_fail(
    world: Callable[..., Any], rule_id: str, path: Path
) -> None:
    """Agreement on records that all pass, or all fail, would show nothing."""
    agreement = BY_RULE[rule_id]
    (first, values), *others = agreement.values.items()
    raws: list[Raw] = []
    for number, value in enumerate(values):
        raw = base(agreement.bases[_OF_OTHERS.get(rule_id, 0)])
        raw["id"] = f"{raw['id']}-{number}"
        for other, fixed in others:
            put(raw, other, fixed[0])
        raws += [raw, *given_value(raw, first, value)]
        raws += _connection_records(raw)
    estate, records = world(raws)
    said = set(policy_says(definition_of(agreement, path), estate, records).values())
    assert {Verdict.PASS, Verdict.FAIL} <= said


_OF_OTHERS = {"AML-CMP-005": 1, "AML-CMP-011": 2, "AML-CMP-012": 1}
"""Rules about another type of compute than clusters, by its position among the bases."""


def test_list_of_vm_sizes_is_that_of_the_definition() -> None:
    if not REFERENCE.is_dir():
        pytest.skip("no Azure Policy definitions beside the checkout")
    [theirs] = load_definitions(_theirs("Deny-MachineLearningCompute-VmSize"))
    wanted = theirs.declared["allowedVmSizes"]["defaultValue"]
    assert RULES["AML-CMP-004"].rule.parameters["allowedVmSizes"].default == wanted
