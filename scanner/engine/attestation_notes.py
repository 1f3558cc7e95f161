"""What there is to say about attestations: expired, dated ahead, or of what none can answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanner.engine.attestations import Standing
from scanner.engine.exemption_notes import EXPIRING_DAYS, Note, NoteKind, in_days
from scanner.schemas.problems import nearest

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Sequence

    from scanner.engine.attestations import Attestation, JudgedAttestation, Review
    from scanner.engine.controls import Control, Controls


def standing_notes(reviews: Iterable[Review], day: dt.date) -> Iterator[Note]:
    """Yield a note for each attestation that does not hold on a day, or soon will not."""
    for review in reviews:
        for each in review.attestations:
            yield from _standing_notes(each, day)


def control_notes(
    attestations: Iterable[Attestation], controls: Controls, environments: Sequence[str]
) -> Iterator[Note]:
    """Yield a note for each attestation of what nobody can attest: it counts for nothing.

    That is a control that there is not or that rules answer, for no attestation overrules a rule,
    or an environment that the config does not have.
    """
    known = {control.id: control for each in controls.frameworks for control in each.controls}
    for each in attestations:
        control = known.get(each.control)
        if control is None:
            reviewed = [other.id for other in known.values() if other.kind == "review"]
            hint = nearest(each.control, reviewed)
            text = f"names the control {each.control}, which there is not. {hint}".strip()
            yield Note(NoteKind.UNKNOWN, each.place, each.control, text)
        elif control.kind != "review":
            yield Note(
                NoteKind.ATTESTATION, each.place, each.control, _not_reviewed(control, controls)
            )
        for name in each.scope.environments:
            if name not in environments:
                hint = nearest(name, environments)
                text = f"names the environment {name}, which the config does not. {hint}".strip()
                yield Note(NoteKind.UNKNOWN, each.place, each.control, text)


def _not_reviewed(control: Control, controls: Controls) -> str:
    if control.kind == "none":
        return "is a statement that asks for nothing: there is nothing to attest."
    rules = ", ".join(answer.rule.id for answer in controls.answers.get(control.id, ()))
    if not rules:
        return "is for rules to answer, and none does yet: the attestation counts for nothing."
    return f"is answered by {rules}: the attestation counts for nothing."


def _standing_notes(judged: JudgedAttestation, day: dt.date) -> Iterator[Note]:
    each, kind = judged.attestation, NoteKind.ATTESTATION
    if judged.standing is Standing.EXPIRED:
        yield Note(kind, each.place, each.control, f"expired on {each.expires_on}: ask again.")
    elif judged.standing is Standing.NOT_YET:
        text = f"is attested for {each.attested_on}, after the day of judging."
        yield Note(kind, each.place, each.control, text)
    elif judged.standing is Standing.IN_FORCE and (each.expires_on - day).days <= EXPIRING_DAYS:
        text = f"is attested until {each.expires_on}, {in_days(each.expires_on, day)}."
        yield Note(NoteKind.EXPIRING, each.place, each.control, text)
