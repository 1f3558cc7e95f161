"""Earlier results as people keep them: either file, laid out anew, damaged, or something else."""

from __future__ import annotations

import json
import os
import threading
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from scanner.engine.baseline import apply_baseline
from scanner.engine.earlier import is_result, load_result
from scanner.engine.resultfile import ResultFile
from scanner.errors import ScannerError
from scanner.report import sarif
from tests.engine.history import public, scan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.engine.history import Night


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    folder = tmp_path_factory.mktemp("nights")
    first = scan(folder, 1)
    return scan(folder, 2, [public("mlw-churn-prod")], baseline=first.path)


@pytest.fixture(params=["path", "audit"])
def file(request: pytest.FixtureRequest, night: Night) -> Path:
    found: Path = getattr(night, request.param)
    return found


LAYOUTS: dict[str, Callable[[Any], str]] = {
    "indented": lambda log: json.dumps(log, indent=2),
    "one line": json.dumps,
    "flush left": lambda log: json.dumps(log, indent=0),
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_the_layout_means_nothing(file: Path, tmp_path: Path, layout: Callable[[Any], str]) -> None:
    other = tmp_path / file.name
    other.write_text(layout(json.loads(file.read_bytes())), encoding="utf-8")
    assert ResultFile(file).in_lines
    assert not ResultFile(other).in_lines
    assert list(load_result(other).rows()) == list(load_result(file).rows())
    assert load_result(other).snapshot == load_result(file).snapshot


def test_a_pipe_is_read_once(file: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(file.read_bytes()))
    writer.start()
    rows = list(load_result(pipe).rows())
    writer.join()
    assert rows == list(load_result(file).rows())


def test_both_files_are_results_and_their_rows_can_be_read_again(file: Path) -> None:
    recorded = load_result(file)
    assert is_result(file)
    assert list(recorded.rows()) == list(recorded.rows())


def test_rows_take_no_memory_that_grows_with_the_file(file: Path, tmp_path: Path) -> None:
    lines = file.read_bytes().split(b"\n")
    first = 1 + next(
        n for n, line in enumerate(lines) if line.endswith((b'"results": [', b'"results":['))
    )
    long = tmp_path / file.name
    long.write_bytes(b"\n".join([*lines[:first], *[lines[first]] * 20_000, *lines[first:]]))
    tracemalloc.start()
    number = sum(1 for _ in load_result(long).rows())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert number >= 20_000
    assert peak < long.stat().st_size / 5


def test_a_file_that_is_replaced_while_it_is_read_is_refused(file: Path, tmp_path: Path) -> None:
    copy = tmp_path / file.name
    copy.write_bytes(file.read_bytes())
    recorded = load_result(copy)
    copy.write_bytes(file.read_bytes() + b"\n")
    with pytest.raises(ScannerError, match="has changed"):
        list(recorded.rows())
    copy.unlink()
    with pytest.raises(ScannerError, match="cannot be read"):
        list(recorded.rows())


def _run(log: Any) -> Any:
    return log["runs"][0]


WRONG: dict[str, tuple[Callable[[Any], object], str]] = {
    "foreign": (lambda log: _run(log)["tool"]["driver"].update(name="CodeQL"), "is of CodeQL"),
    "several runs": (lambda log: log["runs"].append(_run(log)), "has 2 runs"),
    "no run": (lambda log: log.update(runs=[]), "has 0 runs"),
    "a later version": (
        lambda log: _run(log)["properties"].update(schemaVersion=2),
        "schema version 2",
    ),
    "no snapshot": (
        lambda log: _run(log)["properties"].pop("snapshot"),
        r"runs\[0\].properties: .*missing required field",
    ),
    "a rule without a kind": (
        lambda log: _run(log)["tool"]["driver"]["rules"][0]["properties"].pop("resource"),
        r"rule AML-NET-002: .*`resource`",
    ),
    "runs of something": (lambda log: log.update(runs={}), "no result of azmlscan"),
}


@pytest.mark.parametrize(("damage", "problem"), WRONG.values(), ids=WRONG.keys())
def test_other_sarif_is_refused(
    night: Night, tmp_path: Path, damage: Callable[[Any], object], problem: str
) -> None:
    log = json.loads(night.audit.read_bytes())
    damage(log)
    path = tmp_path / "other.sarif"
    path.write_text(json.dumps(log), encoding="utf-8")
    with pytest.raises(ScannerError, match=problem):
        load_result(path)


def test_the_profile_for_alerts_is_refused_with_what_to_name_instead(
    night: Night, tmp_path: Path
) -> None:
    path = tmp_path / "results.sarif"
    path.write_bytes(b"".join(sarif.render(night.result, lambda _table, _positions: iter(()))))
    assert is_result(path)
    with pytest.raises(ScannerError, match="leaves out what passed") as caught:
        load_result(path)
    assert "audit.sarif" in caught.value.hint


ROWS: dict[str, Callable[[Any], object]] = {
    "kind": lambda row: row.update(kind="informational"),
    "place": lambda row: row.update(locations=[]),
    "resource": lambda row: row["locations"][0].update(logicalLocations=[]),
    "fingerprint": lambda row: row["partialFingerprints"].pop("primaryLocationLineHash"),
    "severity": lambda row: row["properties"].update(severity="bad"),
    "exact": lambda row: row["properties"].update(exact="{"),
    "exact list": lambda row: row["properties"].update(exact="[1]"),
}


@pytest.mark.parametrize("damage", ROWS.values(), ids=ROWS.keys())
def test_a_damaged_row_is_named(
    night: Night, tmp_path: Path, damage: Callable[[Any], object]
) -> None:
    log = json.loads(night.audit.read_bytes())
    damage(_run(log)["results"][1])
    path = tmp_path / "damaged.sarif"
    path.write_text(json.dumps(log), encoding="utf-8")
    recorded = load_result(path)
    with pytest.raises(ScannerError, match=r"damaged\.sarif is no result.*results\[1\]"):
        apply_baseline(night.result, recorded)


def test_a_file_that_was_cut_off_is_refused(file: Path, tmp_path: Path) -> None:
    data = file.read_bytes()
    cut = tmp_path / "cut"
    for end in (len(data) // 2, data.rindex(b"},\n{") + 3, len(data) - 3):
        cut.write_bytes(data[:end])
        with pytest.raises(ScannerError, match="no result of azmlscan"):
            load_result(cut)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b'{"value": []}', b'{"$schema": "https://x/deploymentTemplate.json#"}'],
)
def test_what_is_no_result_is_taken_for_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    assert not is_result(path)
    assert not is_result(tmp_path)
