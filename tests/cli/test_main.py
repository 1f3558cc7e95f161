from __future__ import annotations

import os
import runpy
import subprocess
import sys

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from scanner import __version__
from scanner.cli import COMMANDS, LazyGroup, cli, main
from scanner.errors import DocumentError, ScannerError, UsageError

HEAVY = ("azure", "msgspec", "yaml", "jsonschema", "rich", "sarif_om", "isodate", "jinja2")


def invoke(*args: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli, args)
    return result.exit_code, result.stdout, result.stderr


def failing(error: BaseException) -> click.Group:
    def fail() -> None:
        raise error

    class Group(LazyGroup):
        def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
            return click.Command(cmd_name, callback=fail)

    return Group("azmlscan")


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_lists_the_commands(option):
    code, out, err = invoke(option)
    assert (code, err) == (0, "")
    for name, command in COMMANDS.items():
        assert any(line.split() == [name, *command.help.split()] for line in out.splitlines())


def test_version():
    assert invoke("--version") == (0, f"azmlscan {__version__}\n", "")


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_import_nothing_heavy(option):
    code = (
        "import sys\nfrom scanner.cli import cli\n"
        f"try:\n cli([{option!r}])\n"
        f"except SystemExit:\n print('loaded:', [name for name in {HEAVY} if name in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert run.stdout.splitlines()[-1] == "loaded: []"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_loads_and_helps(name):
    code, out, _ = invoke(name, "-h")
    assert code == 0
    assert out.startswith(f"Usage: cli {name} ")


@pytest.mark.parametrize("args", [["nonsense"], ["--nonsense"], ["init", "a", "b"]])
def test_wrong_usage_is_2(args):
    code, out, err = invoke(*args)
    assert (code, out) == (2, "")
    assert "Error: " in err


def test_no_command_is_help():
    code, out, err = invoke()
    assert code == 2
    assert "Usage: " in out + err


@pytest.mark.parametrize(
    ("error", "code", "shown"),
    [
        (ScannerError("it broke"), 1, "Error: it broke\n"),
        (UsageError("no such", hint="Try that."), 2, "Error: no such\nHint: Try that.\n"),
        (DocumentError("a.yaml", "wrong", line=3, place="b"), 2, "Error: a.yaml:3: b: wrong\n"),
        (KeyboardInterrupt(), 130, "Interrupted.\n"),
        (BrokenPipeError(), 141, ""),
    ],
)
def test_expected_failures_are_shown_once_without_traceback(error, code, shown):
    result = CliRunner().invoke(failing(error), ["fail"])
    assert (result.exit_code, result.stdout, result.stderr) == (code, "", shown)


def test_what_a_terminal_would_act_on_is_not_shown():
    error = ScannerError("name \x1b[2Jcleared\u202e", hint="tag \x07bell")
    result = CliRunner().invoke(failing(error), ["fail"], color=True)
    assert result.stderr == "Error: name [2Jcleared\nHint: tag bell\n"


def test_the_unexpected_is_not_hidden():
    result = CliRunner().invoke(failing(ZeroDivisionError()), ["fail"])
    assert isinstance(result.exception, ZeroDivisionError)


@pytest.mark.parametrize(("value", "color"), [("1", False), ("", None)])
def test_no_color(monkeypatch, value, color):
    monkeypatch.setenv("NO_COLOR", value)
    seen = []
    command = click.Command("x", callback=lambda: seen.append(click.get_current_context().color))
    monkeypatch.setattr(LazyGroup, "get_command", lambda *_: command)
    assert CliRunner().invoke(cli, ["x"]).exit_code == 0
    assert seen == [color]


def test_python_m(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["scanner", "--version"])
    with pytest.raises(SystemExit) as end:
        runpy.run_module("scanner", run_name="__main__")
    assert end.value.code == 0
    assert capsys.readouterr().out == f"azmlscan {__version__}\n"


def test_shell_completion_knows_the_commands():
    found = ShellComplete(cli, {}, "azmlscan", "_AZMLSCAN_COMPLETE").get_completions([], "s")
    assert [item.value for item in found] == ["scan", "snapshot"]


@pytest.mark.skipif(os.name == "nt", reason="pipes break differently on Windows")
def test_a_broken_pipe_ends_like_the_signal(monkeypatch):
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w", encoding="utf-8") as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        monkeypatch.setattr(sys, "argv", ["azmlscan", "--version"])
        with pytest.raises(SystemExit) as end:
            main()
    assert end.value.code == 141


@pytest.mark.skipif(os.name == "nt", reason="pipes break differently on Windows")
def test_a_reader_that_goes_away_gets_no_traceback():
    read, write = os.pipe()
    os.close(read)
    try:
        run = subprocess.run(
            [sys.executable, "-m", "scanner", "--help"],
            stdout=write,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    finally:
        os.close(write)
    assert (run.returncode, run.stderr) == (141, "")
