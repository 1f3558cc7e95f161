"""What `azmlscan scan` does once it knows what was asked for."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import click

from scanner.cli.live import LiveArgs
from scanner.cli.reports import (
    SarifOptions,
    Scanned,
    format_of,
    print_report,
    write_report,
    write_run,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from scanner.azurepolicy.definitions import Definition
    from scanner.engine.result import ScanResult
    from scanner.snapshot import Snapshot


@dataclasses.dataclass(frozen=True)
class ScanArgs:
    """What `azmlscan scan` was asked for."""

    source: Path | None
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
    exemptions: tuple[Path, ...] = ()
    as_of: datetime | None = None
    baseline: Path | None = None
    new_only: bool = False
    output_dir: Path | None = None
    sarif: SarifOptions = dataclasses.field(default_factory=SarifOptions)
    live: LiveArgs = dataclasses.field(default_factory=LiveArgs)


def run(args: ScanArgs) -> int:
    """Scan, write the reports, and return the exit code of the gate."""
    from scanner.azurepolicy import load_definitions
    from scanner.cli.estate import opened
    from scanner.cli.evaluation import prepared
    from scanner.cli.history import prepared_history
    from scanner.cli.live import source_of
    from scanner.engine.gate import decide
    from scanner.engine.result import Severity
    from scanner.files import check_writable, refuse_existing

    formats = {path: format_of(path) for path in args.outputs}
    _check(args, formats)
    for path in formats:
        check_writable(path)
    if args.output_dir is not None:
        refuse_existing(args.output_dir)
    evaluation = prepared(args.config, args.packs, args.only, args.skip)
    definitions = [found for path in args.policies for found in load_definitions(path)]
    history = prepared_history(
        evaluation, args.exemptions, args.baseline, args.as_of, new_only=args.new_only
    )
    with source_of(args.source, args.live, args.config) as source, opened(source) as snapshot:
        result = evaluation.run(snapshot)
        if definitions:
            result = _with_policies(result, definitions, snapshot)
        result = history.applied(result)
        answer = decide(
            result,
            Severity(args.fail_on),
            allow_unknown=args.allow_unknown,
            new_only=args.new_only,
        )
        _write(args, formats, Scanned(result, snapshot, evaluation, answer, args.sarif))
    return int(answer.code)


def _check(args: ScanArgs, formats: dict[Path, str]) -> None:
    from scanner.errors import UsageError

    if args.sarif.split and ("sarif" not in formats.values() or args.sarif.profile == "audit"):
        raise UsageError(
            "--sarif-split writes several files of the profile code-scanning",
            hint="Name the first of them: -o results.sarif.",
        )


def _with_policies(
    result: ScanResult, definitions: Sequence[Definition], snapshot: Snapshot
) -> ScanResult:
    """Return the result with the verdicts of Azure Policy definitions beside those of the rules."""
    from scanner.azurepolicy import policy_assessments, with_policies
    from scanner.report.text import clean

    found = policy_assessments(definitions, result.estate, snapshot.records)
    for definition, reason in found.not_evaluated:
        title = "" if definition.title == definition.id else f" ({definition.title})"
        note = clean(f"note: policy {definition.id}{title} is not evaluated: {reason}")
        click.echo(note, err=True)
    return with_policies(result, found)


def _write(args: ScanArgs, formats: dict[Path, str], scanned: Scanned) -> None:
    """Write every report whole or not at all, then print the one for standard output."""
    from scanner.report.evidence import write_evidence

    if args.evidence is not None:
        write_evidence(scanned.result, scanned.snapshot.fetch, args.evidence)
    for path, format_ in formats.items():
        write_report(format_, scanned, path)
    if args.output_dir is not None:
        write_run(scanned, args.output_dir)
    print_report(args.format, scanned)
