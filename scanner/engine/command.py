"""The command that mends a finding: a rule's template with the values of one resource."""

from __future__ import annotations

import functools
import re
import shlex
from typing import TYPE_CHECKING, Any, Final

from scanner.engine.message import Placeholder, parts
from scanner.engine.values import as_text
from scanner.inventory.paths import PathError
from scanner.inventory.plain import plain

if TYPE_CHECKING:
    from scanner.engine.context import Context

_LONGEST: Final = 1_000
_CLOSED: Final = re.compile(r"""(?s)\\.|'[^']*'|"(?:\\.|[^"\\])*"|(?<!\S)#[^\n]*\n""")
_OPENING: Final = re.compile(r"""['"]|(?<!\S)#""")
_READ_BY_CLI: Final = ("@", "-")
"""The Azure CLI takes a value that begins so for the name of a file to read, or for an option."""


class Command:
    """A shell command whose placeholders are field paths or `parameters.name`.

    The values come from Azure and the command is made to be pasted into a shell, so each one
    is quoted for where it stands: in the open, inside the template's quotes, in a comment.
    """

    def __init__(self, text: str, context: Context) -> None:
        """Raises PathError for an unknown placeholder, and for a quote that is not closed."""
        self._parts: list[str | tuple[Placeholder, str]] = []
        before = ""
        for part in parts(text.strip(), context):
            if isinstance(part, str):
                self._parts.append(part)
                before += part
            else:
                self._parts.append((part, _opened(before)))
                before += "x"
        if _opened(before) in {"'", '"'}:
            hint = "Write what a person fills in without apostrophes: <object id of the reader>."
            raise PathError("a quote of the command is not closed", hint)

    def render(self, resource: Any) -> str:
        """Return the command for a resource.

        What is absent or unread, and what no command line can hold safely, stays a
        placeholder for a person to fill in: `<workspace.name>`.
        """
        return "".join(
            part if isinstance(part, str) else _filled(*part, resource) for part in self._parts
        )


def _opened(text: str) -> str:
    """Return the quote that a text leaves open, `#` inside a comment, "" for neither."""
    found = _OPENING.search(_CLOSED.sub("x", text))
    return found[0] if found else ""


def _filled(placeholder: Placeholder, quote: str, resource: Any) -> str:
    value = placeholder.get(resource)
    if not isinstance(value, str):
        value = plain(value)
    texts = [_argument(item, quote) for item in (value if isinstance(value, list) else [value])]
    if not texts or None in texts:
        return f"<{placeholder.path}>"
    return " ".join(text for text in texts if text is not None)


def _argument(value: Any, quote: str) -> str | None:
    """Return a value as it may stand in a command line, `None` for one that may not."""
    text = as_text(value)
    return _quoted(text, quote) if text else None


@functools.lru_cache(maxsize=1 << 12)
def _quoted(text: str, quote: str) -> str | None:
    if len(text) > _LONGEST or text.startswith(_READ_BY_CLI) or not text.isprintable():
        return None
    quoted = shlex.quote(text)
    if quoted == text or quote == "#":
        return text
    return f"{quote}{quoted}{quote}"
