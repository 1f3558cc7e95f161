"""Plain tables for a terminal or a pipe: aligned columns, one line a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanner.report.text import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence


def aligned(rows: Sequence[Sequence[str]], *, numbers_from: int | None = None) -> list[str]:
    """Return rows as lines with aligned columns; columns from `numbers_from` on to the right.

    Cells lose their control characters and line breaks. The last column is not padded.
    """
    cells = [[one_line(cell) for cell in row] for row in rows]
    if not cells:
        return []
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    lines = []
    for row in cells:
        padded = [
            cell.rjust(width)
            if numbers_from is not None and column >= numbers_from
            else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(padded).rstrip())
    return lines
