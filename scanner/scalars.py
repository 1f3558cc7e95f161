"""What a scalar without quotes means in the YAML files that people write.

The words and numbers of YAML 1.2 and JSON and nothing else, so that `no`, `1_000`, `0o17` and
dates stay the text that they look like.
"""

from __future__ import annotations

import math
import re
from typing import Any, Final

_WORDS: Final = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_DECIMAL: Final = re.compile(
    r"[-+]?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,30})?(?:[eE][-+]?[0-9]{1,3})?"
)


def value(plain: str) -> Any:
    """Return the null, boolean or number that a scalar without quotes is, else its text."""
    if plain in _WORDS:
        return _WORDS[plain]
    if _INTEGER.fullmatch(plain):
        return int(plain)
    if _DECIMAL.fullmatch(plain) and math.isfinite(number := float(plain)):
        return number
    return plain


def is_text(plain: str) -> bool:
    """Tell whether a scalar without quotes is read as text, not as a number or a word."""
    return isinstance(value(plain), str)
