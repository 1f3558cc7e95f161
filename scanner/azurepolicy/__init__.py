"""Azure Policy definitions as rules."""

from __future__ import annotations

from scanner.azurepolicy.assess import PolicyRun, policy_assessments, with_policies
from scanner.azurepolicy.load import load_definitions

__all__ = ["PolicyRun", "load_definitions", "policy_assessments", "with_policies"]
