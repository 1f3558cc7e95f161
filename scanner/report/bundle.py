"""A whole run in one folder: every report, the evidence, and the sums that prove they are whole."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from scanner.errors import ScannerError
from scanner.files import atomic_folder
from scanner.report.tally import TALLIES, Tally, TallyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

SUMS: Final = "SHA256SUMS"
EVIDENCE: Final = "evidence"
FULL: Final = "result.json"
FILES: Final = {
    FULL: "json",
    "results.sarif": "sarif",
    "audit.sarif": "audit",
    "report.html": "html",
    "report.md": "markdown",
    "results.csv": "csv",
    "junit.xml": "junit",
}
"""The reports in the folder, and the format of each."""
_LINE: Final = re.compile(r"([0-9a-f]{64})  (.+)")
_CHUNK: Final = 1 << 20
_PROBLEMS_SHOWN: Final = 100


def write_bundle(
    directory: Path,
    reports: Mapping[str, Iterable[bytes]],
    write_evidence: Callable[[Path], object],
) -> None:
    """Write reports by file name, the evidence and SHA256SUMS to a new folder, all or nothing.

    Raises:
        ScannerError: the folder exists and is not empty, or cannot be written.
    """
    with atomic_folder(directory) as folder:
        for name, chunks in reports.items():
            with (folder / name).open("wb") as file:
                file.writelines(chunks)
        write_evidence(folder / EVIDENCE)
        lines = [f"{_digest(path)}  {name}\n" for name, path in _files(folder)]
        (folder / SUMS).write_bytes("".join(lines).encode())


def verify_bundle(directory: Path) -> list[str]:
    """Return what is wrong with a folder that `write_bundle` wrote; nothing when it is sound.

    Checked are the set of files, the digest of each, and that every report counts as the full
    result does.
    """
    if not (directory / SUMS).is_file():
        raise ScannerError(
            f"{directory} holds no {SUMS}",
            hint="Name a folder that `azmlscan scan --output-dir` wrote.",
        )
    problems = list(_wrong_sums(directory))
    problems += _wrong_counts(directory)
    more = len(problems) - _PROBLEMS_SHOWN
    return [*problems[:_PROBLEMS_SHOWN], *([f"{more} more"] if more > 0 else [])]


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files below a folder by their relative names, sorted, the sums left out."""
    found = {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if path.is_file() or path.is_symlink()
    }
    found.pop(SUMS, None)
    return iter(sorted(found.items()))


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while data := file.read(_CHUNK):
            digest.update(data)
    return digest.hexdigest()


def _wrong_sums(directory: Path) -> Iterator[str]:
    listed = _listed(directory / SUMS)
    present = dict(_files(directory))
    for name, expected in listed.items():
        if not _is_inside(name):
            yield f"{SUMS} names {name}, which is outside of the folder"
        elif name not in present:
            yield f"{name} is missing"
        elif present[name].is_symlink():
            yield f"{name} is a link, not a file"
        elif _digest(present[name]) != expected:
            yield f"{name} has another content than when it was written"
    yield from (f"{name} is not listed in {SUMS}" for name in present if name not in listed)
    if FULL not in listed:
        yield f"{FULL} is not listed in {SUMS}"


def _listed(path: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    lines = path.read_text("utf-8", errors="replace").splitlines()
    for number, line in enumerate(lines, start=1):
        match = _LINE.fullmatch(line)
        if match is None:
            raise ScannerError(f"{path}:{number}: not a line as sha256sum writes it")
        found[match[2]] = match[1]
    return found


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in name


def _wrong_counts(directory: Path) -> list[str]:
    """Return how the reports' counts differ; a report that cannot be read counts as different."""
    tallies: dict[str, Tally] = {}
    problems: list[str] = []
    for name, format_ in FILES.items():
        path = directory / name
        if format_ in TALLIES and path.is_file() and not path.is_symlink():
            try:
                tallies[name] = TALLIES[format_](path)
            except TallyError as error:
                problems.append(f"{name}: {error}")
    full = tallies.pop(FULL, None)
    if full is None:
        return problems
    for name, tally in tallies.items():
        problems += [
            f"{name} counts {number:,} {label}, {FULL} counts {getattr(full, label):,}"
            for label, number in tally._asdict().items()
            if number is not None and number != getattr(full, label)
        ]
    return problems
