"""`azmlscan collect`: read an estate from Azure into a snapshot."""

from __future__ import annotations

import dataclasses
import re
import sys
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from scanner.collect.run import Collected, Options
    from scanner.collect.scopes import Asked, Shard
    from scanner.config import Collecting
    from scanner.snapshot import Gap

Credential = Literal["default", "cli", "environment", "managed-identity", "workload-identity"]
CREDENTIALS = get_args(Credential)
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_GROUP = re.compile(r"[A-Za-z0-9_().-]{1,90}")
_SHARD = re.compile(r"([1-9][0-9]{0,4})/([1-9][0-9]{0,4})")
_SHOWN = 10
"""Lines about gaps."""


@dataclasses.dataclass(frozen=True)
class CollectArgs:
    """What `azmlscan collect` was asked for."""

    output: Path
    management_groups: tuple[str, ...] = ()
    subscriptions: tuple[str, ...] = ()
    config: Path | None = None
    cloud: str | None = None
    credential: Credential | None = None
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
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="Config file (azmlscan.yaml): its `collect` section says what the options do not.",
)
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
    metavar="NAME|FILE",
    help="public (the default), usgov, china, or a file that describes a cloud.",
)
@click.option(
    "--credential",
    type=click.Choice(CREDENTIALS),
    help="How to sign in; `default` tries one after the other.",
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
    cloud: str | None,
    credential: Credential | None,
    concurrency: int,
    deadline: float | None,
    resume: bool,
    shard: str,
) -> None:
    """Read an estate from Azure into SNAPSHOT. Changes nothing there.

    Without a management group or subscription, given here or under `collect` in the config, it
    reads everything that the identity can read.
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
    from scanner.config import load_config

    config = load_config(args.config)
    return Options(
        output=args.output,
        cloud=find_cloud(args.cloud or config.collect.cloud or "public"),
        asked=_asked(args, config.collect),
        shard=_shard(args.shard),
        credential=args.credential or config.collect.credential or "default",
        concurrency=args.concurrency,
        deadline=args.deadline,
        resume=args.resume,
        estate=config.estate,
    )


def _asked(args: CollectArgs, section: Collecting) -> Asked:
    """Return what to read: as the options say, else as the config says."""
    from scanner.collect.scopes import Asked

    groups = [_checked(_GROUP, each, "management group") for each in args.management_groups]
    subscriptions = [_checked(_GUID, each, "subscription") for each in args.subscriptions]
    if groups or subscriptions:
        return Asked.of(groups, subscriptions)
    return Asked.of(
        section.management_groups, section.subscriptions, section.excluded_subscriptions
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
    lines = list(_told(manifest.gaps))
    for line in lines[:_SHOWN]:
        _say(line)
    if lines:
        _say(f"{_more(lines, _SHOWN)}The gaps in full: `azmlscan snapshot info {output}`")
    rows = sum(table.rows for table in manifest.tables.values())
    redacted = sum(found.count for found in manifest.redactions)
    waited = f", {collected.waited:.0f} s waited for quota" if collected.waited >= 1 else ""
    _say(
        f"{output}: {rows} records in {len(manifest.tables)} tables, {len(manifest.gaps)} gaps,"
        f" {redacted} secrets redacted{waited}"
    )


def _told(gaps: Iterable[Gap]) -> Iterator[str]:
    """Yield a line for all tables and places that have a gap for the same reason."""
    tables: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for gap in gaps:
        status = f"{gap.status} " if gap.status else ""
        lacking = f"; needs {gap.permission}" if gap.permission else ""
        tables[gap.scope, f"{status}{gap.code or gap.operation}", lacking].append(gap.table)
    places: dict[tuple[tuple[str, ...], str, str], list[str]] = defaultdict(list)
    for (scope, reason, lacking), short in tables.items():
        places[tuple(short), reason, lacking].append(scope)
    for (names, reason, lacking), scopes in places.items():
        yield f"gap: {_few(names)} at {_few(scopes, 1)}: {reason}{lacking}"


def _few(names: Sequence[str], number: int = 3) -> str:
    """Return the first names, and how many more there are."""
    more = f" and {len(names) - number} more" if len(names) > number else ""
    return f"{', '.join(names[:number])}{more}"


def _more(lines: Sequence[str], shown: int) -> str:
    return f"… and {len(lines) - shown} more kinds of gaps. " if len(lines) > shown else ""


def _say(text: str) -> None:
    """Write one line; it may quote what came from Azure."""
    from scanner.report.text import one_line

    click.echo(one_line(text), err=True)
