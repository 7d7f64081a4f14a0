# What the tests of the manuals and completions share: the pages' sources, what
# the program says of itself, and the node of the integration tests.
import pathlib
import re
import subprocess
import sys

import pytest

REPO = pathlib.Path(__file__).resolve().parents[2]
PAGE = REPO / "packaging" / "man" / "sockprobe.8"
EVIDENCE_PAGE = REPO / "packaging" / "man" / "sockprobe-evidence.5"
BASH = REPO / "packaging" / "completions" / "bash" / "sockprobe"
ZSH = REPO / "packaging" / "completions" / "zsh"

sys.path[:0] = [str(pathlib.Path(__file__).parent), str(REPO / "tests" / "integration")]

from probing import PROGRAM, bench  # noqa: E402, F401


def section(page, name, kind="Sh"):
    """The lines of a page's section, or with "Ss" of a part of one."""
    lines = page.read_text().splitlines()
    start = lines.index(f".{kind} {name}") + 1
    heads = (".Sh ",) if kind == "Sh" else (".Sh ", ".Ss ")
    end = next((i for i in range(start, len(lines)) if lines[i].startswith(heads)), len(lines))
    return lines[start:end]


class Help:
    """What --help lists."""

    def __init__(self, text):
        parts = re.split(r"^(commands|options|exit status):", text, flags=re.M)
        parts = dict(zip(parts[1::2], parts[2::2]))
        self.commands = re.findall(r"^  ([a-z]+) ", parts["commands"], re.M)
        heads = re.findall(r"^  (-.*?)(?:  .*)?$", parts["options"], re.M)
        self.options = {name for head in heads for name in re.findall(r"(?<![\w-])--?[a-z][a-z-]*", head)}
        self.statuses = set(re.findall(r"\b(\d+) [a-z]", parts["exit status"]))


@pytest.fixture(scope="session")
def usage():
    return Help(subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=True).stdout)
