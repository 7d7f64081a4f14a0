# Attacks on a supported verdict, on a real runtime (tests/node/attacks.py): what
# each must be decided as is a literal, and so is what may be assumed. All stand
# on one node; what the node itself does after the events is done here.
import copy
import datetime
import json
import subprocess
import textwrap
import time

import attacks
import conftest
import findings
import node as lab
import probing
import pytest


def finding(pod, name, first, last=None, **facts):
    """One with times to the microsecond."""
    raw = findings.finding(pod, name, first, last, **facts)
    raw["service"].update(eventFirstSeen=first, eventLastSeen=first if last is None else last)
    return raw


def start(node, name, scene):
    options = {key: value for key, value in scene.items() if key not in ("name", "script")}
    script = f"NAME = {scene['name']!r}\n" + textwrap.dedent(scene.get("script", ""))
    return attacks.pod(node, name.replace(" ", "-").lower(), script, **options)


def explain(node, raws, *options):
    """The verdicts, by the findings' ids; the document."""
    node.path("/run/attacks.json").write_text("\n".join(json.dumps(raw) for raw in raws))
    done = node.exec([conftest.PROGRAM, "explain", "/run/attacks.json", *options], check=False)
    evidence = conftest.Evidence(done)
    assert evidence.gaps() == set()
    return {evidence["findings"][verdict["finding"]]["id"]: verdict for verdict in evidence["verdicts"]}, evidence


def descendants(node, pid):
    found = []
    for child in node.exec(["sh", "-c", f"cat /proc/{pid}/task/*/children"]).stdout.split():
        found += [int(child), *descendants(node, int(child))]
    return found


def move(node, pid, into):
    """Out of the container's cgroup in each hierarchy; into: a child of its own, or the node's root."""
    for line in node.path(f"/proc/{pid}/cgroup").read_text().splitlines():
        number, names, path = line.split(":", 2)
        if number == "0":
            root = next((at for at in ("/sys/fs/cgroup/unified", "/sys/fs/cgroup")
                         if node.path(at + "/cgroup.procs").exists()), None)
        else:
            root = "/sys/fs/cgroup/" + names.removeprefix("name=")
        if not root or not node.path(root + "/cgroup.procs").exists():
            continue
        place = f"{root}{path}/{into}" if into else root
        node.exec(["sh", "-c", f"mkdir -p {place} && echo {pid} > {place}/cgroup.procs"], check=False)


SCENES = {**attacks.MOUNTS, **attacks.STANDPOINTS, **attacks.MEMBERS, **attacks.TRACELESS, **attacks.ROOTS,
          **attacks.STOPPED, **attacks.PERMISSION, **attacks.PRIVATE, **attacks.SANDBOXED}


class Field:
    """The node with all that attacks it, and what was said of each."""

    def __init__(self, node):
        self.node, self.pods, self.events = node, {}, {}
        self.verdicts, self.strict, self.evidence = {}, {}, None

    def prepare(self):
        self.node.exec(["mkdir", "-p", "/run/vol"])
        for kind in ("xfs", "btrfs"):
            attacks.volume(self.node, kind, f"/run/vol/{kind}")
        self.node.exec(["sh", "-c", attacks.VOLUMES])
        self.node.exec(["sh", "-c", "mount --bind /run/vol/prop /run/vol/prop && mount --make-shared /run/vol/prop"])
        self.node.helper("serve", "/run/vol/other/other.sock", "stream", "accept")
        self.node.exec([self.node.state / "sockpeer", "stale", "/run/crio/crio.sock"])
        for path, mode, group in (("/run/podman/podman.sock", "600", "0"), ("/run/buildkit/buildkitd.sock", "660", "77"),
                                  ("/run/k3s/containerd/containerd.sock", "666", "0")):
            self.node.helper("serve", path, "stream", "accept")
            self.node.exec(["sh", "-c", f"chgrp {group} {path}; chmod {mode} {path}"])
        self.node.spawn(["python3", "-c", attacks.PROXY], ready=lambda text: "ready" in text)
        self.docker = self.node.helper("serve", "/run/docker.sock", "stream", "accept")

    def make_pods(self):
        self.ways = attacks.pod(self.node, "ways", f"NAMES = {attacks.WAY_NAMES!r}\n" + attacks.WAYS, mounts=[
            attacks.RUN, ("/run/vol/xfs", "/xfs", False), ("/run/vol/btrfs", "/btrfs", False)])
        for name, scene in SCENES.items():
            self.pods[name] = start(self.node, name, scene)
        moved = self.pods["mount point moved"]
        self.sidecar = attacks.pod(self.node, "sidecar", attacks.SIDECAR, container="sidecar",
                                   mounts=[("/run/vol/share", "/vol", False)], sandbox=moved["sandbox"])
        self.taker = attacks.pod(self.node, "taker", attacks.TAKER, mounts=[("/run/vol/hand", "/hand", False)])

    def act(self):
        """What the node, or an administrator, does while the events are and after them."""
        node, pods = self.node, self.pods
        for name in attacks.MEMBERS:
            child = lab.wait_until(f"{name}'s child", lambda: [pid for pid in descendants(node, pods[name]["pid"])])[-1]
            if name == "reparented":
                lab.wait_until("its parent's end", lambda: len(descendants(node, pods[name]["pid"])) == 1)
                child = descendants(node, pods[name]["pid"])[-1]
            move(node, child, "cri-containerd-" + "e" * 64 + ".scope" if name == "nested" else None)
            attacks.tell(node, pods[name], "/tmp/go")
        node.exec(["mount", "--bind", "/run/vol/other", "/run/vol/prop/sub"])
        for name, scene in SCENES.items():
            self.events[name] = (time.time() if name in attacks.SANDBOXED
                                 else attacks.events(node, pods[name])[scene["name"]])
        node.exec(["umount", "/run/vol/prop/sub"])
        node.exec(["chmod", "600", "/run/k3s/containerd/containerd.sock"])
        attacks.tell(node, self.sidecar, "/tmp/go")
        attacks.events(node, self.sidecar)

    def judge(self, *names, prefix=""):
        raws = [finding(self.pods[name], SCENES[name]["name"], self.events[name], id=prefix + name) for name in names]
        return explain(self.node, raws)

    def judge_stopped(self):
        """First the daemon was killed, then its socket taken away."""
        self.node.exec(["kill", "-9", str(self.docker)])
        for prefix in ("stale: ", "removed: "):
            verdicts, _ = self.judge(*attacks.STOPPED, prefix=prefix)
            self.verdicts.update(verdicts)
            self.node.exec(["rm", "-f", "/run/docker.sock"])

    def judge_all(self):
        ways = attacks.events(self.node, self.ways)
        ways.update({name: max(ways.values()) for name in attacks.QUIET_NAMES})
        self.raws = [finding(self.ways, name, when, id=name) for name, when in ways.items()]
        self.raws += [finding(self.pods[name], scene["name"], self.events[name], id=name)
                      for name, scene in SCENES.items() if name not in attacks.STOPPED]
        verdicts, self.evidence = explain(self.node, self.raws)
        self.verdicts.update(verdicts)
        self.strict, _ = explain(self.node, self.raws, "--strict")


@pytest.fixture(scope="module")
def field():
    probing.needs_root()
    with lab.Node() as node:
        node.start(("containerd",))
        made = Field(node)
        made.prepare()
        made.make_pods()
        made.act()
        made.judge_stopped()
        made.judge_all()
        yield made


def failed(verdict):
    """The premises that do not hold, in their order."""
    return [premise["id"] for premise in verdict["premises"] if premise["outcome"] not in ("proven", "assumed")]


def assumed(verdict):
    return [assumption["id"] for assumption in verdict["assumptions"]]


# Name, decision, the first premise that fails, assumptions; with --strict each assumption is one that fails.
EXPECTED = [
    *((name, "inconclusive", "time", ["mounts_unchanged"]) for name in attacks.WAY_NAMES),
    *((name, "supported", None, ["mounts_unchanged"]) for name in attacks.QUIET_NAMES),
    ("over", "inconclusive", "mounts", []),
    ("tmpfs", "inconclusive", "mounts", []),
    ("unmounted", "inconclusive", "mounts", []),
    ("replaced", "inconclusive", "mounts", []),
    ("covered above", "inconclusive", "mounts", []),
    ("thread", "not_supported", "name", []),
    ("second namespace", "not_supported", "name", []),
    ("same text", "not_supported", "name", []),
    ("nested", "not_supported", "name", []),
    ("moved out", "not_supported", "name", []),
    ("reparented", "not_supported", "name", []),
    ("allows all", "supported", None, ["mounts_unchanged"]),
    ("only logs", "supported", None, ["mounts_unchanged"]),
    ("hardened", "supported", None, []),
    ("mounted and unmounted", "supported", None, ["mounts_unchanged"]),
    ("tree of its own", "supported", None, ["mounts_unchanged"]),
    ("propagated", "supported", None, ["mounts_unchanged"]),
    ("not propagated", "supported", None, []),
    ("empty for good", "inconclusive", "name", []),
    ("mount point moved", "inconclusive", "time", ["mounts_unchanged"]),
    ("stale: daemon", "inconclusive", "name", ["mounts_unchanged"]),
    ("removed: daemon", "inconclusive", "time", ["mounts_unchanged"]),
    ("stale: chroot to the node", "inconclusive", "elsewhere_named", ["mounts_unchanged"]),
    ("removed: chroot to the node", "inconclusive", "time", ["mounts_unchanged"]),
    ("closed", "supported", None, ["mounts_unchanged"]),
    ("by its group", "not_supported", "name", []),
    ("may connect", "not_supported", "name", []),
    # Premise permission is unknown, and nobody may connect now, or is connected.
    ("new privileges", "inconclusive", "name", []),
    ("dropped", "inconclusive", "name", []),
    ("dropped but one", "inconclusive", "name", []),
    ("chmod", "inconclusive", "time", ["mounts_unchanged"]),
    ("relay over TCP", "supported", None, ["no_relay", "event_time"]),
    ("alone", "supported", None, ["no_relay", "event_time"]),
    ("stale in reach", "inconclusive", "private", ["mounts_unchanged", "event_time"]),
    ("also outside", "inconclusive", "private", ["mounts_unchanged", "event_time"]),
    ("of a sidecar", "inconclusive", "name", ["mounts_unchanged"]),
    ("runsc", "inconclusive", "name", ["mounts_unchanged"]),
    ("cloud-hypervisor", "inconclusive", "name", ["mounts_unchanged"]),
    ("qemu-system-x86_64", "inconclusive", "name", ["mounts_unchanged"]),
    ("runsc-not", "supported", None, ["mounts_unchanged"]),
]


@pytest.mark.parametrize("name, decision, premise, assumptions", EXPECTED, ids=[row[0] for row in EXPECTED])
def test_attack(field, name, decision, premise, assumptions):
    verdict = field.verdicts[name]
    assert (verdict["decision"], next(iter(failed(verdict)), None), assumed(verdict)) == (decision, premise, assumptions)
    if name in field.strict:
        strict = "inconclusive" if decision == "supported" and assumptions else decision
        assert field.strict[name]["decision"] == strict


def test_every_attack_has_a_row(field):
    assert {row[0] for row in EXPECTED} == set(field.verdicts)


def test_means_that_leave_no_trace_are_named(field):
    def means(name):
        (one,) = [one for one in field.verdicts[name]["assumptions"] if one["id"] == "mounts_unchanged"]
        return " | ".join(one["means"])
    assert "user namespaces" in means("allows all") and "user namespaces" in means("only logs")
    assert means("propagated") == "mounts of the node that propagate to the way"
    assert "CAP_SYS_ADMIN" in means("mounted and unmounted")
    assert "a live runtime socket in reach, /run/containerd/containerd.sock" in means("tree of its own")


# ---- the spelling of a name ----

@pytest.mark.parametrize("name, decision", [
    ("//data//docker.sock", "not_supported"), ("/./data/./../data/docker.sock", "not_supported"),
    ("/../../data/docker.sock", "not_supported"), ("/up/../containerd/containerd.sock", "not_supported"),
    # connect(2) gives ENOTDIR, and what the finding's writer meant is not known
    ("/data/docker.sock/", "inconclusive"), ("data/docker.sock", "inconclusive"),
    ("/proc/self/root/data/docker.sock", "inconclusive")])
def test_spelling_of_a_live_name(spelled, name, decision):
    node, pod = spelled
    verdicts, _ = explain(node, [finding(pod, name, time.time())])
    assert verdicts["f-1"]["decision"] == decision


@pytest.fixture(scope="module")
def spelled(field):
    """The link leads into /run, so that .. behind it is not the container's root."""
    pod = start(field.node, "spelled", dict(
        name="/data/docker.sock", mounts=attacks.DATA, script="os.symlink('/host/run/vol', '/up'); done(); stay()"))
    attacks.events(field.node, pod)
    return field.node, pod


# ---- what the finding says ----

def change(path, value):
    def apply(raw):
        *steps, last = path.split("/")
        for step in steps:
            raw = raw[int(step)] if isinstance(raw, list) else raw[step]
        raw[last] = value
    return apply


WORKLOAD = "resource/kubernetesDetails/kubernetesWorkloadDetails/"


def workload(name, kind, **more):
    def apply(raw):
        change(WORKLOAD + "name", name)(raw)
        change(WORKLOAD + "type", kind)(raw)
        change(WORKLOAD + "containers/0/id", None)(raw)
        change(WORKLOAD + "uid", None)(raw)
        for key, value in more.items():
            change(key, value)(raw)
    return apply


def both(*changes):
    return lambda raw: [apply(raw) for apply in changes]


FIRST, LAST = "service/eventFirstSeen", "service/eventLastSeen"


@pytest.mark.parametrize("apply, decision, premise", [
    (lambda raw: None, "supported", None),
    (change("service/additionalInfo", {"value": json.dumps({"sample": True}), "type": "default"}), "not_judged", "type"),
    (change("service/additionalInfo", {"sample": True}), "not_judged", "type"),
    (change("type", "PrivilegeEscalation:Runtime/RuncContainerEscape"), "not_judged", "type"),
    (change("associatedAttackSequenceArn", "arn:aws:guardduty:eu-west-1:1:detector/d/finding/s"), "inconclusive", "sequence"),
    (change(FIRST, 4102444800), "inconclusive", "time"),
    (change(LAST, 4102444800), "inconclusive", "time"),
    (change(FIRST, "yesterday"), "inconclusive", "agreement"),
    (change(LAST, 1), "inconclusive", "time"),
    (both(change(FIRST, 1), change(LAST, 2)), "inconclusive", "time"),
    (change(WORKLOAD + "namespace", "blue"), "inconclusive", "agreement"),
    (change(WORKLOAD + "containers/0/name", "other"), "inconclusive", "agreement"),
    (change(WORKLOAD + "containers/0/name", "/main"), "supported", None),
    (change(WORKLOAD + "containers/0/id", "d" * 64), "inconclusive", "node"),
    # by names alone: another pod may bear them, here or on another node
    (workload("hardened", "pods"), "inconclusive", "node"),
    (workload("hard", "daemonsets"), "inconclusive", "node"),
    (workload("hardened", "daemonsets"), "inconclusive", "node"),
], ids=range(17))
def test_finding(field, apply, decision, premise):
    raw = finding(field.pods["hardened"], "/plain/other.sock", time.time(), id="one")
    apply(raw)
    verdicts, _ = explain(field.node, [raw])
    assert (verdicts["one"]["decision"], next(iter(failed(verdicts["one"])), None)) == (decision, premise)


def run_judge(*operands):
    return subprocess.run([conftest.PROGRAM, "judge", *operands], capture_output=True, text=True)


@pytest.fixture(scope="module")
def recorded(field):
    """Evidence of one supported finding, and of one of a live socket."""
    node = field.node
    raws = [finding(field.pods["hardened"], "/plain/other.sock", field.events["hardened"], id="inert"),
            finding(field.pods["thread"], attacks.LIVE, field.events["thread"], id="connected"),
            finding(field.pods["may connect"], "/perm/podman.sock", field.events["may connect"], id="live")]
    return explain(node, raws)[1].document


def decisions(evidence):
    return {evidence["findings"][verdict["finding"]]["id"]: verdict["decision"] for verdict in evidence["verdicts"]}


@pytest.mark.parametrize("mode, live", [("enforcing", "inconclusive"), ("permissive", "not_supported")])
def test_selinux_may_forbid_what_was_not_seen(recorded, tmp_path, mode, live):
    document = copy.deepcopy(recorded)
    document["node"]["selinux"] = mode
    saved = tmp_path / "evidence.json"
    saved.write_text(json.dumps(document))
    assert decisions(conftest.Evidence(run_judge(saved))) == {
        "inert": "supported", "connected": "not_supported", "live": live}


@pytest.mark.parametrize("seconds, decision", [(-60, "inconclusive"), (-3, "inconclusive"), (0, "supported"),
                                               (60, "inconclusive")])
def test_clock_step(recorded, tmp_path, seconds, decision):
    """As far as the clock was set since, today's time of the process's start is off."""
    document = copy.deepcopy(recorded)
    for container in document["containers"]:
        if container["id"] == document["findings"][0]["located"]["container"]:
            when = datetime.datetime.fromisoformat(container["start"]["process_started_at"])
            when += datetime.timedelta(seconds=seconds)
            container["start"]["process_started_at"] = container["started_at"] = (
                when.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z")
    saved = tmp_path / "evidence.json"
    saved.write_text(json.dumps(document))
    assert decisions(conftest.Evidence(run_judge(saved)))["inert"] == decision


def test_same_id_with_other_content(field, recorded, tmp_path):
    saved, raw = tmp_path / "evidence.json", tmp_path / "finding.json"
    saved.write_text(json.dumps(recorded))
    for pod, name, decision in (("hardened", "/plain/other.sock", "supported"),
                                ("may connect", "/perm/podman.sock", "not_supported"),
                                ("hardened", "/plain/unseen.sock", "inconclusive")):
        raw.write_text(json.dumps(finding(field.pods[pod], name, field.events[pod], id="inert")))
        assert decisions(conftest.Evidence(run_judge(saved, raw))) == {"inert": decision}


def test_two_containers_of_which_one_is_not_harmless(field):
    raw = finding(field.pods["hardened"], "/plain/other.sock", time.time(), id="two")
    containers = raw["resource"]["kubernetesDetails"]["kubernetesWorkloadDetails"]["containers"]
    containers.append({**containers[0], "id": field.pods["thread"]["id"]})
    verdicts, _ = explain(field.node, [raw])
    assert {verdict["decision"] for verdict in verdicts.values()} == {"inconclusive"}


@pytest.mark.parametrize("text", [
    # a key twice, at the top and below; the first is not what the last is
    lambda raw: json.dumps(raw)[:-1] + ', "type": "PrivilegeEscalation:Runtime/DockerSocketAccessed"}',
    lambda raw: json.dumps(raw).replace('"socketPath":', '"socketPath": "/x", "socketPath":'),
    lambda raw: json.dumps(raw).replace('"socketPath":', '"SocketPath": "/x", "socketPath":'),
    # two wrappers, of which one hides the other
    lambda raw: json.dumps({"findings": [raw], "Findings": [{"Id": "other"}]}),
    lambda raw: json.dumps({"detail-type": "GuardDuty Finding", "source": "aws.guardduty", "detail": raw, "findings": []}),
    lambda raw: json.dumps({"findings": []}),
    lambda raw: "[]",
], ids=["key twice", "path twice", "path in two cases", "two lists", "detail and list", "empty list", "empty array"])
def test_text_of_a_finding_that_hides_another(field, text):
    field.node.path("/run/attacks.json").write_text(
        text(finding(field.pods["hardened"], "/plain/other.sock", time.time())))
    done = field.node.exec([conftest.PROGRAM, "explain", "/run/attacks.json"], check=False)
    assert done.returncode in (2, 65), done.stderr


# ---- messages ----

def why(field, pod, **facts):
    _, evidence = explain(field.node, [finding({**pod, **facts}, "/x/docker.sock", time.time())])
    return evidence["findings"][0]["located"]["why"], evidence["verdict"]


def test_restarted_container_is_another(field):
    """By its pod's uid the second attempt is found, which cannot have made the first one's events."""
    node = field.node
    first = attacks.pod(node, "again", "done(); stay()")
    attacks.events(node, first)
    event = time.time()
    attacks.remove_container(node, first)
    assert why(field, first)[0] == "its pod is here, its container ended"
    second = attacks.pod(node, "again", "done(); stay()", sandbox=first["sandbox"], attempt=1)
    verdicts, _ = explain(node, [
        finding(first, "/run/docker.sock", event, id="by id"),
        finding({**first, "id": None}, "/run/docker.sock", event, id="by uid"),
        finding(second, "/run/docker.sock", time.time(), id="itself")])
    assert {name: verdict["decision"] for name, verdict in verdicts.items()} == {
        "by id": "inconclusive", "by uid": "inconclusive", "itself": "supported"}
    (said,) = [premise["text"] for premise in verdicts["by id"]["premises"] if premise["id"] == "container"]
    assert said.startswith("the finding's container is not here any more; another container runs in its place")


def test_several_containers_are_counted(field):
    pods = [attacks.pod(field.node, f"twin-5d4f8c7b9-{name}", "stay()") for name in ("bcdfg", "hjklm")]
    raw = finding({**pods[0], "id": None, "uid": None}, "/x/docker.sock", time.time(), workload="twin",
                  workload_type="deployments")
    _, evidence = explain(field.node, [raw])
    assert evidence["findings"][0]["located"]["why"] == "2 containers match, and its process does not tell which"


# ---- a real dockerd, whose names begin with a slash ----

def test_dockers_leading_slash(field):
    node = field.node
    node.start_docker()
    watcher = node.docker("watcher", ["/bin/sockpeer", "init"])
    verdicts, _ = explain(node, [
        finding({**watcher, "name": name}, "/run/docker.sock", time.time() , id=name)
        for name in ("/watcher", "watcher", "/other", "//watcher")])
    outcome = {name: [premise["outcome"] for premise in verdict["premises"] if premise["id"] == "agreement"][0]
               for name, verdict in verdicts.items()}
    assert outcome == {"/watcher": "proven", "watcher": "proven", "/other": "unknown", "//watcher": "unknown"}
    assert verdicts["/watcher"]["decision"] == "supported"
