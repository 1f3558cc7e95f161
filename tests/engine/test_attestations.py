"""Attestations: what their files may say, which one counts, and that none overrules a rule."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.engine.attestation_notes import control_notes, standing_notes
from scanner.engine.attestations import (
    Attestation,
    AttestationScope,
    Attested,
    Review,
    Standing,
    reviews,
)
from scanner.engine.control_files import load_controls
from scanner.engine.exemptions import load_exemptions
from scanner.engine.packs import built_in_pack, load_packs
from scanner.errors import ExemptionError

if TYPE_CHECKING:
    from pathlib import Path

    from scanner.engine.exemptions import ExemptionFile

CONTROL = "caf-ml-setup/automated-tests"
DAY = dt.date(2026, 11, 20)
ENVIRONMENTS = ("dev", "prod")
ENTRY = """attestations:
  - control: caf-ml-setup/automated-tests
    answer: met
    statement: The test pipeline runs on every change.
    attestedBy: j.doe
    attestedOn: 2026-11-01
    expiresOn: 2027-10-31
    evidence: [https://contoso.example/builds/1]
    ticket: ARB-1
    scope: {environments: [dev]}
"""
MET, NOT_MET, NOT_APPLICABLE = Attested


def attested(
    answer: Attested = MET, *environments: str, on: int = 10, last: int = 30, control: str = CONTROL
) -> Attestation:
    return Attestation(
        control=control,
        answer=answer,
        statement="Seen.",
        attested_by="j.doe",
        attested_on=DAY.replace(day=on),
        expires_on=DAY.replace(day=last),
        scope=AttestationScope(environments),
        place=f"x.yaml:{on}",
    )


def review(*attestations: Attestation, day: dt.date = DAY) -> Review:
    return reviews(attestations, day, ENVIRONMENTS)[CONTROL]


def standings(found: Review) -> list[Standing]:
    return [each.standing for each in found.attestations]


def load(folder: Path, text: str, name: str = "exemptions.yaml") -> ExemptionFile:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    [found] = load_exemptions([path])
    return found


def test_everything_that_an_attestation_may_say(tmp_path: Path) -> None:
    [found] = load(tmp_path, ENTRY).attestations
    assert (found.control, found.answer, found.place) == (CONTROL, MET, "exemptions.yaml:2")
    assert (found.attested_on, found.expires_on) == (dt.date(2026, 11, 1), dt.date(2027, 10, 31))
    assert found.evidence == ("https://contoso.example/builds/1",)
    assert (found.attested_by, found.ticket) == ("j.doe", "ARB-1")
    assert found.scope.environments == ("dev",)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("    expiresOn: 2027-10-31\n", "", "the key 'expiresOn' is missing"),
        ("    attestedBy: j.doe\n", "", "the key 'attestedBy' is missing"),
        ("answer: met", "answer: yes", r"answer: .*none of the allowed values"),
        ("expiresOn: 2027-10-31", "expiresOn: never", "not of the required form"),
        ("expiresOn: 2027-10-31", "expiresOn: 2027-02-30", "there is no day 2027-02-30"),
        ("expiresOn: 2027-10-31", "expiresOn: 2026-10-31", "expires before it was made"),
        ("expiresOn: 2027-10-31", "expiresOn: 2027-11-30", "is 394 days after attestedOn, 366"),
        ("control: caf-ml-setup/", "control: ", "not of the required form"),
        ("{environments: [dev]}", "{}", "must not be empty"),
        ("    ticket:", "    tickets:", "unknown key 'tickets'|Did you mean"),
        ("statement: The test", "note: The test", "statement|note"),
    ],
)
def test_a_wrong_attestation_is_refused(tmp_path: Path, old: str, new: str, problem: str) -> None:
    assert old in ENTRY
    with pytest.raises(ExemptionError, match=problem):
        load(tmp_path, ENTRY.replace(old, new))


def test_two_answers_of_one_day_are_refused(tmp_path: Path) -> None:
    load(tmp_path, ENTRY)
    second = ENTRY.replace("answer: met", "answer: not_met")
    (tmp_path / "more.yaml").write_text(second, encoding="utf-8")
    with pytest.raises(ExemptionError, match=r"more.yaml:6: .*same day by exemptions.yaml:2"):
        load_exemptions([tmp_path / "exemptions.yaml", tmp_path / "more.yaml"])
    (tmp_path / "more.yaml").write_text(second.replace("[dev]", "[prod]"), encoding="utf-8")
    assert len(load_exemptions([tmp_path / "exemptions.yaml", tmp_path / "more.yaml"])) == 2
    (tmp_path / "more.yaml").write_text(second.replace("2026-11-01", "2026-11-02"))
    assert len(load_exemptions([tmp_path / "exemptions.yaml", tmp_path / "more.yaml"])) == 2


@pytest.mark.parametrize("answer", list(Attested))
def test_an_answer_for_the_estate_is_whole(answer: Attested) -> None:
    assert review(attested(answer)).answer is answer


def test_the_last_day_is_included() -> None:
    one = attested(last=20)
    assert review(one).answer is MET
    late = review(one, day=DAY + dt.timedelta(days=1))
    assert (late.answer, standings(late)) == (None, [Standing.EXPIRED])


def test_what_was_attested_later_does_not_count_yet() -> None:
    found = review(attested(on=21))
    assert (found.answer, standings(found)) == (None, [Standing.NOT_YET])


def test_an_answer_by_environment_has_to_name_all_of_them() -> None:
    found = review(attested(MET, "dev"))
    assert (found.answer, found.open_environments) == (None, ("prod",))
    found = review(attested(MET, "dev"), attested(NOT_APPLICABLE, "prod"))
    assert (found.answer, found.open_environments) == (MET, ())
    assert review(attested(NOT_APPLICABLE, "dev", "prod")).answer is NOT_APPLICABLE
    assert review(attested(MET, "qa")).answer is None


def test_not_met_anywhere_is_not_met() -> None:
    assert review(attested(NOT_MET, "dev")).answer is NOT_MET
    assert review(attested(), attested(NOT_MET, "dev", on=11)).answer is NOT_MET


def test_the_later_answer_counts() -> None:
    found = review(attested(NOT_MET, on=9), attested(MET, on=10))
    assert (found.answer, standings(found)) == (MET, [Standing.SUPERSEDED, Standing.IN_FORCE])
    found = review(attested(MET, on=9), attested(NOT_MET, on=10))
    assert found.answer is NOT_MET


def test_an_earlier_answer_does_not_come_back() -> None:
    found = review(attested(MET, on=1, last=30), attested(NOT_MET, on=10, last=15))
    assert (found.answer, standings(found)) == (None, [Standing.SUPERSEDED, Standing.EXPIRED])


def test_an_answer_of_an_unknown_environment_answers_nothing() -> None:
    assert reviews([attested(MET, "dev")], DAY, ())[CONTROL].answer is None
    assert reviews([attested()], DAY, ())[CONTROL].answer is MET


_attestations = st.builds(
    attested,
    st.sampled_from(Attested),
    on=st.integers(1, 30),
    last=st.just(30),
) | st.builds(
    lambda answer, names, on, more: msgspec.structs.replace(
        attested(answer, *names, on=on), expires_on=DAY.replace(day=min(30, on + more))
    ),
    st.sampled_from(Attested),
    st.sets(st.sampled_from(("dev", "prod", "qa")), min_size=1).map(sorted),
    st.integers(1, 30),
    st.integers(0, 29),
)


@given(st.lists(_attestations, max_size=6), st.integers(1, 30))
def test_met_means_that_nothing_is_open_and_nothing_says_otherwise(
    entries: list[Attestation], day: int
) -> None:
    when = DAY.replace(day=day)
    found = reviews(entries, when, ENVIRONMENTS).get(CONTROL, Review())
    holding = [e for e in found.attestations if e.standing is Standing.IN_FORCE]
    if found.answer is MET:
        assert not found.open_environments
        for name in ENVIRONMENTS:
            about = [e.attestation for e in holding if e.attestation.is_about(name)]
            assert about
            latest = max(each.attested_on for each in about)
            assert all(e.answer is not NOT_MET for e in about if e.attested_on == latest)
    for judged in holding:
        assert judged.attestation.attested_on <= when <= judged.attestation.expires_on


@given(st.lists(_attestations, max_size=5), st.integers(1, 30))
def test_nothing_counts_before_its_day(entries: list[Attestation], day: int) -> None:
    when = DAY.replace(day=day)
    due = [each for each in entries if each.attested_on <= when]
    found, again = (reviews(some, when, ENVIRONMENTS) for some in (entries, due))
    assert found.get(CONTROL, Review()).answer is again.get(CONTROL, Review()).answer


# --- notes


@pytest.fixture(scope="module")
def controls() -> Any:
    return load_controls([built_in_pack()], load_packs([built_in_pack()]))


@pytest.mark.parametrize(
    ("control", "kind", "text"),
    [
        (CONTROL, None, ""),
        ("caf-ml-setup/automated-test", "unknown", "Did you mean 'caf-ml-setup/automated-tests'?"),
        ("caf-ml-setup/clusters-scale-to-zero", "attestation", "is answered by AML-CMP-001: "),
        ("mcsb/IR-3", "attestation", "and none does yet"),
        ("caf-ml-setup/production-serves-models", "attestation", "nothing to attest"),
    ],
)
def test_only_reviews_can_be_attested(
    controls: Any, control: str, kind: str | None, text: str
) -> None:
    notes = list(control_notes([attested(control=control)], controls, ENVIRONMENTS))
    assert [note.kind.value for note in notes] == [kind] * (kind is not None)
    assert all(text in note.text and note.id == control for note in notes)


def test_an_environment_that_there_is_not(controls: Any) -> None:
    [note] = control_notes([attested(MET, "prd")], controls, ENVIRONMENTS)
    assert (note.kind.value, note.place) == ("unknown", "x.yaml:10")
    assert note.text.endswith("Did you mean 'prod'?")


@pytest.mark.parametrize(
    ("attestation", "kinds"),
    [
        (attested(on=1, last=30), ["expiring"]),
        (attested(on=1, last=19), ["attestation"]),
        (attested(on=21), ["attestation"]),
        (msgspec.structs.replace(attested(), expires_on=dt.date(2027, 6, 1)), []),
    ],
)
def test_notes_on_how_it_stands(attestation: Attestation, kinds: list[str]) -> None:
    found = standing_notes(reviews([attestation], DAY, ENVIRONMENTS).values(), DAY)
    assert [note.kind.value for note in found] == kinds


def test_what_is_superseded_needs_no_note() -> None:
    both = [
        attested(on=1, last=5),
        msgspec.structs.replace(attested(), expires_on=DAY.replace(year=2027)),
    ]
    assert list(standing_notes(reviews(both, DAY, ENVIRONMENTS).values(), DAY)) == []
