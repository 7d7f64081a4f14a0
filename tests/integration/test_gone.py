# SPDX-License-Identifier: Apache-2.0
"""
Processes that had another root, of which nothing is left: what made it possible
is named, and --strict supports nothing. The pods have the runtime's own seccomp
profile and default capabilities.
"""
import json
import os
import time

import findings
import node as lab
import pytest
from probing import needs_root
import conftest

DOCKER = "/var/run/docker.sock"
# A root below which DOCKER leads to a socket; a client in it; all removed again.
CLIENT = """
import os, socket, time
def wait(path):
    while not os.path.exists(path):
        time.sleep(0.02)
wait("/tmp/go")
os.makedirs(ROOT + PARENT)
os.symlink(TARGET, ROOT + LINK)
pid = os.fork()
if pid == 0:
    os.chroot(ROOT)
    os.chdir("/")
    socket.socket(socket.AF_UNIX).connect("/var/run/docker.sock")
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
os.remove(ROOT + LINK)
os.removedirs(ROOT + PARENT)
open("/tmp/connected", "w").close()
time.sleep(3600)
"""
PYTHON = [("/usr", "/usr", True), ("/usr/lib", "/lib", True), ("/usr/lib64", "/lib64", True)]


@pytest.fixture(scope="module")
def node():
    needs_root()
    with lab.Node() as made:
        made.start(("containerd",))
        yield made


def decide(node, finding, *options):
    node.path("/run/gone.json").write_text(json.dumps(finding))
    done = node.exec([conftest.PROGRAM, "explain", "/run/gone.json", *options], check=False)
    return json.loads(done.stdout)["verdict"]


@pytest.mark.parametrize("name, mount, root, parent, link, target, means", [
    ("in-a-directory", ("/run", "/host/run", True), "/host", "/var", "/var/run", "/run",
     "CAP_SYS_CHROOT, and directories with the node's sockets below /host, where others may have been"),
    ("by-a-mounted-socket", ("/run/docker.sock", "/sock/x.sock", False), "/sock", "/var/run", "/var/run/docker.sock",
     "/x.sock", "a socket of the node's, which may have been a live runtime's, mounted at /sock/x.sock"),
])
def test_a_root_that_is_gone(node, name, mount, root, parent, link, target, means):
    script = f"ROOT, PARENT, LINK, TARGET = {root!r}, {parent!r}, {link!r}, {target!r}\n" + CLIENT
    node.exec(["rm", "-rf", "/run/docker.sock"])
    listener = node.helper("serve", "/run/docker.sock", "stream", "accept")
    pod = node.pod("gone", name, ["/usr/bin/python3", "-u", "-c", script], mounts=[*PYTHON, mount],
                   runtime_default=True)
    try:
        inside = node.path(f"/proc/{pod['pid']}/root/tmp")
        time.sleep(2.5)
        (inside / "go").write_text("")
        lab.wait_until("the client has been connected", lambda: os.path.exists(inside / "connected"), 30)
        finding = findings.finding(pod, DOCKER, time.time())
        time.sleep(1)
        node.exec(["sh", "-c", f"kill {listener}; rm -f /run/docker.sock"])
        verdict = decide(node, finding)
        assert [item["id"] for item in verdict["assumptions"]] == ["mounts_unchanged"]
        assert means in verdict["assumptions"][0]["means"]
        assert decide(node, finding, "--strict")["decision"] == "inconclusive"
    finally:
        node.remove_pod(pod)
