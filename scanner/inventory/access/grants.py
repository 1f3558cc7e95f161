"""Every role assignment that counts at a resource, and the operations it comes to there."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, NamedTuple

from scanner.inventory.access import places as where
from scanner.inventory.access.assignments import TABLES, Assignment, assignments
from scanner.inventory.access.capabilities import DATA, PLANES
from scanner.inventory.access.conditions import limited_by
from scanner.inventory.access.denials import refused
from scanner.inventory.access.personas import Here, here
from scanner.inventory.access.roles import Role, role_of
from scanner.inventory.access.scopes import was_read
from scanner.inventory.facts import per_estate
from scanner.inventory.fields import UNREAD
from scanner.inventory.truth import equal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scanner.inventory.access.places import Place, Places
    from scanner.inventory.estate import Estate
    from scanner.inventory.truth import Verdict
_ANY = -1


class Effect(NamedTuple):
    """Operations that an assignment comes to at some places."""

    sure: int
    maybe: int
    denied: int
    """What the role gives and deny assignments take away."""
    covers: bool
    inherited: bool


class Grant(NamedTuple):
    """An assignment with what it comes to."""

    assignment: Assignment
    role: Role
    effect: Effect
    limited: tuple[int, int]
    """Operations that a condition limits, and those that it may limit."""


class Access(NamedTuple):
    """All grants at a resource, who is who there, and of which tables nothing is missing."""

    grants: tuple[Grant, ...]
    here: Here
    complete: dict[str, bool]


def access_at(places: Places, estate: Estate) -> Access:
    """Return who has what at some places that make up a resource."""
    grants = tuple(
        grant
        for assignment in _candidates(places, estate)
        if (grant := grant_of(assignment, places, estate)) is not None
    )
    held = [
        (grant.assignment.principal, grant.assignment.record.role_definition_guid)
        for grant in grants
        if grant.effect.covers
    ]
    complete = {table: _complete(table, places, estate) for table in TABLES}
    return Access(grants, here(held, estate, complete=all(complete.values())), complete)


def _candidates(places: Places, estate: Estate) -> Iterator[Assignment]:
    """Yield the assignments that may hold at one of the places, each once."""
    index = assignments(estate)
    seen: set[str] = set()
    for place in places.places:
        for scope in place.chain.scopes:
            if scope not in seen:
                seen.add(scope)
                yield from index.at.get(scope, ())
        if place.maybe & PLANES[DATA]:
            yield from index.below.get(place.key, ())


def _complete(table: str, places: Places, estate: Estate) -> bool:
    index = assignments(estate)
    return (
        not places.unknown
        and table not in index.unplaced
        and all(
            (place.chain.complete or not index.above_subscriptions)
            and was_read(table, place.chain, estate)
            for place in places.places
        )
    )


def grant_of(assignment: Assignment, places: Places, estate: Estate) -> Grant | None:
    """Return what an assignment comes to; `None` where it neither covers nor gives anything."""
    role = role_of(assignment.record.role_definition_guid, estate)
    effect = _effect(assignment, role, places, estate)
    if not effect.covers and not effect.maybe:
        return None
    limited = limited_by(assignment.record.condition)
    if role.limited:
        limited = (limited[0] | role.limited, limited[1] | role.limited)
    return Grant(assignment, role, effect, limited)


def _effect(assignment: Assignment, role: Role, places: Places, estate: Estate) -> Effect:
    sure = maybe = denied = 0
    covers = inherited = False
    for place in places.places:
        reached = _reached(assignment.scope, place)
        if not reached:
            continue
        if place.own and reached < 0:
            covers = True
            inherited = inherited or assignment.scope != places.places[0].key
        given, possible = role.sure & place.sure & reached, role.maybe & place.maybe & reached
        if possible:
            no = refused(place.chain, assignment, estate)
            denied |= given & no.sure
            sure |= given & ~no.maybe
            maybe |= possible & ~no.sure
    if inherited:
        maybe |= role.maybe & places.unknown
    gone = orphaned(assignment)
    if gone is not False:
        sure, maybe = 0, maybe if gone is UNREAD else 0
    return _same(sure, maybe, denied & ~maybe, covers, inherited)


@functools.lru_cache(maxsize=1 << 12)
def _same(*parts: Any) -> Effect:
    """Return the effect of these parts, one object for all equal ones: estates have few."""
    return Effect(*parts)


def _reached(scope: str, place: Place) -> int:
    """Return the operations of a place that an assignment at a scope can give: -1 is any.

    Inside a resource lie containers and shares: their data is the resource's.
    """
    if scope in place.chain.scopes:
        return _ANY
    return PLANES[DATA] if scope.startswith(place.key + "/") else 0


def orphaned(assignment: Assignment) -> Verdict:
    """Tell whether the principal of an assignment does not exist any more."""
    return equal(assignment.record.principal_type, "Unknown")


def workspace_access(workspace: Any, estate: Estate) -> Access:
    """Return who has what at a workspace and at what it depends on."""
    return _kept(workspace, where.of_workspace, estate)


def storage_access(account: Any, estate: Estate) -> Access:
    """Return who reads and writes the data of a storage account."""
    return _kept(account, where.of_storage, estate)


def subscription_access(subscription: Any, estate: Estate) -> Access:
    """Return who makes resource groups and gives access in a subscription."""
    return _kept(subscription, where.of_subscription, estate)


def _kept(resource: Any, places: Callable[[Any, Estate], Places], estate: Estate) -> Access:
    known = _accesses(estate)
    if resource.id not in known:
        known[resource.id] = access_at(places(resource, estate), estate)
    return known[resource.id]


@per_estate
def _accesses(_: Estate) -> dict[str, Access]:
    return {}
