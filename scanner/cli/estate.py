"""Opens what people hand over: a snapshot, or an export that becomes one for this run."""

from __future__ import annotations

import contextlib
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scanner.snapshot import Snapshot

_MANIFEST = "manifest.json"
_SKIPPED_SHOWN = 20


@contextlib.contextmanager
def opened(source: Path) -> Iterator[Snapshot]:
    """Yield the snapshot at a path; an export (a JSON file, `-`, a folder of JSON) is imported."""
    from scanner.snapshot import open_snapshot

    if str(source) != "-" and not source.exists():
        raise UsageError(
            f"there is no {source}",
            hint="Give a snapshot folder or .zip, or a JSON export of Azure resources.",
        )
    if source.suffix.lower() == ".zip" or (source.is_dir() and (source / _MANIFEST).exists()):
        with open_snapshot(source) as snapshot:
            yield snapshot
        return
    with (
        tempfile.TemporaryDirectory(prefix="azmlscan-") as folder,
        open_snapshot(_imported(source, Path(folder) / "snapshot")) as snapshot,
    ):
        yield snapshot


def _imported(source: Path, target: Path) -> Path:
    """Import an export into a snapshot that lives as long as the command."""
    from scanner.snapshot import import_exports, write_snapshot

    is_stdin = str(source) == "-"
    # The export's own time, so that scanning the same file again gives the same report.
    moment = datetime.now(UTC) if is_stdin else datetime.fromtimestamp(source.stat().st_mtime, UTC)
    imported = import_exports(["-" if is_stdin else source], now=moment)
    write_snapshot(target, imported.records, imported.header, compress=False)
    say_skipped(imported.skipped)
    return target


def say_skipped(notices: Sequence[str]) -> None:
    """Tell on stderr what an import left out; the notices may quote strings from Azure."""
    from scanner.report.text import one_line

    for notice in notices[:_SKIPPED_SHOWN]:
        click.echo(f"skipped: {one_line(notice)}", err=True)
    if len(notices) > _SKIPPED_SHOWN:
        click.echo(f"skipped: {len(notices) - _SKIPPED_SHOWN} more", err=True)
