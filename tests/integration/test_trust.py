# Nodes that lie: what a hostile container, or a busy node, can make the kernel
# and the records show, and what the evidence says of it. Nothing may hang the
# probe, blind it or forge its verdict without that being seen.
import json
import os
import time

import conftest
import findings
import pytest

CONTAINERD = "/run/containerd/containerd.sock"


@pytest.fixture(scope="module")
def truth(bench):
    return bench.scene("mission")


@pytest.fixture(autouse=True)
def nothing_left(bench, truth):
    """A test that fails leaves no pod that makes others fail."""
    before = set(bench.node.sandboxes)
    yield
    for sandbox in set(bench.node.sandboxes) - before:
        bench.node.remove_pod({"sandbox": sandbox})


def cgroup_base(node):
    """Where a container's cgroup may be made by hand, on either version."""
    root = "/sys/fs/cgroup"
    if node.exec(["test", "-d", f"{root}/pids"], check=False).returncode == 0:
        root += "/pids"
    return root


def verdict(bench, container, **facts):
    """
    The case of the mission's directory, in the name of a container, with an event of now. (Premise time: one that comes
    after the evidence is not judged.)
    """
    raw = findings.finding(container, "/var/run/docker.sock", time.time(), **facts)
    bench.node.path("/run/finding.json").write_text(json.dumps(raw))
    evidence = conftest.Evidence(bench.run("explain", "/run/finding.json"))
    reasons = {reason["rule"]: reason for reason in evidence["verdict"]["reasons"]}
    return evidence, evidence["verdict"]["decision"], reasons


def test_honest_node_has_no_conflicts(bench, truth):
    evidence, decision, reasons = verdict(bench, truth["agent"])
    assert decision == "supported" and "conflicts" not in reasons
    assert [container["conflicts"] for container in evidence["containers"]] == [[], []]


# ---- churn ----

@pytest.mark.timeout(3600)
def test_churn(bench, truth):
    """2,000 container-like trees come and go during 200 scans; less of both where CHURN says so."""
    trees = int(os.environ.get("CHURN", 2000))
    base = f"{cgroup_base(bench.node)}/kubepods/besteffort/podaaaaaaaa-0000-4000-8000-000000000001"
    bench.node.exec(["mkdir", "-p", base])
    bench.node.exec(["sh", "-c", "rm -f /run/churn.log"])
    before = len(bench.node.started)
    bench.node.spawn([bench.node.state / "sockpeer", "churn", CONTAINERD, base, str(trees)], name="churn",
                     ready=lambda text: "ready" in text)
    log = next(bench.node.state.glob(f"churn-{before}.log"))
    scans = seen = 0
    while scans < trees // 10 or "done" not in log.read_text():
        evidence = bench.scan("--timeout", "60")
        scans += 1
        assert evidence.status in (0, 2)
        assert evidence["probe"]["duration_ms"] < 60000
        # What ends is no want of rights.
        assert [line for line in evidence["coverage"] if line["status"] == "denied"] == []
        for connection in evidence["connections"]:
            client = connection["client"]
            if client and client["comm"].startswith("t") and client["comm"][1:].isdigit():
                seen += 1
                assert client["container"] == "%064x" % int(client["comm"][1:])
            elif client:
                assert client["container"] in (truth["agent"]["id"], None)
    # Scans met them; how many of them, a busy machine decides.
    assert seen > trees // 40
    bench.node.exec(["rmdir", base])


def test_a_reused_pid_is_not_mixed_in(bench, truth):
    """The directory that is held of a process shows nothing of the next one of its pid."""
    script = """
import os, time
def child():
    pid = os.fork()
    if pid == 0:
        time.sleep(60)
        os._exit(0)
    return pid
# Another process of the node may be quicker to take the pid.
for _ in range(100):
    first = child()
    held = os.open(f"/proc/{first}", os.O_PATH)
    os.kill(first, 9)
    os.waitpid(first, 0)
    open("/proc/sys/kernel/ns_last_pid", "w").write(str(first - 1))
    second = child()
    if second == first:
        break
    os.kill(second, 9)
    os.waitpid(second, 0)
    os.close(held)
assert second == first, (first, second)
assert open(f"/proc/{second}/stat").read()
try:
    os.open("stat", os.O_RDONLY, dir_fd=held)
    print("mixed")
except (ProcessLookupError, FileNotFoundError) as err:
    print(type(err).__name__)
os.kill(second, 9)
"""
    assert bench.node.exec(["/usr/bin/python3", "-c", script]).stdout.strip() in ("ProcessLookupError", "FileNotFoundError")


def test_mount_tables_that_change_while_they_are_read(bench, truth):
    """A container mounts and unmounts as fast as it can; the others stay whole."""
    pod = bench.node.pod("noise", "mounter-0", ["/bin/sockpeer", "init"], privileged=True)
    script = """
import ctypes, os, sys, time
libc = ctypes.CDLL(None)
libc.setns(os.open(sys.argv[1], os.O_RDONLY), 0x20000)
for i in range(20):
    os.makedirs(f"/tmp/m{i}", exist_ok=True)
print("ready", flush=True)
while True:
    for i in range(20):
        libc.mount(b"none", f"/tmp/m{i}".encode(), b"tmpfs", 0, b"size=4k")
    for i in range(20):
        libc.umount2(f"/tmp/m{i}".encode(), 2)
"""
    pid = bench.node.spawn(["/usr/bin/python3", "-c", script, f"/proc/{pod['pid']}/ns/mnt"],
                           ready=lambda text: "ready" in text)
    try:
        for _ in range(20):
            evidence = bench.scan()
            path = evidence.path("/run/docker.sock")
            rows = {(row["container"], row["container_path"]) for row in evidence.access(path)}
            assert rows == {(truth["maker"]["id"], "/run/docker.sock"),
                            (truth["agent"]["id"], "/host/var/run/docker.sock")}
    finally:
        bench.node.exec(["kill", "-9", str(pid)])
        bench.node.remove_pod(pod)


# ---- masses ----

# What is done in a container's mount namespace, with the node's programs.
ENTER = """
import ctypes, os, signal, sys
libc = ctypes.CDLL(None, use_errno=True)
if libc.setns(os.open(sys.argv[1], os.O_RDONLY), 0x20000):
    sys.exit("setns")
"""

MANY_MOUNTS = ENTER + """
os.makedirs("/tmp/many/seed")
libc.mount(b"none", b"/tmp/many", b"tmpfs", 0, b"size=64m")
os.mkdir("/tmp/many/seed")
libc.mount(b"none", b"/tmp/many/seed", b"tmpfs", 0, b"size=4k")
# A mount that is bound with all below it doubles the table each time; when that
# no longer fits, parts of it fill the rest.
def bind(source, i):
    os.mkdir(f"/tmp/many/d{i}")
    return libc.mount(source.encode(), f"/tmp/many/d{i}".encode(), None, 0x5000, None) == 0
i = 0
while bind("/tmp/many", i):
    i += 1
for part in range(i - 1, 5, -1):
    while bind(f"/tmp/many/d{part}", i := i + 1):
        pass
"""


def test_as_many_mounts_as_there_may_be(bench, truth):
    """fs.mount-max is 100,000 in one namespace: a container has nearly all of them."""
    pod = bench.node.pod("noise", "many-mounts-0", ["/bin/sockpeer", "init"], privileged=True,
                         mounts=[(CONTAINERD, "/sock", True)])
    bench.node.exec(["/usr/bin/python3", "-c", MANY_MOUNTS, f"/proc/{pod['pid']}/ns/mnt"])
    assert int(bench.node.exec(["sh", "-c", f"wc -l < /proc/{pod['pid']}/mountinfo"]).stdout) > 99000
    evidence = bench.scan()
    assert evidence.coverage("mount_tables") == {"complete"}
    rows = evidence.access(evidence.path(CONTAINERD), pod["id"])
    assert [(row["container_path"], row["via"], row["confirmed"]) for row in rows] == [("/sock", "socket_mount", True)]
    bench.node.remove_pod(pod)


PILES = ENTER + """
os.makedirs("/tmp/pile", exist_ok=True)
for source, target, n in [(b"/sock", b"/tmp/pile", int(sys.argv[2])), (b"/proc", b"/proc", 1000), (b"/", b"/", 500)]:
    for i in range(n):
        if libc.mount(source, target, None, 0x1000, None):
            sys.exit(os.strerror(ctypes.get_errno()))
"""


def test_mounts_in_piles(bench, truth):
    """
    Thousands of mounts on one another: what lies on top counts. For each the kernel climbs down the whole pile, so
    that a table of many more takes minutes: it is cut, and said to be; the others are whole.
    """
    def seconds_to_read():
        """Of a processor, not of the clock: what else the machine does is not in it."""
        before = os.times()
        bench.node.exec(["cat", f"/proc/{pod['pid']}/mountinfo"])
        after = os.times()
        return after.children_system - before.children_system

    pod = bench.node.pod("noise", "piles-0", ["/bin/sockpeer", "init"], privileged=True, host_pid=True,
                         mounts=[("/run/containerd", "/sock", True)])
    script = ["/usr/bin/python3", "-c", PILES, f"/proc/{pod['pid']}/ns/mnt"]
    bench.node.exec([*script, "2000"])
    evidence = bench.scan()
    assert evidence.coverage("mount_tables") == {"complete"}
    rows = {row["container_path"]: (row["hidden"], row["confirmed"])
            for row in evidence.access(evidence.path(CONTAINERD), pod["id"])}
    assert rows["/tmp/pile/containerd.sock"] == (False, True)
    # As many as a processor takes longer for than the 2 s that one table may take.
    while seconds_to_read() < 2.5:
        bench.node.exec([*script, "8000"])
    evidence = bench.scan("--timeout", "3600", timeout=120, late=True)
    assert evidence.status == 2 and evidence.coverage("mount_tables") == {"timed_out"}
    (line,) = [line for line in evidence["coverage"] if line["source"] == "mount_tables"]
    assert line["detail"].endswith(f" cut, because it took more than its share of the time: that of pid {pod['pid']}")
    (row,) = evidence.access(evidence.path("/run/docker.sock"), truth["agent"]["id"])
    assert (row["container_path"], row["confirmed"]) == ("/host/var/run/docker.sock", True)
    bench.node.remove_pod(pod)


LARGE_TABLES = ENTER + """
base = "/tmp/large" + ("/" + "n" * 250) * 14
os.makedirs(base)
libc.mount(b"none", base.encode(), b"tmpfs", 0, b"size=64m")
# With each bind there are twice as many, each of another name.
for i in range(15):
    os.mkdir(f"{base}/{i}")
    if libc.mount(base.encode(), f"{base}/{i}".encode(), None, 0x5000, None):
        sys.exit(os.strerror(ctypes.get_errno()))
for i in range(int(sys.argv[2])):
    if os.fork() == 0:
        libc.prctl(1, signal.SIGKILL)
        libc.unshare(0x20000)
        os.write(1, b".")
        signal.pause()
signal.pause()
"""

MEASURED = """
import resource, subprocess, sys
status = subprocess.run(sys.argv[2:]).returncode
open(sys.argv[1], "w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(status)
"""


def test_more_than_is_kept(bench, truth):
    """
    30 tables of 32,768 mounts with names nearly as long as may be, 120 MB each: what all together take is bounded, no
    step's facts cost another its room, and what is left out is said.
    """
    pod = bench.node.pod("noise", "large-0", ["/bin/sockpeer", "init"], privileged=True)
    pid = bench.node.spawn(["/usr/bin/python3", "-c", LARGE_TABLES, f"/proc/{pod['pid']}/ns/mnt", "30"],
                           ready=lambda text: text.count(".") == 30)
    evidence = bench.scan("--timeout", "3600", prefix=["/usr/bin/python3", "-c", MEASURED, "/run/peak"], timeout=300)
    bench.node.exec(["kill", "-9", str(pid)])
    if "ASAN_OPTIONS" not in os.environ:  # the sanitizer has a shadow of its own
        assert int(bench.node.path("/run/peak").read_text()) < 128 << 10  # KiB
    assert evidence.status == 2
    # A busy machine also runs out of time with them: that has a line of its own.
    assert {"partial"} <= evidence.coverage("mount_tables") <= {"partial", "timed_out"}
    for source in ("processes", "sockets", "file_descriptors", "network_namespaces", "runtime_records"):
        assert evidence.coverage(source) == {"complete"}
    assert evidence.path("/run/docker.sock")["kind"] == "directory"
    path = evidence.path(CONTAINERD)
    assert path["state"] == "listening", evidence["coverage"]
    assert path["listener"]["process"]["comm"] == "containerd"
    assert [row["client"]["container"] for row in evidence.connections(path) if row["client"]] == [truth["agent"]["id"]]
    bench.node.remove_pod(pod)


WAYS = ENTER + """
os.makedirs("/tmp/ways")
libc.mount(b"none", b"/tmp/ways", b"tmpfs", 0, b"size=64m")
os.mkdir("/tmp/ways/s")
libc.mount(b"/sock", b"/tmp/ways/s", None, 0x1000, None)
for i in range(15):
    os.mkdir(f"/tmp/ways/{i}")
    if libc.mount(b"/tmp/ways", f"/tmp/ways/{i}".encode(), None, 0x5000, None):
        sys.exit(os.strerror(ctypes.get_errno()))
"""


def test_more_ways_than_are_kept_of_one(bench, truth):
    """A container mounts the runtime's directory 32,769 times: some of its ways are listed, and all of the others'."""
    pod = bench.node.pod("noise", "ways-0", ["/bin/sockpeer", "init"], privileged=True,
                         mounts=[("/run/containerd", "/sock", True)])
    bench.node.exec(["/usr/bin/python3", "-c", WAYS, f"/proc/{pod['pid']}/ns/mnt"])
    evidence = bench.scan()
    # Premise coverage: its mounts are more than are held against its record, which is a line of its own.
    assert evidence.status == 2 and evidence.gaps() == {"access", "container_views"}
    details = {line["source"]: line["detail"] for line in evidence["coverage"]}
    assert details["access"] == "1 container has more ways to reach a path than the 1024 that are kept of one"
    assert details["container_views"].endswith(
        f"; seen in part, as it has more threads, roots or mounts than are kept: {pod['id']}")
    assert {row["container"] for row in evidence["names_in_container"]} >= {truth["maker"]["id"], truth["agent"]["id"]}
    rows = [row for row in evidence["access"] if row["container"] == pod["id"]]
    assert len(rows) == 1024 and {row["confirmed"] for row in rows} == {True}
    assert {row["container_path"] for row in evidence["access"] if row["container"] == truth["agent"]["id"]} >= {
        "/host/var/run/docker.sock", "/host/var/run/containerd/containerd.sock"}
    bench.node.remove_pod(pod)


SOCKETS = """
import os, socket, sys, time
n, path = int(sys.argv[1]), sys.argv[2]
keep = [socket.socketpair() for _ in range(n // 2)]
if path:
    client = socket.socket(socket.AF_UNIX)
    client.connect(path)
print("ready", flush=True)
time.sleep(600)
"""


def test_fifty_thousand_sockets(bench, truth):
    """Three processes hold 17,000 sockets each; one of them a connection besides."""
    pids = [bench.node.spawn(["/usr/bin/python3", "-c", SOCKETS, "17000", CONTAINERD if i == 2 else ""],
                             ready=lambda text: "ready" in text) for i in range(3)]
    evidence = bench.scan()
    assert evidence.coverage("sockets") == evidence.coverage("file_descriptors") == {"complete"}
    clients = [row["client"]["pid"] for row in evidence.connections(evidence.path(CONTAINERD)) if row["client"]]
    assert pids[2] in clients and not {pids[0], pids[1]} & set(clients)
    for pid in pids:
        bench.node.exec(["kill", "-9", str(pid)])


def test_nearly_twenty_thousand_descriptors_in_one_process(bench, truth):
    script = """
import os, socket, sys, time
keep = [os.open("/dev/null", os.O_RDONLY) for _ in range(int(sys.argv[1]))]
client = socket.socket(socket.AF_UNIX)
client.connect(sys.argv[2])
print("ready", flush=True)
time.sleep(600)
"""
    limit = int(bench.node.exec(["sh", "-c", "ulimit -n"]).stdout)
    pid = bench.node.spawn(["/usr/bin/python3", "-c", script, str(min(limit, 20000) - 20), CONTAINERD],
                           ready=lambda text: "ready" in text)
    evidence = bench.scan()
    assert evidence.coverage("file_descriptors") == {"complete"}
    assert pid in [row["client"]["pid"] for row in evidence.connections(evidence.path(CONTAINERD)) if row["client"]]
    bench.node.exec(["kill", "-9", str(pid)])


# ---- names that lie ----

def test_a_process_that_calls_itself_dockerd(bench, truth):
    """A container listens at a path of its own, under the runtime's name."""
    script = "busybox cp /bin/sockpeer /dockerd; mkdir -p /var/run; exec /dockerd serve /var/run/docker.sock stream accept"
    pod = bench.node.pod("shop", "liar-0", ["/bin/sh", "-c", script], container="liar")
    bench.node.exec(["sh", "-c", f"until test -S /proc/{pod['pid']}/root/run/docker.sock; do sleep 0.1; done"], timeout=300)
    evidence = bench.scan()
    path = evidence.path("/var/run/docker.sock", view=pod["id"])
    assert path["state"] == "listening"
    process = path["listener"]["process"]
    assert (process["comm"], process["exe"], process["container"]) == ("dockerd", "/dockerd", pod["id"])
    # the node's own is what it was
    assert evidence.path("/run/docker.sock")["kind"] == "directory"
    bench.node.remove_pod(pod)


def test_a_cgroup_named_after_another_container(bench, truth):
    """Below its own cgroup a container may make any: its processes stay its own."""
    pod = bench.node.pod("evil", "mimic-0", ["/bin/sockpeer", "hold", "/sock", "1"], container="mimic", privileged=True,
                         mounts=[(CONTAINERD, "/sock", True)])
    bench.node.wait_connected(pod, 1)
    own = bench.node.exec(["sh", "-c", f"cat /proc/{pod['pid']}/cgroup"]).stdout
    path = max((line.split(":", 2)[2] for line in own.splitlines() if pod["id"] in line), key=len)
    forged = f"{cgroup_base(bench.node)}{path}/docker-{truth['agent']['id']}.scope"
    bench.node.exec(["sh", "-c", f"mkdir {forged} && echo {pod['pid']} > {forged}/cgroup.procs"])
    evidence = bench.scan()
    clients = {row["client"]["container"] for row in evidence.connections(evidence.path(CONTAINERD))
               if row["client"] and row["client"]["pid"] == pod["pid"]}
    assert clients == {pod["id"]}
    assert pod["pid"] not in evidence.container(truth["agent"]["id"])["pids"]
    assert evidence.container(pod["id"])["conflicts"] == [
        {"field": "container_id", "kernel": f"pid {pod['pid']} is in a cgroup of this one", "claim": truth["agent"]["id"],
         "source": f"{path}/docker-{truth['agent']['id']}.scope"}]
    assert evidence.container(truth["agent"]["id"])["conflicts"] == []
    bench.node.remove_pod(pod)
    bench.node.exec(["rmdir", forged], check=False)


def test_a_process_of_the_node_in_a_containers_cgroup(bench, truth):
    agent = truth["agent"]
    own = bench.node.exec(["sh", "-c", f"cat /proc/{agent['pid']}/cgroup"]).stdout
    path = max((line.split(":", 2)[2] for line in own.splitlines() if agent["id"] in line), key=len)
    stranger = bench.node.spawn([bench.node.state / "sockpeer", "init"], ready=lambda text: "ready" in text)
    bench.node.exec(["sh", "-c", f"echo {stranger} > {cgroup_base(bench.node)}{path}/cgroup.procs"])
    evidence, decision, reasons = verdict(bench, agent)
    conflict, privileges = evidence.container(agent["id"])["conflicts"]
    assert (conflict["field"], privileges["field"]) == ("pid_namespace", "privileged")
    assert conflict["claim"].startswith(f"pid {stranger} in pid:[")
    assert conflict["kernel"].startswith(f"pid {agent['pid']} in pid:[")
    assert decision == "inconclusive" and reasons["conflicts"]["holds"] is False
    bench.node.exec(["kill", "-9", str(stranger)])
    assert verdict(bench, agent)[1] == "supported"


RECORD = "/run/containerd/io.containerd.runtime.v2.task/k8s.io/{id}/config.json"


@pytest.fixture
def edited_record(bench, truth):
    """The agent's OCI record, as edited by a test, and put back after it."""
    path = bench.node.path(RECORD.format(id=truth["agent"]["id"]))
    original = path.read_text()

    def edit(change):
        record = json.loads(original)
        change(record)
        path.write_text(json.dumps(record))
    yield edit
    path.write_text(original)


def test_a_record_that_claims_another_pod(bench, truth, edited_record):
    agent, other = truth["agent"], truth["bystander"]
    edited_record(lambda record: record["annotations"].update({
        "io.kubernetes.cri.sandbox-uid": other["uid"], "io.kubernetes.cri.sandbox-name": other["pod"],
        "io.kubernetes.cri.sandbox-namespace": other["namespace"]}))
    evidence, decision, reasons = verdict(bench, agent)
    container = evidence.container(agent["id"])
    assert container["conflicts"] == [{"field": "pod_uid", "kernel": agent["uid"], "claim": other["uid"],
                                       "source": RECORD.format(id=agent["id"])}]
    # the kernel's word wins, and nothing else of such a record is believed
    assert container["pod"] == {"namespace": None, "name": None, "uid": agent["uid"]}
    assert (container["name"], container["image"]) == (None, None)
    assert decision == "inconclusive"
    assert reasons["conflicts"]["text"] == (
        f"pod_uid: the kernel shows {agent['uid']}, but {RECORD.format(id=agent['id'])} claims {other['uid']}")


def test_a_record_that_names_another_namespace(bench, truth, edited_record):
    """The uid fits, so that the kernel cannot object; the finding does."""
    edited_record(lambda record: record["annotations"].update({"io.kubernetes.cri.sandbox-namespace": "kube-system"}))
    _, decision, reasons = verdict(bench, truth["agent"])
    assert decision == "inconclusive"
    assert reasons["conflicts"]["text"] == "the finding's namespace is datadog, the container's kube-system"


def test_a_record_that_hides_privileges(bench, truth):
    pod = bench.node.pod("ops", "strong-0", ["/bin/sockpeer", "init"], container="strong", privileged=True,
                         mounts=[("/var/run", "/host/var/run", True)])
    path = bench.node.path(RECORD.format(id=pod["id"]))
    record = json.loads(path.read_text())
    record["process"]["capabilities"]["bounding"] = ["CAP_CHOWN"]
    path.write_text(json.dumps(record))
    evidence = bench.scan()
    container = evidence.container(pod["id"])
    assert container["privileged"] is True
    assert [(conflict["field"], conflict["claim"]) for conflict in container["conflicts"]] == [("privileged", "false")]
    bench.node.remove_pod(pod)


def test_two_pods_of_one_name(bench, truth):
    """A finding that names only namespace and workload fits both: neither is taken. (Premise container: unknown.)"""
    mounts = [("/var/run/docker.sock", "/var/run/docker.sock", True)]
    pods = [bench.node.pod("twins", name, ["/bin/sockpeer", "init"], mounts=mounts) for name in ("twin-0", "twin-1")]
    path = bench.node.path(RECORD.format(id=pods[1]["id"]))
    record = json.loads(path.read_text())
    record["annotations"]["io.kubernetes.cri.sandbox-name"] = "twin-0"
    path.write_text(json.dumps(record))
    _, decision, reasons = verdict(bench, pods[0], container_id=None, uid=None, workload="twin-0")
    assert decision == "inconclusive"
    assert (reasons["container"]["holds"], reasons["container"]["text"]) == (
        None, "the finding's container was not found: 2 containers match, and its process "
               "does not tell which")
    for pod in pods:
        bench.node.remove_pod(pod)


# ---- views that lie ----

def test_a_bind_mount_over_proc_in_a_container(bench, truth):
    """A container covers what its own /proc shows of itself: the probe has another."""
    agent = truth["agent"]
    script = """
import ctypes, os, sys
libc = ctypes.CDLL(None)
libc.setns(os.open(sys.argv[1], os.O_RDONLY), 0x20000)
os.makedirs("/tmp/empty", exist_ok=True)
sys.exit(libc.mount(b"/tmp/empty", b"/proc/1", None, 0x1000, None))
"""
    bench.node.exec(["/usr/bin/python3", "-c", script, f"/proc/{agent['pid']}/ns/mnt"])
    evidence, decision, _ = verdict(bench, agent)
    assert decision == "supported"
    assert agent["pid"] in evidence.container(agent["id"])["pids"]
    bench.node.exec(["/usr/bin/python3", "-c", script.replace("libc.mount(b\"/tmp/empty\", b\"/proc/1\", None, 0x1000, None)",
                                                              "libc.umount2(b\"/proc/1\", 2)"),
                     f"/proc/{agent['pid']}/ns/mnt"])


def test_hidepid(bench, truth):
    """Root still sees all; for another user the gap is reported."""
    bench.node.exec(["mount", "-o", "remount,hidepid=invisible", "/proc"])
    try:
        evidence, decision, _ = verdict(bench, truth["agent"])
        assert decision == "supported" and evidence.coverage("processes") == {"complete"}
        evidence = bench.scan(prefix=["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                                      "--bounding-set=-all"])
        assert evidence.status == 2
        row, = [row for row in evidence["coverage"] if row["source"] == "processes"]
        assert (row["status"], row["fix"]) == ("denied", "run as root: procfs is mounted with hidepid")
    finally:
        bench.node.exec(["mount", "-o", "remount,hidepid=off", "/proc"])


def test_a_socket_that_is_swapped_for_a_link(bench, truth):
    """A container's own path is now a directory, now a link to the node's live socket."""
    script = f"""
import os
os.makedirs("/var/run", exist_ok=True)
os.chdir("/var/run")
print("ready", flush=True)
while True:
    os.symlink("/host/run/containerd/containerd.sock", "docker.sock")
    os.unlink("docker.sock")
    os.mkdir("docker.sock")
    os.rmdir("docker.sock")
"""
    pod = bench.node.pod("evil", "swapper-0", ["/usr/bin/python3", "-c", script], container="swapper",
                         mounts=[("/usr", "/usr", True), ("/usr/lib", "/lib", True), ("/usr/lib64", "/lib64", True),
                                 ("/run", "/host/run", True)])
    kinds = set()
    for _ in range(40):
        evidence, decision, _ = verdict(bench, pod)
        assert decision in ("inconclusive", "not_supported")
        kinds |= {path["kind"] for path in evidence["paths"] if path["view"] == pod["id"]}
    assert kinds & {"socket", "directory", "missing"}
    bench.node.remove_pod(pod)


# A FUSE server that has a directory of any name, as old as it likes.
LIAR = """
import ctypes, os, struct, sys
fd = os.open("/dev/fuse", os.O_RDWR)
libc = ctypes.CDLL(None, use_errno=True)
libc.setns(os.open(sys.argv[1], os.O_RDONLY), 0x20000)
options = f"fd={fd},rootmode=40000,user_id=0,group_id=0,allow_other"
if libc.mount(b"liar", b"/run", b"fuse", 0, options.encode()):
    sys.exit(os.strerror(ctypes.get_errno()))
print("ready", flush=True)
OLD = 1000000000
attr = struct.pack("<6Q3I7I", 2, 0, 0, OLD, OLD, OLD, 0, 0, 0, 0o40755, 2, 0, 0, 0, 4096, 0)
answers = {
    26: struct.pack("<4I2H2I2H8I", 7, 31, 0, 0, 0, 0, 4096, 1, 0, 0, *[0] * 8),
    1: struct.pack("<4Q2I", 2, 0, 0, 0, 0, 0) + attr,
    3: struct.pack("<QII", 0, 0, 0) + attr,
    27: struct.pack("<QII", 0, 0, 0), 28: b"", 29: b"",
    17: bytes(80),
}
while True:
    request = os.read(fd, 1 << 20)
    opcode, unique = struct.unpack_from("<IQ", request, 4)
    if opcode in (2, 42):
        continue
    body = answers.get(opcode)
    error = 0 if body is not None else -38
    body = body or b""
    os.write(fd, struct.pack("<IiQ", 16 + len(body), error, unique) + body)
"""


def test_a_file_system_that_lies_about_times(bench, truth):
    """A container is the server of its own /run: what it dates proves nothing."""
    pod = bench.node.pod("evil", "fuse-0", ["/bin/sockpeer", "init"], container="fuse")
    server = bench.node.spawn(["/usr/bin/python3", "-c", LIAR, f"/proc/{pod['pid']}/ns/mnt"],
                              ready=lambda text: "ready" in text)
    evidence, decision, reasons = verdict(bench, pod)
    path = evidence.path("/var/run/docker.sock", view=pod["id"])
    assert (path["kind"], path["inode"]["change"]) == ("directory", "2001-09-09T01:46:40.000Z")
    assert path["unchanged_since"] is None
    # Premises unchanged and mounts: its date counts for nothing, and no record has such a mount.
    assert decision == "inconclusive" and reasons["unchanged"]["holds"] is reasons["mounts"]["holds"] is None
    bench.node.exec(["kill", "-9", str(server)])
    bench.node.remove_pod(pod)
