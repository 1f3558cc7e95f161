"""What became of findings from one result to another: new, fixed, persisting, gone, not assessed."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

import msgspec

from scanner import armid
from scanner.engine.recorded import table_of
from scanner.engine.result import QUIET, Result, Verdict
from scanner.inventory.model.organization import Project
from scanner.inventory.projects import UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scanner.engine.recorded import Recorded


class State(enum.StrEnum):
    """What became of a failure, in the order in which people want to read it."""

    NEW = "new"
    FIXED = "fixed"
    """The rule now passes, or no longer applies."""
    RESOURCE_GONE = "resourceGone"
    NOT_ASSESSABLE = "notAssessable"
    """It failed, and nobody could look again: never fixed."""
    RULE_NOT_RUN = "ruleNotRun"
    PERSISTING = "persisting"


class FindingChange(msgspec.Struct, frozen=True):
    """A failure of one of two results, and what became of it."""

    state: State
    row: Result
    """The row of the new result, that of the old one where the new one has none."""
    verdict: Verdict | None
    """What the new result says; `None` where it has no row."""


def diff_results(old: Recorded, new: Recorded) -> list[FindingChange]:
    """Return what became of the failures of two results, exempted ones included.

    Sorted by state, severity, rule id and resource id. Rows of preview rules are left out.
    """
    failed = {row.fingerprint: row for row in _counted(old) if row.verdict is Verdict.FAIL}
    found: list[FindingChange] = []
    seen: set[str] = set()
    unnamed = False
    for row in _counted(new):
        unnamed |= row.resource_id == UNREADABLE
        before = failed.get(row.fingerprint)
        if before is not None:
            seen.add(row.fingerprint)
            found.append(FindingChange(_state(row), _told(row, before), row.verdict))
        elif row.verdict is Verdict.FAIL:
            found.append(FindingChange(State.NEW, row, row.verdict))
    found += [
        FindingChange(_without_row(row, new, all_named=not unnamed), row, None)
        for fingerprint, row in failed.items()
        if fingerprint not in seen
    ]
    return sorted(found, key=_order)


def counts(changes: list[FindingChange]) -> Mapping[State, int]:
    """Return how many failures are in each state."""
    found = dict.fromkeys(State, 0)
    for change in changes:
        found[change.state] += 1
    return found


def _counted(result: Recorded) -> Iterator[Result]:
    return (row for row in result.rows() if not row.preview)


def _state(row: Result) -> State:
    if row.verdict in QUIET:
        return State.FIXED
    if row.verdict is not Verdict.FAIL or row.carried_forward is not None:
        return State.NOT_ASSESSABLE
    return State.PERSISTING


def _told(row: Result, before: Result) -> Result:
    """Return the row with the message of the failure, where the new one has none."""
    return row if row.message else msgspec.structs.replace(row, message=before.message)


def _without_row(row: Result, new: Recorded, *, all_named: bool) -> State:
    rule = new.rules.get(row.rule_id)
    if rule is None:
        return State.RULE_NOT_RUN
    # Every rule has a row for each resource of its kind: without one, the resource was not listed.
    table = table_of(rule.resource, row.resource_type)
    if rule.resource == Project.KIND:
        # It is gathered from all workspaces: one that was not read may belong to it.
        is_gone = all_named and new.coverage.has_everything(table)
    else:
        is_gone = new.coverage.has_record(table, row.resource_id)
    return State.RESOURCE_GONE if is_gone else State.NOT_ASSESSABLE


def _order(change: FindingChange) -> tuple[int, int, str, str]:
    row = change.row
    states = list(State)
    return states.index(change.state), row.severity.rank, row.rule_id, armid.key(row.resource_id)
