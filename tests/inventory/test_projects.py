from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner import armid
from scanner.config import load_config
from scanner.inventory.estate import Estate
from scanner.inventory.fields import UNREAD, Members
from scanner.inventory.model.organization import Project
from scanner.inventory.model.workspace import Workspace
from scanner.inventory.projects import (
    UNREADABLE,
    as_record,
    project_environments,
    project_id,
)
from scanner.report.location import artifact_path
from scanner.snapshot.manifest import Manifest, Table
from tests.engine.estates import estate as estate_of
from tests.inventory.records import UNREAD as REFUSED
from tests.inventory.records import configured, facts, group, workspace, workspace_in

_ENVIRONMENTS = ("dev", "test", "prod", None)
_PROJECTS = ("churn", "fraud", None)


def placed(number: int, tags: Any, kind: str = "Default") -> Workspace:
    group = f"/subscriptions/a/resourceGroups/rg{number}"
    return Workspace(
        id=f"{group}/providers/Microsoft.MachineLearningServices/workspaces/ws{number}",
        name=f"ws{number}",
        type="Microsoft.MachineLearningServices/workspaces",
        subscription_id="a",
        resource_group=f"rg{number}",
        row=number,
        tags=tags,
        kind=kind,
    )


def estate(*workspaces: Workspace, read: bool = True) -> Estate:
    names = ("resourceGroups", "subscriptions", *(("workspaces",) if read else ()))
    manifest = Manifest(
        tool_version="0",
        started="",
        finished="",
        scopes_asked=("/",),
        scopes_read=("/",),
        tables={name: Table(0, 0, "") for name in names},
    )
    return Estate({"workspace": workspaces}, manifest, load_config(None))


def tags(project: str | None, environment: str | None) -> dict[str, str]:
    both = {"project": project, "environment": environment}
    return {name: value for name, value in both.items() if value is not None}


class TestProjectEnvironments:
    @given(
        st.lists(st.tuples(st.sampled_from(_PROJECTS), st.sampled_from(_ENVIRONMENTS)), max_size=8)
    )
    def test_of_the_same_project_and_no_other(
        self, where: list[tuple[str | None, str | None]]
    ) -> None:
        found = [placed(number, tags(*place)) for number, place in enumerate(where)]
        known = estate(*found)
        for one, (project, _) in zip(found, where, strict=True):
            environments = project_environments(one, known)
            if project is None:
                assert environments is None
            else:
                wanted = {e for p, e in where if p == project and e is not None}
                assert isinstance(environments, Members)
                assert environments == tuple(e for e in ("dev", "test", "prod") if e in wanted)
                assert environments.complete

    def test_a_hub_does_not_count(self) -> None:
        one = placed(1, tags("churn", "dev"))
        known = estate(one, placed(2, tags("churn", "prod"), "Hub"))
        assert project_environments(one, known) == ("dev",)

    def test_unread_tags_of_one_workspace_leave_every_project_open(self) -> None:
        one = placed(1, tags("churn", "dev"))
        found = project_environments(one, estate(one, placed(2, UNREAD)))
        assert found == ("dev",)
        assert isinstance(found, Members)
        assert not found.complete

    def test_workspaces_that_were_not_all_read_leave_the_project_open(self) -> None:
        one = placed(1, tags("churn", "dev"))
        found = project_environments(one, estate(one, read=False))
        assert isinstance(found, Members)
        assert not found.complete

    def test_an_unread_project_gives_nothing_to_look_for(self) -> None:
        one = placed(1, UNREAD)
        assert project_environments(one, estate(one)) is UNREAD


class TestIds:
    NAMES = st.text(min_size=1).map(lambda name: name.strip().lower()).filter(bool)

    @given(NAMES, NAMES)
    def test_two_names_never_share_one(self, one: str, other: str) -> None:
        ids = [armid.key(project_id(name)) for name in (one, other)]
        assert (ids[0] == ids[1]) == (one == other)
        assert UNREADABLE not in ids

    @given(NAMES)
    def test_are_well_formed_whatever_the_name(self, name: str) -> None:
        found = armid.parse(project_id(name))
        assert (found.type, found.subscription_id) == ("azmlscan/projects", "")
        assert armid.parent(project_id(name)) == ""
        assert artifact_path(project_id(name)).startswith("azure/~tenant/azmlscan.projects/")

    @given(st.text(string.ascii_letters, min_size=1))
    def test_do_not_depend_on_casing(self, name: str) -> None:
        records = [
            workspace(top={"tags": {"project": spelled}}) for spelled in (name, name.upper())
        ]
        first, second = (estate_of(one).of_kind("project")[0].id for one in records)
        assert first == second == project_id(name.lower())


def churn(name: str, **top: Any) -> dict[str, Any]:
    """A workspace of the project churn in a resource group of its own."""
    own = {"project": "churn", "environment": "dev", **top.pop("tags", {})}
    return workspace_in(name, tags=own, **top)


CHURN = {"id": project_id("churn")}


class TestProject:
    def test_gathers_what_its_workspaces_have(self) -> None:
        known = estate_of(
            churn("b", tags={"environment": "prod", "team": "Insight", "owner": "bo"}),
            churn("a", tags={"project": " Churn ", "team": "insight", "costCenter": "7"}),
            churn("hub", kind="Hub", location="North Europe", tags={"environment": "qa"}),
            workspace_in("c", tags={"project": "fraud", "environment": "test"}),
            workspace_in("d", tags={}),
        )
        names = ("project", "environments", "regions", "teams", "owners", "costCenters")
        assert facts(known, CHURN, *names) == [
            "Churn",
            ["dev", "prod"],
            ["northeurope", "westeurope"],
            ["insight"],
            ["bo"],
            ["7"],
        ]
        members = facts(known, CHURN, "workspaces")
        assert [arm_id.rpartition("/")[2] for arm_id in members] == ["a", "b", "hub"]
        assert [one.name for one in known.of_kind("project")] == ["Churn", "fraud"]

    def test_has_no_environment_of_its_own(self) -> None:
        assert facts(estate_of(churn("a")), CHURN, "environment", "production") == [None, None]

    def test_tag_of_the_group_counts_and_a_blank_one_is_none(self) -> None:
        tagged = group("rg-a", tags={"project": "churn"})
        known = estate_of(workspace_in("a", tags={"project": " "}), tagged)
        assert len(facts(known, CHURN, "workspaces")) == 1

    def test_is_found_by_its_id_in_any_casing(self) -> None:
        known = estate_of(churn("a"))
        found = known.find(project_id("churn").upper())
        assert isinstance(found, Project)
        assert known.target("project", project_id("churn")) is found
        assert known.target("workspace", project_id("churn")) is None
        assert known.target("project", project_id("other")) is None

    @given(st.lists(st.text(min_size=1).filter(str.strip), max_size=6))
    def test_are_sorted_by_id(self, names: list[str]) -> None:
        records = [workspace_in(f"w{n}", tags={"project": name}) for n, name in enumerate(names)]
        known = estate_of(*records, workspace_in("blind", tags=REFUSED))
        ids = [armid.key(one.id) for one in known.of_kind("project")]
        assert ids == sorted(ids)
        assert known.of_kind("project") is known.of_kind("project")

    def test_does_not_count_as_collected(self) -> None:
        assert len(estate_of(churn("a"))) == 1

    def test_a_workspace_whose_id_claims_to_lie_in_one(self) -> None:
        odd = churn("a", tags={"project": ""})
        odd["id"] = f"{project_id('x')}/providers/Microsoft.MachineLearningServices/workspaces/w"
        known = estate_of(odd)
        assert (len(known.of_kind("workspace")), known.of_kind("project")) == (1, ())

    def test_naming_pattern(self) -> None:
        config = configured(settings={"namingPatterns": {"project": "^[a-z]+$"}})
        known = estate_of(churn("a"), workspace_in("b", tags={"project": "x 1"}), config=config)
        assert facts(known, CHURN, "nameConforms") is True
        assert facts(known, {"id": project_id("x 1")}, "nameConforms") is False

    def test_record_for_its_evidence_file(self) -> None:
        known = estate_of(churn("a"))
        record = as_record(known.of_kind("project")[0], known)  # type: ignore[arg-type]
        assert (record["id"], record["name"]) == (project_id("churn"), "churn")
        assert record["derived"]["environments"] == ["dev"]
        assert record["derived"]["workspaces"] == [churn("a")["id"]]


class TestUnreadable:
    def test_tags_of_a_workspace(self) -> None:
        known = estate_of(churn("a"), workspace_in("b", tags=REFUSED))
        blind, mine = known.of_kind("project")
        assert (mine.id, blind.id, blind.name) == (CHURN["id"], UNREADABLE, "(not readable)")
        assert facts(known, CHURN, "workspaces") == [churn("a")["id"], REFUSED]
        assert facts(known, CHURN, "teams") == [REFUSED]

    def test_nothing_is_said_of_the_projects_that_could_not_be_told(self) -> None:
        config = configured(settings={"namingPatterns": {"project": "^[a-z]+$"}})
        known = estate_of(workspace_in("b", tags=REFUSED), config=config)
        blind = {"id": UNREADABLE}
        assert facts(known, blind, "project", "nameConforms") == [REFUSED, REFUSED]
        lists = ("workspaces", "environments", "regions", "teams", "owners", "costCenters")
        assert facts(known, blind, *lists) == [[REFUSED]] * len(lists)

    def test_group_of_an_untagged_workspace(self) -> None:
        known = estate_of(workspace_in("b", tags={}), unread=["resourceGroups"])
        assert [one.id for one in known.of_kind("project")] == [UNREADABLE]
        assert known.target("project", project_id("churn")) is UNREAD

    @pytest.mark.parametrize("tag", ["team", "owner", "costCenter"])
    def test_a_value_of_one_workspace(self, tag: str) -> None:
        secret = {"$redacted": "sha256:" + "0" * 64}
        known = estate_of(churn("a", tags={tag: "x"}), churn("b", tags={tag: secret}))
        assert facts(known, CHURN, f"{tag}s") == ["x", REFUSED]

    def test_region_of_one_workspace(self) -> None:
        known = estate_of(churn("a"), churn("b", location=REFUSED))
        assert facts(known, CHURN, "regions") == ["westeurope", REFUSED]

    @pytest.mark.parametrize("blind", [{"kind": REFUSED}, {"tags": {"environment": REFUSED}}])
    def test_what_environments_hang_on(self, blind: dict[str, Any]) -> None:
        known = estate_of(churn("a"), churn("b", **blind))
        assert facts(known, CHURN, "environments") == ["dev", REFUSED]
