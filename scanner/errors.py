"""The expected failures, each shown to the user as one message without a traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from pathlib import Path


class ScannerError(Exception):
    """An expected failure: a message that says what is wrong and where, and a hint of what to do.

    `exit_code` is what the command ends with: 1 where the tool or its input data failed,
    2 where the user's own files or options are wrong.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class CollectError(ScannerError):
    """Azure could not be read at all."""


class SnapshotError(ScannerError):
    """A snapshot or an export cannot be read, or does not hold what its manifest says."""


class DocumentError(ScannerError):
    """A file that people write (config, rule, exemption) is wrong; names file, line and place."""

    exit_code = 2

    def __init__(
        self, path: Path | str, problem: str, *, line: int = 0, place: str = "", hint: str = ""
    ) -> None:
        where = f"{path}:{line}" if line else str(path)
        super().__init__(f"{where}: {place + ': ' if place else ''}{problem}", hint=hint)
        self.path = path
        self.line = line
        self.place = place
        self.problem = problem


class ConfigError(DocumentError):
    """The config file is wrong."""


class RuleError(DocumentError):
    """A rule file or a rule pack is wrong."""


class ExemptionError(DocumentError):
    """An exemptions file is wrong."""


class UsageError(ScannerError):
    """Options or arguments that do not go together or name something that does not exist."""

    exit_code = 2
