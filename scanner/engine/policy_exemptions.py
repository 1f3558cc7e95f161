"""Azure Policy exemptions of a snapshot, honoured for the rules that stand for the same policy.

Only what is known for certain exempts a finding: an exemption whose assignment or initiative was
not collected, whose dates cannot be read or whose selectors are of an unknown kind has no effect.
"""

from __future__ import annotations

import datetime as dt
import functools
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from scanner import armid, documents
from scanner.engine.exemptions import lies_in
from scanner.engine.packs import built_in_pack
from scanner.engine.result import Exemption
from scanner.engine.values import as_moment
from scanner.errors import RuleError
from scanner.inventory.model.policy import (
    PolicyAssignment,
    PolicyExemption,
    PolicySetDefinition,
    ResourceSelector,
    Selector,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scanner.engine.rules import Rule
    from scanner.inventory.estate import Estate

_CONTROL: Final = "azure-policy/"
_DOMAIN: Final = "azure-policy"
_FILE: Final = "azure-policy.yaml"


class PolicyAcceptance(NamedTuple):
    """An Azure Policy exemption that is in force."""

    definitions: frozenset[str]
    """Names of the definitions that it exempts from, in lower case."""
    scope: str
    """Key of the id of what is exempted, with all below it."""
    selectors: tuple[ResourceSelector, ...]
    """Limits it to resources that one of these fits; none: all."""
    shown: Exemption

    def covers(self, resource_id: str, estate: Estate) -> bool:
        """Tell whether a resource is exempted."""
        if not lies_in(armid.key(resource_id), (self.scope,)):
            return False
        if not self.selectors:
            return True
        return any(_fits(selector, resource_id, estate) for selector in self.selectors)


def policy_acceptances(estate: Estate, day: dt.date) -> list[PolicyAcceptance]:
    """Return the Azure Policy exemptions of a snapshot that are in force on a day, by their id."""
    return [
        PolicyAcceptance(
            names, armid.key(exemption.scope), exemption.resource_selectors or (), _shown(exemption)
        )
        for exemption in estate.all_of(PolicyExemption)
        if _in_force(exemption, day)
        and isinstance(exemption.scope, str)
        and isinstance(exemption.resource_selectors, tuple | None)
        and (names := frozenset(_definitions(exemption, estate)))
    ]


def definitions_of(rule: Rule) -> frozenset[str]:
    """Return the names of the Azure Policy definitions that a rule stands for, in lower case."""
    named = [rule.id] if rule.domain == _DOMAIN else []
    named += [
        control.lower().removeprefix(_CONTROL).rpartition("/")[2]
        for control in rule.controls
        if control.lower().startswith(_CONTROL)
    ]
    return frozenset(name for each in named for name in (each.lower(), _guids().get(each)) if name)


@functools.cache
def _guids() -> Mapping[str, str]:
    """Return the names in Azure of built-in definitions, by the name of their file, lower case."""
    path = built_in_pack() / "controls" / _FILE
    controls = documents.load(path, error=RuleError).data["controls"]
    return {
        control["id"].lower(): control["definition"].lower()
        for control in controls
        if "definition" in control
    }


def _in_force(exemption: PolicyExemption, day: dt.date) -> bool:
    """Tell whether an exemption holds on any part of a day; Azure ends it at a moment in UTC."""
    ends = exemption.expires_on
    if ends is None:
        return True
    moment = as_moment(ends) if isinstance(ends, str) else None
    if moment is None:
        return False
    return moment > dt.datetime.combine(day, dt.time(), dt.UTC)


def _definitions(exemption: PolicyExemption, estate: Estate) -> Iterator[str]:
    assignment = estate.target(PolicyAssignment.KIND, exemption.policy_assignment_id)
    if not isinstance(assignment, PolicyAssignment):
        return
    if isinstance(assignment.single_definition_id, str):
        yield _last(assignment.single_definition_id)
        return
    initiative = estate.target(PolicySetDefinition.KIND, assignment.set_definition_id)
    wanted = exemption.policy_definition_reference_ids
    if not isinstance(initiative, PolicySetDefinition) or not isinstance(wanted, tuple | None):
        return
    chosen = {name.lower() for name in wanted or ()}
    for reference in initiative.policy_definitions or ():
        name = reference.policy_definition_reference_id
        is_meant = not chosen or (isinstance(name, str) and name.lower() in chosen)
        if is_meant and isinstance(reference.policy_definition_id, str):
            yield _last(reference.policy_definition_id)


def _last(arm_id: str) -> str:
    return armid.key(arm_id).rpartition("/")[2]


def _shown(exemption: PolicyExemption) -> Exemption:
    ends = exemption.expires_on
    said = (exemption.description, exemption.display_name, exemption.name)
    return Exemption(
        place=exemption.id,
        category=exemption.exemption_category if exemption.exemption_category else "",
        justification=next(text for text in said if isinstance(text, str) and text),
        owner="",
        expires_on=ends[:10] if isinstance(ends, str) else None,
        source="azure-policy",
    )


def _fits(selector: ResourceSelector, resource_id: str, estate: Estate) -> bool:
    """Tell whether a resource fits every part of a selector."""
    parts = selector.selectors
    return isinstance(parts, tuple) and all(_meets(part, resource_id, estate) for part in parts)


def _meets(selector: Selector, resource_id: str, estate: Estate) -> bool:
    actual = _selected(selector.kind, resource_id, estate)
    wanted, unwanted = selector.in_, selector.not_in
    if actual is None or not isinstance(wanted, tuple | None):
        return False
    if not isinstance(unwanted, tuple | None):
        return False
    if wanted is not None:
        return actual in {value.lower() for value in wanted}
    return unwanted is not None and actual not in {value.lower() for value in unwanted}


def _selected(kind: Any, resource_id: str, estate: Estate) -> str | None:
    """Return the property of a resource that a selector looks at, `None` where it is not known."""
    if kind == "resourceType":
        return armid.parse(resource_id).type.lower()
    if kind == "resourceLocation":
        location = getattr(estate.find(resource_id), "location", None)
        return location.lower() if isinstance(location, str) else None
    return None
