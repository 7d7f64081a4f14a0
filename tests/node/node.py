# A test node: real container runtimes in mount, pid, network and cgroup
# namespaces of their own. It starts and stops by itself and leaves nothing
# behind. scripts/node-lab is the command over it, the tests import it.
#
# The node's root is the machine's root with its own /run, /var/lib/..., so the
# programs of the machine are on it. Everything in it dies with its pid 1.
import contextlib
import hashlib
import io
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
REPO = HERE.parent.parent
NAMESPACES = ["--mount", "--pid", "--net", "--uts", "--cgroup", "--ipc"]
AGENT_IMAGE = "registry.example/datadog/agent:7.60.0"
APP_IMAGE = "registry.example/shop/web:1.4"
PAUSE_IMAGE = "registry.example/eks/pause:3.10"
HELPER = "/bin/sockpeer"  # in every image
# How many times as long as usual things may take: on an emulated machine.
PATIENCE = float(os.environ.get("NODE_LAB_PATIENCE", "1"))


class NodeError(Exception):
    """What the node could not do, with what the program said."""


def run(command, **options):
    """Runs to its end; its output as text; raises with what it said."""
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode:
        raise NodeError(f"{' '.join(map(str, command))}: exit {done.returncode}: {done.stderr.strip()[-800:]}")
    return done.stdout


def wait_until(what, check, seconds=300):
    end = time.monotonic() + seconds * PATIENCE
    while time.monotonic() < end:
        value = check()
        if value:
            return value
        time.sleep(0.05)
    raise NodeError(f"{what}: not within {seconds * PATIENCE:g} s")


def build_helper(into):
    target = into / "sockpeer"
    run(["gcc", "-std=gnu17", "-D_GNU_SOURCE", "-O2", "-static", "-o", target,
         HERE.parent / "helpers" / "sockpeer.c"])
    return target


def write_image(path, names, helper):
    """A docker-archive of busybox and the helper, which all runtimes load."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        def add(name, source=None, link=None, mode=0o755, kind=None):
            info = tarfile.TarInfo(name)
            info.mode = mode
            if link:
                info.type, info.linkname = tarfile.SYMTYPE, link
                tar.addfile(info)
            elif kind == "dir":
                info.type = tarfile.DIRTYPE
                tar.addfile(info)
            else:
                data = pathlib.Path(source).read_bytes()
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
        for directory in ["bin", "etc", "tmp", "var", "run", "root", "proc", "sys", "dev"]:
            add(directory, kind="dir")
        add("bin/busybox", "/bin/busybox")
        add("bin/sockpeer", helper)
        for applet in ["sh", "sleep", "cat", "ls", "mkdir", "id", "nc", "true"]:
            add("bin/" + applet, link="busybox")
        add("var/run", link="/run")
    layer = layer.getvalue()
    digest = hashlib.sha256(layer).hexdigest()
    files, manifest = {digest + "/layer.tar": layer}, []
    for name in names:
        # Each its own configuration: of one image with many names, a runtime
        # would record whichever name it likes.
        config = json.dumps({
            "architecture": "amd64", "os": "linux",
            "config": {"Cmd": ["/bin/sockpeer", "init"], "Env": ["PATH=/bin"], "Labels": {"name": name}},
            "rootfs": {"type": "layers", "diff_ids": ["sha256:" + digest]},
            "history": [{"created_by": "test node"}],
        }).encode()
        config_name = hashlib.sha256(config).hexdigest() + ".json"
        files[config_name] = config
        manifest.append({"Config": config_name, "RepoTags": [name], "Layers": [digest + "/layer.tar"]})
    files["manifest.json"] = json.dumps(manifest).encode()
    with tarfile.open(path, "w") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


CONTAINERD_CONFIG = """version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "%s"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "/etc/cni/net.d"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "%s"
"""
# The smallest that mkfs.xfs and mkfs.btrfs make, and some space; a file with holes.
DISK_SIZE = 1 << 30

CNI_CONFIG = {"cniVersion": "0.4.0", "name": "node", "plugins": [
    {"type": "ptp", "ipam": {"type": "host-local", "subnet": "10.88.0.0/16"}}]}


class Cri:
    """A client of containerd's CRI, spoken from inside the node."""

    PREFIX = "/runtime.v1.RuntimeService/"

    def __init__(self, node):
        self.node = node
        generated = node.state / "proto"
        generated.mkdir(exist_ok=True)
        run(["protoc", f"--proto_path={HERE}", f"--python_out={generated}", "cri.proto"])
        sys.path.insert(0, str(generated))
        import cri_pb2
        self.messages = cri_pb2

    def call(self, method, request, response):
        import grpc
        # The socket is in the node's mount namespace: reached by its pid 1.
        target = f"unix:///proc/{self.node.pid}/root/run/containerd/containerd.sock"
        with grpc.insecure_channel(target) as channel:
            function = channel.unary_unary(
                self.PREFIX + method,
                request_serializer=lambda message: message.SerializeToString(),
                response_deserializer=response.FromString)
            try:
                return function(request, timeout=300 * PATIENCE)
            except grpc.RpcError as error:
                raise NodeError(f"CRI {method}: {error.details()}") from error


class Node:
    def __init__(self, state=None):
        self.state = pathlib.Path(state or tempfile.mkdtemp(prefix="node-lab-"))
        self.record = self.state / "node.json"
        self.pid = None
        self.started = []
        self.truth = {}
        self._cri = None
        self.sandboxes = {}
        self.snapshotter = "native"
        if self.record.exists():
            saved = json.loads(self.record.read_text())
            self.pid, self.truth = saved["pid"], saved["truth"]
            self.started = saved["started"]

    # ---- life ----

    def save(self):
        self.record.write_text(json.dumps({"pid": self.pid, "truth": self.truth, "started": self.started}))

    @property
    def cgroup(self):
        return f"node-lab-{self.state.name}"

    def cgroup_roots(self):
        roots = []
        for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
            fields = line.split()
            if fields[fields.index("-") + 1] in ("cgroup", "cgroup2") and fields[3] == "/":
                roots.append(pathlib.Path(fields[4]))
        return sorted(set(roots))

    def services(self, root):
        """
        The cgroup of the node's own processes. One of version 2 that gives its
        children controllers holds no process itself, so there it is a child.
        """
        mine = root / self.cgroup
        return mine / "services" if (mine / "cgroup.controllers").exists() else mine

    def make_cgroups(self):
        for root in self.cgroup_roots():
            mine = root / self.cgroup
            mine.mkdir(exist_ok=True)
            for name in ["cpuset.cpus", "cpuset.mems"]:
                if (root / name).exists():  # version 1 alone: a child begins without any
                    (mine / name).write_text((root / name).read_text())
            # What else the machine does must not take the node's time: its programs have deadlines.
            for name, most in ("cpu.shares", "262144"), ("cpu.weight", "10000"):
                if (mine / name).exists():
                    (mine / name).write_text(most)
            if (mine / "cgroup.clone_children").exists():
                (mine / "cgroup.clone_children").write_text("1")
            self.services(root).mkdir(exist_ok=True)

    def start(self, runtimes=("containerd",), disk=None, snapshotter="native"):
        """
        disk: the type of the file system that /var/lib/containerd and the like
        lie on (ext4, xfs, btrfs), of a loop device; None: on tmpfs.
        """
        self.snapshotter = snapshotter
        try:
            self._start(runtimes, disk)
        except BaseException:
            self.stop()
            raise
        return self

    def make_disk(self, disk):
        image = self.state / "disk.img"
        with open(image, "wb") as file:
            file.truncate(DISK_SIZE)
        run([f"mkfs.{disk}", "-q", image])

    def _start(self, runtimes, disk):
        self.state.mkdir(parents=True, exist_ok=True)
        self.state.chmod(0o711)  # other users run the helper
        helper = build_helper(self.state)
        if disk:
            self.make_disk(disk)
        self.make_cgroups()
        joins = "".join(f"echo $$ > {root / self.cgroup}/cgroup.procs; " for root in self.cgroup_roots())
        log = open(self.state / "boot.log", "wb")
        outer = subprocess.Popen(
            ["sh", "-c", joins + 'exec unshare "$@"', "sh", *NAMESPACES, "--fork", "--kill-child",
             str(HERE / "boot"), str(self.state), str(helper), disk or ""],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self.started.append(outer.pid)

        def first():
            if outer.poll() is not None:
                raise NodeError("boot: " + (self.state / "boot.log").read_text()[-800:])
            children = pathlib.Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text().split()
            return children and "ready" in (self.state / "boot.log").read_text() and int(children[0])

        self.pid = wait_until("the node's pid 1", first)
        self.save()
        # Not before: the cgroup namespace has the cgroup of its maker for a root.
        for root in self.cgroup_roots():
            for pid in (outer.pid, self.pid):
                (self.services(root) / "cgroup.procs").write_text(str(pid))
        write_image(self.state / "image.tar", [AGENT_IMAGE, APP_IMAGE, PAUSE_IMAGE], helper)
        for name in runtimes:
            getattr(self, "start_" + name)()

    def stop(self):
        for pid in self.started:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            with contextlib.suppress(NodeError):
                wait_until("the node's end", lambda: not os.path.exists(f"/proc/{self.pid}/ns"), 60)
        self.remove_cgroups()
        shutil.rmtree(self.state, ignore_errors=True)
        for pid in self.started:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)

    def remove_cgroups(self):
        def remove(mine):
            for directory, _, _ in os.walk(mine, topdown=False):
                os.rmdir(directory)
            return True

        for root in self.cgroup_roots():
            mine = root / self.cgroup
            if not mine.exists():
                continue

            def gone(mine=mine):
                with contextlib.suppress(OSError):
                    return remove(mine)
                return False
            with contextlib.suppress(NodeError):
                wait_until(f"removal of {mine}", gone, 60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    # ---- running things on it ----

    def enter(self, command):
        """The command that runs another on the node, in the cgroup of the node's own processes, as a login would."""
        joins = "".join(f"echo $$ > {self.services(root)}/cgroup.procs; " for root in self.cgroup_roots())
        return ["sh", "-c", joins + 'exec "$@"', "sh", "nsenter", f"--target={self.pid}", "--mount", "--pid", "--net", "--uts",
                "--cgroup", "--ipc", "--", *(word if isinstance(word, bytes) else str(word) for word in command)]

    def exec(self, command, check=True, **options):
        """Runs a command on the node; subprocess.CompletedProcess with text."""
        done = subprocess.run(self.enter(command), capture_output=True, text=True, **options)
        if check and done.returncode:
            raise NodeError(f"{' '.join(map(str, command))}: exit {done.returncode}: {done.stderr.strip()[-800:]}")
        return done

    def spawn(self, command, ready=None, name=None):
        """Starts a long-running command on the node; its pid there."""
        log = self.state / f"{name or pathlib.Path(str(command[0])).name}-{len(self.started)}.log"
        with open(log, "wb") as out:
            child = subprocess.Popen(self.enter(command), stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                     start_new_session=True)
        self.started.append(child.pid)
        self.save()
        if ready:
            def check():
                if child.poll() is not None:
                    raise NodeError(f"{command[0]}: ended: {log.read_text()[-800:]}")
                return ready(log.read_text())
            wait_until(f"{command[0]} ready", check)
        # Entering a pid namespace takes a fork: the command is nsenter's child.
        children = pathlib.Path(f"/proc/{child.pid}/task/{child.pid}/children")
        return self.node_pid(int(wait_until(f"{command[0]}", lambda: children.read_text().split())[0]))

    def helper(self, *arguments):
        """The helper on the node itself, once it says ready; its pid there."""
        return self.spawn([self.state / "sockpeer", *arguments], ready=lambda text: "ready" in text)

    def path(self, inside):
        """A path of the node as this process may open it."""
        return pathlib.Path(f"/proc/{self.pid}/root{inside}")

    def node_pid(self, pid):
        """The pid that a process has on the node."""
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("NSpid:"):
                numbers = line.split()[1:]
                return int(numbers[1]) if len(numbers) > 1 else int(numbers[0])
        raise NodeError(f"pid {pid}: no NSpid")

    # ---- runtimes ----

    def start_containerd(self):
        self.path("/etc/containerd/config.toml").write_text(CONTAINERD_CONFIG % (PAUSE_IMAGE, self.snapshotter))
        self.path("/etc/cni/net.d/10-node.conflist").write_text(json.dumps(CNI_CONFIG))
        self.spawn(["containerd"], ready=lambda _: self.exec(["ctr", "version"], check=False).returncode == 0)
        self.exec(["ctr", "-n", "k8s.io", "images", "import", "--snapshotter", self.snapshotter, "/mnt/image.tar"])

    def start_docker(self):
        self.spawn(["dockerd", "--iptables=false", "--ip6tables=false", "--bridge=none", "--storage-driver=vfs",
                    "--oom-score-adjust=0"],
                   ready=lambda _: self.exec(["docker", "version"], check=False).returncode == 0)
        if AGENT_IMAGE not in self.exec(["docker", "images", "--format", "{{.Repository}}:{{.Tag}}"]).stdout:
            self.exec(["docker", "load", "-i", "/mnt/image.tar"])

    def kill_docker(self):
        """As a crash does it: the socket's inode stays."""
        self.exec(["sh", "-c", "kill -9 $(cat /var/run/docker.pid)"])
        wait_until("dockerd's end", lambda: self.exec(
            ["sh", "-c", "kill -0 $(cat /var/run/docker.pid)"], check=False).returncode != 0)

    def start_podman(self):
        self.path("/etc/containers/policy.json").write_text('{"default":[{"type":"insecureAcceptAnything"}]}')
        self.path("/etc/containers/storage.conf").write_text(
            '[storage]\ndriver = "vfs"\nrunroot = "/run/containers/storage"\ngraphroot = "/var/lib/containers/storage"\n')
        self.path("/etc/containers/containers.conf").write_text(
            '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\nruntime = "runc"\n'
            '[containers]\nnetns = "none"\napparmor_profile = "unconfined"\n')
        self.exec(["mkdir", "-p", "/run/podman"])
        self.spawn(["podman", "system", "service", "--time=0", "unix:///run/podman/podman.sock"],
                   ready=lambda _: self.path("/run/podman/podman.sock").is_socket())
        self.exec(["podman", "load", "-i", "/mnt/image.tar"])

    # ---- containers ----

    @property
    def cri(self):
        if not self._cri:
            self._cri = Cri(self)
        return self._cri

    def pod(self, namespace, name, command, container="main", image=APP_IMAGE, mounts=(), host_network=False,
            host_pid=False, host_ipc=False, privileged=False, capabilities=(), user=None, labels=None, uid=None,
            drop=(), runtime_default=False, read_only_root=False, no_new_privileges=False):
        """
        A pod of one container through the CRI, with the labels that a kubelet
        gives. mounts: (node path, container path, read only[, propagation]).
        Without a command the image's own is run. runtime_default: with the
        runtime's own seccomp profile, which a pod on EKS does not get unasked.
        """
        m = self.cri.messages
        uid = uid or "%08x-0000-4000-8000-%012x" % (abs(hash((namespace, name))) % 2**32, len(self.truth) + 1)
        own_labels = {"io.kubernetes.pod.name": name, "io.kubernetes.pod.namespace": namespace,
                      "io.kubernetes.pod.uid": uid, **(labels or {})}
        options = m.NamespaceOption(network=2 if host_network else 0, pid=2 if host_pid else 1,
                                    ipc=2 if host_ipc else 0)
        sandbox = m.PodSandboxConfig(
            metadata=m.PodSandboxMetadata(name=name, uid=uid, namespace=namespace),
            hostname="" if host_network else name, log_directory=f"/var/log/pods/{uid}", labels=own_labels,
            linux=m.LinuxPodSandboxConfig(
                cgroup_parent=f"/kubepods/burstable/pod{uid}",
                security_context=m.LinuxSandboxSecurityContext(namespace_options=options, privileged=privileged)))
        sandbox_id = self.cri.call("RunPodSandbox", m.RunPodSandboxRequest(config=sandbox),
                                   m.RunPodSandboxResponse).pod_sandbox_id
        self.sandboxes[sandbox_id] = sandbox
        security = m.LinuxContainerSecurityContext(
            privileged=privileged, namespace_options=options, readonly_rootfs=read_only_root,
            no_new_privs=no_new_privileges,
            capabilities=m.Capability(add_capabilities=list(capabilities), drop_capabilities=list(drop)))
        if user is not None:
            security.run_as_user.value = user
        if runtime_default:
            security.seccomp.SetInParent()
        return self._container(sandbox_id, command, container, image, mounts, security)

    def ephemeral(self, pod, command, container="debugger", image=APP_IMAGE, mounts=(), target=None, capabilities=()):
        """One more container in a pod that runs, as kubectl debug adds it; target: a container whose pids it shares."""
        # The container's own pid namespace, or (3) that of the target.
        m = self.cri.messages
        security = m.LinuxContainerSecurityContext(
            namespace_options=m.NamespaceOption(pid=3 if target else 1, target_id=target or ""),
            capabilities=m.Capability(add_capabilities=list(capabilities)))
        return self._container(pod["sandbox"], command, container, image, mounts, security)

    def _container(self, sandbox_id, command, name, image, mounts, security):
        m = self.cri.messages
        sandbox = self.sandboxes[sandbox_id]
        config = m.ContainerConfig(
            metadata=m.ContainerMetadata(name=name), image=m.ImageSpec(image=image), command=list(command),
            labels={**sandbox.labels, "io.kubernetes.container.name": name}, log_path=f"{name}/0.log",
            mounts=[m.Mount(host_path=mount[0], container_path=mount[1], readonly=mount[2],
                            propagation=mount[3] if len(mount) > 3 else 0) for mount in mounts],
            linux=m.LinuxContainerConfig(security_context=security))
        made = self.cri.call("CreateContainer", m.CreateContainerRequest(
            pod_sandbox_id=sandbox_id, config=config, sandbox_config=sandbox), m.CreateContainerResponse).container_id
        self.cri.call("StartContainer", m.StartContainerRequest(container_id=made), m.StartContainerResponse)
        return {"id": made, "sandbox": sandbox_id, "pid": self._status(made)[1]["pid"],
                "namespace": sandbox.metadata.namespace, "pod": sandbox.metadata.name,
                "uid": sandbox.metadata.uid, "name": name, "image": image}

    def _status(self, container):
        """The runtime's status of a container, with the details that only it knows."""
        m = self.cri.messages
        answer = self.cri.call("ContainerStatus", m.ContainerStatusRequest(container_id=container, verbose=True),
                               m.ContainerStatusResponse)
        return answer.status, json.loads(answer.info["info"])

    def finished(self, container):
        """Waits for a container's end; its exit status, stdout and stderr as kubectl logs has them."""
        exited = 2
        wait_until(f"{container['name']}'s end", lambda: self._status(container["id"])[0].state == exited)
        streams = {"stdout": "", "stderr": ""}
        log = self.path(f"/var/log/pods/{container['uid']}/{container['name']}/0.log")
        for line in log.read_text().splitlines():
            # time, stream, F (the line is whole) or P (its next part follows), text
            _, stream, tag, text = line.split(" ", 3)
            streams[stream] += text + ("\n" if tag == "F" else "")
        return self._status(container["id"])[0].exit_code, streams["stdout"], streams["stderr"]

    def remove_pod(self, pod):
        m = self.cri.messages
        self.cri.call("RemovePodSandbox", m.RemovePodSandboxRequest(pod_sandbox_id=pod["sandbox"]),
                      m.RemovePodSandboxResponse)
        self.sandboxes.pop(pod["sandbox"], None)

    def docker(self, name, command, *options, image=APP_IMAGE, network="none"):
        made = self.exec(["docker", "run", "-d", "--name", name, "--network", network, "--security-opt",
                          "apparmor=unconfined", *options, image, *command]).stdout.strip()
        pid = int(self.exec(["docker", "inspect", "-f", "{{.State.Pid}}", made]).stdout)
        return {"id": made, "pid": pid, "name": name, "image": image}

    def podman(self, name, command, *options, image=APP_IMAGE):
        made = self.exec(["podman", "run", "-d", "--name", name, *options, image, *command]).stdout.strip()
        pid = int(self.exec(["podman", "inspect", "-f", "{{.State.Pid}}", made]).stdout)
        return {"id": made, "pid": pid, "name": name, "image": image}

    def in_container(self, container, command, check=True):
        """Runs a command with the namespaces of a container's process."""
        return self.exec(["nsenter", f"--target={container['pid']}", "--mount", "--pid", "--net", "--root", "--wd",
                          "--", *command], check=check)

    def wait_connected(self, container, peers):
        """Until a container's first process holds so many sockets."""
        def held():
            out = self.exec(["sh", "-c", f"ls -l /proc/{container['pid']}/fd 2>/dev/null | grep -c socket:"],
                            check=False).stdout.strip()
            return out and int(out) >= peers
        wait_until(f"{peers} connections of {container['id'][:12]}", held)
