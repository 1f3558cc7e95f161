"""Evidence files, and places found in them table by table."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from scanner import armid
from scanner.engine.evaluate import evaluate
from scanner.engine.packs import built_in_pack, load_packs
from scanner.engine.parameters import Settings
from scanner.errors import ScannerError
from scanner.report import sarif
from scanner.report.evidence import find_regions, write_evidence
from scanner.report.location import artifact_path
from scanner.report.record import TOP, pretty
from tests.engine.estates import estate
from tests.inventory.records import workspace_in


def files_in(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_every_resource_with_a_finding_and_every_owner_of_evidence_has_a_file(sample, tmp_path):
    number = write_evidence(sample.result, sample.fetch, tmp_path / "out")
    expected = {artifact_path(row.resource_id) for row in sample.result.findings}
    expected |= {
        artifact_path(e.resource_id)
        for row in sample.result.findings
        for e in row.evidence
        if e.resource_id
    }
    assert files_in(tmp_path / "out") == sorted(expected)
    assert number == len(expected)


def test_the_files_are_those_that_sarif_names(sample, tmp_path):
    write_evidence(sample.result, sample.fetch, tmp_path)
    log = json.loads(b"".join(sarif.render(sample.result, sample.fetch)))
    for result in log["runs"][0]["results"]:
        for location in (*result["locations"], *result.get("relatedLocations", [])):
            place = location["physicalLocation"]
            lines = (tmp_path / place["artifactLocation"]["uri"]).read_text("utf-8").splitlines()
            region = place["region"]
            line = lines[region["startLine"] - 1]
            found = line[region["startColumn"] - 1 : region["endColumn"] - 1]
            assert found == region["snippet"]["text"]


def test_a_file_is_the_raw_record(sample, tmp_path):
    write_evidence(sample.result, sample.fetch, tmp_path)
    record = sample.records["computes"][0]
    text = (tmp_path / artifact_path(record["id"])).read_text("utf-8")
    assert json.loads(text) == record
    assert text == pretty(record)


def test_evidence_that_is_there_is_not_touched(sample, tmp_path):
    (tmp_path / "azure").mkdir()
    (tmp_path / "azure" / "mine.bicep").write_text("x")
    with pytest.raises(ScannerError, match="not empty"):
        write_evidence(sample.result, sample.fetch, tmp_path)
    assert files_in(tmp_path) == ["azure/mine.bicep"]


def test_a_failure_in_the_middle_leaves_nothing(sample, tmp_path):
    def fetch(table, rows):
        if table == "workspaces":
            raise ScannerError("the table is damaged")
        yield from sample.fetch(table, rows)

    with pytest.raises(ScannerError, match="damaged"):
        write_evidence(sample.result, fetch, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_each_table_is_read_once(sample):
    read: Counter[str] = Counter()

    def fetch(table, rows):
        read[table] += 1
        return sample.fetch(table, rows)

    places = [
        (armid.key(record["id"]), "properties")
        for records in sample.records.values()
        for record in records
    ]
    found = find_regions(sample.result.estate, fetch, places * 2)
    assert set(found) == set(places)
    assert set(read.values()) == {1}
    assert TOP not in found.values()


def test_what_was_not_collected_is_at_the_top(sample):
    place = ("/subscriptions/none", "properties")
    assert find_regions(sample.result.estate, sample.fetch, [place]) == {place: TOP}


def test_embedded_resources_have_files_of_their_own(make_scan, make_rule, answer, tmp_path):
    from scanner.engine.result import Evidence, Verdict  # noqa: PLC0415

    network = {
        "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v",
        "name": "v",
        "properties": {
            "subnets": [{"name": "one", "properties": {"addressPrefix": "10.0.0.0/24"}}]
        },
    }
    subnet = f"{network['id']}/subnets/one"
    why = (Evidence("addressPrefix", "x", "equals y", property="properties.addressPrefix"),)
    scan = make_scan(
        {"virtualNetworks": [network]},
        [(make_rule(resource="subnet"), [answer(subnet, Verdict.FAIL, evidence=why)])],
    )
    write_evidence(scan.result, scan.fetch, tmp_path)
    assert json.loads((tmp_path / artifact_path(subnet)).read_bytes())["name"] == "one"
    log = json.loads(b"".join(sarif.render(scan.result, scan.fetch)))
    [location] = log["runs"][0]["results"][0]["locations"]
    assert location["physicalLocation"]["region"]["startLine"] == 4


def test_a_project_has_a_file_made_of_its_workspaces(tmp_path):
    tags = {"project": "Churn & Co", "environment": "dev"}
    known = estate(workspace_in("a", tags=tags))
    rules = [one for one in load_packs([built_in_pack()]) if one.rule.id == "AML-ORG-003"]
    result = evaluate(rules, Settings(known.config, rules), known)
    assert write_evidence(result, lambda table, _: pytest.fail(table), tmp_path) == 1
    [finding] = result.findings
    assert finding.resource_id == "/providers/azmlscan/projects/churn%20%26%20co"
    assert files_in(tmp_path) == ["azure/~tenant/azmlscan.projects/churn~2520~2526~2520co.json"]
    written = json.loads((tmp_path / artifact_path(finding.resource_id)).read_text("utf-8"))
    assert (written["name"], written["derived"]["environments"]) == ("Churn & Co", ["dev"])
    places = [(armid.key(finding.resource_id), "")]
    assert find_regions(known, lambda table, _: pytest.fail(table), places)[places[0]] == TOP
