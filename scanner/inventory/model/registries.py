"""Container registries and Azure Machine Learning registries."""

from __future__ import annotations

from typing import Annotated, ClassVar

from scanner.inventory.fields import Link, Many, Maybe, Part, Reference, prop
from scanner.inventory.model import shapes
from scanner.inventory.model.network_access import (
    NetworkRules,
    PrivateEndpointConnection,
    PrivateEndpointConnections,
    PublicNetworkAccess,
)
from scanner.inventory.model.tracked import TrackedResource

_ENABLED = ("Enabled", "Disabled")
_GROUP = Link("resourceGroup", "resource_group_id", "The resource group.")
_ENDPOINTS = Many("privateEndpoint", "target_ids", "The private endpoints that lead to it.")
_DIAGNOSTICS = Many("diagnosticSetting", "resource_id", "Its diagnostic settings.")


class ContainerRegistry(TrackedResource, frozen=True, kw_only=True):
    """A container registry."""

    KIND: ClassVar[str] = "containerRegistry"
    TABLE: ClassVar[str] = "containerRegistries"
    LINKS: ClassVar[dict[str, Reference]] = {
        "group": _GROUP,
        "workspaces": Many(
            "workspace", "container_registry_id", "The workspaces that keep their images in it."
        ),
        "privateEndpoints": _ENDPOINTS,
        "diagnosticSettings": _DIAGNOSTICS,
    }

    login_server: Annotated[
        Maybe[str], prop("properties.loginServer", "Host name of the registry.")
    ] = None
    admin_user_enabled: Annotated[
        Maybe[bool],
        prop(
            "properties.adminUserEnabled",
            "Whether the shared administrator account works; absent means false.",
        ),
    ] = None
    anonymous_pull_enabled: Annotated[
        Maybe[bool],
        prop(
            "properties.anonymousPullEnabled",
            "Whether anybody may pull without signing in; absent means false.",
        ),
    ] = None
    public_network_access: PublicNetworkAccess = None
    network_rule_set: Annotated[
        Maybe[NetworkRules],
        prop("properties.networkRuleSet", "The firewall; absent lets every network in."),
    ] = None
    network_rule_bypass_options: Annotated[
        Maybe[str],
        prop(
            "properties.networkRuleBypassOptions",
            "Whether trusted Azure services pass the firewall; Azure's default is AzureServices.",
            values=("AzureServices", "None"),
        ),
    ] = None
    private_endpoint_connections: PrivateEndpointConnections = None


class RegistryRegion(Part, frozen=True, kw_only=True):
    """A region that a registry is replicated to, with the resources that Azure made there."""

    location: Annotated[
        Maybe[str],
        prop("location", "Region in lower case without spaces.", parse=shapes.region),
    ] = None
    storage_account_ids: Annotated[
        Maybe[tuple[str, ...]],
        prop(
            "storageAccountDetails",
            "ARM ids of the storage accounts.",
            parse=shapes.collect("systemCreatedStorageAccount.armResourceId.resourceId"),
        ),
    ] = None
    container_registry_ids: Annotated[
        Maybe[tuple[str, ...]],
        prop(
            "acrDetails",
            "ARM ids of the container registries.",
            parse=shapes.collect("systemCreatedAcrAccount.armResourceId.resourceId"),
        ),
    ] = None


class MachineLearningRegistry(TrackedResource, frozen=True, kw_only=True):
    """An Azure Machine Learning registry, which shares models between workspaces."""

    KIND: ClassVar[str] = "machineLearningRegistry"
    TABLE: ClassVar[str] = "machineLearningRegistries"
    LINKS: ClassVar[dict[str, Reference]] = {
        "group": _GROUP,
        "privateEndpoints": _ENDPOINTS,
        "diagnosticSettings": _DIAGNOSTICS,
    }

    public_network_access: Annotated[
        Maybe[str],
        prop(
            "properties.publicNetworkAccess",
            "Whether the public network reaches it; where absent, count it as Enabled.",
            values=_ENABLED,
        ),
    ] = None
    registry_private_endpoint_connections: Annotated[
        Maybe[tuple[PrivateEndpointConnection, ...]],
        prop(
            "properties.registryPrivateEndpointConnections",
            "Private endpoint connections; absent where there are none.",
        ),
    ] = None
    region_details: Annotated[
        Maybe[tuple[RegistryRegion, ...]],
        prop("properties.regionDetails", "Regions that it is replicated to."),
    ] = None
    managed_resource_group_id: Annotated[
        Maybe[str],
        prop(
            "properties.managedResourceGroup.resourceId",
            "ARM id of the group that Azure made for the registry's own resources.",
        ),
    ] = None
    intellectual_property_publisher: Annotated[
        Maybe[str],
        prop("properties.intellectualPropertyPublisher", "Who publishes protected models in it."),
    ] = None
    discovery_url: Annotated[
        Maybe[str], prop("properties.discoveryUrl", "Address of the registry's service.")
    ] = None
