"""A run's folder: whole or not there, and any change to it is seen."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from scanner.cli import cli, reports
from scanner.errors import ScannerError
from scanner.report import sarif
from scanner.report.bundle import EVIDENCE, FILES, SUMS, verify_bundle, write_bundle
from scanner.report.tally import TALLIES
from scanner.snapshot.secretvalues import is_secret_text
from tests.report import test_audit, test_sarif, validators

SECRETS = {
    "accountKey": "Zm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYg==",
    "sasToken": "sv=2024-01-01&ss=b&sig=abcDEF123%2Fxyz%3D",
    "connectionString": "Endpoint=sb://x/;SharedAccessKeyName=r;SharedAccessKey=c2VjcmV0c2VjcmV0",
    "password": "correct-horse-battery-staple",
}


def invoke(*args) -> tuple[int, str, str]:
    found = CliRunner().invoke(cli, list(map(str, args)))
    return found.exit_code, found.stdout, found.stderr


@pytest.fixture(scope="module")
def contoso(estates, tmp_path_factory):
    """A whole run over the fixture estate."""
    folder = tmp_path_factory.mktemp("runs") / "night"
    estate = estates / "contoso"
    code, out, err = invoke(
        *("scan", estate, "--config", estate / "azmlscan.yaml", "-f", "csv"),
        *("--output-dir", folder),
    )
    assert code == 10, err
    assert out.startswith("ruleId,")
    return folder


@pytest.fixture
def run(contoso, tmp_path):
    """A copy of the run that a test may damage."""
    folder = tmp_path / "run"
    shutil.copytree(contoso, folder)
    return folder


def test_everything_is_there_and_sound(contoso):
    names = {path.name for path in contoso.iterdir()}
    assert names == {*FILES, EVIDENCE, SUMS}
    assert verify_bundle(contoso) == []
    code, out, _ = invoke("verify-report", contoso)
    assert (code, out) == (0, f"{contoso} is sound: every digest and every count agrees\n")


def test_the_sums_are_those_of_sha256sum(contoso):
    lines = (contoso / SUMS).read_text().splitlines()
    listed = dict(reversed(line.split("  ", 1)) for line in lines)
    assert list(listed) == sorted(listed)
    for name, digest in listed.items():
        assert hashlib.sha256((contoso / name).read_bytes()).hexdigest() == digest


def test_sarif_points_at_evidence_that_is_in_the_folder(contoso):
    [run] = json.loads((contoso / "results.sarif").read_bytes())["runs"]
    assert run["results"]
    for result in run["results"]:
        place = result["locations"][0]["physicalLocation"]
        file = contoso / EVIDENCE / place["artifactLocation"]["uri"]
        line = file.read_text().splitlines()[place["region"]["startLine"] - 1]
        start = place["region"]["startColumn"] - 1
        assert line[start:].startswith(place["region"]["snippet"]["text"])


def test_the_same_scan_gives_the_same_bytes(contoso, estates, tmp_path):
    estate = estates / "contoso"
    folder = tmp_path / "again"
    invoke("scan", estate, "--config", estate / "azmlscan.yaml", "--output-dir", folder)
    assert (folder / SUMS).read_bytes() == (contoso / SUMS).read_bytes()


def test_every_validator_accepts_the_files_of_a_whole_estate(contoso, tmp_path):
    for name, check in (("results.sarif", test_sarif), ("audit.sarif", test_audit)):
        log = json.loads((contoso / name).read_bytes())
        check.check_invariants(log)
        validators.schema().validate(log)
        assert validators.gate(contoso / name) == []
        assert validators.multitool(contoso / name, tmp_path / name) == []


MACHINES: dict[str, tuple[int, dict[str, str]]] = {
    "here": (0o022, {"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C"}),
    "there": (
        0o077,
        {
            "PYTHONHASHSEED": "4711",
            "TZ": "Pacific/Kiritimati",
            "LC_ALL": "tr_TR.UTF-8",
            "LANGUAGE": "tr",
            "PYTHONUTF8": "1",
        },
    ),
}
"""The umask and the environment of each."""
EXEMPTIONS = """exemptions:
  - rules: [AML-NET-*]
    scope: {environments: [dev]}
    category: Waiver
    justification: There is no real data.
    owner: ml@contoso.com
    createdOn: 2026-01-01
    expiresOn: 2026-12-31
"""


def test_every_machine_writes_the_same_bytes(contoso, estates, root, tmp_path):
    """Other hash seed, time zone, locale, umask, home, working folder; the same everything else."""
    for name, (umask, environment) in MACHINES.items():
        home = tmp_path / name
        shutil.copytree(estates / "contoso", home / "estate")
        shutil.copy(contoso / "result.json", home / "last.json")
        (home / "exemptions.yaml").write_text(EXEMPTIONS, encoding="utf-8")
        (home / "elsewhere").mkdir()
        # One names its files by where they are, the other by where it is itself.
        here = home if name == "here" else home / "elsewhere"
        files = Path() if name == "here" else home
        only_printed = sorted(set(reports.FORMATS) - set(FILES.values()))
        for number, format_ in enumerate(only_printed):
            command = [
                *(sys.executable, "-m", "scanner", "scan", files / "estate", "-f", format_),
                *("--config", files / "estate" / "azmlscan.yaml"),
                *("--exemptions", files / "exemptions.yaml", "--baseline", files / "last.json"),
                *([] if number else ["--output-dir", home / "run", "--evidence", home / "more"]),
            ]
            done = subprocess.run(
                list(map(str, command)),
                cwd=here,
                umask=umask,
                env=environment | {"PYTHONPATH": str(root), "HOME": str(home), "PATH": ""},
                capture_output=True,
                check=False,
            )
            assert done.returncode == 10, done.stderr
            (home / f"{format_}.printed").write_bytes(done.stdout)
    one, other = (written_below(tmp_path / name) for name in MACHINES)
    assert {"run/audit.sarif", "run/report.html", "terminal.printed"} < one.keys()
    assert [name for name in one.keys() | other.keys() if one.get(name) != other.get(name)] == []


def written_below(home):
    return {
        path.relative_to(home).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in home.rglob("*")
        if path.is_file()
    }


def resummed(folder):
    """Write the sums anew, as somebody would who changes a report and knows of them."""
    names = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.name != SUMS
    )
    lines = (f"{hashlib.sha256((folder / n).read_bytes()).hexdigest()}  {n}\n" for n in names)
    (folder / SUMS).write_text("".join(lines))


def edited(name, pattern, replacement):
    def edit(folder):
        file = folder / name
        text, number = re.subn(pattern, replacement, file.read_text(), count=1)
        assert number == 1
        file.write_text(text)

    return edit


def without_a_row(name, sign):
    def edit(folder):
        lines = (folder / name).read_text().splitlines(keepends=True)
        taken = next(n for n, line in enumerate(lines) if sign in line)
        (folder / name).write_text("".join(lines[:taken] + lines[taken + 1 :]))

    return edit


DAMAGE = {
    "a verdict of the full result": edited("result.json", '"verdict":"fail"', '"verdict":"pass"'),
    "its totals": edited("result.json", '"totals":{"pass":', '"totals":{"pass":1'),
    "a result for alerts": without_a_row("results.sarif", '"ruleId"'),
    "a kind": edited(
        "audit.sarif", '"kind":"fail","level":"[a-z]+"', '"kind":"pass","level":"none"'
    ),
    "a row of CSV": without_a_row("results.csv", ",fail,"),
    "a case": edited("junit.xml", "<failure ", "<skipped "),
    "the page's total": edited("report.html", r'(data-row="all">.*?data-c="fail">)', r"\g<1>1"),
    "the summary's total": edited("report.md", r"\| \*\*all\*\* \| ", "| **all** | 1"),
    "the format": lambda folder: (folder / "results.sarif").write_text("{}"),
    "a document type": edited("junit.xml", r"\?>\n", "?>\n<!DOCTYPE x>"),
    "no table": lambda folder: (folder / "report.md").write_text("# Clean\n"),
    "no rows": lambda folder: (folder / "results.csv").write_text("a,b\n"),
    "a broken file": lambda folder: (folder / "result.json").write_bytes(b'{"summary":'),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_changed_count_is_seen_even_with_new_sums(run, damage):
    damage(run)
    changed = verify_bundle(run)
    assert any("another content" in problem for problem in changed)
    resummed(run)
    problems = verify_bundle(run)
    assert problems
    assert not any("another content" in problem for problem in problems)
    code, out, _ = invoke("verify-report", run)
    assert code == 1
    assert out.splitlines() == problems


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (lambda run: (run / "report.md").unlink(), "report.md is missing"),
        (lambda run: (run / "x.txt").write_text("x"), f"x.txt is not listed in {SUMS}"),
        (
            lambda run: (run / SUMS).write_text((run / SUMS).read_text() + f"{'0' * 64}  ../x\n"),
            f"{SUMS} names ../x, which is outside of the folder",
        ),
        (
            lambda run: ((run / "report.md").unlink(), (run / "report.md").symlink_to("junit.xml")),
            "report.md is a link, not a file",
        ),
    ],
    ids=["missing", "extra", "outside", "link"],
)
def test_files_that_come_go_or_lead_elsewhere(run, damage, problem):
    damage(run)
    assert verify_bundle(run) == [problem]


def test_what_is_no_run_is_told_so(tmp_path, run):
    code, _, err = invoke("verify-report", tmp_path)
    assert (code, f"holds no {SUMS}" in err) == (1, True)
    (run / SUMS).write_text("hello\n")
    with pytest.raises(ScannerError, match=":1: not a line"):
        verify_bundle(run)
    assert invoke("verify-report", tmp_path / "nowhere")[0] == 2


def test_nothing_is_left_where_a_report_fails(tmp_path):
    def broken():
        yield b"half"
        raise ScannerError("no more")

    with pytest.raises(ScannerError, match="no more"):
        write_bundle(tmp_path / "run", {"result.json": broken()}, lambda folder: None)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_run_is_never_overwritten(run, estates):
    before = (run / SUMS).read_bytes()
    code, _, err = invoke("scan", estates / "contoso", "--output-dir", run)
    assert code == 1
    assert "exists already" in err
    assert (run / SUMS).read_bytes() == before


def test_no_file_holds_a_secret_of_the_estate(tmp_path):
    workspace = (
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"
    )
    records = [
        {
            "id": workspace,
            "name": "w",
            "type": "Microsoft.MachineLearningServices/workspaces",
            "tags": {"note": SECRETS["sasToken"]},
            "properties": {
                "publicNetworkAccess": "Enabled",
                "description": SECRETS["connectionString"],
            },
        },
        {
            "id": f"{workspace}/datastores/d",
            "name": "d",
            "type": "Microsoft.MachineLearningServices/workspaces/datastores",
            "properties": {
                "datastoreType": "AzureBlob",
                "credentials": {"credentialsType": "AccountKey", "secrets": SECRETS},
            },
        },
    ]
    export = tmp_path / "export.json"
    export.write_text(json.dumps(records))
    folder = tmp_path / "run"
    code, _, err = invoke("scan", export, "--output-dir", folder)
    assert code in {4, 10}, err
    for path in folder.rglob("*"):
        if path.is_file() and path.name != SUMS:
            text = path.read_text()
            assert not any(secret in text for secret in SECRETS.values()), path
            if path.suffix in {".sarif", ".json"} and path.parent == folder:
                assert not [s for s in strings(json.loads(text)) if is_secret_text(s)]


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def test_sarif_is_split_by_subscription(estates, tmp_path):
    estate = estates / "contoso"
    file = tmp_path / "results.sarif"
    code, _, err = invoke(
        *("scan", estate, "--config", estate / "azmlscan.yaml", "-o", file, "--sarif-split")
    )
    assert code == 10
    parts = sorted(tmp_path.iterdir())
    assert file in parts
    assert len(parts) > 2
    assert all(f"wrote {part}" in err for part in parts)
    runs = [json.loads(part.read_bytes())["runs"][0] for part in parts]
    assert len({run["automationDetails"]["id"] for run in runs}) == len(parts)
    shown = [
        r["partialFingerprints"]["primaryLocationLineHash"] for run in runs for r in run["results"]
    ]
    assert len(set(shown)) == len(shown) == runs[0]["properties"]["totals"]["fail"]


@pytest.mark.parametrize("args", [[], ["-o", "x.sarif", "--sarif-profile", "audit"]])
def test_split_without_files_for_alerts_is_wrong_usage(estates, args):
    code, _, err = invoke("scan", estates / "contoso", "--sarif-split", *args)
    assert code == 2
    assert "-o results.sarif" in err


def test_the_options_are_what_the_reports_know():
    """The command line names them itself, so that `--help` loads no report."""
    assert reports.PROFILES == sarif.PROFILES
    assert reports.LEVELS == sarif.LEVELS
    assert {"sarif" if kind == "audit" else kind for kind in FILES.values()} <= set(reports.FORMATS)
    assert set(FILES.values()) == set(TALLIES)


def test_a_comment_fits_where_comments_go(estates):
    estate = estates / "contoso"
    _, out, _ = invoke("scan", estate, "--config", estate / "azmlscan.yaml", "-f", "pr-comment")
    assert 1_000 < len(out.encode()) <= 60_000
    assert "| **all** |" in out
