"""What the emulator lets identities read, refuses, and leaves out."""

from __future__ import annotations

import pytest
from azure.core.rest import HttpRequest

from fixtures.emulator import Emulator, Principal, Role, Settings
from fixtures.emulator.faults import load_faults
from tests.emulator.conftest import CONTOSO, Clients

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

PROD = "/subscriptions/27d3be81-b75a-5eb9-a374-eb5717f1baac"
GROUP = f"{PROD}/resourceGroups/rg-fraud-prod"
STORAGE = "Microsoft.Storage/storageAccounts"
PERMISSIONS = "providers/Microsoft.Authorization/permissions?api-version=2022-04-01"
ACCOUNTS = "resources | where type =~ 'microsoft.storage/storageaccounts' | project id"


def running(*roles, **more):
    principal = Principal(roles=roles, **more)
    return Emulator(CONTOSO, settings=Settings(principals=(principal,)))


def asked(azure, path):
    clients = Clients(azure)
    try:
        answer = clients.arm.send_request(HttpRequest("GET", f"{azure.base_url}{path}"))
        return answer.status_code, answer.json()
    finally:
        clients.close()


def accounts(azure):
    clients = Clients(azure)
    try:
        return {row["id"].lower() for row in clients.query(ACCOUNTS)["data"]}
    finally:
        clients.close()


@pytest.mark.parametrize("scope", [PROD, GROUP, GROUP.upper().replace("/SUB", "/sub")])
def test_permissions_are_those_of_the_scope_and_above(scope):
    reader = Role(scope=PROD, not_actions=(f"{STORAGE}/read",))
    with running(reader, Role(scope=GROUP), Role(scope="/subscriptions/other")) as azure:
        status, body = asked(azure, f"{scope}/{PERMISSIONS}")
    held = [each["notActions"] for each in body["value"]]
    assert status == 200
    assert all(each["actions"] == ["*/read"] for each in body["value"])
    assert held == ([[f"{STORAGE}/read"]] if scope == PROD else [[f"{STORAGE}/read"], []])


def test_permissions_of_a_scope_without_a_role_are_refused():
    with running(Role(scope=GROUP)) as azure:
        status, body = asked(azure, f"{PROD}/{PERMISSIONS}")
        assert (status, body["error"]["code"]) == (403, "AuthorizationFailed")
        assert asked(azure, f"{GROUP}/{PERMISSIONS}")[0] == 200
        assert asked(azure, f"{PROD}?api-version=2022-12-01")[0] == 200
        assert asked(azure, "/subscriptions?api-version=2022-12-01")[1]["value"]


def test_permissions_of_what_is_not_there_are_not_found():
    with running(Role()) as azure:
        assert asked(azure, f"{PROD}/resourceGroups/none/{PERMISSIONS}")[0] == 404


def test_rows_that_no_role_shows_are_left_out_in_silence():
    with running(Role()) as azure:
        every = accounts(azure)
    with running(Role(not_actions=(f"{STORAGE}/*",)), Role(scope=GROUP)) as azure:
        assert accounts(azure) == {each for each in every if each.startswith(f"{GROUP.lower()}/")}
        path = f"{PROD}/providers/{STORAGE}?api-version=2023-05-01"
        assert asked(azure, path)[0] == 403


def test_what_is_denied_below_a_scope_does_not_show_there():
    denied = (f"{STORAGE}/read@{GROUP.lower()}/*",)
    with running(Role(), denied=denied) as azure:
        assert not any(each.startswith(f"{GROUP.lower()}/") for each in accounts(azure))
        assert accounts(azure)
        assert asked(azure, f"{PROD}/{PERMISSIONS}")[1]["value"][0]["notActions"] == []


def test_roles_come_from_the_file_of_faults(tmp_path):
    file = tmp_path / "faults.yaml"
    file.write_text(f"roles:\n- scope: {GROUP}\n  notActions: [{STORAGE}/read]\n")
    assert load_faults(file).roles == (Role(scope=GROUP, not_actions=(f"{STORAGE}/read",)),)
    file.write_text("roles:\n- scop: /\n")
    with pytest.raises(ValueError, match="scop"):
        load_faults(file)
