"""What a report tells people to do next fits why something was not read."""

from __future__ import annotations

import pytest

from scanner.report.summary import next_steps
from scanner.snapshot.manifest import DUPLICATE_ID, NOT_EXPORTED, Gap

EXPORT = "Import exports of what is missing as well"
PERMISSION = "Give the reader the missing permissions and collect again."
AGAIN = "Read again what was not read"


@pytest.mark.parametrize(
    ("gap", "wanted"),
    [
        (Gap("computes", "/", "import", code=NOT_EXPORTED), [EXPORT]),
        (Gap("computes", "/", "GET", status=403), [PERMISSION]),
        (Gap("computes", "/", "GET", permission="a/b/read"), [PERMISSION]),
        (Gap("computes", "/", "GET", status=429), [AGAIN]),
        (Gap("computes", "/", "import", code=DUPLICATE_ID), []),
    ],
)
def test_steps(make_scan, gap, wanted):
    steps = next_steps(make_scan({"computes": []}, [], gaps=[gap]).result)
    assert [step[: len(start)] for step, start in zip(steps, wanted, strict=True)] == wanted
