"""`azmlscan init`: write a config to start from, out of what a snapshot holds where there is one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import msgspec
import yaml

from scanner.cli.observed import TAG_WORDS, Observed, environment_tags, observe
from scanner.config import ENVIRONMENT_VALUES, SETTING_NAMES, TagKeys, default_environments
from scanner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def render(observed: Observed) -> str:
    """Return the config as commented YAML; every string of the snapshot stands in it quoted."""
    return "\n".join(
        (
            _HEAD,
            f"estate: {_quoted(observed.estate)}" if observed.estate else "#estate: contoso",
            _COLLECT,
            *_render_environments(observed),
            *_render_tags(observed),
            _PEOPLE,
            _RULES,
            *_render_settings(observed),
        )
    )


def _render_environments(observed: Observed) -> Iterator[str]:
    tags = environment_tags(observed)
    if not tags and not observed.patterns:
        tags = {
            environment.name: {key: list(values) for key, values in environment.match.tags.items()}
            for environment in default_environments(TagKeys().environment)
        }
    names = [name for name in ENVIRONMENT_VALUES if name in tags or name in observed.patterns]
    names += sorted(set(tags) - set(names))
    yield _ENVIRONMENTS
    for name in names:
        yield f"  {name}:"
        if name == "prod":
            yield "    production: true"
        yield "    match:"
        if name in tags:
            yield "      tags:"
        for key, values in tags.get(name, {}).items():
            yield f"        {_quoted(key)}: {_listed(values)}"
        for criterion, patterns in sorted(observed.patterns.get(name, {}).items()):
            yield f"      {criterion}: {_listed(sorted(patterns))}"


def _render_tags(observed: Observed) -> Iterator[str]:
    yield _TAGS
    found = {role: observed.keys(role) for role in TAG_WORDS}
    yield "tags:" if any(found.values()) else "#tags:"
    defaults = msgspec.to_builtins(TagKeys())
    for role, keys in found.items():
        yield f"  {role}: {_listed(keys)}" if keys else f"#  {role}: {_listed(defaults[role])}"


def _render_settings(observed: Observed) -> Iterator[str]:
    yield _SETTINGS
    regions = sorted(observed.regions)
    yield "settings:" if regions else "#settings:"
    if regions:
        yield "  # The regions in use now; keep those that are allowed."
        yield f"  allowedRegions: {_listed(regions)}"
    for name in sorted(SETTING_NAMES - ({"allowedRegions"} if regions else set())):
        yield f"#  {name}: {_SETTING_EXAMPLES[name]}"
    yield ""


def _quoted(text: str) -> str:
    dumped: str = yaml.safe_dump(text, default_style='"', width=2**20, allow_unicode=True)
    return dumped.strip()


def _listed(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(_quoted, texts))}]"


@click.command()
@click.argument("source", metavar="[SNAPSHOT]", required=False, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    default=Path("azmlscan.yaml"),
    show_default=True,
    help="File to write; - is standard output.",
)
@click.option("--force", is_flag=True, help="Replace the file where there is one.")
def init(source: Path | None, output: Path, force: bool) -> None:
    """Write a commented config to start from.

    With a SNAPSHOT it proposes environments, tag names and regions out of what is really there.

    \b
    azmlscan init estate/ -o azmlscan.yaml
    """  # noqa: D301
    to_stdout = str(output) == "-"
    if not to_stdout and output.exists() and not force:
        raise UsageError(f"{output} exists already", hint="Add --force to replace it.")
    text = render(_observed_in(source))
    if to_stdout:
        click.echo(text, nl=False)
        return
    from scanner.files import write_atomic

    write_atomic(output, [text.encode()])
    click.echo(
        f"Wrote {output}. Read it through, then: azmlscan scan … --config {output}", err=True
    )


def _observed_in(source: Path | None) -> Observed:
    if source is None:
        return Observed()
    from scanner.cli.estate import opened

    with opened(source) as snapshot:
        return observe(snapshot)


_HEAD: Final = """\
# What azmlscan is told about the estate. Every part may be left out. What is commented out is the
# default or an example: take away the # alone, and the rest stands where it belongs.
# Only `true` and `false` are booleans: yes, no and dates are text.

# Name of the estate, shown in reports."""

_COLLECT: Final = """
# What `azmlscan collect` reads, and `azmlscan scan` without a snapshot, where no option says it.
# The cloud is public, usgov, china, or a file that describes one; the credential is default, cli,
# environment, managed-identity or workload-identity.
#collect:
#  managementGroups: [contoso]
#  subscriptions: [00000000-0000-0000-0000-000000000000]
#  excludedSubscriptions: [00000000-0000-0000-0000-000000000001]
#  cloud: public
#  credential: default"""

_ENVIRONMENTS: Final = """
# Environments, in the order in which they are tried: the first match wins. A resource belongs to
# an environment when any one of the criteria is met, by itself, by its group or by its
# subscription: tags, namePatterns, resourceGroups (globs), subscriptions (ids or names),
# managementGroups (ids). Case never matters. `production: true` makes the rules about production
# apply. An environment may set `workspacePatterns` (as in the settings), `parameters` and `severities`
# of its own, as below.
environments:"""

_TAGS: Final = """
# Tag names that say what a resource belongs to; the first one present counts."""

_PEOPLE: Final = """
# Who is who: object ids of groups and people, and names of custom roles; the first persona that fits
# counts. The principals file has names and members: docs/access.md says how to write it, and who may
# do what where (access.matrix). docs/organization.md has the profiles.
#personas:
#  dataScientist: { groups: [00000000-0000-0000-0000-000000000002], roles: [Contoso ML data scientist] }
#principals: principals.json
#access:
#  profiles:
#    prod: { network: private, access: restricted }

# Files with accepted findings, relative to this one, and the days that an exemption may hold at most.
#exemptions: [exemptions.yaml]
#maxExemptionDays: 366"""

_RULES: Final = """
# Values of rules' parameters, and severities, for every environment.
#parameters:
#  AML-CMP-001: { maxMinNodeCount: 1 }
#severities:
#  AML-CMP-001: low

# Which rules run: more packs (folders, relative to this file), `only` and `skip` by id, glob, domain,
# severity or control, and a dated rule set, so that newer rules do not count at the gate.
#rules:
#  packs: [my-rules]
#  skip: [AML-ORG-*]
#  ruleset: 2026.11"""

_SETTINGS: Final = """
# What holds for the whole estate; rules take it where their parameter is not set."""

_SUBSCRIPTION: Final = "/subscriptions/00000000-0000-0000-0000-000000000000"

_SETTING_EXAMPLES: Final = {
    "allowedRegions": "[westeurope, northeurope]",
    "requiredTags": "{ project: [], environment: [dev, test, prod] }",
    "namingPatterns": "{ workspace: 'mlw-*', compute: '^[a-z][a-z0-9-]{1,30}$' }",
    "logAnalyticsWorkspaces": f"[{_SUBSCRIPTION}/resourceGroups/monitoring/providers/"
    "Microsoft.OperationalInsights/workspaces/central]",
    "landingZoneStorageAccounts": f"[{_SUBSCRIPTION}/resourceGroups/data/providers/"
    "Microsoft.Storage/storageAccounts/landing]",
    "allowedImageRegistries": "[contoso.azurecr.io]",
    "allowedPrivateEndpointSubscriptions": "[00000000-0000-0000-0000-000000000000]",
    "regionPatterns": "{ training: [westeurope, eastus2], serving: [australiaeast], fineTuning: [] }",
    "workspacePatterns": "[workspacePerProject]",
}
