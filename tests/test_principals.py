from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.errors import ConfigError
from scanner.principals import Entry, Principals, load_principals

TREE = {
    "groups": [
        {
            "id": "G-ALL",
            "displayName": "Everybody",
            "members": [{"id": "g-ds", "@odata.type": "#microsoft.graph.group"}, "u-3"],
        },
        {
            "id": "g-ds",
            "displayName": "Data scientists",
            "mailNickname": "not read",
            "members": [
                {
                    "@odata.type": "#microsoft.graph.user",
                    "id": "U-1",
                    "userPrincipalName": "ada@contoso.example",
                    "displayName": "Ada",
                },
                {"@odata.type": "#microsoft.graph.servicePrincipal", "id": "sp-1"},
            ],
        },
    ],
    "users": [{"id": "u-2", "displayName": None, "userPrincipalName": "grace@contoso.example"}],
}


def load(tmp_path, data):
    file = tmp_path / "principals.json"
    file.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return load_principals(file)


def test_names_types_and_memberships(tmp_path):
    found = load(tmp_path, TREE)
    assert found.name("u-1") == "Ada"
    assert found.name("U-2") == "grace@contoso.example"
    assert found.name("u-3") is None
    assert [found.type(one) for one in ("u-1", "sp-1", "g-all", "u-3")] == [
        "User",
        "ServicePrincipal",
        "Group",
        None,
    ]
    assert found.below(["g-all"]) == {"g-all", "g-ds", "u-1", "sp-1", "u-3"}
    assert found.above(["U-1"]) == {"u-1", "g-ds", "g-all"}
    assert found.named("everybody") == ("g-all",)
    assert found.knows_members("g-DS")
    assert not found.knows_members("u-1")


def test_a_group_that_nobody_is_in(tmp_path):
    groups = [{"id": "g-empty", "members": []}, {"id": "g-unknown"}]
    found = load(tmp_path, {"groups": groups})
    assert found.knows_members("g-empty")
    assert not found.knows_members("g-unknown")


def test_all_names_in_their_order(tmp_path):
    names = ("Ada", "Data scientists", "Everybody", "grace@contoso.example")
    assert load(tmp_path, TREE).names() == names


def test_byte_order_mark(tmp_path):
    assert load(tmp_path, "\ufeff{}").digest


def test_digest_is_the_files(tmp_path):
    assert load(tmp_path, TREE).digest != load(tmp_path, {}).digest
    assert Principals().digest == ""


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("{", "is not readable as JSON"),
        ('{"groups": [{"id": "g", "x": ' + "[" * 100_000, "is not readable as JSON"),
        ([], "Expected `object`"),
        ({"group": []}, "unknown field `group`"),
        ({"groups": [{"displayName": "x"}]}, "groups[0]: Object missing required field `id`"),
        ({"groups": [{"id": "g", "members": [1]}]}, "groups[0].members[0]"),
    ],
)
def test_mistakes(tmp_path, data, said):
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, data)
    assert said in str(caught.value)
    assert "principals.json" in str(caught.value)


def test_no_file(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load_principals(tmp_path / "none.json")


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")), max_size=15))
def test_circles_end_and_both_ways_agree(pairs):
    found = Principals()
    for group, member in pairs:
        found.add(Entry(id=group, members=(member,)), "Group")
    for one in "abcdef":
        assert one in found.below([one])
        for other in found.below([one]):
            assert one in found.above([other])


def test_utf_16_of_windows_powershell(tmp_path):
    file = tmp_path / "principals.json"
    file.write_bytes(json.dumps(TREE).encode("utf-16"))
    assert load_principals(file).name("u-1") == "Ada"
    file.write_bytes(b"\xff\xfe{}]")
    with pytest.raises(ConfigError, match="neither UTF-8 nor UTF-16"):
        load_principals(file)
