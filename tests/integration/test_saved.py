# Saved evidence that somebody changed: any value of any type anywhere. Judge,
# report and filter answer or refuse; they never crash.
import copy
import json
import subprocess

import conftest
import findings
import pytest

WRONG = [None, True, -1, 1e308, "x", "", [], {}, ["a", 1], {"a": {"b": []}}]


@pytest.fixture(scope="module")
def document(bench):
    truth = bench.scene("mission")
    raw = findings.finding(truth["agent"], "/var/run/docker.sock", 4000000000, workload="datadog-agent")
    bench.node.path("/run/finding.json").write_text(json.dumps(raw))
    return conftest.Evidence(bench.run("explain", "/run/finding.json")).document


def places(value, path=()):
    yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value[:2]):
            yield from places(item, (*path, index))


def changed(document, path, wrong):
    document = copy.deepcopy(document)
    at = document
    for step in path[:-1]:
        at = at[step]
    if wrong is ...:
        del at[path[-1]]
    else:
        at[path[-1]] = wrong
    return document


@pytest.mark.parametrize("command", [["judge"], ["report"], ["report", "-o", "markdown"], ["filter"]],
                         ids=lambda command: "-".join(command))
def test_changed_anywhere(document, command):
    every = [path for path in places(document) if path]
    for number, path in enumerate(every):
        # another wrong value at each place, all of them over the whole
        for wrong in (WRONG[number % len(WRONG)], ...):
            done = subprocess.run([conftest.PROGRAM, *command, "-"], text=True, capture_output=True, timeout=120,
                                  input=json.dumps(changed(document, path, wrong)))
            assert done.returncode in (0, 1, 2, 64, 65), (path, wrong, done.returncode, done.stderr[-300:])
            assert done.stdout.isascii()
            if command == ["judge"] and done.returncode < 64:
                json.loads(done.stdout)


def test_judge_mends_what_was_forged(document):
    """A verdict that somebody wrote into the file is judged again."""
    forged = changed(document, ("coverage", 0, "status"), "denied")
    forged["verdict"]["decision"] = "supported"
    done = subprocess.run([conftest.PROGRAM, "judge", "-"], text=True, capture_output=True, input=json.dumps(forged))
    assert done.returncode == 2
    assert json.loads(done.stdout)["verdict"]["decision"] == "inconclusive"
