from __future__ import annotations

import json
from collections import Counter

import pytest
from click.testing import CliRunner
from click_type_test import check_param_annotations

from scanner.cli import cli
from scanner.cli.controls import controls
from scanner.engine.controls import Status


def invoke(*args: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli, ["controls", *map(str, args)])
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture(scope="module")
def contoso(estates):
    return estates / "contoso"


@pytest.fixture(scope="module")
def report(contoso):
    code, out, err = invoke(contoso, "--config", contoso / "azmlscan.yaml", "--format", "json")
    assert (code, err) == (0, "")
    return json.loads(out)


def every(report):
    return [control for one in report["frameworks"] for control in one["controls"]]


def test_options_are_typed():
    check_param_annotations(controls)


def test_json_gives_every_count_its_denominator(report):
    for control in every(report):
        counts = dict(control["counts"])
        assert counts.pop("total") == sum(counts.values())
        for name, number in counts.items():
            assert number == sum(rule["counts"][name] for rule in control["rules"])
    for framework in report["frameworks"]:
        assert sum(framework["statuses"].values()) == framework["controlCount"]
        assert list(framework["statuses"]) == list(Status)


def test_numbers_are_those_of_the_scan(report, contoso):
    config = contoso / "azmlscan.yaml"
    scan = CliRunner().invoke(
        cli, ["scan", str(contoso), "--config", str(config), "--format", "json"]
    )
    by_rule = {rule["id"]: rule["counts"] for rule in json.loads(scan.stdout)["rules"]}
    seen = set()
    for control in every(report):
        for rule in control["rules"]:
            counts = {name: rule["counts"][name] for name in by_rule[rule["ruleId"]]}
            # A control of one stage counts no rows of the others.
            if "stage" in control:
                assert all(counts[name] <= by_rule[rule["ruleId"]][name] for name in counts)
            else:
                assert counts == by_rule[rule["ruleId"]]
            seen.add(rule["ruleId"])
    assert seen == set(by_rule)


def test_what_nobody_looked_at_is_no_pass(report):
    for control in every(report):
        if control["kind"] == "review":
            assert (control["status"], control["attestations"]) == ("review", [])
        elif not control["rules"]:
            assert control["status"] == "not_covered"
        elif control["status"] == "pass":
            counts = control["counts"]
            assert counts["pass"] > 0
            assert counts["fail"] == counts["unknown"] == counts["error"] == 0
    assert "%" not in json.dumps(report)


def test_unreadable_estate_meets_nothing_that_hangs_on_it(estates):
    folder = estates / "refused"
    code, out, _ = invoke(folder, "--config", folder / "azmlscan.yaml", "--format", "json")
    assert code == 0
    statuses = {control["id"]: control["status"] for control in every(json.loads(out))}
    assert "unknown" in statuses.values()


def test_pristine_estate_fails_no_control(estates):
    folder = estates / "pristine"
    code, out, _ = invoke(folder, "--config", folder / "azmlscan.yaml", "--format", "json")
    assert code == 0
    failed = [one["id"] for one in every(json.loads(out)) if one["status"] == "fail"]
    assert failed == []


def test_one_framework(contoso):
    code, out, _ = invoke(contoso, "--framework", "mcsb", "--format", "json")
    assert code == 0
    assert [one["framework"] for one in json.loads(out)["frameworks"]] == ["mcsb"]


def test_table(contoso):
    code, out, _ = invoke(contoso, "--framework", "caf-ml-setup")
    assert code == 0
    assert "\x1b" not in out
    assert "caf-ml-setup: How to set up machine learning workspaces" in out
    assert "data-scientist-role" in out
    assert "for review" in out
    assert max(map(len, out.splitlines())) <= 80


def test_markdown_goes_to_a_file(contoso, tmp_path):
    path = tmp_path / "controls.md"
    code, out, err = invoke(contoso, "--format", "markdown", "-o", path)
    assert (code, out, err) == (0, "", f"wrote {path}\n")
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# Controls of contoso\n")
    assert "| `clusters-scale-to-zero` | fail | AML-CMP-001 | 1 |" in text


def test_the_table_to_a_file_has_no_colours(contoso, tmp_path):
    path = tmp_path / "controls.txt"
    assert invoke(contoso, "--framework", "aprl", "-o", path)[0] == 0
    assert "\x1b" not in path.read_text(encoding="utf-8")


def test_same_estate_same_bytes(contoso):
    for format_ in ("table", "json", "markdown"):
        once, again = (invoke(contoso, "--format", format_) for _ in range(2))
        assert once == again


def test_names_of_the_estate_are_shown_literally(contoso, tmp_path):
    folder = tmp_path / "estate"
    folder.mkdir()
    for path in contoso.rglob("*"):
        if path.is_file():
            target = folder / path.relative_to(contoso)
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(path.read_bytes())
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["estate"] = "<b>\x1b[31m|`x`"
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    for format_ in ("table", "json", "markdown"):
        code, out, _ = invoke(folder, "--framework", "aprl", "--format", format_)
        assert code == 0
        assert "\x1b" not in out
    assert "<b>" not in out


def test_docs_need_no_snapshot(tmp_path):
    path = tmp_path / "controls.md"
    assert invoke("--docs", "-o", path)[0] == 0
    code, out, _ = invoke("--docs")
    assert code == 0
    assert out.encode() == path.read_bytes()


def test_rules_left_out_leave_their_controls_unassessed(contoso, tmp_path):
    config = tmp_path / "azmlscan.yaml"
    config.write_text("rules:\n  skip: [AML-CMP-001]\n", encoding="utf-8")
    args = (contoso, "--config", config, "--framework", "caf-ml-setup")
    report = json.loads(invoke(*args, "--format", "json")[1])
    [found] = [one for one in every(report) if one["id"] == "caf-ml-setup/clusters-scale-to-zero"]
    assert found["status"] == "not_assessed"
    assert [rule["ran"] for rule in found["rules"]] == [False]
    assert "Not run: AML-CMP-001." in invoke(*args, "--format", "markdown")[1]


@pytest.mark.parametrize(
    ("args", "shown"),
    [
        ([], "Error: which snapshot?"),
        (["--docs", "estate"], "Error: --docs needs no snapshot"),
        (["nowhere"], "Error: there is no nowhere"),
        (["nowhere", "--framework", "msbc"], "Did you mean 'mcsb'?"),
        (["--docs", "--framework", "qqqqqq"], "Known: aprl, azure-policy"),
        (["--docs", "--rules", "nowhere"], "there is no such rule file or folder"),
    ],
)
def test_wrong_usage_is_2(args, shown):
    code, out, err = invoke(*args)
    assert (code, out) == (2, "")
    assert shown in err


def test_a_control_of_one_stage_counts_its_environments_only(report, contoso):
    args = ("--config", contoso / "azmlscan.yaml", "--format", "json")
    scan = CliRunner().invoke(cli, ["scan", str(contoso), *map(str, args)])
    rows = json.loads(scan.stdout)["results"]
    meant = {"development": {"dev", None}, "test": {"qa", None}, "production": {"prod", None}}
    staged = [control for control in every(report) if "stage" in control]
    assert {control["stage"] for control in staged} == set(meant)
    for control in staged:
        rules = {rule["ruleId"] for rule in control["rules"]}
        counted = Counter(
            "exempt" if row["verdict"] == "fail" and row["exemption"] else row["verdict"]
            for row in rows
            if row["ruleId"] in rules and row["environment"] in meant[control["stage"]]
        )
        assert {name: n for name, n in control["counts"].items() if n} == {
            **counted,
            "total": counted.total(),
        }


# --- exemptions and attestations

ANSWERS = """attestations:
  - control: caf-ml-setup/stakeholder-approval
    answer: met
    statement: The releases of October all have an approval.
    attestedBy: j.doe@contoso.com
    attestedOn: 2026-11-15
    expiresOn: 2026-11-25
    ticket: ARB-150
  - control: caf-ml-setup/automated-tests
    answer: not_met
    statement: Two of three models are tested by hand.
    attestedBy: <b>j.doe</b>
    attestedOn: 2026-11-15
    expiresOn: 2027-11-14
  - control: caf-ml-setup/production-support
    answer: not_applicable
    statement: There is no model in production yet.
    attestedBy: j.doe@contoso.com
    attestedOn: 2026-11-15
    expiresOn: 2027-11-14
  - control: caf-ml-setup/git-integration
    answer: met
    statement: The workspaces of development are in Git.
    attestedBy: j.doe@contoso.com
    attestedOn: 2026-11-15
    expiresOn: 2027-11-14
    scope: {environments: [dev]}
  - control: caf-ml-setup/private-link
    answer: met
    statement: It is private enough.
    attestedBy: j.doe@contoso.com
    attestedOn: 2026-11-15
    expiresOn: 2027-11-14
"""
WAIVER = """exemptions:
  - rules: ["*"]
    scope: {resources: ["*"]}
    category: Waiver
    justification: Everything is accepted.
    owner: ml@contoso.com
    createdOn: 2026-11-01
    expiresOn: 2026-12-31
"""


@pytest.fixture
def answered(contoso, tmp_path):
    """`controls` on one framework with attestations, on a day."""
    path = tmp_path / "exemptions.yaml"
    path.write_text(ANSWERS, encoding="utf-8")
    config = contoso / "azmlscan.yaml"

    def run(*args: object) -> str:
        fixed = ("--config", config, "--framework", "caf-ml-setup", "--exemptions", path)
        code, out, _ = invoke(contoso, *fixed, *args)
        assert code == 0
        return out

    return run


def test_attestations_answer_reviews(answered, report):
    document = json.loads(answered("--format", "json"))
    found = {one["id"].partition("/")[2]: one for one in every(document)}
    assert found["stakeholder-approval"]["status"] == "attested"
    assert found["automated-tests"]["status"] == "fail"
    assert found["production-support"]["status"] == "not_applicable"
    assert found["git-integration"]["status"] == "review"
    assert found["git-integration"]["openEnvironments"] == ["qa", "prod", "exploration"]
    [attestation] = found["stakeholder-approval"]["attestations"]
    assert attestation["attestedBy"] == "j.doe@contoso.com"
    assert (attestation["expiresOn"], attestation["standing"]) == ("2026-11-25", "in_force")
    before = {one["id"].partition("/")[2]: one for one in every(report)}
    assert found["private-link"]["status"] == before["private-link"]["status"] == "fail"
    assert found["private-link"]["attestations"] == []
    [framework] = document["frameworks"]
    assert sum(framework["statuses"].values()) == framework["controlCount"]
    assert framework["statuses"]["attested"] == 1
    kinds = {note["id"]: note["kind"] for note in document["exemptions"]["notes"]}
    assert kinds == {
        "caf-ml-setup/stakeholder-approval": "expiring",
        "caf-ml-setup/private-link": "attestation",
    }


def test_an_expired_attestation_is_an_open_review(answered):
    document = json.loads(answered("--format", "json", "--as-of", "2026-11-26"))
    assert document["exemptions"]["asOf"] == "2026-11-26"
    [found] = [one for one in every(document) if one["id"].endswith("/stakeholder-approval")]
    assert found["status"] == "review"
    assert [one["standing"] for one in found["attestations"]] == ["expired"]
    text = answered("--as-of", "2026-11-26")
    assert "which expired on 2026-11-25" in " ".join(text.split())
    [row] = [line for line in text.splitlines() if line.startswith("stakeholder-approval ")]
    assert row.split()[1:] == ["for", "review"]


def test_the_table_says_who_attested_until_when(answered):
    text = " ".join(answered().split())
    assert (
        "stakeholder-approval: Attested as met by j.doe@contoso.com on 2026-11-15, until "
        "2026-11-25: The releases of October all have an approval. Ticket: ARB-150."
    ) in text
    assert "git-integration: Nobody answers for " in text
    assert "attestation: exemptions.yaml:28 (caf-ml-setup/private-link) is answered by AML-" in text
    assert "Exemptions and attestations: exemptions.yaml as of 2026-11-20." in text


def test_markdown_says_who_attested_until_when(answered):
    text = answered("--format", "markdown")
    [line] = [one for one in text.splitlines() if one.startswith("| `automated-tests` ")]
    assert line.startswith("| `automated-tests` | fail |")
    assert "Attested as not met by &lt;b&gt;j.doe" in line
    [overview] = [one for one in text.splitlines() if one.startswith("| `caf-ml-setup` ")]
    numbers = [int(cell) for cell in overview.split("|")[2:-1]]
    assert sum(numbers[:-1]) == numbers[-1]


def test_exempt_failures_are_counted_apart(contoso, report, tmp_path):
    path = tmp_path / "exemptions.yaml"
    path.write_text(WAIVER, encoding="utf-8")
    args = ("--config", contoso / "azmlscan.yaml", "--exemptions", path, "--format", "json")
    found = {one["id"]: one for one in every(json.loads(invoke(contoso, *args)[1]))}
    for before in every(report):
        after = found[before["id"]]
        assert after["counts"]["exempt"] == before["counts"]["fail"] + before["counts"]["exempt"]
        assert after["counts"]["fail"] == 0
        assert after["counts"]["total"] == before["counts"]["total"]
        assert (after["status"] == "pass") == (before["status"] == "pass")
    late = json.loads(invoke(contoso, *args, "--as-of", "2027-01-01")[1])
    assert [one["status"] for one in every(late)] == [one["status"] for one in every(report)]


def test_wide_tables_name_the_rules(contoso, tmp_path):
    path = tmp_path / "controls.txt"
    invoke(contoso, "--framework", "caf-ml-setup", "-o", path)
    text = path.read_text(encoding="utf-8")
    [line] = [one for one in text.splitlines() if one.startswith("clusters-scale-to-zero")]
    assert line.rstrip().endswith("AML-CMP-001")
