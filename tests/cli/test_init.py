from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from click_type_test import check_param_annotations
from hypothesis import given
from hypothesis import strategies as st

from scanner import documents
from scanner.cli import cli
from scanner.cli.init import init, render
from scanner.cli.observed import Observed, _Head
from scanner.config import SETTING_NAMES, Config, config_of, load_config
from scanner.errors import ConfigError


def observed(*heads: tuple[str, str, object, object]) -> Observed:
    found = Observed()
    for table, name, location, tags in heads:
        found.add(table, _Head(name, location, tags))
    return found


def proposed(found: Observed) -> Config:
    return config_of(documents.parse(render(found).encode(), "azmlscan.yaml", error=ConfigError))


def uncommented(text: str) -> str:
    """Return the config with all its examples switched on; prose has one space after the #."""
    return re.sub(r"(?m)^#(?! \S)", "", text)


def test_options_are_typed():
    check_param_annotations(init)


def test_starter_without_snapshot_means_the_defaults(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, ["init"])
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.startswith("Wrote azmlscan.yaml.")
    assert load_config(Path("azmlscan.yaml")).digest == load_config(None).digest


def test_a_file_that_is_there_is_kept(tmp_path):
    path = tmp_path / "azmlscan.yaml"
    path.write_text("mine")
    result = CliRunner().invoke(cli, ["init", "-o", str(path)])
    assert result.exit_code == 2
    assert "exists already" in result.stderr
    assert "Hint: Add --force" in result.stderr
    assert path.read_text() == "mine"
    assert CliRunner().invoke(cli, ["init", "-o", str(path), "--force"]).exit_code == 0
    assert load_config(path).estate == ""


def test_standard_output(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, ["init", "-o", "-"])
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == render(Observed())
    assert not list(tmp_path.iterdir())


def test_snapshot_that_is_not_there(tmp_path):
    output = tmp_path / "azmlscan.yaml"
    result = CliRunner().invoke(cli, ["init", str(tmp_path / "none"), "-o", str(output)])
    assert result.exit_code == 2
    assert not output.exists()


@pytest.mark.parametrize("name", ["contoso", "pristine"])
def test_fixture_estate(estates, tmp_path, name):
    if not (estates / name / "manifest.json").exists():
        pytest.skip(f"no estate {name}")
    output = tmp_path / "azmlscan.yaml"
    result = CliRunner().invoke(cli, ["init", str(estates / name), "-o", str(output)])
    assert result.exit_code == 0, result.stderr
    config = load_config(output)
    assert config.settings.allowed_regions
    assert any(environment.production for environment in config.environments)


def test_environments_from_tags_and_names():
    config = proposed(
        observed(
            ("workspaces", "a", "West Europe", {"Env": "Production", "cost-center": "1"}),
            ("workspaces", "b", "northeurope", {"env": "dev"}),
            ("storageAccounts", "c", "westeurope", {"ENV": "UAT", "Env": "dev"}),
            ("workspaces", "mlw-churn-prod-01", None, None),
            ("workspaces", "dev.churn", "global", {"team": "x"}),
            ("resourceGroups", "rg-churn-qa", "westeurope", {}),
            ("workspaces", "mlw-tst-tagged", "westeurope", {"Env": "dev"}),
            ("storageAccounts", "st-staging-x", "westeurope", {}),
        )
    )
    found = {
        one.name: (
            one.production,
            one.match.tags,
            one.match.name_patterns,
            one.match.resource_groups,
        )
        for one in config.environments
    }
    assert found == {
        "dev": (False, {"Env": ("dev",)}, ("dev.*",), ()),
        "qa": (False, {}, (), ("*-qa",)),
        "prod": (True, {"Env": ("production",)}, ("*-prod-*",), ()),
        "uat": (False, {"Env": ("uat",)}, (), ()),
    }
    assert config.tags.environment == ("Env",)
    assert config.tags.cost_center == ("cost-center",)
    assert config.tags.team == ("team",)
    assert config.tags.project == ("project", "projectName")
    assert config.settings.allowed_regions == ("northeurope", "westeurope")


def test_a_free_text_tag_does_not_flood_the_config():
    heads = [("workspaces", "w", "x", {"env": f"value {number}"}) for number in range(500)]
    assert len(proposed(observed(*heads)).environments) == 20


@pytest.mark.parametrize(
    "value",
    [
        "a: b",
        "'\"",
        "#x",
        "*a",
        "{{x}}",
        "a\nestate: evil",
        "\x1b[31m",
        "- x",
        "\\",
        "ünïcödé 😀",
        " ",
    ],
)
def test_hostile_strings_stay_values(value):
    found = observed(
        ("workspaces", value, value, {"env": value, f"owner{value}": value, value: "x"})
    )
    found.estate = value if value.isprintable() and value.strip() else ""
    config = proposed(found)
    assert config.estate == found.estate
    for environment in config.environments:
        assert set(environment.match.tags.values()) <= {(value.lower(),)} | {
            given for one in load_config(None).environments for given in one.match.tags.values()
        }
    assert "\x1b" not in render(found)


_KEYS = st.sampled_from(["env", "ENV", "Environment", "stage", "Owner", "o-w-n-e-r", "team"])
_TAGS = st.dictionaries(
    _KEYS | st.text(max_size=20), st.text(max_size=20) | st.integers(), max_size=5
)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["workspaces", "resourceGroups", "storageAccounts"]),
            st.text(max_size=20) | st.from_regex(r"[a-z]{1,4}-(prod|dev|qa)([-_.][a-z]{1,3})?"),
            st.text(max_size=10) | st.none() | st.integers(),
            _TAGS | st.none() | st.lists(st.integers()),
        ),
        max_size=8,
    )
)
def test_what_is_written_always_loads(heads):
    text = render(observed(*heads))
    assert proposed(observed(*heads)).environments
    assert text == render(observed(*reversed(heads)))


def test_a_location_that_cannot_be_a_region_is_not_proposed():
    found = observed(*(("workspaces", "w", place, {}) for place in ("0", "x" * 51, "West Europe")))
    assert proposed(found).settings.allowed_regions == ("westeurope",)


def test_examples_are_valid_when_switched_on(tmp_path):
    path = tmp_path / "azmlscan.yaml"
    text = uncommented(render(Observed())).replace("packs: [my-rules]", "packs: []")
    (tmp_path / "principals.json").write_text("{}")
    (tmp_path / "exemptions.yaml").write_text("exemptions: []")
    path.write_text(text)
    config = load_config(path)
    assert config.estate == "contoso"
    assert config.environments == load_config(None).environments
    assert config.rules.ruleset == "2026.11"
    assert set(config.settings.given()) == SETTING_NAMES
