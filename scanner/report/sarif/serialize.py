"""sarif-om objects as plain JSON values, the way SARIF 2.1.0 wants them.

sarif-om 1.0.4 is older than the final standard in one name (`Suppression.state`, now `status`).
Its defaults are left out, with four exceptions: an absent `level` or `kind` means "as the rule
has it" to a reader, which is not the same as its default.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import msgspec

from scanner.report.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEPT: Final = frozenset(
    {
        ("Result", "level"),
        ("Result", "kind"),
        ("Notification", "level"),
        ("ReportingConfiguration", "level"),
    }
)
HEAD: Final = (
    b'{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":['
)
TAIL: Final = b"]}]}]}\n"
"""What ends the notifications, the invocation, the run and the file."""
_RENAMED: Final = {("Suppression", "state"): "status"}


def to_json(value: Any) -> Any:
    """Return a sarif-om object, or anything made of them, as dicts, lists and scalars.

    Absent values and defaults are left out, and strings lose their control characters.
    """
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(key): to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if not hasattr(value, "__attrs_attrs__"):
        return value
    found = {}
    for attribute, key, default in _plan(value.__class__):
        item = getattr(value, attribute)
        # 0 and False are equal to Python, and so are 1.0 and True.
        if item is not None and not (type(item) is type(default) and item == default):
            found[key] = to_json(item)
    return found


@cache
def _plan(cls: type) -> tuple[tuple[str, str, Any], ...]:
    """Return attribute, JSON name and default of each property of a class."""
    found = []
    for attribute in cls.__attrs_attrs__:  # type: ignore[attr-defined]
        at = (cls.__name__, attribute.name)
        key = _RENAMED.get(at, attribute.metadata.get("schema_property_name", attribute.name))
        default = attribute.default
        if hasattr(default, "factory"):
            default = default.factory()
        found.append((attribute.name, key, None if at in _KEPT else default))
    return tuple(found)


def opened(obj: Any) -> bytes:
    """Return an object's JSON without the brace that ends it, for more properties to follow."""
    return msgspec.json.encode(to_json(obj)).removesuffix(b"}")


def listed(objects: Iterator[Any]) -> Iterator[bytes]:
    """Yield the members of a JSON array, one a line, without the brackets around them."""
    separator = b"\n"
    for obj in objects:
        yield separator + msgspec.json.encode(to_json(obj))
        separator = b",\n"
