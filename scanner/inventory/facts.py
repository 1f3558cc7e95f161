"""How derived facts are declared, and what they share: parts, registries, estate-wide indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, TypeVar, cast

from scanner.inventory.fields import Derived, prop

if TYPE_CHECKING:
    from collections.abc import Callable

    import msgspec

    from scanner.inventory.estate import Estate

I = TypeVar("I")  # noqa: E741  (an index)
Facts: TypeAlias = dict[str, dict[str, Derived]]
"""Kind of resource to the names of its facts to the facts."""


def computed(doc: str) -> msgspec.Meta:
    """Describe a field of a part that no raw record has: `^` names no property to point at."""
    return prop("^computed", doc)


def per_estate(build: Callable[[Estate], I]) -> Callable[[Estate], I]:
    """Keep an index over all resources with its estate, so that it is built once.

    A fact that looked through the estate for every resource would cost its square.
    """

    def get(estate: Estate) -> I:
        index = estate.indexes.get(build)
        if index is None:
            index = estate.indexes[build] = build(estate)
        return cast("I", index)

    return get


def whole(estate: Estate, table: str) -> bool:
    """Tell whether a table was read completely in all the scopes that make up the estate."""
    return estate.coverage.has_everything(table)
