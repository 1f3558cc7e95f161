"""Making strings from Azure safe to show: control characters, Markdown, lengths.

Nothing that stands in a snapshot is trusted: a workspace may be named `<img src=x>`, and a
description may hold escape sequences that repaint a terminal.
"""

from __future__ import annotations

import re
from html import escape
from typing import Final

_UNSEEN: Final = (
    *range(0x09),
    *range(0x0B, 0x20),
    *range(0x7F, 0xA0),
    # Marks that reorder the text around them, so that what is read is not what is there.
    *range(0x202A, 0x202F),
    *range(0x2066, 0x206A),
    0x200E,
    0x200F,
    0x061C,
)
_CLEAN: Final = {
    **dict.fromkeys(_UNSEEN),
    **dict.fromkeys((0x2028, 0x2029), "\n"),
    # A lone surrogate cannot be written as UTF-8.
    **dict.fromkeys(range(0xD800, 0xE000), "\N{REPLACEMENT CHARACTER}"),
}
_SUSPECT: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_UNSEEN_BYTES: Final = re.compile(
    rb"\x7f|\xc2[\x80-\x9f]|\xd8\x9c|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]"
)
"""The same in UTF-8, but for what JSON escapes anyway."""
_MARKDOWN: Final = re.compile(r"[\\`*_\[\]~|]")
_FORMULA: Final = ("=", "+", "-", "@")
_ELLIPSIS: Final = "…"
_GROUP_ID: Final = re.compile(
    r"(?i)/subscriptions/[^/\s]+/resourceGroups/([^/\s]+)/providers/[^/\s]+/(?=[^/\s]+/[^/\s])"
)
_BREAK: Final = "&#8203;"
"""A space of no width: GitHub makes mentions and links of what follows `@` or `#` otherwise."""


def clean(text: str) -> str:
    """Return the text without control characters, but for line feeds and tabs."""
    return text.translate(_CLEAN) if _SUSPECT.search(text) else text


def json_escaped(encoded: bytes) -> bytes:
    """Return JSON in which what would steer a terminal stands as escapes; it means the same."""
    return _UNSEEN_BYTES.sub(lambda match: b"\\u%04x" % ord(match[0].decode()), encoded)


def one_line(text: str) -> str:
    """Return the text as one line, without control characters and runs of spaces."""
    return " ".join(clean(text).split())


def short_ids(text: str) -> str:
    """Return the text with its ARM ids cut down to group, type and name, for narrow places."""
    return _GROUP_ID.sub(rf"{_ELLIPSIS}/\1/{_ELLIPSIS}/", text)


def truncate(text: str, limit: int) -> str:
    """Return at most `limit` characters; a cut text ends with an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + _ELLIPSIS


def markdown(text: str, limit: int = 1_000) -> str:
    """Return the text as inline Markdown, good in a table cell, that shows it literally.

    It becomes one line of at most `limit` characters, before escaping.
    """
    escaped = truncate(one_line(text), limit).replace("&", "&amp;")
    escaped = _MARKDOWN.sub(r"\\\g<0>", escaped).replace("<", "&lt;").replace(">", "&gt;")
    escaped = _without_links(escaped)
    # At the start of a line these make a list, a quotation or a heading underline.
    return re.sub(r"^([-+=#]|\d+(?=[.)]))", rf"{_BREAK}\1", escaped)


def html(text: str, limit: int = 1_000) -> str:
    """Return the text as one line of HTML inside a Markdown page, where no Markdown is read."""
    return _without_links(escape(truncate(one_line(text), limit)))


def code(text: str, limit: int = 400) -> str:
    """Return the text as a Markdown code span, good in a table cell, whatever it holds."""
    line = truncate(one_line(text), limit).replace("|", "\\|")
    if not line:
        return ""
    ticks = "`" * (_longest_run(line) + 1)
    # CommonMark takes one space off each end, and a span may not begin with a backtick.
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def fence(text: str, language: str = "") -> str:
    """Return the text as a fenced Markdown block that it cannot end by itself."""
    body = clean(text).strip("\n")
    ticks = "`" * max(3, _longest_run(body) + 1)
    return f"{ticks}{language}\n{body}\n{ticks}"


def plural(number: int, noun: str) -> str:
    """Return `1 rule`, `2 rules`, `12,345 rules`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _without_links(text: str) -> str:
    """Return text of which GitHub makes no mentions, references and links by itself."""
    # References first: what breaks mentions has a number sign in it.
    broken = re.sub("#(?=[0-9])|GH-", rf"\g<0>{_BREAK}", text).replace("@", f"@{_BREAK}")
    broken = broken.replace("://", f":{_BREAK}//")
    return re.sub(r"(?i)\bwww\.", f"www{_BREAK}.", broken)


def csv_cell(value: object) -> str:
    """Return a value as a CSV cell that no spreadsheet takes for a formula."""
    text = "" if value is None else one_line(str(value))
    return f"'{text}" if text.startswith(_FORMULA) else text


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
