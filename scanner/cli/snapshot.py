"""`azmlscan snapshot`: make, check, describe and join snapshots, without Azure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scanner.snapshot import Manifest

_PROBLEMS = 1

Format = Literal["text", "json"]


@dataclass(frozen=True)
class ImportArgs:
    """What `snapshot import` was asked for."""

    sources: tuple[Path, ...]
    output: Path
    complete: tuple[str, ...]
    estate: str
    plain: bool


@dataclass(frozen=True)
class MergeArgs:
    """What `snapshot merge` was asked for."""

    snapshots: tuple[Path, ...]
    output: Path


@click.group()
def snapshot() -> None:
    """Make, check, describe and join snapshots. Needs no network and no credentials."""


@snapshot.command("import")
@click.argument(
    "sources", nargs=-1, required=True, metavar="FILE…", type=click.Path(path_type=Path)
)
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="SNAPSHOT",
    type=click.Path(path_type=Path),
    help="Folder to make, or a file ending in .zip.",
)
@click.option(
    "--complete",
    multiple=True,
    metavar="TABLE",
    help="Promise that FILE… hold every record of this table (`all`: of every table)."
    " Without it a missing record is unknown, never absent.",
)
@click.option("--estate", default="", metavar="NAME", help="Name of the estate.")
@click.option("--plain", is_flag=True, help="Write tables as plain text, not gzip.")
def import_(
    sources: tuple[Path, ...], output: Path, complete: tuple[str, ...], estate: str, plain: bool
) -> None:
    """Make a snapshot of JSON that you already have.

    FILE is a file, a folder of JSON files, or - for standard input: the output of `az graph query`,
    `az rest`, `az resource list|show`, pages, arrays, NDJSON.

    \b
    Example:
      az graph query -q "resources" --first 1000 | azmlscan snapshot import - -o snapshot
    """  # noqa: D301
    run_import(ImportArgs(sources, output, complete, estate, plain))


@snapshot.command()
@click.argument("path", metavar="SNAPSHOT", type=click.Path(path_type=Path))
@click.pass_context
def verify(ctx: click.Context, path: Path) -> None:
    """Recompute every digest of SNAPSHOT; exit 1 where anything is wrong.

    \b
    Example:
      azmlscan snapshot verify snapshot.zip
    """  # noqa: D301
    ctx.exit(run_verify(path))


@snapshot.command()
@click.argument("path", metavar="SNAPSHOT", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Text for people, or the manifest as it is.",
)
def info(path: Path, format_: Format) -> None:
    """Show what SNAPSHOT holds: tables, gaps, redactions, digest.

    \b
    Example:
      azmlscan snapshot info snapshot --format json
    """  # noqa: D301
    click.echo(run_info(path, format_), nl=False)


@snapshot.command()
@click.argument(
    "snapshots", nargs=-1, required=True, metavar="SNAPSHOT…", type=click.Path(path_type=Path)
)
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="OUT",
    type=click.Path(path_type=Path),
    help="Folder to make, or a file ending in .zip.",
)
def merge(snapshots: tuple[Path, ...], output: Path) -> None:
    """Join snapshots of disjoint scopes, the shards of one estate, into one.

    \b
    Example:
      azmlscan snapshot merge shard-1.zip shard-2.zip -o estate.zip
    """  # noqa: D301
    run_merge(MergeArgs(snapshots, output))


def run_import(args: ImportArgs) -> None:
    """Write the snapshot and say on stderr what is in it and what was skipped."""
    from scanner.cli.estate import say_skipped
    from scanner.snapshot.exports import import_exports
    from scanner.snapshot.write import write_snapshot

    sources = ["-" if str(source) == "-" else source for source in args.sources]
    imported = import_exports(
        sources, complete=args.complete, estate=args.estate, now=datetime.now(UTC)
    )
    manifest = write_snapshot(
        args.output, imported.records, imported.header, compress=not args.plain
    )
    say_skipped(imported.skipped)
    click.echo(_written(args.output, manifest), err=True)


def run_verify(path: Path) -> int:
    """Print the problems of a snapshot, or that it is sound; return the exit code."""
    from scanner.snapshot.read import open_snapshot
    from scanner.snapshot.verify import verify as find_problems

    problems = find_problems(path)
    for problem in problems:
        click.echo(_printable(problem))
    if problems:
        return _PROBLEMS
    with open_snapshot(path) as opened:
        click.echo(f"{path} is sound, digest {opened.manifest.digest}")
    return 0


def run_info(path: Path, format_: Format) -> str:
    """Return a snapshot's manifest as JSON, or told in lines."""
    from scanner.report.text import json_escaped
    from scanner.snapshot.read import open_snapshot
    from scanner.snapshot.write import manifest_bytes

    with open_snapshot(path) as opened:
        if format_ == "json":
            return json_escaped(manifest_bytes(opened.manifest)).decode()
        return "".join(f"{_printable(line)}\n" for line in _described(opened.manifest))


def run_merge(args: MergeArgs) -> None:
    """Write the joined snapshot and say on stderr what is in it."""
    from scanner.snapshot.merge import merge_snapshots
    from scanner.snapshot.read import open_snapshot
    from scanner.snapshot.shards import why_not_whole

    manifest = merge_snapshots(args.snapshots, args.output)
    parts = []
    for path in args.snapshots:
        with open_snapshot(path) as opened:
            parts.append(opened.manifest)
    for reason in why_not_whole(parts):
        click.echo(f"note: {reason}: rules that need all of the estate give unknown", err=True)
    click.echo(_written(args.output, manifest), err=True)


def _described(manifest: Manifest) -> Iterator[str]:
    identity = " ".join(filter(None, (manifest.identity.type, manifest.identity.object_id)))
    head = {
        "estate": manifest.estate,
        "tenant": manifest.tenant_id,
        "cloud": manifest.cloud,
        "shard": "",
        "collected": f"{manifest.started} to {manifest.finished}",
        "by": identity,
        "tool": f"azmlscan {manifest.tool_version}, schema version {manifest.schema_version}",
        "digest": manifest.digest,
    }
    if manifest.shard:
        head["shard"] = f"{manifest.shard.index} of {manifest.shard.count}"
    yield from (f"{name:<10}{value}" for name, value in head.items() if value)
    yield from ("", f"scopes read ({len(manifest.scopes_read)})")
    yield from (f"  {scope}" for scope in manifest.scopes_read)
    yield from ("", f"tables ({sum(t.rows for t in manifest.tables.values())} records)")
    for name, table in manifest.tables.items():
        note = "" if table.complete else "  not complete"
        note = "  complete as promised" if name in manifest.promised_complete else note
        yield f"  {name:<34}{table.rows:>10}{note}"
    yield from ("", f"gaps ({len(manifest.gaps)})")
    yield from (
        f"  {gap.table} at {gap.scope}: {gap.code or gap.status} {gap.message or gap.operation}"
        for gap in manifest.gaps
    )
    yield from ("", f"redactions ({sum(found.count for found in manifest.redactions)})")
    yield from (f"  {found.table} {found.path}: {found.count}" for found in manifest.redactions)


def _written(path: Path, manifest: Manifest) -> str:
    rows = sum(table.rows for table in manifest.tables.values())
    return (
        f"{path}: {rows} records in {len(manifest.tables)} tables, {len(manifest.gaps)} gaps,"
        f" {sum(found.count for found in manifest.redactions)} secrets redacted"
    )


def _printable(text: str) -> str:
    """Return the text as one line, without what would steer a terminal."""
    from scanner.report.text import clean

    return clean(text.replace("\n", " "))
