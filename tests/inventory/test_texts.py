from __future__ import annotations

from scanner.inventory.fields import UNREAD
from scanner.inventory.model.compute import Compute
from tests.engine import estates


def test_resources_share_the_texts_that_they_have_in_common():
    estate = estates.estate(estates.compute("a"), estates.compute("b"))
    one, other = estate.all_of(Compute)
    for name in ("type", "subscription_id", "resource_group", "location", "resource_group_id"):
        assert getattr(one, name) is getattr(other, name)


def test_tags_with_equal_values_share_them():
    records = [{**estates.compute(name), "tags": {"environment": "dev"}} for name in "ab"]
    one, other = estates.estate(*records).all_of(Compute)
    first, second = one.tags, other.tags
    assert isinstance(first, dict)
    assert isinstance(second, dict)
    assert first == {"environment": "dev"}
    assert first["environment"] is second["environment"]


def test_a_tag_that_is_no_text_is_left_to_be_refused():
    [one] = estates.estate({**estates.compute("a"), "tags": {"x": [1]}}).all_of(Compute)
    assert one.tags is UNREAD
