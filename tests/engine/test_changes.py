"""What changed from one snapshot to another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.engine.changes import (
    ABSENT,
    IGNORED,
    ChangeKind,
    PropertyChange,
    diff_snapshots,
    differences,
)
from scanner.report.diff import KINDS
from scanner.snapshot import Gap, Manifest, Table, open_snapshot, write_snapshot
from tests.engine.estates import SUBSCRIPTION, WORKSPACE, compute, storage, workspace

if TYPE_CHECKING:
    from pathlib import Path

ONE, TWO = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
TIME = "2026-11-01T00:00:00Z"


def snapshot(path: Path, *records: dict[str, Any], gaps: tuple[Gap, ...] = ()) -> Path:
    tables = {name: Table(0, 0, "") for name in ("workspaces", "computes", "storageAccounts")}
    header = Manifest(
        tool_version="0", started=TIME, finished=TIME, scopes_read=("/",), tables=tables, gaps=gaps
    )
    table_of = {"workspaces": "workspaces", "computes": "computes"}
    pairs = [
        (table_of.get(each["type"].rpartition("/")[2], "storageAccounts"), each) for each in records
    ]
    write_snapshot(path, pairs, header, compress=False)
    return path


def changes(old: Path, new: Path) -> list[tuple[str, str, list[str]]]:
    with open_snapshot(old) as before, open_snapshot(new) as after:
        return [
            (
                each.kind.value,
                each.resource_id.rpartition("/")[2],
                [p.path for p in each.properties],
            )
            for each in diff_snapshots(before, after)
        ]


def test_added_removed_and_changed(tmp_path: Path) -> None:
    old = snapshot(
        tmp_path / "old",
        workspace(publicNetworkAccess="Disabled", sharedKey="secret-1"),
        compute("gone"),
        storage(allowSharedKeyAccess=True),
    )
    new = snapshot(
        tmp_path / "new",
        workspace(publicNetworkAccess="Enabled", sharedKey="secret-2"),
        compute("fresh"),
        storage(allowSharedKeyAccess=True),
    )
    assert changes(old, new) == [
        ("added", "fresh", []),
        ("removed", "gone", []),
        ("changed", "ws1", ["properties.publicNetworkAccess", "properties.sharedKey"]),
    ]
    assert changes(old, old) == []
    with open_snapshot(old) as before, open_snapshot(new) as after:
        [changed] = [each for each in diff_snapshots(before, after) if each.properties]
    secret = changed.properties[1]
    assert secret.before != secret.after
    assert "secret" not in str((secret.before, secret.after)).replace("sharedKey", "")
    assert secret.before["$redacted"].startswith("sha256:")


def test_what_was_not_read_is_neither_added_nor_removed(tmp_path: Path) -> None:
    gap = Gap("computes", WORKSPACE, "list", 403)
    full = snapshot(tmp_path / "full", workspace(), compute("c"))
    blind = snapshot(tmp_path / "blind", workspace(), gaps=(gap,))
    assert changes(full, blind) == [("noLongerRead", "c", [])]
    assert changes(blind, full) == [("notReadBefore", "c", [])]


def test_a_table_that_is_not_there_was_not_read(tmp_path: Path) -> None:
    full = snapshot(tmp_path / "full", workspace(), compute("c"))
    header = Manifest(tool_version="0", started=TIME, finished=TIME, scopes_read=(SUBSCRIPTION,))
    write_snapshot(tmp_path / "part", [("workspaces", workspace())], header)
    assert changes(full, tmp_path / "part") == [("noLongerRead", "c", [])]


def test_etag_and_system_data_are_left_out(tmp_path: Path) -> None:
    old = snapshot(tmp_path / "old", {**workspace(etag="1"), "etag": "a", "systemData": {"x": 1}})
    new = snapshot(tmp_path / "new", {**workspace(etag="2"), "etag": "b", "systemData": {"x": 2}})
    assert changes(old, new) == []


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ({"a": 1}, {"a": 2}, [("a", 1, 2)]),
        ({"a": None}, {}, [("a", None, ABSENT)]),
        (
            {"a": {"b": {"c": 1}}},
            {"a": {"b": {"c": 2, "d": 3}}},
            [("a.b.c", 1, 2), ("a.b.d", ABSENT, 3)],
        ),
        ({"a": [1, 2]}, {"a": [2, 1]}, [("a", [1, 2], [2, 1])]),
        (
            {"a": [{"name": "x", "v": 1}, {"name": "y", "v": 2}]},
            {"a": [{"name": "y", "v": 2}, {"name": "x", "v": 9}]},
            [("a[x].v", 1, 9)],
        ),
        ({"a": [{"id": "/s/t/x"}]}, {"a": [{"id": "/S/T/X", "v": 1}]}, [("a[x].v", ABSENT, 1)]),
        (
            {"a": [{"name": "x"}, {"name": "x"}]},
            {"a": [{"name": "x"}]},
            [("a", [{"name": "x"}, {"name": "x"}], [{"name": "x"}])],
        ),
        ({"a": "/subscriptions/X/y"}, {"a": "/subscriptions/x/y"}, []),
        ({"a": "Word"}, {"a": "word"}, [("a", "Word", "word")]),
        ({"a": {"$redacted": ONE}}, {"a": {"$redacted": ONE}}, []),
        (
            {"a": {"$redacted": ONE}},
            {"a": {"$redacted": TWO}},
            [("a", {"$redacted": ONE}, {"$redacted": TWO})],
        ),
        ({"a": {"b": 1}}, {"a": {"$unread": True}}, [("a", {"b": 1}, {"$unread": True})]),
    ],
)
def test_differences(before: Any, after: Any, found: list[tuple[str, Any, Any]]) -> None:
    assert list(differences(before, after)) == [PropertyChange(*each) for each in found]


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(value=_json)
def test_a_value_does_not_differ_from_itself(value: Any) -> None:
    assert list(differences(value, value)) == []


@given(before=_json, after=_json)
def test_differences_mirror(before: Any, after: Any) -> None:
    there, back = list(differences(before, after)), list(differences(after, before))
    assert [(p.path, p.before, p.after) for p in there] == [
        (p.path, p.after, p.before) for p in back
    ]
    assert bool(there) or before == after or str(before).lower() == str(after).lower()


@given(before=_json, after=_json)
def test_ignoring_everything_leaves_nothing(before: Any, after: Any) -> None:
    assert list(differences({"a": before}, {"a": after}, ("a", "a*", *IGNORED))) == []


def test_kinds_are_all_named() -> None:
    assert set(KINDS) == set(ChangeKind)
