"""Case tables: raw ARM records with the verdict that a rule must give on them."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from scanner import armid, documents
from scanner.config import Config, config_of
from scanner.engine.evaluate import evaluate
from scanner.engine.parameters import Settings
from scanner.errors import ConfigError, DocumentError, RuleError
from scanner.inventory.build import build
from scanner.inventory.estate import Estate
from scanner.inventory.fields import UNREAD_MARK, Resource
from scanner.inventory.kinds import TABLE_KINDS
from scanner.inventory.paths import PathError, tokens
from scanner.schemas.problems import nearest
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
    resource: str = ""
    """Name of the resource that is judged where a case names none and it is not the base record."""
    config: dict[str, Any] = {}
    document: documents.Document | None = None
    """What it was read from, to name lines in messages."""

    def error(self, case: Case, problem: str, hint: str = "") -> RuleError:
        """Return an error that names the file and the line of a case, and the case."""
        text = f"{self.rule}, case {case.name}: {problem}"
        if self.document is None:
            return RuleError("case table", text, hint=hint)
        written = self.document.data["cases"]
        names = [one["name"] for one in written]
        index = names.index(case.name) if case.name in names else 0
        line = self.document.line(("cases", index))
        return RuleError(self.document.path, text, line=line, hint=hint)


def load_cases(path: Path) -> CaseTable:
    """Read a case table; raises RuleError with file, line and place where it is wrong."""
    document = documents.load(path, error=RuleError)
    documents.check(document, "cases", error=RuleError)
    table = msgspec.convert(document.data, CaseTable)
    names: set[str] = set()
    for index, case in enumerate(table.cases):
        if case.name in names:
            raise document.error(("cases", index, "name"), f"'{case.name}' is there twice")
        names.add(case.name)
    return msgspec.structs.replace(table, document=document)


def judge(table: CaseTable, case: Case, rule: RuleFile, folder: Path) -> Result:
    """Return what the rule says of the case's resource. `folder` holds the base records.

    Raises RuleError, with file and line, for a case that cannot be played: a record, path,
    parameter or resource that is not there.
    """
    try:
        return _judged(table, case, rule, folder)
    except DocumentError as cause:
        place = f"{cause.place}: " if cause.place else ""
        raise table.error(case, f"{place}{cause.problem}", cause.hint) from cause
    except PathError as cause:
        raise table.error(case, str(cause), cause.hint) from cause


def _judged(table: CaseTable, case: Case, rule: RuleFile, folder: Path) -> Result:
    base = Record(base=table.base, set=case.set, unset=case.unset)
    common = [record for record in table.records if record.base not in case.without]
    judged = _record(base, folder)
    for path in case.unread:
        if path not in TABLES:
            steps = tokens(path)
            if steps[0] not in {*judged, *_OPTIONAL}:
                hint = nearest(path, TABLES) or "A property is named as in the raw record."
                raise PathError(f"unread: '{path}' is no table, and no property of a record", hint)
            _put(judged, steps, UNREAD_MARK)
    raws = [judged, *(_record(record, folder) for record in (*common, *case.records))]
    config = _config(table, case)
    estate = _estate(raws, {name for name in case.unread if name in TABLES}, config)
    result = evaluate([rule], Settings(config, [rule]), estate)
    wanted = (case.resource or table.resource).lower()
    for row in result.rows():
        if row.resource_name.lower() == wanted or (
            not wanted and armid.key(row.resource_id) == armid.key(judged["id"])
        ):
            return row
    named = f" named '{case.resource or table.resource}'" if wanted else ""
    raise PathError(f"there is no {rule.rule.resource}{named} to judge")


def _config(table: CaseTable, case: Case) -> Config:
    data: dict[str, Any] = {**table.config, **case.config}
    if case.parameters:
        data["parameters"] = {**data.get("parameters", {}), table.rule: case.parameters}
    written = documents.parse(msgspec.json.encode(data), "config.json", error=ConfigError)
    # There is no such file, so that what is wrong about a rule's parameters names a place alone.
    return msgspec.structs.replace(config_of(written), path=None)


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
    except FileNotFoundError as problem:
        known = nearest(record.base, (file.stem for file in folder.glob("*.json")))
        hint = known or "Base records are JSON files; --records names their folder."
        raise RuleError(path, f"there is no record {path}", hint=hint) from problem
    except (OSError, ValueError) as problem:
        raise RuleError(path, f"{path} is no readable record: {problem}") from problem
    if record.id:
        raw["id"] = record.id
        raw["name"] = record.id.rpartition("/")[2]
    for place, value in record.set.items():
        _change(_put, raw, place, value)
    for place in record.unset:
        _change(_remove, raw, place)
    if not armid.is_arm_id(raw.get("id")):
        raise PathError(f"the record {record.base} has no ARM id")
    return raw


def _change(change: Callable[..., None], raw: dict[str, Any], place: str, *value: Any) -> None:
    """Change a record at a place; raises PathError where the record has no such place."""
    try:
        change(raw, tokens(place), *value)
    except PathError as problem:
        hint = "A path is properties.name, list[0].name or tags['a key']."
        raise PathError(str(problem), hint) from problem
    except (ValueError, IndexError, TypeError, AttributeError) as problem:
        raise PathError(f"the record has no place '{place}'") from problem


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
