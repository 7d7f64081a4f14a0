# Findings as somebody hostile would send them: a clear error with its place, or
# a judged finding with the bad field reported; never a crash, never a hang.
import copy
import json
import os
import re
import resource
import subprocess

import conftest
import findings
import pytest
import schema

RAW = findings.finding({"id": "a" * 64, "name": "agent", "image": "registry.example/datadog/agent:7", "namespace":
                        "datadog", "pod": "datadog-agent", "uid": "u"}, first=1700000000,
                       last=1700000100, instance_id="i-1")


@pytest.fixture(scope="module")
def evidence(tmp_path_factory):
    """Evidence of an empty root, on which findings are judged."""
    folder = tmp_path_factory.mktemp("evidence")
    root = folder / "root"
    root.mkdir()
    done = subprocess.run([conftest.PROGRAM, "--root", str(root)], capture_output=True, text=True)
    saved = folder / "evidence.json"
    saved.write_text(done.stdout)
    return saved


def judge(evidence, text, **options):
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
    finding = evidence.parent / "finding.json"
    finding.write_bytes(data)
    done = subprocess.run([conftest.PROGRAM, "judge", str(evidence), str(finding)], capture_output=True, timeout=120,
                          **options)
    assert done.returncode >= 0, f"killed by signal {-done.returncode}"
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def problems(evidence, raw):
    status, out, _ = judge(evidence, raw if isinstance(raw, (str, bytes)) else json.dumps(raw))
    assert status == 2
    document = schema.load(out)
    schema.check(document)
    return {problem["place"]: problem["text"] for problem in document["findings"][0]["problems"]}


FIXTURES = conftest.REPO / "tests" / "fixtures" / "findings"
# One finding as each dialect has it: what all can say, and what only
# GuardDuty's own does.
COMMON = {
    "id": "5ec0ffee" * 4, "type": findings.TYPE, "account_id": "210987654321", "region": "eu-central-1",
    "instance_id": "i-0fedcba9876543210", "cluster_name": "payments-prod",
    "container_id": "4f1c9d2ab87e6053f1d0c4b39a7e58216cf0d9b8e7a6453210fedcba98765432", "container_name": "agent",
    "image": "registry.example/datadog/agent:7.61.0", "process_name": "agent",
    "executable_path": "/opt/datadog-agent/bin/agent/agent",
    "executable_sha256": "9b1f0c55e2d84a3766c1b0e9f7d2a48835c6e1907f4b2d3a8e5c60719f2b4d86",
    "socket_path": "/var/run/docker.sock", "pid": 41120, "process_started_at": "2026-11-22T13:20:01.750Z",
    "event_first_seen": "2026-11-22T13:40:00.000Z", "event_last_seen": "2026-11-23T09:15:30.125Z", "count": 14,
    "problems": [],
}
OWN = {"namespace": "datadog", "workload_name": "datadog-agent", "workload_type": "daemonsets",
       "image_prefix": "registry.example/datadog", "archived": False,
       "detector_id": "0ab1c2d3e4f5061728394a5b6c7d8e9f"}


@pytest.mark.parametrize("name", sorted(path.name for path in FIXTURES.iterdir()))
def test_recorded_dialects_say_the_same(evidence, name):
    status, out, _ = judge(evidence, (FIXTURES / name).read_bytes())
    assert status == 2
    found = json.loads(out)["findings"][0]
    if name == "asff-bare.json":
        # some findings come without their resources
        assert {key: found[key] for key in ("id", "type", "socket_path")} == {
            key: COMMON[key] for key in ("id", "type", "socket_path")}
        return
    assert {key: found[key] for key in COMMON} == COMMON
    if found["dialect"] == "guardduty":
        assert {key: found[key] for key in OWN} == OWN


def test_byte_order_mark_and_lists_of_events(evidence):
    assert problems(evidence, b"\xef\xbb\xbf" + json.dumps(RAW).encode()) == {}
    assert problems(evidence, json.dumps([json.loads(findings.DIALECTS["eventbridge"](RAW))])) == {}


def test_good_finding_has_no_problems(evidence):
    assert problems(evidence, RAW) == {}


def leaves(value, path=()):
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path


def with_value(raw, path, value):
    raw = json.loads(json.dumps(raw))
    at = raw
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return raw


@pytest.mark.parametrize("wrong", [[], {}, True, -1, 1e300, 2 ** 40, "x", "", None, ["a", {"b": []}]], ids=str)
def test_wrong_types_in_every_field(evidence, wrong):
    """Each field in turn; only without its type a thing is no finding."""
    for path in leaves(RAW):
        status, out, err = judge(evidence, json.dumps(with_value(RAW, path, wrong)))
        assert status in (2, 65), (path, status, err)
        if status == 65:
            assert path == ("type",), (path, err)
        else:
            schema.check(json.loads(out))


@pytest.mark.parametrize("path, wrong, place", [
    (("service", "runtimeDetails", "process", "pid"), "x", "/service/runtimeDetails/process/pid"),
    (("service", "runtimeDetails", "process", "pid"), 2 ** 40, "/service/runtimeDetails/process/pid"),
    (("service", "runtimeDetails", "process", "pid"), -4, "/service/runtimeDetails/process/pid"),
    (("service", "runtimeDetails", "process", "pid"), 1.5, "/service/runtimeDetails/process/pid"),
    (("service", "runtimeDetails", "context", "socketPath"), 5, "/service/runtimeDetails/context/socketPath"),
    (("service", "runtimeDetails", "context", "socketPath"), "/a\033[31m", "/service/runtimeDetails/context/socketPath"),
    (("service", "runtimeDetails", "context", "socketPath"), "/" + "x" * 5000,
     "/service/runtimeDetails/context/socketPath"),
    (("service", "eventFirstSeen"), "yesterday", "/service/eventFirstSeen"),
    (("service", "eventFirstSeen"), 1e18, "/service/eventFirstSeen"),
    (("service", "archived"), "perhaps", "/service/archived"),
    (("resource", "instanceDetails", "instanceId"), [1], "/resource/instanceDetails/instanceId"),
])
def test_bad_field_is_reported_with_its_place(evidence, path, wrong, place):
    assert list(problems(evidence, with_value(RAW, path, wrong))) == [place]


@pytest.mark.parametrize("path, value", [
    (("service", "additionalInfo"), {"sample": True}),
    (("service", "additionalInfo"), {"sample": "true"}),
    (("service", "additionalInfo"), {"value": '{"sample":true}'}),
    (("service", "additionalInfo"), {"value": {"sample": True}}),
    (("title",), "[SAMPLE] A container accessed the Docker socket."),
])
def test_sample_in_each_form(evidence, path, value):
    raw = copy.deepcopy(RAW)
    place = raw
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    status, out, _ = judge(evidence, json.dumps(raw))
    document = json.loads(out)
    assert status == 2 and document["verdict"]["decision"] == "not_judged"
    assert document["findings"][0]["sample"] is True


def test_files_of_several_evidences(evidence):
    raw = json.loads(findings.DIALECTS["ocsf"](RAW))
    assert problems(evidence, raw) == {}
    raw["evidences"].append({"file": {"path": "/usr/bin/nc"}})
    assert list(problems(evidence, raw)) == ["/evidences"]


def test_invalid_utf8_is_reported_and_escaped(evidence):
    text = json.dumps(RAW).encode().replace(b"/var/run/docker.sock", b"/var/run/\xff.sock")
    assert list(problems(evidence, text)) == ["/service/runtimeDetails/context/socketPath"]


def test_key_that_stands_twice(evidence):
    text = json.dumps(RAW).replace('"region": ', '"region": "first", "region": ')
    assert list(problems(evidence, text)) == ["/region"]


@pytest.mark.parametrize("text, words", [
    ("", "the file holds none"),
    ("   \n ", "the file holds none"),
    ("{", "line 1, column 1: not JSON, or cut off"),
    ('{"a": 1}', "item 0 is not a GuardDuty finding"),
    ("[]", "the file holds none"),
    ("null", "item 0 is not a GuardDuty finding"),
    ('{"findings": []}', "the file holds none"),
    ("nonsense", "line 1, column 1: not JSON"),
    ('{"type": "x"} trailing', "text behind the JSON value"),
    ('{"type":\n "a\\u0000b"}', "line 2, column 4: a text that holds NUL"),
    ('{"type": "a\0b"}', "line 1, column 12: a NUL byte"),
    ("[" * 1000 + "]" * 1000, "line 1, column 65: nested deeper"),
    ('{"type":' + "[" * 100000, "nested deeper"),
    ("[" + "0," * 600000 + "0]", "more values than are read"),
], ids=lambda value: str(value)[:24].encode("unicode_escape").decode())
def test_what_is_no_finding(evidence, text, words):
    status, out, err = judge(evidence, text)
    assert (status, out) == (65, "") and words in err, err
    assert err.count("\n") == 1


def test_cut_at_every_byte(evidence):
    text = json.dumps(RAW)
    for cut in range(0, len(text) - 1, 7):
        status, out, err = judge(evidence, text[:cut])
        assert (status, out) == (65, ""), cut


def test_second_line_of_json_lines_is_named(evidence):
    status, _, err = judge(evidence, json.dumps(RAW) + "\n{\n")
    assert status == 65 and "line 2" in err or "line 3" in err


def test_too_many_findings(evidence):
    status, _, err = judge(evidence, '{"type":"x"}\n' * 10001)
    assert status == 65 and "more than 10000 findings" in err


def test_large_files_cost_a_bounded_memory(evidence):
    """100 MB are refused; the most that is read stays under 512 MiB."""
    def limit():
        if "ASAN_OPTIONS" in os.environ:
            return  # the sanitizer's shadow alone is larger
        resource.setrlimit(resource.RLIMIT_AS, (512 << 20, 512 << 20))
    status, _, err = judge(evidence, b'{"type": "' + b"x" * 100_000_000, preexec_fn=limit)
    assert status == 65 and "larger than the 16 MiB that are read" in err
    text = b"[" + b'{"a":0},' * 240_000 + b'{"a":0}]'
    status, _, err = judge(evidence, text, preexec_fn=limit)
    assert status == 65 and "out of memory" not in err


def test_names_in_findings_do_nothing_to_a_terminal(evidence):
    raw = with_value(RAW, ("service", "runtimeDetails", "process", "executablePath"), "/x\033]0;owned\a\u202e|`<b>\n# h")
    (evidence.parent / "finding.json").write_text(json.dumps(raw))
    for form in ("text", "markdown"):
        done = subprocess.run([conftest.PROGRAM, "judge", str(evidence), str(evidence.parent / "finding.json"), "-o",
                               form], capture_output=True, text=True)
        assert done.returncode == 2
        assert done.stdout.isascii() and "\033" not in done.stdout and "\a" not in done.stdout
        assert "\n# h" not in done.stdout
        if form == "markdown":
            (line,) = [line for line in done.stdout.splitlines() if line.startswith("- program")]
            assert line.count("`") == 2 and "|" not in line


@pytest.mark.parametrize("arguments", [["judge"], ["filter"], ["report"], ["explain"], ["judge", "a", "b", "c"]])
def test_operands_are_needed(arguments):
    assert subprocess.run([conftest.PROGRAM, *arguments], capture_output=True).returncode == 64


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"schema": "sockprobe.evidence/v2"}', '{"schema": 1}'])
@pytest.mark.parametrize("command", ["judge", "filter", "report"])
def test_what_is_no_evidence(command, text):
    done = subprocess.run([conftest.PROGRAM, command, "-"], input=text, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (65, "")
    assert re.match(r"sockprobe: -: (line 1, column [12]: )?not ", done.stderr)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"expected": [1]}', '{"expected": [{"namespace": "a"}]}',
                                  '{"expected": [{"namespace": "a", "socket": "/s", "workload": ""}]}',
                                  '{"expected": [{"namespace": "a", "socket": "/s", "workload": "w", "x": "y"}]}'])
def test_bad_expectations(evidence, tmp_path, text):
    (tmp_path / "expect.json").write_text(text)
    (tmp_path / "finding.json").write_text(json.dumps(RAW))
    done = subprocess.run([conftest.PROGRAM, "judge", str(evidence), str(tmp_path / "finding.json"), "--expect",
                           str(tmp_path / "expect.json")], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (65, "") and "--expect" in done.stderr
