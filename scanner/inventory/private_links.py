"""Whether private endpoints lead to the resources that a workspace depends on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from scanner import armid
from scanner.inventory.connectivity import outbound_rules_of
from scanner.inventory.dependents import OPEN_PATHS, dependents_of
from scanner.inventory.facts import Facts, computed
from scanner.inventory.fields import UNREAD, Derived, Maybe, Members, Part, Resource
from scanner.inventory.model.dependents import StorageAccount
from scanner.inventory.model.private_link import PrivateEndpoint
from scanner.inventory.truth import (
    Found,
    Verdict,
    both,
    each,
    either,
    equal,
    known,
    negation,
    one_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scanner.inventory.estate import Estate
    from scanner.inventory.model.workspace import Workspace

_SUB_RESOURCES = {
    "storageAccount": ("blob", "file"),
    "keyVault": ("vault",),
    "containerRegistry": ("registry",),
}
_TO_IT = StorageAccount.LINKS["privateEndpoints"]


class UnlinkedDependent(Part, frozen=True, kw_only=True):
    """A dependent resource that no private endpoint leads to."""

    kind: Annotated[str, computed("Kind of the resource.")]
    id: Annotated[str, computed("ARM id of the resource.")]
    name: Annotated[str, computed("Name of the resource.")]
    missing: Annotated[
        tuple[str, ...], computed("Sub-resources, such as blob, without a private endpoint.")
    ]


def without_private_link(workspace: Workspace, estate: Estate) -> Members:
    """Return the dependents with a sub-resource that no private endpoint leads to."""
    dependents = dependents_of(workspace, estate)
    rules = outbound_rules_of(workspace, estate)
    found = Found(complete=dependents is not None)
    for kind, _, resource in dependents or ():
        if kind not in _SUB_RESOURCES or resource is None:
            continue
        if resource is UNREAD:
            found.add(UNREAD, None)
            continue
        missing = _missing(resource, rules, estate)
        part = UnlinkedDependent(kind=kind, id=resource.id, name=resource.name, missing=missing)
        found.add(True if missing else (False if missing.complete else UNREAD), part)
    return found.members()


def _missing(resource: Resource, rules: Members, estate: Estate) -> Members:
    names = _SUB_RESOURCES[resource.KIND]
    missing = Found()
    for name in names:
        wanted = name if len(names) > 1 else None
        linked = either((_linked(resource, wanted, estate), _ruled(resource, wanted, rules)))
        missing.add(negation(linked), name)
    return missing.members()


def _linked(resource: Any, wanted: str | None, estate: Estate) -> Verdict:
    """Tell whether an approved private endpoint leads to a sub-resource (`None`: to any)."""
    connections, complete = each(resource.private_endpoint_connections)
    endpoints = estate.follow(resource, _TO_IT)
    verdict = either(
        (
            *(_connects(connection, resource, wanted, estate) for connection in connections),
            *(_leads(endpoint, resource, wanted) for endpoint in endpoints),
        )
    )
    return verdict if complete or verdict is True else UNREAD


def _connects(connection: Any, resource: Resource, wanted: str | None, estate: Estate) -> Verdict:
    approved = equal(connection.status, "Approved")
    if wanted is None or approved is False:
        return approved
    if known(connection.group_ids):
        return both(approved, _names(connection.group_ids, wanted))
    if connection.private_endpoint_id is None:
        return UNREAD
    # Storage does not say which of its services a connection is for; the endpoint does.
    endpoint = estate.target(PrivateEndpoint.KIND, connection.private_endpoint_id)
    if endpoint is None or endpoint is UNREAD:
        return UNREAD if endpoint is UNREAD else False
    return both(approved, _leads(endpoint, resource, wanted))


def _leads(endpoint: Any, resource: Resource, wanted: str | None) -> Verdict:
    connections, complete = each(endpoint.connections)
    verdict = either(
        both(
            _same(connection.target_id, resource.id),
            equal(connection.status, "Approved"),
            True if wanted is None else _names(connection.group_ids, wanted),
        )
        for connection in connections
    )
    return verdict if complete or verdict is True else UNREAD


def _same(arm_id: Maybe[str], other: str) -> Verdict:
    if arm_id is UNREAD:
        return UNREAD
    return arm_id is not None and armid.key(arm_id) == armid.key(other)


def _names(group_ids: Maybe[Iterable[str]], wanted: str) -> Verdict:
    if group_ids is None or group_ids is UNREAD:
        return UNREAD
    return wanted in {name.lower() for name in group_ids}


def _ruled(resource: Resource, wanted: str | None, rules: Members) -> Verdict:
    """Tell whether an outbound rule of the managed network makes the private endpoint."""
    verdict = either(_rule_leads(rule, resource, wanted) for rule in rules)
    return verdict if rules.complete or verdict is True else UNREAD


def _rule_leads(rule: Any, resource: Resource, wanted: str | None) -> Verdict:
    of_kind = both(
        equal(rule.rule_type, "PrivateEndpoint"),
        negation(one_of(rule.status, ("Failed", "Deleting"))),
    )
    place = rule.destination
    if of_kind is False or place is None or place is UNREAD:
        return UNREAD if of_kind is not False and place is UNREAD else False
    target = place.subresource_target
    serves = True if wanted is None else equal(target.lower() if known(target) else target, wanted)
    return both(of_kind, _same(place.service_resource_id, resource.id), serves)


FACTS: Facts = {
    "workspace": {
        "dependentsWithoutPrivateLink": Derived(
            tuple[UnlinkedDependent, ...],
            without_private_link,
            "Storage account (blob and file), key vault and container registry in use without an "
            "approved private endpoint or private-endpoint outbound rule.",
            OPEN_PATHS,
        ),
    }
}
