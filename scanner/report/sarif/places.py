"""Where a result is: the evidence file of its resource, and the resource in its hierarchy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import sarif_om

from scanner import armid
from scanner.report.location import artifact_path
from scanner.report.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scanner.report.record import Region

_PROVIDERS = "/providers/"


def location(resource_id: str, logical: Any, region: Region) -> Any:
    """Return a region of a resource's evidence file with the resource itself."""
    return sarif_om.Location(
        physical_location=sarif_om.PhysicalLocation(
            artifact_location=sarif_om.ArtifactLocation(uri=artifact_path(resource_id)),
            region=sarif_om.Region(
                start_line=region.start_line,
                start_column=region.start_column,
                end_line=region.end_line,
                end_column=region.end_column,
                snippet=sarif_om.ArtifactContent(text=region.snippet),
            ),
        ),
        logical_locations=[logical],
    )


def spelled_out(resource_id: str, name: str) -> Any:
    """Return a resource as a logical location that stands for itself."""
    return sarif_om.LogicalLocation(fully_qualified_name=resource_id, name=name, kind="resource")


def above(resource_id: str) -> str:
    """Return the id of the resource or scope that directly holds this one, "" at the top."""
    found = armid.parent(resource_id)
    if found:
        return found
    at = resource_id.lower().rfind(_PROVIDERS)
    if at >= 0:
        return resource_id[:at]
    parts = resource_id.rstrip("/").split("/")
    is_group = len(parts) > len(("", "subscriptions", "id"))
    return "/".join(parts[:3]) if is_group and parts[1].lower() == "subscriptions" else ""


def _key(resource_id: str) -> str:
    """Return what two resources share that are written alike: no name may be there twice."""
    return armid.key(clean(resource_id))


class _Known(NamedTuple):
    number: int
    resource_id: str
    parent: int


class Hierarchy:
    """The resources of a run, each once and below what holds it, for results to point into."""

    def __init__(self, resource_ids: Iterable[str]) -> None:
        self._known: dict[str, _Known] = {}
        for resource_id in resource_ids:
            self._add(resource_id)

    def _add(self, resource_id: str) -> int:
        """Return the index of a resource; those above it are there already or come before it."""
        key = _key(resource_id)
        if key not in self._known:
            holder = above(resource_id)
            parent = self._add(holder) if holder else -1
            self._known[key] = _Known(len(self._known), resource_id, parent)
        return self._known[key].number

    def objects(self) -> Iterator[Any]:
        """Yield `run.logicalLocations` in the order of their indexes."""
        for _, resource_id, parent in self._known.values():
            yield sarif_om.LogicalLocation(
                name=armid.parse(resource_id).name or resource_id,
                fully_qualified_name=resource_id,
                kind="resource",
                parent_index=parent,
            )

    def reference(self, resource_id: str, _name: str = "") -> Any:
        """Return the logical location of a resource that points into `run.logicalLocations`."""
        known = self._known[_key(resource_id)]
        return sarif_om.LogicalLocation(
            index=known.number, fully_qualified_name=known.resource_id, kind="resource"
        )
