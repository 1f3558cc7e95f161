"""The terminal report: 80 columns, no markup, no control characters."""

from __future__ import annotations

import io
import re

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from scanner.report.terminal import render


def text_of(result, *, width=80, color=False):
    file = io.StringIO()
    console = Console(
        file=file,
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
        legacy_windows=False,
    )
    render(result, console)
    return file.getvalue()


@settings(max_examples=50)
@given(data=st.data())
def test_strings_from_azure_neither_style_nor_repaint(scans, data):
    text = text_of(data.draw(scans).result)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)


def test_it_fits_80_columns_and_has_no_escapes(sample):
    text = text_of(sample.result)
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text
    assert not any(line.endswith(" ") for line in text.splitlines())


def test_colour_adds_nothing_but_colour(sample):
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text_of(sample.result, color=True))
    assert plain == text_of(sample.result)


def test_markup_of_a_message_is_shown(sample):
    assert "[bold]" in text_of(sample.result, width=400)


def test_what_matters_is_there(sample):
    text = " ".join(text_of(sample.result).split())
    for words in (
        "contoso-ml",
        "9f9f9f9f9f9f",
        "2026-11-20T01:12:30Z",
        "missing permission: Microsoft.Network/networkSecurityGroups/read",
        "4 of 9",
        "AML-IDN-008 high Workspace storage",
        "AML-NEW-001 critical A rule newer than the rule set: 1 fail of 1 check (preview, not counted)",
        (
            "3 failures: 1 high, 1 medium, 1 low. The scan is incomplete: 4 checks could not be "
            "assessed, 1 check ended in an error of the rule and the snapshot has 2 gaps."
        ),
    ):
        assert words in text


def test_nothing_checked_never_sounds_clean(make_scan):
    assert "Nothing was checked: no rules ran." in text_of(make_scan({"computes": []}, []).result)
