"""Whom a resource belongs to by its tags: project, team, owner, cost center."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scanner.inventory.fields import UNREAD, Derived
from scanner.inventory.holders import holder_of, is_missing
from scanner.inventory.kinds import KINDS
from scanner.inventory.model.organization import (
    ManagementGroup,
    Project,
    ResourceGroup,
    Subscription,
)
from scanner.inventory.model.tracked import TrackedResource
from scanner.snapshot.redact import MARK

if TYPE_CHECKING:
    from collections.abc import Callable

    from scanner.inventory.estate import Estate
    from scanner.inventory.facts import Facts
    from scanner.inventory.fields import Maybe, Resource

_TOP = (ResourceGroup, Subscription, ManagementGroup)
_NAMES = {
    "project": "Project",
    "team": "Team",
    "owner": "Owner",
    "costCenter": "Cost center",
}
_ATTRIBUTES = {"costCenter": "cost_center"}
_IN_SUBSCRIPTION = "/subscriptions/"
"""What is above subscriptions hands no tags on."""


def tag_fact(name: str) -> Callable[[Resource, Estate], Maybe[str]]:
    """Return the function that reads one of the configured tags, inherited from above."""
    attribute = _ATTRIBUTES.get(name, name)

    def compute(resource: Resource, estate: Estate) -> Maybe[str]:
        keys: tuple[str, ...] = getattr(estate.config.tags, attribute)
        own = _own(getattr(resource, "tags", None), keys)
        if own is not None or isinstance(resource, _TOP):
            return own
        return above(holder_of(resource.id), estate)

    def above(scope: str, estate: Estate) -> Maybe[str]:
        while scope.lower().startswith(_IN_SUBSCRIPTION):
            found = estate.find(scope)
            if found is not None:
                # Subscriptions are shared by many owners: their tags are not handed on.
                inherited = not isinstance(found, Subscription | ManagementGroup)
                value: Maybe[str] = estate.fact(name, found, compute) if inherited else None
                return value
            if _is_group_or_below(scope) and not is_missing(scope, estate):
                return UNREAD
            scope = holder_of(scope)
        return None

    return compute


def _is_group_or_below(scope: str) -> bool:
    return "/resourcegroups/" in scope.lower()


def _own(tags: Any, keys: tuple[str, ...]) -> Maybe[str]:
    """Return the value of the first key that is present; UNREAD if it was redacted."""
    if not tags:
        return None if tags is not UNREAD else UNREAD
    lowered = {name.lower(): value for name, value in tags.items()}
    for key in keys:
        value: str | None = lowered.get(key.lower())
        if value is not None and value.strip():
            return UNREAD if value == MARK else value
    return None


FACTS: Facts = {
    kind: {
        name: Derived(
            str,
            tag_fact(name),
            f"{words} by the tags that the config names: own, else those of the workspace, "
            "else those of the resource group; null without such a tag.",
            ("tags",) if issubclass(cls, TrackedResource) else (),
        )
        for name, words in _NAMES.items()
    }
    for kind, cls in KINDS.items()
    if cls is not Project  # which has all that its workspaces have of these
}


def project_of(resource: Resource, estate: Estate) -> Maybe[str]:
    """Return the project of a resource in lower case, for comparing."""
    return _compared("project", resource, estate)


def team_of(resource: Resource, estate: Estate) -> Maybe[str]:
    """Return the team of a resource in lower case, for comparing."""
    return _compared("team", resource, estate)


def _compared(name: str, resource: Resource, estate: Estate) -> Maybe[str]:
    value: Any = estate.fact(name, resource, FACTS[resource.KIND][name].compute)
    return value.strip().lower() if isinstance(value, str) else value
