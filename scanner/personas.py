"""Who is who in a config, and who may do what where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from scanner import documents

_ENVIRONMENT_DEPTH: Final = 3
"""Steps to the name of an environment in `access.matrix.dev`."""
PERSONAS: Final = (
    "platform",
    "itAdmin",
    "workspaceAdmin",
    "devOpsEngineer",
    "dataEngineer",
    "dataScientist",
    "securityReader",
)
"""The personas that the default access matrix knows."""


class Persona(msgspec.Struct, frozen=True, rename="camel"):
    """A kind of people or machines: whoever is named, is in a named group, or has a named role."""

    name: str
    groups: tuple[str, ...] = ()
    """Object ids of groups."""
    principals: tuple[str, ...] = ()
    """Object ids of users and service principals."""
    roles: tuple[str, ...] = ()
    """Names or GUIDs of roles: who has one at a workspace is of the persona there."""


class Cell(msgspec.Struct, frozen=True, rename="camel"):
    """What a persona may do in an environment, and what it must be able to; `*` is everything."""

    allowed: tuple[str, ...] = ()
    promised: tuple[str, ...] = ()


class Profile(msgspec.Struct, frozen=True, rename="camel"):
    """Which of the four kinds of workspace an environment has; None where nothing is demanded."""

    access: Literal["restricted", "unrestricted"] | None = None
    network: Literal["private", "public"] | None = None


class Access(msgspec.Struct, frozen=True, rename="camel"):
    """Who may do what where, as far as the config departs from the default."""

    matrix: dict[str, dict[str, Cell]] = {}
    """Environment to persona to what it may do there."""
    profiles: dict[str, Profile] = {}
    """Environment to the profile of its workspaces."""


def check_access(document: documents.Document, default: Iterable[str]) -> None:
    """Check that the matrix and the profiles name environments and personas that there are.

    `default` are the environments of a config that names none.

    Raises:
        DocumentError: of the type the document was loaded with; names the place.
    """
    data = document.data
    access = data.get("access", {})
    environments = list(data.get("environments") or default)
    personas = [*PERSONAS, *data.get("personas", {})]
    for part in ("matrix", "profiles"):
        for environment in access.get(part, {}):
            _check_name(document, ("access", part, environment), environments)
    for environment, row in access.get("matrix", {}).items():
        for persona in row:
            _check_name(document, ("access", "matrix", environment, persona), personas)


def check_promises(document: documents.Document) -> None:
    """Check that the matrix allows what it promises: else whatever somebody can do is wrong.

    Raises:
        DocumentError: of the type the document was loaded with; names the place.
    """
    for environment, row in document.data.get("access", {}).get("matrix", {}).items():
        for persona, cell in row.items():
            allowed = {*cell.get("allowed", ())}
            for index, promise in enumerate(cell.get("promised", ())):
                if not {promise, "*"} & allowed:
                    place = ("access", "matrix", environment, persona, "promised", index)
                    hint = "Allow it as well: both lists replace those of the default."
                    raise document.error(place, f"promises {promise}, which is not allowed", hint)


def _check_name(document: documents.Document, place: documents.Place, known: Sequence[str]) -> None:
    if place[-1] not in known:
        kind = "environment" if len(place) == _ENVIRONMENT_DEPTH else "persona"
        hint = f"There are: {', '.join(dict.fromkeys(known))}."
        raise document.error(place, f"is no {kind} of this config", hint)
