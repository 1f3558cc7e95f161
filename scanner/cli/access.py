"""`azmlscan access`: who can do what in which workspace, and through which assignment."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from scanner.inventory.estate import Estate

_FORMATS: Final = ("table", "json", "markdown")


@dataclasses.dataclass(frozen=True)
class AccessArgs:
    """What `azmlscan access` was asked for."""

    source: Path
    workspace: str | None = None
    principal: str | None = None
    matrix: bool = False
    why: tuple[str, str, str] | None = None
    format: str = "table"
    config: Path | None = None
    principals: Path | None = None
    output: Path | None = None


@click.command()
@click.argument("source", metavar="SNAPSHOT", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--workspace", help="Only this workspace: name or resource id.")
@click.option("--principal", help="Only this principal: object id, or name with --principals.")
@click.option("--matrix", is_flag=True, help="Compare each persona with the access matrix.")
@click.option(
    "--why",
    nargs=3,
    metavar="PRINCIPAL CAPABILITY WORKSPACE",
    help="Show the assignments, roles and actions that decide.",
)
@click.option(
    "-f",
    "--format",
    "format_",
    type=click.Choice(_FORMATS),
    default="table",
    show_default=True,
    help="How to show it.",
)
@click.option("--config", type=click.Path(path_type=Path), help="Config file (azmlscan.yaml).")
@click.option(
    "--principals",
    type=click.Path(path_type=Path),
    help="File with names and group members, instead of the config's.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="File to write."
)
def access(
    source: Path,
    workspace: str | None,
    principal: str | None,
    matrix: bool,
    why: tuple[str, str, str] | None,
    format_: str,
    config: Path | None,
    principals: Path | None,
    output: Path | None,
) -> None:
    """Show who can do what in which workspace of SNAPSHOT, and through which assignment.

    \b
    azmlscan access estate/ --workspace mlw-churn-prod --format markdown
    azmlscan access estate/ --why 1f0e… writeData mlw-churn-prod
    """  # noqa: D301
    run(AccessArgs(source, workspace, principal, matrix, why, format_, config, principals, output))


def run(args: AccessArgs) -> None:
    """Write the answer to standard output or a file."""
    from scanner.files import write_atomic

    text = _text(args)
    if args.output is None:
        click.echo(text, nl=False)
    else:
        write_atomic(args.output, [text.encode()])


def _text(args: AccessArgs) -> str:
    from scanner.cli.access_rows import grant_rows, matrix_rows, rendered
    from scanner.cli.access_why import answered
    from scanner.cli.estate import opened
    from scanner.config import load_config, with_principals
    from scanner.inventory.estate import load_estate

    config = with_principals(load_config(args.config), args.principals)
    with opened(args.source) as snapshot:
        estate = load_estate(snapshot, config)
    if args.why is not None:
        principal, capability, name = args.why
        return answered(principal, capability, _workspaces(name, estate), (args.format, estate))
    rows: Callable[..., list[dict[str, Any]]] = matrix_rows if args.matrix else grant_rows
    wanted = _principals(args.principal, estate)
    found = [
        row
        for workspace in _workspaces(args.workspace, estate)
        for row in rows(workspace, wanted, estate)
    ]
    return rendered(found, args.format, "personas" if args.matrix else "grants")


def _workspaces(wanted: str | None, estate: Estate) -> list[Any]:
    """Return the workspaces of a name or id, all of them for None."""
    from scanner import armid
    from scanner.errors import UsageError

    everyone = list(estate.of_kind("workspace"))
    if wanted is None:
        return everyone
    key = armid.key(wanted)
    found = [one for one in everyone if key in {armid.key(one.id), one.name.lower()}]
    if not found:
        names = ", ".join(sorted({one.name for one in everyone})[:20])
        raise UsageError(f"there is no workspace '{wanted}'", hint=f"Workspaces: {names}")
    return found


def _principals(wanted: str | None, estate: Estate) -> frozenset[str] | None:
    """Return the ids whose roles a principal has: its own, and those of groups it is in."""
    if wanted is None:
        return None
    known = estate.config.principals
    return known.above((wanted, *known.named(wanted)))
