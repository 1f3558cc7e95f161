"""Makes the collector read-only by construction, and keeps tokens at home.

It is the last policy of every pipeline, so nothing reaches the wire without passing it: neither a
write that another policy thinks of (the SDK registers resource providers when Azure asks it to),
nor a page of a list at an address that only a response named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from azure.core.pipeline.policies import SansIOHTTPPolicy

from scanner.errors import CollectError

if TYPE_CHECKING:
    from azure.core.pipeline import PipelineRequest
    from azure.core.rest import HttpRequest

GRAPH_PATH: Final = "/providers/microsoft.resourcegraph/resources"


class BlockedRequestError(CollectError):
    """A request that must not be sent: no read, or not to the cloud's Resource Manager."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ReadOnlyGuard(SansIOHTTPPolicy["HttpRequest", "object"]):
    """Lets GET and the Resource Graph query through to one address, and nothing else."""

    def __init__(self, resource_manager: str) -> None:
        super().__init__()
        self._origin = origin(resource_manager)

    def on_request(self, request: PipelineRequest[HttpRequest]) -> None:
        """Let the request pass.

        Raises:
            BlockedRequestError: it is not a read, or goes elsewhere.
        """
        check(request.http_request.method, request.http_request.url, self._origin)


def check(method: str, url: str, home: tuple[str, str, int | None]) -> None:
    """Raise where a request is no read or does not go to `home`."""
    if origin(url) != home:
        host = urlsplit(url).netloc.rpartition("@")[2]
        raise BlockedRequestError(
            "ForeignHost", f"A request to {host} was not sent: it is not Resource Manager."
        )
    path = urlsplit(url).path.lower().rstrip("/")
    if method != "GET" and not (method == "POST" and path == GRAPH_PATH):
        raise BlockedRequestError("NotARead", f"A {method} of {path} was not sent: it is no read.")


def origin(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port of an address, in one spelling; nobody's for a broken one."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        return "", "", None
    if parts.username is not None:
        return "", "", None
    default = {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, (parts.hostname or "").lower(), port or default
