"""The real Azure clients, pointed at an emulator by nothing but their public options."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.pipeline.policies import (
    ContentDecodePolicy,
    HeadersPolicy,
    RetryPolicy,
    UserAgentPolicy,
)
from azure.core.rest import HttpRequest, HttpResponse
from azure.identity import ClientSecretCredential
from azure.mgmt.core import ARMPipelineClient
from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy
from azure.mgmt.machinelearningservices import MachineLearningServicesMgmtClient
from azure.mgmt.resourcegraph import ResourceGraphClient

from fixtures.emulator import Emulator, Principal

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTOSO = Path(__file__).resolve().parents[2] / "fixtures" / "estates" / "contoso"
ML_VERSION = "2025-06-01"


@dataclass
class Clients:
    """The clients of one identity. Nothing is retried, so that every answer is seen."""

    emulator: Emulator
    principal: Principal | None = None
    opened: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        emulator = self.emulator
        principal = self.principal or emulator.settings.principals[0]
        self.scope = f"{emulator.audience}/.default"
        self.ca = str(emulator.ca_file)
        self.credential = self._keep(
            ClientSecretCredential(
                emulator.tenant,
                principal.client_id,
                principal.secret,
                authority=emulator.base_url,
                disable_instance_discovery=True,
                connection_verify=self.ca,
                retry_total=0,
            )
        )
        self.graph = self._keep(ResourceGraphClient(self.credential, **self._options()))
        self.arm: ARMPipelineClient[HttpRequest, HttpResponse] = self._keep(
            ARMPipelineClient(
                base_url=emulator.base_url,
                policies=[
                    HeadersPolicy(),
                    UserAgentPolicy("emulator-tests"),
                    ContentDecodePolicy(),
                    RetryPolicy(retry_total=0),
                    ARMChallengeAuthenticationPolicy(self.credential, self.scope),
                ],
                connection_verify=self.ca,
            )
        )

    def _options(self) -> dict[str, Any]:
        return {
            "base_url": self.emulator.base_url,
            "credential_scopes": [self.scope],
            "connection_verify": self.ca,
            "retry_total": 0,
        }

    def _keep(self, client: Any) -> Any:
        self.opened.append(client)
        return client

    def ml(self, subscription: str, **more: Any) -> Any:
        options = self._options() | {"api_version": ML_VERSION} | more
        client = MachineLearningServicesMgmtClient(self.credential, subscription, **options)
        return self._keep(client)

    def get(self, path: str, version: str = ML_VERSION, **params: str) -> HttpResponse:
        query = params | ({"api-version": version} if version else {})
        url = path if path.startswith("https:") else self.emulator.base_url + path
        request = HttpRequest("GET", url, params={} if path.startswith("https:") else query)
        return self.arm.send_request(request)

    def pages(self, path: str, version: str = ML_VERSION, **params: str) -> list[dict[str, Any]]:
        found = []
        following: str | None = path
        while following:
            response = self.get(following, version, **params)
            response.raise_for_status()
            found.append(response.json())
            following = found[-1].get("nextLink")
        return found

    def rows(self, path: str, version: str = ML_VERSION, **params: str) -> list[dict[str, Any]]:
        return [row for page in self.pages(path, version, **params) for row in page["value"]]

    def query(self, text: str, version: str = "2024-04-01", **more: Any) -> dict[str, Any]:
        """Return the raw answer of Resource Graph; options start with `$` or are named below."""
        top_level = {"subscriptions", "managementGroups"}
        body = {"query": text} | {key: more[key] for key in more.keys() & top_level}
        body["options"] = {key: value for key, value in more.items() if key not in top_level}
        seen: list[dict[str, Any]] = []
        self.graph.resources(
            io.BytesIO(json.dumps(body).encode()),
            api_version=version,
            raw_response_hook=lambda answer: seen.append(json.loads(answer.http_response.text())),
        )
        return seen[0]

    def close(self) -> None:
        for client in self.opened:
            client.close()


def records(table: str) -> list[dict[str, Any]]:
    """Return the records of one table of the estate."""
    lines = (CONTOSO / "records" / f"{table}.ndjson").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(CONTOSO) as running:
        yield running


@pytest.fixture
def clients(emulator: Emulator) -> Iterator[Clients]:
    made = Clients(emulator)
    yield made
    made.close()
    emulator.inject()


@pytest.fixture
def subscription() -> str:
    """A subscription that holds several workspaces."""
    return str(records("workspaces")[0]["subscriptionId"])


@pytest.fixture
def workspace() -> str:
    """The id of a workspace with several computes."""
    return str(records("workspaces")[0]["id"])
