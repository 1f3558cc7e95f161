"""The facts about access, by the kind of resource that has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from scanner.inventory.access import roles
from scanner.inventory.access.assignments import scope_of
from scanner.inventory.access.conformity import (
    PersonaExcess,
    PersonaLack,
    persona_excess,
    persona_lack,
)
from scanner.inventory.access.grants import storage_access, subscription_access, workspace_access
from scanner.inventory.access.identities import (
    DataAccess,
    identity_access,
    production_data_access,
)
from scanner.inventory.access.personas import here
from scanner.inventory.access.profiles import Profile, profile_of
from scanner.inventory.access.role_shapes import PersonaRole, persona_roles, personas_of
from scanner.inventory.access.roles import role_of
from scanner.inventory.access.scopes import level_of
from scanner.inventory.access.shown import AccessGrant, active_members, members_of
from scanner.inventory.access.spread import SharedGroup, shared_groups
from scanner.inventory.exposure import exposure
from scanner.inventory.fields import UNREAD, Derived, Maybe, Members
from scanner.inventory.truth import equal

if TYPE_CHECKING:
    from scanner.inventory.estate import Estate
    from scanner.inventory.facts import Facts
    from scanner.inventory.truth import Verdict

_GRANTS: Final = tuple[AccessGrant, ...]


def access(workspace: Any, estate: Estate) -> Members:
    """Return every assignment that counts at a workspace, active and eligible."""
    return members_of(workspace_access(workspace, estate), estate)


def active_access(workspace: Any, estate: Estate) -> Members:
    """Return the assignments in force at a workspace."""
    every: Members = estate.fact("access", workspace, access)
    return active_members(every, workspace_access(workspace, estate))


def account_access(account: Any, estate: Estate) -> Members:
    """Return every assignment that counts at a storage account."""
    return members_of(storage_access(account, estate), estate)


def subscription_grants(subscription: Any, estate: Estate) -> Members:
    """Return every assignment that counts at a subscription."""
    return members_of(subscription_access(subscription, estate), estate)


def profile(workspace: Any, estate: Estate) -> Profile:
    """Return which of the source profiles a workspace has."""
    exposed = estate.fact("exposure", workspace, exposure)
    return profile_of(exposed, estate.fact("access", workspace, access))


def configured_personas(_: Any, estate: Estate) -> tuple[str, ...] | None:
    """Return the personas that the config names, `None` where it names none."""
    return tuple(one.name for one in estate.config.personas) or None


def _profile(attribute: str) -> Any:
    def compute(workspace: Any, estate: Estate) -> Maybe[str]:
        environment = estate.environment(workspace)
        if not isinstance(environment, str):
            return environment
        profile = estate.config.access.profiles.get(environment)
        demanded: str | None = getattr(profile, attribute, None)
        return demanded

    return compute


def role_name(assignment: Any, estate: Estate) -> Maybe[str]:
    """Return the name of the role that an assignment gives."""
    return role_of(assignment.role_definition_guid, estate).name


def role_type(assignment: Any, estate: Estate) -> Maybe[str]:
    """Return whether the role that an assignment gives is built in or custom."""
    return role_of(assignment.role_definition_guid, estate).type


def assignment_can(assignment: Any, estate: Estate) -> Members:
    """Return the capabilities of the role that an assignment gives."""
    role = role_of(assignment.role_definition_guid, estate)
    return roles.members(role.sure, role.maybe)


def scope_level(assignment: Any, _: Estate) -> Maybe[str]:
    """Return the level of the scope that an assignment holds for."""
    scope = scope_of(assignment)
    return level_of(scope) if isinstance(scope, str) else UNREAD


def principal_missing(assignment: Any, _: Estate) -> Verdict:
    """Tell whether the principal of an assignment does not exist any more."""
    return equal(assignment.principal_type, "Unknown")


def principal_name(assignment: Any, estate: Estate) -> Maybe[str]:
    """Return the name that the principals file has for the principal."""
    principal = assignment.principal_id
    if not isinstance(principal, str):
        return UNREAD
    return estate.config.principals.name(principal)


def personas(assignment: Any, estate: Estate) -> Members:
    """Return the personas of the principal, by the config and by this assignment's role."""
    principal = assignment.principal_id
    key = principal.lower() if isinstance(principal, str) else UNREAD
    found = here([(key, assignment.role_definition_guid)], estate, complete=True)
    return found.of(key)


_CONFIGURED: Final = Derived(
    tuple[str, ...],
    configured_personas,
    "Personas that the config names, in its order; absent where it names none, and who is who is "
    "told by built-in roles alone.",
)
_ASSIGNMENT: Final = {
    "roleName": Derived(
        str, role_name, "Name of the role, built-in ones included.", ("roleDefinitionId",)
    ),
    "roleType": Derived(str, role_type, "BuiltInRole or CustomRole.", ("roleDefinitionId",)),
    "can": Derived(
        tuple[str, ...],
        assignment_can,
        "Capabilities that the role gives where it is assigned high enough.",
        ("roleDefinitionId",),
    ),
    "scopeLevel": Derived(
        str,
        scope_level,
        "root, managementGroup, subscription, resourceGroup, workspace, storageAccount, keyVault, "
        "containerRegistry or resource.",
        ("scope",),
    ),
    "principalMissing": Derived(
        bool,
        principal_missing,
        "Whether the principal does not exist any more (principalType Unknown).",
        ("principalType",),
    ),
    "principalName": Derived(
        str, principal_name, "Name of the principal, by the principals file.", ("principalId",)
    ),
    "personas": Derived(
        tuple[str, ...],
        personas,
        "Personas of the principal: those that the config names it for, and those whose role this "
        "assignment gives.",
        ("principalId", "roleDefinitionId"),
    ),
}

FACTS: Facts = {
    "roleDefinition": {
        **roles.FACTS["roleDefinition"],
        "personas": Derived(
            tuple[str, ...],
            personas_of,
            "Personas that the config names the role for.",
            ("roleName",),
        ),
    },
    "roleAssignment": _ASSIGNMENT,
    "roleEligibility": _ASSIGNMENT,
    "workspace": {
        "configuredPersonas": _CONFIGURED,
        "access": Derived(
            _GRANTS,
            access,
            "Every role assignment, active or eligible, at the workspace and above it, and those "
            "at its storage, vault and registry that give something; not complete where scopes, "
            "roles or eligibility were not read.",
        ),
        "activeAccess": Derived(
            _GRANTS,
            active_access,
            "The same without what must be activated first; complete though eligibility was not "
            "read.",
        ),
        "personaExcess": Derived(
            tuple[PersonaExcess, ...],
            persona_excess,
            "What personas can do beyond the access matrix; absent where the matrix says nothing "
            "of the environment. Who is gone can do nothing: `access[*].orphaned` has those.",
        ),
        "personaLack": Derived(
            tuple[PersonaLack, ...],
            persona_lack,
            "What the matrix promises to personas that nobody of them can do; absent where the "
            "config names no personas or the matrix says nothing of the environment.",
        ),
        "personaRoles": Derived(
            tuple[PersonaRole, ...],
            persona_roles,
            "Roles of the snapshot that the config names for personas and that can be assigned at "
            "the workspace.",
        ),
        "sharedGroups": Derived(
            tuple[SharedGroup, ...],
            shared_groups,
            "Groups that can do more than read here and in another environment of the same "
            "project; absent without project or environment.",
        ),
        "identityAccess": Derived(
            _GRANTS,
            identity_access,
            "Grants of the workspace's managed identities, at any scope in the snapshot; `covers` "
            "and `can` are those at the scope itself.",
            ("identity",),
        ),
        "productionDataAccess": Derived(
            tuple[DataAccess, ...],
            production_data_access,
            "Ways from the workspace's and its computes' identities, and from personas there, to "
            "the data of production storage accounts; absent in production and without "
            "environment.",
            ("identity",),
        ),
        "profile": Derived(
            Profile,
            profile,
            "Profile of the workspace: whether its network is private or public, and whether the "
            "roles of its data scientists are restricted or not.",
            ("publicNetworkAccess", "networkAcls", "ipAllowlist"),
        ),
        "demandedAccessProfile": Derived(
            str,
            _profile("access"),
            "restricted or unrestricted, as the config demands for the environment; absent where "
            "it demands neither.",
        ),
        "demandedNetworkProfile": Derived(
            str,
            _profile("network"),
            "private or public, as the config demands for the environment; absent where it "
            "demands neither.",
        ),
    },
    "compute": {
        "identityAccess": Derived(
            _GRANTS,
            identity_access,
            "Grants of the compute's managed identities, at any scope in the snapshot; `covers` "
            "and `can` are those at the scope itself.",
            ("identity",),
        ),
    },
    "storageAccount": {
        "access": Derived(
            _GRANTS,
            account_access,
            "Every role assignment at the account and above it, and those at containers and "
            "shares in it that give data; keys count unless shared keys are off.",
        ),
    },
    "subscription": {
        "configuredPersonas": _CONFIGURED,
        "access": Derived(
            _GRANTS,
            subscription_grants,
            "Every role assignment at the subscription and above it: who makes resource groups "
            "and gives access there.",
        ),
    },
}
