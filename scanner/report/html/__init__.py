"""The result as one HTML file for people: nothing is loaded, and no script is needed to read it."""

from scanner.report.html.page import Section, render
from scanner.report.html.templating import fragment, resource_anchor, rule_anchor

__all__ = ["Section", "fragment", "render", "resource_anchor", "rule_anchor"]
