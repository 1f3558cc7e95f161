"""Raw records to typed resources, driven by the sources that the fields declare."""

from __future__ import annotations

import functools
import typing
from typing import TYPE_CHECKING, Any

import msgspec

from scanner import armid
from scanner.inventory.fields import UNREAD, UNREAD_MARK, Part, Resource, Source
from scanner.inventory.texts import shared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PARENT = {"^": 1, "^^": 2}
_EXTENDED = "@"
_OWN_ID = "id"
"""A parent's id cut out of the record's own one, where its depth is not the same in all."""
_BODY = "properties"
_ABSENT = (None, "")
_BELOW = 2
"""Steps of a path to what stands in a part of the record, mostly its `properties`."""

Json = Any


class Pick(typing.NamedTuple):
    """How one field of a struct is taken from raw JSON."""

    attribute: str
    key: str
    """The name by which `msgspec.convert` knows the field."""
    read: Callable[[dict[str, Any]], Any]
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
        picks.append(Pick(info.attribute, info.name, _reader(paths), _shaper(info), in_body))
    return tuple(picks)


def _shaper(info: FieldInfo) -> Callable[[Any], Any]:
    """Return the function that makes a raw value uniform for this field."""
    parse = info.source.parse
    spelled = {value.lower(): value for value in info.source.values}
    struct, several = part_of(info.annotation)

    def shape(value: Any) -> Any:
        if parse is not None:
            value = parse(value)
        elif struct is None and not isinstance(value, str):
            value = clean(value)
        if isinstance(value, str):
            return spelled.get(value.lower(), value) if spelled else value
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
    for attribute, key, read, shape, _ in picks:
        value = read(raw)
        if value is None:
            continue
        try:
            shaped = UNREAD if value == UNREAD_MARK else shape(value)
        except (TypeError, ValueError, AttributeError, KeyError):
            shaped = UNREAD
        if shaped is UNREAD:
            bad.append(attribute)
        elif shaped is not None and shaped != "":
            flat[key] = shaped
    return flat, bad


def _reader(paths: tuple[tuple[str, ...], ...]) -> Callable[[dict[str, Any]], Any]:
    """Return the function that gives the value at the first path that Azure has a value at.

    What lies below a value that could not be read could not be read either. Nearly every field
    has one path, of one step or of two, for which there is less to do.
    """
    if len(paths) == 1 and len(paths[0]) == 1:
        return _own(*paths[0])
    if len(paths) == 1 and len(paths[0]) == _BELOW:
        return _below(*paths[0])

    def first(raw: dict[str, Any]) -> Any:
        for path in paths:
            value: Any = raw
            for step in path:
                value = value.get(step) if isinstance(value, dict) else None
                if value is None or value == UNREAD_MARK:
                    break
            if value not in _ABSENT:
                return value
        return None

    return first


def _own(name: str) -> Callable[[dict[str, Any]], Any]:
    def read(raw: dict[str, Any]) -> Any:
        value = raw.get(name)
        return None if value == "" else value

    return read


def _below(holder: str, name: str) -> Callable[[dict[str, Any]], Any]:
    def read(raw: dict[str, Any]) -> Any:
        found = raw.get(holder)
        if not isinstance(found, dict) or found == UNREAD_MARK:
            return found if found == UNREAD_MARK else None
        value = found.get(name)
        return None if value == "" else value

    return read


@functools.cache
def _above(cls: type[Resource]) -> tuple[tuple[str, int], ...]:
    """Return the fields taken from the record's own id: how many parents up, 0 for extensions."""
    paths = {info.name: info.source.path for info in declared(cls).values()}
    up = {**_PARENT, _EXTENDED: 0}
    return tuple((name, up[path]) for name, path in paths.items() if path in up)


def _references(cls: type[Resource], arm_id: str) -> Iterator[tuple[str, str]]:
    """Yield the ids that a child or extension resource has from its own id."""
    for name, levels in _above(cls):
        found = arm_id if levels else arm_id[: arm_id.lower().rfind("/providers/")]
        for _ in range(levels):
            found = armid.parent(found)
        if found:
            yield name, found


def build(cls: type[Resource], raw: dict[str, Any], row: int) -> Iterator[Resource]:
    """Yield the resource that a record describes, and those embedded in it (a network's subnets).

    A property of a type that Azure does not document for it becomes UNREAD, as does every
    property of a record that came without its `properties`.
    """
    arm_id = raw["id"]
    subscription, group = armid.place(arm_id)
    picks = plan(cls)
    flat, bad = _pick(picks, raw)
    flat.update(_references(cls, arm_id))
    flat["id"] = arm_id
    flat["name"] = _own_text(raw, "name") or armid.parse(arm_id).name
    flat["type"] = shared(_own_text(raw, "type") or armid.parse(arm_id).type)
    flat["subscriptionId"] = shared(subscription.lower())
    flat["resourceGroup"] = shared(group)
    flat["row"] = row
    if not isinstance(raw.get(_BODY), dict):
        bad += [pick.attribute for pick in picks if pick.in_body and pick.key not in flat]
    yield _convert(cls, flat, bad)
    embedded: dict[str, tuple[str, type[Resource]]] = getattr(cls, "EMBEDDED", {})
    for source, inner in embedded.values():
        yield from _embedded(inner, raw, source, row)


def _own_text(raw: dict[str, Any], name: str) -> str:
    """Return a property that every record has; "" where it is none, as its id says it as well."""
    value = raw.get(name)
    return value if isinstance(value, str) else ""


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
    for _ in range(len(flat)):
        try:
            resource = msgspec.convert(flat, cls, strict=False)
            break
        except msgspec.ValidationError as problem:
            # "Expected `int`, got `str` - at `$.scaleSettings.minNodeCount`"
            key = str(problem).rpartition("`$.")[2].rstrip("`").split(".")[0].split("[")[0]
            if key not in declared(cls):
                raise
            del flat[key]
            bad.append(declared(cls)[key].attribute)
    if bad:
        for attribute in bad:
            msgspec.structs.force_setattr(resource, attribute, UNREAD)
        msgspec.structs.force_setattr(resource, "unread", tuple(sorted(set(bad))))
    return resource
