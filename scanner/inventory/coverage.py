"""What of the estate was read: tells an empty collection from one nobody could look into."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanner import armid
from scanner.snapshot.manifest import ANY_TABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scanner.snapshot.manifest import Gap, Manifest

_EVERYTHING = "/"
_PROVIDERS = "/providers/"


class Coverage:
    """Answers whether all records of a table at a place were read, from manifest and gaps."""

    def __init__(self, manifest: Manifest) -> None:
        self._complete = {name for name, table in manifest.tables.items() if table.complete}
        self._scopes = {armid.key(scope) or _EVERYTHING for scope in manifest.scopes_read}
        self.gaps = tuple(gap for gap in manifest.gaps if gap.hides_records)
        self._at: dict[str, set[str]] = {}
        self._above: dict[str, set[str]] = {}
        for gap in self.gaps:
            chain = armid.ancestors(gap.scope)
            self._at.setdefault(gap.table, set()).add(chain[0])
            self._above.setdefault(gap.table, set()).update(chain)
        self._collections = _collections(self.gaps)
        self._gapless = set() if ANY_TABLE in self._at else self._complete - self._at.keys()
        self._is_everything = _EVERYTHING in self._scopes
        self._known: dict[tuple[str, str, bool], bool] = {}
        self._everywhere: dict[str, bool] = {}

    def has_record(self, table: str, arm_id: str) -> bool:
        """Tell whether a resource that is not in the table really does not exist in Azure."""
        return self._ask(table, arm_id, below=False)

    def has_all(self, table: str, scope: str) -> bool:
        """Tell whether every record of the table at or below the scope was read."""
        return self._ask(table, scope, below=True)

    def has_everything(self, table: str) -> bool:
        """Tell whether every record of the table was read in all the scopes that were read."""
        if table not in self._everywhere:
            # A gap outside of what was read counts as well: it was asked for, and refused whole.
            short = table in self._at or ANY_TABLE in self._at
            scopes = self._scopes
            answer = not short and bool(scopes) and all(self.has_all(table, s) for s in scopes)
            self._everywhere[table] = answer
        return self._everywhere[table]

    def gaps_at(self, table: str, scope: str) -> Iterator[Gap]:
        """Yield the gaps that keep the scope's records of a table from being complete."""
        chain = set(armid.ancestors(scope))
        place = armid.key(scope)
        for gap in self.gaps:
            key = armid.key(gap.scope) or _EVERYTHING
            if gap.table in {table, ANY_TABLE} and (key in chain or key.startswith(place + "/")):
                yield gap

    def has_no_gap(self, table: str) -> bool:
        """Tell whether nothing is missing of a table wherever anybody looked at all."""
        return table in self._gapless

    def is_inside(self, scope: str) -> bool:
        """Tell whether a place lies in what was read; nearly always its subscription says so."""
        if self._is_everything or "/".join(scope.split("/", 3)[:3]).lower() in self._scopes:
            return True
        return not self._scopes.isdisjoint(armid.ancestors(scope))

    def _ask(self, table: str, scope: str, *, below: bool) -> bool:
        if table not in self._complete:
            return False
        if table in self._gapless:
            return self.is_inside(scope)
        # A child is covered as its parent is, so the answer is kept per parent: an estate
        # asks about millions of resources in thousands of groups.
        place = (scope if below else scope.rpartition("/")[0]).lower()
        question = (table, place, below)
        answer = self._known.get(question)
        if answer is None or (not below and self._has_gap_below(table, place)):
            answer = self._known[question] = self._look(table, scope, below=below)
        return answer

    def _has_gap_below(self, table: str, place: str) -> bool:
        return any(place in self._above.get(name, ()) for name in (table, ANY_TABLE))

    def _look(self, table: str, scope: str, *, below: bool) -> bool:
        chain = armid.ancestors(scope)
        if self._scopes.isdisjoint(chain):
            return False
        for name in (table, ANY_TABLE):
            if not self._at.get(name, set()).isdisjoint(chain):
                return False
            if below and chain[0] in self._above.get(name, ()):
                return False
        return not self._may_have_hidden_owner(table, chain, below=below)

    def _may_have_hidden_owner(self, table: str, chain: list[str], *, below: bool) -> bool:
        """Tell whether records that are missing from a collection may have some of the table there.

        All is known at an owner that is: whoever asks for what is below one has seen it.
        """
        for collection in self._collections.get(table, ()):
            above, _, kind = collection.rpartition(_PROVIDERS)
            if (above or _EVERYTHING) in chain:
                rest = chain[0][len(above) :]
                hidden = _PROVIDERS not in rest if below else f"{_PROVIDERS}{kind}/" in rest
                if hidden:
                    return True
        return False


def _collections(gaps: Iterable[Gap]) -> dict[str, set[str]]:
    """Return the gaps whose scope is no resource but all of one type: of which some are hidden.

    What is listed per such a resource was not asked for where the resource is not known.
    """
    found: dict[str, set[str]] = {}
    for gap in gaps:
        scope = armid.key(gap.scope)
        # Namespace and type, then names and types by turns: a type at the end names none.
        if _PROVIDERS in scope and scope.rpartition(_PROVIDERS)[2].count("/") % 2:
            found.setdefault(gap.table, set()).add(scope)
    return found
