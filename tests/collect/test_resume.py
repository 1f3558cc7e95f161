"""Runs that end early, and runs that go on from there."""

from __future__ import annotations

import signal

import pytest

from fixtures.emulator import Fault
from scanner.collect.journal import Count, Done, Journal, Run
from scanner.collect.refusal import RefusalError
from scanner.collect.run import state_folder
from scanner.collect.scopes import Asked
from scanner.errors import UsageError
from tests.collect.conftest import Told, collected, differences, served, small_estate

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])
LEAK = "AccountKey=c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmU="
RUN = Run("public", "tenant", "me", ("/",), "1/1", "2026-11-21T10:00:00Z")


class Impatient(Told):
    """Presses Ctrl-C after some reads."""

    def __init__(self, reads: int) -> None:
        super().__init__()
        self.left = reads

    def done(self, table: str, rows: int, gaps: int) -> None:
        super().done(table, rows, gaps)
        self.left -= 1
        if not self.left:
            signal.raise_signal(signal.SIGINT)


def interrupted(runs, azure, reads):
    output = runs.output()
    runs.told = Impatient(reads)
    with pytest.raises(KeyboardInterrupt):
        runs.collect(azure, output=output)
    runs.told = Told()
    assert not output.exists()
    return output


@pytest.mark.parametrize("reads", [5, 60])
def test_a_run_goes_on_where_it_was_interrupted(runs, reads):
    source = small_estate()
    with runs.emulator(source) as azure:
        output = interrupted(runs, azure, reads)
        journal = state_folder(output) / "reads.ndjson"
        journal.write_bytes(journal.read_bytes() + b'{"n":999,"t":"comp')
        before = len(azure.ledger.entries)
        _, found = runs.collect(azure, output=output, resume=True)
        again = len(azure.ledger.entries) - before
        assert found.resumed >= reads - 10
        whole, _ = runs.collect(azure)
    assert again < before + again - found.resumed + 10
    assert not state_folder(output).exists()
    assert differences(collected(output), collected(whole)) == []
    assert differences(collected(output), served(source, found.manifest.tenant_id)) == []


def test_without_resume_it_starts_anew(runs):
    with runs.emulator(small_estate()) as azure:
        output = interrupted(runs, azure, 20)
        _, found = runs.collect(azure, output=output)
    assert found.resumed == 0
    assert not state_folder(output).exists()


def test_another_scope_is_not_gone_on_with(runs):
    with runs.emulator(small_estate()) as azure:
        output = interrupted(runs, azure, 20)
        with pytest.raises(UsageError, match="other options"):
            runs.collect(azure, output=output, resume=True, asked=Asked(groups=("contoso",)))
    assert state_folder(output).is_dir()


def test_what_failed_in_passing_is_read_again(runs):
    source = small_estate()
    failing = Fault(effect="status", status=503, path="*/denyassignments")
    with runs.emulator(source, faults=[failing]) as azure:
        output = interrupted(runs, azure, 80)
        azure.inject()
        _, found = runs.collect(azure, output=output, resume=True)
    assert found.manifest.gaps == ()


def test_the_state_holds_no_secret(runs):
    source = small_estate()
    for table, record in source:
        if table in {"storageAccounts", "connections"}:
            record["properties"]["primaryKey"] = LEAK
    with runs.emulator(source) as azure:
        output = interrupted(runs, azure, 90)
    files = [file for file in state_folder(output).iterdir() if file.is_file()]
    content = b"".join(file.read_bytes() for file in files)
    assert b"$redacted" in content
    assert LEAK.encode() not in content
    assert b"emulator-secret" not in content
    assert (state_folder(output).stat().st_mode & 0o077) == 0


def test_only_ended_reads_count(tmp_path):
    folder = tmp_path / "state"
    count = Count("computes", "/", "1")
    with Journal(folder, RUN, resume=False) as journal:
        journal.claim("one")
        done = journal.begin()
        assert done.add("computes", {"id": "/a/b"})
        assert not done.add("computes", {"id": "/A/B/"})
        journal.end(Done(done.number, "one", count))
        journal.begin().add("computes", {"id": "/c/d"})
        assert [row["id"] for _, row in journal.rows("computes")] == ["/a/b"]
        assert done.duplicates == 1
    with Journal(folder, RUN, resume=True) as journal:
        assert journal.resumed == 1
        assert list(journal.rows()) == []
        assert journal.claim("one")
        assert [row["id"] for _, row in journal.rows()] == ["/a/b"]


@pytest.mark.parametrize("record", [{}, {"id": None}, {"id": ""}, [], "text", None])
def test_what_is_no_record_is_refused(tmp_path, record):
    with (
        Journal(tmp_path / "state", RUN, resume=False) as journal,
        pytest.raises(RefusalError, match="without an id"),
    ):
        journal.begin().add("computes", record)


def test_a_state_that_is_none_is_refused(tmp_path):
    folder = tmp_path / "state"
    folder.mkdir()
    (folder / "run.json").write_text("{")
    with pytest.raises(UsageError, match="no state of a run"):
        Journal(folder, RUN, resume=True)
