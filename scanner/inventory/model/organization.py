"""What resources are organized in: management groups, subscriptions, resource groups, projects."""

from __future__ import annotations

from typing import Annotated, ClassVar

from scanner.inventory.fields import Link, Links, Many, Maybe, Reference, Resource, prop
from scanner.inventory.model import shapes
from scanner.inventory.model.recurring import Tags

_BELOW = "resource_group_id"


class ManagementGroup(Resource, frozen=True, kw_only=True):
    """A management group."""

    KIND: ClassVar[str] = "managementGroup"
    TABLE: ClassVar[str] = "managementGroups"
    LINKS: ClassVar[dict[str, Reference]] = {
        "parent": Link("managementGroup", "parent_id", "The group above; absent at the root."),
        "children": Many("managementGroup", "parent_id", "The groups right below it."),
        "subscriptions": Many(
            "subscription", "management_group_ids", "The subscriptions below it, at any depth."
        ),
    }

    display_name: Annotated[Maybe[str], prop("properties.displayName", "Name that people see.")] = (
        None
    )
    tenant_id: Annotated[Maybe[str], prop("properties.tenantId|tenantId", "Its tenant.")] = None
    parent_id: Annotated[
        Maybe[str], prop("properties.details.parent.id", "ARM id of the group above.")
    ] = None


class Subscription(Resource, frozen=True, kw_only=True):
    """A subscription."""

    KIND: ClassVar[str] = "subscription"
    TABLE: ClassVar[str] = "subscriptions"
    LINKS: ClassVar[dict[str, Reference]] = {
        "managementGroups": Links(
            "managementGroup", "management_group_ids", "The groups above, the nearest first."
        )
    }

    display_name: Annotated[
        Maybe[str],
        prop(
            "displayName|properties.displayName|name",
            "Name that people see.",
        ),
    ] = None
    state: Annotated[
        Maybe[str],
        prop(
            "state|properties.state",
            "State of the subscription.",
            values=("Enabled", "Warned", "PastDue", "Disabled", "Deleted"),
        ),
    ] = None
    tenant_id: Annotated[Maybe[str], prop("tenantId", "Its tenant.")] = None
    tags: Tags = None
    management_group_ids: Annotated[
        Maybe[tuple[str, ...]],
        prop(
            "properties.managementGroupAncestorsChain",
            "ARM ids of the management groups above, the nearest first; Resource Graph only.",
            parse=shapes.management_groups,
        ),
    ] = None


class Project(Resource, frozen=True, kw_only=True):
    """The workspaces that have a project tag in common; Azure has no record of it."""

    KIND: ClassVar[str] = "project"
    TABLE: ClassVar[str] = "workspaces"


class ResourceGroup(Resource, frozen=True, kw_only=True):
    """A resource group."""

    KIND: ClassVar[str] = "resourceGroup"
    TABLE: ClassVar[str] = "resourceGroups"
    LINKS: ClassVar[dict[str, Reference]] = {
        "workspaces": Many("workspace", _BELOW, "The ML workspaces in it."),
        "storageAccounts": Many("storageAccount", _BELOW, "The storage accounts in it."),
        "keyVaults": Many("keyVault", _BELOW, "The key vaults in it."),
        "containerRegistries": Many("containerRegistry", _BELOW, "The container registries in it."),
        "applicationInsights": Many(
            "applicationInsights", _BELOW, "The Application Insights components in it."
        ),
        "cognitiveServicesAccounts": Many(
            "cognitiveServicesAccount", _BELOW, "The AI services accounts in it."
        ),
    }

    location: Annotated[
        Maybe[str],
        prop("location", "Region that its metadata is kept in.", parse=shapes.region),
    ] = None
    tags: Tags = None
    managed_by: Annotated[
        Maybe[str],
        prop("managedBy", "ARM id of the resource that Azure made the group for; absent: none."),
    ] = None
