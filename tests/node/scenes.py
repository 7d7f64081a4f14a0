# Scenes for the test node: each makes something real on it and returns the
# truth as its maker knows it, from the runtimes' own answers. A scene's name
# is its function's.
from node import AGENT_IMAGE, HELPER, NodeError

DOCKER = "/var/run/docker.sock"
CONTAINERD = "/run/containerd/containerd.sock"


def mission(node):
    """
    The runtime itself makes docker.sock a directory, from an untyped hostPath;
    a datadog-like agent has /var/run at /host/var/run and in truth talks to
    containerd.sock; another pod has nothing to do with any of it.
    """
    maker = node.pod("amazon-cloudwatch", "cloudwatch-agent-9qj4d", [HELPER, "init"], container="cloudwatch-agent",
                     mounts=[(DOCKER, DOCKER, True)])
    agent = node.pod("datadog", "datadog-agent-x7k2p", [HELPER, "hold", "/host" + "/var" + CONTAINERD, "1"],
                     container="agent", image=AGENT_IMAGE, mounts=[("/var/run", "/host/var/run", True)])
    bystander = node.pod("shop", "web-5d4f8-abcde", [HELPER, "init"], container="web")
    node.wait_connected(agent, 1)
    return {"maker": maker, "agent": agent, "bystander": bystander}


def docker_live(node):
    """A live dockerd; a container has its socket read-only and is connected."""
    node.start_docker()
    client = node.docker("watcher", [HELPER, "hold", DOCKER, "3"], "-v", f"{DOCKER}:{DOCKER}:ro")
    node.wait_connected(client, 3)
    return {"client": client, "connections": 3}


def docker_stale(node):
    """dockerd was killed: the socket's inode is left, without a listener."""
    node.start_docker()
    node.kill_docker()
    return {"path": DOCKER}


def old_inode(node):
    """A container has a mount of the socket of a daemon that was restarted since."""
    old = node.helper("serve", "/run/docker.sock", "stream", "accept")
    holder = node.pod("legacy", "poller-0", [HELPER, "init"], container="poller", mounts=[(DOCKER, DOCKER, True)])
    node.exec(["kill", str(old)])
    node.exec(["rm", "/run/docker.sock"])
    node.helper("serve", "/run/docker.sock", "stream", "accept")
    fresh = node.pod("legacy", "poller-1", [HELPER, "hold", DOCKER, "1"], container="poller",
                     mounts=[(DOCKER, DOCKER, True)])
    node.wait_connected(fresh, 1)
    return {"holder": holder, "fresh": fresh}


def dind(node):
    """Docker in docker: a real dockerd at the container's own /var/run/docker.sock."""
    script = f"""
    export PATH=/usr/sbin:/usr/bin:/bin
    dockerd --iptables=false --ip6tables=false --bridge=none --storage-driver=vfs --oom-score-adjust=0 \
        --data-root /data > /tmp/dockerd.log 2>&1 &
    exec {HELPER} hold {DOCKER} 2
    """
    inner = node.pod("ci", "dind-0", ["/bin/sh", "-c", script], container="dind", privileged=True,
                     mounts=[("/usr", "/usr", True), ("/usr/lib", "/lib", True), ("/usr/lib64", "/lib64", True)])
    node.wait_connected(inner, 2)
    return {"inner": inner, "connections": 2}


def podman_user(node):
    """podman's API: root's service, with a client, and a user's own."""
    node.start_podman()
    uid, home = 4321, "/run/user/4321"
    node.exec(["sh", "-c", f"""
    cd /etc/docker
    for file in passwd subuid subgid; do
        cp /etc/$file . 2>/dev/null || touch $file
    done
    echo 'lab:x:{uid}:{uid}::{home}:/bin/sh' >> passwd
    echo 'lab:200000:65536' | tee -a subuid >> subgid
    for file in passwd subuid subgid; do
        [ -e /etc/$file ] && mount --bind /etc/docker/$file /etc/$file
    done
    install -d -o {uid} -g {uid} -m 0700 {home} {home}/podman
    """])
    user = node.spawn(["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "env", f"HOME={home}",
                       f"XDG_RUNTIME_DIR={home}", "PATH=/usr/sbin:/usr/bin:/bin", "podman", "--storage-driver=vfs",
                       "system", "service", "--time=0", f"unix://{home}/podman/podman.sock"],
                      ready=lambda _: node.path(f"{home}/podman/podman.sock").is_socket())
    client = node.podman("client", [HELPER, "hold", "/run/podman/podman.sock", "1"],
                         "-v", "/run/podman/podman.sock:/run/podman/podman.sock")
    node.wait_connected(client, 1)
    return {"client": client, "user_service": user, "uid": uid, "path": f"{home}/podman/podman.sock"}


def hostpid(node):
    """No mount at all, but the node's pid namespace and CAP_SYS_PTRACE."""
    able = node.pod("ops", "debugger-0", [HELPER, "init"], container="debugger", host_pid=True,
                    capabilities=["SYS_PTRACE"])
    unable = node.pod("ops", "viewer-0", [HELPER, "init"], container="viewer", host_pid=True, user=65534)
    return {"able": able, "unable": unable}


def userns(node):
    """Root of another user namespace has /run, and may not use its socket."""
    node.start_podman()
    mapped = node.podman("mapped", [HELPER, "init"], "--uidmap", "0:100000:65536", "--gidmap", "0:100000:65536",
                         "-v", "/run/containerd:/host/run/containerd")
    return {"mapped": mapped}


def crowd(node):
    """22 pods with network namespaces of their own hold 60 connections."""
    pods = []
    ways = [("/run/containerd", "/sockets", "/sockets/containerd.sock"),
            (CONTAINERD, "/c.sock", "/c.sock"),
            ("/", "/host", "/host" + CONTAINERD),
            ("/var/run", "/host/var/run", "/host/var" + CONTAINERD)]
    for i in range(22):
        source, target, path = ways[i % len(ways)]
        count = 3 if i < 16 else 2
        pods.append({**node.pod("crowd", f"client-{i:02}", [HELPER, "hold", path, str(count)], container="client",
                                mounts=[(source, target, True)]), "connections": count, "path": path})
    for pod in pods:
        node.wait_connected(pod, pod["connections"])
    return {"pods": pods, "connections": sum(pod["connections"] for pod in pods)}


def objects(node):
    """One of each kind of thing that may stand at a path, and a pod that has them all."""
    script = """
    set -e
    mkdir -p /run/objects/directory /run/objects/full/a /run/objects/full/b
    cd /run/objects
    ln -s nowhere dangling
    ln -s directory to_directory
    ln -s live to_live
    ln -s /run/objects/live absolute_to_live
    ln -s loop loop
    touch regular
    mkfifo fifo
    mknod device c 1 3
    """
    node.exec(["sh", "-c", script])
    base = "/run/objects/"
    node.exec([node.state / "sockpeer", "stale", base + "stale"])
    node.helper("serve", base + "live", "stream", "accept")
    node.helper("serve", base + "bound", "stream", "bind")
    node.helper("serve", base + "dgram", "dgram", "bind")
    node.helper("serve", base + "seqpacket", "seqpacket", "listen")
    node.helper("activate", base + "activated", node.state / "sockpeer", "init")
    node.exec(["install", "-d", "-o", "1000", "-g", "1000", base + "user"])
    node.spawn(["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "sh", "-c",
                f"umask 177; exec {node.state}/sockpeer serve {base}user/private stream accept"],
               ready=lambda text: "ready" in text)
    mounts = [("/run/objects", "/objects", True)]
    pod = node.pod("objects", "holder-0", [HELPER, "init"], container="holder", mounts=mounts)
    stranger = node.pod("objects", "stranger-0", [HELPER, "init"], container="stranger", mounts=mounts, user=1234)
    names = ["missing", "dangling", "directory", "to_directory", "full", "regular", "fifo", "device", "stale", "live",
             "to_live", "absolute_to_live", "loop", "bound", "dgram", "seqpacket", "activated",
             "user/private"]
    return {"base": base, "names": names, "pod": pod, "stranger": stranger, "stranger_uid": 1234,
            "in_pod": "/objects/"}


def shared(node):
    """One connection held by two processes, one passed on, one not accepted."""
    base = "/run/shared/"
    node.exec(["mkdir", "-p", base])
    server = node.helper("serve", base + "docker.sock", "stream", "accept")
    silent = node.helper("serve", base + "crio.sock", "stream", "listen")
    both = node.helper("share", base + "docker.sock")
    passed = node.helper("pass", base + "docker.sock")
    waiting = node.helper("hold", base + "crio.sock", "2")
    return {"base": base, "server": server, "silent": silent,
            "both": both, "passed": passed, "waiting": waiting}


SCENES = {scene.__name__: scene for scene in
          [mission, docker_live, docker_stale, old_inode, dind, podman_user, hostpid, userns, crowd, objects, shared]}


def build(node, name):
    """Builds a scene on a running node, remembers and returns its truth."""
    if name not in SCENES:
        raise NodeError(f"{name}: no such scene; there are {', '.join(SCENES)}")
    node.truth[name] = SCENES[name](node)
    node.save()
    return node.truth[name]
