"""Attestations: what people answer to controls that no rule can check, and until when it holds."""

from __future__ import annotations

import datetime as dt
import enum
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Attested(enum.StrEnum):
    """What somebody says of a control."""

    MET = "met"
    NOT_MET = "not_met"
    NOT_APPLICABLE = "not_applicable"


class Standing(enum.StrEnum):
    """How an attestation stands on a day."""

    IN_FORCE = "in_force"
    EXPIRED = "expired"
    NOT_YET = "not_yet"
    """Attested after the day of judging."""
    SUPERSEDED = "superseded"
    """Later ones answer for everything that it answers for."""


class AttestationScope(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What an attestation answers for; without environments it is the whole estate."""

    environments: tuple[str, ...] = ()


class Attestation(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What somebody says of a control that people review."""

    control: str
    answer: Attested
    statement: str
    attested_by: str
    attested_on: dt.date
    expires_on: dt.date
    """The last day on which it holds."""
    evidence: tuple[str, ...] = ()
    ticket: str = ""
    scope: AttestationScope = AttestationScope()
    place: str = ""
    """File name and line."""

    def is_about(self, environment: str | None) -> bool:
        """Tell whether it answers for an environment; `None` is the estate as a whole."""
        return not self.scope.environments or environment in self.scope.environments

    def clashes(self, other: Attestation) -> bool:
        """Tell whether the two answer the same question on one day, so that neither is later."""
        if (self.control, self.attested_on) != (other.control, other.attested_on):
            return False
        mine, theirs = self.scope.environments, other.scope.environments
        return not mine or not theirs or not set(mine).isdisjoint(theirs)


class JudgedAttestation(msgspec.Struct, frozen=True):
    """An attestation as it stood on the day of judging."""

    attestation: Attestation
    standing: Standing


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """How a control that people review stood on the day of judging."""

    answer: Attested | None = None
    """`None`: the question is open, at least for one environment."""
    attestations: tuple[JudgedAttestation, ...] = ()
    """All of the control, in the order of the files."""
    open_environments: tuple[str, ...] = ()
    """Environments that nobody answers for, where somebody does for another one."""


_WORST_FIRST: Final = (Attested.NOT_MET, Attested.MET, Attested.NOT_APPLICABLE)


def reviews(
    attestations: Iterable[Attestation], day: dt.date, environments: Sequence[str]
) -> dict[str, Review]:
    """Return how each attested control stands on a day, sorted by the controls' ids.

    For each environment the latest attestation counts, and one that has expired is not replaced
    by an earlier one that has not: whoever looked again has seen what the earlier one could not
    know. An answer that is given by environment counts as whole when every one of `environments`
    has one; one `not_met` is enough for the control not to be met.
    """
    of_control: dict[str, list[Attestation]] = {}
    for each in attestations:
        of_control.setdefault(each.control, []).append(each)
    return {name: _review(of_control[name], day, environments) for name in sorted(of_control)}


def _review(
    attestations: Sequence[Attestation], day: dt.date, environments: Sequence[str]
) -> Review:
    # Where the config has no environments, only an answer for the whole estate is whole.
    places: Sequence[str | None] = environments or (None,)
    due = [each for each in attestations if each.attested_on <= day]
    latest = {place: _latest(due, place) for place in places}
    holding = {place: each for place, each in latest.items() if each and day <= each.expires_on}
    counting = {id(each) for each in latest.values()}
    replaced = {
        id(each) for each in due if id(each) not in counting and any(map(each.is_about, places))
    }
    return Review(
        answer=_answer(
            [each.answer for each in holding.values()], whole=len(holding) == len(places)
        ),
        attestations=tuple(
            JudgedAttestation(each, _standing(each, day, replaced=id(each) in replaced))
            for each in attestations
        ),
        open_environments=tuple(p for p in places if p and holding and p not in holding),
    )


def _latest(due: Iterable[Attestation], place: str | None) -> Attestation | None:
    about = [each for each in due if each.is_about(place)]
    key = lambda each: (each.attested_on, -_WORST_FIRST.index(each.answer))  # noqa: E731
    return max(about, key=key, default=None)


def _answer(answers: Sequence[Attested], *, whole: bool) -> Attested | None:
    if Attested.NOT_MET in answers:
        return Attested.NOT_MET
    if not whole:
        return None
    return min(answers, key=_WORST_FIRST.index)


def _standing(attestation: Attestation, day: dt.date, *, replaced: bool) -> Standing:
    if attestation.attested_on > day:
        return Standing.NOT_YET
    if replaced:
        return Standing.SUPERSEDED
    return Standing.EXPIRED if day > attestation.expires_on else Standing.IN_FORCE
