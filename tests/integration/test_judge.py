# Findings judged on real nodes: each scenario's decision and rules are literals,
# and judging the saved evidence again gives the identical document.
import json
import subprocess
import time

import conftest
import findings
import node as lab
import pytest
import probing
import schema

DOCKER = "/var/run/docker.sock"
HOUR = 3600


class Judge:
    """explain on a node, and what every explanation must keep."""

    def __init__(self, bench):
        self.bench = bench
        self.now = time.time()

    def explain(self, *raws, prefix=(), options=(), expect=None):
        text = "\n".join(raw if isinstance(raw, str) else json.dumps(raw) for raw in raws)
        self.bench.node.path("/run/finding.json").write_text(text)
        if expect is not None:
            self.bench.node.path("/run/expect.json").write_text(json.dumps({"expected": expect}))
            options = [*options, "--expect", "/run/expect.json"]
        done = self.bench.run("explain", "/run/finding.json", *options, prefix=prefix)
        evidence = conftest.Evidence(done)
        again = subprocess.run([conftest.PROGRAM, "judge", "-"], input=done.stdout, capture_output=True, text=True,
                               user=65534, group=65534, extra_groups=[])
        assert again.stdout == done.stdout and again.returncode == done.returncode
        return evidence

    def decide(self, *raws, **options):
        evidence = self.explain(*raws, **options)
        verdict = evidence["verdict"]
        statuses = {"supported": 0, "not_supported": 1, "inconclusive": 2, "not_judged": 2}
        assert evidence.status == statuses[verdict["decision"]]
        return verdict["decision"], {reason["rule"]: reason["holds"] for reason in verdict["reasons"]}, evidence


def time_reason(evidence):
    (reason,) = [reason for reason in evidence["verdict"]["reasons"] if reason["rule"] == "time"]
    assert reason["holds"] is False
    return reason["text"]


def risks(evidence):
    return [risk["text"] for risk in evidence["verdict"]["residual_risks"]]


# ---- the mission's node: docker.sock is a directory ----

@pytest.fixture(scope="module")
def mission(bench):
    # After the boot, however short ago, and before all that the scene makes.
    before = time.time() - 1
    truth = bench.scene("mission")
    node = bench.node
    truth["private"] = node.pod("shop", "tester-0", ["/bin/sockpeer", "serve", DOCKER, "stream", "accept"],
                                container="tester")
    node.exec(["sh", "-c", "mkdir -p /run/file && : > /run/file/docker.sock"])
    truth["file"] = node.pod("shop", "file-0", ["/bin/sockpeer", "init"], container="file",
                             mounts=[("/run/file/docker.sock", DOCKER, False)])
    truth["twins"] = [node.pod("shop", f"twin-5d4f8c7b9-{name}", ["/bin/sockpeer", "init"], container="twin",
                               mounts=[(DOCKER, DOCKER, True)]) for name in ("bcdfg", "hjklm")]
    truth["late"] = node.pod("shop", "late-0", ["/bin/sockpeer", "init"], container="late")
    truth["before"], truth["started"] = before, time.time() + 2
    judge = Judge(bench)
    judge.truth = truth
    return judge


def test_mission_is_supported_with_containerd_as_the_risk_left(mission):
    agent = mission.truth["agent"]
    decision, rules, evidence = mission.decide(findings.finding(
        agent, "/host" + DOCKER, mission.truth["started"], workload="datadog-agent", workload_type="daemonsets"))
    assert decision == "supported"
    assert rules == {"type": True, "node": None, "container": True, "inert_path": True, "time": True,
                     "coverage": True, "elsewhere": True}
    assert any("/run/containerd/containerd.sock" in risk and "is connected to it now" in risk
               for risk in risks(evidence))
    path = schema.resolve(evidence.document, evidence["findings"][0]["located"]["path_ref"])
    assert (path["kind"], path["view"], path["source"]) == ("directory", agent["id"], "finding")
    assert path["inode"]["ino"] == evidence.path(DOCKER)["inode"]["ino"]


def test_mission_as_the_node_names_the_path(mission):
    """The finding says /var/run/docker.sock, which the agent has at /host/var/run."""
    decision, rules, evidence = mission.decide(findings.finding(
        mission.truth["agent"], DOCKER, mission.truth["started"], workload="datadog-agent",
        workload_type="daemonsets"))
    assert decision == "supported"
    assert rules["name_on_node"] is True and rules["inert_path"] is True and rules["elsewhere"] is True
    assert any("/run/containerd/containerd.sock" in risk for risk in risks(evidence))


def test_maker_of_the_directory_has_no_other_way(mission):
    decision, rules, evidence = mission.decide(findings.finding(mission.truth["maker"], DOCKER,
                                                                mission.truth["started"]))
    assert decision == "supported" and rules["elsewhere"] is False and risks(evidence) == []


def test_directory_younger_than_the_finding(mission):
    node, pod = mission.bench.node, mission.truth["late"]
    time.sleep(max(0, mission.truth["started"] + 0.1 - time.time()))
    node.exec(["mkdir", f"/proc/{pod['pid']}/root/run/docker.sock"])
    decision, rules, evidence = mission.decide(findings.finding(pod, DOCKER, mission.truth["started"]))
    assert decision == "inconclusive" and rules["inert_path"] is True
    assert time_reason(evidence).startswith("what stands at the path changed after the first event")


def test_container_started_after_the_first_event(mission):
    decision, _, evidence = mission.decide(findings.finding(
        mission.truth["maker"], DOCKER, mission.truth["before"], mission.truth["started"]))
    assert decision == "inconclusive"
    assert time_reason(evidence).startswith("the container started after the first event")


def test_container_started_after_the_last_event(mission):
    decision, _, evidence = mission.decide(findings.finding(
        mission.truth["agent"], "/host" + DOCKER, mission.truth["before"]))
    assert decision == "inconclusive"
    assert time_reason(evidence).startswith("the container started after")


def test_container_is_gone(mission):
    decision, rules, evidence = mission.decide(findings.finding(
        {**mission.truth["agent"], "id": "f" * 64, "uid": "none", "pod": "datadog-agent-zzzzz"}, DOCKER,
        mission.truth["started"]))
    assert decision == "inconclusive" and rules["container"] is False
    assert evidence["findings"][0]["located"]["container"] is None


def test_without_ptrace_is_inconclusive_and_says_so(mission):
    decision, rules, evidence = mission.decide(
        findings.finding(mission.truth["agent"], "/host" + DOCKER, mission.truth["started"]),
        prefix=["setpriv", "--bounding-set", "-sys_ptrace"])
    assert decision == "inconclusive" and rules["coverage"] is False
    assert any("CAP_SYS_PTRACE" in reason["text"] for reason in evidence["verdict"]["reasons"])


def test_without_sys_admin_is_inconclusive_and_says_so(mission):
    decision, rules, evidence = mission.decide(
        findings.finding(mission.truth["agent"], "/host" + DOCKER, mission.truth["started"]),
        prefix=["setpriv", "--bounding-set", "-sys_admin"])
    assert decision == "inconclusive" and rules["coverage"] is False
    assert any("CAP_SYS_ADMIN" in reason["text"] for reason in evidence["verdict"]["reasons"])


def test_without_the_nodes_processes_the_container_is_not_found(mission):
    decision, rules, evidence = mission.decide(
        findings.finding(mission.truth["agent"], "/host" + DOCKER, mission.truth["started"]),
        prefix=["unshare", "--pid", "--fork", "--mount-proc"])
    assert decision == "inconclusive" and rules["container"] is False and rules["coverage"] is False


def test_other_type_is_outside(mission):
    decision, rules, evidence = mission.decide(findings.finding(
        mission.truth["agent"], DOCKER, mission.truth["started"], type="Execution:Runtime/NewBinaryExecuted"))
    assert decision == "not_judged" and rules == {"type": False}


def test_nothing_there_since_before_the_event(mission):
    """No directory on the way has changed since: nothing can have stood there."""
    decision, rules, evidence = mission.decide(findings.finding(mission.truth["bystander"], DOCKER,
                                                                mission.truth["started"]))
    assert decision == "supported" and rules["inert_path"] is True and rules["time"] is True
    path = evidence.path(DOCKER, view=mission.truth["bystander"]["id"])
    assert path["kind"] == "missing" and path["unchanged_since"]["basis"] == "directories"


def test_nothing_there_any_more_proves_no_past(mission):
    node, pod = mission.bench.node, mission.truth["bystander"]
    time.sleep(max(0, mission.truth["started"] + 0.1 - time.time()))
    node.exec(["sh", "-c", f"touch /proc/{pod['pid']}/root/run/docker.sock && rm /proc/{pod['pid']}/root/run/docker.sock"])
    decision, rules, evidence = mission.decide(findings.finding(pod, DOCKER, mission.truth["started"]))
    assert decision == "inconclusive" and rules["inert_path"] is True and rules["time"] is False


def test_private_socket_of_the_container(mission):
    decision, rules, evidence = mission.decide(findings.finding(mission.truth["private"], DOCKER,
                                                                mission.truth["started"]))
    assert decision == "supported" and rules["private_socket"] is True and rules["elsewhere"] is False


def test_socket_that_a_container_serves_to_the_node_is_not_private(mission):
    node = mission.bench.node
    node.exec(["mkdir", "-p", "/run/crio"])
    server = node.pod("shop", "server-0", ["/bin/sockpeer", "serve", "/host/run/crio/crio.sock", "stream", "accept"],
                      container="server", mounts=[("/run", "/host/run", False)])
    lab.wait_until("the socket", lambda: node.path("/run/crio/crio.sock").is_socket())
    decision, rules, evidence = mission.decide(findings.finding(server, "/host/run/crio/crio.sock", time.time() + 2))
    assert decision == "not_supported" and rules["live_socket"] is True
    node.remove_pod(server)


def test_empty_file_of_fileorcreate(mission):
    decision, rules, evidence = mission.decide(findings.finding(mission.truth["file"], DOCKER,
                                                                mission.truth["started"]))
    assert decision == "supported" and rules["inert_path"] is True


def test_live_containerd_named_by_the_finding(mission):
    decision, rules, evidence = mission.decide(findings.finding(
        mission.truth["agent"], "/host/var/run/containerd/containerd.sock", mission.truth["started"]))
    assert decision == "not_supported" and rules["live_socket"] is True


@pytest.mark.parametrize("path", ["../../../etc/docker.sock", "docker.sock", "", None, "/var/run/\u202edocker.sock\n"])
def test_odd_paths_are_not_followed(mission, path):
    decision, rules, evidence = mission.decide(findings.finding(mission.truth["agent"], path,
                                                                mission.truth["started"]))
    assert decision == "inconclusive"


def test_dots_stay_in_the_containers_root(mission):
    """In the agent /../../.. is its own root: the directory, nothing above it."""
    decision, rules, evidence = mission.decide(findings.finding(
        mission.truth["agent"], "/../../../host" + DOCKER, mission.truth["started"]))
    assert decision == "supported"
    path = schema.resolve(evidence.document, evidence["findings"][0]["located"]["path_ref"])
    assert path["resolved"] == "/host" + DOCKER


def test_found_by_namespace_and_workload(mission):
    decision, rules, evidence = mission.decide(findings.finding(
        {**mission.truth["agent"], "id": None}, "/host" + DOCKER, mission.truth["started"],
        workload="datadog-agent", workload_type="daemonsets"))
    assert decision == "supported"
    assert evidence["findings"][0]["located"]["matched_by"] == "namespace, workload and image"


@pytest.mark.parametrize("workload, kind", [
    ("datadog", "daemonsets"), ("datadog", "deployments"), ("datadog-agent", "deployments"),
    ("datadog-agent", "statefulsets"), ("datadog", None)])
def test_not_found_by_the_beginning_of_a_workloads_name(mission, workload, kind):
    """The pod is datadog-agent's, a DaemonSet; of the finding's workload there is none on the node."""
    decision, rules, evidence = mission.decide(findings.finding(
        {**mission.truth["agent"], "id": None, "uid": None}, "/host" + DOCKER, mission.truth["started"],
        workload=workload, workload_type=kind))
    assert decision == "inconclusive" and rules["container"] is False
    assert evidence["findings"][0]["located"]["container"] is None


def test_the_container_after_the_findings_is_another(mission):
    """Found by its pod, but not the one that the finding names: what that one did is not known."""
    decision, rules, evidence = mission.decide(findings.finding(
        {**mission.truth["agent"], "id": "f" * 64}, "/host" + DOCKER, mission.truth["started"],
        workload="datadog-agent", workload_type="daemonsets"))
    assert decision == "inconclusive" and rules["conflicts"] is False
    assert evidence["findings"][0]["located"]["container"] == mission.truth["agent"]["id"]
    (reason,) = [reason for reason in evidence["verdict"]["reasons"] if reason["rule"] == "conflicts"]
    assert reason["text"] == (f"the finding's container_id is {'f' * 64}, "
                              f"the container's {mission.truth['agent']['id']}")


def test_twins_cannot_be_told_apart(mission):
    decision, rules, evidence = mission.decide(findings.finding(
        {**mission.truth["twins"][0], "id": None}, DOCKER, mission.truth["started"], workload="twin",
        workload_type="deployments"))
    assert decision == "inconclusive" and rules["container"] is False
    assert "several containers match" in evidence["findings"][0]["located"]["why"]


def test_twins_are_told_apart_by_their_process(mission):
    twin = mission.truth["twins"][1]
    stat = mission.bench.node.path(f"/proc/{twin['pid']}/stat").read_text().rsplit(")", 1)[1].split()
    started = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + int(stat[19]) / 100
    decision, rules, evidence = mission.decide(findings.finding(
        {**twin, "id": None}, DOCKER, mission.truth["started"], workload="twin", workload_type="deployments",
        pid=twin["pid"], start_time=started))
    assert decision == "supported"
    assert evidence["findings"][0]["located"] == {
        **evidence["findings"][0]["located"], "container": twin["id"], "process": "running"}


def test_pid_that_is_another_processs_now(mission):
    agent = mission.truth["agent"]
    _, _, evidence = mission.decide(findings.finding(
        agent, "/host" + DOCKER, mission.truth["started"], pid=agent["pid"], start_time=mission.now - HOUR))
    assert evidence["findings"][0]["located"]["process"] == "reused"


def test_several_findings_the_worst_decides(mission):
    agent = mission.truth["agent"]
    evidence = mission.explain(
        findings.finding(agent, "/host" + DOCKER, mission.truth["started"], id="a"),
        findings.finding(agent, "/host/var/run/containerd/containerd.sock", mission.truth["started"], id="b"),
        findings.finding(mission.truth["bystander"], DOCKER, mission.truth["started"], id="c"))
    assert [verdict["decision"] for verdict in evidence["verdicts"]] == ["supported", "not_supported", "inconclusive"]
    assert (evidence["verdict"]["decision"], evidence["verdict"]["finding"], evidence.status) == ("not_supported", 1, 1)


# ---- recorded evidence: what a test cannot wait for ----

@pytest.fixture(scope="module")
def recorded(mission):
    raw = findings.finding(mission.truth["agent"], "/host" + DOCKER, mission.truth["started"], instance_id="i-0abc",
                           workload="datadog-agent", workload_type="daemonsets")
    return mission.explain(raw).document, raw


def judge_saved(document, tmp_path, raw=None):
    saved = tmp_path / "evidence.json"
    saved.write_text(json.dumps(document))
    operands = [saved]
    if raw is not None:
        operands.append(tmp_path / "finding.json")
        operands[1].write_text(raw if isinstance(raw, str) else json.dumps(raw))
    done = subprocess.run([conftest.PROGRAM, "judge", *operands], capture_output=True, text=True)
    evidence = conftest.Evidence(done)
    return evidence["verdict"]["decision"], {reason["rule"]: reason["holds"]
                                             for reason in evidence["verdict"]["reasons"]}


def test_node_rebooted_since(recorded, tmp_path):
    document = json.loads(json.dumps(recorded[0]))
    document["node"]["booted_at"] = findings.iso(time.time() + HOUR)
    assert judge_saved(document, tmp_path) == ("inconclusive", {
        "type": True, "node": None, "container": True, "inert_path": True, "time": False, "coverage": True,
        "elsewhere": True})


def test_finding_of_another_node(recorded, tmp_path):
    document = json.loads(json.dumps(recorded[0]))
    document["node"]["instance_id"] = "i-0other"
    assert judge_saved(document, tmp_path) == ("not_judged", {"type": True, "node": False})


def test_finding_of_this_node(recorded, tmp_path):
    document = json.loads(json.dumps(recorded[0]))
    document["node"]["instance_id"] = "i-0abc"
    decision, rules = judge_saved(document, tmp_path)
    assert decision == "supported" and rules["node"] is True


def test_finding_without_times(recorded, tmp_path):
    raw = json.loads(json.dumps(recorded[1]))
    raw["service"]["eventFirstSeen"] = None
    decision, rules = judge_saved(recorded[0], tmp_path, raw)
    assert decision == "inconclusive" and rules["time"] is None


def test_one_gap_in_coverage_is_enough(recorded, tmp_path):
    document = json.loads(json.dumps(recorded[0]))
    for line in document["coverage"]:
        if line["source"] == "sockets":
            line["status"], line["fix"] = "timed_out", "give more time"
    decision, rules = judge_saved(document, tmp_path)
    assert decision == "inconclusive" and rules["coverage"] is False


@pytest.mark.parametrize("dialect", findings.DIALECTS)
def test_every_dialect_is_judged_alike(recorded, tmp_path, dialect):
    decision, rules = judge_saved(recorded[0], tmp_path, findings.DIALECTS[dialect](recorded[1]))
    assert decision == "supported" and rules["inert_path"] is True


def test_numeric_times(recorded, tmp_path):
    assert judge_saved(recorded[0], tmp_path, findings.numeric_times(recorded[1]))[0] == "supported"


def test_new_finding_against_evidence_taken_for_another(recorded, tmp_path):
    raw = {**recorded[1], "id": "another"}
    assert judge_saved(recorded[0], tmp_path, raw)[0] == "supported"
    raw["resource"] = json.loads(json.dumps(raw["resource"]))
    raw["resource"]["kubernetesDetails"]["kubernetesWorkloadDetails"]["containers"][0]["id"] = "e" * 64
    assert judge_saved(recorded[0], tmp_path, raw)[0] == "inconclusive"


# ---- a node with a live dockerd ----

@pytest.fixture(scope="module")
def live():
    probing.needs_root()
    with lab.Node() as node:
        node.start(("containerd",))
        judge = Judge(conftest.Bench(node))
        judge.truth = {name: judge.bench.scene(name) for name in ["docker_live", "dind", "userns", "hostpid"]}
        judge.truth["started"] = time.time() + 2
        yield judge


EXPECTED = {"namespace": "default", "workload": "watcher", "socket": DOCKER, "why": "TICKET-1"}


def test_live_docker_read_only_is_not_supported(live):
    decision, rules, evidence = live.decide(findings.finding(live.truth["docker_live"]["client"], DOCKER,
                                                             live.truth["started"]))
    assert decision == "not_supported"
    assert rules == {"type": True, "node": None, "container": True, "live_socket": True, "time": True,
                     "elsewhere": False}


def expected_client(live):
    return findings.finding(live.truth["docker_live"]["client"], DOCKER, live.truth["started"], namespace="default",
                            workload="watcher", workload_type="deployments")


def test_expected_client_is_the_operators_word(live):
    decision, rules, evidence = live.decide(expected_client(live), expect=[
        {**EXPECTED, "image_prefix": "registry.example/shop", "executable": "/bin/sockpeer"}])
    assert decision == "supported" and rules["live_socket"] is True and rules["expected"] is True
    assert any("the operator's word, not evidence" in reason["text"] for reason in evidence["verdict"]["reasons"])


@pytest.mark.parametrize("other", [{"namespace": "kube-system"}, {"workload": "other"}, {"socket": "/run/docker.sock"},
                                   {"image_prefix": "registry.example/sho"}, {"executable": "/bin/other"}])
def test_another_client_is_not_expected(live, other):
    decision, rules, evidence = live.decide(expected_client(live), expect=[{**EXPECTED, **other}])
    assert decision == "not_supported" and rules["expected"] is False


def test_live_docker_as_the_node_names_the_path(live):
    agent = live.bench.node.pod("datadog", "agent-0", ["/bin/sockpeer", "init"], container="agent",
                                mounts=[("/var/run", "/host/var/run", True)])
    decision, rules, evidence = live.decide(findings.finding(agent, DOCKER, time.time() + 2))
    assert decision == "not_supported" and rules["name_on_node"] is True and rules["live_socket"] is True
    live.bench.node.remove_pod(agent)


def test_docker_in_docker_is_private(live):
    decision, rules, evidence = live.decide(findings.finding(live.truth["dind"]["inner"], DOCKER,
                                                             live.truth["started"]))
    assert decision == "supported" and rules["private_socket"] is True
    assert risks(evidence) == [
        "the container is privileged: it needs no runtime socket to become the node's root"]


def test_user_namespace_may_not(live):
    decision, rules, evidence = live.decide(findings.finding(
        live.truth["userns"]["mapped"], "/host/run/containerd/containerd.sock", live.truth["started"]))
    assert decision == "supported" and rules["not_permitted"] is True


def test_through_proc_root(live):
    decision, rules, evidence = live.decide(findings.finding(
        live.truth["hostpid"]["able"], "/proc/1/root/run/docker.sock", live.truth["started"]))
    assert decision == "not_supported" and rules["live_socket"] is True


def test_stale_socket_does_not_tell_since_when(live):
    live.bench.node.kill_docker()
    decision, rules, evidence = live.decide(findings.finding(live.truth["docker_live"]["client"], DOCKER,
                                                             time.time() + 2))
    assert decision == "inconclusive" and rules["inert_path"] is True and rules["time"] is None


def test_old_inode_in_one_container_only(live):
    live.bench.node.exec(["rm", "-f", "/run/docker.sock"])
    truth = live.bench.scene("old_inode")
    after = time.time() + 2
    old, old_rules, _ = live.decide(findings.finding(truth["holder"], DOCKER, after))
    fresh, fresh_rules, _ = live.decide(findings.finding(truth["fresh"], DOCKER, after))
    assert (old, old_rules["inert_path"], old_rules["time"]) == ("inconclusive", True, None)
    assert (fresh, fresh_rules["live_socket"]) == ("not_supported", True)
