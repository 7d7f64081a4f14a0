# What is typed: help, options, and what is refused before anything is asked.
import pathlib
import subprocess

import conftest
import pytest

from test_node import NODE, SAMPLE, ends_with


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["help"], ["node", "--help"], ["nodes", "-h"]])
def test_help_fits_a_screen(bench, words):
    status, out, err = bench.run(*words)
    lines = out.decode().splitlines()
    assert (status, err) == (0, "")
    assert lines[0].startswith("usage: kubectl sockprobe node NODE")
    assert len(lines) <= 30 and max(map(len, lines)) <= 80


def test_kubectl_lists_the_plugin(bench):
    assert "kubectl-sockprobe" in bench.kubectl("plugin", "list")


WRONG = {
    "no command": ([], "what to audit is missing: node, nodes or pod"),
    "unknown command": (["bogus"], "bogus: no such command; there are node, nodes, pod"),
    "no node": (["node"], "node: its name is missing"),
    "no pod": (["pod"], "pod: its name is missing"),
    "two nodes": (["node", "a", "b"], "b: one node at a time; for several nodes: kubectl sockprobe nodes"),
    "neither": (["nodes"], "nodes: either -l SELECTOR or --all"),
    "both": (["nodes", "--all", "-l", "a=b"], "nodes: either -l SELECTOR or --all"),
    "nodes by name": (["nodes", "a"], "a: nodes are named by -l SELECTOR or --all"),
    "selector of a node": (["node", "a", "-l", "a=b"], "-l, --all: only with nodes"),
    "container of a node": (["node", "a", "-c", "b"], "-c: only with pod"),
    "privileged pod": (["pod", "a", "--privileged"], "--privileged: only with node and nodes"),
    "unknown option": (["node", "a", "--bogus", "b"], "--bogus: no such option"),
    "no value": (["node", "a", "--timeout"], "--timeout: its value is missing"),
    "timeout": (["node", "a", "--timeout", "soon"], "--timeout: soon: not a number from 1 to 99999"),
    "timeout of nothing": (["node", "a", "--timeout", "0"], "--timeout: 0: not a number from 1 to 99999"),
    "parallel": (["nodes", "--all", "--parallel=-1"], "--parallel: -1: not a number from 1 to 99999"),
    "name": (["node", "a b"], "a b: not a name that Kubernetes allows"),
    "name that is an option": (["node", "a", "-n", "--x"], "--x: not a name that Kubernetes allows"),
    "name with a quote": (["pod", "a", "-c", 'x"}}'], 'x"}}: not a name that Kubernetes allows'),
    "image": (["node", "a", "--image", "x y"], "x y: not the name of an image"),
    "text": (["node", "a", "--", "-o", "text"], "-o: the evidence is brought as JSON on one line"),
    "pretty": (["node", "a", "--", "--pretty"], "--pretty: the evidence is brought as JSON on one line"),
    "file": (["node", "a", "--", "--output=/x"], "--output=/x: the evidence is brought as JSON on one line"),
    "control": (["node", "a", "--", "--path", "/a\nb"], "an option after -- has a control character in it"),
}


@pytest.mark.parametrize("words, message", WRONG.values(), ids=WRONG.keys())
def test_wrong_usage_asks_nothing_of_the_cluster(bench, words, message):
    status, out, err = bench.run(*words)
    assert (status, out) == (64, b"")
    assert err.startswith(f"sockprobe: {message}") and err.endswith("see kubectl sockprobe --help\n")
    assert bench.cluster.requests == []


def test_image_has_to_be_given(bench):
    del bench.environment["SOCKPROBE_IMAGE"]
    status, _, err = bench.run("node", NODE)
    assert status == 64
    assert err.startswith("sockprobe: the image is missing: push the one that `make image` writes")
    bench.cluster.node(NODE)
    bench.kubelet.instead[NODE] = ends_with(SAMPLE)
    assert bench.run("node", NODE, "--image", "registry.example:5000/a/b@sha256:00")[0] == 0
    ((_, _, pod),) = [row for row in bench.cluster.bodies if row[0] == "POST"]
    assert pod["spec"]["containers"][0]["image"] == "registry.example:5000/a/b@sha256:00"


def test_options_of_kubectl_are_passed_on(bench):
    bench.cluster.node(NODE)
    bench.kubelet.instead[NODE] = ends_with(SAMPLE)
    del bench.environment["KUBECONFIG"]
    status, _, err = bench.run("node", NODE, f"--kubeconfig={bench.config}", "--context", "test", "--as", "auditor")
    assert status == 0, err
    status, _, err = bench.run("node", NODE, f"--kubeconfig={bench.config}", "--context", "bogus")
    assert (status, "context was not found for specified context: bogus" in err) == (69, True), err


def test_old_kubectl_will_do_for_nodes(bench, old_kubectl):
    bench.use(old_kubectl)
    bench.cluster.node(NODE)
    bench.kubelet.instead[NODE] = ends_with(SAMPLE)
    assert bench.run("node", NODE)[:2] == (0, SAMPLE)
    assert bench.cluster.pods() == []


def test_without_kubectl(bench, tmp_path):
    """The plugin run by itself, on a PATH that has all but kubectl."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ["bash", "tr", "env"]:
        (tools / tool).symlink_to(pathlib.Path("/usr/bin") / tool)
    bench.environment["PATH"] = str(tools)
    done = subprocess.run([conftest.REPO / "scripts" / "kubectl-sockprobe", "node", NODE], env=bench.environment,
                          capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (69, "")
    assert done.stderr == "sockprobe: kubectl: not found: install it, or put its folder into PATH\n"
