# dockerd, podman, restarted daemons, docker-in-docker, the node's pid namespace
# and user namespaces, all real, each on the same node.
import json

import pytest

DOCKER = "/var/run/docker.sock"


@pytest.fixture(scope="module")
def truth(bench):
    made = {}
    for name in ["docker_live", "dind", "shared", "hostpid", "podman_user", "userns"]:
        made[name] = bench.scene(name)
    return made


@pytest.fixture(scope="module")
def evidence(bench, truth):
    return bench.scan()


def test_live_docker_with_a_read_only_mount(bench, evidence, truth):
    client = truth["docker_live"]["client"]
    path = evidence.path(DOCKER)
    assert (path["kind"], path["state"], path["connect_result"]) == ("socket", "listening", "OK")
    assert path["listener"]["process"]["comm"] == "dockerd"
    (row,) = evidence.access(path, client["id"])
    # read_only does not keep anybody from connecting: the client is connected
    assert (row["via"], row["read_only"], row["connect_result"]) == ("socket_mount", True, "OK")
    (connection,) = evidence.connections(path)
    assert (connection["client"]["container"], connection["count"], connection["pending"]) == (client["id"], 3, False)


def test_docker_record_agrees_with_docker_inspect(bench, evidence, truth):
    identity = truth["docker_live"]["client"]["id"]
    (inspect,) = json.loads(bench.node.exec(["docker", "inspect", identity]).stdout)
    container = evidence.container(identity)
    assert container["name"] == inspect["Name"].lstrip("/")
    assert container["image"] == inspect["Config"]["Image"]
    assert container["pids"] == [inspect["State"]["Pid"]]
    assert container["created_at"][:19] == inspect["Created"][:19]
    assert (container["runtime"], container["privileged"], container["pod"]) == ("docker", False, None)
    assert container["source"]["name"].endswith("/config.v2.json")


def test_docker_in_docker_is_the_containers_own_socket(evidence, truth):
    inner = truth["dind"]["inner"]
    path = evidence.path(DOCKER, view=inner["id"])
    assert (path["state"], path["source"]) == ("listening", "kernel")
    assert (path["listener"]["process"]["comm"], path["listener"]["process"]["container"]) == ("dockerd", inner["id"])
    assert path["inode"]["ino"] != evidence.path(DOCKER)["inode"]["ino"]
    (connection,) = evidence.connections(path)
    assert (connection["client"]["container"], connection["count"]) == (inner["id"], 2)
    assert evidence.container(inner["id"])["privileged"] is True


def test_held_twice_passed_on_and_not_accepted(evidence, truth):
    shared = truth["shared"]
    rows = evidence.connections(evidence.path(shared["base"] + "docker.sock"))
    clients = {row["client"]["pid"]: row for row in rows}
    both = clients[shared["both"]]
    assert both["count"] == 1 and len(both["client"]["also_held_by"]) == 1
    # The connector gave its descriptor away: its child holds the connection.
    others = [row for row in rows if row is not both]
    assert [(row["count"], row["client"]["comm"]) for row in others] == [(1, "sockpeer")]
    assert others[0]["client"]["pid"] != shared["passed"]
    (waiting,) = evidence.connections(evidence.path(shared["base"] + "crio.sock"))
    assert (waiting["pending"], waiting["count"], waiting["server"]) == (True, 2, None)
    assert waiting["client"]["pid"] == shared["waiting"]


def test_host_pid_and_ptrace_reach_everything(bench, evidence, truth):
    able, unable = truth["hostpid"]["able"], truth["hostpid"]["unable"]
    rows = evidence.access(evidence.path(DOCKER), able["id"])
    assert [(row["container_path"], row["via"], row["connect_result"]) for row in rows] == [
        ("/proc/1/root/run/docker.sock", "proc_root", "OK")]
    real = bench.node.exec(["nsenter", f"--target={able['pid']}", "--mount", "--net", "--root", "--",
                            "/bin/sockpeer", "try", "/proc/1/root/run/docker.sock"]).stdout.strip()
    assert real == "OK"
    assert evidence.access(evidence.path(DOCKER), unable["id"]) == []
    assert evidence.container(able["id"])["host_pid"] is True


def test_podman(bench, evidence, truth):
    client = truth["podman_user"]["client"]
    (inspect,) = json.loads(bench.node.exec(["podman", "inspect", client["id"]]).stdout)
    container = evidence.container(client["id"])
    assert (container["name"], container["image"]) == (inspect["Name"], inspect["ImageName"])
    assert container["runtime"] == "podman"
    user = evidence.path(truth["podman_user"]["path"])
    assert (user["source"], user["state"]) == ("known", "listening")
    assert user["listener"]["process"]["comm"] == "podman"
    # rootless podman starts itself anew inside its user namespace
    holders = [user["listener"]["process"]["pid"], *user["listener"]["process"].get("also_held_by", [])]
    shown = bench.node.exec(["ss", "-xlpH", "src", truth["podman_user"]["path"]]).stdout
    assert all(f"pid={pid}," in shown for pid in holders)
    assert user["inode"]["uid"] == truth["podman_user"]["uid"]


def test_user_namespace_is_not_allowed(bench, evidence, truth):
    mapped = truth["userns"]["mapped"]
    (row,) = evidence.access(evidence.path("/run/containerd/containerd.sock"), mapped["id"])
    assert row["dac"]["allowed"] is False and row["connect_result"] == "EACCES"
    real = bench.node.exec(["nsenter", f"--target={mapped['pid']}", "--user", "--mount", "--net", "--root", "--",
                            "/bin/sockpeer", "try", row["container_path"]]).stdout.strip()
    assert real == "EACCES"


def test_a_daemon_started_anew_leaves_the_old_socket_to_who_had_it(evidence, truth):
    """podman's service was started twice: the first listens on, without a name."""
    unlinked = [path for path in evidence["paths"] if path["unlinked"]]
    assert [path["path"] for path in unlinked] == ["/run/podman/podman.sock"]
    assert unlinked[0]["listener"]["process"]["comm"] == "podman"
    (connection,) = evidence.connections(unlinked[0])
    assert connection["client"]["container"] == truth["podman_user"]["client"]["id"]
    (row,) = evidence.access(evidence.path("/run/podman/podman.sock"), truth["podman_user"]["client"]["id"])
    assert (row["same_inode"], row["stale"]) == (False, True)


def test_nothing_is_kept_from_view(evidence):
    assert evidence.gaps() == set() and evidence.status == 0


def test_old_inode_in_one_container_only(bench):
    bench.node.kill_docker()
    bench.node.exec(["rm", "-f", "/run/docker.sock"])
    truth = bench.scene("old_inode")
    evidence = bench.scan()
    path = evidence.path(DOCKER)
    (old,) = evidence.access(path, truth["holder"]["id"])
    (fresh,) = evidence.access(path, truth["fresh"]["id"])
    assert (old["same_inode"], old["stale"], old["connect_result"]) == (False, True, "ECONNREFUSED")
    assert (fresh["same_inode"], fresh["stale"], fresh["connect_result"]) == (True, False, "OK")
    real = bench.node.exec(["nsenter", f"--target={truth['holder']['pid']}", "--mount", "--net", "--root", "--",
                            "/bin/sockpeer", "try", DOCKER]).stdout.strip()
    assert real == old["connect_result"]


def test_stale_socket_after_a_crash(bench):
    bench.node.exec(["sh", "-c", "pkill -9 -f '[s]erve /run/docker.sock' || true"])
    bench.node.exec(["rm", "-f", "/run/docker.sock"])
    bench.scene("docker_stale")
    path = bench.scan().path(DOCKER)
    assert (path["kind"], path["state"], path["connect_result"]) == ("socket", "stale", "ECONNREFUSED")
    assert path["listener"] is None
