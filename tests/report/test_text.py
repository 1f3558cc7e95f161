"""Escaping: what comes out shows the text and nothing else."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from scanner.report.text import (
    clean,
    code,
    fence,
    html,
    json_escaped,
    markdown,
    one_line,
    plural,
    short_ids,
    truncate,
)

GFM = MarkdownIt("gfm-like", {"linkify": False, "html": True})
HOSTILE = (
    "<img src=x onerror=1>|`a`\n# @admin [x](https://evil.example) \x1b[31m*b* _c_ ~~d~~ ![i](j)"
)


def shown(source):
    """Return the text that rendered Markdown shows, and the kinds of elements in it."""
    html_text = GFM.render(source)
    tags = set(re.findall(r"</?([a-z0-9]+)", html_text))
    plain = unescape(re.sub(r"<[^>]*>", "", html_text))
    return plain.replace("\u200b", "").strip(), tags


@given(st.text())
@example(HOSTILE)
@example("1. x")
@example("1) x")
@example("# x")
@example("![i](j)")
@example("- x")
@example("=== ")
@example("&lt;b&gt; &#64;")
@example("a\\")
def test_markdown_shows_the_text_literally(text):
    plain, tags = shown(f"| a |\n| --- |\n| {markdown(text)} |")
    assert tags <= {"table", "thead", "tbody", "tr", "th", "td"}
    assert plain.removeprefix("a").split() == one_line(text).replace("\u200b", "").split()


@given(st.text())
@example(HOSTILE)
def test_html_shows_the_text_literally(text):
    plain, tags = shown(f"<details>\n<summary>{html(text)}</summary>\n</details>")
    assert tags == {"details", "summary"}
    assert plain.replace("\u200b", "").split() == one_line(text).replace("\u200b", "").split()


@given(st.text())
@example(HOSTILE)
@example("- x")
@example("    code")
def test_markdown_is_one_paragraph(text):
    assert shown(markdown(text))[1] <= {"p"}


@given(st.text(min_size=1))
@example(HOSTILE)
@example("``")
@example(" ` ")
def test_code_shows_the_text_literally(text):
    line = one_line(text).replace("|", "")
    plain, tags = shown(f"| a |\n| --- |\n| x {code(line)} |")
    assert tags <= {"table", "thead", "tbody", "tr", "th", "td", "code"}
    assert plain.removeprefix("a").split() == ["x", *line.replace("\u200b", "").split()]


@given(st.text())
@example("```\n~~~\n````\n<script>")
def test_a_fence_cannot_be_left(text):
    source = fence(text, "shell")
    tokens = GFM.parse(f"{source}\n\nafter")
    assert [token.type for token in tokens] == [
        "fence",
        "paragraph_open",
        "inline",
        "paragraph_close",
    ]


@pytest.mark.parametrize("text", ["@admin", "#12", "https://evil.example", "www.evil.example"])
def test_mentions_and_links_are_broken(text):
    assert text not in markdown(f"see {text}")


@given(st.text(st.characters(exclude_categories=())))
@example("\x1b[31m\x9b\x7f\u202e\ud800")
def test_clean_leaves_no_control_characters(text):
    cleaned = clean(text)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", cleaned)
    assert cleaned.encode().decode() == cleaned
    assert clean(cleaned) == cleaned


@given(st.text(), st.integers(1, 20))
def test_truncated_texts_are_short_enough(text, limit):
    cut = truncate(text, limit)
    assert len(cut) <= limit
    assert cut == text or cut.endswith("…")


def test_plural():
    assert [plural(n, "rule") for n in (0, 1, 2, 12_345)] == [
        "0 rules",
        "1 rule",
        "2 rules",
        "12,345 rules",
    ]


@given(st.text())
def test_escaped_json_means_the_same_and_steers_no_terminal(text):
    encoded = json.dumps({text: text}, ensure_ascii=False).encode("utf-8", "surrogatepass")
    escaped = json_escaped(encoded)
    assert json.loads(escaped) == {text: text}
    shown = escaped.decode("utf-8", "surrogatepass")
    assert not re.search("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]", shown)


@pytest.mark.parametrize(
    ("text", "short"),
    [
        (
            "on /subscriptions/s/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/st.",
            "on …/rg/…/storageAccounts/st.",
        ),
        ("/subscriptions/s/resourcegroups/g/providers/a/b/c/d/e", "…/g/…/b/c/d/e"),
        ("/subscriptions/s", "/subscriptions/s"),
        ("/subscriptions/s/resourceGroups/rg", "/subscriptions/s/resourceGroups/rg"),
    ],
)
def test_short_ids(text, short):
    assert short_ids(text) == short
