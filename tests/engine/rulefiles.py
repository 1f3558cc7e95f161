"""Small rules written to a folder, for tests of the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from scanner.engine.rules import RuleFile, load_rule

if TYPE_CHECKING:
    from pathlib import Path

LIMITED: dict[str, Any] = {
    "require": {
        "not": {"field": "scaleSettings.minNodeCount", "greater": "[parameters('maxNodes')]"}
    },
    "parameters": {
        "maxNodes": {"type": "integer", "default": 0, "description": "Highest allowed minimum."}
    },
}
"""A rule whose verdict hangs on a parameter."""


def write(folder: Path, rule_id: str, name: str = "own-rule", **changes: Any) -> Path:
    rule: dict[str, Any] = {
        "id": rule_id,
        "name": name,
        "title": "Compute cluster keeps nodes running",
        "severity": "high",
        "since": "0.1.0",
        "resource": "compute",
        "require": {"field": "computeType", "equals": "AmlCompute"},
        "message": "{name} is of type {computeType}.",
        "rationale": "Nodes of the minimum are paid for around the clock, whether a job runs or not.",
        "remediation": {"text": "Set the minimum number of nodes to 0."},
        "controls": ["azure-policy/Deny-MachineLearningComputeCluster-Scale"],
        "references": ["https://learn.microsoft.com/azure/machine-learning/"],
    }
    rule["rationale"] += " GPU nodes cost many times what others do."
    path = folder / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(rule | changes, sort_keys=False), encoding="utf-8")
    return path


def rule(
    folder: Path, rule_id: str = "XXX-CMP-901", name: str = "own-rule", **changes: Any
) -> RuleFile:
    return load_rule(write(folder, rule_id, name, **changes))
