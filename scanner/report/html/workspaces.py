"""Workspaces and the resources with findings, as the HTML report shows them."""

from __future__ import annotations

import functools
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from scanner import armid
from scanner.engine.result import Severity, Verdict
from scanner.inventory.derived import DERIVED
from scanner.inventory.exposure import Exposure, exposure
from scanner.inventory.fields import UNREAD
from scanner.inventory.model.workspace import Workspace
from scanner.report.html.matrix import NO_ENVIRONMENT, environment_label
from scanner.report.html.network import network_groups, sentences
from scanner.report.html.picture import Picture, draw
from scanner.report.html.templating import finding_anchor, resource_anchor
from scanner.report.summary import verdict_word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scanner.engine.result import Result, ScanResult

PICTURES: Final = 500
"""How many workspaces are drawn, the worst first; the others are listed with their findings."""


_FAIL: Final = Verdict.FAIL.value
_UNKNOWN: Final = Verdict.UNKNOWN.value


class FindingLink(NamedTuple):
    """A finding of a resource, as a link to it."""

    rule_id: str
    anchor: str
    status: str
    severity: str


class ResourceView(NamedTuple):
    """A resource with findings."""

    anchor: str
    id: str
    name: str
    type: str
    environment: str
    environment_value: str
    findings: Sequence[FindingLink]


class WorkspaceView(NamedTuple):
    """A workspace, its findings and those of what lies below it, and its network."""

    workspace: Workspace
    anchor: str
    environment: str
    project: str
    kind: str
    exposure: str
    reasons: Sequence[str]
    failures: Sequence[tuple[str, int]]
    """Live failures by severity, of the workspace and of what lies below it, without preview rules."""
    unknown: int
    resources: Sequence[ResourceView]
    picture: Picture | None
    words: Sequence[tuple[str, Sequence[str]]]


class Resources:
    """The resources with findings, each in the workspace that it lies in."""

    def __init__(self, result: ScanResult, shown: Sequence[Result]) -> None:
        self._estate = result.estate
        self._workspaces = {armid.key(found.id): found for found in self._estate.all_of(Workspace)}
        self._counts: dict[str, Counter[tuple[str, Severity]]] = {}
        for row in result.counted_findings:
            home = self._home(row.resource_id)
            self._counts.setdefault(home, Counter())[verdict_word(row), row.severity] += 1
        self._views: dict[str, list[ResourceView]] = {}
        for view in _resource_views(shown):
            self._views.setdefault(self._home(view.id), []).append(view)

    def _home(self, resource_id: str) -> str:
        """Return the key of the workspace that a resource is or lies in, "" for any other."""
        above = armid.ancestors(resource_id)
        return next((key for key in above if key in self._workspaces), "")

    @functools.cached_property
    def elsewhere(self) -> Sequence[ResourceView]:
        """The resources with findings that lie in no workspace."""
        return self._views.get("", [])

    @functools.cached_property
    def anchors(self) -> frozenset[str]:
        """The anchors that the report has."""
        shown = (view.anchor for views in self._views.values() for view in views)
        return frozenset((*shown, *map(resource_anchor, self._workspaces)))

    def workspaces(self) -> list[WorkspaceView]:
        """Return all workspaces, those with the worst failures first."""
        keys = sorted(self._workspaces, key=lambda key: (self._weight(key), key))
        return [self._view(key, drawn=place < PICTURES) for place, key in enumerate(keys)]

    def _weight(self, key: str) -> tuple[int, ...]:
        counts = self._counts.get(key, Counter())
        return tuple(-counts[_FAIL, severity] for severity in Severity)

    def _view(self, key: str, *, drawn: bool) -> WorkspaceView:
        workspace, estate = self._workspaces[key], self._estate
        counts = self._counts.get(key, Counter())
        exposed = estate.fact("exposure", workspace, exposure)
        groups = network_groups(workspace, estate) if drawn else []
        return WorkspaceView(
            workspace=workspace,
            anchor=resource_anchor(key),
            environment=_said(estate.environment(workspace), NO_ENVIRONMENT),
            project=_said(
                estate.fact("project", workspace, DERIVED["workspace"]["project"].compute), "none"
            ),
            kind=_said(workspace.kind, "Default"),
            exposure=exposed.level if isinstance(exposed, Exposure) else _said(exposed, "no hub"),
            reasons=exposed.reasons if isinstance(exposed, Exposure) else (),
            failures=[(s.value, counts[_FAIL, s]) for s in Severity],
            unknown=sum(counts[_UNKNOWN, severity] for severity in Severity),
            resources=self._views.get(key, []),
            picture=draw(groups) if drawn else None,
            words=sentences(groups),
        )


def _said(value: Any, absent: str) -> str:
    if value is UNREAD:
        return "not readable"
    return absent if value is None else str(value)


def _resource_views(shown: Sequence[Result]) -> list[ResourceView]:
    rows: dict[str, list[Result]] = {}
    for row in shown:
        rows.setdefault(armid.key(row.resource_id), []).append(row)
    return [_resource_view(key, rows[key]) for key in sorted(rows)]


def _resource_view(key: str, rows: Sequence[Result]) -> ResourceView:
    first = rows[0]
    ordered = sorted(rows, key=lambda row: (row.severity.rank, row.rule_id))
    return ResourceView(
        anchor=resource_anchor(key),
        id=first.resource_id,
        name=first.resource_name,
        type=first.resource_type,
        environment=environment_label(first.environment),
        environment_value=first.environment or "",
        findings=[
            FindingLink(
                row.rule_id, finding_anchor(row.fingerprint), verdict_word(row), row.severity.value
            )
            for row in ordered
        ],
    )
