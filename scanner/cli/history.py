"""What a scan takes from before: exemptions, and the earlier result that it is compared with."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from scanner.cli.evaluation import Evaluation
    from scanner.engine.controls import Controls
    from scanner.engine.exemptions import ExemptionFile
    from scanner.engine.recorded import Recorded
    from scanner.engine.result import ScanResult


@dataclasses.dataclass(frozen=True)
class History:
    """Exemptions and baseline, known to be readable before a snapshot is opened."""

    exemptions: Sequence[ExemptionFile]
    baseline: Recorded | None
    as_of: date | None
    """The day that exemptions are judged by, `None` for the snapshot's."""
    rules: frozenset[str] = frozenset()
    """The ids of all rules that there are."""
    controls: Controls | None = None
    """All controls that there are; `None` where the exemptions files attest none."""

    def applied(self, result: ScanResult) -> ScanResult:
        """Return the result compared with the baseline, then with its failures exempted.

        In this order, so that a failure carried forward from the baseline can be exempted too.
        """
        from scanner.engine.baseline import apply_baseline
        from scanner.engine.exempt import apply_exemptions

        if self.baseline is not None:
            _warn(self.baseline, result)
            result = apply_baseline(result, self.baseline)
        return apply_exemptions(result, self.exemptions, self.as_of, self.rules, self.controls)


def prepared_history(
    evaluation: Evaluation,
    exemptions: Sequence[Path] = (),
    baseline: Path | None = None,
    as_of: datetime | None = None,
    *,
    new_only: bool = False,
) -> History:
    """Load the exemptions of the config and of the options, and the baseline.

    Raises ExemptionError, RuleError or ScannerError for a file that is wrong, UsageError for
    `new_only` without a baseline.
    """
    from scanner.engine.control_files import load_controls
    from scanner.engine.earlier import load_result
    from scanner.engine.exemptions import load_exemptions
    from scanner.errors import UsageError

    if new_only and baseline is None:
        raise UsageError("--new-only needs a baseline", hint="Name one with --baseline.")
    config = evaluation.config
    paths = [*map(Path, config.exemptions), *exemptions]
    files = load_exemptions(paths, config.max_exemption_days)
    attested = any(file.attestations for file in files)
    return History(
        files,
        load_result(baseline) if baseline is not None else None,
        as_of.date() if as_of is not None else None,
        frozenset(loaded.rule.id for loaded in evaluation.loaded),
        load_controls(evaluation.packs, evaluation.loaded) if attested else None,
    )


def _warn(baseline: Recorded, result: ScanResult) -> None:
    """Say what makes a baseline doubtful, though it can be compared with."""
    before, now = baseline.snapshot, result.manifest
    if before.estate != now.estate:
        click.echo(f"note: the baseline is of estate '{before.estate}'", err=True)
    if before.finished > now.finished:
        text = f"note: the baseline is later than the snapshot: {before.finished}"
        click.echo(text, err=True)
