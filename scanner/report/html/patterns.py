"""Patterns of access: what a persona can do at workspaces, next to what was expected of it."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final, NamedTuple

from scanner.inventory.access.capabilities import AT_WORKSPACES
from scanner.inventory.access.conformity import persona_access, persona_lack, row_of
from scanner.inventory.fields import UNREAD

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from scanner.inventory.access.conformity import PersonaCan
    from scanner.inventory.estate import Estate
    from scanner.inventory.model.workspace import Workspace

_NAMED: Final = 2


class Fit(enum.StrEnum):
    """How a persona's access compares with what was expected, the most urgent first."""

    BOTH = "more and less"
    MORE = "more"
    LESS = "less"
    UNKNOWN = "unknown"
    NONE = "not in the matrix"
    EXPECTED = "as expected"


TOO_MUCH: Final = frozenset((Fit.BOTH, Fit.MORE))
"""The words that say that a persona can do what the matrix does not allow."""
SYMBOLS: Final = {
    Fit.BOTH: "▲▼",
    Fit.MORE: "▲",
    Fit.LESS: "▼",
    Fit.UNKNOWN: "?",
    Fit.NONE: "-",
    Fit.EXPECTED: "✓",
}


class Mark(NamedTuple):
    """What stands in a pattern for one capability."""

    symbol: str
    word: str
    tone: str


_MORE: Final = Mark("▲", "more", "more")
_MISSING: Final = Mark("▼", "lacks", "less")
_PARTLY: Final = Mark("▼", "in part", "less")
_UNKNOWN: Final = Mark("?", "unknown", "unknown")
_CAN: Final = Mark("✓", "can", "expected")
_HAS: Final = Mark("✓", "can", "none")
_MAY: Final = Mark("○", "may", "none")
_CANNOT: Final = Mark("·", "no", "none")
MARKS: Final = (
    (_CAN, "can, and may"),
    (_MORE, "can, and may not"),
    (_MISSING, "promised, and cannot"),
    (_PARTLY, "promised, and can only some of it"),
    (_MAY, "may, and cannot"),
    (_UNKNOWN, "not readable"),
    (_CANNOT, "neither can nor may"),
)
"""Each mark with what it means."""


class Pattern(NamedTuple):
    """What a persona can do, and what was expected: the same for every workspace that has it."""

    persona: str
    fit: Fit
    can: tuple[str, ...]
    whole: bool
    """Nothing else can be hidden in what was not read."""
    allowed: tuple[str, ...]
    promised: tuple[str, ...]
    lack: tuple[str, ...]
    compared: bool
    """The matrix has a row for the workspace, as far as one can tell, and a cell for the persona."""

    @property
    def excess(self) -> tuple[str, ...]:
        """What it can do and may not."""
        return tuple(name for name in self.can if name not in self.allowed)

    @property
    def summary(self) -> str:
        """The first of what is missing and of what is too much, in a few words."""
        parts = []
        if self.fit in {Fit.BOTH, Fit.LESS}:
            parts.append(f"lacks {first(self.lack)}")
        if self.fit in TOO_MUCH:
            parts.append(f"has {first(self.excess)}")
        return "; ".join(parts)

    def marks(self) -> list[Mark]:
        """Return what stands below each capability."""
        return [self._mark(name) for name in AT_WORKSPACES]

    def _mark(self, name: str) -> Mark:
        if name in self.lack:
            return _PARTLY if name in self.can else _MISSING
        if name in self.can:
            if not self.compared:
                return _HAS
            return _CAN if name in self.allowed else _MORE
        if not self.whole:
            return _UNKNOWN
        return _MAY if name in self.allowed else _CANNOT


def patterns_at(workspace: Workspace, estate: Estate) -> list[Pattern]:
    """Return the pattern of each persona at a workspace, in the order of the config."""
    row = row_of(workspace, estate)
    cells = None if row is UNREAD else row or {}
    found = persona_lack(workspace, estate)
    lacks: dict[str, list[str]] = {}
    for lack in found if isinstance(found, tuple) else ():
        lacks.setdefault(lack.persona, []).append(lack.capability)
    return [
        pattern_of(one, cells, tuple(lacks.get(one.persona, ())))
        for one in persona_access(workspace, estate)
    ]


def pattern_of(
    one: PersonaCan, cells: Mapping[str, object] | None, lack: tuple[str, ...]
) -> Pattern:
    """Return how a persona's access compares with the matrix.

    `cells` is the row of the matrix, empty where it has none, `None` where nobody can tell.
    """
    whole = one.can.complete
    excess = any(name not in one.allowed for name in one.can)
    if cells is None:
        fit = Fit.UNKNOWN
    elif one.persona not in cells:
        fit = Fit.NONE
    elif excess:
        fit = Fit.BOTH if lack else Fit.MORE
    elif lack:
        fit = Fit.LESS
    else:
        fit = Fit.EXPECTED if whole else Fit.UNKNOWN
    compared = cells is not None and one.persona in cells
    expected = (one.allowed, one.promised)
    return Pattern(one.persona, fit, tuple(one.can), whole, *expected, lack, compared)


def first(names: Iterable[str]) -> str:
    """Return the first two names, and how many more there are."""
    every = list(names)
    rest = len(every) - _NAMED
    return ", ".join(every[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")
