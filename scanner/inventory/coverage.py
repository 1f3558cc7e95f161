"""What of the estate was read: tells an empty collection from one nobody could look into."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanner import armid
from scanner.snapshot.manifest import ANY_TABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scanner.snapshot.manifest import Gap, Manifest

_EVERYTHING = "/"


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

    def _ask(self, table: str, scope: str, *, below: bool) -> bool:
        # A child is covered as its parent is, so the answer is kept per parent: an estate
        # asks about millions of resources in thousands of groups.
        place = scope if below else scope.rpartition("/")[0]
        question = (table, place.lower(), below)
        answer = self._known.get(question)
        if answer is None or (not below and table in self._at):
            answer = self._known[question] = self._look(table, scope, below=below)
        return answer

    def _look(self, table: str, scope: str, *, below: bool) -> bool:
        chain = armid.ancestors(scope)
        if table not in self._complete or self._scopes.isdisjoint(chain):
            return False
        for name in (table, ANY_TABLE):
            if not self._at.get(name, set()).isdisjoint(chain):
                return False
            if below and chain[0] in self._above.get(name, ()):
                return False
        return True
