"""Where a parameter's value comes from, and what a config may not say."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.config import load_config
from scanner.engine.parameters import Settings
from scanner.engine.result import Severity
from scanner.errors import ConfigError, RuleError
from tests.engine.rulefiles import LIMITED, rule

OWN = "XXX-CMP-901"
REGIONS: dict[str, Any] = {
    "require": {"field": "location", "in": "[parameters('regions')]"},
    "parameters": {
        "regions": {
            "type": "array",
            "default": ["a"],
            "setting": "allowedRegions",
            "description": "Regions that are allowed for everything.",
        }
    },
}


@pytest.fixture
def settings(tmp_path):
    """Return the function that writes a config and checks it against rules."""

    def made(text, *rules):
        path = tmp_path / "azmlscan.yaml"
        path.write_text(text, encoding="utf-8")
        return Settings(load_config(path), rules)

    return made


@pytest.mark.parametrize(
    ("text", "general", "prod"),
    [
        ("estate: x", ["a"], ["a"]),
        ("settings: {allowedRegions: [b]}", ["b"], ["b"]),
        (
            f"settings: {{allowedRegions: [b]}}\nparameters: {{{OWN}: {{regions: [c]}}}}",
            ["c"],
            ["c"],
        ),
        (
            (
                f"parameters: {{{OWN}: {{regions: [c]}}}}\nenvironments:\n  prod:\n"
                f"    match: {{tags: {{e: [p]}}}}\n    parameters: {{{OWN}: {{regions: [d]}}}}"
            ),
            ["c"],
            ["d"],
        ),
    ],
)
def test_the_nearest_value_counts(tmp_path, settings, text, general, prod):
    found = rule(tmp_path, **REGIONS)
    made = settings(text, found)
    assert made.parameters(found.rule, None) == {"regions": general}
    assert made.parameters(found.rule, "prod") == {"regions": prod}
    assert made.parameters(found.rule, "no such environment") == {"regions": general}


@pytest.mark.parametrize(
    "text",
    [
        "settings: {allowedRegions: [West Europe, eastus2]}",
        f"parameters: {{{OWN}: {{regions: [WestEurope, East US 2]}}}}",
    ],
)
def test_regions_may_be_written_by_their_display_names(tmp_path, settings, text):
    found = rule(tmp_path, **REGIONS)
    assert settings(text, found).parameters(found.rule, None) == {
        "regions": ["westeurope", "eastus2"]
    }


def test_regions_below_the_names_of_uses_are_regions_too(tmp_path, settings):
    patterns = {"type": "object", "default": {}, "setting": "regionPatterns"}
    about = {"description": "Regions by what is done there."}
    condition = {"value": "[tryGet(parameters('uses'), 'training')]", "contains": "westeurope"}
    found = rule(tmp_path, require=condition, parameters={"uses": patterns | about})
    made = settings("settings: {regionPatterns: {training: [West Europe]}}", found)
    assert made.parameters(found.rule, None)["uses"]["training"] == ["westeurope"]


def test_severities(tmp_path, settings):
    found = rule(tmp_path, **LIMITED)
    text = f"severities: {{{OWN}: low}}\nenvironments:\n  prod:\n    match: {{tags: {{e: [p]}}}}\n"
    made = settings(f"{text}    severities: {{{OWN}: critical}}", found)
    assert made.severities(found.rule) == {None: Severity.LOW, "prod": Severity.CRITICAL}
    assert settings("estate: x", found).severities(found.rule) == {None: Severity.HIGH}


@pytest.mark.parametrize(
    ("text", "problem", "hint"),
    [
        (
            "severities: {XXX-CMP-902: low}",
            "there is no rule XXX-CMP-902",
            f"Did you mean '{OWN}'?",
        ),
        (f"parameters: {{{OWN}: {{maxNods: 1}}}}", "has no parameter 'maxNods'", "'maxNodes'"),
        (f"parameters: {{{OWN}: {{maxNodes: x}}}}", "must be of type integer, not 'x'", ""),
        (f"parameters: {{{OWN}: {{maxNodes: true}}}}", "must be of type integer, not true", ""),
        ("settings: {namingPatterns: {comptue: c-*}}", "unknown kind of resource", "'compute'"),
    ],
)
def test_what_a_config_may_not_say(tmp_path, settings, text, problem, hint):
    with pytest.raises(ConfigError, match=problem) as caught:
        settings(text, rule(tmp_path, **LIMITED))
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    "part", ["parameters: {XXX-CMP-901: {maxNodes: 1}}", "severities: {XXX-CMP-901: low}"]
)
def test_a_rule_about_projects_is_not_set_for_one_environment(tmp_path, settings, part):
    require = {"count": {"field": "workspaces[*]"}, "lessOrEquals": "[parameters('maxNodes')]"}
    found = rule(
        tmp_path, resource="project", require=require, parameters=LIMITED["parameters"],
        message="{name} has many workspaces.",
    )  # fmt: skip
    settings(part, found)
    with pytest.raises(ConfigError, match="is about projects, which are in no") as caught:
        settings(f"environments:\n  prod:\n    match: {{namePatterns: [x]}}\n    {part}", found)
    assert "at the top of the config" in caught.value.hint
    assert caught.value.line == 4


def test_a_value_that_is_not_allowed(tmp_path, settings):
    parameters = {"maxNodes": LIMITED["parameters"]["maxNodes"] | {"allowedValues": [0, 1]}}
    found = rule(tmp_path, require=LIMITED["require"], parameters=parameters)
    with pytest.raises(ConfigError, match="must be one of 0, 1"):
        settings(f"parameters: {{{OWN}: {{maxNodes: 2}}}}", found)


def test_a_default_of_the_wrong_type_names_the_line(tmp_path):
    parameters = {"maxNodes": LIMITED["parameters"]["maxNodes"] | {"default": "zero"}}
    with pytest.raises(RuleError, match="must be of type integer, not 'zero'") as caught:
        rule(tmp_path, require=LIMITED["require"], parameters=parameters)
    assert caught.value.line > 0


def test_a_setting_that_there_is_not(tmp_path, settings):
    parameters = {"maxNodes": LIMITED["parameters"]["maxNodes"] | {"setting": "allowedRegion"}}
    found = rule(tmp_path, require=LIMITED["require"], parameters=parameters)
    with pytest.raises(RuleError, match="unknown setting 'allowedRegion'") as caught:
        settings("estate: x", found)
    assert "allowedRegions" in caught.value.hint
