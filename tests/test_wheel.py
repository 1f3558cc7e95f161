"""The built package, installed outside the checkout: what users get, and what only developers see."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

from scanner import __version__


@pytest.fixture(scope="module")
def dist(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    # The wheel is made from the sdist, so this also shows that the sdist holds all it takes.
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, root],
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    [found] = dist.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def command(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`azmlscan` of a fresh environment, which sees this one's dependencies but not the checkout."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=False, symlinks=True)
    scripts = folder / ("Scripts" if sys.platform == "win32" else "bin")
    python = scripts / "python"
    shown = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    )
    site = Path(shown.stdout.strip())
    # Naming the folder in a .pth file does not run the .pth files inside it, so the editable
    # install of the checkout stays out.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps",
         "--no-index", "--ignore-installed", wheel],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return scripts / "azmlscan"


def run(command: Path, folder: Path, *args: str | Path) -> subprocess.CompletedProcess[str]:
    env = {"PATH": str(command.parent), "NO_COLOR": "1"}
    return subprocess.run(
        [command, *args], cwd=folder, env=env, capture_output=True, text=True, check=False
    )


def test_wheel_holds_rules_and_data(root, wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    rules = {
        f"scanner/_rules/{path.relative_to(root / 'rules').as_posix()}"
        for path in (root / "rules").rglob("*.yaml")
    }
    data = {
        path.relative_to(root).as_posix()
        for path in (root / "scanner").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert rules <= names
    assert data <= names
    packed = {name for name in names if not name.startswith(("scanner/", "azmlscan-"))}
    assert not packed


def test_sdist_holds_tests_and_fixtures(dist):
    [found] = dist.glob("*.tar.gz")
    with tarfile.open(found) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"tests/test_wheel.py", "pyproject.toml", "Makefile", "LICENSE"} <= names
    assert any(name.startswith("fixtures/arm/") for name in names)
    assert not any(name.startswith((".venv", "build/", ".git/")) for name in names)


def test_installed_version(command, tmp_path):
    done = run(command, tmp_path, "--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"azmlscan {__version__}\n", "")


def test_installed_package_is_not_the_checkout(command, root, tmp_path):
    code = "import scanner; print(scanner.__file__)"
    done = run(command.parent / "python", tmp_path, "-c", code)
    assert not Path(done.stdout.strip()).is_relative_to(root)


def test_installed_scan(command, estates, tmp_path):
    estate = estates / "pristine"
    if not (estate / "manifest.json").exists():
        pytest.skip("no estate without findings")
    config = estate / "azmlscan.yaml"
    options = ["--config", config] if config.exists() else []
    done = run(command, tmp_path, "scan", estate, *options, "-f", "json")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr


def test_installed_init(command, tmp_path):
    done = run(command, tmp_path, "init")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "azmlscan.yaml").read_text().startswith("#")


def test_the_lock_pins_what_pyproject_names(root):
    project = tomllib.loads((root / "pyproject.toml").read_text())
    lines = (root / "requirements-dev.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    pinned = {_normal(name): version for name, version in pins.items()}
    for requirement in project["dependency-groups"]["dev"]:
        name, _, version = requirement.partition("==")
        assert pinned[_normal(name.partition("[")[0])] == version
    for requirement in project["project"]["dependencies"]:
        assert _normal(re.split(r"[<>=\[]", requirement)[0]) in pinned


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
