"""Three-valued logic over what was read: true, false, or UNREAD where nobody could look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from scanner.inventory.fields import UNREAD, Members

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scanner.inventory.fields import Unread

Verdict: TypeAlias = "bool | Unread"


def known(value: Any) -> bool:
    """Tell whether Azure has a value and it was read."""
    return value is not None and value is not UNREAD


def equal(value: Any, wanted: Any) -> Verdict:
    """Tell whether a value is the wanted one; an absent one is not."""
    return UNREAD if value is UNREAD else bool(value == wanted)


def one_of(value: Any, wanted: Iterable[Any]) -> Verdict:
    """Tell whether a value is among the wanted ones; an absent one only where `None` is."""
    return UNREAD if value is UNREAD else value in wanted


def negation(verdict: Verdict) -> Verdict:
    """Return the opposite; the opposite of unread is unread."""
    return UNREAD if verdict is UNREAD else not verdict


def either(verdicts: Iterable[Verdict]) -> Verdict:
    """Tell whether any is true: one that is decides, whatever could not be read."""
    result: Verdict = False
    for verdict in verdicts:
        if verdict is True:
            return True
        if verdict is UNREAD:
            result = UNREAD
    return result


def both(*verdicts: Verdict) -> Verdict:
    """Tell whether all are true: one that is false decides, whatever could not be read."""
    result: Verdict = True
    for verdict in verdicts:
        if verdict is UNREAD:
            result = UNREAD
        elif not verdict:
            return False
    return result


def each(members: Any) -> tuple[tuple[Any, ...], bool]:
    """Return the known members of a collection field, and whether those are all it has."""
    if members is UNREAD:
        return (), False
    if members is None:
        return (), True
    found = tuple(member for member in members if member is not UNREAD)
    return found, len(found) == len(members) and getattr(members, "complete", True)


class Found:
    """Gathers the members of a fact: those known for certain, and whether there may be more."""

    def __init__(self, *, complete: bool = True) -> None:
        self.items: list[Any] = []
        self.complete = complete

    def add(self, verdict: Verdict, item: Any) -> None:
        """Take an item whose verdict is true; one that may belong makes the rest uncertain."""
        if verdict is True:
            self.items.append(item)
        elif verdict is UNREAD:
            self.complete = False

    def members(self) -> Members:
        """Return what was gathered, in the order in which it was added."""
        return Members(self.items) if self.complete else Members.partial(tuple(self.items))
