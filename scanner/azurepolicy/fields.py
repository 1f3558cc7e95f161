"""Reads the fields of Azure Policy from raw records, for the engine's condition compiler."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from scanner import armid
from scanner.azurepolicy import aliases
from scanner.azurepolicy.aliases import BODY, Field, Steps
from scanner.engine.selection import Binding, Frame, Place, Selection
from scanner.engine.values import find_key
from scanner.inventory.fields import UNREAD, UNREAD_MARK, Members
from scanner.inventory.model.shapes import region
from scanner.inventory.paths import STAR
from scanner.inventory.traces import Leaf
from scanner.snapshot.redact import MARK, is_redacted

_GROUP_TYPES: Final = {
    "microsoft.resources/resourcegroups": "Microsoft.Resources/subscriptions/resourceGroups",
}


class RawRecord:
    """One raw ARM object, with the parts of its id that conditions ask for."""

    __slots__ = ("full_name", "id", "name", "raw", "resource_group", "subscription_id", "type")

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.raw = raw
        self.id: str = raw["id"]
        parts = armid.parse(self.id)
        written = raw.get("type")
        arm_type = written if isinstance(written, str) and written else parts.type
        self.type: str = _GROUP_TYPES.get(arm_type.lower(), arm_type)
        self.name = parts.name
        self.full_name = _full_name(self.id)
        self.subscription_id = parts.subscription_id
        self.resource_group = parts.resource_group


def _full_name(arm_id: str) -> str:
    """Return the names of a resource and all that hold it: `workspace/compute`."""
    segments = arm_id.strip("/").split("/")
    lowered = [segment.lower() for segment in segments]
    if "providers" not in lowered:
        return segments[-1]
    start = len(lowered) - 1 - lowered[::-1].index("providers")
    return "/".join(segments[start + 3 :: 2])


class AliasResolver:
    """Resolves field names of Azure Policy against raw records."""

    def tokens(self, path: str) -> tuple[str, ...]:
        """Split a field name into what it is compared by with a counted one."""
        if not aliases.is_alias(path):
            return (path,)
        field = aliases.parse(path)
        return (field.type, *(step.lower() for step in field.steps))

    def resolve(self, path: str, bindings: tuple[Binding, ...]) -> Selection:
        """Return what a field selects, from the innermost counted member that it goes through."""
        field = aliases.parse(path)
        names = self.tokens(path)
        for slot in range(len(bindings) - 1, -1, -1):
            bound = bindings[slot]
            if bound.is_field and names[: len(bound.tokens)] == bound.tokens:
                return _from_member(field.steps[len(bound.tokens) - 1 :], slot)
        return _from_record(field)


def _from_record(field: Field) -> Selection:
    read = _reader(field)
    many = STAR in field.steps

    def get(record: RawRecord, _frame: Frame) -> Any:
        found = read(record)
        return _gathered(found) if many else next(found).value

    def leaves(place: Place) -> Iterator[Leaf]:
        for leaf in _shown(read(place.resource)):
            yield leaf._replace(path=field.prefix + leaf.path)

    return Selection(many, get, leaves, Any)


def _from_member(steps: Steps, slot: int) -> Selection:
    many = STAR in steps

    def get(_record: RawRecord, frame: Frame) -> Any:
        found = _walk(Leaf("", frame[slot], None, ""), steps, member=True)
        return _gathered(found) if many else next(found).value

    def leaves(place: Place) -> Iterator[Leaf]:
        return _shown(_walk(place.leaves[slot], steps, member=True))

    return Selection(many, get, leaves, Any)


_REST: Final = object()
"""Stands at the end of an array of which nobody could read all members."""


def _gathered(leaves: Iterator[Leaf]) -> Members:
    found = [leaf.value for leaf in leaves]
    seen = [value for value in found if value is not _REST]
    return Members(seen) if len(seen) == len(found) else Members.partial(tuple(seen))


def _shown(leaves: Iterator[Leaf]) -> Iterator[Leaf]:
    """Yield what was selected as evidence: what nobody could read as UNREAD."""
    for leaf in leaves:
        yield leaf._replace(value=UNREAD) if leaf.value is _REST else leaf


def _reader(field: Field) -> Callable[[RawRecord], Iterator[Leaf]]:
    """Return the function that yields what a field selects: one leaf, unless it has `[*]`."""
    if field.type:
        return lambda record: _alias(record, field)
    name = field.steps[0]
    if name in _SPECIAL:
        value = _SPECIAL[name]
        source = "" if name == "fullName" else name
        return lambda record: iter([_leaf(record, name, value(record), source)])
    return lambda record: _walk(_leaf(record, "", record.raw), field.steps)


_SPECIAL: Final[dict[str, Callable[[RawRecord], Any]]] = {
    "type": lambda record: record.type,
    "name": lambda record: record.name,
    "fullName": lambda record: record.full_name,
    "id": lambda record: record.id,
    "location": lambda record: _shape(region(record.raw.get("location"))),
}


def _leaf(record: Any, path: str, value: Any, source: str = "") -> Leaf:
    """Return a value of the judged resource itself."""
    return Leaf(path, value, record, source)


def _alias(record: RawRecord, field: Field) -> Iterator[Leaf]:
    """Yield what an alias selects; a resource of another type has no such field."""
    if record.type.lower() != field.type:
        nothing = _leaf(record, ".".join(field.steps), None)
        return iter(() if STAR in field.steps else (nothing,))
    at = _leaf(record, "", record.raw)
    for body in field.bodies:
        at = _leaf(record, "", record.raw)
        for step in body:
            at = _below(at, step)
        if _child(at.value, field.steps[0]) is not None:
            break
    return _walk(at, field.steps)


def _below(at: Leaf, step: str) -> Leaf:
    """Go one step that the alias does not name; a record without `properties` was not read."""
    found = _child(at.value, step)
    if at.property == "" and not isinstance(found, Mapping):
        found = UNREAD
    return Leaf(at.path, found, at.owner, f"{at.property}.{step}".lstrip("."))


def _walk(at: Leaf, steps: Steps, *, member: bool = False) -> Iterator[Leaf]:
    for position, step in enumerate(steps):
        if step == STAR:
            yield from _members(at, steps[position + 1 :])
            return
        if member and _wrapped(at.value, step):
            at = Leaf(at.path, at.value[BODY], at.owner, f"{at.property}.{BODY}")
        member = False
        source = f"{at.property}.{step}".lstrip(".")
        at = Leaf(f"{at.path}.{step}".lstrip("."), _child(at.value, step), at.owner, source)
    yield at._replace(value=_shape(at.value))


def _members(at: Leaf, rest: Steps) -> Iterator[Leaf]:
    """Yield what follows `[*]`. A missing array is an empty one, and what is no array is unread."""
    if at.value is None:
        return
    is_array = isinstance(at.value, list | tuple)
    for index, value in enumerate(at.value if is_array else ()):
        if value == UNREAD_MARK:
            is_array = False
        else:
            place = Leaf(f"{at.path}[{index}]", value, at.owner, f"{at.property}[{index}]")
            yield from _walk(place, rest, member=True)
    if not is_array or not getattr(at.value, "complete", True):
        yield Leaf(f"{at.path}{STAR}", _REST, at.owner, at.property)


def _wrapped(value: Any, step: str) -> bool:
    """Tell whether a member of an array is a resource of its own, with its body in `properties`."""
    if not isinstance(value, Mapping) or find_key(value, step) is not None:
        return False
    return isinstance(value.get(BODY), Mapping)


def _child(value: Any, name: str) -> Any:
    """Return a property; below something that is no object there is no telling."""
    if value is None or value is UNREAD:
        return value
    if not isinstance(value, Mapping) or value == UNREAD_MARK:
        return UNREAD
    key = find_key(value, name)
    return None if key is None else value[key]


def _shape(value: Any) -> Any:
    """Return a raw value as conditions see it: what was not read as UNREAD, at any depth."""
    if isinstance(value, Mapping):
        if value == UNREAD_MARK:
            return UNREAD
        if is_redacted(value):
            return MARK
        return {name: _shape(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        shaped = [_shape(item) for item in value if item != UNREAD_MARK]
        whole = len(shaped) == len(value) and getattr(value, "complete", True)
        return Members(shaped) if whole else Members.partial(tuple(shaped))
    return value
