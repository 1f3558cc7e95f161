from __future__ import annotations

import pytest

from tests.engine.estates import estate
from tests.inventory.records import UNREAD, child, compute, facts, workspace

WS = workspace()
ANN, BEN = "AAAA-1", "bbbb-2"


def instance(name, assigned=None, creator=None, **inner):
    if assigned is not None:
        settings = {"assignedUser": {"objectId": assigned}}
        inner["personalComputeInstanceSettings"] = settings
    if creator is not None:
        inner["createdBy"] = {"userId": creator}
    return compute(WS, name, "ComputeInstance", inner=inner)


def cluster(name, size="Standard_DS3_v2", tags=None, **inner):
    top = {"tags": tags} if tags is not None else {}
    return compute(WS, name, inner={"vmSize": size, **inner}, **top)


def fact(name, *computes, unread=()):
    return facts(estate(WS, *computes, unread=unread), WS, name)


class TestUsersWithSeveralInstances:
    NAME = "usersWithSeveralInstances"

    def test_assigned_and_else_the_creator(self):
        found = fact(
            self.NAME,
            instance("a", ANN, BEN),
            instance("b", creator=ANN.lower()),
            instance("c", BEN, ANN),
        )
        assert found == [{"objectId": ANN.lower(), "instances": ["a", "b"]}]

    def test_nobody(self):
        assert fact(self.NAME, instance("a"), instance("b")) == []
        assert fact(self.NAME, cluster("a", createdBy={"userId": ANN}), instance("b", ANN)) == []

    def test_unread(self):
        assert fact(self.NAME, instance("a", ANN), instance("b", UNREAD)) == [UNREAD]
        assert fact(self.NAME, unread=["computes"]) == [UNREAD]
        assert fact(self.NAME, instance("a", ANN), compute(WS, "b", UNREAD)) == [UNREAD]
        found = fact(self.NAME, instance("a", ANN), instance("b", ANN), instance("c", UNREAD))
        assert found == [{"objectId": ANN.lower(), "instances": ["a", "b", UNREAD]}, UNREAD]


class TestDuplicateClusters:
    NAME = "duplicateClusters"

    def test_by_size_and_priority(self):
        found = fact(
            self.NAME,
            cluster("b"),
            cluster("a", "STANDARD_DS3_V2", vmPriority="dedicated"),
            cluster("c", vmPriority="LowPriority"),
            cluster("d", "Standard_F16s_v2"),
        )
        assert [(one["vmPriority"], one["clusters"]) for one in found] == [
            ("Dedicated", ["a", "b"])
        ]

    def test_instances_do_not_count(self):
        twin = compute(WS, "b", "ComputeInstance", inner={"vmSize": "Standard_DS3_v2"})
        assert fact(self.NAME, cluster("a"), twin) == []

    def test_unread(self):
        assert fact(self.NAME, cluster("a"), cluster("b", UNREAD)) == [UNREAD]
        assert fact(self.NAME, cluster("a"), cluster("b", vmPriority=UNREAD)) == [UNREAD]


class TestPipelines:
    @pytest.mark.parametrize(
        ("tags", "expected"),
        [
            ({"Pipeline": "a"}, ["a"]),
            ({"pipeline": "a, b;c  a"}, ["a", "b", "c"]),
            ({"pipeline": " , "}, []),
            ({"other": "a"}, []),
            (None, []),
            (UNREAD, [UNREAD]),
            ({"pipeline": {"$redacted": "sha256:" + "0" * 64}}, [UNREAD]),
        ],
    )
    def test_of_a_tag(self, tags, expected):
        one = cluster("a", tags=tags)
        assert facts(estate(WS, one), one, "pipelines") == expected

    def test_clashes(self):
        clusters = [cluster("a", tags={"pipeline": "x,y"}), cluster("b", tags={"pipeline": "X"})]
        assert fact("pipelineTagClashes", *clusters) == [{"pipeline": "x", "clusters": ["a", "b"]}]
        assert fact("pipelineTagClashes", clusters[0], cluster("c", tags=UNREAD)) == [UNREAD]


def of_compute(name, compute_type="ComputeInstance", **inner):
    one = compute(WS, "c", compute_type, inner=inner)
    return facts(estate(WS, one), one, name)


def test_managed():
    assert of_compute("managed") is True
    assert of_compute("managed", "amlcompute") is True
    assert of_compute("managed", "AKS") is False
    assert of_compute("managed", UNREAD) == UNREAD


STOP = {"action": "stop", "status": "enabled"}


@pytest.mark.parametrize(
    ("schedules", "expected"),
    [
        (None, False),
        ({"computeStartStop": []}, False),
        ({"computeStartStop": [STOP]}, True),
        ({"computeStartStop": [{**STOP, "action": "Start"}]}, False),
        ({"computeStartStop": [{**STOP, "status": "Disabled"}]}, False),
        ({"computeStartStop": [{**STOP, "status": UNREAD}]}, UNREAD),
        ({"computeStartStop": [{**STOP, "status": UNREAD}, STOP]}, True),
        ({"computeStartStop": UNREAD}, UNREAD),
        (UNREAD, UNREAD),
    ],
)
def test_has_stop_schedule(schedules, expected):
    found = of_compute("hasStopSchedule", schedules=schedules)
    # An element that is not readable makes its whole list unread.
    assert found == expected or (expected is True and found == UNREAD)


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [
        ("PT30M", 1800),
        ("PT1H30M", 5400),
        ("P1D", 86400),
        (None, None),
        ("P1M", UNREAD),
        ("30 minutes", UNREAD),
        ("P99999999999999D", UNREAD),
        (UNREAD, UNREAD),
    ],
)
def test_idle_times(duration, seconds):
    assert of_compute("idleShutdownSeconds", idleTimeBeforeShutdown=duration) == seconds
    settings = {"minNodeCount": 0, "nodeIdleTimeBeforeScaleDown": duration}
    assert of_compute("idleScaleDownSeconds", "AmlCompute", scaleSettings=settings) == seconds


def test_idle_time_without_scale_settings():
    assert of_compute("idleScaleDownSeconds", "AmlCompute") is None
    assert of_compute("idleScaleDownSeconds", "AmlCompute", scaleSettings=UNREAD) == UNREAD


ENDPOINT = child(WS, "onlineEndpoints", "e")


def deployment(name="d", capacity=None, **settings):
    top = {"sku": {"capacity": capacity}} if capacity is not None else {}
    body = {"scaleSettings": settings} if settings else {}
    return child(ENDPOINT, "deployments", name, properties=body, **top)


class TestMinimumInstances:
    @pytest.mark.parametrize(
        ("options", "expected"),
        [
            ({}, None),
            ({"capacity": 3}, 3),
            ({"capacity": 3, "scaleType": "Default"}, 3),
            ({"capacity": 3, "scaleType": "TargetUtilization", "minInstances": 2}, 2),
            ({"capacity": 3, "scaleType": "TargetUtilization"}, 1),
            ({"capacity": 3, "scaleType": UNREAD}, UNREAD),
            ({"capacity": UNREAD}, UNREAD),
            ({"scaleType": "TargetUtilization", "minInstances": UNREAD}, UNREAD),
        ],
    )
    def test_of_a_deployment(self, options, expected):
        one = deployment(**options)
        assert facts(estate(WS, ENDPOINT, one), one, "minimumInstances") == expected

    def test_of_an_endpoint_is_the_smallest(self):
        def minimum(*deployments, unread=()):
            of = estate(WS, ENDPOINT, *deployments, unread=unread)
            return facts(of, ENDPOINT, "minimumInstances")

        assert minimum(deployment("a", 3), deployment("b", 1), deployment("c")) == 1
        assert minimum() is None
        assert minimum(deployment("a", 3), deployment("b", UNREAD)) == UNREAD
        assert minimum(unread=["onlineDeployments"]) == UNREAD
