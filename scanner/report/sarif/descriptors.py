"""What SARIF says of the tool and its rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import sarif_om

from scanner import __version__
from scanner.report.markdown import fix
from scanner.report.summary import TOOL
from scanner.report.text import markdown, one_line, truncate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from scanner.engine.result import Severity
    from scanner.engine.rules import Rule
    from scanner.report.sarif.levels import Scale

GAP: Final = "AZMLSCAN-GAP"
CRASH: Final = "AZMLSCAN-RULE-ERROR"
CUT: Final = "AZMLSCAN-CUT"
EXPIRED: Final = "AZMLSCAN-EXEMPTION-EXPIRED"
NOTIFICATIONS: Final = {
    GAP: (
        "Something that could not be read.",
        (
            "Rules that need it have the verdict unknown. Give the reader the permission that the "
            "notification names, where it names one, and collect again."
        ),
    ),
    CRASH: (
        "A rule that ended in an error.",
        "The rule says nothing of the resources it broke on. Report it to the rule's author.",
    ),
    EXPIRED: (
        "An exemption that no longer holds.",
        "What it covered counts again. Mend it, or have the exemption approved anew.",
    ),
    CUT: (
        "Something left out of this file for its size.",
        "The JSON output has everything. Scan fewer subscriptions a file to keep it in SARIF.",
    ),
}
"""What a notification means, and what to do about it."""
_TEXT_LIMIT: Final = 1024
_NAME_LIMIT: Final = 255
_TAGS_LIMIT: Final = 10


def driver(rules: Iterable[Rule], severities: Mapping[str, Severity], scale: Scale) -> Any:
    """Return the tool component with its rules; `severities` has the worst of each one seen."""
    return sarif_om.ToolComponent(
        name=TOOL,
        semantic_version=__version__,
        rules=[_rule(rule, severities.get(rule.id, rule.severity), scale) for rule in rules],
        notifications=[_notification(name, *texts) for name, texts in NOTIFICATIONS.items()],
    )


def _notification(name: str, short: str, full: str) -> Any:
    return sarif_om.ReportingDescriptor(
        id=name,
        short_description=_text(short, name),
        full_description=_text(full, name),
        help=_text(full, name),
    )


def notification_index(name: str) -> int:
    """Return where a notification's descriptor stands in the tool component."""
    return list(NOTIFICATIONS).index(name)


def _rule(rule: Rule, severity: Severity, scale: Scale) -> Any:
    properties: dict[str, Any] = {"tags": _tags(rule), "precision": "very-high"}
    score = scale.score(severity)
    if score:
        properties["security-severity"] = score
    return sarif_om.ReportingDescriptor(
        id=rule.id,
        name=truncate("".join(part.capitalize() for part in rule.name.split("-")), _NAME_LIMIT),
        short_description=_text(rule.title, rule.id),
        full_description=_text(rule.rationale, rule.title),
        help=sarif_om.MultiformatMessageString(text=_help(rule), markdown=_help_markdown(rule)),
        help_uri=next((url for url in rule.references if url.startswith("https://")), None),
        default_configuration=sarif_om.ReportingConfiguration(level=scale.level(severity)),
        properties=properties,
    )


def _text(text: str, otherwise: str) -> Any:
    """Return a text that is never empty, as an empty one counts as missing."""
    shown = one_line(text) or one_line(otherwise)
    return sarif_om.MultiformatMessageString(text=truncate(shown, _TEXT_LIMIT))


def _tags(rule: Rule) -> Sequence[str]:
    frameworks = sorted({one_line(control.partition("/")[0]) for control in rule.controls})
    tags = dict.fromkeys(("security", one_line(rule.domain), *frameworks))
    return [tag for tag in tags if tag][:_TAGS_LIMIT]


def _help(rule: Rule) -> str:
    mend = rule.remediation
    parts = [
        rule.title,
        f"Why: {one_line(rule.rationale)}",
        f"Fix: {one_line(mend.text)}",
        *(
            f"{label}:\n{snippet.strip()}"
            for label, snippet in (
                ("Azure CLI", mend.cli),
                ("Bicep", mend.bicep),
                ("Terraform", mend.terraform),
            )
            if snippet
        ),
    ]
    if rule.controls:
        parts.append(f"Controls: {', '.join(rule.controls)}")
    if rule.references:
        parts.append("References: " + " ".join(rule.references))
    return "\n\n".join(parts)


def _help_markdown(rule: Rule) -> str:
    heading = f"**{markdown(rule.title)}**"
    return "\n\n".join((heading, markdown(rule.rationale, 2_000), *fix(rule)))
