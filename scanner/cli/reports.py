"""Writes a scan's result in the formats that were asked for. `FORMATS` has them all."""

from __future__ import annotations

import dataclasses
import io
import os
import sys
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import click

from scanner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from rich.console import Console

    from scanner.cli.evaluation import Evaluation
    from scanner.engine.gate import GateAnswer
    from scanner.engine.result import ScanResult
    from scanner.report.sarif import Notice
    from scanner.snapshot import Snapshot

_FILE_WIDTH = 100
_COMMENT_BYTES = 60_000
"""A comment on GitHub may have 65,536 characters."""
PROFILES: Final = ("code-scanning", "audit")
LEVELS: Final = ("note", "warning", "error")


@dataclasses.dataclass(frozen=True)
class SarifOptions:
    """How SARIF is wanted."""

    profile: Literal["code-scanning", "audit"] = "code-scanning"
    max_level: str = "error"
    split: bool = False
    """One file for every subscription; only of profile `code-scanning`."""


@dataclasses.dataclass(frozen=True)
class Scanned:
    """A scan that was made, and what reports want to know of how it was made."""

    result: ScanResult
    snapshot: Snapshot
    evaluation: Evaluation
    answer: GateAnswer
    sarif: SarifOptions = SarifOptions()


class Format(NamedTuple):
    """A format by the ending of its files, "" for what is only printed."""

    extension: str
    chunks: Callable[[Scanned], Iterable[bytes]]


def format_of(path: Path) -> str:
    """Return the format that a file's name asks for."""
    by_extension = {found.extension: name for name, found in FORMATS.items() if found.extension}
    found = by_extension.get(path.suffix.lower())
    if found is None:
        known = ", ".join(by_extension)
        raise UsageError(f"cannot tell the format of {path}", hint=f"Name it with one of {known}.")
    return found


def write_report(format_: str, scanned: Scanned, path: Path) -> None:
    """Write a report to a file, whole or not at all; SARIF to several where that was asked for."""
    from scanner.files import write_atomic

    if format_ == "sarif" and scanned.sarif.split:
        _write_shares(scanned, path)
        return
    write_atomic(path, FORMATS[format_].chunks(scanned))
    click.echo(f"wrote {path}", err=True)


def _write_shares(scanned: Scanned, path: Path) -> None:
    from scanner.files import write_atomic
    from scanner.report import sarif

    for share in sarif.shares(scanned.result):
        part = path
        if share.subscription:
            part = path.with_name(f"{path.stem}-{share.subscription}{path.suffix}")
        chunks = sarif.render(
            scanned.result,
            scanned.snapshot.fetch,
            max_level=scanned.sarif.max_level,
            share=share,
            on_notice=_say,
        )
        write_atomic(part, chunks)
        click.echo(f"wrote {part}", err=True)


def write_run(scanned: Scanned, directory: Path) -> None:
    """Write every report, the evidence and their digests to a new folder, all or nothing."""
    from scanner.report.bundle import FILES, write_bundle
    from scanner.report.evidence import write_evidence

    audit = dataclasses.replace(scanned.sarif, profile="audit")
    live = dataclasses.replace(scanned.sarif, profile="code-scanning")
    chosen = {
        "audit": ("sarif", dataclasses.replace(scanned, sarif=audit)),
        "sarif": ("sarif", dataclasses.replace(scanned, sarif=live)),
    }
    reports = {}
    for name, kind in FILES.items():
        format_, source = chosen.get(kind, (kind, scanned))
        reports[name] = FORMATS[format_].chunks(source)
    write_bundle(
        directory,
        reports,
        lambda folder: write_evidence(scanned.result, scanned.snapshot.fetch, folder),
    )
    click.echo(f"wrote {directory}", err=True)


def print_report(format_: str, scanned: Scanned) -> None:
    """Print a report on standard output; only a terminal gets colours."""
    if format_ == "terminal":
        from rich.console import Console

        console = Console(no_color="NO_COLOR" in os.environ or None, highlight=False)
        _terminal(console, scanned)
        return
    for chunk in FORMATS[format_].chunks(scanned):
        sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()


def _terminal(console: Console, scanned: Scanned) -> None:
    from scanner.report import terminal

    terminal.render(scanned.result, console)
    answer = scanned.answer
    console.print(f"Gate: {answer.reason} (exit code {int(answer.code)}).", markup=False)


def _say(notice: Notice) -> None:
    click.echo(f"note: {notice.text}", err=True)


def _plain_terminal(scanned: Scanned) -> Iterable[bytes]:
    from rich.console import Console

    file = io.StringIO()
    console = Console(file=file, width=_FILE_WIDTH, color_system=None, highlight=False)
    _terminal(console, scanned)
    return [file.getvalue().encode()]


def _json(scanned: Scanned) -> Iterable[bytes]:
    from scanner.report import json

    return json.render(scanned.result)


def _markdown(scanned: Scanned) -> Iterable[bytes]:
    from scanner.report import markdown

    return [markdown.render(scanned.result).encode()]


def _comment(scanned: Scanned) -> Iterable[bytes]:
    from scanner.report import markdown

    return [markdown.render(scanned.result, budget=_COMMENT_BYTES).encode()]


def _sarif(scanned: Scanned) -> Iterable[bytes]:
    from scanner.engine.control_files import load_controls
    from scanner.report import sarif

    evaluation, wanted = scanned.evaluation, scanned.sarif
    audit = wanted.profile == "audit"
    return sarif.render(
        scanned.result,
        scanned.snapshot.fetch,
        profile=wanted.profile,
        max_level=wanted.max_level,
        controls=load_controls(evaluation.packs, evaluation.loaded) if audit else None,
        on_notice=_say,
    )


def _csv(scanned: Scanned) -> Iterable[bytes]:
    from scanner.report import csv

    return csv.render(scanned.result)


def _junit(scanned: Scanned) -> Iterable[bytes]:
    from scanner.report import junit

    return junit.render(scanned.result)


def _html(scanned: Scanned) -> Iterable[bytes]:
    from scanner.engine.control_files import load_controls
    from scanner.report import html

    evaluation = scanned.evaluation
    controls = load_controls(evaluation.packs, evaluation.loaded)
    return html.render(scanned.result, evaluation.settings, controls=controls)


FORMATS: Final = {
    "terminal": Format(".txt", _plain_terminal),
    "json": Format(".json", _json),
    "markdown": Format(".md", _markdown),
    "pr-comment": Format("", _comment),
    "sarif": Format(".sarif", _sarif),
    "html": Format(".html", _html),
    "csv": Format(".csv", _csv),
    "junit": Format(".xml", _junit),
}
"""Every format: what `--format` takes, and what a file's ending asks for."""
