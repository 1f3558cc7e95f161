"""What `azmlscan scan` says of whole estates, word for word: a finding more fails as one less does.

After a change that is meant, `pytest tests/report/test_golden.py --snapshot-update` writes the
files anew; their difference is what the change does to reports.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from scanner import __version__
from scanner.cli import cli

if TYPE_CHECKING:
    from collections.abc import Iterator

ESTATES = ("contoso", "refused")


class _Text(SingleFileSnapshotExtension):
    _write_mode = WriteMode.TEXT


class _Markdown(_Text):
    file_extension = "md"


class _Plain(_Text):
    file_extension = "txt"


@pytest.fixture(params=ESTATES)
def scanned(request, estates):
    """Return the function that scans an estate and returns one format, without the version."""
    estate = estates / request.param

    def scan(format_: str) -> str:
        args = ["scan", str(estate), "--config", str(estate / "azmlscan.yaml"), "-f", format_]
        result = CliRunner().invoke(cli, args)
        assert result.exit_code in {4, 10}, result.output
        return result.stdout.replace(__version__, "VERSION")

    return scan


def test_markdown(scanned, snapshot):
    # How to mend it is the rule's own text, and its page is tested elsewhere.
    text = re.sub(r"(?s)\*\*Fix\.\*\*.*?(?=</details>)", "", scanned("markdown"))
    assert text == snapshot(extension_class=_Markdown)


def test_terminal(scanned, snapshot):
    assert scanned("terminal") == snapshot(extension_class=_Plain)


def test_json(scanned, snapshot):
    result = json.loads(scanned("json"))
    lines = [json.dumps(result["summary"], indent=1), *map(_told, _rows(result))]
    assert "\n".join(lines) + "\n" == snapshot(extension_class=_Plain)


def _rows(result: dict[str, Any]) -> Iterator[dict[str, Any]]:
    quiet = {"pass", "not_applicable"}
    yield from (row for row in result["results"] if row["verdict"] not in quiet)


def _told(row: dict[str, Any]) -> str:
    evidence = "".join(
        f"\n  {found['path']}: {json.dumps(found['actual'], sort_keys=True)} / {found['expected']}"
        for found in row["evidence"]
    )
    head = (row["verdict"], row["severity"], row["ruleId"], row["resourceId"])
    return f"{' '.join(head)}\n  {row['message']}{evidence}"


def test_sarif(scanned, snapshot):
    [run] = json.loads(scanned("sarif"))["runs"]
    lines = sorted(_alert(found) for found in run["results"])
    assert "\n".join(lines) + "\n" == snapshot(extension_class=_Plain)


def _alert(found: dict[str, Any]) -> str:
    place = found["locations"][0]
    physical = place["physicalLocation"]
    logical = place.get("logicalLocations", [{}])[0].get("fullyQualifiedName", "")
    line = physical.get("region", {}).get("startLine", 0)
    head = (found["ruleId"], found.get("kind", "fail"), found.get("level", "warning"))
    uri = physical["artifactLocation"]["uri"]
    return f"{' '.join(head)}\n  {uri}:{line}\n  {logical}\n  {found['message']['text']}"


def test_every_format_has_the_same_failures(scanned):
    rows = [row for row in _rows(json.loads(scanned("json"))) if row["verdict"] == "fail"]
    [run] = json.loads(scanned("sarif"))["runs"]
    alerts = [found for found in run["results"] if found.get("kind", "fail") == "fail"]
    assert sorted(row["ruleId"] for row in rows) == sorted(found["ruleId"] for found in alerts)
    markdown = scanned("markdown")
    assert all(f"| {row['ruleId']} |" in markdown for row in rows)
