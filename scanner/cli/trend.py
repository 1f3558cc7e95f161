"""`azmlscan trend`: open, new and fixed failures over any number of results."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scanner.engine.recorded import Recorded
    from scanner.engine.trend import Dimension

FORMATS = ("table", "json", "markdown")
DIMENSIONS = ("severity", "environment", "framework", "control")
BUDGET = 60_000


@dataclasses.dataclass(frozen=True)
class TrendArgs:
    """What `azmlscan trend` was asked for."""

    results: tuple[Path, ...]
    by: str
    framework: str
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
    "--framework", default="", metavar="NAME", help="Only its controls, with --by control."
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
    results: tuple[Path, ...],
    by: str,
    framework: str,
    format_: str,
    output: Path | None,
    budget: int,
) -> None:
    """Show open, new and fixed failures over RESULTS, and how old the open ones are.

    RESULTS are results of `azmlscan scan`, JSON or audit SARIF, in any order; their snapshots'
    times count.

    \b
    Example:
      azmlscan trend nightly/*/result.json --by environment
      azmlscan trend nightly/*/result.json --by control --framework mcsb
    """  # noqa: D301
    run(TrendArgs(results, by, framework, format_, output, budget))


def run(args: TrendArgs) -> None:
    """Write the trend in the format that was asked for."""
    from scanner.cli.output import write_text
    from scanner.engine.earlier import load_result
    from scanner.engine.trend import trend_of
    from scanner.errors import UsageError
    from scanner.report.trend import as_json, as_markdown, as_table, dropped

    if args.framework and args.by != "control":
        raise UsageError("--framework limits controls", hint="Add --by control.")
    results = [load_result(path) for path in args.results]
    _check_framework(args.framework, results)
    found = trend_of(results, cast("Dimension", args.by), args.framework)
    if args.format == "json":
        data = as_json(found)
    elif args.format == "markdown":
        data = as_markdown(found, args.budget, dropped(results)).encode()
    else:
        data = as_table(found, dropped(results)).encode()
    write_text(data, args.output)


def _check_framework(name: str, results: Iterable[Recorded]) -> None:
    from scanner.errors import UsageError
    from scanner.schemas.problems import nearest

    rules = [rule for result in results for rule in result.rules.values()]
    known = sorted({control.partition("/")[0] for rule in rules for control in rule.controls})
    if name and name not in known:
        hint = nearest(name, known) or f"The results have: {', '.join(known)}"
        raise UsageError(f"no rule of the results is about '{name}'", hint=hint)
