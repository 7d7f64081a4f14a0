# Honest pods: agents with the mounts of their charts, and the findings that
# GuardDuty could raise of them. A verdict must support what section by section
# can be proven of them, and no more. `scripts/honest` prints the table.
import datetime
import json
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
        # dockerd would serve there: first the pods, then others that read the name.
        pods = start_pods(node, kind == "directory", only)
        if "podman" in runtimes:
            pods["podman"] = podman_container(node)
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


# ---- the table ----

def print_table(rows, out):
    for row in rows:
        out.write(f"{row['disk']:6} {row['pod']:32} {row['name']:32} {row['state']:18} {row['age']:12} "
                  f"{row['decision']:13} {','.join(row['assumptions']) or '-':36} {row['strict']:13} {row['failed']}\n")


def count(rows, disk, age):
    chosen = [row for row in rows if row["disk"] == disk and row["age"] == age]
    return sum(row["decision"] == "supported" for row in chosen), len(chosen)
