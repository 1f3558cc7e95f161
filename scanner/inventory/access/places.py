"""Where operations are evaluated: a workspace, what it depends on, and what holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from scanner.inventory.access.capabilities import ALL, HOLDS, TARGETS, USELESS
from scanner.inventory.access.scopes import Chain, chain_of, level_of, owner_of
from scanner.inventory.dependents import dependents_of
from scanner.inventory.fields import UNREAD
from scanner.inventory.holders import holder_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scanner.inventory.estate import Estate
    from scanner.inventory.fields import Maybe, Resource
    from scanner.inventory.model.workspace import Workspace
    from scanner.inventory.truth import Verdict

_SETTINGS: Final = {
    "storageAccount": ("allow_shared_key_access", "noSharedKeys", True),
    "keyVault": ("enable_rbac_authorization", "accessPolicies", False),
    "containerRegistry": ("admin_user_enabled", "noAdminUser", False),
}
"""Dependent to the setting that some operations need, its name in the table, and its default."""
_DEPENDENT: Final = TARGETS["storageAccount"] | TARGETS["keyVault"] | TARGETS["containerRegistry"]
_MANAGE_ACCESS: Final = HOLDS["manageAccess"]
_EVERYWHERE: Final = ("root", "managementGroup", "subscription")


class Place(NamedTuple):
    """A resource, and the operations that count there."""

    chain: Chain
    sure: int
    maybe: int
    """Operations that count, and those that may, by the settings of the resource."""
    own: bool = True
    """False for what a workspace merely depends on."""

    @property
    def key(self) -> str:
        """Return the key of the resource."""
        return self.chain.scopes[0]


class Places(NamedTuple):
    """All the places that access to a resource is made of, the resource first."""

    places: tuple[Place, ...]
    unknown: int = 0
    """Operations that count at places which the resource may have, and nobody could see."""


def of_workspace(workspace: Workspace, estate: Estate) -> Places:
    """Return the workspace, its resource group, and the dependents that it really uses."""
    group = holder_of(workspace.id)
    places = [
        _plain(workspace.id, TARGETS["workspace"], estate),
        _plain(group, TARGETS["resourceGroup"], estate),
    ]
    dependents = dependents_of(workspace, estate)
    unknown = _DEPENDENT if dependents is None else 0
    for kind, arm_id, resource in dependents or ():
        if kind not in _SETTINGS:
            continue
        if isinstance(arm_id, str):
            places.append(_dependent(kind, arm_id, resource, estate))
        elif arm_id is UNREAD:
            unknown |= TARGETS[kind]
    return Places(tuple(places), unknown)


def of_storage(account: Resource, estate: Estate) -> Places:
    """Return a storage account, with the right to give access to it."""
    place = _dependent("storageAccount", account.id, account, estate)
    both = place._replace(
        sure=place.sure | _MANAGE_ACCESS, maybe=place.maybe | _MANAGE_ACCESS, own=True
    )
    return Places((both,))


def of_subscription(subscription: Resource, estate: Estate) -> Places:
    """Return a subscription: making groups in it, deleting them, and giving access to it."""
    return Places((_plain(subscription.id, TARGETS["subscription"] | _MANAGE_ACCESS, estate),))


def of_scope(scope: str, estate: Estate) -> Places:
    """Return the scope of an assignment with all that can be evaluated at or below it."""
    level, owner = level_of(scope), owner_of(scope)
    if (kind := level_of(owner)) in _SETTINGS:
        # A container's data is its account's, which is the place to look at then, too.
        place = _dependent(kind, owner, estate.target(kind, owner), estate)
        return Places((place._replace(sure=place.sure | _MANAGE_ACCESS, own=True),))
    if level in _EVERYWHERE:
        return Places((_plain(scope, ALL, estate),))
    if level == "resourceGroup":
        return Places((_plain(scope, ALL & ~TARGETS["subscription"], estate),))
    target = TARGETS["workspace"] if level == "workspace" else _MANAGE_ACCESS
    return Places((_plain(scope, target, estate),))


def _plain(arm_id: str, operations: int, estate: Estate) -> Place:
    return Place(chain_of(arm_id, estate), operations, operations)


def _dependent(kind: str, arm_id: str, resource: Maybe[Resource], estate: Estate) -> Place:
    """Return a dependent; operations that its settings make useless do not count."""
    operations = TARGETS[kind]
    sure = maybe = 0 if resource is None else operations
    for setting, useless in _useless(kind, resource):
        if useless is not False:
            sure &= ~USELESS[setting]
        if useless is True:
            maybe &= ~USELESS[setting]
    return Place(chain_of(arm_id, estate), sure, maybe, own=False)


def _useless(kind: str, resource: Any) -> Iterator[tuple[str, Verdict]]:
    attribute, setting, default = _SETTINGS[kind]
    if resource is None:
        return
    value = UNREAD if resource is UNREAD else getattr(resource, attribute)
    yield setting, UNREAD if value is UNREAD else not (default if value is None else value)
