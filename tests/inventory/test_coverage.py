"""What was read, told in the short way for tables without gaps and in the long way for others."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scanner import armid
from scanner.inventory.coverage import Coverage
from scanner.snapshot.manifest import ANY_TABLE, Gap, Manifest, Table

ONE, TWO = "/subscriptions/One", "/subscriptions/two"
GROUP = f"{ONE}/resourceGroups/rg"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"
BESIDE = f"{GROUP}/providers/Microsoft.KeyVault/vaults/other"
PLACES = ("/", ONE, TWO, GROUP, VAULT, VAULT.upper(), BESIDE, f"{TWO}/resourceGroups/rg", "")
TABLE = "keyVaults"


def coverage(scopes, gaps=(), *, complete=True):
    table = Table(0, 0, "", complete=complete)
    manifest = Manifest(
        tool_version="0",
        started="",
        finished="",
        tables={TABLE: table, "computes": table},
        scopes_read=tuple(scopes),
        gaps=tuple(Gap(name, scope, "list", status=403) for name, scope in gaps),
    )
    return Coverage(manifest)


def was_read(scopes, gaps, place, *, below):
    """Go by the definition: in a scope that was read, and no gap at, above or (below) in it."""
    chain = armid.ancestors(place)
    if not {armid.key(scope) or "/" for scope in scopes} & set(chain):
        return False
    about = [scope for table, scope in gaps if table in {TABLE, ANY_TABLE}]
    hidden = {armid.key(scope) or "/" for scope in about} & set(chain)
    inside = below and any(chain[0] in armid.ancestors(scope) for scope in about)
    return not hidden and not inside


SCOPES = st.sets(st.sampled_from(("/", ONE, ONE.upper(), TWO, GROUP)))
GAPS = st.lists(
    st.tuples(
        st.sampled_from((TABLE, "computes", ANY_TABLE)), st.sampled_from(("/", ONE, GROUP, VAULT))
    ),
    max_size=2,
)


@example({"/"}, [(ANY_TABLE, VAULT)], [BESIDE, VAULT])
@example({"/"}, [(TABLE, VAULT)], [BESIDE, VAULT])
@given(SCOPES, GAPS, st.lists(st.sampled_from(PLACES), max_size=4))
def test_answers_follow_the_definition_whatever_was_asked_before(scopes, gaps, places):
    known = coverage(scopes, gaps)
    for place in places:
        assert known.has_all(TABLE, place) == was_read(scopes, gaps, place, below=True)
        for record in (place, f"{place}/providers/x/y"):
            assert known.has_record(TABLE, record) == was_read(scopes, gaps, record, below=False)


@pytest.mark.parametrize(
    ("gaps", "complete", "whole"),
    [
        ([], True, True),
        ([("computes", ONE)], True, True),
        ([(TABLE, VAULT)], True, False),
        ([(ANY_TABLE, TWO)], True, False),
        ([], False, False),
    ],
)
def test_a_table_without_gap(gaps, complete, whole):
    known = coverage([ONE], gaps, complete=complete)
    assert known.has_no_gap(TABLE) is whole
    assert not known.has_no_gap("datastores")


WORKSPACES = "providers/Microsoft.MachineLearningServices/workspaces"
SETTING = "providers/Microsoft.Insights/diagnosticSettings/d"


@pytest.mark.parametrize(
    ("above", "place", "has_record", "has_all"),
    [
        (ONE, f"{GROUP}/{WORKSPACES}/w/computes/c", False, True),
        ("/", f"{GROUP}/{WORKSPACES}/w/computes/c".upper(), False, True),
        (ONE, f"{GROUP}/{WORKSPACES}/w", False, True),
        (ONE, f"{GROUP}/{WORKSPACES}/w/{SETTING}", False, True),
        (ONE, GROUP, True, False),
        (ONE, ONE, True, False),
        (GROUP, ONE, True, False),
        (GROUP, f"{ONE}/resourceGroups/other/{WORKSPACES}/w/computes/c", True, True),
        (ONE, f"{TWO}/resourceGroups/rg/{WORKSPACES}/w/computes/c", True, True),
        (ONE, VAULT, True, True),
        (ONE, f"{VAULT}/{SETTING}", True, True),
    ],
)
def test_what_is_listed_per_owner_where_owners_may_be_hidden(above, place, has_record, has_all):
    known = coverage([ONE, TWO], [(TABLE, f"{above.rstrip('/')}/{WORKSPACES}")])
    for _ in range(2):
        assert known.has_record(TABLE, place) is has_record
        assert known.has_all(TABLE, place) is has_all
    assert not known.has_everything(TABLE)
