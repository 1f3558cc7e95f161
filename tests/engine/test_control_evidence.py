"""What nobody could look at never makes a control met, and no attestation overrules a rule."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner import armid
from scanner.cli.evaluation import Evaluation, prepared
from scanner.engine.attestations import Attestation, Attested
from scanner.engine.control_files import load_controls
from scanner.engine.controls import Controls, Status, assess
from scanner.engine.evaluate import evaluate
from scanner.engine.exempt import apply_exemptions
from scanner.engine.exemptions import ExemptionFile
from scanner.inventory.estate import Estate, load_estate
from scanner.inventory.kinds import KINDS
from scanner.snapshot import open_snapshot
from scanner.snapshot.manifest import Gap
from scanner.snapshot.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from scanner.engine.result import ScanResult

MET = {Status.PASS, Status.ATTESTED, Status.NOT_APPLICABLE}
"""What an auditor has not to look at any more."""
DAY = dt.date(2026, 11, 20)


@dataclasses.dataclass(frozen=True, repr=False)
class Known:
    """An estate with all of its evidence, and what its controls are with it."""

    evaluation: Evaluation
    controls: Controls
    estate: Estate
    result: ScanResult
    statuses: dict[str, Status]


def statuses(result: ScanResult, controls: Controls) -> dict[str, Status]:
    return {found.control.id: found.status for found in assess(result, controls)}


def known(folder: Path) -> Known:
    evaluation = prepared(folder / "azmlscan.yaml")
    controls = load_controls(evaluation.packs, evaluation.loaded)
    with open_snapshot(folder) as snapshot:
        estate = load_estate(snapshot, evaluation.config)
    result = evaluate(evaluation.chosen, evaluation.settings, estate)
    return Known(evaluation, controls, estate, result, statuses(result, controls))


@pytest.fixture(scope="module")
def contoso(estates: Path) -> Known:
    """An estate with failures to hide."""
    return known(estates / "contoso")


@pytest.fixture(scope="module")
def pristine(estates: Path) -> Known:
    """An estate that meets all that rules can answer."""
    return known(estates / "pristine")


def hidden(estate: Estate, tables: Collection[str], scope: str = "/") -> Estate:
    """The estate with some tables not readable at a scope."""
    place = "" if scope == "/" else f"{armid.key(scope)}/"
    resources = {
        kind: [
            resource
            for resource in estate.of_kind(kind)
            if cls.TABLE not in tables or not armid.key(resource.id).startswith(place)
        ]
        for kind, cls in KINDS.items()
    }
    gaps = tuple(Gap(table, scope, "list", 403, "AuthorizationFailed") for table in sorted(tables))
    manifest = msgspec.structs.replace(estate.manifest, gaps=(*estate.manifest.gaps, *gaps))
    return Estate(resources, manifest, estate.config)


def met_by_hiding(one: Known, estate: Estate) -> dict[str, Status]:
    """The controls that are met in an estate, and were not when all of it could be read."""
    evaluation = one.evaluation
    found = statuses(evaluate(evaluation.chosen, evaluation.settings, estate), one.controls)
    return {
        name: one.statuses[name]
        for name, status in found.items()
        if status in MET and one.statuses[name] not in MET
    }


@settings(max_examples=15)
@given(tables=st.sets(st.sampled_from(sorted(TABLES)), min_size=1, max_size=8), gone=st.booleans())
def test_a_table_that_a_snapshot_does_not_have_makes_no_control_met(
    contoso: Known, tables: set[str], gone: bool
) -> None:
    """As in an import, which has no gap for what it lacks: no table, or an incomplete one."""
    estate = hidden(contoso.estate, tables)
    left = {
        name: msgspec.structs.replace(table, complete=name not in tables)
        for name, table in contoso.estate.manifest.tables.items()
        if not gone or name not in tables
    }
    manifest = msgspec.structs.replace(contoso.estate.manifest, tables=left)
    resources = {kind: estate.of_kind(kind) for kind in KINDS}
    assert not met_by_hiding(contoso, Estate(resources, manifest, estate.config))


def test_contoso_has_something_to_hide(contoso: Known) -> None:
    assert Status.FAIL in contoso.statuses.values()
    assert not met_by_hiding(contoso, contoso.estate)


@pytest.mark.parametrize("table", sorted(TABLES))
def test_a_table_that_was_not_read_makes_no_control_met(contoso: Known, table: str) -> None:
    assert not met_by_hiding(contoso, hidden(contoso.estate, (table,)))


def test_a_subscription_that_was_not_read_makes_no_control_met(contoso: Known) -> None:
    for one in contoso.estate.of_kind("subscription"):
        assert not met_by_hiding(contoso, hidden(contoso.estate, TABLES, one.id))


_SUBSCRIPTIONS = st.integers(0, 9)


@settings(max_examples=20)
@given(tables=st.sets(st.sampled_from(sorted(TABLES)), min_size=1, max_size=8), at=_SUBSCRIPTIONS)
def test_hidden_evidence_never_makes_a_control_met(
    contoso: Known, tables: set[str], at: int
) -> None:
    subscriptions = [one.id for one in contoso.estate.of_kind("subscription")]
    scope = "/" if at >= len(subscriptions) else subscriptions[at]
    assert not met_by_hiding(contoso, hidden(contoso.estate, tables, scope))


def test_nothing_read_is_nothing_met(pristine: Known) -> None:
    estate = hidden(pristine.estate, TABLES)
    evaluation = pristine.evaluation
    result = evaluate(evaluation.chosen, evaluation.settings, estate)
    found = statuses(result, pristine.controls)
    assert not MET & set(found.values())
    assert Status.PASS in pristine.statuses.values()


def attested(control: str, answer: Attested, on: int) -> Attestation:
    return Attestation(
        control=control,
        answer=answer,
        statement="All is well.",
        attested_by="j.doe",
        attested_on=DAY - dt.timedelta(days=on),
        expires_on=DAY + dt.timedelta(days=300),
    )


def with_attestations(one: Known, attestations: Collection[Attestation]) -> dict[str, Status]:
    file = ExemptionFile(name="x", sha256="", attestations=tuple(attestations))
    return statuses(apply_exemptions(one.result, [file], DAY), one.controls)


def test_attesting_everything_answers_reviews_and_nothing_else(contoso: Known) -> None:
    every: list[Any] = [each for found in contoso.controls.frameworks for each in found.controls]
    found = with_attestations(contoso, [attested(each.id, Attested.MET, 0) for each in every])
    for control in every:
        if control.kind == "review":
            assert found[control.id] is Status.ATTESTED
        elif control.kind == "rule":
            assert found[control.id] is contoso.statuses[control.id]


@settings(max_examples=25)
@given(st.data())
def test_an_attestation_never_overrules_a_rule(contoso: Known, data: st.DataObject) -> None:
    ids = st.sampled_from(sorted(contoso.statuses))
    entry = st.builds(attested, ids, st.sampled_from(Attested), st.integers(-30, 30))
    entries = data.draw(st.lists(entry, max_size=12))
    found = with_attestations(contoso, entries)
    for name, status in contoso.statuses.items():
        if status is not Status.REVIEW:
            assert found[name] is status
