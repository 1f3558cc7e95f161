"""How an estate meets its controls, as JSON, Markdown and a table for a terminal.

None of them shows a percentage: it would hide what nobody has assessed. Every count stands with
the number that it is out of.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from rich.table import Table

from scanner import __version__
from scanner.engine.controls import Status, slug
from scanner.report.summary import TOOL, estate_name, short_digest
from scanner.report.text import code, json_escaped, markdown, one_line, plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from scanner.engine.controls import ControlResult, Controls, Framework
    from scanner.engine.result import Counts, ScanResult

SCHEMA_VERSION: Final = 1
_WORDS: Final = {
    Status.FAIL: "fail",
    Status.UNKNOWN: "unknown",
    Status.EXEMPT: "exempt",
    Status.PASS: "pass",
    Status.NOT_ASSESSED: "not assessed",
    Status.NOT_COVERED: "not covered",
    Status.REVIEW: "for review",
}
_STYLES: Final = {Status.FAIL: "red", Status.UNKNOWN: "yellow", Status.PASS: "green"}
_COLUMNS: Final = ("fail", "exempt", "unknown", "pass", "of")


class FrameworkResult(NamedTuple):
    """The results of one framework's controls."""

    framework: Framework
    results: Sequence[ControlResult]

    def statuses(self) -> dict[Status, int]:
        """Return how many controls have which status, every status named."""
        found = Counter(result.status for result in self.results)
        return {status: found[status] for status in Status}

    def sentence(self) -> str:
        """Return the statuses in words, with what they are out of."""
        parts = [f"{number} {_WORDS[status]}" for status, number in self.statuses().items()]
        return f"{plural(len(self.results), 'control')}: {', '.join(parts)}."


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
        "frameworks": [_framework(one) for one in frameworks],
    }
    encoded = msgspec.json.format(msgspec.json.encode(document), indent=2)
    return json_escaped(encoded) + b"\n"


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
        for name in ("place", "statement", "question", "evidence", "policies", "definition")
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
        "attestation": result.attestation,
    }


def _counts(counts: Counts) -> dict[str, int]:
    return {**msgspec.to_builtins(counts), "total": counts.total}


def render_markdown(result: ScanResult, frameworks: Sequence[FrameworkResult]) -> str:
    """Return a page with a table for each framework."""
    lines = [f"# Controls of {markdown(estate_name(result))}", ""]
    lines += [f"Snapshot {code(short_digest(result))}. {_explanation()}"]
    for found in frameworks:
        lines += ["", f"## {markdown(found.framework.title)}", "", found.sentence(), ""]
        lines += [f"| control | status | rules | {' | '.join(_COLUMNS)} | |"]
        lines += [f"| --- | --- | --- |{' ---: |' * len(_COLUMNS)} --- |"]
        lines += [_row(one) for one in found.results]
    return "\n".join(lines) + "\n"


def _row(result: ControlResult) -> str:
    cells = [
        code(slug(result.control.id)),
        _WORDS[result.status],
        ", ".join(answer.rule_id for answer in result.answers),
        *_numbers(result),
        markdown(" ".join(_remarks(result))),
    ]
    return f"| {' | '.join(cells)} |"


def _numbers(result: ControlResult) -> list[str]:
    if not any(answer.ran for answer in result.answers):
        return [""] * len(_COLUMNS)
    counts = result.counts
    unknown = counts.unknown + counts.error
    # Rows that a rule does not apply to are no part of what could pass or fail.
    of = counts.total - counts.not_applicable
    return [str(n) for n in (counts.fail, counts.exempt, unknown, counts.passed, of)]


def _remarks(result: ControlResult) -> Iterator[str]:
    """Yield what the numbers alone do not say: the question, or why nothing is known."""
    if result.control.question:
        yield result.control.question
    missing = [answer.rule_id for answer in result.answers if not answer.ran]
    if missing:
        yield f"Not run: {', '.join(missing)}."
    previews = [answer.rule_id for answer in result.answers if answer.preview]
    if previews:
        yield f"Preview, not counted: {', '.join(previews)}."
    counts = result.counts
    if result.status is Status.NOT_ASSESSED and counts.total == counts.not_applicable:
        yield "Nothing that the rules apply to."


def _explanation() -> str:
    return (
        "Numbers are rows, one per rule and resource that it applies to; a row that could not be "
        "read, or on which a rule broke, is unknown."
    )


def print_table(
    result: ScanResult, frameworks: Sequence[FrameworkResult], console: Console
) -> None:
    """Print a table for each framework."""
    heading = f"Controls of {one_line(estate_name(result))}, snapshot {short_digest(result)}"
    console.print(heading, markup=False, highlight=False)
    for found in frameworks:
        framework = found.framework
        console.print(f"\n{framework.framework}: {framework.title}", style="bold", markup=False)
        console.print(found.sentence(), markup=False)
        console.print(_table(found))
    console.print(f"\n{_explanation()}", markup=False)


def _table(found: FrameworkResult) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("control", overflow="fold")
    table.add_column("status", no_wrap=True)
    for name in _COLUMNS:
        table.add_column(name, justify="right", no_wrap=True)
    for result in found.results:
        style = _STYLES.get(result.status, "")
        cells = (slug(result.control.id), _WORDS[result.status], *_numbers(result))
        table.add_row(*cells, style=style)
    return table
