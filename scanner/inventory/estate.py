"""The estate: every typed resource of a snapshot, and the ways from one to another."""

from __future__ import annotations

from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeVar, cast

import msgspec

from scanner import armid
from scanner.errors import SnapshotError
from scanner.inventory import projects
from scanner.inventory.build import build, lies_below
from scanner.inventory.coverage import Coverage
from scanner.inventory.derived import DERIVED
from scanner.inventory.fields import UNREAD, Link, Links, Many, Members, Resource
from scanner.inventory.kinds import KINDS, TABLE_KINDS
from scanner.inventory.model.organization import Project
from scanner.snapshot.manifest import Manifest
from scanner.snapshot.read import VERIFY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from scanner.config import Config
    from scanner.inventory.fields import Maybe, Reference
    from scanner.snapshot import Snapshot

R = TypeVar("R", bound=Resource)
_NONE: Members = Members()


class Estate:
    """The linked inventory of one snapshot, read with one config.

    Links are looked up when they are followed: resources stay small and free of cycles, and a
    million of them cost one dictionary.
    """

    def __init__(
        self, resources: Mapping[str, Sequence[Resource]], manifest: Manifest, config: Config
    ) -> None:
        self.manifest = manifest
        self.config = config
        self.coverage = Coverage(manifest)
        self._kinds: dict[str, tuple[Resource, ...]] = {}
        self._by_id: dict[str, Resource] = {}
        for kind, found in resources.items():
            if kind != Project.KIND:
                keyed = [(armid.key(resource.id), resource) for resource in found]
                keyed.sort(key=itemgetter(0))
                self._kinds[kind] = tuple(resource for _, resource in keyed)
                self._by_id.update(keyed)
        self._reverse: dict[tuple[str, str], dict[Any, list[Resource]]] = {}
        self._facts: dict[str, dict[Resource, Any]] = {}
        self.indexes: dict[Any, Any] = {}
        """What facts have looked up of all resources, by the function that did (`per_estate`)."""

    @cached_property
    def _projects(self) -> dict[str, Project]:
        """The projects by id: gathered from the workspaces once somebody asks."""
        return {armid.key(project.id): project for project in projects.gather(self)}

    def of_kind(self, kind: str) -> Sequence[Resource]:
        """Return all resources of a kind, sorted by id."""
        if kind == Project.KIND and kind not in self._kinds:
            self._kinds[kind] = tuple(self._projects.values())
        return self._kinds.get(kind, ())

    def all_of(self, cls: type[R]) -> Sequence[R]:
        """Return all resources of a typed kind, sorted by id."""
        return cast("Sequence[R]", self.of_kind(cls.KIND))

    def __len__(self) -> int:
        """Return the number of resources that were collected; what is gathered does not count."""
        return len(self._by_id)

    def find(self, arm_id: str) -> Resource | None:
        """Return the resource with this id, whatever its casing."""
        place = armid.key(arm_id)
        if place.startswith(projects.PREFIX):
            return self._projects.get(place)
        return self._by_id.get(place)

    def target(self, kind: str, arm_id: Maybe[str]) -> Maybe[Resource]:
        """Return what an id leads to: `None` if it does not exist, UNREAD if nobody could look."""
        if not isinstance(arm_id, str):
            return arm_id
        found = self.find(arm_id)
        if found is not None:
            return found if kind == found.KIND else None
        if kind == Project.KIND:
            return None if projects.all_known(self) else UNREAD
        return None if self._exists_not(KINDS[kind].TABLE, arm_id) else UNREAD

    def _exists_not(self, table: str, arm_id: str) -> bool:
        """Tell whether a resource that was not collected is not there.

        It may be embedded in a record that came without its body. Where its holder is known, all
        that is listed per holder was asked for.
        """
        holder = self._by_id.get(armid.key(armid.parent(arm_id)))
        if holder is not None and table == holder.TABLE and holder.unread:
            return False
        if self.coverage.has_record(table, arm_id):
            return True
        return holder is not None and self.coverage.has_all(table, holder.id)

    def follow(self, holder: Any, reference: Reference) -> Any:
        """Return what a declared reference of a resource or part leads to.

        A `Link` gives a resource, `None` or UNREAD; `Links` and `Many` give Members.
        """
        if isinstance(reference, Many):
            return self.members(holder, reference)
        value = getattr(holder, reference.via)
        if isinstance(reference, Link):
            return self.target(reference.to, value)
        return self._targets(reference, value)

    def _targets(self, reference: Links, ids: Maybe[tuple[str, ...]]) -> Members:
        if ids is UNREAD:
            return Members.partial()
        return Members(self.target(reference.to, arm_id) for arm_id in ids or ())

    def members(self, holder: Resource, reference: Many) -> Members:
        """Return the resources that name this one, complete only if every one of them was read."""
        reverse = self._reversed(reference.to, reference.via)
        found = reverse.get(self.find(holder.id))
        unplaced = UNREAD in reverse
        cls = KINDS[reference.to]
        hidden = holder.TABLE == cls.TABLE and bool(holder.unread)
        # Children lie below their holder; what merely points at it may lie anywhere.
        if lies_below(cls, reference.via):
            complete = self.coverage.has_all(cls.TABLE, holder.id)
        else:
            complete = self.coverage.has_everything(cls.TABLE)
        if complete and not unplaced and not hidden:
            return Members(found) if found else _NONE
        return Members.partial(tuple(found or ()))

    def _reversed(self, kind: str, via: str) -> dict[Any, list[Resource]]:
        """Return who names each resource; under UNREAD stand those that may name any."""
        index = self._reverse.get((kind, via))
        if index is None:
            index = self._reverse[kind, via] = {}
            for resource in self.of_kind(kind):
                named = getattr(resource, via)
                names: Iterable[Any] = named if isinstance(named, tuple) else (named,)
                for name in names:
                    holder = self.find(name) if isinstance(name, str) else name
                    if holder is not None:
                        index.setdefault(holder, []).append(resource)
        return index

    def environment(self, resource: Resource) -> Maybe[str]:
        """Return the name of a resource's environment, `None` where nothing says which it is."""
        derived = DERIVED[resource.KIND]["environment"]
        return cast("Maybe[str]", self.fact("environment", resource, derived.compute))

    def fact(self, name: str, resource: Resource, compute: Any) -> Any:
        """Return a derived fact of a resource, computed once."""
        known = self._facts.setdefault(name, {})
        if resource not in known:
            known[resource] = compute(resource, self)
        return known[resource]


def load_estate(snapshot: Snapshot, config: Config) -> Estate:
    """Read every table of a snapshot into typed resources, one record at a time."""
    resources: dict[str, list[Resource]] = {}
    for table, kinds in TABLE_KINDS.items():
        if table not in snapshot.manifest.tables:
            continue
        for row, line in enumerate(snapshot.lines(table)):
            raw = _record(snapshot, table, row, line)
            for cls in kinds:
                for resource in build(cls, raw, row):
                    resources.setdefault(resource.KIND, []).append(resource)
    return Estate(resources, snapshot.manifest, config)


def _record(snapshot: Snapshot, table: str, row: int, line: bytes) -> dict[str, Any]:
    try:
        raw = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError) as problem:
        raise _damaged(snapshot, table, row, f"not readable as JSON: {problem}") from problem
    if not isinstance(raw, dict) or not isinstance(raw.get("id"), str):
        raise _damaged(snapshot, table, row, "not a resource: it has no id")
    return raw


def _damaged(snapshot: Snapshot, table: str, row: int, problem: str) -> SnapshotError:
    place = f"{snapshot.path}: table {table}, line {row + 1}"
    return SnapshotError(f"{place}: {problem}", hint=VERIFY)


def empty_estate(config: Config) -> Estate:
    """Return an estate without resources, against which rules are checked."""
    return Estate({}, Manifest(tool_version="", started="", finished=""), config)
