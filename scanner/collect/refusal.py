"""What a failed read is, whatever it failed on: status, code and message for a gap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

from scanner.collect.guard import BlockedRequestError
from scanner.errors import CollectError
from scanner.snapshot.manifest import Gap

if TYPE_CHECKING:
    from azure.core.rest import AsyncHttpResponse

_FORBIDDEN: Final = 403
_MESSAGE: Final = 400
"""Characters of a message that a gap keeps."""
TOO_LARGE: Final = "ResponsePayloadTooLarge"
RETRIED: Final = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses after which the same request may well succeed."""


class DeadlineError(CollectError):
    """The time for the whole run is over."""


class RefusalError(Exception):
    """A read that did not succeed.

    `transient`: a later run may succeed. `reread`: what came is not one state of the estate, so
    it is worth reading everything once more at once.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int = 0,
        transient: bool = False,
        reread: bool = False,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = " ".join(message.split())[:_MESSAGE]
        self.transient = transient or reread
        self.reread = reread

    @property
    def forbidden(self) -> bool:
        """Whether the reader lacks a permission."""
        return self.status == _FORBIDDEN

    def gap(self, table: str, scope: str, operation: str, permission: str) -> Gap:
        """Return the gap that this leaves in a table at a scope."""
        return Gap(
            table,
            scope,
            operation,
            status=self.status,
            code=self.code,
            message=self.message,
            permission=permission if self.forbidden else "",
        )


def of_response(response: AsyncHttpResponse) -> RefusalError:
    """Return what a response that is no success says."""
    code, message = error_of(response.content)
    status = response.status_code
    return RefusalError(
        code or f"Http{status}",
        message or f"Azure answered with the status {status}.",
        status=status,
        transient=status in RETRIED,
    )


def of_error(error: Exception) -> RefusalError:
    """Return what an exception of the SDK or of this package means."""
    if isinstance(error, RefusalError):
        return error
    if isinstance(error, BlockedRequestError):
        return RefusalError(error.code, str(error))
    if isinstance(error, DeadlineError):
        return RefusalError("DeadlineExceeded", str(error), transient=True)
    if isinstance(error, ClientAuthenticationError) and error.response is None:
        raise CollectError(f"signing in failed: {error.message}") from error
    if isinstance(error, HttpResponseError) and error.response is not None:
        status = error.status_code or 0
        code, message = error_of(body_of(error.response))
        transient = status in RETRIED or status < 400  # noqa: PLR2004 (a broken success)
        return RefusalError(
            code or type(error).__name__,
            message or error.message,
            status=status,
            transient=transient,
        )
    return RefusalError(type(error).__name__, str(error), transient=True)


FAILURES: Final = (AzureError, BlockedRequestError, DeadlineError, RefusalError)
"""What reading may raise; `of_error` makes one thing of them."""


def body_of(response: Any) -> bytes:
    """Return the bytes of either generation of the SDK's responses."""
    content = getattr(response, "content", None)
    if isinstance(content, bytes):
        return content
    return bytes(response.body())


def error_of(body: bytes) -> tuple[str, str]:
    """Return code and message of an error body; the most telling code where it has several.

    Resource Graph wraps what is the matter into `BadRequest`, in `details`.
    """
    try:
        error = msgspec.json.decode(body)["error"]
        details = error.get("details") or ()
        inner: Any = next((each for each in details if each.get("code") != error.get("code")), {})
        code, message = inner.get("code") or error.get("code"), error.get("message")
        if inner.get("message"):
            message = inner["message"]
    except (msgspec.DecodeError, TypeError, KeyError, AttributeError, UnicodeDecodeError):
        return "", ""
    return str(code or ""), str(message or "")
