# What the tests of the delivery share: the files that make dist, image and rpm
# made, and the node and the evidence of the integration tests.
import os
import pathlib
import re
import subprocess
import sys

import pytest

REPO = pathlib.Path(__file__).resolve().parent.parent.parent
DIST = REPO / "build" / "dist"
VERSION = re.search(r'SOCKPROBE_VERSION "(.*)"', (REPO / "include/sockprobe/version.h").read_text())[1]
ARCHITECTURES = ["x86_64", "aarch64"]


def program(architecture):
    return DIST / f"sockprobe-{VERSION}-{architecture}"


# What is delivered is what is tested, with the integration tests' means as well.
os.environ["SOCKPROBE"] = str(program("x86_64"))
sys.path.insert(0, str(REPO / "tests" / "integration"))

from probing import Evidence, bench  # noqa: E402, F401


def run(*command, **options):
    options = {"capture_output": True, "text": True, "errors": "replace", "check": True, "timeout": 3000, **options}
    try:
        return subprocess.run([str(word) for word in command], **options)
    except subprocess.CalledProcessError as error:
        raise AssertionError(f"{command}: exit {error.returncode}: {error.stdout}{error.stderr}") from error


@pytest.fixture(scope="session")
def evidence_file(tmp_path_factory):
    """Evidence of this machine, by the ordinary program."""
    path = tmp_path_factory.mktemp("evidence") / "evidence.json"
    path.write_text(run(program("x86_64"), "scan", check=False).stdout)
    return path
