from __future__ import annotations

import dataclasses
import shutil
import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.errors import SnapshotError
from scanner.snapshot import (
    Gap,
    Manifest,
    Table,
    merge_snapshots,
    open_snapshot,
    verify,
    write_snapshot,
)
from scanner.snapshot.manifest import Shard
from scanner.snapshot.shards import subscriptions_digest, whole_collection, why_not_whole


def header(*subscriptions, **more):
    scopes = tuple(f"/subscriptions/{name}" for name in subscriptions)
    times = {"started": "2026-01-01T00:00:00Z", "finished": "2026-01-01T00:01:00Z"}
    more = {"tool_version": "1", "scopes_asked": scopes, "scopes_read": scopes} | times | more
    return Manifest(**more)


def workspace(subscription, name, **properties):
    path = f"/subscriptions/{subscription}/providers/Microsoft.X/workspaces/{name}"
    return ("workspaces", {"id": path, "properties": properties})


ROLE = ("roleDefinitions", {"id": "/providers/Microsoft.Authorization/roleDefinitions/r"})


@dataclasses.dataclass
class Shards:
    folder: Path

    def write(self, name, records, head):
        write_snapshot(self.folder / name, records, head)
        return self.folder / name

    def merge(self, *paths, name="merged"):
        return merge_snapshots(paths, self.folder / name)


@pytest.fixture
def shards(tmp_path):
    return Shards(tmp_path)


def open_manifest(path):
    with open_snapshot(path) as snapshot:
        return snapshot.manifest


def tables(*names, complete=True):
    return {name: Table(0, 0, "", complete=complete) for name in names}


def test_shards_give_the_bytes_of_one_run(shards):
    one = [workspace("a", "x", apiKey="k"), ROLE]
    two = [workspace("b", "x", apiKey="k"), ROLE]
    whole = write_snapshot(shards.folder / "whole", one + two, header("a", "b"))
    merged = shards.merge(
        shards.write("1.zip", one, header("a", finished="2026-01-01T00:00:30Z")),
        shards.write("2", two, header("b", started="2026-01-01T00:00:20Z")),
    )
    assert merged == msgspec.structs.replace(whole, tool_version=merged.tool_version)
    for table in ("workspaces", "roleDefinitions"):
        name = f"records/{table}.ndjson.gz"
        files = [shards.folder / run / name for run in ("whole", "merged")]
        assert files[0].read_bytes() == files[1].read_bytes()
    assert verify(shards.folder / "merged") == []


def test_order_of_parts_does_not_matter(shards):
    one = shards.write(
        "1", [workspace("a", "x")], header("a", estate="e", gaps=(Gap("*", "/", "o"),))
    )
    two = shards.write("2", [workspace("b", "y"), ROLE], header("b", estate="e"))
    assert shards.merge(one, two) == shards.merge(two, one, name="again")


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"tenant_id": "t2"}, "different tenants"), ({"cloud": "china"}, "different clouds")],
)
def test_what_does_not_belong_together(shards, changes, message):
    one = shards.write("1", [], header("a", tenant_id="t1"))
    two = shards.write("2", [], header("b", **{"tenant_id": "t1"} | changes))
    with pytest.raises(SnapshotError, match=message):
        shards.merge(one, two)
    assert not (shards.folder / "merged").exists()


def test_an_unknown_tenant_agrees(shards):
    one = shards.write("1", [], header("a", tenant_id="t1"))
    two = shards.write("2", [], header("b"))
    assert shards.merge(one, two).tenant_id == "t1"


def test_one_id_with_two_contents_is_an_error(shards):
    one = shards.write("1", [workspace("a", "X", v=1)], header("a"))
    two = shards.write("2", [workspace("a", "x", v=2)], header("b"))
    with pytest.raises(
        SnapshotError, match=r"/subscriptions/a/providers/microsoft\.x/workspaces/x"
    ):
        shards.merge(one, two)
    assert not (shards.folder / "merged").exists()


def test_damaged_part_is_an_error(shards):
    one = shards.write("1", [workspace("a", "x")], header("a"))
    file = one / "records" / "workspaces.ndjson.gz"
    file.write_bytes(file.read_bytes()[:-4])
    with pytest.raises(SnapshotError, match="is damaged"):
        shards.merge(one, shards.write("2", [], header("b")))
    with pytest.raises(SnapshotError, match="no snapshots"):
        shards.merge()


def gaps_of(manifest):
    return {(gap.table, gap.scope, gap.code) for gap in manifest.gaps}


def test_table_missing_in_one_part_is_a_gap_there_only(shards):
    one = shards.write("1", [], header("a", tables=tables("computes", "workspaces")))
    two = shards.write("2", [workspace("b", "x")], header("b"))
    merged = shards.merge(one, two)
    assert merged.tables["computes"].complete
    assert gaps_of(merged) == {("computes", "/subscriptions/b", "NotCollected")}


def test_table_not_complete_in_one_part_is_a_gap_there_only(shards):
    one = shards.write("1", [], header("a", "b", tables=tables("computes")))
    two = shards.write("2", [], header("c", "d", tables=tables("computes", complete=False)))
    merged = shards.merge(one, two)
    assert merged.tables["computes"].complete
    assert gaps_of(merged) == {
        ("computes", "/subscriptions/c", "NotComplete"),
        ("computes", "/subscriptions/d", "NotComplete"),
    }


def test_table_not_complete_anywhere_stays_so(shards):
    parts = [
        shards.write(s, [], header(s, tables=tables("computes", complete=False))) for s in "ab"
    ]
    merged = shards.merge(*parts)
    assert not merged.tables["computes"].complete
    assert merged.gaps == ()


def test_gaps_at_the_root_become_gaps_of_the_part(shards):
    told = (Gap("computes", "/", "o", code="C"), Gap("computes", "/subscriptions/a/x", "o"))
    one = shards.write("1", [], header("a", tables=tables("workspaces"), gaps=told))
    two = shards.write("2", [], header("b", tables=tables("computes", "workspaces")))
    merged = shards.merge(one, two)
    assert gaps_of(merged) == {
        ("computes", "/subscriptions/a", "C"),
        ("computes", "/subscriptions/a/x", ""),
    }


def test_gaps_above_subscriptions_stay(shards):
    told = (Gap("roleAssignments", "/", "o", code="C"),)
    one = shards.write("1", [], header("a", gaps=told))
    two = shards.write("2", [], header("b", tables=tables("roleAssignments")))
    assert gaps_of(shards.merge(one, two)) == {("roleAssignments", "/", "C")}
    everything = shards.write("3", [], header("c", gaps=(Gap("*", "/", "o"),)))
    merged = gaps_of(shards.merge(two, everything, name="again"))
    assert ("*", "/subscriptions/c", "") in merged
    assert ("roleAssignments", "/", "") in merged
    assert ("*", "/", "") not in merged


def test_part_without_subscriptions_bounds_nothing(shards):
    one = shards.write("1", [], header(gaps=(Gap("computes", "/", "o"),)))
    two = shards.write("2", [], header("b", tables=tables("computes")))
    assert gaps_of(shards.merge(one, two)) == {("computes", "/", "")}


def test_management_group_asked_for_does_not_unbound_what_was_read(shards):
    group = ("/providers/Microsoft.Management/managementGroups/g",)
    one = shards.write("1", [], header("a", scopes_asked=group))
    two = shards.write("2", [], header("b", tables=tables("computes")))
    merged = shards.merge(one, two)
    assert gaps_of(merged) == {("computes", "/subscriptions/a", "NotCollected")}
    assert merged.scopes_asked == (*group, "/subscriptions/b")


def shard_of(index, *all_of_them, count=2, everything=True, asked=("/",)):
    digest = subscriptions_digest(all_of_them)
    return {"shard": Shard(index, count, asked, digest, everything)}


def test_all_shards_of_everything_are_everything(shards):
    one = shards.write("1", [workspace("a", "x")], header("A", **shard_of(1, "a", "b")))
    two = shards.write("2", [workspace("b", "x")], header("b", **shard_of(2, "b", "A")))
    merged = shards.merge(one, two)
    assert merged.scopes_read == ("/", "/subscriptions/A", "/subscriptions/b")
    assert merged.scopes_asked == ("/",)
    assert merged.shard is msgspec.UNSET
    assert why_not_whole([open_manifest(one), open_manifest(two)]) == []


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        ({}, {}, None),
        (shard_of(1, "a", "b"), {}, "of 2 shards, 2 is not there"),
        (shard_of(1, "a", "b", count=3), shard_of(2, "a", "b", count=3), "3 is not there"),
        (shard_of(1, "a", "b"), shard_of(2, "a", "b", "c"), "not find the same subscriptions"),
        (shard_of(1, "a", "b", "c"), shard_of(2, "a", "b", "c"), "not find the same"),
        (shard_of(1, "a", "b"), shard_of(2, "a", "b", asked=("/x",)), "2 is not there"),
        (shard_of(1, "a", "b"), shard_of(2, "a", "b", everything=False), None),
    ],
)
def test_what_may_miss_a_subscription_is_not_everything(shards, first, second, reason):
    one = shards.write("1", [], header("a", **first))
    two = shards.write("2", [], header("b", **second))
    assert "/" not in shards.merge(one, two).scopes_read
    told = why_not_whole([open_manifest(one), open_manifest(two)])
    assert bool(told) == (reason is not None)
    assert all((reason or "") in told[0] for _ in told[:1])


def test_shards_that_are_missing_are_named_but_not_thousands_of_them():
    one = header("a", **shard_of(1, "a", "b", count=12))
    [told] = why_not_whole([one])
    assert told == "of 12 shards, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 1 more are not there"
    absurd = header("a", **shard_of(3, "a", "b", count=2**62))
    [told] = why_not_whole([absurd])
    assert told.endswith(f"1, 2, 4, 5, 6, 7, 8, 9, 10, 11 and {2**62 - 11} more are not there")
    assert whole_collection([absurd]) is None


def test_what_is_no_shard_belongs_to_no_collection(shards):
    one = shards.write("1", [], header("a", **shard_of(1, "a", "b")))
    two = shards.write("2", [], header("b", **shard_of(2, "a", "b")))
    three = shards.write("3", [], header("c"))
    assert "/" not in shards.merge(one, two, three).scopes_read
    within = shards.write("4", [], header("a", estate="imported"))
    assert "/" not in shards.merge(one, two, within, name="other").scopes_read


def test_a_part_that_is_named_twice_is_an_error(shards):
    one = shards.write("1", [workspace("a", "x")], header("a"))
    copy = shards.folder / "copy"
    shutil.copytree(one, copy)
    for again in (one, shards.folder / "." / "1", copy):
        with pytest.raises(SnapshotError, match="are both the same snapshot"):
            shards.merge(one, again)
    assert not (shards.folder / "merged").exists()


def test_a_shard_that_was_taken_twice_is_an_error(shards):
    one = shards.write("1", [], header("a", **shard_of(1, "a", "b")))
    later = header("a", finished="2026-01-01T00:02:00Z", **shard_of(1, "a", "b"))
    with pytest.raises(SnapshotError, match="are both shard 1/2 of one collection"):
        shards.merge(one, shards.write("2", [], later))


def test_facts_of_the_parts_are_joined(shards):
    one = shards.write(
        "1",
        [],
        header("A", estate="e", api_versions={"x": "1", "y": "1"}, promised_complete=("computes",)),
    )
    two = shards.write("2", [], header("a", "b", estate="f", api_versions={"x": "2"}))
    merged = shards.merge(one, two)
    assert merged.scopes_read == ("/subscriptions/A", "/subscriptions/b")
    assert merged.estate == ""
    assert merged.api_versions == {"x": "1, 2", "y": "1"}
    assert merged.promised_complete == ("computes",)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.text("xyzXYZ", min_size=1)), max_size=10))
def test_any_split_by_subscription_gives_the_whole(names):
    records = [workspace(sub, name, tags={"password": name.lower()}) for sub, name in names]
    with tempfile.TemporaryDirectory() as folder:
        shards = Shards(Path(folder))
        announced = {"tables": tables("workspaces")}
        whole = write_snapshot(shards.folder / "w", records, header("a", "b", "c", **announced))
        paths = [
            shards.write(
                sub,
                [r for r, (s, _) in zip(records, names, strict=True) if s == sub],
                header(sub, **announced),
            )
            for sub in "abc"
        ]
        merged = shards.merge(*paths)
    assert merged == msgspec.structs.replace(whole, tool_version=merged.tool_version)
