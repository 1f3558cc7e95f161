"""The result as SARIF 2.1.0, in two profiles: for services that open alerts, and for auditors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from scanner.report.sarif.audit import audit_file
from scanner.report.sarif.code_scanning import (
    FILE_LIMIT,
    SHOWN_LIMIT,
    LiveFile,
    Notice,
    Share,
    shares,
)
from scanner.report.sarif.levels import LEVELS, Scale

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scanner.engine.controls import Controls
    from scanner.engine.result import ScanResult
    from scanner.report.evidence import Fetch

__all__ = ["FILE_LIMIT", "LEVELS", "PROFILES", "SHOWN_LIMIT", "Notice", "Share", "render", "shares"]

Profile = Literal["code-scanning", "audit"]
PROFILES: Final = ("code-scanning", "audit")


def render(  # noqa: PLR0913  (the options are keywords)
    result: ScanResult,
    fetch: Fetch,
    *,
    profile: Profile = "code-scanning",
    limit: int = SHOWN_LIMIT,
    max_level: str = "error",
    share: Share | None = None,
    controls: Controls | None = None,
    on_notice: Callable[[Notice], None] | None = None,
) -> Iterator[bytes]:
    """Return a SARIF file in pieces, one result a line. `fetch` gives the raw records.

    Profile `code-scanning` has the failures that count at the gate and are not exempted, the
    worst first, `limit` at most (which in turn is `FILE_LIMIT` at most), of one share of the
    estate or of all; its notices are given before the first piece. Profile `audit` has every
    row, and says of frameworks what `controls` knows; `limit` and `share` mean nothing to it. No
    level is above `max_level`.
    """
    scale = Scale(max_level)
    if profile == "audit":
        return audit_file(result, fetch, scale, controls)
    file = LiveFile(result, fetch, limit=limit, scale=scale, share=share)
    if on_notice is not None:
        for notice in file.notices:
            on_notice(notice)
    return file.chunks()
