"""Parameter values and severities of rules, as a config sets them for each environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scanner import documents
from scanner.config import REGION_SETTINGS, SETTING_NAMES, Config, Environment
from scanner.engine.packs import selects_nothing, unknown_rule_set
from scanner.engine.result import Severity
from scanner.engine.rules import Rule, RuleFile, check_value
from scanner.errors import ConfigError
from scanner.inventory.kinds import KINDS, kind_hint
from scanner.inventory.model.organization import Project
from scanner.inventory.model.shapes import region
from scanner.schemas.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Settings:
    """What a config says about rules; checked against the rules that are loaded.

    A value is looked for in the environment's part of the config, then in the config's general
    part, then in the estate-wide setting that the parameter names, then in the rule.
    """

    def __init__(self, config: Config, rules: Sequence[RuleFile]) -> None:
        self._config = config
        self._given = config.settings.given()
        self._by_name = {environment.name: environment for environment in config.environments}
        self.environments: tuple[str, ...] = tuple(self._by_name)
        known = {loaded.rule.id: loaded.rule for loaded in rules}
        for loaded in rules:
            _check_settings(loaded)
        _check_naming_patterns(config)
        _check_choice(config, rules)
        _check_part(config, (), known, config)
        for environment in config.environments:
            _check_part(environment, ("environments", environment.name), known, config)

    def parameters(self, rule: Rule, environment: str | None) -> dict[str, Any]:
        """Return the value of each parameter of a rule in an environment."""
        values = {}
        for name, parameter in rule.parameters.items():
            values[name] = parameter.default
            if parameter.setting in self._given:
                values[name] = self._given[parameter.setting]
        values.update(self._config.parameters.get(rule.id, {}))
        found = self._of(environment)
        if found is not None:
            values.update(found.parameters.get(rule.id, {}))
        for name, parameter in rule.parameters.items():
            if parameter.setting in REGION_SETTINGS:
                values[name] = _regions(values[name])
        return values

    def severities(self, rule: Rule) -> dict[str | None, Severity]:
        """Return a rule's severity: under `None` the general one, and those that differ."""
        general = Severity(self._config.severities.get(rule.id, rule.severity))
        own: dict[str | None, Severity] = {
            environment.name: Severity(environment.severities[rule.id])
            for environment in self._config.environments
            if rule.id in environment.severities
        }
        return {None: general, **own}

    def _of(self, environment: str | None) -> Environment | None:
        return self._by_name.get(environment) if environment is not None else None


def _regions(value: Any) -> Any:
    """Return names of regions as the inventory has them, at any depth."""
    if isinstance(value, dict):
        return {name: _regions(inner) for name, inner in value.items()}
    return [_regions(item) for item in value] if isinstance(value, list) else region(value)


def _check_settings(loaded: RuleFile) -> None:
    for name, parameter in loaded.rule.parameters.items():
        if parameter.setting and parameter.setting not in SETTING_NAMES:
            place = ("parameters", name, "setting")
            problem = f"unknown setting '{parameter.setting}'"
            raise loaded.error(place, problem, nearest(parameter.setting, SETTING_NAMES))


def _check_naming_patterns(config: Config) -> None:
    for kind in config.settings.naming_patterns or {}:
        if kind not in KINDS:
            place = ("settings", "namingPatterns", kind)
            raise _error(config, place, f"unknown kind of resource '{kind}'", kind_hint(kind))


def _check_choice(config: Config, rules: Sequence[RuleFile]) -> None:
    """Check that what the config selects is there, as a typo would silently check nothing."""
    choice = config.rules
    for part, selectors in (("only", choice.only), ("skip", choice.skip)):
        for index, selector in enumerate(selectors):
            if problem := selects_nothing(selector, rules):
                raise _error(config, ("rules", part, index), problem.text, problem.hint)
    if problem := unknown_rule_set(choice.ruleset):
        raise _error(config, ("rules", "ruleset"), problem.text, problem.hint)


def _check_part(
    part: Config | Environment, above: tuple[str, ...], known: Mapping[str, Rule], config: Config
) -> None:
    """Check what one part of the config says about rules: that they exist, and each value."""
    for section in ("parameters", "severities"):
        for rule_id in getattr(part, section):
            place = (*above, section, rule_id)
            if rule_id not in known:
                problem = f"there is no rule {rule_id}"
                raise _error(config, place, problem, nearest(rule_id, known))
            _check_place(known[rule_id], place, config)
    for rule_id, given in part.parameters.items():
        rule = known[rule_id]
        for name, value in given.items():
            place = (*above, "parameters", rule_id, name)
            if name not in rule.parameters:
                problem = f"{rule_id} has no parameter '{name}'"
                raise _error(config, place, problem, nearest(name, rule.parameters))
            try:
                check_value(rule_id, name, rule.parameters[name], value)
            except ValueError as problem:
                raise _error(config, place, str(problem), "") from problem


def _check_place(rule: Rule, place: tuple[str, ...], config: Config) -> None:
    """Refuse what is said for one environment of a rule about resources that are in none."""
    if place[0] == "environments" and rule.resource == Project.KIND:
        problem = f"{rule.id} is about projects, which are in no environment"
        hint = f"Set it for the whole estate: {place[-2]} at the top of the config."
        raise _error(config, place, problem, hint)


def _error(config: Config, place: documents.Place, problem: str, hint: str) -> ConfigError:
    """Return the error with the line that it is about; the file is read again to find it."""
    if config.path is None:
        return ConfigError("config", problem, place=documents.show(place), hint=hint)
    document = documents.load(config.path, error=ConfigError)
    line, shown = document.line(place), documents.show(place)
    return ConfigError(config.path, problem, line=line, place=shown, hint=hint)
