from __future__ import annotations

from typing import TYPE_CHECKING

from scanner.collect.progress import Bar, PlainLines, make_display
from scanner.collect.quota import Pacer

if TYPE_CHECKING:
    import pytest


def test_plain_lines_come_now_and_then(monkeypatch):
    moments = iter([0.0, 1.0, 11.0, 11.0, 12.0])
    monkeypatch.setattr("scanner.collect.progress.time.monotonic", lambda: next(moments))
    lines: list[str] = []
    with make_display(terminal=False, write=lines.append) as display:
        assert isinstance(display, PlainLines)
        display.expect(3)
        display.say("Hello")
        display.done("computes", 2, 0)
        display.done("datastores", 3, 1)
        display.done("computes", 1, 0)
    assert lines == [
        "Hello",
        "2 reads: 5 rows, 1 gaps (last: datastores)",
        "3 reads: 6 rows, 1 gaps",
    ]


def test_waits_for_quota_are_told():
    lines: list[str] = []
    with make_display(terminal=False, write=lines.append) as display:
        pacer = Pacer()
        display.watch(pacer)
        pacer.limiter("/subscriptions/a").waited = 7.4  # type: ignore[attr-defined]
        display.done("computes", 2, 0)
    assert lines == ["1 reads: 2 rows, 0 gaps, 7 s for quota"]


def test_a_terminal_gets_a_bar(capsys: pytest.CaptureFixture[str]):
    with make_display(terminal=True, write=lambda _: None) as display:
        assert isinstance(display, Bar)
        display.expect(2)
        display.done("computes", 2, 0)
        display.say("[not] markup")
    shown = capsys.readouterr()
    assert "[not] markup" in shown.err
    assert shown.out == ""
