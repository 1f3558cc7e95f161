"""Which rules there are, which of them run, and which are newer than the pinned rule set."""

from __future__ import annotations

import pytest

from scanner.engine.packs import built_in_pack, load_packs, pin, rule_files, select
from scanner.errors import RuleError, UsageError
from tests.engine.rulefiles import rule, write


@pytest.fixture
def some(tmp_path):
    return [
        rule(tmp_path / "compute", "XXX-CMP-901", "first-rule", severity="low"),
        rule(tmp_path / "network", "XXX-NET-901", "second-rule", controls=["mcsb/ns-1"]),
        rule(tmp_path / "network", "XXX-NET-902", "third-rule", since="0.9.0"),
    ]


def ids(rules):
    return [loaded.rule.id for loaded in rules]


@pytest.mark.parametrize(
    ("selector", "wanted"),
    [
        ("XXX-NET-902", [2]),
        ("xxx-net-*", [1, 2]),
        ("network", [1, 2]),
        ("low", [0]),
        ("second-rule", [1]),
        ("mcsb/*", [1]),
        ("*", [0, 1, 2]),
    ],
)
def test_selectors(some, selector, wanted):
    chosen = [some[index] for index in wanted]
    assert ids(select(some, [selector], [])) == ids(chosen)
    assert ids(select(some, [], [selector])) == ids([r for r in some if r not in chosen])


def test_skip_goes_before_only(some):
    assert ids(select(some, ["network"], ["XXX-NET-901"])) == ["XXX-NET-902"]


@pytest.mark.parametrize(
    ("selector", "hint"),
    [
        ("XXX-NTE-901", "Did you mean 'XXX-NET-901'?"),
        ("Netwrok", "Did you mean 'network'?"),
        ("secnd-rule", "Did you mean 'second-rule'?"),
        ("zzzzzzzzzzz", "Use a rule id or glob"),
        ("XXX-NET-901,XXX-NET-902", "Give each selector on its own"),
    ],
)
def test_a_selector_that_selects_nothing(some, selector, hint):
    for only, skip in (([selector], []), ([], [selector])):
        with pytest.raises(UsageError, match="selects no rule") as caught:
            select(some, only, skip)
        assert caught.value.hint.startswith(hint)


def test_pinning_makes_newer_rules_preview(some, tmp_path):
    assert [r.rule.preview for r in pin(some, "2026.11", tmp_path)] == [False, False, True]
    assert [r.rule.preview for r in pin(some, "", tmp_path)] == [False, False, False]
    with pytest.raises(UsageError, match=r"unknown rule set '2031\.01'"):
        pin(some, "2031.01", tmp_path)


def test_pinning_leaves_packs_with_versions_of_their_own_alone(some):
    assert [r.rule.preview for r in pin(some, "2026.11", built_in_pack())] == [False] * 3


def test_a_tightened_rule_is_as_new_as_its_last_change(tmp_path):
    changed = rule(tmp_path, changed=[{"version": "0.9.0", "note": "Absent counts as wrong now."}])
    assert pin([changed], "2026.11", tmp_path)[0].rule.preview


def test_files_of_a_pack(tmp_path):
    path = write(tmp_path / "compute", "XXX-CMP-901")
    (tmp_path / "controls").mkdir()
    (tmp_path / "controls" / "source.yaml").touch()
    (tmp_path / "README.md").touch()
    assert rule_files(tmp_path) == [path]
    assert rule_files(path) == [path]


def test_packs_that_are_none(tmp_path):
    with pytest.raises(RuleError, match="no such rule file or folder"):
        rule_files(tmp_path / "none")
    with pytest.raises(RuleError, match="holds no rules"):
        rule_files(tmp_path)


@pytest.mark.parametrize(
    ("rule_id", "name", "place"), [(901, "b-rule", "id"), (902, "a-rule", "name")]
)
def test_nothing_replaces_a_rule_silently(tmp_path, rule_id, name, place):
    write(tmp_path / "one", "XXX-CMP-901", "a-rule")
    write(tmp_path / "two", f"XXX-CMP-{rule_id}", name)
    with pytest.raises(RuleError, match=f"is already the {place} of"):
        load_packs([tmp_path / "one", tmp_path / "two"])


def test_the_built_in_pack_is_loaded_like_any_other():
    loaded = load_packs([built_in_pack()])
    assert len(loaded) > 50
    assert not any(found.rule.preview for found in pin(loaded, "2026.11", built_in_pack()))
