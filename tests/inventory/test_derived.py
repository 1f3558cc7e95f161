"""What holds for every derived fact: declared well, never guessing, linear in the estate."""

from __future__ import annotations

import functools
import json
import typing
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scanner.config import load_config
from scanner.inventory import paths
from scanner.inventory.build import declared, part_of
from scanner.inventory.derived import DERIVED
from scanner.inventory.estate import Estate, load_estate
from scanner.inventory.fields import UNREAD, Part, Resource
from scanner.inventory.kinds import KINDS
from scanner.inventory.projects import UNREADABLE
from scanner.snapshot import open_snapshot
from scanner.snapshot.manifest import Gap
from tests.conftest import ROOT
from tests.engine.estates import estate
from tests.inventory.records import blinded, changed

CONTOSO = ROOT / "fixtures" / "estates" / "contoso"
WORDS = {"reason", "reasons"}
"""Fields that tell in words what was looked at; what was not readable is left out of them."""
ABOUT_GAPS = {"gaps", "missingPermissions"}
"""Facts about what was not read: there is more to say of a blind estate."""
FACTS = [(kind, name) for kind, facts in DERIVED.items() for name in facts]
each_fact = pytest.mark.parametrize(("kind", "name"), FACTS, ids=[".".join(fact) for fact in FACTS])


@functools.cache
def contoso() -> Estate:
    config = load_config(CONTOSO / "azmlscan.yaml")
    return load_estate(open_snapshot(CONTOSO), config)


@functools.cache
def small() -> Estate:
    """One workspace, one hub and its project, with everything around them."""
    files = sorted((ROOT / "fixtures" / "arm").glob("*.json"))
    return estate(*(json.loads(file.read_text(encoding="utf-8")) for file in files))


def answers(of: Estate) -> dict[tuple[str, str, str], Any]:
    """Every fact of every resource, by kind, fact and id."""
    return {
        (kind, name, resource.id): of.fact(name, resource, fact.compute)
        for kind, facts in DERIVED.items()
        for resource in of.of_kind(kind)
        for name, fact in facts.items()
    }


@functools.cache
def known_answers(build: Any) -> dict[tuple[str, str, str], Any]:
    return answers(build())


def without_table(of: Estate, table: str) -> Estate:
    gaps = (*of.manifest.gaps, Gap(table, "/", "GET", 403))
    manifest = msgspec.structs.replace(of.manifest, gaps=gaps)
    resources = {kind: of.of_kind(kind) for kind, cls in KINDS.items() if table != cls.TABLE}
    return Estate(resources, manifest, of.config)


def places(cls: type[msgspec.Struct], depth: int = 3) -> list[tuple[str, ...]]:
    """The paths of attributes in a struct, those of the parts in it included."""
    found: list[tuple[str, ...]] = []
    for info in declared(cls).values():
        if info.source.path[0] == "^" or info.source.path in {"id", "@"}:
            continue  # taken from the id, which every record has
        found.append((info.attribute,))
        part, _ = part_of(info.annotation)
        if part is not None and depth:
            found += [(info.attribute, *rest) for rest in places(part, depth - 1)]
    return found


PLACES = [(kind, place) for kind, cls in KINDS.items() for place in places(cls)]


def contradiction(before: Any, after: Any) -> str:
    """Say how an answer given on less evidence goes against the one given on all of it."""
    if after is UNREAD or before is UNREAD:
        return ""
    if isinstance(after, tuple):
        return _of_members(before, after)
    if isinstance(after, Resource):
        same = isinstance(before, Resource) and before.id == after.id
        return "" if same else f"{before} became {after.id}"
    if isinstance(after, Part) and type(before) is type(after):
        found = (
            contradiction(getattr(before, name), getattr(after, name))
            for name in after.__struct_fields__
            if name not in WORDS
        )
        return next(filter(None, found), "")
    return "" if before == after else f"{before} became {after}"


def _of_members(before: Any, after: Any) -> str:
    if not isinstance(before, tuple):
        return f"{before} became {after}"
    for member in after:
        if all(contradiction(other, member) for other in before) and getattr(
            before, "complete", True
        ):
            return f"{member} appeared"
    complete = getattr(after, "complete", True)
    if complete and (len(after) != len(before) or not getattr(before, "complete", True)):
        return f"{len(before)} became exactly {len(after)}"
    return ""


def assert_says_nothing(place: tuple[str, str, str], after: Any) -> None:
    """What stands for projects that were not readable may be there where nothing was hidden not."""
    assert place[2] == UNREADABLE, place
    nothing = after is UNREAD or (after == () and not after.complete)
    assert nothing or place[1] in {"environment", "production", "namePattern", "nameConforms"}


def assert_consistent(build: Any, blind: Estate) -> None:
    before = known_answers(build)
    for place, after in answers(blind).items():
        if place[1] in ABOUT_GAPS:
            continue
        if place not in before:
            assert_says_nothing(place, after)
            continue
        problem = contradiction(before[place], after)
        assert not problem, f"{place}: {problem}"


class TestDeclarations:
    @each_fact
    def test_does_not_hide_a_field_or_link(self, kind, name):
        assert name not in declared(KINDS[kind])
        assert name not in KINDS[kind].LINKS

    @each_fact
    def test_is_documented_in_one_sentence_or_two(self, kind, name):
        doc = DERIVED[kind][name].doc
        assert doc.endswith(".")
        assert "\n" not in doc
        assert len(doc) < 260

    @each_fact
    def test_evidence_exists(self, kind, name):
        for path in DERIVED[kind][name].evidence:
            paths.check(paths.tokens(path), KINDS[kind], path)

    @each_fact
    def test_parts_are_open_to_paths(self, kind, name):
        part, _ = part_of(DERIVED[kind][name].type)
        if part is not None and issubclass(part, Part):
            fields = {field.name for field in msgspec.structs.fields(part)}
            assert {info.attribute for info in declared(part).values()} == fields

    def test_every_kind_has_an_environment(self):
        assert all({"environment", "production", "project"} <= set(DERIVED[kind]) for kind in KINDS)


@pytest.mark.parametrize("build", [contoso, small], ids=["contoso", "small"])
class TestValues:
    def test_are_of_the_declared_type(self, build):
        for (kind, name, _), value in known_answers(build).items():
            expected = DERIVED[kind][name].type
            if value is None or value is UNREAD:
                continue
            if typing.get_origin(expected) is tuple:
                assert isinstance(value, tuple), (kind, name)
                element = typing.get_args(expected)[0]
                assert all(isinstance(item, element) for item in value), (kind, name)
            else:
                assert type(value) is expected, (kind, name)

    def test_do_not_depend_on_the_order_of_records(self, build):
        of = build()
        reversed_ = {kind: tuple(reversed(of.of_kind(kind))) for kind in KINDS}
        assert_consistent(build, Estate(reversed_, of.manifest, of.config))


class TestUnreadNeverDecides:
    """Less evidence may leave an answer open, but never turns it round."""

    @pytest.mark.parametrize("table", sorted({cls.TABLE for cls in KINDS.values()}))
    def test_a_table_that_was_refused(self, table):
        assert_consistent(small, without_table(small(), table))

    @pytest.mark.parametrize(
        ("kind", "place"), PLACES, ids=[f"{kind}.{'.'.join(place)}" for kind, place in PLACES]
    )
    def test_a_property_that_was_refused(self, kind, place):
        if not small().of_kind(kind):
            pytest.skip("no such resource in the small estate")
        blind = changed(small(), lambda old: blinded(old, place) if kind == old.KIND else old)
        assert_consistent(small, blind)

    @settings(max_examples=12)
    @given(st.sampled_from(sorted({cls.TABLE for cls in KINDS.values()})))
    def test_a_table_of_a_whole_estate(self, table):
        assert_consistent(contoso, without_table(contoso(), table))

    @settings(max_examples=25)
    @example(("roleAssignment", ("role_definition_guid",)), 0)
    @given(st.sampled_from(PLACES), st.integers(0, 3))
    def test_a_property_of_some_resources(self, at, rest):
        kind, place = at

        def change(old: Resource) -> Any:
            return blinded(old, place) if kind == old.KIND and old.row % 4 == rest else old

        assert_consistent(contoso, changed(contoso(), change))

    @settings(max_examples=15)
    @given(st.sets(st.integers(0, 2000), max_size=200))
    def test_nothing_readable_at_all_of_some_records(self, rows):
        def change(old: Resource) -> Any:
            if old.row not in rows:
                return old
            for place in places(type(old), 0):
                old = blinded(old, place)
            return old

        assert_consistent(contoso, changed(contoso(), change))


def test_facts_are_linear_in_the_estate():
    """Counted, not timed: each resource is asked for its environment once, however many there are."""

    def reads(number: int) -> int:
        group = "/subscriptions/11111111-0000-0000-0000-000000000001/resourceGroups"
        records = [
            {
                "id": f"{group}/rg{index}/providers/Microsoft.MachineLearningServices/workspaces/ws",
                "type": "Microsoft.MachineLearningServices/workspaces",
                "tags": {"project": "p", "environment": "dev", "n": str(index)},
                "location": f"region{index}",
                "properties": {
                    "storageAccount": f"{group}/rg{index}/providers/Microsoft.Storage/"
                    f"storageAccounts/st{index}"
                },
            }
            for index in range(number)
        ]
        of = estate(*records)
        calls = 0
        follow, target, find = of.follow, of.target, of.find

        def counted(function: Any) -> Any:
            def call(*args: Any) -> Any:
                nonlocal calls
                calls += 1
                return function(*args)

            return call

        of.follow, of.target, of.find = counted(follow), counted(target), counted(find)  # type: ignore[method-assign]
        answers(of)
        return calls

    assert reads(200) <= 11 * reads(20)
