"""One row of a scan as one SARIF result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import sarif_om

from scanner import armid
from scanner.engine.result import Verdict
from scanner.report.evidence import main_property, owner
from scanner.report.record import TOP, Region
from scanner.report.sarif.places import location, spelled_out
from scanner.report.summary import evidence_text, telling
from scanner.report.text import one_line, truncate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from scanner.engine.result import Evidence, Result
    from scanner.report.evidence import Place
    from scanner.report.sarif.levels import Scale

_RELATED_LIMIT: Final = 20
_EVIDENCE_LIMIT: Final = 5
_LINE_LIMIT: Final = 500
KINDS: Final = {
    Verdict.PASS: "pass",
    Verdict.FAIL: "fail",
    Verdict.UNKNOWN: "open",
    Verdict.NOT_APPLICABLE: "notApplicable",
    Verdict.ERROR: "open",
}
"""What SARIF calls a verdict. It has no word for a rule that ended in an error."""

_QUIET: Final = {
    Verdict.PASS: "the rule is met",
    Verdict.NOT_APPLICABLE: "the rule does not apply",
}
"""What is said of rows that have no message of their own."""


class View(NamedTuple):
    """How the rows of one file are shown."""

    indexes: Mapping[str, int]
    """The position of each rule in the tool component."""
    regions: Mapping[Place, Region]
    scale: Scale
    logical: Callable[[str, str], Any] = spelled_out
    """Gives the logical location of a resource from its id and name."""


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


def places(rows: Iterable[Result]) -> Iterator[Place]:
    """Yield every place that the rows point at."""
    for row in rows:
        yield main_place(row)
        yield from (place for place, _ in related(row))


def finding(row: Result, view: View) -> Any:
    """Return a row as a SARIF result with one location, the file of its resource."""
    kind = KINDS[row.verdict]
    logical = view.logical(row.resource_id, row.resource_name)
    region = view.regions.get(main_place(row), TOP)
    return sarif_om.Result(
        rule_id=row.rule_id,
        # A rule of the baseline that did not run this time has no place in the tool component.
        rule_index=view.indexes.get(row.rule_id, -1),
        kind=kind,
        level=view.scale.level(row.severity) if kind == "fail" else "none",
        message=sarif_om.Message(text=_message(row)),
        locations=[location(row.resource_id, logical, region)],
        related_locations=_related_locations(row, view) or None,
        partial_fingerprints={
            "primaryLocationLineHash": row.fingerprint,
            "azmlscanResourceRule/v1": row.fingerprint,
        },
        properties=_properties(row),
    )


def _properties(row: Result) -> dict[str, Any]:
    found: dict[str, Any] = {
        "severity": row.severity.value,
        "environment": row.environment or "",
        "resourceType": row.resource_type,
    }
    if row.remediation is not None:
        found["remediation"] = {"cli": row.remediation.cli}
    return found


def plain_message(text: str) -> str:
    """Return text without SARIF's link syntax, which a viewer would make a link of."""
    return text.replace("](", "] (")


def _message(row: Result) -> str:
    lead = truncate(one_line(row.message), _LINE_LIMIT) or _QUIET.get(row.verdict, "")
    name = one_line(row.resource_name)
    if name not in lead:
        lead = f"{name}: {lead}"
    lines = [lead if lead.endswith((".", "!", "?")) else f"{lead}."]
    lines += [truncate(evidence_text(e), _LINE_LIMIT) for e in telling(row, _EVIDENCE_LIMIT)]
    if len(row.evidence) > _EVIDENCE_LIMIT:
        lines.append(f"and {len(row.evidence) - _EVIDENCE_LIMIT} more")
    lines.append(f"Resource: {row.resource_id}")
    return plain_message("\n".join(one_line(line) for line in lines))


def _related_locations(row: Result, view: View) -> list[Any]:
    found = []
    for number, (place, evidence) in enumerate(related(row), start=1):
        resource_id = owner(row, evidence)
        logical = view.logical(resource_id, armid.parse(resource_id).name)
        other = location(resource_id, logical, view.regions.get(place, TOP))
        other.id = number
        text = truncate(one_line(evidence_text(evidence)), _LINE_LIMIT)
        other.message = sarif_om.Message(text=plain_message(text))
        found.append(other)
    return found
