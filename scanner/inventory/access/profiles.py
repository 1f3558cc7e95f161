"""Which of the four source profiles a workspace is of: private or public, restricted or not.

A workspace is restricted where its data scientists have roles made for them, and unrestricted
where they have Contributor, or a role that amounts to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from scanner.inventory.facts import computed
from scanner.inventory.fields import UNREAD, Maybe, Members, Part
from scanner.inventory.truth import both, either, equal, negation, one_of

if TYPE_CHECKING:
    from scanner.inventory.access.shown import AccessGrant
    from scanner.inventory.exposure import Exposure
    from scanner.inventory.truth import Verdict

_SCIENTIST: Final = "dataScientist"
_WIDE: Final = frozenset(
    ("b24988ac-6180-42a0-ab88-20f7382dd24c", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635")
)
"""Contributor and Owner."""


class Profile(Part, frozen=True, kw_only=True):
    """Which of the source profiles a workspace has."""

    network: Annotated[
        Maybe[str],
        computed("private, or public (from selected networks too); absent where there is no hub."),
    ] = None
    access: Annotated[
        Maybe[str],
        computed(
            "restricted or unrestricted, by the roles of data scientists; absent where nobody of "
            "the persona dataScientist has one."
        ),
    ] = None


def profile_of(exposed: Maybe[Exposure], grants: Members) -> Profile:
    """Return the profile of a workspace with an exposure and all grants that count there."""
    network: Maybe[str]
    if exposed is None or exposed is UNREAD:
        network = exposed
    else:
        network = "private" if exposed.level == "private" else "public"
    return Profile(network=network, access=_access(grants))


def _access(grants: Members) -> Maybe[str]:
    scientists = [(_of_scientists(grant), _is_wide(grant)) for grant in grants if grant.covers]
    unrestricted = either(both(of, wide) for of, wide in scientists)
    if unrestricted is True:
        return "unrestricted"
    anybody = either(of for of, _ in scientists)
    if unrestricted is UNREAD or anybody is UNREAD or not grants.complete:
        return UNREAD
    return "restricted" if anybody else None


def _of_scientists(grant: AccessGrant) -> Verdict:
    """Tell whether a grant is one of data scientists who still exist."""
    known: Verdict = _SCIENTIST in grant.personas
    if not known and not getattr(grant.personas, "complete", True):
        known = UNREAD
    return both(known, negation(equal(grant.orphaned, wanted=True)))


def _is_wide(grant: AccessGrant) -> Verdict:
    return either((one_of(grant.role_id, _WIDE), equal(grant.unbounded_wildcard, wanted=True)))
