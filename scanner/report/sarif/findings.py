"""One failure as one SARIF result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import sarif_om

from scanner import armid
from scanner.report.evidence import main_property, owner
from scanner.report.location import artifact_path
from scanner.report.record import TOP, Region
from scanner.report.sarif.descriptors import LEVELS
from scanner.report.summary import evidence_text
from scanner.report.text import one_line, truncate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scanner.engine.result import Evidence, Result
    from scanner.report.evidence import Place

_RELATED_LIMIT: Final = 20
_EVIDENCE_LIMIT: Final = 5
_LINE_LIMIT: Final = 500


def main_place(row: Result) -> Place:
    """Return the resource and property that a finding is reported at."""
    return armid.key(row.resource_id), main_property(row)


def related(row: Result) -> Iterator[tuple[Place, Evidence]]:
    """Yield the places in other resources that a finding rests on, each once."""
    seen = {armid.key(row.resource_id)}
    places: set[Place] = set()
    for evidence in row.evidence:
        key = armid.key(owner(row, evidence))
        place = key, evidence.property
        if key not in seen and place not in places:
            places.add(place)
            yield place, evidence
        if len(places) == _RELATED_LIMIT:
            return


def finding(row: Result, rule_index: int, regions: Mapping[Place, Region]) -> Any:
    """Return a failure as a SARIF result with one location, the file of its resource."""
    return sarif_om.Result(
        rule_id=row.rule_id,
        rule_index=rule_index,
        kind="fail",
        level=LEVELS[row.severity],
        message=sarif_om.Message(text=_message(row)),
        locations=[
            _location(row.resource_id, row.resource_name, regions.get(main_place(row), TOP))
        ],
        related_locations=_related_locations(row, regions) or None,
        partial_fingerprints={
            "primaryLocationLineHash": row.fingerprint,
            "azmlscanResourceRule/v1": row.fingerprint,
        },
        properties={
            "severity": row.severity.value,
            "environment": row.environment or "",
            "resourceType": row.resource_type,
        },
    )


def plain_message(text: str) -> str:
    """Return text without SARIF's link syntax, which a viewer would make a link of."""
    return text.replace("](", "] (")


def _message(row: Result) -> str:
    lead = truncate(one_line(row.message), _LINE_LIMIT)
    name = one_line(row.resource_name)
    if name not in lead:
        lead = f"{name}: {lead}"
    lines = [lead if lead.endswith((".", "!", "?")) else f"{lead}."]
    lines += [truncate(evidence_text(e), _LINE_LIMIT) for e in row.evidence[:_EVIDENCE_LIMIT]]
    if len(row.evidence) > _EVIDENCE_LIMIT:
        lines.append(f"and {len(row.evidence) - _EVIDENCE_LIMIT} more")
    lines.append(f"Resource: {row.resource_id}")
    return plain_message("\n".join(one_line(line) for line in lines))


def _location(resource_id: str, name: str, region: Region) -> Any:
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
        logical_locations=[
            sarif_om.LogicalLocation(fully_qualified_name=resource_id, name=name, kind="resource")
        ],
    )


def _related_locations(row: Result, regions: Mapping[Place, Region]) -> list[Any]:
    found = []
    for number, (place, evidence) in enumerate(related(row), start=1):
        resource_id = owner(row, evidence)
        name = armid.parse(resource_id).name
        location = _location(resource_id, name, regions.get(place, TOP))
        location.id = number
        text = truncate(one_line(evidence_text(evidence)), _LINE_LIMIT)
        location.message = sarif_om.Message(text=plain_message(text))
        found.append(location)
    return found
