"""What stands above a resource: the one that holds it, its resource group, its subscription."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanner import armid
from scanner.snapshot.tables import TABLE_OF_TYPE

if TYPE_CHECKING:
    from scanner.inventory.estate import Estate


def holder_of(arm_id: str) -> str:
    """Return the id right above: parent, extended resource, group, subscription, or "" at the top."""
    parent = armid.parent(arm_id)
    if parent:
        return parent
    end = arm_id.lower().rfind("/providers/")
    if end >= 0:
        return arm_id[:end]
    parts = armid.parse(arm_id)
    return f"/subscriptions/{parts.subscription_id}" if parts.resource_group else ""


def is_missing(arm_id: str, estate: Estate) -> bool:
    """Tell whether an id that was not collected names nothing that could have been read.

    Either it does not exist, or it is of a type that the inventory has no records of.
    """
    table = TABLE_OF_TYPE.get(armid.parse(arm_id).type.lower())
    return table is None or estate.coverage.has_record(table, arm_id)
