"""`scan` with exemptions and a baseline, `exemptions`, `diff` and `trend`, as people run them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from scanner.cli import cli

ENTRY = """exemptions:
  - id: dev
    rules: [AML-NET-*]
    scope: {environments: [dev]}
    category: Waiver
    justification: There is no real data.
    owner: ml@contoso.com
    createdOn: 2026-01-01
    expiresOn: 2026-12-31
"""


def run(*args: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli, [str(arg) for arg in args], catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture(scope="module")
def contoso(request: pytest.FixtureRequest) -> tuple[Path, Path]:
    folder = Path(request.getfixturevalue("estates")) / "contoso"
    return folder, folder / "azmlscan.yaml"


@pytest.fixture
def scan(contoso: tuple[Path, Path], tmp_path: Path) -> Any:
    """Scan contoso for two rules; give exit code, result and what was said."""
    estate, config = contoso

    def run_scan(*args: object, name: str = "result.json", source: Path = estate) -> Any:
        path = tmp_path / name
        only = ("--only", "AML-NET-002", "--only", "AML-OBS-001")
        code, _, err = run("scan", source, "--config", config, *only, "-o", path, *args)
        return code, json.loads(path.read_bytes()) if path.exists() else None, err

    return run_scan


def test_scan_with_exemptions(scan: Any, tmp_path: Path) -> None:
    file = tmp_path / "exemptions.yaml"
    file.write_text(ENTRY, encoding="utf-8")
    code, plain, _ = scan()
    assert code == 10
    code, found, _ = scan("--exemptions", file)
    assert found["summary"]["totals"]["exempt"] == 1
    assert found["summary"]["totals"]["fail"] == plain["summary"]["totals"]["fail"] - 1
    assert found["exemptions"]["asOf"] == "2026-11-20"
    _, late, _ = scan("--exemptions", file, "--as-of", "2027-01-01")
    assert late["summary"]["totals"]["exempt"] == 0
    assert [note["kind"] for note in late["exemptions"]["notes"]] == ["expired"]
    code, _, err = scan("--exemptions", file, "--as-of", "tomorrow")
    assert code == 2
    assert "tomorrow" in err


def test_exemptions_of_the_config(contoso: tuple[Path, Path], tmp_path: Path) -> None:
    estate, config = contoso
    (tmp_path / "exemptions.yaml").write_text(ENTRY, encoding="utf-8")
    own = tmp_path / "azmlscan.yaml"
    principals = f"principals: {estate / 'principals.json'}"
    text = config.read_text(encoding="utf-8").replace("principals: principals.json", principals)
    own.write_text(f"{text}\nexemptions: [exemptions.yaml]\n", encoding="utf-8")
    _, out, _ = run("scan", estate, "--config", own, "--only", "AML-NET-002", "-f", "json")
    assert json.loads(out)["summary"]["totals"]["exempt"] == 1
    own.write_text(f"{text}\nexemptions: [exemptions.yaml]\nmaxExemptionDays: 90\n")
    code, _, err = run("scan", estate, "--config", own)
    assert code == 2
    assert "is 364 days after createdOn, 90 are allowed" in err
    own.write_text(f"{text}\nexemptions: [none.yaml]\n")
    code, _, err = run("scan", estate, "--config", own)
    assert code == 2
    assert "exemptions[0]: there is no " in err


def test_scan_against_a_baseline(scan: Any, tmp_path: Path, estates: Path) -> None:
    scan(name="first.json")
    first = tmp_path / "first.json"
    code, found, _ = scan("--baseline", first, "--new-only")
    assert code == 0
    assert {row["baselineState"] for row in found["results"]} == {"unchanged"}
    code, found, err = scan("--baseline", first, source=estates / "refused")
    assert "the baseline is of estate 'contoso'" in err
    assert found["baseline"]["changes"]["fixed"] == 0
    assert code == 10
    code, _, err = scan("--new-only")
    assert (code, "needs a baseline" in err) == (2, True)
    code, _, err = scan("--baseline", tmp_path / "none.json")
    assert (code, "cannot be read" in err) == (1, True)


def test_all_reports_agree_on_what_is_exempt(contoso: tuple[Path, Path], tmp_path: Path) -> None:
    estate, config = contoso
    file = tmp_path / "exemptions.yaml"
    file.write_text(ENTRY, encoding="utf-8")
    paths = [tmp_path / f"r.{suffix}" for suffix in ("json", "md", "sarif", "txt")]
    args = [arg for path in paths for arg in ("-o", path)]
    run("scan", estate, "--config", config, "--exemptions", file, *args)
    totals = json.loads(paths[0].read_bytes())["summary"]["totals"]
    sarif = json.loads(paths[2].read_bytes())["runs"][0]
    assert sarif["properties"]["totals"] == totals
    assert len(sarif["results"]) == totals["fail"]
    row = f"| **all** | {totals['fail']} | {totals['exempt']} |"
    assert row in paths[1].read_text(encoding="utf-8")
    text = paths[3].read_text(encoding="utf-8")
    assert f"{totals['exempt']} failures exempted." in text


def test_exemptions_check(contoso: tuple[Path, Path], tmp_path: Path) -> None:
    estate, config = contoso
    file = tmp_path / "exemptions.yaml"
    file.write_text(ENTRY, encoding="utf-8")
    assert run("exemptions", "check", file, "--as-of", "2026-06-01")[0] == 0
    code, out, _ = run("exemptions", "check", file, "--as-of", "2026-12-31")
    assert (code, out) == (
        0,
        "expiring: exemptions.yaml:2 (dev) expires on 2026-12-31, in 0 days.\n",
    )
    code, out, _ = run("exemptions", "check", file, "--as-of", "2027-01-01")
    assert (code, out) == (10, "expired: exemptions.yaml:2 (dev) expired on 2026-12-31.\n")
    code, out, _ = run("exemptions", "check", file, estate, "--config", config)
    assert code == 10
    assert out.startswith("broad: exemptions.yaml:2 (dev) covers ")
    file.write_text(ENTRY.replace("AML-NET-*", "AML-NETT-001").replace("[dev]", "[devv]"))
    code, out, _ = run("exemptions", "check", file, "--config", config, "--as-of", "2026-06-01")
    assert code == 10
    assert "names the rule AML-NETT-001, which there is not. Did you mean 'AML-NET-001'?" in out
    assert "names the environment devv, which the config does not. Did you mean 'dev'?" in out
    file.write_text(ENTRY.replace("2026-12-31", "whenever"))
    code, _, err = run("exemptions", "check", file)
    assert code == 2
    assert "exemptions.yaml:9: exemptions[0].expiresOn" in err


def test_exemptions_list(tmp_path: Path) -> None:
    file = tmp_path / "exemptions.yaml"
    file.write_text(ENTRY, encoding="utf-8")
    _, out, _ = run("exemptions", "list", file, "--as-of", "2027-01-01")
    head, line = out.splitlines()
    assert head.split() == ["state", "expires", "entry", "category", "about", "scope", "owner"]
    assert line.startswith("expired  2026-12-31  dev (exemptions.yaml:2)  Waiver    AML-NET-*")


ATTESTED = """attestations:
  - control: caf-ml-setup/automated-tests
    answer: {answer}
    statement: The test pipeline runs on every change.
    attestedBy: j.doe@contoso.com
    attestedOn: 2026-11-01
    expiresOn: 2026-12-31
"""


def test_exemptions_check_of_attestations(contoso: tuple[Path, Path], tmp_path: Path) -> None:
    estate, config = contoso
    file = tmp_path / "exemptions.yaml"
    text = ATTESTED.format(answer="met")
    file.write_text(text, encoding="utf-8")
    assert run("exemptions", "check", file, "--as-of", "2026-11-20") == (
        0,
        "",
        "0 exemptions, 1 attestation, 0 notes\n",
    )
    code, out, _ = run("exemptions", "check", file, "--as-of", "2027-01-01")
    assert code == 10
    place = "attestation: exemptions.yaml:2 (caf-ml-setup/automated-tests)"
    assert out == f"{place} expired on 2026-12-31: ask again.\n"
    file.write_text(text.replace("automated-tests", "private-link"), encoding="utf-8")
    code, out, _ = run("exemptions", "check", file, estate, "--config", config)
    assert code == 10
    assert "(caf-ml-setup/private-link) is answered by AML-NET-001" in out
    file.write_text(text.replace("automated-tests", "automatic-tests"), encoding="utf-8")
    code, out, _ = run("exemptions", "check", file, "--as-of", "2026-11-20")
    assert code == 10
    assert "Did you mean 'caf-ml-setup/automated-tests'?" in out
    file.write_text(ATTESTED.format(answer="maybe"), encoding="utf-8")
    code, _, err = run("exemptions", "check", file)
    assert code == 2
    assert "exemptions.yaml:3: attestations[0].answer" in err


def test_exemptions_list_of_attestations(tmp_path: Path) -> None:
    file = tmp_path / "exemptions.yaml"
    later = ATTESTED.format(answer="not_met").replace("2026-11-01", "2026-11-20")
    entry = later.partition("\n")[2]
    file.write_text(ATTESTED.format(answer="met") + entry, encoding="utf-8")
    _, out, _ = run("exemptions", "list", file, "--as-of", "2026-11-21")
    assert [line.split()[0] for line in out.splitlines()] == ["state", "superseded", "in"]
    _, out, _ = run("exemptions", "list", file, "--as-of", "2026-11-19")
    assert [line.split("  ")[0] for line in out.splitlines()[1:]] == ["in force", "not yet"]


def test_a_scan_shows_attestations(scan: Any, tmp_path: Path) -> None:
    file = tmp_path / "exemptions.yaml"
    text = ATTESTED.format(answer="met").replace("automated-tests", "private-link")
    file.write_text(text, encoding="utf-8")
    _, found, _ = scan("--exemptions", file)
    [attestation] = found["exemptions"]["attestations"]
    assert (attestation["answer"], attestation["standing"]) == ("met", "in_force")
    [note] = found["exemptions"]["notes"]
    assert (note["kind"], note["id"]) == ("attestation", "caf-ml-setup/private-link")
    _, plain, _ = scan()
    assert found["summary"] == plain["summary"]


def add(file: Path, *args: object) -> tuple[int, str, str]:
    base = ("--category", "Waiver", "--justification", "why", "--owner", "o")
    dates = ("--created-on", "2026-01-01", "--expires-on", "2026-12-31")
    return run("exemptions", "add", file, *base, *dates, *args)


def test_exemptions_add(tmp_path: Path) -> None:
    file = tmp_path / "exemptions.yaml"
    file.write_text(ENTRY, encoding="utf-8")
    code, _, err = add(file, "--rule", "AML-NET-002", "--environment", "qa", "--ticket", "T-1")
    assert (code, err) == (0, f"{file}: added AML-NET-002-1, expires on 2026-12-31\n")
    text = file.read_text(encoding="utf-8")
    assert text.startswith(ENTRY)
    assert "  # AML-NET-002: Public network access to the workspace is not disabled\n" in text
    assert "    ticket: T-1\n" in text
    add(file, "--rule", "AML-NET-002", "--environment", "qa")
    _, out, _ = run("exemptions", "list", file)
    assert "AML-NET-002-2" in out


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (("--rule", "AML-NET-0002", "--environment", "x"), "Did you mean 'AML-NET-002'?"),
        (("--rule", "AML-NET-002"), "say what it is about"),
        (("--rule", "AML-NET-002", "--environment", "x", "--id", "dev"), "already the id"),
        (("--rule", "AML-NET-002", "--resource", "rg-x"), "not of the required form"),
        (("--rule", "AML-NET-002", "--environment", "x", "--days", "3"), "say until when"),
        (
            ("--rule", "AML-NET-002", "--environment", "x", "--expires-on", "2029-01-01"),
            "are allowed",
        ),
    ],
)
def test_exemptions_add_refuses_what_could_not_be_loaded(
    tmp_path: Path, args: tuple[str, ...], problem: str
) -> None:
    file = tmp_path / "exemptions.yaml"
    file.write_text(ENTRY, encoding="utf-8")
    code, _, err = add(file, *args)
    assert code == 2
    assert problem in err
    assert file.read_text(encoding="utf-8") == ENTRY


def test_exemptions_add_refuses_an_environment_that_the_config_does_not_name(
    contoso: tuple[Path, Path], tmp_path: Path
) -> None:
    _, config = contoso
    file = tmp_path / "exemptions.yaml"
    given = ("--rule", "AML-NET-002", "--config", config)
    code, _, err = add(file, *given, "--environment", "prodd")
    assert code == 2
    assert "the config names no environment prodd" in err
    assert "Did you mean 'prod'?" in err
    assert not file.exists()
    assert add(file, *given, "--environment", "prod")[0] == 0


def test_diff_of_results(scan: Any, tmp_path: Path, estates: Path) -> None:
    scan(name="a.json")
    scan(name="b.json", source=estates / "refused")
    a, b = tmp_path / "a.json", tmp_path / "b.json"
    _, out, _ = run("diff", a, b)
    assert "no longer assessable" in out
    _, out, _ = run("diff", a, b, "-f", "json")
    document = json.loads(out)
    assert document["counts"]["fixed"] == 0
    assert len(document["changes"]) == sum(document["counts"].values())
    _, out, _ = run("diff", a, b, "-f", "markdown", "--budget", "2000")
    assert len(out.encode()) <= 2000
    assert out.startswith("# Findings: what changed\n")
    _, again, _ = run("diff", a, b, "-f", "markdown", "--budget", "2000")
    assert again == out
    _, out, _ = run("diff", a, a)
    assert out.splitlines()[-1].endswith(" persisting")


def test_diff_of_snapshots(estates: Path, tmp_path: Path) -> None:
    contoso = estates / "contoso"
    _, out, _ = run("diff", contoso, estates / "refused")
    assert "no longer read" in out
    assert " removed" not in out
    _, out, _ = run("diff", contoso, contoso)
    assert out.splitlines()[-1] == "no difference"
    target = tmp_path / "diff.md"
    code, out, err = run(
        "diff", contoso, estates / "pristine", "-f", "markdown", "--budget", "3000", "-o", target
    )
    assert (code, out, err) == (0, "", f"wrote {target}\n")
    assert len(target.read_bytes()) <= 3000
    assert "left out for size" in target.read_text(encoding="utf-8")
    _, out, _ = run("diff", contoso, estates / "pristine", "-f", "json")
    assert {change["kind"] for change in json.loads(out)["changes"]} == {
        "added",
        "removed",
        "changed",
    }


def test_diff_of_two_kinds_is_refused(scan: Any, tmp_path: Path, estates: Path) -> None:
    scan(name="a.json")
    code, _, err = run("diff", tmp_path / "a.json", estates / "contoso")
    assert (code, "are not of one kind" in err) == (2, True)


@pytest.mark.parametrize("by", ["severity", "environment", "framework", "control"])
def test_trend(scan: Any, tmp_path: Path, estates: Path, by: str) -> None:
    scan(name="a.json")
    scan("--baseline", tmp_path / "a.json", name="b.json", source=estates / "refused")
    paths = (tmp_path / "b.json", tmp_path / "a.json")
    _, out, _ = run("trend", *paths, "--by", by)
    assert out.startswith("snapshot ")
    assert f"age, by {by}" in out
    _, out, _ = run("trend", *paths, "--by", by, "-f", "json")
    document = json.loads(out)
    assert document["dimension"] == by
    assert [point["totals"]["fixed"] for point in document["points"]] == [0, 0]
    _, out, _ = run("trend", *paths, "--by", by, "-f", "markdown", "--budget", "4000")
    assert len(out.encode()) <= 4000
    assert f"## Age, by {by}" in out


def test_trend_says_what_dropped_out_without_being_mended(
    scan: Any, tmp_path: Path, estates: Path
) -> None:
    scan(name="a.json")
    scan(name="b.json", source=estates / "refused")
    scan("--baseline", tmp_path / "a.json", name="c.json", source=estates / "refused")
    _, changes, _ = run("diff", tmp_path / "a.json", tmp_path / "b.json", "-f", "json")
    lost = json.loads(changes)["counts"]["notAssessable"]
    said = f"{lost} failures of the snapshot before could not be looked at again"
    for format_ in ("table", "markdown"):
        _, out, _ = run("trend", tmp_path / "a.json", tmp_path / "b.json", "-f", format_)
        assert said in out
        _, out, _ = run("trend", tmp_path / "a.json", tmp_path / "c.json", "-f", format_)
        assert "could not be looked at again" not in out


def test_trend_of_one_framework(scan: Any, tmp_path: Path) -> None:
    scan(name="a.json")
    path = tmp_path / "a.json"
    _, out, _ = run("trend", path, "--by", "control", "--framework", "mcsb", "-f", "json")
    [point] = json.loads(out)["points"]
    assert point["groups"]
    assert all(name.startswith("mcsb/") for name in point["groups"])
    _, out, _ = run("trend", path, "--by", "framework", "-f", "json")
    [whole] = json.loads(out)["points"]
    # A failure counts once in the framework, and once in each of its controls.
    assert point["totals"] == whole["totals"]
    controls = [numbers["open"] for numbers in point["groups"].values()]
    assert max(controls) <= whole["groups"]["mcsb"]["open"] <= sum(controls)
    code, _, err = run("trend", path, "--by", "control", "--framework", "mcbs")
    assert (code, "Did you mean 'mcsb'?" in err) == (2, True)
    code, _, err = run("trend", path, "--framework", "mcsb")
    assert (code, "Add --by control." in err) == (2, True)


def test_the_audit_sarif_of_a_scan_does_for_its_result(scan: Any, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("first.json", "first.sarif")]
    scan("-o", files[1], "--sarif-profile", "audit", name=files[0].name)
    found = [scan("--baseline", file, "--new-only", name=f"{file.name}.json") for file in files]
    assert found[0][:2] == found[1][:2]
    assert found[0][0] == 0
    for command in (("diff", *files), ("diff", *reversed(files)), ("trend", *files)):
        code, out, err = run(*command, "--format", "json")
        assert (code, err) == (0, "")
        assert json.loads(out)


def test_the_sarif_for_alerts_is_no_baseline(scan: Any, tmp_path: Path) -> None:
    file = tmp_path / "results.sarif"
    scan("-o", file)
    code, result, err = scan("--baseline", file, name="second.json")
    assert (code, result) == (1, None)
    assert f"{file} has the SARIF profile code-scanning" in err
    assert "result.json or the audit.sarif of the same scan" in err
