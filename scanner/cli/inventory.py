"""`azmlscan inventory`: what a snapshot holds, as rules see it."""

from __future__ import annotations

import csv
import dataclasses
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import click

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scanner.inventory.estate import Estate
    from scanner.inventory.fields import Resource

Format = Literal["table", "json", "csv"]

_COLUMNS = ("kind", "name", "location", "environment", "project", "resourceGroup", "id")
_NAMED = 8


@dataclasses.dataclass(frozen=True)
class InventoryArgs:
    """What `azmlscan inventory` was asked for."""

    source: Path | None
    kind: str | None
    format: str
    config: Path | None
    output: Path | None
    fields: bool


@click.command()
@click.argument(
    "source",
    metavar="SNAPSHOT",
    required=False,
    type=click.Path(path_type=Path, allow_dash=True),
)
@click.option("--resource", "kind", help="Only this kind, with all its fields: workspace, …")
@click.option(
    "-f",
    "--format",
    "format_",
    type=click.Choice(get_args(Format)),
    default="table",
    show_default=True,
    help="How to show the resources.",
)
@click.option("--config", type=click.Path(path_type=Path), help="Config file (azmlscan.yaml).")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="File to write."
)
@click.option(
    "--fields", is_flag=True, help="Write the reference of all field paths; needs no snapshot."
)
def inventory(
    source: Path | None,
    kind: str | None,
    format_: Format,
    config: Path | None,
    output: Path | None,
    fields: bool,
) -> None:
    """Show the resources of SNAPSHOT, normalized and linked.

    \b
    azmlscan inventory estate/ --resource compute --format json
    """  # noqa: D301
    run(InventoryArgs(source, kind, format_, config, output, fields))


def run(args: InventoryArgs) -> None:
    """Write the listing to standard output or a file."""
    from scanner.files import write_atomic

    text = _text(args)
    if args.output is None:
        click.echo(text, nl=False)
    else:
        write_atomic(args.output, [text.encode()])


def _text(args: InventoryArgs) -> str:
    from scanner.cli.estate import opened
    from scanner.config import load_config
    from scanner.errors import UsageError
    from scanner.inventory.estate import load_estate
    from scanner.inventory.fields_page import render_fields
    from scanner.inventory.kinds import GATHERED, KINDS, kind_hint

    if args.fields:
        return render_fields()
    if args.source is None:
        raise UsageError("which snapshot?", hint="azmlscan inventory SNAPSHOT")
    if args.kind is not None and args.kind not in KINDS:
        raise UsageError(f"unknown kind '{args.kind}'", hint=kind_hint(args.kind))
    config = load_config(args.config)
    with opened(args.source) as snapshot:
        estate = load_estate(snapshot, config)
        # What is gathered is listed where it is asked for: all resources are those that were read.
        read = tuple(sorted(kind for kind, cls in KINDS.items() if cls not in GATHERED))
        kinds = (args.kind,) if args.kind else read
        rows = [row for kind in kinds for row in _rows(estate, kind)]
    _note_unlisted(kinds, estate)
    if args.format == "json":
        return _json(rows, full=args.kind is not None)
    return _csv(rows) if args.format == "csv" else _table(rows)


def _note_unlisted(kinds: Sequence[str], estate: Estate) -> None:
    """Say which of the kinds may have resources that nobody could list."""
    from scanner.inventory.kinds import KINDS

    short = [kind for kind in kinds if not estate.coverage.has_everything(KINDS[kind].TABLE)]
    if short:
        names = ", ".join(short[:_NAMED])
        more = f" and {len(short) - _NAMED} more kinds" if len(short) > _NAMED else ""
        click.echo(f"note: there may be others that could not be listed: {names}{more}", err=True)


def _rows(estate: Estate, kind: str) -> Iterator[dict[str, Any]]:
    for resource in estate.of_kind(kind):
        yield _row(resource, estate)


def _row(resource: Resource, estate: Estate) -> dict[str, Any]:
    """Return the listed columns, and under `fields` everything the inventory knows."""
    from scanner.inventory.derived import DERIVED
    from scanner.inventory.plain import plain

    facts = {
        name: plain(estate.fact(name, resource, fact.compute))
        for name, fact in DERIVED.get(resource.KIND, {}).items()
    }
    fields = plain_fields(resource)
    return {
        "kind": resource.KIND,
        "name": resource.name,
        "location": fields.get("location"),
        "environment": facts.get("environment"),
        "project": facts.get("project"),
        "resourceGroup": resource.resource_group,
        "id": resource.id,
        "fields": fields,
        "facts": facts,
    }


def plain_fields(resource: Resource) -> dict[str, Any]:
    """Return a resource's own fields as JSON, without those that Azure has no value for."""
    from scanner.inventory.plain import plain

    names = zip(resource.__struct_encode_fields__, resource.__struct_fields__, strict=True)
    values = {name: getattr(resource, attribute) for name, attribute in names}
    return {
        name: plain(value)
        for name, value in values.items()
        if value is not None and name not in {"row", "unread"}
    }


def _json(rows: Sequence[dict[str, Any]], *, full: bool) -> str:
    import msgspec

    from scanner.report.text import json_escaped

    chosen = rows if full else [{name: row[name] for name in _COLUMNS} for row in rows]
    encoded = msgspec.json.format(msgspec.json.encode(chosen, order="sorted"), indent=2)
    return json_escaped(encoded).decode() + "\n"


def _csv(rows: Sequence[dict[str, Any]]) -> str:
    from scanner.report.text import csv_cell

    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for row in rows:
        cells = ("" if row[name] is None else _cell(row[name]) for name in _COLUMNS)
        writer.writerow(map(csv_cell, cells))
    return stream.getvalue()


def _table(rows: Sequence[dict[str, Any]]) -> str:
    from scanner.report.text import one_line, plural

    columns = _COLUMNS[:-1]
    cells = [[one_line(_cell(row[name])) for name in columns] for row in rows]
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    lines = [
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in [list(columns), *cells]
    ]
    return "\n".join(lines) + f"\n{plural(len(rows), 'resource')}\n"


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return "(not readable)"
    return "-" if value is None else str(value)
