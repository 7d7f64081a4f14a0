# kubectl sockprobe pod: an ephemeral container beside one that mounts paths of the
# node, by the real kubectl debug.
import os
import signal

import conftest
import pytest
from apiserver import Refusal
from test_node import CONCLUSION, SAMPLE, assert_none_left, wait_for

POD = "datadog-agent-x7k2p"
EPHEMERAL = "/ephemeralcontainers"


def mount(name, path, **more):
    return {"name": name, "mountPath": path, **more}


@pytest.fixture
def cluster(bench):
    """A pod with three containers: one without paths of the node, two with."""
    bench.cluster.node("node-0")
    bench.cluster.put("Pod", "audit", {
        "metadata": {"name": POD, "namespace": "audit", "uid": "1"},
        "spec": {
            "nodeName": "node-0", "securityContext": {},
            "volumes": [{"name": "token", "secret": {"secretName": "s"}}, {"name": "run", "hostPath": {"path": "/var/run"}},
                        {"name": "proc", "hostPath": {"path": "/proc"}}, {"name": "cache", "emptyDir": {}}],
            "containers": [
                {"name": "init-config", "image": "i", "volumeMounts": [mount("token", "/token"), mount("cache", "/cache")]},
                {"name": "agent", "image": "i", "volumeMounts": [
                    mount("token", "/token"), mount("run", "/host/var/run"), mount("proc", "/host/proc", readOnly=True),
                    mount("run", "/one", subPath="docker.sock"), mount("run", "/two", subPathExpr="$(X)")]},
                {"name": "trace", "image": "i", "volumeMounts": [mount("run", "/var/run/")]}]},
        "status": {"phase": "Running"}})

    def play(container):
        container.run()
        container.end(SAMPLE + CONCLUSION, 2)
    bench.kubelet.instead["node-0"] = play
    return bench.cluster


def patched(cluster):
    (body,) = [body for method, path, body in cluster.bodies if method == "PATCH" and path.endswith(EPHEMERAL)]
    (container,) = body["spec"]["ephemeralContainers"]
    return container


def test_container_beside_it(bench, cluster):
    status, out, err = bench.run("pod", POD, "--", "--timeout", "20")
    assert (status, out) == (2, SAMPLE), err
    assert f"sockprobe: pod {POD}: 2 live runtime sockets\n" in err
    made = patched(cluster)
    name = made.pop("name")
    assert name.startswith("sockprobe-") and len(name) == len("sockprobe-") + 8
    assert made.pop("imagePullPolicy", "IfNotPresent") == "IfNotPresent"
    assert made.pop("terminationMessagePolicy") == "File"
    assert made == {
        "image": conftest.IMAGE, "args": ["scan", "--timeout", "20"], "targetContainerName": "agent", "resources": {},
        # What the target has of the node and nothing else of it: no secret is mounted.
        "volumeMounts": [{"name": "run", "mountPath": "/host/var/run", "readOnly": True},
                         {"name": "proc", "mountPath": "/host/proc", "readOnly": True}],
        "securityContext": {
            "privileged": False, "runAsUser": 0, "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
            "seccompProfile": {"type": "RuntimeDefault"}, "appArmorProfile": {"type": "Unconfined"},
            "capabilities": {"drop": ["ALL"], "add": ["SYS_ADMIN", "SYS_PTRACE", "DAC_READ_SEARCH"]}}}
    assert f"ephemeral container {name} beside agent; Kubernetes keeps it, ended, in the pod's record" in err
    assert len(cluster.pods()) == 1  # the pod is not the plugin's to remove
    assert cluster.seen("^DELETE") == cluster.seen("^POST") == []


def test_container_that_is_named(bench, cluster):
    assert bench.run("pod", POD, "-c", "trace")[:2] == (2, SAMPLE)
    made = patched(cluster)
    assert (made["targetContainerName"], made["volumeMounts"]) == (
        "trace", [{"name": "run", "mountPath": "/var/run/", "readOnly": True}])


@pytest.mark.parametrize("name", ["init-config", "nobody"])
def test_container_that_has_nothing_of_the_node(bench, cluster, name):
    status, out, err = bench.run("pod", POD, "-c", name)
    assert (status, out, cluster.seen("^PATCH")) == (69, b"", [])
    assert f"container {name} of it mounts no path of the node whole" in err
    assert "name another container by -c, or audit the node: kubectl sockprobe node" in err


def test_pod_that_has_nothing_of_the_node(bench, cluster):
    pod = cluster.get("Pod", "audit", POD, "pods")
    del pod["spec"]["containers"][1:]
    cluster.put("Pod", "audit", pod)
    status, out, err = bench.run("pod", POD)
    assert (status, out, cluster.seen("^PATCH")) == (69, b"", [])
    assert err.startswith(f"sockprobe: pod {POD}: mounts no path of the node whole")


def test_pod_that_does_not_run(bench, cluster):
    pod = cluster.get("Pod", "audit", POD, "pods")
    pod["status"]["phase"] = "Succeeded"
    cluster.put("Pod", "audit", pod)
    status, out, err = bench.run("pod", POD)
    assert (status, out, cluster.seen("^PATCH")) == (69, b"", [])
    assert f"sockprobe: pod {POD}: is Succeeded: only a running pod" in err


REFUSED = {
    "not there": (r"^GET .*/pods/", Refusal(404, "NotFound", 'pods "x" not found'), 69, 'pods "x" not found'),
    "rbac": (EPHEMERAL, Refusal(403, "Forbidden", 'pods "x" is forbidden: User "me" cannot patch resource '
                                '"pods/ephemeralcontainers"'), 77, "ask for this right"),
    "pod security": (EPHEMERAL, Refusal(403, "Forbidden", 'pods "x" is forbidden: violates PodSecurity "baseline:latest":'
                                        ' non-default capabilities'), 77, "admits no such container: audit its node: kubectl sockprobe node"),
}


@pytest.mark.parametrize("pattern, refusal, code, words", REFUSED.values(), ids=REFUSED.keys())
def test_refusals(bench, cluster, pattern, refusal, code, words):
    cluster.refuse(pattern, refusal)
    status, out, err = bench.run("pod", POD)
    assert (status, out) == (code, b""), err
    assert words in err


def test_image_that_is_not_there(bench, cluster):
    def play(container):
        container.state({"waiting": {"reason": "ImagePullBackOff", "message": "Back-off"}})
    bench.kubelet.instead["node-0"] = play
    status, out, err = bench.run("pod", POD)
    assert (status, out) == (69, b"")
    assert f"image {conftest.IMAGE} cannot be pulled: ImagePullBackOff" in err


def test_kubectl_that_is_too_old(bench, cluster, old_kubectl):
    bench.use(old_kubectl)
    status, out, err = bench.run("pod", POD)
    assert (status, out) == (69, b"")
    assert "unknown flag: --custom" in err and "kubectl sockprobe pod takes kubectl 1.31 or later" in err


def test_signal(bench, cluster):
    bench.kubelet.instead["node-0"] = lambda container: container.run()
    child = bench.start("pod", POD)
    wait_for(lambda: cluster.seen("watch=true"))
    os.killpg(child.pid, signal.SIGINT)
    out, err = child.communicate(timeout=300)
    assert (child.returncode, out) == (130, b""), err
    assert_none_left(child.pid)
