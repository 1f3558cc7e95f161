from __future__ import annotations

import filecmp
import json
import re
from pathlib import Path

import pytest

from fixtures.build import contoso, contoso_leftovers, contoso_mistakes, pristine, refused
from fixtures.build.access import BUILT_IN_ROLES
from fixtures.build.arm_records import arm_records
from fixtures.build.files import write_arm, write_estates
from scanner import armid
from scanner.config import load_config
from scanner.snapshot.read import open_snapshot
from scanner.snapshot.redact import redact
from scanner.snapshot.tables import TABLE_OF_TYPE, TABLES

FIXTURES = Path(__file__).parent.parent / "fixtures"
ESTATES = ("contoso", "pristine", "refused")
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ARM_ID = re.compile(
    r"(/subscriptions/[0-9a-f-]{36}(/resourcegroups/[\w.-]+)?)?(/providers/[\w.]+(/[\w.-]+/[\w.-]+)+)*",
    re.IGNORECASE,
)
NOT_RECORDED = re.compile(
    # Data-plane assets, built-in roles, policies and the spokes of services that are not scanned.
    r"/workspaces/[^/]+/models/"
    r"|^/providers/microsoft\.authorization/policydefinitions/"
    r"|/workspaces/[^/]+/onlineendpoints/[^/]+$"
    r"|/roleeligibilityschedules/"
    rf"|/roledefinitions/({'|'.join(BUILT_IN_ROLES.values())})$"
)
DANGLING = {
    "contoso": {"registries/crfraudqaold"},
    "pristine": set(),
    "arm": {
        # What is attached or made by Azure, and is of no kind that has a base record.
        "workspaces/dbw-pricing-dev",
        "bigdatapools/spark",
        "clusters/hdi-pricing-dev",
        "factories/adf-pricing-dev",
        "resourcegroups/rg-mlr-pricing-managed",
        *(
            f"networkinterfaces/pe-{short}-{group}.nic"
            for short in ("pricing-dev", "assist-dev")
            for group in ("amlworkspace", "amlregistry", "blob", "file", "vault", "registry")
            if (short, group) != ("assist-dev", "amlregistry")
        ),
    },
}
SECRET = re.compile(
    r"sig=|AccountKey=|SharedAccessKey|password\s*[:=]|-----BEGIN|ssh-rsa|eyJ[\w-]{10}|[A-Za-z0-9+/]{43}=",
    re.IGNORECASE,
)
MAIL = re.compile(r"[\w.+-]+@([\w-]+\.)+\w+")


def stored(name):
    with open_snapshot(FIXTURES / "estates" / name) as snapshot:
        return {table: list(snapshot.records(table)) for table in snapshot.tables}


@pytest.fixture(scope="module")
def estates():
    return {name: stored(name) for name in ESTATES}


def pairs(estate):
    return [(table, record) for table, records in estate.items() for record in records]


def strings(value):
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else ():
        yield from strings(inner)
    if isinstance(value, dict):
        yield from value
    for inner in value if isinstance(value, list) else ():
        yield from strings(inner)


ROLE_SCOPE = re.compile(r"^/subscriptions/[^/]+(?=/providers/microsoft.authorization/roledef)")


def key_of(text):
    """Azure names a role by its tenant's or any subscription's form of the id."""
    return ROLE_SCOPE.sub("", armid.key(text))


def known_ids(records):
    """Ids of the records and of what is embedded in them (subnets, rules, connections)."""

    def walk(value):
        if isinstance(value, dict):
            if isinstance(value.get("id"), str) and "name" in value:
                yield armid.key(value["id"])
            for inner in value.values():
                yield from walk(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from walk(inner)

    return {arm_id for record in records for arm_id in walk(record)}


def unresolved(records):
    known = known_ids(records)
    references = {
        key_of(text)
        for record in records
        for text in strings(record)
        if text.lower().startswith(("/subscriptions/", "/providers/"))
    }
    missing = {ref for ref in references - known if not NOT_RECORDED.search(ref)}
    return {"/".join(ref.split("/")[-2:]) for ref in missing}


def same_tree(left, right):
    compared = filecmp.dircmp(left, right, ignore=[])
    names = [*compared.left_only, *compared.right_only, *compared.funny_files]
    names += [
        n for n in compared.common_files if (left / n).read_bytes() != (right / n).read_bytes()
    ]
    for name in compared.common_dirs:
        names += same_tree(left / name, right / name)
    return names


def test_committed_fixtures_are_a_fresh_build(tmp_path):
    write_arm(tmp_path / "arm")
    (tmp_path / "estates").mkdir()
    write_estates(tmp_path / "estates")
    assert same_tree(tmp_path / "arm", FIXTURES / "arm") == []
    for name in ESTATES:
        assert same_tree(tmp_path / "estates" / name, FIXTURES / "estates" / name) == [], name


@pytest.mark.parametrize("name", ESTATES)
def test_config_loads_and_names_what_exists(estates, name):
    config = load_config(FIXTURES / "estates" / name / "azmlscan.yaml")
    subscriptions = {record["subscriptionId"] for record in estates[name]["subscriptions"]}
    missing = {
        subscription
        for environment in config.environments
        for subscription in environment.match.subscriptions
        if subscription not in subscriptions
    }
    assert len(missing) == (1 if name == "refused" else 0)


@pytest.mark.parametrize("name", ESTATES)
def test_records_are_well_formed(estates, name):
    for table, record in pairs(estates[name]):
        arm_id = record["id"]
        assert ARM_ID.fullmatch(arm_id), arm_id
        parts = armid.parse(arm_id)
        assert not parts.subscription_id or GUID.fullmatch(parts.subscription_id), arm_id
        if table != "subscriptions":
            assert record["name"] == parts.name, arm_id
        assert TABLE_OF_TYPE[record["type"].lower()] == table, arm_id
        assert TABLE_OF_TYPE[parts.type.lower()] == table, arm_id


@pytest.mark.parametrize("name", ["contoso", "pristine"])
def test_whole_estates_have_every_table_and_no_gap(name):
    with open_snapshot(FIXTURES / "estates" / name) as snapshot:
        assert snapshot.tables.keys() == TABLES.keys()
        assert all(table.complete for table in snapshot.tables.values())
        assert snapshot.manifest.gaps == ()


@pytest.mark.parametrize("name", ["contoso", "pristine"])
def test_references_resolve_but_for_the_listed(estates, name):
    assert unresolved([record for _, record in pairs(estates[name])]) == DANGLING[name]


def test_single_records_belong_together():
    assert unresolved(list(arm_records().values())) == DANGLING["arm"]


def test_single_records_are_as_committed():
    for name, record in arm_records().items():
        text = (FIXTURES / "arm" / f"{name}.json").read_text(encoding="utf-8")
        assert json.loads(text) == record, name


@pytest.mark.parametrize("name", ESTATES)
def test_nothing_is_left_to_redact_in_estates(estates, name):
    for table, record in pairs(estates[name]):
        assert redact(record, table)[0] == record, record["id"]


def test_single_records_hold_no_secret():
    for name, record in arm_records().items():
        clean = redact(record, TABLE_OF_TYPE[record["type"].lower()])[0]
        record["properties"].pop("environmentVariables", None)
        clean["properties"].pop("environmentVariables", None)
        assert clean == record, name


def test_no_file_looks_like_it_holds_a_secret_or_a_person():
    files = [file for file in FIXTURES.rglob("*") if file.suffix in {".json", ".ndjson", ".yaml"}]
    assert len(files) > len(TABLES)
    for file in files:
        if file.is_relative_to(FIXTURES / "arm") or file.is_relative_to(FIXTURES / "estates"):
            text = file.read_text(encoding="utf-8")
            assert not SECRET.search(text), file
            mails = {match.group() for match in MAIL.finditer(text)}
            assert mails <= {"ml-platform@contoso.example"}, file


def test_refused_is_contoso_without_what_its_gaps_name(estates):
    whole = {armid.key(record["id"]): record for _, record in pairs(estates["contoso"])}
    seen = {armid.key(record["id"]): table for table, record in pairs(estates["refused"])}
    for table, record in pairs(estates["refused"]):
        assert whole[armid.key(record["id"])] == record, table
    for gap in refused.gaps():
        for arm_id, table in seen.items():
            inside = gap.scope == "/" or armid.key(gap.scope) in armid.ancestors(arm_id)
            assert not (inside and gap.table in {"*", table}), arm_id
    assert estates["refused"].keys() == TABLES.keys() - refused.UNRECORDED


def test_every_gap_hides_something(estates):
    whole = pairs(estates["contoso"])
    for gap in refused.gaps():
        hidden = [
            record["id"]
            for table, record in whole
            if gap.table in {"*", table}
            and (gap.scope == "/" or armid.key(gap.scope) in armid.ancestors(record["id"]))
        ]
        assert hidden, gap


def test_mistakes_change_their_record():
    before = contoso.records(mistakes=False)
    after = contoso.records()
    for mistake in contoso_mistakes.MISTAKES:
        assert before.find(mistake.on) != after.find(mistake.on), mistake.why


def test_mistakes_name_rules():
    named = [m.rules for m in contoso_mistakes.MISTAKES]
    for rules in (*named, *contoso_leftovers.LEFTOVERS.values()):
        assert rules
        assert all(re.fullmatch(r"AML-[A-Z]{3}-[0-9]{3}", rule) for rule in rules)


@pytest.mark.parametrize("estate", [contoso, pristine])
def test_one_private_endpoint_record_per_connection(estate):
    records = [record for _, record in estate.records()]
    by_id = {armid.key(record["id"]): record for record in records}
    for record in records:
        if not isinstance(record["properties"], dict):
            continue
        for connection in record["properties"].get("privateEndpointConnections") or ():
            endpoint = by_id[armid.key(connection["properties"]["privateEndpoint"]["id"])]
            properties = endpoint["properties"]
            links = properties["privateLinkServiceConnections"]
            links = links + properties["manualPrivateLinkServiceConnections"]
            targets = [armid.key(link["properties"]["privateLinkServiceId"]) for link in links]
            assert targets == [armid.key(record["id"])]
