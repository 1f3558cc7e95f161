"""Case tables: raw ARM records with the verdict that a rule must give on them."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from scanner import armid, documents
from scanner.config import Config, config_of
from scanner.engine.evaluate import evaluate
from scanner.engine.parameters import Settings
from scanner.errors import ConfigError, RuleError
from scanner.inventory.build import build
from scanner.inventory.estate import Estate
from scanner.inventory.fields import UNREAD_MARK, Resource
from scanner.inventory.kinds import TABLE_KINDS
from scanner.inventory.paths import tokens
from scanner.snapshot.manifest import Gap, Manifest, Table
from scanner.snapshot.tables import OTHER, TABLE_OF_TYPE, TABLES

if TYPE_CHECKING:
    from pathlib import Path

    from scanner.engine.result import Result
    from scanner.engine.rules import RuleFile

_TIME = "2026-11-01T00:00:00Z"
_OPTIONAL = ("identity", "kind", "location", "properties", "sku", "tags")
"""Properties of a record that it may come without."""


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A raw record: a base file, changed at some places."""

    base: str
    id: str = ""
    """Another id than the base has, for a second record from the same base."""
    set: dict[str, Any] = {}
    unset: tuple[str, ...] = ()


class Case(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row of a table: what differs from the base, and the verdict."""

    name: str
    verdict: str
    set: dict[str, Any] = {}
    unset: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    """Tables that were not read, or property paths of the record that could not be."""
    records: tuple[Record, ...] = ()
    without: tuple[str, ...] = ()
    """Bases of the table's common records that this case leaves out."""
    config: dict[str, Any] = {}
    parameters: dict[str, Any] = {}
    resource: str = ""
    """Name of the resource that is judged, where it is not the base record itself."""
    evidence: tuple[str, ...] = ()
    """Field paths that the finding's evidence must name."""
    doc: bool = False


class CaseTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All cases of one rule."""

    rule: str
    base: str
    cases: tuple[Case, ...]
    records: tuple[Record, ...] = ()
    """Records that every case has beside the base."""
    config: dict[str, Any] = {}


def load_cases(path: Path) -> CaseTable:
    """Read a case table; raises RuleError with file, line and place where it is wrong."""
    document = documents.load(path, error=RuleError)
    documents.check(document, "cases", error=RuleError)
    return msgspec.convert(document.data, CaseTable)


def judge(table: CaseTable, case: Case, rule: RuleFile, folder: Path) -> Result:
    """Return what the rule says of the case's resource. `folder` holds the base records."""
    base = Record(base=table.base, set=case.set, unset=case.unset)
    common = [record for record in table.records if record.base not in case.without]
    judged = _record(base, folder)
    for path in case.unread:
        if path not in TABLES:
            steps = tokens(path)
            if steps[0] not in {*judged, *_OPTIONAL}:
                raise ValueError(f"{table.rule}, case {case.name}: {path} is no table or property")
            _put(judged, steps, UNREAD_MARK)
    raws = [judged, *(_record(record, folder) for record in (*common, *case.records))]
    config = _config(table, case)
    estate = _estate(raws, {name for name in case.unread if name in TABLES}, config)
    result = evaluate([rule], Settings(config, [rule]), estate)
    wanted = case.resource.lower()
    for row in result.rows():
        if row.resource_name.lower() == wanted or (
            not wanted and armid.key(row.resource_id) == armid.key(judged["id"])
        ):
            return row
    raise ValueError(f"{table.rule}, case {case.name}: no {rule.rule.resource} to judge")


def _config(table: CaseTable, case: Case) -> Config:
    data: dict[str, Any] = {**table.config, **case.config}
    if case.parameters:
        data["parameters"] = {**data.get("parameters", {}), table.rule: case.parameters}
    written = documents.parse(msgspec.json.encode(data), "config.json", error=ConfigError)
    return config_of(written)


def _estate(raws: Sequence[dict[str, Any]], unread: set[str], config: Config) -> Estate:
    resources: dict[str, list[Resource]] = {}
    tables = {name: 0 for name in TABLES if name not in unread}
    for raw in raws:
        table = TABLE_OF_TYPE.get(str(raw.get("type", "")).lower(), OTHER)
        if table in unread:
            continue
        for cls in TABLE_KINDS.get(table, ()):
            for resource in build(cls, raw, tables[table]):
                resources.setdefault(resource.KIND, []).append(resource)
        tables[table] += 1
    manifest = Manifest(
        tool_version="0",
        started=_TIME,
        finished=_TIME,
        scopes_asked=("/",),
        scopes_read=("/",),
        tables={name: Table(rows, 0, "") for name, rows in tables.items()},
        gaps=tuple(Gap(name, "/", "GET", 403, "AuthorizationFailed") for name in sorted(unread)),
    )
    return Estate(resources, manifest, config)


def _record(record: Record, folder: Path) -> dict[str, Any]:
    path = folder / f"{record.base}.json"
    try:
        raw: dict[str, Any] = copy.deepcopy(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as problem:
        raise RuleError(path, f"not a readable record: {problem}") from problem
    if record.id:
        raw["id"] = record.id
        raw["name"] = record.id.rpartition("/")[2]
    for place, value in record.set.items():
        _put(raw, tokens(place), value)
    for place in record.unset:
        _remove(raw, tokens(place))
    return raw


def _put(raw: Any, steps: Sequence[str], value: Any) -> None:
    """Set a value at a path, making the objects on the way; an index may extend a list by one."""
    for position, step in enumerate(steps[:-1]):
        following: Any = [] if steps[position + 1].isdigit() else {}
        if isinstance(raw, list):
            if int(step) == len(raw):
                raw.append(following)
            raw = raw[int(step)]
        else:
            if not isinstance(raw.get(step), dict | list):
                raw[step] = following
            raw = raw[step]
    last = steps[-1]
    if isinstance(raw, list):
        raw[int(last) : int(last) + 1] = [value]
    else:
        raw[last] = value


def _remove(raw: Any, steps: Sequence[str]) -> None:
    for step in steps[:-1]:
        raw = raw[int(step)] if isinstance(raw, list) else raw.get(step)
        if raw is None:
            return
    if isinstance(raw, list):
        del raw[int(steps[-1])]
    elif isinstance(raw, Mapping):
        raw.pop(steps[-1], None)  # type: ignore[attr-defined]


def check_table(table: CaseTable, rule: RuleFile, folder: Path) -> Iterator[str]:
    """Yield a sentence for every case whose verdict or evidence is not as the table says."""
    for case in table.cases:
        row = judge(table, case, rule, folder)
        if row.verdict.value != case.verdict:
            shown = "; ".join(f"{e.path} is {e.actual!r}" for e in row.evidence[:3])
            reason = row.message or "no finding"
            yield (
                f"{table.rule}, case {case.name}: expected {case.verdict}, got {row.verdict}: "
                f"{reason} ({shown or 'no evidence'})"
            )
        named = {item.path for item in row.evidence}
        for path in sorted(set(case.evidence) - named):
            yield f"{table.rule}, case {case.name}: no evidence names {path}, only {sorted(named)}"
