"""`azmlscan scan`: evaluate rules against a snapshot and write reports."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  (tests read the annotations)
from pathlib import Path
from typing import Literal

import click

from scanner.cli.collect import CREDENTIALS, Credential
from scanner.cli.live import LiveArgs
from scanner.cli.reports import FORMATS, LEVELS, PROFILES, SarifOptions
from scanner.cli.scan_run import ScanArgs, run

SEVERITIES = ("critical", "high", "medium", "low", "info")


@click.command()
@click.argument(
    "source",
    metavar="[SNAPSHOT]",
    required=False,
    type=click.Path(path_type=Path, allow_dash=True),
)
@click.option(
    "--management-group",
    "management_groups",
    multiple=True,
    metavar="ID",
    help="Collect all subscriptions below this management group first. Repeatable.",
)
@click.option(
    "--subscription",
    "subscriptions",
    multiple=True,
    metavar="ID",
    help="Collect this subscription first. Repeatable.",
)
@click.option(
    "--cloud",
    metavar="NAME|FILE",
    help="Where to collect: public (the default), usgov, china, or a file that describes a cloud.",
)
@click.option(
    "--credential",
    type=click.Choice(CREDENTIALS),
    help="How to sign in to collect; `default` tries one after the other.",
)
@click.option(
    "--keep",
    metavar="SNAPSHOT",
    type=click.Path(path_type=Path),
    help="Keep the collected snapshot here.",
)
@click.option("--config", type=click.Path(path_type=Path), help="Config file (azmlscan.yaml).")
@click.option(
    "-f",
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    default="terminal",
    show_default=True,
    help="What to print on standard output.",
)
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write a report; the format follows from the ending: "
    f"{', '.join(found.extension for found in FORMATS.values() if found.extension)}. Repeatable.",
)
@click.option(
    "--output-dir",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write every report, the evidence and their digests to a new folder.",
)
@click.option(
    "--evidence",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write the evidence files that SARIF regions point into.",
)
@click.option(
    "--rules",
    "packs",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Add a rule pack: a folder or a file. Repeatable.",
)
@click.option(
    "--policy",
    "policies",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Also check Azure Policy definitions: a JSON file or a folder. Repeatable.",
)
@click.option(
    "--only", multiple=True, help="Run only these: id, glob, domain, severity or control."
)
@click.option("--skip", multiple=True, help="Leave these out: id, glob, domain, severity, control.")
@click.option(
    "--fail-on",
    type=click.Choice(SEVERITIES),
    default="high",
    show_default=True,
    help="Exit with 10 when something of this severity or above fails.",
)
@click.option(
    "--allow-unknown", is_flag=True, help="Exit with 0 even where something could not be read."
)
@click.option(
    "--exemptions",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Accept what this file exempts. Repeatable; the config's files come first.",
)
@click.option(
    "--as-of",
    metavar="DATE",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Day that exemptions are judged by; the snapshot's where this is not given.",
)
@click.option(
    "--baseline",
    metavar="RESULT",
    type=click.Path(path_type=Path),
    help="Compare with an earlier scan: its result.json, or its audit SARIF.",
)
@click.option(
    "--sarif-profile",
    type=click.Choice(PROFILES),
    default="code-scanning",
    show_default=True,
    help="SARIF of live failures for services that open alerts, or of everything for auditors.",
)
@click.option(
    "--sarif-max-level",
    type=click.Choice(LEVELS),
    default="error",
    show_default=True,
    help="Let no SARIF result have a higher level, so that a service's own check passes.",
)
@click.option(
    "--sarif-split",
    is_flag=True,
    help="Write a SARIF file for every subscription: NAME-SUBSCRIPTION.sarif beside NAME.sarif.",
)
@click.option("--new-only", is_flag=True, help="Let only what is new since the baseline count.")
@click.pass_context
def scan(
    ctx: click.Context,
    source: Path | None,
    management_groups: tuple[str, ...],
    subscriptions: tuple[str, ...],
    cloud: str | None,
    credential: Credential | None,
    keep: Path | None,
    config: Path | None,
    format_: str,
    outputs: tuple[Path, ...],
    evidence: Path | None,
    packs: tuple[Path, ...],
    policies: tuple[Path, ...],
    only: tuple[str, ...],
    skip: tuple[str, ...],
    fail_on: str,
    allow_unknown: bool,
    exemptions: tuple[Path, ...],
    as_of: datetime | None,
    baseline: Path | None,
    new_only: bool,
    output_dir: Path | None,
    sarif_profile: Literal["code-scanning", "audit"],
    sarif_max_level: str,
    sarif_split: bool,
) -> None:
    """Evaluate the rules against SNAPSHOT, without network or credentials, or against Azure.

    SNAPSHOT is a folder or .zip that `collect` or `snapshot import` wrote, or directly a JSON
    export of Azure resources (`-` reads one from standard input). With --subscription or
    --management-group instead, or scopes under `collect` in the config, the estate is collected
    first.

    Exit codes: 0 clean, 10 findings, 4 incomplete, 3 nothing to check, 2 wrong usage, 1 failed.

    \b
    azmlscan scan estate/ --config azmlscan.yaml -o results.sarif -o report.md
    """  # noqa: D301
    args = ScanArgs(
        source,
        config,
        format_,
        outputs,
        evidence,
        packs,
        policies,
        only,
        skip,
        fail_on,
        allow_unknown,
        exemptions,
        as_of,
        baseline,
        new_only,
        output_dir,
        SarifOptions(sarif_profile, sarif_max_level, sarif_split),
        LiveArgs(management_groups, subscriptions, cloud, credential, keep),
    )
    ctx.exit(run(args))
