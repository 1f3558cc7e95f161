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


@pytest.mark.parametrize("to_file", [True, False])
def test_docs(root, monkeypatch, tmp_path, to_file):
    monkeypatch.chdir(root)
    path = tmp_path / "rules.md"
    code, out, _ = run("rules", "docs", *(("-o", path) if to_file else ()))
    assert code == 0
    assert "AML-NET-001" in (path.read_text("utf-8") if to_file else out)
