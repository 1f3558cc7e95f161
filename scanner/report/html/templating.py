"""Templates of the HTML report: whatever they print is cleaned and escaped."""

from __future__ import annotations

import functools
import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from scanner import armid
from scanner.report.text import clean, plural

if TYPE_CHECKING:
    from jinja2 import Template

_FOLDER: Final = Path(__file__).parent
_SAFE_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_DIGITS: Final = 16


def template(name: str) -> Template:
    """Return a template by its path below the report's folder of templates."""
    return _environment().get_template(name)


def asset(name: str) -> str:
    """Return a style sheet or script of the report, as it is inlined."""
    return (_FOLDER / "assets" / name).read_text(encoding="utf-8")


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["number"] = lambda number: f"{number:,}"
    environment.filters["plural"] = plural
    environment.filters["prose"] = _prose
    return environment


def _prose(text: str) -> Markup:
    """Return a rule's or control's text with what stands between backticks as code, escaped."""
    pieces = clean(text).split("`")
    if len(pieces) % 2 == 0:
        return escape(clean(text))
    code = Markup("<code>{}</code>")
    shown = (
        code.format(piece) if place % 2 else escape(piece) for place, piece in enumerate(pieces)
    )
    return Markup("").join(shown)


def _printable(value: Any) -> Any:
    """Return what a template prints: untrusted text loses control characters here."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def rule_anchor(rule_id: str) -> str:
    """Return the anchor of a rule: readable for every id that can stand in a link as it is."""
    return f"rule-{rule_id if _SAFE_ID.fullmatch(rule_id) else _digest(rule_id)}"


def resource_anchor(resource_id: str) -> str:
    """Return the anchor of a resource, the same in every report, whatever the id's casing."""
    return f"r-{_digest(armid.key(resource_id))}"


def control_anchor(control_id: str) -> str:
    """Return the anchor of a control: readable for every id that can stand in a link as it is."""
    parts = control_id.split("/")
    readable = all(_SAFE_ID.fullmatch(part) for part in parts)
    return f"control-{':'.join(parts) if readable else _digest(control_id)}"


def exemption_anchor(place: str) -> str:
    """Return the anchor of an exemption, by the place that rows name it with."""
    return f"x-{_digest(place)}"


def finding_anchor(fingerprint: str) -> str:
    """Return the anchor of a finding, the same in every report."""
    return f"f-{fingerprint[:_DIGITS]}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
