"""The command `azmlscan`: finds the subcommand, and shows every expected failure in one place.

A subcommand's module is imported when the subcommand runs, so that `--help` and `--version`
load nothing but click.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn

import click

from scanner import __version__
from scanner.errors import ScannerError

if TYPE_CHECKING:
    from collections.abc import Iterator

_INTERRUPTED: Final = 130
_BROKEN_PIPE: Final = 141
_TERMINATED: Final = 143
"""Exit codes of a shell for a command ended by SIGINT, by SIGPIPE and by SIGTERM."""


class Subcommand(NamedTuple):
    """Where a subcommand is, as `module:attribute`, and what the list of commands says of it."""

    target: str
    help: str


COMMANDS: Final = {
    "access": Subcommand("scanner.cli.access:access", "Show who can do what, and why."),
    "collect": Subcommand("scanner.cli.collect:collect", "Read an estate from Azure."),
    "controls": Subcommand("scanner.cli.controls:controls", "Show how controls are met."),
    "diff": Subcommand("scanner.cli.diff:diff", "Show what changed between results or snapshots."),
    "exemptions": Subcommand("scanner.cli.exemptions:exemptions", "Check, list, add exemptions."),
    "init": Subcommand("scanner.cli.init:init", "Write a commented config to start from."),
    "inventory": Subcommand("scanner.cli.inventory:inventory", "Show what a snapshot holds."),
    "rules": Subcommand("scanner.cli.rules:rules", "List, show, test and document rules."),
    "scan": Subcommand("scanner.cli.scan:scan", "Check a snapshot against the rules."),
    "snapshot": Subcommand("scanner.cli.snapshot:snapshot", "Verify, merge and import snapshots."),
    "trend": Subcommand("scanner.cli.trend:trend", "Show failures over many results."),
    "verify-report": Subcommand(
        "scanner.cli.verify_report:verify_report", "Check a folder that scan --output-dir wrote."
    ),
}


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one only to run it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command, None where there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].target.partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.help) for name, command in COMMANDS.items()])

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Parse the arguments; `--help` and `--version` write here already."""
        with _failures_shown():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with _failures_shown():
            return super().invoke(ctx)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="azmlscan", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Check the configuration of an Azure Machine Learning estate against rules.

    Reads a snapshot of the estate; changes nothing in Azure.

    \b
    Example:
      azmlscan scan SNAPSHOT --format markdown
    """  # noqa: D301
    if os.environ.get("NO_COLOR"):
        ctx.color = False


def main() -> None:
    """Run the command line and exit: the entry point of `azmlscan` and `python -m scanner`."""
    signal.signal(signal.SIGTERM, _terminated)
    try:
        cli.main(prog_name="azmlscan")
    except SystemExit as end:
        code = end.code
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of the pipe has gone; the interpreter would complain of it once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = _BROKEN_PIPE
    sys.exit(code)


def _terminated(*_signal: object) -> NoReturn:
    """End as the signal would, but leave no temporary files, which may hold an estate's records."""
    sys.exit(_TERMINATED)


@contextlib.contextmanager
def _failures_shown() -> Iterator[None]:
    """Turn what may be expected to go wrong into message and exit code."""
    try:
        yield
    except ScannerError as error:
        _show(error)
        raise click.exceptions.Exit(error.exit_code) from error
    except KeyboardInterrupt:
        click.echo("Interrupted.", err=True)
        raise click.exceptions.Exit(_INTERRUPTED) from None
    except BrokenPipeError:
        raise click.exceptions.Exit(_BROKEN_PIPE) from None


def _show(error: ScannerError) -> None:
    """Write what is wrong and what to do about it; both may quote strings from Azure."""
    from scanner.report.text import clean

    click.echo(f"Error: {clean(str(error))}", err=True)
    if error.hint:
        click.echo(f"Hint: {clean(error.hint)}", err=True)
