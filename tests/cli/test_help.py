"""What `--help` says of every command, and that options fit the functions that take them."""

from __future__ import annotations

import typing
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner
from click_type_test import check_param_annotations

from scanner.cli import cli

if TYPE_CHECKING:
    from collections.abc import Iterator


def commands(group: click.Group, names: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        path = (*names, name)
        yield path
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, path)


def command(path: tuple[str, ...]) -> click.Command:
    found: click.Command = cli
    for name in path:
        assert isinstance(found, click.Group)
        inner = found.get_command(click.Context(found), name)
        assert inner is not None
        found = inner
    return found


ALL = [(), *commands(cli)]


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_help(path, snapshot):
    result = CliRunner().invoke(cli, [*path, "--help"], prog_name="azmlscan", terminal_width=80)
    assert result.exit_code == 0
    # click takes `\\b` in a raw docstring for text.
    assert "\\b" not in result.stdout
    assert result.stdout == snapshot


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_option_is_explained(path):
    for parameter in command(path).params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
            assert parameter.help.endswith((".", "…")), parameter.name


@pytest.mark.parametrize(
    "path", [p for p in ALL if not isinstance(command(p), click.Group)], ids=" ".join
)
def test_parameters_have_the_types_that_click_gives(path):
    found = command(path)
    hints = typing.get_type_hints(found.callback)
    if not {parameter.name for parameter in found.params} <= hints.keys():
        pytest.skip("takes its options together, as a mapping")
    # A choice listed where it is made has no Literal; of several values in one option the
    # library expects one.
    own = {
        parameter.name: hints[parameter.name]
        for parameter in found.params
        if (isinstance(parameter.type, click.Choice) and hints[parameter.name] is str)
        or parameter.nargs > 1
    }
    check_param_annotations(found, overrides=own)
