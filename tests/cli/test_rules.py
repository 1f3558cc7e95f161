"""`azmlscan rules`: list, show, check, test and docs."""

from __future__ import annotations

import shutil

import pytest

from tests.cli.commands import refused, run


def test_list_and_show():
    code, out, err = run("rules", "list", "--only", "AML-CMP-001")
    assert (code, err) == (0, "1 rules\n")
    assert out.startswith("AML-CMP-001  medium    compute ")
    code, out, _ = run("rules", "show", "aml-cmp-001")
    assert code == 0
    assert "az ml compute update" in out


def test_check_of_the_built_in_rules(root):
    code, out, err = run("rules", "check", root / "rules")
    assert (code, out) == (0, "")
    assert err.endswith("rules, nothing wrong\n")


def test_case_tables(root, monkeypatch):
    monkeypatch.chdir(root)
    code, out, err = run("rules", "test", "tests/rules/AML-CMP-001.yaml")
    assert (code, out) == (0, "")
    assert err.endswith(" cases, 0 wrong\n")


def test_the_file_of_a_rule_stands_for_its_case_table(root, monkeypatch):
    monkeypatch.chdir(root)
    table = run("rules", "test", "tests/rules/AML-CMP-001.yaml")
    assert run("rules", "test", "rules/compute/cluster-scales-to-zero.yaml") == table


def test_the_file_of_a_rule_without_a_case_table(root, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    rule = root / "rules/compute/cluster-scales-to-zero.yaml"
    said = refused("rules", "test", rule, code=2)
    assert "is a rule, and there is no case table tests/rules/AML-CMP-001.yaml here" in said
    assert "Give the case table itself" in said


def test_a_verdict_that_is_not_as_written(root, monkeypatch, tmp_path):
    monkeypatch.chdir(root)
    table = tmp_path / "AML-CMP-001.yaml"
    text = (root / "tests/rules/AML-CMP-001.yaml").read_text("utf-8")
    table.write_text(text.replace("verdict: pass", "verdict: fail", 1), encoding="utf-8")
    code, out, err = run("rules", "test", table)
    assert code == 1
    assert "AML-CMP-001" in out
    assert err.endswith(" cases, 1 wrong\n")


def test_a_table_of_a_rule_that_there_is_not(root, monkeypatch, tmp_path):
    monkeypatch.chdir(root)
    table = tmp_path / "table.yaml"
    shutil.copy(root / "tests/rules/AML-CMP-001.yaml", table)
    text = table.read_text("utf-8").replace("rule: AML-CMP-001", "rule: AML-CMP-099")
    table.write_text(text, encoding="utf-8")
    assert "there is no rule AML-CMP-099" in refused("rules", "test", table, code=2)


WRONG_CASES = {
    "base": ("base: compute_amlcompute", "base: compute_amlcomput", 2, "there is no record"),
    "verdict": ("verdict: pass", "verdict: passes", 3, "Did you mean 'pass'?"),
    "place": ("unset: [tags]", "unset: [tags.3]", 4, "'tags.3' is not a field path"),
    "item": ("unset: [tags]", "unset: ['properties.x[7]', 'tags[0]']", 4, ""),
    "list": ("set: {location: x}", "set: {'tags[0].a.b': x, 'list[3]': x}", 3, ""),
    "scalar": ("set: {location: x}", "set: {id: 5}", 3, "has no ARM id"),
    "table": ("unset: [tags]", "unread: [workspacse]", 4, "Did you mean 'workspaces'?"),
    "resource": ("unset: [tags]", "resource: zzz", 4, "there is no compute named 'zzz' to judge"),
    "parameter": ("unset: [tags]", "parameters: {maxMinNodeCout: 1}", 4, "'maxMinNodeCount'?"),
    "value": ("unset: [tags]", "parameters: {maxMinNodeCount: x}", 4, "must be of type integer"),
    "config": ("unset: [tags]", "config: {settigns: {}}", 4, "Did you mean 'settings'?"),
    "twice": ("name: second", "name: first", 4, "cases[1].name: 'first' is there twice"),
}


@pytest.mark.parametrize("name", WRONG_CASES)
def test_a_table_that_is_wrong(root, tmp_path, name):
    old, new, line, said = WRONG_CASES[name]
    table = tmp_path / "table.yaml"
    cases = (
        "rule: AML-CMP-001\nbase: compute_amlcompute\ncases: "
        "[{name: first, verdict: pass, set: {location: x}},\n"
        " {name: second, verdict: pass, unset: [tags]}]\n"
    )
    assert old in cases
    table.write_text(cases.replace(old, new, 1), encoding="utf-8")
    args = ("rules", "test", table, "--records", root / "fixtures" / "arm")
    if said:
        err = refused(*args, code=2)
        assert f"{table}:{line if name != 'base' else 3}: " in err
        assert said in err
    else:
        assert "Traceback" not in run(*args)[2]


@pytest.mark.parametrize("to_file", [True, False])
def test_docs(root, monkeypatch, tmp_path, to_file):
    monkeypatch.chdir(root)
    path = tmp_path / "rules.md"
    code, out, _ = run("rules", "docs", *(("-o", path) if to_file else ()))
    assert code == 0
    assert "AML-NET-001" in (path.read_text("utf-8") if to_file else out)


def test_docs_without_examples(root, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert "there is no folder nowhere" in refused("rules", "docs", "--cases", "nowhere", code=2)
    code, out, err = run("rules", "docs")
    assert (code, err) == (0, "tests/rules is no folder here: the page has no examples\n")
    assert "AML-NET-001" in out
