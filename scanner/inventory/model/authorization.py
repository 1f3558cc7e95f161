"""Who may do what: role assignments, role definitions, eligibility, deny assignments.

Role definitions are named in two forms, with and without a subscription, so they are found
by their GUID and not by a link.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from scanner.inventory.fields import Maybe, Part, Resource, prop
from scanner.inventory.model import shapes
from scanner.inventory.model.recurring import CreatedOn, Description

_PRINCIPAL_TYPES = (
    "User",
    "Group",
    "ServicePrincipal",
    "ForeignGroup",
    "Device",
    "Unknown",
)

RoleDefinitionId = Annotated[
    Maybe[str], prop("properties.roleDefinitionId", "ARM id of the role, as the record has it.")
]
RoleDefinitionGuid = Annotated[
    Maybe[str],
    prop(
        "properties.roleDefinitionId",
        "GUID of the role in lower case, the same wherever it is assigned.",
        parse=shapes.last_segment,
    ),
]
PrincipalId = Annotated[
    Maybe[str], prop("properties.principalId", "Object id of the user, group or application.")
]
PrincipalType = Annotated[
    Maybe[str],
    prop(
        "properties.principalType",
        "Kind of principal; Unknown where it does not exist any more.",
        values=_PRINCIPAL_TYPES,
    ),
]
Scope = Annotated[
    Maybe[str], prop("properties.scope", "ARM id of what it holds for, with all below it.")
]
Condition = Annotated[
    Maybe[str], prop("properties.condition", "Condition that limits it; absent: none.")
]


class RoleAssignment(Resource, frozen=True, kw_only=True):
    """A role given to a principal at a scope, in force now."""

    KIND: ClassVar[str] = "roleAssignment"
    TABLE: ClassVar[str] = "roleAssignments"

    role_definition_id: RoleDefinitionId = None
    role_definition_guid: RoleDefinitionGuid = None
    principal_id: PrincipalId = None
    principal_type: PrincipalType = None
    scope: Scope = None
    condition: Condition = None
    description: Description = None
    created_on: CreatedOn = None
    created_by: Annotated[
        Maybe[str], prop("properties.createdBy", "Object id of who created it.")
    ] = None


class RoleEligibility(Resource, frozen=True, kw_only=True):
    """A role that a principal may activate at a scope (Privileged Identity Management)."""

    KIND: ClassVar[str] = "roleEligibility"
    TABLE: ClassVar[str] = "roleEligibilityScheduleInstances"

    role_definition_id: RoleDefinitionId = None
    role_definition_guid: RoleDefinitionGuid = None
    principal_id: PrincipalId = None
    principal_type: PrincipalType = None
    scope: Scope = None
    condition: Condition = None
    status: Annotated[
        Maybe[str], prop("properties.status", "State of the schedule, such as Provisioned.")
    ] = None
    member_type: Annotated[
        Maybe[str],
        prop(
            "properties.memberType",
            "How the principal comes to it.",
            values=("Inherited", "Direct", "Group"),
        ),
    ] = None
    start_date_time: Annotated[
        Maybe[str], prop("properties.startDateTime", "When it begins (UTC).")
    ] = None
    end_date_time: Annotated[
        Maybe[str], prop("properties.endDateTime", "When it ends (UTC); absent means never.")
    ] = None


class Permission(Part, frozen=True, kw_only=True):
    """Operations that a role allows: actions without notActions, and the same for data."""

    actions: Annotated[
        Maybe[tuple[str, ...]], prop("actions", "Control-plane operations; `*` is a wildcard.")
    ] = None
    not_actions: Annotated[
        Maybe[tuple[str, ...]], prop("notActions", "Taken away from `actions`.")
    ] = None
    data_actions: Annotated[
        Maybe[tuple[str, ...]], prop("dataActions", "Data-plane operations; `*` is a wildcard.")
    ] = None
    not_data_actions: Annotated[
        Maybe[tuple[str, ...]], prop("notDataActions", "Taken away from `dataActions`.")
    ] = None
    condition: Annotated[
        Maybe[str], prop("condition", "Condition that limits this part of the role; absent: none.")
    ] = None


class RoleDefinition(Resource, frozen=True, kw_only=True):
    """A role, built in or custom; its `name` is a GUID."""

    KIND: ClassVar[str] = "roleDefinition"
    TABLE: ClassVar[str] = "roleDefinitions"

    role_name: Annotated[
        Maybe[str], prop("properties.roleName", "Name that people see, such as Owner.")
    ] = None
    role_type: Annotated[
        Maybe[str],
        prop(
            "properties.type|properties.roleType",
            "Whether Azure or a customer made the role (`type` in Azure).",
            values=("BuiltInRole", "CustomRole"),
        ),
    ] = None
    description: Description = None
    permissions: Annotated[
        Maybe[tuple[Permission, ...]],
        prop("properties.permissions", "What the role allows: any of these."),
    ] = None
    assignable_scopes: Annotated[
        Maybe[tuple[str, ...]],
        prop("properties.assignableScopes", "Scopes at or below which it can be assigned."),
    ] = None


class Principal(Part, frozen=True, kw_only=True):
    """A principal that a deny assignment names."""

    id: Annotated[Maybe[str], prop("id", "Object id; all zeros means everybody.")] = None
    type: Annotated[
        Maybe[str], prop("type", "Kind of principal; SystemDefined means everybody.")
    ] = None


class DenyAssignment(Resource, frozen=True, kw_only=True):
    """Operations that Azure refuses at a scope, whatever roles allow."""

    KIND: ClassVar[str] = "denyAssignment"
    TABLE: ClassVar[str] = "denyAssignments"

    deny_assignment_name: Annotated[
        Maybe[str], prop("properties.denyAssignmentName", "Name that people see.")
    ] = None
    description: Description = None
    permissions: Annotated[
        Maybe[tuple[Permission, ...]],
        prop("properties.permissions", "What is refused: any of these."),
    ] = None
    effect: Annotated[
        Maybe[str],
        prop(
            "properties.denyAssignmentEffect",
            "Whether it refuses (enforced, also where absent) or only logs (audit).",
            values=("enforced", "audit"),
        ),
    ] = None
    scope: Scope = None
    do_not_apply_to_child_scopes: Annotated[
        Maybe[bool],
        prop(
            "properties.doNotApplyToChildScopes",
            "Whether it holds for the scope alone; absent means for all below it too.",
        ),
    ] = None
    principals: Annotated[
        Maybe[tuple[Principal, ...]], prop("properties.principals", "Who is refused.")
    ] = None
    exclude_principals: Annotated[
        Maybe[tuple[Principal, ...]], prop("properties.excludePrincipals", "Who is not.")
    ] = None
    is_system_protected: Annotated[
        Maybe[bool], prop("properties.isSystemProtected", "Whether Azure itself keeps it.")
    ] = None
    condition: Condition = None
