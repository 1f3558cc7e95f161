"""What the condition of a role assignment limits: the operations that it says anything about."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from scanner.inventory.access.capabilities import ALL, CONTROL, DATA, covered
from scanner.inventory.fields import UNREAD

if TYPE_CHECKING:
    from scanner.inventory.fields import Maybe

_MATCHES = re.compile(r"\bActionMatches\s*\{", re.IGNORECASE)
_EXCEPT = re.compile(r"!\s*\(?\s*ActionMatches\s*\{\s*'([^']*)'\s*\}", re.IGNORECASE)
_REMEMBERED = 1 << 12


@functools.lru_cache(maxsize=_REMEMBERED)
def limited_by(condition: Maybe[str]) -> tuple[int, int]:
    """Return the operations that a condition limits for certain, and those that it may limit.

    `!(ActionMatches{'…'}) OR …` lets every other operation pass. A condition that does not have
    that form, or names no operation, is taken to limit all of them.
    """
    if condition is UNREAD:
        return 0, ALL
    if not isinstance(condition, str):
        return 0, 0
    patterns = _EXCEPT.findall(condition)
    if not patterns or len(patterns) != len(_MATCHES.findall(condition)):
        return ALL, ALL
    mask = 0
    for pattern in patterns:
        mask |= covered(pattern, CONTROL) | covered(pattern, DATA)
    return mask, mask
