"""`azmlscan exemptions`: check, list and add exemptions."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import click

from scanner.cli.exemption_entry import Given, entry_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from scanner.cli.evaluation import Evaluation
    from scanner.engine.exemption_notes import Note
    from scanner.engine.exemptions import ExemptionFile

_DAY = click.DateTime(["%Y-%m-%d"])
_TO_MEND = 10


@dataclasses.dataclass(frozen=True)
class CheckArgs:
    """What `exemptions check` was asked for."""

    file: Path
    snapshot: Path | None
    config: Path | None
    packs: tuple[Path, ...]
    as_of: date | None


@dataclasses.dataclass(frozen=True)
class AddArgs:
    """What `exemptions add` was asked for."""

    file: Path
    entry: dict[str, Any]
    config: Path | None
    packs: tuple[Path, ...]


@click.group()
def exemptions() -> None:
    """Check, list and add exemptions: findings that are accepted, by whom and until when."""


_PATH = click.Path(path_type=Path)
_CONFIG = click.option("--config", type=_PATH, help="Config file (azmlscan.yaml).")
_RULES = click.option(
    "--rules",
    "packs",
    multiple=True,
    type=_PATH,
    help="Add a rule pack: a folder or a file. Repeatable.",
)
_AS_OF = click.option(
    "--as-of", metavar="DATE", type=_DAY, help="Day to judge by; else the snapshot's, else today."
)


@exemptions.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("snapshot", required=False, type=click.Path(path_type=Path))
@_CONFIG
@_RULES
@_AS_OF
@click.pass_context
def check(
    ctx: click.Context,
    file: Path,
    snapshot: Path | None,
    config: Path | None,
    packs: tuple[Path, ...],
    as_of: datetime | None,
) -> None:
    """Check FILE, and with SNAPSHOT also what its exemptions are good for.

    Says which exemptions and attestations have expired or soon will, name rules, controls or
    environments that there are not, or attest what rules answer, and, with SNAPSHOT, which
    exemptions are unused, broader than what they cover, or orphaned.

    Exit codes: 0 sound, 10 something is to be mended, 2 the file is wrong.

    \b
    Example:
      azmlscan exemptions check exemptions.yaml estate/ --config azmlscan.yaml
    """  # noqa: D301
    day = as_of.date() if as_of is not None else None
    ctx.exit(run_check(CheckArgs(file, snapshot, config, packs, day)))


@exemptions.command("list")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@_AS_OF
def list_(files: tuple[Path, ...], as_of: datetime | None) -> None:
    """List the exemptions and attestations in FILES and how they stand.

    \b
    Example:
      azmlscan exemptions list exemptions.yaml --as-of 2026-12-31
    """  # noqa: D301
    click.echo(run_list(files, as_of.date() if as_of is not None else _today()), nl=False)


@exemptions.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--rule", "rules", multiple=True, required=True, help="Rule id or glob. Repeatable.")
@click.option("--resource", "resources", multiple=True, help="ARM id or glob. Repeatable.")
@click.option("--resource-group", "groups", multiple=True, help="Glob over names. Repeatable.")
@click.option("--environment", "environments", multiple=True, help="Environment. Repeatable.")
@click.option(
    "--category",
    type=click.Choice(["Waiver", "Mitigated"]),
    required=True,
    help="Waiver: the risk is accepted. Mitigated: something else takes care of it.",
)
@click.option("--justification", required=True, help="Why this is accepted.")
@click.option("--owner", required=True, help="Who answers for it.")
@click.option("--approved-by", default="", help="Who approved it.")
@click.option("--ticket", default="", help="Where it is tracked.")
@click.option("--id", "id_", default="", help="Its id; made from the rule where not given.")
@click.option("--created-on", metavar="DATE", type=_DAY, help="Day it is made; today by default.")
@click.option("--expires-on", metavar="DATE", type=_DAY, help="Last day on which it holds.")
@click.option("--days", type=click.IntRange(min=1), help="Instead: for how many days it holds.")
@_CONFIG
@_RULES
def add(
    file: Path,
    config: Path | None,
    packs: tuple[Path, ...],
    days: int | None,
    created_on: datetime | None,
    expires_on: datetime | None,
    **given: Unpack[Given],
) -> None:
    """Add an exemption to FILE, below a comment that says what its rule is about.

    Every other byte of the file stays as it is. A file that is not there is made.

    \b
    Example:
      azmlscan exemptions add exemptions.yaml --rule AML-NET-001 --environment dev \\
        --category Waiver --justification "No real data." --owner ml@contoso.com --days 90
    """  # noqa: D301
    from scanner.errors import UsageError

    if not (given["resources"] or given["groups"] or given["environments"]):
        hint = "Give --resource, --resource-group or --environment."
        raise UsageError("say what it is about", hint=hint)
    if (days is None) == (expires_on is None):
        raise UsageError("say until when", hint="Give either --expires-on or --days.")
    created = created_on.date() if created_on is not None else _today()
    expires = expires_on.date() if expires_on is not None else created + timedelta(days=days or 0)
    entry = entry_of(given, created, expires)
    run_add(AddArgs(file, entry, config, packs))


def run_check(args: CheckArgs) -> int:
    """Print what there is to say about a file; return the exit code."""
    from scanner.cli.evaluation import prepared
    from scanner.engine.exemption_notes import PROBLEMS
    from scanner.engine.exemptions import load_exemptions
    from scanner.report.text import one_line, plural

    evaluation = prepared(args.config, args.packs)
    files = load_exemptions([args.file], evaluation.config.max_exemption_days)
    if args.snapshot is None:
        found = _notes(files, evaluation, args.as_of or _today())
    else:
        found = _notes_with(args.snapshot, files, evaluation, args.as_of)
    for note in found:
        name = f"{note.place} ({note.id})" if note.id else note.place
        click.echo(one_line(f"{note.kind.value}: {name} {note.text}"))
    exempted = sum(len(file.exemptions) + len(file.gaps) for file in files)
    attested = sum(len(file.attestations) for file in files)
    numbers = [plural(exempted, "exemption"), *([plural(attested, "attestation")] * bool(attested))]
    click.echo(", ".join((*numbers, plural(len(found), "note"))), err=True)
    return _TO_MEND if any(note.kind in PROBLEMS for note in found) else 0


def _notes(files: Sequence[ExemptionFile], evaluation: Evaluation, day: date) -> list[Note]:
    from scanner.engine.attestation_notes import control_notes, standing_notes
    from scanner.engine.attestations import reviews
    from scanner.engine.control_files import load_controls
    from scanner.engine.exemption_notes import date_notes, name_notes

    rules = [loaded.rule.id for loaded in evaluation.loaded]
    environments = [each.name for each in evaluation.config.environments]
    found: list[Note] = []
    for file in files:
        found += name_notes(file.exemptions, rules, environments)
        found += date_notes(file.terms(), day)
    attested = [each for file in files for each in file.attestations]
    if attested:
        known = load_controls(evaluation.packs, evaluation.loaded)
        found += control_notes(attested, known, environments)
        found += standing_notes(reviews(attested, day, environments).values(), day)
    return found


def _notes_with(
    snapshot: Path, files: Sequence[ExemptionFile], evaluation: Evaluation, day: date | None
) -> list[Note]:
    from scanner.cli.estate import opened
    from scanner.engine.control_files import load_controls
    from scanner.engine.exempt import apply_exemptions

    rules = [loaded.rule.id for loaded in evaluation.loaded]
    known = load_controls(evaluation.packs, evaluation.loaded)
    with opened(snapshot) as found:
        result = apply_exemptions(evaluation.run(found), files, day, rules, known)
    return list(result.exemptions.notes) if result.exemptions is not None else []


def run_list(paths: Iterable[Path], day: date) -> str:
    """Return what some files hold as a table."""
    from scanner.engine.exemptions import load_exemptions
    from scanner.report.exemption_list import exemption_list

    files = load_exemptions(paths, max_days=10**6)  # how long one may hold is for `check`
    return "".join(f"{line}\n" for line in exemption_list(files, day))


def run_add(args: AddArgs) -> None:
    """Write the file with one more exemption, whole or not at all."""
    from scanner import documents
    from scanner.cli.evaluation import prepared
    from scanner.engine.exemption_writing import new_id, with_entry
    from scanner.engine.exemptions import load_exemptions, read_exemptions
    from scanner.errors import ExemptionError, UsageError
    from scanner.files import write_atomic

    evaluation = prepared(args.config, args.packs)
    if args.config is not None:
        _check_environments(args.entry["scope"].get("environments", ()), evaluation)
    days = evaluation.config.max_exemption_days
    content = args.file.read_bytes() if args.file.exists() else b""
    taken = set[str]()
    if content.strip():
        taken = {each.id for file in load_exemptions([args.file], days) for each in file.terms()}
    if args.entry["id"] in taken:
        raise UsageError(f"'{args.entry['id']}' is already the id of an exemption in {args.file}")
    comment = _comment(args.entry["rules"], evaluation)
    entry = {**args.entry, "id": args.entry["id"] or new_id(args.entry["rules"][0], taken)}
    written = with_entry(content, args.file, entry, comment)
    read_exemptions(documents.parse(written, args.file, error=ExemptionError), "", days)
    write_atomic(args.file, [written])
    click.echo(f"{args.file}: added {entry['id']}, expires on {entry['expiresOn']}", err=True)


def _check_environments(names: Iterable[str], evaluation: Evaluation) -> None:
    """Refuse an environment that the config does not name: the exemption would cover nothing."""
    from scanner.errors import UsageError
    from scanner.schemas.problems import nearest

    known = [each.name for each in evaluation.config.environments]
    for name in names:
        if name not in known:
            hint = nearest(name, known) or f"It names: {', '.join(known)}."
            raise UsageError(f"the config names no environment {name}", hint=hint)


def _comment(patterns: Sequence[str], evaluation: Evaluation) -> str:
    """Return what the rules are about; a pattern that fits none is refused."""
    import fnmatch

    from scanner.errors import UsageError
    from scanner.schemas.problems import nearest

    titles: list[str] = []
    for pattern in patterns:
        rules = [loaded.rule for loaded in evaluation.loaded]
        found = [rule for rule in rules if fnmatch.fnmatchcase(rule.id.lower(), pattern.lower())]
        if not found:
            known = [rule.id for rule in rules]
            raise UsageError(f"there is no rule {pattern}", hint=nearest(pattern, known))
        title = found[0].title if len(found) == 1 else f"{len(found)} rules"
        titles.append(f"{pattern}: {title}")
    return "; ".join(titles)


def _today() -> date:
    return datetime.now(UTC).date()
