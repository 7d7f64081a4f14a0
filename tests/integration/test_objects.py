# Every kind of thing that may stand at a path: what sockprobe derives for
# connect(2) is what a separate client really gets, on the node and in a pod.
import pytest

KINDS = {
    "missing": ("missing", "not_a_socket"),
    "dangling": ("dangling_symlink", "not_a_socket"),
    "directory": ("directory", "not_a_socket"),
    "full": ("directory", "not_a_socket"),
    "regular": ("regular", "not_a_socket"),
    "fifo": ("fifo", "not_a_socket"),
    "device": ("device", "not_a_socket"),
    "stale": ("socket", "stale"),
    "live": ("socket", "listening"),
    "loop": ("symlink_loop", "not_a_socket"),
    "bound": ("socket", "bound"),
    "dgram": ("socket", "bound"),
    "seqpacket": ("socket", "listening"),
    "activated": ("socket", "listening"),
    "user/private": ("socket", "listening"),
}
CONNECT = {
    "missing": "ENOENT", "dangling": "ENOENT", "directory": "ECONNREFUSED", "to_directory": "ECONNREFUSED",
    "full": "ECONNREFUSED", "regular": "ECONNREFUSED", "fifo": "ECONNREFUSED", "device": "ECONNREFUSED",
    "stale": "ECONNREFUSED", "live": "OK", "to_live": "OK", "absolute_to_live": "OK", "loop": "ELOOP",
    "bound": "ECONNREFUSED", "dgram": "EPROTOTYPE", "seqpacket": "EPROTOTYPE", "activated": "OK",
    "user/private": "OK",
}
# What a link leads to is another name inside the pod's mount, and an absolute
# link leads into the pod's own root: these have no access of their own.
IN_POD = [name for name in CONNECT if name not in
          ("missing", "dangling", "loop", "to_live", "absolute_to_live", "to_directory")]


def try_in(bench, pod, path, user=None):
    """What a client with the pod's namespaces, root and user gets."""
    identity = [f"--setuid={user}", f"--setgid={user}"] if user else []
    return bench.node.exec(["nsenter", f"--target={pod['pid']}", "--mount", "--net", "--root", *identity, "--",
                            "/bin/sockpeer", "try", path]).stdout.strip()


@pytest.fixture(scope="module")
def truth(bench):
    return bench.scene("objects")


@pytest.fixture(scope="module")
def evidence(bench, truth):
    options = [word for name in truth["names"] for word in ("--path", truth["base"] + name)]
    return bench.scan(*options)


@pytest.mark.parametrize("name", CONNECT)
def test_connect_result_is_what_a_client_gets(bench, truth, evidence, name):
    real = bench.node.exec([bench.node.state / "sockpeer", "try", truth["base"] + name]).stdout.strip()
    assert real == CONNECT[name]
    assert evidence.path(truth["base"] + name)["connect_result"] == real


@pytest.mark.parametrize("name", IN_POD)
def test_connect_result_in_a_pod(bench, truth, evidence, name):
    real = try_in(bench, truth["pod"], truth["in_pod"] + name)
    rows = evidence.access(evidence.path(truth["base"] + name), truth["pod"]["id"])
    assert [(row["container_path"], row["connect_result"]) for row in rows] == [(truth["in_pod"] + name, real)]


@pytest.mark.parametrize("name", IN_POD)
def test_connect_result_in_a_pod_of_another_user(bench, truth, evidence, name):
    real = try_in(bench, truth["stranger"], truth["in_pod"] + name, user=truth["stranger_uid"])
    assert real == "EACCES"
    (row,) = evidence.access(evidence.path(truth["base"] + name), truth["stranger"]["id"])
    assert row["connect_result"] == real
    assert row["dac"]["allowed"] is False and "uid 1234" in row["dac"]["why"]


@pytest.mark.parametrize("name", KINDS)
def test_kind_and_state(truth, evidence, name):
    path = evidence.path(truth["base"] + name)
    assert (path["kind"], path["state"]) == KINDS[name]


def test_links_are_shown_hop_by_hop_and_joined_to_their_object(truth, evidence):
    path = evidence.path(truth["base"] + "live")
    assert path["names"] == [truth["base"] + name for name in ("live", "to_live", "absolute_to_live")]
    hops = evidence.path(truth["base"] + "dangling")["links"]
    assert hops == [{"path": truth["base"] + "dangling", "target": "nowhere"}]


def test_loop_stops_at_the_kernels_limit(truth, evidence):
    assert len(evidence.path(truth["base"] + "loop")["links"]) == 40


def test_entries_are_counted(truth, evidence):
    assert evidence.path(truth["base"] + "full")["entries"] == 2
    assert evidence.path(truth["base"] + "directory")["entries"] == 0


@pytest.mark.parametrize("name", ["directory", "regular", "fifo", "device", "stale", "live"])
def test_inode_is_what_stat_says(bench, truth, evidence, name):
    stat = bench.node.exec(["stat", "-c", "%i %a %u %g %Hd:%Ld %h", truth["base"] + name]).stdout.split()
    inode = evidence.path(truth["base"] + name)["inode"]
    assert [inode["ino"], inode["mode"].lstrip("0"), str(inode["uid"]), str(inode["gid"]), inode["dev"],
            str(inode["nlink"])] == stat


def test_activated_socket_is_served_by_the_child(evidence, truth):
    listener = evidence.path(truth["base"] + "activated")["listener"]
    # Not systemd: two holders of one listener, the first speaks for both.
    assert listener["activated_by"] is None
    assert len(listener["process"]["also_held_by"]) == 1
