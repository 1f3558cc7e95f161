"""Whether the names of a workspace's private endpoints resolve to their private addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

from scanner import armid
from scanner.inventory.facts import Facts, computed, per_estate
from scanner.inventory.fields import UNREAD, Derived, Maybe, Members, Part
from scanner.inventory.model.private_link import PrivateDnsZone, PrivateEndpoint
from scanner.inventory.truth import Found, Verdict, each, either, equal, negation

if TYPE_CHECKING:
    from scanner.inventory.estate import Estate
    from scanner.inventory.model.workspace import Workspace

_PUBLIC: Final = ("privatelink.api.azureml.ms", "privatelink.notebooks.azure.net")
_GOVERNMENT: Final = ("privatelink.api.ml.azure.us", "privatelink.notebooks.usgovcloudapi.net")
_CHINA: Final = ("privatelink.api.ml.azure.cn", "privatelink.notebooks.chinacloudapi.cn")
_ZONES: Final = {
    "public": _PUBLIC,
    "azurecloud": _PUBLIC,
    "azurepubliccloud": _PUBLIC,
    "usgovernment": _GOVERNMENT,
    "azureusgovernment": _GOVERNMENT,
    "china": _CHINA,
    "azurechina": _CHINA,
    "azurechinacloud": _CHINA,
}
"""Zones of the service in each cloud, by the names that the cloud goes by."""
_GROUPS = PrivateEndpoint.LINKS["privateDnsZoneGroups"]
_LINKS = PrivateDnsZone.LINKS["virtualNetworkLinks"]


class EndpointDns(Part, frozen=True, kw_only=True):
    """How the names of one approved private endpoint resolve."""

    private_endpoint_id: Annotated[
        Maybe[str], computed("ARM id of the private endpoint; absent where Azure names none.")
    ] = None
    name: Annotated[Maybe[str], computed("Name of the private endpoint.")] = None
    missing_zones: Annotated[
        tuple[str, ...], computed("Needed zones that no zone group of the endpoint has.")
    ] = ()
    unlinked_zones: Annotated[
        tuple[str, ...],
        computed("Needed zones that are not linked to the endpoint's virtual network."),
    ] = ()


def zones_of(cloud: str) -> tuple[str, ...] | None:
    """Return the private DNS zones of the service in a cloud, `None` for one of its own."""
    return _ZONES.get(cloud.lower())


def private_dns(workspace: Workspace, estate: Estate) -> Members:
    """Return how each approved private endpoint of a workspace resolves."""
    connections, complete = each(workspace.private_endpoint_connections)
    found = Found(complete=complete)
    for connection in connections:
        endpoint: Any = estate.target(PrivateEndpoint.KIND, connection.private_endpoint_id)
        approved = equal(connection.status, "Approved")
        if endpoint is None and connection.private_endpoint_id is not None:
            continue
        arm_id = connection.private_endpoint_id
        found.add(approved, _dns(arm_id, endpoint, estate) if approved is True else None)
    return found.members()


def _dns(arm_id: Any, endpoint: Any, estate: Estate) -> EndpointDns:
    name = armid.parse(arm_id).name if isinstance(arm_id, str) else arm_id
    zones = zones_of(estate.manifest.cloud)
    if endpoint is None or endpoint is UNREAD or zones is None:
        unread = Members.partial()
        return EndpointDns(
            private_endpoint_id=arm_id, name=name, missing_zones=unread, unlinked_zones=unread
        )
    ids, complete = _zone_ids(endpoint, estate)
    missing = Found()
    unlinked = Found()
    for zone in zones:
        named = [zone_id for zone_id in ids if armid.key(zone_id).endswith(f"/{zone}")]
        missing.add(negation(bool(named) or (False if complete else UNREAD)), zone)
        linked = either(_linked(zone_id, endpoint, estate) for zone_id in named)
        if not complete and linked is False:
            linked = UNREAD
        # A zone that is in no group is missing: whether it is linked then does not matter.
        unlinked.add(negation(linked) if named or not complete else False, zone)
    return EndpointDns(
        private_endpoint_id=arm_id,
        name=endpoint.name,
        missing_zones=missing.members(),
        unlinked_zones=unlinked.members(),
    )


def _zone_ids(endpoint: PrivateEndpoint, estate: Estate) -> tuple[tuple[str, ...], bool]:
    groups, complete = each(estate.follow(endpoint, _GROUPS))
    ids: list[str] = []
    for group in groups:
        named, whole = each(group.private_dns_zone_ids)
        ids += named
        complete = complete and whole
    return tuple(ids), complete


def _linked(zone_id: str, endpoint: PrivateEndpoint, estate: Estate) -> Verdict:
    """Tell whether the endpoint's network resolves a zone's names."""
    zone: Any = estate.target(PrivateDnsZone.KIND, zone_id)
    if zone is None:
        return False
    if zone is UNREAD or not isinstance(endpoint.subnet_id, str):
        return UNREAD
    networks = _networks_of(zone, estate)
    if armid.key(armid.parent(endpoint.subnet_id)) in networks.ids:
        return True
    return False if networks.complete else UNREAD


class _Networks(NamedTuple):
    """The virtual networks that a zone is linked to: one zone serves those of a whole estate."""

    ids: frozenset[str]
    complete: bool


def _networks_of(zone: PrivateDnsZone, estate: Estate) -> _Networks:
    known = _known(estate)
    if zone.id not in known:
        links, complete = each(estate.follow(zone, _LINKS))
        ids, all_read = each(tuple(link.virtual_network_id for link in links))
        keys = frozenset(armid.key(network_id) for network_id in ids if network_id is not None)
        known[zone.id] = _Networks(keys, complete and all_read)
    return known[zone.id]


@per_estate
def _known(_: Estate) -> dict[str, _Networks]:
    return {}


FACTS: Facts = {
    "workspace": {
        "privateDns": Derived(
            tuple[EndpointDns, ...],
            private_dns,
            "One entry per approved private endpoint: which private DNS zones of the service it "
            "has no zone group for, and which its network is not linked to.",
            ("privateEndpointConnections",),
        )
    }
}
