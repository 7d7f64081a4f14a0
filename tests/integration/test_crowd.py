# Twenty-two pods with network namespaces of their own and sixty connections:
# what is found is what was made, none missing, none invented.
import collections

import pytest

SOCKET = "/run/containerd/containerd.sock"


@pytest.fixture(scope="module")
def truth(bench):
    return bench.scene("crowd")


@pytest.fixture(scope="module")
def evidence(bench, truth):
    return bench.scan()


def test_sixty_connections_to_their_clients(evidence, truth):
    found = collections.Counter()
    for row in evidence.connections(evidence.path(SOCKET)):
        found[row["client"]["container"], row["client"]["pid"]] += row["count"]
    made = {(pod["id"], pod["pid"]): pod["connections"] for pod in truth["pods"]}
    assert sum(made.values()) == 60
    assert dict(found) == made


def test_each_netns_agrees_with_ss_inside_it(bench, evidence, truth):
    """ss in a pod's netns shows as many server ends as were found for it."""
    rows = {row["client"]["container"]: row for row in evidence.connections(evidence.path(SOCKET))}
    for pod in truth["pods"]:
        shown = bench.node.exec(["nsenter", f"--target={pod['pid']}", "--net", "--", "ss", "-xH", "state",
                                 "connected"]).stdout
        ends = [line for line in shown.splitlines() if "containerd.sock" in line]
        assert len(ends) == pod["connections"] == rows[pod["id"]]["count"]
        netns = bench.node.exec(["readlink", f"/proc/{pod['pid']}/ns/net"]).stdout.strip()
        assert netns == f"net:[{rows[pod['id']]['netns']}]"


def test_access_is_every_way_that_was_made(evidence, truth):
    via = {"/sockets/containerd.sock": "parent_mount", "/c.sock": "socket_mount",
           "/host" + SOCKET: "root_mount", "/host/var" + SOCKET: "parent_mount"}
    found = {(row["container"], row["container_path"], row["via"])
             for row in evidence.access(evidence.path(SOCKET))}
    assert found == {(pod["id"], pod["path"], via[pod["path"]]) for pod in truth["pods"]}


def test_access_inode_is_what_stat_in_the_pod_says(bench, evidence, truth):
    for pod in truth["pods"][:4]:
        (row,) = evidence.access(evidence.path(SOCKET), pod["id"])
        inode = bench.node.exec(["stat", "-c", "%i", f"/proc/{pod['pid']}/root{pod['path']}"]).stdout.strip()
        assert (row["ino"], row["same_inode"], row["confirmed"]) == (inode, True, True)


def test_listener_is_who_ss_says(bench, evidence):
    shown = bench.node.exec(["ss", "-xlpH", "src", SOCKET]).stdout
    process = evidence.path(SOCKET)["listener"]["process"]
    assert f"pid={process['pid']}," in shown
    assert process["exe"] == bench.node.exec(["readlink", f"/proc/{process['pid']}/exe"]).stdout.strip()


def test_pods_are_named(evidence, truth):
    assert {row["id"]: row["pod"]["name"] for row in evidence["containers"] if not row["sandbox"]} == {
        pod["id"]: pod["pod"] for pod in truth["pods"]}


def test_long_lists_are_folded_in_text(bench, truth):
    text = bench.run("-o", "text").stdout
    assert "and 10 more: see connections in the JSON" in text


def test_one_processor_finds_what_several_find(bench, evidence, truth):
    """Descriptors are read in parts, as many as there are processors for this number of processes."""
    assert evidence.coverage("file_descriptors") == {"complete"}
    (line,) = [line for line in evidence["coverage"] if line["source"] == "file_descriptors"]
    assert int(line["detail"].split()[2]) >= 64  # fewer are read in one part
    alone = bench.scan(prefix=["taskset", "-c", "0"])
    assert alone["connections"] == evidence["connections"]
    assert {**line, "detail": None} in [{**row, "detail": None} for row in alone["coverage"]]
