"""What the rules make of a collected snapshot: the same as of the records, and never better."""

from __future__ import annotations

from uuid import NAMESPACE_URL, uuid5

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixtures.emulator import Emulator, Fault, Principal, Quotas, Role
from fixtures.emulator import Settings as EmulatorSettings
from scanner.collect.cloud import find_cloud
from scanner.collect.operations import GRAPH_PERMISSIONS
from scanner.collect.permissions import CHECKED
from scanner.collect.retry import Patience
from scanner.config import load_config
from scanner.engine.evaluate import evaluate
from scanner.engine.packs import built_in_pack, load_packs
from scanner.engine.parameters import Settings
from scanner.engine.result import VERDICTS, Verdict
from scanner.errors import CollectError
from scanner.inventory.estate import load_estate
from scanner.snapshot import open_snapshot
from tests.collect.conftest import CONTOSO, Runs, small_estate

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
     "environments", "workspaces/*", "denyassignments", "permissions"]
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
    assert better_than(truth, path) == {}
    assert not azure.ledger.violations


def better_than(truth, path):
    return {
        key: truth.get(key)
        for key, verdict in verdicts(path).items()
        if verdict is Verdict.PASS and truth.get(key) is not Verdict.PASS
    }


PROD = "/subscriptions/27d3be81-b75a-5eb9-a374-eb5717f1baac"
GROUP = f"{PROD}/resourceGroups/rg-fraud-prod"
WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/mlw-fraud-prod"
PLACES = ("/", PROD, GROUP, WORKSPACE)


def identities():
    """Return readers of less than everything: one after the other lacks one kind of read."""
    for number, table in enumerate(CHECKED):
        without = Role(not_actions=(GRAPH_PERMISSIONS[table],))
        somewhere = Role(scope=PLACES[number % len(PLACES)])
        yield Principal(client_id=str(uuid5(NAMESPACE_URL, table)), roles=(without,))
        yield Principal(
            client_id=str(uuid5(NAMESPACE_URL, f"{table} somewhere")),
            roles=(without, somewhere) if number % 2 else (somewhere,),
        )


IDENTITIES = tuple(identities())


@pytest.fixture(scope="module")
def limited(tmp_path_factory, served):
    """The emulator of the same estate for identities that may read only some of it."""
    quotas = Quotas(queries=100_000, reads=1_000_000)
    identities = EmulatorSettings(principals=IDENTITIES)
    with pytest.MonkeyPatch.context() as patch:
        runs = Runs(tmp_path_factory.mktemp("limited"), patch)
        with Emulator(small_estate(), quotas=quotas, settings=identities) as azure:
            yield runs, azure, served[2]


@settings(
    max_examples=8,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(identity=st.sampled_from(IDENTITIES))
def test_no_missing_permission_makes_a_pass(limited, identity):
    runs, azure, truth = limited
    runs.sign_in(azure.environment | {"AZURE_CLIENT_ID": identity.client_id})
    path, found = runs.collect(azure)
    assert found.manifest.gaps or identity.roles[-1] == Role()
    assert better_than(truth, path) == {}
