"""What became of findings since the baseline; ten nights of one estate."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.engine.baseline import apply_baseline
from scanner.engine.diff import State, diff_results
from scanner.engine.earlier import load_result
from scanner.engine.exempt import apply_exemptions
from scanner.engine.gate import ExitCode, decide
from scanner.engine.result import BaselineState, Severity, Verdict
from scanner.engine.trend import trend_of
from scanner.errors import ScannerError, UsageError
from scanner.report import json as report
from tests.engine.history import baseline_of, deleted, public, refused, row, scan
from tests.report import validators

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from scanner.snapshot import Gap
    from tests.engine import history

PROD = "/subscriptions/27d3be81-b75a-5eb9-a374-eb5717f1baac"
CHURN = "mlw-churn-prod"
QA = "/subscriptions/d0131912-77ec-5223-bcba-a2d9b939c15f"
NET, OBS = "AML-NET-002", "AML-OBS-001"
_EXEMPTION = f"""
exemptions:
  - id: drift
    rules: [{NET}]
    scope: {{resources: ['{PROD}']}}
    category: Waiver
    justification: Accepted until the new network is there.
    owner: platform@contoso.com
    createdOn: '2026-11-06'
    expiresOn: '2026-11-07'
"""


class Expected(NamedTuple):
    """What a night says of the workspace that drifts; `None` is no row, or nothing said."""

    verdict: str | None
    state: str | None = None
    first_seen: str | None = None
    exempt: bool = False
    carried: bool = False
    gate: int = 0
    """Exit code with --new-only and the threshold high."""


NIGHTS: dict[int, tuple[str, Expected]] = {
    1: ("as it should be", Expected("pass", "unchanged")),
    2: ("drift", Expected("fail", "new", "2026-11-02T01:00:00Z", gate=10)),
    3: ("still there", Expected("fail", "unchanged", "2026-11-02T01:00:00Z")),
    4: (
        "permission lost",
        Expected("fail", "unchanged", "2026-11-02T01:00:00Z", carried=True, gate=4),
    ),
    5: ("permission regained", Expected("fail", "unchanged", "2026-11-02T01:00:00Z")),
    6: ("exempted", Expected("fail", "unchanged", "2026-11-02T01:00:00Z", exempt=True)),
    7: (
        "the exemption's last day",
        Expected("fail", "unchanged", "2026-11-02T01:00:00Z", exempt=True),
    ),
    8: ("expired: live again", Expected("fail", "unchanged", "2026-11-02T01:00:00Z", gate=10)),
    9: ("deleted", Expected(None)),
    10: ("created again, still open", Expected("fail", "new", "2026-11-10T01:00:00Z", gate=10)),
}


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> dict[int, history.Night]:
    return played(tmp_path_factory.mktemp("nights"), lambda night: night.path)


def played(folder: Path, baseline: Callable[[history.Night], Path]) -> dict[int, history.Night]:
    """Play the nights through, each compared with what the one before has left."""
    exemptions = folder / "exemptions.yaml"
    exemptions.write_text(_EXEMPTION, encoding="utf-8")
    no_workspaces, gap = refused("workspaces", PROD)
    no_settings, second = refused("diagnosticSettings", QA)
    found = {0: scan(folder, 31, month=10)}
    for night in NIGHTS:
        edits: list[history.Edit] = [] if night in {1, 9} else [public(CHURN)]
        if night >= 3:
            edits.append(public("mlw-churn-dev", "Disabled"))
        if night == 9:
            edits.append(deleted(CHURN))
        gaps: list[Gap] = []
        if night == 4:
            edits += [no_workspaces, no_settings]
            gaps = [gap, second]
        found[night] = scan(
            folder,
            night,
            edits,
            gaps=gaps,
            baseline=baseline(found[night - 1]),
            exemptions=[exemptions] if night >= 6 else [],
        )
    return found


@pytest.mark.parametrize("night", NIGHTS)
def test_ten_nights(nights: dict[int, history.Night], night: int) -> None:
    what, expected = NIGHTS[night]
    found = row(nights[night], NET, CHURN)
    gate = decide(nights[night].result, Severity.HIGH, new_only=True).code
    seen = (
        Expected(None, gate=gate)
        if found is None
        else Expected(
            found["verdict"],
            found["baselineState"],
            found["firstSeen"],
            found["exemption"] is not None,
            found["carriedForward"] is not None,
            gate,
        )
    )
    assert seen == expected, what


def test_the_audit_sarif_of_the_night_before_gives_the_same_bytes(
    nights: dict[int, history.Night], tmp_path: Path
) -> None:
    again = played(tmp_path, lambda night: night.audit)
    for number, night in nights.items():
        assert again[number].path.read_bytes() == night.path.read_bytes(), number
        assert again[number].audit.read_bytes() == night.audit.read_bytes(), number


@pytest.mark.parametrize("night", [2, 3, 4, 5, 9, 10])
def test_the_multitool_agrees_on_every_result(
    nights: dict[int, history.Night], tmp_path: Path, night: int
) -> None:
    """`docs/sarif.md` says where the two mean different things by a state."""
    new, old = (tmp_path / f"{number}.sarif" for number in (night, night - 1))
    new.write_text(json.dumps(_without_indexes(nights[night])), encoding="utf-8")
    old.write_text(json.dumps(_without_indexes(nights[night - 1])), encoding="utf-8")
    [matched] = validators.match_forward(new, old, tmp_path / "matched.sarif")["runs"]
    theirs = {_hash(each): each["baselineState"] for each in matched["results"]}
    ours = {_hash(each): each for each in _results(nights[night])}
    before = {
        _hash(each): each
        for each in _results(nights[night - 1])
        if each["baselineState"] != "absent"
    }
    assert ours.keys() <= theirs.keys()
    for key, state in theirs.items():
        _check_state(before.get(key), ours.get(key), state)


def _check_state(before: dict[str, Any] | None, now: dict[str, Any] | None, theirs: str) -> None:
    """Hold what the multitool says of a result against what the file says."""
    if now is None:
        assert before is not None
        assert (before["kind"] != "fail", theirs) == (True, "absent")
        return
    moved = any(each and "carriedForward" in each["properties"] for each in (before, now))
    ours = now["baselineState"]
    if ours == "new" and before is not None:
        assert before["kind"] != now["kind"] == "fail"
        assert theirs in {"unchanged", "updated"}
    elif ours == "updated" or moved:
        assert theirs in {"unchanged", "updated"}
    else:
        assert theirs == ours


def _results(night: history.Night) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(night.audit.read_bytes())["runs"][0]["results"]
    return found


def _hash(result: dict[str, Any]) -> str:
    return str(result["partialFingerprints"]["primaryLocationLineHash"])


def _without_indexes(night: history.Night) -> Any:
    """Return the file with its resources spelled out: another index is another place to the tool."""
    log = json.loads(night.audit.read_bytes())
    [run] = log["runs"]
    del run["logicalLocations"]
    for result in run["results"]:
        for place in (*result["locations"], *result.get("relatedLocations", [])):
            for logical in place["logicalLocations"]:
                del logical["index"]
    return log


def test_what_was_fixed_is_told_from_what_is_gone(nights: dict[int, history.Night]) -> None:
    fixed = row(nights[3], NET, "mlw-churn-dev")
    assert fixed is not None
    assert (fixed["verdict"], fixed["previousVerdict"]) == ("pass", "fail")
    assert (fixed["baselineState"], fixed["firstSeen"]) == ("updated", None)
    assert baseline_of(nights[3])["changes"]["fixed"] == 1
    absent = baseline_of(nights[9])["absent"]
    gone = [(each["ruleId"], each["resourceName"], each["reason"]) for each in absent]
    assert (NET, CHURN, "resourceGone") in gone
    assert baseline_of(nights[9])["changes"]["fixed"] == 0
    assert all(each["baselineState"] == "absent" for each in absent)


def test_a_lost_permission_fixes_nothing(nights: dict[int, history.Night]) -> None:
    changes = baseline_of(nights[4])["changes"]
    assert (changes["fixed"], changes["resourceGone"]) == (0, 0)
    unlisted = row(nights[4], NET, CHURN)
    unreadable = row(nights[4], OBS, "mlw-fraud-qa")
    assert unlisted is not None
    assert unreadable is not None
    assert unlisted["carriedForward"]["verdict"] is None
    assert unlisted["carriedForward"]["lastAssessed"] == "2026-11-03T01:00:00Z"
    assert unreadable["carriedForward"]["verdict"] == "unknown"
    assert "not wholly readable" in unreadable["carriedForward"]["reason"]
    last = row(nights[3], OBS, "mlw-fraud-qa")
    assert last is not None
    assert unreadable["evidence"] == last["evidence"]
    assert unreadable["remediation"] == last["remediation"]
    assert "mlw-fraud-qa" in last["remediation"]["cli"]


@pytest.mark.parametrize("night", [2, 3, 4, 5, 8, 9, 10])
def test_the_difference_of_the_files_says_the_same(
    nights: dict[int, history.Night], night: int
) -> None:
    before, after = nights[night - 1].recorded, nights[night].recorded
    states = [each.state for each in diff_results(before, after)]
    changes = baseline_of(nights[night])["changes"]
    assert states.count(State.NEW) == changes["new"]
    assert states.count(State.FIXED) == changes["fixed"]
    assert states.count(State.RESOURCE_GONE) == changes["resourceGone"]
    assert states.count(State.NOT_ASSESSABLE) == changes["carriedForward"]


def test_the_trend_over_ten_nights(nights: dict[int, history.Night]) -> None:
    trend = trend_of([nights[number].recorded for number in (5, 1, 10, 3, 4, 2, 6, 7, 8, 9)])
    assert [point.finished[8:10] for point in trend.points] == [f"{n:02}" for n in range(1, 11)]
    totals = [point.totals for point in trend.points]
    for number in range(2, 11):
        found = json.loads(nights[number].path.read_bytes())["summary"]["totals"]
        assert totals[number - 1].open == found["fail"]
        assert totals[number - 1].exempt == found["exempt"]
    assert [each.new for each in totals] == [0, 1, 0, 0, 0, 0, 0, 0, 0, 1]
    assert [each.fixed for each in totals] == [0, 0, 1, 0, 0, 0, 0, 0, 0, 0]
    assert totals[8].gone >= 1
    assert trend.age is not None
    assert trend.age.oldest_days == 10
    assert trend.ages["high"].open == sum(
        each.severity is Severity.HIGH and each.is_live for each in nights[10].result.findings
    )


def test_expired_exemption_makes_notes(nights: dict[int, history.Night]) -> None:
    report_ = nights[8].result.exemptions
    assert report_ is not None
    [note] = report_.notes
    assert (note.kind.value, note.findings) == ("expired", 1)
    assert note.text == "expired on 2026-11-07, 1 finding live again."


@pytest.mark.parametrize("night", [0, 4, 8])
def test_a_result_against_itself_is_unchanged(nights: dict[int, history.Night], night: int) -> None:
    plain = nights[night].result
    found = apply_baseline(plain, nights[night].recorded)
    assert {each.baseline_state for each in found.rows()} == {BaselineState.UNCHANGED}
    assert found.baseline is not None
    changes = found.baseline.changes
    assert (changes.new, changes.updated, changes.fixed, changes.resource_gone) == (0, 0, 0, 0)
    assert apply_exemptions(found, ()).totals.fail == plain.totals.fail


def test_a_night_without_change_changes_nothing_for_any_rule(tmp_path: Path) -> None:
    """Not even where a rule looks at dates: the day of the snapshot is another one."""
    before = scan(tmp_path, 1, rules=())
    after = scan(tmp_path, 2, rules=(), baseline=before.path)
    changed = {each.rule_id for each in after.result.rows() if each.baseline_state != "unchanged"}
    assert changed == set()
    assert len(after.result.rules) > 100


def test_same_input_same_bytes(nights: dict[int, history.Night], tmp_path: Path) -> None:
    again = scan(tmp_path, 2, [public(CHURN)], baseline=nights[1].path)
    assert again.path.read_bytes() == nights[2].path.read_bytes()


_STRANGE = st.fixed_dictionaries(
    {
        "tables": st.sets(st.sampled_from(["workspaces", "diagnosticSettings", "managedNetworks"])),
        "where": st.sampled_from([PROD, QA, "/"]),
    }
)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> history.Night:
    return scan(tmp_path_factory.mktemp("first"), 1, [public(CHURN)])


@settings(max_examples=12)
@given(what=_STRANGE)
def test_what_nobody_could_read_is_never_fixed_or_gone(
    first: history.Night, tmp_path_factory: pytest.TempPathFactory, what: dict[str, Any]
) -> None:
    edits, gaps = [], []
    for table in sorted(what["tables"]):
        edit, gap = refused(table, what["where"])
        edits.append(edit)
        gaps.append(gap)
    folder = tmp_path_factory.mktemp("blind")
    blind = scan(folder, 2, [public(CHURN), *edits], gaps=gaps, baseline=first.path)
    assert blind.result.baseline is not None
    changes = blind.result.baseline.changes
    assert (changes.fixed, changes.resource_gone, changes.new) == (0, 0, 0)
    before = {each.fingerprint for each in first.result.findings if each.verdict is Verdict.FAIL}
    now = {each.fingerprint for each in blind.result.findings if each.verdict is Verdict.FAIL}
    assert before == now
    assert blind.result.totals.fail == first.result.totals.fail
    seen = scan(folder, 3, [public(CHURN)], baseline=blind.path)
    assert {each.baseline_state for each in seen.result.findings} == {BaselineState.UNCHANGED}
    assert all(each.carried_forward is None for each in seen.result.findings)


def test_rows_are_sorted_and_counted_with_what_is_carried(nights: dict[int, history.Night]) -> None:
    document = json.loads(nights[4].path.read_bytes())
    keys = [(each["ruleId"], each["resourceId"].lower()) for each in document["results"]]
    assert keys == sorted(keys)
    counted = [each["verdict"] for each in document["results"]]
    totals = document["summary"]["totals"]
    assert counted.count("fail") == totals["fail"] + totals["exempt"]
    assert counted.count("unknown") == totals["unknown"]
    assert len(nights[4].result.unlisted) > 0


def test_a_rule_that_is_not_run_is_not_fixed(first: history.Night, tmp_path: Path) -> None:
    only = [each for each in first.result.assessments if each.rule.id == OBS]
    findings = [each for each in first.result.findings if each.rule_id == OBS]
    narrow = first.result.replaced(assessments=only, findings=findings)
    found = apply_baseline(narrow, first.recorded)
    assert found.baseline is not None
    others = [each for each in first.result.findings if each.rule_id != OBS]
    assert found.baseline.changes.rule_not_run == len(others) > 0
    assert found.baseline.changes.fixed == 0
    assert {each.reason for each in found.baseline.absent} == {"ruleNotRun"}


def test_new_only_needs_a_baseline(first: history.Night) -> None:
    with pytest.raises(UsageError, match="no baseline"):
        decide(first.result, Severity.HIGH, new_only=True)
    assert decide(first.result, Severity.HIGH).code is ExitCode.FINDINGS


def test_another_tenant_is_no_baseline(first: history.Night, tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_bytes(first.path.read_bytes().replace(b'"tenantId":"t"', b'"tenantId":"u"'))
    with pytest.raises(UsageError, match="tenant u"):
        apply_baseline(first.result, load_result(path))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "no result of azmlscan"),
        (b"[]", "no result of azmlscan"),
        (b"\xff{", "no result of azmlscan"),
        (b'{"schemaVersion": 1}', "missing required field"),
    ],
)
def test_what_is_no_result_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(ScannerError, match=problem):
        load_result(path)


def test_a_damaged_row_and_a_newer_version_are_refused(
    first: history.Night, tmp_path: Path
) -> None:
    path = tmp_path / "x.json"
    text = first.path.read_bytes()
    path.write_bytes(text.replace(b'"verdict":"pass"', b'"verdict":"perhaps"', 1))
    with pytest.raises(ScannerError, match=r"results\[\d+\].*perhaps"):
        list(load_result(path).rows())
    path.write_bytes(text.replace(b'"schemaVersion": 1', b'"schemaVersion": 2', 1))
    with pytest.raises(ScannerError, match="schema version 2"):
        load_result(path)
    with pytest.raises(ScannerError, match="cannot be read"):
        load_result(tmp_path / "none.json")


def test_what_is_read_back_is_what_was_written(first: history.Night) -> None:
    written = [msgspec.to_builtins(each.fingerprint) for each in first.result.rows()]
    rows = list(first.recorded.rows())
    assert [each.fingerprint for each in rows] == written
    assert b"".join(report.render(first.result)) == first.path.read_bytes()
