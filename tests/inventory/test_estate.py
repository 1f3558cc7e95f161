"""What an estate says of resources that it does not have."""

from __future__ import annotations

import pytest

from scanner.inventory.fields import UNREAD
from scanner.inventory.model.network import VirtualNetwork
from tests.engine.estates import estate
from tests.inventory.records import GROUP, ML, NET, SUB, compute, record, with_gap, workspace

WS = workspace()
HIDDEN = workspace("hidden")
CPU = compute(WS, "cpu")


def test_what_is_listed_per_holder_is_known_only_where_the_holder_is():
    whole = estate(WS, CPU)
    short = with_gap(whole, "workspaces", SUB)
    short = with_gap(short, "computes", f"{SUB}/providers/{ML}/workspaces")
    for known in (whole, short):
        found = known.target("compute", CPU["id"].upper())
        assert found is known.of_kind("compute")[0]
        assert known.target("compute", f"{WS['id']}/computes/gone") is None
    assert whole.target("compute", f"{HIDDEN['id']}/computes/c") is None
    assert short.target("compute", f"{HIDDEN['id']}/computes/c") is UNREAD


@pytest.mark.parametrize("more", [{}, {"properties": None}])
def test_what_is_embedded_in_a_record_without_its_body(more):
    network = record(f"{NET}/virtualNetworks", "vnet", **more)
    known = estate(network)
    [holder] = known.all_of(VirtualNetwork)
    subnets = known.follow(holder, VirtualNetwork.LINKS["subnets"])
    assert (subnets, subnets.complete) == ((), not more)
    expected = UNREAD if more else None
    assert known.target("subnet", f"{network['id']}/subnets/s") is expected


def test_a_gap_at_one_resource_says_nothing_of_those_beside_it():
    known = with_gap(estate(WS, CPU), "computes", f"{WS['id']}/computes/hidden")
    assert known.target("compute", f"{WS['id']}/computes/hidden") is UNREAD
    assert known.target("compute", f"{WS['id']}/computes/gone") is None
    assert known.target("storageAccount", f"{GROUP}/providers/Microsoft.Storage/x/y") is None
