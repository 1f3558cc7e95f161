from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from scanner.inventory.fields import UNREAD, Members
from scanner.inventory.truth import Found, both, each, either, equal, negation, one_of

VERDICTS = st.lists(st.sampled_from([True, False, UNREAD]), max_size=5)


def possible(verdicts):
    """Every way in which the unread ones can turn out."""
    return itertools.product(*((True, False) if one is UNREAD else (one,) for one in verdicts))


def agreed(results):
    found = set(results)
    return found.pop() if len(found) == 1 else UNREAD


@given(VERDICTS)
def test_is_what_every_possible_reading_says(verdicts):
    assert either(verdicts) is agreed(any(reading) for reading in possible(verdicts))
    assert both(*verdicts) is agreed(all(reading) for reading in possible(verdicts))


def test_single_values():
    assert [negation(one) for one in (True, False, UNREAD)] == [False, True, UNREAD]
    assert [equal(one, 1) for one in (1, 2, None, UNREAD)] == [True, False, False, UNREAD]
    assert [one_of(one, (1, None)) for one in (1, 2, None, UNREAD)] == [True, False, True, UNREAD]


def test_members_of_a_field():
    assert each(None) == ((), True)
    assert each(UNREAD) == ((), False)
    assert each(()) == ((), True)
    assert each((1, UNREAD)) == ((1,), False)
    assert each(Members.partial((1,))) == ((1,), False)


@given(VERDICTS)
def test_found_is_sure_unless_something_may_belong(verdicts):
    found = Found()
    for number, verdict in enumerate(verdicts):
        found.add(verdict, number)
    members = found.members()
    assert list(members) == [number for number, one in enumerate(verdicts) if one is True]
    assert members.complete == (UNREAD not in verdicts)
