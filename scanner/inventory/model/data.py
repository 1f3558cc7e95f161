"""What a workspace connects to and runs in: datastores, connections, environments."""

from __future__ import annotations

from typing import Annotated, ClassVar

from scanner.inventory.fields import Link, Maybe, Part, Reference, Resource, prop
from scanner.inventory.model import shapes
from scanner.inventory.model.recurring import DeepInWorkspace, Description, InWorkspace

_PARENT_WORKSPACE = Link("workspace", "workspace_id", "The workspace that it is in.")
_AUTH_TYPES = (
    "AAD",
    "AccessKey",
    "AccountKey",
    "AccountManagedIdentity",
    "AgenticIdentityToken",
    "ApiKey",
    "CustomKeys",
    "DelegatedSAS",
    "ManagedIdentity",
    "None",
    "OAuth2",
    "PAT",
    "ProjectManagedIdentity",
    "SAS",
    "ServicePrincipal",
    "UserEntraToken",
    "UsernamePassword",
)


class DatastoreCredentials(Part, frozen=True, kw_only=True):
    """How a datastore authenticates; secrets are never in it."""

    credentials_type: Annotated[
        Maybe[str],
        prop(
            "credentialsType",
            "Kind of the stored credentials; None means that the identity of the user or the "
            "compute is used.",
            values=("AccountKey", "Certificate", "None", "Sas", "ServicePrincipal"),
        ),
    ] = None
    tenant_id: Annotated[Maybe[str], prop("tenantId", "Tenant of a service principal.")] = None
    client_id: Annotated[Maybe[str], prop("clientId", "Client id of a service principal.")] = None


class Datastore(Resource, frozen=True, kw_only=True):
    """A registered place that data is kept in."""

    KIND: ClassVar[str] = "datastore"
    TABLE: ClassVar[str] = "datastores"
    LINKS: ClassVar[dict[str, Reference]] = {"workspace": _PARENT_WORKSPACE}

    workspace_id: InWorkspace = None
    datastore_type: Annotated[
        Maybe[str],
        prop(
            "properties.datastoreType",
            "Kind of storage.",
            values=(
                "AzureBlob",
                "AzureDataLakeGen1",
                "AzureDataLakeGen2",
                "AzureFile",
                "Hdfs",
                "OneLake",
            ),
        ),
    ] = None
    description: Description = None
    tags: Annotated[
        Maybe[dict[str, str]], prop("properties.tags", "Tags by name.", parse=shapes.tags)
    ] = None
    is_default: Annotated[
        Maybe[bool], prop("properties.isDefault", "Whether it is the workspace's default.")
    ] = None
    account_name: Annotated[
        Maybe[str],
        prop("properties.accountName", "Name of the storage account, unique in its cloud."),
    ] = None
    container_name: Annotated[
        Maybe[str], prop("properties.containerName", "Container of an AzureBlob datastore.")
    ] = None
    file_share_name: Annotated[
        Maybe[str], prop("properties.fileShareName", "Share of an AzureFile datastore.")
    ] = None
    filesystem: Annotated[
        Maybe[str],
        prop("properties.filesystem", "Container of an AzureDataLakeGen2 datastore."),
    ] = None
    store_name: Annotated[
        Maybe[str], prop("properties.storeName", "Store of an AzureDataLakeGen1 datastore.")
    ] = None
    endpoint: Annotated[
        Maybe[str], prop("properties.endpoint", "Cloud of the account, such as core.windows.net.")
    ] = None
    protocol: Annotated[
        Maybe[str], prop("properties.protocol", "Protocol; absent means https.")
    ] = None
    account_subscription_id: Annotated[
        Maybe[str],
        prop(
            "properties.subscriptionId",
            "Subscription of the account, as the datastore names it; often absent.",
        ),
    ] = None
    account_resource_group: Annotated[
        Maybe[str],
        prop(
            "properties.resourceGroup",
            "Resource group of the account, as the datastore names it; often absent.",
        ),
    ] = None
    credentials: Annotated[
        Maybe[DatastoreCredentials], prop("properties.credentials", "How it authenticates.")
    ] = None
    service_data_access_auth_identity: Annotated[
        Maybe[str],
        prop(
            "properties.serviceDataAccessAuthIdentity",
            "Identity that the service itself reads the data with; absent means None.",
            values=(
                "None",
                "WorkspaceSystemAssignedIdentity",
                "WorkspaceUserAssignedIdentity",
            ),
        ),
    ] = None


class Connection(Resource, frozen=True, kw_only=True):
    """A connection to a service outside of the workspace; secrets are never in it."""

    KIND: ClassVar[str] = "connection"
    TABLE: ClassVar[str] = "connections"
    LINKS: ClassVar[dict[str, Reference]] = {"workspace": _PARENT_WORKSPACE}

    workspace_id: InWorkspace = None
    category: Annotated[
        Maybe[str], prop("properties.category", "What it connects to, such as AzureOpenAI.")
    ] = None
    target: Annotated[
        Maybe[str],
        prop(
            "properties.target",
            "Address that it connects to; `$redacted` where it held a secret.",
            parse=shapes.unless_redacted,
        ),
    ] = None
    auth_type: Annotated[
        Maybe[str],
        prop("properties.authType", "How the connection authenticates.", values=_AUTH_TYPES),
    ] = None
    has_credentials: Annotated[
        Maybe[bool],
        prop(
            "properties.credentials",
            "True where credentials are in the record; lists leave them out.",
            parse=shapes.present,
        ),
    ] = None
    is_shared_to_all: Annotated[
        Maybe[bool],
        prop("properties.isSharedToAll", "Whether all users (and projects of a hub) may use it."),
    ] = None
    shared_user_list: Annotated[
        Maybe[tuple[str, ...]],
        prop("properties.sharedUserList", "Who may use it, where not everybody may."),
    ] = None
    expiry_time: Annotated[
        Maybe[str],
        prop("properties.expiryTime", "When its credentials expire (UTC); absent means never."),
    ] = None
    pe_status: Annotated[
        Maybe[str],
        prop(
            "properties.peStatus",
            "Whether a private endpoint to the target is active.",
            values=("Inactive", "Active", "NotApplicable"),
        ),
    ] = None
    pe_requirement: Annotated[
        Maybe[str],
        prop(
            "properties.peRequirement",
            "Whether the target needs a private endpoint.",
            values=("Required", "NotRequired", "NotApplicable"),
        ),
    ] = None
    resource_id: Annotated[
        Maybe[str],
        prop(
            "properties.metadata.ResourceId|properties.metadata.resourceId",
            "ARM id of the Azure resource that it leads to, where the connection says it.",
            parse=shapes.unless_redacted,
        ),
    ] = None
    created_by_workspace_id: Annotated[
        Maybe[str],
        prop("properties.createdByWorkspaceArmId", "ARM id of the workspace that made it."),
    ] = None
    use_workspace_managed_identity: Annotated[
        Maybe[bool],
        prop(
            "properties.useWorkspaceManagedIdentity",
            "Whether it works with the workspace's managed identity.",
        ),
    ] = None


class EnvironmentBuild(Part, frozen=True, kw_only=True):
    """Where an environment's image is built from."""

    context_uri: Annotated[
        Maybe[str],
        prop("contextUri", "Address of the build context.", parse=shapes.unless_redacted),
    ] = None
    dockerfile_path: Annotated[
        Maybe[str], prop("dockerfilePath", "Path of the Dockerfile; absent means Dockerfile.")
    ] = None


class EnvironmentVersion(Resource, frozen=True, kw_only=True):
    """One version of an environment that jobs and deployments run in."""

    KIND: ClassVar[str] = "environmentVersion"
    TABLE: ClassVar[str] = "environmentVersions"
    LINKS: ClassVar[dict[str, Reference]] = {"workspace": _PARENT_WORKSPACE}

    workspace_id: DeepInWorkspace = None
    environment_id: Annotated[
        Maybe[str], prop("^", "ARM id of the environment that this is a version of.")
    ] = None
    environment_type: Annotated[
        Maybe[str],
        prop(
            "properties.environmentType",
            "Who made it: Azure (Curated) or a user.",
            values=("Curated", "UserCreated"),
        ),
    ] = None
    image: Annotated[
        Maybe[str],
        prop("properties.image", "The image; absent where it is built from a Dockerfile."),
    ] = None
    image_registry: Annotated[
        Maybe[str],
        prop(
            "properties.image",
            "Host of the image's registry; docker.io where the image names none.",
            parse=shapes.image_registry,
        ),
    ] = None
    build: Annotated[
        Maybe[EnvironmentBuild],
        prop("properties.build", "Where the image is built from; absent with a ready image."),
    ] = None
    os_type: Annotated[
        Maybe[str],
        prop("properties.osType", "Operating system.", values=("Linux", "Windows")),
    ] = None
    is_archived: Annotated[
        Maybe[bool], prop("properties.isArchived", "Whether it is archived; absent means no.")
    ] = None
    is_anonymous: Annotated[
        Maybe[bool],
        prop("properties.isAnonymous", "Whether the system made it for a single job."),
    ] = None
