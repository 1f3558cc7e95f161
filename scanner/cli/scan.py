"""`azmlscan scan`: evaluate rules against a snapshot and write reports."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scanner.azurepolicy.definitions import Definition
    from scanner.config import Config
    from scanner.engine.gate import GateAnswer
    from scanner.engine.result import ScanResult
    from scanner.engine.rules import RuleFile
    from scanner.snapshot import Snapshot

FORMATS = ("terminal", "json", "markdown", "sarif")
SEVERITIES = ("critical", "high", "medium", "low", "info")
_BY_EXTENSION = {".json": "json", ".md": "markdown", ".sarif": "sarif", ".txt": "terminal"}


@dataclasses.dataclass(frozen=True)
class ScanArgs:
    """What `azmlscan scan` was asked for."""

    source: Path
    config: Path | None
    format: str
    outputs: tuple[Path, ...]
    evidence: Path | None
    packs: tuple[Path, ...]
    policies: tuple[Path, ...]
    only: tuple[str, ...]
    skip: tuple[str, ...]
    fail_on: str
    allow_unknown: bool


@click.command()
@click.argument("source", metavar="SNAPSHOT", type=click.Path(path_type=Path, allow_dash=True))
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
    help="Also write a report; the format follows from .json, .md, .sarif or .txt. Repeatable.",
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
@click.pass_context
def scan(
    ctx: click.Context,
    source: Path,
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
) -> None:
    r"""Evaluate the rules against SNAPSHOT. Needs no network and no credentials.

    SNAPSHOT is a folder or .zip that `collect` or `snapshot import` wrote, or directly a JSON
    export of Azure resources (`-` reads one from standard input).

    Exit codes: 0 clean, 10 findings, 4 incomplete, 3 nothing to check, 2 wrong usage, 1 failed.

    \b
    azmlscan scan estate/ --config azmlscan.yaml -o results.sarif -o report.md
    """
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
    )
    ctx.exit(run(args))


def run(args: ScanArgs) -> int:
    """Scan, write the reports, and return the exit code of the gate."""
    from scanner.azurepolicy import load_definitions
    from scanner.cli.estate import opened
    from scanner.config import load_config
    from scanner.engine.evaluate import evaluate
    from scanner.engine.gate import decide
    from scanner.engine.packs import built_in_pack, load_packs
    from scanner.engine.parameters import Settings
    from scanner.engine.result import Severity
    from scanner.inventory.estate import load_estate

    formats = {path: _format_of(path) for path in args.outputs}
    config = load_config(args.config)
    loaded = load_packs([built_in_pack(), *map(Path, config.rules.packs), *args.packs])
    settings = Settings(config, loaded)
    rules = _chosen(loaded, args, config)
    definitions = [found for path in args.policies for found in load_definitions(path)]
    with opened(args.source) as snapshot:
        result = evaluate(rules, settings, load_estate(snapshot, config))
        if definitions:
            result = _with_policies(result, definitions, snapshot)
        answer = decide(result, Severity(args.fail_on), allow_unknown=args.allow_unknown)
        _write(args, formats, result, snapshot, answer)
    return int(answer.code)


def _format_of(path: Path) -> str:
    from scanner.errors import UsageError

    found = _BY_EXTENSION.get(path.suffix.lower())
    if found is None:
        known = ", ".join(_BY_EXTENSION)
        raise UsageError(f"cannot tell the format of {path}", hint=f"Name it with one of {known}.")
    return found


def _chosen(loaded: list[RuleFile], args: ScanArgs, config: Config) -> Sequence[RuleFile]:
    from scanner.engine.packs import pin, select

    wanted = select(loaded, config.rules.only, config.rules.skip)
    return pin(select(wanted, args.only, args.skip), config.rules.ruleset)


def _with_policies(
    result: ScanResult, definitions: Sequence[Definition], snapshot: Snapshot
) -> ScanResult:
    """Return the result with the verdicts of Azure Policy definitions beside those of the rules."""
    from scanner.azurepolicy import policy_assessments, with_policies

    found = policy_assessments(definitions, result.estate, snapshot.records)
    for definition, reason in found.not_evaluated:
        click.echo(f"note: policy {definition.id} is not evaluated: {reason}", err=True)
    return with_policies(result, found)


def _write(
    args: ScanArgs,
    formats: dict[Path, str],
    result: ScanResult,
    snapshot: Snapshot,
    answer: GateAnswer,
) -> None:
    """Write every report whole or not at all, then print the one for standard output."""
    from scanner.cli.reports import print_report, write_report
    from scanner.report.evidence import write_evidence

    if args.evidence is not None:
        write_evidence(result, snapshot.fetch, args.evidence)
    for path, format_ in formats.items():
        write_report(format_, result, snapshot, path, answer)
    print_report(args.format, result, snapshot, answer)
