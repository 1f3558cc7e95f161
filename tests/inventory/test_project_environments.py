from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from scanner.config import load_config
from scanner.inventory.estate import Estate
from scanner.inventory.fields import UNREAD, Members
from scanner.inventory.model.workspace import Workspace
from scanner.inventory.project_environments import project_environments
from scanner.snapshot.manifest import Manifest, Table

_ENVIRONMENTS = ("dev", "test", "prod", None)
_PROJECTS = ("churn", "fraud", None)


def workspace(number: int, tags: Any, kind: str = "Default") -> Workspace:
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


@given(st.lists(st.tuples(st.sampled_from(_PROJECTS), st.sampled_from(_ENVIRONMENTS)), max_size=8))
def test_environments_of_the_same_project_and_no_other(
    placed: list[tuple[str | None, str | None]],
) -> None:
    found = [workspace(number, tags(*place)) for number, place in enumerate(placed)]
    known = estate(*found)
    for one, (project, _) in zip(found, placed, strict=True):
        environments = project_environments(one, known)
        if project is None:
            assert environments is None
        else:
            wanted = {e for p, e in placed if p == project and e is not None}
            assert isinstance(environments, Members)
            assert environments == tuple(e for e in ("dev", "test", "prod") if e in wanted)
            assert environments.complete


def test_a_hub_is_no_workspace_of_a_project() -> None:
    one = workspace(1, tags("churn", "dev"))
    assert project_environments(one, estate(one, workspace(2, tags("churn", "prod"), "Hub"))) == (
        "dev",
    )


def test_unread_tags_of_one_workspace_leave_every_project_open() -> None:
    one = workspace(1, tags("churn", "dev"))
    found = project_environments(one, estate(one, workspace(2, UNREAD)))
    assert found == ("dev",)
    assert isinstance(found, Members)
    assert not found.complete


def test_workspaces_that_were_not_all_read_leave_the_project_open() -> None:
    one = workspace(1, tags("churn", "dev"))
    found = project_environments(one, estate(one, read=False))
    assert isinstance(found, Members)
    assert not found.complete


def test_an_unread_project_gives_nothing_to_look_for() -> None:
    one = workspace(1, UNREAD)
    assert project_environments(one, estate(one)) is UNREAD
