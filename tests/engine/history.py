"""An estate that changes from night to night, scanned each time as the command does it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from scanner import armid
from scanner.cli.evaluation import prepared
from scanner.engine.baseline import apply_baseline
from scanner.engine.earlier import load_result
from scanner.engine.exempt import apply_exemptions
from scanner.engine.exemptions import load_exemptions
from scanner.report import json as report
from scanner.report import sarif
from scanner.snapshot import Gap, Manifest, Table, open_snapshot, write_snapshot

if TYPE_CHECKING:
    from scanner.engine.recorded import Recorded
    from scanner.engine.result import ScanResult

ESTATE = Path(__file__).parents[2] / "fixtures" / "estates" / "contoso"
RULES = ("AML-NET-002", "AML-OBS-001", "AML-NET-011")
Records = dict[str, list[dict[str, Any]]]
Edit = Callable[[Records], object]


class Night(NamedTuple):
    """What was found one night, and the file that says so."""

    result: ScanResult
    path: Path
    audit: Path
    """The same as SARIF of the audit profile."""

    @property
    def recorded(self) -> Recorded:
        return load_result(self.path)


@cache
def evaluation(rules: Sequence[str] = RULES) -> Any:
    """Prepare some rules, or with `()` all that there are."""
    return prepared(ESTATE / "azmlscan.yaml", only=rules)


def records() -> Records:
    """Every record of contoso, by table."""
    found: Records = {}
    with open_snapshot(ESTATE) as snapshot:
        for table in snapshot.tables:
            found[table] = list(snapshot.records(table))
    return found


def scan(  # noqa: PLR0913  (the options are keywords)
    folder: Path,
    day: int,
    edits: Iterable[Edit] = (),
    *,
    gaps: Sequence[Gap] = (),
    baseline: Path | None = None,
    exemptions: Sequence[Path] = (),
    month: int = 11,
    rules: Sequence[str] = RULES,
) -> Night:
    """Scan contoso as it is after some edits on a day of November 2026."""
    estate = records()
    for edit in edits:
        edit(estate)
    moment = f"2026-{month:02}-{day:02}T01:00:00Z"
    header = Manifest(
        tool_version="0",
        estate="contoso",
        tenant_id="t",
        scopes_asked=("/",),
        scopes_read=("/",),
        started=moment,
        finished=moment,
        gaps=tuple(gaps),
        tables={},
    )
    source = folder / f"snapshot-{month}-{day}"
    pairs = [(table, one) for table, rows in estate.items() for one in rows]
    manifest = write_snapshot(source, pairs, _with_tables(header, estate), compress=False)
    assert manifest.digest
    with open_snapshot(source) as snapshot:
        result = evaluation(rules).run(snapshot)
        if baseline is not None:
            result = apply_baseline(result, load_result(baseline))
        result = apply_exemptions(result, load_exemptions(exemptions))
        audit = folder / f"audit-{month}-{day}.sarif"
        audit.write_bytes(b"".join(sarif.render(result, snapshot.fetch, profile="audit")))
    path = folder / f"result-{month}-{day}.json"
    path.write_bytes(b"".join(report.render(result)))
    return Night(result, path, audit)


def _with_tables(header: Manifest, estate: Records) -> Manifest:
    tables = {name: Table(0, 0, "") for name in estate}
    return msgspec.structs.replace(header, tables=tables)


def row(night: Night, rule_id: str, name: str) -> dict[str, Any] | None:
    """Return the row of a rule and a resource as the file has it."""
    document = json.loads(night.path.read_bytes())
    found = [
        each
        for each in document["results"]
        if (each["ruleId"], each["resourceName"]) == (rule_id, name)
    ]
    return found[0] if found else None


def baseline_of(night: Night) -> Any:
    return json.loads(night.path.read_bytes())["baseline"]


def public(name: str, value: str = "Enabled") -> Edit:
    """Open a workspace to the public network."""

    def edit(estate: Records) -> None:
        for one in estate["workspaces"]:
            if one["name"] == name:
                one["properties"]["publicNetworkAccess"] = value

    return edit


def workspace_id(name: str) -> str:
    for one in records()["workspaces"]:
        if one["name"] == name:
            return str(one["id"])
    raise KeyError(name)


def deleted(name: str) -> Edit:
    """Delete a workspace and all below it."""
    root = armid.key(workspace_id(name))

    def edit(estate: Records) -> None:
        for table, rows in estate.items():
            estate[table] = [
                one
                for one in rows
                if not (armid.key(one["id"]) == root or armid.key(one["id"]).startswith(f"{root}/"))
            ]

    return edit


def refused(table: str, scope: str) -> tuple[Edit, Gap]:
    """Take the permission to read a table in a scope."""
    place = armid.key(scope)

    def edit(estate: Records) -> None:
        estate[table] = [
            one for one in estate[table] if not armid.key(one["id"]).startswith(f"{place}/")
        ]

    gap = Gap(table, scope, "list", 403, "AuthorizationFailed", permission=f"{table}/read")
    return edit, gap
