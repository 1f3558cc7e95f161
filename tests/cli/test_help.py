"""What `--help` says of every command, and that options fit the functions that take them."""

from __future__ import annotations

import typing
from typing import TYPE_CHECKING, Any

import click
import pytest
from click.testing import CliRunner
from click_type_test import check_param_annotations

from scanner.cli import cli

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


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


def parameters_of(function: Any) -> dict[str, Any]:
    """Return the types of a function's parameters, those taken together as `**name` included."""
    hints = typing.get_type_hints(function)
    for name, hint in list(hints.items()):
        if typing.get_origin(hint) is typing.Unpack:
            hints |= typing.get_type_hints(typing.get_args(hints.pop(name))[0])
    return hints


def stand_in(hints: dict[str, Any]) -> Callable[..., None]:
    def callback(**_given: Any) -> None: ...

    callback.__annotations__ = hints
    return callback


def test_options_that_are_taken_together_are_typed_one_by_one():
    found = command(("exemptions", "add"))
    assert {each.name for each in found.params} <= parameters_of(found.callback).keys()


@pytest.mark.parametrize(
    "path", [p for p in ALL if not isinstance(command(p), click.Group)], ids=" ".join
)
def test_parameters_have_the_types_that_click_gives(path):
    found = command(path)
    hints = parameters_of(found.callback)
    typed = click.Command(found.name, params=found.params, callback=stand_in(hints))
    # A choice listed where it is made has no Literal; of several values in one option the
    # library expects one.
    own = {
        parameter.name: hints[parameter.name]
        for parameter in found.params
        if (isinstance(parameter.type, click.Choice) and hints[parameter.name] is str)
        or parameter.nargs > 1
    }
    check_param_annotations(typed, overrides=own)
