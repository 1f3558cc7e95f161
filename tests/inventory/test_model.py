from __future__ import annotations

import json
import re
import typing
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.inventory.build import build, declared, part_of
from scanner.inventory.fields import UNREAD, Link, Links, Many, Part, Resource
from scanner.inventory.kinds import GATHERED, KINDS, TABLE_KINDS
from scanner.inventory.model import shapes
from scanner.inventory.model.compute import Compute
from scanner.inventory.model.data import Connection, Datastore
from scanner.inventory.model.interfaces import LoadBalancer, NetworkInterface, PublicIpAddress
from scanner.inventory.model.managed_network import OutboundRule
from scanner.inventory.model.network import NetworkSecurityGroup, Subnet, VirtualNetwork
from scanner.inventory.model.organization import ManagementGroup, Subscription
from scanner.inventory.model.policy import PolicyExemption
from scanner.inventory.model.private_link import PrivateDnsZoneGroup, PrivateEndpoint
from scanner.inventory.model.registries import MachineLearningRegistry
from scanner.inventory.model.services import DiagnosticSetting
from scanner.inventory.model.workspace import Workspace
from scanner.snapshot.redact import redact
from scanner.snapshot.tables import OTHER, TABLE_OF_TYPE, TABLES

GROUP = "/subscriptions/AAAA0000-0000-0000-0000-000000000001/resourceGroups/rg-ml"
WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/ws"
NETWORK = f"{GROUP}/providers/Microsoft.Network"
REDACTED = {"$redacted": "sha256:" + "0" * 64}

_STEP = re.compile(r"[A-Za-z][A-Za-z0-9]*")


def structs() -> dict[str, type[msgspec.Struct]]:
    """Every struct of the model, by module and name: the kinds and the parts they hold."""
    found: dict[str, type[msgspec.Struct]] = {}

    def visit(cls: type[msgspec.Struct]) -> None:
        name = f"{cls.__module__.rpartition('.')[2]}.{cls.__name__}"
        if name not in found:
            found[name] = cls
            for info in declared(cls).values():
                part, _ = part_of(info.annotation)
                if part is not None:
                    visit(part)

    for kind in KINDS.values():
        visit(kind)
    return found


STRUCTS = structs()
each_struct = pytest.mark.parametrize("cls", STRUCTS.values(), ids=STRUCTS)
each_kind = pytest.mark.parametrize("cls", KINDS.values(), ids=KINDS)


def one(cls: type[Resource], arm_id: str, properties: Any = None, **top: Any) -> Any:
    """Build the resource of a record."""
    record = {"id": arm_id, "properties": properties or {}, **top}
    return next(iter(build(cls, record, 0)))


class TestDeclarations:
    @each_kind
    def test_table_exists(self, cls):
        assert cls.TABLE in TABLES

    def test_every_table_with_types_becomes_a_kind(self):
        assert set(TABLE_KINDS) == set(TABLES) - {OTHER}

    def test_every_kind_is_built_from_its_table(self):
        built = {kind for kinds in TABLE_KINDS.values() for kind in kinds}
        embedded = {inner for kind in built for _, inner in getattr(kind, "EMBEDDED", {}).values()}
        assert built | embedded | GATHERED == set(KINDS.values())
        assert not built & embedded
        assert not GATHERED & (built | embedded)

    def test_no_two_structs_share_a_kind(self):
        declared_kinds = [cls.KIND for cls in STRUCTS.values() if issubclass(cls, Resource)]
        assert len(declared_kinds) == len(set(declared_kinds)) == len(KINDS)

    @each_struct
    def test_every_field_has_a_source_and_a_doc(self, cls):
        own = {field.name for field in msgspec.structs.fields(Resource)}
        infos = {info.attribute: info for info in declared(cls).values()}
        for field in msgspec.structs.fields(cls):
            if field.name in own and issubclass(cls, Resource):
                continue
            source = infos[field.name].source
            assert len(source.doc) > 8, field.name
            assert source.doc.endswith("."), field.name
            assert "\n" not in source.doc, field.name

    @each_struct
    def test_every_source_parses(self, cls):
        for info in declared(cls).values():
            for path in info.source.path.split("|"):
                allowed = {"^", "^^", "@"} if issubclass(cls, Resource) else set()
                steps = path.split(".")
                assert path in allowed or all(map(_STEP.fullmatch, steps)), path

    @each_struct
    def test_fields_are_absent_unless_azure_documents_a_default(self, cls):
        defaults = {
            field.name: field.default
            for field in msgspec.structs.fields(cls)
            if field.name in {info.attribute for info in declared(cls).values()}
        }
        known = {"kind": "Default"} if cls is Workspace else {}
        assert {name: value for name, value in defaults.items() if value is not None} == known

    @each_struct
    def test_every_field_may_be_absent_and_unread(self, cls):
        for info in declared(cls).values():
            members = typing.get_args(info.annotation)
            assert type(None) in members, info.attribute
            assert msgspec.UnsetType in members, info.attribute

    @each_struct
    def test_names_of_fields_and_references_differ(self, cls):
        names = {field.encode_name for field in msgspec.structs.fields(cls)}
        assert not names & set(cls.LINKS)

    @each_struct
    def test_references_lead_somewhere(self, cls):
        own = {info.attribute: info.annotation for info in declared(cls).values()}
        for name, reference in cls.LINKS.items():
            assert reference.to in KINDS, name
            assert reference.doc.endswith("."), name
            if isinstance(reference, Many):
                assert issubclass(cls, Resource), name
                there = {i.attribute: i.annotation for i in declared(KINDS[reference.to]).values()}
                assert reference.via in there, name
            else:
                several = tuple[str, ...] in typing.get_args(own[reference.via])
                assert isinstance(reference, Links if several else Link), name

    @each_struct
    def test_documented_values_differ_in_more_than_casing(self, cls):
        for info in declared(cls).values():
            spellings = [value.lower() for value in info.source.values]
            assert len(spellings) == len(set(spellings)), info.attribute

    @each_struct
    def test_structs_stay_immutable(self, cls):
        assert cls.__struct_config__.frozen
        assert cls.__match_args__ == ()
        assert issubclass(cls, Part | Resource)


PARSERS = {
    f"{name}.{info.attribute}": info.source.parse
    for name, cls in STRUCTS.items()
    for info in declared(cls).values()
    if info.source.parse is not None
}
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.just(GROUP + "/providers/a/b/c"),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("id", "name", "properties", "$redacted", "addressPrefix", "addressPrefixes"),
                    *("privateLinkServiceConnections", "backendAddressPools", "inboundNatRules"),
                    *("backendIPConfigurations", "backendIPConfiguration", "privateDnsZoneId"),
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


class TestUntidyRecords:
    @given(value=JSON, name=st.sampled_from(sorted(PARSERS)))
    def test_no_parser_raises(self, value, name):
        PARSERS[name](value)

    @given(properties=JSON, kind=st.sampled_from(sorted(KINDS)))
    def test_any_properties_give_a_resource(self, properties, kind):
        resource = next(iter(build(KINDS[kind], {"id": WORKSPACE, "properties": properties}, 0)))
        assert resource.id == WORKSPACE
        for attribute in resource.unread:
            assert getattr(resource, attribute) is UNREAD

    @each_kind
    def test_without_properties_nothing_of_them_is_known(self, cls):
        resource = next(iter(build(cls, {"id": WORKSPACE}, 0)))
        for info in declared(cls).values():
            if info.source.path.startswith("properties"):
                assert getattr(resource, info.attribute) is UNREAD, info.attribute


class TestFixtureRecords:
    def test_every_record_reads_whole(self, root):
        files = sorted((root / "fixtures" / "arm").glob("*.json"))
        assert files
        for file in files:
            self.read_whole(json.loads(file.read_text()), file.name)

    def test_published_bodies_read_whole(self, shared):
        known = 0
        for file in sorted((shared / "reference" / "rest").glob("*.json")):
            body = json.loads(file.read_text())
            found = body.get("value", body.get("data", [body])) if isinstance(body, dict) else []
            for record in found if isinstance(found, list) else []:
                table = TABLE_OF_TYPE.get(str(record.get("type", "")).lower())
                if table and "properties" in record:
                    known += 1
                    self.read_whole(record, file.name)
        assert known > 30

    @staticmethod
    def read_whole(record: dict[str, Any], place: str) -> None:
        table = TABLE_OF_TYPE[record["type"].lower()]
        for cls in TABLE_KINDS[table]:
            for resource in build(cls, redact(record, table)[0], 0):
                assert resource.unread == (), (place, resource.KIND)


class TestTracked:
    def test_location_and_group(self):
        workspace = one(Workspace, WORKSPACE, location="West Europe")
        assert workspace.location == "westeurope"
        assert workspace.resource_group_id == GROUP

    def test_resources_of_a_group_share_its_id(self):
        first, second = one(Workspace, WORKSPACE), one(Workspace, WORKSPACE + "2")
        assert first.resource_group_id is second.resource_group_id

    def test_tags_are_text(self):
        tags = {"a": "x", "b": 1, "c": True, "d": None, "e": "", "f": REDACTED}
        assert one(Workspace, WORKSPACE, tags=tags).tags == {
            "a": "x",
            "b": "1",
            "c": "true",
            "f": "$redacted",
        }

    @pytest.mark.parametrize(
        ("sent", "spelled", "system", "user"),
        [
            ("None", "None", False, False),
            ("systemassigned", "SystemAssigned", True, False),
            ("UserAssigned", "UserAssigned", False, True),
            ("SystemAssigned,UserAssigned", "SystemAssigned,UserAssigned", True, True),
            ("SystemAssigned, UserAssigned", "SystemAssigned,UserAssigned", True, True),
            ("userassigned, systemassigned", "SystemAssigned,UserAssigned", True, True),
            ("Newest", "Newest", False, False),
        ],
    )
    def test_identity_types(self, sent, spelled, system, user):
        identity = one(Workspace, WORKSPACE, identity={"type": sent}).identity
        assert identity.type == spelled
        assert (identity.system_assigned, identity.user_assigned) == (system, user)

    def test_user_assigned_identities(self):
        arm_id = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/one"
        raw = {"type": "UserAssigned", "userAssignedIdentities": {arm_id: {"clientId": "c"}}}
        assert one(Compute, WORKSPACE, identity=raw).identity.user_assigned_identity_ids == (
            arm_id,
        )


class TestWorkspace:
    @pytest.mark.parametrize(
        ("sent", "kind"),
        [({}, "Default"), ({"kind": None}, "Default"), ({"kind": ""}, "Default")]
        + [({"kind": text}, "Hub") for text in ("hub", "HUB", "Hub")]
        + [({"kind": "featurestore"}, "FeatureStore"), ({"kind": "Newer"}, "Newer")],
    )
    def test_kind(self, sent, kind):
        assert one(Workspace, WORKSPACE, **sent).kind == kind

    def test_outbound_rules_carry_their_names(self):
        rules = {
            "packages": {
                "type": "fqdn",
                "destination": "packages.contoso.example",
                "category": "userDefined",
            },
            "storage": {
                "type": "PrivateEndpoint",
                "destination": {
                    "serviceResourceId": WORKSPACE,
                    "subresourceTarget": "blob",
                    "sparkEnabled": "true",
                },
            },
            "tag": {
                "type": "ServiceTag",
                "destination": {"serviceTag": "Internet", "protocol": "TCP", "portRanges": "443"},
            },
        }
        network = one(Workspace, WORKSPACE, {"managedNetwork": {"outboundRules": rules}})
        packages, storage, tag = network.managed_network.outbound_rules
        assert (packages.name, packages.rule_type, packages.category) == (
            "packages",
            "FQDN",
            "UserDefined",
        )
        assert packages.destination.fqdn == "packages.contoso.example"
        assert storage.destination.service_resource_id == WORKSPACE
        assert storage.destination.spark_enabled is True
        assert (tag.destination.service_tag, tag.destination.port_ranges) == ("Internet", "443")

    def test_undocumented_spelling_of_a_key(self):
        bill = one(Workspace, WORKSPACE, {"EnableSoftwareBillOfMaterials": True})
        assert bill.enable_software_bill_of_materials is True

    def test_presence_of_feature_store_settings(self):
        sent = {"featureStoreSettings": {"computeRuntime": {"sparkRuntimeVersion": "3.4"}}}
        assert one(Workspace, WORKSPACE, sent).has_feature_store_settings is True
        assert (
            one(Workspace, WORKSPACE, {"featureStoreSettings": None}).has_feature_store_settings
            is None
        )

    def test_private_endpoint_connections(self):
        endpoint = (
            "/subscriptions/BBBB/resourceGroups/g/providers/Microsoft.Network/privateEndpoints/p"
        )
        sent = {
            "privateEndpointConnections": [
                {
                    "name": "c",
                    "properties": {
                        "privateEndpoint": {"id": endpoint},
                        "privateLinkServiceConnectionState": {"status": "approved"},
                    },
                }
            ]
        }
        (connection,) = one(Workspace, WORKSPACE, sent).private_endpoint_connections
        assert connection.status == "Approved"
        assert connection.private_endpoint_id == endpoint
        assert connection.private_endpoint_subscription_id == "bbbb"

    @pytest.mark.parametrize("middle", ["", "/managedNetworks/default"])
    def test_outbound_rule_knows_its_workspace(self, middle):
        rule = one(OutboundRule, f"{WORKSPACE}{middle}/outboundRules/r", {"destination": "a.b"})
        assert rule.workspace_id == WORKSPACE
        assert rule.destination.fqdn == "a.b"


class TestRegistry:
    def test_private_endpoint_state_has_a_key_of_its_own(self):
        state = {"registryPrivateLinkServiceConnectionState": {"status": "Pending"}}
        sent = {"registryPrivateEndpointConnections": [{"id": "x", "properties": state}]}
        registry = one(MachineLearningRegistry, WORKSPACE, sent)
        assert registry.registry_private_endpoint_connections[0].status == "Pending"

    def test_created_resources(self):
        details = {
            "location": "West Europe",
            "acrDetails": [
                {"systemCreatedAcrAccount": {"armResourceId": {"resourceId": GROUP}}},
                {"userCreatedAcrAccount": {}},
            ],
        }
        (region,) = one(
            MachineLearningRegistry, WORKSPACE, {"regionDetails": [details]}
        ).region_details
        assert region.location == "westeurope"
        assert region.container_registry_ids == (GROUP,)


class TestCompute:
    @pytest.mark.parametrize("place", ["properties", "properties.properties"])
    def test_what_lies_below_an_unread_value_is_unread(self, place):
        raw: dict[str, Any] = {"id": f"{WORKSPACE}/computes/c"}
        raw["properties"] = {"properties": {"vmSize": "X"}}
        outer: dict[str, Any] = raw if place == "properties" else raw["properties"]
        outer["properties"] = {"$unread": True}
        [compute] = build(Compute, raw, 0)
        assert isinstance(compute, Compute)
        assert compute.vm_size is UNREAD
        assert compute.compute_type is (UNREAD if place == "properties" else None)

    def test_without_inner_properties_nothing_is_unread(self):
        compute = one(Compute, f"{WORKSPACE}/computes/c", {"computeType": "aks"})
        assert (compute.compute_type, compute.agent_count, compute.unread) == ("AKS", None, ())
        assert compute.workspace_id == WORKSPACE

    @pytest.mark.parametrize(
        ("provider", "cluster", "machine"),
        [
            ("Microsoft.ContainerService/managedClusters", True, False),
            ("microsoft.containerservice/ManagedClusters", True, False),
            ("Microsoft.Kubernetes/connectedClusters", False, False),
            ("Microsoft.Compute/virtualMachines", False, True),
        ],
    )
    def test_attached_resource(self, provider, cluster, machine):
        arm_id = f"{GROUP}/providers/{provider}/x"
        compute = one(Compute, f"{WORKSPACE}/computes/c", {"resourceId": arm_id})
        assert compute.resource_id == arm_id
        assert compute.kubernetes_cluster_id == (arm_id if cluster else None)
        assert compute.virtual_machine_id == (arm_id if machine else None)

    @pytest.mark.parametrize("body", [REDACTED, "ZWNobw=="])
    def test_scripts_are_present_or_absent(self, body):
        scripts = {"creationScript": {"scriptSource": "Inline", "scriptData": body}}
        inner = {"setupScripts": {"scripts": scripts}}
        compute = one(Compute, f"{WORKSPACE}/computes/c", {"properties": inner})
        creation = compute.setup_scripts.scripts.creation_script
        assert creation.script_source == "inline"
        assert creation.has_script_data is True
        assert creation.has_script_arguments is None
        assert compute.setup_scripts.scripts.startup_script is None

    def test_schedules(self):
        schedule = {
            "status": "enabled",
            "action": "stop",
            "triggerType": "cron",
            "cron": {"expression": "0 18 * * *"},
        }
        inner = {"schedules": {"computeStartStop": [schedule]}}
        compute = one(Compute, f"{WORKSPACE}/computes/c", {"properties": inner})
        (stop,) = compute.schedules.compute_start_stop
        assert (stop.status, stop.action, stop.trigger_type) == ("Enabled", "Stop", "Cron")
        assert stop.cron.expression == "0 18 * * *"
        assert stop.recurrence is None

    def test_names_that_are_not_camel_case(self):
        names = set(declared(Compute))
        assert {"enableSSO", "enableOSPatching", "isAttachedCompute"} <= names
        assert {"allowRoleAssignmentOnRG", "v1LegacyMode", "ipAllowlist"} <= set(
            declared(Workspace)
        )


class TestData:
    def test_redacted_credentials_leave_their_type(self):
        credentials = {"credentialsType": "accountKey", "secrets": {"key": REDACTED}}
        datastore = one(Datastore, f"{WORKSPACE}/datastores/d", {"credentials": credentials})
        assert datastore.credentials.credentials_type == "AccountKey"
        assert datastore.unread == ()

    @pytest.mark.parametrize("collection", ["connections", "linkedWorkspaces"])
    def test_connection(self, collection):
        sent = {"target": REDACTED, "authType": "pat", "credentials": {"pat": REDACTED}}
        connection = one(Connection, f"{WORKSPACE}/{collection}/c", sent)
        assert connection.workspace_id == WORKSPACE
        assert (connection.target, connection.auth_type) == ("$redacted", "PAT")
        assert connection.has_credentials is True

    @pytest.mark.parametrize(
        ("image", "registry"),
        [
            ("mcr.microsoft.com/azureml/base:1", "mcr.microsoft.com"),
            ("Own.AzureCR.io/x", "own.azurecr.io"),
            ("localhost:5000/x", "localhost:5000"),
            ("localhost/x", "localhost"),
            ("ubuntu:22.04", "docker.io"),
            ("library/ubuntu", "docker.io"),
            (None, None),
        ],
    )
    def test_image_registry(self, image, registry):
        assert shapes.image_registry(image) == registry


class TestNetwork:
    @pytest.mark.parametrize(
        ("sent", "ports"),
        [
            ({"destinationPortRange": "22", "destinationPortRanges": []}, ("22",)),
            ({"destinationPortRange": "", "destinationPortRanges": ["22", "80"]}, ("22", "80")),
            ({"destinationPortRange": "22", "destinationPortRanges": ["80"]}, ("22", "80")),
            ({"destinationPortRanges": None}, ()),
            ({}, ()),
        ],
    )
    def test_singular_and_plural_are_joined(self, sent, ports):
        rules = {"securityRules": [{"name": "r", "properties": sent}]}
        group = one(NetworkSecurityGroup, f"{NETWORK}/networkSecurityGroups/n", rules)
        assert group.security_rules[0].destination_port_ranges == ports

    def test_subnets_become_resources(self):
        arm_id = f"{NETWORK}/virtualNetworks/v"
        subnet = {"name": "s", "properties": {"addressPrefix": "10.0.0.0/24"}}
        record = {"id": arm_id, "properties": {"subnets": [subnet]}}
        network, inner = build(VirtualNetwork, record, 7)
        assert isinstance(network, VirtualNetwork)
        assert isinstance(inner, Subnet)
        assert (inner.id, inner.virtual_network_id) == (f"{arm_id}/subnets/s", arm_id)
        assert inner.address_prefixes == ("10.0.0.0/24",)

    def test_private_endpoint_joins_both_lists(self):
        def connection(target: str, status: str) -> dict[str, Any]:
            state = {"status": status}
            return {
                "properties": {
                    "privateLinkServiceId": target,
                    "groupIds": ["blob"],
                    "privateLinkServiceConnectionState": state,
                }
            }

        sent = {
            "privateLinkServiceConnections": [connection("/a", "Approved")],
            "manualPrivateLinkServiceConnections": [connection("/b", "Pending")],
        }
        endpoint = one(PrivateEndpoint, f"{NETWORK}/privateEndpoints/p", sent)
        assert [(c.target_id, c.status, c.manual) for c in endpoint.connections] == [
            ("/a", "Approved", False),
            ("/b", "Pending", True),
        ]
        assert endpoint.target_ids == ("/a", "/b")
        assert endpoint.connections[0].group_ids == ("blob",)

    def test_zone_names_are_known_without_the_zones(self):
        zone = f"{NETWORK}/privateDnsZones/privatelink.API.azureml.ms"
        sent = {"privateDnsZoneConfigs": [{"properties": {"privateDnsZoneId": zone}}]}
        arm_id = f"{NETWORK}/privateEndpoints/p/privateDnsZoneGroups/default"
        group = one(PrivateDnsZoneGroup, arm_id, sent)
        assert group.private_endpoint_id == f"{NETWORK}/privateEndpoints/p"
        assert group.private_dns_zone_ids == (zone,)
        assert group.private_dns_zone_names == ("privatelink.api.azureml.ms",)

    def test_interface(self):
        configurations = [
            {"properties": {"publicIPAddress": {"id": "/ip"}, "subnet": {"id": "/s"}}},
            {"properties": {"subnet": {"id": "/s2"}, "publicIPAddress": None}},
        ]
        nic = one(
            NetworkInterface, f"{NETWORK}/networkInterfaces/n", {"ipConfigurations": configurations}
        )
        assert nic.public_ip_address_ids == ("/ip",)
        assert nic.subnet_ids == ("/s", "/s2")

    def test_load_balancer_leads_to_interfaces(self):
        nic = f"{NETWORK}/networkInterfaces/n"
        other = f"{NETWORK}/networkInterfaces/o"
        sent = {
            "backendAddressPools": [
                {"properties": {"backendIPConfigurations": [{"id": f"{nic}/ipConfigurations/a"}]}},
                {"properties": {}},
            ],
            "inboundNatRules": [
                {"properties": {"backendIPConfiguration": {"id": f"{target}/ipconfigurations/a"}}}
                for target in (nic, other)
            ],
            "frontendIPConfigurations": [{"properties": {"publicIPAddress": {"id": "/ip"}}}],
        }
        balancer = one(LoadBalancer, f"{NETWORK}/loadBalancers/l", sent)
        assert balancer.network_interface_ids == (nic, other)
        assert balancer.public_ip_address_ids == ("/ip",)

    @pytest.mark.parametrize(
        ("holder", "interface", "balancer"),
        [
            ("networkInterfaces/n/ipConfigurations/a", "networkInterfaces/n", None),
            ("loadBalancers/l/frontendIPConfigurations/a", None, "loadBalancers/l"),
            ("bastionHosts/b/bastionHostIpConfigurations/a", None, None),
        ],
    )
    def test_holder_of_a_public_address(self, holder, interface, balancer):
        sent = {"ipConfiguration": {"id": f"{NETWORK}/{holder}"}}
        address = one(PublicIpAddress, f"{NETWORK}/publicIPAddresses/p", sent)
        assert address.network_interface_id == (interface and f"{NETWORK}/{interface}")
        assert address.load_balancer_id == (balancer and f"{NETWORK}/{balancer}")

    def test_items_of_another_shape_are_unread(self):
        nic = one(NetworkInterface, f"{NETWORK}/networkInterfaces/n", {"ipConfigurations": [7]})
        assert nic.public_ip_address_ids is UNREAD


class TestExtensions:
    def test_diagnostic_setting_names_what_it_extends(self):
        arm_id = f"{WORKSPACE}/providers/microsoft.insights/diagnosticSettings/central"
        logs = [{"categoryGroup": "allLogs", "enabled": True, "retentionPolicy": {"days": 0}}]
        setting = one(DiagnosticSetting, arm_id, {"workspaceId": "", "logs": logs})
        assert setting.resource_id == WORKSPACE
        assert setting.log_analytics_workspace_id is None
        assert setting.logs[0].category_group == "allLogs"

    @pytest.mark.parametrize("scope", [GROUP, "/providers/Microsoft.Management/managementGroups/m"])
    def test_exemption_holds_for_what_it_extends(self, scope):
        arm_id = f"{scope}/providers/Microsoft.Authorization/policyExemptions/e"
        exemption = one(PolicyExemption, arm_id, {"exemptionCategory": "waiver"})
        assert (exemption.scope, exemption.exemption_category) == (scope, "Waiver")


class TestOrganization:
    def test_subscription_as_resource_graph_has_it(self):
        chain = [{"name": "ml", "displayName": "ML"}, {"name": "root"}]
        sent = {"state": "Enabled", "managementGroupAncestorsChain": chain}
        found = one(Subscription, "/subscriptions/s", sent, name="Contoso ML")
        assert (found.display_name, found.state) == ("Contoso ML", "Enabled")
        prefix = "/providers/Microsoft.Management/managementGroups/"
        assert found.management_group_ids == (prefix + "ml", prefix + "root")

    def test_subscription_as_resource_manager_has_it(self):
        record = {"id": "/subscriptions/s", "displayName": "Contoso ML", "state": "Enabled"}
        (found,) = build(Subscription, record, 0)
        assert isinstance(found, Subscription)
        assert (found.display_name, found.state) == ("Contoso ML", "Enabled")
        assert found.management_group_ids is UNREAD

    def test_parent_of_a_management_group(self):
        arm_id = "/providers/Microsoft.Management/managementGroups/ml"
        sent = {"details": {"parent": {"id": arm_id + "-root"}}}
        assert one(ManagementGroup, arm_id, sent).parent_id == arm_id + "-root"
