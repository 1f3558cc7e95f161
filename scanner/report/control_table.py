"""How an estate meets its controls, as tables for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.table import Table

from scanner.engine.controls import Status, slug
from scanner.report.control_results import COLUMNS, WORDS, basis, notices, numbers, overview
from scanner.report.summary import estate_name, short_digest
from scanner.report.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from scanner.engine.result import ScanResult
    from scanner.report.control_results import FrameworkResult

_STYLES: Final = {Status.FAIL: "red", Status.UNKNOWN: "yellow", Status.PASS: "green"}
_WIDE: Final = 100
"""From so many columns on, the tables say which rules answer a control."""


def print_table(
    result: ScanResult, frameworks: Sequence[FrameworkResult], console: Console
) -> None:
    """Print an overview, and for each framework a table and what its numbers do not say."""
    heading = f"Controls of {one_line(estate_name(result))}, snapshot {short_digest(result)}"
    _print(console, heading, "")
    head, *rows = overview(frameworks)
    console.print(_filled(_table(head, numbers_from=1), rows))
    for found in frameworks:
        framework = found.framework
        console.print(f"\n{framework.framework}: {framework.title}", style="bold", markup=False)
        _print(console, found.sentence())
        console.print(_controls(found, rules=console.width >= _WIDE))
        _print(console, *_notices(found))
    _print(console, "", *_notes(result), " ".join(basis(result)))


def _print(console: Console, *lines: str) -> None:
    for line in lines:
        console.print(line, markup=False, highlight=False)


def _notices(found: FrameworkResult) -> Iterator[str]:
    """Yield what the numbers do not say, once where it holds for several controls."""
    about: dict[str, list[str]] = {}
    for result in found.results:
        for text in notices(result):
            about.setdefault(one_line(text), []).append(slug(result.control.id))
    for text, names in about.items():
        yield f"  {', '.join(names)}: {text}"


def _notes(result: ScanResult) -> Iterator[str]:
    for note in result.exemptions.notes if result.exemptions is not None else ():
        name = f"{note.place} ({note.id})" if note.id else note.place
        yield one_line(f"{note.kind.value}: {name} {note.text}")


def _table(head: Sequence[str], *, numbers_from: int) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 1, 0, 0))
    table.add_column(head[0], overflow="fold")
    for at, name in enumerate(head[1:], start=1):
        table.add_column(name, justify="right" if at >= numbers_from else "left")
    return table


def _filled(table: Table, rows: Sequence[Sequence[str]]) -> Table:
    for row in rows:
        table.add_row(*row)
    return table


def _controls(found: FrameworkResult, *, rules: bool) -> Table:
    table = _table(("control", "status"), numbers_from=2)
    table.columns[1].no_wrap = True
    for name in COLUMNS:
        table.add_column(name, justify="right", no_wrap=True)
    if rules:
        table.add_column("rules", overflow="fold")
    for result in found.results:
        cells = [slug(result.control.id), WORDS[result.status], *numbers(result)]
        if rules:
            cells.append(", ".join(answer.rule_id for answer in result.answers))
        table.add_row(*cells, style=_STYLES.get(result.status, ""))
    return table
