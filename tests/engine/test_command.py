"""Commands of findings: values from Azure in a line that is made to be pasted into a shell."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.engine.command import Command
from scanner.engine.context import Context
from scanner.engine.selection import InventoryResolver
from scanner.inventory.kinds import KINDS
from scanner.inventory.paths import PathError
from tests.engine import estates


def command(text, *, unread=(), tags=None, parameters=None):
    compute = estates.compute("c", vmSize="Standard_DS3_v2") | {"tags": tags or {}}
    estate = estates.estate(estates.workspace(), compute, unread=unread)
    context = Context(InventoryResolver(KINDS["compute"], estate), parameters or {}, estate)
    return Command(text, context).render(estate.of_kind("compute")[0])


def test_values_of_the_resource():
    text = "az x --name {name} --workspace-name {workspace.name} --max {parameters.max}\n"
    assert command(text, parameters={"max": 4}) == "az x --name c --workspace-name ws1 --max 4"


def test_absent_and_unread_values_stay_to_be_filled_in():
    text = "az x --min {scaleSettings.minNodeCount} --location {workspace.location}"
    filled = command(text, unread=("workspaces",))
    assert filled == "az x --min <scaleSettings.minNodeCount> --location <workspace.location>"


@pytest.mark.parametrize(
    ("value", "filled"),
    [(["a", "b c"], "a 'b c'"), ([], "<names>"), (["a", "@b"], "<names>"), (None, "<names>")],
)
def test_a_list_is_several_arguments_or_none(value, filled):
    assert command("az {parameters.names}", parameters={"names": value}) == f"az {filled}"


@pytest.mark.parametrize(
    ("template", "line"),
    [
        ("az x --name {tags.v}", "az x --name 'a b; rm'"),
        ('az x --url "https://host/{tags.v}?v=1"', 'az x --url "https://host/"\'a b; rm\'"?v=1"'),
        ("az x --body '{tags.v}'", "az x --body '''a b; rm'''"),
        ("az x # it's {tags.v}", "az x # it's a b; rm"),
        ('az "#" x --name pe-{tags.v}', "az \"#\" x --name pe-'a b; rm'"),
    ],
)
def test_quoting_fits_the_place(template, line):
    assert command(template, tags={"v": "a b; rm"}) == line


@pytest.mark.parametrize(
    "value", ["@/etc/passwd", "--yes", "a\nrm", "a\x1b[201~", "a\u202eb", "x" * 1_001, ""]
)
def test_what_no_command_line_can_hold_stays_to_be_filled_in(value):
    assert command("az x --name {tags.v}", tags={"v": value}) == "az x --name <tags.v>"


@given(st.text(min_size=1))
def test_a_value_is_one_argument_wherever_it_stands(value):
    line = command("az {tags.v} 'b {tags.v} \"b' \"c {tags.v} 'c\" d{tags.v}d", tags={"v": value})
    filled = {value: "a value", "<tags.v>": "a placeholder"}
    words = shlex.split(line)
    assert words[0] == "az"
    assert words[1] in filled
    assert words[2:] == [f'b {words[1]} "b', f"c {words[1]} 'c", f"d{words[1]}d"]


def test_a_quote_that_is_not_closed():
    with pytest.raises(PathError, match="quote of the command is not closed") as caught:
        command("az x --group <cluster's group> --name {name}")
    assert "apostrophes" in caught.value.hint
