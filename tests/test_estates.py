"""What the built-in rules say of the fixture estates: every mistake is found, nothing else is."""

from __future__ import annotations

import pytest

from fixtures.build import (
    contoso,
    contoso_access,
    contoso_leftovers,
    contoso_mistakes,
    people,
    pristine,
)
from scanner.config import load_config
from scanner.engine.evaluate import evaluate
from scanner.engine.packs import built_in_pack, load_packs
from scanner.engine.parameters import Settings
from scanner.engine.result import Verdict
from scanner.inventory.estate import load_estate
from scanner.snapshot.read import open_snapshot
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def scans():
    """What the built-in rules say of Contoso and pristine: rule, name of the resource, verdict."""
    loaded = load_packs([built_in_pack()])
    found = {}
    for name in ("contoso", "pristine"):
        folder = ROOT / "fixtures" / "estates" / name
        config = load_config(folder / "azmlscan.yaml")
        with open_snapshot(folder) as snapshot:
            estate = load_estate(snapshot, config)
        rows = evaluate(loaded, Settings(config, loaded), estate).rows()
        found[name] = {(row.rule_id, row.resource_name, row.verdict) for row in rows}
    return found


def test_pristine_fails_nowhere_and_leaves_nothing_open(scans):
    right = {Verdict.PASS, Verdict.NOT_APPLICABLE}
    assert [row for row in scans["pristine"] if row[2] not in right] == []


@pytest.mark.parametrize("story", contoso_access.FINDINGS)
def test_mistakes_of_access_are_found(scans, story):
    for rule, name in contoso_access.FINDINGS[story]:
        assert (rule, name, Verdict.FAIL) in scans["contoso"], (rule, name)


def test_rules_that_mistakes_name_fail(scans):
    failing = {rule[: len("AML-ABC-000")] for rule, _, found in scans["contoso"] if found == "fail"}
    named = [mistake.rules for mistake in contoso_mistakes.MISTAKES]
    for rules in (*named, *contoso_leftovers.LEFTOVERS.values()):
        assert set(rules) <= failing


def test_every_access_rule_decides_somewhere_in_pristine(scans):
    rules = {rule for rule, _, _ in scans["pristine"] if rule.startswith("AML-ACC-")}
    passing = {rule for rule, _, verdict in scans["pristine"] if verdict is Verdict.PASS}
    assert len(rules) >= 17
    assert rules <= passing


@pytest.mark.parametrize("estate", [contoso, pristine])
def test_everybody_with_a_role_is_in_the_principals_file(estate):
    file = estate.directory().file()
    known = {entry["id"] for kind in file.values() for entry in kind}
    known |= {member["id"] for group in file["groups"] for member in group["members"]}
    for table, record in estate.records():
        if table in {"roleAssignments", "roleEligibilityScheduleInstances"}:
            properties = record["properties"]
            if properties["principalType"] in {"User", "Group"}:
                assert properties["principalId"] in known, record["id"]


@pytest.mark.parametrize("estate", [contoso, pristine])
def test_people_have_names_of_their_own(estate):
    directory = estate.directory()
    members = {one for group in directory.groups.values() for one in group}
    assert members <= people.PEOPLE.keys() | directory.groups.keys()
    assert len(set(people.PEOPLE.values())) == len(people.PEOPLE)
