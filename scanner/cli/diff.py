"""`azmlscan diff`: what changed between two results, or two snapshots."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from scanner.report.diff import ResultDiff, SnapshotDiff

FORMATS = ("table", "json", "markdown")
BUDGET = 60_000


@dataclasses.dataclass(frozen=True)
class DiffArgs:
    """What `azmlscan diff` was asked for."""

    old: Path
    new: Path
    format: str
    output: Path | None
    budget: int
    ignored: tuple[str, ...]


@click.command()
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option(
    "-f",
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help="What to write.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file."
)
@click.option(
    "--budget",
    type=click.IntRange(min=2000),
    default=BUDGET,
    show_default=True,
    help="Most bytes of Markdown; what does not fit is counted.",
)
@click.option(
    "--ignore",
    "ignored",
    multiple=True,
    metavar="PATH",
    help="Property of a snapshot's records to leave out, a glob. Repeatable; etag and systemData"
    " always are.",
)
def diff(
    old: Path, new: Path, format_: str, output: Path | None, budget: int, ignored: tuple[str, ...]
) -> None:
    """Show what changed from OLD to NEW.

    Both are results of `azmlscan scan`, JSON or audit SARIF, or both are snapshots. Of results: findings that are
    new, fixed, gone with their resource, no longer assessable. Of snapshots: resources added and
    removed, and which properties changed; redacted values are compared by their digests.

    \b
    Example:
      azmlscan diff last-night/result.json result.json --format markdown
    """  # noqa: D301
    run(DiffArgs(old, new, format_, output, budget, ignored))


def run(args: DiffArgs) -> None:
    """Write the difference in the format that was asked for."""
    from scanner.cli.output import write_text
    from scanner.engine.earlier import is_result
    from scanner.errors import UsageError

    kinds = {is_result(path) for path in (args.old, args.new)}
    if len(kinds) > 1:
        raise UsageError(
            f"{args.old} and {args.new} are not of one kind",
            hint="Name two results, or two snapshots.",
        )
    found = _of_results(args) if kinds == {True} else _of_snapshots(args)
    if args.format == "json":
        data = found.json()
    elif args.format == "markdown":
        data = found.markdown(args.budget).encode()
    else:
        data = found.table().encode()
    write_text(data, args.output)


def _of_results(args: DiffArgs) -> ResultDiff:
    from scanner.engine.diff import diff_results
    from scanner.engine.earlier import load_result
    from scanner.report.diff import ResultDiff, side

    old, new = load_result(args.old), load_result(args.new)
    return ResultDiff(side(old.snapshot), side(new.snapshot), diff_results(old, new))


def _of_snapshots(args: DiffArgs) -> SnapshotDiff:
    from scanner.cli.estate import opened
    from scanner.engine.changes import IGNORED, diff_snapshots
    from scanner.report.diff import SnapshotDiff, side

    with opened(args.old) as old, opened(args.new) as new:
        changes = list(diff_snapshots(old, new, (*IGNORED, *args.ignored)))
        return SnapshotDiff(side(old.manifest), side(new.manifest), changes)
