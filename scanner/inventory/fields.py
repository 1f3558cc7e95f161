"""How the inventory's types are declared: fields with their source, links, and derived facts.

One declaration serves four readers: the builder (what to take from a raw record), the rule
loader (which paths exist, and of which type), `docs/fields.md`, and the reports (which raw
property a finding points at).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final, TypeAlias, TypeVar, Union

import msgspec
from msgspec import UNSET, UnsetType

T = TypeVar("T")
UNREAD: Final = UNSET
"""A value that nobody could look at: never the same as `None`, which Azure does not have."""
UNREAD_MARK: Final = {"$unread": True}
"""How UNREAD is written in JSON: in a record for a value its reader was refused, and in reports."""
Unread: TypeAlias = UnsetType
Maybe: TypeAlias = Union[T, None, UnsetType]  # noqa: UP007, RUF036  (generic alias)


class Members(tuple[Any, ...]):
    """What could be read of a collection, and whether that is all of it.

    A count over members that are not `complete` is known from below only, so
    "more than none" can be true of it, but "none" never is.
    """

    complete: bool = True

    @classmethod
    def partial(cls, items: tuple[Any, ...] = ()) -> Members:
        """Return the members that were read, marked as possibly not all."""
        members = cls(items)
        members.complete = False
        return members


class Source(msgspec.Struct, frozen=True):
    """Where a field's value stands in a raw record, and how it is made uniform."""

    path: str
    """Dotted path in the record; alternatives are separated by `|`, the first present one wins."""
    doc: str
    values: tuple[str, ...] = ()
    """Azure's documented spellings; another casing of one of them is normalized to it."""
    parse: Callable[[Any], Any] | None = None
    """Turns the raw value into the field's; gets whatever JSON stands there."""


def prop(
    path: str, doc: str, *, values: tuple[str, ...] = (), parse: Callable[[Any], Any] | None = None
) -> msgspec.Meta:
    """Describe a field: the second part of its `Annotated` type."""
    return msgspec.Meta(extra={"source": Source(path, doc, values, parse)})


class Link(msgspec.Struct, frozen=True):
    """A field that leads to another resource, by the ARM id in the attribute `via`.

    Following it gives the resource, `None` where the id is absent or names nothing that
    exists, and UNREAD where the target was not collected.
    """

    to: str
    via: str
    doc: str


class Links(msgspec.Struct, frozen=True):
    """A field that leads to several resources, by the list of ARM ids in the attribute `via`."""

    to: str
    via: str
    doc: str


class Many(msgspec.Struct, frozen=True):
    """The resources of kind `to` whose attribute `via` names this resource."""

    to: str
    via: str
    doc: str


Reference: TypeAlias = Link | Links | Many


class Derived(msgspec.Struct, frozen=True):
    """A fact computed from the inventory, read by rules like any other field."""

    type: Any
    compute: Callable[[Any, Any], Any]
    """Gets the resource and the Estate."""
    doc: str
    evidence: tuple[str, ...] = ()
    """Field paths of the same resource that the fact was computed from."""


class Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel", eq=False, gc=False):
    """A structure inside a resource: no id of its own in Azure, or none that matters."""

    LINKS: ClassVar[dict[str, Reference]] = {}


class Resource(msgspec.Struct, frozen=True, kw_only=True, rename="camel", eq=False, gc=False):
    """What every Azure resource has. Attributes that Azure names keep Azure's name."""

    KIND: ClassVar[str]
    TABLE: ClassVar[str]
    LINKS: ClassVar[dict[str, Reference]] = {}

    id: str
    name: str
    type: str
    subscription_id: str
    resource_group: str
    row: int
    """Position of the raw record in its table."""
    unread: tuple[str, ...] = ()
    """Names of the fields that the record did not let us read."""
