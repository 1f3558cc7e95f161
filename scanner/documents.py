"""The YAML and JSON documents that people write: config, rules, exemptions, policy definitions.

They are read as data and nothing else, and every message about them names a line. The YAML is
the part of it that has one meaning: mappings with text as keys, lists, text, `true`, `false`,
`null`, and numbers in decimal. `yes`, `no`, `on`, `off`, dates, `0x10`, `010` and `1_000` are
text, as written. Tags, merge keys and several documents in one file are refused.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn

import yaml
from yaml import events

from scanner import scalars, schemas
from scanner.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

MAX_BYTES: Final = 1 << 20
MAX_DEPTH: Final = 64
MAX_ALIASED: Final = 10_000
"""How many values all aliases of a document together may stand for."""

Place = tuple[str | int, ...]

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NEED_QUOTES: Final = ("mapping values are", "did not find expected alpha", "found character that")
"""What libyaml begins with where text without quotes is not read as text."""
_ESCAPE: Final = re.compile(
    r"\\\\|(?P<pair>\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\u[0-9a-fA-F]{4}"
)


class _Node(NamedTuple):
    value: Any
    line: int
    size: int
    """Values in it, itself included, with aliases written out."""
    depth: int = 0
    """Levels of nesting below it, with aliases written out."""
    text: str = ""
    members: dict[str, tuple[int, _Node]] | None = None
    """Of a mapping: key to the key's line and the value's node."""
    items: list[_Node] | None = None


class Document:
    """A document's data, and where in the file each part of it stands.

    `data` is made of dict, list, str, int, float, bool and None. An alias is the very object
    that it stands for, so the data must not be changed in place.
    """

    def __init__(self, path: Path | str, root: _Node, error: type[DocumentError]) -> None:
        self.path = path
        self.data: Any = root.value
        self._root = root
        self._error = error

    def line(self, place: Sequence[str | int]) -> int:
        """Return the line of a key or list item, or of the nearest part around it that exists."""
        return self._find(place)[0]

    def text(self, place: Sequence[str | int]) -> str:
        """Return a single value as it is written: `2026.10`, where the data has 2026.1."""
        return self._find(place)[1].text

    def error(
        self,
        place: Sequence[str | int],
        problem: str,
        hint: str = "",
        kind: type[DocumentError] | None = None,
    ) -> DocumentError:
        """Return an error with line and place, of the type given or that of loading."""
        found = kind or self._error
        return found(self.path, problem, line=self.line(place), place=show(place), hint=hint)

    def _find(self, place: Sequence[str | int]) -> tuple[int, _Node]:
        line, node = self._root.line, self._root
        for step in place:
            if node.members is not None and step in node.members:
                line, node = node.members[str(step)]
            elif node.items is not None and isinstance(step, int) and step < len(node.items):
                node = node.items[step]
                line = node.line
            else:
                break
        return line, node


def load(path: Path, *, error: type[DocumentError] = DocumentError) -> Document:
    """Read a document.

    Raises:
        DocumentError: of the type `error`; the file cannot be read, is larger than 1 MiB, is no
            UTF-8, or is not one document of the kind that this module reads.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as cause:
        raise error(path, f"cannot be read: {cause.strerror or cause}") from cause
    return parse(content, path, error=error)


def parse(
    content: bytes, path: Path | str, *, error: type[DocumentError] = DocumentError
) -> Document:
    """Read a document from memory; `path` is its name in messages, and `.json` makes it JSON."""
    if len(content) > MAX_BYTES:
        raise error(path, f"is larger than {MAX_BYTES // 1024} KiB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as cause:
        line = content.count(b"\n", 0, cause.start) + 1
        raise error(path, "is not UTF-8", line=line, hint="Save the file as UTF-8.") from cause
    if str(path).lower().endswith(".json"):
        text = _json_as_yaml(text, path, error)
    try:
        return Document(path, _Reader(text, path, error).document(), error)
    except yaml.YAMLError as cause:
        raise _syntax_error(cause, text, path, error) from cause


def check(document: Document, schema: str, *, error: type[DocumentError] | None = None) -> None:
    """Check a document against `scanner/schemas/<schema>.schema.json`.

    Raises:
        DocumentError: of the type `error`, or of the one the document was loaded with; names
            the line, the place and the problem, and the nearest valid name for a misspelt one.
    """
    from scanner.schemas.problems import first_problem  # noqa: PLC0415  (slow to import)

    problem = first_problem(document.data, schemas.load(schema))
    if problem is not None:
        raise document.error(problem.place, problem.text, problem.hint, kind=error)


def show(place: Sequence[str | int]) -> str:
    """Return a place as text: `rules.packs[0]`."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return "".join(steps).removeprefix(".")


class _Reader:
    """Makes nodes out of the parser's events, one document, with the limits of this module."""

    def __init__(self, text: str, path: Path | str, error: type[DocumentError]) -> None:
        self._events: Iterator[Any] = iter(yaml.parse(text, Loader=_LOADER))
        self._path = path
        self._error = error
        self._anchors: dict[str, _Node] = {}
        self._aliased = 0

    def document(self) -> _Node:
        next(self._events)
        if isinstance(next(self._events), events.StreamEndEvent):
            raise self._error(self._path, "is empty")
        root = self._node(next(self._events), ())
        next(self._events)
        after = next(self._events)
        if not isinstance(after, events.StreamEndEvent):
            self._fail(after, "starts a second document", hint="Keep one document per file.")
        return root

    def _node(self, event: Any, place: Place) -> _Node:
        if isinstance(event, events.AliasEvent):
            return self._alias(event, place)
        if event.tag is not None:
            self._fail(event, f"the tag {event.tag} is not supported", place)
        if len(place) + (not isinstance(event, events.ScalarEvent)) > MAX_DEPTH:
            self._fail(event, f"is nested more than {MAX_DEPTH} levels deep")
        match event:
            case events.ScalarEvent():
                node = _Node(_scalar(event), _line(event), 1, text=event.value)
            case events.SequenceStartEvent():
                node = self._sequence(event, place)
            case _:
                node = self._mapping(event, place)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: events.AliasEvent, place: Place) -> _Node:
        node = self._anchors.get(str(event.anchor))
        if node is None:
            problem = f"the alias *{event.anchor} stands for nothing written before"
            self._fail(event, problem, place, f"As text it has quotes: '*{event.anchor}'.")
        if len(place) + node.depth > MAX_DEPTH:
            self._fail(event, f"is nested more than {MAX_DEPTH} levels deep", place)
        self._aliased += node.size
        if self._aliased > MAX_ALIASED:
            self._fail(event, f"the aliases stand for more than {MAX_ALIASED} values", place)
        return node

    def _sequence(self, start: Any, place: Place) -> _Node:
        items: list[_Node] = []
        while not isinstance(event := next(self._events), events.SequenceEndEvent):
            items.append(self._node(event, (*place, len(items))))
        value = [item.value for item in items]
        return _Node(value, _line(start), *_extent(items), items=items)

    def _mapping(self, start: Any, place: Place) -> _Node:
        members: dict[str, tuple[int, _Node]] = {}
        while not isinstance(event := next(self._events), events.MappingEndEvent):
            key = self._key(event, members, place)
            members[key] = (_line(event), self._node(next(self._events), (*place, key)))
        value = {key: node.value for key, (_, node) in members.items()}
        inner = [node for _, node in members.values()]
        return _Node(value, _line(start), *_extent(inner), members=members)

    def _key(self, event: Any, members: dict[str, tuple[int, _Node]], place: Place) -> str:
        if not isinstance(event, events.ScalarEvent) or event.tag or event.anchor:
            self._fail(event, "a key must be plain text", place)
        key = str(event.value)
        if key == "<<" and event.implicit[0]:
            self._fail(event, "merge keys (<<) are not supported", place, "Write the keys out.")
        if key in members:
            first = members[key][0]
            self._fail(event, f"is there twice, first on line {first}", (*place, key))
        return key

    def _fail(self, event: Any, problem: str, place: Place = (), hint: str = "") -> NoReturn:
        raise self._error(self._path, problem, line=_line(event), place=show(place), hint=hint)


def _extent(inner: list[_Node]) -> tuple[int, int]:
    size = 1 + sum(node.size for node in inner)
    return size, 1 + max((node.depth for node in inner), default=0)


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _scalar(event: events.ScalarEvent) -> Any:
    return scalars.value(event.value) if event.implicit[0] else event.value


def _json_as_yaml(text: str, path: Path | str, error: type[DocumentError]) -> str:
    """Return JSON in the spelling that YAML shares with it, once it is known to be JSON."""
    try:
        json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as cause:
        raise error(path, f"is not JSON: {cause.msg}", line=cause.lineno) from cause
    except RecursionError as cause:
        raise error(path, f"is nested more than {MAX_DEPTH} levels deep") from cause
    except ValueError as cause:
        raise error(path, "holds a number that JSON does not have") from cause
    return _ESCAPE.sub(_unescaped, text.replace("\t", " "))


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _unescaped(match: re.Match[str]) -> str:
    """Return a JSON escape in YAML: as the character, since a key must not be too long there."""
    char: str = json.loads(f'"{match[0]}"')
    if not char.isascii() and char.isprintable():
        return char
    return f"\\U{ord(char):08x}" if match["pair"] else match[0]


def _syntax_error(
    cause: yaml.YAMLError, text: str, path: Path | str, error: type[DocumentError]
) -> DocumentError:
    mark = getattr(cause, "problem_mark", None)
    if mark is None:
        line = text.count("\n", 0, getattr(cause, "position", 0)) + 1
        return error(path, "holds a character that YAML does not allow", line=line)
    written = "".join(text.splitlines()[mark.line : mark.line + 1])
    problem = getattr(cause, "problem", None) or "cannot be understood"
    hint = "Indent with spaces, not with tabs." if re.match(r" *\t", written) else ""
    if not hint and problem.startswith(_NEED_QUOTES):
        hint = "Text that begins with * & @ ` % or ! or holds ': ' is put in quotes."
    kind = "JSON" if str(path).lower().endswith(".json") else "YAML"
    return error(path, f"is not {kind}: {problem}", line=mark.line + 1, hint=hint)
