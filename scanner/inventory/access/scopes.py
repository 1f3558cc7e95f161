"""Where role assignments hold: the scopes above a resource, and which of them were read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from scanner import armid
from scanner.inventory.facts import per_estate
from scanner.inventory.fields import UNREAD
from scanner.inventory.holders import holder_of
from scanner.inventory.model.organization import ManagementGroup, Subscription

if TYPE_CHECKING:
    from scanner.inventory.estate import Estate

ROOT: Final = "/"
_GROUP_TYPE: Final = "microsoft.management/managementgroups"
_GROUPS: Final = f"/providers/{_GROUP_TYPE}/"
_SUBSCRIPTIONS: Final = "/subscriptions/"
_LEVELS: Final = {
    _GROUP_TYPE: "managementGroup",
    "microsoft.resources/subscriptions": "subscription",
    "microsoft.resources/resourcegroups": "resourceGroup",
    "microsoft.machinelearningservices/workspaces": "workspace",
    "microsoft.storage/storageaccounts": "storageAccount",
    "microsoft.keyvault/vaults": "keyVault",
    "microsoft.containerregistry/registries": "containerRegistry",
}
HIGH: Final = ("root", "managementGroup", "subscription")
"""Levels above the resource group."""


class Chain(NamedTuple):
    """The scopes that hold for a resource: its own id and all above it, as keys."""

    scopes: tuple[str, ...]
    """The nearest first, the tenant root last."""
    complete: bool
    """False where the management groups above the subscription are not known."""


def place_of(scope: str) -> str:
    """Return a scope as a key."""
    return armid.key(scope) or ROOT


def level_of(scope: str) -> str:
    """Return the level of a scope; `resource` is anything that has no word of its own."""
    if place_of(scope) == ROOT:
        return "root"
    return _LEVELS.get(armid.parse(scope).type.lower(), "resource")


def owner_of(scope: str) -> str:
    """Return the key of the top-level resource that a scope is or lies below."""
    while above := armid.parent(scope):
        scope = above
    return place_of(scope)


def chain_of(arm_id: str, estate: Estate) -> Chain:
    """Return the scopes of a resource: itself, its parents, group, subscription, groups, root."""
    known = _chains(estate)
    place = place_of(arm_id)
    below: list[str] = []
    while place not in known and not _is_high(place) and place != _subscription(place):
        below.append(place)
        place = holder_of(place) or _subscription(place)
    if place not in known:
        known[place] = _top(place, estate)
    # What lies in one group shares the scopes above it.
    for scope in reversed(below):
        above = known[place]
        known[scope] = Chain((scope, *above.scopes), above.complete)
        place = scope
    return known[place]


@per_estate
def _chains(_: Estate) -> dict[str, Chain]:
    return {}


def _subscription(place: str) -> str:
    """Return the subscription that a place lies in, or the place where it is in none."""
    return "/".join(place.split("/", 3)[:3]) if place.startswith(_SUBSCRIPTIONS) else place


def _top(place: str, estate: Estate) -> Chain:
    """Return the chain of a subscription, or of what is in none."""
    if place.startswith(_GROUPS):
        groups, complete = _with_parents([place], estate)
        return Chain((*groups, ROOT), complete)
    if not place.startswith(_SUBSCRIPTIONS):
        return Chain((ROOT,), complete=True)
    groups, complete = _above(place, estate)
    return Chain((place, *groups, ROOT), complete)


def _above(subscription: str, estate: Estate) -> tuple[list[str], bool]:
    """Return the management groups above a subscription, and whether those are known."""
    found = estate.find(subscription)
    ids = found.management_group_ids if isinstance(found, Subscription) else UNREAD
    if not isinstance(ids, tuple):
        # Every subscription is below some group: a record without the chain does not tell.
        return [], False
    return _with_parents([place_of(arm_id) for arm_id in ids], estate)


def _with_parents(groups: list[str], estate: Estate) -> tuple[list[str], bool]:
    """Go on from the highest group that is known, by the groups' own records."""
    while groups:
        record = estate.find(groups[-1])
        parent = record.parent_id if isinstance(record, ManagementGroup) else None
        if parent is UNREAD:
            return groups, False
        if not isinstance(parent, str) or place_of(parent) in groups:
            break
        groups.append(place_of(parent))
    return groups, True


def was_read(table: str, chain: Chain, estate: Estate) -> bool:
    """Tell whether all records of an authorization table at the scopes of a chain were read.

    Azure lists a subscription's assignments with those that it inherits, so what holds above a
    subscription counts as read with it, unless a gap names the management group or the root.
    """
    if estate.coverage.has_no_gap(table):
        outermost = next((scope for scope in reversed(chain.scopes) if not _is_high(scope)), ROOT)
        return outermost == ROOT or estate.coverage.is_inside(outermost)
    return all(_scope_read(table, scope, estate) for scope in chain.scopes)


def _is_high(scope: str) -> bool:
    """Tell whether a scope is above subscriptions: what is assigned there is listed below it."""
    return scope == ROOT or scope.startswith(_GROUPS)


@per_estate
def _scopes_known(_: Estate) -> dict[tuple[str, str], bool]:
    return {}


def _scope_read(table: str, scope: str, estate: Estate) -> bool:
    known = _scopes_known(estate)
    question = (table, scope)
    if question not in known:
        known[question] = _look(table, scope, estate)
    return known[question]


def _look(table: str, scope: str, estate: Estate) -> bool:
    record = f"{'' if scope == ROOT else scope}/providers/microsoft.authorization/{table}/-"
    if not _is_high(scope):
        return estate.coverage.has_record(table, record)
    entry = estate.manifest.tables.get(table)
    gaps = estate.coverage.gaps_at(table, f"{scope.rstrip('/')}/providers/microsoft.authorization")
    return entry is not None and entry.complete and not any(gaps)
