"""The structures inside a compute: scaling, SSH, schedules, scripts, images."""

from __future__ import annotations

from typing import Annotated

from scanner.inventory.fields import Maybe, Part, prop
from scanner.inventory.model import shapes

_ENABLED = ("Enabled", "Disabled")


class ScaleSettings(Part, frozen=True, kw_only=True):
    """How many nodes a cluster has."""

    min_node_count: Annotated[
        Maybe[int],
        prop("minNodeCount", "Nodes kept running when there is no work; Azure's default is 0."),
    ] = None
    max_node_count: Annotated[
        Maybe[int], prop("maxNodeCount", "Highest number of nodes that the cluster grows to.")
    ] = None
    node_idle_time_before_scale_down: Annotated[
        Maybe[str],
        prop("nodeIdleTimeBeforeScaleDown", "ISO 8601 duration until an idle node is released."),
    ] = None


class SshSettings(Part, frozen=True, kw_only=True):
    """SSH access to a compute instance."""

    ssh_public_access: Annotated[
        Maybe[str],
        prop(
            "sshPublicAccess",
            "Whether the SSH port is open to the public network; Azure's default is Disabled.",
            values=_ENABLED,
        ),
    ] = None
    admin_user_name: Annotated[
        Maybe[str], prop("adminUserName", "Name of the administrator account.")
    ] = None
    ssh_port: Annotated[Maybe[int], prop("sshPort", "TCP port of SSH.")] = None


class OsImageMetadata(Part, frozen=True, kw_only=True):
    """Which operating system image a compute instance runs."""

    current_image_version: Annotated[
        Maybe[str], prop("currentImageVersion", "Version of the image that it runs.")
    ] = None
    latest_image_version: Annotated[
        Maybe[str], prop("latestImageVersion", "Newest version of the image.")
    ] = None
    is_latest_os_image_version: Annotated[
        Maybe[bool], prop("isLatestOsImageVersion", "Whether it runs the newest version.")
    ] = None


class Cron(Part, frozen=True, kw_only=True):
    """A trigger by cron expression."""

    expression: Annotated[Maybe[str], prop("expression", "The cron expression.")] = None
    start_time: Annotated[Maybe[str], prop("startTime", "When the schedule begins.")] = None
    time_zone: Annotated[
        Maybe[str], prop("timeZone", "Time zone of the expression; absent means UTC.")
    ] = None


class Recurrence(Part, frozen=True, kw_only=True):
    """A trigger by interval."""

    frequency: Annotated[
        Maybe[str],
        prop(
            "frequency",
            "Unit of the interval.",
            values=("Minute", "Hour", "Day", "Week", "Month"),
        ),
    ] = None
    interval: Annotated[Maybe[int], prop("interval", "Number of units between two runs.")] = None
    start_time: Annotated[Maybe[str], prop("startTime", "When the schedule begins.")] = None
    time_zone: Annotated[
        Maybe[str], prop("timeZone", "Time zone of the schedule; absent means UTC.")
    ] = None


class ComputeStartStopSchedule(Part, frozen=True, kw_only=True):
    """One schedule that starts or stops a compute instance."""

    action: Annotated[
        Maybe[str], prop("action", "What the schedule does.", values=("Start", "Stop"))
    ] = None
    status: Annotated[
        Maybe[str], prop("status", "Whether the schedule is in force.", values=_ENABLED)
    ] = None
    trigger_type: Annotated[
        Maybe[str],
        prop(
            "triggerType",
            "Which of `cron` and `recurrence` holds the times.",
            values=("Cron", "Recurrence"),
        ),
    ] = None
    cron: Annotated[Maybe[Cron], prop("cron", "Times as a cron expression.")] = None
    recurrence: Annotated[Maybe[Recurrence], prop("recurrence", "Times as an interval.")] = None
    provisioning_status: Annotated[
        Maybe[str],
        prop(
            "provisioningStatus",
            "Whether the schedule was set up.",
            values=("Completed", "Provisioning", "Failed"),
        ),
    ] = None


class Schedules(Part, frozen=True, kw_only=True):
    """Schedules of a compute instance."""

    compute_start_stop: Annotated[
        Maybe[tuple[ComputeStartStopSchedule, ...]],
        prop("computeStartStop", "Schedules that start or stop it; absent means none."),
    ] = None


class Script(Part, frozen=True, kw_only=True):
    """A script that runs on a compute instance; its body is not kept, only that there is one."""

    script_source: Annotated[
        Maybe[str],
        prop(
            "scriptSource",
            "Where the script comes from.",
            values=("inline", "workspaceStorage"),
            parse=shapes.unless_redacted,
        ),
    ] = None
    has_script_data: Annotated[
        Maybe[bool],
        prop(
            "scriptData",
            "True where the script's body or path is there; absent otherwise.",
            parse=shapes.present,
        ),
    ] = None
    has_script_arguments: Annotated[
        Maybe[bool],
        prop(
            "scriptArguments",
            "True where arguments are there; absent otherwise.",
            parse=shapes.present,
        ),
    ] = None
    timeout: Annotated[
        Maybe[str], prop("timeout", "How long the script may run, such as `25m`.")
    ] = None


class ScriptsToExecute(Part, frozen=True, kw_only=True):
    """The scripts of a compute instance."""

    creation_script: Annotated[
        Maybe[Script], prop("creationScript", "Runs once, when the instance is made.")
    ] = None
    startup_script: Annotated[
        Maybe[Script], prop("startupScript", "Runs whenever the instance starts.")
    ] = None


class SetupScripts(Part, frozen=True, kw_only=True):
    """Scripts that set up a compute instance."""

    scripts: Annotated[Maybe[ScriptsToExecute], prop("scripts", "The scripts; absent: none.")] = (
        None
    )


class AssignedUser(Part, frozen=True, kw_only=True):
    """The person that a compute instance is made for."""

    object_id: Annotated[Maybe[str], prop("objectId", "Object id of the person.")] = None
    tenant_id: Annotated[Maybe[str], prop("tenantId", "Tenant of the person.")] = None


class PersonalComputeInstanceSettings(Part, frozen=True, kw_only=True):
    """Who a personal compute instance is for."""

    assigned_user: Annotated[
        Maybe[AssignedUser],
        prop("assignedUser", "The person that it is assigned to; absent means its creator."),
    ] = None


class ComputeCreator(Part, frozen=True, kw_only=True):
    """Who created a compute instance."""

    user_id: Annotated[Maybe[str], prop("userId", "Object id of the creator.")] = None
    user_name: Annotated[Maybe[str], prop("userName", "Name of the creator.")] = None
    user_org_id: Annotated[Maybe[str], prop("userOrgId", "Tenant of the creator.")] = None


class ConnectivityEndpoints(Part, frozen=True, kw_only=True):
    """Addresses of a compute instance."""

    public_ip_address: Annotated[
        Maybe[str], prop("publicIpAddress", "Public address; absent means none.")
    ] = None
    private_ip_address: Annotated[
        Maybe[str], prop("privateIpAddress", "Address in its network.")
    ] = None


class ContainerImage(Part, frozen=True, kw_only=True):
    """A container image that a custom application runs."""

    type: Annotated[Maybe[str], prop("type", "Kind of image.", values=("docker", "azureml"))] = None
    reference: Annotated[Maybe[str], prop("reference", "Name and tag of the image.")] = None
    registry: Annotated[
        Maybe[str],
        prop("reference", "Host of the image's registry.", parse=shapes.image_registry),
    ] = None


class CustomService(Part, frozen=True, kw_only=True):
    """A custom application on a compute instance."""

    name: Annotated[Maybe[str], prop("name", "Name of the application.")] = None
    image: Annotated[Maybe[ContainerImage], prop("image", "The image that it runs.")] = None


class SslConfiguration(Part, frozen=True, kw_only=True):
    """TLS of an AKS compute's scoring endpoints."""

    status: Annotated[
        Maybe[str],
        prop(
            "status",
            "Whether TLS is on; absent means Disabled.",
            values=("Enabled", "Disabled", "Auto"),
        ),
    ] = None
