"""The whole page: what each section of the template gets, and the policy that lets nothing in."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from scanner import __version__
from scanner.report.gaps import UNLISTED, gap_groups, hides_resources
from scanner.report.html import picture
from scanner.report.html.access import access_view
from scanner.report.html.changes import changes_view
from scanner.report.html.controls import controls_view
from scanner.report.html.coverage import ledger
from scanner.report.html.exemptions import exemptions_view
from scanner.report.html.findings import STATUSES, finding_views, rule_views
from scanner.report.html.matrix import COLUMNS, by_environment, by_severity, minor_columns
from scanner.report.html.passes import pass_views
from scanner.report.html.rules import rule_rows
from scanner.report.html.templating import (
    asset,
    control_anchor,
    finding_anchor,
    rule_anchor,
    template,
)
from scanner.report.html.workspaces import Resources
from scanner.report.summary import (
    CARRIED,
    TOOL,
    applicable,
    carried_by,
    changes_sentence,
    estate_name,
    short_digest,
    size,
    verdict_sentence,
    verdict_word,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scanner.engine.controls import Controls
    from scanner.engine.parameters import Settings
    from scanner.engine.result import ScanResult

FINDINGS: Final = 25_000
"""How many findings are shown, the worst rules first; the others are counted."""
_PIECE: Final = 200


def render(
    result: ScanResult, settings: Settings, *, controls: Controls | None = None
) -> Iterator[bytes]:
    """Yield the page in pieces, UTF-8. Same result, same bytes.

    `settings` are those that the result was evaluated with: they give the values of the
    parameters. Without `controls` the section about them says that there are none.
    """
    stream = template("page.html").stream(**_values(result, settings, controls))
    # The pieces of a template are a few characters each.
    stream.enable_buffering(_PIECE)
    for piece in stream:
        yield piece.encode()


def policy(script: str) -> str:
    """Return the content security policy under which only this one script runs."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _values(result: ScanResult, settings: Settings, controls: Controls | None) -> dict[str, Any]:
    rules = rule_views(result, FINDINGS)
    shown = [row for rule in rules for row in rule.rows]
    resources, exemptions = Resources(result, shown), exemptions_view(result)
    script = asset("report.js").strip()
    return {
        "tool": TOOL,
        "version": __version__,
        "policy": policy(script),
        # Both are files of this package.
        "script": Markup(script),  # noqa: S704
        "style": Markup(asset("report.css").strip()),  # noqa: S704
        "result": result,
        "manifest": result.manifest,
        "estate": estate_name(result),
        "digest": short_digest(result),
        "verdict": verdict_sentence(result),
        "tone": _tone(result),
        "changed": changes_sentence(result),
        "changes": changes_view(result, shown),
        "controls": controls_view(result, controls),
        "access": access_view(result.estate),
        "exemptions": exemptions,
        "columns": COLUMNS,
        "severities": by_severity(result),
        "environments": by_environment(result),
        "minor": minor_columns(result),
        "statuses": _present(result),
        "gap_groups": gap_groups(result),
        "unlisted": UNLISTED if hides_resources(result) else "",
        "carried": CARRIED,
        "carried_forward": carried_by(result).total(),
        "size": size(result),
        "applicable": applicable(result.totals),
        "rules": rules,
        "findings": finding_views,
        "findings_left_out": sum(view.left_out for view in rules),
        "resources": resources,
        "anchors": resources.anchors | exemptions.anchors,
        "passes": pass_views(result),
        "rule_rows": list(rule_rows(result, settings)),
        "ledger": ledger(result),
        "picture": picture,
        "rule_anchor": rule_anchor,
        "finding_anchor": finding_anchor,
        "control_anchor": control_anchor,
        "is_new": result.baseline.is_new if result.baseline is not None else lambda _: False,
    }


def _tone(result: ScanResult) -> str:
    """Return how the verdict is coloured; only a complete scan without failures is good."""
    totals = result.totals
    if totals.fail:
        return "fail"
    clean = applicable(totals) and not totals.unknown and not totals.error
    return "pass" if clean and not result.manifest.gaps else "unknown"


def _present(result: ScanResult) -> list[str]:
    found = set(map(verdict_word, result.findings))
    return [name for name in STATUSES if name in found]
