"""Whose identity a principal is: the resources that run as it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scanner import armid
from scanner.inventory.facts import per_estate, whole
from scanner.inventory.fields import UNREAD, Maybe
from scanner.inventory.kinds import KINDS
from scanner.inventory.model.dependents import UserAssignedIdentity
from scanner.inventory.model.tracked import TrackedResource
from scanner.inventory.truth import each

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scanner.inventory.estate import Estate

_HOLDERS: Final = tuple(kind for kind, cls in KINDS.items() if issubclass(cls, TrackedResource))


class _Owners:
    def __init__(self, estate: Estate) -> None:
        self.found: dict[str, str] = {}
        self.complete = all(whole(estate, KINDS[kind].TABLE) for kind in _HOLDERS)
        for kind in _HOLDERS:
            for resource in estate.of_kind(kind):
                principal = _own(resource)
                if principal is UNREAD:
                    self.complete = False
                elif isinstance(principal, str):
                    self.found.setdefault(principal.lower(), resource.id)


def _own(resource: object) -> Maybe[str]:
    """Return the principal that is a resource's alone."""
    if isinstance(resource, UserAssignedIdentity):
        return resource.principal_id
    identity = getattr(resource, "identity", None)
    if identity is None or identity is UNREAD:
        return UNREAD if identity is UNREAD else None
    found: Maybe[str] = identity.principal_id
    return found


@per_estate
def _owners(estate: Estate) -> _Owners:
    return _Owners(estate)


def owner_of(principal: str, estate: Estate) -> Maybe[str]:
    """Return the ARM id of the managed identity or resource that a principal stands for.

    Gives `None` where it is none of those that the inventory knows.
    """
    owners = _owners(estate)
    found = owners.found.get(principal)
    if found is not None:
        return found
    return None if owners.complete else UNREAD


def principals_of(name: str, estate: Estate) -> tuple[str, ...]:
    """Return the principals that stand for identities or resources of a name, in any casing."""
    found = _owners(estate).found.items()
    return tuple(
        sorted(key for key, owner in found if armid.parse(owner).name.lower() == name.lower())
    )


def identities_of(resource: TrackedResource, estate: Estate) -> Iterator[tuple[str, Maybe[str]]]:
    """Yield id and principal of each managed identity that a resource runs as.

    The id is that of the user-assigned identity, or of the resource itself. A principal that was
    not readable is UNREAD; an id of "" says that there may be identities that nobody saw.
    """
    identity = resource.identity
    if identity is UNREAD:
        yield "", UNREAD
        return
    if identity is None:
        return
    if identity.principal_id is not None:
        yield resource.id, identity.principal_id
    elif identity.system_assigned is not False and identity.system_assigned is not None:
        yield resource.id, UNREAD
    ids, complete = each(identity.user_assigned_identity_ids)
    for arm_id in ids:
        yield arm_id, _principal_of(arm_id, estate)
    if not complete:
        yield "", UNREAD


def _principal_of(arm_id: str, estate: Estate) -> Maybe[str]:
    found = estate.target(UserAssignedIdentity.KIND, arm_id)
    if found is None or found is UNREAD:
        return found
    # Azure gives every identity a principal: a record without one does not tell.
    return found.principal_id or UNREAD  # type: ignore[attr-defined]
