"""Deny assignments: what Azure refuses to a principal at a place, whatever its roles allow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from scanner.inventory.access.capabilities import ALL
from scanner.inventory.access.roles import operations
from scanner.inventory.access.scopes import place_of, was_read
from scanner.inventory.facts import per_estate
from scanner.inventory.fields import UNREAD
from scanner.inventory.model.authorization import DenyAssignment
from scanner.inventory.truth import both, each, either, equal, negation, one_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from scanner.inventory.access.assignments import Assignment
    from scanner.inventory.access.scopes import Chain
    from scanner.inventory.estate import Estate
    from scanner.inventory.fields import Maybe
    from scanner.inventory.model.authorization import Principal
    from scanner.inventory.truth import Verdict

EVERYBODY: Final = "00000000-0000-0000-0000-000000000000"
_ALONE: Final = ("User", "ServicePrincipal", "Device")
"""Kinds of principals that have no members."""


class Named:
    """Tells whether lists of principals in a deny assignment mean the one of an assignment."""

    def __init__(self, assignment: Assignment, estate: Estate) -> None:
        self._principal = assignment.principal
        self._alone = assignment.record.principal_type in _ALONE
        self._known = estate.config.principals

    def refused(self, other: Principal) -> Verdict:
        """Tell whether what is refused to one principal is refused to all of this one."""
        everybody = one_of(other.id, (EVERYBODY,))
        if everybody is True or not isinstance(other.id, str):
            return everybody
        return self._belongs_to(other.id.lower(), other.type)

    def excused(self, other: Principal) -> Verdict:
        """Tell whether this one is excluded, UNREAD where some of its members may be."""
        verdict = self.refused(other)
        if verdict is not False or self._alone or not isinstance(self._principal, str):
            return verdict
        if isinstance(other.id, str) and self._known.knows_members(self._principal):
            inside = other.id.lower() in self._known.below((self._principal,))
            return UNREAD if inside else False
        return UNREAD

    def _belongs_to(self, other: str, kind: Maybe[str]) -> Verdict:
        if not isinstance(self._principal, str):
            return UNREAD
        if other in self._known.above((self._principal,)):
            return True
        # Without its members nobody knows who is in a group.
        return False if kind in _ALONE or self._known.knows_members(other) else UNREAD


class Refused(NamedTuple):
    """Operations refused for certain, and those that may be refused."""

    sure: int
    maybe: int


_NOTHING: Final = Refused(0, 0)
_ANYTHING: Final = Refused(0, ALL)


@per_estate
def _by_scope(estate: Estate) -> dict[str, list[DenyAssignment]]:
    """Return the deny assignments by scope, those without a readable one under ""."""
    found: dict[str, list[DenyAssignment]] = {}
    for denial in estate.all_of(DenyAssignment):
        scope = place_of(denial.scope) if isinstance(denial.scope, str) else ""
        found.setdefault(scope, []).append(denial)
    return found


def refused(chain: Chain, assignment: Assignment, estate: Estate) -> Refused:
    """Return what deny assignments refuse to a principal at the place that a chain starts at."""
    if not was_read(DenyAssignment.TABLE, chain, estate):
        return _ANYTHING
    known = _by_scope(estate)
    if not known:
        return _NOTHING
    if "" in known or (not chain.complete and _any_above(known)):
        return _ANYTHING
    named = Named(assignment, estate)
    sure = maybe = 0
    for scope in chain.scopes:
        for denial in known.get(scope, ()):
            found = _of(denial, named, here=scope == chain.scopes[0])
            sure |= found.sure
            maybe |= found.maybe
    return Refused(sure, maybe)


def _any_above(known: Iterable[str]) -> bool:
    return any(scope.startswith("/providers/") for scope in known)


def _of(denial: DenyAssignment, named: Named, *, here: bool) -> Refused:
    applies = both(
        negation(equal(denial.effect, "audit")),
        True if here else negation(equal(denial.do_not_apply_to_child_scopes, True)),  # noqa: FBT003
        _any_of(denial.principals, named.refused),
        negation(_any_of(denial.exclude_principals, named.excused)),
        UNREAD if denial.condition is not None else True,
    )
    if applies is False:
        return _NOTHING
    sure, maybe = _operations(denial)
    return Refused(sure if applies is True else 0, maybe)


def _any_of(principals: Any, means: Callable[[Any], Verdict]) -> Verdict:
    listed, complete = each(principals)
    found = [means(principal) for principal in listed]
    return either(found if complete else [*found, UNREAD])


def _operations(denial: DenyAssignment) -> tuple[int, int]:
    blocks, complete = each(denial.permissions)
    sure = maybe = 0
    for block in blocks:
        found = operations(block)
        sure |= found[0]
        maybe |= found[1]
    return sure, maybe if complete else ALL
