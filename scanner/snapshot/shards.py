"""Which snapshots are the shards of one collection, and what they hold together.

A shard holds its part of the subscriptions and knows all of them only by a digest. When every
shard of a collection is there, each found the same subscriptions, and together they have read
exactly those, the shards hold what one run would: nothing that came or went between their runs
has been missed.
"""

from __future__ import annotations

import hashlib
import itertools
from collections import defaultdict
from typing import TYPE_CHECKING, Final

import msgspec

from scanner import armid
from scanner.errors import SnapshotError
from scanner.snapshot.manifest import Shard

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from scanner.snapshot.manifest import Manifest

_SUBSCRIPTIONS: Final = "/subscriptions/"
_NAMED: Final = 10
"""Missing shards that are told by number."""


def subscriptions_digest(subscriptions: Iterable[str]) -> str:
    """Return what names a set of subscription ids, whatever their order and spelling."""
    lines = "".join(f"{each}\n" for each in sorted({each.lower() for each in subscriptions}))
    return hashlib.sha256(lines.encode()).hexdigest()


def whole_collection(manifests: Sequence[Manifest]) -> Shard | None:
    """Return what the shards tell of their collection if they make up all of it, else None."""
    shards = [each.shard for each in manifests if isinstance(each.shard, Shard)]
    if not shards or len(shards) != len(manifests):
        return None
    first = msgspec.structs.replace(shards[0], index=0, everything=True)
    alike = all(msgspec.structs.replace(each, index=0, everything=True) == first for each in shards)
    if not alike or len(shards) != first.count:
        return None
    if {each.index for each in shards} != set(range(1, first.count + 1)):
        return None
    read = {name for each in manifests for name in _subscriptions(each)}
    if subscriptions_digest(read) != first.subscriptions:
        return None
    return msgspec.structs.replace(first, everything=all(each.everything for each in shards))


def _subscriptions(manifest: Manifest) -> Iterator[str]:
    for scope in map(armid.key, manifest.scopes_read):
        if scope.startswith(_SUBSCRIPTIONS):
            yield scope.removeprefix(_SUBSCRIPTIONS)


def why_not_whole(manifests: Sequence[Manifest]) -> list[str]:
    """Return why the shards among the snapshots do not make up what they are parts of."""
    collections: dict[tuple[tuple[str, ...], int], list[Manifest]] = defaultdict(list)
    for each in manifests:
        if isinstance(each.shard, Shard):
            collections[each.shard.scopes_asked, each.shard.count].append(each)
    return [
        reason
        for (_, count), parts in sorted(collections.items(), key=lambda found: found[0])
        if (reason := _reason(parts, count))
    ]


def _reason(parts: Sequence[Manifest], count: int) -> str:
    there = {each.shard.index for each in parts if isinstance(each.shard, Shard)}
    missing = (str(index) for index in range(1, count + 1) if index not in there)
    named = list(itertools.islice(missing, _NAMED))
    if named:
        more = count - len(there) - len(named)
        told = f"{', '.join(named)}{f' and {more} more' if more else ''}"
        return f"of {count} shards, {told} {'are' if named[1:] else 'is'} not there"
    if whole_collection(parts) is None:
        return f"the {count} shards did not find the same subscriptions, so some may be missing"
    return ""


def refuse_repeated(parts: Sequence[tuple[Path, Manifest]]) -> None:
    """Raise where one snapshot is named twice, or two are the same shard of one collection.

    Raises:
        SnapshotError: it names both.
    """
    known: dict[object, Path] = {}
    for path, manifest in parts:
        shard = manifest.shard
        marks: dict[object, str] = {path.resolve(): "the same snapshot"}
        marks[msgspec.json.encode(manifest)] = "the same snapshot"
        if isinstance(shard, Shard):
            place = (shard.scopes_asked, shard.index, shard.count)
            marks[place] = f"shard {shard.index}/{shard.count} of one collection"
        for mark, what in marks.items():
            if mark in known:
                raise SnapshotError(
                    f"{known[mark]} and {path} are both {what}",
                    hint="Name each part once: a repeated one stands in for one that is missing.",
                )
            known[mark] = path
