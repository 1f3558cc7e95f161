"""Runs compiled rules over an estate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from scanner.engine.command import Command
from scanner.engine.compiler import ConditionError, compile_condition
from scanner.engine.context import Context
from scanner.engine.counts import COUNT_OF, THAT_MATCH
from scanner.engine.message import Message
from scanner.engine.result import (
    VERDICTS,
    Assessment,
    Evidence,
    Remedy,
    Result,
    ScanResult,
    Verdict,
    row,
)
from scanner.engine.selection import InventoryResolver, Place
from scanner.inventory.fields import UNREAD
from scanner.inventory.kinds import KINDS, kind_hint
from scanner.inventory.paths import PathError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from scanner.engine.conditions import Node
    from scanner.engine.parameters import Settings
    from scanner.engine.rules import Rule, RuleFile
    from scanner.inventory.estate import Estate
    from scanner.inventory.fields import Resource

_EVIDENCE_LIMIT = 50
_PATHS_SHOWN = 3
_CODES = {verdict: code for code, verdict in enumerate(VERDICTS)}


class CompiledRule:
    """A rule bound to an estate with one set of parameter values."""

    def __init__(self, loaded: RuleFile, parameters: Mapping[str, Any], estate: Estate) -> None:
        rule = loaded.rule
        if rule.resource not in KINDS:
            problem = f"unknown kind of resource '{rule.resource}'"
            raise loaded.error(("resource",), problem, kind_hint(rule.resource))
        resolver = InventoryResolver(KINDS[rule.resource], estate)
        context = Context(resolver, parameters, estate)
        self.when = self._node("when", loaded, context.apart()) if rule.when is not None else None
        self.require = self._node("require", loaded, context)
        self.message, self.command = self._texts(loaded, context)
        self.verdict = self._decider()

    @staticmethod
    def _node(part: str, loaded: RuleFile, context: Context) -> Node:
        try:
            return compile_condition(getattr(loaded.rule, part), context)
        except ConditionError as problem:
            raise loaded.error((part, *problem.place), problem.problem, problem.hint) from problem

    @staticmethod
    def _texts(loaded: RuleFile, context: Context) -> tuple[Message, Command]:
        place: tuple[str, ...] = ("message",)
        try:
            message = Message(loaded.rule.message, context)
            message.check_prose()
            place = ("remediation", "cli")
            return message, Command(loaded.rule.remediation.cli, context)
        except PathError as problem:
            raise loaded.error(place, str(problem), problem.hint) from problem

    def _decider(self) -> Any:
        """Return the function from a resource to its verdict."""
        require = self.require.test
        when = self.when.test if self.when is not None else None
        answers = {True: Verdict.PASS, False: Verdict.FAIL, None: Verdict.UNKNOWN}

        def decide(resource: Resource) -> Verdict:
            if when is not None:
                applies = when(resource, ())
                if applies is not True:
                    return Verdict.UNKNOWN if applies is None else Verdict.NOT_APPLICABLE
            return answers[require(resource, ())]

        return decide

    def evidence(self, resource: Resource) -> tuple[Evidence, ...]:
        """Return the values that decided a verdict that is not `pass`, the readable ones first."""
        place = Place(resource, (), ())
        node = self.require
        if self.when is not None and self.when.test(resource, ()) is None:
            node = self.when
        found: list[Evidence] = []
        alike: dict[tuple[str, str], list[Evidence]] = {}
        for item in node.explain(place, want=True):
            same_place = alike.setdefault((item.path, item.expected), [])
            if item not in same_place:
                same_place.append(item)
                found.append(item)
            if len(found) == _EVIDENCE_LIMIT:
                break
        return tuple(found)


class _Variants:
    """A rule with the parameter values of each environment."""

    def __init__(self, loaded: RuleFile, settings: Settings, estate: Estate) -> None:
        self.loaded = loaded
        by_values: dict[bytes, CompiledRule] = {}
        self.by_environment: dict[str | None, CompiledRule] = {}
        for environment in (None, *settings.environments):
            values = settings.parameters(loaded.rule, environment)
            key = msgspec.json.encode(values, order="sorted")
            if key not in by_values:
                by_values[key] = CompiledRule(loaded, values, estate)
            self.by_environment[environment] = by_values[key]
        self.all = tuple(by_values.values())

    def decide(self, resource: Resource, environment: Any) -> Verdict:
        """Return the verdict; an environment that is not known must not matter for it."""
        if environment is not UNREAD:
            default = self.by_environment[None]
            return self.by_environment.get(environment, default).verdict(resource)  # type: ignore[no-any-return]
        verdicts = self._verdicts(resource)
        return verdicts.pop() if len(verdicts) == 1 else Verdict.UNKNOWN

    def hangs_on_environment(self, resource: Resource) -> bool:
        """Tell whether the environments' parameter values give different verdicts."""
        return len(self._verdicts(resource)) > 1

    def _verdicts(self, resource: Resource) -> set[Verdict]:
        return {compiled.verdict(resource) for compiled in self.all}

    def of(self, environment: Any) -> CompiledRule:
        """Return the rule as it stands in an environment."""
        return self.by_environment.get(environment, self.by_environment[None])


def evaluate(rules: Sequence[RuleFile], settings: Settings, estate: Estate) -> ScanResult:
    """Return the verdict of every rule on every resource of its kind.

    Raises RuleError for a rule that does not fit the inventory, before anything is evaluated.
    """
    ordered = sorted(rules, key=lambda loaded: loaded.rule.id)
    variants = [_Variants(loaded, settings, estate) for loaded in ordered]
    columns = _Environments(estate)
    assessments: list[Assessment] = []
    findings: list[Result] = []
    for variant in variants:
        assessment = _assess(variant, settings, estate, columns)
        assessments.append(assessment)
        findings.extend(_findings(variant, assessment, columns))
    return ScanResult(estate, estate.config.digest, assessments, findings)


class _Environments:
    """The environment of every resource, by kind; read once and used by every rule."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self._raw: dict[str, list[Any]] = {}
        self._shown: dict[str, list[str | None]] = {}

    def of_kind(self, kind: str) -> list[Any]:
        """Return the environments of a kind's resources in their order: name, `None`, UNREAD."""
        if kind not in self._raw:
            self._raw[kind] = [
                self._estate.environment(resource) for resource in self._estate.of_kind(kind)
            ]
        return self._raw[kind]

    def names(self, kind: str) -> list[str | None]:
        """Return the environments for showing, where not known and none are both `None`."""
        if kind not in self._shown:
            self._shown[kind] = [None if name is UNREAD else name for name in self.of_kind(kind)]
        return self._shown[kind]


def _assess(
    variant: _Variants, settings: Settings, estate: Estate, columns: _Environments
) -> Assessment:
    rule: Rule = variant.loaded.rule
    resources = estate.of_kind(rule.resource)
    codes = bytearray(len(resources))
    for index, (resource, environment) in enumerate(
        zip(resources, columns.of_kind(rule.resource), strict=True)
    ):
        try:
            verdict = variant.decide(resource, environment)
        except Exception:  # noqa: BLE001  (the one place where a crash becomes a verdict)
            verdict = Verdict.ERROR
        codes[index] = _CODES[verdict]
    return Assessment(
        rule, resources, codes, columns.names(rule.resource), settings.severities(rule)
    )


def _findings(
    variant: _Variants, assessment: Assessment, columns: _Environments
) -> Iterator[Result]:
    quiet = {_CODES[Verdict.PASS], _CODES[Verdict.NOT_APPLICABLE]}
    environments = columns.of_kind(assessment.rule.resource)
    for index, code in enumerate(assessment.codes):
        if code not in quiet:
            resource, environment = assessment.resources[index], environments[index]
            yield _finding(variant, assessment, resource, VERDICTS[code], environment)


def _finding(
    variant: _Variants,
    assessment: Assessment,
    resource: Resource,
    verdict: Verdict,
    environment: Any,
) -> Result:
    name = None if environment is UNREAD else environment
    compiled = variant.of(environment)
    if verdict is Verdict.ERROR:
        message = (
            f"The rule could not be evaluated on {resource.name}: {_crash(compiled, resource)}"
        )
        return row(assessment, resource, verdict, name, details=(message, ()))
    evidence = compiled.evidence(resource)
    if environment is UNREAD and variant.hangs_on_environment(resource):
        hidden = Evidence("environment", None, "is known, as it decides the limits", readable=False)
        evidence = (hidden, *evidence)
    if verdict is Verdict.UNKNOWN:
        message = not_assessed(resource, evidence)
    else:
        message = compiled.message.render(resource)
    found = row(assessment, resource, verdict, name, details=(message, evidence))
    if verdict is not Verdict.FAIL or not assessment.rule.remediation.cli:
        return found
    remedy = Remedy(cli=compiled.command.render(resource))
    return msgspec.structs.replace(found, remediation=remedy)


def _crash(compiled: CompiledRule, resource: Resource) -> str:
    try:
        compiled.verdict(resource)
    except Exception as problem:  # noqa: BLE001  (that crash again, to name it)
        return f"{type(problem).__name__}: {problem}"
    return "it did not fail a second time"


def not_assessed(resource: Resource, evidence: tuple[Evidence, ...]) -> str:
    """Return the message of a verdict that is not known: what was not readable."""
    paths = [item.path for item in evidence if not item.readable]
    found = list(dict.fromkeys(filter(None, map(_field_of, paths))))
    if not found and any(path.startswith("[") for path in paths):
        absent = [item.path for item in evidence if item.readable and item.actual is None]
        unset = f"; {', '.join(absent[:_PATHS_SHOWN])} not set" if absent else ""
        return f"{resource.name} could not be assessed: what the rule computes has no value{unset}."
    more = len(found) - _PATHS_SHOWN
    shown = ", ".join(found[:_PATHS_SHOWN]) + (f" and {more} more" if more > 0 else "")
    was = "were not" if len(found) > 1 else "was not"
    wholly = " wholly" if any(path.startswith(COUNT_OF) for path in paths) else ""
    return (
        f"{resource.name} could not be assessed: {shown or 'its evidence'} {was}{wholly} readable."
    )


def _field_of(path: str) -> str:
    """Return the field that a path of evidence is about, "" where it is an expression."""
    field = path.removeprefix(COUNT_OF).removesuffix(THAT_MATCH)
    return "" if field.startswith("[") else field.replace("[*]", "")
