"""The words that a row of a result is marked with: verdict, severity, exemption, baseline state."""

from __future__ import annotations

import enum
from typing import Literal

import msgspec


class Verdict(enum.StrEnum):
    """What a rule says of a resource."""

    PASS = "pass"  # noqa: S105  (a verdict, not a password)
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"
    ERROR = "error"


class Severity(enum.StrEnum):
    """How much a failure matters, the worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)


class Exemption(msgspec.Struct, frozen=True, rename="camel"):
    """Why a finding is accepted: what a row shows of the exemption that covers it."""

    place: str
    """File and line of the entry, or the ARM id of the Azure Policy exemption."""
    category: str
    """`Waiver` or `Mitigated`."""
    justification: str
    owner: str
    expires_on: str | None
    """Last day on which it holds; `None` for an Azure Policy exemption without end."""
    source: Literal["file", "azure-policy"]
    id: str = ""
    approved_by: str = ""
    ticket: str = ""


class Remedy(msgspec.Struct, frozen=True):
    """How to mend one failure: what a rule offers generally, made for the resource."""

    cli: str
    """Shell command; what a person has to fill in stands in angle brackets."""


class BaselineState(enum.StrEnum):
    """What became of a row since the baseline."""

    NEW = "new"
    UNCHANGED = "unchanged"
    UPDATED = "updated"
    ABSENT = "absent"


class CarriedForward(msgspec.Struct, frozen=True, rename="camel"):
    """Why a failure of the baseline still stands although nobody could look again."""

    verdict: Verdict | None
    """What the rule said this time: unknown or error; `None` where the resource was not listed."""
    reason: str
    last_assessed: str
    """When the snapshot that last showed the failure was finished."""
