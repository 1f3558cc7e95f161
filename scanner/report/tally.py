"""Reports read back: how many rows of which verdict a file shows.

The numbers that a file states are compared with its own rows, so that a row that was taken out
or changed is seen even where the stated numbers were left alone.
"""

from __future__ import annotations

import csv
import re
import xml.parsers.expat
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from scanner.errors import ScannerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

_KINDS: Final = {"pass": "passed", "open": "unknown", "notApplicable": "not_applicable"}
_VERDICTS: Final = {"pass": "passed"}
_ROW: Final = re.compile(r"^\| \*\*all\*\* \| (?P<cells>.*) \|$", re.MULTILINE)
_ALL: Final = re.compile(r'<tr data-row="all">(.*)</tr>')
_CELL: Final = re.compile(r'data-c="([a-z_]+)">([0-9,]+)<')
_HEAD: Final = re.compile(r"^\| Severity \| (?P<cells>.*Assessed.*) \|$", re.MULTILINE)


class TallyError(ScannerError):
    """A report cannot be read back, or does not agree with itself."""


class Tally(NamedTuple):
    """Rows by verdict, those of preview rules left out; `None` is what a format does not show."""

    passed: int | None = 0
    fail: int | None = 0
    exempt: int | None = 0
    unknown: int | None = 0
    not_applicable: int | None = 0
    error: int | None = 0


class _Row(msgspec.Struct, rename="camel"):
    verdict: str
    preview: bool
    exemption: Any


class _Summary(msgspec.Struct):
    totals: dict[str, int]


class _Full(msgspec.Struct):
    summary: _Summary
    results: list[_Row]


class _Result(msgspec.Struct, rename="camel"):
    kind: str
    properties: dict[str, Any]
    suppressions: list[Any] = []
    baseline_state: str = ""


class _RunProperties(msgspec.Struct, rename="camel"):
    totals: dict[str, int]
    results_shown: int = -1


class _Run(msgspec.Struct):
    properties: _RunProperties
    results: list[_Result]


class _Log(msgspec.Struct):
    runs: list[_Run]


def _json(path: Path) -> Tally:
    full: _Full = _decoded(path, _Full)
    counted = (
        "exempt" if row.verdict == "fail" and row.exemption is not None else row.verdict
        for row in full.results
        if not row.preview
    )
    return _agreed(_stated(full.summary.totals), _recounted(counted))


def _code_scanning(path: Path) -> Tally:
    run = _run(path)
    stated = _stated(run.properties.totals)
    shown = len(run.results)
    if shown != run.properties.results_shown:
        raise TallyError(f"states {run.properties.results_shown:,} results and has {shown:,}")
    if shown > (stated.fail or 0):
        raise TallyError(f"states {stated.fail:,} failures and has {shown:,}")
    return stated


def _audit(path: Path) -> Tally:
    run = _run(path)
    rows = (row for row in run.results if row.baseline_state != "absent")
    counted = (
        "exempt" if row.kind == "fail" and row.suppressions else _verdict(row)
        for row in rows
        if not row.properties.get("preview")
    )
    return _agreed(_stated(run.properties.totals), _recounted(counted))


def _verdict(row: _Result) -> str:
    """Return what a result says: a rule that ended in an error has no kind of its own."""
    return str(row.properties.get("verdict") or _KINDS.get(row.kind, row.kind))


def _run(path: Path) -> _Run:
    log: _Log = _decoded(path, _Log)
    if len(log.runs) != 1:
        raise TallyError("has not one run")
    return log.runs[0]


def _csv(path: Path) -> Tally:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return _recounted(
                "exempt"
                if row["verdict"] == "fail" and row["exemptionCategory"]
                else row["verdict"]
                for row in csv.DictReader(file)
                if row["preview"] == "false"
            )
    except (KeyError, UnicodeDecodeError, csv.Error) as error:
        raise TallyError(f"is no report of azmlscan: {error}") from error


def _markdown(path: Path) -> Tally:
    text = path.read_text("utf-8", errors="replace")
    head, row = _HEAD.search(text), _ROW.search(text)
    if head is None or row is None:
        raise TallyError("has no table of checks by severity")
    names = [name.lower().replace(" ", "_") for name in head["cells"].split(" | ")]
    cells = (cell.replace(",", "") for cell in row["cells"].split(" | "))
    found = {
        _VERDICTS.get(name, name): int(cell)
        for name, cell in zip(names, cells, strict=False)
        if cell.isdecimal()
    }
    return Tally(**{name: found.get(name) for name in Tally._fields})


def _html(path: Path) -> Tally:
    row = _ALL.search(path.read_text("utf-8", errors="replace"))
    if row is None:
        raise TallyError("has no table of checks by severity")
    return _stated({name: int(cell.replace(",", "")) for name, cell in _CELL.findall(row[1])})


def _junit(path: Path) -> Tally:
    reader = _Suites()
    try:
        with path.open("rb") as file:
            reader.parser.ParseFile(file)
    except (xml.parsers.expat.ExpatError, KeyError, ValueError) as error:
        raise TallyError(f"is no report of azmlscan: {error}") from error
    if reader.stated != reader.cases:
        raise TallyError("its suites state other numbers than they have cases")
    return _recounted(reader.verdicts.elements())


class _Suites:
    """Counts the cases of a JUnit file while it is parsed."""

    def __init__(self) -> None:
        self.parser = xml.parsers.expat.ParserCreate()
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.stated = Counter(dict.fromkeys(_SUITE, 0))
        self.cases = Counter(dict.fromkeys(_SUITE, 0))
        self.verdicts: Counter[str] = Counter()
        self._preview = False
        self._verdict = ""

    def _refuse(self, *_declared: object) -> None:
        raise TallyError("declares a document type, which no report does")

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "testsuite":
            self.stated.update({key: int(attributes[key]) for key in _SUITE})
        elif name == "property" and attributes["name"] == "preview":
            self._preview = attributes["value"] == "true"
        elif name == "testcase":
            self._verdict = "pass"
            self.cases["tests"] += 1
        elif name in _COLUMNS:
            self.cases[_COLUMNS[name]] += 1
            self._verdict = _verdict_of(name, attributes)

    def _end(self, name: str) -> None:
        if name == "testcase" and not self._preview:
            self.verdicts[self._verdict] += 1


_SUITE: Final = ("tests", "failures", "errors", "skipped")
_COLUMNS: Final = {"failure": "failures", "error": "errors", "skipped": "skipped"}


def _verdict_of(name: str, attributes: Mapping[str, str]) -> str:
    """Return the verdict of a case: what is skipped says it before the first colon."""
    if name == "failure":
        return "fail"
    if name == "error":
        return attributes["type"]
    word = attributes["message"].partition(":")[0]
    return word.removeprefix("exempt ").replace(" ", "_")


def _decoded(path: Path, type_: Any) -> Any:
    try:
        return msgspec.json.decode(path.read_bytes(), type=type_)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise TallyError(f"is no report of azmlscan: {error}") from error


def _stated(totals: Mapping[str, int]) -> Tally:
    try:
        return Tally(**{_VERDICTS.get(name, name): number for name, number in totals.items()})
    except TypeError as error:
        raise TallyError(f"states other verdicts than there are: {error}") from error


def _recounted(verdicts: Iterable[str]) -> Tally:
    found = Counter(_VERDICTS.get(verdict, verdict) for verdict in verdicts)
    unknown = set(found) - set(Tally._fields)
    if unknown:
        raise TallyError(f"has the verdict {min(unknown)}, which there is not")
    return Tally(**found)


def _agreed(stated: Tally, counted: Tally) -> Tally:
    if stated != counted:
        raise TallyError(f"states {_words(stated)}, and has {_words(counted)}")
    return stated


def _words(tally: Tally) -> str:
    return ", ".join(f"{number} {name}" for name, number in tally._asdict().items())


TALLIES: Final[dict[str, Callable[[Path], Tally]]] = {
    "json": _json,
    "sarif": _code_scanning,
    "audit": _audit,
    "csv": _csv,
    "html": _html,
    "markdown": _markdown,
    "junit": _junit,
}
"""How the numbers of a format are read back, by the name of the format."""
