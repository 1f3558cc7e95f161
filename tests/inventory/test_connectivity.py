from __future__ import annotations

import pytest

from tests.engine.estates import estate
from tests.inventory.records import UNREAD, child, compute, facts, project, workspace

HUB = workspace("hub", top={"kind": "Hub"})
FQDN = {"type": "FQDN", "destination": "packages.contoso.example", "category": "UserDefined"}


def isolated(mode="AllowOnlyApprovedOutbound", **settings):
    return workspace(managedNetwork={"isolationMode": mode, **settings})


def listed(name, **properties):
    return child(workspace(), "outboundRules", name, properties={**FQDN, **properties})


def rules(*records, unread=()):
    found = facts(estate(*records, unread=unread), records[0], "effectiveOutboundRules")
    return [rule if rule == UNREAD else rule["name"] for rule in found]


class TestNetwork:
    def test_is_the_workspace_itself(self):
        for kind in ("Default", "Hub", "FeatureStore", None):
            ws = workspace(top={"kind": kind})
            assert facts(estate(ws), ws, "network") == ws["id"]

    def test_of_a_project_is_its_hub(self):
        assert facts(estate(HUB, project(HUB)), project(HUB), "network") == HUB["id"]

    def test_of_a_project_without_hub_is_absent(self):
        assert facts(estate(project(HUB)), project(HUB), "network") is None

    def test_of_a_hub_that_was_not_read(self):
        blind = workspace("project", top={"kind": "Project"}, hubResourceId=UNREAD)
        assert facts(estate(blind), blind, "network") == UNREAD
        blind = workspace("project", top={"kind": UNREAD}, hubResourceId=HUB["id"])
        assert facts(estate(blind, HUB), blind, "network") == UNREAD


class TestEffectiveOutboundRules:
    def test_of_both_sources_once(self):
        ws = isolated(outboundRules={"a": FQDN, "B": FQDN})
        assert rules(ws, listed("b"), listed("c")) == ["a", "b", "c"]

    @pytest.mark.parametrize("mode", ["Disabled", None])
    def test_none_without_managed_network(self, mode):
        unread = ["outboundRules"]
        ws = workspace(managedNetwork={"isolationMode": "disabled"}) if mode else workspace()
        assert rules(ws, unread=unread) == []

    def test_either_source_is_enough(self):
        ws = isolated(outboundRules={"a": FQDN})
        assert rules(ws, unread=["outboundRules"]) == ["a"]
        assert rules(isolated(), listed("b")) == ["b"]

    def test_neither_source(self):
        assert rules(isolated(), unread=["outboundRules"]) == [UNREAD]

    def test_unread_mode(self):
        assert rules(isolated(UNREAD, outboundRules={"a": FQDN})) == [UNREAD]

    def test_of_a_project_are_its_hubs(self):
        hub = workspace(
            "hub",
            top={"kind": "Hub"},
            managedNetwork=isolated(outboundRules={"a": FQDN})["properties"]["managedNetwork"],
        )
        assert rules(project(hub), hub) == ["a"]


class TestImageBuildCluster:
    WS = workspace(imageBuildCompute="CPU")

    def fact(self, *computes, unread=(), ws=WS):
        return facts(estate(ws, *computes, unread=unread), ws, "imageBuildCluster")

    def test_is_the_named_cluster(self):
        assert self.fact(compute(self.WS, "cpu")) == compute(self.WS, "cpu")["id"]

    def test_absent(self):
        assert self.fact(ws=workspace()) is None
        assert self.fact() is None
        assert self.fact(compute(self.WS, "cpu", "ComputeInstance")) is None

    def test_unread(self):
        assert self.fact(unread=["computes"]) == UNREAD
        assert self.fact(compute(self.WS, "cpu", UNREAD)) == UNREAD
        assert self.fact(ws=workspace(imageBuildCompute=UNREAD)) == UNREAD


class TestWorkspaceHasManagedNetwork:
    def fact(self, ws, *others, unread=()):
        endpoint = child(ws, "onlineEndpoints", "e")
        of = estate(endpoint, ws, *others, unread=unread)
        return facts(of, endpoint, "workspaceHasManagedNetwork")

    def test_by_mode(self):
        assert self.fact(isolated()) is True
        assert self.fact(isolated("AllowInternetOutbound")) is True
        assert self.fact(isolated("Disabled")) is False
        assert self.fact(workspace()) is False
        assert self.fact(workspace(managedNetwork=UNREAD)) == UNREAD

    def test_by_the_hubs(self):
        hub = workspace("hub", top={"kind": "Hub"}, managedNetwork={"isolationMode": "Disabled"})
        assert self.fact(project(hub), hub) is False
        hub["properties"]["managedNetwork"]["isolationMode"] = "AllowInternetOutbound"
        assert self.fact(project(hub), hub) is True

    def test_workspace_not_read(self):
        assert self.fact(isolated(), unread=["workspaces"]) == UNREAD
