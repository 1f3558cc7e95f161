from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner import documents, schemas
from scanner.config import (
    ENVIRONMENT_VALUES,
    SETTING_NAMES,
    Config,
    RuleChoice,
    TagKeys,
    config_of,
    load_config,
)
from scanner.errors import ConfigError

WHOLE = """\
estate: contoso
environments:
  dev:
    match:
      tags: { Environment: [dev] }
      namePatterns: ['*-dev-*']
      resourceGroups: [rg-dev-*]
  live:
    production: true
    workspacePatterns: [singleWorkspace]
    match: { subscriptions: [live-1], managementGroups: [mg-live] }
    parameters: { AML-CMP-002: { maxNodes: 20 } }
    severities: { AML-CMP-002: low }
tags:
  project: [Project]
  environment: [Environment]
parameters: { AML-CMP-001: { maxMinNodeCount: 1 } }
severities: { AML-CMP-001: info }
rules: { packs: [mine], only: [AML-*], skip: [network], ruleset: 2026.10 }
settings:
  allowedRegions: [westeurope]
  requiredTags: { project: [], environment: [dev, live] }
  namingPatterns: { workspace: 'mlw-*', compute: '^[a-z]+$' }
  regionPatterns: { training: [westeurope, eastus2] }
  workspacePatterns: [workspacePerProject, workspacePerTeam]
"""


def parse(text: str) -> Config:
    return config_of(documents.parse(text.encode(), "azmlscan.yaml", error=ConfigError))


def test_defaults():
    config = load_config(None)
    assert [one.name for one in config.environments] == list(ENVIRONMENT_VALUES)
    assert [one.name for one in config.environments if one.production] == ["prod"]
    dev = config.environments[0]
    assert set(dev.match.tags) == {"environment", "env", "stage"}
    assert "development" in dev.match.tags["env"]
    assert config.settings.given() == {}
    assert config.path is None


def test_default_environments_ask_the_configured_tags():
    config = parse("tags: { environment: [Lifecycle] }")
    assert {key for one in config.environments for key in one.match.tags} == {"Lifecycle"}


def test_default_values_name_one_environment_each():
    values = [value for values in ENVIRONMENT_VALUES.values() for value in values]
    assert len(values) == len(set(values))
    assert all(value == value.lower() for value in values)


def test_whole_config(tmp_path):
    (tmp_path / "mine").mkdir()
    path = tmp_path / "azmlscan.yaml"
    path.write_text(WHOLE)
    config = load_config(path)
    dev, live = config.environments
    assert (config.estate, config.path) == ("contoso", path)
    assert (dev.name, dev.production, live.name, live.production) == ("dev", False, "live", True)
    assert dev.match.tags == {"Environment": ("dev",)}
    assert (dev.match.name_patterns, dev.match.resource_groups) == (("*-dev-*",), ("rg-dev-*",))
    assert live.match.subscriptions == ("live-1",)
    assert live.match.management_groups == ("mg-live",)
    assert live.parameters == {"AML-CMP-002": {"maxNodes": 20}}
    assert live.severities == {"AML-CMP-002": "low"}
    assert config.tags == TagKeys(project=("Project",), environment=("Environment",))
    assert config.parameters == {"AML-CMP-001": {"maxMinNodeCount": 1}}
    assert config.severities == {"AML-CMP-001": "info"}
    packs = (str((tmp_path / "mine").resolve()),)
    assert config.rules == RuleChoice(packs, ("AML-*",), ("network",), "2026.10")
    assert config.settings.given() == {
        "allowedRegions": ["westeurope"],
        "requiredTags": {"project": [], "environment": ["dev", "live"]},
        "namingPatterns": {"workspace": "mlw-*", "compute": "^[a-z]+$"},
        "regionPatterns": {"training": ["westeurope", "eastus2"], "serving": [], "fineTuning": []},
        "workspacePatterns": ["workspacePerProject", "workspacePerTeam"],
    }
    assert (dev.workspace_patterns, live.workspace_patterns) == (None, ("singleWorkspace",))


def test_environments_keep_their_order():
    match = "{ match: { namePatterns: [x] } }"
    config = parse(f"environments: {{ z: {match}, a: {match}, m: {match} }}")
    assert [one.name for one in config.environments] == ["z", "a", "m"]


def test_a_setting_that_is_made_empty_is_not_one_that_is_not_made():
    assert parse("settings: { allowedRegions: [] }").settings.given() == {"allowedRegions": []}


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("estat: x", "1: estat: unknown key 'estat'", "Did you mean 'estate'?"),
        ("a: 1", "1: a: unknown key 'a'", "Allowed: access"),
        ("[]", "1: must be a mapping, not a list", ""),
        ("rules:\n  skp: []", "2: rules.skp: unknown key", "'skip'"),
        ("settings:\n  allowedRegion: []", "2: settings.allowedRegion: unknown", "'allowedRegions'"),
        ("environments:\n  dev:\n    production: yes",
         "3: environments.dev.production: must be true or false, not 'yes'", ""),
        ("environments:\n  dev:\n    match: { tag: {} }",
         "3: environments.dev.match.tag: unknown key", "'tags'"),
        ("environments:\n  dev:\n    match: {}", "3: environments.dev.match: must not be empty", ""),
        ("environments:\n  dev:", "2: environments.dev: must be a mapping, not empty", ""),
        ("environments: { 1dev: {} }", "1: environments.1dev: the key '1dev' is not", "A letter"),
        ("severities: { AML-CMP-001: hihg }", "1: severities.AML-CMP-001: 'hihg' is none", "'high'"),
        ("parameters: { aml: {} }", "1: parameters.aml: the key 'aml' is not", "AML-NET-001"),
        ("tags: { project: name }", "1: tags.project: must be a list", "Write a list: [name]."),
        ("estate: 5", "1: estate: must be text, not 5", "Put it in quotes: '5'."),
        ("rules: { skip: [*-001] }", "1: rules.skip[0]: the alias *-001", "quotes: '*-001'"),
        ("rules: { skip: [*] }", "1: is not YAML: did not find", "begins with * "),
        ("estate: a: b", "1: is not YAML: mapping values", "holds ': ' is put in quotes"),
        ("es\u200btate: a", "1: es\u200btate: unknown key 'es\\u200btate'", "'estate'"),
        ("parameters: { AML-CMP-001: 3 }", "1: parameters.AML-CMP-001: must be a mapping", ""),
        ("rules: { ruleset: 2026.13 }", "1: rules.ruleset: must be a year and a month", "2026.11"),
        ("rules: { ruleset: 2026.1 }", "1: rules.ruleset: must be a year and a month", "2026.11"),
        ("rules: { packs: [none] }", "1: rules.packs[0]: there is no ", "relative path"),
        ("settings:\n  namingPatterns:\n    compute: '^('",
         "3: settings.namingPatterns.compute: is no regular expression", ""),
        ("settings: { logAnalyticsWorkspaces: [central] }",
         "1: settings.logAnalyticsWorkspaces[0]: 'central' is not of the required form",
         "/subscriptions/"),
        ("settings:\n  regionPatterns: { training: [west-europe] }",
         "2: settings.regionPatterns.training[0]: 'west-europe' is not of the required form",
         "westeurope"),
        ("settings:\n  workspacePatterns: [perProject]",
         "2: settings.workspacePatterns[0]: 'perProject' is none of the allowed values",
         "'workspacePerProject'"),
        ("environments:\n  dev: { workspacePatterns: [] }",
         "2: environments.dev.workspacePatterns: must not be empty", ""),
        ("tags: { project: [a, a] }", "1: tags.project: names something twice", ""),
    ],
)  # fmt: skip
def test_mistakes_are_named_with_line_and_place(text, message, hint):
    with pytest.raises(ConfigError) as caught:
        parse(text)
    assert str(caught.value).startswith(f"azmlscan.yaml:{message}")
    assert hint in caught.value.hint
    assert caught.value.exit_code == 2


def test_missing_file(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.yaml: cannot be read"):
        load_config(tmp_path / "none.yaml")


def test_json_config(tmp_path):
    path = tmp_path / "azmlscan.json"
    path.write_text('{"estate": "x"}')
    assert load_config(path).estate == "x"


def test_settings_of_schema_and_struct_are_the_same():
    schema = schemas.load("config")["properties"]["settings"]["properties"]
    assert set(schema) == SETTING_NAMES


def test_digest_is_of_the_meaning(tmp_path):
    plain = "estate: x\nseverities: { AML-CMP-001: low, AML-CMP-002: low }\n"
    other = "# comment\nseverities:\n  AML-CMP-002: low\n  AML-CMP-001: 'low'\nestate: 'x'\n"
    assert parse(plain).digest == parse(other).digest
    assert parse("tags: {}").digest == load_config(None).digest
    assert parse(plain).digest != parse(plain.replace("estate: x", "estate: y")).digest
    digests = set()
    for folder in ("one", "two"):
        (tmp_path / folder / "mine").mkdir(parents=True)
        path = tmp_path / folder / "azmlscan.yaml"
        path.write_text(WHOLE)
        digests.add(load_config(path).digest)
    assert len(digests) == 1


@given(st.permutations(["prod", "dev", "qa"]))
def test_digest_knows_the_order_of_environments(names):
    def digest(order):
        named = (f"{name}: {{ match: {{ namePatterns: [x] }} }}" for name in order)
        return parse(f"environments: {{ {', '.join(named)} }}").digest

    same = digest(names) == digest(["prod", "dev", "qa"])
    assert same == (names == ["prod", "dev", "qa"])
