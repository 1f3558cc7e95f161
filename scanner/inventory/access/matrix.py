"""The access matrix: what each persona may do and must be able to do in each environment.

The default says what the sources do. Development: run experiments with everything it takes, but
neither make nor delete workspaces nor give access. Test: read. Production: read; the DevOps
engineer has all of both. What the config says of an environment and a persona replaces it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scanner.config import ENVIRONMENT_VALUES
from scanner.inventory.access.capabilities import CAPABILITIES
from scanner.inventory.facts import per_estate
from scanner.personas import Cell

if TYPE_CHECKING:
    from scanner.config import Config, Environment
    from scanner.inventory.estate import Estate

EVERYTHING: Final = "*"
_LIFECYCLE: Final = ("manageAccess", "createWorkspace", "deleteWorkspace", "createResourceGroup")
_EXPERIMENTS: Final = tuple(name for name in CAPABILITIES if name not in _LIFECYCLE)
_INFRASTRUCTURE: Final = ("manageCompute", "manageNetwork")
_WORK: Final = ("read", "runJobs", "manageAssets")
_FULL: Final = (*_WORK, "useCompute", "manageCompute", "deployModels")
_READ: Final = Cell(("read",), ("read",))
_CREATOR: Final = Cell(_EXPERIMENTS, _WORK)
_SETUP: Final = tuple(
    name
    for name in CAPABILITIES
    if name not in {"manageAccess", "createResourceGroup", "readData", "writeData"}
)

_ALWAYS: Final = {
    "platform": Cell((EVERYTHING,)),
    "itAdmin": Cell(
        ("createResourceGroup", "createWorkspace", "deleteWorkspace", "manageNetwork", "read")
    ),
    "workspaceAdmin": Cell(_SETUP, ("manageCompute",)),
    "securityReader": Cell(("read",)),
}
_DEVELOPMENT: Final = {
    **_ALWAYS,
    "devOpsEngineer": Cell(_EXPERIMENTS),
    "dataEngineer": _CREATOR,
    "dataScientist": _CREATOR,
}
_TEST: Final = {
    **_ALWAYS,
    "devOpsEngineer": Cell((EVERYTHING,), _FULL),
    "dataEngineer": Cell(("read", "readData"), ("read",)),
    "dataScientist": Cell(("read", "readData"), ("read",)),
}
_PRODUCTION: Final = {**_TEST, "dataEngineer": Cell(("read",)), "dataScientist": Cell(("read",))}
_ROWS: Final = {
    "dev": _DEVELOPMENT,
    "exploration": _DEVELOPMENT,
    "test": _TEST,
    "qa": _TEST,
    "staging": _TEST,
    "prod": _PRODUCTION,
}
_MEANING: Final = {value: name for name, values in ENVIRONMENT_VALUES.items() for value in values}


def meaning(environment: Environment) -> str:
    """Return which of the default environments one of a config is, "" where it is none of them."""
    return "prod" if environment.production else _MEANING.get(environment.name.lower(), "")


@per_estate
def matrix(estate: Estate) -> dict[str, dict[str, Cell]]:
    """Return the rows of all environments that the config, or the default, says something of."""
    return rows(estate.config)


def rows(config: Config) -> dict[str, dict[str, Cell]]:
    """Return environment to persona to cell, each with `*` written out."""
    found = {}
    for environment in config.environments:
        row = {
            **_ROWS.get(meaning(environment), {}),
            **config.access.matrix.get(environment.name, {}),
        }
        if row:
            restricted = _restricted(config, environment.name)
            own = config.access.matrix.get(environment.name, {})
            found[environment.name] = {
                persona: _spelled(cell, narrow=restricted and persona not in own)
                for persona, cell in row.items()
            }
    return found


def _restricted(config: Config, environment: str) -> bool:
    profile = config.access.profiles.get(environment)
    return profile is not None and profile.access == "restricted"


def _spelled(cell: Cell, *, narrow: bool) -> Cell:
    """Write `*` out; in a restricted workspace others set up what experiments run on."""
    allowed = CAPABILITIES if EVERYTHING in cell.allowed else cell.allowed
    promised = CAPABILITIES if EVERYTHING in cell.promised else cell.promised
    if narrow and cell is _CREATOR:
        allowed = tuple(name for name in allowed if name not in _INFRASTRUCTURE)
    return Cell(allowed, promised)
