"""Small scan results for the reports, made of real resources, rules and rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import strategies as st

from scanner import armid
from scanner.config import Config
from scanner.engine.result import (
    VERDICTS,
    Assessment,
    Evidence,
    Remedy,
    Result,
    ScanResult,
    Severity,
    Verdict,
    row,
)
from scanner.engine.rules import Remediation, Rule
from scanner.inventory.build import build
from scanner.inventory.estate import Estate
from scanner.inventory.kinds import TABLE_KINDS
from scanner.snapshot.manifest import Gap, Manifest, Table

SUB = "/subscriptions/11111111-2222-3333-4444-555555555555"
WORKSPACE = f"{SUB}/resourceGroups/rg-ml-prod/providers/Microsoft.MachineLearningServices/workspaces/ws-risk"
STORAGE = f"{SUB}/resourceGroups/rg-ml-prod/providers/Microsoft.Storage/storageAccounts/strisk"
DIGEST = "9f" * 32
HOSTILE = "<img src=x onerror=1>|`a`\n# @admin [x](https://evil.example) \x1b[31m[bold]\u202e**"


class Answer(NamedTuple):
    """What a rule says of one resource."""

    resource_id: str
    verdict: Verdict
    environment: str | None = "prod"
    message: str = ""
    evidence: tuple[Evidence, ...] = ()


class Scan(NamedTuple):
    """A result with the raw records it was made from."""

    result: ScanResult
    records: Mapping[str, Sequence[dict[str, Any]]]

    def fetch(self, table: str, rows: Collection[int]) -> Iterator[tuple[int, dict[str, Any]]]:
        """Give raw records as a snapshot does."""
        for number, record in enumerate(self.records[table]):
            if number in rows:
                yield number, record


MakeScan = Callable[..., Scan]


def cluster(name: str, nodes: Any = 0) -> dict[str, Any]:
    return {
        "id": f"{WORKSPACE}/computes/{name}",
        "name": name,
        "type": "Microsoft.MachineLearningServices/workspaces/computes",
        "properties": {
            "computeType": "AmlCompute",
            "properties": {
                "scaleSettings": {"maxNodeCount": 4, "minNodeCount": nodes},
                "sshPassword": {"$redacted": "sha256:00"},
            },
        },
    }


def workspace(name: str = "ws-risk") -> dict[str, Any]:
    return {
        "id": WORKSPACE.replace("ws-risk", name),
        "name": name,
        "type": "Microsoft.MachineLearningServices/workspaces",
        "location": "westeurope",
        "properties": {"publicNetworkAccess": "Enabled", "storageAccount": STORAGE},
    }


def storage() -> dict[str, Any]:
    return {
        "id": STORAGE,
        "name": "strisk",
        "type": "Microsoft.Storage/storageAccounts",
        "properties": {"allowSharedKeyAccess": True, "publicNetworkAccess": "Enabled"},
    }


def new_rule(rule_id: str = "AML-CMP-001", severity: str = "medium", **changes: Any) -> Rule:
    values: dict[str, Any] = {
        "id": rule_id,
        "name": f"rule-{rule_id.lower()}",
        "title": "Compute cluster keeps nodes running when idle",
        "severity": Severity(severity),
        "since": "0.1.0",
        "resource": "compute",
        "require": {"field": "name", "exists": True},
        "message": "{name} keeps nodes running.",
        "rationale": "Idle nodes cost money and give attackers a machine that is always there. "
        * 2,
        "remediation": Remediation(
            "Set the minimum node count to 0.",
            cli="az ml compute update --name {name} --min-instances 0",
            bicep="scaleSettings: {\n  minNodeCount: 0\n}",
        ),
        "controls": ("caf-ml-setup/min-nodes", "mcsb/PV-1"),
        "references": ("https://learn.microsoft.com/azure/machine-learning/",),
        "domain": "compute",
    }
    return Rule(**{**values, **changes})


def make_manifest(gaps: Sequence[Gap], tables: Mapping[str, int], estate: str) -> Manifest:
    return Manifest(
        tool_version="0.1.0",
        estate=estate,
        scopes_asked=(SUB,),
        scopes_read=(SUB,),
        started="2026-11-20T01:00:00Z",
        finished="2026-11-20T01:12:30Z",
        tables={name: Table(rows, rows * 100, DIGEST) for name, rows in tables.items()},
        gaps=tuple(gaps),
        digest=DIGEST,
    )


@pytest.fixture(scope="session")
def make_scan() -> MakeScan:
    """Give the function that makes a scan of records and of what rules say of them."""
    return _make_scan


def _make_scan(
    records: Mapping[str, Sequence[dict[str, Any]]],
    answers: Sequence[tuple[Rule, Sequence[Answer]]],
    *,
    gaps: Sequence[Gap] = (),
    estate: str = "contoso-ml",
    severities: Mapping[str | None, Severity] | None = None,
) -> Scan:
    found: dict[str, list[Any]] = {}
    for table, raws in records.items():
        for number, raw in enumerate(raws):
            for cls in TABLE_KINDS[table]:
                for resource in build(cls, raw, number):
                    found.setdefault(resource.KIND, []).append(resource)
    tables = {table: len(raws) for table, raws in records.items()}
    inventory = Estate(found, make_manifest(gaps, tables, estate), Config())
    assessments: list[Assessment] = []
    findings: list[Result] = []
    for rule, said in sorted(answers, key=lambda pair: pair[0].id):
        ordered = sorted(said, key=lambda answer: armid.key(answer.resource_id))
        assessment = _assessment(rule, ordered, inventory, severities)
        assessments.append(assessment)
        findings += _findings(assessment, ordered)
    return Scan(ScanResult(inventory, "cd" * 32, assessments, findings), records)


def _assessment(
    rule: Rule,
    answers: Sequence[Answer],
    estate: Estate,
    severities: Mapping[str | None, Severity] | None,
) -> Assessment:
    return Assessment(
        rule,
        [_resource(estate, answer.resource_id) for answer in answers],
        bytearray(VERDICTS.index(answer.verdict) for answer in answers),
        [answer.environment for answer in answers],
        {None: rule.severity, **(severities or {})},
    )


def _resource(estate: Estate, resource_id: str) -> Any:
    resource = estate.find(resource_id)
    assert resource is not None
    return resource


def _findings(assessment: Assessment, answers: Sequence[Answer]) -> Iterator[Result]:
    for resource, answer in zip(assessment.resources, answers, strict=True):
        if answer.verdict not in {Verdict.PASS, Verdict.NOT_APPLICABLE}:
            found = row(
                assessment,
                resource,
                answer.verdict,
                answer.environment,
                details=(answer.message or f"{resource.name} keeps nodes.", answer.evidence),
            )
            command = assessment.rule.remediation.cli.replace("{name}", resource.name)
            remedy = Remedy(command) if answer.verdict is Verdict.FAIL and command else None
            yield msgspec.structs.replace(found, remediation=remedy)


@pytest.fixture(scope="session", name="make_rule")
def _make_rule() -> Callable[..., Rule]:
    """Give the function that makes a rule, with some of its fields changed."""
    return new_rule


@pytest.fixture(scope="session")
def answer() -> type[Answer]:
    """Give the class of what a rule says of a resource."""
    return Answer


MIN_NODES = "properties.properties.scaleSettings.minNodeCount"
IDLE = Evidence("scaleSettings.minNodeCount", 2, "lessOrEquals 0", property=MIN_NODES)
KEYS = Evidence(
    path="storageAccount.allowSharedKeyAccess",
    actual=True,
    expected="equals false",
    resource_id=STORAGE,
    property="properties.allowSharedKeyAccess",
)
BLIND = Evidence("subnet.networkSecurityGroup", None, "exists true", readable=False)
GAPS = (
    Gap(
        "networkSecurityGroups",
        SUB,
        "Microsoft.Network/networkSecurityGroups/read",
        403,
        "AuthorizationFailed",
        "The client does not have authorization.",
        "Microsoft.Network/networkSecurityGroups/read",
    ),
    Gap("datastores", WORKSPACE, "list", 429, "TooManyRequests"),
)


@pytest.fixture(scope="session")
def sample(make_scan: MakeScan) -> Scan:
    """A scan with every verdict, two environments, evidence elsewhere, hostile text and gaps."""
    computes = [cluster("cpu", 2), cluster("gpu", 2), cluster("nightly"), cluster("other")]
    ids = [record["id"] for record in computes]
    idle = new_rule()
    shared = new_rule(
        "AML-IDN-008",
        "high",
        title="Workspace storage accepts shared keys | or `worse`",
        resource="workspace",
        domain="identity",
    )
    network = new_rule("AML-NET-016", "high", title="Subnet has no network security group")
    broken = new_rule("AML-OPS-001", "low", title="A rule that does not work at all")
    preview = new_rule(
        "AML-NEW-001", "critical", title="A rule newer than the rule set", preview=True
    )
    return make_scan(
        {"computes": computes, "workspaces": [workspace()], "storageAccounts": [storage()]},
        [
            (
                idle,
                [
                    Answer(ids[0], Verdict.FAIL, "prod", evidence=(IDLE,)),
                    Answer(ids[1], Verdict.FAIL, "dev", HOSTILE, (IDLE, BLIND)),
                    Answer(ids[2], Verdict.PASS, "dev"),
                    Answer(ids[3], Verdict.NOT_APPLICABLE, None),
                ],
            ),
            (shared, [Answer(WORKSPACE, Verdict.FAIL, "prod", "ws-risk uses keys.", (KEYS,))]),
            (
                network,
                [
                    Answer(i, Verdict.UNKNOWN, "prod", "could not be assessed", (BLIND,))
                    for i in ids
                ],
            ),
            (broken, [Answer(ids[0], Verdict.ERROR, "prod", "KeyError: 'x'")]),
            (preview, [Answer(ids[0], Verdict.FAIL, "prod", "cpu is new.")]),
        ],
        gaps=GAPS,
        severities={"dev": Severity.LOW},
    )


text = st.one_of(st.sampled_from(["", HOSTILE, "](", "a.b", "`" * 5]), st.text(max_size=20))
evidence = st.builds(
    Evidence,
    path=text,
    actual=st.one_of(st.none(), st.integers(), text, st.lists(text, max_size=2)),
    expected=text,
    resource_id=st.sampled_from(["", STORAGE, STORAGE.upper(), f"{SUB}/resourceGroups/gone"]),
    property=st.sampled_from(["", MIN_NODES, "properties.no.such", "x[1].y", "properties"]),
    readable=st.booleans(),
)
environments = st.sampled_from([None, "prod", "dev"])
cells = st.tuples(
    st.sampled_from(Verdict), environments, text, st.lists(evidence, max_size=3).map(tuple)
)
gap = st.builds(
    Gap,
    table=st.sampled_from(["computes", "*", HOSTILE]),
    scope=st.sampled_from(["/", SUB, WORKSPACE, HOSTILE]),
    operation=text,
    status=st.sampled_from([0, 403]),
    code=text,
    message=text,
    permission=text,
)


@st.composite
def _scans(draw: st.DrawFn) -> Scan:
    names = draw(
        st.lists(
            st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), min_size=1),
            max_size=4,
            unique_by=str.lower,
        )
    )
    computes = [cluster(name, number) for number, name in enumerate(names)]
    answers = []
    for number in range(draw(st.integers(0, 4))):
        rule = new_rule(
            f"AML-CMP-{number:03}",
            draw(st.sampled_from(Severity)).value,
            title=draw(text) or "title",
            rationale=draw(text) or "why",
            preview=draw(st.booleans()),
            controls=tuple(draw(st.lists(text, max_size=15))),
            references=tuple(draw(st.lists(text, max_size=2))),
            remediation=Remediation(draw(text), *draw(st.tuples(text, text, text))),
        )
        said = [Answer(record["id"], *draw(cells)) for record in computes]
        answers.append((rule, said))
    return _make_scan(
        {"computes": computes, "storageAccounts": [storage()]},
        answers,
        gaps=draw(st.lists(gap, max_size=3)),
        estate=draw(text),
        severities={"prod": draw(st.sampled_from(Severity))},
    )


@pytest.fixture(scope="session")
def scans() -> st.SearchStrategy[Scan]:
    """The strategy for scans of every shape, full of strings that break formats."""
    return _scans()
