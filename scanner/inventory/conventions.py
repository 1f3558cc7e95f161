"""What the estate has agreed on for its resources: which tags they carry, how they are named."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any, Final

from scanner.inventory.fields import UNREAD, Derived, Members, Resource
from scanner.inventory.kinds import KINDS
from scanner.inventory.model.organization import ResourceGroup, Subscription
from scanner.inventory.model.tracked import TrackedResource
from scanner.inventory.truth import Found
from scanner.snapshot.redact import MARK

if TYPE_CHECKING:
    from scanner.inventory.estate import Estate
    from scanner.inventory.facts import Facts
    from scanner.inventory.fields import Maybe
    from scanner.inventory.truth import Verdict


def missing_tags(resource: Any, estate: Estate) -> Members | None:
    """Return the required tags that are absent or have a value that is not allowed.

    Names and values are compared without regard to case. Gives `None` where the config requires
    no tags. The members are not complete where the tags were not read, or a tag that may have
    certain values only was redacted.
    """
    required = estate.config.settings.required_tags
    if not required:
        return None
    if resource.tags is UNREAD:
        return Members.partial()
    present = {name.lower(): value for name, value in (resource.tags or {}).items()}
    found = Found()
    for name, allowed in required.items():
        found.add(_lacks(present.get(name.lower()), allowed), name)
    return found.members()


def _lacks(value: str | None, allowed: tuple[str, ...]) -> Verdict:
    if not value or not allowed:
        return not value
    return UNREAD if value == MARK else value.lower() not in {one.lower() for one in allowed}


def name_pattern(resource: Resource, estate: Estate) -> str | None:
    """Return the form that the config gives to names of this kind, `None` where it gives none."""
    return (estate.config.settings.naming_patterns or {}).get(resource.KIND)


def name_conforms(resource: Resource, estate: Estate) -> Maybe[bool]:
    """Tell whether a name has the form agreed on for its kind, `None` where there is none.

    Of a child resource only its own name counts, which some services send after its parent's.
    """
    pattern = name_pattern(resource, estate)
    if pattern is None:
        return None
    if "name" in resource.unread:
        return UNREAD
    return _compiled(pattern).match(resource.name.rpartition("/")[2]) is not None


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Return a regular expression as it stands, or a pattern with `*` for the whole name."""
    if pattern.startswith("^"):
        return re.compile(pattern)
    parts = (re.escape(part) for part in pattern.split("*"))
    return re.compile(".*".join(parts) + r"\Z", re.IGNORECASE | re.DOTALL)


_TAG_FACTS: Final = {
    "missingTags": Derived(
        tuple[str, ...],
        missing_tags,
        "The tags of the setting `requiredTags` that the resource lacks, or that have a value "
        "which is not allowed; absent where the setting is not made.",
        ("tags",),
    )
}

FACTS: Facts = {
    kind: {
        **(_TAG_FACTS if issubclass(cls, TrackedResource | ResourceGroup | Subscription) else {}),
        "namePattern": Derived(
            str,
            name_pattern,
            "The form that the setting `namingPatterns` has for names of the kind: a regular "
            "expression where it starts with ^, else a pattern with *; absent where it has none.",
        ),
        "nameConforms": Derived(
            bool,
            name_conforms,
            "Whether the name is of the form `namePattern`; absent where there is none.",
            ("name",),
        ),
    }
    for kind, cls in KINDS.items()
}
