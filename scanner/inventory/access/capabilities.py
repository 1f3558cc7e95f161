"""What a role is worth: capabilities, and the operations of Azure that they are made of.

The table is `data/capabilities.json`, a line per operation with its source. Each line is one bit
of a number, so that what a role allows, what it takes away and what Azure denies are numbers, and
the rest is arithmetic. A capability is held with any of its operations; `needs` are those that it
takes to use it to the full.
"""

from __future__ import annotations

import functools
import json
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from scanner.inventory.access.actions import matcher

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CONTROL: Final = "control"
DATA: Final = "data"
_WORKSPACE: Final = "workspace"
_REMEMBERED: Final = 1 << 16


class Line(NamedTuple):
    """An operation, evaluated at a resource of one kind; `capability` is "" for a mere need."""

    capability: str
    operation: str
    plane: str
    target: str
    unless: str
    """Setting of the target that makes the operation useless, "" for none."""


def load(name: str) -> Any:
    """Return a data file of this package."""
    text = resources.files("scanner.inventory.access").joinpath("data", name)
    return json.loads(text.read_text(encoding="utf-8"))


_TABLE: Final[dict[str, Any]] = load("capabilities.json")["capabilities"]
CAPABILITIES: Final[tuple[str, ...]] = tuple(_TABLE)
"""Every capability, the gravest ones first."""


def _lines() -> Iterator[Line]:
    for name, entry in _TABLE.items():
        for line in entry["operations"]:
            unless = line.get("unless", "")
            yield Line(name, line["operation"], line["plane"], line["target"], unless)
    known = {line["operation"].lower() for entry in _TABLE.values() for line in entry["operations"]}
    needed = dict.fromkeys(need for entry in _TABLE.values() for need in entry.get("needs", ()))
    for need in needed:
        if need.lower() not in known:
            yield Line("", need, CONTROL, _WORKSPACE, "")


LINES: Final = tuple(_lines())
ALL: Final = (1 << len(LINES)) - 1
"""Every operation of the table: what somebody of whom nothing is known may be able to do."""


def _bits(lines: Iterable[int]) -> int:
    return functools.reduce(lambda mask, index: mask | 1 << index, lines, 0)


def _where(**wanted: str) -> int:
    return _bits(
        index
        for index, line in enumerate(LINES)
        if all(getattr(line, name) == value for name, value in wanted.items())
    )


PLANES: Final = {plane: _where(plane=plane) for plane in (CONTROL, DATA)}
TARGETS: Final = {target: _where(target=target) for target in {line.target for line in LINES}}
"""Kind of the resource at whose id operations are evaluated, to the operations."""
USELESS: Final = {unless: _where(unless=unless) for unless in {line.unless for line in LINES}}
HOLDS: Final = {name: _where(capability=name) for name in CAPABILITIES}
"""Capability to the operations each of which is enough to hold it."""


def _needs(name: str) -> tuple[int, ...]:
    """Return, for each operation needed, the bits that it stands for."""
    needs: list[str] = _TABLE[name].get("needs", ())
    return tuple(
        _bits(
            index
            for index, line in enumerate(LINES)
            if line.operation.lower() == need.lower() and line.capability in {name, ""}
        )
        or _where(operation=need)
        for need in needs
    )


NEEDS: Final = {name: _needs(name) for name in CAPABILITIES}
"""Capability to the operations that all are needed, empty where any of it will do."""
AT_WORKSPACES: Final = tuple(
    name for name in CAPABILITIES if not HOLDS[name] & TARGETS["subscription"]
)
"""The capabilities that count at workspaces, not at the subscription that holds them."""


@functools.lru_cache(maxsize=_REMEMBERED)
def covered(pattern: str, plane: str) -> int:
    """Return the operations of a plane that an action pattern of a role covers."""
    covers = matcher(pattern)
    return _bits(
        index for index, line in enumerate(LINES) if line.plane == plane and covers(line.operation)
    )


def covered_by(patterns: Iterable[str], plane: str) -> int:
    """Return the operations of a plane that any of the patterns covers."""
    mask = 0
    for pattern in patterns:
        mask |= covered(pattern, plane)
    return mask


def allowed(
    actions: Iterable[str],
    not_actions: Iterable[str],
    data_actions: Iterable[str],
    not_data_actions: Iterable[str],
) -> int:
    """Return the operations that one permission block allows: each plane for itself."""
    control = covered_by(actions, CONTROL) & ~covered_by(not_actions, CONTROL)
    return control | covered_by(data_actions, DATA) & ~covered_by(not_data_actions, DATA)


@functools.lru_cache(maxsize=_REMEMBERED)
def names(operations: int) -> tuple[str, ...]:
    """Return the capabilities held with some operations, in the order of the table."""
    return tuple(name for name in CAPABILITIES if operations & HOLDS[name])


@functools.lru_cache(maxsize=_REMEMBERED)
def usable(operations: int) -> tuple[str, ...]:
    """Return the capabilities that some operations are enough to use to the full."""
    return tuple(
        name for name in names(operations) if all(operations & need for need in NEEDS[name])
    )


def operations_of(mask: int) -> tuple[str, ...]:
    """Return the names of operations, in the order of the table."""
    found = (line.operation for index, line in enumerate(LINES) if mask >> index & 1)
    return tuple(dict.fromkeys(found))
