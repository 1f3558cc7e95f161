"""`azmlscan collect`: read an estate from Azure into a snapshot."""

from __future__ import annotations

import dataclasses
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import click

if TYPE_CHECKING:
    from scanner.collect.run import Collected, Options
    from scanner.collect.scopes import Shard
    from scanner.snapshot import Gap

Credential = Literal["default", "cli", "environment", "managed-identity", "workload-identity"]
CREDENTIALS = get_args(Credential)
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_GROUP = re.compile(r"[A-Za-z0-9_().-]{1,90}")
_SHARD = re.compile(r"([1-9][0-9]{0,4})/([1-9][0-9]{0,4})")
_SHOWN = 10
"""Gaps that are listed one by one."""


@dataclasses.dataclass(frozen=True)
class CollectArgs:
    """What `azmlscan collect` was asked for."""

    output: Path
    management_groups: tuple[str, ...] = ()
    subscriptions: tuple[str, ...] = ()
    config: Path | None = None
    cloud: str = "public"
    credential: Credential = "default"
    concurrency: int = 16
    deadline: float | None = None
    resume: bool = False
    shard: str = "1/1"


@click.command()
@click.option(
    "--management-group",
    "management_groups",
    multiple=True,
    metavar="ID",
    help="Read all subscriptions below this management group. Repeatable.",
)
@click.option(
    "--subscription",
    "subscriptions",
    multiple=True,
    metavar="ID",
    help="Read this subscription. Repeatable.",
)
@click.option("--config", type=click.Path(path_type=Path), help="Config file (azmlscan.yaml).")
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="SNAPSHOT",
    type=click.Path(path_type=Path),
    help="Folder to make, or a file ending in .zip.",
)
@click.option(
    "--cloud",
    default="public",
    show_default=True,
    metavar="NAME|FILE",
    help="public, usgov, china, or a file that describes a cloud.",
)
@click.option(
    "--credential",
    type=click.Choice(CREDENTIALS),
    default="default",
    show_default=True,
    help="How to sign in; the default tries one after the other.",
)
@click.option(
    "--concurrency",
    type=click.IntRange(1, 256),
    default=16,
    show_default=True,
    help="Requests at the same time.",
)
@click.option(
    "--deadline",
    type=click.FloatRange(min=1),
    metavar="SECONDS",
    help="Stop reading after this time; what is missing then are gaps.",
)
@click.option("--resume", is_flag=True, help="Go on with an interrupted run, if there is one.")
@click.option(
    "--shard",
    default="1/1",
    metavar="I/N",
    help="Read only the I-th of N parts of the subscriptions; join them with `snapshot merge`.",
)
def collect(
    management_groups: tuple[str, ...],
    subscriptions: tuple[str, ...],
    config: Path | None,
    output: Path,
    cloud: str,
    credential: Credential,
    concurrency: int,
    deadline: float | None,
    resume: bool,
    shard: str,
) -> None:
    """Read an estate from Azure into SNAPSHOT. Changes nothing there.

    Without a management group or subscription it reads everything that the identity can read.
    The role Reader is enough. What cannot be read is recorded as a gap; the exit code is 3 where
    that is everything.

    \b
    Example:
      azmlscan collect --management-group contoso -o estate
    """  # noqa: D301
    args = CollectArgs(
        output,
        management_groups,
        subscriptions,
        config,
        cloud,
        credential,
        concurrency,
        deadline,
        resume,
        shard,
    )
    run(args)


def run(args: CollectArgs) -> Path:
    """Collect with progress on stderr, say there what came of it, and return the snapshot's path.

    Raises:
        ScannerError: nothing was written; what was read may be there for `--resume`.
    """
    from scanner.collect.progress import make_display
    from scanner.collect.run import collect as collect_estate
    from scanner.collect.run import state_folder

    options = _options(args)
    try:
        with make_display(terminal=sys.stderr.isatty(), write=_say) as display:
            collected = collect_estate(options, display, lambda: datetime.now(UTC))
    except BaseException:
        if state_folder(args.output).is_dir():
            _say(f"What was read is in {state_folder(args.output)}: add --resume to go on from it.")
        raise
    _tell(args.output, collected)
    return args.output


def _options(args: CollectArgs) -> Options:
    from scanner.collect.cloud import find_cloud
    from scanner.collect.run import Options
    from scanner.collect.scopes import Asked
    from scanner.config import load_config

    groups = tuple(_checked(_GROUP, each, "management group") for each in args.management_groups)
    subscriptions = tuple(
        _checked(_GUID, each, "subscription").lower() for each in args.subscriptions
    )
    return Options(
        output=args.output,
        cloud=find_cloud(args.cloud),
        asked=Asked(tuple(dict.fromkeys(groups)), tuple(dict.fromkeys(subscriptions))),
        shard=_shard(args.shard),
        credential=args.credential,
        concurrency=args.concurrency,
        deadline=args.deadline,
        resume=args.resume,
        estate=load_config(args.config).estate,
    )


def _checked(form: re.Pattern[str], value: str, what: str) -> str:
    """Return the id of a scope, which may be given as a whole ARM id."""
    from scanner.errors import UsageError

    name = value.rstrip("/").rpartition("/")[2]
    if form.fullmatch(name) is None:
        raise UsageError(f"{value!r} is no id of a {what}", hint="Names do not count, only ids.")
    return name


def _shard(text: str) -> Shard:
    from scanner.collect.scopes import Shard
    from scanner.errors import UsageError

    match = _SHARD.fullmatch(text)
    if match is None or int(match[1]) > int(match[2]):
        raise UsageError(f"{text!r} is no shard", hint="Write I/N with I from 1 to N: 2/8.")
    return Shard(int(match[1]), int(match[2]))


def _tell(output: Path, collected: Collected) -> None:
    manifest = collected.manifest
    for gap in manifest.gaps[:_SHOWN]:
        _say(_told(gap))
    if len(manifest.gaps) > _SHOWN:
        _say(f"{len(manifest.gaps) - _SHOWN} more gaps: `azmlscan snapshot info {output}`")
    rows = sum(table.rows for table in manifest.tables.values())
    redacted = sum(found.count for found in manifest.redactions)
    waited = f", {collected.waited:.0f} s waited for quota" if collected.waited >= 1 else ""
    _say(
        f"{output}: {rows} records in {len(manifest.tables)} tables, {len(manifest.gaps)} gaps,"
        f" {redacted} secrets redacted{waited}"
    )


def _told(gap: Gap) -> str:
    lacking = f"; needs {gap.permission}" if gap.permission else ""
    status = f"{gap.status} " if gap.status else ""
    return f"gap: {gap.table} at {gap.scope}: {status}{gap.code}{lacking}"


def _say(text: str) -> None:
    """Write one line; it may quote what came from Azure."""
    from scanner.report.text import one_line

    click.echo(one_line(text), err=True)
