"""Every kind of resource that rules can be about, and the table that each is read from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scanner.inventory.model.authorization import (
    DenyAssignment,
    RoleAssignment,
    RoleDefinition,
    RoleEligibility,
)
from scanner.inventory.model.compute import Compute
from scanner.inventory.model.data import Connection, Datastore, EnvironmentVersion
from scanner.inventory.model.dependents import (
    ApplicationInsights,
    KeyVault,
    LogAnalyticsWorkspace,
    StorageAccount,
    UserAssignedIdentity,
)
from scanner.inventory.model.endpoints import (
    BatchDeployment,
    BatchEndpoint,
    OnlineDeployment,
    OnlineEndpoint,
    ServerlessEndpoint,
)
from scanner.inventory.model.interfaces import (
    LoadBalancer,
    NetworkInterface,
    PublicIpAddress,
    VirtualMachine,
)
from scanner.inventory.model.managed_network import ManagedNetwork, OutboundRule
from scanner.inventory.model.network import NetworkSecurityGroup, Subnet, VirtualNetwork
from scanner.inventory.model.network_access import PrivateEndpointConnectionRecord
from scanner.inventory.model.organization import (
    ManagementGroup,
    Project,
    ResourceGroup,
    Subscription,
)
from scanner.inventory.model.policy import (
    PolicyAssignment,
    PolicyDefinition,
    PolicyExemption,
    PolicySetDefinition,
)
from scanner.inventory.model.private_link import (
    PrivateDnsZone,
    PrivateDnsZoneGroup,
    PrivateEndpoint,
    VirtualNetworkLink,
)
from scanner.inventory.model.registries import ContainerRegistry, MachineLearningRegistry
from scanner.inventory.model.services import (
    CognitiveServicesAccount,
    DiagnosticSetting,
    KubernetesCluster,
)
from scanner.inventory.model.workspace import Workspace

if TYPE_CHECKING:
    from scanner.inventory.fields import Resource

_ALL: Final[tuple[type[Resource], ...]] = (
    ManagementGroup,
    Subscription,
    ResourceGroup,
    Project,
    Workspace,
    Compute,
    Datastore,
    Connection,
    OutboundRule,
    ManagedNetwork,
    PrivateEndpointConnectionRecord,
    OnlineEndpoint,
    OnlineDeployment,
    BatchEndpoint,
    BatchDeployment,
    ServerlessEndpoint,
    EnvironmentVersion,
    MachineLearningRegistry,
    StorageAccount,
    KeyVault,
    ContainerRegistry,
    ApplicationInsights,
    LogAnalyticsWorkspace,
    UserAssignedIdentity,
    CognitiveServicesAccount,
    KubernetesCluster,
    VirtualMachine,
    VirtualNetwork,
    Subnet,
    NetworkSecurityGroup,
    NetworkInterface,
    PublicIpAddress,
    LoadBalancer,
    PrivateEndpoint,
    PrivateDnsZone,
    VirtualNetworkLink,
    PrivateDnsZoneGroup,
    DiagnosticSetting,
    RoleAssignment,
    RoleEligibility,
    RoleDefinition,
    DenyAssignment,
    PolicyAssignment,
    PolicyDefinition,
    PolicySetDefinition,
    PolicyExemption,
)
_EMBEDDED: Final = frozenset(
    inner for kind in _ALL for _, inner in getattr(kind, "EMBEDDED", {}).values()
)
GATHERED: Final = frozenset({Project})
"""Kinds that no record becomes: the estate gathers them from the resources of their table."""

KINDS: Final[dict[str, type[Resource]]] = {kind.KIND: kind for kind in _ALL}
"""The struct of each kind, by the word that rules name it with."""

TABLE_KINDS: Final[dict[str, tuple[type[Resource], ...]]] = {
    kind.TABLE: (kind,) for kind in _ALL if kind not in _EMBEDDED | GATHERED
}
"""The kinds that a table's records become; what is embedded in another kind comes with that one,
and what is gathered from resources has no records."""


def kind_hint(word: str) -> str:
    """Return what to write instead of a kind that there is not: the nearest, or all."""
    from scanner.schemas.problems import nearest  # noqa: PLC0415  (slow to import)

    return nearest(word, KINDS) or f"Kinds: {', '.join(sorted(KINDS))}"
