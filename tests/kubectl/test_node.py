# kubectl sockprobe node: what is made on the node, what comes back, and that
# nothing is left, whatever happens.
import os
import signal
import time

import conftest
import pytest
from apiserver import Refusal

NODE = "ip-10-0-1-7.eu-west-1.compute.internal"
SAMPLE = b'{"schema":"sockprobe.evidence/v1","text":"sockprobe: %s"}\n' % (b"x" * (2 * conftest.CUT))
CONCLUSION = b"sockprobe: 2 live runtime sockets\n"


@pytest.fixture
def cluster(bench):
    bench.cluster.node(NODE)
    return bench.cluster


def removed(cluster):
    """The pod that was made was also removed; the request may be sent again."""
    assert cluster.pods() == []
    assert len(set(cluster.seen("^DELETE .*/pods/sockprobe-"))) == 1
    return True


def ends_with(log, code=0, reason=None, watches=0):
    """A kubelet whose container runs until it was watched so many times, prints this and ends so."""
    def play(container):
        container.run()
        wait_for(lambda: len(container.cluster.seen("watch=true")) >= watches or container.gone())
        container.end(log, code, reason)
    return play


def waits_for(reason, message=""):
    def play(container):
        container.state({"waiting": {"reason": reason, "message": message}})
        container.wait_gone()
    return play


def fails(reason, message):
    def play(container):
        container.phase("Failed", reason=reason, message=message)
        container.wait_gone()
    return play


def runs_on(container):
    container.run()
    container.wait_gone()


# ---- what comes back ----


def test_evidence_alone_on_stdout_and_the_pod_is_gone(bench, cluster):
    status, out, err = bench.run("node", NODE)
    (ran,) = bench.kubelet.ran
    assert (status, out) == (ran.returncode, ran.stdout), err
    conftest.checked(out)
    assert f"sockprobe: node {NODE}: {ran.stderr.decode().removeprefix('sockprobe: ')}" in err
    assert removed(cluster)


def test_pod_has_the_rights_it_needs_and_no_others(bench, cluster):
    bench.run("node", NODE, "-n", "sockprobe", "--timeout", "99", "--", "--path", '/run/a "b"\\c.sock')
    ((_, path, pod),) = [row for row in cluster.bodies if row[0] == "POST"]
    assert path == "/api/v1/namespaces/sockprobe/pods"
    name = pod["metadata"].pop("name")
    assert name.startswith(f"sockprobe-{NODE}-") and len(name) == len(f"sockprobe-{NODE}-") + 8
    assert pod == {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"namespace": "sockprobe", "labels": {
            "app.kubernetes.io/name": "sockprobe", "app.kubernetes.io/managed-by": "kubectl-sockprobe"},
            "uid": pod["metadata"]["uid"], "resourceVersion": pod["metadata"]["resourceVersion"]},
        "spec": {
            "nodeName": NODE, "hostPID": True, "restartPolicy": "Never", "activeDeadlineSeconds": 99,
            "terminationGracePeriodSeconds": 1, "automountServiceAccountToken": False, "enableServiceLinks": False,
            "tolerations": [{"operator": "Exists"}],
            "containers": [{
                "name": "sockprobe", "image": conftest.IMAGE, "args": ["scan", "--path", '/run/a "b"\\c.sock'],
                "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "512Mi"}},
                "securityContext": {
                    "privileged": False, "runAsUser": 0, "allowPrivilegeEscalation": False,
                    "readOnlyRootFilesystem": True, "seccompProfile": {"type": "RuntimeDefault"},
                    "appArmorProfile": {"type": "Unconfined"},
                    "capabilities": {"drop": ["ALL"], "add": ["SYS_ADMIN", "SYS_PTRACE", "DAC_READ_SEARCH"]}},
                "volumeMounts": [{"name": "host", "mountPath": "/host", "readOnly": True,
                                  "recursiveReadOnly": "IfPossible"}]}],
            "volumes": [{"name": "host", "hostPath": {"path": "/"}}]},
        "status": pod["status"]}


def test_privileged_when_asked(bench, cluster):
    bench.run("node", NODE, "--privileged")
    ((_, _, pod),) = [row for row in cluster.bodies if row[0] == "POST"]
    assert pod["spec"]["containers"][0]["securityContext"] == {"privileged": True, "readOnlyRootFilesystem": True}


@pytest.mark.parametrize("how", ["before", "between", "after"])
def test_conclusion_in_the_log_is_not_evidence(bench, cluster, how):
    """A log has both streams; a long line of one may be cut by a line of the other."""
    bench.kubelet.instead[NODE] = ends_with(conftest.merged(SAMPLE, CONCLUSION, how))
    status, out, err = bench.run("node", NODE)
    assert (status, out) == (0, SAMPLE)
    assert f"sockprobe: node {NODE}: 2 live runtime sockets\n" in err


def test_incomplete_evidence_is_evidence(bench, cluster):
    bench.kubelet.instead[NODE] = ends_with(SAMPLE, 2)
    assert bench.run("node", NODE)[:2] == (2, SAMPLE)
    assert removed(cluster)


@pytest.mark.parametrize("log", [SAMPLE[:-20], SAMPLE[20:], b"", SAMPLE + SAMPLE, b"hello\n"],
                         ids=["end cut", "start cut", "empty", "twice", "another program"])
def test_log_that_is_not_whole_is_no_evidence(bench, cluster, log):
    bench.kubelet.instead[NODE] = ends_with(log)
    status, out, err = bench.run("node", NODE)
    assert (status, out) == (69, b"")
    assert "the log of its container is no evidence, or cut off" in err
    assert removed(cluster)


def test_watch_that_ends_early_is_begun_again(bench, cluster):
    cluster.watch_seconds = 0.3
    bench.kubelet.instead[NODE] = ends_with(SAMPLE, watches=2)
    assert bench.run("node", NODE)[:2] == (0, SAMPLE)
    assert len(cluster.seen("watch=true")) > 1


def test_state_that_comes_in_pieces(bench, cluster, kubectl, tmp_path):
    """kubectl writes a line in many small pieces; a busy machine may halt it between two."""
    (tmp_path / "slow").mkdir()
    slow = tmp_path / "slow" / "kubectl"
    slow.write_text(f"""#!/bin/sh
case " $* " in
*" --watch "*) {kubectl}/kubectl "$@" | while read -r phase rest; do
    printf %s "$phase"; sleep 1.5; printf ' %s\\n' "$rest"; done ;;
*) exec {kubectl}/kubectl "$@" ;;
esac
""")
    slow.chmod(0o755)
    bench.environment["PATH"] = f"{slow.parent}:{kubectl}:/usr/bin:/bin"
    bench.kubelet.instead[NODE] = ends_with(SAMPLE)
    assert bench.run("node", NODE, "--timeout", "120")[:2] == (0, SAMPLE)


# ---- refusals ----

FORBIDDEN = ('pods is forbidden: User "me" cannot create resource "pods" in API group "" in the namespace "audit"')
SECURITY = ('pods "x" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostPID=true), '
            'hostPath volumes (volume "host")')
REFUSED = {
    "rbac": (r"^POST .*/pods", Refusal(403, "Forbidden", FORBIDDEN), 77,
             ['cannot create resource "pods"', "ask for this right; kubectl sockprobe --help lists"]),
    "rbac of nodes": (r"^GET .*/nodes/", Refusal(403, "Forbidden", 'nodes "x" is forbidden: User "me" cannot get'), 77,
                      ["ask for this right"]),
    "rbac of watch": (r"watch=true", Refusal(403, "Forbidden", 'pods is forbidden: User "me" cannot watch'), 77,
                      ["cannot watch", "ask for this right"]),
    "rbac of logs": (r"^GET .*/log", Refusal(403, "Forbidden", 'pods "x" is forbidden: User "me" cannot get resource '
                                             '"pods/log"'), 77, ['"pods/log"', "ask for this right"]),
    "pod security": (r"^POST .*/pods", Refusal(403, "Forbidden", SECURITY), 77,
                     ["hostPID=true", "use a namespace that allows it, by -n", "enforce=privileged"]),
    "webhook": (r"^POST .*/pods", Refusal(400, "", 'admission webhook "validate.kyverno.svc-fail" denied the request: '
                                          "no host paths"), 77,
                ["validate.kyverno.svc-fail", "the cluster's policy must except this pod"]),
    "quota": (r"^POST .*/pods", Refusal(403, "Forbidden", 'pods "x" is forbidden: exceeded quota: q'), 77,
              ["exceeded quota: q", "use another namespace"]),
    "login": (r"^GET .*/nodes/", Refusal(401, "Unauthorized", "Unauthorized"), 77, ["log in to the cluster"]),
    "no namespace": (r"^POST .*/pods", Refusal(404, "NotFound", 'namespaces "audit" not found'), 69,
                     ['namespaces "audit" not found']),
    "no kubelet": (r"^GET .*/log", Refusal(500, "InternalError", 'Get "https://10.0.1.7:10250/containerLogs/x": dial '
                                           "tcp 10.0.1.7:10250: i/o timeout"), 69,
                   ["does not reach the kubelet", "port 10250"]),
    "server down": (r"^POST .*/pods", None, 69, ["EOF", "tried 4 times; try again later"]),
}


@pytest.mark.parametrize("pattern, refusal, code, words", REFUSED.values(), ids=REFUSED.keys())
def test_refusal_of_the_server(bench, cluster, pattern, refusal, code, words):
    bench.kubelet.instead[NODE] = ends_with(SAMPLE, watches=1)
    cluster.refuse(pattern, refusal)
    status, out, err = bench.run("node", NODE)
    assert (status, out) == (code, b""), err
    assert all(word in err for word in words), err
    assert f"sockprobe: node {NODE}: " in err
    assert cluster.pods() == []


KUBELET = {
    "image": (waits_for("ImagePullBackOff", 'Back-off pulling image "x"'), 69,
              [f"image {conftest.IMAGE} cannot be pulled: ImagePullBackOff", "Back-off pulling image",
               "give one by --image"]),
    "image's name": (waits_for("InvalidImageName"), 69, ["InvalidImageName", "give one by --image"]),
    "start": (waits_for("CreateContainerError", "no such file"), 69, ["CreateContainerError", "no such file",
                                                                     "is " + conftest.IMAGE + " sockprobe's image?"]),
    "room": (fails("OutOfpods", "Node didn't have enough resource: pods"), 69,
             ["ended before sockprobe ran: OutOfpods", "didn't have enough resource", "make room on the node"]),
    "program": (ends_with(b"sockprobe: --path: not absolute\n", 64), 69,
                ["sockprobe ended with status 64 (Error): sockprobe: --path: not absolute"]),
    "memory": (ends_with(b"", 137, "OOMKilled"), 69, ["status 137 (OOMKilled)"]),
}


@pytest.mark.parametrize("play, code, words", KUBELET.values(), ids=KUBELET.keys())
def test_refusal_of_the_kubelet(bench, cluster, play, code, words):
    bench.kubelet.instead[NODE] = play
    status, out, err = bench.run("node", NODE)
    assert (status, out) == (code, b""), err
    assert all(word in err for word in words), err
    assert removed(cluster)


def test_node_that_is_not_there(bench, cluster):
    status, out, err = bench.run("node", "elsewhere")
    assert (status, out) == (69, b"")
    assert 'sockprobe: node elsewhere: Error from server (NotFound): nodes "elsewhere" not found\n' == err


@pytest.mark.parametrize("ready", ["False", "Unknown"])
def test_node_that_is_not_ready(bench, ready):
    bench.cluster.node(NODE, ready=ready)
    status, out, err = bench.run("node", NODE)
    assert (status, out, bench.cluster.seen("^POST")) == (69, b"", [])
    assert f"sockprobe: node {NODE}: is not ready" in err and f"kubectl describe node {NODE}" in err


def test_pod_that_somebody_deletes(bench, cluster):
    def play(container):
        container.run()
        wait_for(lambda: cluster.seen("watch=true"))
        pod = container.read()
        pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        cluster.put("Pod", container.namespace, pod)
    bench.kubelet.instead[NODE] = play
    status, out, err = bench.run("node", NODE)
    assert (status, out) == (69, b"")
    assert "its pod was deleted by somebody else" in err


def test_timeout(bench, cluster):
    bench.kubelet.instead[NODE] = waits_for("ContainerCreating")
    begun = time.monotonic()
    status, out, err = bench.run("node", NODE, "--timeout", "10")
    assert (status, out) == (69, b"")
    assert ("not ended within 10 s; the last that was known of it: ContainerCreating" in err
            and "try a longer --timeout; kubectl get events" in err)
    assert time.monotonic() - begun < 120
    assert removed(cluster)


@pytest.mark.parametrize("refusal", [Refusal(503, "ServiceUnavailable", "the server is currently unable"), None],
                         ids=["503", "hung up"])
def test_timeout_while_the_server_fails(bench, cluster, refusal):
    bench.kubelet.instead[NODE] = runs_on
    cluster.refuse("watch=true", refusal)
    status, out, err = bench.run("node", NODE, "--timeout", "10")
    assert (status, out) == (69, b"")
    assert "not ended within 10 s; the last that was known of it: Running" in err
    assert removed(cluster)


def test_messages_bring_no_control_characters_to_the_terminal(bench, cluster):
    cluster.refuse(r"^POST .*/pods", Refusal(400, "BadRequest", "a\x1b[31mb\x07\u202ec"))
    _, _, err = bench.run("node", NODE)
    assert "a?[31mb?" in err
    assert all(character == "\n" or " " <= character <= "~" for character in err)


# ---- retries ----


@pytest.mark.parametrize("pattern", [r"^GET .*/nodes/", r"^POST .*/pods", r"watch=true", r"^GET .*/log", r"^DELETE "])
@pytest.mark.parametrize("refusal", [Refusal(503, "ServiceUnavailable", "the server is currently unable"), None],
                         ids=["503", "hung up"])
def test_failures_that_pass_are_tried_again(bench, cluster, pattern, refusal):
    bench.kubelet.instead[NODE] = ends_with(SAMPLE, watches=2 if pattern == "watch=true" else 1)
    cluster.refuse(pattern, refusal, times=1)
    status, out, err = bench.run("node", NODE)
    assert (status, out) == (0, SAMPLE), err
    assert cluster.pods() == []
    assert len(cluster.seen(pattern)) >= 2


def test_pod_whose_making_was_not_answered_is_its_own(bench, cluster, monkeypatch):
    """The server creates the pod and the answer is lost: the next attempt finds that it exists."""
    make = cluster.create

    def lost(*arguments):
        monkeypatch.setattr(cluster, "create", make)
        make(*arguments)
        raise Refusal(504, "Timeout", "request timed out")
    monkeypatch.setattr(cluster, "create", lost)
    bench.kubelet.instead[NODE] = ends_with(SAMPLE)
    assert bench.run("node", NODE)[:2] == (0, SAMPLE)
    assert len(cluster.seen("^POST")) == 2
    assert removed(cluster)


def test_pod_that_cannot_be_removed_is_told(bench, cluster):
    bench.kubelet.instead[NODE] = ends_with(SAMPLE)
    cluster.refuse("^DELETE ", Refusal(403, "Forbidden", 'pods "x" is forbidden: User "me" cannot delete'))
    status, out, err = bench.run("node", NODE, "-n", "sockprobe")
    assert (status, out) == (0, SAMPLE)
    (pod,) = cluster.pods()
    assert f"its pod {pod['metadata']['name']} may be left: " in err and "cannot delete" in err
    assert "kubectl delete pods -l app.kubernetes.io/managed-by=kubectl-sockprobe -n sockprobe" in err


# ---- ended from outside ----


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
@pytest.mark.parametrize("whole", [True, False], ids=["group", "alone"])
def test_signal_removes_the_pod(bench, cluster, number, code, whole):
    """^C goes to all processes of the terminal's group, TERM to the one that was named."""
    bench.kubelet.instead[NODE] = runs_on
    child = bench.start("node", NODE)
    wait_for(lambda: cluster.seen("watch=true"))
    (os.killpg if whole else os.kill)(child.pid, number)
    out, err = child.communicate(timeout=300)
    # kubectl becomes the plugin, so this is the plugin's own status.
    assert (child.returncode, out) == (code, b""), err
    assert removed(cluster)
    assert list((bench.tmp / "tmp").iterdir()) == []
    assert_none_left(child.pid)


def test_signal_while_the_pod_is_being_made(bench, cluster, monkeypatch):
    make = cluster.create

    def slow(*arguments):
        time.sleep(1.5)
        return make(*arguments)
    monkeypatch.setattr(cluster, "create", slow)
    bench.kubelet.instead[NODE] = runs_on
    child = bench.start("node", NODE)
    wait_for(lambda: cluster.seen("^POST"))
    os.killpg(child.pid, signal.SIGINT)
    child.communicate(timeout=300)
    assert child.returncode == 130
    assert removed(cluster)


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_that_keep_coming_remove_the_pod(bench, cluster, number, code):
    """^C is held down; timeout(1) sends TERM to the one that it started and once more to all."""
    bench.kubelet.instead[NODE] = runs_on
    for _ in range(10):
        child = bench.start("node", NODE)
        wait_for(lambda: cluster.seen("watch=true"))
        cluster.requests.clear()
        for _ in range(30):
            os.killpg(child.pid, number)
            time.sleep(0.0005)
        _, err = child.communicate(timeout=300)
        assert child.returncode == code, err
        assert removed(cluster), err


def test_reader_that_goes_away(bench, cluster):
    reader, writer = os.pipe()
    os.close(reader)
    child = bench.start("node", NODE, stdout=writer)
    os.close(writer)
    _, err = child.communicate(timeout=300)
    assert child.returncode == 74
    assert b"sockprobe: standard output: cannot be written" in err
    assert removed(cluster)


def wait_for(check, seconds=300):
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end
        time.sleep(0.02)


def assert_none_left(session):
    def processes():
        found = []
        for entry in os.scandir("/proc"):
            if entry.name.isdigit():
                try:
                    if os.getsid(int(entry.name)) == session:
                        found.append(entry.name)
                except ProcessLookupError:
                    pass
        return found
    wait_for(lambda: not processes())
