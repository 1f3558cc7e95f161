"""The Azure policies in force on a workspace, whatever scope above they were assigned at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from scanner import armid
from scanner.inventory.access.scopes import Chain, chain_of, place_of
from scanner.inventory.facts import Facts, per_estate
from scanner.inventory.fields import UNREAD, Derived, Members
from scanner.inventory.model.policy import PolicyAssignment
from scanner.inventory.policy_effects import EffectivePolicy, Expansion, expand
from scanner.inventory.policy_exemptions import CoveringExemption, exemptions_of
from scanner.inventory.policy_scopes import ByScope, covered
from scanner.inventory.truth import Verdict, both, each, either, negation

if TYPE_CHECKING:
    from scanner.inventory.estate import Estate
    from scanner.inventory.model.workspace import Workspace


class _Assignments:
    """The assignments of an estate, and what each one puts in force.

    Most workspaces have the same policies: they share one tuple of them.
    """

    def __init__(self, estate: Estate) -> None:
        self.by_scope = ByScope(estate.all_of(PolicyAssignment))
        self._expansions: dict[tuple[str, Verdict], Expansion] = {}
        self._shared: dict[tuple[Any, ...], Members] = {}

    def expansion(
        self, assignment: PolicyAssignment, exempted: Verdict, estate: Estate
    ) -> Expansion:
        """Return an assignment's definitions, all exempted, none, or nobody knows."""
        found = self._expansions.get((assignment.id, exempted))
        if found is None:
            found = expand(assignment, estate)
            changed = (msgspec.structs.replace(p, exempted=exempted) for p in found.policies)
            found = Expansion(tuple(changed), found.complete)
            self._expansions[assignment.id, exempted] = found
        return found

    def members(self, policies: list[EffectivePolicy], *, complete: bool) -> Members:
        """Return policies as members of a fact, the same object for the same policies."""
        key = (complete, *policies)
        if key not in self._shared:
            found = tuple(policies)
            self._shared[key] = Members(found) if complete else Members.partial(found)
        return self._shared[key]


_assignments = per_estate(_Assignments)


def effective_policies(workspace: Workspace, estate: Estate) -> Members:
    """Return the policy definitions in force on a workspace, by assignments at or above it."""
    index = _assignments(estate)
    chain = chain_of(workspace.id, estate)
    exemptions = exemptions_of(workspace, estate)
    complete = index.by_scope.all_read(PolicyAssignment.TABLE, chain, estate)
    found: list[EffectivePolicy] = []
    for assignment in index.by_scope.over(chain):
        holds = _holds(assignment, workspace, chain)
        if holds is True:
            policies, all_known = _exempted(assignment, exemptions, estate)
            found += policies
            complete = complete and all_known
        complete = complete and holds is not UNREAD
    return index.members(found, complete=complete)


def _holds(assignment: PolicyAssignment, workspace: Workspace, chain: Chain) -> Verdict:
    excluded, complete = each(assignment.not_scopes)
    outside: Verdict = any(place_of(scope) in chain.scopes for scope in excluded)
    if not outside and not complete:
        outside = UNREAD
    return both(negation(outside), covered(assignment.resource_selectors, workspace))


def _exempted(assignment: PolicyAssignment, exemptions: Members, estate: Estate) -> Expansion:
    """Return an assignment's definitions with what the exemptions of a workspace do to them."""
    place = armid.key(assignment.id)
    about = [exemption for exemption in exemptions if _is_about(exemption, place)]
    otherwise: Verdict = False if exemptions.complete else UNREAD
    index = _assignments(estate)
    expansion = index.expansion(assignment, otherwise, estate)
    policies = []
    for position, policy in enumerate(expansion.policies if about else ()):
        exempt = either((*(_exempts(exemption, policy) for exemption in about), otherwise))
        policies.append(index.expansion(assignment, exempt, estate).policies[position])
    return Expansion(tuple(policies), expansion.complete) if about else expansion


def _is_about(exemption: CoveringExemption, place: str) -> bool:
    named = exemption.policy_assignment_id
    return named is UNREAD or (isinstance(named, str) and armid.key(named) == place)


def _exempts(exemption: CoveringExemption, policy: EffectivePolicy) -> Verdict:
    sure: Verdict = UNREAD if exemption.policy_assignment_id is UNREAD else True
    ended = exemption.expired
    current: Verdict = UNREAD if ended is UNREAD else not ended
    return both(sure, current, _includes(exemption, policy))


def _includes(exemption: CoveringExemption, policy: EffectivePolicy) -> Verdict:
    named, complete = each(exemption.policy_definition_reference_ids)
    if not named:
        return True if complete else UNREAD
    if not isinstance(policy.reference_id, str):
        return UNREAD if policy.reference_id is UNREAD else False
    return policy.reference_id.lower() in map(str.lower, named)


def enforced_policies(workspace: Workspace, estate: Estate) -> Members:
    """Return the names of the definitions that are enforced on a workspace."""
    policies: Members = estate.fact("effectivePolicies", workspace, effective_policies)
    return _names(estate).of(policies)


class _Names:
    """The names of enforced definitions, worked out once for all workspaces that share them."""

    def __init__(self, _: Estate) -> None:
        self._known: dict[int, Members] = {}

    def of(self, policies: Members) -> Members:
        """Return the names; `policies` lives as long as the estate, so that its id is its own."""
        if id(policies) not in self._known:
            self._known[id(policies)] = _enforced(policies)
        return self._known[id(policies)]


_names = per_estate(_Names)


def _enforced(policies: Members) -> Members:
    sure: set[str] = set()
    unsure: set[str] = set()
    for policy in policies:
        verdict = both(policy.enforced, negation(policy.exempted))
        if verdict is not False:
            (sure if verdict is True else unsure).add(policy.definition_name.lower())
    names = tuple(sorted(sure))
    return Members(names) if policies.complete and unsure <= sure else Members.partial(names)


FACTS: Facts = {
    "workspace": {
        "effectivePolicies": Derived(
            tuple[EffectivePolicy, ...],
            effective_policies,
            "Policy definitions assigned at the workspace or a scope above it, those of initiatives "
            "one by one; excluded scopes are left out, exempted workspaces marked.",
            ("subscriptionId",),
        ),
        "enforcedPolicies": Derived(
            tuple[str, ...],
            enforced_policies,
            "Names, in lower case, of the definitions in `effectivePolicies` that are enforced and "
            "not exempted; the name of a built-in definition is its GUID.",
            ("effectivePolicies",),
        ),
    }
}
