from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.config import Config, Settings
from scanner.inventory.conventions import missing_tags, name_conforms, name_pattern
from scanner.inventory.estate import empty_estate
from scanner.inventory.fields import UNREAD, Members
from scanner.inventory.model.workspace import Workspace

if TYPE_CHECKING:
    from scanner.inventory.estate import Estate

_ID = "/subscriptions/a/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws"
_REDACTED = "$redacted"


def estate(**settings: Any) -> Estate:
    return empty_estate(Config(settings=msgspec.convert(settings, Settings)))


def workspace(name: str = "ws", tags: Any = None) -> Workspace:
    return Workspace(
        id=_ID,
        name=name,
        type="Microsoft.MachineLearningServices/workspaces",
        subscription_id="a",
        resource_group="rg",
        row=0,
        tags=tags,
    )


@pytest.mark.parametrize(
    ("tags", "missing"),
    [
        ({"owner": "me", "stage": "dev"}, ()),
        ({"OWNER": "me", "Stage": "DEV"}, ()),
        ({"owner": "me"}, ("stage",)),
        ({"owner": "me", "stage": "blue"}, ("stage",)),
        ({"owner": "", "stage": "dev"}, ("owner",)),
        ({"owner": _REDACTED, "stage": "dev"}, ()),
        ({}, ("stage", "owner")),
        (None, ("stage", "owner")),
    ],
)
def test_missing_tags(tags: Any, missing: Any) -> None:
    required = estate(requiredTags={"stage": ["dev", "prod"], "owner": []})
    found = missing_tags(workspace(tags=tags), required)
    assert found == missing
    assert isinstance(found, Members)
    assert found.complete


@pytest.mark.parametrize(
    ("tags", "seen"),
    [
        (UNREAD, ()),
        ({"owner": "me", "stage": _REDACTED}, ()),
        ({"stage": _REDACTED}, ("owner",)),
    ],
)
def test_what_was_not_read_may_be_missing(tags: Any, seen: tuple[str, ...]) -> None:
    required = estate(requiredTags={"stage": ["dev", "prod"], "owner": []})
    missing = missing_tags(workspace(tags=tags), required)
    assert missing == seen
    assert isinstance(missing, Members)
    assert not missing.complete


@pytest.mark.parametrize("settings", [{}, {"requiredTags": {}}])
def test_nothing_is_missing_where_nothing_is_required(settings: dict[str, Any]) -> None:
    assert missing_tags(workspace(tags=UNREAD), estate(**settings)) is None


@given(
    tags=st.dictionaries(st.text(min_size=1), st.text()),
    required=st.dictionaries(st.text(min_size=1), st.lists(st.text(min_size=1)), min_size=1),
)
def test_a_tag_that_is_missing_is_a_required_one(
    tags: dict[str, str], required: dict[str, list[str]]
) -> None:
    missing = missing_tags(workspace(tags=tags), estate(requiredTags=required))
    assert missing is not None
    assert set(missing) <= set(required)


@pytest.mark.parametrize(
    ("pattern", "name", "conforms"),
    [
        ("^mlw-[a-z]+$", "mlw-churn", True),
        ("^mlw-[a-z]+$", "mlw-churn2", False),
        ("^mlw-", "mlw-churn2", True),
        ("^mlw-", "MLW-churn", False),
        ("mlw-*-dev", "mlw-churn-dev", True),
        ("mlw-*-dev", "MLW-CHURN-DEV", True),
        ("mlw-*-dev", "mlw-churn-dev2", False),
        ("mlw", "mlw-churn", False),
        ("m.w*", "mlw-churn", False),
        ("mlw-*", "parent/mlw-churn", True),
        ("mlw-*", "mlw-churn\n", True),
        ("mlw-churn", "mlw-churn\n", False),
    ],
)
def test_name_conforms(pattern: str, name: str, conforms: bool) -> None:
    known = estate(namingPatterns={"workspace": pattern})
    assert name_pattern(workspace(name), known) == pattern
    assert name_conforms(workspace(name), known) is conforms


def test_a_kind_without_a_pattern_has_no_form() -> None:
    known = estate(namingPatterns={"compute": "cpu-*"})
    assert name_pattern(workspace(), known) is None
    assert name_conforms(workspace(), known) is None
