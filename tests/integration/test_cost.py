# What a run asks of the kernel, counted: it does not depend on the machine, as
# time does, and most of the time goes there. tests/bench has the time.
import os
import re

import conftest
import node as lab
import pytest

# System calls whose number grows with the node; a sanitizer makes none of them.
CALLS = ("openat", "read", "readlinkat", "getdents64", "setns", "sendto", "recvmsg", "recvfrom", "statx", "getxattr",
         "write", "poll")


@pytest.fixture(scope="module")
def floor(bench):
    """The reads that are necessary for the answer."""
    target = bench.node.state / "floor"
    lab.run(["gcc", "-std=gnu17", "-D_GNU_SOURCE", "-O2", "-o", target, conftest.REPO / "tests" / "bench" / "floor.c"])
    bench.scene("crowd")
    return target


def count(bench, *command):
    log = bench.node.state / "calls"
    bench.node.exec(["strace", "-f", "-c", "-e", "trace=" + ",".join(CALLS), "-o", log, *command], check=False)
    return {name: int(calls) for calls, name in re.findall(r"^.{34}\s*(\d+)\s+(?:\d+\s+)?(\w+)$", log.read_text(), re.M)}


def test_calls_are_no_more_than_they_were(bench, floor):
    """
    9.0 times the floor's on 2026-11-26: a small node, where most calls are looks at paths. Each of its 22 containers is
    one that the evidence lists, of which some 28 looks and their dates tell what the names of docker.sock are in it;
    without them it is 3.0 times. A tenth more is a regression; who makes them fewer lowers the number.
    """
    least, own = count(bench, floor), count(bench, conftest.PROGRAM)
    assert own["setns"] == 2 * (least["setns"] - 1)  # into each other network namespace, and back
    assert own["getdents64"] < 1.2 * least["getdents64"] and own["readlinkat"] < 1.35 * least["readlinkat"]
    assert 6 < own["total"] / least["total"] < 1.1 * 9.0


def readers(bench, *options):
    """
    How many processes read descriptors at once, by strace's forks and ends: one that is late is ended, and another
    takes its place. The program and the keeper of the readers are two more.
    """
    trace = bench.node.state / "trace"
    bench.node.exec(["strace", "-f", "-o", trace, "-e", "trace=clone,clone3,fork,vfork", conftest.PROGRAM, *options],
                    check=False)
    living = most = 1
    for line in trace.read_text().splitlines():
        living += bool(re.search(r"(?:clone3?|v?fork)(?:\(| resumed).* = [1-9]", line))
        living -= bool(re.search(r"\+\+\+ (?:exited with|killed by) ", line))
        most = max(most, living)
    return most - 2


def test_nice_leaves_processors_to_others(bench, floor):
    """From 64 processes on, descriptors are read side by side, on each processor; as a guest, on one."""
    pids = bench.node.exec(["sh", "-c", "ls -d /proc/[0-9]* | wc -l"]).stdout
    assert int(pids) >= 64
    assert readers(bench, "--nice") == 1
    assert (readers(bench) > 1) == (len(os.sched_getaffinity(0)) > 1)
