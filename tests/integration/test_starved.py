# Each step of a run with less memory than its facts take: whatever does not fit,
# the evidence comes, is of the schema, and says that something is missing.
import json
import os

import conftest
import findings
import pytest

STARVED = os.environ["STARVED"]
STEPS = 21  # of probe/commands/scan.c
BYTES = [0, 16, 100, 500, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000]


@pytest.fixture(scope="module")
def truth(bench):
    truth = bench.scene("mission")
    # Ways through a view's parts and a process's root, a connection that nobody accepted, a listener that no table has.
    bench.node.pod("ops", "debugger-0", ["/bin/sockpeer", "init"], host_pid=True, capabilities=["SYS_PTRACE"],
                   mounts=[("/", "/host", True)])
    own = bench.node.pod("shop", "own-0", ["/bin/sh", "-c", "mkdir -p /x/y; ln -s y /x/z; exec sockpeer serve /x/z/docker.sock stream listen"])
    bench.node.exec(["sh", "-c", f"until test -S /proc/{own['pid']}/root/x/y/docker.sock; do sleep 0.1; done"], timeout=300)
    raw = findings.finding(truth["agent"], "/var/run/docker.sock", findings.an_event())
    bench.node.path("/run/finding.json").write_text(json.dumps(raw))
    return truth


def facts(evidence):
    """The evidence without the times of the run and the counts of what was read."""
    return {key: evidence[key] for key in ("paths", "containers", "access", "connections", "residual_risks", "verdict")
            if key in evidence.document}


def explain(bench, step, room):
    return conftest.Evidence(bench.node.exec(["env", f"STARVED={step} {room}", STARVED, "explain", "/run/finding.json"],
                                             check=False))


@pytest.fixture(scope="module")
def fed(bench, truth):
    evidence = explain(bench, STEPS, 0)
    assert evidence.status == 0 and not evidence.gaps()
    return evidence


@pytest.mark.parametrize("step", range(STEPS))
def test_what_does_not_fit_is_said(bench, fed, step):
    enough = False
    for room in BYTES:
        evidence = explain(bench, step, room)
        gaps = evidence.gaps()
        # What the kubelet is configured to use decides nothing.
        if gaps - {"kubelet_config"}:
            assert evidence.status == 2 and evidence["verdict"]["decision"] != "supported"
        else:
            assert facts(evidence) == facts(fed)
        assert not (gaps and enough), f"{room} bytes are too few, though fewer were not"
        enough = not gaps
    assert enough
