"""What most Azure resources have: location, tags, SKU, identity, who made them and when."""

from __future__ import annotations

from typing import Annotated, ClassVar

from scanner.inventory.fields import Links, Maybe, Part, Reference, Resource, prop
from scanner.inventory.model import shapes
from scanner.inventory.model.recurring import Tags


class Identity(Part, frozen=True, kw_only=True):
    """The managed identities that a resource runs with."""

    LINKS: ClassVar[dict[str, Reference]] = {
        "userAssignedIdentities": Links(
            "userAssignedIdentity",
            "user_assigned_identity_ids",
            "The user-assigned identities that the resource has.",
        )
    }

    type: Annotated[
        Maybe[str],
        prop(
            "type",
            "Kinds of identity: None, SystemAssigned, UserAssigned, or `SystemAssigned,UserAssigned`.",
            parse=shapes.identity_type,
        ),
    ] = None
    system_assigned: Annotated[
        Maybe[bool],
        prop(
            "type",
            "Whether the type includes SystemAssigned.",
            parse=shapes.has_identity("SystemAssigned"),
        ),
    ] = None
    user_assigned: Annotated[
        Maybe[bool],
        prop(
            "type",
            "Whether the type includes UserAssigned.",
            parse=shapes.has_identity("UserAssigned"),
        ),
    ] = None
    principal_id: Annotated[
        Maybe[str],
        prop("principalId", "Object id of the system-assigned identity; absent without one."),
    ] = None
    tenant_id: Annotated[
        Maybe[str], prop("tenantId", "Tenant of the system-assigned identity.")
    ] = None
    user_assigned_identity_ids: Annotated[
        Maybe[tuple[str, ...]],
        prop(
            "userAssignedIdentities",
            "ARM ids of the user-assigned identities; absent without any.",
            parse=shapes.keys,
        ),
    ] = None


class Sku(Part, frozen=True, kw_only=True):
    """The size and price tier of a resource."""

    name: Annotated[Maybe[str], prop("name", "Name of the SKU, such as Basic or Standard_LRS.")] = (
        None
    )
    tier: Annotated[Maybe[str], prop("tier", "Tier of the SKU, such as Basic or Premium.")] = None
    capacity: Annotated[
        Maybe[int],
        prop("capacity", "Number of units; of a managed online deployment, its instances."),
    ] = None


class SystemData(Part, frozen=True, kw_only=True):
    """Who made and last changed a resource, as Azure Resource Manager keeps it."""

    created_at: Annotated[Maybe[str], prop("createdAt", "When it was created (UTC).")] = None
    created_by: Annotated[Maybe[str], prop("createdBy", "Who created it: a name or an id.")] = None
    created_by_type: Annotated[
        Maybe[str],
        prop(
            "createdByType",
            "What kind of identity created it.",
            values=("User", "Application", "ManagedIdentity", "Key"),
        ),
    ] = None
    last_modified_at: Annotated[
        Maybe[str], prop("lastModifiedAt", "When it was last changed (UTC).")
    ] = None


class TrackedResource(Resource, frozen=True, kw_only=True):
    """A resource with what Azure Resource Manager keeps for every kind."""

    location: Annotated[
        Maybe[str],
        prop(
            "location",
            "Azure region in lower case without spaces, such as westeurope.",
            parse=shapes.region,
        ),
    ] = None
    tags: Tags = None
    sku: Annotated[Maybe[Sku], prop("sku", "SKU; absent where the kind has none.")] = None
    identity: Annotated[
        Maybe[Identity], prop("identity", "Managed identities; absent where there are none.")
    ] = None
    system_data: Annotated[
        Maybe[SystemData],
        prop("systemData", "Who made it and when; not every resource provider sends it."),
    ] = None
    resource_group_id: Annotated[
        Maybe[str],
        prop(
            "id",
            "ARM id of the resource group, taken from the resource's own id.",
            parse=shapes.resource_group_of,
        ),
    ] = None
