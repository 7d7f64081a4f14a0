# The pod that the plugin makes, run by a real containerd with just the rights that
# its manifest has: they are enough for complete evidence.
import os
import sys

import conftest
import pytest

sys.path.insert(0, str(conftest.REPO / "tests" / "node"))
import node as lab  # noqa: E402
import scenes  # noqa: E402

# What ctr gives a container that is not privileged.
DEFAULT = ["CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP", "SETPCAP",
           "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE"]
LIBRARIES = "/host/lib/x86_64-linux-gnu:/host/usr/lib/x86_64-linux-gnu"


@pytest.fixture(scope="module")
def node():
    if os.geteuid() != 0:
        pytest.skip("needs root")
    with lab.Node() as made:
        made.start(("containerd",))
        yield made, scenes.mission(made)


def words_of(pod, spec):
    """The manifest's rights as ctr's options; an unknown member of them is an error."""
    security = dict(spec["securityContext"])
    words = ["--with-ns=pid:/proc/1/ns/pid"] if pod["spec"]["hostPID"] else []
    assert security.pop("runAsUser") == 0 and security.pop("privileged") is False
    assert security.pop("appArmorProfile") == {"type": "Unconfined"}
    capabilities = security.pop("capabilities")
    assert capabilities["drop"] == ["ALL"]
    words += [f"--cap-drop=CAP_{name}" for name in DEFAULT if name not in capabilities["add"]]
    words += [f"--cap-add=CAP_{name}" for name in capabilities["add"]]
    words += ["--read-only"] if security.pop("readOnlyRootFilesystem") else []
    words += ["--allow-new-privs"] if security.pop("allowPrivilegeEscalation") else []
    words += ["--seccomp"] if security.pop("seccompProfile") == {"type": "RuntimeDefault"} else []
    assert security == {}
    volumes = {row["name"]: row["hostPath"]["path"] for row in pod["spec"]["volumes"]}
    for mount in spec["volumeMounts"]:
        how = "ro" if mount["readOnly"] else "rw"
        words.append(f"--mount=type=bind,src={volumes[mount['name']]},dst={mount['mountPath']},options=rbind:{how}")
    return words


def in_containerd(node):
    """A kubelet that runs the container in the node's containerd. The program is the node's, with its libraries."""
    def play(container):
        pod = container.read()
        container.run()
        done = node.exec(["ctr", "-n", "k8s.io", "run", "--rm", "--snapshotter=native", *words_of(pod, container.spec),
                          lab.APP_IMAGE, pod["metadata"]["name"], "/host/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
                          "--library-path", LIBRARIES, f"/host{conftest.PROGRAM}", *container.spec["args"]],
                         check=False)
        container.end((done.stdout + done.stderr).encode(), done.returncode)
    return play


def test_rights_are_enough_for_complete_evidence(bench, node):
    made, truth = node
    bench.cluster.node("node-lab")
    bench.kubelet.instead["node-lab"] = in_containerd(made)
    status, out, err = bench.run("node", "node-lab")
    assert status == 0, err
    evidence = conftest.checked(out)
    assert {row["source"] for row in evidence["coverage"] if row["status"] != "complete"} == set()
    assert (evidence["probe"]["root"], evidence["probe"]["process_scope"]) == ("/host", "nested")
    (path,) = [path for path in evidence["paths"] if "/var/run/docker.sock" in path["names"] and path["view"] is None]
    assert (path["kind"], path["origin"]["candidates"][0]["container"]) == ("directory", truth["maker"]["id"])
    clients = {row["client"]["container"] for row in evidence["connections"]}
    assert truth["agent"]["id"] in clients


@pytest.mark.parametrize("capability, gap", [("SYS_ADMIN", "sockets"), ("SYS_PTRACE", "file_descriptors"),
                                             ("DAC_READ_SEARCH", "paths")])
def test_each_right_is_needed(bench, node, capability, gap):
    """Without it the evidence is incomplete, and says what it was denied."""
    made, _ = node
    # A user's own directory, as that of a rootless runtime.
    made.exec(["sh", "-c", "mkdir -p /run/user/4321 && chown 4321 /run/user/4321 && chmod 700 /run/user/4321"])
    run = in_containerd(made)

    def play(container):
        container.spec["securityContext"]["capabilities"]["add"].remove(capability)
        run(container)
    bench.cluster.node("node-lab")
    bench.kubelet.instead["node-lab"] = play
    status, out, err = bench.run("node", "node-lab")
    assert status == 2, err
    assert gap in {row["source"] for row in conftest.checked(out)["coverage"] if row["status"] == "denied"}
