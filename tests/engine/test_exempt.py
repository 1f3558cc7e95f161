"""What exemptions do to a result: they move failures, and change nothing else."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.engine.exempt import apply_exemptions, snapshot_day
from scanner.engine.exemption_notes import NoteKind
from scanner.engine.exemptions import Entry, ExemptionFile, GapEntry, Scope
from scanner.engine.gap_exemptions import tables_of
from scanner.engine.gate import ExitCode, decide
from scanner.engine.result import ScanResult, Severity, Verdict
from scanner.errors import UsageError
from scanner.inventory.kinds import KINDS
from scanner.report.json import render
from tests.engine import history
from tests.engine.history import public, refused, scan, workspace_id

if TYPE_CHECKING:
    from pathlib import Path

DAY = dt.date(2026, 11, 1)
RULE = "AML-NET-002"
WIDE = Scope(environments=("dev", "prod", "exploration"))
QA = "/subscriptions/d0131912-77ec-5223-bcba-a2d9b939c15f"


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> ScanResult:
    edits = [public("mlw-churn-prod"), public("mlw-fraud-qa")]
    return scan(tmp_path_factory.mktemp("one"), 1, edits).result


@pytest.fixture(scope="module")
def blind(tmp_path_factory: pytest.TempPathFactory) -> ScanResult:
    edit, gap = refused("diagnosticSettings", QA)
    return scan(tmp_path_factory.mktemp("blind"), 1, [edit], gaps=[gap]).result


def entry(**changes: Any) -> Entry:
    values: dict[str, Any] = {
        "category": "Waiver",
        "justification": "why",
        "owner": "o",
        "created_on": DAY,
        "expires_on": DAY + dt.timedelta(days=90),
        "place": "exemptions.yaml:1",
        "rules": (RULE,),
        "scope": Scope(environments=("prod",)),
    }
    return Entry(**{**values, **changes})


def gap_entry(**changes: Any) -> GapEntry:
    values = msgspec.structs.asdict(entry())
    del values["rules"]
    values |= {"table": "diagnosticSettings", "scope": QA, "code": "AuthorizationFailed"}
    return GapEntry(**{**values, **changes})


def exempted(result: ScanResult, *entries: Entry, day: dt.date = DAY) -> ScanResult:
    return apply_exemptions(result, [ExemptionFile(name="f", sha256="", exemptions=entries)], day)


def kinds(result: ScanResult) -> list[str]:
    assert result.exemptions is not None
    return [note.kind.value for note in result.exemptions.notes]


def test_a_failure_that_is_covered_is_exempt(result: ScanResult) -> None:
    found = exempted(result, entry())
    rows = [each for each in found.findings if each.exemption is not None]
    assert [(each.rule_id, each.resource_name) for each in rows] == [(RULE, "mlw-churn-prod")]
    assert (found.totals.exempt, found.totals.fail) == (1, result.totals.fail - 1)
    assert found.by_environment["prod"].exempt == 1
    assert found.by_rule[RULE].exempt == 1


_scopes = st.builds(
    Scope,
    resources=st.lists(
        st.sampled_from(
            [QA, "*", "*/workspaces/mlw-*", workspace_id("mlw-churn-dev"), "/subscriptions/x"]
        ),
        max_size=2,
        unique=True,
    ).map(tuple),
    resource_groups=st.sampled_from([(), ("rg-*",), ("rg-churn-dev",)]),
    environments=st.sampled_from([(), ("dev",), ("prod", "qa"), ("nope",)]),
)
_entries = st.builds(
    entry,
    rules=st.lists(
        st.sampled_from([RULE, "AML-*", "aml-obs-001", "NOPE-001"]), min_size=1, unique=True
    ).map(tuple),
    scope=_scopes,
    expires_on=st.dates(dt.date(2026, 10, 25), dt.date(2026, 12, 5)),
)


@settings(max_examples=40)
@given(entries=st.lists(_entries, max_size=4))
def test_exempting_moves_failures_and_changes_no_verdict(
    result: ScanResult, entries: list[Entry]
) -> None:
    found = exempted(result, *entries)
    before, after = list(result.rows()), list(found.rows())
    bare = [msgspec.structs.replace(each, exemption=None) for each in after]
    assert bare == before
    for each in after:
        assert each.exemption is None or each.verdict is Verdict.FAIL
    moved = sum(each.exemption is not None for each in after)
    assert found.totals.exempt == moved
    assert found.totals.fail == result.totals.fail - moved
    for counts, own in (
        (found.totals, result.totals),
        *zip(found.by_rule.values(), result.by_rule.values(), strict=True),
    ):
        assert counts.total == own.total
        assert counts.assessed == own.assessed


@settings(max_examples=40)
@given(entries=st.lists(_entries, min_size=1, max_size=4), days=st.integers(1, 400))
def test_an_expired_exemption_has_no_effect(
    result: ScanResult, entries: list[Entry], days: int
) -> None:
    day = max(each.expires_on for each in entries) + dt.timedelta(days=days)
    found = exempted(result, *entries, day=day)
    assert list(found.rows()) == list(result.rows())
    assert found.totals == result.totals
    assert set(kinds(found)) == {"expired"}


@settings(max_examples=25)
@given(entries=st.lists(_entries, max_size=4))
def test_same_input_same_bytes(result: ScanResult, entries: list[Entry]) -> None:
    assert b"".join(render(exempted(result, *entries))) == b"".join(
        render(exempted(result, *entries))
    )


def test_the_last_day_is_included(result: ScanResult) -> None:
    last = entry(expires_on=DAY)
    assert exempted(result, last).totals.exempt == 1
    assert exempted(result, last, day=DAY + dt.timedelta(days=1)).totals.exempt == 0


def test_the_first_entry_in_force_is_shown(result: ScanResult) -> None:
    old = entry(id="old", expires_on=DAY - dt.timedelta(days=1))
    found = exempted(result, old, entry(id="first"), entry(id="second"))
    [row] = [each for each in found.findings if each.exemption]
    assert row.exemption is not None
    assert row.exemption.id == "first"


def test_the_gate_counts_live_failures_only(result: ScanResult) -> None:
    assert decide(result, Severity.HIGH).code is ExitCode.FINDINGS
    found = exempted(result, entry(rules=("AML-*",), scope=Scope(resources=("*",))))
    assert decide(found, Severity.INFO).code is ExitCode.CLEAN
    assert (found.totals.fail, found.totals.exempt) == (0, result.totals.fail)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, []),
        ({"expires_on": DAY + dt.timedelta(days=30)}, ["expiring"]),
        ({"expires_on": DAY + dt.timedelta(days=31)}, []),
        ({"expires_on": DAY}, ["expiring"]),
        ({"expires_on": DAY - dt.timedelta(days=1)}, ["expired"]),
        ({"scope": Scope(environments=("exploration",))}, ["unused"]),
        ({"scope": Scope(environments=("dev",))}, []),
        ({"rules": (RULE, "AML-OBS-001"), "scope": WIDE}, ["broad"]),
        ({"scope": Scope(resources=(f"{QA}/resourceGroups/rg-gone",))}, ["orphaned"]),
        ({"scope": Scope(resources=("/providers/Contoso.Unknown/things/x",))}, ["unused"]),
        ({"rules": ("AML-NET-999",)}, []),
        ({"rules": ("AML-NET-999",), "id": "known"}, ["unknown"]),
        ({"scope": Scope(environments=("Prod",)), "id": "known"}, ["unused", "unknown"]),
    ],
)
def test_notes(result: ScanResult, changes: dict[str, Any], found: list[str]) -> None:
    file = ExemptionFile(name="f", sha256="", exemptions=(entry(**changes),))
    rules = [RULE, "AML-NET-001"] if "id" in changes else []
    assert kinds(apply_exemptions(result, [file], DAY, rules)) == found


def test_an_orphan_names_what_is_gone(result: ScanResult) -> None:
    gone = f"{QA}/resourceGroups/rg-gone"
    found = exempted(result, entry(scope=Scope(resources=(gone, workspace_id("mlw-fraud-qa")))))
    assert found.exemptions is not None
    [note] = found.exemptions.notes
    assert note.text == f"names 1 of 2 resources that are gone: {gone.lower()}."


def test_what_was_not_read_is_not_called_gone_or_unused(blind: ScanResult) -> None:
    in_qa = entry(rules=("AML-OBS-001",), scope=Scope(resources=(workspace_id("mlw-churn-qa"),)))
    assert kinds(exempted(blind, in_qa)) == []


def test_a_gap_can_be_exempted(blind: ScanResult) -> None:
    file = ExemptionFile(name="f", sha256="", gaps=(gap_entry(),))
    assert decide(blind, Severity.MEDIUM).code is ExitCode.FINDINGS
    everything = entry(rules=("AML-*",), scope=Scope(resources=("*",)))
    without = exempted(blind, everything)
    assert decide(without, Severity.MEDIUM).code is ExitCode.INCOMPLETE
    accepted = apply_exemptions(
        blind, [msgspec.structs.replace(file, exemptions=(everything,))], DAY
    )
    assert decide(accepted, Severity.MEDIUM).code is ExitCode.CLEAN
    assert accepted.totals.unknown == blind.totals.unknown > 0
    unknown = [each for each in accepted.findings if each.verdict is Verdict.UNKNOWN]
    assert all(each.exemption is not None for each in unknown)
    assert accepted.exemptions is not None
    assert [each.table for each in accepted.exemptions.gaps] == ["diagnosticSettings"]


@pytest.mark.parametrize(
    "changes",
    [
        {"code": "TooManyRequests"},
        {"table": "computes"},
        {"scope": "/subscriptions/27d3be81-b75a-5eb9-a374-eb5717f1baac"},
        {"expires_on": DAY - dt.timedelta(days=1)},
    ],
)
def test_another_gap_is_not_exempted(blind: ScanResult, changes: dict[str, Any]) -> None:
    file = ExemptionFile(name="f", sha256="", gaps=(gap_entry(**changes),))
    found = apply_exemptions(blind, [file], DAY)
    assert all(each.exemption is None for each in found.findings)
    assert decide(found, Severity.MEDIUM, allow_unknown=False).code is not ExitCode.CLEAN
    assert kinds(found) in (["unused"], ["expired"])


def test_one_of_two_gaps_is_not_enough(tmp_path: Path) -> None:
    first, gap = refused("diagnosticSettings", QA)
    second = msgspec.structs.replace(gap, code="TooManyRequests", status=429)
    both = scan(tmp_path, 1, [first], gaps=[gap, second]).result
    file = ExemptionFile(name="f", sha256="", gaps=(gap_entry(),))
    assert all(each.exemption is None for each in apply_exemptions(both, [file], DAY).findings)
    every = ExemptionFile(name="f", sha256="", gaps=(gap_entry(code="*"),))
    found = apply_exemptions(both, [every], DAY)
    assert any(each.exemption is not None for each in found.findings)


def test_a_status_names_a_gap_without_code(tmp_path: Path) -> None:
    edit, gap = refused("diagnosticSettings", QA)
    result = scan(tmp_path, 1, [edit], gaps=[msgspec.structs.replace(gap, code="")]).result
    file = ExemptionFile(name="f", sha256="", gaps=(gap_entry(code="403", scope="/*"),))
    found = apply_exemptions(result, [file], DAY)
    assert found.exemptions is not None
    assert len(found.exemptions.gaps) == 1


@pytest.mark.parametrize(
    ("path", "tables"),
    [
        ("publicNetworkAccess", {"workspaces"}),
        ("storageAccount.publicNetworkAccess", {"workspaces", "storageAccounts"}),
        ("computes[3].vmSize", {"workspaces", "computes"}),
        ("count of diagnosticSettings[*].logs[*] that match", {"workspaces", "diagnosticSettings"}),
        ("environment", {"*"}),
        ("no.such.path", {"*"}),
        ("]", {"*"}),
    ],
)
def test_tables_behind_evidence(path: str, tables: set[str]) -> None:
    assert tables_of("workspace", path) == tables


@given(kind=st.sampled_from([*KINDS, "nope"]), path=st.text(max_size=30))
def test_any_evidence_path_has_tables(kind: str, path: str) -> None:
    assert tables_of(kind, path)


def test_the_day_is_the_snapshots(result: ScanResult, tmp_path: Path) -> None:
    assert snapshot_day(result) == DAY
    found = apply_exemptions(result, ())
    assert found.exemptions is not None
    assert found.exemptions.as_of == DAY
    odd = ScanResult(result.estate, "", result.assessments, result.findings)
    odd.manifest = msgspec.structs.replace(result.manifest, finished="yesterday")
    with pytest.raises(UsageError, match="yesterday") as caught:
        apply_exemptions(odd, ())
    assert "--as-of" in caught.value.hint


def test_all_notes_are_sorted_by_urgency(result: ScanResult) -> None:
    file = ExemptionFile(
        name="f",
        sha256="",
        exemptions=(
            entry(expires_on=DAY),
            entry(scope=Scope(environments=("exploration",))),
            entry(expires_on=DAY - dt.timedelta(days=1)),
        ),
    )
    order = [kind.value for kind in NoteKind]
    found = kinds(apply_exemptions(result, [file], DAY))
    assert sorted(found, key=order.index) == found
    assert Counter(found) == {"expired": 1, "unused": 1, "expiring": 1}


def test_history_estate_has_the_rules() -> None:
    assert {loaded.rule.id for loaded in history.evaluation().chosen} == set(history.RULES)
