from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scanner import armid

SUBSCRIPTION = "/subscriptions/ABC"
GROUP = f"{SUBSCRIPTION}/resourcegroups/Rg"
WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/ws"


@pytest.mark.parametrize(
    ("resource_id", "subscription", "group"),
    [
        ("", "", ""),
        ("/", "", ""),
        ("/providers/Microsoft.Management/managementGroups/x", "", ""),
        (SUBSCRIPTION, "ABC", ""),
        (f"{SUBSCRIPTION}/", "ABC", ""),
        ("/subscriptions", "", ""),
        (f"{SUBSCRIPTION}/resourceGroups", "ABC", ""),
        (f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleAssignments/x", "ABC", ""),
        (GROUP, "ABC", "Rg"),
        (WORKSPACE, "ABC", "Rg"),
        (WORKSPACE.upper(), "ABC", "RG"),
    ],
)
def test_place(resource_id, subscription, group):
    assert armid.place(resource_id) == (subscription, group)


def test_type_is_that_of_the_last_provider():
    setting = f"{WORKSPACE}/PROVIDERS/Microsoft.Insights/diagnosticSettings/d"
    assert armid.parse(setting).type == "Microsoft.Insights/diagnosticSettings"
    assert armid.parse(GROUP).type == "Microsoft.Resources/resourceGroups"


def test_parent_is_the_resource_that_holds_a_child():
    assert armid.parent(f"{WORKSPACE}/computes/c/") == WORKSPACE
    assert armid.parent(WORKSPACE) == armid.parent(GROUP) == ""


PARTS = ("subscriptions", "resourceGroups", "providers", "Microsoft.X", "Σ", "İ", "a", "")


@example(["providers", *"aaa", "", *"aa"], "")
@given(st.lists(st.sampled_from(PARTS), max_size=9), st.sampled_from(("", "/", "//")))
def test_any_text_is_taken_apart_without_regard_to_case(parts, edge):
    text = edge + "/".join(parts) + edge
    found = armid.parse(text)
    assert found[:2] == armid.place(text)
    assert armid.key(armid.parent(text)) == armid.key(armid.parent(armid.key(text)))
