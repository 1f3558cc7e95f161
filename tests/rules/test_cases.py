"""Every rule gives, on raw ARM records, the verdicts that its case table says."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from scanner.engine.cases import Case, check_table, judge, load_cases
from scanner.engine.packs import built_in_pack, load_packs
from scanner.inventory.kinds import KINDS, TABLE_KINDS
from scanner.snapshot.tables import TABLES

if TYPE_CHECKING:
    from scanner.engine.rules import RuleFile

ROOT = Path(__file__).parents[2]
RECORDS = ROOT / "fixtures" / "arm"
RULES = {loaded.rule.id: loaded for loaded in load_packs([built_in_pack()])}
FILES = sorted((ROOT / "tests" / "rules").glob("*.yaml"))
CASE_TABLES = {path.stem: load_cases(path) for path in FILES}

NAME_ONLY = {"AML-ORG-007", "AML-ORG-007B", "AML-ORG-007H", "AML-ORG-007I"}
"""Rules about nothing but the name, without which there is no record."""

rules = pytest.mark.parametrize("rule_id", sorted(RULES))


@pytest.mark.parametrize(
    ("rule_id", "name"),
    [(rule_id, case.name) for rule_id, table in CASE_TABLES.items() for case in table.cases],
)
def test_verdict(rule_id: str, name: str) -> None:
    table = CASE_TABLES[rule_id]
    [case] = [case for case in table.cases if case.name == name]
    alone = msgspec.structs.replace(table, cases=(case,))
    assert list(check_table(alone, RULES[table.rule], RECORDS)) == []


@rules
def test_every_rule_has_a_table_with_each_verdict(rule_id: str) -> None:
    table = CASE_TABLES[rule_id]
    assert table.rule == rule_id
    seen = Counter(case.verdict for case in table.cases)
    wanted = {"pass", "fail"} if rule_id in NAME_ONLY else {"pass", "fail", "unknown"}
    if RULES[rule_id].rule.when is not None:
        wanted.add("not_applicable")
    assert wanted <= set(seen), f"{rule_id} has no case for {wanted - set(seen)}"
    assert any(case.doc for case in table.cases), f"{rule_id} has no case for its documentation"
    assert any(case.evidence for case in table.cases), f"{rule_id} has no case about its evidence"


def test_no_table_without_a_rule() -> None:
    assert set(CASE_TABLES) <= set(RULES)


@rules
def test_unread_evidence_never_turns_a_verdict_into_pass(rule_id: str) -> None:
    table, loaded = CASE_TABLES[rule_id], RULES[rule_id]
    for case in table.cases:
        if case.verdict != "fail":
            continue
        for blind in _blindfolds(loaded.rule.resource):
            hidden = _with_unread(case, blind)
            verdict = judge(table, hidden, loaded, RECORDS).verdict.value
            assert verdict in {"fail", "unknown"}, f"{rule_id} {case.name} without {blind}"


def _blindfolds(kind: str) -> list[str]:
    own = KINDS[kind]
    tables = [name for name in TABLES if name != own.TABLE]
    embedded = own not in (TABLE_KINDS[own.TABLE])
    # A resource that is part of another's record is gone with that record's body.
    return tables if embedded else [*tables, "properties"]


def _with_unread(case: Case, blind: str) -> Case:
    return msgspec.structs.replace(case, unread=(*case.unread, blind))


@rules
def test_a_rule_reads_like_one(rule_id: str) -> None:
    loaded: RuleFile = RULES[rule_id]
    rule = loaded.rule
    assert rule.message.endswith("."), "a message is a sentence"
    assert not rule.title.endswith("."), "a title is a clause"
    assert "{name}" in rule.message or "{workspace.name}" in rule.message
    assert 2 <= rule.rationale.count(". ") + rule.rationale.rstrip().endswith(".") <= 6
    sources = ("caf-", "azure-policy/", "aprl/", "nist-")
    assert any(control.startswith(sources) for control in rule.controls), "no source control"
    for text in (rule.title, rule.message, rule.rationale, rule.remediation.text):
        assert "TODO" not in text
