from __future__ import annotations

from tests.collect.pages import PAGE, rendered


def test_tables_of_the_page_are_up_to_date():
    page = PAGE.read_text(encoding="utf-8")
    stale = set(rendered(page).splitlines()) ^ set(page.splitlines())
    assert not stale, "run `python -m tests.collect.pages`"
    assert "| computes |" in page
