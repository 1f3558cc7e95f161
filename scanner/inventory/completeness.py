"""What of a workspace could not be read, and the permissions that would have allowed it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from scanner import armid
from scanner.inventory.access.scopes import chain_of
from scanner.inventory.facts import Facts, computed, per_estate
from scanner.inventory.fields import UNREAD, Derived, Maybe, Members, Part
from scanner.inventory.model.workspace import Workspace
from scanner.inventory.truth import each
from scanner.snapshot.manifest import ANY_TABLE, Gap
from scanner.snapshot.tables import OTHER, TABLE_OF_TYPE, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scanner.inventory.estate import Estate
    from scanner.inventory.model.compute import Compute

_EVERYTHING: Final = "/"
_UNRECORDED: Final = "NotRecorded"
_COMPUTES = Workspace.LINKS["computes"]
_DEPENDENTS = (
    "storage_account_id",
    "key_vault_id",
    "container_registry_id",
    "application_insights_id",
    "primary_user_assigned_identity_id",
    "hub_resource_id",
)
_WORKSPACE = "microsoft.machinelearningservices/workspaces/"
_OWN: Final = frozenset(
    {
        "workspaces",
        "resourceGroups",
        "subscriptions",
        "diagnosticSettings",
        *(table for table, types in TABLES.items() if any(t.startswith(_WORKSPACE) for t in types)),
    }
)
"""Tables whose records lie in the workspace or hold it."""
_ABOVE: Final = frozenset(
    {
        ANY_TABLE,
        *("roleAssignments", "roleDefinitions", "denyAssignments"),
        *("roleEligibilityScheduleInstances", "policyAssignments", "policyExemptions"),
        *("policyDefinitions", "policySetDefinitions"),
    }
)
"""Tables whose records hold for the workspace when they are made above it."""


class EvidenceGap(Part, frozen=True, kw_only=True):
    """Something that could not be read and that a workspace's assessment needs."""

    tables: Annotated[tuple[str, ...], computed("Tables that are short of records; `*`: all.")]
    scope: Annotated[str, computed("ARM id below which they are; `/` is the whole snapshot.")]
    status: Annotated[int, computed("HTTP status of the refusal; 0 where there was none.")]
    code: Annotated[str, computed("Azure's error code, or the reader's own.")]
    permission: Annotated[
        Maybe[str], computed("Operation that the reader's role lacks; absent: not the cause.")
    ] = None


class _Gaps:
    """The gaps of a snapshot, found by the places that they are at or below."""

    def __init__(self, estate: Estate) -> None:
        self.at: dict[str, list[Gap]] = {}
        self.below: dict[str, list[Gap]] = {}
        self.everywhere: list[Gap] = []
        self._shared: dict[tuple[tuple[Gap, ...], bool], Members] = {}
        for gap in (*estate.coverage.gaps, *_unrecorded(estate)):
            chain = armid.ancestors(gap.scope)
            if chain == [_EVERYTHING]:
                self.everywhere.append(gap)
                continue
            self.at.setdefault(chain[0], []).append(gap)
            for place in chain[1:-1]:
                self.below.setdefault(place, []).append(gap)

    def members(self, found: tuple[Gap, ...], *, complete: bool) -> Members:
        """Return gaps as members of a fact, the same object for the same gaps."""
        if (found, complete) not in self._shared:
            parts = _grouped(found)
            self._shared[found, complete] = Members(parts) if complete else Members.partial(parts)
        return self._shared[found, complete]

    def around(self, arm_id: str) -> Iterator[Gap]:
        """Yield the gaps at a place, above it and below it, but for those of all places."""
        chain = armid.ancestors(arm_id)
        for place in chain[:-1]:
            yield from self.at.get(place, ())
        yield from self.below.get(chain[0], ())


def _unrecorded(estate: Estate) -> Iterator[Gap]:
    """Yield a gap for every table that the snapshot has no promise of completeness about."""
    tables = estate.manifest.tables
    told = {gap.table for gap in estate.coverage.gaps if gap.scope == _EVERYTHING}
    if ANY_TABLE in told:
        return
    for table in TABLES:
        known = table in tables and tables[table].complete
        if not known and table not in told and table != OTHER:
            yield Gap(table, _EVERYTHING, "read", code=_UNRECORDED)


_gaps = per_estate(_Gaps)


def gaps(workspace: Workspace, estate: Estate) -> Members:
    """Return what could not be read of a workspace, its dependents and what holds from above."""
    index = _gaps(estate)
    found = {gap: None for gap in index.everywhere if gap.table != OTHER}
    for gap in index.around(workspace.id):
        if gap.table in _OWN or gap.table in _ABOVE:
            found[gap] = None
    for scope in chain_of(workspace.id, estate).scopes:
        found.update((gap, None) for gap in index.at.get(scope, ()) if gap.table in _ABOVE)
    related, complete = _related(workspace, estate)
    for arm_id in related if index.at else ():
        tables = {TABLE_OF_TYPE.get(armid.parse(arm_id).type.lower(), OTHER), ANY_TABLE}
        found.update((gap, None) for gap in index.around(arm_id) if gap.table in tables)
    return index.members(tuple(found), complete=complete)


def _related(workspace: Workspace, estate: Estate) -> tuple[list[str], bool]:
    """Return the ids of what a workspace is made of outside of itself, and if those are all."""
    ids = [getattr(workspace, attribute) for attribute in _DEPENDENTS]
    connections, complete = each(workspace.private_endpoint_connections)
    ids += [connection.private_endpoint_id for connection in connections]
    computes, _ = each(estate.follow(workspace, _COMPUTES))  # a gap there is reported itself
    ids += [arm_id for compute in computes for arm_id in _of_compute(compute)]
    return [i for i in ids if isinstance(i, str)], complete and UNREAD not in ids


def _of_compute(compute: Compute) -> Iterator[Maybe[str]]:
    subnet = compute.subnet_id
    yield armid.parent(subnet) if isinstance(subnet, str) else subnet
    yield compute.resource_id


def _grouped(found: Iterable[Gap]) -> tuple[EvidenceGap, ...]:
    """Join the gaps that differ in the table only: an import has one for most tables."""
    groups: dict[tuple[str, int, str, str], set[str]] = {}
    for gap in found:
        cause = (gap.scope, gap.status, gap.code, gap.permission)
        groups.setdefault(cause, set()).add(gap.table)
    return tuple(
        EvidenceGap(
            tables=tuple(sorted(tables)),
            scope=scope,
            status=status,
            code=code,
            permission=permission or None,
        )
        for (scope, status, code, permission), tables in sorted(groups.items())
    )


def missing_permissions(workspace: Workspace, estate: Estate) -> Members:
    """Return the operations that the reader's role lacks for a workspace, each once."""
    known: Members = estate.fact("gaps", workspace, gaps)
    found = tuple(sorted({gap.permission for gap in known if gap.permission}))
    return Members(found) if known.complete else Members.partial(found)


FACTS: Facts = {
    "workspace": {
        "gaps": Derived(
            tuple[EvidenceGap, ...],
            gaps,
            "What could not be read: in the workspace, of the dependents, private endpoints, "
            "networks and clusters that it names, of what holds from the scopes above, and whole tables.",
        ),
        "missingPermissions": Derived(
            tuple[str, ...],
            missing_permissions,
            "Operations that the reader's role lacks to close the `gaps`, each once.",
            ("gaps",),
        ),
    }
}
