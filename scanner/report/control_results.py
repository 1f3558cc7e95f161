"""How an estate meets its controls, as JSON and Markdown.

None of them shows a percentage: it would hide what nobody has assessed. Every count stands with
the number that it is out of.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from scanner import __version__
from scanner.engine.attestations import Attested, Standing
from scanner.engine.controls import Status, slug
from scanner.report.json import attestation_json
from scanner.report.page import table_line, table_row
from scanner.report.summary import TOOL, estate_name, short_digest
from scanner.report.text import code, json_escaped, markdown, plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scanner.engine.attestations import JudgedAttestation
    from scanner.engine.controls import ControlResult, Controls, Framework
    from scanner.engine.result import Counts, ScanResult

SCHEMA_VERSION: Final = 1
WORDS: Final = {
    Status.FAIL: "fail",
    Status.UNKNOWN: "unknown",
    Status.EXEMPT: "exempt",
    Status.PASS: "pass",
    Status.ATTESTED: "attested",
    Status.NOT_APPLICABLE: "not applicable",
    Status.NOT_ASSESSED: "not assessed",
    Status.NOT_COVERED: "not covered",
    Status.REVIEW: "for review",
}
"""Each status as people read it."""
_ANSWERS: Final = {
    Attested.MET: "met",
    Attested.NOT_MET: "not met",
    Attested.NOT_APPLICABLE: "not applicable",
}
COLUMNS: Final = ("fail", "exempt", "unknown", "pass", "of")
"""What `numbers` counts."""


class FrameworkResult(NamedTuple):
    """The results of one framework's controls."""

    framework: Framework
    results: Sequence[ControlResult]

    def statuses(self) -> dict[Status, int]:
        """Return how many controls have which status, every status named."""
        found = Counter(result.status for result in self.results)
        return {status: found[status] for status in Status}

    def sentence(self) -> str:
        """Return the statuses that occur in words, with what they are out of."""
        found = self.statuses().items()
        parts = ", ".join(f"{number} {WORDS[status]}" for status, number in found if number)
        return f"{plural(len(self.results), 'control')}: {parts or 'none'}."


def by_framework(
    results: Sequence[ControlResult], controls: Controls, only: str = ""
) -> list[FrameworkResult]:
    """Return the results sorted into their frameworks, or those of one of them."""
    return [
        FrameworkResult(
            framework,
            [one for one in results if one.control.id.startswith(f"{framework.framework}/")],
        )
        for framework in controls.frameworks
        if only in {"", framework.framework}
    ]


def render_json(result: ScanResult, frameworks: Sequence[FrameworkResult]) -> bytes:
    """Return every control with its status, its counts, and what each rule said of it."""
    document = {
        "schemaVersion": SCHEMA_VERSION,
        "tool": {"name": TOOL, "version": __version__},
        "snapshot": {"digest": result.manifest.digest, "estate": result.manifest.estate},
        "configDigest": result.config_digest,
        "exemptions": _exemptions(result),
        "frameworks": [_framework(one) for one in frameworks],
    }
    encoded = msgspec.json.format(msgspec.json.encode(document), indent=2)
    return json_escaped(encoded) + b"\n"


def _exemptions(result: ScanResult) -> dict[str, Any] | None:
    report = result.exemptions
    if report is None:
        return None
    return {"asOf": report.as_of, "files": report.files, "notes": report.notes}


def _framework(found: FrameworkResult) -> dict[str, Any]:
    framework = found.framework
    return {
        "framework": framework.framework,
        "title": framework.title,
        "publisher": framework.publisher,
        "controlCount": len(found.results),
        "statuses": found.statuses(),
        "notControls": len(framework.controls) - len(found.results),
        "controls": [_control(one) for one in found.results],
    }


def _control(result: ControlResult) -> dict[str, Any]:
    control = result.control
    texts = {
        name: value
        for name in (
            "place",
            "statement",
            "stage",
            "question",
            "evidence",
            "policies",
            "definition",
        )
        if (value := getattr(control, name))
    }
    return {
        "id": control.id,
        "kind": control.kind,
        "status": result.status,
        **texts,
        "counts": _counts(result.counts),
        "rules": [
            {**msgspec.to_builtins(answer), "counts": _counts(answer.counts)}
            for answer in result.answers
        ],
        "attestations": [attestation_json(each) for each in _attestations(result)],
        "openEnvironments": list(result.review.open_environments) if result.review else [],
    }


def _attestations(result: ControlResult) -> Sequence[JudgedAttestation]:
    return result.review.attestations if result.review is not None else ()


def _counts(counts: Counts) -> dict[str, int]:
    return {**msgspec.to_builtins(counts), "total": counts.total}


def render_markdown(result: ScanResult, frameworks: Sequence[FrameworkResult]) -> str:
    """Return a page with an overview and a table for each framework."""
    lines = [f"# Controls of {markdown(estate_name(result))}", ""]
    lines += [f"Snapshot {code(short_digest(result))}. {markdown(' '.join(basis(result)))}"]
    head, *rows = overview(frameworks)
    lines += ["", table_row(head), table_line(len(head), 1)]
    lines += [table_row([code(name), *numbers]) for name, *numbers in rows]
    for found in frameworks:
        lines += ["", f"## {markdown(found.framework.title)}", "", found.sentence(), ""]
        lines += [f"| control | status | rules | {' | '.join(COLUMNS)} | |"]
        lines += [f"| --- | --- | --- |{' ---: |' * len(COLUMNS)} --- |"]
        lines += [_row(one) for one in found.results]
    return "\n".join(lines) + "\n"


def overview(frameworks: Sequence[FrameworkResult]) -> list[list[str]]:
    """Return how many controls of each framework have which status, if any has it at all."""
    statuses = [found.statuses() for found in frameworks]
    shown = [status for status in Status if any(each[status] for each in statuses)]
    rows = [
        [
            found.framework.framework,
            *(str(each[status]) for status in shown),
            str(len(found.results)),
        ]
        for found, each in zip(frameworks, statuses, strict=True)
    ]
    return [["source", *(WORDS[status] for status in shown), "controls"], *rows]


def _row(result: ControlResult) -> str:
    cells = [
        code(slug(result.control.id)),
        WORDS[result.status],
        ", ".join(answer.rule_id for answer in result.answers),
        *numbers(result),
        markdown(" ".join(remarks(result))),
    ]
    return f"| {' | '.join(cells)} |"


def numbers(result: ControlResult) -> list[str]:
    """Return the cells below `COLUMNS`, empty ones where no rule that answers the control ran."""
    if not any(answer.ran for answer in result.answers):
        return [""] * len(COLUMNS)
    counts = result.counts
    unknown = counts.unknown + counts.error
    # Rows that a rule does not apply to are no part of what could pass or fail.
    of = counts.total - counts.not_applicable
    return [str(n) for n in (counts.fail, counts.exempt, unknown, counts.passed, of)]


def remarks(result: ControlResult) -> Iterator[str]:
    """Yield what the numbers alone do not say: the question, its answer, or what is not known."""
    if result.control.question:
        yield result.control.question
    yield from notices(result)


def notices(result: ControlResult) -> Iterator[str]:
    """Yield who attested the control, and what keeps its numbers from being the whole answer."""
    for judged in _attestations(result):
        if judged.standing is not Standing.SUPERSEDED:
            yield _attested(judged)
    if result.review is not None and result.review.open_environments:
        yield f"Nobody answers for {', '.join(result.review.open_environments)}."
    ran = [answer for answer in result.answers if answer.ran]
    rules = {
        "Not run": [answer for answer in result.answers if not answer.ran],
        "Preview, not counted": [answer for answer in ran if answer.preview],
        "Not all resources could be listed for": [a for a in ran if not a.all_read],
        "Nothing to apply to": [
            a for a in ran if a.all_read and a.counts.total == a.counts.not_applicable
        ],
    }
    for text, answers in rules.items():
        if answers:
            yield f"{text}: {', '.join(answer.rule_id for answer in answers)}."


def _attested(judged: JudgedAttestation) -> str:
    each = judged.attestation
    scope = f" for {', '.join(each.scope.environments)}" if each.scope.environments else ""
    until = f"until {each.expires_on}"
    if judged.standing is Standing.EXPIRED:
        until = f"which expired on {each.expires_on}"
    elif judged.standing is Standing.NOT_YET:
        until = "which is after the day of judging"
    who = f"{each.attested_by} on {each.attested_on}"
    parts = (
        f"Attested as {_ANSWERS[each.answer]}{scope} by {who}, {until}: {each.statement}",
        f"Evidence: {', '.join(each.evidence)}." if each.evidence else "",
        f"Ticket: {each.ticket}." if each.ticket else "",
    )
    return " ".join(filter(None, parts))


def basis(result: ScanResult) -> Iterator[str]:
    """Yield what the statuses and numbers go by."""
    report = result.exemptions
    if report is not None:
        files = ", ".join(file.name for file in report.files)
        source = f"{files} as of {report.as_of}" if files else f"as of {report.as_of}, no file"
        yield f"Exemptions and attestations: {source}."
    yield _explanation()


def _explanation() -> str:
    return (
        "Numbers are rows, one per rule and resource that it applies to; a row that could not be "
        "read, or on which a rule broke, is unknown. A control is also unknown where not every "
        "resource could be listed that its rules are about."
    )
