"""The resources that a workspace depends on: storage, vault, registry, logs, identity."""

from __future__ import annotations

from typing import Annotated, ClassVar

from scanner.inventory.fields import Link, Many, Maybe, Part, Reference, prop
from scanner.inventory.model.network_access import (
    PUBLIC_NETWORK_ACCESS,
    Firewall,
    PrivateEndpointConnections,
    PublicNetworkAccess,
)
from scanner.inventory.model.tracked import Sku, TrackedResource

_ENABLED = ("Enabled", "Disabled")
_ENDPOINTS = Many("privateEndpoint", "target_ids", "The private endpoints that lead to it.")
_DIAGNOSTICS = Many("diagnosticSetting", "resource_id", "Its diagnostic settings.")


class PrimaryEndpoints(Part, frozen=True, kw_only=True):
    """Addresses of a storage account's services; a service it does not have is absent."""

    blob: Annotated[Maybe[str], prop("blob", "Address of the blob service.")] = None
    dfs: Annotated[Maybe[str], prop("dfs", "Address of the data lake service.")] = None
    file: Annotated[Maybe[str], prop("file", "Address of the file service.")] = None
    queue: Annotated[Maybe[str], prop("queue", "Address of the queue service.")] = None
    table: Annotated[Maybe[str], prop("table", "Address of the table service.")] = None


class StorageEncryption(Part, frozen=True, kw_only=True):
    """Encryption at rest of a storage account."""

    key_source: Annotated[
        Maybe[str],
        prop(
            "keySource",
            "Whose key encrypts the data.",
            values=("Microsoft.Storage", "Microsoft.Keyvault"),
        ),
    ] = None


class StorageAccount(TrackedResource, frozen=True, kw_only=True):
    """A storage account."""

    KIND: ClassVar[str] = "storageAccount"
    TABLE: ClassVar[str] = "storageAccounts"
    LINKS: ClassVar[dict[str, Reference]] = {
        "group": Link("resourceGroup", "resource_group_id", "The resource group."),
        "workspaces": Many(
            "workspace", "storage_account_id", "The workspaces that have it as their own storage."
        ),
        "privateEndpoints": _ENDPOINTS,
        "diagnosticSettings": _DIAGNOSTICS,
    }

    kind: Annotated[Maybe[str], prop("kind", "Kind of account, such as StorageV2.")] = None
    public_network_access: PublicNetworkAccess = None
    network_acls: Firewall = None
    private_endpoint_connections: PrivateEndpointConnections = None
    allow_shared_key_access: Annotated[
        Maybe[bool],
        prop(
            "properties.allowSharedKeyAccess",
            "Whether account keys and SAS tokens of them work; absent means true.",
        ),
    ] = None
    allow_blob_public_access: Annotated[
        Maybe[bool],
        prop(
            "properties.allowBlobPublicAccess",
            "Whether containers may be opened to anonymous readers; absent depends on the API "
            "version that made the account, so count it as true.",
        ),
    ] = None
    minimum_tls_version: Annotated[
        Maybe[str],
        prop(
            "properties.minimumTlsVersion",
            "Lowest TLS version that clients may use; where absent, count it as TLS1_0.",
            values=("TLS1_0", "TLS1_1", "TLS1_2", "TLS1_3"),
        ),
    ] = None
    supports_https_traffic_only: Annotated[
        Maybe[bool],
        prop("properties.supportsHttpsTrafficOnly", "Whether unencrypted requests are refused."),
    ] = None
    is_hns_enabled: Annotated[
        Maybe[bool],
        prop("properties.isHnsEnabled", "Whether it is a data lake; absent means no."),
    ] = None
    primary_endpoints: Annotated[
        Maybe[PrimaryEndpoints], prop("properties.primaryEndpoints", "Addresses of its services.")
    ] = None
    encryption: Annotated[
        Maybe[StorageEncryption], prop("properties.encryption", "Encryption at rest.")
    ] = None


class KeyVault(TrackedResource, frozen=True, kw_only=True):
    """A key vault."""

    KIND: ClassVar[str] = "keyVault"
    TABLE: ClassVar[str] = "keyVaults"
    LINKS: ClassVar[dict[str, Reference]] = {
        "group": Link("resourceGroup", "resource_group_id", "The resource group."),
        "workspaces": Many("workspace", "key_vault_id", "The workspaces that have it as vault."),
        "privateEndpoints": _ENDPOINTS,
        "diagnosticSettings": _DIAGNOSTICS,
    }

    sku: Annotated[Maybe[Sku], prop("properties.sku", "SKU: standard or premium.")] = None
    vault_uri: Annotated[Maybe[str], prop("properties.vaultUri", "Address of the vault.")] = None
    public_network_access: PublicNetworkAccess = None
    network_acls: Firewall = None
    private_endpoint_connections: PrivateEndpointConnections = None
    enable_rbac_authorization: Annotated[
        Maybe[bool],
        prop(
            "properties.enableRbacAuthorization",
            "Whether role assignments instead of access policies decide; absent means false.",
        ),
    ] = None
    enable_purge_protection: Annotated[
        Maybe[bool],
        prop(
            "properties.enablePurgeProtection",
            "Whether deleted secrets can't be purged before their time; absent means false.",
        ),
    ] = None
    enable_soft_delete: Annotated[
        Maybe[bool],
        prop(
            "properties.enableSoftDelete",
            "Whether deleted secrets can be brought back; Azure turns it on for new vaults.",
        ),
    ] = None
    soft_delete_retention_in_days: Annotated[
        Maybe[int],
        prop("properties.softDeleteRetentionInDays", "Days until deleted secrets are gone."),
    ] = None


class ApplicationInsights(TrackedResource, frozen=True, kw_only=True):
    """An Application Insights component."""

    KIND: ClassVar[str] = "applicationInsights"
    TABLE: ClassVar[str] = "applicationInsights"
    LINKS: ClassVar[dict[str, Reference]] = {
        "group": Link("resourceGroup", "resource_group_id", "The resource group."),
        "workspaces": Many(
            "workspace", "application_insights_id", "The ML workspaces that log to it."
        ),
        "logAnalyticsWorkspace": Link(
            "logAnalyticsWorkspace",
            "workspace_resource_id",
            "The Log Analytics workspace that keeps its data.",
        ),
    }

    workspace_resource_id: Annotated[
        Maybe[str],
        prop(
            "properties.WorkspaceResourceId|properties.workspaceResourceId",
            "ARM id of the Log Analytics workspace; absent for a classic component.",
        ),
    ] = None
    public_network_access_for_ingestion: Annotated[
        Maybe[str],
        prop(
            "properties.publicNetworkAccessForIngestion",
            "Whether data may come in over the public network; absent means Enabled.",
            values=_ENABLED,
        ),
    ] = None
    public_network_access_for_query: Annotated[
        Maybe[str],
        prop(
            "properties.publicNetworkAccessForQuery",
            "Whether data may be queried over the public network; absent means Enabled.",
            values=_ENABLED,
        ),
    ] = None


class LogAnalyticsWorkspace(TrackedResource, frozen=True, kw_only=True):
    """A Log Analytics workspace."""

    KIND: ClassVar[str] = "logAnalyticsWorkspace"
    TABLE: ClassVar[str] = "logAnalyticsWorkspaces"
    LINKS: ClassVar[dict[str, Reference]] = {
        "group": Link("resourceGroup", "resource_group_id", "The resource group."),
    }

    sku: Annotated[Maybe[Sku], prop("properties.sku", "SKU, such as PerGB2018.")] = None
    customer_id: Annotated[
        Maybe[str], prop("properties.customerId", "The workspace's own GUID.")
    ] = None
    retention_in_days: Annotated[
        Maybe[int], prop("properties.retentionInDays", "Days that data is kept.")
    ] = None
    public_network_access_for_ingestion: Annotated[
        Maybe[str],
        prop(
            "properties.publicNetworkAccessForIngestion",
            "Whether data may come in over the public network; absent means Enabled.",
            values=PUBLIC_NETWORK_ACCESS,
        ),
    ] = None
    public_network_access_for_query: Annotated[
        Maybe[str],
        prop(
            "properties.publicNetworkAccessForQuery",
            "Whether data may be queried over the public network; absent means Enabled.",
            values=PUBLIC_NETWORK_ACCESS,
        ),
    ] = None


class UserAssignedIdentity(TrackedResource, frozen=True, kw_only=True):
    """A user-assigned managed identity."""

    KIND: ClassVar[str] = "userAssignedIdentity"
    TABLE: ClassVar[str] = "userAssignedIdentities"
    LINKS: ClassVar[dict[str, Reference]] = {
        "workspaces": Many(
            "workspace",
            "primary_user_assigned_identity_id",
            "The workspaces that work with it as their primary identity.",
        ),
    }

    principal_id: Annotated[
        Maybe[str],
        prop("properties.principalId", "Object id that role assignments name."),
    ] = None
    client_id: Annotated[Maybe[str], prop("properties.clientId", "Client (application) id.")] = None
    tenant_id: Annotated[Maybe[str], prop("properties.tenantId", "Tenant of the identity.")] = None
