# With less: each right that is missing is named in coverage, with how to get
# it; nothing turns into "none".
import conftest
import pytest


@pytest.fixture(scope="module")
def truth(bench):
    return bench.scene("mission")


def without(*caps):
    return ["setpriv", "--bounding-set", ",".join("-" + cap for cap in caps)]


def fixes(evidence, source):
    return " ".join(row["fix"] for row in evidence["coverage"]
                    if row["source"] == source and row["status"] != "complete")


def test_without_the_nodes_pid_namespace(bench, truth):
    evidence = bench.scan(prefix=["unshare", "--pid", "--fork", "--mount-proc"])
    assert evidence.status == 2
    assert evidence.gaps() == {"pid_namespace"}
    assert "hostPID: true" in fixes(evidence, "pid_namespace")
    # The node's netns still shows that somebody listens, but not who.
    path = evidence.path("/run/containerd/containerd.sock")
    assert (path["state"], path["listener"]["process"]) == ("listening", None)


def test_without_ptrace(bench, truth):
    evidence = bench.scan(prefix=without("sys_ptrace"))
    assert evidence.status == 2
    # Without pid 1's root it is not known either whose pid namespace this is.
    assert evidence.gaps() == {"mount_tables", "network_namespaces", "file_descriptors", "pid_namespace"}
    for source in evidence.gaps() - {"pid_namespace"}:
        assert evidence.coverage(source) == {"denied"}
        assert "CAP_SYS_PTRACE" in fixes(evidence, source)


def test_without_sys_admin(bench, truth):
    evidence = bench.scan(prefix=without("sys_admin"))
    assert evidence.status == 2
    assert evidence.gaps() == {"sockets"}
    assert evidence.coverage("sockets") == {"denied"}
    assert "CAP_SYS_ADMIN" in fixes(evidence, "sockets")
    detail = " ".join(row["detail"] for row in evidence["coverage"] if row["source"] == "sockets")
    assert "/proc/PID/net/unix" in detail
    # What the node's own namespace shows is still there; a stale inode could
    # be bound in another, so it is not called stale.
    assert evidence.path("/run/containerd/containerd.sock")["state"] == "listening"


def test_without_sys_admin_nothing_is_called_stale(bench, truth):
    bench.node.exec([bench.node.state / "sockpeer", "stale", "/run/crio.sock"])
    less = bench.scan("--path", "/run/crio.sock", prefix=without("sys_admin"))
    assert (less.path("/run/crio.sock")["state"], less.path("/run/crio.sock")["connect_result"]) == ("unknown", None)
    whole = bench.scan("--path", "/run/crio.sock")
    assert (whole.path("/run/crio.sock")["state"], whole.path("/run/crio.sock")["connect_result"]) == (
        "stale", "ECONNREFUSED")
    bench.node.exec(["rm", "/run/crio.sock"])


def test_unprivileged(bench, truth):
    bench.node.exec(["install", "-d", "-m", "0700", "/run/closed"])
    evidence = bench.scan("--path", "/run/closed/docker.sock", prefix=["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                                  "--bounding-set=-all"])
    assert evidence.status == 2
    assert {"mount_tables", "network_namespaces", "file_descriptors", "paths", "runtime_records"} <= evidence.gaps()
    for source in evidence.gaps() - {"pid_namespace"}:
        assert evidence.coverage(source) == {"denied"}, source
    # denied, not missing
    assert evidence.path("/run/closed/docker.sock")["kind"] == "denied"
    assert evidence.path("/run/closed/docker.sock")["connect_result"] is None
    assert evidence.path("/run/docker.sock")["kind"] == "directory"
    assert {phase["cap_permitted"] for phase in evidence["probe"]["confinement"]} == {"0000000000000000"}


def test_partial_root_of_an_ephemeral_container(bench, truth):
    """A pod that has the node's /var/run at /host/var/run and nothing else of it."""
    program = "/mnt/program"
    bench.node.exec(["sh", "-c", f"mkdir -p /run/probe; cp {conftest.PROGRAM} /run/probe/sockprobe"])
    pod = bench.node.pod("ops", "with-run-0", ["/bin/sockpeer", "init"], container="main",
                         mounts=[("/var/run", "/host/var/run", True), ("/run/probe", program, True),
                                 ("/usr/lib", "/lib", True), ("/usr/lib64", "/lib64", True)])
    done = bench.node.exec(["nsenter", f"--target={pod['pid']}", "--mount", "--pid", "--net", "--root", "--cgroup",
                            "--", f"{program}/sockprobe"], check=False)
    bench.node.remove_pod(pod)
    bench.node.exec(["rm", "-r", "/run/probe"])
    evidence = conftest.Evidence(done)
    assert evidence.status == 2
    assert evidence["probe"]["root"] == "/host"
    assert evidence["probe"]["process_scope"] == "container"
    docker = evidence.path("/var/run/docker.sock")
    assert (docker["kind"], docker["connect_result"]) == ("directory", "ECONNREFUSED")
    assert evidence.path("/run/docker.sock")["kind"] == "outside_view"
    assert evidence.path("/var/run/containerd/containerd.sock")["kind"] == "socket"
    # Its listener is in another network namespace: not seen is not stale.
    assert evidence.path("/var/run/containerd/containerd.sock")["state"] == "unknown"
    assert evidence.coverage("paths") == {"partial"} and evidence.coverage("pid_namespace") == {"denied"}
    assert {"runtime_records", "kubelet_config"} <= evidence.gaps()
