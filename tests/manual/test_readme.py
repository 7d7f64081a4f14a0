# The README's commands are ones that there are: of this checkout the scripts,
# make's targets and the program's options; of others the names below.
import re
import shlex
import subprocess

import conftest
import pytest

OTHERS = {"aws", "dnf", "export", "kubectl", "less", "systemctl"}
PROGRAM = r"(\./)?sockprobe(-[0-9.]+-(x86_64|aarch64))?"


def commands():
    """Of the indented blocks and the fenced ones of shell, each command's words."""
    text = (conftest.REPO / "README.md").read_text()
    shell = "\n".join(re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S))
    prose = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    for line in [*re.findall(r"^    (.*)", prose, re.M), *shell.splitlines()]:
        words = shlex.split(line, comments=True)
        while words:
            end = next((i for i, word in enumerate(words) if word in ("&&", "|")), len(words))
            yield [word for word in words[:end] if word != "sudo"]
            words = words[end + 1:]


@pytest.fixture(scope="session")
def targets():
    rules = subprocess.run(["make", "-C", conftest.REPO, "-pRrq", "no-such-target"], capture_output=True, text=True).stdout
    return set(re.findall(r"^([a-z][a-z-]*):", rules, re.M))


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_command_is_there(words, usage, targets):
    if words[0] == "systemd-run":
        words = words[next(i for i, word in enumerate(words) if re.fullmatch(PROGRAM, word)):]
    if words[0] == "make":
        assert {word for word in words[1:] if "=" not in word} <= targets
    elif words[0].startswith("scripts/"):
        assert (conftest.REPO / words[0]).stat().st_mode & 0o111
    elif words[0] not in OTHERS:
        assert re.fullmatch(PROGRAM, words[0])
        assert {word for word in words[1:] if word.startswith("-")} <= usage.options
