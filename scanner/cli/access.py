"""`azmlscan access`: who can do what in which workspace, and through which assignment."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from scanner.inventory.estate import Estate

_FORMATS: Final = ("table", "json", "markdown")
_FILE_WIDTH: Final = 100
_NAMED: Final = 20
_OBJECT_ID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


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
@click.option("--principal", help="Only this principal and its groups: name or object id.")
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
    azmlscan access estate/ --matrix
    azmlscan access estate/ --why "Jonas Okafor" deployModels mlw-churn-prod
    """  # noqa: D301
    run(AccessArgs(source, workspace, principal, matrix, why, format_, config, principals, output))


def run(args: AccessArgs) -> None:
    """Write the answer to standard output or a file."""
    from scanner.cli.access_rows import as_json, grant_rows, matrix_rows
    from scanner.cli.access_why import write_why
    from scanner.cli.estate import opened
    from scanner.config import load_config, with_principals
    from scanner.inventory.estate import load_estate
    from scanner.report.access_grants import grants_markdown, grants_table
    from scanner.report.access_matrix import matrix_markdown, matrix_table

    _check(args)
    config = with_principals(load_config(args.config), args.principals)
    with opened(args.source) as snapshot:
        estate = load_estate(snapshot, config)
    if args.why is not None:
        who, capability, name = args.why
        asked = (_principal(who, estate), capability, _workspaces(name, estate))
        write_why(asked, (args.format, args.output), estate)
        return
    workspaces = _workspaces(args.workspace, estate)
    if args.matrix:
        rows = [row for one in workspaces for row in matrix_rows(one, estate)]
        show, markdown = matrix_table, matrix_markdown
    else:
        wanted = _wanted(args.principal, estate)
        rows = [row for one in workspaces for row in grant_rows(one, wanted, estate)]
        show, markdown = grants_table, grants_markdown
    listed = "" if args.workspace is not None else _listed(args, estate)
    if args.format == "table":
        print_to(args.output, lambda console: _closed(show, rows, listed, console))
    elif args.format == "markdown":
        write_text(markdown(rows) + (f"\n{listed}\n" if listed else ""), args.output)
    else:
        if listed:
            click.echo(listed, err=True)
        write_text(as_json(rows), args.output)


def _listed(args: AccessArgs, estate: Estate) -> str:
    """Return of how many workspaces the answer is where it shows some, or may not know of all."""
    from scanner.report.text import plural

    known = f"The snapshot has {plural(len(estate.of_kind('workspace')), 'workspace')}"
    if _all_listed(estate):
        return f"{known}, and all were listed." if args.principal is not None else ""
    return f"{known}. Others could not be listed: nothing is known of the access to them."


def _closed(
    show: Callable[[list[dict[str, Any]], Console], None],
    rows: list[dict[str, Any]],
    listed: str,
    console: Console,
) -> None:
    from scanner.report.access_matrix import paragraph

    show(rows, console)
    if listed:
        paragraph(listed, console, depth=0)


def _check(args: AccessArgs) -> None:
    from scanner.errors import UsageError

    if args.why is not None and (args.matrix or args.principal or args.workspace):
        raise UsageError(
            "--why asks a question of its own",
            hint="Name principal, capability and workspace after it, without other options.",
        )
    if args.matrix and args.principal:
        raise UsageError(
            "--matrix is about personas, and --principal about one principal",
            hint="Use one of them; --matrix says through whom a persona has too much.",
        )


def _workspaces(wanted: str | None, estate: Estate) -> list[Any]:
    """Return the workspaces of a name or id, all of them for None: by environment and name."""
    from scanner import armid
    from scanner.errors import UsageError
    from scanner.schemas.problems import nearest

    order = {one.name: place for place, one in enumerate(estate.config.environments)}

    def place(one: Any) -> tuple[object, ...]:
        environment = estate.environment(one)
        known = environment if isinstance(environment, str) else ""
        return order.get(known, len(order)), known, one.name.lower(), one.id.lower()

    everyone = sorted(estate.of_kind("workspace"), key=place)
    if wanted is None:
        return everyone
    key = armid.key(wanted)
    found = [one for one in everyone if key in {armid.key(one.id), one.name.lower()}]
    if not found:
        names = sorted({one.name for one in everyone})
        hint = nearest(wanted, names) or f"Workspaces: {', '.join(names[:_NAMED])}"
        raise UsageError(f"{_no_workspace(estate)} '{wanted}'", hint=hint)
    return found


def _no_workspace(estate: Estate) -> str:
    """Return that there is none, or that none is known where not all could be listed."""
    if _all_listed(estate):
        return "there is no workspace"
    return "not all workspaces could be listed, and of those that were none is"


def _all_listed(estate: Estate) -> bool:
    from scanner.inventory.kinds import KINDS

    return estate.coverage.has_everything(KINDS["workspace"].TABLE)


def _wanted(principal: str | None, estate: Estate) -> frozenset[str] | None:
    """Return a principal and the groups that it is in, and say who that is; None for everybody."""
    from scanner.cli.access_why import named
    from scanner.report.text import one_line

    if principal is None:
        return None
    own, known = _principal(principal, estate), estate.config.principals
    found = known.above((own,))
    groups = sorted(known.name(one) or one for one in found - {own})
    inside = f", with {', '.join(groups)}" if groups else ""
    click.echo(one_line(f"{named(own, estate)}{inside}"), err=True)
    return found


def _principal(wanted: str, estate: Estate) -> str:
    """Return the object id, in lower case, of a principal that is named or that it is the id of."""
    from scanner.errors import UsageError
    from scanner.inventory.access.owners import principals_of
    from scanner.schemas.problems import nearest

    if _OBJECT_ID.fullmatch(wanted):
        return wanted.lower()
    known = estate.config.principals
    found = known.named(wanted) or principals_of(wanted, estate)
    if not found:
        hint = nearest(wanted, known.names()) or (
            "Use an object id, or a name from the principals file (--principals); "
            "a managed identity goes by the name of its resource."
        )
        raise UsageError(f"there is no principal '{wanted}'", hint=hint)
    if len(found) > 1:
        raise UsageError(f"'{wanted}' is not one principal", hint=f"Use an id: {', '.join(found)}")
    return found[0]


def print_to(output: Path | None, show: Callable[[Console], None]) -> None:
    """Print to standard output, where a terminal gets colours, or as text to a file."""
    import io
    import os

    from rich.console import Console

    if output is None:
        show(Console(no_color="NO_COLOR" in os.environ or None, highlight=False, markup=False))
        return
    text = io.StringIO()
    show(Console(file=text, width=_FILE_WIDTH, highlight=False, markup=False))
    write_text(text.getvalue(), output)


def write_text(text: str, output: Path | None) -> None:
    """Write text to standard output or a file."""
    from scanner.files import write_atomic

    if output is None:
        click.echo(text, nl=False)
    else:
        write_atomic(output, [text.encode()])
