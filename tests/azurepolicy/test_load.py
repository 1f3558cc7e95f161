"""Definitions and initiatives are found in every form that people keep them in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scanner.azurepolicy.load import load_definitions
from scanner.errors import RuleError

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT.parent / "shared" / "reference" / "azure-policy"
GUID = "0a1b2c3d-0000-4000-8000-00000000000a"
RULE = {
    "if": {"field": "location", "notIn": "[parameters('regions')]"},
    "then": {"effect": "[parameters('effect')]"},
}
PARAMETERS = {
    "effect": {"type": "String", "defaultValue": "Audit", "allowedValues": ["Audit", "Disabled"]},
    "regions": {"type": "Array"},
}
BODY = {"displayName": "Regions", "mode": "Indexed", "parameters": PARAMETERS, "policyRule": RULE}


def wrapped(**values: Any) -> dict[str, Any]:
    parameters = {name: {"value": value} for name, value in values.items()}
    return {"contentVersion": "1.0.0.0", "parameters": parameters}


FORMS = {
    "built-in": {"name": GUID, "properties": BODY},
    "bare": {**BODY, "name": "regions"},
    "nameless": BODY,
    "by id": {"id": "/providers/Microsoft.Authorization/policyDefinitions/regions", **BODY},
    "rule only": {**RULE, "parameters": PARAMETERS},
    "deployment": wrapped(
        policyName="regions",
        policyMode="Indexed",
        policyParameters=PARAMETERS,
        policyDefinition=RULE,
    ),
    "list": [{"name": "regions", **BODY}],
    "page": {"value": [{"name": "regions", "properties": BODY}]},
}


def write(folder: Path, name: str, data: Any) -> Path:
    path = folder / name
    path.write_text(json.dumps(data, indent=1), encoding="utf-8")
    return path


@pytest.mark.parametrize("form", sorted(FORMS))
def test_form(tmp_path: Path, form: str) -> None:
    [found] = load_definitions(write(tmp_path, "file.json", FORMS[form]))
    named = {"built-in": GUID, "nameless": "file", "rule only": "file"}
    assert found.id == named.get(form, "regions")
    assert found.name == ("file" if found.id in {GUID, "file"} else "regions")
    assert found.condition == RULE["if"]
    assert found.effect == "[parameters('effect')]"
    assert found.declared == PARAMETERS
    assert found.values() == {"effect": "Audit"}
    assert found.document.line((*found.place, "if", "field")) > 1


def test_folder_is_read_whole_and_sorted(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    write(tmp_path, "z.json", {"name": "a", **BODY})
    write(tmp_path / "inner", "a.JSON", {"name": "b", **BODY})
    (tmp_path / "README.md").write_text("no definition", encoding="utf-8")
    assert [found.id for found in load_definitions(tmp_path)] == ["a", "b"]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"properties": {"displayName": "x"}}, "is no Azure Policy definition"),
        ({"policyRule": {"if": {}}}, "is no Azure Policy definition"),
        ([1], "is no Azure Policy definition"),
        ([{"name": "a", **BODY}, {"name": "A", **BODY}], "is there twice"),
    ],
)
def test_what_is_wrong_is_named_with_its_file(tmp_path: Path, data: Any, problem: str) -> None:
    path = write(tmp_path, "wrong.json", data)
    with pytest.raises(RuleError, match=problem) as caught:
        load_definitions(path)
    assert str(path) in str(caught.value)


def test_empty_folder_and_missing_file(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="holds no Azure Policy definitions"):
        load_definitions(tmp_path)
    with pytest.raises(RuleError, match="cannot be read"):
        load_definitions(tmp_path / "none.json")


def initiative(**parameters: Any) -> dict[str, Any]:
    members = [
        {
            "policyDefinitionId": "/providers/Microsoft.Authorization/policyDefinitions/Regions",
            "policyDefinitionReferenceId": "inEurope",
            "parameters": {name: {"value": value} for name, value in parameters.items()},
        },
        {"policyDefinitionId": "/x/regions"},
    ]
    return {
        "name": "baseline",
        "properties": {
            "parameters": {"wanted": {"defaultValue": ["westeurope"]}, "open": {"type": "Array"}},
            "policyDefinitions": members,
        },
    }


def test_initiative_gives_its_members_their_values(tmp_path: Path) -> None:
    write(tmp_path, "regions.json", {"name": "regions", **BODY})
    write(tmp_path, "set.json", initiative(regions="[parameters('wanted')]", effect="disabled"))
    second, first = load_definitions(tmp_path)
    assert (first.id, second.id) == ("baseline:inEurope", "baseline:2")
    assert first.values() == {"effect": "disabled", "regions": ["westeurope"]}
    assert second.values() == {"effect": "Audit"}


def test_initiative_in_a_list_and_as_deployment_parameters(tmp_path: Path) -> None:
    plain = initiative(regions=["northeurope"])["properties"]
    deployed = wrapped(policySetName="baseline", policySetDefinitions=plain["policyDefinitions"])
    found = load_definitions(write(tmp_path, "all.json", [{"name": "regions", **BODY}, deployed]))
    assert [each.id for each in found] == ["baseline:2", "baseline:inEurope"]
    assert found[1].values()["regions"] == ["northeurope"]


def test_value_that_the_assignment_must_give_stays_open(tmp_path: Path) -> None:
    write(tmp_path, "regions.json", {"name": "regions", **BODY})
    write(tmp_path, "set.json", initiative(regions="[parameters('open')]"))
    assert "regions" not in load_definitions(tmp_path)[1].values()


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({"colour": 1}, "there is no parameter 'colour'"),
        ({"effect": "Deny"}, "cannot be 'Deny'"),
        ({"regions": "[nonsense(1)]"}, "unknown function"),
    ],
)
def test_initiative_cannot_give_what_a_member_does_not_take(
    tmp_path: Path, parameters: dict[str, Any], problem: str
) -> None:
    write(tmp_path, "regions.json", {"name": "regions", **BODY})
    write(tmp_path, "set.json", initiative(**parameters))
    with pytest.raises(RuleError, match=problem):
        load_definitions(tmp_path)


def test_member_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, "set.json", initiative())
    with pytest.raises(
        RuleError, match="member 'Regions', whose definition is not there"
    ) as caught:
        load_definitions(path)
    assert "az policy definition show" in caught.value.hint


def test_parameter_names_are_compared_without_case(tmp_path: Path) -> None:
    rule = {"if": RULE["if"], "then": {"effect": "[parameters('EFFECT')]"}}
    path = write(tmp_path, "a.json", {**BODY, "policyRule": rule})
    [found] = load_definitions(path)
    assert found.with_parameters({"Regions": []}).values()["regions"] == []
    assert found.values()["EFFECT"] == "Audit"


@pytest.mark.parametrize("folder", ["builtin", "caf"])
def test_real_definitions_load_unchanged(folder: str) -> None:
    if not REFERENCE.is_dir():
        pytest.skip("no Azure Policy definitions beside the checkout")
    found = load_definitions(REFERENCE / folder)
    assert len(found) == len(list((REFERENCE / folder).glob("*.json")))
    assert all(each.title and each.condition for each in found)


def test_initiative_without_definitions_or_with_parameters_of_nobody(tmp_path: Path) -> None:
    write(tmp_path, "regions.json", {"name": "regions", **BODY})
    path = write(tmp_path, "set.json", initiative(regions="[parameters('nope')]"))
    with pytest.raises(RuleError, match=r"set.json:\d+: .*has no parameter 'nope'") as caught:
        load_definitions(tmp_path)
    assert "It declares: " in caught.value.hint
    path.write_text('{"name": "none", "policyDefinitions": []}', encoding="utf-8")
    with pytest.raises(RuleError, match="the initiative none has no definitions"):
        load_definitions(path)
