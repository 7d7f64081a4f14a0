# What the integration tests share, with those of all that is delivered: the
# program, a test node for each module that wants one, and evidence that every
# test checks against the schema.
import atexit
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import warnings

import pytest

REPO = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(REPO / "tests" / "node"))
sys.path.insert(0, str(pathlib.Path(__file__).parent))

import node as lab  # noqa: E402
import scenes  # noqa: E402
import schema  # noqa: E402


def within_reach(program):
    """A copy that every user can run: the checkout may lie below a home that only its owner may enter."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sockprobe-"))
    atexit.register(shutil.rmtree, folder)
    folder.chmod(0o755)
    copy = pathlib.Path(shutil.copy(program, folder / "sockprobe"))
    copy.chmod(0o755)
    return copy


PROGRAM = within_reach(pathlib.Path(os.environ.get("SOCKPROBE", REPO / "sockprobe")))


class Evidence:
    """One run's output: the document, checked, and how the run ended."""

    def __init__(self, done):
        self.status, self.stderr, self.text = done.returncode, done.stderr, done.stdout
        self.document = schema.load(done.stdout)
        schema.check(self.document)

    def __getitem__(self, key):
        return self.document[key]

    def path(self, name, view=None):
        """The object that has this name, in the node's view or a container's."""
        found = [path for path in self["paths"] if name in path["names"] and path["view"] == view
                 and not path["unlinked"]]
        assert len(found) == 1, f"{name}: {len(found)} objects"
        return found[0]

    def ref(self, path):
        return f"/paths/{self['paths'].index(path)}"

    def access(self, path, container=None):
        return [row for row in self["access"] if row["path_ref"] == self.ref(path)
                and (container is None or row["container"] == container)]

    def connections(self, path):
        return [row for row in self["connections"] if row["path_ref"] == self.ref(path)]

    def container(self, identity):
        found = [row for row in self["containers"] if row["id"] == identity]
        assert len(found) == 1, f"container {identity}: listed {len(found)} times"
        return found[0]

    def coverage(self, source):
        return {row["status"] for row in self["coverage"] if row["source"] == source}

    def gaps(self):
        return {row["source"] for row in self["coverage"] if row["status"] != "complete"}


class Bench:
    """A node with its scenes, and sockprobe on it."""

    def __init__(self, node):
        self.node = node

    def scene(self, name):
        return scenes.build(self.node, name)

    def run(self, *arguments, prefix=(), late=False, **options):
        """
        sockprobe on the node, as a login on it would start it. A step that was not done within its two seconds is what a
        few tests are about (late); else it says that the machine is busy, and the program is run again.
        """
        for _ in range(5):
            done = self.node.exec([*prefix, PROGRAM, *arguments], check=False, **options)
            if late or '"timed_out"' not in done.stdout or os.getloadavg()[0] < os.cpu_count():
                break
            warnings.warn("a step timed out on a busy machine: run again", stacklevel=2)
        return done

    def scan(self, *arguments, prefix=(), **options):
        return Evidence(self.run("scan", *arguments, prefix=prefix, **options))


def needs_root():
    """Skips what makes a node, for a plain user; scripts/check accepts no such skip."""
    if os.geteuid() != 0:
        pytest.skip("needs root")


@pytest.fixture(scope="module")
def bench():
    needs_root()
    with lab.Node() as node:
        node.start(("containerd",))
        yield Bench(node)


@pytest.fixture(scope="session")
def sockprobe():
    """sockprobe on this machine: for what needs no node."""
    def run(*arguments, **options):
        options = {"capture_output": True, "text": True, "timeout": 300, **options}
        return subprocess.run([PROGRAM, *arguments], **options)
    return run
