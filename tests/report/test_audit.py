"""The audit profile: every row, with what exempts it and what it was, as the standard wants it."""

from __future__ import annotations

import copy
import datetime as dt
import itertools
import json
import re
import tracemalloc
import uuid
from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.engine.baseline import apply_baseline
from scanner.engine.control_files import load_controls
from scanner.engine.earlier import load_result
from scanner.engine.exempt import apply_exemptions
from scanner.engine.exemptions import Entry, ExemptionFile, GapEntry, Scope
from scanner.engine.packs import built_in_pack, load_packs
from scanner.engine.result import Exemption, Verdict
from scanner.report import json as full
from scanner.report import sarif
from scanner.report.sarif.places import above
from scanner.report.text import clean
from scanner.snapshot.secretvalues import is_secret_text
from tests.report import validators
from tests.report.conftest import SUB, WORKSPACE, Scan, cluster, new_rule
from tests.report.test_sarif import check_rule

KINDS = {"pass": "pass", "fail": "fail", "open": "unknown", "notApplicable": "not_applicable"}
LINE_HASH = "primaryLocationLineHash"
LAST_DAYS = st.sampled_from(["2026-12-31", "2026-12-31T23:59:59Z", "soon", "", None])
WAIVER = Exemption(
    "exemptions.yaml:3",
    "Waiver",
    "Accepted until the move to the new network.",
    "team-ml@contoso.example",
    "2026-12-31",
    "file",
    id="EX-1",
    approved_by="ciso",
    ticket="SEC-7",
)


def load(scan, **options) -> dict[str, Any]:
    chunks = sarif.render(scan.result, scan.fetch, profile="audit", **options)
    found: dict[str, Any] = json.loads(b"".join(chunks))
    return found


def exempted(scan: Scan, fingerprints, waiver=WAIVER) -> Scan:
    rows = [
        msgspec.structs.replace(row, exemption=waiver) if row.fingerprint in fingerprints else row
        for row in scan.result.listed_findings
    ]
    return Scan(scan.result.replaced(findings=rows), scan.records)


def compared(scan: Scan, before: Scan, folder) -> Scan:
    file = folder / "before.json"
    file.write_bytes(b"".join(full.render(before.result)))
    return Scan(apply_baseline(scan.result, load_result(file)), scan.records)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("audit")


@pytest.fixture(scope="module")
def audited(sample, make_scan, answer, folder) -> Scan:
    """The sample with an exemption, and a baseline in which more and other things failed."""
    computes = [*sample.records["computes"], cluster("gone", 2)]
    ids = [record["id"] for record in computes]
    verdicts = (Verdict.FAIL, Verdict.PASS, Verdict.FAIL, Verdict.NOT_APPLICABLE, Verdict.FAIL)
    blind = new_rule("AML-NET-016", "high", title="Subnet has no network security group")
    old = new_rule("AML-OLD-001", "low", title="A rule that is no more")
    before = make_scan(
        {"computes": computes},
        [
            (new_rule(), [answer(i, v) for i, v in zip(ids, verdicts, strict=True)]),
            (blind, [answer(ids[0], Verdict.FAIL)]),
            (old, [answer(ids[0], Verdict.FAIL)]),
        ],
    )
    first = next(row for row in sample.result.findings if row.verdict is Verdict.FAIL)
    return exempted(compared(sample, before, folder), {first.fingerprint})


@st.composite
def histories(draw, scans):
    """Scans with some findings exempted, and maybe a scan before them."""
    scan = draw(scans)
    marked = draw(st.sets(st.sampled_from([r.fingerprint for r in scan.result.findings] or [""])))
    before = draw(st.none() | scans)
    return scan, marked, before


def check_invariants(log):
    """Hold what no public validator looks at."""
    [run] = log["runs"]
    component = run["tool"]["driver"]
    check_rules(component, run.get("taxonomies", []))
    check_places(run.get("logicalLocations", []))
    for result in run["results"]:
        check_result(result, component["rules"], run.get("logicalLocations", []))
    for name in ("suppressions", "baselineState"):
        assert len({name in result for result in run["results"]}) <= 1
    assert all(("baselineState" in result) == ("baselineGuid" in run) for result in run["results"])
    there = [each for each in run["results"] if each.get("baselineState") != "absent"]
    identities = [(each["ruleId"], each["partialFingerprints"][LINE_HASH]) for each in there]
    assert len(set(identities)) == len(identities)
    guids = [result["guid"] for result in run["results"]]
    assert len(set(guids)) == len(guids)
    check_invocation(run)
    for name in ("logicalLocations", "artifacts"):
        assert len({json.dumps(item) for item in run[name]}) == len(run[name])
    for text in strings(log):
        assert clean(text) == text
        # It would be a name for something that no file defines.
        assert text != "uriBaseId"


def check_rules(component, taxonomies):
    ids = [rule["id"] for rule in component["rules"]]
    assert len(set(ids)) == len(ids)
    for rule in component["rules"]:
        check_rule(rule)
        score = rule["properties"].get("security-severity")
        assert score is None or (isinstance(score, str) and 0 < float(score) <= 10)
        assert len(rule["properties"]["tags"]) <= 10
        for relation in rule.get("relationships", []):
            target = relation["target"]
            taxonomy = taxonomies[target["toolComponent"]["index"]]
            assert taxonomy["guid"] == target["toolComponent"]["guid"]
            taxon = taxonomy["taxa"][target["index"]]
            assert (taxon["id"], taxon["guid"]) == (target["id"], target["guid"])
    for index, reference in enumerate(component.get("supportedTaxonomies", [])):
        assert (reference["index"], reference["name"]) == (index, taxonomies[index]["name"])


def check_places(places):
    for number, place in enumerate(places):
        assert place.get("parentIndex", -1) < number
    keys = [place["fullyQualifiedName"].lower() for place in places]
    assert len(set(keys)) == len(keys)


def check_result(result, rules, places):
    assert (result["level"] == "none") == (result["kind"] != "fail")
    assert "rank" not in result
    assert result["kind"] in KINDS
    assert result["message"]["text"].strip()
    assert all(result["partialFingerprints"].values())
    if "ruleIndex" in result:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    else:
        assert result["baselineState"] == "absent"
    for each in (*result["locations"], *result.get("relatedLocations", [])):
        uri = each["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(r"azure/[-a-z0-9._~/]+\.json", uri)
        [logical] = each["logicalLocations"]
        assert places[logical["index"]]["fullyQualifiedName"] == logical["fullyQualifiedName"]
    if result["properties"].get("verdict") == "error":
        assert result["kind"] == "open"
    assert uuid.UUID(result["guid"]).version == 5
    for suppression in result.get("suppressions", []):
        assert suppression["kind"] == "external"
        assert suppression["status"] == "accepted"


def check_invocation(run):
    [invocation] = run["invocations"]
    descriptors = run["tool"]["driver"]["notifications"]
    for notification in invocation["toolExecutionNotifications"]:
        descriptor = notification["descriptor"]
        assert descriptors[descriptor["index"]]["id"] == descriptor["id"]
        if notification["level"] == "error":
            assert not invocation["executionSuccessful"]


def notifications_of(run, name):
    [invocation] = run["invocations"]
    found = invocation["toolExecutionNotifications"]
    return [each for each in found if each["descriptor"]["id"] == name]


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from itertools.chain.from_iterable(map(strings, (*value, *value.values())))
    elif isinstance(value, list):
        yield from itertools.chain.from_iterable(map(strings, value))


def counted(run) -> Counter[str]:
    found: Counter[str] = Counter()
    for result in run["results"]:
        if result["properties"].get("preview") or result.get("baselineState") == "absent":
            continue
        exempt = result["kind"] == "fail" and result.get("suppressions")
        verdict = result["properties"].get("verdict", KINDS[result["kind"]])
        found["exempt" if exempt else verdict] += 1
    return found


@settings(max_examples=60)
@given(data=st.data())
def test_invariants_and_counts_hold_for_every_history(scans, folder, data):
    scan, marked, before = data.draw(histories(scans))
    if before is not None:
        scan = compared(scan, before, folder)
    scan = exempted(scan, marked)
    log = load(scan)
    check_invariants(log)
    validators.schema().validate(log)
    [run] = log["runs"]
    totals = run["properties"]["totals"]
    found = counted(run)
    assert {name: found[name] for name in totals} == totals
    assert totals == msgspec.to_builtins(scan.result.totals)


@settings(max_examples=60)
@given(data=st.data())
def test_the_file_says_all_that_the_full_result_says(scans, folder, data):
    """Whoever reads an earlier result may have either file, whatever hostile text is in it."""
    scan, marked, before = data.draw(histories(scans))
    if before is not None:
        scan = compared(scan, before, folder)
    waiver = msgspec.structs.replace(WAIVER, expires_on=data.draw(LAST_DAYS))
    scan = exempted(scan, marked, waiver)
    files = {
        "result.json": full.render(scan.result),
        "audit.sarif": sarif.render(scan.result, scan.fetch, profile="audit"),
    }
    for name, chunks in files.items():
        (folder / name).write_bytes(b"".join(chunks))
    one, other = (load_result(folder / name) for name in files)
    assert list(other.rows()) == list(one.rows())
    assert (other.snapshot, other.rules) == (one.snapshot, one.rules)


def test_every_validator_accepts_both_profiles(audited, tmp_path):
    for profile in sarif.PROFILES:
        file = tmp_path / f"{profile}.sarif"
        file.write_bytes(b"".join(sarif.render(audited.result, audited.fetch, profile=profile)))
        validators.schema().validate(json.loads(file.read_bytes()))
        assert validators.gate(file) == []
        assert validators.multitool(file, tmp_path / "found.sarif") == []
    check_invariants(load(audited))


@pytest.mark.parametrize(
    "damage",
    [
        lambda run: run["results"][0].update(level="note", kind="pass"),
        lambda run: run["results"][0].pop("suppressions"),
        lambda run: run["results"][0].pop("baselineState"),
        lambda run: run.pop("baselineGuid"),
        lambda run: run["results"][1].update(guid=run["results"][0]["guid"]),
        lambda run: run["results"][0].update(ruleIndex=1),
        lambda run: run["logicalLocations"].reverse(),
        lambda run: run["taxonomies"].reverse(),
        lambda run: run["invocations"][0].update(executionSuccessful=True),
        lambda run: run["artifacts"].append(run["artifacts"][0]),
    ],
    ids=[
        "level",
        "suppressions",
        "state",
        "baselineGuid",
        "guid",
        "ruleIndex",
        "places",
        "taxonomies",
        "success",
        "artifacts",
    ],
)
def test_the_invariants_can_fail(audited, damage):
    log = load(audited)
    damage(log["runs"][0])
    with pytest.raises((AssertionError, KeyError, IndexError)):
        check_invariants(log)


def by_name(log, rule_id):
    """Return a rule's results by the name of their resource."""
    [run] = log["runs"]
    places = run["logicalLocations"]
    return {
        places[result["locations"][0]["logicalLocations"][0]["index"]]["name"]: result
        for result in run["results"]
        if result["ruleId"] == rule_id
    }


def test_every_verdict_is_a_kind(audited):
    found = by_name(load(audited), "AML-CMP-001")
    kinds = {name: (result["kind"], result["level"]) for name, result in found.items()}
    assert kinds == {
        "cpu": ("fail", "warning"),
        "gpu": ("fail", "note"),
        "nightly": ("pass", "none"),
        "other": ("notApplicable", "none"),
        "gone": ("fail", "warning"),
    }
    assert {r["kind"] for r in by_name(load(audited), "AML-NET-016").values()} == {"fail", "open"}
    [broken] = by_name(load(audited), "AML-OPS-001").values()
    assert (broken["kind"], broken["properties"]["verdict"]) == ("open", "error")


def test_states_against_the_baseline(audited):
    found = by_name(load(audited), "AML-CMP-001")
    states = {name: result["baselineState"] for name, result in found.items()}
    assert states == {
        "cpu": "updated",
        "gpu": "new",
        "nightly": "updated",
        "other": "unchanged",
        "gone": "absent",
    }
    assert found["gone"]["properties"]["absentBecause"] == "resourceGone"
    assert found["nightly"]["properties"]["previousVerdict"] == "fail"
    assert found["cpu"]["provenance"] == {"firstDetectionTimeUtc": "2026-11-20T01:12:30Z"}
    [old] = by_name(load(audited), "AML-OLD-001").values()
    assert old["properties"]["absentBecause"] == "ruleNotRun"
    assert "ruleIndex" not in old


def test_what_nobody_could_look_at_again_is_kept_in_both_profiles(audited):
    result = by_name(load(audited), "AML-NET-016")["cpu"]
    assert result["kind"] == "fail"
    assert result["properties"]["carriedForward"]["verdict"] == "unknown"
    [run] = json.loads(b"".join(sarif.render(audited.result, audited.fetch)))["runs"]
    kept = [r for r in run["results"] if r["ruleId"] == "AML-NET-016"]
    assert len(kept) == 1
    assert "kept in the file" in run["properties"]["notices"][0]


def test_a_rule_that_broke_on_what_failed_is_told_in_both_profiles(make_scan, answer, folder):
    """The failure is carried forward, and would hide that its rule does not work any more."""
    record = cluster("cpu", 2)
    nights = [
        make_scan(
            {"computes": [record]}, [(new_rule(), [answer(record["id"], verdict, None, said)])]
        )
        for verdict, said in ((Verdict.FAIL, "cpu is idle."), (Verdict.ERROR, "KeyError: 'x'"))
    ]
    scan = compared(nights[1], nights[0], folder)
    for profile in sarif.PROFILES:
        chunks = sarif.render(scan.result, scan.fetch, profile=profile)
        [run] = json.loads(b"".join(chunks))["runs"]
        [result] = run["results"]
        assert (result["kind"], result["message"]["text"].splitlines()[0]) == (
            "fail",
            "cpu is idle.",
        )
        [invocation] = run["invocations"]
        assert invocation["executionSuccessful"] is False
        [crash] = invocation["toolExecutionNotifications"]
        assert (crash["level"], crash["descriptor"]["id"]) == ("error", "AZMLSCAN-RULE-ERROR")
        assert crash["properties"]["resources"] == 1
        assert "KeyError: 'x'" in crash["message"]["text"]


def test_an_exemption_is_a_suppression(audited):
    [run] = load(audited)["runs"]
    [result] = [result for result in run["results"] if result["suppressions"]]
    [suppression] = result["suppressions"]
    assert result["kind"] == "fail"
    assert suppression["justification"] == WAIVER.justification
    assert suppression["properties"] == {
        "category": "Waiver",
        "owner": "team-ml@contoso.example",
        "approvedBy": "ciso",
        "ticket": "SEC-7",
        "expiryUtc": "2026-12-31T23:59:59Z",
        "id": "EX-1",
        "place": "exemptions.yaml:3",
        "source": "file",
    }


def test_an_exempted_failure_is_not_in_the_file_for_alerts(audited):
    [run] = json.loads(b"".join(sarif.render(audited.result, audited.fetch)))["runs"]
    exempt = {row.fingerprint for row in audited.result.findings if row.exemption is not None}
    shown = {r["partialFingerprints"]["primaryLocationLineHash"] for r in run["results"]}
    assert exempt
    assert not exempt & shown


def test_an_expired_exemption_is_a_notification_and_its_file_an_artifact(sample):
    entry = Entry(
        category="Waiver",
        justification="Accepted until the move.",
        owner="team-ml",
        created_on=dt.date(2026, 1, 1),
        expires_on=dt.date(2026, 11, 1),
        place="exemptions.yaml:3",
        rules=("AML-CMP-001",),
        scope=Scope(resources=(WORKSPACE,)),
    )
    file = ExemptionFile(name="exemptions.yaml", sha256="ab" * 32, exemptions=(entry,))
    scan = Scan(apply_exemptions(sample.result, [file]), sample.records)
    log = load(scan)
    check_invariants(log)
    [run] = log["runs"]
    assert all(result["suppressions"] == [] for result in run["results"])
    [notification] = notifications_of(run, "AZMLSCAN-EXEMPTION-EXPIRED")
    assert notification["level"] == "warning"
    assert "exemptions.yaml:3" in notification["message"]["text"]
    assert run["artifacts"][-1] == {
        "location": {"uri": "exemptions/exemptions.yaml"},
        "hashes": {"sha-256": "ab" * 32},
        "mimeType": "application/yaml",
        "roles": ["userSpecifiedConfiguration"],
    }


def test_an_accepted_gap_says_what_accepts_it(sample):
    entry = GapEntry(
        category="Mitigated",
        justification="Watched by its own team.",
        owner="platform",
        created_on=dt.date(2026, 11, 1),
        expires_on=dt.date(2026, 11, 30),
        place="exemptions.yaml:9",
        table="networkSecurityGroups",
        scope=SUB,
        code="AuthorizationFailed",
    )
    file = ExemptionFile(name="exemptions.yaml", sha256="ab" * 32, gaps=(entry,))
    found = {}
    for day in (dt.date(2026, 11, 30), dt.date(2026, 12, 1)):
        scan = Scan(apply_exemptions(sample.result, [file], day), sample.records)
        [run] = load(scan)["runs"]
        gaps = notifications_of(run, "AZMLSCAN-GAP")
        found[day.day] = {
            each["properties"]["table"]: each["properties"].get("acceptedBy") for each in gaps
        }
        said = "Accepted until 2026-11-30 by exemptions.yaml:9 (platform)."
        assert (said in gaps[0]["message"]["text"]) == (day.day == 30)
    assert found == {
        30: {"networkSecurityGroups": "exemptions.yaml:9", "datastores": None},
        1: {"networkSecurityGroups": None, "datastores": None},
    }


def test_without_exemptions_and_baseline_no_result_has_either(sample):
    [run] = load(sample)["runs"]
    assert not any({"suppressions", "baselineState"} & set(result) for result in run["results"])
    assert "baselineGuid" not in run


def test_tables_are_artifacts_with_digests(sample):
    [run] = load(sample)["runs"]
    names = [artifact["location"]["uri"] for artifact in run["artifacts"]]
    assert names == [
        "snapshot/records/computes.jsonl",
        "snapshot/records/storageAccounts.jsonl",
        "snapshot/records/workspaces.jsonl",
    ]
    assert all(len(artifact["hashes"]["sha-256"]) == 64 for artifact in run["artifacts"])


def test_resources_stand_below_what_holds_them(sample):
    [run] = load(sample)["runs"]
    places = run["logicalLocations"]
    place = next(p for p in places if p["name"] == "cpu")
    chain = [place["name"]]
    while "parentIndex" in place:
        place = places[place["parentIndex"]]
        chain.append(place["name"])
    assert chain == ["cpu", "ws-risk", "rg-ml-prod", SUB.rpartition("/")[2]]


@pytest.mark.parametrize(
    ("resource_id", "expected"),
    [
        (WORKSPACE, f"{SUB}/resourceGroups/rg-ml-prod"),
        (f"{SUB}/resourceGroups/rg", SUB),
        (SUB, ""),
        (f"{SUB}/providers/Microsoft.Authorization/roleAssignments/1", SUB),
        (f"{WORKSPACE}/providers/Microsoft.Insights/diagnosticSettings/d", WORKSPACE),
        ("/providers/Microsoft.Management/managementGroups/mg", ""),
        ("/", ""),
        ("", ""),
    ],
)
def test_above(resource_id, expected):
    assert above(resource_id) == expected


def test_frameworks_have_their_titles_and_mappings_their_source(make_scan):
    rules = load_packs([built_in_pack()])
    controls = load_controls([built_in_pack()], rules)
    scan = make_scan({"computes": []}, [(loaded.rule, []) for loaded in rules])
    log = load(scan, controls=controls)
    check_invariants(log)
    [run] = log["runs"]
    titles = {taxonomy["name"]: taxonomy["fullName"] for taxonomy in run["taxonomies"]}
    assert titles["mcsb"] == "Microsoft cloud security benchmark v1"
    relations = [r for rule in run["tool"]["driver"]["rules"] for r in rule["relationships"]]
    assert {relation["properties"]["provenance"] for relation in relations} == {"own", "vendor"}
    kinds = {
        (
            relation["target"]["toolComponent"]["name"] == "azure-policy",
            *relation.get("kinds", ["relevant"]),
        )
        for relation in relations
    }
    assert kinds == {(True, "relevant"), (False, "superset")}


def test_guids_are_the_same_every_night(audited, sample):
    assert load(audited) == load(audited)
    one, two = (
        {r["partialFingerprints"]["primaryLocationLineHash"]: r["correlationGuid"] for r in results}
        for results in (load(scan)["runs"][0]["results"] for scan in (audited, sample))
    )
    assert {key: two[key] for key in two} == {key: one[key] for key in two}


def test_the_baselines_guid_is_the_one_that_its_own_file_has(sample, folder):
    scan = compared(sample, sample, folder)
    [run], [before] = load(scan)["runs"], load(sample)["runs"]
    assert run["baselineGuid"] == before["automationDetails"]["guid"]


def test_the_multitool_agrees_on_what_is_new_and_what_is_gone(audited, make_scan, folder, sample):
    """Over files of failures, as the multitool does not know that a pass ends a failure."""
    known = {row.fingerprint: row for row in audited.result.baseline.failed.values()}
    [old_run] = [copy.deepcopy(load(audited)["runs"][0])]
    now = [r for r in old_run["results"] if r["kind"] == "fail" and r["baselineState"] != "absent"]
    ours = {identity(r): r["baselineState"] for r in now}
    ours |= dict.fromkeys(set(known) - set(ours), "absent")
    before = [result for result in old_run["results"] if identity(result) in known]
    missing = set(known) - {identity(result) for result in before}
    assert not missing
    files = {}
    for name, results in (("new", now), ("old", before)):
        log = load(audited)
        log["runs"][0].pop("baselineGuid")
        log["runs"][0]["results"] = [stripped(result) for result in results]
        files[name] = folder / f"{name}.sarif"
        files[name].write_text(json.dumps(log))
    matched = validators.match_forward(files["new"], files["old"], folder / "matched.sarif")
    theirs = {identity(r): r["baselineState"] for r in matched["runs"][0]["results"]}
    same = {"unchanged": "existing", "updated": "existing"}
    assert {k: same.get(v, v) for k, v in theirs.items()} == {
        k: same.get(v, v) for k, v in ours.items()
    }
    assert set(ours.values()) >= {"new", "absent"}


def identity(result) -> str:
    return str(result["partialFingerprints"]["primaryLocationLineHash"])


def stripped(result):
    """Return a failure as a file without history would have it."""
    kept = copy.deepcopy(result)
    for name in ("baselineState", "suppressions", "guid", "correlationGuid", "provenance"):
        kept.pop(name, None)
    return {**kept, "kind": "fail", "level": "warning"}


def test_memory_does_not_grow_with_the_passes(make_scan, answer, sample):
    first = sample.records["computes"][0]
    records = [{**copy.deepcopy(first), "id": f"{first['id']}{n}"} for n in range(2_000)]
    said = [answer(record["id"], Verdict.PASS) for record in records]
    rules = [(new_rule(f"AML-CMP-{n:03}"), said) for n in range(10)]
    scan = make_scan({"computes": records}, rules)
    tracemalloc.start()
    size = sum(map(len, sarif.render(scan.result, scan.fetch, profile="audit")))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    rows = len(records) * len(rules)
    assert size > 700 * rows
    assert peak < 150 * rows


def test_no_string_holds_a_secret(audited):
    found = [text for text in strings(load(audited)) if is_secret_text(text)]
    assert found == []
