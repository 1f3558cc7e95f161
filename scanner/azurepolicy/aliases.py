"""Azure Policy's field names: which place of a raw record each of them means.

Azure keeps a list of aliases per resource type. Nearly all of them follow from how Azure
Resource Manager lays out a resource: `Namespace/type/a.b` is `properties.a.b` of that type.
What does not follow is written down here.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from scanner.inventory.paths import STAR, PathError
from scanner.schemas.problems import nearest

Steps = tuple[str, ...]

BODY: Final = "properties"
_ENVELOPE: Final = frozenset({"sku", "identity", "plan", "zones", "kind", "managedby"})
"""What Azure Resource Manager keeps beside `properties`; some types have it inside."""
PLAIN: Final = ("type", "name", "fullName", "id", "kind", "location", "tags", "identity")
"""Field names that every type has."""

_COMPUTES: Final = "microsoft.machinelearningservices/workspaces/computes"
_OF_ANY_COMPUTE: Final = frozenset(
    {
        *("computelocation", "computetype", "createdon", "description", "disablelocalauth"),
        *("isattachedcompute", "modifiedon", "provisioningerrors", "provisioningstate"),
        "resourceid",
    }
)
"""What every compute has; what depends on its type lies in a second `properties`."""
_COMPUTE_TYPES: Final = frozenset(
    {
        *("aks", "amlcompute", "computeinstance", "databricks", "datafactory"),
        *("datalakeanalytics", "hdinsight", "kubernetes", "synapsespark", "virtualmachine"),
    }
)
"""Azure puts the type of compute before some aliases: `computes/SynapseSpark.nodeCount`."""
_LISTS: Final = {"microsoft.insights/diagnosticsettings": frozenset({"logs", "metrics"})}
"""Arrays that have aliases without `[*]` for a property of each member: `logs.enabled`."""

_NAME = re.compile(r"\.?([^.\[\]/]+)|(\[\*\])|\['((?:[^']|'')*)'\]")


class Field(NamedTuple):
    """A field name, taken apart."""

    type: str
    """Lower-cased resource type of an alias, "" for a field that every type has."""
    prefix: str
    """The field name up to its steps, as it is written."""
    steps: Steps
    """Property names and stars as the alias has them."""
    bodies: tuple[Steps, ...] = ((),)
    """What the steps lie in, in a record; the first where there is something counts."""


def is_alias(text: str) -> bool:
    """Tell an alias from a field that every type has; a tag's name may hold a slash as well."""
    head = text.partition("[")[0]
    return "/" in head and not head.lower().startswith("tags.")


def parse(text: str) -> Field:
    """Take a field name apart.

    Raises PathError for text that is neither an alias nor one of the names that all types have.
    """
    return _alias(text) if is_alias(text) else _plain(text)


def _alias(text: str) -> Field:
    slash = text.partition("[")[0].rindex("/")
    arm_type = text[:slash].lower()
    steps = _listed(arm_type, _steps(text[slash + 1 :], text))
    first = steps[0].lower()
    if arm_type == _COMPUTES and first in _COMPUTE_TYPES and len(steps) > 1:
        steps, first = steps[1:], ""
    return Field(arm_type, text[: slash + 1], steps, _bodies(arm_type, first))


def _bodies(arm_type: str, first: str) -> tuple[Steps, ...]:
    if first in _ENVELOPE:
        return ((), (BODY,))
    if arm_type == _COMPUTES and first not in _OF_ANY_COMPUTE:
        return ((BODY, BODY),)
    return ((BODY,),)


def _steps(rest: str, text: str) -> Steps:
    found, position = [], 0
    while position < len(rest):
        match = _NAME.match(rest, position)
        if match is None:
            raise PathError(f"'{text}' is no field name: unexpected '{rest[position:]}'")
        name, star, key = match.groups()
        found.append(name or star or key.replace("''", "'"))
        position = match.end()
    if not found or found[0] == STAR:
        raise PathError(f"'{text}' names a resource type and none of its properties")
    return tuple(found)


def _listed(arm_type: str, steps: Steps) -> Steps:
    is_list = steps[0].lower() in _LISTS.get(arm_type, ())
    return (steps[0], STAR, *steps[1:]) if is_list and steps[1:2] not in {(), (STAR,)} else steps


def _plain(text: str) -> Field:
    name = re.split(r"[.\[]", text, maxsplit=1)[0]
    known = {plain.lower(): plain for plain in PLAIN}
    if name.lower() not in known:
        hint = nearest(name, PLAIN) or f"Known are: {', '.join(PLAIN)}."
        raise PathError(f"unknown field '{text}': no alias of a type and no general field", hint)
    first, rest = known[name.lower()], text[len(name) :]
    if first == "tags" and rest:
        steps: Steps = ("tags", _tag(rest))
    else:
        steps = (first, *(_steps(rest, text) if rest else ()))
    if len(steps) > 1 and first not in {"tags", "identity"}:
        raise PathError(f"'{text}': nothing follows after '{first}'")
    return Field("", "", steps)


def _tag(rest: str) -> str:
    """Return the tag's name of `.name`, `[name]` or `['name']`; it may hold any character."""
    if rest.startswith("["):
        return rest[1:].removesuffix("]").strip("'").replace("''", "'")
    return rest[1:]
