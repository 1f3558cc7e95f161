"""Values that Azure sends for "none", where a field is taken straight from the record."""

from __future__ import annotations

import pytest

from scanner.inventory.fields import UNREAD
from tests.engine.estates import estate
from tests.inventory.records import UNREAD as REFUSED
from tests.inventory.records import workspace


@pytest.mark.parametrize("name", ["tags", "location", "identity"])
def test_an_empty_text_at_the_top_is_absent_and_a_refused_value_is_not(name):
    values = {}
    for sent in (None, "", REFUSED):
        [found] = estate(workspace(top={name: sent})).of_kind("workspace")
        values[str(sent)] = (getattr(found, name), found.unread)
    assert values == {
        "None": (None, ()),
        "": (None, ()),
        str(REFUSED): (UNREAD, (name,)),
    }
