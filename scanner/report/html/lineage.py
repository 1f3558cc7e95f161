"""What a resource lies in, by names: the way that people find it."""

from __future__ import annotations

from scanner import armid


def lineage(resource_id: str) -> list[str]:
    """Return the names of the resource group and of the resources that hold this one, outermost first."""
    names: list[str] = []
    above = armid.parent(resource_id)
    while above:
        names.insert(0, armid.parse(above).name)
        above = armid.parent(above)
    group = armid.parse(resource_id).resource_group
    return [group, *names] if group else names
