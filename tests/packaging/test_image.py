# The image, imported into a real containerd and run through the CRI as kubectl
# debug starts it: on a node with each profile, and as an ephemeral container.
import gzip
import hashlib
import io
import json
import tarfile

import conftest
import pytest

ARCHIVE = conftest.DIST / f"sockprobe-{conftest.VERSION}-image.tar"
IMAGE = f"localhost/sockprobe:{conftest.VERSION}"
NODE = {"host_pid": True, "host_network": True, "host_ipc": True, "mounts": [("/", "/host", False)]}


@pytest.fixture(scope="module")
def truth(bench):
    bench.node.exec(["ctr", "-n", "k8s.io", "images", "import", "--snapshotter", "native", ARCHIVE])
    return bench.scene("mission")


class Ended:
    """A container that ended, in the form that Evidence takes."""

    def __init__(self, node, container):
        self.returncode, self.stdout, self.stderr = node.finished(container)


def debug_node(bench, name, command=(), **options):
    pod = bench.node.pod("default", f"node-debugger-{name}", command, container="debugger", image=IMAGE,
                         labels={"app.kubernetes.io/managed-by": "kubectl-debug"}, **options)
    evidence = conftest.Evidence(Ended(bench.node, pod))
    bench.node.remove_pod(pod)
    return pod, evidence


# ---- the file ----


def read_layout():
    with tarfile.open(ARCHIVE) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}


def test_layout_is_whole():
    """Every descriptor from index.json down names a blob of its size and sum, and no blob is left over."""
    files = read_layout()
    assert json.loads(files.pop("oci-layout")) == {"imageLayoutVersion": "1.0.0"}
    unused = {name: data for name, data in files.items() if name != "index.json"}

    def follow(descriptor):
        algorithm, digest = descriptor["digest"].split(":")
        data = files[f"blobs/{algorithm}/{digest}"]
        assert (len(data), hashlib.new(algorithm, data).hexdigest()) == (descriptor["size"], digest)
        unused.pop(f"blobs/{algorithm}/{digest}", None)
        return data

    (top,) = json.loads(files["index.json"])["manifests"]
    index = json.loads(follow(top))
    assert [image["platform"] for image in index["manifests"]] == [
        {"architecture": "amd64", "os": "linux"}, {"architecture": "arm64", "os": "linux", "variant": "v8"}]
    for image, architecture in zip(index["manifests"], conftest.ARCHITECTURES):
        manifest = json.loads(follow(image))
        config = json.loads(follow(manifest["config"]))
        assert config["architecture"] == image["platform"]["architecture"]
        (layer,) = manifest["layers"]
        with tarfile.open(fileobj=io.BytesIO(follow(layer))) as tar:
            names = [member.name for member in tar if member.isfile()]
            assert names == ["usr/bin/sockprobe", "usr/share/doc/sockprobe/LICENSE",
                             f"usr/share/doc/sockprobe/sockprobe-{conftest.VERSION}-third-party.txt"]
            inside = tar.extractfile("usr/bin/sockprobe").read()
        assert inside == conftest.program(architecture).read_bytes()
        digest = hashlib.sha256(gzip.decompress(follow(layer))).hexdigest()
        assert config["rootfs"]["diff_ids"] == [f"sha256:{digest}"]
    assert unused == {}


def test_unknown_architecture_is_refused():
    done = conftest.run(conftest.REPO / "packaging/image/build", "--name", "x:1", "--version", "1", "--output",
                        "/nonexistent/x", "riscv64=/bin/true", env={"SOURCE_DATE_EPOCH": "0", "PATH": "/usr/bin:/bin"},
                        check=False)
    assert (done.returncode, "riscv64: no such architecture; there are x86_64, aarch64" in done.stderr) == (2, True)


# ---- on a node ----


def test_sysadmin_profile(bench, truth):
    """kubectl debug node/NODE --profile=sysadmin --image=sockprobe: privileged; the image's own command scans."""
    pod, evidence = debug_node(bench, "sysadmin", privileged=True, **NODE)
    assert [row for row in evidence["coverage"] if row["status"] != "complete"] == []
    assert evidence.status == 0
    assert (evidence["probe"]["root"], evidence["probe"]["process_scope"]) == ("/host", "nested")
    path = evidence.path("/var/run/docker.sock")
    assert (path["kind"], path["origin"]["candidates"][0]["container"]) == ("directory", truth["maker"]["id"])
    assert evidence.container(pod["id"])["self"] is True
    clients = {row["client"]["container"] for row in evidence.connections(evidence.path("/run/containerd/containerd.sock"))}
    assert truth["agent"]["id"] in clients
    assert evidence["summary"]["containers_that_can_connect"] == 1


@pytest.mark.parametrize("profile", ["general", "legacy"])
def test_profiles_that_are_not_privileged(bench, truth, profile):
    """The same pod without privileges: general clears the security context, legacy sets none. It says what it was denied."""
    _, evidence = debug_node(bench, profile, **NODE)
    assert evidence.status == 2
    assert evidence["probe"]["root"] == "/host"
    assert {"mount_tables", "network_namespaces", "file_descriptors"} <= evidence.gaps()
    denied = [row for row in evidence["coverage"] if row["status"] == "denied"]
    assert all("--profile=sysadmin" in row["fix"] for row in denied if row["source"] != "paths")
    assert evidence.path("/var/run/docker.sock")["kind"] == "directory"
    assert "INCOMPLETE" in evidence.stderr


def test_command_is_found_by_its_name(bench, truth):
    """kubectl debug ... -- sockprobe --version"""
    pod = bench.node.pod("default", "node-debugger-name", ["sockprobe", "--version"], container="debugger", image=IMAGE)
    assert bench.node.finished(pod) == (0, f"sockprobe {conftest.VERSION}\n", "")
    bench.node.remove_pod(pod)


# ---- ephemeral containers ----


@pytest.mark.parametrize("target", [True, False], ids=["target", "own"])
@pytest.mark.parametrize("capabilities", [[], ["SYS_PTRACE"]], ids=["legacy", "general"])
def test_ephemeral_container(bench, truth, target, capabilities):
    """
    kubectl debug POD --image=sockprobe [--target=agent] --custom (the pod's mount of /var/run): the sockets are
    seen as objects; processes, listeners and connections of the node are out of its reach, and it says so.
    """
    debugger = bench.node.ephemeral(truth["agent"], [], container=f"debugger-{target}-{len(capabilities)}".lower(),
                                    image=IMAGE, mounts=[("/var/run", "/host/var/run", True)],
                                    target=truth["agent"]["id"] if target else None, capabilities=capabilities)
    evidence = conftest.Evidence(Ended(bench.node, debugger))
    assert evidence.status == 2
    assert evidence["probe"]["root"] == "/host"
    path = evidence.path("/var/run/docker.sock")
    assert path["kind"] == "directory"
    live = evidence.path("/var/run/containerd/containerd.sock")
    assert (live["kind"], live["state"]) == ("socket", "unknown")
    # It cannot see who listens, and reports that, never "nobody".
    assert evidence.path("/run/containerd/containerd.sock")["kind"] == "outside_view"
    assert "pid_namespace" in evidence.gaps()
    assert evidence.coverage("paths") == {"partial"}
    # With a target, the target's processes and their sockets are listed; without, only its own.
    seen = {row["container"] for row in evidence.access(live)}
    assert debugger["id"] in seen
    assert (truth["agent"]["id"] in seen) is (target and bool(capabilities))
