"""An exemption as the options of `exemptions add` give it, and as the file has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypedDict

if TYPE_CHECKING:
    from datetime import date


class Given(TypedDict):
    """What an exemption says, as the options of `exemptions add` give it."""

    rules: tuple[str, ...]
    resources: tuple[str, ...]
    groups: tuple[str, ...]
    environments: tuple[str, ...]
    category: Literal["Waiver", "Mitigated"]
    justification: str
    owner: str
    approved_by: str
    ticket: str
    id_: str


def entry_of(given: Given, created: date, expires: date) -> dict[str, Any]:
    """Return an entry as the file has it, in the order in which people read it."""
    scope = {
        "resources": list(given["resources"]),
        "resourceGroups": list(given["groups"]),
        "environments": list(given["environments"]),
    }
    entry = {
        "id": given["id_"],
        "rules": list(given["rules"]),
        "scope": {name: values for name, values in scope.items() if values},
        "category": given["category"],
        "justification": given["justification"],
        "owner": given["owner"],
        "approvedBy": given["approved_by"],
        "ticket": given["ticket"],
        "createdOn": created.isoformat(),
        "expiresOn": expires.isoformat(),
    }
    return {name: value for name, value in entry.items() if value or name in {"id", "scope"}}
