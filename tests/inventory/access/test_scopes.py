"""Which scopes hold for a resource, and whether what is assigned there was read."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner import armid
from scanner.config import load_config
from scanner.inventory.access.scopes import ROOT, Chain, chain_of, was_read
from scanner.inventory.estate import Estate
from scanner.snapshot.manifest import ANY_TABLE, Gap, Manifest, Table
from tests.engine.estates import estate as estate_of
from tests.inventory.access.world import MG
from tests.inventory.records import SUB, subscription

TABLE = "roleAssignments"
GROUP = f"{SUB}/resourceGroups/Rg"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"
SETTING = f"{VAULT}/providers/Microsoft.Insights/diagnosticSettings/d"
OTHER = "/subscriptions/11111111-1111-1111-1111-111111111111"
PLACES = (ROOT, MG, SUB, OTHER, GROUP, VAULT, SETTING, f"{SUB}/providers/Microsoft.X/ys/z")


def estate(scopes=(SUB,), gaps=(), *, complete=True):
    manifest = Manifest(
        tool_version="0",
        started="",
        finished="",
        scopes_read=tuple(scopes),
        tables={TABLE: Table(0, 0, "", complete=complete)},
        gaps=tuple(Gap(table, scope, "list", status=403) for table, scope in gaps),
    )
    return Estate({}, manifest, load_config(None))


def test_scopes_are_those_that_hold_one_another():
    known = estate_of(subscription(chain=("contoso", "tenant")))
    above = (SUB.lower(), MG.lower(), f"{MG.rpartition('/')[0]}/tenant".lower(), ROOT)
    group = (GROUP.lower(), *above)
    assert chain_of(f"{SUB}/", known) == Chain(above, complete=True)
    assert chain_of(GROUP.upper(), known) == Chain(group, complete=True)
    assert chain_of(SETTING, known).scopes == (SETTING.lower(), VAULT.lower(), *group)
    assert chain_of(f"{SUB}/providers/Microsoft.X/ys/z", known).scopes[1:] == above
    assert chain_of("/providers/Microsoft.X/ys/z", known) == Chain((ROOT,), complete=True)


@pytest.mark.parametrize("known", [[], [{**subscription(), "properties": {}}]])
def test_groups_above_that_are_not_known_leave_it_open(known):
    found = chain_of(VAULT, estate_of(*known))
    assert found == Chain((VAULT.lower(), GROUP.lower(), SUB.lower(), ROOT), complete=False)


def test_an_id_may_have_any_number_of_parts():
    deep = VAULT + "/child/x" * 2_000
    found = chain_of(deep, estate())
    assert (len(found.scopes), found.scopes[2_000]) == (2_004, VAULT.lower())


@given(st.lists(st.sampled_from(("subscriptions", "resourceGroups", "providers", "a", ""))))
def test_any_text_has_a_chain_up_to_the_root(parts):
    found = chain_of("/" + "/".join(parts), estate())
    assert found.scopes[-1] == ROOT
    assert all(len(above) < len(scope) for scope, above in itertools.pairwise(found.scopes[:-1]))


GAPS = st.lists(
    st.tuples(st.sampled_from((TABLE, "keyVaults", ANY_TABLE)), st.sampled_from(PLACES)), max_size=2
)


@given(st.sets(st.sampled_from((ROOT, SUB, OTHER))), GAPS, st.booleans())
def test_what_is_assigned_at_a_chain_was_read_where_no_gap_is_in_it(scopes, gaps, complete):
    known = estate(scopes, gaps, complete=complete)
    about = {armid.key(scope) or ROOT for table, scope in gaps if table in {TABLE, ANY_TABLE}}
    for place in PLACES:
        chain = chain_of(place, known)
        inside = not place.startswith("/subscriptions/") or not {
            armid.key(scope) or ROOT for scope in scopes
        }.isdisjoint(armid.ancestors(place))
        # A gap at the root is one of everything.
        missing = about & {*chain.scopes, ROOT}
        assert was_read(TABLE, chain, known) == (complete and inside and not missing), place
