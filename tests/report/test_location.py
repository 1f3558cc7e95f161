"""Properties of the paths of evidence files."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scanner import armid
from scanner.report.location import artifact_path

SUB = "/subscriptions/0B1F6471-1BF0-4DDA-AEC3-111122223333"
ML = "providers/Microsoft.MachineLearningServices"

words = st.sampled_from(
    ["a", "b", "a.b", "providers", "subscriptions", "resourceGroups", "x.json", "subscription"]
)
names = st.one_of(words, st.text(st.sampled_from("ab.~-_/ %:é"), min_size=1, max_size=4))
segment = st.one_of(names, st.text(max_size=3))
providers = st.builds(
    lambda namespace, pairs: "/".join(
        ["providers", namespace, *(p for pair in pairs for p in pair)]
    ),
    names,
    st.lists(st.tuples(names, names), min_size=1, max_size=3),
)
ids = st.one_of(
    st.lists(segment, max_size=8).map("/".join),
    st.builds(
        lambda scope, chain: "/".join([scope, *chain]),
        st.sampled_from(["", SUB, f"{SUB}/resourceGroups/a", "/subscriptions/a"]),
        st.lists(providers, max_size=2),
    ),
)


@pytest.mark.parametrize(
    ("resource_id", "path"),
    [
        (
            f"{SUB}/resourceGroups/RG-ml/{ML}/workspaces/WS1",
            (
                "0b1f6471-1bf0-4dda-aec3-111122223333/rg-ml/"
                "microsoft.machinelearningservices.workspaces/ws1"
            ),
        ),
        (
            f"{SUB}/resourceGroups/rg/{ML}/workspaces/ws/computes/cpu",
            (
                "0b1f6471-1bf0-4dda-aec3-111122223333/rg/"
                "microsoft.machinelearningservices.workspaces.computes/ws/cpu"
            ),
        ),
        (
            (
                f"/subscriptions/s/resourceGroups/rg/{ML}/workspaces/ws/providers/"
                "Microsoft.Insights/diagnosticSettings/to law"
            ),
            (
                "s/rg/microsoft.machinelearningservices.workspaces/ws/~providers/"
                "microsoft.insights.diagnosticsettings/to~20law"
            ),
        ),
        ("/subscriptions/s", "s/subscription"),
        ("/subscriptions/s/resourceGroups/RG", "s/rg/resourcegroup"),
        (
            "/subscriptions/s/providers/Microsoft.Authorization/roleAssignments/1",
            "s/~subscription/microsoft.authorization.roleassignments/1",
        ),
        (
            "/providers/Microsoft.Management/managementGroups/mg",
            "~tenant/microsoft.management.managementgroups/mg",
        ),
        (
            (
                "/providers/Microsoft.Management/managementGroups/mg/providers/"
                "Microsoft.Authorization/policyAssignments/pa"
            ),
            (
                "~tenant/microsoft.management.managementgroups/mg/~providers/"
                "microsoft.authorization.policyassignments/pa"
            ),
        ),
        (
            "/subscriptions/s/resourceGroups/con/providers/N.S/t/..",
            "s/~63on/n.s.t/.~2e",
        ),
        ("not an id", "~other/not~20an~20id"),
        ("", "~other/~"),
    ],
)
def test_paths_are_readable(resource_id, path):
    assert artifact_path(resource_id) == f"azure/{path}.json"


@given(ids, ids)
@example("/subscriptions/s/providers/a.b/c/x/d/y", "/subscriptions/s/providers/a/b.c/x/d/y")
@example("/providers/a/b/x/c/m.n/d/z", "/providers/a.b/c/x/providers/m/n/z")
@example("/providers/n.s/x/1/json/2", "/providers/n/s/1/x.json/2")
@example("/providers/a/b/x.json", "/providers/a/b/x.json/c/d")
def test_different_ids_never_share_a_path(one, other):
    same_resource = armid.key(one) == armid.key(other)
    assert (artifact_path(one) == artifact_path(other)) is same_resource


@given(ids, ids)
@example("/providers/a/b/x", "/providers/a/b/x.json/c/d")
@example("/providers/a.b/c.json/x", "/providers/a/b/x/c.json/y")
def test_no_file_is_a_folder_of_another(one, other):
    assert not artifact_path(other).startswith(artifact_path(one) + "/")


@given(ids)
@example("/subscriptions/" + "s" * 5_000 + "/resourceGroups/" + "ü" * 300)
@example("/providers/a/b/" + "/".join("cd" * 2_000))
def test_paths_suit_every_file_system_and_are_their_own_uri(resource_id):
    path = artifact_path(resource_id)
    assert re.fullmatch(r"azure(/[-a-z0-9._~]+)+\.json", path)
    assert quote(path) == unquote(path) == path
    assert len(path) <= 800
    for part in path.split("/"):
        assert len(part) <= 160
        assert part not in {".", ".."}
        assert not part.endswith(".")


@given(ids)
def test_letter_case_and_trailing_slash_do_not_matter(resource_id):
    shouted = "".join(c.upper() if c.isascii() else c for c in resource_id)
    assert artifact_path(shouted + "/") == artifact_path(resource_id)


def test_long_names_that_differ_at_their_end_only_stay_apart():
    long = "/subscriptions/s/resourceGroups/rg/providers/n/t/" + "x" * 500
    assert artifact_path(long + "1") != artifact_path(long + "2")
