"""Where a scan's snapshot comes from: a path, or Azure itself, collected for this run."""

from __future__ import annotations

import contextlib
import dataclasses
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from scanner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scanner.cli.collect import Credential


@dataclasses.dataclass(frozen=True)
class LiveArgs:
    """What a scan is to collect first; nothing where both lists are empty."""

    management_groups: tuple[str, ...] = ()
    subscriptions: tuple[str, ...] = ()
    cloud: str = "public"
    credential: Credential = "default"
    keep: Path | None = None
    """Where the collected snapshot stays; without it, it is gone after the scan."""


@contextlib.contextmanager
def source_of(source: Path | None, live: LiveArgs, config: Path | None) -> Iterator[Path]:
    """Yield the path to scan: the one that was given, or that of a fresh snapshot from Azure.

    Raises:
        UsageError: neither a path nor a scope was given, or both.
    """
    wanted = bool(live.management_groups or live.subscriptions)
    if wanted == (source is not None):
        raise UsageError(
            "a scan needs either a snapshot or a scope in Azure",
            hint="Name a SNAPSHOT, or --subscription or --management-group.",
        )
    if source is not None:
        yield source
        return
    with tempfile.TemporaryDirectory(prefix="azmlscan-") as folder:
        yield _collected(live, live.keep or Path(folder) / "estate", config)


def _collected(live: LiveArgs, output: Path, config: Path | None) -> Path:
    from scanner.cli.collect import CollectArgs, run

    return run(
        CollectArgs(
            output=output,
            management_groups=live.management_groups,
            subscriptions=live.subscriptions,
            config=config,
            cloud=live.cloud,
            credential=live.credential,
        )
    )
