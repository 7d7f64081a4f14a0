# make help names every target that is for people.
import re
import subprocess

from conftest import REPO

INNER = {"FORCE", "all", "help", "tidy", "downloads"}


def test_help_names_every_target():
    run = {"cwd": REPO, "capture_output": True, "text": True}
    table = subprocess.run(["make", "--print-data-base", "--question", "help"], **run).stdout
    targets = set(re.search(r"^\.PHONY: (.*)$", table, re.M)[1].split())
    told = set(re.findall(r"\bmake ([a-z-]+)", subprocess.run(["make", "help"], check=True, **run).stdout))
    assert {"unit", "krew", "bench"} <= targets
    assert targets - INNER == told
