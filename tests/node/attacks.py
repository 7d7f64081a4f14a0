# Hostile containers, and ordinary administration that takes its traces with it:
# each has a live runtime socket by a name while the event is, and something
# harmless there afterwards. What each tries and when is told by its own script,
# which is the witness; sockprobe is not asked.
import json
import os
import time

import node as lab

LIVE = "/run/containerd/containerd.sock"
PYTHON = [("/usr", "/usr", True), ("/usr/lib", "/lib", True), ("/usr/lib64", "/lib64", True)]
RUNTIME_DEFAULT, UNCONFINED, LOCALHOST = 0, 1, 2

# What the scripts begin with. event() connects by the name and notes when; it
# ends the pod where that fails: then the scene is not what it says it is.
PRELUDE = (r'''
import ctypes, json, os, signal, socket, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
libc.mount.argtypes = [ctypes.c_char_p] * 3 + [ctypes.c_ulong, ctypes.c_char_p]
BIND, NEWNS, NEWUSER, FS, EXCHANGE = 0x1000, 0x20000, 0x10000000, 0x200, 2
IDS = (os.geteuid(), os.getegid())
def check(result, what):
    if result:
        sys.exit(f"{what}: {os.strerror(ctypes.get_errno())}")
def mount(source, target, kind=None, flags=BIND):
    check(libc.mount(source.encode(), target.encode(), kind and kind.encode(), flags, None), "mount " + target)
def umount(target):
    check(libc.umount2(target.encode(), 2), "umount " + target)
def own_mounts():
    """A user and a mount namespace of its own: what an unprivileged process may."""
    check(libc.unshare(NEWUSER | NEWNS), "unshare")
    open("/proc/self/setgroups", "w").write("deny")
    for name, number in zip(("uid_map", "gid_map"), IDS):
        open("/proc/self/" + name, "w").write(f"0 {number} 1")
def exchange(a, b):
    check(libc.renameat2(-100, a.encode(), -100, b.encode(), EXCHANGE), "exchange " + a)
def connect(name):
    one = socket.socket(socket.AF_UNIX)
    one.connect(name)
    return one
events = {}
def event(name):
    one = connect(name)
    events[name] = time.time()
    return one
def done():
    print("events", json.dumps(events), flush=True)
def note(name):
    """No event was there to make: any time from now on will do."""
    events[name] = time.time()
def child(function):
    """function in a process of its own, to its end; its events become ours."""
    get, put = os.pipe()
    pid = os.fork()
    if pid == 0:
        function()
        os.write(put, json.dumps(events).encode())
        os._exit(0)
    if os.waitpid(pid, 0)[1]:
        sys.exit("a child failed")
    events.update(json.loads(os.read(get, 65536)))
def chrooted(root, name):
    """By the name with another root, as a process that is then no more."""
    def act():
        os.chroot(root); os.chdir("/"); event(name)
    child(act)
def mount_socket(at):
    """The live socket at this place of a file system of its own."""
    mount("none", os.path.dirname(at), "tmpfs", 0)
    open(at, "w").close(); mount("%s", at)
def listen(name):
    one = socket.socket(socket.AF_UNIX); one.bind(name); one.listen(8)
    return one
def wait(name):
    while not os.path.exists(name):
        time.sleep(0.01)
def stay():
    while True:
        time.sleep(3600)
''').replace("%s", "/host" + LIVE)


def pod(node, name, script, mounts=(), add=(), drop=(), user=None, groups=(), seccomp=None, no_new_privileges=False,
        namespace="red", uid=None, command=None, container="main", attempt=0, sandbox=None):
    """A pod whose process runs the script; seccomp: (type, reference of a Localhost profile)."""
    m = node.cri.messages
    if sandbox is None:
        uid = uid or "%08x-0000-4000-8000-%012x" % (abs(hash((namespace, name))) % 2**32, time.monotonic_ns() % 2**48)
        sandbox = m.PodSandboxConfig(
            metadata=m.PodSandboxMetadata(name=name, uid=uid, namespace=namespace), hostname=name,
            log_directory=f"/var/log/pods/{uid}", labels={
                "io.kubernetes.pod.name": name, "io.kubernetes.pod.namespace": namespace,
                "io.kubernetes.pod.uid": uid},
            linux=m.LinuxPodSandboxConfig(
                cgroup_parent=f"/kubepods/burstable/pod{uid}",
                security_context=m.LinuxSandboxSecurityContext(
                    namespace_options=m.NamespaceOption(network=0, pid=1, ipc=0))))
        made = node.cri.call("RunPodSandbox", m.RunPodSandboxRequest(config=sandbox), m.RunPodSandboxResponse)
        sandbox_id = made.pod_sandbox_id
        node.sandboxes[sandbox_id] = sandbox
    else:
        sandbox_id, sandbox = sandbox, node.sandboxes[sandbox]
    security = m.LinuxContainerSecurityContext(
        namespace_options=m.NamespaceOption(network=0, pid=1, ipc=0), no_new_privs=no_new_privileges,
        supplemental_groups=list(groups),
        capabilities=m.Capability(add_capabilities=list(add), drop_capabilities=list(drop)))
    if user is not None:
        security.run_as_user.value = user
    if seccomp:
        security.seccomp.CopyFrom(m.SecurityProfile(profile_type=seccomp[0], localhost_ref=seccomp[1]))
    config = m.ContainerConfig(
        metadata=m.ContainerMetadata(name=container, attempt=attempt), image=m.ImageSpec(image=lab.APP_IMAGE),
        command=command or ["/usr/bin/python3", "-u", "-c", PRELUDE + script],
        labels={**sandbox.labels, "io.kubernetes.container.name": container}, log_path=f"{container}/{attempt}.log",
        mounts=[m.Mount(host_path=row[0], container_path=row[1], readonly=row[2],
                        propagation=row[3] if len(row) > 3 else 0) for row in [*PYTHON, *mounts]],
        linux=m.LinuxContainerConfig(security_context=security))
    made = node.cri.call("CreateContainer", m.CreateContainerRequest(
        pod_sandbox_id=sandbox_id, config=config, sandbox_config=sandbox), m.CreateContainerResponse).container_id
    node.cri.call("StartContainer", m.StartContainerRequest(container_id=made), m.StartContainerResponse)
    return {"id": made, "sandbox": sandbox_id, "pid": node._status(made)[1]["pid"], "namespace": namespace,
            "pod": sandbox.metadata.name, "uid": sandbox.metadata.uid, "name": container, "image": lab.APP_IMAGE}


def remove_container(node, made):
    m = node.cri.messages
    node.cri.call("RemoveContainer", m.RemoveContainerRequest(container_id=made["id"]), m.RemoveContainerResponse)


def log(node, made):
    """What the container wrote, by stream."""
    file = node.path(f"/var/log/pods/{made['uid']}/{made['name']}/0.log")
    lines = [line.split(" ", 3) for line in file.read_text().splitlines()] if file.exists() else []
    return {stream: [line[3] for line in lines if line[1] == stream] for stream in ("stdout", "stderr")}


def events(node, made):
    """When the pod's script had which name connected, once it is done."""
    def there():
        said = [line for line in log(node, made)["stdout"] if line.startswith("events ")]
        if not said and not os.path.exists(node.path(f"/proc/{made['pid']}/ns")):
            raise lab.NodeError(f"{made['pod']} ended: {log(node, made)['stderr']}")
        return said
    return json.loads(lab.wait_until(f"{made['pod']}'s events", there, 60)[-1].removeprefix("events "))


def tell(node, made, path):
    node.path(f"/proc/{made['pid']}/root{path}").write_text("")


def volume(node, kind, at):
    """A file system of this kind, of a loop device, mounted on the node."""
    image = node.state / f"{kind}.img"
    with open(image, "wb") as file:
        file.truncate(400 << 20)
    lab.run([f"mkfs.{kind}", "-q", image])
    node.exec(["mkdir", "-p", at])
    node.exec(["mount", "-t", kind, "-o", "loop", f"/mnt/{image.name}", at])


# ---- the scenes ----
# Each: the script, the name of the finding, and what pod() is told besides.

RUN = ("/run", "/host/run", False)
ROOT = ("/", "/host", True)
HOST_LIVE = "/host" + LIVE

# Names whose way is changed after the event, in one pod: what changes one does not touch the others.
WAYS = r'''
def old_and_live(old, live):
    for at in (old, live):
        os.makedirs(at)
    os.mkdir(old + "/docker.sock")
    os.symlink("%(live)s", live + "/docker.sock")
def relink(target, at):
    os.unlink(at)
    os.symlink(target, at)
def snapshot(of, into, name):
    import fcntl, struct
    fd = os.open(of, os.O_RDONLY)
    fcntl.ioctl(os.open(into, os.O_RDONLY), 0x50009401, bytearray(struct.pack("<q4088s", fd, name.encode())))
# links on the way, at depth
old_and_live("/depth/old", "/depth/live"); os.makedirs("/depth/a")
os.symlink("/depth/a/next", "/depth/start"); os.symlink("/depth/live", "/depth/a/next")
# a directory above, by two renames
old_and_live("/renamed/old/deep", "/renamed/in/deep")
# the same at once
old_and_live("/exchanged/old/deep", "/exchanged/in/deep")
# .. behind a link leaves where the link led to
old_and_live("/dots/old", "/dots/live"); os.mkdir("/dots/old/x"); os.mkdir("/dots/live/x"); os.mkdir("/dots/from")
os.symlink("/dots/live/x", "/dots/from/link")
# a name that is gone
os.mkdir("/gone"); os.symlink("%(live)s", "/gone/docker.sock")
# a link of an old hard link
os.mkdir("/hard"); os.symlink("/nowhere", "/hard/spare"); os.symlink("%(live)s", "/hard/docker.sock")
time.sleep(0.2)
for name in NAMES:
    event(name)
time.sleep(0.1)
relink("/depth/old", "/depth/a/next")
os.rename("/renamed/in", "/renamed/out"); os.rename("/renamed/old", "/renamed/in")
exchange("/exchanged/in", "/exchanged/old")
relink("/dots/old/x", "/dots/from/link")
os.unlink("/gone/docker.sock")
os.rename("/hard/spare", "/hard/docker.sock")
exchange("/xfs/entries/docker.sock", "/xfs/entries/old")
exchange("/xfs/parents/in", "/xfs/parents/old")
exchange("/btrfs/entries/docker.sock", "/btrfs/entries/old")
os.rename("/btrfs/snapshot/in", "/btrfs/snapshot/out"); snapshot("/btrfs/old", "/btrfs/snapshot", "in")
done(); stay()
''' % {"live": HOST_LIVE}
WAY_NAMES = ["/depth/start/docker.sock", "/renamed/in/deep/docker.sock", "/exchanged/in/deep/docker.sock",
             "/dots/from/link/../docker.sock", "/gone/docker.sock", "/hard/docker.sock", "/xfs/entries/docker.sock",
             "/xfs/parents/in/docker.sock", "/btrfs/entries/docker.sock", "/btrfs/snapshot/in/docker.sock"]
# As old as the others were, and let alone.
QUIET_NAMES = ["/xfs/quiet/docker.sock", "/btrfs/quiet/docker.sock"]

# What is prepared on the node's volumes before any container starts.
VOLUMES = f"""
set -e
for at in /run/vol/xfs /run/vol/btrfs; do
    mkdir -p $at/entries $at/parents/in $at/parents/old $at/quiet
    ln -s {HOST_LIVE} $at/entries/docker.sock; : > $at/entries/old
    ln -s {HOST_LIVE} $at/parents/in/docker.sock; : > $at/parents/old/docker.sock
    : > $at/quiet/docker.sock
done
btrfs subvolume create /run/vol/btrfs/old >/dev/null
: > /run/vol/btrfs/old/docker.sock
mkdir -p /run/vol/btrfs/snapshot/in
ln -s {HOST_LIVE} /run/vol/btrfs/snapshot/in/docker.sock
mkdir -p /run/vol/other /run/vol/plain/other.sock /run/vol/prop/sub/other.sock /run/vol/hand /run/crio /run/podman \\
    /run/buildkit /run/k3s/containerd
chmod 777 /run/vol/hand
: > /run/vol/other/on
printf '{{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[]}}' > /var/lib/kubelet/allow.json
printf '{{"defaultAction":"SCMP_ACT_LOG","syscalls":[]}}' > /var/lib/kubelet/log.json
mkdir -p /run/vol/live /run/vol/decoy/docker.sock /run/vol/tree/b/docker.sock /run/vol/share \
    /run/vol/plain/docker.sock /run/vol/empty
ln -s {HOST_LIVE} /run/vol/live/docker.sock
"""

DATA = [RUN, ("/run/vol/live", "/data", False)]

MOUNTS = {
    "over": dict(name="/data/docker.sock", mounts=DATA, script=r'''
        event(NAME); own_mounts(); mount("/host/run/vol/decoy", "/data"); done(); stay()'''),
    "tmpfs": dict(name="/data/docker.sock", mounts=DATA, add=["SYS_ADMIN"], script=r'''
        event(NAME); mount("none", "/data", "tmpfs", 0); os.mkdir("/data/docker.sock"); done(); stay()'''),
    "unmounted": dict(name="/data/docker.sock", mounts=DATA, add=["SYS_ADMIN"], script=r'''
        event(NAME); umount("/data"); done(); stay()'''),
    "replaced": dict(name="/data/docker.sock", mounts=DATA, add=["SYS_ADMIN"], script=r'''
        event(NAME); umount("/data"); mount("/host/run/vol/decoy", "/data"); done(); stay()'''),
    "covered above": dict(name="/a/b/docker.sock", add=["SYS_ADMIN"],
                          mounts=[RUN, ("/run/vol/live", "/a/b", False)], script=r'''
        event(NAME); mount("/host/run/vol/tree", "/a"); done(); stay()'''),
}

# A process that stands elsewhere, or lives elsewhere, than the container's first one; it stays connected.
STANDPOINTS = {
    "thread": dict(name=LIVE, mounts=[ROOT], script=r'''
        def other():
            check(libc.unshare(FS), "unshare"); os.chroot("/host"); os.chdir("/")
            global held; held = event(NAME); ready.set(); stay()
        ready = threading.Event(); threading.Thread(target=other, daemon=True).start()
        ready.wait(20); done(); stay()'''),
    "second namespace": dict(name="/opt/containerd.sock", mounts=[RUN], script=r'''
        os.mkdir("/opt")
        if os.fork() == 0:
            own_mounts(); mount_socket(NAME); held = event(NAME); done(); stay()
        stay()'''),
    "same text": dict(name="/containerd.sock", mounts=[RUN], script=r'''
        os.makedirs("/a/tmp"); os.makedirs("/b")
        if os.fork() == 0:
            own_mounts(); mount_socket("/a/containerd.sock"); os.chroot("/a"); os.chdir("/")
            held = event(NAME); done(); stay()
        if os.fork() == 0:
            os.chroot("/a"); os.chdir("/"); stay()
        stay()'''),
}

# The same by a process that is made to look as if it were not the container's; the node moves it on "go".
MEMBERS = {
    "nested": dict(name=LIVE, mounts=[ROOT], script=r'''
        if os.fork() == 0:
            wait("/tmp/go"); os.chroot("/host"); held = event(NAME); done(); stay()
        stay()'''),
    "moved out": dict(name="/opt/containerd.sock", mounts=[RUN], script=r'''
        os.mkdir("/opt")
        if os.fork() == 0:
            wait("/tmp/go"); own_mounts(); mount_socket(NAME); held = event(NAME); done(); stay()
        stay()'''),
    "reparented": dict(name="/opt/containerd.sock", mounts=[RUN], script=r'''
        os.mkdir("/opt")
        if os.fork() == 0:
            if os.fork() == 0:
                wait("/tmp/go"); own_mounts(); mount_socket(NAME); held = event(NAME); done(); stay()
            os._exit(0)
        os.wait(); stay()'''),
}

HARDENED = dict(drop=["ALL"], seccomp=(RUNTIME_DEFAULT, ""), no_new_privileges=True)
OTHER = [("/run/vol/other", "/other", True), ("/run/vol/plain", "/plain", True)]

# What a process did with other mounts, or another root, leaves nothing behind: only its means do.
NO_TRACE = r'''
    def act():
        own_mounts(); mount("/other", "/plain"); event(NAME)
    child(act); done(); stay()'''
TRACELESS = {
    "allows all": dict(name="/plain/other.sock", mounts=OTHER, script=NO_TRACE, drop=["ALL"], no_new_privileges=True,
                       seccomp=(LOCALHOST, "/var/lib/kubelet/allow.json")),
    "only logs": dict(name="/plain/other.sock", mounts=OTHER, script=NO_TRACE, drop=["ALL"], no_new_privileges=True,
                      seccomp=(LOCALHOST, "/var/lib/kubelet/log.json")),
    "hardened": dict(name="/plain/other.sock", mounts=OTHER, script=r'''
        if libc.unshare(NEWUSER | NEWNS) == 0:
            sys.exit("a hardened pod has namespaces")
        note(NAME); done(); stay()''', **HARDENED),
    "mounted and unmounted": dict(name="/root/docker.sock", mounts=DATA, add=["SYS_ADMIN"], script=r'''
        mount("/data", "/root"); event(NAME); umount("/root"); done(); stay()'''),
    "tree of its own": dict(name="/var/run/docker.sock", mounts=[RUN], script=r'''
        os.makedirs("/host/run/tree/var/run")
        os.link("/host/run/containerd/containerd.sock", "/host/run/tree/var/run/docker.sock")
        chrooted("/host/run/tree", NAME)
        os.unlink("/host/run/tree/var/run/docker.sock"); os.removedirs("/host/run/tree/var/run")
        done(); stay()'''),
    # The node mounts and unmounts there, as the test tells it.
    "propagated": dict(name="/prop/sub/other.sock", mounts=[("/run/vol/prop", "/prop", True, 1)], script=r'''
        wait("/prop/sub/on"); event(NAME); done(); stay()''', **HARDENED),
    "not propagated": dict(name="/prop/sub/other.sock", mounts=[("/run/vol/prop", "/prop", True)], script=r'''
        note(NAME); done(); stay()''', **HARDENED),
}

# Another root for good; a directory moved with the mount point in it.
ROOTS = {
    "empty for good": dict(name="/run/docker.sock", mounts=[RUN], script=r'''
        os.symlink("/host/run/containerd/containerd.sock", NAME); os.mkdir("/empty")
        event(NAME); os.chroot("/empty"); os.chdir("/"); done(); stay()'''),
    "mount point moved": dict(name="/vol/sub/docker.sock", script=r'''
        wait("/vol/sub/on"); event(NAME); done(); stay()''',
                              mounts=[RUN, ("/run/vol/share", "/vol", False), ("/run/vol/plain", "/vol/sub", False)]),
}
SIDECAR = r'''
os.rename("/vol/sub", "/vol/away"); os.mkdir("/vol/sub")
os.symlink("/host/run/containerd/containerd.sock", "/vol/sub/docker.sock"); open("/vol/sub/on", "w").close()
wait("/tmp/go")
os.unlink("/vol/sub/docker.sock"); os.unlink("/vol/sub/on"); os.rmdir("/vol/sub"); os.rename("/vol/away", "/vol/sub")
done(); stay()
'''

# A daemon of the node's that is stopped after the event, reached by the name and by it as the node has it.
STOPPED = {
    "daemon": dict(name="/host/run/docker.sock", mounts=[RUN], script="event(NAME); done(); stay()"),
    "chroot to the node": dict(name="/run/docker.sock", mounts=[ROOT],
                               script='chrooted("/host", NAME); done(); stay()'),
}

# Who may connect to a live socket: the record's user, not who runs now.
USER = dict(user=1234, no_new_privileges=True)
PERMISSION = {
    "closed": dict(name="/perm/podman.sock", mounts=[("/run/podman", "/perm", False)], script=r'''
        try:
            connect(NAME)
            sys.exit("it may connect")
        except PermissionError:
            note(NAME); done(); stay()''', **USER),
    "by its group": dict(name="/perm/buildkitd.sock", mounts=[("/run/buildkit", "/perm", False)], groups=[77],
                         script="event(NAME); done(); stay()", **USER),
    "may connect": dict(name="/perm/podman.sock", mounts=[("/run/podman", "/perm", False)],
                        script="note(NAME); done(); stay()"),
    "new privileges": dict(name="/perm/podman.sock", mounts=[("/run/podman", "/perm", False)], user=1234,
                           script="note(NAME); done(); stay()"),
    "dropped": dict(name="/perm/podman.sock", mounts=[("/run/podman", "/perm", False)], no_new_privileges=True,
                    script="event(NAME).close(); done(); os.setgroups([]); os.setresuid(1234, 1234, 1234); stay()"),
    "dropped but one": dict(name="/perm/podman.sock", mounts=[("/run/podman", "/perm", False)], no_new_privileges=True,
                   script=r'''
        def other():
            event(NAME).close(); done(); stay()
        threading.Thread(target=other, daemon=True).start()
        number = {"x86_64": 117, "aarch64": 147}[os.uname().machine]   # setresuid(2) is of one thread
        check(libc.syscall(number, 1234, 1234, 1234), "setresuid"); stay()'''),
    "chmod": dict(name="/perm/containerd.sock", mounts=[("/run/k3s/containerd", "/perm", False)],
                  script="event(NAME).close(); done(); stay()", **USER),
}

# A listener of the container's own, which passes on or is not all its own.
RELAY = r'''
front = listen(NAME)
def pump(a, b):
    while True:
        data = a.recv(65536)
        if not data:
            break
        b.sendall(data)
def relay():
    while True:
        one, _ = front.accept()
        other = socket.create_connection((GATEWAY, 7777))
        for pair in ((one, other), (other, one)):
            threading.Thread(target=pump, args=pair, daemon=True).start()
def gateway():
    for line in open("/proc/net/route"):
        fields = line.split()
        if len(fields[2]) == 8 and int(fields[2], 16):
            return socket.inet_ntoa(int(fields[2], 16).to_bytes(4, "little"))
GATEWAY = gateway()
threading.Thread(target=relay, daemon=True).start()
time.sleep(2.2)
one = event(NAME); one.settimeout(20)
one.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\4" + bytes(5))   # HTTP/2: preface, empty settings
if one.recv(9)[3] != 4:
    sys.exit("containerd does not answer")
one.close(); done(); stay()
'''
OWN = "front = listen(NAME)\ntime.sleep(2.2)\nevent(NAME).close(); done(); stay()"
PRIVATE = {
    "relay over TCP": dict(name="/run/dockershim.sock", script=RELAY, **HARDENED),
    "alone": dict(name="/run/dockershim.sock", script=OWN, **HARDENED),
    "stale in reach": dict(name="/run/dockershim.sock", mounts=[("/run/crio", "/crio", True)], script=OWN, **HARDENED),
    "also outside": dict(name="/run/dockershim.sock", mounts=[("/run/vol/hand", "/hand", False)], script=r'''
        front = listen(NAME); wait("/hand/take")
        socket.send_fds(connect("/hand/take"), [b"x"], [front.fileno()])
        time.sleep(2.2); event(NAME).close(); done(); stay()'''),
    "of a sidecar": dict(name="/hand/own.sock", mounts=[("/run/vol/hand", "/hand", False)],
                         script="wait(NAME); event(NAME); done(); stay()"),
}
TAKER = r'''
own = listen("/hand/own.sock"); take = listen("/hand/take")
held = socket.recv_fds(take.accept()[0], 1, 1); stay()
'''
PROXY = """
import socket, threading
front = socket.create_server(("0.0.0.0", 7777))
print("ready", flush=True)
def pump(a, b):
    while True:
        data = a.recv(65536)
        if not data:
            break
        b.sendall(data)
while True:
    one, _ = front.accept()
    other = socket.socket(socket.AF_UNIX); other.connect("%s")
    for pair in ((one, other), (other, one)):
        threading.Thread(target=pump, args=pair, daemon=True).start()
""" % LIVE

# Programs that serve a container's calls themselves, by what they are called.
SANDBOXED = {
    name: dict(name="/run/docker.sock", command=["/bin/sh", "-c", f"cp /bin/sockpeer /tmp/{name}; exec /tmp/{name} init"])
    for name in ("runsc", "cloud-hypervisor", "qemu-system-x86_64", "runsc-not")
}
