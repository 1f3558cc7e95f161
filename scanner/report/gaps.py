"""What could not be read: gaps by table and cause, what they cost, and what to do about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from scanner import armid
from scanner.engine.result import Verdict
from scanner.report.text import plural
from scanner.snapshot.manifest import ANY_TABLE, NOT_EXPORTED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scanner.engine.result import ScanResult
    from scanner.snapshot.manifest import Gap

_TABLES_NAMED: Final = 4
_REFUSED: Final = frozenset({401, 403})
_MANAGEMENT_GROUPS: Final = "/providers/microsoft.management/managementgroups/"
UNLISTED: Final = (
    "Checks that need what could not be read are unknown. "
    "Resources that could not be listed have no checks, and are in none of the numbers."
)
"""What a reader of the numbers has to know where records may be missing."""


class GapGroup(NamedTuple):
    """Gaps of the tables that have the same cause in the same scopes."""

    tables: tuple[str, ...]
    cause: str
    """`403 AuthorizationFailed`, or the operation where Azure gave no code."""
    permission: str
    scopes: tuple[str, ...]
    rule_ids: tuple[str, ...]
    """The rules that have an unknown result in these scopes, sorted."""

    @property
    def names(self) -> str:
        """The tables in words: the first of them where there are many."""
        if ANY_TABLE in self.tables:
            return "all tables"
        more = len(self.tables) - _TABLES_NAMED
        return ", ".join(self.tables[:_TABLES_NAMED]) + (f" and {more:,} more" if more > 0 else "")

    @property
    def rules(self) -> int:
        """How many rules have an unknown result in these scopes."""
        return len(self.rule_ids)

    @property
    def cost(self) -> str:
        """What the gaps cost, in words: no unknown results do not mean that nothing is missing."""
        if self.rule_ids:
            return f"{plural(self.rules, 'rule')} with unknown results there"
        return "what was not listed there has no checks"


def hides_resources(result: ScanResult) -> bool:
    """Tell whether there may be resources that the numbers know nothing of."""
    return any(gap.hides_records for gap in result.manifest.gaps)


def gap_groups(result: ScanResult) -> list[GapGroup]:
    """Return what could not be read, grouped by cause and scopes."""
    scopes: dict[tuple[str, str, str], set[str]] = {}
    for gap in result.manifest.gaps:
        scopes.setdefault((gap.table, _cause(gap), gap.permission), set()).add(gap.scope)
    tables: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for (table, cause, permission), found in sorted(scopes.items()):
        tables.setdefault((cause, permission, tuple(sorted(found))), []).append(table)
    rules = _rules_unknown_in(result, {gap.scope for gap in result.manifest.gaps})
    return [
        GapGroup(
            tuple(names), *group, tuple(sorted(set().union(*(rules[scope] for scope in group[2]))))
        )
        for group, names in sorted(tables.items(), key=lambda item: item[1])
    ]


def _cause(gap: Gap) -> str:
    status = str(gap.status) if gap.status else ""
    return " ".join(part for part in (status, gap.code) if part) or gap.operation


def _rules_unknown_in(result: ScanResult, scopes: set[str]) -> dict[str, set[str]]:
    below: dict[str, set[str]] = {_scope_key(scope): set() for scope in scopes}
    for row in result.findings:
        if row.verdict is Verdict.UNKNOWN:
            for ancestor in armid.ancestors(row.resource_id):
                if ancestor in below:
                    below[ancestor].add(row.rule_id)
    return {scope: below[_scope_key(scope)] for scope in scopes}


def _scope_key(scope: str) -> str:
    """Return a scope as `armid.ancestors` names it; no id tells what a management group holds."""
    key = armid.key(scope)
    return "/" if not key or key.startswith(_MANAGEMENT_GROUPS) else key


def steps_for_gaps(gaps: Sequence[Gap]) -> Iterator[str]:
    """Yield what to do so that less is missing next time."""
    if any(gap.code == NOT_EXPORTED for gap in gaps):
        yield (
            "Import exports of what is missing as well, with `azmlscan snapshot import`; "
            "--complete TABLE promises that there is no more."
        )
    if any(gap.permission or gap.status in _REFUSED for gap in gaps):
        yield "Give the reader the missing permissions and collect again."
    elif any(gap.hides_records and gap.code != NOT_EXPORTED for gap in gaps):
        yield "Read again what was not read; the section on gaps says why each was not."
