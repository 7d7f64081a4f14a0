# A container with more roots, threads or mounts than are kept, or with a file
# where others have a directory: the run ends, the others are seen whole, and
# coverage names the container that is not.
import json
import time

import conftest
import findings
import node as lab
import pytest

DOCKER, RUN = "/var/run/docker.sock", "/run/docker.sock"
SOCKETS = ("/run/containerd", "/sockets", True)
PROGRAMS = [("/usr", "/usr", True), ("/usr/lib", "/lib", True), ("/usr/lib64", "/lib64", True)]
SETUP = """
import ctypes, os, threading, time
libc = ctypes.CDLL(None, use_errno=True)
def must(result):
    if result:
        raise OSError(ctypes.get_errno(), "setup")
def park(root=None):
    if root:
        must(libc.unshare(0x200))  # CLONE_FS
        os.chroot(root)
    parked.append(root)
    time.sleep(1e6)
def start(root=None):
    threading.Thread(target=park, args=(root,), daemon=True).start()
threading.stack_size(65536)
parked = []
os.mkdir("/tree")
"""
# What each makes of itself, by its name.
CROWDS = {
    "roots": """
for i in range(80):
    os.mkdir(f"/tree/{i}")
    start(f"/tree/{i}")
while len(parked) < 80:
    time.sleep(0.01)
""",
    "threads": """
for i in range(3000):
    start()
while len(parked) < 3000:
    time.sleep(0.01)
""",
    "mounts": """
must(libc.mount(b"none", b"/tree", b"tmpfs", 0, None))
os.mkdir("/tree/a")
for i in range(5000):
    must(libc.mount(b"/tree/a", b"/tree/a", None, 4096, None))
""",
    "file": """
os.rename("/var/run", "/var/other")
open("/var/run", "w").close()
""",
}


def crowded(bench, name):
    """A pod that makes itself so, once all is made."""
    ready = f"/run/ready/{name}"
    script = f"{SETUP}{CROWDS[name]}\nopen('/ready/{name}', 'w').close()\ntime.sleep(1e6)\n"
    pod = bench.node.pod("crowd", f"{name}-0", ["/usr/bin/python3", "-S", "-c", script], container=name,
                         privileged=True, mounts=[SOCKETS, ("/run/ready", "/ready", False), *PROGRAMS])
    lab.wait_until(f"{name}: made", lambda: bench.node.path(ready).exists())
    return pod


@pytest.fixture(scope="module")
def pods(bench):
    bench.node.exec(["mkdir", "-p", "/run/ready"])
    made = {"honest": bench.node.pod("shop", "web-0", ["/bin/sockpeer", "init"], container="web", mounts=[SOCKETS])}
    made.update({name: crowded(bench, name) for name in CROWDS})
    return made


@pytest.fixture(scope="module")
def scanned(bench, pods):
    begin = time.monotonic()
    evidence = bench.scan()
    assert time.monotonic() - begin < 30
    return evidence


def rows(evidence, pod):
    return [row for row in evidence["names_in_container"] if row["container"] == pod["id"]]


def lines(evidence):
    return [(line["status"], line["detail"]) for line in evidence["coverage"] if line["source"] == "container_views"]


def test_the_others_are_seen_whole(scanned, pods):
    assert [(row["name"], row["below"], row["kind"], row["dated"], row["mounts_fit"]) for row in
            rows(scanned, pods["honest"]) if row["below"] is None] == [
        (DOCKER, None, "missing", True, True), (RUN, None, "missing", True, True)]
    assert scanned.container(pods["honest"]["id"])["threads"]["complete"] is True


def test_coverage_names_the_one_with_too_many_roots(scanned, pods):
    ((status, detail),) = [line for line in lines(scanned) if "more threads, roots or mounts than are kept" in line[1]]
    assert status == "partial" and f'"{pods["roots"]["id"]}"' in detail or pods["roots"]["id"] in detail
    threads = scanned.container(pods["roots"]["id"])["threads"]
    assert threads["unseen"] == 17  # 80 roots of its own and the container's; 64 are kept
    assert len([row for row in rows(scanned, pods["roots"]) if row["below"] is None]) == 64 * 2


@pytest.mark.parametrize("name", ["threads", "mounts"])
def test_many_that_can_be_kept_are(scanned, pods, name):
    threads = scanned.container(pods[name]["id"])["threads"]
    assert threads["unseen"] == 0 and threads["complete"] is True


def test_the_rows_are_in_one_order(bench, scanned):
    def told(evidence):
        return [(row["container"], row["name"], row["root"] and row["root"]["ino"], row["below"])
                for row in evidence["names_in_container"]]
    assert told(bench.scan()) == told(scanned)


def test_a_file_where_others_have_a_directory(bench, scanned, pods):
    """/var/run is a file: no name below it exists, and that is an answer."""
    (row,) = [row for row in rows(scanned, pods["file"]) if (row["name"], row["below"]) == (DOCKER, None)]
    assert (row["kind"], row["object"]) == ("error", None)
    raw = findings.finding(pods["file"], DOCKER, time.time() - 1)
    done = bench.run("explain", "-", input=json.dumps(raw))
    assert conftest.Evidence(done)["verdict"]["decision"] == "inconclusive"
