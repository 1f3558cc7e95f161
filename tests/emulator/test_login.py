from __future__ import annotations

import asyncio
import base64
import json
from urllib.parse import urlencode

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.core.rest import HttpRequest
from azure.identity import (
    ClientSecretCredential,
    DefaultAzureCredential,
    EnvironmentCredential,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
)
from azure.identity.aio import ClientSecretCredential as AsyncCredential
from azure.mgmt.machinelearningservices.aio import MachineLearningServicesMgmtClient
from azure.mgmt.resourcegraph import ResourceGraphClient
from azure.mgmt.resourcegraph.models import QueryRequest

from fixtures.emulator import Emulator, Principal, Settings
from fixtures.emulator.federation import ASSERTION_TYPE
from fixtures.emulator.login import Login
from fixtures.emulator.wire import Request
from tests.emulator.conftest import CONTOSO, ML_VERSION, Clients

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def credential(emulator, **changed):
    principal = emulator.settings.principals[0]
    options = {
        "tenant_id": emulator.tenant,
        "client_id": principal.client_id,
        "client_secret": principal.secret,
        "authority": emulator.base_url,
        "disable_instance_discovery": True,
        "connection_verify": str(emulator.ca_file),
    }
    return ClientSecretCredential(**(options | changed))


class Static:
    def __init__(self, token):
        self.token = token

    def get_token(self, *_scopes, **_options):
        return AccessToken(self.token, 2**31)


def test_a_client_secret_gives_a_token_with_claims(emulator, clients):
    token = clients.credential.get_token(clients.scope)
    found = claims(token.token)
    principal = emulator.settings.principals[0]
    assert found["oid"] == principal.object_id
    assert found["tid"] == emulator.tenant
    assert (found["idtyp"], found["aud"]) == ("app", emulator.audience)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"client_secret": "wrong"}, "AADSTS7000215"),
        ({"client_id": "11111111-1111-4111-8111-111111111111"}, "AADSTS700016"),
        ({"tenant_id": "22222222-2222-4222-8222-222222222222"}, "Unable to get authority"),
    ],
)
def test_a_refused_login_says_why(emulator, changed, code):
    with (
        credential(emulator, **changed) as bad,
        pytest.raises((ClientAuthenticationError, ValueError), match=code),
    ):
        bad.get_token(f"{emulator.audience}/.default")


def test_a_scope_other_than_the_audience_is_refused(emulator):
    with (
        credential(emulator) as asked,
        pytest.raises(ClientAuthenticationError, match="AADSTS500011"),
    ):
        asked.get_token(f"{emulator.base_url}/.default")


@pytest.mark.parametrize(
    ("proof", "code"),
    [
        ({}, 7000218),
        ({"client_assertion": "token"}, 900144),
        ({"client_assertion": "token", "client_assertion_type": ASSERTION_TYPE}, 50027),
        ({"client_secret": ""}, 7000218),
    ],
)
def test_a_client_has_to_show_who_it_is(emulator, proof, code):
    form = {
        "grant_type": "client_credentials",
        "client_id": emulator.settings.principals[0].client_id,
        "scope": f"{emulator.audience}/.default",
    }
    body = urlencode(form | proof).encode()
    path = f"/{emulator.tenant}/oauth2/v2.0/token"
    login = Login(emulator.tenant, emulator._tokens, emulator.settings.principals)
    answer = login.answer(Request("POST", path, {}, {}, body, emulator.base_url))
    assert answer is not None
    assert answer.status in {400, 401}
    assert json.loads(answer.body)["error_codes"] == [code]


def test_a_pod_signs_in_with_the_token_of_its_cluster(emulator, monkeypatch):
    for name, value in emulator.workload_identity.items():
        monkeypatch.setenv(name, value)
    with WorkloadIdentityCredential(disable_instance_discovery=True) as pod:
        token = pod.get_token(f"{emulator.audience}/.default").token
    assert claims(token)["oid"] == emulator.settings.principals[0].object_id


def test_the_environment_is_enough_to_log_in(emulator, monkeypatch):
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)
    with EnvironmentCredential(disable_instance_discovery=True) as found:
        assert claims(found.get_token(f"{emulator.audience}/.default").token)["idtyp"] == "app"


def test_managed_identity_as_in_app_service(emulator, monkeypatch):
    for name, value in emulator.managed_identity.items():
        monkeypatch.setenv(name, value)
    with ManagedIdentityCredential() as managed:
        token = managed.get_token(f"{emulator.audience}/.default").token
    with DefaultAzureCredential() as default:
        assert default.get_token(f"{emulator.audience}/.default").token
    assert claims(token)["aud"] == emulator.audience
    monkeypatch.setenv("IDENTITY_HEADER", "wrong")
    with ManagedIdentityCredential() as refused, pytest.raises(ClientAuthenticationError):
        refused.get_token(f"{emulator.audience}/.default")


def test_managed_identity_as_on_a_virtual_machine(emulator, monkeypatch):
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", emulator.identity_url)
    with ManagedIdentityCredential() as managed:
        assert managed.get_token(f"{emulator.audience}/.default").token
    assert [entry.path for entry in emulator.ledger.select("/metadata/*")]


@pytest.mark.parametrize("token", ["", "never-issued"])
def test_a_call_without_a_valid_token_is_challenged(emulator, clients, token):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = HttpRequest(
        "GET",
        f"{emulator.base_url}/subscriptions",
        params={"api-version": "2022-12-01"},
        headers=headers,
    )
    answer = clients.arm._pipeline._transport.send(request)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith(
        f'Bearer authorization_uri="{emulator.base_url}/{emulator.tenant}"'
    )


def test_a_token_for_another_audience_is_refused(emulator, clients):
    wrong = emulator._tokens.issue(Principal(), "https://vault.example")
    with ResourceGraphClient(Static(wrong), **clients._options()) as graph:
        with pytest.raises(HttpResponseError) as raised:
            graph.resources(QueryRequest(query="resources"))
        assert raised.value.status_code == 401
        assert "InvalidAuthenticationTokenAudience" in str(raised.value)


def test_an_expired_token_is_refused():
    with Emulator(CONTOSO, settings=Settings(token_lifetime=-1)) as running:
        clients = Clients(running)
        options = clients._options()
        with ResourceGraphClient(Static(running.token()), **options) as graph:
            with pytest.raises(HttpResponseError) as raised:
                graph.resources(QueryRequest(query="resources"))
            assert "ExpiredAuthenticationToken" in str(raised.value)
        clients.close()


def test_the_asynchronous_clients_work_as_well(emulator, subscription):
    async def list_workspaces():
        principal = emulator.settings.principals[0]
        trusted = str(emulator.ca_file)
        async with (
            AsyncCredential(
                emulator.tenant,
                principal.client_id,
                principal.secret,
                authority=emulator.base_url,
                disable_instance_discovery=True,
                connection_verify=trusted,
            ) as login,
            MachineLearningServicesMgmtClient(
                login,
                subscription,
                base_url=emulator.base_url,
                credential_scopes=[f"{emulator.audience}/.default"],
                connection_verify=trusted,
                api_version=ML_VERSION,
            ) as client,
        ):
            return [each.name async for each in client.workspaces.list_by_subscription()]

    assert len(asyncio.run(list_workspaces())) == 3


def test_the_cloud_file_names_every_address(emulator):
    cloud = json.loads(emulator.cloud_file.read_text())
    assert cloud == {
        "name": "emulator",
        "resourceManager": emulator.base_url,
        "authority": emulator.base_url,
        "audience": emulator.audience,
        "caBundle": str(emulator.ca_file),
    }
