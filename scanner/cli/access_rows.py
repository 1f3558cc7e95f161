"""The rows that `azmlscan access` shows, and how it shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scanner.inventory.estate import Estate


def grant_rows(
    workspace: Any, wanted: frozenset[str] | None, estate: Estate
) -> list[dict[str, Any]]:
    """Return the grants at a workspace, those of some principals only unless `wanted` is None."""
    from scanner.inventory.access.facts import access as grants_at

    environment = plain_word(estate.environment(workspace))
    members = grants_at(workspace, estate)
    found = [
        _grant_row(grant, {"workspace": workspace.name, "environment": environment})
        for grant in members
        if wanted is None or _key(grant) in wanted
    ]
    if not members.complete:
        found.append(_open_row(workspace.name, environment))
    return found


def _key(grant: Any) -> str:
    return grant.principal_id.lower() if isinstance(grant.principal_id, str) else ""


def _grant_row(grant: Any, head: dict[str, Any]) -> dict[str, Any]:
    principal = plain_word(grant.principal_id)
    return {
        **head,
        "principalId": principal,
        "principal": plain_word(grant.principal_name) or _owner(grant) or principal,
        "type": plain_word(grant.principal_type),
        "persona": plain_word(grant.persona),
        "role": plain_word(grant.role_name) or plain_word(grant.role_id),
        "scopeLevel": grant.scope_level,
        "scope": grant.scope,
        "assignmentId": grant.assignment_id,
        "notes": list(_notes(grant)),
        "can": _words(grant.can),
    }


def _open_row(name: str, environment: Any) -> dict[str, Any]:
    """Return the row that says that there may be more than was read."""
    empty = dict.fromkeys(
        ("principalId", "type", "persona", "role", "scopeLevel", "scope", "assignmentId")
    )
    row = {"workspace": name, "environment": environment, **empty, "notes": [], "can": ["?"]}
    return {**row, "principal": "(others may have access: not all was read)"}


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


def _owner(grant: Any) -> str | None:
    from scanner import armid

    return armid.parse(grant.owner_id).name if isinstance(grant.owner_id, str) else None


def plain_word(value: Any) -> Any:
    """Return a value for showing; what was not read is said to be so."""
    from scanner.inventory.fields import UNREAD

    return "(not readable)" if value is UNREAD else value


def _words(members: Any) -> list[str]:
    return [*members, *([] if members.complete else ["?"])]


def matrix_rows(workspace: Any, _: frozenset[str] | None, estate: Estate) -> list[dict[str, Any]]:
    """Return each persona at a workspace, next to what the access matrix says of it."""
    from scanner.inventory.access.conformity import persona_access, persona_lack

    environment = plain_word(estate.environment(workspace))
    lacks: Any = persona_lack(workspace, estate) or ()
    return [
        {
            "workspace": workspace.name,
            "environment": environment,
            "persona": found.persona,
            "can": _words(found.can),
            "allowed": list(found.allowed),
            "promised": list(found.promised),
            "excess": [name for name in found.can if name not in found.allowed],
            "lack": [lack.capability for lack in lacks if lack.persona == found.persona],
        }
        for found in persona_access(workspace, estate)
    ]


def as_json(rows: Sequence[dict[str, Any]]) -> str:
    """Return rows as indented JSON."""
    import msgspec

    encoded = msgspec.json.format(msgspec.json.encode(rows, order="sorted"), indent=2)
    return encoded.decode() + "\n"


def rendered(rows: list[dict[str, Any]], format_: str, what: str) -> str:
    """Return rows in a format, with their number at the end where people read it."""
    from scanner.report.text import markdown, one_line

    if format_ == "json":
        return as_json(rows)
    hidden = {"principalId", "scope", "assignmentId"} if format_ == "table" else {"principalId"}
    columns = [name for name in (rows[0] if rows else ()) if name not in hidden]
    shown = markdown if format_ == "markdown" else one_line
    empty = "" if format_ == "markdown" else "-"
    cells = [columns, *([shown(_cell(row[name])) or empty for name in columns] for row in rows)]
    if format_ == "markdown":
        lines = [f"| {' | '.join(line)} |" for line in cells]
        rule = [f"|{' --- |' * len(columns)}"] if columns else []
        return "\n".join([*lines[:1], *rule, *lines[1:], "", f"{len(rows)} {what}"]) + "\n"
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]
    return "\n".join([*(lines if columns else ()), f"{len(rows)} {what}"]) + "\n"


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
