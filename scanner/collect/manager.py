"""Reads lists and single resources from Resource Manager, raw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import msgspec
from azure.core.exceptions import DeserializationError
from azure.core.rest import HttpRequest

from scanner import armid
from scanner.collect.guard import origin
from scanner.collect.operations import COMPUTES, GET_WORKSPACE
from scanner.collect.refusal import FAILURES, RefusalError, body_of, of_error, of_response

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from scanner.collect.clients import Clients
    from scanner.collect.journal import Sink
    from scanner.collect.operations import Operation

_OK: Final = 200
_NOT_FOUND: Final = 404
Json = dict[str, Any]


class _List(msgspec.Struct, rename="camel"):
    value: list[Any]
    next_link: str | None = None


async def read_list(clients: Clients, operation: Operation, owner: str, sink: Sink) -> None:
    """Put all elements of a list below the owner into the sink.

    Raises:
        RefusalError: it was refused, or the list changed while it was read. Elements read until
            then are in the sink.
    """
    async for page in pages(clients, operation, owner):
        sink.pages += 1
        for element in page:
            sink.add(operation.table, element)
    if sink.duplicates:
        raise RefusalError("ChangedWhileRead", "An element came twice.", reread=True)


async def pages(
    clients: Clients, operation: Operation, owner: str, **params: str
) -> AsyncIterator[list[Any]]:
    """Yield the pages of a list, following `nextLink` as long as it stays with Resource Manager.

    Raises:
        RefusalError: a page was refused, or its `nextLink` cannot be followed.
    """
    if operation is COMPUTES:
        body = await _first_computes(clients, owner)
    else:
        path = _address(clients, f"{owner}{operation.path}")
        body = await _get(clients, path, {"api-version": operation.api_version, **params})
    seen: set[str] = set()
    while True:
        page = _decoded(body, _List)
        yield page.value
        link = page.next_link
        if not link:
            return
        if link in seen:
            raise RefusalError("RepeatedNextLink", "A page names itself as the next.", reread=True)
        seen.add(link)
        _check_home(link, clients)
        body = await _get(clients, link, {})


async def get(clients: Clients, operation: Operation, resource: str) -> Json | None:
    """Return one resource, None where there is none.

    Raises:
        RefusalError: it was refused.
    """
    try:
        if operation is GET_WORKSPACE:
            body = await _workspace(clients, resource)
        else:
            path = _address(clients, f"{resource}{operation.path}")
            body = await _get(clients, path, {"api-version": operation.api_version})
    except RefusalError as refusal:
        if refusal.status == _NOT_FOUND:
            return None
        raise
    found: Json = _decoded(body, dict[str, Any])
    if not isinstance(found.get("id"), str):
        raise RefusalError("UnexpectedBody", "The response is not a resource.")
    return found


async def _first_computes(clients: Clients, workspace: str) -> bytes:
    """Return the first page of a workspace's computes by the client that knows them.

    The others are followed like those of every list: the client would ask a foreign host.
    """
    parts = armid.parse(workspace)
    client = clients.ml(parts.subscription_id)
    seen: list[bytes] = []
    listing = client.machine_learning_compute.list_by_workspace(
        parts.resource_group, parts.name, raw_response_hook=lambda answer: _keep(answer, seen)
    ).by_page()
    try:
        await anext(aiter(listing))
    except DeserializationError:
        # The raw page is what is wanted; the model of an older api-version need not fit it.
        pass
    except FAILURES as error:
        raise of_error(error) from error
    return seen[0]


async def _workspace(clients: Clients, workspace: str) -> bytes:
    parts = armid.parse(workspace)
    seen: list[bytes] = []
    try:
        await clients.ml(parts.subscription_id).workspaces.get(
            parts.resource_group, parts.name, raw_response_hook=lambda answer: _keep(answer, seen)
        )
    except DeserializationError:
        pass
    except FAILURES as error:
        raise of_error(error) from error
    return seen[0]


def _keep(answer: Any, seen: list[bytes]) -> None:
    """Keep the body of a success, and refuse one that no model could be made of."""
    response = answer.http_response
    if response.status_code == _OK:
        body = body_of(response)
        _decoded(body, dict[str, Any])
        seen.append(body)


async def _get(clients: Clients, url: str, params: dict[str, str]) -> bytes:
    try:
        response = await clients.arm.send_request(HttpRequest("GET", url, params=params))
    except FAILURES as error:
        raise of_error(error) from error
    if response.status_code != _OK:
        raise of_response(response)
    return body_of(response)


def _check_home(link: str, clients: Clients) -> None:
    home = clients.cloud.resource_manager
    if origin(link) != origin(home):
        raise RefusalError(
            "ForeignNextLink", "The next page is said to be on another host, which is not asked."
        )


def _decoded(body: bytes, kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise RefusalError("UnexpectedBody", f"The response is not as expected: {error}") from error


def _address(clients: Clients, path: str) -> str:
    return f"{clients.cloud.resource_manager}{quote(path)}"
