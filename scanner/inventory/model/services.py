"""Services beside a workspace: AI services accounts, AKS clusters, diagnostic settings."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from scanner.inventory.fields import Link, Many, Maybe, Part, Reference, Resource, prop
from scanner.inventory.model.network_access import (
    Firewall,
    PrivateEndpointConnections,
    PublicNetworkAccess,
)
from scanner.inventory.model.tracked import TrackedResource

_DIAGNOSTICS = Many("diagnosticSetting", "resource_id", "Its diagnostic settings.")


class CognitiveServicesAccount(TrackedResource, frozen=True, kw_only=True):
    """An AI services account (Cognitive Services, Azure OpenAI)."""

    KIND: ClassVar[str] = "cognitiveServicesAccount"
    TABLE: ClassVar[str] = "cognitiveServicesAccounts"
    LINKS: ClassVar[dict[str, Reference]] = {
        "group": Link("resourceGroup", "resource_group_id", "The resource group."),
        "privateEndpoints": Many("privateEndpoint", "target_ids", "The private endpoints to it."),
        "diagnosticSettings": _DIAGNOSTICS,
    }

    kind: Annotated[Maybe[str], prop("kind", "Kind of account, such as OpenAI or AIServices.")] = (
        None
    )
    public_network_access: PublicNetworkAccess = None
    network_acls: Firewall = None
    disable_local_auth: Annotated[
        Maybe[bool],
        prop("properties.disableLocalAuth", "Whether keys are off; absent means false."),
    ] = None
    custom_sub_domain_name: Annotated[
        Maybe[str],
        prop(
            "properties.customSubDomainName",
            "Own name of the endpoint; private endpoints and Microsoft Entra ID need one.",
        ),
    ] = None
    endpoint: Annotated[
        Maybe[str], prop("properties.endpoint", "Address of the account's API.")
    ] = None
    private_endpoint_connections: PrivateEndpointConnections = None


class ApiServerAccessProfile(Part, frozen=True, kw_only=True):
    """Who reaches an AKS cluster's API server."""

    enable_private_cluster: Annotated[
        Maybe[bool],
        prop("enablePrivateCluster", "Whether the API server is private; absent means no."),
    ] = None
    authorized_ip_ranges: Annotated[
        Maybe[tuple[str, ...]],
        prop(
            "authorizedIPRanges|authorizedIpRanges",
            "Address ranges that reach a public API server; absent means all.",
        ),
    ] = msgspec.field(default=None, name="authorizedIPRanges")


class AgentPoolProfile(Part, frozen=True, kw_only=True):
    """A pool of nodes of an AKS cluster."""

    LINKS: ClassVar[dict[str, Reference]] = {
        "vnetSubnet": Link("subnet", "vnet_subnet_id", "The subnet that the nodes are in.")
    }

    name: Annotated[Maybe[str], prop("name", "Name of the pool.")] = None
    mode: Annotated[
        Maybe[str],
        prop("mode", "What the pool is for.", values=("System", "User", "Gateway")),
    ] = None
    count: Annotated[Maybe[int], prop("count", "Number of nodes.")] = None
    vm_size: Annotated[Maybe[str], prop("vmSize", "VM size of the nodes.")] = None
    enable_auto_scaling: Annotated[
        Maybe[bool],
        prop("enableAutoScaling", "Whether the pool scales by itself; absent means no."),
    ] = None
    min_count: Annotated[
        Maybe[int], prop("minCount", "Lowest number of nodes of a pool that scales.")
    ] = None
    max_count: Annotated[
        Maybe[int], prop("maxCount", "Highest number of nodes of a pool that scales.")
    ] = None
    vnet_subnet_id: Annotated[
        Maybe[str],
        prop("vnetSubnetID|vnetSubnetId", "ARM id of an own subnet; absent means AKS made one."),
    ] = msgspec.field(default=None, name="vnetSubnetID")
    enable_node_public_ip: Annotated[
        Maybe[bool],
        prop("enableNodePublicIP", "Whether nodes have public addresses; absent means no."),
    ] = msgspec.field(default=None, name="enableNodePublicIP")


class KubernetesNetworkProfile(Part, frozen=True, kw_only=True):
    """Network of an AKS cluster."""

    network_plugin: Annotated[
        Maybe[str], prop("networkPlugin", "Network plug-in, such as azure or kubenet.")
    ] = None
    network_policy: Annotated[
        Maybe[str], prop("networkPolicy", "Network policy engine; absent means none.")
    ] = None
    outbound_type: Annotated[
        Maybe[str], prop("outboundType", "How traffic leaves, such as userDefinedRouting.")
    ] = None
    load_balancer_sku: Annotated[
        Maybe[str], prop("loadBalancerSku", "SKU of the load balancer, in lower case.")
    ] = None


class KubernetesCluster(TrackedResource, frozen=True, kw_only=True):
    """An Azure Kubernetes Service cluster."""

    KIND: ClassVar[str] = "kubernetesCluster"
    TABLE: ClassVar[str] = "managedClusters"
    LINKS: ClassVar[dict[str, Reference]] = {
        "group": Link("resourceGroup", "resource_group_id", "The resource group."),
        "computes": Many(
            "compute", "kubernetes_cluster_id", "The computes that it is attached to workspaces as."
        ),
        "diagnosticSettings": _DIAGNOSTICS,
    }

    kubernetes_version: Annotated[
        Maybe[str], prop("properties.kubernetesVersion", "Version of Kubernetes asked for.")
    ] = None
    fqdn: Annotated[
        Maybe[str],
        prop("properties.fqdn", "Public name of the API server; absent for a private one."),
    ] = None
    node_resource_group: Annotated[
        Maybe[str], prop("properties.nodeResourceGroup", "Name of the group that holds the nodes.")
    ] = None
    public_network_access: PublicNetworkAccess = None
    disable_local_accounts: Annotated[
        Maybe[bool],
        prop("properties.disableLocalAccounts", "Whether local accounts are off; absent: no."),
    ] = None
    enable_rbac: Annotated[
        Maybe[bool], prop("properties.enableRBAC", "Whether Kubernetes checks roles.")
    ] = msgspec.field(default=None, name="enableRBAC")
    api_server_access_profile: Annotated[
        Maybe[ApiServerAccessProfile],
        prop(
            "properties.apiServerAccessProfile",
            "Who reaches the API server; absent means everybody.",
        ),
    ] = None
    agent_pool_profiles: Annotated[
        Maybe[tuple[AgentPoolProfile, ...]],
        prop("properties.agentPoolProfiles", "Pools of nodes."),
    ] = None
    network_profile: Annotated[
        Maybe[KubernetesNetworkProfile],
        prop("properties.networkProfile", "How its nodes and pods are networked."),
    ] = None


class RetentionPolicy(Part, frozen=True, kw_only=True):
    """How long a storage account keeps logs."""

    enabled: Annotated[Maybe[bool], prop("enabled", "Whether logs are deleted in time.")] = None
    days: Annotated[Maybe[int], prop("days", "Days until deletion; 0 means never.")] = None


class DiagnosticCategory(Part, frozen=True, kw_only=True):
    """One category of logs or metrics of a diagnostic setting."""

    category: Annotated[
        Maybe[str], prop("category", "Name of the category; absent where a group is named.")
    ] = None
    category_group: Annotated[
        Maybe[str], prop("categoryGroup", "Group of categories, such as allLogs or audit.")
    ] = None
    enabled: Annotated[Maybe[bool], prop("enabled", "Whether it is sent.")] = None
    retention_policy: Annotated[
        Maybe[RetentionPolicy],
        prop("retentionPolicy", "How long a storage account keeps it; out of use by now."),
    ] = None


class DiagnosticSetting(Resource, frozen=True, kw_only=True):
    """Which logs and metrics of a resource go where."""

    KIND: ClassVar[str] = "diagnosticSetting"
    TABLE: ClassVar[str] = "diagnosticSettings"
    LINKS: ClassVar[dict[str, Reference]] = {
        "logAnalyticsWorkspace": Link(
            "logAnalyticsWorkspace", "log_analytics_workspace_id", "The workspace logs go to."
        ),
        "storageAccount": Link("storageAccount", "storage_account_id", "The account logs go to."),
    }

    resource_id: Annotated[Maybe[str], prop("@", "ARM id of the resource whose logs it sends.")] = (
        None
    )
    logs: Annotated[
        Maybe[tuple[DiagnosticCategory, ...]], prop("properties.logs", "Categories of logs.")
    ] = None
    metrics: Annotated[
        Maybe[tuple[DiagnosticCategory, ...]], prop("properties.metrics", "Categories of metrics.")
    ] = None
    log_analytics_workspace_id: Annotated[
        Maybe[str],
        prop(
            "properties.workspaceId",
            "ARM id of the Log Analytics workspace (`workspaceId` in Azure); absent: none.",
        ),
    ] = None
    log_analytics_destination_type: Annotated[
        Maybe[str],
        prop(
            "properties.logAnalyticsDestinationType",
            "Tables that logs go to: Dedicated per resource, or AzureDiagnostics (absent).",
            values=("Dedicated", "AzureDiagnostics"),
        ),
    ] = None
    storage_account_id: Annotated[
        Maybe[str],
        prop("properties.storageAccountId", "ARM id of the storage account; absent: none."),
    ] = None
    event_hub_authorization_rule_id: Annotated[
        Maybe[str],
        prop(
            "properties.eventHubAuthorizationRuleId",
            "ARM id of the event hub's rule; absent: none.",
        ),
    ] = None
    event_hub_name: Annotated[
        Maybe[str], prop("properties.eventHubName", "Name of the event hub.")
    ] = None
    marketplace_partner_id: Annotated[
        Maybe[str],
        prop("properties.marketplacePartnerId", "ARM id of a partner's service; absent: none."),
    ] = None
