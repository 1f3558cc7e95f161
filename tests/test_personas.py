from __future__ import annotations

import pytest

from scanner import documents
from scanner.config import config_of, load_config, with_principals
from scanner.errors import ConfigError

TEXT = """
personas:
  platform: {principals: [p-1]}
  auditor: {groups: [g-1], roles: [Reader]}
access:
  matrix:
    prod:
      auditor: {allowed: [read]}
      dataScientist: {allowed: ["*"], promised: []}
  profiles:
    dev: {access: unrestricted}
    prod: {access: restricted, network: private}
"""


def parse(text):
    return config_of(documents.parse(text.encode(), "azmlscan.yaml", error=ConfigError))


def test_personas_and_matrix():
    config = parse(TEXT)
    assert [one.name for one in config.personas] == ["platform", "auditor"]
    assert config.personas[1].roles == ("Reader",)
    assert config.access.matrix["prod"]["dataScientist"].allowed == ("*",)
    assert config.access.profiles["prod"].network == "private"
    assert config.access.profiles["dev"].network is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("access: {matrix: {prd: {}}}", "1: access.matrix.prd: is no environment of this config"),
        ("access: {profiles: {x: {}}}", "1: access.profiles.x: is no environment of this config"),
        (
            "environments: {live: {match: {namePatterns: [x]}}}\naccess: {matrix: {prod: {}}}",
            "2: access.matrix.prod: is no environment",
        ),
        (
            "access: {matrix: {prod: {auditor: {}}}}",
            "1: access.matrix.prod.auditor: is no persona of this config",
        ),
        ("access: {matrix: {prod: {platform: {allowed: [fly]}}}}", "'fly' is none of the allowed"),
        ("access: {profiles: {dev: {access: open}}}", "'open' is none of the allowed values"),
        ("personas: {x: {}}", "personas.x"),
        ("personas: {x: {users: [a]}}", "unknown key 'users'"),
        ("principals: none.json", "none.json: cannot be read"),
    ],
)
def test_mistakes(text, said):
    with pytest.raises(ConfigError) as caught:
        parse(text)
    assert said in str(caught.value)


def test_principals_lie_beside_the_config(tmp_path):
    (tmp_path / "who.json").write_text('{"users": [{"id": "u", "displayName": "Ada"}]}')
    file = tmp_path / "azmlscan.yaml"
    file.write_text("principals: who.json")
    config = load_config(file)
    assert config.principals.name("U") == "Ada"
    assert config.digest != load_config(None).digest


def test_other_principals_than_the_configs(tmp_path):
    file = tmp_path / "who.json"
    file.write_text('{"users": [{"id": "u", "displayName": "Ada"}]}')
    config = load_config(None)
    assert with_principals(config, None) is config
    other = with_principals(config, file)
    assert other.principals.name("u") == "Ada"
    assert other.digest != config.digest


IN_FILE = {
    "name": (
        "personas: {dataScientist: {groups: [sg-ml-scientists]}}",
        "1: personas.dataScientist.groups[0]: 'sg-ml-scientists' is no object id",
        "A GUID",
    ),
    "name-that-the-principals-file-has": (
        "principals: who.json\npersonas:\n  platform: {principals: [Pipeline]}",
        "3: personas.platform.principals[0]: 'Pipeline' is no object id",
        "The principals file has it as sp-1.",
    ),
    "promised-and-not-allowed": (
        "access: {matrix: {dev: {dataScientist: {allowed: [read], promised: [read, runJobs]}}}}",
        "1: access.matrix.dev.dataScientist.promised[1]: promises runJobs, which is not allowed",
        "Allow it as well",
    ),
    "no-match": (
        "environments:\n  prod: {production: true}",
        "2: environments.prod: the key 'match' is missing",
        "",
    ),
}


@pytest.mark.parametrize("name", IN_FILE)
def test_mistakes_that_would_hide_people(tmp_path, name):
    text, said, hint = IN_FILE[name]
    people = '{"servicePrincipals": [{"id": "sp-1", "displayName": "Pipeline"}]}'
    (tmp_path / "who.json").write_text(people)
    file = tmp_path / "azmlscan.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    assert f"{file}:{said}" in str(caught.value)
    assert hint in caught.value.hint


def test_ids_in_any_casing_and_those_of_the_principals_file(tmp_path):
    (tmp_path / "who.json").write_text('{"servicePrincipals": [{"id": "sp-1"}]}')
    file = tmp_path / "azmlscan.yaml"
    guid = "C9CBA9FF-a76d-5b4f-8ed6-27d69df39693"
    file.write_text(f"principals: who.json\npersonas: {{platform: {{principals: [SP-1, {guid}]}}}}")
    assert load_config(file).personas[0].principals == ("SP-1", guid)
