"""The access matrix of the HTML page: the same as the command shows, and never a guess."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest
from click.testing import CliRunner

from scanner.cli import cli
from scanner.config import Config, Environment, Match, load_config
from scanner.inventory.access.conformity import PersonaCan
from scanner.inventory.estate import load_estate
from scanner.inventory.fields import Members
from scanner.personas import Access, Cell, Persona
from scanner.report.html import access
from scanner.report.html.access import access_view
from scanner.report.html.patterns import Fit, pattern_of
from scanner.report.html.templating import template
from scanner.snapshot import open_snapshot
from tests.engine.estates import SUBSCRIPTION, estate, workspace
from tests.report.pages import TAGS, Page

HOSTILE = '"><script>alert(1)</script><b>\x1b[31m\u202e'
KEPT = '"><script>alert(1)</script><b>[31m'


@pytest.fixture(scope="module", params=["contoso", "refused"])
def folder(request, estates):
    return estates / request.param


@pytest.fixture(scope="module")
def known(folder):
    with open_snapshot(folder) as snapshot:
        return load_estate(snapshot, load_config(folder / "azmlscan.yaml"))


def shown(found) -> Page:
    return Page(template("access.html").render(access=access_view(found), tool="azmlscan"))


def test_every_cell_says_what_the_command_says(folder, known):
    options = ["--config", str(folder / "azmlscan.yaml"), "--matrix", "--format", "json"]
    printed = CliRunner().invoke(cli, ["access", str(folder), *options])
    said = {(row["workspace"], row["persona"]): row for row in json.loads(printed.stdout)}
    view = access_view(known)
    cells = {
        (row.name, persona): cell
        for environment in view.environments
        for row in environment.rows
        for persona, cell in zip(view.personas, row.cells, strict=True)
    }
    assert cells.keys() == said.keys()
    for key, row in said.items():
        fit = cells[key].fit
        if fit is Fit.NONE:
            assert not row["allowed"]
            continue
        excess, whole = bool(row["excess"]), "?" not in row["can"]
        assert (fit in {Fit.MORE, Fit.BOTH}) == excess, key
        assert (fit in {Fit.LESS, Fit.BOTH}) == bool(row["lack"]), key
        if fit is Fit.EXPECTED:
            assert whole, key
        if fit is Fit.UNKNOWN:
            assert not whole, key


def test_numbers_are_those_of_the_cells(known):
    view = access_view(known)
    for environment in view.environments:
        cells = Counter(cell.fit for row in environment.rows for cell in row.cells)
        assert dict(environment.numbers) == {fit: cells[fit] for fit in Fit}
        assert environment.workspaces == len(environment.rows)
        patterns = sum(pattern.workspaces for pattern in environment.patterns)
        assert patterns == environment.workspaces * len(view.personas)


def test_capabilities_agree_with_the_word_of_their_pattern(known):
    for environment in access_view(known).environments:
        for view in environment.patterns:
            words = {mark.word for mark in view.marks}
            fit = view.pattern.fit
            assert ("more" in words) == (fit in {Fit.MORE, Fit.BOTH})
            assert bool(words & {"lacks", "in part"}) == (fit in {Fit.LESS, Fit.BOTH})
            if fit is Fit.EXPECTED:
                assert "unknown" not in words


def test_what_was_not_read_is_never_as_expected():
    unread = {"roleAssignments", "roleEligibilityScheduleInstances", "denyAssignments"}
    config = Config(
        environments=(Environment(name="prod", match=Match(name_patterns=("ws1",))),),
        personas=(Persona("dataScientist", roles=("AzureML Data Scientist",)),),
    )
    [environment] = access_view(estate(workspace(), unread=unread, config=config)).environments
    assert {cell.fit for row in environment.rows for cell in row.cells} == {Fit.UNKNOWN}


def test_an_environment_that_is_not_readable_is_compared_with_nothing():
    can = PersonaCan("p", Members(("read",)), (), ())
    found = pattern_of(can, None, ())
    assert found.fit is Fit.UNKNOWN
    assert "more" not in {mark.word for mark in found.marks()}


@pytest.mark.parametrize(
    ("can", "lack", "fit"),
    [
        (Members(("read",)), (), Fit.EXPECTED),
        (Members.partial(("read",)), (), Fit.UNKNOWN),
        (Members(("read", "manageAccess")), (), Fit.MORE),
        (Members.partial(("manageAccess",)), (), Fit.MORE),
        (Members(), ("read",), Fit.LESS),
        (Members(("manageAccess",)), ("read",), Fit.BOTH),
    ],
)
def test_each_word_has_its_meaning(can, lack, fit):
    one = PersonaCan("p", can, ("read",), ("read",))
    assert pattern_of(one, {"p": Cell()}, lack).fit is fit
    assert pattern_of(one, {}, ()).fit is Fit.NONE


def test_words_stand_beside_symbols_and_heads_have_their_scope(known):
    page = shown(known)
    for cell in page.all("td"):
        if (cell.attributes.get("class") or "").startswith("f "):
            assert re.search("[a-z]{2}", "".join(cell.text)), cell
    for symbol in page.all("span", aria_hidden="true"):
        assert not re.search("[a-z]", "".join(symbol.text))
    assert {head.attributes["scope"] for head in page.all("th")} == {"col", "row"}
    ids = {e.attributes["id"] for e in page.elements if "id" in e.attributes}
    cells = [a.attributes["href"][1:] for a in page.all("a") if "td" in a.above]
    assert cells
    assert ids.issuperset(cells)


def test_names_from_azure_and_the_config_stay_text():
    place = f"{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.MachineLearningServices"
    record = workspace(f"{place}/workspaces/ws") | {"name": HOSTILE, "tags": {"env": "x"}}
    config = Config(
        environments=(Environment(name=HOSTILE, match=Match(tags={"env": ("x",)})),),
        personas=(Persona(HOSTILE, principals=("1",)),),
        access=Access(matrix={HOSTILE: {HOSTILE: Cell(("read",), ("read",))}}),
    )
    page = shown(estate(record, config=config))
    assert {element.tag for element in page.elements} <= TAGS
    assert not page.all("script")
    text = " ".join("".join(element.text) for element in page.elements)
    assert KEPT in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_more_workspaces_than_fit_are_counted(monkeypatch):
    monkeypatch.setattr(access, "WORKSPACES", 2)
    monkeypatch.setattr(access, "PATTERNS", 1)
    place = f"{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.MachineLearningServices"
    found = estate(*(workspace(f"{place}/workspaces/ws{number}") for number in range(5)))
    [environment] = access_view(found).environments
    assert (len(environment.rows), environment.left_out, environment.workspaces) == (2, 3, 5)
    assert sum(number for _, number in environment.numbers) == 10
    page = shown(found)
    assert "and 3 workspaces more" in " ".join(page.words("p"))
    assert "and 1 more, the least urgent" in " ".join(page.words("p"))
