from __future__ import annotations

import os
from pathlib import Path

import pytest

from scanner.errors import ScannerError
from scanner.files import atomic_folder, scratch_folder, write_atomic


class BoomError(Exception):
    pass


def failing():
    yield b"half"
    raise BoomError


def test_file_is_written_and_replaced(tmp_path):
    path = tmp_path / "report.md"
    write_atomic(path, [b"a", b"b"])
    write_atomic(path, [b"c"])
    assert path.read_bytes() == b"c"
    assert list(tmp_path.iterdir()) == [path]


def test_exception_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "report.md"
    path.write_bytes(b"old")
    with pytest.raises(BoomError):
        write_atomic(path, failing())
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_link_stays_a_link(tmp_path):
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_bytes(b"old")
    link.symlink_to(real)
    write_atomic(link, [b"new"])
    assert link.is_symlink()
    assert real.read_bytes() == b"new"


def test_device_is_written_to():
    null = Path(os.devnull)
    write_atomic(null, [b"x"])
    assert not null.is_file()


def test_file_mode_follows_the_umask(tmp_path):
    write_atomic(tmp_path / "f", [b""])
    (tmp_path / "g").write_bytes(b"")
    assert (tmp_path / "f").stat().st_mode == (tmp_path / "g").stat().st_mode


@pytest.mark.parametrize(
    ("name", "message"), [("no/such/f", "there is no folder"), (".", "is a folder")]
)
def test_place_that_cannot_be_written(tmp_path, name, message):
    with pytest.raises(ScannerError, match=message):
        write_atomic(tmp_path / name, [b""])
    assert list(tmp_path.iterdir()) == []


def test_folder_appears_whole(tmp_path):
    path = tmp_path / "out"
    with atomic_folder(path) as folder:
        (folder / "sub").mkdir()
        (folder / "sub" / "f").write_bytes(b"1")
        assert not path.exists()
    assert (path / "sub" / "f").read_bytes() == b"1"
    assert list(tmp_path.iterdir()) == [path]


def test_folder_is_gone_after_an_exception(tmp_path):
    with pytest.raises(BoomError), atomic_folder(tmp_path / "out") as folder:
        write_atomic(folder / "f", failing())
    assert list(tmp_path.iterdir()) == []


def test_empty_folder_is_taken(tmp_path):
    path = tmp_path / "out"
    path.mkdir()
    with atomic_folder(path) as folder:
        (folder / "f").write_bytes(b"1")
    assert (path / "f").exists()


def test_folder_with_something_in_it_is_refused_before_the_work(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_bytes(b"1")
    with (
        pytest.raises(ScannerError, match="not empty"),
        atomic_folder(tmp_path / "out") as folder,
    ):
        pytest.fail(f"{folder} was made")
    with pytest.raises(ScannerError, match="is a file"), atomic_folder(tmp_path / "out" / "mine"):
        pytest.fail("a file was replaced")
    assert (tmp_path / "out" / "mine").read_bytes() == b"1"


def test_folder_is_replaced_when_told(tmp_path):
    path = tmp_path / "out"
    path.mkdir()
    (path / "old").write_bytes(b"1")
    with atomic_folder(path, replace=True) as folder:
        (folder / "new").write_bytes(b"2")
    assert [file.name for file in path.iterdir()] == ["new"]
    assert list(tmp_path.iterdir()) == [path]


def test_scratch_is_gone_afterwards(tmp_path):
    with scratch_folder(tmp_path / "out") as folder:
        (folder / "f").write_bytes(b"1")
    assert list(tmp_path.iterdir()) == []
