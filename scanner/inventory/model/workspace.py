"""Azure Machine Learning workspaces: default workspaces, hubs, hub projects, feature stores."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from scanner.inventory.fields import Link, Links, Many, Maybe, Reference, prop
from scanner.inventory.model import shapes
from scanner.inventory.model.managed_network import ManagedNetworkSettings
from scanner.inventory.model.network_access import (
    PUBLIC_NETWORK_ACCESS,
    NetworkRules,
    PrivateEndpointConnections,
)
from scanner.inventory.model.recurring import Description, ProvisioningState
from scanner.inventory.model.tracked import TrackedResource
from scanner.inventory.model.workspace_settings import (
    Encryption,
    HubConfig,
    ServerlessComputeSettings,
)


class Workspace(TrackedResource, frozen=True, kw_only=True):
    """A workspace. A hub project takes network, encryption and dependent resources from its hub."""

    KIND: ClassVar[str] = "workspace"
    TABLE: ClassVar[str] = "workspaces"
    LINKS: ClassVar[dict[str, Reference]] = {
        "group": Link("resourceGroup", "resource_group_id", "The resource group."),
        "hub": Link("workspace", "hub_resource_id", "The hub of a project; absent for others."),
        "projects": Many("workspace", "hub_resource_id", "The projects of a hub."),
        "associatedWorkspaces": Links(
            "workspace", "associated_workspace_ids", "The projects that a hub's record names."
        ),
        "storageAccount": Link("storageAccount", "storage_account_id", "The storage account."),
        "keyVault": Link("keyVault", "key_vault_id", "The key vault."),
        "applicationInsights": Link(
            "applicationInsights", "application_insights_id", "The Application Insights component."
        ),
        "containerRegistry": Link(
            "containerRegistry", "container_registry_id", "The container registry."
        ),
        "primaryUserAssignedIdentity": Link(
            "userAssignedIdentity",
            "primary_user_assigned_identity_id",
            "The user-assigned identity that the workspace works with.",
        ),
        "computes": Many("compute", "workspace_id", "The workspace's computes."),
        "datastores": Many("datastore", "workspace_id", "The workspace's datastores."),
        "connections": Many("connection", "workspace_id", "The workspace's connections."),
        "outboundRules": Many(
            "outboundRule", "workspace_id", "The managed network's outbound rules, as listed."
        ),
        "managedNetworks": Many(
            "managedNetwork", "workspace_id", "The managed network, recorded on its own."
        ),
        "onlineEndpoints": Many("onlineEndpoint", "workspace_id", "Online endpoints."),
        "onlineDeployments": Many(
            "onlineDeployment", "workspace_id", "Deployments of all online endpoints."
        ),
        "batchEndpoints": Many("batchEndpoint", "workspace_id", "Batch endpoints."),
        "batchDeployments": Many(
            "batchDeployment", "workspace_id", "Deployments of all batch endpoints."
        ),
        "serverlessEndpoints": Many("serverlessEndpoint", "workspace_id", "Serverless endpoints."),
        "environmentVersions": Many(
            "environmentVersion", "workspace_id", "Versions of the workspace's environments."
        ),
        "diagnosticSettings": Many(
            "diagnosticSetting", "resource_id", "The workspace's diagnostic settings."
        ),
        "privateEndpoints": Many(
            "privateEndpoint", "target_ids", "The private endpoints that lead to the workspace."
        ),
    }

    kind: Annotated[
        Maybe[str],
        prop(
            "kind",
            "Kind of workspace; absent means Default.",
            values=("Default", "Hub", "Project", "FeatureStore"),
        ),
    ] = "Default"
    friendly_name: Annotated[
        Maybe[str],
        prop(
            "properties.friendlyName", "Display name in the studio.", parse=shapes.unless_redacted
        ),
    ] = None
    description: Description = None
    workspace_id: Annotated[
        Maybe[str], prop("properties.workspaceId", "The workspace's own GUID.")
    ] = None
    tenant_id: Annotated[Maybe[str], prop("properties.tenantId", "Tenant of the workspace.")] = None
    provisioning_state: ProvisioningState = None
    creation_time: Annotated[
        Maybe[str], prop("properties.creationTime", "When the workspace was created (UTC).")
    ] = None

    public_network_access: Annotated[
        Maybe[str],
        prop(
            "properties.publicNetworkAccess",
            "Whether the public network reaches the workspace; where absent, count it as reachable.",
            values=PUBLIC_NETWORK_ACCESS,
        ),
    ] = None
    allow_public_access_when_behind_vnet: Annotated[
        Maybe[bool],
        prop(
            "properties.allowPublicAccessWhenBehindVnet",
            "Older switch: public access beside private endpoints; Azure's default is false.",
        ),
    ] = None
    network_acls: Annotated[
        Maybe[NetworkRules],
        prop("properties.networkAcls", "What is let in where public network access is enabled."),
    ] = None
    ip_allowlist: Annotated[
        Maybe[tuple[str, ...]],
        prop(
            "properties.ipAllowlist", "Public address ranges that are let in, where any are named."
        ),
    ] = None
    private_endpoint_connections: PrivateEndpointConnections = None
    private_link_count: Annotated[
        Maybe[int],
        prop("properties.privateLinkCount", "Number of private links, as the service counts them."),
    ] = None
    managed_network: Annotated[
        Maybe[ManagedNetworkSettings],
        prop("properties.managedNetwork", "Managed virtual network; absent means none."),
    ] = None
    v1_legacy_mode: Annotated[
        Maybe[bool],
        prop(
            "properties.v1LegacyMode", "Whether v2 of the API is blocked; Azure's default is false."
        ),
    ] = None

    hbi_workspace: Annotated[
        Maybe[bool],
        prop(
            "properties.hbiWorkspace",
            "Whether it is declared to hold high-business-impact data; set at creation only.",
        ),
    ] = None
    encryption: Annotated[
        Maybe[Encryption],
        prop("properties.encryption", "Encryption with an own key; absent means Microsoft's key."),
    ] = None
    enable_service_side_cmk_encryption: Annotated[
        Maybe[bool],
        prop(
            "properties.enableServiceSideCMKEncryption",
            "Whether data encrypted with an own key is kept on the service's side.",
        ),
    ] = msgspec.field(default=None, name="enableServiceSideCMKEncryption")
    enable_data_isolation: Annotated[
        Maybe[bool],
        prop(
            "properties.enableDataIsolation",
            "Whether the projects of a hub can't reach each other's data.",
        ),
    ] = None
    storage_hns_enabled: Annotated[
        Maybe[bool],
        prop("properties.storageHnsEnabled", "Whether its storage has a hierarchical namespace."),
    ] = None
    soft_delete_enabled: Annotated[
        Maybe[bool],
        prop("properties.softDeleteEnabled", "Whether the workspace can be brought back."),
    ] = None
    enable_software_bill_of_materials: Annotated[
        Maybe[bool],
        prop(
            "properties.EnableSoftwareBillOfMaterials|properties.enableSoftwareBillOfMaterials",
            "Whether images come with a software bill of materials.",
        ),
    ] = None

    system_datastores_auth_mode: Annotated[
        Maybe[str],
        prop(
            "properties.systemDatastoresAuthMode",
            "How the default datastores authenticate; where absent, count it as AccessKey.",
            values=("AccessKey", "Identity", "UserDelegationSAS"),
        ),
    ] = None
    allow_role_assignment_on_rg: Annotated[
        Maybe[bool],
        prop(
            "properties.allowRoleAssignmentOnRG",
            "Whether the workspace's identity gets a role on the whole resource group.",
        ),
    ] = msgspec.field(default=None, name="allowRoleAssignmentOnRG")
    primary_user_assigned_identity_id: Annotated[
        Maybe[str],
        prop(
            "properties.primaryUserAssignedIdentity",
            "ARM id of the user-assigned identity it works with; absent means the system's.",
        ),
    ] = None

    storage_account_id: Annotated[
        Maybe[str], prop("properties.storageAccount", "ARM id of the storage account.")
    ] = None
    key_vault_id: Annotated[Maybe[str], prop("properties.keyVault", "ARM id of the key vault.")] = (
        None
    )
    application_insights_id: Annotated[
        Maybe[str],
        prop("properties.applicationInsights", "ARM id of the Application Insights component."),
    ] = None
    container_registry_id: Annotated[
        Maybe[str],
        prop(
            "properties.containerRegistry",
            "ARM id of the container registry; absent until one is needed.",
        ),
    ] = None
    image_build_compute: Annotated[
        Maybe[str],
        prop(
            "properties.imageBuildCompute",
            "Name of the cluster that builds images; absent means container registry tasks.",
        ),
    ] = None
    serverless_compute_settings: Annotated[
        Maybe[ServerlessComputeSettings],
        prop("properties.serverlessComputeSettings", "Network of serverless compute."),
    ] = None
    service_provisioned_resource_group: Annotated[
        Maybe[str],
        prop(
            "properties.serviceProvisionedResourceGroup",
            "Name of the group that Azure made for resources of its own.",
        ),
    ] = None

    hub_resource_id: Annotated[
        Maybe[str],
        prop("properties.hubResourceId", "ARM id of the hub of a project; absent for others."),
    ] = None
    associated_workspace_ids: Annotated[
        Maybe[tuple[str, ...]],
        prop("properties.associatedWorkspaces", "ARM ids of the projects, as a hub names them."),
    ] = None
    workspace_hub_config: Annotated[
        Maybe[HubConfig],
        prop("properties.workspaceHubConfig", "What a hub gives to new projects."),
    ] = None
    has_feature_store_settings: Annotated[
        Maybe[bool],
        prop(
            "properties.featureStoreSettings",
            "True where feature store settings are there; absent otherwise.",
            parse=shapes.present,
        ),
    ] = None
