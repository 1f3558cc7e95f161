"""Rule packs: folders of rules, loaded by path; the built-in one like any other."""

from __future__ import annotations

import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

import scanner
from scanner.engine.rules import RuleFile, load_rule
from scanner.errors import RuleError, UsageError
from scanner.schemas.problems import Problem, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_NOT_RULES: Final = ("controls",)
"""Folders of a pack that hold no rules."""
RULE_SETS: Final[dict[str, str]] = {"2026.11": "0.1.0"}
"""Dated rule sets that a config can pin, with the last version whose rules belong to each."""


def built_in_pack() -> Path:
    """Return the folder of the built-in rules: inside an installed package, or of the checkout."""
    package = Path(scanner.__file__).parent
    installed = package / "_rules"
    return installed if installed.is_dir() else package.parent / "rules"


def rule_files(pack: Path) -> list[Path]:
    """Return the rule files of a pack, sorted; a single file is a pack of one rule.

    Raises RuleError where the path does not exist or holds no rule.
    """
    if pack.is_file():
        return [pack]
    if not pack.is_dir():
        raise RuleError(pack, "there is no such rule file or folder")
    found = sorted(
        path
        for path in pack.rglob("*.yaml")
        if not set(path.relative_to(pack).parts[:-1]) & set(_NOT_RULES)
    )
    if not found:
        raise RuleError(pack, "holds no rules", hint="A rule is a .yaml file in a domain's folder.")
    return found


def load_packs(packs: Iterable[Path]) -> list[RuleFile]:
    """Return the rules of all packs.

    Raises RuleError for a file that is not a rule, and for an id or name used twice: a pack
    adds rules, it never silently replaces one.
    """
    loaded: list[RuleFile] = []
    seen: dict[str, RuleFile] = {}
    for pack in packs:
        for path in rule_files(pack):
            rule_file = load_rule(path)
            for key, place in ((rule_file.rule.id, "id"), (rule_file.rule.name, "name")):
                if key in seen:
                    other = seen[key].rule.path
                    raise rule_file.error(
                        (place,),
                        f"'{key}' is already the {place} of {other}",
                        "Give the rule its own; to change limits or severity use the config.",
                    )
                seen[key] = rule_file
            loaded.append(rule_file)
    return loaded


def select(rules: Sequence[RuleFile], only: Sequence[str], skip: Sequence[str]) -> list[RuleFile]:
    """Return the rules that are wanted: by id, glob, domain, severity or control.

    Raises UsageError for a selector that names no rule, as a typo would silently check nothing.
    """
    for selector in (*only, *skip):
        if problem := selects_nothing(selector, rules):
            raise UsageError(problem.text, hint=problem.hint)
    return [
        loaded
        for loaded in rules
        if (not only or any(_matches(loaded, selector) for selector in only))
        and not any(_matches(loaded, selector) for selector in skip)
    ]


def selects_nothing(selector: str, rules: Sequence[RuleFile]) -> Problem | None:
    """Return what is wrong with a selector that names no rule, None where it names some."""
    if any(_matches(loaded, selector) for loaded in rules):
        return None
    hint = "Use a rule id or glob (AML-NET-*), a domain, a severity or a control id."
    if "," in selector:
        hint = "Give each selector on its own: the option once for each, or an item of the list."
    else:
        hint = _near(selector, rules) or hint
    return Problem((), f"'{selector}' selects no rule", hint)


def _near(selector: str, rules: Sequence[RuleFile]) -> str:
    """Return the selector that may have been meant, "" where none is near."""
    known: set[str] = set()
    for rule in (loaded.rule for loaded in rules):
        known |= {rule.id, rule.name, rule.domain, rule.severity.value, *rule.controls}
    return nearest(selector, known)


def _matches(loaded: RuleFile, selector: str) -> bool:
    rule, wanted = loaded.rule, selector.lower()
    if wanted in {rule.domain, rule.name, rule.severity.value}:
        return True
    if fnmatch.fnmatchcase(rule.id.lower(), wanted):
        return True
    return any(fnmatch.fnmatchcase(control.lower(), wanted) for control in rule.controls)


def pin(rules: Sequence[RuleFile], rule_set: str, pack: Path) -> list[RuleFile]:
    """Mark the rules of a pack that are newer than a dated rule set as preview.

    Rule sets are dated by versions of the built-in pack. Other packs count versions of their own,
    and change when their owners change them, so their rules are never previews.

    Raises UsageError for a rule set that this version does not know.
    """
    if not rule_set:
        return list(rules)
    if problem := unknown_rule_set(rule_set):
        raise UsageError(problem.text, hint=problem.hint)
    last = _version(RULE_SETS[rule_set])
    return [
        msgspec.structs.replace(
            loaded, rule=msgspec.structs.replace(loaded.rule, preview=_newest(loaded) > last)
        )
        if Path(loaded.rule.path).is_relative_to(pack)
        else loaded
        for loaded in rules
    ]


def unknown_rule_set(rule_set: str) -> Problem | None:
    """Return what is wrong with the name of a dated rule set, None where there is one."""
    if not rule_set or rule_set in RULE_SETS:
        return None
    known = ", ".join(RULE_SETS)
    return Problem((), f"unknown rule set '{rule_set}'", f"Known rule sets: {known}")


def _newest(loaded: RuleFile) -> tuple[int, ...]:
    """Return the version that gave a rule its present meaning."""
    versions = [loaded.rule.since, *(change.version for change in loaded.rule.changed)]
    return max(_version(version) for version in versions)


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))
