"""`azmlscan verify-report`: check that a run's folder is what was written."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("verify-report")
@click.argument(
    "directory", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False)
)
@click.pass_context
def verify_report(ctx: click.Context, directory: Path) -> None:
    """Check the folder DIR that `scan --output-dir` wrote; exit 1 where anything is wrong.

    Recomputes every digest of SHA256SUMS, and the counts of every report from its own rows. The
    digests prove that nothing changed since SHA256SUMS did: keep or sign that file elsewhere.

    \b
    Example:
      azmlscan verify-report runs/2026-11-20
    """  # noqa: D301
    ctx.exit(run(directory))


def run(directory: Path) -> int:
    """Print what is wrong with the folder, or that it is sound; return the exit code."""
    from scanner.report.bundle import verify_bundle
    from scanner.report.text import one_line

    problems = verify_bundle(directory)
    for problem in problems:
        click.echo(one_line(problem))
    if not problems:
        click.echo(f"{directory} is sound: every digest and every count agrees")
    return int(bool(problems))
