"""The syntax of template expressions: from text to nodes."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

import msgspec

_DEEPEST = 64
_MOST_ARGUMENTS = 128
_DIGITS = 19
"""Of the largest 64-bit integer."""
_LONGEST = 81_920
"""Azure Policy's own limits on an expression."""

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')"
    r"|(?P<number>-?[0-9]+(?:\.[0-9]+)?)"
    r"|(?P<name>[A-Za-z_$][A-Za-z0-9_$]*)"
    r"|(?P<sign>[()\[\],.])"
    r"|(?P<end>\Z))"
)
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None}


class LiteralValue(msgspec.Struct, frozen=True):
    """A text, a number, `true`, `false` or `null`."""

    value: Any


class Call(msgspec.Struct, frozen=True):
    """A function call; `position` is where its name begins in the expression's text."""

    name: str
    arguments: tuple[Node, ...]
    position: int


class Property(msgspec.Struct, frozen=True):
    """`target.name`."""

    target: Node
    name: str


class Index(msgspec.Struct, frozen=True):
    """`target[index]`, with a position in an array or the name of a property."""

    target: Node
    index: Node


Node: TypeAlias = LiteralValue | Call | Property | Index


def parse(text: str) -> Node:
    """Return the node of an expression, given with its outer brackets.

    Raises:
        ValueError: not an expression; says at which character, and what was expected there.
    """
    if len(text) > _LONGEST:
        raise ValueError(f"an expression has at most {_LONGEST} characters, this one {len(text)}")
    parser = _Parser(text)
    parser.take("[")
    node = parser.node(1)
    parser.take("]")
    if parser.kind != "end":
        raise parser.error("the end of the expression")
    return node


class _Parser:
    """Reads one token ahead."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.next_start = 0
        self.advance()

    def advance(self) -> None:
        found = _TOKEN.match(self.text, self.next_start)
        if found is None or found.lastgroup is None:
            rest = self.text[self.next_start :]
            place = self.next_start + len(rest) - len(rest.lstrip())
            what = "unclosed text" if self.text[place] == "'" else "unexpected character"
            raise ValueError(f"character {place + 1}: {what} {self.text[place]!r}")
        self.kind = found.lastgroup
        self.token = found[self.kind]
        self.start = found.start(self.kind)
        self.next_start = found.end()

    def error(self, expected: str) -> ValueError:
        got = repr(self.token) if self.kind != "end" else "the end"
        return ValueError(f"character {self.start + 1}: expected {expected}, found {got}")

    def take(self, sign: str) -> None:
        if self.kind != "sign" or self.token != sign:
            raise self.error(repr(sign))
        self.advance()

    def at(self, sign: str) -> bool:
        return self.kind == "sign" and self.token == sign

    def node(self, depth: int) -> Node:
        if depth > _DEEPEST:
            raise ValueError(f"character {self.start + 1}: nested more than {_DEEPEST} deep")
        node = self.primary(depth)
        while self.at(".") or self.at("["):
            if self.at("."):
                self.advance()
                node = Property(node, self.name("a property name"))
            else:
                self.advance()
                node = Index(node, self.node(depth + 1))
                self.take("]")
        return node

    def name(self, expected: str) -> str:
        if self.kind != "name":
            raise self.error(expected)
        name = self.token
        self.advance()
        return name

    def primary(self, depth: int) -> Node:
        kind, token, start = self.kind, self.token, self.start
        if kind not in {"text", "number", "name"}:
            raise self.error("a function, a text in single quotes or a number")
        self.advance()
        if kind == "text":
            return LiteralValue(token[1:-1].replace("''", "'"))
        if kind == "number":
            return LiteralValue(_number(token, start))
        if not self.at("(") and token.lower() in _WORDS:
            return LiteralValue(_WORDS[token.lower()])
        return Call(token, self.arguments(depth), start)

    def arguments(self, depth: int) -> tuple[Node, ...]:
        self.take("(")
        found: list[Node] = []
        while not self.at(")"):
            if found:
                self.take(",")
            found.append(self.node(depth + 1))
            if len(found) > _MOST_ARGUMENTS:
                raise self.error(f"at most {_MOST_ARGUMENTS} arguments")
            if not self.at(",") and not self.at(")"):
                raise self.error("',' or ')'")
        self.advance()
        return tuple(found)


def _number(token: str, start: int) -> int | float:
    value = float(token) if "." in token else int(token[:20])
    if len(token) > _DIGITS or not -(2**63) <= value < 2**63:
        raise ValueError(f"character {start + 1}: the number {token[:20]} is too long")
    return value
