# What the README tells to type: the commands for a shell on the node are run on
# one, those of the AWS CLI with a program that writes down what it was asked.
import base64
import gzip
import json
import os
import re
import shlex
import subprocess

import conftest
import findings
import pytest
import schema

README = (conftest.FOLDER / "README.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", README, re.M | re.S)
AWS = [block for block in BLOCKS if "aws " in block]
SHELL = [block for block in BLOCKS if block not in AWS]


def test_there_are_blocks():
    assert (len(AWS), len(SHELL)) == (6, 4)
    assert README.count("```") == 2 * len(BLOCKS)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block[:30].strip())
def test_blocks_are_sound_shell(block):
    # each is a part: variables come from the one before, or are for the one behind
    done = subprocess.run(["shellcheck", "--shell=sh", "--norc", "--exclude=SC2154", "-"], input=block, text=True,
                          capture_output=True)
    assert done.stdout == ""


# ---- the AWS CLI ----

@pytest.fixture
def cli(tmp_path):
    """Runs blocks with an `aws` that notes its arguments; returns those of each call."""
    finding = json.dumps(findings.finding({"namespace": "datadog", "pod": "agent-1", "id": "a" * 64}))
    (tmp_path / "finding.json").write_text(finding)
    (tmp_path / "aws").write_text("#!/bin/sh\nfor word; do printf '%s\\0' \"$word\"; done >>calls\necho >>calls\n"
                                  "case $2 in send-command) echo 11111111-2222-3333-4444-555555555555 ;;\n"
                                  "get-command-invocation) echo '{\"schema\":1}' ;; esac\n")
    (tmp_path / "aws").chmod(0o755)

    def run(*blocks):
        subprocess.run(["sh", "-eu", "-c", "".join(blocks)], cwd=tmp_path, check=True, timeout=120, text=True,
                       stdin=subprocess.DEVNULL, capture_output=True, env={"PATH": f"{tmp_path}:{os.environ['PATH']}"})
        return [line.split("\0")[:-1] for line in (tmp_path / "calls").read_text().splitlines()]
    run.folder = tmp_path
    return run


def options(call):
    """The options of a call as a dictionary: each takes one value, but --details."""
    words = [word for word in call[2:] if word != "--details"]
    assert all(word.startswith("--") for word in words[::2])
    return dict(zip(words[::2], words[1::2], strict=True))


def test_create_document(cli):
    (call,) = cli(AWS[0])
    assert call[:2] == ["ssm", "create-document"]
    assert options(call) == {
        "--name": "sockprobe-scan", "--document-type": "Command", "--document-format": "YAML",
        "--content": "file://packaging/ssm/sockprobe-scan.yaml"}


def test_one_node(cli):
    sent, waited, got = cli(AWS[1])
    assert sent == ["ssm", "send-command", "--document-name", "sockprobe-scan", "--instance-ids", "i-0123456789abcdef0",
                    "--query", "Command.CommandId", "--output", "text"]
    ids = ["--command-id", "11111111-2222-3333-4444-555555555555", "--instance-id", "i-0123456789abcdef0"]
    assert waited == ["ssm", "wait", "command-executed", *ids]
    assert got == ["ssm", "get-command-invocation", *ids, "--query", "StandardOutputContent", "--output", "text"]
    assert (cli.folder / "evidence.json").read_text() == '{"schema":1}\n'


def test_with_a_finding(cli):
    call = cli("node=i-0123456789abcdef0\n", AWS[2])[-1]
    name, value = options(call)["--parameters"].split("=", 1)
    assert name == "Finding" and conftest.accepted("Finding", value)
    assert gzip.decompress(base64.b64decode(value, validate=True)) == (cli.folder / "finding.json").read_bytes()


def test_many_nodes(cli):
    sent, shown = cli("command=c-1\n", *AWS[3:5])
    assert options(sent) == {
        "--document-name": "sockprobe-scan", "--targets": "Key=tag:eks:cluster-name,Values=EXAMPLE-CLUSTER",
        "--parameters": "Output=summary", "--max-concurrency": "10%", "--max-errors": "100%"}
    assert conftest.accepted("Output", "summary")
    assert shown[:2] == ["ssm", "list-command-invocations"] and "--details" in shown
    assert options(shown)["--query"] == "CommandInvocations[].[InstanceId,Status,CommandPlugins[0].Output]"


def test_association(cli):
    (call,) = cli(AWS[5])
    assert call == ["ssm", "create-association", "--cli-input-json", "file://packaging/ssm/association.json"]


def test_files_that_are_named_are_there():
    for name in re.findall(r"file://(\S+)", README):
        assert (conftest.REPO / name).is_file()


# ---- the shell on the node ----

@pytest.fixture(scope="module")
def truth(bench):
    return bench.scene("mission")


def typed(node_step, block, **options):
    """A block as root types it on the node; without PAGER or terminal less is cat."""
    assert block.count("sudo ") == 1
    return subprocess.run(node_step.wrapped(["sh", "-c", block.replace("sudo ", "")]), capture_output=True, text=True,
                          timeout=300, cwd=node_step.folder, env={"PATH": os.environ["PATH"]}, **options)


def test_to_read(node_step, truth):
    done = typed(node_step, SHELL[0])
    assert done.returncode == 0
    assert done.stdout.startswith("node node-lab, ") and done.stdout.endswith("\nnothing was kept from view\n")


def test_to_judge_a_finding(node_step, truth, tmp_path):
    """The finding as it is pasted: in lines that a terminal takes."""
    raw = findings.finding(truth["agent"], "/var/run/docker.sock", findings.an_event())
    (tmp_path / "finding.json").write_text(json.dumps(raw))
    (command,) = re.findall(r"`(gzip -9 <finding\.json \| base64 \| fold)`", README)
    pasted = subprocess.run(["sh", "-c", command], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert pasted.count("\n") > 3 and max(len(line) for line in pasted.splitlines()) <= 80
    done = typed(node_step, SHELL[1], input=pasted)
    assert done.returncode == 0
    assert "\nsupported: the evidence supports suppressing this finding" in done.stdout


def test_to_take_it_away(node_step, truth, tmp_path):
    done = typed(node_step, SHELL[2])
    assert done.returncode == 0 and max(len(line) for line in done.stdout.splitlines()) <= 80
    (command,) = re.findall(r"`(base64 -d \| gzip -dc >evidence\.json)`", README)
    subprocess.run(["sh", "-c", command], input=done.stdout, text=True, cwd=tmp_path, check=True)
    document = schema.load((tmp_path / "evidence.json").read_bytes())
    schema.check(document)
    assert document["summary"]["complete"] is True


def test_to_keep_it(node_step, bench, truth):
    assert shlex.split(SHELL[3]) == ["sudo", "sockprobe", "--output", "/run/evidence.json"]
    done = typed(node_step, SHELL[3])
    assert (done.returncode, done.stdout) == (0, "")
    schema.check(schema.load(bench.node.path("/run/evidence.json").read_bytes()))
    bench.node.path("/run/evidence.json").unlink()


# ---- what it says of the document ----

def test_each_parameter_is_in_the_table():
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", README, re.M))
    assert set(rows) == {"Output", "Finding", "Timeout", "Root", "Executable"}
    document = conftest.load_document()["parameters"]
    for value in document["Output"]["allowedValues"] + document["Executable"]["allowedValues"]:
        assert f"`{value}`" in rows["Output"] + rows["Executable"]
    for name in ("Output", "Timeout", "Root"):
        assert rows[name].endswith(f"| `{document[name]['default']}`")


def test_it_names_the_agents_version_as_the_script_does():
    for text in (README, conftest.script(), conftest.load_document()["description"]):
        assert "3.3.2746.0 or later" in text
