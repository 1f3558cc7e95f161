"""The Azure Policy exemptions that cover a workspace, and whether they still hold."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from scanner.inventory.access.scopes import chain_of
from scanner.inventory.facts import Facts, computed, per_estate
from scanner.inventory.fields import UNREAD, Derived, Maybe, Members, Part
from scanner.inventory.model.policy import PolicyExemption
from scanner.inventory.policy_scopes import ByScope, covered, scope_of
from scanner.inventory.truth import Found, known

if TYPE_CHECKING:
    from scanner.inventory.estate import Estate
    from scanner.inventory.model.workspace import Workspace


class CoveringExemption(Part, frozen=True, kw_only=True):
    """An exemption from a policy assignment, at a workspace or above it."""

    id: Annotated[str, computed("ARM id of the exemption.")]
    name: Annotated[str, computed("Name of the exemption.")]
    scope: Annotated[str, computed("ARM id of what is exempted with all below it.")]
    policy_assignment_id: Annotated[Maybe[str], computed("ARM id of the assignment.")] = None
    policy_definition_reference_ids: Annotated[
        Maybe[tuple[str, ...]],
        computed("Definitions of an initiative that it exempts from; absent or empty means all."),
    ] = None
    exemption_category: Annotated[Maybe[str], computed("Why it is: Waiver or Mitigated.")] = None
    expires_on: Annotated[Maybe[str], computed("When it ends; absent means never.")] = None
    expired: Annotated[
        Maybe[bool], computed("Whether it had ended when the snapshot was made; absent: no end.")
    ] = None


@per_estate
def _by_scope(estate: Estate) -> ByScope[PolicyExemption]:
    return ByScope(estate.all_of(PolicyExemption))


def policy_exemptions(workspace: Workspace, estate: Estate) -> Members:
    """Return the exemptions that cover a workspace, ended ones too."""
    exemptions = _by_scope(estate)
    chain = chain_of(workspace.id, estate)
    found = Found(complete=exemptions.all_read(PolicyExemption.TABLE, chain, estate))
    for exemption in exemptions.over(chain):
        verdict = covered(exemption.resource_selectors, workspace)
        found.add(verdict, _covering(exemption, estate))
    return found.members()


def exemptions_of(workspace: Workspace, estate: Estate) -> Members:
    """Return the fact `policyExemptions` of a workspace, computed once."""
    exemptions: Members = estate.fact("policyExemptions", workspace, policy_exemptions)
    return exemptions


def _covering(exemption: PolicyExemption, estate: Estate) -> CoveringExemption:
    return CoveringExemption(
        id=exemption.id,
        name=exemption.name,
        scope=scope_of(exemption.id),
        policy_assignment_id=exemption.policy_assignment_id,
        policy_definition_reference_ids=exemption.policy_definition_reference_ids,
        exemption_category=exemption.exemption_category,
        expires_on=exemption.expires_on,
        expired=_expired(exemption.expires_on, estate.manifest.finished),
    )


def _expired(expires_on: Maybe[str], now: str) -> Maybe[bool]:
    if not known(expires_on):
        return None if expires_on is None else UNREAD
    try:
        return _moment(str(expires_on)) <= _moment(now)
    except ValueError:
        return UNREAD


def _moment(text: str) -> datetime:
    """Return a point in time; without an offset it is UTC, as Azure means it."""
    moment = datetime.fromisoformat(text.strip())
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


FACTS: Facts = {
    "workspace": {
        "policyExemptions": Derived(
            tuple[CoveringExemption, ...],
            policy_exemptions,
            "Azure Policy exemptions on the workspace or a scope above it, ended ones included; "
            "known to be all only where the management groups above are known and were read.",
        )
    }
}
