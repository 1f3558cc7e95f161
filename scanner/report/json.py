"""The full result as JSON: every row, passes included, one row a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from scanner import __version__
from scanner.engine.recorded import SCHEMA_VERSION, evidence_json, snapshot_json
from scanner.report.summary import TOOL, environments
from scanner.report.text import json_escaped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scanner.engine.attestations import JudgedAttestation
    from scanner.engine.baseline import Comparison
    from scanner.engine.exempt import ExemptionReport
    from scanner.engine.exemption_notes import JudgedEntry
    from scanner.engine.result import Counts, Result, ScanResult
    from scanner.engine.rules import Rule


def render(result: ScanResult) -> Iterator[bytes]:
    """Yield the JSON document in pieces: head, then one result a line. UTF-8, ends in a newline.

    `schemas/result.schema.json` describes it. Strings stand as Azure sent them, JSON-escaped:
    whoever shows them has to escape them for where they are shown.
    """
    return map(json_escaped, _pieces(result))


def _pieces(result: ScanResult) -> Iterator[bytes]:
    head = {
        "schemaVersion": SCHEMA_VERSION,
        "tool": {"name": TOOL, "version": __version__},
        "snapshot": snapshot_json(result.manifest),
        "configDigest": result.config_digest,
        "rules": [_rule(rule, result.by_rule[rule.id]) for rule in result.rules],
        "summary": _summary(result),
        "exemptions": None if result.exemptions is None else _exemptions(result.exemptions),
        "baseline": None if result.baseline is None else _baseline(result.baseline),
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
        "evidence": [evidence_json(evidence) for evidence in row.evidence],
        "fingerprint": row.fingerprint,
        "exemption": row.exemption,
        "baselineState": row.baseline_state,
        "previousVerdict": row.previous_verdict,
        "firstSeen": row.first_seen,
        "carriedForward": row.carried_forward,
        "remediation": row.remediation,
    }


def _exemptions(report: ExemptionReport) -> dict[str, Any]:
    return {
        "asOf": report.as_of,
        "files": report.files,
        "entries": [_entry(entry) for entry in report.entries],
        "gaps": report.gaps,
        "policyExemptions": report.policy_exemptions,
        "attestations": [
            attestation_json(each)
            for review in report.reviews.values()
            for each in review.attestations
        ],
        "notes": report.notes,
    }


def attestation_json(judged: JudgedAttestation) -> dict[str, Any]:
    """Return an attestation with its keys as the file has them, and how it stands."""
    return {**msgspec.to_builtins(judged.attestation), "standing": judged.standing}


def _entry(entry: JudgedEntry) -> dict[str, Any]:
    found: dict[str, Any] = {"subject": entry.subject, **msgspec.to_builtins(entry.terms)}
    if entry.subject == "gaps":
        found |= {"table": entry.table, "scope": entry.gap_scope, "code": entry.code}
    else:
        found |= {"rules": entry.rules, "scope": entry.scope, "covered": entry.covered}
    return {**found, "inForce": entry.in_force, "findings": entry.findings, "gone": entry.gone}


def _baseline(baseline: Comparison) -> dict[str, Any]:
    return {
        "digest": baseline.snapshot.digest,
        "finished": baseline.snapshot.finished,
        "changes": baseline.changes,
        "absent": [{**_row(each.row), "reason": each.reason} for each in baseline.absent],
    }
