"""`azmlscan controls`: how an estate meets the statements of the sources and frameworks."""

from __future__ import annotations

import dataclasses
from datetime import datetime  # noqa: TC003  (tests read the annotations)
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scanner.engine.controls import Controls
    from scanner.engine.result import ScanResult
    from scanner.report.control_results import FrameworkResult

Format = Literal["table", "json", "markdown"]

_FILE_WIDTH = 100


@dataclasses.dataclass(frozen=True)
class ControlsArgs:
    """What `azmlscan controls` was asked for."""

    source: Path | None
    config: Path | None
    framework: str
    exemptions: tuple[Path, ...]
    as_of: datetime | None
    format: Format
    output: Path | None
    packs: tuple[Path, ...]
    docs: bool


@click.command()
@click.argument(
    "source",
    metavar="SNAPSHOT",
    required=False,
    type=click.Path(path_type=Path, allow_dash=True),
)
@click.option("--config", type=click.Path(path_type=Path), help="Config file (azmlscan.yaml).")
@click.option("--framework", default="", metavar="NAME", help="Only this source or framework.")
@click.option(
    "--exemptions",
    multiple=True,
    type=click.Path(path_type=Path),
    help="File of exemptions and attestations, beside the config's. Repeatable.",
)
@click.option(
    "--as-of",
    metavar="DATE",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Day that they are judged by; the snapshot's where this is not given.",
)
@click.option(
    "-f",
    "--format",
    "format_",
    type=click.Choice(get_args(Format)),
    default="table",
    show_default=True,
    help="How to show the controls.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="File to write."
)
@click.option(
    "--rules",
    "packs",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Add a rule pack, with the controls in its folder `controls`. Repeatable.",
)
@click.option(
    "--docs", is_flag=True, help="Write the documentation of all controls; needs no snapshot."
)
def controls(
    source: Path | None,
    config: Path | None,
    framework: str,
    exemptions: tuple[Path, ...],
    as_of: datetime | None,
    format_: Format,
    output: Path | None,
    packs: tuple[Path, ...],
    docs: bool,
) -> None:
    """Show, control by control, what the rules say of SNAPSHOT.

    A control is met where something passes, nothing fails and nothing is open. What no rule
    covers, nothing could be read for, or a person has to review is said so, and never a pass.
    Reviews are answered by attestations in the exemptions files. This is a report and no gate: it
    ends with 0 whatever it shows.

    \b
    azmlscan controls estate/ --config azmlscan.yaml --framework caf-ml-setup
    """  # noqa: D301
    run(ControlsArgs(source, config, framework, exemptions, as_of, format_, output, packs, docs))


def run(args: ControlsArgs) -> None:
    """Write the report, or the documentation, to standard output or a file."""
    from scanner.cli.estate import opened
    from scanner.cli.evaluation import prepared
    from scanner.cli.history import prepared_history
    from scanner.engine.control_files import load_controls
    from scanner.engine.controls import assess
    from scanner.errors import UsageError
    from scanner.files import check_writable
    from scanner.report.control_results import by_framework
    from scanner.report.controls_page import render_docs

    if args.docs == (args.source is not None):
        problem = "--docs needs no snapshot" if args.docs else "which snapshot?"
        raise UsageError(problem, hint="azmlscan controls SNAPSHOT, or azmlscan controls --docs")
    if args.output is not None:
        check_writable(args.output)
    evaluation = prepared(args.config, args.packs)
    known = load_controls(evaluation.packs, evaluation.loaded)
    _check_framework(args.framework, known)
    if args.source is None:
        _write(render_docs(known).encode(), args.output)
        return
    history = prepared_history(evaluation, args.exemptions, as_of=args.as_of)
    with opened(args.source) as snapshot:
        result = history.applied(evaluation.run(snapshot))
    frameworks = by_framework(assess(result, known), known, args.framework)
    _show(args, result, frameworks)


def _check_framework(name: str, known: Controls) -> None:
    from scanner.errors import UsageError
    from scanner.schemas.problems import nearest

    names = [framework.framework for framework in known.frameworks]
    if name and name not in names:
        hint = nearest(name, names) or f"Known: {', '.join(names)}"
        raise UsageError(f"unknown framework '{name}'", hint=hint)


def _show(args: ControlsArgs, result: ScanResult, frameworks: Sequence[FrameworkResult]) -> None:
    from scanner.report.control_results import render_json, render_markdown

    if args.format == "json":
        _write(render_json(result, frameworks), args.output)
    elif args.format == "markdown":
        _write(render_markdown(result, frameworks).encode(), args.output)
    else:
        _table(args.output, result, frameworks)


def _table(output: Path | None, result: ScanResult, frameworks: Sequence[FrameworkResult]) -> None:
    """Print the table; only a terminal gets colours."""
    import io
    import os

    from rich.console import Console

    from scanner.report.control_table import print_table

    if output is None:
        console = Console(no_color="NO_COLOR" in os.environ or None, highlight=False)
        print_table(result, frameworks, console)
        return
    text = io.StringIO()
    print_table(result, frameworks, Console(file=text, width=_FILE_WIDTH, highlight=False))
    _write(text.getvalue().encode(), output)


def _write(text: bytes, output: Path | None) -> None:
    from scanner.files import write_atomic

    if output is None:
        click.echo(text, nl=False)
        return
    write_atomic(output, [text])
    click.echo(f"wrote {output}", err=True)
