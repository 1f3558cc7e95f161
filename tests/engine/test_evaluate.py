"""Verdicts over whole estates: order, hashing, environments that are not known, crashes."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner import documents
from scanner.config import Config, config_of
from scanner.engine.evaluate import evaluate
from scanner.engine.parameters import Settings
from scanner.engine.result import Verdict
from scanner.errors import ConfigError, RuleError
from tests.engine import estates
from tests.engine.rulefiles import LIMITED, rule

OWN = "XXX-CMP-901"

NEVER = {"field": "name", "equals": "nothing"}


def config(text: str) -> Config:
    return config_of(documents.parse(text.encode(), "config.yaml", error=ConfigError))


def environments(**limits: int) -> Config:
    """Return a config whose environments differ in the parameter's value."""
    parts = "".join(
        f"  {name}:\n    match: {{tags: {{env: [{name}]}}}}\n"
        f"    parameters: {{{OWN}: {{maxNodes: {limit}}}}}\n"
        for name, limit in limits.items()
    )
    return config(f"environments:\n{parts}tags: {{environment: [env]}}\n")


def scanned(rules, estate):
    return evaluate(rules, Settings(estate.config, rules), estate)


def told(result):
    """Return everything about the rows that a report may show."""
    return sorted(
        (row.rule_id, row.resource_id, row.verdict.value, row.message, repr(row.evidence))
        for row in result.rows()
    )


@pytest.fixture(scope="module")
def limited(tmp_path_factory):
    return rule(tmp_path_factory.mktemp("rules") / "compute", OWN, **LIMITED)


CLUSTERS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(["AmlCompute", "Kubernetes"])), max_size=6
)


@given(clusters=CLUSTERS, data=st.data())
def test_findings_do_not_depend_on_the_order_of_records(limited, clusters, data):
    records = [estates.workspace()] + [
        estates.compute(f"c{index}", kind, scaleSettings={"minNodeCount": nodes})
        for index, (nodes, kind) in enumerate(clusters)
    ]
    shuffled = data.draw(st.permutations(records))
    first, second = (scanned([limited], estates.estate(*rows)) for rows in (records, shuffled))
    assert told(first) == told(second)


def test_order_of_rules_does_not_matter(tmp_path):
    rules = [rule(tmp_path, f"XXX-CMP-90{n}", f"rule-{n}") for n in range(4)]
    estate = estates.estate(estates.compute("c", "Kubernetes"))
    rows = [row.rule_id for row in scanned(rules[::-1], estate).rows()]
    assert rows == sorted(rows)


@pytest.mark.parametrize("format_", ["json", "markdown", "sarif", "terminal"])
def test_the_seed_of_hashes_changes_no_byte(root, format_):
    estate = root / "fixtures" / "estates" / "refused"
    command = [sys.executable, "-m", "scanner", "scan", str(estate), "-f", format_]
    command += ["--config", str(estate / "azmlscan.yaml")]
    digests = set()
    for seed in ("0", "1", "4242"):
        environment = os.environ | {"PYTHONHASHSEED": seed}
        done = subprocess.run(command, capture_output=True, check=False, env=environment)
        assert done.returncode in {4, 10}, done.stderr
        digests.add(hashlib.sha256(done.stdout).hexdigest())
    assert len(digests) == 1


def cluster(nodes: int, **tags: str):
    found = estates.compute("c", scaleSettings={"minNodeCount": nodes})
    return found | {"tags": tags} if tags else found


@given(
    nodes=st.integers(0, 4),
    limits=st.fixed_dictionaries({"dev": st.integers(0, 4), "prod": st.integers(0, 4)}),
)
def test_an_unknown_environment_matters_only_where_the_limits_disagree(limited, nodes, limits):
    unread = {"workspaces", "subscriptions", "resourceGroups"}
    estate = estates.estate(cluster(nodes), unread=unread, config=environments(**limits))
    [row] = scanned([limited], estate).rows()
    # Without an environment the rule's own limit of 0 holds.
    possible = {nodes <= limit for limit in (0, *limits.values())}
    if len(possible) > 1:
        assert row.verdict is Verdict.UNKNOWN
        assert [item.path for item in row.evidence if not item.readable] == ["environment"]
        assert row.message == "c could not be assessed: environment was not readable."
    else:
        assert row.verdict is (Verdict.PASS if possible == {True} else Verdict.FAIL)
        assert "environment" not in [item.path for item in row.evidence]


def test_a_known_environment_has_its_own_limit(limited):
    chosen = environments(dev=3, prod=0)
    for tag, verdict in (("dev", Verdict.PASS), ("prod", Verdict.FAIL), ("else", Verdict.FAIL)):
        [row] = scanned([limited], estates.estate(cluster(2, env=tag), config=chosen)).rows()
        assert row.verdict is verdict


def test_an_unknown_environment_is_no_evidence_where_there_is_one_limit(tmp_path):
    one = rule(tmp_path, require={"field": "workspace.kind", "equals": "Hub"})
    unread = {"workspaces", "subscriptions", "resourceGroups"}
    [row] = scanned([one], estates.estate(cluster(0), unread=unread)).rows()
    assert row.verdict is Verdict.UNKNOWN
    assert {item.path for item in row.evidence} == {"workspace.kind"}


def test_several_unreadable_things_are_counted(tmp_path):
    fields = ("kind", "location", "friendlyName", "hbiWorkspace", "description")
    conditions = [{"field": f"workspace.{field}", "like": "x"} for field in fields]
    one = rule(tmp_path, require={"allOf": conditions})
    [row] = scanned([one], estates.estate(cluster(0), unread={"workspaces"})).rows()
    assert row.message == (
        "c could not be assessed: workspace.kind, workspace.location, workspace.friendlyName"
        " and 2 more were not readable."
    )


def test_a_rule_that_crashes_is_an_error_row_and_stops_nothing(tmp_path):
    condition = {"value": "[first(split(field('name'), ''))]", "equals": "x"}
    crashing = rule(tmp_path / "a", "XXX-CMP-902", require=condition)
    good = rule(tmp_path / "b", "XXX-CMP-903")
    result = scanned([crashing, good], estates.estate(cluster(0)))
    verdicts = {row.rule_id: row for row in result.rows()}
    assert verdicts["XXX-CMP-903"].verdict is Verdict.PASS
    broken = verdicts["XXX-CMP-902"]
    assert broken.verdict in {Verdict.ERROR, Verdict.UNKNOWN, Verdict.FAIL}
    assert "c" in broken.message


@pytest.mark.parametrize(
    ("require", "said"),
    [
        (
            {"count": {"field": "workspace.computes[*]"}, "less": 2},
            "workspace.computes was not wholly",
        ),
        (
            {
                "count": {"value": ["a"], "where": {"field": "workspace.kind", "equals": "Hub"}},
                "equals": 1,
            },
            "workspace.kind was not wholly",
        ),
        (
            {"count": {"value": "[createArray(field('workspace.kind'))]"}, "equals": 1},
            "its evidence was not wholly",
        ),
    ],
)
def test_what_was_counted_is_named_by_its_field(tmp_path, require, said):
    one = rule(tmp_path, require=require)
    [row] = scanned([one], estates.estate(cluster(0), unread={"workspaces"})).rows()
    assert row.message == f"c could not be assessed: {said} readable."


def test_an_expression_without_a_value_is_not_called_unread(tmp_path):
    computed = {"value": "[int(field('name'))]", "equals": 1}
    one = rule(tmp_path, require=computed)
    [row] = scanned([one], estates.estate(cluster(0))).rows()
    assert row.message == "c could not be assessed: what the rule computes has no value."
    either = {"anyOf": [{"field": "vmSize", "exists": True}, computed]}
    other = rule(tmp_path / "b", "XXX-CMP-908", require=either)
    [row] = scanned([other], estates.estate(cluster(0))).rows()
    assert row.message == (
        "c could not be assessed: what the rule computes has no value; vmSize not set."
    )


def test_only_a_failure_has_the_command_that_mends_it(tmp_path):
    mend = {"text": "Set the minimum number of nodes to 0.", "cli": "az x {name} {workspace.name}"}
    fails = rule(tmp_path / "a", "XXX-CMP-904", remediation=mend, require=NEVER)
    passes = rule(tmp_path / "b", "XXX-CMP-905", "other-rule", remediation=mend)
    bare = rule(tmp_path / "c", "XXX-CMP-906", "bare-rule", require=NEVER)
    blind = {"field": "workspace.kind", "equals": "Hub"}
    opens = rule(tmp_path / "d", "XXX-CMP-907", "open-rule", remediation=mend, require=blind)
    result = scanned(
        [fails, passes, bare, opens], estates.estate(cluster(0), unread={"workspaces"})
    )
    assert [
        (row.verdict.value, row.remediation and row.remediation.cli) for row in result.rows()
    ] == [
        ("fail", "az x c <workspace.name>"),
        ("pass", None),
        ("fail", None),
        ("unknown", None),
    ]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"resource": "comptue"}, "unknown kind of resource 'comptue'"),
        ({"message": "{nmae} is wrong in some way."}, "unknown field 'nmae'"),
        ({"message": "{name is wrong in some way."}, "belongs to no placeholder"),
        (
            {
                "remediation": {
                    "text": "Mend the thing that is wrong.",
                    "cli": "az ml x show {nmae}",
                }
            },
            "unknown field 'nmae'",
        ),
        (
            {"remediation": {"text": "Mend the thing that is wrong.", "cli": "az ml x show 'y"}},
            "is not closed",
        ),
        ({"when": {"field": "computTyp", "equals": "x"}}, "unknown field 'computTyp'"),
    ],
)
def test_a_rule_that_does_not_fit_is_refused_before_anything_runs(tmp_path, changes, problem):
    wrong = rule(tmp_path, **changes)
    with pytest.raises(RuleError, match=problem) as caught:
        scanned([wrong], estates.estate())
    assert caught.value.line > 0
