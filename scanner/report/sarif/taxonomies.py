"""The controls that rules name, as SARIF taxonomies: ids only, one taxonomy a framework."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sarif_om

from scanner.engine.controls import POLICIES
from scanner.report.sarif.identity import guid
from scanner.report.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scanner.engine.controls import Controls, Framework
    from scanner.engine.rules import Rule


class Taxonomies:
    """The frameworks and controls of some rules, numbered as the file has them."""

    def __init__(self, rules: Iterable[Rule], controls: Controls | None = None) -> None:
        """`controls` is what is known of the frameworks beside their names, and who maps them."""
        found: dict[str, set[str]] = {}
        for rule in rules:
            for framework, control in _controls(rule):
                found.setdefault(framework, set()).add(control)
        self._taxa = {name: sorted(found[name]) for name in sorted(found)}
        self._indexes = {name: index for index, name in enumerate(self._taxa)}
        self._places = {
            (name, control): index
            for name, ids in self._taxa.items()
            for index, control in enumerate(ids)
        }
        self._frameworks = (
            {each.framework: each for each in controls.frameworks} if controls else {}
        )
        self._mapped_by = {
            (answer.rule.id, control): answer.provenance.value
            for control, answers in (controls.answers.items() if controls else ())
            for answer in answers
        }

    def components(self) -> list[Any]:
        """Return `run.taxonomies`."""
        return [
            _component(name, ids, self._frameworks.get(name)) for name, ids in self._taxa.items()
        ]

    def references(self) -> list[Any]:
        """Return `driver.supportedTaxonomies`."""
        return [self._reference(name) for name in self._taxa]

    def relationships(self, rule: Rule) -> list[Any]:
        """Return how a rule stands to its controls: each asks for more than the rule checks.

        A policy definition is no such statement but another check of the same thing.
        """
        return [
            sarif_om.ReportingDescriptorRelationship(
                target=sarif_om.ReportingDescriptorReference(
                    id=control,
                    index=self._places[name, control],
                    guid=guid("control", name, control),
                    tool_component=self._reference(name),
                ),
                kinds=["relevant" if name == POLICIES else "superset"],
                properties=self._provenance(rule.id, f"{name}/{control}"),
            )
            for name, control in dict.fromkeys(_controls(rule))
        ]

    def _provenance(self, rule_id: str, control: str) -> dict[str, str] | None:
        """Return who says that the rule gives evidence for the control: its vendor, or the rule."""
        found = self._mapped_by.get((rule_id, control))
        return {"provenance": found} if found else None

    def _reference(self, name: str) -> Any:
        return sarif_om.ToolComponentReference(
            name=name, index=self._indexes[name], guid=guid("framework", name)
        )


def _controls(rule: Rule) -> Iterator[tuple[str, str]]:
    for control in rule.controls:
        name, _, rest = one_line(control).partition("/")
        if name and rest:
            yield name, rest


def _component(name: str, ids: list[str], known: Framework | None) -> Any:
    title = known.title if known is not None else name
    return sarif_om.ToolComponent(
        name=name,
        guid=guid("framework", name),
        full_name=title,
        organization=known.publisher if known is not None else None,
        information_uri=(known.reference or None) if known is not None else None,
        short_description=sarif_om.MultiformatMessageString(text=f"Controls of {title}."),
        contents=["nonLocalizedData"],
        is_comprehensive=False,
        taxa=[
            sarif_om.ReportingDescriptor(id=control, guid=guid("control", name, control))
            for control in ids
        ],
    )
