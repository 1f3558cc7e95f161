"""What managed identities can do, and which production data they and personas reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

from scanner import armid
from scanner.inventory.access import places as where
from scanner.inventory.access.assignments import TABLES, assignments
from scanner.inventory.access.capabilities import names
from scanner.inventory.access.grants import (
    Grant,
    grant_of,
    storage_access,
    workspace_access,
)
from scanner.inventory.access.matrix import matrix
from scanner.inventory.access.owners import identities_of
from scanner.inventory.access.personas import here
from scanner.inventory.access.shown import AccessGrant, called, shown_grant
from scanner.inventory.environment import production
from scanner.inventory.facts import computed, per_estate, whole
from scanner.inventory.fields import UNREAD, Maybe, Members, Part
from scanner.inventory.model.dependents import StorageAccount
from scanner.inventory.truth import Found, each

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scanner.inventory.estate import Estate
    from scanner.inventory.model.workspace import Workspace

_COMPUTES: Final = "computes"
_DATA: Final = ("readData", "writeData")


class DataAccess(Part, frozen=True, kw_only=True):
    """A way from a workspace that is not production to the data of production."""

    storage_account_id: Annotated[str, computed("ARM id of the production storage account.")]
    storage_account: Annotated[str, computed("Name of the production storage account.")]
    principal_id: Annotated[str, computed("Object id of who comes from the workspace.")]
    principal: Annotated[
        Maybe[str],
        computed("Who that is: name of the managed identity, name by the principals file, or id."),
    ] = None
    owner_id: Annotated[
        Maybe[str],
        computed("ARM id of the managed identity, or of the resource that it is the identity of."),
    ] = None
    used_by: Annotated[
        tuple[str, ...], computed("Names of the workspace and computes that run as the identity.")
    ]
    persona: Annotated[
        Maybe[str], computed("The persona at the workspace; absent for identities.")
    ] = None
    role_name: Annotated[Maybe[str], computed("Name of the role that gives it.")] = None
    scope: Annotated[str, computed("ARM id of the scope of the assignment.")]
    assignment_id: Annotated[str, computed("ARM id of the assignment.")]
    eligible: Annotated[bool, computed("Whether the role must be activated first.")]
    can: Annotated[tuple[str, ...], computed("readData, writeData or both.")]


def identity_access(resource: Any, estate: Estate) -> Members:
    """Return every grant of a resource's managed identities, at whatever scope it was seen.

    Groups that the identity is in count where the principals file has them. A workspace and its
    computes mostly run as the same identities: what those have is worked out once.
    """
    principals = tuple(principal for _, principal in identities_of(resource, estate))
    known = _held(estate)
    if principals not in known:
        known[principals] = _access_of(principals, estate)
    return known[principals]


@per_estate
def _held(_: Estate) -> dict[tuple[Maybe[str], ...], Members]:
    return {}


def _access_of(principals: tuple[Maybe[str], ...], estate: Estate) -> Members:
    index = assignments(estate)
    read = all(whole(estate, table) for table in TABLES)
    found = Found(complete=read and not index.unplaced and not index.unnamed)
    for principal in principals:
        if not isinstance(principal, str):
            found.complete = found.complete and principal is None
            continue
        found.items += _grants_of(principal.lower(), estate)
    unique = {grant.assignment_id.lower(): grant for grant in found.items}
    found.items = list(unique.values())
    return found.members()


def _grants_of(principal: str, estate: Estate) -> Iterator[AccessGrant]:
    index = assignments(estate)
    for one in sorted(estate.config.principals.above((principal,))):
        for assignment in index.of.get(one, ()):
            grant = grant_of(assignment, where.of_scope(assignment.shown_scope, estate), estate)
            if grant is not None:
                pair = (assignment.principal, assignment.record.role_definition_guid)
                yield shown_grant(grant, here([pair], estate, complete=True), estate)


class _Reach(NamedTuple):
    """Who reaches the data of production storage accounts, by principal."""

    grants: dict[str, list[tuple[StorageAccount, Grant]]]
    complete: bool


@per_estate
def _reach(estate: Estate) -> _Reach:
    found: dict[str, list[tuple[StorageAccount, Grant]]] = {}
    complete = whole(estate, StorageAccount.TABLE)
    for account in estate.all_of(StorageAccount):
        is_production = production(account, estate)
        if is_production is UNREAD:
            complete = False
        if is_production is not True:
            continue
        access = storage_access(account, estate)
        complete = complete and all(access.complete.values())
        for grant in access.grants:
            if not _may_reach_data(grant):
                continue
            principal = grant.assignment.principal
            if isinstance(principal, str):
                found.setdefault(principal, []).append((account, grant))
            else:
                complete = False
    return _Reach(found, complete)


def _may_reach_data(grant: Grant) -> bool:
    return any(name in _DATA for name in names(grant.effect.maybe))


def production_data_access(workspace: Workspace, estate: Estate) -> Maybe[Members]:
    """Return how identities of a workspace, and personas there, reach production storage.

    Gives `None` for a workspace that is in production, or in no environment.
    """
    is_production = production(workspace, estate)
    if is_production is UNREAD:
        return UNREAD
    if is_production is not False:
        return None
    reach = _reach(estate)
    found = Found(complete=reach.complete)
    seen: set[tuple[str, str]] = set()
    for came in _comers(workspace, found, estate):
        for one in sorted(estate.config.principals.above((came.principal,))):
            for account, grant in reach.grants.get(one, ()):
                key = (came.principal, grant.assignment.record.id + account.id)
                if key not in seen:
                    seen.add(key)
                    _add(found, came, (account, grant), estate)
    return found.members()


class _Comer(NamedTuple):
    """Somebody or something that works in a workspace."""

    principal: str
    owner: str | None
    used_by: Members
    persona: str | None


def _comers(workspace: Workspace, found: Found, estate: Estate) -> Iterator[_Comer]:
    users: dict[str, tuple[str, list[str]]] = {}
    computes, complete = each(estate.follow(workspace, workspace.LINKS[_COMPUTES]))
    found.complete = found.complete and complete
    for resource in (workspace, *computes):
        for owner, principal in identities_of(resource, estate):
            if isinstance(principal, str):
                users.setdefault(principal.lower(), (owner, []))[1].append(resource.name)
            else:
                found.complete = found.complete and principal is None
    complete = found.complete
    for principal, (owner, used_by) in sorted(users.items()):
        names_ = Members(used_by) if complete else Members.partial(tuple(used_by))
        yield _Comer(principal, owner, names_, None)
    yield from _people(workspace, found, estate)


def _people(workspace: Workspace, found: Found, estate: Estate) -> Iterator[_Comer]:
    """Yield the personas that have access to a workspace."""
    access = workspace_access(workspace, estate)
    found.complete = found.complete and all(access.complete.values())
    seen: set[str] = set()
    for grant in access.grants:
        principal = grant.assignment.principal
        if not isinstance(principal, str):
            found.complete = False
        elif principal not in seen and grant.effect.maybe:
            seen.add(principal)
            persona = access.here.first(principal)
            if isinstance(persona, str) and grant.effect.sure:
                yield _Comer(principal, None, Members(), persona)
            elif persona is not None:
                found.complete = False


def _allowed(came: _Comer, account: StorageAccount, estate: Estate) -> tuple[str, ...]:
    """Return what the matrix gives a persona where the account is; identities get nothing."""
    environment = estate.environment(account)
    if came.persona is None or not isinstance(environment, str):
        return ()
    cell = matrix(estate).get(environment, {}).get(came.persona)
    return cell.allowed if cell is not None else ()


def _called(came: _Comer, estate: Estate) -> Maybe[str]:
    return called(came.principal, estate) if came.owner is None else armid.parse(came.owner).name


def _data(operations: int, allowed: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names(operations) if name in _DATA and name not in allowed)


def _add(found: Found, came: _Comer, way: tuple[StorageAccount, Grant], estate: Estate) -> None:
    account, grant = way
    allowed = _allowed(came, account, estate)
    sure, maybe = (_data(mask, allowed) for mask in (grant.effect.sure, grant.effect.maybe))
    if not sure:
        found.complete = found.complete and not maybe
        return
    record = grant.assignment.record
    access = DataAccess(
        storage_account_id=account.id,
        storage_account=account.name,
        principal_id=came.principal,
        principal=_called(came, estate),
        owner_id=came.owner,
        used_by=came.used_by,
        persona=came.persona,
        role_name=grant.role.name,
        scope=grant.assignment.shown_scope,
        assignment_id=record.id,
        eligible=grant.assignment.eligible,
        can=Members(sure) if sure == maybe else Members.partial(sure),
    )
    found.items.append(access)
