"""What the README shows is what happens."""

from __future__ import annotations

import re
from pathlib import Path

from click.testing import CliRunner

from scanner.cli import cli

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ESTATE = ROOT / "fixtures" / "estates" / "contoso"


def test_first_run_is_real_output():
    match = re.search(r"```console\n\$ make scan\n(.*?)…\n```", README, re.DOTALL)
    assert match is not None
    config = ["--config", str(ESTATE / "azmlscan.yaml")]
    output = CliRunner().invoke(cli, ["scan", str(ESTATE), *config]).stdout
    assert output.startswith(match[1])


def test_links_lead_to_files():
    for target in re.findall(r"\]\(([^)#]+)", README):
        assert (ROOT / target).exists(), target
