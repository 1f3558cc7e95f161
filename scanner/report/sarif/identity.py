"""Names that hold from night to night: categories, and GUIDs that are made, not drawn."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

from scanner.report.location import escape
from scanner.report.summary import TOOL, short_digest
from scanner.report.text import clean

if TYPE_CHECKING:
    from scanner.engine.recorded import RecordedSnapshot
    from scanner.engine.result import ScanResult
    from scanner.snapshot.manifest import Manifest

_NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "urn:azmlscan:sarif")


def guid(kind: str, *parts: str) -> str:
    """Return the GUID of a thing of some kind: equal parts, equal GUID."""
    return str(uuid.uuid5(_NAMESPACE, "\n".join(map(clean, (kind, *parts)))))


def run_id(result: ScanResult, subscription: str | None = None) -> str:
    """Return category and run; all before the last slash is the category.

    The category holds for every scan of the estate, or of one subscription of it.
    """
    estate = escape(result.manifest.estate.lower()) or "estate"
    part = f"/{escape(subscription.lower())}" if subscription else ""
    return f"{TOOL}/{estate}{part}/{short_digest(result)}"


def run_guid(snapshot: Manifest | RecordedSnapshot) -> str:
    """Return the GUID of the scan of a snapshot, be it this one's or a baseline's."""
    return guid("run", snapshot.estate, snapshot.digest, snapshot.finished)
