"""The result as JUnit XML, for the test pages of CI systems: a suite a rule, a case a resource.

A failure is a failure; what could not be assessed is an error, as it is no pass; what does not
apply, is exempted or belongs to a rule in preview is skipped.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple
from xml.sax.saxutils import XMLGenerator

from scanner.engine.result import Verdict
from scanner.report.summary import TOOL, estate_name, evidence_text
from scanner.report.text import clean, one_line, truncate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from scanner.engine.result import Counts, Result, ScanResult
    from scanner.engine.rules import Rule

_NO_XML: Final = re.compile("[\ufffe\uffff]")
_MESSAGE: Final = 500
_TEXT: Final = 5_000


class _Totals(NamedTuple):
    tests: int
    failures: int
    errors: int
    skipped: int

    def attributes(self) -> dict[str, str]:
        return {name: str(number) for name, number in self._asdict().items()}


def render(result: ScanResult) -> Iterator[bytes]:
    """Yield the document in pieces, one case a line. No durations: nothing was timed."""
    accepted = Counter(
        row.rule_id
        for row in result.findings
        if row.exemption is not None and row.verdict is not Verdict.FAIL
    )
    suites = {
        rule.id: _totals(rule, result.by_rule[rule.id], accepted[rule.id]) for rule in result.rules
    }
    page = _Page()
    page.start("testsuites", {"name": _safe(f"{TOOL} {estate_name(result)}"), **_sum(suites)})
    rules = {rule.id: rule for rule in result.rules}
    open_suite = ""
    for row in result.rows():
        if row.rule_id != open_suite:
            if open_suite:
                page.end("testsuite")
            open_suite = row.rule_id
            _start_suite(page, rules[open_suite], suites[open_suite])
        _case(page, row)
        yield page.taken()
    if open_suite:
        page.end("testsuite")
    page.end("testsuites")
    yield page.taken()


def _totals(rule: Rule, counts: Counts, accepted: int) -> _Totals:
    """Return a suite's numbers; `accepted` are exempted rows that are no failures."""
    if rule.preview:
        return _Totals(counts.total, 0, 0, counts.total - counts.passed)
    skipped = counts.not_applicable + counts.exempt + accepted
    return _Totals(counts.total, counts.fail, counts.unknown + counts.error - accepted, skipped)


def _sum(suites: Mapping[str, _Totals]) -> dict[str, str]:
    return (
        _Totals(*(sum(numbers) for numbers in zip(*suites.values(), strict=True))).attributes()
        if suites
        else _Totals(0, 0, 0, 0).attributes()
    )


def _start_suite(page: _Page, rule: Rule, totals: _Totals) -> None:
    page.start("testsuite", {"name": _safe(f"{rule.id} {rule.title}"), **totals.attributes()})
    page.start("properties", {})
    for name, value in (
        ("ruleId", rule.id),
        ("severity", rule.severity.value),
        ("domain", rule.domain),
        ("preview", "true" if rule.preview else "false"),
    ):
        page.element("property", {"name": name, "value": _safe(value)})
    page.end("properties")


def _case(page: _Page, row: Result) -> None:
    attributes = {"classname": _safe(row.rule_id), "name": _safe(row.resource_id)}
    kind, details, text = _outcome(row)
    if not kind:
        page.element("testcase", attributes)
        return
    page.start("testcase", attributes)
    page.element(kind, details, text)
    page.end("testcase")


def _outcome(row: Result) -> tuple[str, dict[str, str], str]:
    """Return the element of a row that is no pass, its attributes and its text."""
    if row.verdict is Verdict.PASS:
        return "", {}, ""
    message = truncate(_safe(row.message), _MESSAGE)
    why = _skipped(row, message)
    if why:
        return "skipped", {"message": why}, ""
    lines = [_safe(line) for line in (row.message, *_evidence(row), f"Resource: {row.resource_id}")]
    kind = "failure" if row.verdict is Verdict.FAIL else "error"
    label = row.severity.value if kind == "failure" else row.verdict.value
    return kind, {"message": message, "type": label}, truncate("\n".join(lines), _TEXT)


def _skipped(row: Result, message: str) -> str:
    """Return why a case is skipped, "" if it is not; what is before the colon is fixed."""
    if row.preview:
        return f"preview: {row.verdict.value}: {message}"
    if row.exemption is not None:
        word = "exempt" if row.verdict is Verdict.FAIL else f"exempt {row.verdict.value}"
        return f"{word}: {truncate(_safe(row.exemption.justification), _MESSAGE)}"
    return "not applicable" if row.verdict is Verdict.NOT_APPLICABLE else ""


def _evidence(row: Result) -> Sequence[str]:
    return [evidence_text(evidence) for evidence in row.evidence]


def _safe(text: str) -> str:
    """Return one line of text of characters that XML 1.0 can hold."""
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", one_line(clean(text)))


class _Page:
    """XML that is taken away as it grows."""

    def __init__(self) -> None:
        self._stream = io.StringIO()
        self._xml = XMLGenerator(self._stream, "utf-8", short_empty_elements=True)
        self._xml.startDocument()

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Open an element."""
        self._xml.startElement(name, attributes)  # type: ignore[arg-type]

    def element(self, name: str, attributes: Mapping[str, str], text: str = "") -> None:
        """Write an element that holds nothing but text, on a line of its own."""
        self.start(name, attributes)
        if text:
            self._xml.characters(text)
        self.end(name)

    def end(self, name: str) -> None:
        """Close an element."""
        self._xml.endElement(name)
        self._xml.ignorableWhitespace("\n")

    def taken(self) -> bytes:
        """Return what was written since the last time."""
        text = self._stream.getvalue()
        self._stream.seek(0)
        self._stream.truncate()
        return text.encode()
