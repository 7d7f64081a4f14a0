# The service under a real systemd, pid 1 of namespaces on the test node, with all
# its hardening in force: the evidence is that of a run without any of it.
import contextlib
import pathlib
import re
import shlex
import subprocess

import conftest
import node as lab
import pytest

SERVICE = "usr/lib/systemd/system/sockprobe.service"
TARGETS = ["sysinit", "basic", "shutdown", "umount", "exit", "default"]

# The least share of processor time that there is: with cgroup version 2, and 1.
LEAST = {"/sys/fs/cgroup/{}/cpu.idle:1\n", "/sys/fs/cgroup/cpu/{}/cpu.shares:2\n"}

# systemd's own world, started from the node's: pids, cgroups, logs. Its units are
# these alone, and it can set nothing of the machine's kernel. Its root cgroup has
# no process but its own, or it could not give its units any controller.
BOOT = """
set -e
if [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]; then
    mkdir /sys/fs/cgroup/systemd
    echo 0 >/sys/fs/cgroup/systemd/cgroup.procs
else
    for hierarchy in /sys/fs/cgroup/*; do
        mkdir "$hierarchy/systemd"
        for name in cpuset.cpus cpuset.mems; do
            [ ! -e "$hierarchy/$name" ] || cat "$hierarchy/$name" >"$hierarchy/systemd/$name"
        done
        echo 0 >"$hierarchy/systemd/cgroup.procs"
    done
fi
mount -t proc proc /proc
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
mount -t tmpfs logs /var/log
mount --bind /run/installed/usr/bin/sockprobe "$0"
exec unshare --cgroup sh -c "$1"
"""
# Each hierarchy again, so that its root is this cgroup namespace's.
CGROUPS = """
set -e
if [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]; then
    umount /sys/fs/cgroup
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
else
    for hierarchy in /sys/fs/cgroup/*; do
        umount "$hierarchy"
        case ${hierarchy##*/} in
        unified) mount -t cgroup2 cgroup2 "$hierarchy" ;;
        systemd) mount -t cgroup -o none,name=systemd cgroup "$hierarchy" ;;
        *) mount -t cgroup -o "${hierarchy##*/}" cgroup "$hierarchy" ;;
        esac
    done
fi
exec env -i container=lxc PATH=/usr/sbin:/usr/bin:/sbin:/bin SYSTEMD_UNIT_PATH=/run/units \\
    /lib/systemd/systemd --system --unit=default.target --show-status=no
"""


def share_of(unit):
    """A command that tells the share of a unit that is not below another."""
    return ["/bin/grep", "-sH", ".", *(least.format(unit).rpartition(":")[0] for least in sorted(LEAST))]


@pytest.fixture(scope="module")
def ran(bench):
    """The service's first run: the pid of its systemd."""
    node = bench.node
    bench.scene("mission")
    installed = node.path("/run/installed")
    conftest.run("make", "-C", conftest.REPO, "install-systemd", f"DESTDIR={node.state}", "prefix=/usr", "sysconfdir=/etc")
    (installed / "usr/bin").mkdir(parents=True)
    (installed / "usr/bin/sockprobe").write_bytes(conftest.program("x86_64").read_bytes())
    (installed / "usr/bin/sockprobe").chmod(0o755)
    units = node.path("/run/units")
    units.mkdir()
    unit = (node.state / SERVICE).read_text()
    # The one thing that is not as installed: no file is put into the machine's /usr/bin.
    place = node.state / "sockprobe"
    place.touch()
    (units / "sockprobe.service").write_text(
        unit.replace("/usr/bin/sockprobe", str(place)).replace("[Service]", "[Service]\nStandardError=append:/run/told"))
    # The same service, but for the command: it tells its share of processor time.
    (units / "share.service").write_text(
        re.sub("ExecStart=.*", "ExecStart=" + " ".join(share_of("share.service")), unit)
        .replace("[Service]", "[Service]\nStandardOutput=file:/run/share"))
    for target in TARGETS:
        (units / f"{target}.target").write_text("[Unit]\nDefaultDependencies=no\n")
    with open(units / "default.target", "a") as out:
        out.write("Wants=sockprobe.service share.service\n")

    log = node.state / "systemd.log"
    child = subprocess.Popen(
        node.enter(["unshare", "--pid", "--mount", "--fork", "--kill-child", "sh", "-c", BOOT, place, CGROUPS]),
        stdin=subprocess.DEVNULL, stdout=log.open("wb"), stderr=subprocess.STDOUT)

    def first():
        """systemd's pid: nsenter and unshare each took a fork, and the shell before it runs commands that end."""
        pid = child.pid
        assert child.poll() is None, log.read_text()
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            while pathlib.Path(f"/proc/{pid}/comm").read_text().strip() != "systemd":
                children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
                if not children:
                    return None
                pid = int(children[0])
            return pid

    try:
        pid = lab.wait_until("systemd", first)
        told = node.path("/run/told")
        lab.wait_until("the service's end", lambda: told.exists() and "\n" in told.read_text())
        yield pid, told.read_text()
    finally:
        child.kill()
        child.wait()


def test_service_writes_whole_evidence(bench, ran):
    pid, told = ran
    plain = bench.scan()
    logs = pathlib.Path(f"/proc/{pid}/root/var/log/sockprobe")
    lab.wait_until(f"evidence ({told})", lambda: (logs / "evidence.json").exists())
    assert [path.name for path in logs.iterdir()] == ["evidence.json"]
    assert ((logs.stat().st_mode & 0o777), ((logs / "evidence.json").stat().st_mode & 0o777)) == (0o750, 0o600)
    evidence = conftest.Evidence(subprocess.CompletedProcess([], 0, (logs / "evidence.json").read_text(), told))
    # It is in a pid namespace of this test's making, and says so; the hardening costs it nothing.
    assert evidence.gaps() == {"pid_namespace"}
    assert plain.gaps() == set()

    def sockets(document):
        return [(path["path"], path["kind"], path["state"], path["ino"] if "ino" in path else None)
                for path in document["paths"] if path["kind"] not in ("missing", "outside_view")]
    assert sockets(evidence) == sockets(plain)
    # Clients are of the pids outside, but each connection is counted.
    assert sum(row["count"] for row in evidence["connections"]) == sum(row["count"] for row in plain["connections"]) > 0
    # Every privilege can be given up for good.
    assert evidence["probe"]["confinement"] == plain["probe"]["confinement"]


def test_service_gives_way_to_all_pods(bench, ran):
    """What systemd made of the unit is the witness: a cgroup beside those of pods, with the least share."""
    told = bench.node.path("/run/share")
    lab.wait_until("the service's share", lambda: told.exists() and told.read_text())
    assert told.read_text() in {least.format("share.service") for least in LEAST}


@pytest.mark.parametrize("document", ["README.md", "packaging/man/sockprobe.8"])
def test_documented_scope_gives_way_to_all_pods(ran, document):
    pid, _ = ran
    (command,) = re.findall(r"systemd-run .* sockprobe$", (conftest.REPO / document).read_text(), re.M)
    # A name of its own: systemd may not have put away the other one's scope yet.
    unit = f"share-{pathlib.Path(document).suffix[1:]}.scope"
    words = [*shlex.split(command)[:-1], f"--unit={unit}", *share_of(unit)]
    told = subprocess.run(["nsenter", f"--target={pid}", "--all", "--", *words], capture_output=True, text=True)
    assert told.stdout in {least.format(unit) for least in LEAST}, told.stderr
