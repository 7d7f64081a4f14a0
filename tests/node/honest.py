# Honest containers: agents with the mounts of their charts and others, on nodes
# of several file systems, and the findings that GuardDuty could raise of them.
# `make honest` prints what sockprobe says of each; `make steady` what it says
# many times over while other pods and mounts come and go.
import argparse
import collections
import datetime
import json
import os
import pathlib
import shutil
import sys
import threading
import time

import findings
import node as lab

DOCKER = "/var/run/docker.sock"
KUBELET = "/var/lib/kubelet/pods"
TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount"
HOST_TO_CONTAINER = 1  # as the CRI numbers a mount's propagation
INIT = [lab.HELPER, "init"]
WAIT_S = 7  # from the last start until the events are past
STATES = ["absent, quiet", "absent, changed", "directory, quiet", "directory, changed"]
AGES = ["first second", "4 s", "30 days"]


def shell(script):
    return ["/bin/sh", "-c", f"PATH=/bin; {script}; exec {lab.HELPER} init"]


def read_only(*paths):
    return [(path, path, True) for path in paths]


ROOTFS = [("/", "/rootfs", True)]
CADVISOR = read_only("/sys", "/dev/disk", "/var/lib/docker")

# name: command, mounts of the node, empty directories, names that findings have, and what else lab.Node.pod() takes.
PODS = {
    "datadog": dict(
        # s6 makes its directories anew, then the agent its sockets and logs.
        command=shell("mkdir -p /var/run/s6/services /var/run/s6/etc; echo 1 > /var/run/s6/container_environment; "
                      "echo started > /var/log/datadog/agent.log"),
        mounts=[("/var/run", "/host/var/run", True, HOST_TO_CONTAINER), ("/proc", "/host/proc", True, HOST_TO_CONTAINER),
                ("/sys/fs/cgroup", "/host/sys/fs/cgroup", True, HOST_TO_CONTAINER),
                ("/var/run/datadog", "/var/run/datadog", False), ("/etc/passwd", "/etc/passwd", True),
                ("/var/lib/datadog-agent/logs", "/opt/datadog-agent/run", False),
                *read_only("/var/log/pods", "/var/log/containers", "/var/lib/docker/containers", "/etc/os-release")],
        empty=["/var/run/s6", "/etc/datadog-agent", "/var/log/datadog", "/tmp"],
        names=[DOCKER, "/host" + DOCKER]),
    "amazon-cloudwatch-observability": dict(
        maker=True, command=INIT,
        mounts=[*ROOTFS, *CADVISOR, (DOCKER, DOCKER, True), ("/var/run/crio/crio.sock", "/var/run/crio/crio.sock", True),
                ("/run/containerd/containerd.sock", "/run/containerd/containerd.sock", False)],
        empty=["/etc/cwagentconfig"], names=[DOCKER, "/rootfs" + DOCKER]),
    "aws-cloudwatch-metrics": dict(
        maker=True, command=INIT,
        mounts=[*ROOTFS, *CADVISOR, (DOCKER, DOCKER, True),
                ("/run/containerd/containerd.sock", "/run/containerd/containerd.sock", True)],
        empty=["/etc/cwagentconfig"], names=[DOCKER, "/rootfs" + DOCKER]),
    "newrelic": dict(
        command=shell("echo data > /tmp/nria; mkdir -p /var/db/newrelic-infra/data"),
        mounts=[("/", "/host", True), ("/dev", "/dev", False), ("/var/log", "/var/log", True)],
        empty=["/tmp", "/var/db/newrelic-infra/data"], privileged=True, read_only_root=True,
        names=[DOCKER, "/host" + DOCKER]),
    "node-exporter": dict(
        command=INIT, user=65534, host_network=True, host_pid=True, read_only_root=True,
        mounts=[("/proc", "/host/proc", True), ("/sys", "/host/sys", True),
                ("/", "/host/root", True, HOST_TO_CONTAINER)],
        names=[DOCKER, "/host/root" + DOCKER]),
    "fluent-bit": dict(
        command=shell("echo 1 > /var/fluent-bit/state/flb.db"),
        mounts=[("/var/log", "/var/log", True), ("/var/fluent-bit/state", "/var/fluent-bit/state", False),
                *read_only("/var/lib/docker/containers", "/etc/machine-id")],
        names=[DOCKER]),
    "adot": dict(
        maker=True, command=INIT,
        mounts=[*ROOTFS, *CADVISOR, (DOCKER, DOCKER, True),
                ("/run/containerd/containerd.sock", "/run/containerd/containerd.sock", True)],
        empty=["/conf"], names=[DOCKER, "/rootfs" + DOCKER]),
    "cadvisor": dict(
        command=INIT, mounts=[*ROOTFS, *CADVISOR, ("/var/run", "/var/run", True)], token=False,
        names=[DOCKER, "/rootfs" + DOCKER]),
    "nginx": dict(
        # Its pid file lies in the directory in which docker.sock would.
        command=shell("echo 1 > /var/run/nginx.pid; mkdir -p /var/cache/nginx/client_temp"), read_only_root=True,
        empty=["/var/run", "/var/cache/nginx"], token=False, names=[DOCKER]),
    "hardened": dict(
        command=shell("echo 1 > /tmp/app.pid"), read_only_root=True, user=1000, drop=["ALL"], runtime_default=True,
        no_new_privileges=True, empty=["/tmp"], names=[DOCKER]),
    "guardduty-tester": dict(
        command=["/bin/sh", "-c", f"exec {lab.HELPER} serve {DOCKER} stream accept"], names=[DOCKER]),
    "web": dict(command=shell("echo 1 > /var/log/web.log; echo 1 > /run/web.pid"), names=[DOCKER]),
    "hardened-agent": dict(
        maker=True, command=INIT, mounts=[(DOCKER, DOCKER, True), ("/var/log", "/var/log", True)], user=1000,
        drop=["ALL"], runtime_default=True, no_new_privileges=True, names=[DOCKER]),
    # Its own directory of the name churns: nothing dates what is not there.
    "churner": dict(
        command=["/bin/sh", "-c", "PATH=/bin; while true; do echo 1 > /run/x; busybox rm /run/x; sleep 1; done"],
        names=[DOCKER]),
}


def make_volumes(node, uid, empty, token):
    """What a kubelet makes before the container: its files, empty directories, and the token's tmpfs."""
    base = f"{KUBELET}/{uid}"
    mounts = [(f"{base}/etc-hosts", "/etc/hosts", False), (f"{base}/termination-log", "/dev/termination-log", False)]
    script = [f"mkdir -p {base}/volumes", f"echo 127.0.0.1 localhost > {base}/etc-hosts", f": > {base}/termination-log"]
    for i, path in enumerate(empty):
        source = f"{base}/volumes/kubernetes.io~empty-dir/v{i}"
        script.append(f"mkdir -m 0777 -p {source}")
        mounts.append((source, path, False))
    if token:
        source = f"{base}/volumes/kubernetes.io~projected/kube-api-access"
        script += [f"mkdir -p {source}", f"mount -t tmpfs tmpfs {source}", f"mkdir {source}/..1",
                   f"echo t > {source}/..1/token", f"ln -s ..1 {source}/..data", f"ln -s ..data/token {source}/token"]
        mounts.append((source, TOKEN, True))
    node.exec(["sh", "-ec", "\n".join(script)])
    return mounts


def start_pod(node, name, command, names, mounts=(), empty=(), token=True, maker=False, **options):
    uid = "%08x-0000-4000-8000-%012x" % (len(node.truth), time.time_ns() % 2**48)
    own = make_volumes(node, uid, empty, token)
    # The runtime mounts in the order of the paths; a parent comes first.
    mounts = sorted([*mounts, *own], key=lambda mount: mount[1].count("/"))
    pod = node.pod("honest", f"{name}-x7k2p", command, container=name, mounts=mounts, uid=uid, **options)
    node.truth[uid] = pod
    return {**pod, "names": names, "start": started(node, pid_file(pod))}


def pid_file(pod):
    return f"/run/containerd/io.containerd.runtime.v2.task/k8s.io/{pod['id']}/init.pid"


def started(node, path):
    """When the runtime wrote the container's pid file, as the file system has it."""
    return node.path(path).stat().st_ctime


def docker_container(node):
    made = node.docker("web", INIT)
    return {**made, "names": [DOCKER], "start": started(
        node, f"/run/containerd/io.containerd.runtime.v2.task/moby/{made['id']}/init.pid")}


def podman_container(node):
    made = node.podman("tool", INIT)
    path = node.exec(["podman", "inspect", "-f", "{{.ConmonPidFile}}", made["id"]]).stdout.strip()
    return {**made, "names": [DOCKER], "start": started(node, path.replace("conmon.pid", "pidfile"))}


def start_pods(node, makers, only=None):
    """Those that make docker.sock a directory come first, or none of them."""
    chosen = {name: dict(pod) for name, pod in PODS.items() if only is None or name in only}
    order = sorted(chosen, key=lambda name: not chosen[name].get("maker", False))
    return {name: start_pod(node, name, **chosen[name]) for name in order
            if makers or not chosen[name].get("maker", False)}


# ---- findings and verdicts ----

def milliseconds(seconds):
    when = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def times(start, age):
    """First and last event: the last is always before the node's /run changes."""
    return {"first second": (start + 0.3, start + 0.3), "4 s": (start + 4, start + 4),
            "30 days": (start - 30 * 86400, start + 4)}[age]


def make_findings(pods, ages=AGES):
    """A finding for each pod, name and age, and the rows that they are."""
    rows, raws = [], []
    for pod, made in pods.items():
        for name in made["names"]:
            for age in ages:
                first, last = times(made["start"], age)
                raw = findings.finding(made, name, first, id=f"f-{len(raws)}")
                raw["service"]["eventFirstSeen"] = milliseconds(first)
                raw["service"]["eventLastSeen"] = milliseconds(last)
                raws.append(raw)
                rows.append({"pod": pod, "name": name, "age": age})
    return rows, json.dumps({"findings": raws})


def failed_premise(verdict):
    for premise in verdict["premises"]:
        if premise["outcome"] not in ("proven", "assumed"):
            return f"{premise['id']}: {premise['text']}"
    return ""


def judge(run, node, pods, state, disk, ages=AGES):
    """One scan for all rows; the strict verdicts are of the same evidence. `run`: sockprobe on the node."""
    rows, text = make_findings(pods, ages)
    folder = node.state
    (folder / "findings.json").write_text(text)
    scanned = run("explain", "/mnt/findings.json", "--output", "/mnt/evidence.json", "--max-bytes", str(64 << 20))
    if not (folder / "evidence.json").exists():
        raise lab.NodeError(f"explain: exit {scanned.returncode}: {scanned.stderr[-800:]}")
    strict = run("judge", "--strict", "/mnt/evidence.json", "--max-bytes", str(64 << 20))
    plain = json.loads((folder / "evidence.json").read_text())["verdicts"]
    (folder / "evidence.json").unlink()
    for row, verdict, hard in zip(rows, plain, json.loads(strict.stdout)["verdicts"], strict=True):
        row.update(state=state, disk=disk, decision=verdict["decision"], failed=failed_premise(verdict),
                   assumptions=[item["id"] for item in verdict["assumptions"]], strict=hard["decision"])
    return rows


def change_run(node):
    node.exec(["sh", "-c", "mkdir /run/later; rmdir /run/later"])


def wait_past(pods):
    last = max(pod["start"] for pod in pods.values())
    time.sleep(max(0, last + WAIT_S - time.time()))


def judge_states(run, node, disk, runtimes=("docker", "podman"), only=None):
    """All rows of one node: without the directory, then with it, each before and after its /run changes."""
    rows = []
    for kind in "absent", "directory":
        # podman makes folders of its own in /run: it comes before those that see them.
        pods = {"podman": podman_container(node)} if "podman" in runtimes else {}
        pods.update(start_pods(node, kind == "directory", only))
        wait_past(pods)
        rows += judge(run, node, pods, f"{kind}, quiet", disk)
        change_run(node)
        rows += judge(run, node, pods, f"{kind}, changed", disk)
        for pod in pods.values():
            if "sandbox" in pod:
                node.remove_pod(pod)
        if "podman" in runtimes:
            node.exec(["podman", "rm", "-f", "tool"])
    if "docker" in runtimes:
        node.exec(["rm", "-rf", DOCKER])
        node.start_docker()
        pods = {"docker": docker_container(node)}
        wait_past(pods)
        rows += judge(run, node, pods, "live dockerd", disk)
    return rows


# ---- churn ----

CHURN = """
mkdir -p /var/lib/kubelet/pods/csi /run/mounted
while true; do
    mount -t tmpfs churn /var/lib/kubelet/pods/csi
    mount -t tmpfs churn /run/mounted
    echo 1 > /run/churn; rm /run/churn
    umount /run/mounted /var/lib/kubelet/pods/csi
    sleep 0.02
done
"""


class Churn:
    """Other pods and mounts that come and go, and files in the node's /run, while it is entered."""

    def __init__(self, node):
        self.node, self.over, self.pods = node, threading.Event(), 0
        self.thread = threading.Thread(target=self._pods)

    def _pods(self):
        while not self.over.is_set():
            self.pods += 1
            pod = self.node.pod("churn", f"job-{self.pods}", INIT, container="job",
                                mounts=[("/", "/host", True, HOST_TO_CONTAINER)])
            self.node.remove_pod(pod)

    def __enter__(self):
        self.mounts = self.node.spawn(["sh", "-c", CHURN])
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
        self.node.exec(["kill", str(self.mounts)])


def steady(run, node, times_to_ask, disk="tmpfs"):
    """How often each decision was made of what must be supported, and of a live socket; and what else was said."""
    pods = start_pods(node, True, [name for name in PODS if name != "churner"])
    # Of what a container has for certain: the engine that it is given.
    live = {"live": {**pods["amazon-cloudwatch-observability"], "names": ["/run/containerd/containerd.sock"]}}
    wait_past(pods)
    decisions, others = collections.Counter(), collections.Counter()
    with Churn(node) as churn:
        for _ in range(times_to_ask):
            for row in judge(run, node, pods, "directory, churning", disk, ["4 s"]):
                decisions["honest", row["decision"]] += 1
                if row["decision"] != "supported":
                    others[row["pod"], row["name"], row["failed"]] += 1
            for row in judge(run, node, live, "live", disk, ["4 s"]):
                decisions["live", row["decision"]] += 1
    return decisions, others, churn.pods


# ---- the commands ----

COLUMNS = "{pod:31} {name:30} {state:18} {disk:5} {age:12} {decision:13} {strict:13} {assumptions:41} {failed}\n"


def print_table(rows, out):
    out.write(COLUMNS.format(pod="pod", name="name", state="node's docker.sock", disk="disk", age="first event",
                             decision="decision", strict="--strict", assumptions="assumptions", failed="premise failed"))
    for row in rows:
        out.write(COLUMNS.format(**{**row, "assumptions": ",".join(row["assumptions"]) or "-"}))


def print_counts(rows, out):
    for disk in dict.fromkeys(row["disk"] for row in rows):
        for age in AGES:
            chosen = [row for row in rows if row["disk"] == disk and row["age"] == age]
            out.write(f"{disk}, first event {age}: {sum(row['decision'] == 'supported' for row in chosen)} of "
                      f"{len(chosen)} supported\n")


def on_node(disk, runtimes, work):
    """What work(run, node) returns on a node of that disk, which is gone then."""
    with lab.Node() as node:
        node.start(("containerd", *runtimes), disk=None if disk == "tmpfs" else disk, snapshotter="overlayfs")
        program = shutil.copy(os.environ.get("SOCKPROBE", lab.REPO / "sockprobe"), node.state / "sockprobe")
        return work(lambda *arguments: node.exec([pathlib.Path(program), *arguments], check=False), node)


def main():
    parser = argparse.ArgumentParser(description="What sockprobe says of honest containers. Needs root.")
    parser.add_argument("disks", nargs="*", default=["tmpfs", "ext4", "xfs", "btrfs"])
    parser.add_argument("--steady", type=int, metavar="N", help="ask N times on a node that churns, instead")
    arguments = parser.parse_args()
    if arguments.steady:
        decisions, others, pods = on_node("tmpfs", (), lambda run, node: steady(run, node, arguments.steady))
        for (kind, decision), n in sorted(decisions.items()):
            print(f"{kind}: {decision}: {n} times, while {pods} pods came and went")
        for key, n in others.items():
            print(n, *key)
        return
    rows = []
    for disk in arguments.disks:
        # One with podman and dockerd is enough: their records lie on tmpfs in all.
        runtimes = ("podman",) if disk == arguments.disks[0] else ()
        rows += on_node(disk, runtimes, lambda run, node: judge_states(  # noqa: B023
            run, node, disk, ("podman", "docker") if runtimes else ()))
    print_table(rows, sys.stdout)
    print_counts(rows, sys.stdout)


if __name__ == "__main__":
    main()
