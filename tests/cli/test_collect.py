"""The command, against the emulator; and what does not load the Azure SDK."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from click_type_test import check_param_annotations

from fixtures.emulator import Emulator, Principal, Quotas, Settings
from scanner import schemas
from scanner.cli import cli
from scanner.cli.collect import CREDENTIALS, _tell, _told, collect
from scanner.collect import credential
from scanner.collect.cloud import CLOUDS
from scanner.collect.quota import Quotas as Limits
from scanner.collect.run import Collected
from scanner.config import CLOUD_NAMES
from scanner.snapshot import Gap, Manifest, open_snapshot

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
        assert f"1 subscription to read: subscription {DEV}." in err
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


def test_gaps_of_one_cause_are_told_in_one_line(capsys):
    where = [f"/subscriptions/{each}" for each in "abc"]
    gaps = [Gap(table, at, "o", 403, "C", permission="p") for at in where for table in "uvwxyz"]
    gaps += [Gap("t", at, "o", code="ReadNotAllowed", permission=f"{at}/read") for at in where]
    told = list(_told(gaps))
    assert told == [
        "gap: u, v, w and 3 more at /subscriptions/a and 2 more: 403 C; needs p",
        *(f"gap: t at {at}: ReadNotAllowed; needs {at}/read" for at in where),
    ]
    many = tuple(Gap("t", "/", "o", code=f"C{number}\x1b[2J") for number in range(12))
    manifest = Manifest(tool_version="1", started="s", finished="f", gaps=many)
    _tell(Path("out"), Collected(manifest, 0, 0.0))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 12
    assert lines[10].startswith("… and 2 more kinds of gaps. The gaps in full: ")
    assert "\x1b" not in "".join(lines)


def config_with(folder, **collect):
    file = folder / "azmlscan.yaml"
    file.write_text(json.dumps({"collect": collect}))
    return file


@pytest.fixture
def signed_in(monkeypatch, fast):
    with Emulator(CONTOSO, quotas=PLENTY) as azure:
        for name, value in azure.environment.items():
            monkeypatch.setenv(name, value)
        yield azure


PROD = "27d3be81-b75a-5eb9-a374-eb5717f1baac"


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_the_config_says_what_is_read_and_how(tmp_path, signed_in):
    shutil.copy(signed_in.cloud_file, tmp_path / "lab.json")
    said = {"cloud": "lab.json", "credential": "environment"}
    config = config_with(
        tmp_path,
        managementGroups=["contoso-landing-zones"],
        excludedSubscriptions=[PROD.upper()],
        **said,
    )
    code, _, err = invoke("--config", config, "-o", tmp_path / "one")
    assert code == 0, err
    assert "management group contoso-landing-zones, without 1 that the config excludes" in err
    with open_snapshot(tmp_path / "one") as snapshot:
        assert f"/subscriptions/{PROD}" not in snapshot.manifest.scopes_read
        assert f"/subscriptions/{DEV}" in snapshot.manifest.scopes_read
    code, _, err = invoke("--config", config, "--subscription", PROD, "-o", tmp_path / "two")
    assert code == 0, err
    with open_snapshot(tmp_path / "two") as snapshot:
        assert snapshot.manifest.scopes_asked == (f"/subscriptions/{PROD}",)


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_scan_without_a_snapshot_reads_what_the_config_says(tmp_path, signed_in):
    config = config_with(
        tmp_path, subscriptions=[DEV], cloud=str(signed_in.cloud_file), credential="environment"
    )
    args = ["scan", "--config", str(config), "--keep", str(tmp_path / "kept")]
    result = CliRunner().invoke(cli, args)
    assert result.exit_code == 10, result.output
    with open_snapshot(tmp_path / "kept") as snapshot:
        assert snapshot.manifest.scopes_asked == (f"/subscriptions/{DEV}",)
    asked = len(signed_in.ledger.entries)
    offline = CliRunner().invoke(cli, ["scan", "--config", str(config), str(tmp_path / "kept")])
    assert offline.exit_code == 10
    assert len(signed_in.ledger.entries) == asked


@pytest.mark.parametrize(
    ("collect", "told"),
    [
        ({"subscriptions": ["production"]}, "collect.subscriptions[0]: 'production' is not"),
        ({"managementGroups": ["a b"]}, "collect.managementGroups[0]: 'a b' is not"),
        ({"credential": "password"}, "collect.credential: 'password' is none"),
        ({"cloud": "moon"}, "collect.cloud: there is no cloud 'moon' and no file"),
        ({"subscription": [DEV]}, "Did you mean 'subscriptions'?"),
    ],
)
def test_a_wrong_section_names_file_and_place(tmp_path, collect, told):
    config = config_with(tmp_path, **collect)
    code, _, err = invoke("--config", config, "-o", tmp_path / "x")
    assert code == 2
    assert f"{config}:1: collect." in err
    assert told in err


def test_names_are_the_same_everywhere():
    assert set(CLOUDS) == set(CLOUD_NAMES)
    section = schemas.load("config")["properties"]["collect"]["properties"]
    assert tuple(section["credential"]["enum"]) == CREDENTIALS


def test_a_scan_takes_a_snapshot_or_a_scope():
    for args in (["scan"], ["scan", str(CONTOSO), "--subscription", DEV]):
        result = CliRunner().invoke(cli, args)
        assert result.exit_code == 2
        assert "either a snapshot or a scope" in result.stderr
