"""The rows that `azmlscan access` shows, as its JSON has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scanner.inventory.estate import Estate

_LEVELS: Final = {
    "root": "the tenant root",
    "managementGroup": "management group",
    "subscription": "subscription",
    "resourceGroup": "resource group",
    "workspace": "workspace",
    "storageAccount": "storage account",
    "keyVault": "key vault",
    "containerRegistry": "container registry",
}
_OPEN: Final = {
    **dict.fromkeys(("principalId", "type", "persona", "role", "at")),
    **dict.fromkeys(("scopeLevel", "scope", "assignmentId")),
    "principal": "(others may have access: not all was read)",
    "notes": [],
    "can": ["?"],
}
"""The row that says that there may be more than was read."""


def grant_rows(
    workspace: Any, wanted: frozenset[str] | None, estate: Estate
) -> list[dict[str, Any]]:
    """Return the grants at a workspace, those of some principals only unless `wanted` is None."""
    from scanner.inventory.access.facts import access as grants_at

    members = grants_at(workspace, estate)
    head = _head(workspace, estate)
    found = [
        {**head, **_grant_row(grant, at(grant.scope, workspace, estate))}
        for grant in members
        if wanted is None or _key(grant) in wanted
    ]
    found.sort(key=lambda row: (str(row["principal"]).lower(), str(row["principalId"])))
    if not members.complete:
        found.append({**head, **_OPEN})
    return found


def _head(workspace: Any, estate: Estate) -> dict[str, Any]:
    return {
        "workspace": workspace.name,
        "workspaceId": workspace.id,
        "environment": plain_word(estate.environment(workspace)),
    }


def at(scope: str, workspace: Any, estate: Estate) -> str:
    """Return a scope in words, as seen from a workspace."""
    from scanner import armid
    from scanner.inventory.access.scopes import level_of

    if armid.key(scope) == armid.key(workspace.id):
        return "the workspace"
    parts, level = armid.parse(scope), level_of(scope)
    name = parts.name
    if level == "subscription":
        found: Any = estate.find(scope)
        name = getattr(found, "display_name", None) or name
    kind = _LEVELS.get(level) or parts.type.rpartition("/")[2]
    return f"{kind} {name}".rstrip()


def _called(grant: Any) -> Any:
    """Return the name of a principal, that of the resource that it stands for, or its id."""
    from scanner import armid

    if grant.principal_name is None and isinstance(grant.owner_id, str):
        return armid.parse(grant.owner_id).name
    return plain_word(grant.principal)


def _key(grant: Any) -> str:
    return grant.principal_id.lower() if isinstance(grant.principal_id, str) else ""


def _grant_row(grant: Any, where: str) -> dict[str, Any]:
    return {
        "principalId": plain_word(grant.principal_id),
        "principal": _called(grant),
        "type": plain_word(grant.principal_type),
        "persona": plain_word(grant.persona),
        "role": plain_word(grant.role_name) or plain_word(grant.role_id),
        "at": where,
        "scopeLevel": grant.scope_level,
        "scope": grant.scope,
        "assignmentId": grant.assignment_id,
        "notes": list(_notes(grant)),
        "can": _words(grant.can),
    }


def _notes(grant: Any) -> Iterator[str]:
    if grant.eligible:
        yield "eligible"
    if grant.conditional is True:
        limits = ", ".join(grant.limited)
        yield f"conditional: {limits}" if limits else "conditional"
    if grant.orphaned is True:
        yield "principal gone"
    if grant.denied:
        yield f"denied: {', '.join(grant.denied)}"


def plain_word(value: Any) -> Any:
    """Return a value for showing; what was not read is said to be so."""
    from scanner.inventory.fields import UNREAD
    from scanner.report.access_grants import UNREADABLE

    return UNREADABLE if value is UNREAD else value


def _words(members: Any) -> list[str]:
    return [*members, *([] if members.complete else ["?"])]


def matrix_rows(workspace: Any, estate: Estate) -> list[dict[str, Any]]:
    """Return each persona at a workspace, next to what the access matrix says of it.

    `allowed` and `promised` are null where the matrix says nothing of the persona there.
    """
    from scanner.inventory.access.conformity import persona_access, persona_lack, row_of

    row: Any = row_of(workspace, estate)
    cells = row if isinstance(row, dict) else {}
    lacks: Any = persona_lack(workspace, estate) or ()
    found = []
    for one in persona_access(workspace, estate):
        compared = one.persona in cells
        found.append(
            {
                **_head(workspace, estate),
                "persona": one.persona,
                "can": _words(one.can),
                "allowed": list(one.allowed) if compared else None,
                "promised": list(one.promised) if compared else None,
                "excess": [name for name in one.can if compared and name not in one.allowed],
                "excessThrough": _ways(workspace, one.persona, estate) if compared else [],
                "lack": [lack.capability for lack in lacks if lack.persona == one.persona],
            }
        )
    return found


def _ways(workspace: Any, persona: str, estate: Estate) -> list[dict[str, Any]]:
    """Return the assignments that give a persona more than the matrix allows."""
    from scanner.inventory.access.conformity import persona_excess

    found: dict[str, dict[str, Any]] = {}
    excess: Any = persona_excess(workspace, estate)
    for one in excess if isinstance(excess, tuple) else ():
        if one.persona == persona:
            way = {
                "principal": plain_word(one.principal),
                "role": plain_word(one.role_name),
                "at": at(one.scope, workspace, estate),
                "scope": one.scope,
                "eligible": one.eligible,
                "assignmentId": one.assignment_id,
                "capabilities": [],
            }
            found.setdefault(one.assignment_id, way)["capabilities"].append(one.capability)
    return list(found.values())


def as_json(rows: Sequence[dict[str, Any]]) -> str:
    """Return rows as indented JSON."""
    import msgspec

    encoded = msgspec.json.format(msgspec.json.encode(rows, order="sorted"), indent=2)
    return encoded.decode() + "\n"
