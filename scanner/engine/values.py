"""What JSON values mean when conditions and template functions compare them.

Azure sends the same property as `true` or `"True"`, as `10` or `"10"`, and conditions are
written by people; the coercions that make those equal stand here, once.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec

from scanner.inventory.fields import UNREAD

Number: TypeAlias = int | float

_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9:.,]+([Zz]|[+-][0-9:]+)?)?")


def is_number(value: object) -> bool:
    """Tell whether a value is a JSON number; to Python, true and false are numbers as well."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def as_number(value: Any) -> Number | None:
    """Return a number or the number that a text spells, `None` for anything else."""
    if is_number(value):
        return value  # type: ignore[no-any-return]
    if not isinstance(value, str) or not _NUMBER.fullmatch(value.strip()):
        return None
    try:
        return int(value)
    except ValueError:
        return float(value)


def as_text(value: Any) -> str | None:
    """Return a scalar as text (`true`, `10`, `0.5`), `None` for absent values and structures."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        return str(int(value))
    return str(value) if is_number(value) else None


def as_moment(value: str) -> dt.datetime | None:
    """Return the point in time that an ISO 8601 text names, `None` for other text.

    The date must be written with hyphens, so that a plain number is never taken for a date.
    A time without offset is UTC, as everywhere in Azure Resource Manager.
    """
    if not _MOMENT.fullmatch(value):
        return None
    try:
        moment = dt.datetime.fromisoformat(value.upper())
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def is_known(value: Any) -> bool:
    """Tell whether all of a value was readable, the members of a collection included.

    A collection of which only a part was read is not known: what is not in that part may
    still be in the collection.
    """
    if value is None or isinstance(value, (str, int, float)):
        return True
    if isinstance(value, (list, tuple)):
        return getattr(value, "complete", True) and all(map(is_known, value))
    if isinstance(value, Mapping):
        return all(map(is_known, value.values()))
    if isinstance(value, msgspec.Struct):
        return all(getattr(value, name) is not UNREAD for name in value.__struct_fields__)
    return value is not UNREAD


def struct_keys(kind: type[msgspec.Struct]) -> dict[str, str]:
    """Return the attribute of each property of a struct, by the property's name in lower case."""
    found = _STRUCT_KEYS.get(kind)
    if found is None:
        names = zip(kind.__struct_encode_fields__, kind.__struct_fields__, strict=True)
        found = _STRUCT_KEYS[kind] = {key.lower(): attribute for key, attribute in names}
    return found


_STRUCT_KEYS: dict[type[msgspec.Struct], dict[str, str]] = {}


def find_key(mapping: Mapping[str, Any], key: str) -> str | None:
    """Return the spelling in which an object has a key, as Azure's are case-insensitive."""
    if key in mapping:
        return key
    lowered = key.lower()
    return next((name for name in mapping if name.lower() == lowered), None)


def get_property(value: Any, key: str) -> Any:
    """Return a property of an object, `None` if it has none of that name.

    Raises:
        ValueError: the value is neither an object nor absent.
    """
    if value is None or value == "":
        return None
    if isinstance(value, Mapping):
        name = find_key(value, key)
        return None if name is None else value[name]
    if isinstance(value, msgspec.Struct):
        attribute = struct_keys(type(value)).get(key.lower())
        return None if attribute is None else getattr(value, attribute)
    raise unexpected(f"an object with property '{key}'", value)


def kind_of(value: Any) -> str:
    """Name the JSON type of a value, for messages."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if is_number(value):
        return "a number"
    if isinstance(value, str):
        return "a string"
    return "an array" if isinstance(value, (list, tuple)) else "an object"


def unexpected(wanted: str, value: Any) -> ValueError:
    """Return the error for a value of another type than the wanted one."""
    return ValueError(f"expected {wanted}, not {kind_of(value)}")
