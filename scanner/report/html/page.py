"""The whole page: what each section of the template gets, and the policy that lets nothing in."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from markupsafe import Markup

from scanner import __version__
from scanner.report.html import picture
from scanner.report.html.coverage import ledger
from scanner.report.html.findings import STATUSES, finding_views, rule_views
from scanner.report.html.matrix import COLUMNS, by_environment, by_severity, minor_columns
from scanner.report.html.passes import pass_views
from scanner.report.html.rules import rule_rows
from scanner.report.html.templating import (
    asset,
    finding_anchor,
    resource_anchor,
    rule_anchor,
    template,
)
from scanner.report.html.workspaces import Resources
from scanner.report.summary import (
    TOOL,
    applicable,
    changes_sentence,
    estate_name,
    exemption_lines,
    gap_groups,
    short_digest,
    verdict_sentence,
    verdict_word,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from scanner.engine.parameters import Settings
    from scanner.engine.result import ScanResult

FINDINGS: Final = 25_000
"""How many findings are shown, the worst rules first; the others are counted."""
_NEW_SHOWN: Final = 50
_GONE_SHOWN: Final = 200
_PIECE: Final = 200


class Section(NamedTuple):
    """A section that somebody else adds to the report, after the workspaces."""

    title: str
    anchor: str
    """Begins with a letter; letters, digits and hyphens."""
    build: Callable[[], Markup]
    """Gives the HTML below the section's heading, as `fragment` does: escaped already."""


def render(
    result: ScanResult, settings: Settings, *, extras: Sequence[Section] = ()
) -> Iterator[bytes]:
    """Yield the page in pieces, UTF-8. Same result, same bytes.

    `settings` are those that the result was evaluated with: they give the values of the
    parameters. `extras` are shown in their order.
    """
    stream = template("page.html").stream(**_values(result, settings), extras=extras)
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


def _values(result: ScanResult, settings: Settings) -> dict[str, Any]:
    rules = rule_views(result, FINDINGS)
    resources = Resources(result, [row for rule in rules for row in rule.rows])
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
        "changes": changes_sentence(result),
        "exemption_lines": exemption_lines(result),
        "columns": COLUMNS,
        "severities": by_severity(result),
        "environments": by_environment(result),
        "minor": minor_columns(result),
        "statuses": _present(result),
        "gap_groups": gap_groups(result),
        "rules": rules,
        "findings": finding_views,
        "findings_left_out": sum(view.left_out for view in rules),
        "resources": resources,
        "passes": pass_views(result),
        "rule_rows": list(rule_rows(result, settings)),
        "ledger": ledger(result),
        "picture": picture,
        "rule_anchor": rule_anchor,
        "finding_anchor": finding_anchor,
        "resource_anchor": resource_anchor,
        **_changes(result),
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


def _changes(result: ScanResult) -> dict[str, Any]:
    """Return what is new against the baseline, and what is no longer there."""
    baseline = result.baseline
    if baseline is None:
        nothing = {"new": [], "more_new": 0, "gone": [], "more_gone": 0}
        return {"baseline": None, "is_new": lambda _: False, **nothing}
    new = [row for row in result.counted_findings if row.is_live and baseline.is_new(row)]
    new.sort(key=lambda row: row.severity.rank)
    return {
        "baseline": baseline,
        "is_new": baseline.is_new,
        "new": new[:_NEW_SHOWN],
        "more_new": len(new[_NEW_SHOWN:]),
        "gone": baseline.absent[:_GONE_SHOWN],
        "more_gone": len(baseline.absent[_GONE_SHOWN:]),
    }
