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
        strict = ["--strict"] if "--strict" in options else []
        again = subprocess.run([conftest.PROGRAM, "judge", *strict, "-"], input=done.stdout, capture_output=True, text=True,
                               user=65534, group=65534, extra_groups=[])
        assert again.stdout == done.stdout and again.returncode == done.returncode
        return evidence

    def decide(self, *raws, **options):
        evidence = self.explain(*raws, **options)
        verdict = evidence["verdict"]
        statuses = {"supported": 0, "not_supported": 1, "inconclusive": 2, "not_judged": 2}
        assert evidence.status == statuses[verdict["decision"]]
        return verdict["decision"], {reason["rule"]: reason["holds"] for reason in verdict["reasons"]}, evidence


def failed(evidence):
    """The premise that an inconclusive decision names, and why it failed."""
    verdict = evidence["verdict"]
    assert verdict["decision"] == "inconclusive"
    first = next(premise for premise in verdict["premises"] if premise["outcome"] not in ("proven", "assumed"))
    assert verdict["text"] == f"({first['id']}): {first['text']}; do not suppress on this evidence"
    return first["id"], first["text"]


def assumptions(evidence):
    return [assumption["id"] for assumption in evidence["verdict"]["assumptions"]]


SEQUENCES = "an archived finding no longer feeds the detection of attack sequences"


def risks(evidence):
    """But for the one that is left with every finding."""
    told = [risk["text"] for risk in evidence["verdict"]["residual_risks"]]
    assert told[-1] == SEQUENCES
    return told[:-1]


# What every finding of a container that is found by its id has proven.
FOUND = {"type": True, "node": True, "container": True, "agreement": True, "sequence": True}
ALL = {**FOUND, "inert_path": True, "elsewhere_named": True, "unchanged": True, "mounts": True, "time": True,
       "coverage": True}


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
    truth["before"], truth["started"] = before, findings.an_event()
    judge = Judge(bench)
    judge.truth = truth
    return judge


def test_mission_is_supported_with_containerd_as_the_risk_left(mission):
    agent = mission.truth["agent"]
    decision, rules, evidence = mission.decide(findings.finding(
        agent, "/host" + DOCKER, mission.truth["started"], workload="datadog-agent", workload_type="daemonsets"))
    assert decision == "supported"
    assert rules == {**ALL, "elsewhere": True}
    assert assumptions(evidence) == ["mounts_unchanged"]
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
    assert rules == {**ALL, "elsewhere": True}
    assert any("/run/containerd/containerd.sock" in risk for risk in risks(evidence))


def test_maker_of_the_directory_has_no_other_way(mission):
    decision, rules, evidence = mission.decide(findings.finding(mission.truth["maker"], DOCKER,
                                                                mission.truth["started"]))
    assert decision == "supported" and rules["elsewhere"] is False and risks(evidence) == []


def test_directory_younger_than_the_finding(mission):
    node, pod = mission.bench.node, mission.truth["late"]
    node.exec(["mkdir", f"/proc/{pod['pid']}/root/run/docker.sock"])
    decision, rules, evidence = mission.decide(findings.finding(pod, DOCKER, mission.truth["started"]))
    assert decision == "inconclusive" and rules["inert_path"] is True
    assert failed(evidence) == ("time", "what this rests on changed after the last event: what was there then is not known")


def test_container_started_after_the_first_event(mission):
    """Premise time: the events since its start are explained, the others are assumed to be alike."""
    decision, _, evidence = mission.decide(findings.finding(
        mission.truth["maker"], DOCKER, mission.truth["before"] - 2, mission.truth["started"]))
    assert decision == "supported" and "earlier_events" in assumptions(evidence)
    decision, _, evidence = mission.decide(findings.finding(
        mission.truth["maker"], DOCKER, mission.truth["before"] - 2, mission.truth["started"]), options=["--strict"])
    assert decision == "inconclusive"


def test_container_started_after_the_last_event(mission):
    decision, _, evidence = mission.decide(findings.finding(
        mission.truth["agent"], "/host" + DOCKER, mission.truth["before"] - 2))
    assert failed(evidence) == ("time", "what this rests on changed after the last event: what was there then is not known")


def test_container_is_gone(mission):
    decision, rules, evidence = mission.decide(findings.finding(
        {**mission.truth["agent"], "id": "f" * 64, "uid": "none", "pod": "datadog-agent-zzzzz"}, DOCKER,
        mission.truth["started"]))
    assert decision == "inconclusive" and rules["container"] is None
    assert evidence["findings"][0]["located"]["container"] is None


def test_without_ptrace_is_inconclusive_and_says_so(mission):
    decision, rules, evidence = mission.decide(
        findings.finding(mission.truth["agent"], "/host" + DOCKER, mission.truth["started"]),
        prefix=["setpriv", "--bounding-set", "-sys_ptrace"])
    assert decision == "inconclusive" and rules["coverage"] is None
    assert any("CAP_SYS_PTRACE" in reason["text"] for reason in evidence["verdict"]["reasons"])


def test_without_sys_admin_is_inconclusive_and_says_so(mission):
    decision, rules, evidence = mission.decide(
        findings.finding(mission.truth["agent"], "/host" + DOCKER, mission.truth["started"]),
        prefix=["setpriv", "--bounding-set", "-sys_admin"])
    assert decision == "inconclusive" and rules["coverage"] is None
    assert any("CAP_SYS_ADMIN" in reason["text"] for reason in evidence["verdict"]["reasons"])


def test_without_the_nodes_processes_the_container_is_not_found(mission):
    decision, rules, evidence = mission.decide(
        findings.finding(mission.truth["agent"], "/host" + DOCKER, mission.truth["started"]),
        prefix=["unshare", "--pid", "--fork", "--mount-proc"])
    assert decision == "inconclusive" and rules["container"] is None and rules["coverage"] is None


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
    node.exec(["sh", "-c", f"touch /proc/{pod['pid']}/root/run/docker.sock && rm /proc/{pod['pid']}/root/run/docker.sock"])
    decision, rules, evidence = mission.decide(findings.finding(pod, DOCKER, mission.truth["started"]))
    assert decision == "inconclusive" and rules["inert_path"] is True
    assert failed(evidence)[0] == "time"


def test_private_socket_of_the_container(mission):
    decision, rules, evidence = mission.decide(findings.finding(mission.truth["private"], DOCKER,
                                                                mission.truth["started"]))
    assert decision == "supported" and rules["private_socket"] is True and rules["elsewhere"] is False
    assert assumptions(evidence)[0] == "no_relay"


def test_socket_that_a_container_serves_to_the_node_is_not_private(mission):
    node = mission.bench.node
    node.exec(["mkdir", "-p", "/run/crio"])
    server = node.pod("shop", "server-0", ["/bin/sockpeer", "serve", "/host/run/crio/crio.sock", "stream", "accept"],
                      container="server", mounts=[("/run", "/host/run", False)])
    lab.wait_until("the socket", lambda: node.path("/run/crio/crio.sock").is_socket())
    decision, rules, evidence = mission.decide(findings.finding(server, "/host/run/crio/crio.sock", findings.an_event()))
    assert decision == "not_supported" and rules["live_socket"] is False
    node.remove_pod(server)


def test_empty_file_of_fileorcreate(mission):
    decision, rules, evidence = mission.decide(findings.finding(mission.truth["file"], DOCKER,
                                                                mission.truth["started"]))
    assert decision == "supported" and rules["inert_path"] is True


def test_live_containerd_named_by_the_finding(mission):
    decision, rules, evidence = mission.decide(findings.finding(
        mission.truth["agent"], "/host/var/run/containerd/containerd.sock", mission.truth["started"]))
    assert decision == "not_supported" and rules["live_socket"] is False


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
    """Premise container: by names alone it is looked at and told, but it may be another."""
    decision, rules, evidence = mission.decide(findings.finding(
        {**mission.truth["agent"], "id": None}, "/host" + DOCKER, mission.truth["started"],
        workload="datadog-agent", workload_type="daemonsets"))
    assert decision == "inconclusive" and rules["container"] is None and rules["inert_path"] is True
    assert evidence["findings"][0]["located"]["matched_by"] == "namespace, workload and image"


@pytest.mark.parametrize("workload, kind", [
    ("datadog", "daemonsets"), ("datadog", "deployments"), ("datadog-agent", "deployments"),
    ("datadog-agent", "statefulsets"), ("datadog", None)])
def test_not_found_by_the_beginning_of_a_workloads_name(mission, workload, kind):
    """The pod is datadog-agent's, a DaemonSet; of the finding's workload there is none on the node."""
    decision, rules, evidence = mission.decide(findings.finding(
        {**mission.truth["agent"], "id": None, "uid": None}, "/host" + DOCKER, mission.truth["started"],
        workload=workload, workload_type=kind))
    assert decision == "inconclusive" and rules["container"] is None
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
    assert decision == "inconclusive" and rules["container"] is None
    assert "2 containers match" in evidence["findings"][0]["located"]["why"]


def test_twins_are_told_apart_by_their_process(mission):
    twin = mission.truth["twins"][1]
    stat = mission.bench.node.path(f"/proc/{twin['pid']}/stat").read_text().rsplit(")", 1)[1].split()
    started = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + int(stat[19]) / 100
    decision, rules, evidence = mission.decide(findings.finding(
        {**twin, "id": None}, DOCKER, mission.truth["started"], workload="twin", workload_type="deployments",
        pid=twin["pid"], start_time=started, instance_id="i-0abc"))
    # Premise node: neither its instance's id nor its container's tells that it is this one.
    assert decision == "inconclusive" and rules["node"] is None
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


def test_started_at_another_time_than_its_pid_file(recorded, tmp_path):
    """Premise time: the clock was set in between, so only what came two seconds later is explained."""
    document = json.loads(json.dumps(recorded[0]))
    container = document["findings"][0]["located"]["container"]
    (start,) = [row["start"] for row in document["containers"] if row["id"] == container]
    start["process_started_at"] = findings.iso(time.time() - HOUR)
    raw = json.loads(json.dumps(recorded[1]))
    raw["service"]["eventFirstSeen"] = raw["service"]["eventLastSeen"] = start["written_at"]
    decision, rules = judge_saved(document, tmp_path, raw)
    assert decision == "inconclusive" and rules["time"] is None


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
    assert decision == "inconclusive" and rules["coverage"] is None


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
        judge.truth["started"] = findings.an_event()
        yield judge


EXPECTED = {"namespace": "default", "workload": "watcher", "socket": DOCKER, "why": "TICKET-1"}


def test_live_docker_read_only_is_not_supported(live):
    decision, rules, evidence = live.decide(findings.finding(live.truth["docker_live"]["client"], DOCKER,
                                                             live.truth["started"]))
    assert decision == "not_supported"
    # The premise is refuted: that a listener answers holds against it.
    assert rules == {**FOUND, "live_socket": False, "not_permitted": None, "time": True,
                     "elsewhere": False}


def expected_client(live):
    return findings.finding(live.truth["docker_live"]["client"], DOCKER, live.truth["started"], namespace="default",
                            workload="watcher", workload_type="deployments")


def test_expected_client_is_the_operators_word(live):
    decision, rules, evidence = live.decide(expected_client(live), expect=[
        {**EXPECTED, "image_prefix": "registry.example/shop", "executable": "/bin/sockpeer"}])
    assert decision == "supported" and rules["expected"] is True and assumptions(evidence)[0] == "expected"
    assert any("the operator's word, not evidence" in reason["text"] for reason in evidence["verdict"]["reasons"])


@pytest.mark.parametrize("other", [{"namespace": "kube-system"}, {"workload": "other"}, {"socket": "/run/docker.sock"},
                                   {"image_prefix": "registry.example/sho"}, {"executable": "/bin/other"}])
def test_another_client_is_not_expected(live, other):
    decision, rules, evidence = live.decide(expected_client(live), expect=[{**EXPECTED, **other}])
    assert decision == "not_supported" and rules["expected"] is False


def test_live_docker_as_the_node_names_the_path(live):
    agent = live.bench.node.pod("datadog", "agent-0", ["/bin/sockpeer", "init"], container="agent",
                                mounts=[("/var/run", "/host/var/run", True)])
    # Premise elsewhere_named: the finding may be about the one, or about nothing; it is connected to neither.
    decision, rules, evidence = live.decide(findings.finding(agent, DOCKER, findings.an_event()))
    assert decision == "inconclusive" and failed(evidence) == (
        "elsewhere_named", "the container reaches a socket of this name as /host/var/run/docker.sock: "
        "the finding may be about that one")
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
    # Premise permission: podman may run a process in it as another user; now nobody may connect.
    assert decision == "inconclusive" and rules["not_permitted"] is None


def test_through_proc_root(live):
    decision, rules, evidence = live.decide(findings.finding(
        live.truth["hostpid"]["able"], "/proc/1/root/run/docker.sock", live.truth["started"]))
    # Premise name: a name that passes a link of /proc is another one for each process.
    assert failed(evidence)[0] == "name"


def test_stale_socket_does_not_tell_since_when(live):
    live.bench.node.kill_docker()
    decision, rules, evidence = live.decide(findings.finding(live.truth["docker_live"]["client"], DOCKER,
                                                             findings.an_event()))
    assert decision == "inconclusive" and failed(evidence)[0] == "name"


def test_old_inode_in_one_container_only(live):
    live.bench.node.exec(["rm", "-f", "/run/docker.sock"])
    truth = live.bench.scene("old_inode")
    after = findings.an_event()
    old, old_rules, _ = live.decide(findings.finding(truth["holder"], DOCKER, after))
    fresh, fresh_rules, _ = live.decide(findings.finding(truth["fresh"], DOCKER, after))
    assert (old, old_rules["inert_path"]) == ("inconclusive", None)
    assert (fresh, fresh_rules["live_socket"]) == ("not_supported", False)
