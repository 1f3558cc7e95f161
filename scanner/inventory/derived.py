"""The derived facts of every kind of resource: what rules read beside Azure's own properties."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scanner.inventory import (
    ai_services,
    attachments,
    completeness,
    compute_use,
    connectivity,
    conventions,
    datastores,
    dependents,
    dns,
    environment,
    exposure,
    images,
    neighbours,
    organization,
    policies,
    policy_exemptions,
    ports,
    private_links,
    projects,
    residency,
    sharing,
    workspace_patterns,
)
from scanner.inventory.access import facts as access
from scanner.inventory.kinds import KINDS

if TYPE_CHECKING:
    from scanner.inventory.fields import Derived

_SOURCES: Final = (
    environment.FACTS,
    organization.FACTS,
    conventions.FACTS,
    projects.FACTS,
    connectivity.FACTS,
    exposure.FACTS,
    dependents.FACTS,
    private_links.FACTS,
    dns.FACTS,
    ports.FACTS,
    attachments.FACTS,
    sharing.FACTS,
    datastores.FACTS,
    compute_use.FACTS,
    neighbours.FACTS,
    workspace_patterns.FACTS,
    residency.FACTS,
    policies.FACTS,
    policy_exemptions.FACTS,
    completeness.FACTS,
    images.FACTS,
    ai_services.FACTS,
    access.FACTS,
)

DERIVED: Final[dict[str, dict[str, Derived]]] = {
    kind: {name: fact for source in _SOURCES for name, fact in source.get(kind, {}).items()}
    for kind in KINDS
}
"""Kind of resource to the names of its facts to the facts."""
