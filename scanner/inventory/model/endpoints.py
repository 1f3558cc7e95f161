"""Endpoints that serve models, and what is deployed to them."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from scanner.inventory.fields import Link, Many, Maybe, Part, Reference, prop
from scanner.inventory.model import shapes
from scanner.inventory.model.recurring import (
    DeepInWorkspace,
    Description,
    InEndpoint,
    InWorkspace,
    ProvisioningState,
)
from scanner.inventory.model.tracked import TrackedResource

_PARENT_WORKSPACE = Link("workspace", "workspace_id", "The workspace that it is in.")
_ENABLED = ("Enabled", "Disabled")


class OnlineEndpoint(TrackedResource, frozen=True, kw_only=True):
    """An endpoint that answers at once, managed or on an attached Kubernetes cluster."""

    KIND: ClassVar[str] = "onlineEndpoint"
    TABLE: ClassVar[str] = "onlineEndpoints"
    LINKS: ClassVar[dict[str, Reference]] = {
        "workspace": _PARENT_WORKSPACE,
        "compute": Link("compute", "compute_id", "The Kubernetes compute; absent if managed."),
        "deployments": Many("onlineDeployment", "endpoint_id", "The endpoint's deployments."),
        "diagnosticSettings": Many(
            "diagnosticSetting", "resource_id", "The endpoint's diagnostic settings."
        ),
    }

    workspace_id: InWorkspace = None
    kind: Annotated[
        Maybe[str],
        prop("kind", "Kind of endpoint: Managed, or K8S.", values=("Managed", "K8S")),
    ] = None
    description: Description = None
    auth_mode: Annotated[
        Maybe[str],
        prop(
            "properties.authMode",
            "How callers authenticate.",
            values=("Key", "AMLToken", "AADToken"),
        ),
    ] = None
    public_network_access: Annotated[
        Maybe[str],
        prop(
            "properties.publicNetworkAccess",
            "Whether the public network reaches the endpoint; absent means Enabled.",
            values=_ENABLED,
        ),
    ] = None
    compute_id: Annotated[
        Maybe[str],
        prop(
            "properties.compute", "ARM id of the Kubernetes compute it runs on; absent if managed."
        ),
    ] = None
    traffic: Annotated[
        Maybe[dict[str, Any]],
        prop("properties.traffic", "Per cent of the traffic by name of the deployment."),
    ] = None
    mirror_traffic: Annotated[
        Maybe[dict[str, Any]],
        prop("properties.mirrorTraffic", "Per cent of copied traffic by name of the deployment."),
    ] = None
    scoring_uri: Annotated[
        Maybe[str], prop("properties.scoringUri", "Address that callers use.")
    ] = None
    provisioning_state: ProvisioningState = None


class OnlineScaleSettings(Part, frozen=True, kw_only=True):
    """How an online deployment scales."""

    scale_type: Annotated[
        Maybe[str],
        prop(
            "scaleType",
            "Default: as many instances as `sku.capacity`; TargetUtilization: by load.",
            values=("Default", "TargetUtilization"),
        ),
    ] = None
    min_instances: Annotated[
        Maybe[int], prop("minInstances", "Lowest number of instances; Azure's default is 1.")
    ] = None
    max_instances: Annotated[
        Maybe[int], prop("maxInstances", "Highest number of instances; Azure's default is 1.")
    ] = None
    target_utilization_percentage: Annotated[
        Maybe[int], prop("targetUtilizationPercentage", "CPU use that scaling aims at.")
    ] = None


class OnlineDeployment(TrackedResource, frozen=True, kw_only=True):
    """A model behind an online endpoint."""

    KIND: ClassVar[str] = "onlineDeployment"
    TABLE: ClassVar[str] = "onlineDeployments"
    LINKS: ClassVar[dict[str, Reference]] = {
        "workspace": _PARENT_WORKSPACE,
        "endpoint": Link("onlineEndpoint", "endpoint_id", "The endpoint that it belongs to."),
        "environmentVersion": Link(
            "environmentVersion",
            "environment_version_id",
            "The workspace's environment it runs in.",
        ),
    }

    workspace_id: DeepInWorkspace = None
    endpoint_id: InEndpoint = None
    description: Description = None
    endpoint_compute_type: Annotated[
        Maybe[str],
        prop(
            "properties.endpointComputeType",
            "What it runs on.",
            values=("Managed", "Kubernetes", "AzureMLCompute"),
        ),
    ] = None
    egress_public_network_access: Annotated[
        Maybe[str],
        prop(
            "properties.egressPublicNetworkAccess",
            "Whether it reaches the public network; absent means Enabled. Without effect in a "
            "workspace with a managed network.",
            values=_ENABLED,
        ),
    ] = None
    instance_type: Annotated[
        Maybe[str], prop("properties.instanceType", "VM size or Kubernetes instance type.")
    ] = None
    scale_settings: Annotated[
        Maybe[OnlineScaleSettings], prop("properties.scaleSettings", "How it scales.")
    ] = None
    app_insights_enabled: Annotated[
        Maybe[bool],
        prop("properties.appInsightsEnabled", "Whether it logs to Application Insights."),
    ] = None
    model: Annotated[
        Maybe[str],
        prop("properties.model", "Id of the model.", parse=shapes.unless_redacted),
    ] = None
    environment_id: Annotated[
        Maybe[str], prop("properties.environmentId", "Id of the environment, in any form.")
    ] = None
    environment_version_id: Annotated[
        Maybe[str],
        prop(
            "properties.environmentId",
            "ARM id of the environment's version; absent where it comes from a registry.",
            parse=shapes.arm_id_of(
                "Microsoft.MachineLearningServices/workspaces/environments/versions"
            ),
        ),
    ] = None
    code_id: Annotated[
        Maybe[str], prop("properties.codeConfiguration.codeId", "Id of the scoring code.")
    ] = None
    environment_variable_names: Annotated[
        Maybe[tuple[str, ...]],
        prop(
            "properties.environmentVariables",
            "Names of the environment variables; their values are not kept.",
            parse=shapes.keys,
        ),
    ] = None
    provisioning_state: ProvisioningState = None


class BatchEndpoint(TrackedResource, frozen=True, kw_only=True):
    """An endpoint that runs jobs over much data."""

    KIND: ClassVar[str] = "batchEndpoint"
    TABLE: ClassVar[str] = "batchEndpoints"
    LINKS: ClassVar[dict[str, Reference]] = {
        "workspace": _PARENT_WORKSPACE,
        "deployments": Many("batchDeployment", "endpoint_id", "The endpoint's deployments."),
    }

    workspace_id: InWorkspace = None
    description: Description = None
    auth_mode: Annotated[
        Maybe[str],
        prop(
            "properties.authMode",
            "How callers authenticate.",
            values=("Key", "AMLToken", "AADToken"),
        ),
    ] = None
    default_deployment_name: Annotated[
        Maybe[str],
        prop("properties.defaults.deploymentName", "Deployment that runs if none is named."),
    ] = None
    scoring_uri: Annotated[
        Maybe[str], prop("properties.scoringUri", "Address that callers use.")
    ] = None
    provisioning_state: ProvisioningState = None


class BatchDeployment(TrackedResource, frozen=True, kw_only=True):
    """A model or pipeline behind a batch endpoint."""

    KIND: ClassVar[str] = "batchDeployment"
    TABLE: ClassVar[str] = "batchDeployments"
    LINKS: ClassVar[dict[str, Reference]] = {
        "workspace": _PARENT_WORKSPACE,
        "endpoint": Link("batchEndpoint", "endpoint_id", "The endpoint that it belongs to."),
        "compute": Link("compute", "compute_id", "The compute that it runs on."),
    }

    workspace_id: DeepInWorkspace = None
    endpoint_id: InEndpoint = None
    description: Description = None
    compute_id: Annotated[
        Maybe[str], prop("properties.compute", "ARM id of the compute that it runs on.")
    ] = None
    environment_id: Annotated[
        Maybe[str], prop("properties.environmentId", "Id of the environment, in any form.")
    ] = None
    code_id: Annotated[
        Maybe[str], prop("properties.codeConfiguration.codeId", "Id of the scoring code.")
    ] = None
    instance_count: Annotated[
        Maybe[int], prop("properties.resources.instanceCount", "Number of nodes of a run.")
    ] = None
    provisioning_state: ProvisioningState = None


class ContentSafety(Part, frozen=True, kw_only=True):
    """Filtering of what a serverless endpoint is asked and answers."""

    content_safety_status: Annotated[
        Maybe[str],
        prop("contentSafetyStatus", "Whether filtering is on.", values=_ENABLED),
    ] = None
    content_safety_level: Annotated[
        Maybe[str],
        prop("contentSafetyLevel", "What filtering does.", values=("Blocking", "Deferred")),
    ] = None


class ServerlessEndpoint(TrackedResource, frozen=True, kw_only=True):
    """An endpoint of a model that is paid by use."""

    KIND: ClassVar[str] = "serverlessEndpoint"
    TABLE: ClassVar[str] = "serverlessEndpoints"
    LINKS: ClassVar[dict[str, Reference]] = {"workspace": _PARENT_WORKSPACE}

    workspace_id: InWorkspace = None
    auth_mode: Annotated[
        Maybe[str],
        prop(
            "properties.authMode",
            "How callers authenticate.",
            values=("Key", "AAD", "KeyAndAAD"),
        ),
    ] = None
    content_safety: Annotated[
        Maybe[ContentSafety], prop("properties.contentSafety", "Content filtering.")
    ] = None
    model_id: Annotated[
        Maybe[str], prop("properties.modelSettings.modelId", "Id of the model.")
    ] = None
    endpoint_state: Annotated[
        Maybe[str], prop("properties.endpointState", "State of the endpoint, such as Online.")
    ] = None
    marketplace_subscription_id: Annotated[
        Maybe[str],
        prop("properties.marketplaceSubscriptionId", "Id of the marketplace subscription."),
    ] = None
    provisioning_state: ProvisioningState = None
