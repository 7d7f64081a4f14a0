# The examples of sockprobe(8), taken from the page and run in their order on a
# node: each ends as the page says, and what it makes is there.
import json
import re
import shlex
import subprocess
import time

import conftest
import findings
import pytest

FOLDER = "/run/examples"
# What the page has, as the program ended when it was run.
EXPECTED = [
    ("# sockprobe -o text", 0),
    ("# sockprobe --path /run/custom/runtime.sock --output evidence.json", 0),
    ("# sockprobe explain finding.json --output judged.json", 0),
    ("# sockprobe explain - --max-bytes 24000 < finding.json", 0),
    ("$ sockprobe report judged.json -o markdown --output ticket.md", 0),
    ("$ sockprobe judge judged.json | cmp - judged.json", 0),
    ("$ sockprobe filter judged.json -o terraform", 0),
    ("$ sockprobe filter judged.json --scope finding_type,namespace", 1),
    ("# sockprobe explain live.json --output live-judged.json", 1),
    ("$ sockprobe judge live-judged.json --expect clients.json -o text", 0),
    ("$ sockprobe report evidence.json -o in-toto --output statement.json", 0),
]


def examples():
    """Each line to be run, with the status that the text before it gives."""
    rows, status = [], None
    for line in conftest.section(conftest.PAGE, "EXAMPLES"):
        if line.startswith(".Dl "):
            rows.append((line[len(".Dl "):], status))
            status = None
        elif line.startswith("Exits "):
            status = int(re.match(r"Exits (\d+)\b", line)[1])
    return rows


def literal(page, name):
    """The first literal block of a section, as a reader sees it."""
    text = "\n".join(conftest.section(page, name))
    return re.search(r"^\.Bd -literal.*?\n(.*?)\n\.Ed", text, re.S | re.M)[1].replace("\\e", "\\")


def test_the_page_has_these():
    assert examples() == EXPECTED


@pytest.fixture(scope="module")
def ran(bench):
    """The node after all of them, and how each ended, by its line."""
    truth = bench.scene("mission")
    place = bench.node.path(FOLDER)
    place.mkdir()
    # a user without rights may write to the folder, but not read files of root
    place.chmod(0o1777)
    time.sleep(1.1)
    now = int(time.time())
    for name, path in (("finding", "/var/run/docker.sock"), ("live", "/host/var/run/containerd/containerd.sock")):
        raw = findings.finding(truth["agent"], path, now, workload="datadog-agent", workload_type="daemonsets")
        raw["service"]["runtimeDetails"]["process"]["executablePath"] = "/opt/agent/bin/agent"
        (place / f"{name}.json").write_text(json.dumps(raw))
    (place / "clients.json").write_text(literal(conftest.PAGE, "EXPECTED CLIENTS"))
    done = {}
    for line, _ in examples():
        # the page's name for the program is a function of the shell
        script = f'sockprobe() {{ {shlex.quote(str(conftest.PROGRAM))} "$@"; }}; cd {FOLDER} && umask 022 && {line[2:]}'
        user = [] if line[0] == "#" else ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                                          "--bounding-set=-all", "--inh-caps=-all"]
        done[line] = bench.node.exec([*user, "sh", "-c", script], check=False)
    return place, done


@pytest.mark.parametrize("line, status", EXPECTED, ids=[line for line, _ in EXPECTED])
def test_example(ran, line, status):
    _, done = ran
    assert done[line].returncode == status, done[line].stderr


def test_what_they_print_is_what_they_are_for(ran):
    place, done = ran
    said = [done[line].stdout for line, _ in EXPECTED]
    assert said[0].startswith("node ") and "/run/docker.sock" in said[0]
    evidence = json.loads((place / "evidence.json").read_text())
    assert ["/run/custom/runtime.sock"] in [path["names"] for path in evidence["paths"]]
    assert json.loads((place / "judged.json").read_text())["verdict"]["decision"] == "supported"
    short = json.loads(said[3])
    assert short["verdict"]["decision"] == "supported" and len(said[3].encode()) <= 24000
    assert "supported" in (place / "ticket.md").read_text()
    assert 'resource "aws_guardduty_filter" "sockprobe"' in said[6]
    assert "every workload of the namespace" in done[EXPECTED[7][0]].stderr
    assert json.loads((place / "live-judged.json").read_text())["verdict"]["decision"] == "not_supported"
    assert "TICKET-1" in said[9]
    statement = json.loads((place / "statement.json").read_text())
    assert statement["_type"] == "https://in-toto.io/Statement/v1" and statement["predicate"] == evidence


def test_report_is_text_unless_it_must_fit(bench, ran):
    assert ran
    name = f"{FOLDER}/judged.json"
    assert bench.run("report", name).stdout.startswith("node ")
    assert json.loads(bench.run("report", name, "--max-bytes", "5000").stdout)["left_out"]


def test_evidence_examples_with_jq(ran):
    place, _ = ran
    text = "\n".join(conftest.section(conftest.EVIDENCE_PAGE, "EXAMPLES"))
    blocks = re.findall(r"^\.Bd -literal.*?\n(.*?)\n\.Ed", text, re.S | re.M)
    listening, gaps = [subprocess.run(["sh", "-c", block.replace("\\e", "\\")], cwd=place, capture_output=True,
                                      text=True, check=True).stdout for block in blocks]
    assert listening.splitlines() == ["/run/containerd/containerd.sock: 1", "/run/containerd/containerd.sock.ttrpc: 1"]
    assert gaps == ""
