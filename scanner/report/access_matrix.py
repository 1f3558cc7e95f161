"""Each persona at each workspace next to the access matrix, for terminals and for Markdown.

A grid at a terminal: three letters for each capability, and in each cell a word, so that nothing
hangs on colour. Workspaces at which a persona can do the same stand in one line. What is too much
or too little is said in whole words below, with the roles that it comes from.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from rich.text import Text

from scanner.inventory.access.capabilities import AT_WORKSPACES
from scanner.report.text import markdown, one_line, plural, truncate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from rich.console import Console

Row = dict[str, Any]

_CODES: Final = {
    "manageAccess": "acc",
    "createWorkspace": "new",
    "deleteWorkspace": "del",
    "manageNetwork": "net",
    "manageCompute": "cmp",
    "useCompute": "use",
    "runJobs": "job",
    "manageAssets": "ast",
    "deployModels": "dep",
    "readSecrets": "sec",
    "readData": "rda",
    "writeData": "wda",
    "read": "see",
}
_WORDS: Final = {
    "may": "the matrix allows it; in the line of a persona, above those of workspaces",
    "due": "the matrix promises it; there too",
    "yes": "can",
    "OVR": "can, and the matrix does not allow it",
    "LCK": "cannot, or not all of it, and the matrix promises it",
    "?": "nobody could read whether",
    ".": "neither",
}
_STYLES: Final = {"OVR": "bold red", "LCK": "bold yellow", "?": "yellow", ".": "dim"}
_LABEL: Final = 25
_CELL: Final = 4
_FEW: Final = 4
_INDENT: Final = 2
_ABREAST: Final = 3
_NARROW: Final = 20
NO_ENVIRONMENT: Final = "(no environment)"
_NOT_COMPARED: Final = "not in the matrix"


def matrix_table(rows: Sequence[Row], console: Console) -> None:
    """Print the grid of each environment, then what is beyond the matrix and what is missing."""
    for environment, found in _by_environment(rows):
        names = {row["workspace"] for row in found}
        heading = f"{one_line(environment)}, {plural(len(names), 'workspace')}"
        console.print(Text(heading, style="bold"))
        header = " " * _LABEL + "".join(f" {_CODES[name]}" for name in AT_WORKSPACES)
        console.print(Text(header, style="dim"), soft_wrap=True)
        for line in _grid(found):
            console.print(line, soft_wrap=True)
        console.print()
    for legend in _legend():
        console.print(Text(legend, style="dim"), soft_wrap=True)
    for title, differences in _differences(rows):
        if differences:
            console.print(Text(f"\n{title}", style="bold"))
        for one in differences:
            paragraph(one.text, console, depth=1)
            for way in one.ways:
                paragraph(f"by {way}", console, depth=2)
    console.print(f"\n{counted(rows)}")


def paragraph(text: str, console: Console, *, depth: int) -> None:
    """Print text as one paragraph, its further lines as far in as the first."""
    indent = _INDENT * depth
    for line in Text(one_line(text)).wrap(console, max(console.width - indent, _NARROW)):
        line.rstrip()
        console.print(Text(" " * indent).append_text(line), soft_wrap=True)


def _by_environment(rows: Iterable[Row]) -> Iterator[tuple[str, list[Row]]]:
    for environment, found in groupby(rows, lambda row: row["environment"]):
        yield environment or NO_ENVIRONMENT, list(found)


def _by_persona(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["persona"], []).append(row)
    return found


def _grid(rows: Sequence[Row]) -> Iterator[Text]:
    for persona, found in _by_persona(rows).items():
        if found[0]["allowed"] is not None:
            yield _line(persona, _expected(found[0]), "bold")
        elif any(row["can"] for row in found):
            yield Text(f"{_label_of(persona)} {_NOT_COMPARED}", style="bold")
        else:
            continue
        patterns: dict[tuple[str, ...], list[Row]] = {}
        for row in found:
            patterns.setdefault(tuple(_has(row)), []).append(row)
        for words, alike in patterns.items():
            yield _line(f"  {_label(alike, len(found))}", words, "")


def _label(alike: Sequence[Row], of: int) -> str:
    if len(alike) == 1:
        return one_line(alike[0]["workspace"])
    return f"{'all ' if len(alike) == of else ''}{len(alike)} workspaces"


def _line(label: str, words: Iterable[str], style: str) -> Text:
    line = Text(_label_of(label), style=style)
    for word in words:
        line.append(f"{word:>{_CELL}}", style=_STYLES.get(word, ""))
    return line


def _label_of(text: str) -> str:
    return truncate(text, _LABEL).ljust(_LABEL)


def _expected(row: Row) -> Iterator[str]:
    for name in AT_WORKSPACES:
        if name in (row["promised"] or ()):
            yield "due"
        else:
            yield "may" if name in (row["allowed"] or ()) else "."


def _has(row: Row) -> Iterator[str]:
    for name in AT_WORKSPACES:
        if name in row["lack"]:
            yield "LCK"
        elif name in row["can"]:
            yield "OVR" if name in row["excess"] else "yes"
        else:
            yield "?" if "?" in row["can"] else "."


def _legend() -> Iterator[str]:
    codes = [f"{code} {name}".ljust(_LABEL) for name, code in _CODES.items()]
    for start in range(0, len(codes), _ABREAST):
        yield "".join(codes[start : start + _ABREAST]).rstrip()
    for word, meaning in _WORDS.items():
        yield f"{word:>{_CELL - 1}}: {meaning}"


class _Difference(NamedTuple):
    """What is too much or too little for one persona at a workspace, and where it comes from."""

    text: str
    ways: Sequence[str]


def _differences(rows: Sequence[Row]) -> Iterator[tuple[str, list[_Difference]]]:
    """Yield what differs from the matrix, in whole words."""
    beyond = [
        _Difference(
            f"{_place(row)}: {row['persona']} can {', '.join(row['excess'])}",
            [way_of(way) for way in row["excessThrough"]],
        )
        for row in rows
        if row["excess"]
    ]
    missing = [
        _Difference(f"{_place(row)}: {row['persona']} cannot {', '.join(row['lack'])}", ())
        for row in rows
        if row["lack"]
    ]
    yield "Beyond the matrix", beyond
    yield "Less than the matrix promises", missing


def _place(row: Row) -> str:
    return f"{row['workspace']} ({row['environment']})"


def way_of(way: Mapping[str, Any]) -> str:
    """Return the assignment that a capability comes from, in words."""
    notes = ", to be activated" if way["eligible"] else ""
    return f"{way['role']} of {way['principal']} at {way['at']}{notes}"


def counted(rows: Sequence[Row]) -> str:
    """Return how many workspaces there are, and how many differ from the matrix."""

    def number(chosen: Iterable[Row]) -> int:
        return len({row["workspaceId"] for row in chosen})

    total, none = number(rows), number(row for row in rows if row["allowed"] is None)
    parts = [
        f"{number(row for row in rows if row['excess'])} with more than the matrix allows",
        f"{number(row for row in rows if row['lack'])} with less than it promises",
    ]
    if none:
        parts.append(f"{none} that it says nothing of, or not of everybody")
    return f"{plural(total, 'workspace')}: {', '.join(parts)}."


def matrix_markdown(rows: Sequence[Row]) -> str:
    """Return a table of workspaces and personas for each environment, the matrix in its first rows."""
    lines: list[str] = []
    for environment, found in _by_environment(rows):
        personas = _by_persona(found)
        lines += [f"### {markdown(environment)}", ""]
        lines += [f"| workspace | {' | '.join(map(markdown, personas))} |"]
        lines += ["|" + " --- |" * (len(personas) + 1)]
        for title, key in (("matrix: may", "allowed"), ("matrix: promised", "promised")):
            cells = (_matrix_cell(some[0][key]) for some in personas.values())
            lines.append(f"| *{title}* | {' | '.join(f'*{cell}*' for cell in cells)} |")
        for _, some in groupby(found, lambda row: row["workspaceId"]):
            lines.append(_workspace_line(list(some)))
        lines.append("")
    for title, differences in _differences(rows):
        if differences:
            lines += [f"**{title}**", ""]
            for one in differences:
                lines.append(f"- {markdown(one.text)}")
                lines += [f"  - by {markdown(way)}" for way in one.ways]
            lines.append("")
    lines.append(counted(rows))
    return "\n".join(lines) + "\n"


def _matrix_cell(names: Sequence[str] | None) -> str:
    return _NOT_COMPARED if names is None else summed(names)


def _workspace_line(rows: Sequence[Row]) -> str:
    return f"| {markdown(rows[0]['workspace'])} | {' | '.join(map(_cell, rows))} |"


def _cell(row: Row) -> str:
    held = [name for name in row["can"] if name not in row["excess"]]
    text = summed(held)
    if row["excess"]:
        text = f"{text}; **beyond: {', '.join(row['excess'])}**"
    if row["lack"]:
        text = f"{text}; **lacks: {', '.join(row['lack'])}**"
    return text


def summed(names: Sequence[str]) -> str:
    """Return capabilities at a workspace in few words: all of them, or all but some."""
    held = [name for name in AT_WORKSPACES if name in names]
    missing = [name for name in AT_WORKSPACES if name not in names]
    more = " (not all was read)" if "?" in names else ""
    if not held:
        return f"nothing{more}"
    if len(missing) > _FEW:
        return ", ".join(held) + more
    return ("everything but " + ", ".join(missing) if missing else "everything") + more
