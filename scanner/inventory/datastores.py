"""Where the datastores of a workspace lead: to which storage accounts, and of which environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from scanner import armid
from scanner.inventory import environment
from scanner.inventory.connectivity import network_of
from scanner.inventory.facts import Facts, computed, per_estate
from scanner.inventory.fields import UNREAD, Derived, Maybe, Members, Part
from scanner.inventory.model.dependents import StorageAccount
from scanner.inventory.model.workspace import Workspace
from scanner.inventory.sharing import users
from scanner.inventory.truth import Found, Verdict, both, each, known

if TYPE_CHECKING:
    from scanner.inventory.estate import Estate
    from scanner.inventory.fields import Resource
    from scanner.inventory.model.data import Datastore

_ELSEWHERE = {"AzureDataLakeGen1", "Hdfs", "OneLake"}
"""Kinds of datastores that lead to no storage account."""
_DATASTORES = Workspace.LINKS["datastores"]


class ProductionDatastore(Part, frozen=True, kw_only=True):
    """A datastore that leads to storage of a production environment."""

    datastore: Annotated[str, computed("Name of the datastore.")]
    storage_account_id: Annotated[str, computed("ARM id of the storage account.")]
    environment: Annotated[str, computed("The production environment.")]


class OutsideDatastore(Part, frozen=True, kw_only=True):
    """A datastore that leads to a storage account which is not agreed on."""

    datastore: Annotated[str, computed("Name of the datastore.")]
    account: Annotated[str, computed("Name of the storage account.")]


@per_estate
def _accounts(estate: Estate) -> dict[str, StorageAccount]:
    """Return storage accounts by name, which is unique in a cloud."""
    return {account.name.lower(): account for account in estate.all_of(StorageAccount)}


def account_of(datastore: Datastore) -> Maybe[str]:
    """Return the lower-cased name of a datastore's storage account, `None` if it has none."""
    if datastore.datastore_type in _ELSEWHERE:
        return None
    name = datastore.account_name
    return name.lower() if isinstance(name, str) else name


def storage_account(datastore: Datastore, estate: Estate) -> Maybe[StorageAccount]:
    """Return the storage account that a datastore leads to."""
    name = account_of(datastore)
    if not isinstance(name, str):
        return name
    found = _accounts(estate).get(name)
    if found is not None:
        return found if _same_cloud(datastore, found) else UNREAD
    subscription, group = datastore.account_subscription_id, datastore.account_resource_group
    if isinstance(subscription, str) and isinstance(group, str):
        place = f"/subscriptions/{subscription}/resourceGroups/{group}"
        arm_id = f"{place}/providers/Microsoft.Storage/storageAccounts/{name}"
        exists_not = estate.coverage.has_record(StorageAccount.TABLE, arm_id)
    else:
        exists_not = estate.coverage.has_all(StorageAccount.TABLE, "/")
    return None if exists_not else UNREAD


def _same_cloud(datastore: Datastore, account: StorageAccount) -> bool:
    """Tell whether an account may be the one a datastore means: names repeat in other clouds."""
    suffix, endpoints = datastore.endpoint, account.primary_endpoints
    if not isinstance(suffix, str) or endpoints is None or endpoints is UNREAD:
        return True
    addresses = (endpoints.blob, endpoints.dfs, endpoints.file)
    hosts = [address.rstrip("/").lower() for address in addresses if isinstance(address, str)]
    return not hosts or any(host.endswith("." + suffix.lower().strip("./")) for host in hosts)


@per_estate
def _production_users(estate: Estate) -> tuple[dict[str, tuple[str, Workspace]], bool, set[str]]:
    """Return production workspaces' storage by account name, and what is not sure of it.

    The second value tells whether every workspace's storage is known, the third names the
    accounts of workspaces whose environment could not be told.
    """
    index = users(estate)
    found: dict[str, tuple[str, Workspace]] = {}
    unsure: set[str] = set()
    for workspace in estate.all_of(Workspace):
        arm_id = workspace.storage_account_id
        if not isinstance(arm_id, str):
            continue
        name = armid.parse(arm_id).name.lower()
        production = _production(workspace, estate)
        if production is True:
            found.setdefault(name, (arm_id, workspace))
        elif production is UNREAD:
            unsure.add(name)
    return found, index.complete[StorageAccount.KIND], unsure


def _production(resource: Resource, estate: Estate) -> Maybe[bool]:
    verdict: Maybe[bool] = estate.fact("production", resource, environment.production)
    return verdict


def production_datastores(workspace: Workspace, estate: Estate) -> Members:
    """Return the datastores of a workspace outside production that lead to production's storage."""
    own = _production(workspace, estate)
    if own is True or own is UNREAD:
        return Members() if own is True else Members.partial()
    datastores, complete = each(estate.follow(workspace, _DATASTORES))
    found = Found(complete=complete)
    for datastore in datastores:
        name = account_of(datastore)
        if name is UNREAD:
            found.add(UNREAD, None)
        elif name is not None:
            _add_production(found, datastore, name, estate)
    return found.members()


def _add_production(found: Found, datastore: Datastore, name: str, estate: Estate) -> None:
    account = storage_account(datastore, estate)
    if isinstance(account, StorageAccount) and _production(account, estate) is True:
        _append(found, datastore, account.id, estate.environment(account))
        return
    used, complete, unsure = _production_users(estate)
    if name in used and (account is not UNREAD or name not in _accounts(estate)):
        arm_id, user = used[name]
        _append(found, datastore, arm_id, estate.environment(user))
        return
    unread = account is UNREAD or (
        isinstance(account, StorageAccount) and _production(account, estate) is UNREAD
    )
    found.complete = found.complete and complete and not unread and name not in unsure


def _append(found: Found, datastore: Datastore, arm_id: str, name: Any) -> None:
    part = ProductionDatastore(
        datastore=datastore.name, storage_account_id=arm_id, environment=name
    )
    found.add(True, part)  # noqa: FBT003


def landing_zone_missing(workspace: Workspace, estate: Estate) -> Members | None:
    """Return the configured landing-zone accounts that no datastore of a workspace leads to.

    An estate has landing zones per environment, and a workspace is to stay out of the others':
    an account of another environment is not missed. Gives `None` where the config names none.
    """
    wanted = estate.config.settings.landing_zone_storage_accounts
    if not wanted:
        return None
    found = Found()
    own = estate.environment(workspace)
    datastores, complete = each(estate.follow(workspace, _DATASTORES))
    names = {account_of(datastore) for datastore in datastores}
    absent: Verdict = True if complete and UNREAD not in names else UNREAD
    for arm_id in wanted:
        if _name(arm_id) not in names:
            theirs = environment.environment_at(arm_id, estate)
            found.add(both(_serves(theirs, own), absent), arm_id)
    return found.members()


def _serves(theirs: Maybe[str], own: Maybe[str]) -> Verdict:
    """Tell whether an account is for a workspace: of its environment, or of none."""
    if theirs is None:
        return True
    return UNREAD if theirs is UNREAD or own is UNREAD else theirs == own


def datastores_outside(workspace: Workspace, estate: Estate) -> Members | None:
    """Return the datastores that lead to neither own nor configured landing-zone accounts.

    Gives `None` where the config names none.
    """
    wanted = estate.config.settings.landing_zone_storage_accounts
    if not wanted:
        return None
    used = network_of(workspace, estate)
    own = {_name(workspace.storage_account_id)}
    own.add(_name(used.storage_account_id) if isinstance(used, Workspace) else used)
    agreed = {_name(arm_id) for arm_id in wanted}
    datastores, complete = each(estate.follow(workspace, _DATASTORES))
    found = Found(complete=complete)
    for datastore in datastores:
        account = account_of(datastore)
        if account is None or account in agreed or (known(account) and account in own):
            continue
        sure = account is not UNREAD and UNREAD not in own
        part = OutsideDatastore(datastore=datastore.name, account=str(account)) if sure else None
        found.add(True if sure else UNREAD, part)
    return found.members()


def _name(arm_id: Any) -> Any:
    """Return the name in an account's id, in lower case."""
    return armid.key(arm_id).rpartition("/")[2] if isinstance(arm_id, str) else arm_id


FACTS: Facts = {
    "datastore": {
        "storageAccount": Derived(
            StorageAccount,
            storage_account,
            "The storage account that it leads to, found by name; null where it does not exist or "
            "the datastore leads to no storage account (OneLake).",
            ("accountName", "endpoint"),
        )
    },
    "workspace": {
        "productionDatastores": Derived(
            tuple[ProductionDatastore, ...],
            production_datastores,
            "Datastores of a workspace that is not known to be production, which lead to storage "
            "of a production environment or of a production workspace.",
            ("datastores",),
        ),
        "landingZoneMissing": Derived(
            tuple[str, ...],
            landing_zone_missing,
            "ARM ids of the setting `landingZoneStorageAccounts`, of the workspace's environment or "
            "of none, that no datastore leads to; absent where the setting is not made.",
            ("datastores", "environment"),
        ),
        "datastoresOutside": Derived(
            tuple[OutsideDatastore, ...],
            datastores_outside,
            "Datastores that lead to accounts which are neither the workspace's own nor in the "
            "setting `landingZoneStorageAccounts`; absent where the setting is not made.",
            ("datastores",),
        ),
    },
}
