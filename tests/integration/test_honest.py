# Honest containers on a node whose disk is xfs, as EKS has it: what can be proven
# of them is supported, and what cannot is not, whatever the agents' charts mount.
# `make honest` prints the whole table.
import json

import honest
import node as lab
import pytest
from probing import Bench, needs_root

TIME = "time"
ALWAYS = {"churner"}  # makes and removes files where docker.sock would be
# What they make in that directory as they start is younger than their first second.
WRITES_AT_START = {"nginx", "web", "guardduty-tester"}
# Might have chrooted to where the node's docker.sock is absent, and the node's /run changed since.
SEES_RUN = {("datadog", "/var/run/docker.sock"), ("datadog", "/host/var/run/docker.sock"),
            ("newrelic", "/var/run/docker.sock"), ("node-exporter", "/var/run/docker.sock"),
            ("cadvisor", "/var/run/docker.sock"), ("cadvisor", "/rootfs/var/run/docker.sock")}
HARDENED = {"hardened", "hardened-agent"}
ROWS = 74


@pytest.fixture(scope="module")
def bench():
    needs_root()
    with lab.Node() as node:
        node.start(("containerd", "podman"), disk="xfs", snapshotter="overlayfs")
        yield Bench(node)


@pytest.fixture(scope="module")
def rows(bench):
    return honest.judge_states(bench.run, bench.node, "xfs", runtimes=("podman",))


def must_fail(row):
    return (row["pod"] in ALWAYS or (row["pod"] in WRITES_AT_START and row["age"] == "first second")
            or (row["state"] == "absent, changed" and (row["pod"], row["name"]) in SEES_RUN))


def assumptions(row):
    expected = [] if row["pod"] in HARDENED else ["mounts_unchanged"]
    if row["pod"] == "guardduty-tester":
        expected = ["no_relay", *expected]
    if row["age"] == "30 days":
        return [*expected, "earlier_events"]
    # After the first moments of a container that are not like the rest the clocks are needed.
    return [*expected, "event_time"] if row["pod"] in WRITES_AT_START else expected


def named(rows):
    return {(row["pod"], row["name"], row["state"], row["age"], row["failed"]) for row in rows}


def test_what_can_be_proven_is_supported(rows):
    assert len(rows) == ROWS * len(honest.AGES)
    wanted = [row for row in rows if not must_fail(row)]
    assert named(row for row in wanted if row["decision"] != "supported") == set()
    assert len(wanted) == 52 + 64 + 64


def test_what_cannot_be_proven_is_undecided_for_its_time(rows):
    failed = [row for row in rows if must_fail(row)]
    assert {row["decision"] for row in failed} == {"inconclusive"}
    assert {row["failed"].split(":")[0] for row in failed} == {TIME}


def test_each_assumption_is_one_that_the_container_makes_necessary(rows):
    wrong = [(row["pod"], row["age"], row["assumptions"]) for row in rows
             if row["decision"] == "supported" and row["assumptions"] != assumptions(row)]
    assert wrong == []


def test_strict_supports_hardened_pods_alone(rows):
    strict = {(row["pod"], row["age"]) for row in rows if row["strict"] == "supported"}
    assert strict == {(pod, age) for pod in HARDENED for age in ("first second", "4 s")}


def test_same_verdicts_while_others_come_and_go(bench):
    decisions, others, churned = honest.steady(bench.run, bench.node, 8)
    assert churned > 2
    assert decisions["live", "not_supported"] == 8 and decisions["live", "supported"] == 0
    assert others == {}, json.dumps([list(key) for key in others])


def test_network_namespaces_that_end_meanwhile_are_no_gap(bench):
    loops = [bench.node.spawn(["sh", "-c", "while true; do unshare --net true; unshare --net sleep 0.02; done"])
             for _ in range(3)]
    try:
        assert [scan.gaps() for scan in (bench.scan() for _ in range(30)) if scan.gaps()] == []
    finally:
        bench.node.exec(["kill", *map(str, loops)])
