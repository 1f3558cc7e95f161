"""Template expressions in conditions: `[concat(field('name'), '-', parameters('suffix'))]`.

The language is that of ARM templates: nested function calls, texts in single quotes,
numbers, `true`, `false`, `null`, and chains of `.property` and `[index]`. A text is parsed
once into nodes, and compiled once into a closure over a resource and a frame (whatever the
caller keeps for `current()`); what does not depend on either is computed while compiling.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Literal, TypeAlias

import msgspec

from scanner.engine.expression import Call, LiteralValue, Node, Property, parse
from scanner.engine.values import get_property, is_known, is_number, kind_of
from scanner.inventory.fields import UNREAD
from scanner.schemas.problems import nearest

__all__ = [
    "Constant",
    "ContextFunction",
    "Evaluate",
    "Function",
    "Node",
    "TemplateError",
    "compile_expression",
    "is_expression",
    "parse",
    "unescape",
]

Evaluate: TypeAlias = Callable[[Any, tuple[Any, ...]], Any]
"""Gives the value of an expression for a resource and a frame."""
ContextFunction: TypeAlias = Callable[[Sequence[Node]], Evaluate]
"""Compiles a call of a function that reads the resource, the frame or the scan's settings.

It gets the nodes of the arguments and raises ValueError where they are not acceptable. A
value that is the same for every resource is returned as `Constant`.
"""

_LONGEST_TEXT = 131_072


class TemplateError(Exception):
    """An expression failed on the values that it met: a text too short, a word for a number."""


class Constant(msgspec.Struct, frozen=True):
    """A compiled expression that has the same value for every resource."""

    value: Any

    def __call__(self, resource: Any, frame: tuple[Any, ...]) -> Any:
        """Return the value."""
        return self.value


class Function(msgspec.Struct, frozen=True):
    """A function of the language that depends on its arguments only."""

    name: str
    call: Callable[..., Any]
    """Raises ValueError or ArithmeticError for values that it cannot work on."""
    least: int
    most: int | None
    """Number of arguments; `most` is `None` where there is no limit."""
    origin: Literal["policy", "template", "own"] = "policy"
    """Known to Azure Policy, to ARM templates but not in policies, or added by this project."""
    lazy: bool = False
    """Gets functions without arguments that give the values, and calls those it needs."""
    sees_parts: bool = False
    """Can answer from a collection of which only a part was read."""


def is_expression(value: object) -> bool:
    """Tell whether a value is a text to be evaluated; `[[` at the start makes it a literal."""
    return (
        isinstance(value, str)
        and value.startswith("[")
        and value.endswith("]")
        and not value.startswith("[[")
    )


def unescape(text: str) -> str:
    """Return what a text means that is no expression: `[[x]` means `[x]`."""
    return text[1:] if text.startswith("[[") and text.endswith("]") else text


def compile_expression(
    node: Node,
    functions: Mapping[str, Function],
    context: Mapping[str, ContextFunction],
) -> Evaluate:
    """Return the closure that evaluates a parsed expression; a `Constant` where it can.

    `functions` has names in lower case as keys; of a name in both, `context` wins.

    The closure returns UNREAD where the value depends on something that nobody could read,
    and raises TemplateError where Azure's evaluation would fail.

    Raises:
        ValueError: an unknown function, or the wrong number of arguments.
    """
    hooks = {name.lower(): hook for name, hook in context.items()}
    return _compile(node, _Scope(functions, hooks))


class _Scope(msgspec.Struct, frozen=True):
    functions: Mapping[str, Function]
    context: Mapping[str, ContextFunction]


def _compile(node: Node, scope: _Scope) -> Evaluate:
    if isinstance(node, LiteralValue):
        return Constant(node.value)
    if isinstance(node, Call):
        return _compile_call(node, scope)
    target = _compile(node.target, scope)
    if isinstance(node, Property):
        return _folded(partial(_property, target, node.name), [target])
    index = _compile(node.index, scope)
    return _folded(partial(_index, target, index), [target, index])


def _compile_call(node: Call, scope: _Scope) -> Evaluate:
    key = node.name.lower()
    if key in scope.context:
        return scope.context[key](node.arguments)
    function = scope.functions.get(key)
    if function is None:
        raise ValueError(_unknown_function(node, scope))
    _check_arity(function, node)
    arguments = [_compile(argument, scope) for argument in node.arguments]
    call = _call_lazily if function.lazy else _call
    return _folded(partial(call, function, arguments), arguments)


def _unknown_function(node: Call, scope: _Scope) -> str:
    names = {function.name for function in scope.functions.values()} | set(scope.context)
    hint = nearest(node.name, names)
    text = f"character {node.position + 1}: unknown function '{node.name}'"
    return f"{text}. {hint}" if hint else text


def _check_arity(function: Function, node: Call) -> None:
    given, least, most = len(node.arguments), function.least, function.most
    if given >= least and (most is None or given <= most):
        return
    if most is None:
        wanted = f"at least {least}"
    else:
        wanted = str(least) if least == most else f"{least} to {most}"
    raise ValueError(
        f"character {node.position + 1}: {function.name}() takes {wanted} "
        f"argument{'' if wanted in {'1', 'at least 1'} else 's'}, not {given}"
    )


def _folded(evaluate: Evaluate, parts: Sequence[Evaluate]) -> Evaluate:
    """Compute now what only depends on constants.

    A constant that fails is left for the evaluation: it may stand in the branch of an `if`
    that is never taken.
    """
    if not all(isinstance(part, Constant) for part in parts):
        return evaluate
    try:
        return Constant(evaluate(None, ()))
    except TemplateError:
        return evaluate


def _call(
    function: Function, arguments: Sequence[Evaluate], resource: Any, frame: tuple[Any, ...]
) -> Any:
    values = [argument(resource, frame) for argument in arguments]
    for value in values:
        if value is UNREAD or not (function.sees_parts or is_known(value)):
            return UNREAD
    return _guarded(function, values)


def _call_lazily(
    function: Function, arguments: Sequence[Evaluate], resource: Any, frame: tuple[Any, ...]
) -> Any:
    return _guarded(function, [partial(argument, resource, frame) for argument in arguments])


def _guarded(function: Function, values: Sequence[Any]) -> Any:
    try:
        result = function.call(*values)
    except (ValueError, ArithmeticError) as error:
        raise TemplateError(f"{function.name}(): {error}") from error
    if isinstance(result, str) and len(result) > _LONGEST_TEXT:
        raise TemplateError(f"{function.name}(): the result has more than {_LONGEST_TEXT} letters")
    return result


def _property(target: Evaluate, name: str, resource: Any, frame: tuple[Any, ...]) -> Any:
    return _read_property(target(resource, frame), name)


def _read_property(value: Any, name: str) -> Any:
    if value is UNREAD:
        return UNREAD
    try:
        return get_property(value, name)
    except ValueError as error:
        raise TemplateError(str(error)) from error


def _index(target: Evaluate, index: Evaluate, resource: Any, frame: tuple[Any, ...]) -> Any:
    value, position = target(resource, frame), index(resource, frame)
    if value is UNREAD or position is UNREAD:
        return UNREAD
    if isinstance(position, str):
        return _read_property(value, position)
    if not is_number(position) or position != int(position):
        raise TemplateError(f"an index is a whole number or a text, not {kind_of(position)}")
    if not isinstance(value, (list, tuple)):
        raise TemplateError(f"{kind_of(value)} has no member [{position}]")
    if not getattr(value, "complete", True):
        return UNREAD
    if not 0 <= position < len(value):
        raise TemplateError(f"index {position} is outside an array of {len(value)}")
    return value[int(position)]
