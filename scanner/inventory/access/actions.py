"""The patterns that roles allow operations with: `*` stands for any characters, slashes included.

A whole segment `/*/` also stands for nothing: `workspaces/*/read` covers `workspaces/read`.
Patterns are compared without regard to case and have no other special characters.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

Matcher = Callable[[str], bool]
_STARS = re.compile(r"\*+")
_REMEMBERED = 1 << 16


@functools.lru_cache(maxsize=_REMEMBERED)
def matcher(pattern: str) -> Matcher:
    """Return the function that tells whether a pattern covers an operation."""
    lowered = _STARS.sub("*", pattern.lower())
    if "*" not in lowered:
        return lambda operation: operation.lower() == lowered
    expression = re.compile(_expression(lowered), re.DOTALL)
    return lambda operation: expression.fullmatch(operation.lower()) is not None


def _expression(pattern: str) -> str:
    """Translate a pattern; every star takes as little as will do and never gives any back.

    That is enough for globs, and it keeps a role with many stars from taking forever.
    """
    pieces: list[str] = []
    text, behind, position = "", "", 0
    while position < len(pattern):
        if pattern[position] != "*":
            text += pattern[position]
            position += 1
            continue
        pieces.append(behind + re.escape(text))
        whole = pattern[position - 1 : position] == "/" and pattern[position + 1 :][:1] == "/"
        # What follows `/*/` stands right after a slash, which may be the first of the two.
        behind, text = ("(?<=/)" if whole else ""), ""
        position += 2 if whole else 1
    first, *middle = pieces
    last = behind + re.escape(text)
    return first + "".join(f"(?>.*?{piece})" for piece in middle) + f".*{last}"
