"""Who can do what in which workspace, grant by grant, for terminals and for Markdown."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from rich.text import Text

from scanner.report.access_matrix import NO_ENVIRONMENT, paragraph, summed
from scanner.report.text import markdown, one_line, plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

Row = dict[str, Any]

UNREADABLE: Final = "(not readable)"
"""What rows have for what was not read."""
_COLUMNS: Final = (
    "workspace",
    "environment",
    "principal",
    "type",
    "persona",
    "role",
    "at",
    "notes",
    "can",
)


def grants_table(rows: Sequence[Row], console: Console) -> None:
    """Print the grants of each workspace by principal, each with what it comes to."""
    for _, found in groupby(rows, lambda row: row["workspaceId"]):
        grants = list(found)
        head = (
            f"{grants[0]['workspace']} ({grants[0]['environment'] or NO_ENVIRONMENT.strip('()')})"
        )
        console.print(Text(one_line(head), style="bold"))
        for who, roles in groupby(grants, _who):
            paragraph(who, console, depth=1)
            for row in roles:
                for depth, line in _grant(row):
                    paragraph(line, console, depth=depth)
        console.print()
    console.print(counted(rows))


def _who(row: Row) -> str:
    persona = "persona not readable" if row["persona"] == UNREADABLE else row["persona"]
    about = [str(one) for one in (row["type"], persona) if one]
    return f"{row['principal']} ({', '.join(about)})" if about else str(row["principal"])


def _grant(row: Row) -> Iterator[tuple[int, str]]:
    if row["role"]:
        notes = f": {'; '.join(row['notes'])}" if row["notes"] else ""
        yield 2, f"{row['role']} at {row['at']}{notes}"
        yield 3, f"can {summed(row['can'])}" if row["can"] else "gives nothing here"


def grants_markdown(rows: Sequence[Row]) -> str:
    """Return one table of all grants, and their number."""
    lines = [f"| {' | '.join(_COLUMNS)} |", "|" + " --- |" * len(_COLUMNS)] if rows else []
    for row in rows:
        cells = [*(row[name] for name in _COLUMNS[:-2]), "; ".join(row["notes"]), _can(row)]
        lines.append(f"| {' | '.join(markdown(str(cell or '')) for cell in cells)} |")
    return "\n".join([*lines, "", counted(rows)]) + "\n"


def _can(row: Row) -> str:
    return summed(row["can"]) if row["role"] else "?"


def counted(rows: Sequence[Row]) -> str:
    """Return how many grants there are."""
    grants = [row for row in rows if row["role"]]
    workspaces = {row["workspaceId"] for row in rows}
    return f"{plural(len(workspaces), 'workspace')}, {plural(len(grants), 'grant')}"
