# A scan that was taken without a finding is judged later as explain judges on
# the node: for each container that it lists and the usual names of docker.sock,
# whichever scene the node shows and however the finding names its container.
import json
import subprocess
import time

import conftest
import findings
import node as lab
import probing
import pytest
import scenes
import schema

DOCKER, RUN = "/var/run/docker.sock", "/run/docker.sock"
# What a verdict says of the finding, whenever the evidence was taken.
LASTING = ("decision", "text", "assumptions", "scope")


@pytest.fixture(scope="module", params=list(scenes.SCENES))
def scene(request):
    """A node of its own for each scene, two seconds after its containers began."""
    probing.needs_root()
    with lab.Node() as node:
        node.start(("containerd",))
        bench = probing.Bench(node)
        bench.scene(request.param)
        time.sleep(2.5)
        bench.events = time.time()
        time.sleep(0.1)
        bench.scanned = bench.scan()
        yield bench


def finding_of(container, name, events, **facts):
    """A finding about one that the scan lists; its pod's workload is the pod itself."""
    pod = container["pod"] or {}
    known = {"id": container["id"], "name": container["name"], "image": container["image"]}
    if pod:
        known.update(namespace=pod["namespace"], pod=pod["name"], uid=pod["uid"])
    return findings.finding(known, name, events, **facts)


def explain(bench, raws):
    """From standard input: a file on the node would change a directory that some container sees."""
    return conftest.Evidence(bench.run("explain", "-", input="\n".join(map(json.dumps, raws))))


def judge(bench, document, raws):
    folder = bench.node.state
    (folder / "scan.json").write_text(document)
    (folder / "later.json").write_text("\n".join(map(json.dumps, raws)))
    done = subprocess.run([conftest.PROGRAM, "judge", folder / "scan.json", folder / "later.json"],
                          capture_output=True, text=True)
    assert done.returncode in (0, 1, 2), done.stderr
    return conftest.Evidence(done)


def shown(document, pointer):
    """What a pointer leads to, told without the places of other things in the document."""
    if not pointer:
        return None
    value = schema.resolve(document, pointer)
    if not isinstance(value, dict):
        return pointer
    return {key: value.get(key) for key in ("id", "container", "name", "path", "container_path", "below", "root", "object")}


def told(evidence, verdict):
    premises = [(premise["id"], premise["outcome"], premise["text"],
                 [shown(evidence.document, pointer) for pointer in premise["evidence"]])
                for premise in verdict["premises"]]
    return {**{key: verdict[key] for key in LASTING}, "premises": premises,
            "reasons": [(reason["rule"], reason["holds"], reason["text"]) for reason in verdict["reasons"]],
            "risks": [risk["text"] for risk in verdict["residual_risks"]]}


def test_every_listed_container_is_judged_as_explain_does(scene):
    raws = [finding_of(container, name, scene.events, id=f"f-{number}-{name}")
            for number, container in enumerate(scene.scanned["containers"]) for name in (DOCKER, RUN)]
    if not raws:
        pytest.skip("the scene has no container that reaches anything")
    now, later = explain(scene, raws), judge(scene, scene.scanned.text, raws)
    assert len(now["verdicts"]) == len(raws) == len(later["verdicts"])
    for raw, first, second in zip(raws, now["verdicts"], later["verdicts"]):
        assert told(now, first) == told(later, second), raw["id"]
        assert {premise["id"] for premise in second["premises"]} >= {"container", "name"}
    assert now.status == later.status
    # and what explain wrote is judged as it was
    again = subprocess.run([conftest.PROGRAM, "judge", "-"], input=now.text, capture_output=True, text=True)
    assert (again.stdout, again.returncode) == (now.text, now.status)
    brought = judge(scene, now.text, raws)
    assert (brought.text, brought.status) == (now.text, now.status)


@pytest.fixture(scope="module")
def mission(bench):
    truth = bench.scene("mission")
    time.sleep(2.5)
    bench.truth, bench.events = truth, time.time()
    time.sleep(0.1)
    bench.scanned = bench.scan()
    return bench


def one(bench, raw):
    now, later = explain(bench, [raw]), judge(bench, bench.scanned.text, [raw])
    assert told(now, now["verdict"]) == told(later, later["verdict"])
    located = later["findings"][0]["located"]
    assert {key: now["findings"][0]["located"][key] for key in ("container", "matched_by", "why")} == {
        key: located[key] for key in ("container", "matched_by", "why")}
    return later["verdict"]["decision"], located


def test_found_by_its_id(mission):
    decision, located = one(mission, findings.finding(mission.truth["agent"], DOCKER, mission.events))
    assert (decision, located["matched_by"]) == ("supported", "container id")


def test_found_by_its_pod(mission):
    _, located = one(mission, findings.finding(mission.truth["agent"], DOCKER, mission.events, container_id=None))
    assert (located["container"], located["matched_by"]) == (mission.truth["agent"]["id"], "pod uid")


def test_found_by_its_workload(mission):
    decision, located = one(mission, findings.finding(
        mission.truth["agent"], DOCKER, mission.events, container_id=None, uid=None, workload="datadog-agent",
        workload_type="daemonsets"))
    assert (decision, located["container"]) == ("inconclusive", mission.truth["agent"]["id"])
    assert located["matched_by"] == "namespace, workload and image"


def test_found_by_its_process(mission):
    start = mission.scanned.container(mission.truth["agent"]["id"])["start"]
    when = findings.datetime.datetime.fromisoformat(start["process_started_at"].replace("Z", "+00:00")).timestamp()
    raw = findings.finding(mission.truth["agent"], DOCKER, mission.events, container_id=None, uid=None,
                           workload=None, namespace=None, pid=start["pid"], start_time=findings.iso(when))
    _, located = one(mission, raw)
    assert (located["container"], located["matched_by"]) == (mission.truth["agent"]["id"], "process")
    # the same pid, an hour earlier, was another process
    raw["service"]["runtimeDetails"]["process"]["startTime"] = findings.iso(when - 3600)
    later = judge(mission, mission.scanned.text, [raw])
    assert later["findings"][0]["located"]["container"] is None
    assert later["findings"][0]["located"]["process"] == "reused"


def test_one_that_is_not_listed_is_for_explain(mission):
    raw = findings.finding(mission.truth["bystander"], DOCKER, mission.events)
    assert mission.truth["bystander"]["id"] not in {row["id"] for row in mission.scanned["containers"]}
    later = judge(mission, mission.scanned.text, [raw])
    assert later["verdict"]["decision"] == "inconclusive"
    (why,) = [premise["text"] for premise in later["verdict"]["premises"] if premise["id"] == "container"]
    assert "take the evidence with explain on the node" in why
    assert explain(mission, [raw])["verdict"]["decision"] == "supported"


def test_another_name_is_for_explain(mission):
    raw = findings.finding(mission.truth["agent"], "/host/var/run/docker.sock", mission.events)
    later = judge(mission, mission.scanned.text, [raw])
    assert later["verdict"]["decision"] == "inconclusive"
    assert "take the evidence with explain on the node" in later["verdict"]["text"]


def test_by_its_pod_alone_one_that_is_listed_is_not_taken_for_one_that_is_not(mission):
    """Without its container's name the finding may be about one of the pod that reaches nothing."""
    agent = mission.truth["agent"]
    raw = findings.finding({**agent, "name": None, "image": None}, DOCKER, mission.events, container_id=None)
    later = judge(mission, mission.scanned.text, [raw])
    assert later["verdict"]["decision"] == "inconclusive"
    assert later["findings"][0]["located"]["matched_by"] != "pod uid"


def test_a_known_id_with_other_content_is_located_anew(mission):
    raw = findings.finding(mission.truth["agent"], DOCKER, mission.events)
    evidence = explain(mission, [raw])
    changed = findings.finding(mission.truth["maker"], DOCKER, mission.events)
    assert changed["id"] == raw["id"]
    later = judge(mission, evidence.text, [changed])
    assert later["findings"][0]["located"]["container"] == mission.truth["maker"]["id"]
