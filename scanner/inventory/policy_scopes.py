"""What of Azure Policy reaches a workspace: scopes that were read, and who is selected there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from scanner.inventory.access.scopes import Chain, level_of, place_of, was_read
from scanner.inventory.fields import UNREAD, Maybe, Resource
from scanner.inventory.truth import Verdict, both, each, either

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scanner.inventory.estate import Estate
    from scanner.inventory.model.policy import Selector
    from scanner.inventory.model.workspace import Workspace

R = TypeVar("R", bound=Resource)
_WORKSPACES = "microsoft.machinelearningservices/workspaces"
_AUTHORIZATION = "/providers/microsoft.authorization/"


class ByScope(Generic[R]):
    """The records of a policy table by the scope they were made on."""

    def __init__(self, records: Sequence[R]) -> None:
        self._at: dict[str, list[R]] = {}
        for record in records:
            self._at.setdefault(place_of(scope_of(record.id)), []).append(record)
        self._on_groups = any(level_of(scope) == "managementGroup" for scope in self._at)

    def over(self, chain: Chain) -> Iterator[R]:
        """Yield what was made on a scope of the chain."""
        for scope in chain.scopes:
            yield from self._at.get(scope, ())

    def all_read(self, table: str, chain: Chain, estate: Estate) -> bool:
        """Tell whether the records of the table at the chain's scopes are all there.

        Management groups that are not known matter only if something was made on one.
        """
        return (chain.complete or not self._on_groups) and was_read(table, chain, estate)


def scope_of(arm_id: str) -> str:
    """Return the id of what an assignment or exemption was made on."""
    end = arm_id.lower().rfind(_AUTHORIZATION)
    return arm_id[:end] if end > 0 else "/"


def recorded(cls: type[R], arm_id: str, estate: Estate) -> Maybe[R]:
    """Return a definition by its id: `None` if it is not among those read, UNREAD if nobody looked.

    What is defined above the scopes that were read is listed with them, as assignments are.
    """
    found = estate.find(arm_id)
    if isinstance(found, cls):
        return found
    place = Chain((place_of(scope_of(arm_id)),), complete=True)
    return None if was_read(cls.TABLE, place, estate) else UNREAD


def covered(resource_selectors: Any, workspace: Workspace) -> Verdict:
    """Tell whether resource selectors leave a workspace in; it takes one of them, and none is all."""
    selectors, complete = each(resource_selectors)
    if complete and not selectors:
        return True
    found = either(_all_fit(selector.selectors, workspace) for selector in selectors)
    return found if complete or found is True else UNREAD


def _all_fit(selectors: Any, workspace: Workspace) -> Verdict:
    found, complete = each(selectors)
    fit = both(*(_fits(selector, workspace) for selector in found))
    return fit if complete or fit is False else UNREAD


def _fits(selector: Selector, workspace: Workspace) -> Verdict:
    if selector.kind == "resourceLocation":
        location = workspace.location
        return chosen(selector, location.lower() if isinstance(location, str) else UNREAD)
    if selector.kind == "resourceWithoutLocation":
        return chosen(selector, "")
    if selector.kind == "resourceType":
        return _type_fits(selector)
    return UNREAD


def _type_fits(selector: Selector) -> Verdict:
    """Tell what can be told without the definition, which may be about the workspace's children."""
    wanted, others = _listed(selector.in_), _listed(selector.not_in)
    if wanted is UNREAD or others is UNREAD:
        return UNREAD
    if wanted is not None:
        return UNREAD if _has_workspaces(wanted) else False
    return UNREAD if _has_workspaces(others or ()) else True


def _has_workspaces(types: Sequence[str]) -> bool:
    return any(f"{name}/".startswith(f"{_WORKSPACES}/") for name in types)


def chosen(selector: Selector, value: Maybe[str]) -> Verdict:
    """Tell whether a selector means a lower-cased value."""
    wanted, others = _listed(selector.in_), _listed(selector.not_in)
    if value is UNREAD or wanted is UNREAD or others is UNREAD:
        return UNREAD
    if wanted is not None:
        return value in wanted
    return value not in (others or ())


def _listed(values: Maybe[tuple[str, ...]]) -> Maybe[tuple[str, ...]]:
    return tuple(map(str.lower, values)) if isinstance(values, tuple) else values
