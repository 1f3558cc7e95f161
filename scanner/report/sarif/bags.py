"""What SARIF has no place for, in property bags, so that the audit file says all that a scan says.

`scanner.engine.recorded_sarif` reads it back.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from scanner.engine.recorded import SCHEMA_VERSION, evidence_json, snapshot_json
from scanner.engine.result import QUIET, Verdict
from scanner.report.sarif.code_scanning import totals
from scanner.report.sarif.serialize import to_json

if TYPE_CHECKING:
    from scanner.engine.result import Exemption, Result, ScanResult
    from scanner.engine.rules import Rule

MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")


def of_run(result: ScanResult) -> dict[str, Any]:
    """Return the properties of the run: the counts of every report, and the snapshot."""
    snapshot = _plain(snapshot_json(result.manifest))
    return {
        **totals(result),
        "profile": "audit",
        "schemaVersion": SCHEMA_VERSION,
        "snapshot": snapshot,
        **_exact(snapshot),
    }


def of_rule(rule: Rule) -> dict[str, Any]:
    """Return the properties of a rule beside those that both profiles have."""
    facts = {"title": rule.title, "resource": rule.resource, "controls": list(rule.controls)}
    found = {**facts, **_exact({"id": rule.id, **facts})}
    return {**found, "preview": True} if rule.preview else found


def of_row(row: Result, shown_id: str) -> dict[str, Any]:
    """Return the properties of a row beside those that both profiles have.

    `shown_id` is the resource id that stands in the row's location.
    """
    found: dict[str, Any] = {"resourceName": row.resource_name}
    if row.verdict not in QUIET:
        found["message"] = row.message
        found["evidence"] = _plain([evidence_json(item) for item in row.evidence])
    if row.verdict is Verdict.ERROR:
        found["verdict"] = row.verdict.value
    if row.preview:
        found["preview"] = True
    if row.previous_verdict is not None:
        found["previousVerdict"] = row.previous_verdict.value
    if row.carried_forward is not None:
        found["carriedForward"] = msgspec.to_builtins(row.carried_forward)
    elsewhere = {
        "ruleId": row.rule_id,
        "resourceType": row.resource_type,
        "environment": row.environment,
        "remediation": msgspec.to_builtins(row.remediation),
    }
    return {**found, **_exact({**elsewhere, **found}, _unlike(row, shown_id))}


def _unlike(row: Result, shown_id: str) -> dict[str, Any]:
    """Return what the standard's own properties cannot hold as it is."""
    found: dict[str, Any] = {}
    if shown_id != row.resource_id or to_json(shown_id) != shown_id:
        found["resourceId"] = row.resource_id
    if row.first_seen is not None and not MOMENT.fullmatch(row.first_seen):
        found["firstSeen"] = row.first_seen
    if row.environment == "":
        found["environment"] = row.environment
    if row.exemption is not None and not _is_kept(row.exemption):
        found["exemption"] = msgspec.to_builtins(row.exemption)
    return found


def _is_kept(exemption: Exemption) -> bool:
    facts = msgspec.to_builtins(exemption)
    ends = exemption.expires_on
    return to_json(facts) == facts and (ends is None or DAY.fullmatch(ends) is not None)


def _plain(value: Any) -> Any:
    """Return a value as a reader of JSON gets it."""
    return msgspec.json.decode(msgspec.json.encode(value))


def _exact(facts: dict[str, Any], more: dict[str, Any] | None = None) -> dict[str, str]:
    """Return, as escaped JSON, what loses characters on its way into the file; mostly nothing."""
    lost = {name: value for name, value in facts.items() if to_json(value) != value}
    lost |= more or {}
    return {"exact": json.dumps(lost)} if lost else {}
