"""Writes what a command made: to a file, whole or not at all, or to standard output."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pathlib import Path


def write_text(data: bytes, path: Path | None) -> None:
    """Write UTF-8 to a file, or to standard output where there is none."""
    from scanner.files import write_atomic

    if path is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    write_atomic(path, [data])
    click.echo(f"wrote {path}", err=True)
