"""The access matrix as a picture: who can do what in which workspace, next to what was expected.

Thousands of workspaces have few different patterns of access. So each cell says in a word how a
persona's access compares, and leads to its pattern, where every capability stands on its own.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from scanner.inventory.access.capabilities import AT_WORKSPACES
from scanner.inventory.access.conformity import persona_excess
from scanner.inventory.model.workspace import Workspace
from scanner.report.html.matrix import NO_ENVIRONMENT
from scanner.report.html.patterns import (
    MARKS,
    SYMBOLS,
    TOO_MUCH,
    Fit,
    Mark,
    Pattern,
    first,
    patterns_at,
)
from scanner.report.html.templating import resource_anchor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from scanner.inventory.estate import Estate

WORKSPACES: Final = 500
"""How many workspaces of an environment are shown, the worst first; the others are counted."""
PATTERNS: Final = 200
"""How many patterns of an environment are shown."""
_HUMP: Final = re.compile("[A-Z]")


class PatternView(NamedTuple):
    """A pattern in the table of an environment's patterns."""

    anchor: str
    pattern: Pattern
    workspaces: int
    marks: Sequence[Mark]


class CellView(NamedTuple):
    """How a persona's access at a workspace compares."""

    fit: Fit
    symbol: str
    summary: str
    anchor: str
    """Of its pattern, "" where that is not shown or as expected: fewer stops for the keyboard."""


class WorkspaceRow(NamedTuple):
    """A workspace and each persona's access to it."""

    name: str
    anchor: str
    cells: Sequence[CellView]


class EnvironmentView(NamedTuple):
    """The workspaces of an environment."""

    name: str
    anchor: str
    numbers: Sequence[tuple[Fit, int]]
    workspaces: int
    rows: Sequence[WorkspaceRow]
    left_out: int
    patterns: Sequence[PatternView]
    patterns_left_out: int


class AccessView(NamedTuple):
    """Every environment, and what its columns are."""

    personas: Sequence[str]
    capabilities: Sequence[Sequence[str]]
    """Names of capabilities, in pieces between which a line may end."""
    environments: Sequence[EnvironmentView]
    fits: Sequence[tuple[Fit, str]]
    marks: Sequence[tuple[Mark, str]]
    has_promises: bool
    """Without personas in the config nobody asks whether something promised is missing."""


class _Row(NamedTuple):
    workspace: Workspace
    patterns: Sequence[Pattern]


def access_view(estate: Estate) -> AccessView:
    """Return the access of every persona to every workspace, by environment."""
    rows: dict[str, list[_Row]] = {}
    for workspace in estate.all_of(Workspace):
        environment = estate.environment(workspace)
        name = environment if isinstance(environment, str) else ""
        rows.setdefault(name, []).append(_Row(workspace, patterns_at(workspace, estate)))
    names = sorted(rows, key=lambda name: (not name, name))
    personas = next(
        ([p.persona for p in row.patterns] for some in rows.values() for row in some), []
    )
    return AccessView(
        personas,
        [_HUMP.sub(r" \g<0>", name).split() for name in AT_WORKSPACES],
        [_environment(name, number, rows[name], estate) for number, name in enumerate(names, 1)],
        list(SYMBOLS.items()),
        MARKS,
        bool(estate.config.personas),
    )


def _environment(name: str, number: int, rows: Sequence[_Row], estate: Estate) -> EnvironmentView:
    anchor = f"access-{number}"
    counts = Counter(pattern for row in rows for pattern in row.patterns)
    patterns = sorted(counts, key=lambda each: _urgency(each, counts[each]))
    anchors = {each: f"{anchor}-{place}" for place, each in enumerate(patterns[:PATTERNS], 1)}
    fits = Counter(pattern.fit for row in rows for pattern in row.patterns)
    ordered = sorted(rows, key=_row_urgency)
    return EnvironmentView(
        name or NO_ENVIRONMENT,
        anchor,
        [(fit, fits[fit]) for fit in SYMBOLS],
        len(rows),
        [_row(row, anchors, estate) for row in ordered[:WORKSPACES]],
        len(ordered[WORKSPACES:]),
        [PatternView(anchors[each], each, counts[each], each.marks()) for each in anchors],
        len(patterns[PATTERNS:]),
    )


def _urgency(pattern: Pattern, number: int) -> tuple[int, int, Pattern]:
    return list(Fit).index(pattern.fit), -number, pattern


def _row_urgency(row: _Row) -> tuple[object, ...]:
    """Return the key that sorts the workspaces with the most that nobody expected first."""
    fits = Counter(pattern.fit for pattern in row.patterns)
    more = sum(len(p.excess) for p in row.patterns if p.fit in TOO_MUCH)
    return -fits[Fit.BOTH] - fits[Fit.MORE], -more, -fits[Fit.LESS], row.workspace.id.lower()


def _row(row: _Row, anchors: Mapping[Pattern, str], estate: Estate) -> WorkspaceRow:
    roles = _roles(row, estate)
    cells = [
        _cell(pattern, anchors.get(pattern, ""), roles.get(pattern.persona, ()))
        for pattern in row.patterns
    ]
    return WorkspaceRow(row.workspace.name, resource_anchor(row.workspace.id), cells)


def _cell(pattern: Pattern, anchor: str, roles: Iterable[str]) -> CellView:
    linked = "" if pattern.fit is Fit.EXPECTED else anchor
    through = f", by {first(roles)}" if roles else ""
    return CellView(pattern.fit, SYMBOLS[pattern.fit], pattern.summary + through, linked)


def _roles(row: _Row, estate: Estate) -> dict[str, Sequence[str]]:
    """Return the roles that give each persona more than the matrix allows."""
    if all(pattern.fit not in TOO_MUCH for pattern in row.patterns):
        return {}
    found: dict[str, dict[str, None]] = {}
    excess = persona_excess(row.workspace, estate)
    for one in excess if isinstance(excess, tuple) else ():
        name = one.role_name if isinstance(one.role_name, str) else "a role whose name is not known"
        found.setdefault(one.persona, {})[name] = None
    return {persona: list(names) for persona, names in found.items()}
