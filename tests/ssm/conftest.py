# What the tests of the Systems Manager files share: the document, what the
# service and the agent would do with it, and its script run as the agent runs it.
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest
import yaml

REPO = pathlib.Path(__file__).resolve().parent.parent.parent
FOLDER = REPO / "packaging" / "ssm"
sys.path.insert(0, str(REPO / "tests" / "integration"))

from probing import PROGRAM, Evidence, bench  # noqa: E402, F401

# As an agent of version 3.3.2746.0 or later sets them where nothing is chosen.
DEFAULTS = {"SSM_Output": "json", "SSM_Finding": "", "SSM_Timeout": "30", "SSM_Root": "/",
            "SSM_Executable": "/usr/bin/sockprobe"}
# What `sh` is on a node: bash on Amazon Linux, dash on Ubuntu.
SHELLS = [["dash"], ["bash", "--posix"], ["busybox", "sh"]]

# Puts a program at the three places where the document allows one, in a mount
# namespace of its own, so that no file of the machine's is touched.
INSTALL = """
set -e
program=$1
shift
for place in /usr/local/bin /opt; do
    mount -t tmpfs none "$place"
done
mkdir -p /opt/sockprobe/bin
cp "$program" /usr/local/bin/sockprobe
cp "$program" /opt/sockprobe/bin/sockprobe
mkdir /opt/under
cp "$program" /opt/under/sockprobe
mount -t overlay -o lowerdir=/opt/under:/usr/bin overlay /usr/bin
exec "$@"
"""


def load_document():
    return yaml.safe_load((FOLDER / "sockprobe-scan.yaml").read_text())


def script():
    """The step's script, joined as the agent joins it."""
    (step,) = load_document()["mainSteps"]
    return "\n".join(step["inputs"]["runCommand"]) + "\n"


def accepted(name, value):
    """Whether the agent lets a parameter have this value: its validators, with Go's regular expressions."""
    parameter = load_document()["parameters"][name]
    # Without (?m) Go's $ is the text's very end; Python's is also before a last newline.
    pattern = re.sub(r"\$$", r"\\Z", parameter.get("allowedPattern", ""))
    return (re.search(pattern, value) is not None
            and value in parameter.get("allowedValues", [value])
            and len(value.encode()) <= parameter.get("maxChars", len(value.encode())))


def listed(stdout, stderr, status, capacity=2400):
    """What lists and the console show of a command: the agent's rule, with the smallest room that an agent gives."""
    if status:
        stderr += f"failed to run commands: exit status {status}"
    title = "\n----------ERROR-------\n" if stderr else ""
    if len(stdout) + len(stderr) < capacity - len(title):
        return stdout + title + stderr
    return None  # cut somewhere


class Step:
    """The document's step, on a node of the lab or (without one) on this machine."""

    def __init__(self, folder, node=None):
        self.folder, self.node = folder, node
        self.path = folder / "_script.sh"
        self.path.write_text(script())
        self.path.chmod(0o700)

    def wrapped(self, command, program=PROGRAM):
        """A command where the program is installed; False: where it is not."""
        if program:
            command = ["unshare", "--mount", "sh", "-c", INSTALL, "install", program, *command]
        command = [str(word) for word in command]
        return self.node.enter(command) if self.node else command

    def run(self, shell=("sh",), program=PROGRAM, environment=None, **values):
        """Runs it with parameters by name; `environment` in place of all variables."""
        if environment is None:
            environment = {**DEFAULTS, **{f"SSM_{name}": value for name, value in values.items()}}
        # The agent's way: no interpreter line, so the shell itself reads the file.
        return subprocess.run(self.wrapped([*shell, "-c", self.path], program), capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=600, cwd=self.folder,
                              env={"PATH": os.environ["PATH"], **environment})

    def evidence(self, **values):
        return Evidence(self.run(**values))


@pytest.fixture
def step(tmp_path):
    """The step on this machine."""
    return Step(tmp_path)


@pytest.fixture(scope="module")
def node_step(bench, tmp_path_factory):
    """The step on the node."""
    return Step(tmp_path_factory.mktemp("step"), bench.node)


@pytest.fixture
def fake(tmp_path):
    """Makes a program in sockprobe's place, which tells what it got and ends as told."""
    def make(status, stderr="sockprobe: the conclusion"):
        path = tmp_path / "fake"
        path.write_text("#!/bin/sh\nprintf '%s\\n' \"$*\"\ncat\n"
                        f"printf '%s\\n' '{stderr}' >&2\nexit {status}\n")
        path.chmod(0o755)
        return path
    return make


def load_json(name):
    return json.loads((FOLDER / name).read_text())


@pytest.fixture(scope="session")
def sockprobe_here():
    """sockprobe on this machine, directly."""
    def run(*arguments, **options):
        return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=300, **options)
    return run
