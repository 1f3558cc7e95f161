from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.errors import SnapshotError
from scanner.snapshot.redact import MARK, is_redacted, redact

ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.X/things/t"
CANARY = "c4nary-Zq8/value"


def redacted(table, body, **outside):
    return redact({"id": ID, "properties": body, **outside}, table)


def at(value, path):
    for step in path.split("."):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def nested(path, leaf):
    head, _, rest = path.partition(".")
    inner = nested(rest, leaf) if rest else leaf
    return [inner] if head == "0" else {head: inner}


SECRET_PLACES = [
    ("computes", "properties.userAccountCredentials.adminUserSshPublicKey"),
    ("computes", "properties.userAccountCredentials.adminUserPassword"),
    ("computes", "properties.sshSettings.adminPublicKey"),
    ("computes", "properties.setupScripts.scripts.startupScript.scriptData"),
    ("computes", "properties.setupScripts.scripts.creationScript.scriptArguments"),
    ("computes", "properties.customServices.0.environmentVariables.RSP_LICENSE.value"),
    ("computes", "properties.relayConnectionString"),
    ("computes", "properties.serviceBusConnectionString"),
    ("computes", "properties.databricksAccessToken"),
    ("computes", "properties.sslConfiguration.key"),
    ("computes", "properties.administratorAccount.privateKeyData.0.privateKey"),
    ("workspaces", "sdkTelemetryAppInsightsKey"),
    ("applicationInsights", "InstrumentationKey"),
    ("applicationInsights", "ConnectionString"),
    ("onlineDeployments", "environmentVariables.TYPE"),
    ("onlineDeployments", "environmentVariables.client_id"),
    ("serverlessEndpoints", "inferenceEndpoint.headers.x-ms-version"),
    ("connections", "credentials.key"),
    ("connections", "credentials.keys.username"),
    ("connections", "credentials.pat"),
    ("connections", "credentials.sas"),
    ("connections", "metadata.api_key"),
    ("datastores", "credentials.secrets.key"),
    ("datastores", "credentials.secrets.sasToken"),
    ("datastores", "credentials.secrets.certificate"),
    ("managedClusters", "servicePrincipalProfile.secret"),
    ("managedClusters", "linuxProfile.ssh.publicKeys.0.keyData"),
    ("virtualMachines", "osProfile.adminPassword"),
    ("virtualMachines", "osProfile.customData"),
    ("virtualMachines", "settings.commandToExecute"),
    ("virtualMachines", "protectedSettings.anything"),
    ("logAnalyticsWorkspaces", "primarySharedKey"),
    ("containerRegistries", "passwords.0.value"),
    ("policyAssignments", "parameters.adminPassword.value"),
    ("otherResources", "Client-Secret"),
    ("otherResources", "some_api_key"),
]


@pytest.mark.parametrize(("table", "path"), SECRET_PLACES)
def test_secret_places(table, path):
    record, found = redacted(table, nested(path, CANARY))
    assert CANARY not in json.dumps(record)
    assert is_redacted(at(record["properties"], path))
    assert sum(found.values()) == 1


SECRET_TEXTS = [
    "?sv=2020-08-04&ss=b&sig=abc%2Bdef",
    "https://a.blob.core.windows.net/c?sp=r&SIG=abc",
    "https://a.example/redirect?u=https%3A%2F%2Fb%3Fx%3D1%26sig%3Dabc",
    "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=abcd==;EndpointSuffix=x",
    "Endpoint=sb://n.servicebus.windows.net/;SharedAccessKeyName=k;SharedAccessKey=abc=",
    "Server=tcp:s;User ID=u;Password = hunter2;",
    "InstrumentationKey=00000000-0000-0000-0000-000000000000;IngestionEndpoint=https://x/",
    '{"password": "hunter2"}',
    "https://user:hunter2@pypi.example/simple",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC user@host",
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL20ifQ.c2ln",
    "Authorization: Bearer\tabcdefghijklmnopqrstuvwxyz",
    "A" * 86 + "==",
    "a" * 43 + "=",
    "abc8Q~" + "d" * 34,
    "ghp_" + "a1" * 18,
    "dapi" + "0a" * 16,
]


@pytest.mark.parametrize("text", SECRET_TEXTS)
@pytest.mark.parametrize("table", ["workspaces", "policyDefinitions"])
def test_secret_texts_wherever_they_stand(table, text):
    record, found = redacted(table, {"description": text}, tags={"note": f"see {text}"})
    assert text not in json.dumps(record, ensure_ascii=False)
    assert is_redacted(record["properties"]["description"])
    assert is_redacted(record["tags"]["note"])
    assert found == {"properties.description": 1, "tags.note": 1}


KEPT = {
    "disableLocalAuth": True,
    "allowSharedKeyAccess": False,
    "keyPolicy": {"keyExpirationPeriodInDays": 90},
    "keyCreationTime": {"key1": "2026-01-01T00:00:00Z"},
    "encryption": {
        "keySource": "Microsoft.Keyvault",
        "keyVaultProperties": {
            "keyIdentifier": "https://v.vault.azure.net/keys/k/0123",
            "keyVaultArmId": "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v",
            "keyName": "k",
        },
        "customerManagedKey": "https://v.vault.azure.net/keys/k/0123",
    },
    "diskEncryptionKey": {
        "secretUrl": "https://v.vault.azure.net/secrets/s",
        "sourceVault": {"id": "/v"},
    },
    "credentials": {
        "credentialsType": "ServicePrincipal",
        "authorityUrl": "https://login.microsoftonline.com",
        "tenantId": "t",
        "clientId": "c",
        "secrets": {"secretsType": "ServicePrincipal"},
    },
    "authMode": "Key",
    "authType": "ApiKey",
    "systemDatastoresAuthMode": "AccessKey",
    "primaryUserAssignedIdentity": "/subscriptions/s/x",
    "adminUserPassword": None,
    "scriptData": "",
    "apiKey": 7,
    "accessPolicies": [{"permissions": {"keys": ["get"], "secrets": ["list"]}}],
    "customServices": [{"environmentVariables": {"A": {"type": "local"}}}],
    "scoringUri": "https://e.westeurope.inference.ml.azure.com/score?api-version=1",
    "topologyKey": "zone",
    "discoveryUrl": "https://x@y.example/a",
}


@pytest.mark.parametrize("table", ["workspaces", "connections", "datastores", "storageAccounts"])
def test_what_rules_read_stays(table):
    record, found = redacted(table, KEPT, tags={"costKey": "4711", "token-owner": "ml"})
    assert record["properties"] == KEPT
    assert record["tags"] == {"costKey": "4711", "token-owner": "ml"}
    assert not found


def test_tags_lose_only_blatant_names():
    record, found = redacted("workspaces", {}, tags={"Password": "x", "sas_token": "y", "key": "z"})
    assert record["tags"]["key"] == "z"
    assert found == {"tags.Password": 1, "tags.sas_token": 1}


def test_policy_definition_keeps_texts_about_keys():
    body = {"policyRule": {"then": {"apiKey": "[parameters('apiKey')]"}}}
    record, found = redacted("policyDefinitions", body)
    assert record["properties"] == body
    assert not found


def test_opaque_metadata_of_connections():
    opaque, guid = "k3y" * 12, "00000000-0000-0000-0000-000000000000"
    body = {"metadata": {"x": opaque, "id": guid, "ResourceId": ID, "ApiType": "Azure"}}
    record, found = redacted("connections", body)
    assert found == {"properties.metadata.x": 1}
    assert redacted("workspaces", body)[0]["properties"] == body
    assert record["properties"]["metadata"]["id"] == guid


def test_digest_tells_equal_secrets():
    record, _ = redacted("workspaces", {"aKey": CANARY, "bKey": CANARY, "cKey": "other"})
    body = record["properties"]
    assert body["aKey"] == body["bKey"] != body["cKey"]
    assert body["aKey"][MARK].startswith("sha256:")


def test_maps_and_arrays_are_counted_as_one_path():
    body = {
        "environmentVariables": {"A": "1", "B": {"type": "local", "value": "2"}},
        "list": [{"apiKey": "1"}, {"apiKey": "2"}],
    }
    _, found = redacted("onlineDeployments", body)
    assert found == {
        "properties.environmentVariables.*": 1,
        "properties.environmentVariables.*.value": 1,
        "properties.list[*].apiKey": 2,
    }


def test_too_deep_is_an_error():
    deep: dict[str, object] = {}
    for _ in range(100):
        deep = {"a": deep}
    with pytest.raises(SnapshotError, match="nested deeper"):
        redacted("workspaces", deep)
    for _ in range(100_000):
        deep = {"a": deep}
    with pytest.raises(SnapshotError, match="cannot be written"):
        redacted("workspaces", deep)


names = st.sampled_from(
    ["a", "apiKey", "tags", "credentials", "environmentVariables", "keys", "metadata", "type", MARK]
)
texts = st.sampled_from(["", "x", "sig=abc", CANARY, *SECRET_TEXTS]) | st.text(max_size=8)
leaves = st.none() | st.booleans() | st.integers() | texts
bodies = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4)
)
tables = st.sampled_from(["connections", "workspaces", "policyAssignments", "policyDefinitions"])


@given(tables, st.dictionaries(names, bodies, max_size=4))
def test_redacting_again_changes_nothing(table, body):
    once, found = redacted(table, body)
    assert redact(once, table) == (once, found)


@given(tables, st.dictionaries(names, bodies, max_size=4))
def test_no_secret_text_survives(table, body):
    text = json.dumps(redacted(table, body)[0], ensure_ascii=False)
    for secret in SECRET_TEXTS:
        assert json.dumps(secret, ensure_ascii=False)[1:-1] not in text


@given(st.dictionaries(names, bodies, max_size=4))
def test_the_record_given_is_not_changed(body):
    before = json.dumps(body)
    redacted("connections", body)
    assert json.dumps(body) == before
