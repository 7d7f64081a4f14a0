# The document's script with the real program, on a node with containers: what
# is printed fits where Systems Manager shows it, and the status says what it means.
import base64
import gzip
import json
import time

import conftest
import findings
import pytest
import schema

TEXT_LIMIT, LIST_LIMIT = 24000, 2500  # characters, of get-command-invocation and of lists


@pytest.fixture(scope="module")
def truth(bench):
    return bench.scene("mission")


def packed(raw, zipped=True):
    """A finding as the parameter takes it."""
    content = json.dumps(raw).encode()
    return base64.b64encode(gzip.compress(content, 9) if zipped else content).decode()


def about(container, socket_path="/var/run/docker.sock", **facts):
    return findings.finding(container, socket_path, findings.an_event(), **facts)


# ---- what it asks of sockprobe ----

@pytest.mark.parametrize("values, arguments", [
    ({}, "scan --root / --timeout 30 --max-bytes 24000"),
    ({"Output": "summary"}, "scan --root / --timeout 30 --max-bytes 2300"),
    ({"Output": "text"}, "scan --root / --timeout 30 --format text"),
    ({"Output": "full"}, "scan --root / --timeout 30"),
    ({"Timeout": "600", "Root": "/.bottlerocket/rootfs"},
     "scan --root /.bottlerocket/rootfs --timeout 600 --max-bytes 24000"),
], ids=["json", "summary", "text", "full", "others"])
@pytest.mark.parametrize("place", ["/usr/bin/sockprobe", "/usr/local/bin/sockprobe", "/opt/sockprobe/bin/sockprobe"])
def test_arguments(step, fake, place, values, arguments):
    done = step.run(program=fake(0), Executable=place, **values)
    assert (done.returncode, done.stdout) == (0, arguments + "\n")


@pytest.mark.parametrize("shell", conftest.SHELLS, ids=lambda words: words[0])
@pytest.mark.parametrize("finding", [
    "eyJhIjogIiQodG91Y2ggY2FuYXJ5KSAlcyJ9Cg==",
    "H4sIAAAAAAACA6tWSlSyUlBS0SjJL03OUEhOzEssqtRUUC1WquUCAKzwfHMcAAAA",
], ids=["plain", "gzip"])
def test_the_finding_is_its_input(step, fake, shell, finding):
    done = step.run(program=fake(0), shell=shell, Finding=finding)
    assert (done.returncode, done.stdout) == (
        0, 'explain --root / --timeout 30 --max-bytes 24000 -\n{"a": "$(touch canary) %s"}\n')


@pytest.mark.parametrize("shell", conftest.SHELLS, ids=lambda words: words[0])
@pytest.mark.parametrize("finding", ["", "e30K"], ids=["scan", "explain"])
@pytest.mark.parametrize("status, ends", [(0, 0), (1, 0), (2, 2), (64, 64), (65, 65), (70, 70), (74, 74), (137, 137)])
def test_status(step, fake, shell, finding, status, ends):
    done = step.run(program=fake(status), shell=shell, Finding=finding)
    assert (done.returncode, done.stderr) == (ends, "sockprobe: the conclusion\n")


@pytest.mark.parametrize("status, stderr", [(0, ""), (1, ""), (2, ""), (65, "sockprobe: the conclusion\n")])
def test_a_summary_has_no_conclusion_beside_it_but_errors(step, fake, status, stderr):
    assert step.run(program=fake(status), Output="summary").stderr == stderr


# ---- real evidence ----

def test_json_fits_and_is_evidence(node_step, truth):
    evidence = node_step.evidence()
    assert len(evidence.text) <= TEXT_LIMIT
    assert (evidence.status, list(evidence.document)[:3]) == (0, ["schema", "verdict", "summary"])
    assert evidence["verdict"]["decision"] == "not_judged"
    assert evidence["summary"]["complete"] is True
    assert evidence.path("/var/run/docker.sock")["kind"] == "directory"
    assert evidence.stderr == ("sockprobe: 2 live runtime sockets, 1 inert path; 1 container can connect to a live one, "
                               "4 connections now; evidence complete\n")


def check_summary(done):
    assert done.stderr == ""
    assert len(done.stdout) <= LIST_LIMIT
    shown = conftest.listed(done.stdout, done.stderr, done.returncode)
    assert shown, "cut in a list"
    document = schema.load(shown.split("\n")[0])
    assert list(document)[:3] == ["schema", "verdict", "summary"]
    return document


def test_summary_fits_a_list(node_step, truth):
    done = node_step.run(Output="summary")
    document = check_summary(done)
    assert (done.returncode, document["summary"]["complete"]) == (0, True)
    assert document["summary"]["directories"] == ["/run/docker.sock"]
    assert document["left_out"]["/paths"] > 0


def test_text_is_the_report(node_step, truth):
    done = node_step.run(Output="text")
    assert done.returncode == 0
    assert "connected\n    1 x sockpeer[" in done.stdout and done.stdout.endswith("\nnothing was kept from view\n")
    assert len(done.stdout) <= TEXT_LIMIT and "\033" not in done.stdout


@pytest.mark.parametrize("zipped", [True, False], ids=["gzip", "plain"])
def test_a_finding_is_judged(node_step, truth, zipped):
    value = packed(about(truth["agent"]), zipped)
    assert conftest.accepted("Finding", value) and len(value) < 4096
    evidence = node_step.evidence(Finding=value)
    assert len(evidence.text) <= TEXT_LIMIT
    assert (evidence.status, evidence["verdict"]["decision"]) == (0, "supported")


def test_not_supported_is_an_answer(node_step, truth):
    evidence = node_step.evidence(Finding=packed(about(truth["agent"], "/run/containerd/containerd.sock")))
    assert (evidence.status, evidence["verdict"]["decision"]) == (0, "not_supported")


def test_inconclusive_is_a_failure(node_step, truth):
    # before any of it was there
    evidence = node_step.evidence(Finding=packed(findings.finding(truth["agent"], first=1700000000)))
    assert (evidence.status, evidence["verdict"]["decision"]) == (2, "inconclusive")


@pytest.mark.parametrize("output", ["json", "summary"])
def test_incomplete_is_a_failure_with_evidence(step, tmp_path, output):
    empty = tmp_path / "root"
    empty.mkdir()
    done = step.run(Root=str(empty), Output=output)
    document = schema.load(done.stdout)
    assert (done.returncode, document["summary"]["complete"]) == (2, False)
    # what the agent adds for a failure still fits
    assert (output != "summary") or check_summary(done)


def test_what_is_no_finding(node_step, truth):
    done = node_step.run(Finding=packed({"a": "\033[31m"}), Output="summary")
    assert (done.returncode, done.stdout) == (65, "")
    assert done.stderr.startswith("sockprobe: ") and "\033" not in done.stderr


@pytest.mark.parametrize("dialect", findings.DIALECTS)
def test_findings_of_every_form_fit_the_parameter(truth, dialect):
    value = base64.b64encode(gzip.compress(findings.DIALECTS[dialect](about(truth["agent"])).encode(), 9)).decode()
    assert conftest.accepted("Finding", value) and len(value) < 4096


def test_names_of_the_node_are_escaped(node_step, bench, truth):
    """A process names itself with a terminal's language, and holds a connection."""
    script = ("import ctypes, socket, time\n"
              "ctypes.CDLL(None).prctl(15, b'\\x1b[31m\\n{{x}}', 0, 0, 0)\n"
              "s = socket.socket(socket.AF_UNIX)\n"
              "s.connect('/run/containerd/containerd.sock')\n"
              "print('ready', flush=True)\ntime.sleep(600)\n")
    bench.node.spawn(["/usr/bin/python3", "-c", script], ready=lambda text: "ready" in text)
    evidence = node_step.evidence()
    (name,) = [row["client"]["comm"] for row in evidence["connections"] if "31m" in row["client"]["comm"]]
    assert name == "\x1b[31m\n{{x}}"
    for output in ("json", "summary", "text", "full"):
        done = node_step.run(Output=output)
        assert not set(done.stdout + done.stderr) - {"\n", *map(chr, range(32, 127))}
        assert output == "text" or done.stdout.count("\n") == 1


# ---- a node with more than fits: the last, since what it makes stays ----

@pytest.fixture(scope="module")
def crowd(bench, truth):
    return bench.scene("crowd")


def check_short(text):
    """Shortened evidence is of the schema; only its pointers may lead to what was left out."""
    assert len(text) <= TEXT_LIMIT
    document = schema.load(text)
    schema.load_validator().validate(document)
    assert list(document)[:4] == ["schema", "verdict", "summary", "left_out"]


def test_crowd_json_fits_and_is_evidence(node_step, crowd):
    done = node_step.run()
    assert done.returncode == 0
    check_short(done.stdout)
    document = json.loads(done.stdout)
    assert document["summary"]["containers_that_can_connect"] == 23
    assert document["summary"]["complete"] is True


def test_crowd_summary_fits_a_list(node_step, crowd):
    document = check_summary(node_step.run(Output="summary"))
    assert document["summary"]["containers_that_can_connect"] == 23


@pytest.mark.parametrize("socket_path, decision", [
    ("/var/run/docker.sock", "supported"), ("/run/containerd/containerd.sock", "not_supported")])
def test_crowd_summary_has_the_verdict(node_step, truth, crowd, socket_path, decision):
    done = node_step.run(Output="summary", Finding=packed(about(truth["agent"], socket_path)))
    document = check_summary(done)
    assert (done.returncode, document["verdict"]["decision"]) == (0, decision)


def test_crowd_full_is_whole_and_can_be_judged_again(node_step, truth, crowd, sockprobe_here):
    value = packed(about(truth["agent"]))
    evidence = node_step.evidence(Output="full", Finding=value)
    assert len(evidence.text) > TEXT_LIMIT and "left_out" not in evidence.document
    done = sockprobe_here("judge", "-", input=evidence.text)
    assert (done.returncode, json.loads(done.stdout)["verdict"]["decision"]) == (0, "supported")
    # the shorter ones cannot
    short = node_step.run(Output="json", Finding=value).stdout
    check_short(short)
    assert sockprobe_here("judge", "-", input=short).returncode == 65
