"""The rule and the case table of docs/rule-packs.md can be used as they stand."""

from __future__ import annotations

import re

from tests.cli.commands import refused, run


def _written(root, folder):
    page = (root / "docs" / "rule-packs.md").read_text("utf-8")
    blocks = re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    [rule] = [block for block in blocks if block.startswith("id: ")]
    [table] = [block for block in blocks if block.startswith("rule: ")]
    files = {"rules/compute/idle-nodes.yaml": rule, "cases/CTS-CMP-001.yaml": table}
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")


def test_the_rule_of_the_page_gives_the_verdicts_of_its_table(root, tmp_path):
    _written(root, tmp_path)
    rules, cases = tmp_path / "rules", tmp_path / "cases"
    assert run("rules", "check", rules) == (0, "", "1 rule, nothing wrong\n")
    records = root / "fixtures" / "arm"
    code, out, err = run("rules", "test", cases, "--rules", rules, "--records", records)
    assert (code, out) == (0, "")
    assert err == "6 cases, 0 wrong\n"
    shown = run("rules", "show", "CTS-CMP-001", "--rules", rules)[1]
    assert "contoso/CMP-7" in shown
    code, out, _ = run("rules", "docs", "--rules", rules, "--cases", cases)
    assert code == 0
    assert "CTS-CMP-001" in out


def test_a_pinned_rule_set_leaves_the_rules_of_the_page_counting(root, estates, tmp_path):
    _written(root, tmp_path)
    config = tmp_path / "azmlscan.yaml"
    config.write_text("rules: {ruleset: 2026.11, packs: [rules], only: [CTS-*]}", "utf-8")
    args = ("scan", estates / "contoso", "--config", config, "--fail-on", "medium")
    assert run(*args)[0] == 10


def test_the_records_that_a_table_names_have_to_be_there(root, tmp_path):
    _written(root, tmp_path)
    rules, cases = tmp_path / "rules", tmp_path / "cases"
    err = refused("rules", "test", cases, "--rules", rules, "--records", tmp_path, code=2)
    assert "CTS-CMP-001.yaml:" in err
    assert "there is no record" in err
