"""Inventory values as plain JSON values, for evidence and listings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from scanner.inventory.fields import UNREAD, UNREAD_MARK, Resource

_SCALARS = (str, int, float)


def plain(value: Any) -> Any:
    """Return a value as JSON has it: resources as their ids, parts without their absent fields."""
    if value is None or isinstance(value, _SCALARS):
        return value
    if value is UNREAD:
        return UNREAD_MARK
    if isinstance(value, Resource):
        return value.id
    if isinstance(value, msgspec.Struct):
        fields = zip(value.__struct_encode_fields__, value.__struct_fields__, strict=True)
        found = {name: getattr(value, attribute) for name, attribute in fields}
        value = {name: item for name, item in found.items() if item is not None}
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        items = [plain(item) for item in value]
        return items if getattr(value, "complete", True) else [*items, UNREAD_MARK]
    return value
