"""Texts that many resources have in common: types, regions, tags, ids of subscriptions and groups."""

from __future__ import annotations

import sys
from typing import Any


def shared(value: Any) -> Any:
    """Return a text as the one object that all equal texts given here are; other values as they are.

    Every record is decoded on its own, so that a million records would hold a million times the
    same few texts.
    """
    return sys.intern(value) if type(value) is str else value
