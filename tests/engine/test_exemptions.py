"""Exemptions files: what they may say, and what a scope covers."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.engine.exemptions import Area, ExemptionFile, Scope, load_exemptions
from scanner.errors import ExemptionError

if TYPE_CHECKING:
    from pathlib import Path

SUB = "/subscriptions/11111111-2222-3333-4444-555555555555"
WORKSPACE = (
    f"{SUB}/resourceGroups/rg-ML-Dev/providers/Microsoft.MachineLearningServices/workspaces/ws"
)
ENTRY = """
  - id: one
    rules: [AML-NET-*]
    scope: {environments: [dev]}
    category: Waiver
    justification: There is no real data.
    owner: ml@contoso.com
    createdOn: 2026-01-01
    expiresOn: 2026-12-31
"""


def load(folder: Path, text: str, name: str = "exemptions.yaml") -> ExemptionFile:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    [found] = load_exemptions([path])
    return found


def test_everything_that_a_file_may_hold(tmp_path: Path) -> None:
    text = f"""exemptions:{ENTRY}    approvedBy: ciso
    ticket: ARB-1
gaps:
  - table: computes
    scope: {SUB}
    code: AuthorizationFailed
    category: Mitigated
    justification: Not ours.
    owner: o
    createdOn: '2026-01-01'
    expiresOn: '2026-01-31'
attestations:
  - control: caf-ml-setup/automated-tests
    answer: met
    statement: Seen in the pipeline.
    attestedBy: j.doe
    attestedOn: 2026-11-01
    expiresOn: 2027-10-31
"""
    found = load(tmp_path, text)
    [entry] = found.exemptions
    assert (entry.id, entry.place) == ("one", "exemptions.yaml:2")
    assert entry.expires_on == dt.date(2026, 12, 31)
    shown = entry.shown()
    assert (shown.approved_by, shown.ticket, shown.expires_on) == ("ciso", "ARB-1", "2026-12-31")
    assert [each.label for each in found.terms()] == [
        "one (exemptions.yaml:2)",
        "exemptions.yaml:13",
    ]
    assert found.attestations[0].attested_on == dt.date(2026, 11, 1)
    assert found.sha256 == hashlib.sha256((tmp_path / "exemptions.yaml").read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "    expiresOn: 2026-12-31\n",
            "",
            r"yaml:2: exemptions\[0\]: the key 'expiresOn' is missing",
        ),
        ("expiresOn: 2026-12-31", "expiresOn: never", r"yaml:9: .*'never' is not of the required"),
        ("expiresOn: 2026-12-31", "expiresOn:", r"yaml:9: .*must be text, not empty"),
        ("expiresOn: 2026-12-31", "expiresOn: 2026-02-30", r"yaml:9: .*there is no day 2026-02-30"),
        ("expiresOn: 2026-12-31", "expiresOn: 2026-12-31T00:00:00Z", "not of the required form"),
        ("expiresOn: 2026-12-31", "expiresOn: 2025-12-31", "expires before it was made"),
        ("expiresOn: 2026-12-31", "expiresOn: 2027-01-03", "is 367 days after createdOn, 366 are"),
        ("owner: ml@contoso.com", "owner: ''", "must not be empty"),
        ("owner: ml@contoso.com", "owner: ' '", "not of the required form"),
        ("justification:", "justfication:", "Did you mean|unknown key 'justfication'"),
        ("category: Waiver", "category: waiver", "none of the allowed values"),
        ("{environments: [dev]}", "{}", "must not be empty"),
        ("{environments: [dev]}", "{resources: [rg-x]}", "not of the required form"),
        ("{environments: [dev]}", "{resources: [/]}", "not of the required form"),
        ("rules: [AML-NET-*]", "rules: []", "must not be empty"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, old: str, new: str, problem: str) -> None:
    text = f"exemptions:{ENTRY}"
    assert old in text
    with pytest.raises(ExemptionError, match=problem):
        load(tmp_path, text.replace(old, new))


def test_the_span_can_be_set(tmp_path: Path) -> None:
    load(tmp_path, f"exemptions:{ENTRY}")
    with pytest.raises(ExemptionError, match="364 days after createdOn, 90 are") as caught:
        load_exemptions([tmp_path / "exemptions.yaml"], 90)
    assert "2026-04-01" in caught.value.hint


def test_an_id_is_used_once(tmp_path: Path) -> None:
    load(tmp_path, f"exemptions:{ENTRY}")
    other = tmp_path / "other.yaml"
    other.write_text(f"exemptions:{ENTRY}", encoding="utf-8")
    with pytest.raises(
        ExemptionError, match=r"other.yaml:2.*'one' is already the id of exemptions"
    ):
        load_exemptions([tmp_path / "exemptions.yaml", other])


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExemptionError, match="cannot be read"):
        load_exemptions([tmp_path / "none.yaml"])


def test_a_gap_of_a_table_that_there_is_not(tmp_path: Path) -> None:
    text = f"""gaps:
  - scope: {SUB}
    table: computs
    code: '*'
    category: Waiver
    justification: Not ours.
    owner: o
    createdOn: 2026-01-01
    expiresOn: 2026-01-31
"""
    with pytest.raises(
        ExemptionError, match=r":3: gaps\[0\].table: there is no table 'computs'"
    ) as found:
        load(tmp_path, text)
    assert found.value.hint == "Did you mean 'computes'?"
    assert load(tmp_path, text.replace("computs", "'*'")).gaps[0].table == "*"


@pytest.mark.parametrize(
    ("scope", "covered"),
    [
        (Scope(resources=(SUB,)), True),
        (Scope(resources=(SUB.upper() + "/",)), True),
        (Scope(resources=(WORKSPACE.upper(),)), True),
        (Scope(resources=(f"{SUB}/resourceGroups/rg-ml-dev",)), True),
        (Scope(resources=(f"{SUB}/resourceGroups/rg-ml",)), False),
        (Scope(resources=(f"{WORKSPACE}/computes/c",)), False),
        (Scope(resources=("*/workspaces/w?",)), True),
        (Scope(resources=("*/workspaces",)), False),
        (Scope(resource_groups=("RG-ml-*",)), True),
        (Scope(resource_groups=("rg-ml",)), False),
        (Scope(environments=("dev",)), True),
        (Scope(environments=("Dev", "prod")), False),
        (Scope(resources=(SUB,), environments=("prod",)), False),
        (Scope(resources=(SUB,), resource_groups=("x",)), False),
        (Scope(resources=("/subscriptions/x", SUB), environments=("dev",)), True),
    ],
)
def test_a_scope_covers_what_meets_all_of_it(scope: Scope, covered: bool) -> None:
    assert Area(scope).covers(WORKSPACE, "dev") is covered


def test_what_has_no_environment_is_in_none() -> None:
    assert not Area(Scope(environments=("dev",))).covers(WORKSPACE, None)


@given(
    key=st.sampled_from(["resources", "resource_groups", "environments"]), more=st.text(min_size=1)
)
def test_one_more_key_never_widens_a_scope(key: str, more: str) -> None:
    for base in (Scope(resources=(SUB,)), Scope(environments=("dev",))):
        if getattr(base, key):
            continue
        values = {name: getattr(base, name) for name in Scope.__struct_fields__}
        narrower = Scope(**{**values, key: (more,)})
        if Area(narrower).covers(WORKSPACE, "dev"):
            assert Area(base).covers(WORKSPACE, "dev")
