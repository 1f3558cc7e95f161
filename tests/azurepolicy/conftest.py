"""Estates made from raw records, with the records beside them, as definitions need both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from scanner.config import load_config
from scanner.inventory.build import build
from scanner.inventory.estate import Estate
from scanner.inventory.kinds import TABLE_KINDS
from scanner.snapshot.manifest import Gap, Manifest, Table
from scanner.snapshot.tables import OTHER, TABLE_OF_TYPE, TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

TIME = "2026-11-01T00:00:00Z"


class World(NamedTuple):
    estate: Estate
    records: Callable[[str], Iterable[Mapping[str, Any]]]


def make_world(raws: Iterable[Mapping[str, Any]], unread: Collection[str] = ()) -> World:
    """Return the estate of records, with every table complete but those named in `unread`."""
    tables: dict[str, list[Mapping[str, Any]]] = {name: [] for name in TABLES if name not in unread}
    for raw in raws:
        table = TABLE_OF_TYPE.get(str(raw["type"]).lower(), OTHER)
        if table in tables:
            tables[table].append(raw)
    built: dict[str, list[Any]] = {}
    for table, rows in tables.items():
        for number, raw in enumerate(rows):
            for cls in TABLE_KINDS.get(table, ()):
                for resource in build(cls, dict(raw), number):
                    built.setdefault(resource.KIND, []).append(resource)
    manifest = Manifest(
        tool_version="0",
        started=TIME,
        finished=TIME,
        scopes_asked=("/",),
        scopes_read=("/",),
        tables={name: Table(len(rows), 0, "") for name, rows in tables.items()},
        gaps=tuple(Gap(name, "/", "GET", 403) for name in sorted(unread)),
    )
    return World(Estate(built, manifest, load_config(None)), tables.__getitem__)


@pytest.fixture(scope="session")
def world() -> Callable[..., World]:
    """A function that makes an estate of records."""
    return make_world
