"""`azmlscan trend`: open, new and fixed failures over any number of results."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Literal, cast

import click

FORMATS = ("table", "json", "markdown")
DIMENSIONS = ("severity", "environment", "control")
BUDGET = 60_000


@dataclasses.dataclass(frozen=True)
class TrendArgs:
    """What `azmlscan trend` was asked for."""

    results: tuple[Path, ...]
    by: str
    format: str
    output: Path | None
    budget: int


@click.command()
@click.argument("results", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--by",
    type=click.Choice(DIMENSIONS),
    default="severity",
    show_default=True,
    help="What to group failures by.",
)
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
    help="Most bytes of Markdown; the earliest results are left out first.",
)
def trend(
    results: tuple[Path, ...], by: str, format_: str, output: Path | None, budget: int
) -> None:
    """Show open, new and fixed failures over RESULTS, and how old the open ones are.

    RESULTS are JSON results of `azmlscan scan`, in any order; their snapshots' times count.

    \b
    Example:
      azmlscan trend nightly/*/result.json --by environment
    """  # noqa: D301
    run(TrendArgs(results, by, format_, output, budget))


def run(args: TrendArgs) -> None:
    """Write the trend in the format that was asked for."""
    from scanner.cli.output import write_text
    from scanner.engine.recorded import load_result
    from scanner.engine.trend import trend_of
    from scanner.report.trend import as_json, as_markdown, as_table

    dimension = cast("Literal['severity', 'environment', 'control']", args.by)
    found = trend_of(map(load_result, args.results), dimension)
    if args.format == "json":
        data = as_json(found)
    elif args.format == "markdown":
        data = as_markdown(found, args.budget).encode()
    else:
        data = as_table(found).encode()
    write_text(data, args.output)
