"""What a scan is told about the estate: environments, people, settings, and choice of rules."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any, Final

import msgspec

from scanner import documents
from scanner.errors import ConfigError
from scanner.personas import Access, Persona, check_access, check_promises
from scanner.principals import Principals, check_ids, load_principals

_RULESET: Final = re.compile(r"20[0-9]{2}\.(?:0[1-9]|1[0-2])")


class Match(msgspec.Struct, frozen=True, rename="camel"):
    """What makes a resource belong to an environment: any one of these.

    Tag names and values, names and ids are compared without regard to case; patterns are globs.
    """

    tags: dict[str, tuple[str, ...]] = {}
    name_patterns: tuple[str, ...] = ()
    subscriptions: tuple[str, ...] = ()
    """Subscription ids or display names."""
    management_groups: tuple[str, ...] = ()
    resource_groups: tuple[str, ...] = ()


class Environment(msgspec.Struct, frozen=True, rename="camel"):
    """One environment. Its parameters and severities go before those of the whole config."""

    name: str
    match: Match = Match()
    production: bool = False
    workspace_patterns: tuple[str, ...] | None = None
    """Like the setting of this name, which it replaces here; None where the setting holds."""
    parameters: dict[str, dict[str, Any]] = {}
    severities: dict[str, str] = {}


class TagKeys(msgspec.Struct, frozen=True, rename="camel"):
    """Tag names that say what a resource belongs to, the first one present counts; any casing."""

    project: tuple[str, ...] = ("project", "projectName")
    team: tuple[str, ...] = ("team",)
    owner: tuple[str, ...] = ("owner",)
    cost_center: tuple[str, ...] = ("costCenter", "cost-center", "cost center")
    environment: tuple[str, ...] = ("environment", "env", "stage")


class RuleChoice(msgspec.Struct, frozen=True, rename="camel"):
    """Which rules run. `packs` are absolute paths once the config is loaded."""

    packs: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    ruleset: str = ""
    """Dated rule set, YYYY.MM; "" is the newest."""


class RegionPatterns(msgspec.Struct, frozen=True, rename="camel"):
    """The regions that something is in on purpose, beside the one where a project is at home."""

    training: tuple[str, ...] = ()
    """Where data is, and training with it."""
    serving: tuple[str, ...] = ()
    """Where endpoints stand near their users."""
    fine_tuning: tuple[str, ...] = ()
    """Where a model is refined with data that must not leave the region."""


class Settings(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What holds for the whole estate; None where the config does not say."""

    allowed_regions: tuple[str, ...] | None = None
    required_tags: dict[str, tuple[str, ...]] | None = None
    """Tag name to the allowed values; none listed: any value."""
    naming_patterns: dict[str, str] | None = None
    """Kind of resource to a regular expression (starts with `^`) or a pattern with `*`."""
    log_analytics_workspaces: tuple[str, ...] | None = None
    landing_zone_storage_accounts: tuple[str, ...] | None = None
    allowed_image_registries: tuple[str, ...] | None = None
    allowed_private_endpoint_subscriptions: tuple[str, ...] | None = None
    region_patterns: RegionPatterns | None = None
    workspace_patterns: tuple[str, ...] | None = None
    """What workspaces are made for: each follows one of these."""

    def given(self) -> dict[str, Any]:
        """Return the settings that the config makes, by their names there, as JSON data."""
        values: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(self))
        return values


SETTING_NAMES: Final = frozenset(field.encode_name for field in msgspec.structs.fields(Settings))
"""The names that a rule's parameter may take its value from."""
REGION_SETTINGS: Final = frozenset({"allowedRegions", "regionPatterns"})
"""Those that name regions; `West Europe` is the same as `westeurope` there."""

ENVIRONMENT_VALUES: Final[dict[str, tuple[str, ...]]] = {
    "dev": ("dev", "development", "develop"),
    "test": ("test", "testing", "tst"),
    "qa": ("qa", "quality assurance"),
    "staging": ("staging", "stage", "stg", "preprod", "pre-production"),
    "prod": ("prod", "production", "prd"),
    "exploration": ("exploration", "explore", "sandbox"),
}
"""The environments of a config that names none, and the values of the tag that mean them."""


CLOUD_NAMES: Final = ("public", "usgov", "china")
"""The clouds that a config and `--cloud` name; anything else is a file that describes one."""


class Collecting(msgspec.Struct, frozen=True, rename="camel"):
    """What is read from Azure, and how, where no option says it; "" is the option's default."""

    subscriptions: tuple[str, ...] = ()
    management_groups: tuple[str, ...] = ()
    excluded_subscriptions: tuple[str, ...] = ()
    """Not read, although they lie below a management group or the identity can read them."""
    cloud: str = ""
    """A name, or the absolute path of a file once the config is loaded."""
    credential: str = ""

    @property
    def names_scopes(self) -> bool:
        """Tell whether it says what is read."""
        return bool(self.subscriptions or self.management_groups)


class Config(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A whole config, with its defaults filled in."""

    estate: str = ""
    collect: Collecting = Collecting()
    environments: tuple[Environment, ...] = ()
    """In the order in which they are tried; the first match wins."""
    tags: TagKeys = TagKeys()
    parameters: dict[str, dict[str, Any]] = {}
    severities: dict[str, str] = {}
    rules: RuleChoice = RuleChoice()
    settings: Settings = Settings()
    personas: tuple[Persona, ...] = ()
    """In the order in which they count; none: the default ones."""
    access: Access = Access()
    principals: Principals = Principals()
    exemptions: tuple[str, ...] = ()
    """Exemptions files; absolute paths once the config is loaded."""
    max_exemption_days: int = 366
    """The longest that an exemption may hold, from the day it was made."""
    path: Path | None = None
    """The file, None for the defaults."""
    digest: str = ""
    """SHA-256 of what the config says, defaults included: the same for the same meaning, wherever
    the file lies and however it is laid out."""


def default_environments(tag_keys: tuple[str, ...]) -> tuple[Environment, ...]:
    """Return dev, test, qa, staging, prod and exploration, told apart by the given tags."""
    return tuple(
        Environment(name, Match(tags=dict.fromkeys(tag_keys, values)), production=name == "prod")
        for name, values in ENVIRONMENT_VALUES.items()
    )


def load_config(path: Path | None) -> Config:
    """Read a config file; without one, return the defaults.

    Raises:
        ConfigError: the file is missing, cannot be understood, says something unknown, or names
            a rule pack that is not there; names the file, the line and the place.
    """
    if path is None:
        return _finish(Config(), None)
    document = documents.load(path, error=ConfigError)
    config = config_of(document)
    check_ids(document, config.principals)
    check_promises(document)
    return config


def with_principals(config: Config, path: Path | None) -> Config:
    """Return the config with another principals file than its own, if one is given.

    Raises:
        ConfigError: the file is not one.
    """
    if path is None:
        return config
    principals = load_principals(path)
    digest = hashlib.sha256((config.digest + principals.digest).encode()).hexdigest()
    return msgspec.structs.replace(config, principals=principals, digest=digest)


def config_of(document: documents.Document) -> Config:
    """Return the config that a document holds.

    Raises:
        ConfigError: as for `load_config`, if the document was loaded with it.
    """
    documents.check(document, "config")
    data = dict(document.data)
    environments = data.get("environments", {})
    data["environments"] = [{"name": name, **one} for name, one in environments.items()]
    data["personas"] = [{"name": name, **one} for name, one in data.get("personas", {}).items()]
    if "principals" in data:
        data["principals"] = load_principals(_beside(document, data["principals"]))
    if "ruleset" in data.get("rules", {}):
        data["rules"] = {**data["rules"], "ruleset": _ruleset(document)}
    _check_patterns(document)
    check_access(document, ENVIRONMENT_VALUES)
    return _finish(msgspec.convert(data, Config), document)


def _finish(config: Config, document: documents.Document | None) -> Config:
    """Fill in what depends on other parts of the config, and take the digest."""
    if not config.environments:
        environments = default_environments(config.tags.environment)
        config = msgspec.structs.replace(config, environments=environments)
    # Pack paths count as written: the same config means the same on another machine.
    said = msgspec.to_builtins(config, enc_hook=_digest_of)
    # Where a snapshot comes from is in its manifest, and changes no verdict on it.
    del said["collect"]
    digest = hashlib.sha256(msgspec.json.encode(said, order="sorted")).hexdigest()
    if document is None:
        return msgspec.structs.replace(config, digest=digest)
    packs = _existing(config.rules.packs, ("rules", "packs"), document)
    return msgspec.structs.replace(
        config,
        rules=msgspec.structs.replace(config.rules, packs=packs),
        exemptions=_existing(config.exemptions, ("exemptions",), document),
        collect=_with_cloud(config.collect, document),
        digest=digest,
        path=Path(document.path),
    )


def _digest_of(principals: Principals) -> str:
    return principals.digest


def _beside(document: documents.Document, path: str) -> Path:
    """Return a path that the config gives, relative to the config file."""
    return Path(document.path).resolve().parent / path


def _existing(
    names: tuple[str, ...], place: documents.Place, document: documents.Document
) -> tuple[str, ...]:
    """Return the absolute paths of files and folders that the config names."""
    found = []
    for index, name in enumerate(names):
        path = _beside(document, name)
        if not path.exists():
            hint = "A relative path starts from the folder of the config file."
            raise document.error((*place, index), f"there is no {path}", hint)
        found.append(str(path))
    return tuple(found)


def _with_cloud(collecting: Collecting, document: documents.Document) -> Collecting:
    """Return the section with the absolute path of the file that describes its cloud, if any."""
    if not collecting.cloud or collecting.cloud in CLOUD_NAMES:
        return collecting
    path = _beside(document, collecting.cloud)
    if not path.is_file():
        raise document.error(
            ("collect", "cloud"),
            f"there is no cloud {collecting.cloud!r} and no file {path}",
            f"Use {', '.join(CLOUD_NAMES)}, or a file that describes a cloud.",
        )
    return msgspec.structs.replace(collecting, cloud=str(path))


def _ruleset(document: documents.Document) -> str:
    """Return the rule set as written: YAML makes a number of it, and 2026.10 would be 2026.1."""
    place = ("rules", "ruleset")
    ruleset = document.text(place)
    if not _RULESET.fullmatch(ruleset):
        raise document.error(place, "must be a year and a month", "Write it as YYYY.MM: 2026.11.")
    return ruleset


def _check_patterns(document: documents.Document) -> None:
    patterns: dict[str, str] = document.data.get("settings", {}).get("namingPatterns", {})
    for kind, pattern in patterns.items():
        if not pattern.startswith("^"):
            continue
        try:
            re.compile(pattern)
        except re.error as cause:
            place = ("settings", "namingPatterns", kind)
            raise document.error(place, f"is no regular expression: {cause}") from cause
