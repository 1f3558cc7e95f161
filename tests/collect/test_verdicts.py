"""What the rules make of a collected snapshot: the same as of the records, and never better."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixtures.emulator import Fault
from scanner.collect.cloud import find_cloud
from scanner.collect.retry import Patience
from scanner.config import load_config
from scanner.engine.evaluate import evaluate
from scanner.engine.packs import built_in_pack, load_packs
from scanner.engine.parameters import Settings
from scanner.engine.result import VERDICTS, Verdict
from scanner.errors import CollectError
from scanner.inventory.estate import load_estate
from scanner.snapshot import open_snapshot
from tests.collect.conftest import CONTOSO, Runs

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

CONFIG = load_config(CONTOSO / "azmlscan.yaml")
RULES = load_packs([built_in_pack()])
HASTY = Patience(attempts=2, first=0.001, most=0.002)
_GRAPH = "/providers/microsoft.resourcegraph/resources"


def verdicts(path):
    with open_snapshot(path) as snapshot:
        result = evaluate(RULES, Settings(CONFIG, RULES), load_estate(snapshot, CONFIG))
    return {
        (assessment.rule.id, resource.id.lower()): VERDICTS[code]
        for assessment in result.assessments
        for resource, code in zip(assessment.resources, assessment.codes, strict=True)
    }


def test_verdicts_are_those_of_the_records(runs):
    with runs.emulator(CONTOSO) as azure:
        # The names of private DNS zones depend on the cloud.
        cloud = msgspec.structs.replace(find_cloud(str(azure.cloud_file)), name="public")
        path, _ = runs.collect(azure, cloud=cloud)
    one, other = verdicts(path), verdicts(CONTOSO)
    assert {key: value for key, value in one.items() if other.get(key) is not value} == {}
    assert one.keys() == other.keys()


queries = st.sampled_from(
    ["roleassignments", "roledefinitions", "storageaccounts", "privateendpoints", "onlineendpoints",
     "networksecuritygroups", "policyassignments", "resourcegroups", "keyvault", "workspaces'"]
)  # fmt: skip
lists = st.sampled_from(
    ["computes", "datastores", "connections", "outboundrules", "diagnosticsettings",
     "privateendpointconnections", "privatednszonegroups", "roleeligibilityscheduleinstances",
     "environments", "workspaces/*", "denyassignments"]
)  # fmt: skip
often = st.fixed_dictionaries(
    {"probability": st.sampled_from([0.3, 1.0]), "times": st.sampled_from([None, 1, 6])}
)
refusals = st.sampled_from([403, 409, 429, 500, 503])
broken = st.sampled_from(["reset", "truncate", "garbage"])


def graph_fault(query, effect, status, more):
    return Fault(effect=effect, status=status, path=_GRAPH, query=f"*{query}*", **more)


def list_fault(name, effect, status, more):
    return Fault(effect=effect, status=status, path=f"*/{name}", **more)


# That an element is missing on a page of Resource Manager cannot be seen: its lists have no count.
faults = st.lists(
    st.one_of(
        st.builds(
            graph_fault,
            queries,
            st.one_of(
                st.just("status"),
                broken,
                st.sampled_from(["shortPage", "inserted", "removed", "lostToken", "repeatToken"]),
            ),
            refusals,
            often,
        ),
        st.builds(
            list_fault,
            lists,
            st.one_of(
                st.just("status"),
                broken,
                st.sampled_from(["foreignNextLink", "repeatToken", "inserted"]),
            ),
            refusals,
            often,
        ),
    ),
    min_size=1,
    max_size=6,
)


@pytest.fixture(scope="module")
def served(small_azure, tmp_path_factory):
    """The emulator of a small estate, and the verdicts without faults."""
    with pytest.MonkeyPatch.context() as patch:
        runs = Runs(tmp_path_factory.mktemp("verdicts"), patch)
        runs.sign_in(small_azure.environment)
        patch.setattr("scanner.collect.graph._PAGE", 20)
        small_azure.inject()
        path, found = runs.collect(small_azure)
        assert found.manifest.gaps == ()
        yield runs, small_azure, verdicts(path)


@settings(
    max_examples=10,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(chosen=faults)
def test_no_fault_makes_a_pass(served, chosen):
    runs, azure, truth = served
    azure.inject(*chosen)
    try:
        path, _ = runs.collect(azure, patience=HASTY)
    except CollectError:
        return
    finally:
        azure.inject()
    better = {
        key: truth.get(key)
        for key, verdict in verdicts(path).items()
        if verdict is Verdict.PASS and truth.get(key) is not Verdict.PASS
    }
    assert better == {}
    assert not azure.ledger.violations
