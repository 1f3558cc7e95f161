from __future__ import annotations

import asyncio
import gzip
import json
import signal
import ssl
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

from fixtures.emulator import Emulator, Settings
from tests.emulator.conftest import CONTOSO

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


async def ask(emulator, paths):
    trusted = ssl.create_default_context(cafile=str(emulator.ca_file))
    headers = {"Authorization": f"Bearer {emulator.token()}"}
    async with aiohttp.ClientSession(headers=headers) as session:

        async def one(path):
            async with session.get(f"{emulator.base_url}{path}", ssl=trusted) as answer:
                return answer.status

        return await asyncio.gather(*map(one, paths))


def test_requests_overlap_and_the_ledger_has_them_all():
    with Emulator(CONTOSO, settings=Settings(latency=0.05)) as running:
        statuses = asyncio.run(ask(running, ["/subscriptions?api-version=2022-12-01"] * 8))
        assert statuses == [200] * 8
        assert 2 <= running.ledger.peak <= 8
        found = running.ledger.select("/subscriptions", method="GET", status=200)
        assert {each.api_version for each in found} == {"2022-12-01"}
        assert {each.principal for each in found} == {running.settings.principals[0].client_id}


def test_a_folder_of_compressed_tables(tmp_path):
    plain = (CONTOSO / "records" / "subscriptions.ndjson").read_bytes()
    (tmp_path / "subscriptions.ndjson.gz").write_bytes(gzip.compress(plain))
    with Emulator(tmp_path) as running:
        assert asyncio.run(ask(running, ["/subscriptions?api-version=2022-12-01"])) == [200]


def test_a_folder_without_records_is_an_error(tmp_path):
    with pytest.raises(ValueError, match=r"no <table>\.ndjson"):
        Emulator(tmp_path)


def test_the_command_serves_until_it_is_stopped(tmp_path, root):
    command = [sys.executable, "-m", "fixtures.emulator", str(CONTOSO), "--folder", str(tmp_path)]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(5)]
        cloud = json.loads((tmp_path / "cloud.json").read_text())
        assert lines[0] == f"resourceManager {cloud['resourceManager']}\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_a_relative_folder_names_its_certificate_for_everybody(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Emulator(CONTOSO, settings=Settings(folder=Path("made/here"))) as running:
        cloud = json.loads((tmp_path / "made" / "here" / "cloud.json").read_text())
        assert Path(cloud["caBundle"]).is_absolute()
        assert running.environment["REQUESTS_CA_BUNDLE"] == cloud["caBundle"]


def test_the_command_names_a_mistake(tmp_path, root):
    command = [sys.executable, "-m", "fixtures.emulator", str(tmp_path)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "no <table>.ndjson" in done.stderr
    assert "Traceback" not in done.stderr
