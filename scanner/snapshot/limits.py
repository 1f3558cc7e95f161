"""What a snapshot may hold at most, so that a hostile or broken one ends in a clear error."""

from __future__ import annotations

from typing import Final

import msgspec


class Limits(msgspec.Struct, frozen=True):
    """Upper bounds; the defaults are far above any real estate. Sizes are bytes."""

    record: int = 16 * 2**20
    """One record. Resource Graph sends no response above 16 MiB."""
    total: int = 64 * 2**30
    """All records together, uncompressed."""
    entries: int = 1_000
    """Files in a snapshot."""
    depth: int = 100
    """Nesting of one record."""
    manifest: int = 256 * 2**20
    export: int = 2**30
    """One file to import: it is held in memory as it is, its records are not."""


LIMITS: Final = Limits()
