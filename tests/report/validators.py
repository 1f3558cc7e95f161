"""Validators of SARIF from outside, each skipped with a notice where a machine does not have it.

The npm packages `jsonschema@1.5.0` and `@microsoft/sarif-multitool@5.7.0` are looked for in the
folders of NODE_PATH.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

SHARED = Path(__file__).parents[3] / "shared"
SCHEMA = SHARED / "reference" / "sarif-schema-2.1.0.json"
GATE = SHARED / "checks" / "sarif_gate.js"
CONFIG = SHARED / "reference" / "multitool-config.xml"
_BINARY = "@microsoft/sarif-multitool-linux/Sarif.Multitool"


@cache
def schema() -> Any:
    """Return the validator of the OASIS schema."""
    if not SCHEMA.is_file():
        pytest.skip(f"no SARIF schema at {SCHEMA}")
    return jsonschema.Draft4Validator(
        json.loads(SCHEMA.read_bytes()), format_checker=jsonschema.FormatChecker()
    )


def gate(file: Path) -> list[str]:
    """Return what the client of code scanning says against a file."""
    node = shutil.which("node")
    if node is None or not GATE.is_file():
        pytest.skip("no node or no sarif_gate.js")
    done = _run([node, str(GATE), str(file)])
    if "Cannot find module 'jsonschema'" in done.stderr:
        pytest.skip("node has no jsonschema@1.5.0: install it and name its folder in NODE_PATH")
    lines = (done.stdout + done.stderr).splitlines()
    return lines or ([] if done.returncode == 0 else [f"exit code {done.returncode}"])


def multitool(file: Path, out: Path) -> list[str]:
    """Return the errors that Microsoft's multitool reports; its exit code says nothing of them."""
    if not CONFIG.is_file():
        pytest.skip(f"no configuration of the multitool at {CONFIG}")
    done = _run(
        [
            *(_multitool(), "validate", str(file), "--rule-kind", "Sarif;Ghas"),
            *("--config", str(CONFIG), "--level", "Error", "--log", "ForceOverwrite"),
            *("-o", str(out), "--max-file-size-in-kb", "2000000"),
        ]
    )
    # It skips files and stops over some of them with nothing but these in its output.
    trouble = re.findall(r"ERR99\d.*", done.stdout + done.stderr)
    found = json.loads(out.read_bytes())["runs"][0]
    return [*trouble, *(result["ruleId"] for result in found["results"])]


def match_forward(new: Path, old: Path, out: Path) -> dict[str, Any]:
    """Return a log as the multitool compares it with the one before."""
    arguments = ["match-results-forward", str(new), "--previous", str(old)]
    _run([_multitool(), *arguments, "--output-file-path", str(out), "--log", "ForceOverwrite"])
    log: dict[str, Any] = json.loads(out.read_bytes())
    return log


def _multitool() -> str:
    for folder in os.environ.get("NODE_PATH", "").split(os.pathsep):
        binary = Path(folder) / _BINARY
        if folder and os.access(binary, os.X_OK):
            return str(binary)
    pytest.skip("no executable @microsoft/sarif-multitool-linux in the folders of NODE_PATH")


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    names = ("PATH", "NODE_PATH", "HOME", "TMPDIR")
    environment = {name: os.environ[name] for name in names if name in os.environ}
    environment["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1"
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
