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
    """What a scan is to collect first; what the config says where both lists are empty."""

    management_groups: tuple[str, ...] = ()
    subscriptions: tuple[str, ...] = ()
    cloud: str | None = None
    credential: Credential | None = None
    keep: Path | None = None
    """Where the collected snapshot stays; without it, it is gone after the scan."""


@contextlib.contextmanager
def source_of(source: Path | None, live: LiveArgs, config: Path | None) -> Iterator[Path]:
    """Yield the path to scan: the one that was given, or that of a fresh snapshot from Azure.

    Raises:
        UsageError: neither a path nor a scope was given, or a path and a scope as an option.
    """
    from scanner.config import load_config

    named = bool(live.management_groups or live.subscriptions)
    wanted = named or (source is None and load_config(config).collect.names_scopes)
    if wanted == (source is not None):
        raise UsageError(
            "a scan needs either a snapshot or a scope in Azure",
            hint="Name a SNAPSHOT, or --subscription or --management-group, or scopes under"
            " `collect` in the config.",
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
