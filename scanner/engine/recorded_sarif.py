"""Earlier results, read back from the audit profile of the SARIF that a scan wrote.

What SARIF has a place for is read from there, the rest from the property bags. Strings lose
their control characters in SARIF; where that would change a value, `exact` holds it as JSON.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from scanner.engine.recorded import (
    WHAT,
    Head,
    Recorded,
    RecordedRule,
    RecordedSnapshot,
    check_version,
    decoded,
    explained,
    read_rows,
)
from scanner.engine.result import (
    BaselineState,
    CarriedForward,
    Evidence,
    Exemption,
    Remedy,
    Result,
    Severity,
    Verdict,
)
from scanner.errors import ScannerError

if TYPE_CHECKING:
    from pathlib import Path

    from scanner.engine.resultfile import ResultFile

_TOOL: Final = "azmlscan"
_VERDICTS: Final = {
    "pass": Verdict.PASS,
    "fail": Verdict.FAIL,
    "open": Verdict.UNKNOWN,
    "notApplicable": Verdict.NOT_APPLICABLE,
}
_FILLED: Final = msgspec.Meta(min_length=1)
_LAST_MOMENT: Final = "T23:59:59Z"
_DAY: Final = re.compile(rf"(\d{{4}}-\d\d-\d\d){_LAST_MOMENT}")


class _RuleFacts(msgspec.Struct):
    title: str
    resource: str
    controls: tuple[str, ...] = ()
    exact: str = "{}"


class _Descriptor(msgspec.Struct):
    id: str
    properties: dict[str, Any] = {}


class _Driver(msgspec.Struct):
    name: str
    rules: list[_Descriptor] = []


class _Tool(msgspec.Struct):
    driver: _Driver


class _RunFacts(msgspec.Struct, rename="camel"):
    profile: str = ""
    schema_version: int = 0
    snapshot: dict[str, Any] = {}
    exact: str = "{}"


class _Run(msgspec.Struct):
    tool: _Tool
    properties: dict[str, Any] = {}
    results: list[msgspec.Raw] = []


class _Log(msgspec.Struct):
    version: str
    runs: list[_Run]


class _Place(msgspec.Struct, rename="camel"):
    fully_qualified_name: str


class _Location(msgspec.Struct, rename="camel"):
    logical_locations: Annotated[tuple[_Place, ...], _FILLED]


class _Identity(msgspec.Struct, rename="camel"):
    primary_location_line_hash: str


class _Suppression(msgspec.Struct):
    properties: dict[str, str]
    justification: str = ""


class _Provenance(msgspec.Struct, rename="camel"):
    first_detection_time_utc: str


class _RowFacts(msgspec.Struct, rename="camel"):
    severity: Severity
    environment: str
    resource_type: str
    resource_name: str
    message: str = ""
    evidence: tuple[Evidence, ...] = ()
    verdict: Verdict | None = None
    preview: bool = False
    previous_verdict: Verdict | None = None
    carried_forward: CarriedForward | None = None
    remediation: Remedy | None = None
    exact: str = ""


class _Row(msgspec.Struct, rename="camel"):
    rule_id: str
    kind: str
    locations: Annotated[tuple[_Location, ...], _FILLED]
    partial_fingerprints: _Identity
    properties: _RowFacts
    suppressions: tuple[_Suppression, ...] = ()
    baseline_state: BaselineState | None = None
    provenance: _Provenance | None = None


def read_sarif(source: ResultFile) -> Recorded:
    """Return the result of an earlier scan from its audit SARIF.

    Raises:
        ScannerError: it is no such file, or one of a later version.
    """
    log = decoded(source, _Log)
    run = _only_run(source.path, log)
    with explained(source.path, "runs[0].properties: "):
        facts = msgspec.convert(run.properties, _RunFacts)
    _check_profile(source.path, facts)
    with explained(source.path, "runs[0].properties: "):
        exact = {**facts.snapshot, **_exact(facts.exact)}
        snapshot = msgspec.convert(exact, RecordedSnapshot)
    rules = [_rule(source.path, descriptor) for descriptor in run.tool.driver.rules]
    rows = functools.partial(read_rows, source, run.results, _decoded)
    return Recorded(source.path, Head(snapshot, rules), rows)


def _only_run(path: Path, log: _Log) -> _Run:
    if len(log.runs) != 1:
        raise ScannerError(f"{path} has {len(log.runs)} runs, and a scan has one", hint=WHAT)
    [run] = log.runs
    if run.tool.driver.name != _TOOL:
        raise ScannerError(f"{path} is of {run.tool.driver.name}, not of azmlscan", hint=WHAT)
    return run


def _check_profile(path: Path, facts: _RunFacts) -> None:
    if facts.profile != "audit":
        raise ScannerError(
            f"{path} has the SARIF profile code-scanning, which leaves out what passed and what "
            "is exempted: nothing can be compared with it",
            hint="Name the result.json or the audit.sarif of the same scan; `-o audit.sarif "
            "--sarif-profile audit` and `--output-dir` write one.",
        )
    check_version(path, facts.schema_version)


def _rule(path: Path, descriptor: _Descriptor) -> RecordedRule:
    with explained(path, f"rule {descriptor.id}: "):
        facts = msgspec.convert(descriptor.properties, _RuleFacts)
        found = {"title": facts.title, "resource": facts.resource, "controls": facts.controls}
        exact = {"id": descriptor.id, **found, **_exact(facts.exact)}
        return msgspec.convert(exact, RecordedRule)


def _exact(text: str) -> dict[str, Any]:
    return msgspec.json.decode(text, type=dict[str, Any])


_ROW: Final = msgspec.json.Decoder(_Row)


def _decoded(line: bytes) -> Result | None:
    row = _ROW.decode(line)
    # What is absent is told of the result before, and has no row in this one.
    return None if row.baseline_state is BaselineState.ABSENT else _result(row)


def _result(row: _Row) -> Result:
    facts = row.properties
    found = Result(
        rule_id=row.rule_id,
        resource_id=row.locations[0].logical_locations[0].fully_qualified_name,
        resource_type=facts.resource_type,
        resource_name=facts.resource_name,
        verdict=facts.verdict or _verdict(row.kind),
        severity=facts.severity,
        environment=facts.environment or None,
        message=facts.message,
        evidence=facts.evidence,
        fingerprint=row.partial_fingerprints.primary_location_line_hash,
        preview=facts.preview,
        exemption=_exemption(row.suppressions[0]) if row.suppressions else None,
        baseline_state=row.baseline_state,
        previous_verdict=facts.previous_verdict,
        first_seen=row.provenance.first_detection_time_utc if row.provenance else None,
        carried_forward=facts.carried_forward,
        remediation=facts.remediation,
    )
    if not facts.exact:
        return found
    exact = {**msgspec.to_builtins(found), **_exact(facts.exact)}
    return msgspec.convert(exact, Result)


def _verdict(kind: str) -> Verdict:
    if kind not in _VERDICTS:
        raise msgspec.ValidationError(f"no verdict has the kind '{kind}'")
    return _VERDICTS[kind]


def _exemption(suppression: _Suppression) -> Exemption:
    facts = dict(suppression.properties)
    ends = facts.pop("expiryUtc", None)
    day = _DAY.fullmatch(ends) if ends is not None else None
    values = {
        "place": "",
        "category": "",
        "owner": "",
        "justification": suppression.justification,
        **facts,
        "expiresOn": day[1] if day else ends,
    }
    return msgspec.convert(values, Exemption)
