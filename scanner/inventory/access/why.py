"""Why somebody can do something at a workspace: assignment, role, action, scope; or why not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from scanner.inventory.access.actions import matcher
from scanner.inventory.access.capabilities import CONTROL, HOLDS, LINES, TARGETS
from scanner.inventory.access.grants import access_at, workspace_access
from scanner.inventory.access.places import of_scope
from scanner.inventory.access.roles import permissions_of
from scanner.inventory.fields import UNREAD, Maybe
from scanner.inventory.truth import Verdict, each, either

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scanner.inventory.access.capabilities import Line
    from scanner.inventory.access.grants import Access, Grant
    from scanner.inventory.estate import Estate
    from scanner.inventory.model.workspace import Workspace

_NOT_READ: Final = "what the role allows was not read"


class Step(NamedTuple):
    """An operation of the capability, with what decides about it."""

    operation: str
    verdict: Verdict
    reason: str


class Chain(NamedTuple):
    """One assignment with what it comes to for the capability."""

    grant: Grant
    through: str
    """The group that has the assignment, "" where the principal itself has it."""
    verdict: Verdict
    steps: tuple[Step, ...]


class Answer(NamedTuple):
    """Whether a principal has a capability at a workspace, and the assignments that say so."""

    verdict: Verdict
    chains: tuple[Chain, ...]
    unread: tuple[str, ...]
    """Tables that were not read completely for the workspace and what it depends on."""


def explain(principal: str, capability: str, workspace: Workspace, estate: Estate) -> Answer:
    """Return why a principal (object id) has a capability at a workspace, or has it not.

    What counts at a subscription alone is looked for at that of the workspace.
    """
    access = _access(capability, workspace, estate)
    key = principal.lower()
    belongs = estate.config.principals.above((key,))
    chains = tuple(
        _chain(grant, capability, key, estate)
        for grant in access.grants
        if grant.assignment.principal in belongs
    )
    unread = tuple(sorted(table for table, complete in access.complete.items() if not complete))
    open_ends = [UNREAD] if unread or _unnamed(access, capability) else []
    verdict = either([*(chain.verdict for chain in chains), *open_ends])
    return Answer(verdict, tuple(sorted(chains, key=_order)), unread)


def _access(capability: str, workspace: Workspace, estate: Estate) -> Access:
    if not HOLDS[capability] & TARGETS["subscription"]:
        return workspace_access(workspace, estate)
    return access_at(of_scope(f"/subscriptions/{workspace.subscription_id}", estate), estate)


def _unnamed(access: Access, capability: str) -> bool:
    """Tell whether an assignment of which nobody knows to whom gives the capability."""
    return any(
        grant.assignment.principal is UNREAD and grant.effect.maybe & HOLDS[capability]
        for grant in access.grants
    )


def _order(chain: Chain) -> tuple[int, str]:
    return (0 if chain.verdict is True else 1, chain.grant.assignment.record.id.lower())


def _chain(grant: Grant, capability: str, principal: str, estate: Estate) -> Chain:
    mask = HOLDS[capability]
    verdict: Verdict = bool(grant.effect.sure & mask)
    if not verdict and grant.effect.maybe & mask:
        verdict = UNREAD
    through = "" if grant.assignment.principal == principal else str(grant.assignment.principal)
    return Chain(grant, through, verdict, tuple(_steps(grant, mask, estate)))


def _steps(grant: Grant, mask: int, estate: Estate) -> Iterator[Step]:
    blocks = permissions_of(grant.assignment.record.role_definition_guid, estate)
    for index, line in enumerate(LINES):
        bit = 1 << index
        if not mask & bit:
            continue
        given, reason = _given(line, blocks)
        if grant.effect.sure & bit:
            yield Step(line.operation, verdict=True, reason=reason)
        elif grant.effect.maybe & bit:
            yield Step(line.operation, UNREAD, reason if given is not False else _NOT_READ)
        elif given is not False:
            lost = f"{reason}, but {_lost(grant, line, bit)}"
            yield Step(line.operation, verdict=False, reason=lost)
        elif reason:
            yield Step(line.operation, verdict=False, reason=reason)


def _given(line: Line, blocks: Maybe[tuple[Any, ...]]) -> tuple[Verdict, str]:
    """Return whether a role allows an operation, and by which of its actions."""
    if blocks is UNREAD or blocks is None:
        return UNREAD, _NOT_READ
    taken = ""
    for block in blocks:
        actions, but = _patterns(block, line)
        pattern = _first(actions, line.operation)
        if actions is UNREAD or (pattern and but is UNREAD):
            return UNREAD, _NOT_READ
        without = _first(but, line.operation)
        if pattern and not without:
            return True, f"action {pattern}"
        if pattern:
            taken = f"action {pattern}, but taken away by notAction {without}"
    return False, taken


def _patterns(block: Any, line: Line) -> tuple[Any, Any]:
    if line.plane == CONTROL:
        return block.actions, block.not_actions
    return block.data_actions, block.not_data_actions


def _first(patterns: Any, operation: str) -> str:
    listed, _ = each(patterns)
    return next((pattern for pattern in listed if matcher(pattern)(operation)), "")


def _lost(grant: Grant, line: Line, bit: int) -> str:
    if grant.assignment.record.principal_type == "Unknown":
        return "the principal does not exist any more"
    if grant.effect.denied & bit:
        return "a deny assignment refuses it"
    return f"it does not count there ({line.target}: scope or setting)"
