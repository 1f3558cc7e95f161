"""The structures inside a workspace: encryption, serverless compute, what a hub hands on."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from scanner.inventory.fields import Link, Maybe, Part, Reference, prop


class EncryptionIdentity(Part, frozen=True, kw_only=True):
    """The identity that reads the encryption key."""

    LINKS: ClassVar[dict[str, Reference]] = {
        "userAssignedIdentity": Link(
            "userAssignedIdentity", "user_assigned_identity_id", "The identity that reads the key."
        )
    }

    user_assigned_identity_id: Annotated[
        Maybe[str],
        prop("userAssignedIdentity", "ARM id of the identity; absent means the system's."),
    ] = None


class EncryptionKey(Part, frozen=True, kw_only=True):
    """The customer-managed key and where it is kept."""

    LINKS: ClassVar[dict[str, Reference]] = {
        "keyVault": Link("keyVault", "key_vault_arm_id", "The vault that holds the key.")
    }

    key_vault_arm_id: Annotated[
        Maybe[str], prop("keyVaultArmId", "ARM id of the vault that holds the key.")
    ] = None
    key_identifier: Annotated[
        Maybe[str], prop("keyIdentifier", "URL of the key, with or without a version.")
    ] = None
    identity_client_id: Annotated[
        Maybe[str], prop("identityClientId", "Client id of the identity that reads the key.")
    ] = None


class Encryption(Part, frozen=True, kw_only=True):
    """Encryption with a customer-managed key."""

    status: Annotated[
        Maybe[str],
        prop(
            "status",
            "Whether a customer-managed key is in use.",
            values=("Enabled", "Disabled"),
        ),
    ] = None
    identity: Annotated[
        Maybe[EncryptionIdentity], prop("identity", "The identity that reads the key.")
    ] = None
    key_vault_properties: Annotated[
        Maybe[EncryptionKey], prop("keyVaultProperties", "The key and its vault.")
    ] = None
    cosmos_db_resource_id: Annotated[
        Maybe[str], prop("cosmosDbResourceId", "ARM id of an own Cosmos DB account.")
    ] = None
    search_account_resource_id: Annotated[
        Maybe[str], prop("searchAccountResourceId", "ARM id of an own search service.")
    ] = None
    storage_account_resource_id: Annotated[
        Maybe[str],
        prop("storageAccountResourceId", "ARM id of an own storage account for encrypted data."),
    ] = None


class ServerlessComputeSettings(Part, frozen=True, kw_only=True):
    """The network that serverless compute runs in."""

    LINKS: ClassVar[dict[str, Reference]] = {
        "serverlessComputeCustomSubnet": Link(
            "subnet", "serverless_compute_custom_subnet_id", "The subnet of serverless compute."
        )
    }

    serverless_compute_custom_subnet_id: Annotated[
        Maybe[str],
        prop("serverlessComputeCustomSubnet", "ARM id of an own subnet; absent means none."),
    ] = None
    serverless_compute_no_public_ip: Annotated[
        Maybe[bool],
        prop(
            "serverlessComputeNoPublicIP",
            "Whether nodes get no public address; where absent, count it as false.",
        ),
    ] = msgspec.field(default=None, name="serverlessComputeNoPublicIP")


class HubConfig(Part, frozen=True, kw_only=True):
    """What a hub gives to new projects."""

    default_workspace_resource_group: Annotated[
        Maybe[str],
        prop("defaultWorkspaceResourceGroup", "ARM id of the group that new projects go to."),
    ] = None
    additional_workspace_storage_accounts: Annotated[
        Maybe[tuple[str, ...]],
        prop("additionalWorkspaceStorageAccounts", "Further storage accounts of the projects."),
    ] = None
