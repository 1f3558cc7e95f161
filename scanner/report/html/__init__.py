"""The result as one HTML file for people: nothing is loaded, and no script is needed to read it."""

from scanner.report.html.page import render
from scanner.report.html.templating import resource_anchor

__all__ = ["render", "resource_anchor"]
