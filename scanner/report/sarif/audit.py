"""Everything a scan says, for auditors: every row, what exempts it, what it was last time.

Services that open an alert for every result must not get this file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import sarif_om

from scanner import __version__
from scanner.engine.result import BaselineState, Verdict
from scanner.report.evidence import find_regions, owner
from scanner.report.location import escape
from scanner.report.sarif import bags
from scanner.report.sarif.code_scanning import worst
from scanner.report.sarif.descriptors import driver
from scanner.report.sarif.findings import View, finding, places
from scanner.report.sarif.identity import guid, run_guid, run_id
from scanner.report.sarif.invocation import invocation, notifications
from scanner.report.sarif.places import Hierarchy
from scanner.report.sarif.serialize import HEAD, TAIL, listed, opened
from scanner.report.sarif.taxonomies import Taxonomies
from scanner.report.summary import TOOL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scanner.engine.controls import Controls
    from scanner.engine.result import Exemption, Result, ScanResult
    from scanner.report.evidence import Fetch
    from scanner.report.sarif.levels import Scale

_DIGEST: Final = re.compile("[0-9a-f]{64}")


def audit_file(
    result: ScanResult, fetch: Fetch, scale: Scale, controls: Controls | None = None
) -> Iterator[bytes]:
    """Yield the file in pieces, one result, resource or notification a line."""
    indexes = {rule.id: index for index, rule in enumerate(result.rules)}
    hierarchy = Hierarchy(_resource_ids(result))
    yield HEAD + opened(_run(result, scale, controls))
    yield b',"artifacts":['
    yield from listed(_artifacts(result))
    # Who reads the file a line at a time finds the end of an array at the start of one.
    yield b'\n],"logicalLocations":['
    yield from listed(hierarchy.objects())
    yield b'\n],"results":['
    regions = find_regions(result.estate, fetch, places(result.findings))
    rows = _Rows(result, View(indexes, regions, scale, hierarchy.reference))
    yield from listed(rows.objects())
    yield b'\n],"invocations":[' + opened(invocation(result)) + b',"toolExecutionNotifications":['
    yield from listed(notifications(result, indexes))
    yield TAIL


def _run(result: ScanResult, scale: Scale, controls: Controls | None) -> Any:
    taxonomies = Taxonomies(result.rules, controls)
    component = driver(result.rules, worst(filter(_fails, result.findings)), scale)
    component.guid = guid("tool", TOOL, __version__)
    component.supported_taxonomies = taxonomies.references()
    for rule, descriptor in zip(result.rules, component.rules, strict=True):
        descriptor.guid = guid("rule", rule.id)
        descriptor.relationships = taxonomies.relationships(rule) or None
        descriptor.properties |= bags.of_rule(rule)
    run = sarif_om.Run(
        tool=sarif_om.Tool(driver=component),
        automation_details=sarif_om.RunAutomationDetails(
            id=run_id(result), guid=run_guid(result.manifest)
        ),
        column_kind="unicodeCodePoints",
        taxonomies=taxonomies.components(),
        properties=bags.of_run(result),
    )
    if result.baseline is not None:
        run.baseline_guid = run_guid(result.baseline.snapshot)
    return run


def _fails(row: Result) -> bool:
    return row.verdict is Verdict.FAIL


def _resource_ids(result: ScanResult) -> Iterator[str]:
    """Yield every resource that a row is about or rests on, many of them more than once."""
    for resources in {id(a.resources): a.resources for a in result.assessments}.values():
        yield from (resource.id for resource in resources)
    for row in (*result.findings, *_absent(result)):
        yield row.resource_id
        yield from (owner(row, evidence) for evidence in row.evidence)


def _absent(result: ScanResult) -> list[Result]:
    return [] if result.baseline is None else [each.row for each in result.baseline.absent]


def _artifacts(result: ScanResult) -> Iterator[Any]:
    """Yield what the scan was made from, with digests: tables and exemptions files.

    The digest of a table is that of its uncompressed lines.
    """
    for name, table in sorted(result.manifest.tables.items()):
        known = _DIGEST.fullmatch(table.sha256) is not None
        yield sarif_om.Artifact(
            location=sarif_om.ArtifactLocation(uri=f"snapshot/records/{name}.jsonl"),
            length=table.bytes,
            hashes={"sha-256": table.sha256} if known else None,
            mime_type="application/x-ndjson",
            roles=["analysisTarget"],
            properties={"rows": table.rows, "complete": table.complete},
        )
    for file in result.exemptions.files if result.exemptions is not None else ():
        yield sarif_om.Artifact(
            location=sarif_om.ArtifactLocation(uri=f"exemptions/{escape(file.name)}"),
            hashes={"sha-256": file.sha256},
            mime_type="application/yaml",
            roles=["userSpecifiedConfiguration"],
        )


class _Rows:
    """The rows of a scan as SARIF results, each with all that it has or all without it."""

    def __init__(self, result: ScanResult, view: View) -> None:
        self._result = result
        self._view = view
        self._run = run_guid(result.manifest)
        self._exempts = result.exemptions is not None or any(
            row.exemption is not None for row in result.findings
        )
        self._compares = result.baseline is not None

    def objects(self) -> Iterator[Any]:
        """Yield the results in the order of the rows, what is absent last."""
        for row in self._result.rows():
            yield self._object(row)
        if self._result.baseline is not None:
            for each in self._result.baseline.absent:
                found = self._object(each.row)
                found.properties["absentBecause"] = each.reason
                yield found

    def _object(self, row: Result) -> Any:
        found = finding(row, self._view)
        found.guid = guid("result", self._run, row.fingerprint)
        found.correlation_guid = guid("finding", row.fingerprint)
        if self._exempts:
            found.suppressions = [] if row.exemption is None else [_suppression(row, row.exemption)]
        if self._compares:
            found.baseline_state = (row.baseline_state or BaselineState.NEW).value
            if row.first_seen is not None and bags.MOMENT.fullmatch(row.first_seen):
                found.provenance = sarif_om.ResultProvenance(
                    first_detection_time_utc=row.first_seen
                )
        shown_id = found.locations[0].logical_locations[0].fully_qualified_name
        found.properties |= bags.of_row(row, shown_id)
        return found


def _suppression(row: Result, exemption: Exemption) -> Any:
    properties = {
        "category": exemption.category,
        "owner": exemption.owner,
        "approvedBy": exemption.approved_by,
        "ticket": exemption.ticket,
        "expiryUtc": _end(exemption.expires_on or ""),
        "id": exemption.id,
        "place": exemption.place,
        "source": exemption.source,
    }
    return sarif_om.Suppression(
        kind="external",
        state="accepted",
        guid=guid("suppression", row.fingerprint, exemption.place, exemption.id),
        justification=exemption.justification,
        properties={name: value for name, value in properties.items() if value},
    )


def _end(expires_on: str) -> str:
    """Return the last moment of a day; what is no day stands as it is."""
    return f"{expires_on}T23:59:59Z" if bags.DAY.fullmatch(expires_on) else expires_on
