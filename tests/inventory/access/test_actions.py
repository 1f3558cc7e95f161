from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.inventory.access.actions import matcher

ML = "Microsoft.MachineLearningServices"


@pytest.mark.parametrize(
    ("pattern", "operation", "covered"),
    [
        ("*", f"{ML}/workspaces/read", True),
        ("*/read", f"{ML}/workspaces/read", True),
        ("*/read", f"{ML}/workspaces/jobs/read", True),
        ("*/read", f"{ML}/workspaces/readSecrets/action", False),
        (f"{ML}/workspaces/*", f"{ML}/workspaces/read", True),
        (f"{ML}/workspaces/*", f"{ML}/workspaces", False),
        (f"{ML}/workspaces/*/read", f"{ML}/workspaces/read", True),
        (f"{ML}/workspaces/*/read", f"{ML}/workspaces/a/b/read", True),
        (f"{ML}/workspaces/*/read", f"{ML}/workspaces/xread", False),
        (f"{ML}/workspaces/*/read", f"{ML}/workspaces/a/xread", False),
        ("a/*/*/b", "a/b", True),
        ("a/*/*/b", "a/x/y/z/b", True),
        ("a/*/b/*/c", "a/b/c", True),
        ("a/*/b/*/c", "a/x/b/y/c", True),
        ("a/*/b/*/c", "a/b/b/c", True),
        ("a/*/b/*/c", "a/c", False),
        ("Microsoft.Authorization/*/Write", "microsoft.authorization/roleassignments/write", True),
        (f"{ML}/workspaces", f"{ML}/workspaces/read", False),
        (f"{ML}/workspaces/read", f"{ML.upper()}/WORKSPACES/READ", True),
        ("a*a", "a", False),
        ("a.c", "abc", False),
        ("", "", True),
        ("*", "line\nbreak", True),
    ],
)
def test_pattern(pattern, operation, covered):
    assert matcher(pattern)(operation) is covered


def test_many_stars_take_no_longer():
    """With backtracking this would take longer than the world has been there."""
    assert not matcher("*a" * 60 + "b")("a" * 200)


PATTERNS = st.lists(st.sampled_from(["*", "/", "a", "b", "/*/"]), max_size=7).map("".join)
OPERATIONS = st.text("ab/", max_size=9)


@given(PATTERNS, OPERATIONS)
def test_as_a_plain_backtracking_expression(pattern, operation):
    plain = re.sub(r"\*+", "*", pattern)
    pieces, position = [], 0
    while position < len(plain):
        if plain[position] != "*":
            pieces.append(re.escape(plain[position]))
        elif plain[position - 1 : position] == "/" and plain[position + 1 :][:1] == "/":
            pieces.append("(?:.*/)?")
            position += 1
        else:
            pieces.append(".*")
        position += 1
    expected = re.fullmatch("".join(pieces), operation) is not None
    assert matcher(pattern)(operation) is expected


@given(PATTERNS, OPERATIONS)
def test_casing_never_matters(pattern, operation):
    assert matcher(pattern.upper())(operation) is matcher(pattern)(operation.upper())
