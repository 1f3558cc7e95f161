"""The failures of a scan as SARIF 2.1.0, as code scanning services take it.

Such a service opens an alert for every result, whatever its kind, and takes a result that is
missing from the next file as fixed. So only what fails now is in the file, under an identity
that does not depend on lines or values, and `Notice` tells where "fixed" would be wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
import sarif_om

from scanner import armid
from scanner.engine.result import Result, Severity, Verdict
from scanner.report.evidence import find_regions
from scanner.report.location import escape
from scanner.report.sarif.descriptors import driver
from scanner.report.sarif.findings import finding, main_place, related
from scanner.report.sarif.invocation import invocation, notifications
from scanner.report.sarif.serialize import to_json
from scanner.report.summary import TOOL, applicable, environments, short_digest
from scanner.report.text import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from scanner.engine.result import ScanResult
    from scanner.report.evidence import Fetch, Place

SHOWN_LIMIT: Final = 5_000
"""So many results of a file does GitHub keep."""
FILE_LIMIT: Final = 25_000
"""A file with more results than this is rejected."""
_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"


class Notice(NamedTuple):
    """Something that whoever uploads the file should know."""

    kind: str
    """`cut`, `incomplete` or `empty`."""
    text: str


def render(
    result: ScanResult,
    fetch: Fetch,
    *,
    limit: int = SHOWN_LIMIT,
    on_notice: Callable[[Notice], None] | None = None,
) -> Iterator[bytes]:
    """Return the SARIF file in pieces, one result a line; notices are given before the first.

    In it are the failures that count at the gate, the worst first, `limit` at most (which in
    turn is `FILE_LIMIT` at most). `fetch` gives the raw records that results point into.
    """
    live = sorted(_live(result), key=_order)
    shown = live[: max(0, min(limit, FILE_LIMIT))]
    notices = list(_notices(result, len(live), len(shown)))
    if on_notice is not None:
        for notice in notices:
            on_notice(notice)
    return _file(result, fetch, shown, notices)


def _live(result: ScanResult) -> Iterator[Result]:
    return (row for row in result.counted_findings if row.verdict is Verdict.FAIL)


def _order(row: Result) -> tuple[int, str, str]:
    return row.severity.rank, row.rule_id, armid.key(row.resource_id)


def _notices(result: ScanResult, live: int, shown: int) -> Iterator[Notice]:
    if shown < live:
        yield Notice(
            "cut",
            f"{live - shown:,} of {plural(live, 'failure')} left out, the least severe: the "
            "service closes their alerts. Scan fewer subscriptions a file to keep them.",
        )
    totals = result.totals
    if not applicable(totals):
        yield Notice("empty", "Nothing was checked: uploading this file closes every alert.")
    elif totals.unknown or totals.error or result.manifest.gaps:
        open_ends = plural(totals.unknown + totals.error, "check")
        yield Notice(
            "incomplete",
            f"{open_ends} could not be assessed and the snapshot has "
            f"{plural(len(result.manifest.gaps), 'gap')}: the service takes alerts of what was "
            "not read as fixed.",
        )


def _file(
    result: ScanResult, fetch: Fetch, shown: Sequence[Result], notices: Sequence[Notice]
) -> Iterator[bytes]:
    rules = [rule for rule in result.rules if not rule.preview]
    indexes = {rule.id: index for index, rule in enumerate(rules)}
    run = sarif_om.Run(
        tool=sarif_om.Tool(driver=driver(rules, _worst(shown))),
        automation_details=sarif_om.RunAutomationDetails(id=_run_id(result)),
        column_kind="unicodeCodePoints",
        properties=_properties(result, len(shown), notices),
    )
    head = msgspec.json.encode({"$schema": _SCHEMA, "version": "2.1.0"})
    yield head[:-1] + b',"runs":[' + _open(run) + b',"results":['
    regions = find_regions(result.estate, fetch, _places(shown))
    yield from _listed(finding(row, indexes[row.rule_id], regions) for row in shown)
    yield b'],"invocations":[' + _open(invocation(result)) + b',"toolExecutionNotifications":['
    cut = next((notice.text for notice in notices if notice.kind == "cut"), "")
    yield from _listed(notifications(result, indexes, cut))
    yield b"]}]}]}\n"


def _open(obj: Any) -> bytes:
    """Return an object's JSON without the brace that ends it, for more properties to follow."""
    return msgspec.json.encode(to_json(obj)).removesuffix(b"}")


def _listed(objects: Iterator[Any]) -> Iterator[bytes]:
    separator = b"\n"
    for obj in objects:
        yield separator + msgspec.json.encode(to_json(obj))
        separator = b",\n"


def _worst(shown: Sequence[Result]) -> dict[str, Severity]:
    worst: dict[str, Severity] = {}
    for row in shown:
        worst.setdefault(row.rule_id, row.severity)
    return worst


def _places(shown: Sequence[Result]) -> Iterator[Place]:
    for row in shown:
        yield main_place(row)
        yield from (place for place, _ in related(row))


def _run_id(result: ScanResult) -> str:
    """Return category and run: the category holds for every scan of the estate."""
    return f"{TOOL}/{escape(result.manifest.estate.lower()) or 'estate'}/{short_digest(result)}"


def _properties(result: ScanResult, shown: int, notices: Sequence[Notice]) -> dict[str, Any]:
    return {
        "snapshotDigest": result.manifest.digest,
        "configDigest": result.config_digest,
        "totals": msgspec.to_builtins(result.totals),
        "bySeverity": {
            severity.value: msgspec.to_builtins(counts)
            for severity, counts in result.by_severity.items()
        },
        "byEnvironment": [
            {"environment": name or "", "counts": msgspec.to_builtins(counts)}
            for name, counts in environments(result)
        ],
        "resultsShown": shown,
        "notices": [notice.text for notice in notices],
    }
