"""What a run is about: what was asked for, and what that turned out to be."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import msgspec

from scanner.errors import CollectError
from scanner.snapshot import manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

GROUPS: Final = "/providers/Microsoft.Management/managementGroups"
BATCH: Final = 200
"""Subscriptions of one query; the service advises less than 300."""
SUBSCRIPTIONS: Final = "/subscriptions/"


class NothingReadError(CollectError):
    """There is no subscription that the identity can read."""

    exit_code = 3


class Shard(msgspec.Struct, frozen=True):
    """One of several runs that share the subscriptions."""

    index: int = 1
    count: int = 1

    def has(self, subscription: str) -> bool:
        """Tell whether a subscription belongs to this run; the same on every machine."""
        digest = hashlib.sha256(subscription.lower().encode()).digest()
        return int.from_bytes(digest[:8]) % self.count == self.index - 1

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


class Asked(msgspec.Struct, frozen=True):
    """What the user named; neither: everything that the identity can read."""

    groups: tuple[str, ...] = ()
    subscriptions: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    """Subscriptions that are not read, lower-cased."""

    @classmethod
    def of(
        cls, groups: Iterable[str], subscriptions: Iterable[str], excluded: Iterable[str] = ()
    ) -> Asked:
        """Return it without repetitions, with subscriptions in one spelling."""
        return cls(
            tuple(dict.fromkeys(groups)),
            tuple(dict.fromkeys(each.lower() for each in subscriptions)),
            tuple(sorted({each.lower() for each in excluded})),
        )

    @property
    def everything(self) -> bool:
        """Tell whether nothing was named."""
        return not self.groups and not self.subscriptions

    def ids(self) -> tuple[str, ...]:
        """Return the ARM ids of what was asked for, "/" for everything."""
        named = [f"{GROUPS}/{name}" for name in self.groups]
        named += [f"{SUBSCRIPTIONS}{each}" for each in self.subscriptions]
        return tuple(sorted(named)) or ("/",)


class Scope(msgspec.Struct, frozen=True):
    """What a run is about, once Azure has said what there is."""

    subscriptions: tuple[str, ...]
    """Readable ones of this shard: lower-cased, sorted."""
    asked: tuple[str, ...]
    """ARM ids for the manifest."""
    read: tuple[str, ...]
    """ARM ids below which tables are complete but for gaps."""
    shard: manifest.Shard | msgspec.UnsetType = msgspec.UNSET
    """What the manifest says of a run that is one of several."""

    def batches(self) -> Iterator[tuple[str, ...]]:
        """Yield the subscriptions as queries take them."""
        for start in range(0, len(self.subscriptions), BATCH):
            yield self.subscriptions[start : start + BATCH]
