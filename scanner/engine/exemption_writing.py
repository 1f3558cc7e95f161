"""Adds an entry to an exemptions file and leaves every other byte of it as it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import yaml

from scanner import documents, scalars
from scanner.errors import ExemptionError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_HEAD: Final = "# Exemptions: which findings are accepted, by whom, why, and until which day.\n"
_KEY: Final = "exemptions"
_BOM: Final = "\ufeff"
_BY_HAND: Final = "Write the entry into the file by hand; `azmlscan exemptions check` checks it."


class _Dumper(yaml.SafeDumper):
    """Quotes the text that our reader would take for a number, and PyYAML's would not (`0E0`)."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None if scalars.is_text(text) else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _text)


def with_entry(content: bytes, path: Path, entry: Mapping[str, Any], comment: str) -> bytes:
    """Return an exemptions file with one more exemption, below a comment of one line.

    An empty file becomes one that holds the entry alone. The entry is put after the last one.

    Raises:
        ExemptionError: the file is wrong as it is, is JSON, or is laid out so that nothing can
            be put between its lines.
    """
    if path.suffix.lower() == ".json":
        raise ExemptionError(path, "is JSON, which has no comments", hint=_BY_HAND)
    if not content.strip():
        return (_HEAD + _added("", path, entry, comment)).encode()
    before = documents.parse(content, path, error=ExemptionError)
    documents.check(before, _KEY)
    text = content.decode("utf-8")
    mark = _BOM if text.startswith(_BOM) else ""
    text = text.removeprefix(_BOM)
    newline = "\r\n" if "\r\n" in text else "\n"
    added = _added(text, path, entry, comment, newline=newline)
    found = (mark + added).encode()
    _check(found, path, before.data, entry)
    return found


def _added(
    text: str, path: Path, entry: Mapping[str, Any], comment: str, *, newline: str = "\n"
) -> str:
    root: Any = yaml.compose(text, Loader=yaml.SafeLoader) if text else None
    node = _member(root)
    if node is None:
        if root is not None and root.flow_style:
            raise ExemptionError(path, "is written in braces", hint=_BY_HAND)
        end = len(text)
        block = f"{_KEY}:\n{_block(entry, comment, 2)}"
    elif node.flow_style and node.value:
        line = node.start_mark.line + 1
        raise ExemptionError(path, "is written in brackets", line=line, place=_KEY, hint=_BY_HAND)
    elif node.flow_style:
        start, end = node.start_mark.index, node.end_mark.index
        text = text[:start].rstrip(" ") + text[end:]
        end = _line_end(text, len(text[:start].rstrip(" ")))
        block = _block(entry, comment, 2)
    else:
        end = _end(text, node)
        block = _block(entry, comment, node.start_mark.column)
    head = text[:end]
    if head and not head.endswith("\n"):
        head += newline
    return head + block.replace("\n", newline) + text[end:]


def _member(root: Any) -> Any:
    """Return the node of the list of exemptions, `None` where there is none."""
    if root is None:
        return None
    return next((value for key, value in root.value if key.value == _KEY), None)


def _end(text: str, node: Any) -> int:
    """Return where the last line of a list ends."""
    last = node
    while not isinstance(last, yaml.ScalarNode) and last.value and not last.flow_style:
        last = last.value[-1]
        last = last[1] if isinstance(last, tuple) else last
    if last.end_mark.column == 0:
        return int(last.end_mark.index)
    return _line_end(text, last.end_mark.index)


def _line_end(text: str, start: int) -> int:
    found = text.find("\n", start)
    return len(text) if found < 0 else found + 1


def _block(entry: Mapping[str, Any], comment: str, indent: int) -> str:
    dumped = yaml.dump(
        [dict(entry)],
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=100,
        default_flow_style=False,
    )
    lines = [f"# {' '.join(comment.split())}", *dumped.splitlines()]
    return "".join(f"{' ' * indent}{line}\n" if line else "\n" for line in lines)


def _check(found: bytes, path: Path, before: Any, entry: Mapping[str, Any]) -> None:
    """Read the file back: it must say what it said, and the entry."""
    after = documents.parse(found, path, error=ExemptionError)
    documents.check(after, _KEY)
    wanted = {**before, _KEY: [*before.get(_KEY, ()), dict(entry)]}
    if after.data != wanted:
        raise ExemptionError(path, "is laid out so that nothing can be added", hint=_BY_HAND)


def new_id(rule: str, taken: set[str]) -> str:
    """Return an id for an exemption of a rule that no other one has."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "", rule) or "exemption"
    number = 1
    while f"{stem}-{number}".lower() in {each.lower() for each in taken}:
        number += 1
    return f"{stem}-{number}"
