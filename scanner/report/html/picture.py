"""Where the boxes and arrows of a workspace's network stand: internet at the left, the rest right.

The picture is narrow, so that its text stays readable on a phone without zooming.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final, NamedTuple

from scanner.report.html.network import Reach
from scanner.report.text import one_line, truncate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scanner.report.html.network import Group, Node

WIDTH: Final = 380
INTERNET_WIDTH: Final = 40
BORDER: Final = 112
"""Where the private side begins."""
BOX_LEFT: Final = 124
BOX_WIDTH: Final = 248
_NAME: Final = 32
_DETAIL: Final = 38
_LINES: Final = 4
_HEADING: Final = 22
_GAP: Final = 8
_LINE: Final = 13
_FIRST_LINE: Final = 17


class Box(NamedTuple):
    """A box with its text, and the line to it from the internet."""

    node: Node
    y: int
    height: int
    name: str
    detail: Sequence[tuple[int, str]]
    """Baseline and text of each line below the name."""
    line_end: int
    """Where the line from the internet ends, 0 without one: at the border if it is closed."""


class Heading(NamedTuple):
    """The title of a group."""

    y: int
    text: str


class Picture(NamedTuple):
    """All shapes of a picture `WIDTH` wide."""

    height: int
    headings: Sequence[Heading]
    boxes: Sequence[Box]


def draw(groups: Sequence[Group]) -> Picture:
    """Return the shapes of a network's picture, from the top down."""
    headings, boxes, y = [], [], 0
    for group in groups:
        y += _HEADING
        headings.append(Heading(y - 5, group.title))
        for node in group.nodes:
            box = _box(node, y)
            boxes.append(box)
            y += box.height + _GAP
    return Picture(y + _GAP, headings, boxes)


def _box(node: Node, y: int) -> Box:
    wrapped = textwrap.wrap(
        one_line(node.detail), _DETAIL, max_lines=_LINES, placeholder="…", break_on_hyphens=False
    )
    detail = [(y + _FIRST_LINE + _LINE * number, line) for number, line in enumerate(wrapped, 1)]
    ends = {Reach.NONE: 0, Reach.CLOSED: BORDER - 6, Reach.UNKNOWN: BORDER - 6}
    return Box(
        node,
        y,
        _FIRST_LINE + _LINE * len(wrapped) + 8,
        truncate(one_line(node.name), _NAME),
        detail,
        ends.get(node.reach, BOX_LEFT - 3),
    )
