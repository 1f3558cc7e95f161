"""Raw records to typed resources, driven by the sources that the fields declare."""

from __future__ import annotations

import functools
import typing
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from scanner import armid
from scanner.inventory.fields import UNREAD, UNREAD_MARK, Part, Resource, Source

_PARENT = {"^": 1, "^^": 2}
_EXTENDED = "@"
_OWN_ID = "id"
"""A parent's id cut out of the record's own one, where its depth is not the same in all."""
_BODY = "properties"
_ABSENT = (None, "")

Json = Any


class Pick(msgspec.Struct, frozen=True):
    """How one field of a struct is taken from raw JSON."""

    attribute: str
    key: str
    """The name by which `msgspec.convert` knows the field."""
    paths: tuple[tuple[str, ...], ...]
    shape: Callable[[Any], Any]
    in_body: bool


def part_of(annotation: Any) -> tuple[type[msgspec.Struct] | None, bool]:
    """Return the struct that a field's type holds, if any, and whether it holds several."""
    for member in (annotation, *typing.get_args(annotation)):
        if isinstance(member, type) and issubclass(member, Part):
            return member, False
        if typing.get_origin(member) is tuple:
            inner = typing.get_args(member)[0]
            if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
                return inner, True
    return None, False


class FieldInfo(typing.NamedTuple):
    """A declared field of an inventory struct."""

    attribute: str
    name: str
    annotation: Any
    source: Source


@functools.cache
def declared(cls: type[msgspec.Struct]) -> dict[str, FieldInfo]:
    """Return the fields of a struct that have a source, by the name rules use (camelCase)."""
    hints = typing.get_type_hints(cls, include_extras=True)
    found = {}
    for field in msgspec.structs.fields(cls):
        hint = hints[field.name]
        for meta in getattr(hint, "__metadata__", ()):
            source = (getattr(meta, "extra", None) or {}).get("source")
            if source is not None:
                found[field.encode_name] = FieldInfo(
                    field.name, field.encode_name, typing.get_args(hint)[0], source
                )
    return found


@functools.cache
def lies_below(cls: type[Resource], attribute: str) -> bool:
    """Tell whether an attribute names a resource that this kind's resources are children of."""
    sources = {info.attribute: info.source.path for info in declared(cls).values()}
    return sources[attribute] in {*_PARENT, _EXTENDED, _OWN_ID}


def clean(value: Json) -> Json:
    """Drop what Azure sends for "no value" (null and the empty string) at every depth."""
    if isinstance(value, dict):
        return {k: clean(v) for k, v in value.items() if v is not None and v != ""}
    if isinstance(value, list):
        return [clean(item) for item in value if item is not None]
    return value


@functools.cache
def plan(cls: type[msgspec.Struct]) -> tuple[Pick, ...]:
    """Return how the fields of a struct are taken from raw JSON; worked out once per struct."""
    picks = []
    for info in declared(cls).values():
        paths = tuple(tuple(path.split(".")) for path in info.source.path.split("|"))
        in_body = paths[0][0] == _BODY
        picks.append(Pick(info.attribute, info.name, paths, _shaper(info), in_body))
    return tuple(picks)


def _shaper(info: FieldInfo) -> Callable[[Any], Any]:
    """Return the function that makes a raw value uniform for this field."""
    source = info.source
    spelled = {value.lower(): value for value in source.values}
    struct, several = part_of(info.annotation)

    def shape(value: Any) -> Any:
        if source.parse is not None:
            value = source.parse(value)
        elif struct is None:
            value = clean(value)
        if spelled and isinstance(value, str):
            return spelled.get(value.lower(), value)
        if struct is None:
            return value
        if several:
            return [_part(struct, item) for item in value] if _listed(value) else value
        return _part(struct, value)

    return shape


def _listed(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _part(cls: type[msgspec.Struct], raw: Any) -> Any:
    """Pick a part's fields; what is not a JSON object stays, for `convert` to refuse."""
    if not isinstance(raw, dict):
        return raw
    flat, bad = _pick(plan(cls), raw)
    if bad:
        raise ValueError(f"not readable: {', '.join(bad)}")
    return flat


def _pick(picks: tuple[Pick, ...], raw: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Take the present values; also name the picks whose value could not be shaped."""
    flat: dict[str, Any] = {}
    bad: list[str] = []
    for pick in picks:
        value = _first(pick.paths, raw)
        if value is None:
            continue
        try:
            shaped = UNREAD if value == UNREAD_MARK else pick.shape(value)
        except (TypeError, ValueError, AttributeError, KeyError):
            shaped = UNREAD
        if shaped is UNREAD:
            bad.append(pick.attribute)
        elif shaped not in _ABSENT:
            flat[pick.key] = shaped
    return flat, bad


def _first(paths: tuple[tuple[str, ...], ...], raw: dict[str, Any]) -> Any:
    """Return the value at the first path that Azure has a value at.

    What lies below a value that could not be read could not be read either.
    """
    for path in paths:
        value: Any = raw
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
            if value is None or value == UNREAD_MARK:
                break
        if value not in _ABSENT:
            return value
    return None


def _references(cls: type[Resource], arm_id: str) -> dict[str, str]:
    """Return the ids that a child or extension resource has from its own id."""
    found = {}
    for info in declared(cls).values():
        path = info.source.path
        if path in _PARENT:
            above = arm_id
            for _ in range(_PARENT[path]):
                above = armid.parent(above)
            found[info.name] = above
        elif path == _EXTENDED:
            found[info.name] = arm_id[: arm_id.lower().rfind("/providers/")]
    return {name: value for name, value in found.items() if value}


def build(cls: type[Resource], raw: dict[str, Any], row: int) -> Iterator[Resource]:
    """Yield the resource that a record describes, and those embedded in it (a network's subnets).

    A property of a type that Azure does not document for it becomes UNREAD, as does every
    property of a record that came without its `properties`.
    """
    arm_id = raw["id"]
    parts = armid.parse(arm_id)
    picks = plan(cls)
    flat, bad = _pick(picks, raw)
    flat.update(_references(cls, arm_id))
    flat["id"] = arm_id
    flat["name"] = raw.get("name") or parts.name
    flat["type"] = raw.get("type") or parts.type
    flat["subscriptionId"] = parts.subscription_id.lower()
    flat["resourceGroup"] = parts.resource_group
    flat["row"] = row
    if not isinstance(raw.get(_BODY), dict):
        bad += [pick.attribute for pick in picks if pick.in_body and pick.key not in flat]
    yield _convert(cls, flat, bad)
    embedded: dict[str, tuple[str, type[Resource]]] = getattr(cls, "EMBEDDED", {})
    for source, inner in embedded.values():
        yield from _embedded(inner, raw, source, row)


def _embedded(
    cls: type[Resource], raw: dict[str, Any], source: str, row: int
) -> Iterator[Resource]:
    value: Any = raw
    for step in source.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict) and isinstance(item.get("name"), str):
            collection = source.rsplit(".", 1)[-1]
            arm_id = item.get("id") or f"{raw['id']}/{collection}/{item['name']}"
            if isinstance(arm_id, str):
                yield from build(cls, {**item, "id": arm_id}, row)


def _convert(cls: type[Resource], flat: dict[str, Any], bad: list[str]) -> Resource:
    """Make the typed resource; fields of an unexpected type are left out and marked UNREAD."""
    names = {info.name: info.attribute for info in declared(cls).values()}
    for _ in range(len(flat)):
        try:
            resource = msgspec.convert(flat, cls, strict=False)
            break
        except msgspec.ValidationError as problem:
            # "Expected `int`, got `str` - at `$.scaleSettings.minNodeCount`"
            key = str(problem).rpartition("`$.")[2].rstrip("`").split(".")[0].split("[")[0]
            if key not in names:
                raise
            del flat[key]
            bad.append(names[key])
    if bad:
        for attribute in bad:
            msgspec.structs.force_setattr(resource, attribute, UNREAD)
        msgspec.structs.force_setattr(resource, "unread", tuple(sorted(set(bad))))
    return resource
