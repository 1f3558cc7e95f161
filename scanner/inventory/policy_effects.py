"""What a policy assignment puts in force: its definitions, their parameters and effects."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from scanner import armid
from scanner.inventory.facts import computed
from scanner.inventory.fields import UNREAD, Maybe, Part
from scanner.inventory.model.policy import PolicyDefinition, PolicySetDefinition
from scanner.inventory.policy_scopes import chosen, recorded, scope_of
from scanner.inventory.truth import Verdict, both, each, negation, one_of

if TYPE_CHECKING:
    from scanner.inventory.estate import Estate
    from scanner.inventory.model.policy import (
        Override,
        PolicyAssignment,
        PolicyDefinitionReference,
    )

_PARAMETER = re.compile(r"\[\s*parameters\(\s*'([^']+)'\s*\)\s*\]", re.IGNORECASE)
_BUILT_IN = "/providers/microsoft.authorization/"
_SETS = "/policysetdefinitions/"
_EFFECTS = ("effect", "effects")
"""What the parameter for the effect is called in Azure's own definitions."""

Values = Maybe[dict[str, Any]]


class EffectivePolicy(Part, frozen=True, kw_only=True):
    """A policy definition that an assignment puts in force on a workspace."""

    name: Annotated[str, computed("Name of the assignment.")]
    assignment_id: Annotated[str, computed("ARM id of the assignment.")]
    scope: Annotated[str, computed("ARM id of what the assignment was made on.")]
    definition_id: Annotated[str, computed("ARM id of the definition.")]
    definition_name: Annotated[
        str, computed("Name of the definition: the end of its id, a GUID where Azure made it.")
    ]
    initiative: Annotated[
        Maybe[str], computed("ARM id of the initiative that was assigned; absent without one.")
    ] = None
    reference_id: Annotated[
        Maybe[str], computed("Name of the definition within the initiative.")
    ] = None
    enforcement_mode: Annotated[
        Maybe[str], computed("Default, DoNotEnforce or Enroll; absent means Default.")
    ] = None
    effect: Annotated[
        Maybe[str],
        computed("Its effect; absent where only a built-in definition, not recorded, tells."),
    ] = None
    enforced: Annotated[
        Maybe[bool], computed("Whether the mode is Default and the effect is not Disabled.")
    ] = None
    exempted: Annotated[
        Maybe[bool], computed("Whether an exemption that has not ended takes the workspace out.")
    ] = None
    parameters: Annotated[Values, computed("Parameter values that it was given, by name.")] = None


class Expansion(NamedTuple):
    """The definitions of an assignment, and whether those are all."""

    policies: tuple[EffectivePolicy, ...]
    complete: bool


def expand(assignment: PolicyAssignment, estate: Estate) -> Expansion:
    """Return the definitions that an assignment puts in force, those of an initiative one by one."""
    arm_id = assignment.policy_definition_id
    if not isinstance(arm_id, str):
        return Expansion((), arm_id is None)
    if _SETS not in arm_id.lower():
        given = _plain_values(assignment.parameters)
        return Expansion((_policy(assignment, arm_id, given, None, estate),), complete=True)
    initiative = recorded(PolicySetDefinition, arm_id, estate)
    if not isinstance(initiative, PolicySetDefinition):
        # Azure's own initiatives need not be recorded; one of the estate that is not there is gone.
        return Expansion((), initiative is None and not _is_built_in(arm_id))
    members, complete = each(initiative.policy_definitions)
    found = []
    for member in members:
        if isinstance(member.policy_definition_id, str):
            given = _member_values(member, initiative, assignment)
            found.append(_policy(assignment, member.policy_definition_id, given, member, estate))
        else:
            complete = complete and member.policy_definition_id is None
    return Expansion(tuple(found), complete)


def _policy(
    assignment: PolicyAssignment,
    arm_id: str,
    given: Values,
    member: PolicyDefinitionReference | None,
    estate: Estate,
) -> EffectivePolicy:
    reference_id = None if member is None else member.policy_definition_reference_id
    definition = recorded(PolicyDefinition, arm_id, estate)
    effect = _overridden(assignment, reference_id)
    if effect is None:
        effect = _effect(definition, given)
    exists = True if _is_built_in(arm_id) or definition is UNREAD else definition is not None
    return EffectivePolicy(
        name=assignment.name,
        assignment_id=assignment.id,
        scope=scope_of(assignment.id),
        definition_id=arm_id,
        definition_name=armid.parse(arm_id).name,
        initiative=None if member is None else assignment.policy_definition_id,
        reference_id=reference_id,
        enforcement_mode=assignment.enforcement_mode,
        effect=effect,
        enforced=both(exists, _mode(assignment), negation(_disabled(effect))),
        exempted=False,
        parameters=given,
    )


def _is_built_in(arm_id: str) -> bool:
    return arm_id.lower().startswith(_BUILT_IN)


def _mode(assignment: PolicyAssignment) -> Verdict:
    """Tell whether an assignment is enforced; in mode Enroll that is for others to say."""
    if assignment.enforcement_mode == "Enroll":
        return UNREAD
    return one_of(assignment.enforcement_mode, (None, "Default"))


def _disabled(effect: Maybe[str]) -> Verdict:
    return UNREAD if effect is UNREAD else effect is not None and effect.lower() == "disabled"


def _effect(definition: Maybe[PolicyDefinition], given: Values) -> Maybe[str]:
    if not isinstance(definition, PolicyDefinition):
        value = _text(_first(given, _EFFECTS))
        return UNREAD if value is None and definition is UNREAD else value
    if not isinstance(definition.effect, str):
        return definition.effect
    named = _PARAMETER.fullmatch(definition.effect.strip())
    if named is None:
        return UNREAD if _is_expression(definition.effect) else definition.effect
    value = _first(given, (named[1],))
    return _text(_default(definition.parameters, named[1]) if value is None else value)


def _overridden(assignment: PolicyAssignment, reference_id: Maybe[str]) -> Maybe[str]:
    """Return the effect that an override of the assignment sets, `None` where none does."""
    overrides, complete = each(assignment.overrides)
    for override in overrides:
        if override.kind not in {UNREAD, "policyEffect"}:
            continue
        fits = _means(override, reference_id)
        if fits is not False:
            return override.value if fits is True and override.kind is not UNREAD else UNREAD
    return None if complete else UNREAD


def _means(override: Override, reference_id: Maybe[str]) -> Verdict:
    selectors, complete = each(override.selectors)
    own = reference_id.lower() if isinstance(reference_id, str) else reference_id
    own = "" if own is None else own
    fits = both(
        *(
            chosen(selector, own) if selector.kind == "policyDefinitionReferenceId" else UNREAD
            for selector in selectors
        )
    )
    return fits if complete or fits is False else UNREAD


def _plain_values(parameters: Values) -> Values:
    """Return parameters as Azure keeps them, each under `value`, as values by name."""
    if not isinstance(parameters, dict):
        return parameters
    return {
        name: entry.get("value") if isinstance(entry, dict) else UNREAD
        for name, entry in parameters.items()
    }


def _member_values(
    member: PolicyDefinitionReference, initiative: PolicySetDefinition, assignment: PolicyAssignment
) -> Values:
    """Return what a definition of an initiative is given, by the assignment or the initiative."""
    given = _plain_values(assignment.parameters)
    passed = _plain_values(member.parameters)
    if passed is None or passed is UNREAD:
        return None if passed is None else UNREAD
    values: dict[str, Any] = {}
    readable = True
    for name, value in passed.items():
        named = _PARAMETER.fullmatch(value.strip()) if isinstance(value, str) else None
        if named is None:
            values[name] = UNREAD if _is_expression(value) else value
            continue
        found = _first(given, (named[1],))
        found = _default(initiative.parameters, named[1]) if found is None else found
        readable = readable and found is not UNREAD
        values[name] = found
    return values if readable else UNREAD


def _is_expression(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("[") and not value.startswith("[[")


def _default(declared: Values, name: str) -> Any:
    entry = _first(declared, (name,))
    return entry.get("defaultValue") if isinstance(entry, dict) else entry


def _first(values: Values, names: tuple[str, ...]) -> Any:
    """Return the first of the named values that is there; Azure ignores the casing of names."""
    if not isinstance(values, dict):
        return values
    lowered = {name.lower(): value for name, value in values.items()}
    found = (lowered.get(name) for name in map(str.lower, names))
    return next((value for value in found if value is not None), None)


def _text(value: Any) -> Maybe[str]:
    return value if value is None or isinstance(value, str) else UNREAD
