# Hostile nodes: a name is no sentence, a file system that never answers is
# "timed_out", a table that is filled is said to be cut, all the rest is there,
# and the run ends.
import json
import time

import conftest
import findings
import pytest

# A FUSE mount whose server never reads a request: every walk into it waits.
DEAD = """
import ctypes, os, sys, time
fd = os.open('/dev/fuse', os.O_RDWR)
if len(sys.argv) > 2:
    ctypes.CDLL(None).setns(os.open(sys.argv[2], os.O_RDONLY), 0x20000)
options = f'fd={fd},rootmode=40000,user_id=0,group_id=0,allow_other'
if ctypes.CDLL(None, use_errno=True).mount(b'dead', sys.argv[1].encode(), b'fuse', 0, options.encode()):
    sys.exit(os.strerror(ctypes.get_errno()))
print('ready', flush=True)
time.sleep(600)
"""

# A step that never ends costs the run its two seconds, not the run's whole time:
# that is told apart on any machine, however busy.
HOUR = "3600"
SOON = 120


@pytest.fixture(scope="module")
def truth(bench):
    return bench.scene("mission")


# Listens at a path that wants to be several items, and calls itself so.
SPEAKER = """
import os, socket, sys, time
os.makedirs(sys.argv[1])
open('/proc/self/comm', 'w').write('d[1] (x), y')
s = socket.socket(socket.AF_UNIX)
os.chdir(sys.argv[1])
s.bind('docker.sock')
s.listen(1)
print('ready', flush=True)
time.sleep(600)
"""
ODD = "a  b, (self)\nnot seen"
SHOWN = "a  b, (self)\\u{a}not seen"


@pytest.fixture(scope="module")
def odd(bench, truth):
    """A pod whose container's name, paths and peer are sentences."""
    bench.node.spawn(["/usr/bin/python3", "-c", SPEAKER, f"/run/odd/{ODD}"], ready=lambda text: "ready" in text)
    return bench.node.pod("odd", "p", ["/bin/sockpeer", "init"], container="x (self), host",
                          mounts=[("/run/odd", "/o  d", False)])


def test_no_name_is_a_sentence_in_text(bench, odd):
    lines = bench.run("scan", "-o", "text", "--path", f"/run/odd/{ODD}/docker.sock").stdout.splitlines()
    assert f"'/run/odd/{SHOWN}/docker.sock'" in lines
    assert [line for line in lines if line.startswith("  listener: 'd[1] (x), y'[")]
    assert f"    odd/p 'x (self), host': '/o  d/{SHOWN}/docker.sock'" in lines
    assert not [line for line in lines if line.lstrip().startswith(("not seen/", "(self)"))]


def test_no_name_is_a_sentence_in_a_verdict(bench, odd):
    raw = findings.finding(odd, f"/o  d/{ODD}/docker.sock", findings.an_event(), id="f, `1`")
    bench.node.path("/run/finding.json").write_text(json.dumps(raw))
    verdict = conftest.Evidence(bench.run("explain", "/run/finding.json"))["verdict"]
    (reason,) = [reason for reason in verdict["reasons"] if reason["rule"] == "live_socket"]
    assert reason["text"].startswith("a listener answers there: 'd[1] (x), y' (pid ")
    text = bench.run("explain", "/run/finding.json", "-o", "text").stdout
    assert f"\n  '/o  d/{SHOWN}/docker.sock' by /bin/sockpeer\n" in text
    ticket = bench.run("explain", "/run/finding.json", "-o", "markdown").stdout.splitlines()
    assert "- id: `'f, \\u{60}1\\u{60}'`" in ticket
    assert f"- path it names: `'/o  d/{SHOWN}/docker.sock'`" in ticket


def test_dead_mount_on_the_node(bench, truth):
    bench.node.exec(["mkdir", "-p", "/run/dead"])
    bench.node.spawn(["/usr/bin/python3", "-c", DEAD, "/run/dead"], ready=lambda text: "ready" in text)
    evidence = bench.scan("--timeout", HOUR, "--path", "/run/dead/docker.sock", timeout=SOON, late=True)
    assert evidence.status == 2 and evidence.coverage("paths") == {"timed_out"}
    path = evidence.path("/run/dead/docker.sock")
    assert (path["kind"], path["state"], path["connect_result"]) == ("timed_out", "unknown", None)
    # what is not on it was read as ever
    assert evidence.path("/run/docker.sock")["kind"] == "directory"
    assert evidence.path("/run/containerd/containerd.sock")["listener"]["process"]["comm"] == "containerd"


def test_dead_mount_inside_a_container(bench, truth):
    """A finding names a path that its container put on such a mount."""
    agent = truth["agent"]
    bench.node.spawn(["/usr/bin/python3", "-c", DEAD, "/tmp", f"/proc/{agent['pid']}/ns/mnt"],
                     ready=lambda text: "ready" in text)
    raw = findings.finding(agent, "/tmp/docker.sock", findings.an_event())
    bench.node.path("/run/finding.json").write_text(json.dumps(raw))
    evidence = conftest.Evidence(bench.run("explain", "--timeout", HOUR, "/run/finding.json", timeout=SOON, late=True))
    assert (evidence["verdict"]["decision"], evidence.status) == ("inconclusive", 2)
    path = evidence.path("/tmp/docker.sock", view=agent["id"])
    assert (path["kind"], path["connect_result"]) == ("timed_out", None)


def test_deadline_of_the_whole_run(bench, truth):
    """Each path would take its two seconds, all of them two minutes."""
    paths = [word for i in range(60) for word in ("--path", f"/run/dead/{i}.sock")]
    evidence = bench.scan("--timeout", "5", *paths, timeout=SOON // 2, late=True)
    assert evidence.status == 2
    # Those that were asked in vain and those that were not asked have lines of their own.
    assert "give more time with --timeout" in {line["fix"] for line in evidence["coverage"] if line["source"] == "paths"}
    assert evidence["verdict"]["decision"] == "not_judged"


def test_more_sockets_of_a_runtimes_name_than_are_kept(bench, truth):
    """A process fills the table: what is left out is reported, and what matters is still there."""
    script = ("import os, socket\nkeep = []\n"
              "for i in range(1200):\n"
              "    os.makedirs(f'/run/many/{i}'); s = socket.socket(socket.AF_UNIX)\n"
              "    s.bind(f'/run/many/{i}/docker.sock'); s.listen(1); keep.append(s)\n"
              "print('ready', flush=True)\nimport time; time.sleep(600)\n")
    bench.node.spawn(["sh", "-c", "ulimit -n 4096; exec /usr/bin/python3 -c \"$0\"", script],
                     ready=lambda text: "ready" in text)
    evidence = bench.scan()
    assert evidence.status == 2 and "partial" in evidence.coverage("paths")
    assert len(evidence["paths"]) == 1024
    assert evidence.path("/run/containerd/containerd.sock")["state"] == "listening"
