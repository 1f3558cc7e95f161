"""What a snapshot tells that a config can be proposed from: tags, regions, names.

Tag names and values are anybody's text. What is kept of them here is printable and short, so that
it can stand quoted on one line of a file that people read.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final

import msgspec

from scanner.config import ENVIRONMENT_VALUES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scanner.snapshot import Snapshot

TAG_WORDS: Final = {
    "project": ("project", "projectname", "projectid", "application", "workload"),
    "team": ("team", "teamname", "department", "businessunit"),
    "owner": ("owner", "ownername", "contact", "responsible"),
    "costCenter": ("costcenter", "costcentre", "costcode", "billingcode"),
    "environment": ("environment", "env", "stage", "lifecycle"),
}
"""What a tag is for, to the tag names that mean it, without case and punctuation."""
_WORD_ENVIRONMENT: Final = {
    word: name for name, words in ENVIRONMENT_VALUES.items() for word in words
}
_NAMED_TABLES: Final = {"workspaces": "namePatterns", "resourceGroups": "resourceGroups"}
_LONGEST: Final = 256
_MOST_VALUES: Final = 20
"""Tag values beyond the known ones that become environments: a free-text tag has thousands."""


class _Head(msgspec.Struct):
    """The parts of a record that a config is proposed from, whatever JSON stands there."""

    name: Any = None
    location: Any = None
    tags: Any = None


class Observed:
    """What was found in a snapshot: tags, regions, and names that seem to tell an environment."""

    def __init__(self, estate: str = "") -> None:
        self.estate = estate
        self.tags: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.regions: Counter[str] = Counter()
        self.patterns: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(
            lambda: defaultdict(set)
        )
        """Environment, then the key of `match`, to globs."""

    def add(self, table: str, head: _Head) -> None:
        """Take in one record."""
        tags = _usable_tags(head.tags)
        for key, value in tags.items():
            self.tags[key][value] += 1
        if isinstance(head.location, str):
            region = head.location.replace(" ", "").lower()
            if re.fullmatch(r"[a-z][a-z0-9]{0,49}", region) and region != "global":
                self.regions[region] += 1
        told = any(_role(key) == "environment" for key in tags)
        if table in _NAMED_TABLES and isinstance(head.name, str) and not told:
            for environment, pattern in _name_patterns(head.name):
                self.patterns[environment][_NAMED_TABLES[table]].add(pattern)

    def keys(self, role: str) -> list[str]:
        """Return the tag names of a role, the most used first, one spelling of each."""
        counts = {key: values.total() for key, values in self.tags.items() if _role(key) == role}
        ordered = sorted(counts, key=lambda key: (-counts[key], key))
        spellings: dict[str, str] = {}
        for key in ordered:
            spellings.setdefault(key.lower(), key)
        return list(spellings.values())


def observe(snapshot: Snapshot) -> Observed:
    """Read what a config can be proposed from out of every record of a snapshot."""
    decoder = msgspec.json.Decoder(_Head)
    estate = snapshot.manifest.estate
    observed = Observed(estate if _is_usable(estate, 200) else "")
    for table in sorted(snapshot.manifest.tables):
        for line in snapshot.lines(table):
            observed.add(table, decoder.decode(line))
    return observed


def _is_usable(text: object, longest: int = _LONGEST) -> bool:
    return isinstance(text, str) and text.isprintable() and 0 < len(text.strip()) <= longest


def _usable_tags(tags: Any) -> dict[str, str]:
    if not isinstance(tags, dict):
        return {}
    return {
        key: value
        for key, value in tags.items()
        if _is_usable(key) and _is_usable(value) and isinstance(value, str)
    }


def _role(key: str) -> str:
    word = re.sub(r"[^a-z0-9]", "", key.lower())
    return next((role for role, words in TAG_WORDS.items() if word in words), "")


def _name_patterns(name: str) -> Iterator[tuple[str, str]]:
    """Yield environment and glob for each part of a name that is a word for an environment."""
    parts = re.split(r"([-_.])", name.lower())
    for index in range(0, len(parts), 2):
        environment = _WORD_ENVIRONMENT.get(parts[index])
        if environment and len(parts) > 1:
            before = f"*{parts[index - 1]}" if index else ""
            after = f"{parts[index + 1]}*" if index + 1 < len(parts) else ""
            yield environment, f"{before}{parts[index]}{after}"


def environment_tags(observed: Observed) -> dict[str, dict[str, list[str]]]:
    """Return environment name to tag name to values, for the environments that tags name."""
    found: dict[str, dict[str, list[str]]] = {}
    own: dict[str, str] = {}
    for key in observed.keys("environment"):
        values = {
            value.lower()
            for spelling, counts in observed.tags.items()
            if spelling.lower() == key.lower()
            for value in counts
        }
        for value in sorted(values):
            name = (
                _WORD_ENVIRONMENT.get(value.strip())
                or own.get(value)
                or _own_name(value, found, own)
            )
            if name:
                found.setdefault(name, {}).setdefault(key, []).append(value)
    return found


def _own_name(value: str, taken: Iterable[str], own: dict[str, str]) -> str:
    """Return the name of a new environment for an unknown tag value, "" where it makes none."""
    name = re.sub(r"[^a-z0-9_]+", "-", value).strip("-_")[:40]
    if not re.match(r"[a-z]", name) or name in taken or name in ENVIRONMENT_VALUES:
        return ""
    if len(own) >= _MOST_VALUES:
        return ""
    own[value] = name
    return name
