"""Which environment a resource belongs to, as the config tells environments apart."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from scanner import armid
from scanner.inventory.facts import Facts, per_estate
from scanner.inventory.fields import UNREAD, Derived
from scanner.inventory.holders import holder_of, is_missing
from scanner.inventory.kinds import KINDS
from scanner.inventory.model.organization import ManagementGroup, ResourceGroup, Subscription
from scanner.inventory.model.tracked import TrackedResource
from scanner.inventory.truth import Verdict, either
from scanner.snapshot.redact import MARK

if TYPE_CHECKING:
    from collections.abc import Callable

    from scanner.config import Environment
    from scanner.inventory.estate import Estate
    from scanner.inventory.fields import Maybe, Resource

Possible: TypeAlias = frozenset[str | None]
"""The environments that a resource can be in by what was read; one only: it is in that one."""

_NONE: Possible = frozenset([None])


class _Choice(NamedTuple):
    """An environment of the config, in lower case."""

    name: str
    tags: dict[str, frozenset[str]]
    names: tuple[str, ...]
    subscriptions: frozenset[str]
    management_groups: frozenset[str]
    resource_groups: tuple[str, ...]


class _Level(NamedTuple):
    """What can tell the environment at one level: a resource, a group, a subscription."""

    tags: Any = None
    name: str | None = None
    resource_group: str | None = None
    subscription: str | None = None
    subscription_name: Maybe[str] = None
    management_group: str | None = None


def environment(resource: Resource, estate: Estate) -> Maybe[str]:
    """Return a resource's environment, `None` where no level from it upwards tells one."""
    names = _possible(resource, estate)
    return next(iter(names)) if len(names) == 1 else UNREAD


def production(resource: Resource, estate: Estate) -> Maybe[bool]:
    """Tell whether the environment is a production one, `None` where there is no environment."""
    name = estate.environment(resource)
    marked = _marked(estate)
    if name is not UNREAD:
        return marked[name]
    flags = {marked[possible] for possible in _possible(resource, estate)}
    return next(iter(flags)) if len(flags) == 1 else UNREAD


@per_estate
def _marked(estate: Estate) -> dict[str | None, bool | None]:
    return {None: None, **{choice.name: choice.production for choice in estate.config.environments}}


def environment_at(scope: str, estate: Estate) -> Maybe[str]:
    """Return the environment of what has an id, going by the id where it was not collected."""
    names = _at(scope, estate)
    return next(iter(names)) if len(names) == 1 else UNREAD


@per_estate
def _choices(estate: Estate) -> tuple[_Choice, ...]:
    return tuple(map(_choice, estate.config.environments))


def _choice(environment: Environment) -> _Choice:
    match = environment.match
    return _Choice(
        environment.name,
        {
            key.lower(): frozenset(value.strip().lower() for value in values)
            for key, values in match.tags.items()
        },
        tuple(map(str.lower, match.name_patterns)),
        frozenset(_last(name) for name in match.subscriptions),
        frozenset(_last(name) for name in match.management_groups),
        tuple(map(str.lower, match.resource_groups)),
    )


def _last(name: str) -> str:
    """Return an id's last part, or the plain name, for comparing."""
    return armid.key(name).rpartition("/")[2] if armid.is_arm_id(name) else name.lower()


@per_estate
def _known(_: Estate) -> dict[str, Possible]:
    """Return where the environments of groups, subscriptions and parents are kept, by id."""
    return {}


def _possible(resource: Resource, estate: Estate) -> Possible:
    parent = armid.parent(resource.id)
    if parent and getattr(resource, "tags", None) is None:
        return _at(parent, estate)
    level = _level(resource)
    if isinstance(resource, Subscription):
        chain = resource.management_group_ids
        return _narrow(estate, level, lambda: _below_groups(estate, chain))
    if isinstance(resource, ManagementGroup):
        above = resource.parent_id
        return _narrow(estate, level, lambda: _below_group(estate, above))
    return _narrow(estate, level, lambda: _at(holder_of(resource.id), estate))


def _narrow(estate: Estate, level: _Level, above: Callable[[], Possible]) -> Possible:
    """Return the first match at a level; without one, what the level above gives."""
    maybe: set[str | None] = set()
    for choice in _choices(estate):
        met = _met(choice, level)
        if met is True:
            return frozenset((*maybe, choice.name))
        if met is UNREAD:
            maybe.add(choice.name)
    return above() | maybe if maybe else above()


def _at(scope: str, estate: Estate) -> Possible:
    """Return the environments of whatever has this id, collected or not."""
    if not scope:
        return _NONE
    known = _known(estate)
    place = armid.key(scope)
    if place not in known:
        known[place] = _NONE  # ends the walk where management groups name each other in a circle
        found = estate.find(scope)
        known[place] = _possible(found, estate) if found else _uncollected(scope, estate)
    return known[place]


def _uncollected(scope: str, estate: Estate) -> Possible:
    """Go by the id of a level whose record, and with it the tags, is not there."""
    parts = armid.parse(scope)
    tags = None if is_missing(scope, estate) else UNREAD
    kind = parts.type.lower()
    if kind == "microsoft.management/managementgroups":
        return _narrow(
            estate, _Level(management_group=_last(scope)), lambda: _below_groups(estate, UNREAD)
        )
    if kind == "microsoft.resources/subscriptions":
        level = _Level(tags, subscription=parts.name.lower(), subscription_name=tags)
        return _narrow(estate, level, lambda: _below_groups(estate, UNREAD))
    if kind == "microsoft.resources/resourcegroups":
        level = _Level(tags, resource_group=parts.name.lower())
    else:
        level = _Level(tags, None if armid.parent(scope) else parts.name.lower())
    return _narrow(estate, level, lambda: _at(holder_of(scope), estate))


def _below_groups(estate: Estate, chain: Any) -> Possible:
    """Return what a subscription has from its management groups, the nearest first."""
    named = {choice.name for choice in _choices(estate) if choice.management_groups}
    if not named:
        return _NONE
    if not isinstance(chain, tuple):
        # Every subscription is in some group: a record without the chain does not tell.
        return _NONE | named
    for group in chain:
        for choice in _choices(estate):
            if _last(group) in choice.management_groups:
                return frozenset([choice.name])
    return _NONE


def _below_group(estate: Estate, above: Maybe[str]) -> Possible:
    if isinstance(above, str):
        return _at(above, estate)
    return _NONE if above is None else _below_groups(estate, UNREAD)


def _level(resource: Resource) -> _Level:
    tags = _lowered(getattr(resource, "tags", None))
    name = resource.name.lower()
    if isinstance(resource, ResourceGroup):
        return _Level(tags, resource_group=name)
    if isinstance(resource, Subscription):
        return _Level(
            tags,
            subscription=resource.subscription_id,
            subscription_name=_text(resource.display_name),
        )
    if isinstance(resource, ManagementGroup):
        return _Level(management_group=_last(resource.id))
    # A child is part of its workspace: only its own tags can set it apart, not its name.
    whole = isinstance(resource, TrackedResource) and not armid.parent(resource.id)
    return _Level(tags, name if whole else None)


def _text(value: Maybe[str]) -> Maybe[str]:
    return value.lower() if isinstance(value, str) else value


def _lowered(tags: Any) -> Any:
    if not tags:
        return tags
    return {key.lower(): value.strip().lower() for key, value in tags.items()}


def _met(choice: _Choice, level: _Level) -> Verdict:
    if level.tags is None:
        return _named(choice, level)
    return either((_tagged(choice, level.tags), _named(choice, level)))


def _tagged(choice: _Choice, tags: Any) -> Verdict:
    if tags is UNREAD:
        return UNREAD if choice.tags else False
    unread = False
    for key, values in choice.tags.items():
        value = tags.get(key)
        if value in values:
            return True
        unread = unread or value == MARK
    return UNREAD if unread else False


def _named(choice: _Choice, level: _Level) -> Verdict:
    if level.name is not None:
        return _like(level.name, choice.names)
    if level.resource_group is not None:
        return _like(level.resource_group, choice.resource_groups)
    if level.subscription is not None:
        return _subscribed(choice.subscriptions, level.subscription, level.subscription_name)
    return level.management_group is not None and level.management_group in choice.management_groups


def _like(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _subscribed(wanted: frozenset[str], subscription: str, name: Maybe[str]) -> Verdict:
    if subscription in wanted or name in wanted:
        return True
    return UNREAD if wanted and name is UNREAD else False


FACTS: Facts = {
    kind: {
        "environment": Derived(
            str,
            environment,
            "Environment by the config: own match, else that of the workspace, resource group, "
            "subscription or management group above; null where none matches.",
            ("tags", "name") if issubclass(cls, TrackedResource) else ("name",),
        ),
        "production": Derived(
            bool,
            production,
            "Whether the config marks the environment as production; null without environment.",
            ("tags", "name") if issubclass(cls, TrackedResource) else ("name",),
        ),
    }
    for kind, cls in KINDS.items()
}
