"""Markdown pages that stay within a number of bytes, as job summaries and comments have to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_RESERVE: Final = 200


class Page:
    """Blocks of text that together stay within a number of bytes."""

    def __init__(self, budget: int) -> None:
        self._left = budget - _RESERVE
        self._blocks: list[str] = []

    def add(self, block: str) -> bool:
        """Add a block if it still fits, and tell whether it did."""
        size = len(block.encode()) + 2
        if size > self._left:
            return False
        self._left -= size
        self._blocks.append(block)
        return True

    def add_table(self, heading: str, head: str, rows: Iterable[str]) -> int:
        """Add a table with as many rows as fit, and return how many are left out."""
        taken: list[str] = []
        waiting = list(rows)
        size = len(f"{heading}{head}".encode()) + 8
        for row in waiting:
            size += len(row.encode()) + 1
            if size > self._left:
                break
            taken.append(row)
        if taken:
            self.add("\n".join((f"{heading}\n\n{head}", *taken)))
        return len(waiting) - len(taken)

    def text(self, *, last: str) -> str:
        """Return the page with a last line, for which room was kept."""
        return "\n\n".join((*self._blocks, last)) + "\n" if last else self._joined()

    def _joined(self) -> str:
        return "\n\n".join(self._blocks) + "\n"


def table_row(cells: Sequence[str]) -> str:
    """Return a row of a table; the cells are Markdown already."""
    return f"| {' | '.join(cells)} |"


def table_line(columns: int, numbers_from: int) -> str:
    """Return the line below a table's head; columns from `numbers_from` on are numbers."""
    return table_row(["---" if n < numbers_from else "---:" for n in range(columns)])
