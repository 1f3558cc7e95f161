"""How severities become SARIF levels, and how high a level a file may have."""

from __future__ import annotations

from typing import Final, NamedTuple

from scanner.engine.result import Severity

LEVELS: Final = ("note", "warning", "error")
_LEVEL: Final = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
_SCORE: Final = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
}
_CEILING: Final = {
    "note": Severity.LOW,
    "warning": Severity.MEDIUM,
    "error": Severity.CRITICAL,
}


class Scale(NamedTuple):
    """Levels and scores of severities, none above what `highest` allows.

    GitHub's own check of a pull request fails on the level `error` and on the scores of high
    and critical alike, so the scores are held down together with the levels.
    """

    highest: str = "error"
    """One of `LEVELS`."""

    def level(self, severity: Severity) -> str:
        """Return `error`, `warning` or `note`."""
        return _LEVEL[self._held(severity)]

    def score(self, severity: Severity) -> str | None:
        """Return `security-severity` as GitHub reads it, `None` for what is only information."""
        return _SCORE.get(self._held(severity))

    def _held(self, severity: Severity) -> Severity:
        ceiling = _CEILING[self.highest]
        return ceiling if severity.rank < ceiling.rank else severity
