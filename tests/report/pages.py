"""A page read back strictly, for the tests of the HTML report."""

from __future__ import annotations

import html.parser
from typing import NamedTuple

from scanner.config import Config
from scanner.engine.parameters import Settings
from scanner.report.html import render

VOID = frozenset(("link", "meta", "br", "hr", "img", "input", "col", "wbr", "rect", "path"))
TAGS = frozenset(
    [
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "a",
        "header",
        "p",
        "h1",
        "h2",
        "h3",
        "h4",
        "dl",
        "div",
        "dt",
        "dd",
        "code",
        "section",
        "table",
        "caption",
        "span",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "small",
        "b",
        "i",
        "samp",
        "ul",
        "li",
        "details",
        "summary",
        "form",
        "label",
        "select",
        "option",
        "input",
        "button",
        "pre",
        "nav",
        "main",
        "figure",
        "footer",
        "script",
        "svg",
        "g",
        "text",
        "rect",
        "path",
        "em",
        "wbr",
        "strong",
    ]
)


class Element(NamedTuple):
    """A start tag with the text that stands in it."""

    tag: str
    attributes: dict[str, str | None]
    above: tuple[str, ...]
    text: list[str]


class Page(html.parser.HTMLParser):
    """A page read strictly: every element is ended, in order, and no attribute stands twice."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(source)
        self.close()
        assert not self._open, [element.tag for element in self._open]

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, names)
        element = Element(tag, dict(attrs), tuple(e.tag for e in self._open), [])
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag, attrs):
        assert tag in VOID, tag
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag):
        assert self._open, tag
        assert self._open.pop().tag == tag

    def handle_data(self, data):
        for element in self._open:
            element.text.append(data)

    def handle_comment(self, data):
        raise AssertionError(f"a comment: {data}")

    def all(self, tag, **attributes):
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [
            element
            for element in self.elements
            if element.tag == tag and wanted.items() <= element.attributes.items()
        ]

    def words(self, tag, **attributes):
        return ["".join(element.text) for element in self.all(tag, **attributes)]


def source(result, chosen=None, **options) -> str:
    chosen = chosen or Settings(Config(), [])
    return b"".join(render(result, chosen, **options)).decode()
