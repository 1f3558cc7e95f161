"""The network around a workspace, as facts for a picture: what stands where, and who reaches it."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from scanner import armid
from scanner.inventory.connectivity import managed, network_of, outbound_rules_of
from scanner.inventory.dependents import accepts_public_traffic, dependents_of
from scanner.inventory.dns import private_dns
from scanner.inventory.exposure import Exposure, exposure
from scanner.inventory.fields import UNREAD
from scanner.inventory.model.workspace import Workspace
from scanner.inventory.private_links import without_private_link
from scanner.inventory.truth import each
from scanner.report.text import one_line, plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scanner.inventory.dns import EndpointDns
    from scanner.inventory.estate import Estate
    from scanner.inventory.fields import Maybe, Resource
    from scanner.inventory.model.compute import Compute

_SHOWN: Final = 8
_COMPUTES: Final = Workspace.LINKS["computes"]
_NODES: Final = {"AmlCompute", "ComputeInstance"}
_PERIMETER: Final = {"Disabled", "SecuredByPerimeter"}
_DEPENDENTS: Final = {
    "storageAccount": "Storage account",
    "keyVault": "Key vault",
    "containerRegistry": "Container registry",
    "applicationInsights": "Application Insights",
}


class Reach(enum.StrEnum):
    """How far the internet reaches something."""

    OPEN = "open"
    LIMITED = "limited"
    CLOSED = "closed"
    UNKNOWN = "unknown"
    NONE = ""
    """Nothing is said of it."""


class Tone(enum.StrEnum):
    """How a box is drawn."""

    PLAIN = "plain"
    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unread"


class Node(NamedTuple):
    """Something in the picture."""

    name: str
    detail: str
    reach: Reach = Reach.NONE
    tone: Tone = Tone.PLAIN


class Group(NamedTuple):
    """What stands together in the picture."""

    title: str
    nodes: Sequence[Node]


_REACHES: Final = {
    "private": Reach.CLOSED,
    "public-restricted": Reach.LIMITED,
    "public": Reach.OPEN,
}
_TONES: Final = {
    Reach.OPEN: Tone.BAD,
    Reach.LIMITED: Tone.PLAIN,
    Reach.CLOSED: Tone.GOOD,
    Reach.UNKNOWN: Tone.UNKNOWN,
}


def network_groups(workspace: Workspace, estate: Estate) -> list[Group]:
    """Return the network that a workspace uses, from the outside in.

    Only the names of what is missing come from the workspace; nothing unread counts as closed.
    """
    used = network_of(workspace, estate)
    groups = [Group(_title(workspace, used), [_front(workspace, used, estate)])]
    if isinstance(used, Workspace):
        groups.append(Group("Private endpoints", _limited(_endpoints(used, estate))))
        groups.append(Group("Managed network", [_managed(used, estate)]))
    computes = sorted(_computes(workspace, used, estate), key=_worst_first)
    groups.append(Group("Computes", _limited(computes)))
    groups.append(Group("Dependent resources", list(_dependents(workspace, estate))))
    return [group for group in groups if group.nodes]


def _title(workspace: Workspace, used: Any) -> str:
    return "Workspace" if used is workspace else "Hub, whose network the project uses"


def _front(workspace: Workspace, used: Any, estate: Estate) -> Node:
    if not isinstance(used, Workspace):
        name, detail = ("not found", "named by the project") if used is None else _UNREAD_HUB
        return Node(name, detail, Reach.UNKNOWN, Tone.UNKNOWN)
    level = estate.fact("exposure", workspace, exposure)
    reach = _REACHES[level.level] if isinstance(level, Exposure) else Reach.UNKNOWN
    access = used.public_network_access
    return Node(used.name, f"publicNetworkAccess: {_said(access)}", reach, _TONES[reach])


_UNREAD_HUB: Final = ("not readable", "the hub was not collected")


def _said(value: Any) -> str:
    if value is UNREAD:
        return "not readable"
    return "absent" if value is None else str(value)


def _limited(nodes: Iterator[Node] | Sequence[Node]) -> list[Node]:
    found = list(nodes)
    more = found[_SHOWN:]
    if not more:
        return found
    reached = sum(node.reach is Reach.OPEN for node in more)
    detail = f"{reached:,} of them open to the internet" if reached else ""
    return [*found[:_SHOWN], Node(f"and {len(more):,} more", detail)]


def _worst_first(node: Node) -> int:
    return list(Reach).index(node.reach)


def _endpoints(used: Workspace, estate: Estate) -> Iterator[Node]:
    connections, complete = each(used.private_endpoint_connections)
    names = {_key(dns.private_endpoint_id): dns for dns in private_dns(used, estate)}
    for connection in connections:
        arm_id = connection.private_endpoint_id
        name = armid.parse(arm_id).name if isinstance(arm_id, str) else _said(connection.name)
        approved = connection.status == "Approved"
        text, tone = _dns_text(names.get(_key(arm_id)) if approved else None)
        status = f"{_said(connection.status)}{', ' if text else ''}{text}"
        yield Node(name, status, tone=tone if approved else Tone.UNKNOWN)
    if not complete:
        yield Node("not readable", "private endpoint connections", tone=Tone.UNKNOWN)
    elif not connections:
        yield Node("none", "no way in from a private network", tone=Tone.BAD)


def _key(arm_id: Maybe[str]) -> str:
    return armid.key(arm_id) if isinstance(arm_id, str) else ""


def _dns_text(dns: EndpointDns | None) -> tuple[str, Tone]:
    if dns is None:
        return "DNS not readable", Tone.UNKNOWN
    faults = [f"no DNS zone {zone}" for zone in dns.missing_zones]
    faults += [f"DNS zone {zone} not linked" for zone in dns.unlinked_zones]
    if faults:
        return "; ".join(faults), Tone.BAD
    readable = (
        getattr(dns.missing_zones, "complete", True),
        getattr(dns.unlinked_zones, "complete", True),
    )
    if all(readable):
        return "DNS zones linked", Tone.GOOD
    return "DNS zones not readable", Tone.UNKNOWN


def _managed(used: Workspace, estate: Estate) -> Node:
    has_one = managed(used)
    if has_one is UNREAD:
        return Node("not readable", "managed network", tone=Tone.UNKNOWN)
    settings: Any = used.managed_network
    if not has_one:
        return Node("none", "outbound traffic is not limited by it", tone=Tone.PLAIN)
    rules = outbound_rules_of(used, estate)
    number = plural(len(rules), "outbound rule")
    if not rules.complete:
        number = f"at least {number}"
    tone = Tone.GOOD if settings.isolation_mode == "AllowOnlyApprovedOutbound" else Tone.PLAIN
    return Node(_said(settings.isolation_mode), number, tone=tone)


def _computes(workspace: Workspace, used: Any, estate: Estate) -> Iterator[Node]:
    computes, complete = each(estate.follow(workspace, _COMPUTES))
    has_managed = managed(used) if isinstance(used, Workspace) else UNREAD
    for compute in computes:
        place = _place(compute, has_managed)
        reach, address = _address(compute)
        parts = (_said(compute.compute_type), place, address)
        yield Node(
            compute.name,
            ", ".join(part for part in parts if part),
            reach,
            _TONES.get(reach, Tone.PLAIN),
        )
    if not complete:
        yield Node("not readable", "there may be more computes", tone=Tone.UNKNOWN)


def _place(compute: Compute, has_managed: Any) -> str:
    if isinstance(compute.subnet_id, str):
        return f"subnet {armid.parse(compute.subnet_id).name}"
    if compute.compute_type not in _NODES:
        return "attached"
    if compute.subnet_id is UNREAD or (has_managed is UNREAD and compute.subnet_id is None):
        return "network not readable"
    return "managed network" if has_managed else "no subnet"


def _address(compute: Compute) -> tuple[Reach, str]:
    """Tell whether nodes have public addresses, as they have where nothing says otherwise."""
    public = compute.enable_node_public_ip
    if compute.compute_type not in _NODES:
        return Reach.NONE, ""
    if public is UNREAD:
        return Reach.UNKNOWN, "public address not readable"
    return (
        (Reach.CLOSED, "no public address") if public is False else (Reach.OPEN, "public address")
    )


def _dependents(workspace: Workspace, estate: Estate) -> Iterator[Node]:
    dependents = dependents_of(workspace, estate)
    if dependents is None:
        yield Node("not readable", "the hub was not collected", tone=Tone.UNKNOWN)
    missing = {part.id: part.missing for part in without_private_link(workspace, estate)}
    for kind, arm_id, resource in dependents or ():
        label = _DEPENDENTS[kind]
        if arm_id is None:
            yield Node(label, "none named")
        elif resource is None:
            yield Node(_named(arm_id), f"{label}: does not exist", tone=Tone.BAD)
        elif resource is UNREAD:
            yield Node(_named(arm_id), f"{label}: not readable", Reach.UNKNOWN, Tone.UNKNOWN)
        else:
            yield _dependent(label, resource, missing.get(resource.id, ()))


def _named(arm_id: Maybe[str]) -> str:
    return armid.parse(arm_id).name if isinstance(arm_id, str) else "not readable"


def _dependent(label: str, resource: Resource, missing: Sequence[str]) -> Node:
    reach = _dependent_reach(resource)
    detail = f"{label}; no private endpoint for {', '.join(missing)}" if missing else label
    tone = Tone.BAD if missing and reach is Reach.CLOSED else _TONES[reach]
    return Node(resource.name, detail, reach, tone)


def _dependent_reach(resource: Any) -> Reach:
    if resource.KIND == "applicationInsights":
        access = (
            resource.public_network_access_for_ingestion,
            resource.public_network_access_for_query,
        )
        if any(value not in {"Disabled", "SecuredByPerimeter", UNREAD} for value in access):
            return Reach.OPEN
        return Reach.UNKNOWN if UNREAD in access else Reach.CLOSED
    is_open = accepts_public_traffic(resource)
    if is_open is UNREAD:
        return Reach.UNKNOWN
    if is_open:
        return Reach.OPEN
    return Reach.CLOSED if resource.public_network_access in _PERIMETER else Reach.LIMITED


def sentences(groups: Sequence[Group]) -> list[tuple[str, list[str]]]:
    """Return what the picture shows in words, by group."""
    return [(group.title, [_sentence(node) for node in group.nodes]) for group in groups]


def _sentence(node: Node) -> str:
    parts = [one_line(node.name)]
    if node.detail:
        parts.append(node.detail)
    if node.reach:
        parts.append(f"from the internet: {node.reach}")
    return "; ".join(parts)
