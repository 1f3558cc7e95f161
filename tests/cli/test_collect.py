"""The command, against the emulator; and what does not load the Azure SDK."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from click_type_test import check_param_annotations

from fixtures.emulator import Emulator, Principal, Quotas, Settings
from scanner.cli import cli
from scanner.cli.collect import CREDENTIALS, collect
from scanner.collect import credential
from scanner.collect.quota import Quotas as Limits
from scanner.snapshot import open_snapshot

CONTOSO = Path(__file__).resolve().parents[2] / "fixtures" / "estates" / "contoso"
PLENTY = Quotas(queries=1_000, reads=100_000)
DEV = "5f58b8d8-32ab-5313-91c7-01fe79c292b2"


def invoke(*args: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli, ["collect", *map(str, args)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def fast(monkeypatch):
    """The limits that the collector starts from are those of the emulator."""
    from scanner.collect import run  # noqa: PLC0415

    class Plenty(run.Options, frozen=True, kw_only=True):
        quotas: Limits = Limits(queries=1_000, reads=100_000)

    monkeypatch.setattr(run, "Options", Plenty)


def test_parameters_have_the_types_of_the_options():
    check_param_annotations(collect)


def test_credentials_are_those_that_there_are():
    assert CREDENTIALS == credential.CREDENTIALS


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_collect_then_scan(tmp_path, monkeypatch, fast):
    output = tmp_path / "estate"
    with Emulator(CONTOSO, quotas=PLENTY) as azure:
        for name, value in azure.environment.items():
            monkeypatch.setenv(name, value)
        options = ("--cloud", azure.cloud_file, "--credential", "environment")
        code, out, err = invoke(
            "--subscription", f"/subscriptions/{DEV.upper()}", "-o", output, *options,
            "--config", CONTOSO / "azmlscan.yaml",
        )  # fmt: skip
        assert (code, out) == (0, "")
        assert "1 subscriptions can be read" in err
        assert " 0 gaps, " in err.splitlines()[-1]
        with open_snapshot(output) as snapshot:
            assert snapshot.manifest.estate == "contoso"
            assert snapshot.manifest.scopes_asked == (f"/subscriptions/{DEV}",)
        again, _, refused = invoke("-o", output, *options)
        assert again == 1
        assert "exists already" in refused
    scanned = CliRunner().invoke(cli, ["scan", str(output), "-f", "json"])
    assert scanned.exit_code == 10


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_nothing_to_read_is_3(tmp_path, monkeypatch):
    nobody = Principal(subscriptions=frozenset(), management_groups=False)
    with Emulator(CONTOSO, settings=Settings(principals=(nobody,))) as azure:
        for name, value in azure.environment.items():
            monkeypatch.setenv(name, value)
        code, _, err = invoke(
            "-o", tmp_path / "x", "--cloud", azure.cloud_file, "--credential", "environment"
        )
    assert code == 3
    assert "Resource Graph shows it no subscription" in err
    assert "Hint: Assign it the role Reader" in err
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (["--subscription", "production"], "no id of a subscription"),
        (["--management-group", "a b"], "no id of a management group"),
        (["--shard", "3/2"], "no shard"),
        (["--shard", "0/2"], "no shard"),
        (["--cloud", "moon"], "no cloud and no file"),
        (["--concurrency", "0"], "concurrency"),
    ],
)
def test_wrong_usage_is_2(tmp_path, args, problem):
    code, _, err = invoke("-o", tmp_path / "x", *args)
    assert code == 2
    assert problem in err


def test_scan_and_help_load_no_azure(tmp_path):
    code = (
        "import sys\nfrom scanner.cli import cli\n"
        "for args in (['collect', '--help'], ['scan', sys.argv[1], '-f', 'json', '-o', sys.argv[2]]):\n"
        " try: cli(args)\n"
        " except SystemExit: pass\n"
        "print('loaded:', [n for n in ('azure', 'aiohttp', 'msal') if n in sys.modules],"
        " file=sys.stderr)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, CONTOSO, tmp_path / "result.json"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert run.stderr.splitlines()[-1] == "loaded: []"
    assert (tmp_path / "result.json").exists()


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_scan_collects_first_where_it_is_given_a_scope(tmp_path, monkeypatch, fast):
    kept = tmp_path / "kept"
    with Emulator(CONTOSO, quotas=PLENTY) as azure:
        for name, value in azure.environment.items():
            monkeypatch.setenv(name, value)
        where = ["--cloud", str(azure.cloud_file), "--credential", "environment"]
        args = ["scan", "--subscription", DEV, *where, "--keep", str(kept)]
        result = CliRunner().invoke(cli, args)
    assert result.exit_code == 10, result.output
    assert "mlw-churn-dev" in result.stdout
    with open_snapshot(kept) as snapshot:
        assert snapshot.manifest.scopes_asked == (f"/subscriptions/{DEV}",)


def test_a_scan_takes_a_snapshot_or_a_scope():
    for args in (["scan"], ["scan", str(CONTOSO), "--subscription", DEV]):
        result = CliRunner().invoke(cli, args)
        assert result.exit_code == 2
        assert "either a snapshot or a scope" in result.stderr
