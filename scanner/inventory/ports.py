"""What a subnet's network security group lets in from the Internet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from scanner.inventory.facts import Facts, computed
from scanner.inventory.fields import UNREAD, Derived, Maybe, Members, Part
from scanner.inventory.model.network import NetworkSecurityGroup, SecurityRule, Subnet
from scanner.inventory.truth import Found, Verdict, both, each, either, equal

if TYPE_CHECKING:
    from collections.abc import Callable

    from scanner.inventory.estate import Estate

_ANY = {"*", "any"}
_IPV4 = "0.0.0.0/0"
_IPV6 = "::/0"
_OPEN = {*_ANY, "internet", _IPV4, _IPV6}
_LAST_PORT = 65535


class OpenRule(Part, frozen=True, kw_only=True):
    """An inbound rule that lets the Internet in, and what no rule before it takes away."""

    name: Annotated[Maybe[str], computed("Name of the rule.")] = None
    ports: Annotated[tuple[str, ...], computed("Ports that are open.")] = ()
    sources: Annotated[
        tuple[str, ...], computed("Sources that are let in: *, Internet, 0.0.0.0/0 or ::/0.")
    ] = ()
    priority: Annotated[Maybe[int], computed("Place of the rule among the others.")] = None


def open_inbound_rules(subnet: Subnet, estate: Estate) -> Members:
    """Return the inbound rules that let the Internet in and are not overruled by an earlier one."""
    group: Any = estate.target(NetworkSecurityGroup.KIND, subnet.network_security_group_id)
    if group is None or group is UNREAD:
        return Members() if group is None else Members.partial()
    rules, complete = each(group.security_rules)
    found = Found(complete=complete)
    denials = [rule for rule in rules if _is(rule, "Deny") is not False]
    for rule in rules:
        allows = _is(rule, "Allow")
        sources, every_source = each(rule.source_address_prefixes)
        wide = [source for source in sources if source.lower() in _OPEN]
        if allows is False or (every_source and not wide):
            continue
        if allows is UNREAD or not every_source or rule.destination_port_ranges is UNREAD:
            found.add(UNREAD, None)
            continue
        _judge(found, rule, wide, denials if complete else [*denials, None])
    return found.members()


def _is(rule: SecurityRule, access: str) -> Verdict:
    return both(equal(rule.direction, "Inbound"), equal(rule.access, access))


def _judge(found: Found, rule: SecurityRule, wide: list[str], denials: list[Any]) -> None:
    """Add what of a rule stays open, port by port."""
    ports: list[str] = []
    sources: set[str] = set()
    for port in rule.destination_port_ranges or ("*",):
        for source in wide:
            shut = either(_shuts(denial, rule, source, port) for denial in denials)
            if shut is False:
                sources.add(source)
                if port not in ports:
                    ports.append(port)
            found.complete = found.complete and shut is not UNREAD
    if ports:
        part = OpenRule(
            name=rule.name,
            ports=tuple(ports),
            sources=tuple(sorted(sources)),
            priority=rule.priority,
        )
        found.add(True, part)  # noqa: FBT003


def _shuts(denial: SecurityRule | None, rule: SecurityRule, source: str, port: str) -> Verdict:
    """Tell whether an earlier rule denies all of what a rule allows from a source to a port."""
    if denial is None:
        return UNREAD
    return both(
        _earlier(denial.priority, rule.priority),
        _is(denial, "Deny"),
        _covered(denial.protocol, rule.protocol),
        _any_of(denial.source_address_prefixes, lambda wider: _source_within(source, wider)),
        _any_of(denial.destination_port_ranges, lambda wider: _port_within(port, wider)),
        _all_within(rule.source_port_ranges, denial.source_port_ranges, _port_within),
        _all_within(
            rule.destination_address_prefixes, denial.destination_address_prefixes, _place_within
        ),
    )


def _earlier(first: Maybe[int], second: Maybe[int]) -> Verdict:
    if not isinstance(first, int) or not isinstance(second, int):
        return UNREAD
    return first < second


def _covered(protocol: Maybe[str], allowed: Maybe[str]) -> Verdict:
    return either((equal(protocol, "*"), UNREAD if allowed is UNREAD else equal(protocol, allowed)))


def _any_of(wider: Any, within: Callable[[str], bool]) -> Verdict:
    found, complete = each(wider)
    met = any(within(one) for one in found)
    return met if met or complete else UNREAD


def _all_within(narrow: Any, wider: Any, within: Callable[[str, str], bool]) -> Verdict:
    found, complete = each(narrow)
    met = both(
        *(_any_of(wider, lambda one, narrow=one: within(narrow, one)) for one in found)  # type: ignore[misc]
    )
    return met if complete or met is False else UNREAD


def _source_within(source: str, wider: str) -> bool:
    """Tell whether denying one source closes another for the Internet, which is all that counts."""
    low, high = source.lower(), wider.lower()
    return low == high or high in {*_ANY, "internet"}


def _place_within(place: str, wider: str) -> bool:
    return wider.lower() in _ANY or place.lower() == wider.lower()


def _port_within(port: str, wider: str) -> bool:
    low, high = _range(port), _range(wider)
    if low is None or high is None:
        return port == wider
    return high[0] <= low[0] and low[1] <= high[1]


def _range(ports: str) -> tuple[int, int] | None:
    if ports.lower() in _ANY:
        return 0, _LAST_PORT
    first, _, last = ports.partition("-")
    try:
        return int(first), int(last or first)
    except ValueError:
        return None


FACTS: Facts = {
    "subnet": {
        "openInboundRules": Derived(
            tuple[OpenRule, ...],
            open_inbound_rules,
            "Inbound rules of the subnet's security group that let the Internet in and that no "
            "denying rule before them overrules; empty without a group.",
            ("networkSecurityGroup.securityRules",),
        )
    }
}
