"""`azmlscan rules`: list, show, check and test rules, and write their documentation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scanner.engine.cases import CaseTable
    from scanner.engine.rules import RuleFile

CASES = Path("tests/rules")
"""Where case tables are kept, each named after the id of its rule."""
_PACKS = click.option(
    "--rules", "packs", multiple=True, type=click.Path(path_type=Path), help="Add a rule pack."
)


@click.group()
def rules() -> None:
    """Look at rules, check them and run their case tables."""


def _loaded(packs: Sequence[Path]) -> list[RuleFile]:
    from scanner.engine.packs import built_in_pack, load_packs

    return load_packs([built_in_pack(), *packs])


@rules.command("list")
@_PACKS
@click.option("--only", multiple=True, help="Only these: id, glob, domain, severity or control.")
def list_rules(packs: tuple[Path, ...], only: tuple[str, ...]) -> None:
    """List the rules: id, severity, kind of resource and title."""
    from scanner.engine.packs import select

    chosen = select(_loaded(packs), only, ())
    for loaded in sorted(chosen, key=lambda item: item.rule.id):
        rule = loaded.rule
        click.echo(f"{rule.id}  {rule.severity:<8}  {rule.resource:<24}  {rule.title}")
    click.echo(f"{len(chosen)} rules", err=True)


@rules.command()
@click.argument("rule_id", metavar="ID")
@_PACKS
def show(rule_id: str, packs: tuple[Path, ...]) -> None:
    """Print one rule's page: what is wrong, why it matters, how to mend it."""
    from scanner.engine.packs import select
    from scanner.report.rules_page import render_page

    for loaded in select(_loaded(packs), (rule_id,), ()):
        click.echo(render_page(loaded.rule))


@rules.command()
@click.argument("path", type=click.Path(path_type=Path))
def check(path: Path) -> None:
    """Check the rules at PATH: schema, field paths, operators, parameters, placeholders."""
    from scanner.config import load_config
    from scanner.engine.evaluate import evaluate
    from scanner.engine.packs import built_in_pack, load_packs
    from scanner.engine.parameters import Settings
    from scanner.inventory.estate import empty_estate
    from scanner.report.text import plural

    loaded = load_packs([path])
    if not path.resolve().is_relative_to(built_in_pack().resolve()):
        # A scan loads both, and refuses an id or a name that both use.
        load_packs([built_in_pack(), path])
    config = load_config(None)
    evaluate(loaded, Settings(config, loaded), empty_estate(config))
    click.echo(f"{plural(len(loaded), 'rule')}, nothing wrong", err=True)


@rules.command("test")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--records",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("fixtures/arm"),
    show_default=True,
    help="Folder of the base records that the tables name.",
)
@_PACKS
@click.pass_context
def test_rules(ctx: click.Context, path: Path, records: Path, packs: tuple[Path, ...]) -> None:
    """Run the case tables at PATH (a file or a folder) and say which verdicts are not as written.

    For the file of a rule, the table tests/rules/ID.yaml is run.

    \b
    Example:
      azmlscan rules test rules/network/workspace-public-network-access.yaml
    """  # noqa: D301
    from scanner.engine.cases import check_table
    from scanner.errors import RuleError
    from scanner.schemas.problems import nearest

    by_id = {loaded.rule.id: loaded for loaded in _loaded(packs)}
    wrong = number = 0
    for file, table in _tables(path).items():
        if table.rule not in by_id:
            hint = nearest(table.rule, by_id) or "Name the pack that has it with --rules."
            raise RuleError(file, f"there is no rule {table.rule}", hint=hint)
        number += len(table.cases)
        for problem in check_table(table, by_id[table.rule], records):
            wrong += 1
            click.echo(problem)
    click.echo(f"{number} cases, {wrong} wrong", err=True)
    ctx.exit(1 if wrong else 0)


def _tables(path: Path) -> dict[Path, CaseTable]:
    from scanner.engine.cases import load_cases
    from scanner.errors import RuleError

    files = sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
    if not files:
        raise RuleError(path, "holds no case tables", hint="A case table is a .yaml file.")
    return {file: load_cases(file) for file in map(_table_of, files)}


def _table_of(path: Path) -> Path:
    """Return the case table that a file is; of a rule, the one that is named after its id."""
    from scanner import documents
    from scanner.errors import RuleError

    data = documents.load(path, error=RuleError).data
    if not isinstance(data, dict) or "rule" in data or not isinstance(data.get("id"), str):
        return path
    table = CASES / f"{data['id']}.yaml"
    if not table.is_file():
        hint = "Give the case table itself, or the folder that holds it."
        raise RuleError(path, f"is a rule, and there is no case table {table} here", hint=hint)
    return table


@rules.command()
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="File to write."
)
@click.option(
    "--cases",
    type=click.Path(path_type=Path, file_okay=False),
    default=CASES,
    show_default=True,
    help="Case tables whose documented cases become the examples.",
)
@_PACKS
@click.pass_context
def docs(ctx: click.Context, output: Path | None, cases: Path, packs: tuple[Path, ...]) -> None:
    """Write the documentation of all rules as one Markdown page."""
    from scanner.files import write_atomic
    from scanner.report.rules_page import render_docs

    if cases.is_dir():
        tables = {table.rule: table for table in _tables(cases).values()}
    elif ctx.get_parameter_source("cases") is click.core.ParameterSource.DEFAULT:
        tables = {}
        click.echo(f"{cases} is no folder here: the page has no examples", err=True)
    else:
        raise click.BadParameter(f"there is no folder {cases}", ctx, param_hint="--cases")
    text = render_docs([loaded.rule for loaded in _loaded(packs)], tables)
    if output is None:
        click.echo(text, nl=False)
    else:
        write_atomic(output, [text.encode()])
