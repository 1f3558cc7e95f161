"""`azmlscan access --why`: the chain from assignment to role, action and scope."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rich.console import Console

    from scanner.inventory.access.why import Answer, Chain
    from scanner.inventory.estate import Estate


def write_why(
    asked: tuple[str, str, Sequence[Any]], how: tuple[str, Path | None], estate: Estate
) -> None:
    """Write why a principal (object id) has a capability at workspaces, in a format, to a place.

    Raises:
        UsageError: there is no such capability.
    """
    from scanner.cli.access import print_to, write_text
    from scanner.cli.access_rows import as_json
    from scanner.report.text import fence

    principal, capability, workspaces = asked
    format_, output = how
    name = _capability(capability)
    answers = [_answered(principal, name, workspace, estate) for workspace in workspaces]
    if format_ == "json":
        write_text(as_json(answers), output)
    elif format_ == "markdown":
        texts = ("\n".join("  " * depth + text for depth, text in _lines(one)) for one in answers)
        write_text("\n\n".join(map(fence, texts)) + "\n", output)
    else:
        print_to(output, lambda console: _print(answers, console))


def _capability(wanted: str) -> str:
    from scanner.errors import UsageError
    from scanner.inventory.access.capabilities import CAPABILITIES

    known = {one.lower(): one for one in CAPABILITIES}
    if wanted.lower() not in known:
        raise UsageError(
            f"there is no capability '{wanted}'", hint=f"There are: {', '.join(CAPABILITIES)}."
        )
    return known[wanted.lower()]


def _answered(principal: str, capability: str, workspace: Any, estate: Estate) -> dict[str, Any]:
    from scanner.inventory.access.capabilities import HOLDS, TARGETS
    from scanner.inventory.access.why import explain

    answer = explain(principal, capability, workspace, estate)
    who = named(principal, estate)
    environment = estate.environment(workspace)
    where = f"{workspace.name} ({environment})" if isinstance(environment, str) else workspace.name
    if HOLDS[capability] & TARGETS["subscription"]:
        where = f"the subscription of {where}"
    return {
        "question": f"{who} {_verb(answer.verdict)} {capability} in {where}",
        **_answer_data(answer, workspace, estate),
    }


def named(principal: str, estate: Estate) -> str:
    """Return a principal as name and id."""
    from scanner import armid
    from scanner.inventory.access.owners import owner_of

    owner = owner_of(principal, estate)
    name = estate.config.principals.name(principal)
    if name is None and isinstance(owner, str):
        name = armid.parse(owner).name
    return f"{name} ({principal})" if name else principal


def _verb(verdict: Any) -> str:
    from scanner.inventory.fields import UNREAD

    if verdict is UNREAD:
        return "may have (not everything was read)"
    return "has" if verdict else "does not have"


def _print(answers: Sequence[dict[str, Any]], console: Console) -> None:
    for number, answer in enumerate(answers):
        if number:
            console.print()
        for depth, text in _lines(answer):
            # Ids and operations stay whole, so that they can be copied.
            console.print("  " * depth + text, soft_wrap=True)


def _lines(answer: dict[str, Any]) -> Iterator[tuple[int, str]]:
    """Yield the lines of an answer, each with how far in it stands."""
    from scanner.report.text import one_line

    yield 0, one_line(answer["question"])
    if not answer["assignments"]:
        read = " that was read" if answer["unread"] else ""
        yield 1, f"no assignment of the principal{read} holds there"
    for data in answer["assignments"]:
        for depth, text in _chain_lines(data):
            yield depth, one_line(text)
    for table in answer["unread"]:
        yield 1, f"not read completely: {table}"


def _chain_lines(data: dict[str, Any]) -> Iterator[tuple[int, str]]:
    yield 1, f"{data['verdict']}: {data['role']} at {data['at']}"
    for name in ("through", "limits"):
        if data[name]:
            yield 2, f"{name}: {data[name]}"
    yield 2, f"assignment: {data['assignmentId']}"
    for (verdict, reason), steps in groupby(data["steps"], _decided):
        yield 2, f"{verdict}, {reason}:"
        yield from ((3, step["operation"]) for step in steps)
    if not data["steps"]:
        yield 2, "the role allows no operation of it"


def _decided(step: dict[str, Any]) -> tuple[str, str]:
    return step["verdict"], step["reason"]


def _answer_data(answer: Answer, workspace: Any, estate: Estate) -> dict[str, Any]:
    return {
        "verdict": _yes(answer.verdict),
        "assignments": [_chain_data(chain, workspace, estate) for chain in answer.chains],
        "unread": list(answer.unread),
    }


def _chain_data(chain: Chain, workspace: Any, estate: Estate) -> dict[str, Any]:
    from scanner.cli.access_rows import at, plain_word

    assignment, role = chain.grant.assignment, chain.grant.role
    limits = ["must be activated first"] if assignment.eligible else []
    if isinstance(assignment.record.condition, str):
        limits.append(f"condition {assignment.record.condition}")
    return {
        "assignmentId": assignment.record.id,
        "verdict": _yes(chain.verdict),
        "through": f"group {named(chain.through, estate)}" if chain.through else "",
        "role": plain_word(role.name) or role.guid,
        "roleId": plain_word(role.guid),
        "at": at(assignment.shown_scope, workspace, estate),
        "scope": assignment.shown_scope,
        "scopeLevel": assignment.level,
        "limits": ", ".join(limits),
        "steps": [
            {"operation": one.operation, "verdict": _yes(one.verdict), "reason": one.reason}
            for one in chain.steps
        ],
    }


def _yes(verdict: Any) -> str:
    from scanner.inventory.fields import UNREAD

    if verdict is UNREAD:
        return "unknown"
    return "yes" if verdict else "no"
