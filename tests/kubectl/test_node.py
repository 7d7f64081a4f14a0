# kubectl sockprobe node: what is made on the node, what comes back, and that
# nothing is left.
import conftest
import pytest

NODE = "ip-10-0-1-7.eu-west-1.compute.internal"


def test_evidence_alone_on_stdout_and_the_pod_is_gone(bench):
    bench.cluster.node(NODE)
    status, out, err = bench.run("node", NODE)
    (ran,) = bench.kubelet.ran
    assert (status, out) == (ran.returncode, ran.stdout), err
    conftest.checked(out)
    assert f"sockprobe: node {NODE}: {ran.stderr.decode().removeprefix('sockprobe: ')}" in err
    assert bench.cluster.pods() == []
    assert len(bench.cluster.seen("^POST ")) == len(bench.cluster.seen("^DELETE ")) == 1
