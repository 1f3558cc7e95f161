"""Rules and configs that are wrong: file, line, and the nearest right name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.commands import refused, run

if TYPE_CHECKING:
    from pathlib import Path

RULE = """\
id: XXX-CMP-901
name: own-rule
title: Compute cluster keeps nodes running when there is no work
severity: medium
since: 0.1.0
resource: compute
when: { field: computeType, equals: AmlCompute }
require:
  not: { field: scaleSettings.minNodeCount, greater: "[parameters('maxNodes')]" }
parameters:
  maxNodes: { type: integer, default: 0, description: Highest minimum node count that is allowed. }
message: "{name} keeps {scaleSettings.minNodeCount} nodes; {parameters.maxNodes} are allowed."
rationale: Nodes of the minimum are paid for around the clock, whether a job runs or not, at full price.
remediation:
  text: Set the minimum to 0. Running jobs are not disturbed.
  cli: az ml compute update --name {name} --workspace-name {workspace.name} --min-instances 0
controls: [azure-policy/Deny-MachineLearningComputeCluster-Scale]
references: [https://learn.microsoft.com/azure/machine-learning/how-to-manage-optimize-cost]
"""

WRONG_RULES = {
    "field": (
        "field: scaleSettings.minNodeCount",
        "field: scaleSettings.minNodCount",
        9,
        "minNodeCount",
    ),
    "first-step": (
        "field: scaleSettings.minNode",
        "field: scaleSetings.minNode",
        9,
        "scaleSettings",
    ),
    "operator": ("greater:", "greaterr:", 9, "greater"),
    "when-operator": ("equals:", "eqals:", 7, "equals"),
    "parameter": ("parameters('maxNodes')", "parameters('maxNods')", 9, "maxNodes"),
    "function": ("[parameters('maxNodes')]", "[paramters('maxNodes')]", 9, "parameters"),
    "placeholder": (
        "keeps {scaleSettings.minNode",
        "keeps {scaleSettings.minNod",
        12,
        "minNodeCount",
    ),
    "placeholder-parameter": ("{parameters.maxNodes}", "{parameters.maxNods}", 12, "maxNodes"),
    "command-placeholder": ("{workspace.name}", "{workspce.name}", 16, "workspace"),
    "value": ("equals: AmlCompute", "equals: AmlCompte", 7, "AmlCompute"),
    "value-in-list": ("equals: AmlCompute", "notIn: [AKS, AmlCompte]", 7, "AmlCompute"),
    "kind": ("resource: compute", "resource: comptue", 6, "compute"),
    "key": ("severity: medium", "severty: medium", 4, "severity"),
    "severity": ("severity: medium", "severity: meduim", 4, "medium"),
    "not": ("  not: {", "  nto: {", 8, "not"),
    "setting": ("type: integer,", "type: integer, setting: allowedRegion,", 11, "allowedRegions"),
}
WRONG_WITHOUT_NAME = {
    "default": ("default: 0", "default: zero", "11: parameters.maxNodes: "),
    "brace": (
        '"{name} keeps',
        '"{name keeps',
        "12: message: a brace that belongs to no placeholder",
    ),
    "id": ("XXX-CMP-901", "xxx", "1: id: 'xxx' is not of the required form"),
    "file-name": ("name: own-rule", "name: other-rule", "2: name: the file is own-rule.yaml"),
    "alias": (
        "field: computeType",
        "field: Microsoft.MachineLearningServices/workspaces/computes/computeType",
        "aliases of Azure Policy",
    ),
    "body": ("field: computeType", "field: properties.computeType", "without 'properties.'"),
    "operators": ("equals: AmlCompute", "equals: A, like: B", "one subject (field, value or"),
    "reference": ("[https://learn", "[http://learn", "starts with https://"),
    "place": (
        "not: { field: scaleSettings.minNodeCount, greater: ",
        "allOf: [{ field: vmSize, exists: 1 }]\n#",
        "9: require.allOf[0].exists: exists: expected true or false",
    ),
    "twice": (
        "since: 0.1.0",
        "since: 0.1.0\nsince: 0.2.0",
        "6: since: is there twice, first on line 5",
    ),
    "expression": ("parameters('maxNodes')", "parameters('maxNodes'", "9: require.not.greater: "),
    "built-in-id": ("XXX-CMP-901", "AML-CMP-001", "1: id: 'AML-CMP-001' is already the id of"),
}


def own_rule(folder: Path, old: str = "", new: str = "") -> Path:
    assert old in RULE
    path = folder / "compute" / "own-rule.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(RULE.replace(old, new, 1) if old else RULE, encoding="utf-8")
    return path


@pytest.mark.parametrize("command", ["check", "scan"])
@pytest.mark.parametrize("name", WRONG_RULES)
def test_misspelt_in_a_rule(tmp_path, estates, name, command):
    old, new, line, near = WRONG_RULES[name]
    path = own_rule(tmp_path, old, new)
    args = ("rules", "check", path) if command == "check" else ("scan", estates / "pristine")
    err = refused(*args, *(() if command == "check" else ("--rules", tmp_path)), code=2)
    assert f"{path}:{line}: " in err
    assert f"id you mean '{near}'?" in err


@pytest.mark.parametrize("name", WRONG_WITHOUT_NAME)
def test_wrong_in_a_rule(tmp_path, name):
    old, new, problem = WRONG_WITHOUT_NAME[name]
    path = own_rule(tmp_path, old, new)
    err = refused("rules", "check", path, code=2)
    assert (f"{path}:{problem}" if problem[0].isdigit() else problem) in err


def test_one_id_in_one_pack_twice(tmp_path):
    own_rule(tmp_path)
    other = own_rule(tmp_path / "more", "name: own-rule", "name: other-rule")
    other = other.rename(other.with_name("other-rule.yaml"))
    err = refused("rules", "check", tmp_path, code=2)
    assert "own-rule.yaml" in err
    assert "'XXX-CMP-901' is already the id of" in err
    assert "other-rule.yaml" in err


def test_right_rule_with_byte_order_mark_and_carriage_returns(tmp_path):
    path = own_rule(tmp_path)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert run("rules", "check", path) == (0, "", "1 rule, nothing wrong\n")


def test_no_rules(tmp_path):
    assert "there is no such rule file or folder" in refused(
        "rules", "check", tmp_path / "x", code=2
    )
    assert "holds no rules" in refused("rules", "check", tmp_path, code=2)
    assert "holds no case tables" in refused("rules", "test", tmp_path, code=2)


@pytest.mark.parametrize(
    ("args", "near"),
    [
        (("scan", "--only", "AML-NTE-001"), "AML-NET-001"),
        (("scan", "--skip", "netwrk"), "network"),
        (("rules", "list", "--only", "aml-cmp-01"), "AML-CMP-01"),
        (("rules", "show", "AML-CMP-0001"), "AML-CMP-001"),
    ],
)
def test_selector_that_selects_nothing(estates, args, near):
    source = [estates / "pristine"] if args[0] == "scan" else []
    err = refused(*args, *source, code=2)
    assert "selects no rule" in err
    assert f"Did you mean '{near}" in err


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n"
    for old, new in zip("abcdefg", "bcdefgh", strict=True)
)
CONFIGS = {
    "unknown-key": ("estate: a\nsettigns: {}\n", ":2: settigns: ", "'settings'"),
    "unknown-match": ("environments:\n  prod:\n    match: {tag: {a: [b]}}\n", ":3: ", "'tags'"),
    "unknown-rule": (
        "severities:\n  AML-CMP-099: low\n",
        ":2: severities.AML-CMP-099: ",
        "AML-CMP-0",
    ),
    "unknown-parameter": (
        "parameters:\n  AML-CMP-001:\n    maxMinNodeCout: 1\n",
        ":3: parameters.AML-CMP-001.maxMinNodeCout: ",
        "'maxMinNodeCount'",
    ),
    "wrong-type": (
        "estate: x\nparameters:\n  AML-CMP-001:\n    maxMinNodeCount: one\n",
        ":4: parameters.AML-CMP-001.maxMinNodeCount: ",
        "must be of type integer, not 'one'",
    ),
    "wrong-type-in-environment": (
        (
            "environments:\n  prod:\n    match: {tags: {e: [p]}}\n    parameters:\n"
            "      AML-CMP-001: {maxMinNodeCount: true}\n"
        ),
        ":5: environments.prod.parameters.AML-CMP-001.maxMinNodeCount: ",
        "must be of type integer, not true",
    ),
    "unknown-severity": ("severities:\n  AML-CMP-001: hihg\n", ":2: ", "'high'"),
    "unknown-kind": (
        "settings:\n  namingPatterns:\n    workspce: ml-*\n",
        ":3: settings.namingPatterns.workspce: unknown kind of resource",
        "'workspace'",
    ),
    "regular-expression": (
        'settings:\n  namingPatterns: {workspace: "^(a"}\n',
        ":2: settings.namingPatterns.workspace: ",
        "is no regular expression",
    ),
    "unknown-pack": ("rules:\n  packs: [nowhere]\n", ":2: rules.packs[0]: there is no ", ""),
    "unknown-selector": (
        "rules:\n  only: [network]\n  skip: [AML-CMP-*, AML-NTE-001]\n",
        ":3: rules.skip[1]: 'AML-NTE-001' selects no rule",
        "'AML-NET-001'",
    ),
    "unknown-rule-set": (
        "rules:\n  ruleset: 2031.01\n",
        ":2: rules.ruleset: unknown rule set '2031.01'",
        "2026.11",
    ),
    "tab": ("a:\n\tb: 1\n", ":2: is not YAML", "Indent with spaces"),
    "list": ("- a\n", ":1: must be a mapping, not a list", ""),
    "empty": ("", ": is empty", ""),
    "alias-bomb": (BOMB, ": the aliases stand for more than", ""),
    "deep": (f"a: {'[' * 20_000}{']' * 20_000}", ":1: is nested more than", ""),
    "code": ('estate: !!python/object/apply:os.system ["id"]\n', ":1: estate: the tag ", ""),
    "large": ("x" * 20_000_000, ": is larger than", ""),
    "nul": ("estate: a\0b\n", ":1: holds a character that YAML does not allow", ""),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_config_that_is_wrong(tmp_path, estates, name):
    text, problem, hint = CONFIGS[name]
    path = tmp_path / "azmlscan.yaml"
    path.write_text(text, encoding="utf-8")
    report = tmp_path / "report.md"
    err = refused("scan", estates / "pristine", "--config", path, "-o", report, code=2)
    assert problem in err
    assert hint in err
    assert str(path) in err
    assert not report.exists()


def test_config_that_is_not_utf_8(tmp_path, estates):
    path = tmp_path / "azmlscan.yaml"
    path.write_bytes(b"estate: caf\xe9\n")
    assert f"{path}:1: is not UTF-8" in refused(
        "scan", estates / "pristine", "--config", path, code=2
    )


def test_config_that_is_missing(tmp_path, estates):
    err = refused("scan", estates / "pristine", "--config", tmp_path / "no.yaml", code=2)
    assert "no.yaml: cannot be read: No such file or directory" in err
