"""`azmlscan access --why`: the chain from assignment to role, action and scope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scanner.inventory.access.why import Answer, Chain
    from scanner.inventory.estate import Estate


def answered(
    principal: str, capability: str, workspaces: Sequence[Any], how: tuple[str, Estate]
) -> str:
    """Return why a principal has a capability at workspaces, in a format.

    Raises:
        UsageError: there is no such capability.
    """
    from scanner.cli.access_rows import as_json
    from scanner.errors import UsageError
    from scanner.inventory.access.capabilities import CAPABILITIES
    from scanner.inventory.access.why import explain

    format_, estate = how
    known = {one.lower(): one for one in CAPABILITIES}
    if capability.lower() not in known:
        raise UsageError(
            f"there is no capability '{capability}'", hint=f"There are: {', '.join(CAPABILITIES)}."
        )
    ids = estate.config.principals.named(principal) or (principal,)
    texts, rows = [], []
    for workspace in workspaces:
        answer = explain(ids[0], known[capability.lower()], workspace, estate)
        head = (
            f"{principal} {_verb(answer.verdict)} {known[capability.lower()]} in {workspace.name}"
        )
        texts.append("\n".join([head, *_chain_lines(answer)]))
        rows.append({"question": head, **_answer_data(answer)})
    if format_ == "json":
        return as_json(rows)
    if format_ == "markdown":
        from scanner.report.text import fence

        return "\n\n".join(fence(text) for text in texts) + "\n"
    from scanner.report.text import clean

    return clean("\n\n".join(texts)) + "\n"


def _verb(verdict: Any) -> str:
    from scanner.inventory.fields import UNREAD

    if verdict is UNREAD:
        return "may have (not everything was read)"
    return "has" if verdict else "does not have"


def _chain_lines(answer: Answer) -> Iterator[str]:
    from scanner.report.text import one_line

    if not answer.chains:
        yield "  no assignment of the principal holds there"
    for chain in answer.chains:
        data = _chain_data(chain)
        yield f"  assignment {one_line(data['assignmentId'])}"
        for name in ("through", "role", "scope", "limits"):
            if data[name]:
                yield f"    {name}: {one_line(str(data[name]))}"
        for step in data["steps"]:
            yield f"    {step['verdict']}: {one_line(step['operation'])} ({one_line(step['reason'])})"
        if not data["steps"]:
            yield "    no: the role allows no operation of it"
    for table in answer.unread:
        yield f"  not read completely: {table}"


def _answer_data(answer: Answer) -> dict[str, Any]:
    return {
        "verdict": _yes(answer.verdict),
        "assignments": [_chain_data(chain) for chain in answer.chains],
        "unread": list(answer.unread),
    }


def _chain_data(chain: Chain) -> dict[str, Any]:
    from scanner.cli.access_rows import plain_word

    assignment, role = chain.grant.assignment, chain.grant.role
    limits = ["eligible"] if assignment.eligible else []
    if isinstance(assignment.record.condition, str):
        limits.append(f"condition {assignment.record.condition}")
    return {
        "assignmentId": assignment.record.id,
        "verdict": _yes(chain.verdict),
        "through": f"group {chain.through}" if chain.through else "",
        "role": f"{plain_word(role.name)} ({role.guid})",
        "scope": f"{assignment.shown_scope} ({assignment.level})",
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
