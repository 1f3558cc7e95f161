"""Every role assignment, active or eligible, by its scope and by whom it is given to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from scanner.inventory.access.scopes import ROOT, level_of, owner_of, place_of
from scanner.inventory.facts import per_estate
from scanner.inventory.fields import UNREAD, Maybe
from scanner.inventory.model.authorization import RoleAssignment, RoleEligibility

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scanner.inventory.estate import Estate

ACTIVE: Final = RoleAssignment.TABLE
ELIGIBLE: Final = RoleEligibility.TABLE
TABLES: Final = (ACTIVE, ELIGIBLE)
_EXTENSION: Final = "/providers/microsoft.authorization/"


class Assignment(NamedTuple):
    """A role given to a principal at a scope."""

    record: RoleAssignment | RoleEligibility
    scope: str
    """Key of the scope."""
    level: str
    principal: Maybe[str]
    """Object id in lower case."""
    eligible: bool

    @property
    def shown_scope(self) -> str:
        """Return the scope as Azure wrote it."""
        return scope_of(self.record) or ROOT


class Assignments:
    """The index; `unplaced` tells for each table whether some record's scope was not readable."""

    def __init__(self, estate: Estate) -> None:
        self.at: dict[str, list[Assignment]] = {}
        self.below: dict[str, list[Assignment]] = {}
        """Assignments at scopes inside a resource, such as a container, by the resource."""
        self.of: dict[str, list[Assignment]] = {}
        self.unplaced: set[str] = set()
        self.unnamed: set[str] = set()
        """Tables with a record whose principal was not readable."""
        self.above_subscriptions = False
        """Whether anything is assigned at a management group."""
        for assignment in _entries(estate, self.unplaced):
            self._add(assignment)

    def _add(self, assignment: Assignment) -> None:
        scope = assignment.scope
        self.at.setdefault(scope, []).append(assignment)
        if assignment.level == "resource" and (owner := owner_of(scope)) != scope:
            self.below.setdefault(owner, []).append(assignment)
        if assignment.level == "managementGroup":
            self.above_subscriptions = True
        if isinstance(assignment.principal, str):
            self.of.setdefault(assignment.principal, []).append(assignment)
        else:
            self.unnamed.add(assignment.record.TABLE)


def scope_of(record: RoleAssignment | RoleEligibility) -> Maybe[str]:
    """Return the scope of an assignment; its id has it too, in front of the provider."""
    if record.scope is not None:
        return record.scope
    end = record.id.lower().rfind(_EXTENSION)
    return record.id[:end] if end >= 0 else UNREAD


def _entries(estate: Estate, unplaced: set[str]) -> Iterator[Assignment]:
    levels: dict[str, str] = {}
    records: list[RoleAssignment | RoleEligibility] = [*estate.all_of(RoleAssignment)]
    records += estate.all_of(RoleEligibility)
    for record in records:
        scope = scope_of(record)
        if not isinstance(scope, str):
            unplaced.add(record.TABLE)
            continue
        principal = record.principal_id
        key = principal.lower() if isinstance(principal, str) else UNREAD
        place = place_of(scope)
        if place not in levels:
            levels[place] = level_of(scope)
        eligible = isinstance(record, RoleEligibility)
        yield Assignment(record, place, levels[place], key, eligible)


@per_estate
def assignments(estate: Estate) -> Assignments:
    """Return the index over all role assignments."""
    return Assignments(estate)
