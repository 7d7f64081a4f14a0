# The mission's case, made by a real runtime: docker.sock is an empty directory
# that containerd made, and the agent talks to containerd.sock.
import pytest


@pytest.fixture(scope="module")
def truth(bench):
    return bench.scene("mission")


@pytest.fixture(scope="module")
def evidence(bench, truth):
    return bench.scan()


def test_evidence_is_complete(evidence):
    assert evidence.status == 0
    assert evidence.gaps() == set()
    assert evidence["summary"]["complete"] is True


def test_docker_sock_is_an_empty_directory(bench, evidence):
    path = evidence.path("/var/run/docker.sock")
    stat = bench.node.exec(["stat", "-c", "%F|%a|%u|%g|%i|%Z", "/var/run/docker.sock"]).stdout.strip().split("|")
    assert stat[0] == "directory"
    assert (path["kind"], path["state"], path["entries"]) == ("directory", "not_a_socket", 0)
    assert path["connect_result"] == "ECONNREFUSED"
    assert path["names"] == ["/run/docker.sock", "/var/run/docker.sock"]
    inode = path["inode"]
    assert [inode["mode"], str(inode["uid"]), str(inode["gid"]), inode["ino"]] == ["0" + stat[1], *stat[2:5]]
    assert path["listener"] is None and path["connections"] == []
    assert path["unchanged_since"]["basis"] == "birth"


def test_origin_is_the_pod_whose_mount_made_it(evidence, truth):
    origin = evidence.path("/var/run/docker.sock")["origin"]
    assert origin["certainty"] == "likely"
    assert [(row["container"], row["possible"], row["mount_source"]) for row in origin["candidates"]] == [
        (truth["maker"]["id"], True, "/var/run/docker.sock")]
    assert "containerd" in origin["candidates"][0]["mechanism"]
    assert 0 <= origin["candidates"][0]["created_after_birth_ms"] < 5000


def test_directory_is_mapped_like_a_socket(evidence, truth):
    rows = evidence.access(evidence.path("/var/run/docker.sock"))
    assert {(row["container"], row["container_path"], row["via"]) for row in rows} == {
        (truth["maker"]["id"], "/run/docker.sock", "socket_mount"),
        (truth["agent"]["id"], "/host/var/run/docker.sock", "parent_mount")}
    assert all(row["confirmed"] and row["same_inode"] and row["read_only"] for row in rows)


def test_agent_reaches_and_uses_containerd(evidence, truth):
    path = evidence.path("/run/containerd/containerd.sock")
    assert path["state"] == "listening" and path["connect_result"] == "OK"
    assert path["listener"]["process"]["comm"] == "containerd"
    (row,) = evidence.access(path)
    assert (row["container"], row["container_path"], row["via"], row["read_only"], row["connect_result"]) == (
        truth["agent"]["id"], "/host/var/run/containerd/containerd.sock", "parent_mount", True, "OK")
    (connection,) = evidence.connections(path)
    assert (connection["client"]["container"], connection["client"]["pid"], connection["count"]) == (
        truth["agent"]["id"], truth["agent"]["pid"], 1)
    assert connection["server"]["pid"] == path["listener"]["process"]["pid"]
    assert connection["netns"] != path["listener"]["netns"]


def test_containers_are_named_by_the_runtimes_records(evidence, truth):
    agent = evidence.container(truth["agent"]["id"])
    assert (agent["name"], agent["image"]) == ("agent", "registry.example/datadog/agent:7.60.0")
    assert agent["pod"] == {"namespace": "datadog", "name": "datadog-agent-x7k2p", "uid": truth["agent"]["uid"]}
    assert (agent["privileged"], agent["host_pid"], agent["host_network"]) == (False, False, False)
    assert agent["pids"] == [truth["agent"]["pid"]]
    assert agent["source"]["name"].endswith(f"/k8s.io/{truth['agent']['id']}/config.json")


def test_bystander_is_counted_not_listed(evidence, truth):
    assert truth["bystander"]["id"] not in {row["id"] for row in evidence["containers"]}
    # three pods, a sandbox and a container each
    assert evidence["containers_total"] == 6


def test_same_state_same_bytes(bench, truth):
    def stable(evidence):
        document = dict(evidence.document)
        document["probe"] = {key: value for key, value in document["probe"].items()
                             if key not in ("started_at", "duration_ms", "pid")}
        return document
    first, second = stable(bench.scan()), stable(bench.scan())
    for document in (first, second):
        document["node"].pop("booted_at")
        for row in document["coverage"]:
            # the probe's own processes come and go
            row["detail"] = None
    import json
    import re
    texts = [re.sub(r'"started_at": "[^"]*"', "", json.dumps(document)) for document in (first, second)]
    assert texts[0] == texts[1]


def test_text_fits_80_columns_and_says_what_matters(bench, truth):
    done = bench.run("-o", "text")
    assert done.returncode == 0
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    for words in ["directory, empty", "likely made by the runtime", "datadog/datadog-agent-x7k2p agent",
                  "/host/var/run/containerd/containerd.sock", "nothing was kept from view"]:
        assert words in " ".join(done.stdout.split())
    assert "\033" not in done.stdout


def test_one_line_conclusion_on_stderr(evidence):
    assert evidence.stderr == ("sockprobe: 2 live runtime sockets, 1 inert path; 1 container can connect to a live "
                               "one, 4 connections now; evidence complete\n")
