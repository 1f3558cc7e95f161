"""Signs in: chooses the credential, keeps its token, and says who it is."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec
from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.identity.aio import (
    AzureCliCredential,
    DefaultAzureCredential,
    EnvironmentCredential,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
)

from scanner.errors import CollectError
from scanner.snapshot.manifest import Identity

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken

    from scanner.collect.cloud import Cloud

DEFAULT: Final = "default"
_EARLY: Final = 300
"""Seconds before its end at which a token is replaced."""
_CLI_SECONDS: Final = 60
"""How long the Azure CLI may take for a token: the first one after a start takes many seconds."""
_UNTOLD: Final = re.compile(
    r"\w+ authentication unavailable\. | See the troubleshooting guide for more information: \S+"
)
"""What the SDK says besides the reason."""
_HINTS: Final = {
    DEFAULT: "Run `az login`, set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or run"
    " where a managed identity is.",
    "cli": "Install the Azure CLI and run `az login`; in another cloud, `az cloud set` before it.",
    "environment": "Set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or"
    " AZURE_CLIENT_CERTIFICATE_PATH.",
    "managed-identity": "Run where a managed identity is assigned; AZURE_CLIENT_ID names a"
    " user-assigned one.",
    "workload-identity": "Run in a pod whose service account is federated: AZURE_TENANT_ID,"
    " AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE are set there.",
}
CREDENTIALS: Final = tuple(_HINTS)
"""What `--credential` takes."""


class SignInError(CollectError):
    """No credential works."""


class _Claims(msgspec.Struct):
    oid: str = ""
    tid: str = ""
    idtyp: str = ""
    scp: str = ""
    """What a user has delegated; tokens of applications have none."""
    xms_mirid: str = ""


class KeptCredential:
    """A credential whose token is kept until shortly before its end.

    The command line's credential starts a process for every token, and each pipeline asks for its
    own.
    """

    def __init__(self, inner: Any, kind: str) -> None:
        self._inner = inner
        self._kind = kind
        self._lock = asyncio.Lock()
        self._token: AccessToken | None = None

    async def get_token(
        self, *scopes: str, claims: str | None = None, **kwargs: Any
    ) -> AccessToken:
        """Return a token for Resource Manager.

        Raises:
            SignInError: the credential does not get one.
        """
        async with self._lock:
            token = self._token
            if token is None or claims or token.expires_on - time.time() < _EARLY:
                try:
                    token = await self._inner.get_token(*scopes, claims=claims, **kwargs)
                except ClientAuthenticationError as error:
                    raise SignInError(
                        f"signing in failed: {_reason(error.message)}", hint=_HINTS[self._kind]
                    ) from error
                except OSError as error:
                    raise SignInError(
                        f"signing in failed: {error.filename or 'a file'} cannot be read:"
                        f" {error.strerror or error}",
                        hint=_HINTS[self._kind],
                    ) from error
                except ValueError as error:
                    raise SignInError(
                        f"signing in failed: {_reason(str(error))}", hint=_HINTS[self._kind]
                    ) from error
                self._token = token
            return token

    async def sign_in(self, scope: str) -> str:
        """Return a first token; later ones are asked for again when the network fails.

        Raises:
            SignInError: the credential does not get one.
        """
        try:
            return (await self.get_token(scope)).token
        except AzureError as error:
            raise SignInError(
                f"signing in failed: {error.message}", hint="Check network, proxy and --cloud."
            ) from error

    async def close(self) -> None:
        """Close the connections of the credential."""
        await self._inner.close()

    async def __aenter__(self) -> KeptCredential:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()


def make_credential(kind: str, cloud: Cloud) -> KeptCredential:
    """Return the credential of a kind in a cloud.

    Raises:
        SignInError: what it needs is not there.
    """
    options: dict[str, Any] = {"authority": cloud.authority}
    if cloud.private:
        options["disable_instance_discovery"] = True
    if cloud.ca_bundle:
        options["connection_verify"] = cloud.ca_bundle
    try:
        return KeptCredential(_make(kind, options), kind)
    except ValueError as error:
        raise SignInError(f"signing in failed: {_reason(str(error))}", hint=_HINTS[kind]) from error


def _make(kind: str, options: dict[str, Any]) -> Any:
    match kind:
        case "cli":
            return AzureCliCredential(process_timeout=_CLI_SECONDS)
        case "environment":
            return EnvironmentCredential(**options)
        case "managed-identity":
            trust = {name: options[name] for name in ("connection_verify",) if name in options}
            return ManagedIdentityCredential(**_client_id(), **trust)
        case "workload-identity":
            return WorkloadIdentityCredential(**options)
        case _:
            return DefaultAzureCredential(process_timeout=_CLI_SECONDS, **options)


def _client_id() -> dict[str, Any]:
    client_id = os.environ.get("AZURE_CLIENT_ID", "")
    return {"client_id": client_id} if client_id else {}


def identity_of(token: str) -> tuple[Identity, str]:
    """Return who a token was issued to, and the tenant; empty where the token does not say."""
    try:
        body = token.split(".")[1]
        claims = msgspec.json.decode(
            base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)), type=_Claims
        )
    except (IndexError, ValueError, msgspec.DecodeError):
        return Identity(), ""
    named = claims.idtyp or ("user" if claims.scp else "")
    kind = {"user": "User", "app": "ServicePrincipal"}.get(named, "")
    return Identity(claims.oid, "ManagedIdentity" if claims.xms_mirid else kind), claims.tid


def _reason(message: str) -> str:
    """Return why there is no token, in one line; of a chain, what each of its links says."""
    lines = [line for line in message.splitlines() if line.strip()]
    links = [_UNTOLD.sub("", line.strip()) for line in lines if line.startswith("\t")]
    if links:
        return (
            f"no credential works: {'; '.join(each.split('. ')[0].rstrip('.') for each in links)}"
        )
    return _UNTOLD.sub("", lines[0].strip()) if lines else "no reason given"
