# Saved evidence: it prints and is judged as the live run was, byte for byte.
# Where somebody changed it (any value of any type anywhere), judge, report and
# filter answer or refuse with the place; they never crash, and what is missing is
# never "none".
import copy
import json
import re
import subprocess

import conftest
import findings
import pytest
import schema

COMMANDS = [["judge"], ["report"], ["filter"]]
WRONG = [None, True, -1, 1e308, "x", "", [], {}, ["a", 1], {"a": {"b": []}}]


@pytest.fixture(scope="module")
def agent(bench):
    return bench.scene("mission")["agent"]


def explain(bench, *raws, options=()):
    bench.node.path("/run/finding.json").write_text("\n".join(json.dumps(raw) for raw in raws))
    return bench.run("explain", "/run/finding.json", *options)


@pytest.fixture(scope="module")
def document(bench, agent):
    # Premise agreement: the record has a pod's name, which a DaemonSet's is the beginning of.
    raw = findings.finding(agent, "/var/run/docker.sock", findings.an_event(), workload="datadog-agent",
                           workload_type="daemonsets")
    return conftest.Evidence(explain(bench, raw)).document


@pytest.fixture(scope="module")
def live(bench, agent):
    """Evidence against a suppression: by the finding's name the agent reaches containerd."""
    raw = findings.finding(agent, "/host/var/run/containerd/containerd.sock", findings.an_event())
    evidence = conftest.Evidence(explain(bench, raw))
    assert (evidence["verdict"]["decision"], evidence.status) == ("not_supported", 1)
    return evidence.document


def run(command, evidence, **options):
    text = evidence if isinstance(evidence, str) else json.dumps(evidence)
    return subprocess.run([conftest.PROGRAM, *command, "-"], text=True, capture_output=True, timeout=20, input=text,
                          **options)


def refused(command, evidence):
    """The pointer with which the command refuses such evidence, and why."""
    done = run(command, evidence)
    assert (done.returncode, done.stdout) == (65, ""), (command, done.returncode, done.stderr)
    found = re.fullmatch(r"sockprobe: -: (/[^:]*): (.*)\n", done.stderr)
    assert found, done.stderr
    return found.groups()


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


# ---- what is missing is refused ----

@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_schema_alone_is_no_evidence(command):
    assert refused(command, {"schema": "sockprobe.evidence/v1"}) == ("/verdict", "missing")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("coverage", [[], {}, "x", None], ids=json.dumps)
def test_coverage_that_is_no_list_with_lines(document, command, coverage):
    pointer, why = refused(command, {**document, "coverage": coverage})
    assert pointer == "/coverage" and why != "missing"


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_coverage_that_is_misspelled(document, command):
    renamed = json.loads(json.dumps(document).replace('"coverage": [', '"covrage": [', 1))
    assert refused(command, renamed)[0] in ("/coverage", "/covrage")


def required(document):
    """The place of each member that the schema requires, of the first item of each list."""
    root = schema.load(schema.SCHEMA.read_bytes())

    def walk(value, rule, path):
        if "$ref" in rule:
            rule = {**root["$defs"][rule["$ref"].rsplit("/", 1)[1]], **{k: v for k, v in rule.items() if k != "$ref"}}
        if isinstance(value, dict):
            for key in rule.get("required", []):
                yield (*path, key)
            for key, item in value.items():
                yield from walk(item, rule.get("properties", {}).get(key, {}), (*path, key))
        elif isinstance(value, list) and value:
            yield from walk(value[0], rule.get("items", {}), (*path, 0))

    return list(dict.fromkeys(walk(document, root, ())))


def test_each_required_member_in_turn(document):
    """The schema says which; without one of them evidence is refused, with its place."""
    every = required(document)
    assert len(every) > 100 and ("containers", 0, "conflicts") in every and ("coverage",) in every
    for path in every:
        without = changed(document, path, ...)
        if path == ("schema",):
            assert all(run(command, without).returncode == 65 for command in COMMANDS)
            continue
        pointer = "".join(f"/{step}" for step in path)
        for command in COMMANDS:
            assert refused(command, without) == (pointer, "missing")


@pytest.mark.parametrize("command", [["judge"], ["filter"]], ids=" ".join)
def test_no_finding_to_judge(bench, document, command):
    scan = bench.run("scan").stdout
    done = run(command, scan)
    assert (done.returncode, done.stdout) == (65, "") and "holds no finding" in done.stderr
    for wrong in ([], None, {}, "x"):
        assert refused(command, {**json.loads(scan), "findings": wrong})[0] == "/findings"
    # a verdict that supports, without what it was judged on
    without = {key: value for key, value in document.items() if key not in ("findings", "verdicts")}
    assert refused(command, without)[0] == "/verdict/finding"


@pytest.mark.parametrize("source", ["processes", "mount_tables", "network_namespaces", "paths", "sockets",
                                    "file_descriptors", "pid_namespace", "container_views", "runtime_records"])
def test_a_source_without_a_line_is_unknown(document, source):
    lines = [line for line in document["coverage"] if line["source"] != source]
    assert len(lines) < len(document["coverage"])
    done = run(["judge"], {**document, "coverage": lines})
    assert done.returncode == 2
    reasons = [reason for reason in json.loads(done.stdout)["verdict"]["reasons"] if reason["rule"] == "coverage"]
    assert [(reason["holds"], reason["text"].split()[0]) for reason in reasons] == [(None, source), (None, "not")]


# ---- a verdict in a file is not believed ----

@pytest.mark.parametrize("form", ["json", "cli", "terraform", "cloudformation"])
def test_filter_judges_again(live, form):
    forged = json.loads(json.dumps(live).replace('"not_supported"', '"supported"'))
    assert forged["verdict"]["decision"] == forged["verdicts"][0]["decision"] == "supported"
    done = run(["filter", "-o", form], forged)
    assert (done.returncode, done.stdout) == (1, "") and "the verdict is not_supported" in done.stderr


def test_filter_judges_with_what_was_declared(live, document):
    """The operator's word is in the document, so that it counts again."""
    declared = {"namespace": "datadog", "workload": "datadog-agent-x7k2p",
                "socket": "/host/var/run/containerd/containerd.sock"}
    assert run(["filter"], {**live, "expected": [declared]}).returncode == 0
    assert run(["filter"], document).returncode == 0


def test_an_old_id_with_another_socket_is_another_finding(document, agent, tmp_path):
    """A finding comes again under its id, but names what answers."""
    raw = findings.finding(agent, "/host/var/run/containerd/containerd.sock", findings.an_event())
    assert raw["id"] == document["findings"][0]["id"]
    saved, finding = tmp_path / "evidence.json", tmp_path / "finding.json"
    saved.write_text(json.dumps(document))
    finding.write_text(json.dumps(raw))
    done = subprocess.run([conftest.PROGRAM, "judge", saved, finding], text=True, capture_output=True)
    assert json.loads(done.stdout)["verdict"]["decision"] == "not_supported" and done.returncode == 1


# ---- saved evidence is the run ----

def test_saved_is_written_as_it_was(bench, agent, document):
    """Several findings and a declared client, through every command that writes evidence."""
    expect = {"expected": [{"namespace": "datadog", "workload": "x", "socket": "/run/docker.sock", "why": "T-1"}]}
    bench.node.path("/run/expect.json").write_text(json.dumps(expect))
    raws = [findings.finding(agent, path, findings.an_event(), id=path)
            for path in ("/var/run/docker.sock", "/host/var/run/containerd/containerd.sock", "/\u00e9\u2028")]
    done = explain(bench, *raws, options=["--expect", "/run/expect.json"])
    assert (conftest.Evidence(done)["expected"][0]["why"], done.returncode) == ("T-1", 1)
    again = run(["judge"], done.stdout)
    assert (again.stdout, again.stderr, again.returncode) == (done.stdout, done.stderr, 1)
    assert run(["report", "-o", "json"], done.stdout).stdout == done.stdout
    scan = bench.run("scan")
    assert run(["report", "-o", "json"], scan.stdout).stdout == scan.stdout


@pytest.mark.parametrize("form", ["text", "markdown", "in-toto"])
def test_saved_prints_as_the_live_run_does(bench, agent, form):
    """Two runs on one node: what differs is their times, pids and inodes."""
    def still(text):
        return re.sub(r"[0-9]+", "0", text)

    raw = findings.finding(agent, "/var/run/docker.sock", findings.an_event())
    saved, printed = explain(bench, raw), explain(bench, raw, options=["-o", form])
    assert len(printed.stdout) > 1000
    assert still(run(["report", "-o", form], saved.stdout).stdout) == still(printed.stdout)
