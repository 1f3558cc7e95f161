"""The gate: exit codes for what failed, could not be assessed, or was not there."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.config import load_config
from scanner.engine.evaluate import evaluate
from scanner.engine.gate import ExitCode, decide
from scanner.engine.packs import pin
from scanner.engine.parameters import Settings
from scanner.engine.result import Severity
from tests.engine import estates
from tests.engine.rulefiles import rule

GOOD = estates.compute("good")
BAD = estates.compute("bad", "Kubernetes")
HIDDEN: dict[str, Any] = {"require": {"field": "workspace.kind", "equals": "Hub"}}


def scanned(found, *records, unread=()):
    estate = estates.estate(*records, unread=unread)
    return evaluate([found], Settings(load_config(None), [found]), estate)


@pytest.mark.parametrize(
    ("severity", "threshold", "code"),
    [
        ("high", Severity.HIGH, ExitCode.FINDINGS),
        ("critical", Severity.HIGH, ExitCode.FINDINGS),
        ("medium", Severity.HIGH, ExitCode.CLEAN),
        ("medium", Severity.INFO, ExitCode.FINDINGS),
    ],
)
def test_failures_at_the_threshold(tmp_path, severity, threshold, code):
    result = scanned(rule(tmp_path, severity=severity), GOOD, BAD)
    assert decide(result, threshold).code is code
    assert decide(result, threshold, allow_unknown=True).code is code


def test_nothing_to_check(tmp_path):
    answer = decide(scanned(rule(tmp_path)), Severity.HIGH)
    assert answer.code is ExitCode.NOTHING_TO_CHECK
    assert answer.reason == "no rule applied to any resource"


def test_what_could_not_be_assessed(tmp_path):
    result = scanned(rule(tmp_path, **HIDDEN), GOOD, unread={"workspaces"})
    answer = decide(result, Severity.HIGH)
    assert answer.code is ExitCode.INCOMPLETE
    assert answer.reason == "1 check of severity high or above could not be assessed"
    assert decide(result, Severity.CRITICAL).code is ExitCode.CLEAN
    assert decide(result, Severity.HIGH, allow_unknown=True).code is ExitCode.CLEAN


def test_two_that_could_not_be_assessed(tmp_path):
    result = scanned(rule(tmp_path, **HIDDEN), GOOD, BAD, unread={"workspaces"})
    assert decide(result, Severity.HIGH).reason.startswith("2 checks of severity")


def test_a_failure_goes_before_what_is_unknown(tmp_path):
    both = {"allOf": [{"field": "computeType", "equals": "AmlCompute"}, HIDDEN["require"]]}
    result = scanned(rule(tmp_path, require=both), GOOD, BAD, unread={"workspaces"})
    assert decide(result, Severity.HIGH).code is ExitCode.FINDINGS


def test_preview_rules_do_not_count(tmp_path):
    [newer] = pin([rule(tmp_path, since="0.9.0")], "2026.11", tmp_path)
    answer = decide(scanned(newer, GOOD, BAD), Severity.HIGH)
    assert answer.code is not ExitCode.FINDINGS
