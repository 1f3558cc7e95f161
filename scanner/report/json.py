"""The full result as JSON: every row, passes included, one row a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from scanner import __version__
from scanner.inventory.fields import UNREAD_MARK
from scanner.inventory.plain import plain
from scanner.report.summary import TOOL, environments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scanner.engine.result import Counts, Evidence, Result, ScanResult
    from scanner.engine.rules import Rule
    from scanner.snapshot.manifest import Manifest

SCHEMA_VERSION = 1


def render(result: ScanResult) -> Iterator[bytes]:
    """Yield the JSON document in pieces: head, then one result a line. UTF-8, ends in a newline.

    `schemas/result.schema.json` describes it. Strings stand as Azure sent them, JSON-escaped:
    whoever shows them has to escape them for where they are shown.
    """
    head = {
        "schemaVersion": SCHEMA_VERSION,
        "tool": {"name": TOOL, "version": __version__},
        "snapshot": _snapshot(result.manifest),
        "configDigest": result.config_digest,
        "rules": [_rule(rule, result.by_rule[rule.id]) for rule in result.rules],
        "summary": _summary(result),
    }
    separator = b"{"
    for name, value in head.items():
        yield separator + b"\n" + msgspec.json.encode(name) + b": " + msgspec.json.encode(value)
        separator = b","
    yield b',\n"results": ['
    separator = b"\n"
    for row in result.rows():
        yield separator + msgspec.json.encode(_row(row))
        separator = b",\n"
    yield b"\n]\n}\n"


def _snapshot(manifest: Manifest) -> dict[str, Any]:
    return {
        "digest": manifest.digest,
        "estate": manifest.estate,
        "tenantId": manifest.tenant_id,
        "cloud": manifest.cloud,
        "toolVersion": manifest.tool_version,
        "started": manifest.started,
        "finished": manifest.finished,
        "scopesAsked": manifest.scopes_asked,
        "scopesRead": manifest.scopes_read,
        "gaps": manifest.gaps,
        "tables": {name: table.rows for name, table in sorted(manifest.tables.items())},
    }


def _rule(rule: Rule, counts: Counts) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": rule.name,
        "title": rule.title,
        "severity": rule.severity,
        "domain": rule.domain,
        "resource": rule.resource,
        "since": rule.since,
        "preview": rule.preview,
        "controls": rule.controls,
        "references": rule.references,
        "counts": counts,
    }


def _summary(result: ScanResult) -> dict[str, Any]:
    return {
        "totals": result.totals,
        "bySeverity": dict(result.by_severity),
        "byEnvironment": [
            {"environment": name, "counts": counts} for name, counts in environments(result)
        ],
    }


def _row(row: Result) -> dict[str, Any]:
    """Return a row. No exemption, baseline state or first sight is `null`, never left out."""
    return {
        "ruleId": row.rule_id,
        "resourceId": row.resource_id,
        "resourceType": row.resource_type,
        "resourceName": row.resource_name,
        "verdict": row.verdict,
        "severity": row.severity,
        "environment": row.environment,
        "preview": row.preview,
        "message": row.message,
        "evidence": [_evidence(evidence) for evidence in row.evidence],
        "fingerprint": row.fingerprint,
        "exemption": None,
        "baselineState": None,
        "firstSeen": None,
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    actual = plain(evidence.actual) if evidence.readable else UNREAD_MARK
    found: dict[str, Any] = {
        "path": evidence.path,
        # Sets and maps of the inventory have no order that means anything.
        "actual": msgspec.Raw(msgspec.json.encode(actual, order="deterministic")),
        "expected": evidence.expected,
    }
    if evidence.resource_id:
        found["resourceId"] = evidence.resource_id
    if evidence.property:
        found["property"] = evidence.property
    return found
