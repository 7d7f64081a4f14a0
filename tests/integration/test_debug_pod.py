# Inside pods, in their own cgroups, as kubectl debug and kubectl exec start it:
# with the node's / at /host and all rights, with the default ones, and with
# mounts that cover others.
import os

import conftest
import pytest


@pytest.fixture(scope="module")
def truth(bench):
    return bench.scene("mission")


def exec_in(bench, pod, *arguments):
    """sockprobe in the pod, by the runtime's own exec: cgroup, rights and all."""
    libraries = ":".join("/host" + path for path in ["/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu"])
    environment = [f"ASAN_OPTIONS={os.environ.get('ASAN_OPTIONS', '')}"]
    return bench.node.exec(["ctr", "-n", "k8s.io", "tasks", "exec", "--exec-id", f"probe-{pod['id'][:8]}", pod["id"],
                            "/bin/busybox", "env", *environment, "/host/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", "--library-path", libraries,
                            f"/host{conftest.PROGRAM}", *arguments], check=False)


def test_sysadmin_profile_sees_all_and_itself(bench, truth):
    """kubectl debug node/... --profile=sysadmin: privileged, the node's pid and network, / at /host."""
    pod = bench.node.pod("default", "node-debugger-x", ["/bin/sockpeer", "init"], container="debugger",
                         privileged=True, host_pid=True, host_network=True, mounts=[("/", "/host", False)])
    evidence = conftest.Evidence(exec_in(bench, pod))
    bench.node.remove_pod(pod)
    assert (evidence.status, evidence.gaps()) == (0, set()), evidence.stderr
    assert (evidence["probe"]["root"], evidence["probe"]["process_scope"]) == ("/host", "nested")
    path = evidence.path("/var/run/docker.sock")
    assert (path["kind"], path["resolved"]) == ("directory", "/run/docker.sock")
    assert path["origin"]["candidates"][0]["container"] == truth["maker"]["id"]
    own = evidence.container(pod["id"])
    assert own["self"] is True and own["host_pid"] is True and own["privileged"] is True
    # Its own ways to the sockets are listed, but it is not counted as a risk.
    assert evidence["summary"]["containers_that_can_connect"] == 1
    (row,) = evidence.access(evidence.path("/run/containerd/containerd.sock"), truth["agent"]["id"])
    assert row["container_path"] == "/host/var/run/containerd/containerd.sock"


def test_general_profile_says_what_it_was_denied(bench, truth):
    """--profile=general: the node's pid namespace and / at /host, but only default rights."""
    pod = bench.node.pod("default", "node-debugger-y", ["/bin/sockpeer", "init"], container="debugger",
                         host_pid=True, host_network=True, mounts=[("/", "/host", False)])
    evidence = conftest.Evidence(exec_in(bench, pod))
    bench.node.remove_pod(pod)
    assert evidence.status == 2
    assert {"mount_tables", "network_namespaces", "file_descriptors"} <= evidence.gaps()
    assert evidence.coverage("mount_tables") == {"denied"}
    assert evidence.path("/var/run/docker.sock")["kind"] == "directory"


def test_mount_over_a_mount_covers_the_socket(bench, truth):
    bench.node.exec(["mkdir", "-p", "/run/empty"])
    pod = bench.node.pod("shop", "covered-0", ["/bin/sockpeer", "init"], container="covered",
                         mounts=[("/var/run", "/host/var/run", True),
                                 ("/run/empty", "/host/var/run/containerd", True)])
    evidence = bench.scan()
    (row,) = evidence.access(evidence.path("/run/containerd/containerd.sock"), pod["id"])
    assert (row["hidden"], row["connect_result"], row["container_path"]) == (
        True, None, "/host/var/run/containerd/containerd.sock")
    real = bench.node.exec(["nsenter", f"--target={pod['pid']}", "--mount", "--root", "--", "/bin/sockpeer", "try",
                            row["container_path"]]).stdout.strip()
    assert real == "ENOENT"
    assert pod["id"] not in evidence.path("/run/containerd/containerd.sock")["accessible_by"]
    bench.node.remove_pod(pod)


def test_another_bind_of_the_same_place(bench, truth):
    """A pod has a directory of the node that is no parent by name, only by file system."""
    bench.node.exec(["sh", "-c", "mkdir -p /run/real/inner /run/shown && mount --bind /run/real/inner /run/shown"])
    bench.node.helper("serve", "/run/shown/docker.sock", "stream", "accept")
    pod = bench.node.pod("shop", "other-0", ["/bin/sockpeer", "init"], container="other",
                         mounts=[("/run/real", "/real", False)])
    evidence = bench.scan("--path", "/run/shown/docker.sock")
    (row,) = evidence.access(evidence.path("/run/shown/docker.sock"), pod["id"])
    assert (row["via"], row["container_path"], row["connect_result"]) == ("shared_fs", "/real/inner/docker.sock", "OK")
    bench.node.remove_pod(pod)
    bench.node.exec(["umount", "-l", "/run/shown"])


def test_kubelets_endpoint_is_audited(bench, truth):
    bench.node.exec(["sh", "-c", "mkdir -p /etc/kubernetes/kubelet /run/custom && echo "
                     "'{\"containerRuntimeEndpoint\": \"unix:///run/custom/cri.sock\"}' "
                     "> /etc/kubernetes/kubelet/config.json"])
    bench.node.helper("serve", "/run/custom/cri.sock", "stream", "accept")
    evidence = bench.scan()
    assert evidence["node"]["kubelet_sockets"] == ["/run/custom/cri.sock"]
    path = evidence.path("/run/custom/cri.sock")
    assert (path["source"], path["state"]) == ("kubelet", "listening")


def test_systemd_that_holds_the_listener_is_the_activator(bench, truth):
    """A program of this name listens, and its child serves: as under socket activation."""
    helper = bench.node.state / "sockpeer"
    bench.node.exec(["sh", "-c", f"mkdir -p /run/bin && cp {helper} /run/bin/systemd && chmod +x /run/bin/systemd"])
    parent = bench.node.spawn(["/run/bin/systemd", "activate", "/run/isulad.sock", helper, "init"],
                              ready=lambda text: "ready" in text)
    listener = bench.scan().path("/run/isulad.sock")["listener"]
    assert listener["activated_by"]["pid"] == parent
    assert listener["process"]["exe"] == str(helper)
    assert listener["process"]["also_held_by"] == [parent]


def test_thread_that_outlives_the_first_is_seen(bench, truth):
    """A process whose first thread has ended still holds its connection."""
    script = ("import socket, threading, time, ctypes\n"
              "s = socket.socket(socket.AF_UNIX); s.connect('/run/containerd/containerd.sock')\n"
              "threading.Thread(target=lambda: time.sleep(600)).start(); print('ready', flush=True)\n"
              "ctypes.CDLL(None).syscall(60, 0)\n")  # exit of this thread alone
    pid = bench.node.spawn(["/usr/bin/python3", "-c", script], ready=lambda text: "ready" in text)
    rows = bench.scan().connections(bench.scan().path("/run/containerd/containerd.sock"))
    assert pid in {row["client"]["pid"] for row in rows}


def test_names_that_are_not_utf8(bench, truth):
    """Somebody's odd path is escaped, flagged and reversible; the rest is untouched."""
    bench.node.exec(["sh", "-c", r"mkdir -p '/run/odd' && cd /run/odd && mkdir $(printf 'a\377\\b') && cd a* && "
                     f"{bench.node.state}/sockpeer stale docker.sock"])
    raw = b"/run/odd/a\xff\\b/docker.sock"
    evidence = conftest.Evidence(bench.run("--path", raw))
    (path,) = [path for path in evidence["paths"] if path["source"] == "option"]
    assert path["path"] == r"/run/odd/a\xff\\b/docker.sock"
    assert {"path", "names", "resolved"} <= set(path["escaped"])
    assert path["path"].encode().decode("unicode_escape").encode("latin-1") == raw
