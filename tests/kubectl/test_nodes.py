# kubectl sockprobe nodes: many nodes side by side, one line of evidence for each.
import json
import os
import signal
import time

import pytest
from apiserver import Refusal
from test_node import assert_none_left, ends_with, runs_on, wait_for


def sample(name):
    return b'{"schema":"sockprobe.evidence/v1","node":{"hostname":"%s"}}\n' % name.encode()


def names(out):
    return sorted(json.loads(line)["node"]["hostname"] for line in out.splitlines())


@pytest.fixture
def pool(bench):
    """Six nodes; each one's evidence bears its name."""
    for number in range(6):
        name = f"node-{number}"
        bench.cluster.node(name, labels={"pool": "even" if number % 2 == 0 else "odd"})
        bench.kubelet.instead[name] = ends_with(sample(name))
    return bench.cluster


def test_each_node_is_one_line(bench, pool):
    status, out, err = bench.run("nodes", "--all")
    assert (status, names(out)) == (0, [f"node-{number}" for number in range(6)]), err
    assert [line for line in err.splitlines() if line.endswith(" done")] == [
        f"sockprobe: {number} of 6 nodes done" for number in range(1, 7)]
    assert "names it otherwise" not in err
    assert out.count(b"\n") == 6
    assert pool.pods() == []


def test_node_that_has_another_name_itself(bench, pool):
    bench.kubelet.instead["node-1"] = ends_with(sample("ip-10-0-0-1"))
    status, out, err = bench.run("nodes", "--all")
    assert (status, names(out)[0]) == (0, "ip-10-0-0-1")
    assert 'sockprobe: node node-1: its evidence names it otherwise: "hostname":"ip-10-0-0-1"\n' in err
    assert err.count("names it otherwise") == 1


def test_selector(bench, pool):
    assert names(bench.run("nodes", "-l", "pool=odd")[1]) == ["node-1", "node-3", "node-5"]


@pytest.mark.parametrize("parallel", [1, 3])
def test_so_many_at_a_time(bench, pool, parallel):
    counts = {"now": 0, "most": 0}

    def play(container):
        with pool.changed:
            counts["now"] += 1
            counts["most"] = max(counts["most"], counts["now"])
        # Until as many run as may, and a while longer in which one too many would show.
        wait_for(lambda: counts["most"] >= parallel)
        time.sleep(0.5)
        with pool.changed:
            counts["now"] -= 1
        ends_with(sample(container.node))(container)
    bench.kubelet.instead = dict.fromkeys(bench.kubelet.instead, play)
    status, out, err = bench.run("nodes", "--all", "--parallel", str(parallel))
    assert (status, len(names(out))) == (0, 6), err
    assert counts["most"] == parallel


def test_one_that_fails_does_not_stop_the_others(bench, pool):
    pool.node("node-2", ready="False")
    bench.kubelet.instead["node-4"] = ends_with(sample("node-4"), 2)
    status, out, err = bench.run("nodes", "--all")
    assert (status, names(out)) == (69, ["node-0", "node-1", "node-3", "node-4", "node-5"])
    assert "sockprobe: node node-2: is not ready" in err


def test_status_is_the_highest(bench, pool):
    bench.kubelet.instead["node-0"] = ends_with(sample("node-0"), 2)
    assert bench.run("nodes", "-l", "pool=odd")[0] == 0
    assert bench.run("nodes", "-l", "pool=even")[0] == 2
    pool.refuse("^POST ", Refusal(403, "Forbidden", "pods is forbidden"), times=1)
    assert bench.run("nodes", "--all")[0] == 77


def test_nodes_that_no_pod_can_look_at_are_left_out(bench, pool):
    pool.node("node-2", labels={"kubernetes.io/os": "windows", "pool": "even"})
    pool.node("node-4", labels={"eks.amazonaws.com/compute-type": "fargate", "pool": "even"})
    status, out, err = bench.run("nodes", "-l", "pool=even")
    assert (status, names(out)) == (0, ["node-0"])
    assert "sockprobe: node node-2: left out: windows" in err
    assert "sockprobe: node node-4: left out: linux, fargate" in err


def test_none_matches(bench, pool):
    status, out, err = bench.run("nodes", "-l", "pool=prime")
    assert (status, out) == (69, b"")
    assert err == "sockprobe: nodes: none to look at: see kubectl get nodes --show-labels\n"


def test_listing_refused(bench, pool):
    pool.refuse("^GET .*/nodes", Refusal(403, "Forbidden", 'nodes is forbidden: User "me" cannot list resource "nodes"'))
    status, out, err = bench.run("nodes", "--all")
    assert (status, out) == (77, b"")
    assert err.startswith('sockprobe: nodes: Error from server (Forbidden): nodes is forbidden: User "me" cannot list')


def test_signal_removes_all_pods_and_keeps_what_came(bench, pool):
    for number in range(2, 6):
        bench.kubelet.instead[f"node-{number}"] = runs_on
    child = bench.start("nodes", "--all", "--parallel", "4")
    wait_for(lambda: len(pool.pods()) == 4 and len(set(pool.seen("^DELETE"))) == 2)
    os.killpg(child.pid, signal.SIGINT)
    out, err = child.communicate(timeout=300)
    assert (child.returncode, names(out)) == (130, ["node-0", "node-1"]), err
    assert pool.pods() == []
    # A request that the signal cut off is sent again.
    assert len(set(pool.seen("^DELETE"))) == 6
    assert_none_left(child.pid)
