"""Runs commands in this process, as tests of the command line do."""

from __future__ import annotations

from click.testing import CliRunner

from scanner.cli import cli


def run(*args: object, stdin: bytes | None = None) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli, [str(arg) for arg in args], input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def refused(*args: object, code: int = 1, stdin: bytes | None = None) -> str:
    """Run a command that must end with one error and print nothing; return the error."""
    exit_code, out, err = run(*args, stdin=stdin)
    assert (exit_code, out) == (code, ""), err
    assert err.count("Error: ") == 1
    return err
