"""Azure Policy: what is assigned where, how it is defined, and what is exempted."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import msgspec

from scanner.inventory.fields import Link, Many, Maybe, Part, Reference, Resource, prop
from scanner.inventory.model import shapes
from scanner.inventory.model.tracked import Identity

_POLICY_TYPES = ("BuiltIn", "Custom", "Static", "NotSpecified")

DisplayName = Annotated[Maybe[str], prop("properties.displayName", "Name that people see.")]
Description = Annotated[
    Maybe[str],
    prop("properties.description", "What its makers say it is for.", parse=shapes.unless_redacted),
]


class Selector(Part, frozen=True, kw_only=True):
    """A property of resources, and the values of it that are meant."""

    kind: Annotated[
        Maybe[str],
        prop(
            "kind",
            "The property that is looked at.",
            values=(
                "resourceLocation",
                "resourceType",
                "resourceWithoutLocation",
                "policyDefinitionReferenceId",
            ),
        ),
    ] = None
    in_: Annotated[Maybe[tuple[str, ...]], prop("in", "Values that are meant.")] = msgspec.field(
        default=None, name="in"
    )
    not_in: Annotated[Maybe[tuple[str, ...]], prop("notIn", "Values that are not meant.")] = None


class ResourceSelector(Part, frozen=True, kw_only=True):
    """Limits an assignment or exemption to some of the resources in its scope."""

    name: Annotated[Maybe[str], prop("name", "Name of the selector.")] = None
    selectors: Annotated[
        Maybe[tuple[Selector, ...]], prop("selectors", "All of these have to fit.")
    ] = None


class Override(Part, frozen=True, kw_only=True):
    """Changes the effect of an assigned definition."""

    kind: Annotated[
        Maybe[str],
        prop("kind", "What is changed.", values=("policyEffect", "definitionVersion")),
    ] = None
    value: Annotated[Maybe[str], prop("value", "What it is changed to.")] = None
    selectors: Annotated[
        Maybe[tuple[Selector, ...]], prop("selectors", "What it is changed for; absent: all.")
    ] = None


class PolicyAssignment(Resource, frozen=True, kw_only=True):
    """A policy or initiative in force at a scope."""

    KIND: ClassVar[str] = "policyAssignment"
    TABLE: ClassVar[str] = "policyAssignments"
    LINKS: ClassVar[dict[str, Reference]] = {
        "policyDefinition": Link(
            "policyDefinition", "single_definition_id", "The definition; absent for an initiative."
        ),
        "policySetDefinition": Link(
            "policySetDefinition", "set_definition_id", "The initiative; absent for a definition."
        ),
        "exemptions": Many("policyExemption", "policy_assignment_id", "Exemptions from it."),
    }

    display_name: DisplayName = None
    description: Description = None
    policy_definition_id: Annotated[
        Maybe[str],
        prop("properties.policyDefinitionId", "ARM id of the definition or initiative."),
    ] = None
    single_definition_id: Annotated[
        Maybe[str],
        prop(
            "properties.policyDefinitionId",
            "ARM id of the definition; absent where an initiative is assigned.",
            parse=shapes.arm_id_of("Microsoft.Authorization/policyDefinitions"),
        ),
    ] = None
    set_definition_id: Annotated[
        Maybe[str],
        prop(
            "properties.policyDefinitionId",
            "ARM id of the initiative; absent where a definition is assigned.",
            parse=shapes.arm_id_of("Microsoft.Authorization/policySetDefinitions"),
        ),
    ] = None
    scope: Annotated[
        Maybe[str], prop("properties.scope", "ARM id of what it holds for, with all below it.")
    ] = None
    not_scopes: Annotated[
        Maybe[tuple[str, ...]],
        prop("properties.notScopes", "Scopes below it that it does not hold for."),
    ] = None
    enforcement_mode: Annotated[
        Maybe[str],
        prop(
            "properties.enforcementMode",
            "Whether its effect happens or is only reported; absent means Default.",
            values=("Default", "DoNotEnforce", "Enroll"),
        ),
    ] = None
    parameters: Annotated[
        Maybe[dict[str, Any]],
        prop("properties.parameters", "Given parameters by name, each with a `value`."),
    ] = None
    resource_selectors: Annotated[
        Maybe[tuple[ResourceSelector, ...]],
        prop("properties.resourceSelectors", "Limits it to some resources; absent: all."),
    ] = None
    overrides: Annotated[
        Maybe[tuple[Override, ...]],
        prop("properties.overrides", "Changes of effects; absent: none."),
    ] = None
    location: Annotated[
        Maybe[str],
        prop("location", "Region of its managed identity.", parse=shapes.region),
    ] = None
    identity: Annotated[
        Maybe[Identity], prop("identity", "Identity that remediation works with.")
    ] = None


class PolicyDefinition(Resource, frozen=True, kw_only=True):
    """An Azure Policy definition."""

    KIND: ClassVar[str] = "policyDefinition"
    TABLE: ClassVar[str] = "policyDefinitions"

    display_name: DisplayName = None
    description: Description = None
    policy_type: Annotated[
        Maybe[str], prop("properties.policyType", "Who made it.", values=_POLICY_TYPES)
    ] = None
    mode: Annotated[
        Maybe[str],
        prop("properties.mode", "Which resources it looks at, such as Indexed or All."),
    ] = None
    effect: Annotated[
        Maybe[str],
        prop("properties.policyRule.then.effect", "Its effect, or the parameter that gives it."),
    ] = None
    parameters: Annotated[
        Maybe[dict[str, Any]],
        prop("properties.parameters", "Declared parameters by name."),
    ] = None


class PolicyDefinitionReference(Part, frozen=True, kw_only=True):
    """A definition in an initiative."""

    LINKS: ClassVar[dict[str, Reference]] = {
        "policyDefinition": Link("policyDefinition", "policy_definition_id", "The definition.")
    }

    policy_definition_id: Annotated[
        Maybe[str], prop("policyDefinitionId", "ARM id of the definition.")
    ] = None
    policy_definition_reference_id: Annotated[
        Maybe[str], prop("policyDefinitionReferenceId", "Name of it within the initiative.")
    ] = None
    parameters: Annotated[
        Maybe[dict[str, Any]], prop("parameters", "Given parameters by name.")
    ] = None
    group_names: Annotated[
        Maybe[tuple[str, ...]], prop("groupNames", "Groups of the initiative it is in.")
    ] = None


class PolicySetDefinition(Resource, frozen=True, kw_only=True):
    """An initiative: definitions that are assigned together."""

    KIND: ClassVar[str] = "policySetDefinition"
    TABLE: ClassVar[str] = "policySetDefinitions"

    display_name: DisplayName = None
    description: Description = None
    policy_type: Annotated[
        Maybe[str], prop("properties.policyType", "Who made it.", values=_POLICY_TYPES)
    ] = None
    policy_definitions: Annotated[
        Maybe[tuple[PolicyDefinitionReference, ...]],
        prop("properties.policyDefinitions", "The definitions in it."),
    ] = None
    parameters: Annotated[
        Maybe[dict[str, Any]],
        prop("properties.parameters", "Declared parameters by name."),
    ] = None


class PolicyExemption(Resource, frozen=True, kw_only=True):
    """An exemption of a scope from a policy assignment."""

    KIND: ClassVar[str] = "policyExemption"
    TABLE: ClassVar[str] = "policyExemptions"
    LINKS: ClassVar[dict[str, Reference]] = {
        "policyAssignment": Link(
            "policyAssignment", "policy_assignment_id", "The assignment it exempts from."
        )
    }

    scope: Annotated[
        Maybe[str],
        prop("@", "ARM id of what is exempted with all below it, taken from its own id."),
    ] = None
    display_name: DisplayName = None
    description: Description = None
    policy_assignment_id: Annotated[
        Maybe[str], prop("properties.policyAssignmentId", "ARM id of the assignment.")
    ] = None
    policy_definition_reference_ids: Annotated[
        Maybe[tuple[str, ...]],
        prop(
            "properties.policyDefinitionReferenceIds",
            "Definitions of an initiative that it exempts from; absent or empty means all.",
        ),
    ] = None
    exemption_category: Annotated[
        Maybe[str],
        prop("properties.exemptionCategory", "Why it is.", values=("Waiver", "Mitigated")),
    ] = None
    expires_on: Annotated[
        Maybe[str], prop("properties.expiresOn", "When it ends (UTC); absent means never.")
    ] = None
    resource_selectors: Annotated[
        Maybe[tuple[ResourceSelector, ...]],
        prop("properties.resourceSelectors", "Limits it to some resources; absent: all."),
    ] = None
