from __future__ import annotations

import dataclasses
import re
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scanner.engine.control_files import load_controls
from scanner.engine.controls import Controls, Provenance, Status, assess
from scanner.engine.packs import built_in_pack, load_packs
from scanner.engine.result import (
    VERDICTS,
    Assessment,
    Counts,
    Exemption,
    ScanResult,
    Verdict,
    row,
)
from scanner.errors import RuleError
from tests.engine.estates import compute, estate

PASS, FAIL, UNKNOWN, NOT_APPLICABLE, ERROR = VERDICTS
WORD = re.compile(r"[a-z0-9']+")
RUN = 8
"""A run of this many words in common with a source is not own words any more."""


@pytest.fixture(scope="module")
def rules():
    return load_packs([built_in_pack()])


@pytest.fixture(scope="module")
def controls(rules):
    return load_controls([built_in_pack()], rules)


def every(controls: Controls):
    return [control for framework in controls.frameworks for control in framework.controls]


def by_id(controls: Controls):
    return {control.id: control for control in every(controls)}


# --- the built-in controls


def test_every_control_that_a_rule_names_exists(rules, controls):
    known = by_id(controls)
    for loaded in rules:
        for name in loaded.rule.controls:
            assert known[name].kind == "rule", (loaded.rule.id, name)


def test_every_control_for_rules_is_answered_or_listed_as_not_covered(controls):
    not_covered = {control.id for control in controls.not_covered()}
    wanted = {control.id for control in every(controls) if control.kind == "rule"}
    assert not_covered | set(controls.answers) == wanted
    assert not not_covered & set(controls.answers)


def test_every_rule_has_a_source(rules, controls):
    sources = {f.framework for f in controls.frameworks if f.publishes == "statements"}
    # These are the sources of rules that no article asks for.
    sources |= {"azure-policy", "aprl"}
    # This one is about the scan itself: whether it could read what the others need.
    for loaded in (one for one in rules if one.rule.id != "AML-GOV-003"):
        named = {name.partition("/")[0] for name in loaded.rule.controls}
        assert named & sources, loaded.rule.id


def test_each_source_has_statements_with_a_place(controls):
    statements = [f for f in controls.frameworks if f.publishes == "statements"]
    assert [framework.framework for framework in statements] == [
        "caf-ml-best-practices",
        "caf-ml-data-product",
        "caf-ml-enterprise-scale",
        "caf-ml-environments",
        "caf-ml-setup",
    ]
    for framework in statements:
        kinds = {control.kind for control in framework.controls}
        assert kinds == {"rule", "review", "none"}
        assert len({control.statement for control in framework.controls}) == len(framework.controls)


def test_the_table_of_policies_is_there_row_by_row(controls):
    known = by_id(controls)
    rows = [
        control
        for control in every(controls)
        if control.id.startswith("caf-ml-data-product/policy-")
    ]
    assert [control.place for control in rows] == [
        f"Table of policies, row {number}" for number in range(1, 14)
    ]
    for number, control in enumerate(rows, start=1):
        definitions = [known[f"azure-policy/{policy}"] for policy in control.policies]
        assert definitions
        # The first five are built in and have ids, the others are the landing zones' own.
        assert all(bool(definition.definition) is (number <= 5) for definition in definitions)
    assigned = known["caf-ml-data-product/policies-govern-self-service"]
    assert set(assigned.policies) == {control.policies[0] for control in rows}


@pytest.mark.parametrize(
    ("control", "rule", "provenance"),
    [
        ("mcsb/NS-2", "AML-NET-001", Provenance.VENDOR),
        ("mcsb/NS-2", "AML-NET-013", Provenance.OWN),
        ("mcsb/PV-2", "AML-CMP-012", Provenance.VENDOR),
        ("mcsb/PV-6", "AML-CMP-012", Provenance.OWN),
        ("cis-azure/3.3.5", "AML-IDN-010", Provenance.VENDOR),
        ("nist-800-53r5/SC-12", "AML-DAT-002", Provenance.VENDOR),
        ("nist-800-53r5/SC-12", "AML-IDN-010", Provenance.OWN),
        # What an article says of a definition is no mapping by Microsoft.
        ("caf-ml-data-product/policy-private-link", "AML-NET-001", Provenance.OWN),
        ("azure-policy/Vnet_Audit", "AML-NET-004", Provenance.OWN),
    ],
)
def test_provenance(controls, control, rule, provenance):
    [answer] = [one for one in controls.answers[control] if one.rule.id == rule]
    assert answer.provenance is provenance


def test_definition_ids_are_those_of_azure_policy(controls, shared):
    folder = shared / "reference" / "azure-policy" / "builtin"
    known = by_id(controls)
    files = sorted(folder.glob("*.json"))
    assert files
    for path in files:
        definition = msgspec.json.decode(path.read_bytes())
        assert known[f"azure-policy/{path.stem}"].definition == definition["name"]


def test_controls_are_in_own_words(controls, shared):
    folder = shared / "sources"
    if not folder.is_dir():
        pytest.skip("no source documents beside the checkout")
    theirs: dict[str, str] = {}
    for path in sorted(folder.glob("*.txt")):
        theirs |= dict.fromkeys(runs(path.read_text(encoding="utf-8")), path.name)
    assert theirs
    for framework in controls.frameworks:
        for text in (framework.scope, *texts(framework)):
            copied = [run for run in runs(text) if run in theirs]
            assert not copied, (framework.framework, copied, theirs[copied[0]])


def texts(framework):
    for control in framework.controls:
        yield from (control.statement, control.question, control.reason, *control.evidence)


def runs(text: str):
    words = WORD.findall(text.lower())
    return [" ".join(words[at : at + RUN]) for at in range(len(words) - RUN + 1)]


# --- packs that are wrong


RULE = {
    "id": "OWN-TST-001",
    "name": "own-rule",
    "title": "Compute has no name at all",
    "severity": "low",
    "since": "0.1.0",
    "resource": "compute",
    "require": {"field": "name", "exists": True},
    "message": "{name} has no name.",
    "rationale": "A compute without a name can be neither found nor talked about, so that nobody "
    "would ever look after it.",
    "remediation": {"text": "Give the compute a name when it is created."},
    "controls": ["own/named"],
    "references": ["https://contoso.example/"],
}
FRAMEWORK: dict[str, Any] = {
    "framework": "own",
    "title": "Own demands",
    "publisher": "Contoso",
    "publishes": "statements",
    "scope": "What Contoso asks for besides.",
    "controls": [
        {"id": "named", "kind": "rule", "place": "Page 1", "statement": "Computes have names."},
        {
            "id": "asked",
            "kind": "review",
            "place": "Page 2",
            "statement": "Names are good ones.",
            "question": "Are the names good ones?",
            "evidence": ["The names of the computes"],
        },
        {
            "id": "told",
            "kind": "none",
            "place": "Page 3",
            "statement": "Names are nice to have.",
            "reason": "It asks for nothing.",
        },
    ],
}


def pack(folder, *frameworks, names=("own/named",)):
    (folder / "controls").mkdir(parents=True)
    (folder / "domain").mkdir()
    rule = {**RULE, "controls": list(names)}
    (folder / "domain" / "own-rule.yaml").write_text(yaml.safe_dump(rule, sort_keys=False))
    for framework in frameworks:
        path = folder / "controls" / f"{framework['framework']}.yaml"
        path.write_text(yaml.safe_dump(framework, sort_keys=False))
    return folder


def loaded(folder):
    return load_controls([folder], load_packs([folder]))


def changed(index: int = 0, /, **changes: Any):
    members = [dict(control) for control in FRAMEWORK["controls"]]
    for key, value in changes.items():
        if value is None:
            del members[index][key]
        else:
            members[index][key] = value
    return {**FRAMEWORK, "controls": members}


def line_of(path, text):
    return next(n for n, line in enumerate(path.read_text().splitlines(), 1) if text in line)


def test_pack_with_its_own_controls(tmp_path):
    found = loaded(pack(tmp_path, FRAMEWORK))
    assert [framework.framework for framework in found.frameworks] == ["own"]
    [answer] = found.answers["own/named"]
    assert answer.rule.id == "OWN-TST-001"
    assert list(found.not_covered()) == []


@pytest.mark.parametrize(
    ("name", "problem", "hint"),
    [
        ("own/namde", "there is no control 'own/namde'", "Did you mean 'own/named'?"),
        ("other/x-y-z", "there is no control 'other/x-y-z'", "`controls`"),
        ("own/asked", "no rule can answer 'own/asked', which a person answers", ""),
        ("own/told", "no rule can answer 'own/told', which is not a control", ""),
    ],
)
def test_rule_that_names_what_it_cannot_answer(tmp_path, name, problem, hint):
    folder = pack(tmp_path, FRAMEWORK, names=("own/named", name))
    path = folder / "domain" / "own-rule.yaml"
    with pytest.raises(RuleError, match=re.escape(problem)) as caught:
        loaded(folder)
    assert hint in caught.value.hint
    assert caught.value.path == str(path)
    assert caught.value.line == line_of(path, f"- {name}")


@pytest.mark.parametrize(
    ("framework", "problem", "line"),
    [
        (changed(1, id="named"), "'named' is already the id of the control on line", "id: named"),
        (changed(0, kind="rull"), "'rull' is none of the allowed values", "kind: rull"),
        (changed(1, evidence=None), "the key 'evidence' is missing", "id: asked"),
        (changed(2, reason=None), "the key 'reason' is missing", "id: told"),
        (changed(0, reason="It is so."), "unknown key 'reason'", "reason: It is so."),
        (changed(0, place=None), "the key 'place' is missing", "id: named"),
        (changed(0, policies=["Nothing"]), "no Azure Policy definition 'Nothing'", "- Nothing"),
        ({**FRAMEWORK, "publishes": "ids"}, "unknown key 'place'", "place: Page 1"),
        ({**FRAMEWORK, "controls": []}, "must not be empty", "controls"),
    ],
)
def test_file_that_is_wrong(tmp_path, framework, problem, line):
    folder = pack(tmp_path, framework)
    path = folder / "controls" / "own.yaml"
    with pytest.raises(RuleError, match=re.escape(problem)) as caught:
        loaded(folder)
    assert str(caught.value.path) == str(path)
    lines = path.read_text().splitlines()
    assert line in lines[caught.value.line - 1]


def test_policy_that_is_misspelt(tmp_path):
    definitions = {
        **{key: FRAMEWORK[key] for key in ("title", "publisher", "scope")},
        "framework": "azure-policy",
        "publishes": "ids",
        "controls": [{"id": "Vnet_Audit", "kind": "rule"}],
    }
    folder = pack(tmp_path, changed(0, policies=["Vnet_Audti"]), definitions)
    with pytest.raises(RuleError) as caught:
        loaded(folder)
    assert caught.value.hint == "Did you mean 'Vnet_Audit'?"


def test_framework_must_be_named_as_its_file(tmp_path):
    folder = pack(tmp_path, FRAMEWORK)
    (folder / "controls" / "own.yaml").rename(folder / "controls" / "mine.yaml")
    with pytest.raises(RuleError, match=r"the file is mine\.yaml, so the framework must be mine"):
        loaded(folder)


def test_framework_of_two_packs(tmp_path):
    one, two = pack(tmp_path / "one", FRAMEWORK), pack(tmp_path / "two", FRAMEWORK)
    with pytest.raises(RuleError, match=r"is already the framework of .*one"):
        load_controls([one, two], load_packs([one]))


# --- assessment


CLUSTER = compute("cpu")


def result_of(rule, *verdicts: Verdict, exempt: int = 0, preview: bool = False) -> ScanResult:
    """The result of one rule with these verdicts; the first `exempt` failures are exempted."""
    found = estate(CLUSTER)
    [resource] = found.of_kind("compute")
    ran = msgspec.structs.replace(rule, preview=preview)
    assessment = Assessment(
        ran,
        [resource] * len(verdicts),
        bytearray(VERDICTS.index(verdict) for verdict in verdicts),
        [None] * len(verdicts),
        {None: rule.severity},
    )
    findings = [
        row(assessment, resource, verdict, None)
        for verdict in verdicts
        if verdict not in {PASS, NOT_APPLICABLE}
    ]
    accepted = Exemption("x.yaml:1", "Waiver", "Why not", "me", "2027-01-01", "file")
    for at, finding in enumerate(findings[:exempt]):
        findings[at] = msgspec.structs.replace(finding, exemption=accepted)
    return ScanResult(found, "", [assessment], findings)


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    folder = pack(tmp_path_factory.mktemp("pack"), FRAMEWORK)
    rules = load_packs([folder])
    return rules[0].rule, load_controls([folder], rules)


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [
        ([PASS, PASS], Status.PASS),
        ([PASS, NOT_APPLICABLE], Status.PASS),
        ([PASS, FAIL], Status.FAIL),
        ([FAIL, UNKNOWN, ERROR], Status.FAIL),
        ([PASS, UNKNOWN], Status.UNKNOWN),
        ([PASS, ERROR], Status.UNKNOWN),
        ([UNKNOWN], Status.UNKNOWN),
        ([NOT_APPLICABLE], Status.NOT_ASSESSED),
        ([], Status.NOT_ASSESSED),
    ],
)
def test_status_follows_from_the_rows(own, verdicts, status):
    rule, controls = own
    named, asked = assess(result_of(rule, *verdicts), controls)
    assert named.status is status
    assert named.counts.total == len(verdicts)
    assert asked.status is Status.REVIEW
    assert asked.review is None
    assert asked.counts == Counts()


@pytest.mark.parametrize(
    ("verdicts", "exempt", "status"),
    [
        ([FAIL, PASS], 1, Status.EXEMPT),
        ([FAIL], 1, Status.EXEMPT),
        ([FAIL, FAIL], 1, Status.FAIL),
        ([FAIL, UNKNOWN], 1, Status.UNKNOWN),
    ],
)
def test_exempted_failures_are_neither_failures_nor_passes(own, verdicts, exempt, status):
    rule, controls = own
    named = assess(result_of(rule, *verdicts, exempt=exempt), controls)[0]
    assert named.status is status
    assert named.counts.exempt == exempt


def test_rule_that_did_not_run_leaves_the_control_open(own):
    _, controls = own
    named = assess(ScanResult(estate(CLUSTER), "", [], []), controls)[0]
    assert named.status is Status.NOT_ASSESSED
    assert [answer.ran for answer in named.answers] == [False]


def test_rule_in_preview_does_not_count(own):
    rule, controls = own
    named = assess(result_of(rule, FAIL, PASS, preview=True), controls)[0]
    assert named.status is Status.NOT_ASSESSED
    assert named.counts == Counts()
    assert named.answers[0].counts.fail == 1


def test_control_without_a_rule_is_not_covered(tmp_path):
    more = {"id": "alone", "kind": "rule", "place": "Page 4", "statement": "Nobody looks."}
    folder = pack(tmp_path, {**FRAMEWORK, "controls": [*FRAMEWORK["controls"], more]})
    rules = load_packs([folder])
    controls = load_controls([folder], rules)
    found = assess(result_of(rules[0].rule, PASS), controls)
    assert [(one.control.id, one.status) for one in found] == [
        ("own/named", Status.PASS),
        ("own/asked", Status.REVIEW),
        ("own/alone", Status.NOT_COVERED),
    ]


def test_one_rule_of_two_that_did_not_run_is_no_pass(tmp_path):
    folder = pack(tmp_path, FRAMEWORK)
    other = {**RULE, "id": "OWN-TST-002", "name": "other-rule"}
    (folder / "domain" / "other-rule.yaml").write_text(yaml.safe_dump(other, sort_keys=False))
    rules = load_packs([folder])
    controls = load_controls([folder], rules)
    one = next(loaded.rule for loaded in rules if loaded.rule.id == "OWN-TST-001")
    assert assess(result_of(one, PASS), controls)[0].status is Status.NOT_ASSESSED
    assert assess(result_of(one, PASS, FAIL), controls)[0].status is Status.FAIL


@given(verdicts=st.lists(st.sampled_from(VERDICTS), max_size=8), exempt=st.integers(0, 8))
def test_pass_means_that_something_passes_and_nothing_is_open(own, verdicts, exempt):
    rule, controls = own
    named = assess(result_of(rule, *verdicts, exempt=exempt), controls)[0]
    only = set(verdicts) - {NOT_APPLICABLE}
    assert (named.status is Status.PASS) == (only == {PASS})
    assert named.counts.total == len(verdicts)


# --- controls of one stage

PLACES = ("dev", "qa", "prod", "exploration", None)


@pytest.mark.parametrize(
    ("stage", "own"),
    [
        ("development", {"dev"}),
        ("test", {"qa"}),
        ("production", {"prod"}),
        ("", {"dev", "qa", "prod", "exploration"}),
    ],
)
@given(verdicts=st.lists(st.sampled_from(VERDICTS), min_size=5, max_size=5))
def test_a_stage_counts_its_environments_and_what_may_be_in_them(own_stage, stage, own, verdicts):
    rule, controls = own_stage[stage]
    whole = result_of(rule, *verdicts)
    [assessment] = whole.assessments
    placed = dataclasses.replace(assessment, environments=list(PLACES))
    findings = [
        msgspec.structs.replace(finding, environment=place)
        for finding, place in zip(
            whole.findings,
            [p for p, v in zip(PLACES, verdicts, strict=True) if v not in {PASS, NOT_APPLICABLE}],
            strict=True,
        )
    ]
    named = assess(ScanResult(whole.estate, "", [placed], findings), controls)[0]
    counted = [v for p, v in zip(PLACES, verdicts, strict=True) if p in own or p is None]
    expected = Counts()
    for verdict in counted:
        expected.add(verdict)
    assert named.counts == expected
    assert named.answers[0].counts == expected


@pytest.fixture(scope="module")
def own_stage(tmp_path_factory):
    found = {}
    for stage in ("", "development", "test", "production"):
        named = {**FRAMEWORK["controls"][0], **({"stage": stage} if stage else {})}
        folder = pack(tmp_path_factory.mktemp("stage"), {**FRAMEWORK, "controls": [named]})
        rules = load_packs([folder])
        found[stage] = rules[0].rule, load_controls([folder], rules)
    return found


@pytest.mark.parametrize(("index", "stage"), [(0, "qa"), (1, "test")])
def test_a_stage_is_one_of_three_and_of_rules(tmp_path, index, stage):
    folder = pack(tmp_path, changed(index, stage=stage))
    with pytest.raises(RuleError, match=r"stage"):
        loaded(folder)
