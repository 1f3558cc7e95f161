"""Signing in as people, pods and pipelines do, up to a snapshot."""

from __future__ import annotations

import base64
import json
import sys
import time
from typing import TYPE_CHECKING

import pytest

from scanner.collect.cloud import find_cloud
from scanner.collect.credential import SignInError, identity_of
from tests.collect.conftest import small_estate

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

# Speaks as the Azure CLI does: its arguments, its JSON, its refusals.
AZ = """#!{python}
import json, sys, time
said = json.load(open({said!r}))
wanted = ["account", "get-access-token", "--output", "json", "--resource", said["resource"]]
with open({log!r}, "a") as log:
    log.write(" ".join(sys.argv[1:]) + "\\n")
if sys.argv[1:] != wanted:
    sys.exit(f"ERROR: unrecognized arguments: {{sys.argv[1:]}}")
if said["refusal"]:
    sys.exit(said["refusal"])
until = int(time.time()) + said["lifetime"]
print(json.dumps({{
    "accessToken": said["token"],
    "expiresOn": time.strftime("%Y-%m-%d %H:%M:%S.000000", time.localtime(until)),
    "expires_on": until,
    "subscription": "5f58b8d8-32ab-5313-91c7-01fe79c292b2",
    "tenant": "a6d2bbd1-5fb5-5d2a-9a7c-1b4b0a52a2ae",
    "tokenType": "Bearer",
}}))
"""


class AzureCli:
    """An `az` on the path that does what a test tells it."""

    def __init__(self, folder: Path) -> None:
        self._said = folder / "said.json"
        self._log = folder / "calls"
        program = folder / "az"
        text = AZ.format(python=sys.executable, said=str(self._said), log=str(self._log))
        program.write_text(text.replace("\\\\n", "\\n"))
        program.chmod(0o700)

    def answers(self, azure, *, token="", refusal="", lifetime=3600):
        said = {"resource": azure.audience, "token": token, "refusal": refusal}
        self._said.write_text(json.dumps(said | {"lifetime": lifetime}))

    @property
    def calls(self):
        return self._log.read_text().splitlines()


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """A machine on which nobody is signed in, and nothing that could."""
    for name in ("CLIENT_ID", "CLIENT_SECRET", "TENANT_ID", "FEDERATED_TOKEN_FILE"):
        monkeypatch.delenv(f"AZURE_{name}", raising=False)
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def azure(runs):
    with runs.emulator(small_estate()) as azure:
        yield azure


@pytest.fixture
def cli(azure, nowhere):
    return AzureCli(nowhere)


def test_azure_cli(runs, azure, cli):
    cli.answers(azure, token=azure.token())
    _, found = runs.collect(azure, credential="cli")
    assert found.manifest.gaps == ()
    assert found.manifest.identity.object_id == azure.settings.principals[0].object_id
    assert len(cli.calls) == 1
    assert not azure.ledger.select("*/oauth2/*")


def test_a_token_that_ends_soon_is_asked_for_again(runs, azure, cli):
    cli.answers(azure, token=azure.token(), lifetime=10)
    _, found = runs.collect(azure, credential="cli")
    assert found.manifest.gaps == ()
    assert len(cli.calls) > 1


@pytest.mark.parametrize(
    ("refusal", "told"),
    [
        ("ERROR: Please run 'az login' to setup account.", "Please run 'az login'"),
        ("ERROR: AADSTS70043: The refresh token has expired.\nTrace ID: x", "AADSTS70043"),
        ("\n", "^signing in failed: "),
    ],
)
def test_an_azure_cli_that_is_not_signed_in(runs, azure, cli, refusal, told):
    cli.answers(azure, refusal=refusal)
    with pytest.raises(SignInError, match=told) as caught:
        runs.collect(azure, credential="cli")
    assert "\n" not in str(caught.value)
    assert "az login" in caught.value.hint
    assert not azure.ledger.select("/subscriptions*")


def test_no_azure_cli(runs, azure, nowhere):
    with pytest.raises(SignInError, match="Azure CLI not found on path"):
        runs.collect(azure, credential="cli")


def test_workload_identity(runs, azure, nowhere):
    runs.sign_in(azure.workload_identity)
    _, found = runs.collect(azure, credential="workload-identity")
    assert found.manifest.gaps == ()
    assert found.manifest.identity.type == "ServicePrincipal"
    assert len(azure.ledger.select("*/oauth2/v2.0/token", status=200)) == 1


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ({"sub": "system:serviceaccount:other:other"}, "AADSTS700213.*other:other"),
        ({"aud": ["https://kubernetes.default.svc"]}, "AADSTS700212"),
        ({"iss": "https://cluster.example/"}, "AADSTS700211"),
        ({"exp": int(time.time()) - 3600}, "AADSTS700024"),
    ],
)
def test_a_federated_token_that_is_not_trusted(runs, azure, nowhere, claims, told):
    file = nowhere / "token"
    file.write_text(azure.federated_token(**claims))
    runs.sign_in(azure.workload_identity | {"AZURE_FEDERATED_TOKEN_FILE": str(file)})
    with pytest.raises(SignInError, match=told):
        runs.collect(azure, credential="workload-identity")


@pytest.mark.parametrize("cut", [0, 4, 40, 10_000])
def test_a_federated_token_that_is_damaged(runs, azure, nowhere, cut, tmp_path):
    file = tmp_path / "token"
    file.write_text(azure.federated_token()[:-cut] + "AAAA")
    runs.sign_in(azure.workload_identity | {"AZURE_FEDERATED_TOKEN_FILE": str(file)})
    with pytest.raises(SignInError, match="AADSTS"):
        runs.collect(azure, credential="workload-identity")


@pytest.mark.parametrize("credential", ["workload-identity", "default"])
def test_no_federated_token(runs, azure, nowhere, credential, tmp_path):
    missing = str(tmp_path / "missing")
    runs.sign_in(azure.workload_identity | {"AZURE_FEDERATED_TOKEN_FILE": missing})
    with pytest.raises(SignInError, match=r"signing in failed: .*missing") as caught:
        runs.collect(azure, credential=credential)
    assert "No such file" in str(caught.value)


def test_no_pod(runs, azure, nowhere):
    with pytest.raises(SignInError, match="Missing required arguments: 'tenant_id'") as caught:
        runs.collect(azure, credential="workload-identity")
    assert "AZURE_FEDERATED_TOKEN_FILE" in caught.value.hint
    assert "https://" not in str(caught.value)


def test_the_default_tries_one_after_the_other(runs, azure, cli, monkeypatch):
    # A machine that has no identity of this id.
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", azure.identity_url)
    monkeypatch.setenv("AZURE_CLIENT_ID", "11111111-1111-4111-8111-111111111111")
    cli.answers(azure, token=azure.token())
    _, found = runs.collect(azure, credential="default")
    assert found.manifest.gaps == ()
    cli.answers(azure, refusal="ERROR: Please run 'az login' to setup account.")
    with pytest.raises(SignInError, match="no credential works") as caught:
        runs.collect(azure, credential="default")
    told = str(caught.value)
    assert "EnvironmentCredential: Environment variables are not fully configured" in told
    assert "AzureCliCredential: Please run 'az login'" in told
    assert "\n" not in told


def test_an_authority_that_cannot_be_reached(runs, azure, nowhere, tmp_path):
    runs.sign_in({name: value for name, value in azure.environment.items() if "CA_" not in name})
    cloud = json.loads(azure.cloud_file.read_text())
    cloud["authority"] = "https://127.0.0.1:1"
    file = tmp_path / "cloud.json"
    file.write_text(json.dumps(cloud))
    with pytest.raises(SignInError, match=r"^signing in failed: "):
        runs.collect(azure, cloud=find_cloud(str(file)))


def test_a_token_without_claims_names_nobody():
    for token in ("", "opaque", "a.b.c", "a.e30.c"):
        assert identity_of(token)[0].object_id == ""


@pytest.mark.parametrize(
    ("claims", "kind"),
    [
        ({"idtyp": "user"}, "User"),
        ({"scp": "user_impersonation"}, "User"),
        ({"idtyp": "app"}, "ServicePrincipal"),
        ({"idtyp": "app", "xms_mirid": "/subscriptions/s/x"}, "ManagedIdentity"),
        ({"idtyp": "device", "scp": "user_impersonation"}, ""),
        ({}, ""),
    ],
)
def test_the_claims_of_a_token_tell_who_it_is_of(claims, kind):
    body = base64.urlsafe_b64encode(json.dumps({"oid": "o", "tid": "t", **claims}).encode())
    found, tenant = identity_of(f"h.{body.rstrip(b'=').decode()}.s")
    assert (found.object_id, found.type, tenant) == ("o", kind, "t")
