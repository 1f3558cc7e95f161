"""Who reaches a workspace over the public network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from scanner.inventory.connectivity import network_of
from scanner.inventory.facts import Facts, computed
from scanner.inventory.fields import UNREAD, Derived, Maybe, Members, Part
from scanner.inventory.truth import Found, Verdict, both, each, either, equal, negation

if TYPE_CHECKING:
    from scanner.inventory.estate import Estate
    from scanner.inventory.model.network_access import NetworkRules
    from scanner.inventory.model.workspace import Workspace

_EVERYWHERE = {"0.0.0.0/0", "::/0", "*"}


class Exposure(Part, frozen=True, kw_only=True):
    """How far the public network reaches a workspace."""

    level: Annotated[
        str, computed("private, public-restricted (selected networks only) or public.")
    ]
    reasons: Annotated[tuple[str, ...], computed("What the level was told by.")] = ()


class ForeignPrivateEndpoint(Part, frozen=True, kw_only=True):
    """An approved private endpoint connection from another subscription."""

    private_endpoint_id: Annotated[
        Maybe[str], computed("ARM id of the private endpoint; absent where Azure names none.")
    ] = None
    subscription_id: Annotated[
        Maybe[str], computed("Its subscription; absent where Azure names no endpoint.")
    ] = None


def exposure(workspace: Workspace, estate: Estate) -> Maybe[Exposure]:
    """Return how far the public network reaches a workspace; a project counts as its hub does."""
    used = network_of(workspace, estate)
    if used is None or used is UNREAD:
        return used
    level = _level(used)
    if level is None:
        return UNREAD
    return Exposure(level=level, reasons=_reasons(workspace, used))


def _level(used: Workspace) -> str | None:
    """Return the level, `None` where it was not readable."""
    access = used.public_network_access
    if access is UNREAD:
        return None
    if access == "Disabled":
        return "private"
    if access == "SecuredByPerimeter":
        return "public-restricted"
    behind_link = _behind_link(used) if access is None else False
    if behind_link is not False:
        return "private" if behind_link else None
    restricted = either((_denies(used.network_acls), _allows_only(used.ip_allowlist)))
    if restricted is UNREAD:
        return None
    return "public-restricted" if restricted else "public"


def _behind_link(used: Workspace) -> Verdict:
    """Tell whether the older switch closes a workspace that says nothing of public access.

    Only where the record has the switch: without either, the workspace counts as reachable.
    """
    closed = equal(used.allow_public_access_when_behind_vnet, False)  # noqa: FBT003
    connections, complete = each(used.private_endpoint_connections)
    approved = either(equal(connection.status, "Approved") for connection in connections)
    return both(closed, approved if complete or approved is True else UNREAD)


def _denies(rules: Maybe[NetworkRules]) -> Verdict:
    if rules is None or rules is UNREAD:
        return UNREAD if rules is UNREAD else False
    return both(equal(rules.default_action, "Deny"), negation(_lets_all_in(rules)))


def _lets_all_in(rules: NetworkRules) -> Verdict:
    ranges, complete = each(rules.ip_rules)
    opened = either(
        both(
            UNREAD if rule.value is UNREAD else rule.value in _EVERYWHERE,
            negation(equal(rule.action, "Deny")),
        )
        for rule in ranges
    )
    return opened if complete or opened is True else UNREAD


def _allows_only(allowlist: Maybe[tuple[str, ...]]) -> Verdict:
    if allowlist is UNREAD:
        return UNREAD
    return bool(allowlist) and _EVERYWHERE.isdisjoint(allowlist or ())


def _reasons(workspace: Workspace, used: Workspace) -> Members:
    """Return what was looked at, in words; what could not be read is left out."""
    reasons = [] if used is workspace else [f"network of the hub {used.name}"]
    reasons.append(f"publicNetworkAccess is {used.public_network_access or 'absent'}")
    behind = used.allow_public_access_when_behind_vnet
    if isinstance(behind, bool):
        reasons.append(f"allowPublicAccessWhenBehindVnet is {str(behind).lower()}")
    rules = used.network_acls
    if rules is not UNREAD and rules is not None and isinstance(rules.default_action, str):
        reasons.append(f"networkAcls.defaultAction is {rules.default_action}")
    if isinstance(used.ip_allowlist, tuple):
        reasons.append(f"ipAllowlist has {len(used.ip_allowlist)} range(s)")
    connections, complete = each(used.private_endpoint_connections)
    approved = sum(connection.status == "Approved" for connection in connections)
    if complete:
        reasons.append(f"{approved} approved private endpoint(s)")
    managed = used.managed_network
    if managed is not UNREAD and managed is not None and isinstance(managed.isolation_mode, str):
        reasons.append(f"managedNetwork.isolationMode is {managed.isolation_mode}")
    return Members(reasons)


def foreign_private_endpoints(workspace: Workspace, _: Estate) -> Members:
    """Return the approved connections of private endpoints in other subscriptions."""
    connections, complete = each(workspace.private_endpoint_connections)
    found = Found(complete=complete)
    for connection in connections:
        subscription = connection.private_endpoint_subscription_id
        foreign = negation(equal(subscription, workspace.subscription_id))
        found.add(
            both(equal(connection.status, "Approved"), foreign),
            ForeignPrivateEndpoint(
                private_endpoint_id=connection.private_endpoint_id, subscription_id=subscription
            ),
        )
    return found.members()


FACTS: Facts = {
    "workspace": {
        "exposure": Derived(
            Exposure,
            exposure,
            "How far the public network reaches the workspace (the hub of a project), with the "
            "reasons; null where the hub does not exist.",
            (
                "publicNetworkAccess",
                "allowPublicAccessWhenBehindVnet",
                "networkAcls",
                "ipAllowlist",
                "privateEndpointConnections",
            ),
        ),
        "foreignPrivateEndpoints": Derived(
            tuple[ForeignPrivateEndpoint, ...],
            foreign_private_endpoints,
            "Approved private endpoint connections whose endpoint is in another subscription than "
            "the workspace; one without an endpoint id counts.",
            ("privateEndpointConnections",),
        ),
    }
}
