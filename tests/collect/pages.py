"""Writes the tables of docs/collecting.md that follow from the code.

python -m tests.collect.pages
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from scanner.collect.operations import (
    API_VERSIONS,
    COLLECTED,
    GRAPH,
    GRAPH_PERMISSIONS,
    OPERATIONS,
)
from scanner.config import load_config
from scanner.engine.evaluate import evaluate
from scanner.engine.packs import built_in_pack, load_packs
from scanner.engine.parameters import Settings
from scanner.engine.result import Verdict
from scanner.inventory.estate import load_estate
from scanner.snapshot import ANY_TABLE, Gap, open_snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scanner.config import Config
    from scanner.engine.rules import RuleFile
    from scanner.snapshot import Snapshot

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "collecting.md"
CONTOSO = ROOT / "fixtures" / "estates" / "contoso"


def operations_table() -> str:
    """Return what is asked of Azure, and the operation that a role needs for it."""
    rows = [
        (table, f"Resource Graph, `queries/{table}.kql`", API_VERSIONS[GRAPH], permission, "")
        for table, permission in GRAPH_PERMISSIONS.items()
    ]
    rows += [
        (_named(each.table), f"`GET …{each.path}`", each.api_version, each.permission, each.per)
        for each in OPERATIONS
    ]
    lines = [
        "| Table | How | api-version | Operation | Once per |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {table} | {how} | {version} | `{permission}` | {per or 'batch of subscriptions'} |"
        for table, how, version, permission, per in sorted(rows)
    ]
    return "\n".join(lines)


def _named(table: str) -> str:
    return "all of Resource Graph" if table == ANY_TABLE else table


def costs_table() -> str:
    """Return the rules that lose an answer without a table."""
    config = load_config(CONTOSO / "azmlscan.yaml")
    rules = load_packs([built_in_pack()])
    with open_snapshot(CONTOSO) as snapshot:
        known = _unknown(rules, config, snapshot)
        lines = ["| Without | Rules |", "| --- | --- |"]
        for table in COLLECTED:
            lost = sorted(set(_unknown(rules, config, _Without(snapshot, table))) - set(known))
            lines.append(f"| {table} | {', '.join(lost) or 'none'} |")
    return "\n".join(lines)


class _Without:
    """A snapshot of which one table could not be read."""

    def __init__(self, snapshot: Snapshot, table: str) -> None:
        self._snapshot = snapshot
        self._table = table
        manifest = snapshot.manifest
        gap = Gap(table, "/", "list", status=403)
        self.manifest = msgspec.structs.replace(manifest, gaps=(*manifest.gaps, gap))

    def lines(self, table: str) -> Iterator[bytes]:
        """Yield the lines of a table, none of the missing one."""
        return iter(()) if table == self._table else self._snapshot.lines(table)


def _unknown(rules: list[RuleFile], config: Config, snapshot: Snapshot | _Without) -> list[str]:
    """Return the rules that have no answer for some resource."""
    estate = load_estate(snapshot, config)  # type: ignore[arg-type]
    result = evaluate(rules, Settings(config, rules), estate)
    lost = [row.rule_id for row in result.findings if row.verdict is Verdict.UNKNOWN]
    # Of a kind without any resource a rule has no rows: it says nothing at all.
    return [*lost, *(each.rule.id for each in result.assessments if not each.resources)]


def rendered(page: str) -> str:
    """Return the page with its tables as they should be."""
    for name, table in (("operations", operations_table()), ("costs", costs_table())):
        block = re.compile(f"(<!-- {name}: [^>]*-->\n).*?(<!-- /{name} -->)", re.DOTALL)
        page = block.sub(lambda match, text=table: f"{match[1]}{text}\n{match[2]}", page)  # type: ignore[misc]
    return page


if __name__ == "__main__":
    PAGE.write_text(rendered(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
