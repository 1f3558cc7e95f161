"""Controls of frameworks as the HTML report shows them: each with its denominators and its rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from scanner.engine.controls import Provenance, Status, assess, slug
from scanner.report.control_results import COLUMNS, WORDS, by_framework, notices, numbers
from scanner.report.html.templating import control_anchor, rule_anchor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scanner.engine.controls import Control, ControlResult, Controls, Framework, RuleAnswer
    from scanner.engine.result import ScanResult
    from scanner.report.control_results import FrameworkResult

_LINKED: Final = (Status.FAIL, Status.UNKNOWN)
"""The statuses whose controls are named above a framework's table."""


class AnswerView(NamedTuple):
    """A rule that answers a control."""

    rule_id: str
    anchor: str
    """"" where the rule did not run, and so stands nowhere in the report."""
    said: str
    is_vendors: bool


class ControlView(NamedTuple):
    """A control with what the scan says of it."""

    control: Control
    anchor: str
    name: str
    status: str
    tone: str
    """The status as part of a class."""
    numbers: Sequence[str]
    notices: Sequence[str]
    """Who attested it, and what keeps the numbers from being the whole answer."""
    answers: Sequence[AnswerView]
    """The rules that have more to say than that everything passes."""
    quiet: Sequence[AnswerView]


class FrameworkView(NamedTuple):
    """A framework, how many of its controls have which status, and its controls."""

    framework: Framework
    anchor: str
    statuses: Sequence[tuple[str, str, int]]
    """Class, word and number."""
    total: int
    urgent: Sequence[tuple[str, Sequence[ControlView]]]
    """The controls that fail and those that are unknown, under these words."""
    controls: Sequence[ControlView]


class ControlsView(NamedTuple):
    """All frameworks."""

    words: Sequence[str]
    """The statuses that any control has."""
    columns: Sequence[str]
    frameworks: Sequence[FrameworkView]
    anchors: frozenset[str]
    """The anchors of the controls that are shown."""


def controls_view(result: ScanResult, controls: Controls | None) -> ControlsView:
    """Return what a result says of every control, by framework."""
    found = by_framework(assess(result, controls), controls) if controls is not None else []
    counts = [one.statuses() for one in found]
    statuses = [status for status in Status if any(each[status] for each in counts)]
    views = [_framework(one, statuses) for one in found]
    return ControlsView(
        [WORDS[status] for status in statuses],
        COLUMNS,
        views,
        frozenset(control.anchor for view in views for control in view.controls),
    )


def _framework(found: FrameworkResult, statuses: Sequence[Status]) -> FrameworkView:
    counts = found.statuses()
    views = [_control(one) for one in found.results]
    by_status = {status: [v for v in views if v.tone == status.value] for status in _LINKED}
    return FrameworkView(
        found.framework,
        f"framework-{found.framework.framework}",
        [(status.value, WORDS[status], counts[status]) for status in statuses],
        len(views),
        [(WORDS[status], chosen) for status, chosen in by_status.items() if chosen],
        views,
    )


def _control(found: ControlResult) -> ControlView:
    control = found.control
    return ControlView(
        control,
        control_anchor(control.id),
        slug(control.id),
        WORDS[found.status],
        found.status.value,
        numbers(found),
        list(notices(found)),
        [_answer(answer) for answer in found.answers if not _is_quiet(answer)],
        [_answer(answer) for answer in found.answers if _is_quiet(answer)],
    )


def _is_quiet(answer: RuleAnswer) -> bool:
    """Tell whether a rule ran and has nothing but passes to say, or nothing at all."""
    counts = answer.counts
    return answer.ran and counts.passed == counts.total - counts.not_applicable


def _answer(answer: RuleAnswer) -> AnswerView:
    counts = answer.counts
    found = (
        ("fail", counts.fail),
        ("exempt", counts.exempt),
        ("unknown", counts.unknown + counts.error),
        ("pass", counts.passed),
    )
    words = [f"{number:,} {word}" for word, number in found if number]
    whole = counts.total - counts.not_applicable
    said = f"{', '.join(words)} of {whole:,}" if words else "nothing to apply to"
    return AnswerView(
        answer.rule_id,
        rule_anchor(answer.rule_id) if answer.ran else "",
        said if answer.ran else "not run",
        answer.provenance is Provenance.VENDOR,
    )
