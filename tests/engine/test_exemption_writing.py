"""Adding an exemption leaves every other byte of the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scanner import documents
from scanner.engine.exemption_writing import new_id, with_entry
from scanner.errors import ExemptionError

ENTRY: dict[str, Any] = {
    "id": "new",
    "rules": ["AML-NET-001"],
    "scope": {"environments": ["dev"]},
    "category": "Waiver",
    "justification": "why: because # of this",
    "owner": "o",
    "createdOn": "2026-01-01",
    "expiresOn": "2026-12-31",
}
OLD = """- rules: [A-*]  # all of them
{0}  scope: {{environments: [dev]}}
{0}  category: Waiver
{0}  justification: |
{0}    Two lines,
{0}    the second one.
{0}  owner: o
{0}  createdOn: 2026-01-01
{0}  expiresOn: 2026-12-31  # for now
"""
ATTESTED = """attestations:
  - {control: a/b, answer: met, statement: s, attestedBy: w, attestedOn: 2026-01-01,
     expiresOn: 2026-12-31}
"""
PATH = Path("exemptions.yaml")

FILES = {
    "one entry": "exemptions:\n  " + OLD.format("  "),
    "not indented": "exemptions:\n" + OLD.format(""),
    "deeply indented": "exemptions:\n      " + OLD.format("      "),
    "more below": "exemptions:\n  " + OLD.format("  ") + "\n# What people say.\n" + ATTESTED,
    "comment at the end": "# head\nexemptions:\n  " + OLD.format("  ") + "  # the last line",
    "no list yet": "# Only attestations.\n" + ATTESTED,
    "empty list": "exemptions: []  # none yet\n" + ATTESTED,
    "list above": ATTESTED + "exemptions:\n  " + OLD.format("  "),
    "no line break at the end": ("exemptions:\n  " + OLD.format("  ")).rstrip("\n"),
    "flow entry last": "exemptions:\n  "
    + OLD.format("  ").replace("expiresOn: 2026-12-31  # for now\n", "expiresOn: '2026-12-31'\n"),
    "block text last": "exemptions:\n  - rules: [A-1]\n    scope: {environments: [dev]}\n"
    "    category: Waiver\n    owner: o\n    createdOn: 2026-01-01\n    expiresOn: 2026-12-31\n"
    "    justification: >\n      Folded,\n      as text is.\n\n" + ATTESTED,
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_only_the_entry_is_added(name: str, newline: str, mark: bytes) -> None:
    before = mark + FILES[name].replace("\n", newline).encode()
    after = with_entry(before, PATH, ENTRY, "AML-NET-001: what it is about")
    was, now = documents.parse(before, PATH).data, documents.parse(after, PATH).data
    assert now == {**was, "exemptions": [*was.get("exemptions", ()), ENTRY]}
    lines = iter(after.removeprefix(mark).splitlines())
    kept = FILES[name].replace("exemptions: []", "exemptions:").encode().splitlines()
    # Every old line is still there, in its order.
    assert all(any(line == old for line in lines) for old in kept)
    assert after.startswith(mark)
    assert b"# AML-NET-001: what it is about" in after
    if newline == "\r\n":
        assert b"\n" not in after.replace(b"\r\n", b"")


def test_a_file_is_begun() -> None:
    found = with_entry(b"", PATH, ENTRY, "x")
    assert found.startswith(b"# Exemptions: ")
    assert documents.parse(found, PATH).data == {"exemptions": [ENTRY]}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"exemptions: [{rules: [A]}]", "the key 'scope' is missing|is written in brackets"),
        (b'{"attestations": []}', "is written in braces"),
        (b"exemptions:\n", "must be a list"),
        (b"nonsense: 1\n", "unknown key"),
        (b"- 1\n", "must be a mapping"),
    ],
)
def test_what_cannot_be_added_to_is_refused(content: bytes, problem: str) -> None:
    with pytest.raises(ExemptionError, match=problem):
        with_entry(content, PATH, ENTRY, "x")


def test_json_is_refused() -> None:
    with pytest.raises(ExemptionError, match="is JSON"):
        with_entry(b'{"exemptions": []}', Path("x.json"), ENTRY, "x")


_text = st.text(min_size=1, max_size=40).filter(lambda text: text.strip() and text.isprintable())


@given(justification=_text, owner=_text, comment=_text)
@example("12e3", "0E0", "a number to one reader, text to another")
@example("0o17", "1_000", "y")
def test_any_text_survives(justification: str, owner: str, comment: str) -> None:
    entry = {**ENTRY, "justification": justification, "owner": owner}
    found = with_entry(FILES["more below"].encode(), PATH, entry, comment)
    assert documents.parse(found, PATH).data["exemptions"][-1] == entry
    again = with_entry(found, PATH, {**entry, "id": "again"}, comment)
    assert [each.get("id") for each in documents.parse(again, PATH).data["exemptions"]] == [
        None,
        "new",
        "again",
    ]


def test_ids_are_not_used_twice() -> None:
    assert new_id("AML-NET-001", set()) == "AML-NET-001-1"
    assert new_id("AML-NET-*", {"aml-net--1"}) == "AML-NET--2"
    assert new_id("*", set()) == "exemption-1"
