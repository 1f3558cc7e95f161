"""Chooses rules and evaluates them: what every command that needs verdicts does alike."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scanner.config import Config
    from scanner.engine.parameters import Settings
    from scanner.engine.result import ScanResult
    from scanner.engine.rules import RuleFile
    from scanner.snapshot import Snapshot


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """What is to be evaluated, known to be right before a snapshot is opened."""

    config: Config
    packs: tuple[Path, ...]
    """Every pack in use, the built-in one first."""
    loaded: Sequence[RuleFile]
    """The rules of all packs."""
    chosen: Sequence[RuleFile]
    """Those of them that are wanted; the ones newer than the pinned rule set are previews."""
    settings: Settings

    def run(self, snapshot: Snapshot) -> ScanResult:
        """Return the verdicts of the chosen rules on the snapshot's resources."""
        from scanner.engine.evaluate import evaluate
        from scanner.inventory.estate import load_estate

        return evaluate(self.chosen, self.settings, load_estate(snapshot, self.config))


def prepared(
    config: Path | None,
    packs: Sequence[Path] = (),
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
) -> Evaluation:
    """Load config and rules, and choose the rules that config and options want.

    Raises ConfigError, RuleError or UsageError for what is wrong with any of them.
    """
    from scanner.config import load_config
    from scanner.engine.packs import built_in_pack, load_packs, pin, select
    from scanner.engine.parameters import Settings

    found = load_config(config)
    every = (built_in_pack(), *map(Path, found.rules.packs), *packs)
    loaded = load_packs(every)
    settings = Settings(found, loaded)
    wanted = select(loaded, found.rules.only, found.rules.skip)
    chosen = pin(select(wanted, only, skip), found.rules.ruleset, built_in_pack())
    return Evaluation(found, every, loaded, chosen, settings)
