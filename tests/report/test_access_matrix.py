"""Rows of the matrix as people see them: no cell by colour alone, and nothing taken for Markdown."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from scanner.inventory.access.capabilities import CAPABILITIES
from scanner.report.access_grants import grants_markdown, grants_table
from scanner.report.access_matrix import matrix_markdown, matrix_table, summed

HOSTILE = "x | <b> [red]\x1b[31m\nws"
AT_WORKSPACES = tuple(name for name in CAPABILITIES if name != "createResourceGroup")


def row(workspace="ws", persona="dataScientist", can=(), **more):
    found = {
        "workspace": workspace,
        "workspaceId": f"/w/{workspace}",
        "environment": "prod",
        "persona": persona,
        "can": list(can),
        "allowed": ["read"],
        "promised": ["read"],
        "excess": [],
        "excessThrough": [],
        "lack": [],
    }
    return found | more


def grant(**more):
    names = ("principalId", "type", "persona", "scopeLevel", "scope", "assignmentId")
    head = {"workspace": "ws", "workspaceId": "/w/ws", "environment": "prod"}
    given = {"principal": "Ada", "role": "Owner", "at": "the workspace", "notes": [], "can": []}
    return {**dict.fromkeys(names), **head, **given, **more}


def printed(show, rows, width=80):
    text = io.StringIO()
    show(rows, Console(file=text, width=width, highlight=False, markup=False))
    return text.getvalue()


def line(text, start):
    [found] = [one for one in text.splitlines() if one.startswith(start)]
    return found


def test_words_of_a_grid():
    way = {"principal": "Ada", "role": "Owner", "at": "the workspace", "eligible": True}
    rows = [
        row("over", can=["read", "runJobs"], excess=["runJobs"], excessThrough=[way]),
        row("lacking", lack=["read"]),
        row("open", can=["read", "?"]),
    ]
    text = printed(matrix_table, rows)
    assert line(text, "dataScientist").split()[-1] == "due"
    assert line(text, "  over   ").split() == ["over", *["."] * 6, "OVR", *["."] * 5, "yes"]
    assert line(text, "  lacking  ").split()[-1] == "LCK"
    assert line(text, "  open ").split().count("?") == len(AT_WORKSPACES) - 1
    assert "by Owner of Ada at the workspace, to be activated" in text
    assert "  lacking (prod): dataScientist cannot read" in text
    assert text.endswith("1 with more than the matrix allows, 1 with less than it promises.\n")


def test_workspaces_that_are_alike_stand_in_one_line():
    alike = [row(f"ws-{number}", can=["read"]) for number in range(3)]
    assert "all 3 workspaces" in printed(matrix_table, alike)
    other = row("other")
    assert "\n  3 workspaces " in printed(matrix_table, [*alike, other])


def test_a_persona_that_the_matrix_does_not_name():
    silent = {"allowed": None, "promised": None}
    rows = [row(can=["read"], **silent), row(persona="nobody", **silent)]
    text = printed(matrix_table, rows)
    assert line(text, "dataScientist").split(maxsplit=1)[1] == "not in the matrix"
    assert "nobody " not in text.split("acc manageAccess")[0]
    assert "*not in the matrix*" in matrix_markdown(rows)


@pytest.mark.parametrize("width", [80, 120])
def test_names_that_are_long_or_hostile(width):
    rows = [row("w" * 60, persona="p" * 60), row(HOSTILE, can=["read"])]
    lines = printed(matrix_table, rows, width).splitlines()
    assert max(map(len, lines)) <= width
    assert not any("\x1b" in one for one in lines)


@pytest.mark.parametrize(
    ("show", "rows"),
    [
        (matrix_markdown, [row(HOSTILE), row("b")]),
        (grants_markdown, [grant(principal=HOSTILE), grant()]),
    ],
)
def test_tables_of_markdown_stay_tables(show, rows):
    table = [one for one in show(rows).splitlines() if one.startswith("|")]
    assert len({one.replace("\\|", "").count("|") for one in table}) == 1
    assert "<b>" not in "".join(table)


def test_grants_by_principal():
    rows = [
        grant(can=["read"], type="User", notes=["eligible"]),
        grant(role="Reader", type="User"),
        grant(principal="(others)", role=None, can=["?"]),
    ]
    text = printed(grants_table, rows)
    assert text.count("Ada (User)") == 1
    assert "    Owner at the workspace: eligible\n      can read\n" in text
    assert "    Reader at the workspace\n      gives nothing here\n" in text
    assert "(others)" in text
    assert text.endswith("1 workspace, 2 grants\n")


@pytest.mark.parametrize(
    ("can", "said"),
    [
        ((), "nothing"),
        (("?",), "nothing (not all was read)"),
        (CAPABILITIES, "everything"),
        (("read", "runJobs"), "runJobs, read"),
        (AT_WORKSPACES[1:], "everything but manageAccess"),
    ],
)
def test_in_few_words(can, said):
    assert summed(can) == said


def test_no_rows():
    assert printed(matrix_table, []).endswith("0 with less than it promises.\n")
    assert grants_markdown([]).strip() == "0 workspaces, 0 grants"
    assert matrix_markdown([]).startswith("0 workspaces")
