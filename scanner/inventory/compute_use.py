"""How computes are used: by whom, for which pipelines, how long they idle, how many instances."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import isodate

from scanner.inventory.facts import Facts, computed
from scanner.inventory.fields import UNREAD, Derived, Maybe, Members, Part
from scanner.inventory.model.workspace import Workspace
from scanner.inventory.truth import Found, Verdict, both, each, either, equal, one_of
from scanner.snapshot.redact import MARK

if TYPE_CHECKING:
    from collections.abc import Callable

    from scanner.inventory.estate import Estate
    from scanner.inventory.model.compute import Compute
    from scanner.inventory.model.endpoints import OnlineDeployment

_MANAGED = ("AmlCompute", "ComputeInstance")
_PIPELINE_TAG = "pipeline"
_COMPUTES = Workspace.LINKS["computes"]
_SEPARATORS = str.maketrans(",;", "  ")


class UserInstances(Part, frozen=True, kw_only=True):
    """A person with several compute instances in one workspace."""

    object_id: Annotated[str, computed("Object id of the person.")]
    instances: Annotated[tuple[str, ...], computed("Names of the instances.")]


class DuplicateClusters(Part, frozen=True, kw_only=True):
    """Clusters of one workspace that have the same VM size and priority."""

    vm_size: Annotated[str, computed("VM size, as one of them has it.")]
    vm_priority: Annotated[str, computed("Dedicated or LowPriority.")]
    clusters: Annotated[tuple[str, ...], computed("Names of the clusters.")]


class PipelineTagClash(Part, frozen=True, kw_only=True):
    """A pipeline that several clusters are tagged with."""

    pipeline: Annotated[str, computed("The pipeline's name in the tags.")]
    clusters: Annotated[tuple[str, ...], computed("Names of the clusters.")]


class _Groups:
    """Computes of a type by something that several may share, and how sure that is."""

    def __init__(
        self,
        workspace: Workspace,
        estate: Estate,
        compute_type: str,
        keys_of: Callable[[Compute], Any],
    ) -> None:
        computes, self.complete = each(estate.follow(workspace, _COMPUTES))
        self.found: dict[Any, list[Compute]] = {}
        for compute in computes:
            fits = equal(compute.compute_type, compute_type)
            if fits is False:
                continue
            keys, all_read = each(keys_of(compute))
            self.complete = self.complete and all_read and fits is True
            for key in keys if fits is True else ():
                self.found.setdefault(key, []).append(compute)

    def shared(self, part: Callable[[Any, list[Compute], Members], Part]) -> Members:
        """Return what two or more computes share, sorted."""
        found = Found(complete=self.complete)
        for key in sorted(self.found):
            members = self.found[key]
            names = tuple(sorted(compute.name for compute in members))
            sure = Members(names) if self.complete else Members.partial(names)
            found.add(len(members) > 1, part(key, members, sure))
        return found.members()


def users_with_several_instances(workspace: Workspace, estate: Estate) -> Members:
    """Return the people who have more than one compute instance in a workspace."""
    groups = _Groups(workspace, estate, "ComputeInstance", _person)
    return groups.shared(lambda key, _, names: UserInstances(object_id=key, instances=names))


def _person(instance: Compute) -> Any:
    """Return who an instance is for: the assigned person, else its creator."""
    settings = instance.personal_compute_instance_settings
    assigned = settings if settings is None or settings is UNREAD else settings.assigned_user
    person = assigned if assigned is None or assigned is UNREAD else assigned.object_id
    if person is None:
        creator = instance.created_by
        person = creator if creator is None or creator is UNREAD else creator.user_id
    return (person.lower(),) if isinstance(person, str) else person


def duplicate_clusters(workspace: Workspace, estate: Estate) -> Members:
    """Return the clusters of a workspace that could be one."""
    return _Groups(workspace, estate, "AmlCompute", _size).shared(
        lambda key, members, names: DuplicateClusters(
            vm_size=str(members[0].vm_size), vm_priority=key[1], clusters=names
        )
    )


def _size(cluster: Compute) -> Any:
    size, priority = cluster.vm_size, cluster.vm_priority
    if size is UNREAD or priority is UNREAD:
        return UNREAD
    return None if size is None else ((size.lower(), priority or "Dedicated"),)


def pipelines(compute: Compute, _: Estate) -> Members:
    """Return the pipelines that a compute's tag `pipeline` names."""
    if compute.tags is UNREAD:
        return Members.partial()
    tags = {name.lower(): value for name, value in (compute.tags or {}).items()}
    value = tags.get(_PIPELINE_TAG, "")
    if value == MARK:
        return Members.partial()
    return Members(dict.fromkeys(value.translate(_SEPARATORS).split()))


def pipeline_tag_clashes(workspace: Workspace, estate: Estate) -> Members:
    """Return the pipelines that several clusters of a workspace are tagged with."""

    def lowered(compute: Compute) -> Members:
        named = pipelines(compute, estate)
        return Members(map(str.lower, named)) if named.complete else named

    return _Groups(workspace, estate, "AmlCompute", lowered).shared(
        lambda key, _, names: PipelineTagClash(pipeline=key, clusters=names)
    )


def managed(compute: Compute, _: Estate) -> Verdict:
    """Tell whether Azure Machine Learning manages a compute's machines."""
    return one_of(compute.compute_type, _MANAGED)


def has_stop_schedule(compute: Compute, _: Estate) -> Verdict:
    """Tell whether an enabled schedule stops an instance."""
    schedules = compute.schedules
    if schedules is None or schedules is UNREAD:
        return UNREAD if schedules is UNREAD else False
    found, complete = each(schedules.compute_start_stop)
    verdict = either(
        both(equal(schedule.action, "Stop"), equal(schedule.status, "Enabled"))
        for schedule in found
    )
    return verdict if complete or verdict is True else UNREAD


def idle_shutdown_seconds(compute: Compute, _: Estate) -> Maybe[int]:
    """Return after how many idle seconds an instance stops, `None` for never."""
    return _seconds(compute.idle_time_before_shutdown)


def idle_scale_down_seconds(compute: Compute, _: Estate) -> Maybe[int]:
    """Return after how many idle seconds a cluster's node is released, `None` if not said."""
    settings = compute.scale_settings
    if settings is None or settings is UNREAD:
        return settings
    return _seconds(settings.node_idle_time_before_scale_down)


def _seconds(duration: Maybe[str]) -> Maybe[int]:
    """Return a duration's seconds; months and years have no fixed length, so cannot be told."""
    if not isinstance(duration, str):
        return duration
    try:
        parsed: object = isodate.parse_duration(duration.strip())
        return int(parsed.total_seconds()) if isinstance(parsed, timedelta) else UNREAD
    except (ValueError, ArithmeticError):
        return UNREAD


def deployment_minimum(deployment: OnlineDeployment, _: Estate) -> Maybe[int]:
    """Return how many instances a deployment always has."""
    settings = deployment.scale_settings
    if settings is UNREAD:
        return UNREAD
    if settings is not None and settings.scale_type is not None:
        if settings.scale_type is UNREAD:
            return UNREAD
        if settings.scale_type == "TargetUtilization":
            return 1 if settings.min_instances is None else settings.min_instances
    sku = deployment.sku
    return sku if sku is None or sku is UNREAD else sku.capacity


def endpoint_minimum(endpoint: Any, estate: Estate) -> Maybe[int]:
    """Return the smallest figure among an endpoint's deployments, `None` where none has one."""
    deployments, complete = each(estate.follow(endpoint, endpoint.LINKS["deployments"]))
    figures = [
        estate.fact("minimumInstances", deployment, deployment_minimum)
        for deployment in deployments
    ]
    if not complete or UNREAD in figures:
        return UNREAD
    return min((figure for figure in figures if figure is not None), default=None)


_WORKSPACE_FACTS = {
    "usersWithSeveralInstances": Derived(
        tuple[UserInstances, ...],
        users_with_several_instances,
        "People with more than one compute instance in the workspace: assigned to them, or "
        "created by them where nobody is assigned.",
        ("computes",),
    ),
    "duplicateClusters": Derived(
        tuple[DuplicateClusters, ...],
        duplicate_clusters,
        "Clusters (AmlCompute) of the workspace with the same VM size and priority.",
        ("computes",),
    ),
    "pipelineTagClashes": Derived(
        tuple[PipelineTagClash, ...],
        pipeline_tag_clashes,
        "Pipelines that the tag `pipeline` of several clusters names.",
        ("computes",),
    ),
}
_COMPUTE_FACTS = {
    "managed": Derived(
        bool,
        managed,
        "Whether it is a cluster (AmlCompute) or compute instance.",
        ("computeType",),
    ),
    "pipelines": Derived(
        tuple[str, ...],
        pipelines,
        "Pipelines that its tag `pipeline` names, separated by comma, semicolon or space.",
        ("tags",),
    ),
    "hasStopSchedule": Derived(
        bool,
        has_stop_schedule,
        "Whether an enabled schedule stops the compute instance.",
        ("schedules.computeStartStop",),
    ),
    "idleShutdownSeconds": Derived(
        int,
        idle_shutdown_seconds,
        "Idle seconds until the compute instance stops; null for never.",
        ("idleTimeBeforeShutdown",),
    ),
    "idleScaleDownSeconds": Derived(
        int,
        idle_scale_down_seconds,
        "Idle seconds until a node of the cluster is released; null where not said.",
        ("scaleSettings.nodeIdleTimeBeforeScaleDown",),
    ),
}
FACTS: Facts = {
    "workspace": _WORKSPACE_FACTS,
    "compute": _COMPUTE_FACTS,
    "onlineDeployment": {
        "minimumInstances": Derived(
            int,
            deployment_minimum,
            "Instances it always has: the lowest number it scales to, else the SKU's capacity; "
            "null where neither is said.",
            ("scaleSettings", "sku.capacity"),
        )
    },
    "onlineEndpoint": {
        "minimumInstances": Derived(
            int,
            endpoint_minimum,
            "Smallest `minimumInstances` of its deployments; null where none has one.",
            ("deployments",),
        )
    },
}
