"""The failures of a scan as code scanning services take them.

Such a service opens an alert for every result, whatever its kind, and takes a result that is
missing from the next file as fixed. So only what fails now is in the file, under an identity
that does not depend on lines or values, and `Notice` tells where "fixed" would be wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
import sarif_om

from scanner import armid
from scanner.report.evidence import find_regions
from scanner.report.sarif.descriptors import driver
from scanner.report.sarif.findings import View, finding, places
from scanner.report.sarif.identity import run_id
from scanner.report.sarif.invocation import invocation, notifications
from scanner.report.sarif.levels import Scale
from scanner.report.sarif.serialize import HEAD, TAIL, listed, opened
from scanner.report.summary import applicable, environments
from scanner.report.text import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scanner.engine.result import Result, ScanResult, Severity
    from scanner.report.evidence import Fetch

SHOWN_LIMIT: Final = 5_000
"""So many results of a file does GitHub keep."""
FILE_LIMIT: Final = 25_000
"""A file with more results than this is rejected."""


class Notice(NamedTuple):
    """Something that whoever uploads the file should know."""

    kind: str
    """`cut`, `incomplete` or `empty`."""
    text: str


class Share(NamedTuple):
    """The part of an estate that one file is about, with a category of its own."""

    subscription: str | None = None
    """Its id in lower case; "" is what lies in no subscription, `None` the whole estate."""

    def holds(self, row: Result) -> bool:
        """Tell whether a row belongs into the file."""
        return self.subscription is None or _subscription(row.resource_id) == self.subscription


def shares(result: ScanResult) -> list[Share]:
    """Return the parts of an estate, what lies in no subscription first.

    Every subscription that has resources or failures is one, with failures or without: a file
    without results is what closes the alerts of the last one. A subscription of which nothing
    was read and nothing is carried forward is none, so that its alerts stay.
    """
    found = {_subscription(resource_id) for resource_id in _resource_ids(result)}
    return [Share(name) for name in ("", *sorted(found - {""}))]


def _resource_ids(result: ScanResult) -> Iterator[str]:
    for resources in {id(a.resources): a.resources for a in result.assessments}.values():
        yield from (resource.id for resource in resources)
    yield from (row.resource_id for row in result.findings)


def _subscription(resource_id: str) -> str:
    return armid.parse(resource_id).subscription_id.lower()


class LiveFile:
    """The live failures of an estate, or of a share of it, as one SARIF file."""

    def __init__(
        self,
        result: ScanResult,
        fetch: Fetch,
        *,
        limit: int = SHOWN_LIMIT,
        scale: Scale | None = None,
        share: Share | None = None,
    ) -> None:
        self._result = result
        self._fetch = fetch
        self._scale = scale or Scale()
        self._share = share or Share()
        live = sorted(filter(self._share.holds, _live(result)), key=_order)
        self._shown = live[: max(0, min(limit, FILE_LIMIT))]
        self.notices = list(_notices(result, len(live), len(self._shown)))

    def chunks(self) -> Iterator[bytes]:
        """Yield the file in pieces, one result a line."""
        result = self._result
        rules = [rule for rule in result.rules if not rule.preview]
        indexes = {rule.id: index for index, rule in enumerate(rules)}
        run = sarif_om.Run(
            tool=sarif_om.Tool(driver=driver(rules, worst(self._shown), self._scale)),
            automation_details=sarif_om.RunAutomationDetails(
                id=run_id(result, self._share.subscription)
            ),
            column_kind="unicodeCodePoints",
            properties=self._properties(),
        )
        yield HEAD + opened(run) + b',"results":['
        regions = find_regions(result.estate, self._fetch, places(self._shown))
        view = View(indexes, regions, self._scale)
        yield from listed(finding(row, view) for row in self._shown)
        yield (
            b'\n],"invocations":[' + opened(invocation(result)) + b',"toolExecutionNotifications":['
        )
        cut = next((notice.text for notice in self.notices if notice.kind == "cut"), "")
        yield from listed(notifications(result, indexes, cut))
        yield TAIL

    def _properties(self) -> dict[str, Any]:
        found = {**totals(self._result), "profile": "code-scanning"}
        found["resultsShown"] = len(self._shown)
        if self._share.subscription is not None:
            found["subscription"] = self._share.subscription
        return {**found, "notices": [notice.text for notice in self.notices]}


def _live(result: ScanResult) -> Iterator[Result]:
    """Yield the failures that count, those of the baseline that nobody could look at included."""
    return (row for row in result.counted_findings if row.is_live)


def _order(row: Result) -> tuple[int, str, str]:
    return row.severity.rank, row.rule_id, armid.key(row.resource_id)


def _notices(result: ScanResult, live: int, shown: int) -> Iterator[Notice]:
    if shown < live:
        yield Notice(
            "cut",
            f"{live - shown:,} of {plural(live, 'failure')} left out, the least severe: the "
            "service closes their alerts. Write a file for every subscription (--sarif-split) "
            "to keep them.",
        )
    counts = result.totals
    if not applicable(counts):
        yield Notice("empty", "Nothing was checked: uploading this file closes every alert.")
    elif counts.unknown or counts.error or result.manifest.gaps:
        open_ends = plural(counts.unknown + counts.error, "check")
        yield Notice(
            "incomplete",
            f"{open_ends} could not be assessed and the snapshot has "
            f"{plural(len(result.manifest.gaps), 'gap')}: {_consequence(result)}",
        )


def _consequence(result: ScanResult) -> str:
    if result.baseline is None:
        return (
            "the service takes alerts of what was not read as fixed. A baseline (--baseline) "
            "keeps them open."
        )
    return "failures of the baseline that could not be looked at again are kept in the file."


def worst(rows: Iterable[Result]) -> dict[str, Severity]:
    """Return the worst severity that the rows of each rule have."""
    found: dict[str, Severity] = {}
    for row in rows:
        known = found.setdefault(row.rule_id, row.severity)
        if row.severity.rank < known.rank:
            found[row.rule_id] = row.severity
    return found


def totals(result: ScanResult) -> dict[str, Any]:
    """Return what both profiles say of the whole scan: digests and the counts of every report."""
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
    }
