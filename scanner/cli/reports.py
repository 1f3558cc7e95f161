"""Writes a scan's result in the formats that were asked for."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from rich.console import Console

    from scanner.engine.gate import GateAnswer
    from scanner.engine.result import ScanResult
    from scanner.report.sarif import Notice
    from scanner.snapshot import Snapshot

_FILE_WIDTH = 100


def write_report(
    format_: str, result: ScanResult, snapshot: Snapshot, path: Path, answer: GateAnswer
) -> None:
    """Write a report to a file, whole or not at all."""
    from scanner.files import write_atomic

    write_atomic(path, _chunks(format_, result, snapshot, answer))
    click.echo(f"wrote {path}", err=True)


def print_report(format_: str, result: ScanResult, snapshot: Snapshot, answer: GateAnswer) -> None:
    """Print a report on standard output; only a terminal gets colours."""
    if format_ == "terminal":
        from rich.console import Console

        console = Console(no_color="NO_COLOR" in os.environ or None, highlight=False)
        _terminal(console, result, answer)
        return
    for chunk in _chunks(format_, result, snapshot, answer):
        sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()


def _terminal(console: Console, result: ScanResult, answer: GateAnswer) -> None:
    from scanner.report import terminal

    terminal.render(result, console)
    console.print(f"Gate: {answer.reason} (exit code {int(answer.code)}).", markup=False)


def _chunks(
    format_: str, result: ScanResult, snapshot: Snapshot, answer: GateAnswer
) -> Iterable[bytes]:
    from scanner.report import json, markdown, sarif

    if format_ == "json":
        return json.render(result)
    if format_ == "markdown":
        return [markdown.render(result).encode()]
    if format_ == "sarif":
        return sarif.render(result, snapshot.fetch, on_notice=_say)
    return _plain_terminal(result, answer)


def _say(notice: Notice) -> None:
    click.echo(f"note: {notice.text}", err=True)


def _plain_terminal(result: ScanResult, answer: GateAnswer) -> list[bytes]:
    from rich.console import Console

    console = Console(record=True, width=_FILE_WIDTH, quiet=True, highlight=False)
    _terminal(console, result, answer)
    return [console.export_text().encode()]
