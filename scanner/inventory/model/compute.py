"""Computes of a workspace, managed by Azure Machine Learning or attached to it."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from scanner.inventory.fields import Link, Maybe, Reference, prop
from scanner.inventory.model import shapes
from scanner.inventory.model.compute_settings import (
    ComputeCreator,
    ConnectivityEndpoints,
    CustomService,
    OsImageMetadata,
    PersonalComputeInstanceSettings,
    ScaleSettings,
    Schedules,
    SetupScripts,
    SshSettings,
    SslConfiguration,
)
from scanner.inventory.model.recurring import CreatedOn, Description, InWorkspace, ProvisioningState
from scanner.inventory.model.tracked import TrackedResource


class Compute(TrackedResource, frozen=True, kw_only=True):
    """A compute of any type; which fields are there depends on `computeType`."""

    KIND: ClassVar[str] = "compute"
    TABLE: ClassVar[str] = "computes"
    LINKS: ClassVar[dict[str, Reference]] = {
        "workspace": Link("workspace", "workspace_id", "The workspace that the compute is in."),
        "subnet": Link("subnet", "subnet_id", "The subnet that its nodes are in."),
        "kubernetesCluster": Link(
            "kubernetesCluster", "kubernetes_cluster_id", "The AKS cluster that is attached."
        ),
        "virtualMachine": Link(
            "virtualMachine", "virtual_machine_id", "The virtual machine that is attached."
        ),
    }

    workspace_id: InWorkspace = None
    compute_type: Annotated[
        Maybe[str],
        prop(
            "properties.computeType",
            "Type of compute: AmlCompute is a cluster, the others say what they are.",
            values=(
                "AKS",
                "Kubernetes",
                "AmlCompute",
                "ComputeInstance",
                "DataFactory",
                "VirtualMachine",
                "HDInsight",
                "Databricks",
                "DataLakeAnalytics",
                "SynapseSpark",
            ),
        ),
    ] = None
    compute_location: Annotated[
        Maybe[str],
        prop(
            "properties.computeLocation",
            "Region of the underlying compute; absent means the record's location.",
            parse=shapes.region,
        ),
    ] = None
    description: Description = None
    provisioning_state: ProvisioningState = None
    created_on: CreatedOn = None
    modified_on: Annotated[
        Maybe[str], prop("properties.modifiedOn", "When it was last changed (UTC).")
    ] = None
    disable_local_auth: Annotated[
        Maybe[bool],
        prop(
            "properties.disableLocalAuth",
            "Whether local accounts are off, so that only Microsoft Entra ID signs in; absent means not.",
        ),
    ] = None
    is_attached_compute: Annotated[
        Maybe[bool],
        prop(
            "properties.isAttachedCompute",
            "Whether it was made outside of Azure Machine Learning and attached.",
        ),
    ] = None
    resource_id: Annotated[
        Maybe[str],
        prop("properties.resourceId", "ARM id of what was attached; absent for own compute."),
    ] = None
    kubernetes_cluster_id: Annotated[
        Maybe[str],
        prop(
            "properties.resourceId",
            "ARM id of the attached AKS cluster; absent for anything else.",
            parse=shapes.arm_id_of("Microsoft.ContainerService/managedClusters"),
        ),
    ] = None
    virtual_machine_id: Annotated[
        Maybe[str],
        prop(
            "properties.resourceId",
            "ARM id of the attached virtual machine; absent for anything else.",
            parse=shapes.arm_id_of("Microsoft.Compute/virtualMachines"),
        ),
    ] = None

    vm_size: Annotated[
        Maybe[str],
        prop(
            "properties.properties.vmSize", "VM size of a cluster or instance, as it was asked for."
        ),
    ] = None
    subnet_id: Annotated[
        Maybe[str],
        prop("properties.properties.subnet.id", "ARM id of the subnet; absent means none."),
    ] = None
    enable_node_public_ip: Annotated[
        Maybe[bool],
        prop(
            "properties.properties.enableNodePublicIp",
            "Whether nodes have public addresses; absent means true.",
        ),
    ] = None
    state: Annotated[
        Maybe[str],
        prop("properties.properties.state", "State of an instance, such as Running or Stopped."),
    ] = None

    vm_priority: Annotated[
        Maybe[str],
        prop(
            "properties.properties.vmPriority",
            "Whether a cluster's nodes may be taken away; absent means Dedicated.",
            values=("Dedicated", "LowPriority"),
        ),
    ] = None
    os_type: Annotated[
        Maybe[str],
        prop(
            "properties.properties.osType",
            "Operating system of a cluster; absent means Linux.",
            values=("Linux", "Windows"),
        ),
    ] = None
    scale_settings: Annotated[
        Maybe[ScaleSettings],
        prop("properties.properties.scaleSettings", "How many nodes a cluster has."),
    ] = None
    remote_login_port_public_access: Annotated[
        Maybe[str],
        prop(
            "properties.properties.remoteLoginPortPublicAccess",
            "Whether a cluster's SSH port is public; NotSpecified: closed only in a virtual network.",
            values=("Enabled", "Disabled", "NotSpecified"),
        ),
    ] = None
    isolated_network: Annotated[
        Maybe[bool],
        prop("properties.properties.isolatedNetwork", "Whether a cluster's network is isolated."),
    ] = None

    ssh_settings: Annotated[
        Maybe[SshSettings],
        prop("properties.properties.sshSettings", "SSH access to an instance."),
    ] = None
    idle_time_before_shutdown: Annotated[
        Maybe[str],
        prop(
            "properties.properties.idleTimeBeforeShutdown",
            "ISO 8601 duration until an idle instance stops; absent means never.",
        ),
    ] = None
    schedules: Annotated[
        Maybe[Schedules],
        prop("properties.properties.schedules", "Schedules that start or stop an instance."),
    ] = None
    application_sharing_policy: Annotated[
        Maybe[str],
        prop(
            "properties.properties.applicationSharingPolicy",
            "Who uses an instance's applications; absent means Shared.",
            values=("Personal", "Shared"),
        ),
    ] = None
    compute_instance_authorization_type: Annotated[
        Maybe[str],
        prop(
            "properties.properties.computeInstanceAuthorizationType",
            "Who uses an instance; absent means personal, one user only.",
            values=("personal",),
        ),
    ] = None
    personal_compute_instance_settings: Annotated[
        Maybe[PersonalComputeInstanceSettings],
        prop("properties.properties.personalComputeInstanceSettings", "Who an instance is for."),
    ] = None
    created_by: Annotated[
        Maybe[ComputeCreator],
        prop("properties.properties.createdBy", "Who created an instance."),
    ] = None
    setup_scripts: Annotated[
        Maybe[SetupScripts],
        prop("properties.properties.setupScripts", "Scripts that set up an instance."),
    ] = None
    os_image_metadata: Annotated[
        Maybe[OsImageMetadata],
        prop("properties.properties.osImageMetadata", "Which image an instance runs."),
    ] = None
    custom_services: Annotated[
        Maybe[tuple[CustomService, ...]],
        prop("properties.properties.customServices", "Custom applications on an instance."),
    ] = None
    connectivity_endpoints: Annotated[
        Maybe[ConnectivityEndpoints],
        prop("properties.properties.connectivityEndpoints", "Addresses of an instance."),
    ] = None
    enable_sso: Annotated[
        Maybe[bool],
        prop("properties.properties.enableSSO", "Whether an instance signs its user in to Azure."),
    ] = msgspec.field(default=None, name="enableSSO")
    enable_root_access: Annotated[
        Maybe[bool],
        prop(
            "properties.properties.enableRootAccess",
            "Whether the user of an instance is root; newer API versions do not send it.",
        ),
    ] = None
    enable_os_patching: Annotated[
        Maybe[bool],
        prop(
            "properties.properties.enableOSPatching",
            "Whether an instance installs updates; newer API versions do not send it.",
        ),
    ] = msgspec.field(default=None, name="enableOSPatching")

    load_balancer_type: Annotated[
        Maybe[str],
        prop(
            "properties.properties.loadBalancerType",
            "Load balancer of an AKS compute; Azure's default is PublicIp.",
            values=("PublicIp", "InternalLoadBalancer"),
        ),
    ] = None
    load_balancer_subnet: Annotated[
        Maybe[str],
        prop("properties.properties.loadBalancerSubnet", "Subnet of an internal load balancer."),
    ] = None
    cluster_purpose: Annotated[
        Maybe[str],
        prop(
            "properties.properties.clusterPurpose",
            "What an AKS compute is for; absent means FastProd.",
            values=("FastProd", "DenseProd", "DevTest"),
        ),
    ] = None
    agent_count: Annotated[
        Maybe[int], prop("properties.properties.agentCount", "Number of nodes of an AKS compute.")
    ] = None
    agent_vm_size: Annotated[
        Maybe[str], prop("properties.properties.agentVmSize", "VM size of an AKS compute's nodes.")
    ] = None
    ssl_configuration: Annotated[
        Maybe[SslConfiguration],
        prop("properties.properties.sslConfiguration", "TLS of an AKS compute's endpoints."),
    ] = None
    namespace: Annotated[
        Maybe[str],
        prop("properties.properties.namespace", "Namespace of a Kubernetes compute."),
    ] = None
    virtual_machine_size: Annotated[
        Maybe[str],
        prop("properties.properties.virtualMachineSize", "VM size of an attached machine."),
    ] = None
    address: Annotated[
        Maybe[str],
        prop("properties.properties.address", "Address of an attached machine or HDInsight."),
    ] = None
